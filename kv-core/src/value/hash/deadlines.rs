//! The deadlines of a hash's fields, in order.

use super::super::pack::{Item, Items};
use super::super::string::IntBuffer;
use super::super::tree::{Position, Record, Shape, Sizes, Tree};
use std::ops::Range;

/// Deadlines with their fields: a counted tree, so that those before a moment are counted without
/// being looked at.
#[derive(Debug)]
pub(super) struct Deadlines {
    tree: Tree<ByDeadline>,
    /// For which of them the keyspace waits.
    pub(super) awaited: Option<i64>,
}

/// A record is a deadline and the name of a field, in the order of both.
#[derive(Debug)]
struct ByDeadline;

impl Shape for ByDeadline {
    const STRIDE: usize = 2;
    type Key = i64;

    fn key(mut record: Items<'_>) -> i64 {
        match record.next() {
            Some(Item::Int(deadline)) => deadline,
            other => panic!("{other:?} is no deadline"),
        }
    }
}

impl Deadlines {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { tree: Tree::new(sizes), awaited: None }
    }

    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        Tree::<ByDeadline>::BYTES + self.tree.heap_bytes()
    }

    pub(super) fn free_some(&mut self, count: usize) -> usize {
        self.tree.free_some(count)
    }

    pub(super) fn first(&self) -> Option<i64> {
        self.tree.first().map(|first| ByDeadline::key(self.tree.record(first)))
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.tree.last().map(|last| ByDeadline::key(self.tree.record(last)))
    }

    /// How many there are before a time. O(log n).
    pub(super) fn before(&self, unix_ms: i64) -> usize {
        // Nearly always.
        if self.first().is_none_or(|first| first >= unix_ms) {
            return 0;
        }
        self.tree.rank_of(self.tree.seek(|deadline, _| deadline < unix_ms))
    }

    /// The fields at these ranks.
    pub(super) fn in_order(&self, ranks: Range<usize>) -> impl Iterator<Item = Item<'_>> {
        let fields = self.tree.range(ranks).map(|mut record| record.nth(1));
        fields.map(|field| field.expect("a deadline has a field"))
    }

    pub(super) fn remove_soonest(&mut self, count: usize) {
        self.tree.remove_range(0..count, &mut ());
    }

    pub(super) fn insert(&mut self, deadline: i64, field: Item<'_>) {
        let place = self.seek(deadline, field);
        self.tree.insert(place, &[Item::Int(deadline), field], &mut ());
    }

    pub(super) fn remove(&mut self, deadline: i64, field: Item<'_>) {
        let place = self.seek(deadline, field).expect("each deadline is in the order");
        debug_assert_eq!(self.tree.record(place).nth(1), Some(field), "it is the field's");
        self.tree.remove(place, &mut ());
    }

    /// Where a record is, or would be.
    fn seek(&self, deadline: i64, field: Item<'_>) -> Option<Position> {
        let mut buffer = IntBuffer::new();
        let name = field.as_bytes(&mut buffer);
        let is_before = |record: &Record<'_, ByDeadline>| {
            let other = record.items().nth(1).expect("a deadline has a field");
            other.as_bytes(&mut IntBuffer::new()) < name
        };
        self.tree.seek(|key, record| key < deadline || key == deadline && is_before(record))
    }

    #[cfg(test)]
    pub(super) fn contains(&self, deadline: i64, field: Item<'_>) -> bool {
        let wanted = [Item::Int(deadline), field];
        let place = self.seek(deadline, field);
        place.is_some_and(|place| self.tree.record(place).eq(wanted))
    }
}

/// The keyspace waits for nothing on behalf of a copy.
impl Clone for Deadlines {
    fn clone(&self) -> Self {
        Self { tree: self.tree.clone(), awaited: None }
    }
}
