//! Walking over records.

use super::{LeafNumber, Position, Shape, Tree, Way};
use crate::value::pack::Items;
use std::iter::FusedIterator;
use std::ops::Range;

/// Records of a tree, from either end. Amortized O(1) for each.
pub struct Iter<'a, S: Shape> {
    tree: &'a Tree<S>,
    /// The ranks of those that are left.
    ranks: Range<usize>,
    front: Option<Cursor<'a>>,
    back: Option<Cursor<'a>>,
}

/// What is left of a leaf.
struct Cursor<'a> {
    leaf: u32,
    items: Items<'a>,
}

impl<'a, S: Shape> Iter<'a, S> {
    pub(super) fn new(tree: &'a Tree<S>, ranks: Range<usize>) -> Self {
        Self { tree, ranks, front: None, back: None }
    }

    /// Spares it the search for the first record.
    pub(super) fn starting_at(self, first: Option<Position>) -> Self {
        let tree = self.tree;
        Self { front: first.map(|first| tree.cursor_from(first)), ..self }
    }
}

impl<'a, S: Shape> Tree<S> {
    fn cursor_from(&'a self, position: Position) -> Cursor<'a> {
        let pack = self.leaves[position.leaf].pack.view();
        Cursor { leaf: position.leaf, items: pack.iter_from(position.index * S::STRIDE) }
    }

    fn cursor_to(&'a self, position: Position) -> Cursor<'a> {
        Cursor { leaf: position.leaf, items: self.records_of(position.leaf, 0..position.index + 1) }
    }

    /// All of the next leaf.
    fn cursor_beside(&'a self, leaf: u32, way: Way) -> Cursor<'a> {
        let leaf = self.neighbour(leaf, way).expect("more records mean more leaves");
        Cursor { leaf, items: self.leaves[leaf].pack.view().iter() }
    }
}

impl<'a, S: Shape> Iter<'a, S> {
    /// The items that the next record begins, of which the caller takes the record's. It is faster
    /// than `next` where they are looked at one by one.
    #[inline]
    pub fn next_items(&mut self) -> Option<&mut Items<'a>> {
        let rank = self.ranks.next()?;
        let tree = self.tree;
        let cursor = self.front.get_or_insert_with(|| {
            tree.cursor_from(tree.at(rank).expect("the ranks are those of records"))
        });
        if cursor.items.len() == 0 {
            *cursor = tree.cursor_beside(cursor.leaf, Way::On);
        }
        Some(&mut cursor.items)
    }

    /// The leaf of the record that `next` gave last, if it gave one.
    pub fn leaf(&self) -> Option<LeafNumber> {
        self.front.as_ref().map(|cursor| LeafNumber(cursor.leaf))
    }
}

impl<'a, S: Shape> Iterator for Iter<'a, S> {
    type Item = Items<'a>;

    #[inline]
    fn next(&mut self) -> Option<Items<'a>> {
        self.next_items().map(|items| items.take_front(S::STRIDE))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }

    fn nth(&mut self, skipped: usize) -> Option<Items<'a>> {
        if skipped > 0 {
            self.ranks.start = self.ranks.end.min(self.ranks.start.saturating_add(skipped));
            self.front = None;
        }
        self.next()
    }
}

impl<S: Shape> DoubleEndedIterator for Iter<'_, S> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next_back()?;
        let tree = self.tree;
        let cursor = self.back.get_or_insert_with(|| {
            tree.cursor_to(tree.at(rank).expect("the ranks are those of records"))
        });
        if cursor.items.len() == 0 {
            *cursor = tree.cursor_beside(cursor.leaf, Way::Back);
        }
        Some(cursor.items.take_back(S::STRIDE))
    }
}

impl<S: Shape> ExactSizeIterator for Iter<'_, S> {}
impl<S: Shape> FusedIterator for Iter<'_, S> {}
