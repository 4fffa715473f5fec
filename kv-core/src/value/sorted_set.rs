//! Sorted sets: members with scores, in the order of scores, and of members where scores are the
//! same.
//!
//! A small one is a pack of pairs, each a score and a member. A larger one is a counted tree of the
//! same pairs, and an index that tells in which leaf of the tree a member is.
//!
//! All ranges are ranges of ranks. A range of scores or of members is turned into one first, by
//! [`SortedSetRef::rank_of`], which costs O(log n), and so it is known how many there are before
//! the first is read.

mod bucket;
mod index;
mod large;
mod score;
#[cfg(test)]
mod tests;

pub use large::Large;

use super::pack::{Item, Items, Pack, PackRef};
use super::string::IntBuffer;
use super::tree::{FlatIter, LeafNumber};
use super::{Approach, Collection, Contents, Growth, Guess, Kind, Sizes, Sought, Value, ValueRef};
use large::ByScore;
use std::cmp::Ordering;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::ops::{Bound, Range};

/// How many items a pair is.
const STRIDE: usize = 2;

/// Members with scores, in the order of both. Never empty while it is stored under a key.
#[derive(Clone, Debug)]
pub struct SortedSet(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Packed(Pack, Growth),
    Large(Box<Large>),
}

/// The same, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub enum SortedSetRef<'a> {
    /// One pack.
    Packed(PackRef<'a>),
    /// More than that.
    Large(&'a Large),
}

/// A member with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair<'a> {
    /// Never NaN.
    pub score: f64,
    /// The member.
    pub member: Item<'a>,
}

impl<'a> Pair<'a> {
    #[inline(always)]
    fn of(mut record: Items<'a>) -> Self {
        Self::take_from(&mut record)
    }

    /// The pair that stands first.
    #[inline(always)]
    fn take_from(record: &mut Items<'a>) -> Self {
        let score = record.next().expect("a pair has a score");
        let member = record.next().expect("a pair has a member");
        Self { score: score::decode(score), member }
    }
}

