//! The names that OBJECT ENCODING gives to the forms of values: those of Redis, which tests and
//! tools compare, and which say how large a value is rather than how it is stored here.

use crate::value::ValueRef;
use crate::value::list::ListRef;
use crate::value::pack::Item;

/// The most bytes that a list of the form `listpack` has, for a `list-max-listpack-size` of -2.
const LISTPACK_BYTES_MAX: usize = 8 * 1024;

/// A listpack's header and its end mark, in bytes.
const LISTPACK_FRAME_BYTES: usize = 7;

/// The name of the form that Redis would have for this value. O(1), since no list is read further
/// than a listpack can go.
pub(super) fn name_of(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::String(string) => string.encoding(),
        ValueRef::List(list) if fits_listpack(list) => "listpack",
        ValueRef::List(_) => "quicklist",
    }
}

fn fits_listpack(list: ListRef<'_>) -> bool {
    let mut bytes = LISTPACK_FRAME_BYTES;
    list.iter_from(0).all(|item| {
        bytes += listpack_entry_bytes(item);
        bytes <= LISTPACK_BYTES_MAX
    })
}

/// What an element takes in a listpack: its head, its bytes if it is no integer, and its length
/// again for reading backwards.
fn listpack_entry_bytes(item: Item<'_>) -> usize {
    let len = match item {
        Item::Int(value) => listpack_int_bytes(value),
        Item::Bytes(bytes) => match bytes.len() {
            len @ ..64 => 1 + len,
            len @ ..4096 => 2 + len,
            len => 5 + len,
        },
    };
    // Seven bits of the length to a byte.
    len + len.ilog2() as usize / 7 + 1
}

fn listpack_int_bytes(value: i64) -> usize {
    // The bits of a signed number that holds it; small ones share a byte with their head.
    let bits = 65 - if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    match bits {
        _ if (0..128).contains(&value) => 1,
        ..=13 => 2,
        14..=16 => 3,
        17..=24 => 4,
        25..=32 => 5,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::list::{End, List};

    #[test]
    fn listpack_entries_are_as_long_as_in_redis() {
        let items: [(&[u8], usize); 19] = [
            (b"0", 2),
            (b"127", 2),
            (b"-1", 3),
            (b"128", 3),
            (b"4095", 3),
            (b"-4096", 3),
            (b"4096", 4),
            (b"-32768", 4),
            (b"32768", 5),
            (b"8388607", 5),
            (b"8388608", 6),
            (b"-2147483648", 6),
            (b"2147483648", 10),
            (b"-9223372036854775808", 10),
            (b"", 2),
            (b"01", 4),
            (&[b'x'; 63], 65),
            (&[b'x'; 64], 67),
            (&[b'x'; 126], 130),
        ];
        for (item, bytes) in items {
            assert_eq!(
                listpack_entry_bytes(Item::new(item)),
                bytes,
                "{}",
                String::from_utf8_lossy(item)
            );
        }
        assert_eq!(listpack_entry_bytes(Item::new(&[b'x'; 4095])), 4099);
        assert_eq!(listpack_entry_bytes(Item::new(&[b'x'; 4096])), 4103);
    }

    #[test]
    fn a_list_is_a_listpack_up_to_eight_kib() {
        let mut list = List::default();
        // Each takes 128 bytes: two of head, one of length behind.
        (0..63).for_each(|_| list.push(End::Tail, &[b'x'; 125]));
        list.push(End::Tail, &[b'x'; 118]);
        assert!(fits_listpack(list.view()));
        list.pop(End::Tail, |_| {});
        list.push(End::Tail, &[b'x'; 119]);
        assert!(!fits_listpack(list.view()));
    }
}
