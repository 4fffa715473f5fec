//! The entries of a stream, in blocks. The last block, to which entries are added, is beside the
//! tree, so that adding one need not look for it.

use super::StreamId;
use super::block::{Block, BlockRef, BlockSizes, Entry, Placed};
use crate::value::pack::{Item, Items};
use crate::value::tree::{Position, Shape, Sizes, Tree};

/// The entries of a stream, ascending.
#[derive(Clone, Debug)]
pub(super) struct Entries {
    /// All blocks but the last. None is empty.
    tree: Tree<Blocks>,
    /// Empty if there is no entry at all.
    tail: Block,
    len: usize,
}

/// A record is a block.
#[derive(Debug)]
struct Blocks;

impl Shape for Blocks {
    const STRIDE: usize = 1;
    type Key = StreamId;

    fn key(record: Items<'_>) -> StreamId {
        block_of(record).base()
    }
}

fn block_of(mut record: Items<'_>) -> BlockRef<'_> {
    match record.next() {
        Some(Item::Bytes(bytes)) => BlockRef::from_bytes(bytes),
        item => panic!("{item:?} is no block"),
    }
}

fn reversed(block: BlockRef<'_>) -> impl Iterator<Item = Entry<'_>> {
    block.iter().collect::<Vec<_>>().into_iter().rev()
}

/// Which entries a stream is to lose, from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// How far.
    pub until: Until,
    /// Whole blocks only.
    pub is_rough: bool,
    /// How many entries at most, unless it is 0.
    pub limit: usize,
}

/// Where a trimming ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When so many are left.
    Len(usize),
    /// Before the first whose ID is not less.
    Id(StreamId),
}

/// A block, to be changed.
#[derive(Clone, Copy)]
enum Place {
    Tree(Position),
    Tail,
}

impl Entries {
    pub(super) fn new(sizes: Sizes) -> Self {
        Self { tree: Tree::new(sizes), tail: Block::default(), len: 0 }
    }

    /// How many entries there are. O(1).
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many blocks there are. O(1).
    pub(super) fn blocks(&self) -> usize {
        self.tree.len() + usize::from(self.tail.view().len() > 0)
    }

