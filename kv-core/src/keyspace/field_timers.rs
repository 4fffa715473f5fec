//! When the next field of each hash expires.
//!
//! A hash is waited for by its first deadline, which it remembers, so that there is at most one
//! timer for each, and none for a hash whose fields have no deadlines. Removing the fields takes
//! several steps if there are many of them: the timer then stands for what is left.

use super::entry::{self, Entry, New};
use super::{Keyspace, Place};
use crate::rare::{Rare, sometimes};
use crate::value::hash::Hash;
use crate::value::{Collection, Contents, Kind, Packed, Value};
use std::collections::BTreeSet;

/// What a timer counts for in memory, in bytes.
const TIMER_BYTES: usize = 24;

/// How many fields are removed in one step.
const STEP: usize = 64;

/// First deadlines with the hashes of their keys.
#[derive(Debug, Default)]
pub(super) struct FieldTimers(BTreeSet<(i64, u64)>);

impl FieldTimers {
    /// What they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * TIMER_BYTES
    }

    /// The first moment at which a field has expired.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.0.first().map(|&(deadline, _)| deadline.saturating_add(1))
    }

    /// Waits for what a stored value has to wait for, and for nothing else. `key` gives the hash of
    /// its key. Whether that has changed.
    pub(super) fn settle(&mut self, value: &mut Value, key: impl FnOnce() -> u64) -> bool {
        let first = Hash::of(value).and_then(Hash::first_deadline);
        self.wait(value, first, key)
    }

    /// Waits no more for a value that is taken away.
    pub(super) fn forget(&mut self, value: &mut Value, key: impl FnOnce() -> u64) {
        self.wait(value, None, key);
    }

    fn wait(
        &mut self,
        value: &mut Value,
        deadline: Option<i64>,
        key: impl FnOnce() -> u64,
    ) -> bool {
        let Some(hash) = Hash::of_mut(value) else { return false };
        let awaited = hash.awaited();
        if awaited == deadline {
            return false;
        }
        let key = key();
        if let Some(awaited) = awaited {
            self.0.remove(&(awaited, key));
        }
        if let Some(deadline) = deadline {
            self.0.insert((deadline, key));
        }
        hash.set_awaited(deadline);
        true
    }
}

/// What has become of a collection that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// There is nothing in it that should be stored.
    pub is_empty: bool,
    /// It takes other memory now, or waits for something else.
    pub has_moved: bool,
}

impl Keyspace {
    /// The boxed value at a place, to be changed. Its collection must be [settled](Keyspace::settle)
    /// before anything else is done here. `None` if the value is in its entry.
    #[inline]
    pub fn boxed_mut(&mut self, place: Place) -> Option<&mut Value> {
        entry::boxed_mut(self.slab.cell_mut(place.cell))
    }

    /// A boxed collection, which had `before` bytes outside of itself, was changed. If it has become so
    /// small that it lies in its entry from now on, the place is no longer valid.
    #[inline]
    pub fn settle<T: Collection>(&mut self, hash: u64, place: Place, before: usize) -> Settled {
        let value = entry::boxed_mut(self.slab.cell_mut(place.cell)).expect("it is boxed");
        let awaits_other = T::KIND == Kind::Hash && self.field_timers.settle(value, || hash);
        let collection = T::of(value).expect("it is of this type");
        let (after, repacked) = (collection.heap_bytes(), collection.repacked(self.sizes.value));
        let is_empty = collection.is_empty();
        self.resized(before, after);
        let is_repacked = repacked.is_some();
        if let Some(pack) = repacked {
            self.repack(place, Packed { kind: T::KIND, pack: pack.view() });
        }
        Settled { is_empty, has_moved: awaits_other || is_repacked || before != after }
    }

    /// Puts a pack into the entry in the place of its boxed value.
    #[cold]
    fn repack(&mut self, place: Place, packed: Packed<'_>) {
        let entry = self.entry(place);
        let (deadline, clock) = (entry.deadline(), entry.clock());
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        key.extend_from_slice(self.entry(place).key());
        // There is little left in it.
        drop(self.rewrite(place, &key, New::packed(packed), deadline, clock));
        self.keep_scratch(key);
    }

    /// Removes some of the fields whose deadlines have passed, and shows the key of their hash to
    /// `purged` before; or a hash that has no others, which it shows to `gone` before and whose value
    /// it hands to `discard`. How many hashes it removed, and how much work that was: none if nothing
    /// is left to do.
    pub fn expire_fields(
        &mut self,
        unix_ms: i64,
        gone: impl FnOnce(Entry<'_>),
        purged: impl FnOnce(&[u8]),
        discard: impl FnMut(Box<Value>),
    ) -> (usize, usize) {
        let first = self.field_timers.0.first().copied();
        let first = first.filter(|first| first.0 < unix_ms);
        let Some((deadline, hash)) = first else { return (0, 0) };
        let place = self.hash_awaiting(deadline, hash);
        let entry = self.entry(place);
        if entry.is_expired(unix_ms) {
            sometimes(Rare::HashExpiresByFields, true);
            gone(entry);
            self.remove(hash, place).into_iter().for_each(discard);
            return (1, 1);
        }
        purged(entry.key());
        let fields = self.boxed_mut(place).and_then(Hash::of_mut);
        let fields = fields.expect("only boxed hashes are waited for");
        let before = fields.heap_bytes();
        let removed = fields.purge(unix_ms, STEP);
        self.settle::<Hash>(hash, place, before);
        (0, removed)
    }

    /// Where the hash is for which there is this timer.
    fn hash_awaiting(&self, deadline: i64, hash: u64) -> Place {
        let is_it = |cell| {
            let value = Entry::new(self.slab.cell(cell)).boxed();
            let awaited = value.and_then(Hash::of).and_then(Hash::awaited);
            awaited == Some(deadline) && self.hash_of(cell) == hash
        };
        self.find_by(hash, is_it).expect("each timer is that of a hash")
    }

    /// Checks that each hash that needs one has a timer, and no other. O(n).
    pub(super) fn check_field_timers<'a>(&self, values: impl Iterator<Item = (u64, &'a Value)>) {
        let mut expected = BTreeSet::new();
        for (key, value) in values {
            let first = Hash::of(value).and_then(Hash::first_deadline);
            assert_eq!(Hash::of(value).and_then(Hash::awaited), first, "the first deadline");
            expected.extend(first.map(|first| (first, key)));
        }
        assert_eq!(expected, self.field_timers.0, "one timer for each hash with deadlines");
    }
}
