//! Keys that expire all at once, removed in slices as the server removes them.

use super::BUDGET;
use super::free::{Slices, print, target};
use crate::Outcome;
use crate::data::{self, filled_keyspace, filled_map};
use crate::target::Target;
use kv_core::keyspace::Keyspace;
use std::hint::black_box;

/// The deadline of what expires, and a time after it, in milliseconds.
const DEADLINE: i64 = 1_700_000_000_000;
const AFTER: i64 = DEADLINE + 60_000;

pub(crate) fn run(keys: usize) -> Outcome<Vec<Target>> {
    let at_once = expire("keyspace, the same deadline", keys, keys, |_| Some(DEADLINE));
    let spread = |number: usize| Some(DEADLINE + (number as u64 * 0x9e37 % 60_000) as i64 - 1);
    let spread = expire("keyspace, deadlines over a minute", keys, keys, spread);
    let half = |number: usize| number.is_multiple_of(2).then_some(DEADLINE);
    let half = expire("keyspace, half of the keys", 2 * keys, keys, half);
    let mut map = filled_map(keys, |_| ());
    let removed: Vec<data::Key> = (0..keys).map(data::key).collect();
    let baseline = Slices::whole("hashbrown, each removed by its key", keys, || {
        removed.iter().for_each(|key| drop(black_box(map.remove(&key[..]))));
    });
    print(&format!("Expiry of {keys} keys at once"), &[&at_once, &spread, &half, &baseline]);
    let targets = [("the same deadline", at_once), ("over a minute", spread), ("of half", half)];
    let name = |name| format!("longest slice of the expiry of {keys} keys, {name}");
    Ok(targets.into_iter().map(|(what, slices)| target(name(what), &slices)).collect())
}

/// Of so many keys, those with a deadline expire. Pages that are left nearly empty are given back
/// along with it.
fn expire(
    name: &'static str,
    keys: usize,
    expiring: usize,
    deadline: impl Fn(usize) -> Option<i64>,
) -> Slices {
    let mut keyspace = filled_keyspace(keys, deadline);
    assert_eq!(keyspace.with_deadline(), expiring);
    let mut slices = Slices::new(name, expiring);
    slices.run(|| slice(&mut keyspace));
    assert_eq!(keyspace.len(), keys - expiring);
    slices
}

/// How much work there was for a slice.
fn slice(keyspace: &mut Keyspace) -> usize {
    let mut spent = 0;
    while spent < BUDGET {
        match keyspace.expire(AFTER, |_| {}, drop) {
            (_, 0) => break,
            (_, seen) => spent += seen,
        }
    }
    while spent < BUDGET && keyspace.wants_compaction() {
        spent += keyspace.compact();
    }
    spent
}