/// A place between pairs.
#[derive(Clone, Copy, Debug)]
pub enum Mark<'a> {
    /// Before the pairs with this score.
    Score(f64),
    /// Behind them.
    PastScore(f64),
    /// Before this pair, which need not be there.
    Pair(f64, &'a [u8]),
    /// Before this member, which need not be there, whatever the scores are. Only if they are all
    /// the same there is one such place; else it is one or another.
    Member(&'a [u8]),
    /// Behind it.
    PastMember(&'a [u8]),
}

impl Mark<'_> {
    #[inline]
    fn is_behind(self, pair: Pair<'_>) -> bool {
        self.is_behind_score(pair.score, |bytes| compare(pair.member, bytes))
    }

    /// Whether a pair stands before it. How its member compares is asked only if it matters.
    #[inline(always)]
    fn is_behind_score(self, score: f64, compare: impl FnOnce(&[u8]) -> Ordering) -> bool {
        match self {
            Self::Score(mark) => score < mark,
            Self::PastScore(mark) => score <= mark,
            Self::Pair(mark, _) if score != mark => score < mark,
            Self::Pair(_, mark) | Self::Member(mark) => compare(mark).is_lt(),
            Self::PastMember(mark) => compare(mark).is_le(),
        }
    }
}

/// The order of members: that of their bytes.
fn compare(member: Item<'_>, bytes: &[u8]) -> Ordering {
    member.as_bytes(&mut IntBuffer::new()).cmp(bytes)
}

impl SortedSet {
    /// A view of it.
    pub fn view(&self) -> SortedSetRef<'_> {
        match &self.0 {
            Repr::Packed(pack, _) => SortedSetRef::Packed(pack.view()),
            Repr::Large(large) => SortedSetRef::Large(large),
        }
    }

    /// Gives a member a score: that which `decide` says, which is told the one that it has, if it
    /// is there. Nothing changes if `decide` gives none. O(log n).
    ///
    /// # Panics
    /// If the score is NaN.
    pub fn update(&mut self, member: &[u8], decide: impl FnOnce(Option<f64>) -> Option<f64>) {
        self.update_near(Guess::NONE, member.into(), decide);
    }

    /// The same, and cheaper if the guess is right.
    pub(crate) fn update_near(
        &mut self,
        guess: Guess,
        sought: Sought<'_>,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) {
        let member = sought.item;
        match &mut self.0 {
            Repr::Packed(pack, growth) => {
                let found = pack.view().find(member, STRIDE, 1).map(|at| at / STRIDE);
                let old = found.map(|rank| pair_at(pack.view(), rank).score);
                let Some(score) = decide(old) else { return };
                assert!(!score.is_nan(), "a score has an order");
                if let Some(rank) = found {
                    if rescore(pack, rank, score, member, growth.sizes.pack_max.into()) {
                        return;
                    }
                    pack.splice(rank * STRIDE..(rank + 1) * STRIDE, &[]);
                }
                let growth = *growth;
                self.insert(score, member, growth);
            }
            Repr::Large(large) => {
                let found = large.find_near(guess.member, member);
                let found = found.map(|position| (position, large.pair(position).score));
                let Some(score) = decide(found.map(|(_, old)| old)) else { return };
                assert!(!score.is_nan(), "a score has an order");
                match found {
                    Some((position, old)) => {
                        large.rescore(position, old, score, sought, guess.place);
                    }
                    None => large.insert(score, sought, guess.place),
                }
            }
        }
    }

    /// Takes the next step towards a member. False if there is none.
    pub(crate) fn approach(&self, approach: &mut Approach) -> bool {
        matches!(&self.0, Repr::Large(large) if large.approach(approach))
    }

    /// Gives a member a score. Which it had before, if it was there. O(log n).
    ///
    /// # Panics
    /// If the score is NaN.
    pub fn set(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let mut old = None;
        self.update(member, |current| {
            old = current;
            Some(score)
        });
        old
    }

    /// Removes a member. Whether it was there. O(log n).
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let member = Item::new(member);
        match &mut self.0 {
            Repr::Packed(pack, _) => {
                let found = pack.view().find(member, STRIDE, 1);
                found.inspect(|&at| pack.splice(at..at + STRIDE, &[])).is_some()
            }
            Repr::Large(large) => {
                let found = large.find(member);
                found.inspect(|&position| large.remove(position)).is_some()
            }
        }
    }

    /// Removes the pairs of a range of ranks. O(log n + removed).
    ///
    /// # Panics
    /// If there are not so many.
    pub fn remove_range(&mut self, ranks: Range<usize>) {
        match &mut self.0 {
            Repr::Packed(pack, _) => pack.splice(ranks.start * STRIDE..ranks.end * STRIDE, &[]),
            Repr::Large(large) => large.remove_range(ranks),
        }
    }

    /// Adds a member that is not in the pack.
    fn insert(&mut self, score: f64, member: Item<'_>, growth: Growth) {
        if let Repr::Packed(pack, _) = &mut self.0 {
            let (mut text, mut buffer) = (IntBuffer::new(), score::Buffer::default());
            let record = [score::encode(score, &mut buffer), member];
            let size: usize = record.iter().map(|item| item.packed_len()).sum();
            if pack.len() + size <= growth.sizes.pack_max.into() {
                let mark = Mark::Pair(score, member.as_bytes(&mut text));
                let at = rank_in(pack.view(), mark) * STRIDE;
                return pack.splice(at..at, &record);
            }
        }
        self.make_large().insert(score, member.into(), LeafNumber::NONE);
    }

    fn make_large(&mut self) -> &mut Large {
        if let Repr::Packed(pack, growth) = &mut self.0 {
            let large = Large::from_pack(std::mem::take(pack), *growth);
            self.0 = Repr::Large(Box::new(large));
        }
        match &mut self.0 {
            Repr::Large(large) => large,
            Repr::Packed(..) => unreachable!("it was made large above"),
        }
    }
}

fn pair_at(pack: PackRef<'_>, rank: usize) -> Pair<'_> {
    Pair::of(pack.range(rank * STRIDE..(rank + 1) * STRIDE))
}

/// Gives the member of a rank another score in its place, if it keeps the rank, and the pack has no more than
/// `max` bytes then. False if not.
fn rescore(pack: &mut Pack, rank: usize, score: f64, member: Item<'_>, max: usize) -> bool {
    let (mut text, mut buffer) = (IntBuffer::new(), score::Buffer::default());
    let member = member.as_bytes(&mut text);
    let is_behind = |other| Mark::Pair(score, member).is_behind(pair_at(pack.view(), other));
    let is_last = (rank + 1) * STRIDE == pack.count();
    let keeps_rank = (rank == 0 || is_behind(rank - 1)) && (is_last || !is_behind(rank + 1));
    let score = score::encode(score, &mut buffer);
    let old = pack.view().run(rank * STRIDE..rank * STRIDE + 1);
    let is_done = keeps_rank && pack.len() + score.packed_len() <= max + old.packed_len();
    if is_done {
        pack.replace(old, &[score]);
    }
    is_done
}

fn rank_in(pack: PackRef<'_>, mark: Mark<'_>) -> usize {
    pack.records(STRIDE).take_while(|record| mark.is_behind(Pair::of(record.clone()))).count()
}

impl Contents for SortedSet {
    fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.heap_bytes(),
            Repr::Large(large) => Large::BYTES + large.heap_bytes(),
        }
    }

    fn len(&self) -> usize {
        match &self.0 {
            Repr::Packed(pack, _) => pack.count() / STRIDE,
            Repr::Large(large) => large.left(),
        }
    }

    fn repacked(&self, sizes: Sizes) -> Option<Pack> {
        match &self.0 {
            Repr::Packed(..) => None,
            Repr::Large(large) => large.to_pack(sizes.repacked_max()),
        }
    }

    fn free_some(&mut self, count: usize) -> usize {
        match &mut self.0 {
            Repr::Packed(pack, _) => std::mem::take(pack).count(),
            Repr::Large(large) => large.free_some(count),
        }
    }
}

