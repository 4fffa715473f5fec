//! A sorted set that is more than one pack: a counted tree in the order of scores and members, and
//! an index from members to the tree's leaves.
//!
//! The tree tells of every record that comes to lie in another leaf, and the index follows. An entry
//! knows its member by the hash alone. Where several members have the same one, an entry cannot be
//! corrected, since nobody knows whose it is: then one more is added, and at the end of the change
//! all entries of that hash are made anew from what is found in their leaves.

use super::index::{Hash, Index};
use super::score::{self, Buffer};
use super::{Mark, Pair, compare};
use crate::hash::KeyHasher;
use crate::rare::{Rare, sometimes};
use crate::value::pack::{Item, Items, Pack};
use crate::value::string::IntBuffer;
use crate::value::tree::{Iter, LeafNumber, Position, Record, Shape, Tree, Watcher};
use crate::value::{Approach, Growth, Guess, Sought, Target};
use std::cmp::Ordering;
use std::ops::Range;

/// A record is a score and a member.
#[derive(Debug)]
pub(super) struct ByScore;

impl Shape for ByScore {
    const STRIDE: usize = 2;

    /// The score.
    type Key = f64;

    #[inline(always)]
    fn key(mut record: Items<'_>) -> f64 {
        score::decode(record.next().expect("a record has a score"))
    }
}

/// The tree and the index. Opaque: it is reached through
/// [`SortedSetRef`](super::SortedSetRef).
#[derive(Clone, Debug)]
pub struct Large {
    tree: Tree<ByScore>,
    index: Index,
    hashing: Hashing,
    /// Hashes of several members, of which at least one has moved during the present change.
    unsettled: Vec<Hash>,
}

/// How members are hashed.
#[derive(Clone, Copy, Debug)]
struct Hashing {
    hasher: KeyHasher,
    /// The bits that are used: all, unless members are to have the same hash in tests.
    bits: Hash,
}

impl Hashing {
    fn hash(self, member: Item<'_>) -> Hash {
        self.hasher.hash(member.as_bytes(&mut IntBuffer::new())) as Hash & self.bits
    }

    fn hash_of<'r>(self, mut record: impl Iterator<Item = Item<'r>>) -> Hash {
        self.hash(record.nth(1).expect(MEMBER))
    }

    /// The hash of a member, if it is known.
    fn known(self, member: Sought<'_>) -> Option<(Item<'_>, Hash)> {
        debug_assert!(
            member.hash.is_none_or(|hash| hash as Hash & self.bits == self.hash(member.item))
        );
        member.hash.map(|hash| (member.item, hash as Hash & self.bits))
    }
}

const MEMBER: &str = "a record has a member";

/// Keeps the index up to date.
struct Follower<'a> {
    index: &'a mut Index,
    hashing: Hashing,
    /// A member whose hash need not be made again.
    known: Option<(Item<'a>, Hash)>,
    unsettled: &'a mut Vec<Hash>,
    /// What has moved, and the index was not told of yet.
    moves: [(Hash, LeafNumber); MOVES_MAX],
    len: usize,
}

/// So many entries are fetched from memory side by side.
const MOVES_MAX: usize = 16;

impl Follower<'_> {
    /// Tells the index what has moved.
    fn tell(&mut self) {
        let moves = &self.moves[..std::mem::take(&mut self.len)];
        if moves.len() > 1 {
            moves.iter().for_each(|&(hash, _)| self.index.prefetch_bucket(hash));
            moves.iter().for_each(|&(hash, _)| self.index.prefetch_entries(hash));
        }
        for &(hash, leaf) in moves {
            if !self.index.relocate(hash, leaf) {
                self.unsettled.push(hash);
            }
        }
    }
}

impl Watcher for Follower<'_> {
    fn moved<'r>(&mut self, mut record: impl Iterator<Item = Item<'r>>, leaf: LeafNumber) {
        let member = record.nth(1).expect(MEMBER);
        let known = self.known.filter(|(known, _)| *known == member).map(|(_, hash)| hash);
        let hash = known.unwrap_or_else(|| self.hashing.hash(member));
        if self.len == MOVES_MAX {
            self.tell();
        }
        self.moves[self.len] = (hash, leaf);
        self.len += 1;
    }
}

/// Where the first pair is that does not stand before a mark. It may well be in the leaf `guess`.
// Inlined to where it is known which kind of mark it is.
#[inline(always)]
fn seek(tree: &Tree<ByScore>, mark: Mark<'_>, guess: LeafNumber) -> Option<Position> {
    tree.seek_near(guess, |score, record| {
        mark.is_behind_score(score, |bytes| compare_member(record, bytes))
    })
}

/// The order of the member of a record and others.
// Not inlined, since it takes much code, and scores are seldom the same.
#[inline(never)]
fn compare_member(record: &Record<'_, ByScore>, bytes: &[u8]) -> Ordering {
    compare(record.items().nth(1).expect(MEMBER), bytes)
}

