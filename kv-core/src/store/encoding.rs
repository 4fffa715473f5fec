//! The names that OBJECT ENCODING gives to the forms of values: those of Redis, which tests and
//! tools compare, and which say how large a value is rather than how it is stored here.

use crate::config::{self, Config, Id};
use crate::value::ValueRef;
use crate::value::list::ListRef;
use crate::value::pack::{Item, Items};
use crate::value::sorted_set::Pair;

/// The most bytes that a list of the form `listpack` has, whatever the number of its elements may
/// be.
const LISTPACK_BYTES_MAX: usize = 8 * 1024;

/// The same for a `list-max-listpack-size` of -1 is so much; it doubles up to a setting of -5.
const LISTPACK_LEVEL_BYTES: usize = 4 * 1024;

/// A listpack's header and its end mark, in bytes.
const LISTPACK_FRAME_BYTES: usize = 7;

/// The name of the form that Redis would have for this value. O(1), since no collection is read
/// further than a listpack can go.
pub(super) fn name_of(value: ValueRef<'_>, config: &Config) -> &'static str {
    use config::{HASH_MAX_LISTPACK_ENTRIES, HASH_MAX_LISTPACK_VALUE};
    use config::{SET_MAX_INTSET_ENTRIES, SET_MAX_LISTPACK_ENTRIES, SET_MAX_LISTPACK_VALUE};
    use config::{ZSET_MAX_LISTPACK_ENTRIES, ZSET_MAX_LISTPACK_VALUE};
    let is_small = |len, records: &mut dyn Iterator<Item = Items<'_>>, entries, value| {
        len <= limit(config, entries) && are_short(records, limit(config, value))
    };
    match value {
        ValueRef::String(string) => string.encoding(),
        ValueRef::List(list) => list_name(list, config.int(config::LIST_MAX_LISTPACK_SIZE)),
        ValueRef::Set(set) => {
            let (len, limit) = (set.len(), |id| limit(config, id));
            let (entries, value) = (SET_MAX_LISTPACK_ENTRIES, SET_MAX_LISTPACK_VALUE);
            if len <= limit(SET_MAX_INTSET_ENTRIES) && set.iter().all(is_int) {
                "intset"
            } else if is_small(len, &mut set.records(), entries, value) {
                "listpack"
            } else {
                "hashtable"
            }
        }
        ValueRef::Hash(hash) => {
            let (entries, value) = (HASH_MAX_LISTPACK_ENTRIES, HASH_MAX_LISTPACK_VALUE);
            match is_small(hash.stored_len(), &mut hash.records(), entries, value) {
                true if hash.has_deadlines() => "listpackex",
                true => "listpack",
                false => "hashtable",
            }
        }
        ValueRef::SortedSet(set) => {
            let (entries, value) = (ZSET_MAX_LISTPACK_ENTRIES, ZSET_MAX_LISTPACK_VALUE);
            let limit = |id| limit(config, id);
            let is_short = |pair: Pair<'_>| pair.member.text_len() <= limit(value);
            let is_small = set.len() <= limit(entries) && set.iter().all(is_short);
            if is_small { "listpack" } else { "skiplist" }
        }
        ValueRef::Stream(_) => "stream",
    }
}

fn limit(config: &Config, id: Id) -> usize {
    usize::try_from(config.int(id)).unwrap_or(0)
}

fn is_int(item: Item<'_>) -> bool {
    matches!(item, Item::Int(_))
}

fn are_short(records: &mut dyn Iterator<Item = Items<'_>>, max: usize) -> bool {
    records.flatten().all(|item| item.text_len() <= max)
}

/// `size` is a number of elements, or -1 to -5 for sizes from 4 to 64 KiB.
fn list_name(list: ListRef<'_>, size: i64) -> &'static str {
    let (bytes_max, len_max) = match size {
        0.. => (LISTPACK_BYTES_MAX, size.max(1) as usize),
        _ => (LISTPACK_LEVEL_BYTES << (-size.max(-5) - 1), usize::MAX),
    };
    let fits = list.len() <= len_max && fits_listpack(list, bytes_max);
    if fits { "listpack" } else { "quicklist" }
}

fn fits_listpack(list: ListRef<'_>, bytes_max: usize) -> bool {
    let mut bytes = LISTPACK_FRAME_BYTES;
    list.iter_from(0).all(|item| {
        bytes += listpack_entry_bytes(item);
        bytes <= bytes_max
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
}
