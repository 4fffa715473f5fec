//! RESTORE: no payload does harm, what is read is not out of proportion to it, and what was read
//! reads the same when it is written again.
#![no_main]

use kv_core::rdb::{Payload, Stream, Strings, decode, seal};
use libfuzzer_sys::fuzz_target;

/// Three bytes of compression can stand for 264; an item of two bytes takes up to eight numbers.
const EXPANSION_MAX: usize = 88 * 64;

fuzz_target!(|value: &[u8]| {
    let _ = decode(value);
    let mut dump = value.to_vec();
    seal(&mut dump);
    let Ok(mut payload) = decode(&dump) else { return };
    assert!(size(&payload) <= dump.len() * EXPANSION_MAX);
    let mut again = decode(&payload.encode()).expect("was written as a payload");
    normalize(&mut payload);
    normalize(&mut again);
    assert_eq!(payload, again);
});

fn size(payload: &Payload) -> usize {
    match payload {
        Payload::String(string) => string.len(),
        Payload::List(strings) | Payload::Set(strings) | Payload::Hash(strings) => total(strings),
        Payload::SortedSet { members, scores } => total(members) + 8 * scores.len(),
        Payload::Stream(stream) => 64 * stream.entries.len() + groups(stream),
    }
}

fn total(strings: &Strings) -> usize {
    strings.iter().map(|string| string.len() + 8).sum()
}

fn groups(stream: &Stream) -> usize {
    let groups = stream.state.groups.iter();
    groups.map(|group| 128 + 48 * (group.pending.len() + group.consumers.len())).sum()
}

/// Forgets what need not stay the same: the order of members, and what is not written.
fn normalize(payload: &mut Payload) {
    match payload {
        Payload::Set(members) => *members = sorted(members.iter()),
        Payload::SortedSet { members, scores } => {
            let mut both: Vec<_> = scores.iter().map(|s| s.to_bits()).zip(members.iter()).collect();
            both.sort_unstable_by_key(|(_, member)| *member);
            *scores = both.iter().map(|(bits, _)| f64::from_bits(*bits)).collect();
            *members = both.iter().map(|(_, member)| *member).collect();
        }
        Payload::Stream(stream) => {
            let consumers = stream.state.groups.iter_mut().flat_map(|group| &mut group.consumers);
            consumers.for_each(|consumer| consumer.active_ms = Some(consumer.seen_ms));
        }
        Payload::String(_) | Payload::List(_) | Payload::Hash(_) => {}
    }
}

fn sorted<'a>(members: impl Iterator<Item = &'a [u8]>) -> Strings {
    let mut members: Vec<_> = members.collect();
    members.sort_unstable();
    members.into_iter().collect()
}