/// Puts a member that has an entry into the tree.
fn put(
    tree: &mut Tree<ByScore>,
    score: f64,
    member: Item<'_>,
    guess: LeafNumber,
    follower: &mut Follower<'_>,
) {
    let (mut text, mut buffer) = (IntBuffer::new(), Buffer::default());
    let place = seek(tree, Mark::Pair(score, member.as_bytes(&mut text)), guess);
    tree.insert(place, &[score::encode(score, &mut buffer), member], follower);
}

impl Large {
    /// What it counts for in memory, without its nodes and buckets, in bytes.
    pub(super) const BYTES: usize = 320;

    /// The set of the pairs of a pack. O(n).
    pub(super) fn from_pack(pack: Pack, growth: Growth) -> Self {
        let load = growth.sizes.load + growth.sizes.load / 2;
        let mut set = Self {
            tree: Tree::new(growth.sizes.tree),
            index: Index::new(load),
            hashing: Hashing { hasher: growth.hasher, bits: growth.sizes.hash_bits },
            unsettled: Vec::new(),
        };
        for record in pack.view().records(ByScore::STRIDE) {
            set.index.add(set.hashing.hash_of(record), LeafNumber::NONE);
        }
        let sizes = growth.sizes.tree;
        set.change(None, |tree, follower| *tree = Tree::from_pack(pack, sizes, follower));
        set
    }

    pub(super) fn len(&self) -> usize {
        self.tree.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.tree.heap_bytes() + self.index.heap_bytes()
    }

    /// See [`Tree::to_pack`].
    pub(super) fn to_pack(&self, max: usize) -> Option<Pack> {
        self.tree.to_pack(max)
    }

    /// How many pairs and entries are left to be freed, in pairs.
    pub(super) fn left(&self) -> usize {
        self.tree.len().max(self.index.len())
    }

    /// Frees about `count` pairs or entries. How many; fewer only when none are left.
    pub(super) fn free_some(&mut self, count: usize) -> usize {
        let freed = self.tree.free_some(count);
        if freed < count { freed + self.index.free_some(count - freed) } else { freed }
    }

    /// Takes the next step towards a member. False if there is none.
    pub(super) fn approach(&self, approach: &mut Approach) -> bool {
        let Target::Member { score } = approach.target else { return false };
        let Some(hash) = approach.hash() else { return false };
        let hash = hash as Hash & self.hashing.bits;
        approach.steps += 1;
        match approach.steps {
            1 => self.index.prefetch_bucket(hash),
            2 => self.index.prefetch_entries(hash),
            3 => {
                let place = score.and_then(|score| self.tree.seek_leaf_by_key(|key| key < score));
                let [member, place] =
                    [self.index.only_leaf(hash), place].map(|it| it.unwrap_or(LeafNumber::NONE));
                approach.guess = Guess { member, place, ..approach.guess };
                [member, place].into_iter().for_each(|leaf| self.tree.prefetch_leaf(leaf));
            }
            4 => {
                let Guess { member, place, .. } = approach.guess;
                [member, place].into_iter().for_each(|leaf| self.tree.prefetch_records(leaf));
            }
            _ => self.tree.prefetch_neighbours(approach.guess.member),
        }
        approach.steps < 5
    }

    /// The same as [`Large::find`]. The member may well be in the leaf `guess`.
    pub(super) fn find_near(&self, guess: LeafNumber, member: Item<'_>) -> Option<Position> {
        let is_leaf = self.tree.has_leaf(guess);
        let found = is_leaf.then(|| self.tree.find_item_in_leaf(guess, member, 1)).flatten();
        found.or_else(|| self.find(member))
    }

    pub(super) fn find(&self, member: Item<'_>) -> Option<Position> {
        let mut leaves = self.index.leaves(self.hashing.hash(member));
        leaves.find_map(|leaf| self.tree.find_item_in_leaf(leaf, member, 1))
    }