impl From<SortedSet> for Value {
    fn from(set: SortedSet) -> Self {
        match set.0 {
            Repr::Packed(pack, _) => Self::Packed(Kind::SortedSet, pack),
            Repr::Large(_) => Self::SortedSet(set),
        }
    }
}

impl Collection for SortedSet {
    const KIND: Kind = Kind::SortedSet;

    type Ref<'a> = SortedSetRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::SortedSet(set) = value { Some(set) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::SortedSet(set) = value { Some(set) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<SortedSetRef<'_>> {
        if let ValueRef::SortedSet(set) = value { Some(set) } else { None }
    }

    fn unpack(pack: Pack, growth: Growth) -> Self {
        Self(Repr::Packed(pack, growth))
    }

    fn into_pack(self) -> Result<Pack, Self> {
        match self.0 {
            Repr::Packed(pack, _) => Ok(pack),
            Repr::Large(_) => Err(self),
        }
    }

    fn is_empty(&self) -> bool {
        self.view().len() == 0
    }
}

impl<'a> SortedSetRef<'a> {
    /// How many pairs there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "what is stored is not empty")]
    pub fn len(self) -> usize {
        match self {
            Self::Packed(pack) => pack.count() / STRIDE,
            Self::Large(large) => large.len(),
        }
    }

    /// The score of a member. O(log n), mostly O(1).
    pub fn score(self, member: Item<'_>) -> Option<f64> {
        match self {
            Self::Packed(pack) => {
                let at = pack.find(member, STRIDE, 1)?;
                Some(pair_at(pack, at / STRIDE).score)
            }
            Self::Large(large) => large.find(member).map(|position| large.pair(position).score),
        }
    }

    /// How many pairs stand before that of a member, and the member's score. O(log n).
    pub fn rank(self, member: Item<'_>) -> Option<(usize, f64)> {
        match self {
            Self::Packed(pack) => {
                let rank = pack.find(member, STRIDE, 1)? / STRIDE;
                Some((rank, pair_at(pack, rank).score))
            }
            Self::Large(large) => {
                let position = large.find(member)?;
                Some((large.rank(position), large.pair(position).score))
            }
        }
    }

    /// How many pairs stand before a mark. O(log n).
    pub fn rank_of(self, mark: Mark<'_>) -> usize {
        match self {
            Self::Packed(pack) => rank_in(pack, mark),
            Self::Large(large) => large.rank_of(mark),
        }
    }

    /// The ranks of the pairs with scores between two bounds. O(log n).
    pub fn ranks_by_score(self, min: Bound<f64>, max: Bound<f64>) -> Range<usize> {
        let start = match min {
            Bound::Included(score) => self.rank_of(Mark::Score(score)),
            Bound::Excluded(score) => self.rank_of(Mark::PastScore(score)),
            Bound::Unbounded => 0,
        };
        let end = match max {
            Bound::Included(score) => self.rank_of(Mark::PastScore(score)),
            Bound::Excluded(score) => self.rank_of(Mark::Score(score)),
            Bound::Unbounded => self.len(),
        };
        start..end.max(start)
    }

    /// The ranks of the pairs with members between two bounds, if all have the same score; else
    /// some ranks. O(log n).
    pub fn ranks_by_member(self, min: Bound<&[u8]>, max: Bound<&[u8]>) -> Range<usize> {
        let start = match min {
            Bound::Included(member) => self.rank_of(Mark::Member(member)),
            Bound::Excluded(member) => self.rank_of(Mark::PastMember(member)),
            Bound::Unbounded => 0,
        };
        let end = match max {
            Bound::Included(member) => self.rank_of(Mark::PastMember(member)),
            Bound::Excluded(member) => self.rank_of(Mark::Member(member)),
            Bound::Unbounded => self.len(),
        };
        start..end.max(start)
    }

