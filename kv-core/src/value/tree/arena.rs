//! The nodes of one kind, by their numbers.

use crate::table::Table;
use std::ops::{Index, IndexMut};

/// How many holes are looked at when the table becomes shorter by one.
const SWEPT_AT_ONCE: usize = 4;

/// Nodes that keep their numbers, but for those that fill the holes when there are too many.
pub(super) struct Arena<T> {
    nodes: Table<Option<T>>,
    /// The numbers of the holes. Some may be stale, those beyond the end of the table; they are
    /// all taken out before the table grows again, and most of them while it becomes shorter.
    holes: Table<u32>,
    /// The next of the holes to be looked at for stale ones.
    swept: usize,
    len: usize,
}

impl<T> Arena<T> {
    pub(super) const fn new() -> Self {
        Self { nodes: Table::new(), holes: Table::new(), swept: 0, len: 0 }
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// What it takes, in bytes, if each record takes so many.
    pub(super) fn bytes(&self, record: usize) -> usize {
        self.nodes.capacity() * record + self.holes.capacity() * size_of::<u32>()
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.get(number).is_some()
    }

    /// Asks the processor for what is known of a node.
    pub(super) fn prefetch(&self, number: u32) {
        self.nodes.prefetch(number as usize);
    }

    /// A node, if there is one of this number.
    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.nodes.get(number as usize)?.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten()
    }

    /// Adds a node. Gives its number.
    pub(super) fn add(&mut self, node: T) -> u32 {
        self.len += 1;
        if let Some(hole) = self.pop_hole() {
            self.nodes[hole as usize] = Some(node);
            return hole;
        }
        self.nodes.push(Some(node));
        u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 nodes")
    }

    pub(super) fn remove(&mut self, number: u32) -> T {
        self.len -= 1;
        self.holes.push(number);
        self.nodes[number as usize].take().expect("the node is there")
    }

    /// Whether there are so many holes that they should be filled.
    pub(super) fn is_sparse(&self) -> bool {
        self.nodes.len() > self.len + self.len / 4 + 2
    }

    /// Makes the table shorter by one. Gives the number that a node had and the one that it has
    /// now, if one was moved.
    ///
    /// # Panics
    /// If there is no hole.
    pub(super) fn shorten(&mut self) -> Option<[u32; 2]> {
        let node = self.nodes.pop().expect("a table with holes is not empty");
        self.sweep();
        let node = node?;
        let hole = self.pop_hole().expect("there are holes");
        self.nodes[hole as usize] = Some(node);
        Some([self.nodes.len() as u32, hole])
    }

    /// Takes out some stale holes, if there are any: more than become stale at a time.
    fn sweep(&mut self) {
        for _ in 0..SWEPT_AT_ONCE.min(self.holes.len()) {
            self.swept = if self.swept < self.holes.len() { self.swept } else { 0 };
            match self.holes.get(self.swept) {
                Some(&hole) if hole as usize >= self.nodes.len() => {
                    self.holes.swap_remove(self.swept);
                }
                _ => self.swept += 1,
            }
        }
    }

    fn pop_hole(&mut self) -> Option<u32> {
        while let Some(hole) = self.holes.pop() {
            if (hole as usize) < self.nodes.len() {
                return Some(hole);
            }
        }
        None
    }
}

impl<T: Clone> Clone for Arena<T> {
    fn clone(&self) -> Self {
        let mut clone = Self { len: self.len, ..Self::new() };
        self.nodes.iter().for_each(|node| clone.nodes.push(node.clone()));
        self.holes.iter().for_each(|&hole| clone.holes.push(hole));
        clone
    }
}

impl<T> Index<u32> for Arena<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        self.nodes[number as usize].as_ref().expect("the node is there")
    }
}

impl<T> IndexMut<u32> for Arena<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        self.nodes[number as usize].as_mut().expect("the node is there")
    }
}