    pub(super) fn pair(&self, position: Position) -> Pair<'_> {
        Pair::of(self.tree.items_from(position))
    }

    pub(super) fn rank(&self, position: Position) -> usize {
        self.tree.rank(position)
    }

    /// How many pairs stand before a mark.
    pub(super) fn rank_of(&self, mark: Mark<'_>) -> usize {
        self.tree.rank_of(seek(&self.tree, mark, LeafNumber::NONE))
    }

    pub(super) fn range(&self, ranks: Range<usize>) -> Iter<'_, ByScore> {
        self.tree.range(ranks)
    }

    /// Adds a member that is not there, and that may well belong into the leaf `guess`.
    pub(super) fn insert(&mut self, score: f64, sought: Sought<'_>, guess: LeafNumber) {
        let member = sought.item;
        let known = self.hashing.known(sought);
        let known = known.unwrap_or_else(|| (member, self.hashing.hash(member)));
        self.index.add(known.1, LeafNumber::NONE);
        self.change(Some(known), |tree, follower| put(tree, score, member, guess, follower));
    }

    /// Gives a member another score than the `old` one. It may well belong into the leaf `guess` then.
    pub(super) fn rescore(
        &mut self,
        position: Position,
        old: f64,
        score: f64,
        sought: Sought<'_>,
        guess: LeafNumber,
    ) {
        let member = sought.item;
        let stays = self.stays(position, old, score, member);
        self.change(self.hashing.known(sought), |tree, follower| {
            if stays {
                let mut buffer = Buffer::default();
                let record = [score::encode(score, &mut buffer), member];
                return tree.replace(position, &record, follower);
            }
            // Its entry stays, and says where it was until it has come to lie elsewhere.
            tree.remove(position, follower);
            put(tree, score, member, guess, follower);
        });
    }

    /// Removes a member.
    pub(super) fn remove(&mut self, position: Position) {
        let hash = self.hashing.hash_of(self.tree.record(position));
        self.index.remove(hash, position.leaf());
        self.change(None, |tree, follower| tree.remove(position, follower));
    }

    /// Removes the pairs of a range of ranks. O(log n + removed).
    pub(super) fn remove_range(&mut self, ranks: Range<usize>) {
        let mut records = self.tree.range(ranks.clone());
        while let Some(record) = records.next() {
            let leaf = records.leaf().expect("a record was read");
            self.index.remove(self.hashing.hash_of(record), leaf);
        }
        self.change(None, |tree, follower| tree.remove_range(ranks, follower));
    }

    /// See [`SortedSetRef::scan`](super::SortedSetRef::scan).
    pub(super) fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(Pair<'a>),
    ) -> u64 {
        let Ok(position) = u32::try_from(cursor) else { return 0 };
        let mut visited = 0;
        let next = self.index.scan(position, |hash, leaves| {
            let wants_more = visited < count.max(1);
            if wants_more {
                let records = leaves.iter().flat_map(|&leaf| self.tree.leaf(leaf));
                let meant = records.filter(|record| self.hashing.hash_of(record.clone()) == hash);
                meant.for_each(|record| {
                    visited += 1;
                    visit(Pair::of(record));
                });
            }
            wants_more
        });
        next.map_or(0, u64::from)
    }

    /// Whether a member with this score instead of its own stands between the same neighbours.
    fn stays(&self, position: Position, old: f64, score: f64, member: Item<'_>) -> bool {
        let mut buffer = IntBuffer::new();
        let member = member.as_bytes(&mut buffer);
        let is_before = |other: Position| Mark::Pair(score, member).is_behind(self.pair(other));
        if score > old {
            !self.tree.next(position).is_some_and(is_before)
        } else {
            self.tree.previous(Some(position)).is_none_or(is_before)
        }
    }

    /// Changes the tree, and the index with it. The hash of a member may be known.
    fn change(
        &mut self,
        known: Option<(Item<'_>, Hash)>,
        change: impl FnOnce(&mut Tree<ByScore>, &mut Follower<'_>),
    ) {
        let Self { tree, index, hashing, unsettled } = self;
        let moves = [(0, LeafNumber::NONE); MOVES_MAX];
        let mut follower = Follower { index, hashing: *hashing, known, unsettled, moves, len: 0 };
        change(tree, &mut follower);
        follower.tell();
        while let Some(hash) = self.unsettled.pop() {
            sometimes(Rare::IndexCollides, true);
            self.settle(hash);
        }
    }

    /// Makes the entries of members anew that have the same hash.
    fn settle(&mut self, hash: Hash) {
        for leaf in self.index.take(hash) {
            if !self.tree.has_leaf(leaf) {
                continue;
            }
            let hashes = self.tree.leaf(leaf).map(|record| self.hashing.hash_of(record));
            let count = hashes.filter(|&other| other == hash).count();
            (0..count).for_each(|_| self.index.add(hash, leaf));
        }
    }

    /// Checks that tree and index fit together, for tests. O(n).
    #[cfg(test)]
    pub(super) fn check(&self) {
        self.tree.check();
        self.index.check();
        assert!(self.unsettled.is_empty());
        assert_eq!(self.tree.len(), self.index.len());
        let mut records = self.tree.iter();
        let mut counts = std::collections::BTreeMap::new();
        while let Some(record) = records.next() {
            let entry = (self.hashing.hash_of(record), records.leaf().expect("a record was read"));
            *counts.entry(entry).or_insert(0) += 1;
        }
        for ((hash, leaf), count) in counts {
            let entries = self.index.leaves(hash).filter(|&other| other == leaf).count();
            assert_eq!(entries, count, "entries of hash {hash} in {leaf:?}");
        }
    }
}
