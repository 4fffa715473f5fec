//! What sets have in common, and where they differ.

use super::{Set, SetRef};
use crate::value::pack::Item;
use std::cmp::Reverse;

/// The members that all of `sets` have. O(members of the smallest set * number of sets).
pub fn intersection<'a>(mut sets: Vec<SetRef<'a>>) -> impl Iterator<Item = Item<'a>> {
    sets.sort_by_key(|set| set.len());
    let smallest = sets.first().copied();
    let is_in_others = move |&member: &Item<'a>| sets[1..].iter().all(|set| set.contains(member));
    smallest.into_iter().flat_map(SetRef::iter).filter(is_in_others)
}

/// Adds to `result`, which is empty, the members that any of `sets` has. O(members of all sets).
pub fn union(result: &mut Set, mut sets: Vec<SetRef<'_>>) {
    // The largest is copied.
    sets.sort_by_key(|set| Reverse(set.len()));
    sets.into_iter().for_each(|set| result.add_set(set));
}

/// Adds to `result`, which is empty, the members of `set` that none of `others` has. At most
/// O(members of all sets), and at most O(members of `set` * number of sets).
pub fn difference(result: &mut Set, set: SetRef<'_>, mut others: Vec<SetRef<'_>>) {
    // The largest is the most likely to have a member.
    others.sort_by_key(|set| Reverse(set.len()));
    let lookups = set.len().saturating_mul(others.len());
    let removals: usize = others.iter().map(|other| other.len()).sum();
    if lookups <= set.len() + removals {
        let is_missing = |&member: &Item<'_>| !others.iter().any(|other| other.contains(member));
        result.add_all(set.iter().filter(is_missing));
    } else {
        result.add_set(set);
        others.into_iter().flat_map(SetRef::iter).for_each(|member| {
            result.remove(member);
        });
    }
}