    /// The pair of a rank. O(log n).
    pub fn get(self, rank: usize) -> Option<Pair<'a>> {
        if rank < self.len() { self.range(rank..rank + 1).next() } else { None }
    }

    /// All pairs in their order, from either end. O(1) for each.
    pub fn iter(self) -> Pairs<'a> {
        self.range(0..self.len())
    }

    /// The pairs of a range of ranks, from either end. O(log n) to begin with, and O(1) for each.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn range(self, ranks: Range<usize>) -> Pairs<'a> {
        let records = match self {
            Self::Packed(pack) => pack.range(ranks.start * STRIDE..ranks.end * STRIDE).into(),
            Self::Large(large) => large.range(ranks).into(),
        };
        Walk(records, PhantomData)
    }

    /// Visits the pairs from `cursor` on, `count` of them or a few more, and returns the cursor to
    /// go on from, 0 at the end. A small set is visited as a whole, whatever the cursor is.
    ///
    /// Every member that is there from the first call with cursor 0 to the last is visited exactly
    /// once, whatever becomes of its score and of other members: the order is that of the members'
    /// hashes. Only if the key is given another value meanwhile, or the set becomes small, members
    /// may be visited again.
    /// O(`count`), at least 1.
    pub fn scan(self, cursor: u64, count: usize, visit: impl FnMut(Pair<'a>)) -> u64 {
        match self {
            Self::Packed(_) => {
                self.iter().for_each(visit);
                0
            }
            Self::Large(large) => large.scan(cursor, count, visit),
        }
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Value {
        match self {
            Self::Packed(pack) => pack.to_value(Kind::SortedSet),
            Self::Large(large) => Value::SortedSet(SortedSet(Repr::Large(Box::new(large.clone())))),
        }
    }
}

/// Pairs in their order, from either end.
pub type Pairs<'a> = Walk<'a, Pair<'a>>;

/// Members in the order of their pairs, from either end.
pub type Members<'a> = Walk<'a, Item<'a>>;

/// What is read of pairs in their order, from either end.
pub struct Walk<'a, P>(FlatIter<'a, ByScore>, PhantomData<P>);

/// What is read of a pair.
pub trait Part<'a>: Sized {
    /// Reads it of the pair that stands first, and leaves that out.
    fn take_first(items: &mut Items<'a>) -> Self;

    /// Reads it of the pair that stands last, and leaves that out.
    fn take_last(items: &mut Items<'a>) -> Self;

    /// Reads it of all pairs.
    fn fold<B>(items: Items<'a>, init: B, f: impl FnMut(B, Self) -> B) -> B;
}

impl<'a> Part<'a> for Pair<'a> {
    #[inline(always)]
    fn take_first(items: &mut Items<'a>) -> Self {
        Self::take_from(items)
    }

    fn take_last(items: &mut Items<'a>) -> Self {
        Self::of(items.take_back(STRIDE))
    }

    #[inline]
    fn fold<B>(mut items: Items<'a>, init: B, mut f: impl FnMut(B, Self) -> B) -> B {
        let mut result = init;
        while items.len() > 0 {
            result = f(result, Self::take_first(&mut items));
        }
        result
    }
}

/// The member: the score is not decoded.
impl<'a> Part<'a> for Item<'a> {
    #[inline(always)]
    fn take_first(items: &mut Items<'a>) -> Self {
        items.skip_front();
        items.next().expect("a pair has a member")
    }

    #[inline]
    fn take_last(items: &mut Items<'a>) -> Self {
        let member = items.next_back().expect("a pair has a member");
        items.skip_back();
        member
    }

    #[inline]
    fn fold<B>(items: Items<'a>, init: B, f: impl FnMut(B, Self) -> B) -> B {
        items.fold_seconds(init, f)
    }
}

impl<'a> Pairs<'a> {
    /// Their members alone, which spares reading the scores.
    pub fn members(self) -> Members<'a> {
        Walk(self.0, PhantomData)
    }
}

impl<'a, P: Part<'a>> std::fmt::Debug for Walk<'a, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} pairs", self.len())
    }
}

impl<'a, P: Part<'a>> Iterator for Walk<'a, P> {
    type Item = P;

    #[inline]
    fn next(&mut self) -> Option<P> {
        self.0.front().map(P::take_first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.len() / STRIDE;
        (len, Some(len))
    }

    #[inline]
    fn fold<B, F: FnMut(B, P) -> B>(mut self, init: B, mut f: F) -> B {
        let mut result = init;
        while let Some(run) = self.0.front() {
            result = P::fold(std::mem::take(run), result, &mut f);
        }
        result
    }
}

impl<'a, P: Part<'a>> DoubleEndedIterator for Walk<'a, P> {
    #[inline]
    fn next_back(&mut self) -> Option<P> {
        self.0.back().map(P::take_last)
    }
}

impl<'a, P: Part<'a>> ExactSizeIterator for Walk<'a, P> {}
impl<'a, P: Part<'a>> FusedIterator for Walk<'a, P> {}
