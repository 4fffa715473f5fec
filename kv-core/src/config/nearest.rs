//! What a misspelled name may have meant.

use super::parameter::parameters;

/// The longest name that is worth a comparison, in bytes: a little more than the longest there is.
const NAME_LEN_MAX: usize = 48;

/// The setting whose name is nearest to one that does not exist, if one is near.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    if name.len() > NAME_LEN_MAX {
        return None;
    }
    let near_max = 1 + name.len() / 5;
    let names = parameters().iter().map(|parameter| parameter.name);
    let distances = names.map(|known| (distance(name.as_bytes(), known.as_bytes()), known));
    distances.filter(|near| near.0 <= near_max).min().map(|near| near.1)
}

/// How many bytes have to be inserted, removed or replaced to make one name of the other.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, byte) in from.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found() {
        let table = [
            ("maxmemroy", Some("maxmemory")),
            ("max-clients", Some("maxclients")),
            ("prt", Some("port")),
            ("lazyfree-lazy-user-dell", Some("lazyfree-lazy-user-del")),
            ("foo", None),
            ("", None),
            ("somethingelse", None),
        ];
        for (name, meant) in table {
            assert_eq!(nearest(name), meant, "{name}");
        }
        assert_eq!(nearest(&"maxmemory".repeat(100)), None);
    }

    #[test]
    fn every_name_is_short_enough_to_be_compared() {
        assert!(parameters().iter().all(|parameter| parameter.name.len() < NAME_LEN_MAX));
    }

    #[test]
    fn a_distance_counts_single_changes() {
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"abc", b"abc"), 0);
    }
}