    /// The memory outside of the value itself, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        self.tree.heap_bytes() + self.tail.heap_bytes()
    }

    /// Adds an entry, whose ID is greater than all. `fields` are names and values in turn. O(log n)
    /// at most, and the length of the fields.
    pub(super) fn push<'a>(
        &mut self,
        id: StreamId,
        fields: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        sizes: BlockSizes,
    ) {
        let bytes = fields.clone().map(<[u8]>::len).sum();
        if !self.tail.has_room(bytes, sizes) {
            let full = std::mem::take(&mut self.tail);
            self.tree.insert(None, &[Item::Bytes(full.as_bytes())], &mut ());
        }
        self.tail.push(id, fields);
        self.len += 1;
    }

    /// The first entry. O(log n).
    pub(super) fn first(&self) -> Option<Entry<'_>> {
        self.iter_from(StreamId::MIN).next()
    }

    /// The last entry. O(size of a block).
    pub(super) fn last(&self) -> Option<Entry<'_>> {
        self.tail.view().iter().last()
    }

    /// The entries from an ID on. O(log n) to begin with.
    pub(super) fn iter_from(&self, start: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let tree = self.tree.iter_from(self.place_from(start)).map(block_of);
        let blocks = tree.chain([self.tail.view()]);
        blocks.flat_map(BlockRef::iter).skip_while(move |entry| entry.id() < start)
    }

    /// The entries down from an ID. O(log n) to begin with.
    pub(super) fn iter_back_from(&self, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        let behind = self.tree.seek(|base, _| base <= end);
        let tree = self.tree.iter_before(behind).rev().map(block_of);
        let blocks = [self.tail.view()].into_iter().chain(tree);
        blocks.flat_map(reversed).skip_while(move |entry| entry.id() > end)
    }

    /// The entry of this ID. O(log n).
    pub(super) fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.iter_from(id).next().filter(|entry| entry.id() == id)
    }

    /// Removes an entry. Whether it was there. O(log n).
    pub(super) fn remove(&mut self, id: StreamId) -> bool {
        let place = match self.place_from(id) {
            Some(position) => Place::Tree(position),
            None => Place::Tail,
        };
        let found = self.block(place).placed().find(|placed| placed.entry.id() == id);
        let Some(range) = found.map(|placed| placed.range) else { return false };
        self.change(place, |block| block.cut_out(range, 1));
        true
    }

    /// Removes the first entries. How many. O(removed).
    pub(super) fn trim(&mut self, trim: Trim) -> usize {
        let before = self.len;
        while self.len > 0 {
            let place = self.tree.first().map_or(Place::Tail, Place::Tree);
            let block = self.block(place);
            let count = block.len();
            let removed = before - self.len;
            if trim.limit > 0 && removed + count > trim.limit {
                break;
            }
            let (unwanted, end) = unwanted(block, trim.until, self.len);
            if unwanted == 0 || (trim.is_rough && unwanted < count) {
                break;
            }
            match place {
                Place::Tree(position) if unwanted == count => {
                    self.tree.remove(position, &mut ());
                    self.len -= count;
                }
                _ => {
                    let start = block.placed().next().map_or(0, |placed| placed.range.start);
                    self.change(place, |block| block.cut_out(start..end, unwanted));
                }
            }
            if unwanted < count {
                break;
            }
        }
        before - self.len
    }

    /// Removes up to about `count` blocks, so that the rest can be dropped in steps. How many;
    /// fewer only when none are left.
    pub(super) fn free_some(&mut self, count: usize) -> usize {
        let freed = self.tree.free_some(count);
        if freed == count || self.tail.view().len() == 0 {
            return freed;
        }
        self.tail = Block::default();
        self.len = 0;
        freed + 1
    }

    /// The block in the tree with the first entry that has this ID or a greater one, or the one
    /// before it; none if that is the tail.
    fn place_from(&self, id: StreamId) -> Option<Position> {
        if self.tail.view().len() > 0 && self.tail.view().base() <= id {
            return None;
        }
        let behind = self.tree.seek(|base, _| base <= id);
        self.tree.previous(behind).or(behind)
    }

    fn block(&self, place: Place) -> BlockRef<'_> {
        match place {
            Place::Tree(position) => block_of(self.tree.record(position)),
            Place::Tail => self.tail.view(),
        }
    }

    /// Takes entries out of a block.
    fn change(&mut self, place: Place, change: impl FnOnce(&mut Block)) {
        let before = self.block(place).len();
        let after = match place {
            Place::Tree(position) => self.change_in_tree(position, change),
            Place::Tail => self.change_tail(change),
        };
        self.len -= before - after;
    }

    fn change_in_tree(&mut self, position: Position, change: impl FnOnce(&mut Block)) -> usize {
        let mut block = block_of(self.tree.record(position)).to_owned();
        change(&mut block);
        let len = block.view().len();
        if len == 0 {
            self.tree.remove(position, &mut ());
        } else {
            self.tree.replace(position, &[Item::Bytes(block.as_bytes())], &mut ());
        }
        len
    }

    fn change_tail(&mut self, change: impl FnOnce(&mut Block)) -> usize {
        change(&mut self.tail);
        let len = self.tail.view().len();
        if len == 0
            && let Some(last) = self.tree.last()
        {
            self.tail = block_of(self.tree.record(last)).to_owned();
            self.tree.remove(last, &mut ());
        }
        len
    }

    /// Checks what must hold between any two calls. O(n).
    ///
    /// # Panics
    /// If something is wrong.
    pub(super) fn check(&self) {
        let blocks: Vec<_> = self.tree.iter().map(block_of).chain([self.tail.view()]).collect();
        assert!(blocks[1..].is_empty() || blocks.iter().all(|block| block.len() > 0));
        let mut last = None;
        let mut len = 0;
        for block in blocks {
            let entries: Vec<_> = block.iter().collect();
            assert_eq!(block.len(), entries.len(), "a block counts its entries");
            for entry in entries {
                assert!(block.base() <= entry.id(), "no entry is before its block");
                assert!(last < Some(entry.id()), "entries ascend");
                last = Some(entry.id());
                len += 1;
            }
        }
        assert_eq!(self.len, len, "all entries are counted");
    }
}

/// How many entries of the first block are to go, and where the last of them ends.
fn unwanted(block: BlockRef<'_>, until: Until, len: usize) -> (usize, usize) {
    let is_unwanted = |(index, placed): &(usize, Placed<'_>)| match until {
        Until::Len(wanted) => index + wanted < len,
        Until::Id(id) => placed.entry.id() < id,
    };
    let all = block.placed().enumerate().take_while(is_unwanted);
    all.last().map_or((0, 0), |(index, placed)| (index + 1, placed.range.end))
}
