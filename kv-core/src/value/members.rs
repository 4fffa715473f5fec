//! The table on which large hashes and sets stand: linear hashing (Litwin: "Linear hashing: a new
//! tool for file and table addressing", 1980) over buckets that are packs.
//!
//! A member is a record of one to a few items, of which the first is its key. The *position* of a
//! member is the keyed hash of its key, read from the lowest bit to the highest. Each bucket holds
//! the members of one interval of positions: bucket `b` those whose hashes end in the bits of `b`.
//! When there are too many members, the next bucket in turn is split in two by one more bit; when
//! there are too few, the last one is merged back. So nothing ever looks at more than two buckets,
//! there is no directory, and the number of buckets follows the number of members.
//!
//! Within a bucket the members are sorted by position, and a column of tags holds the bits of the
//! position that follow the bucket's own. A lookup compares a key only where the tags are the same;
//! a bucket is split by cutting it and merged by joining; and all members are visited in the
//! order of their positions, which depends on the hasher and on the members alone. A cursor is a
//! position, so that a scan is not disturbed by whatever is split or merged meanwhile.
//!
//! A bucket is rewritten with every change of a member, except that one is taken out in place. A record
//! that is too large for that is kept outside, in a pack of its own, and the bucket holds its number.
//!
//! A random member is that of a random slot at a random position (rejection sampling): the numbers of
//! members stand side by side in a column, so that slots without a member cost no look at a bucket.

mod bucket;
#[cfg(test)]
mod tests;

use super::pack::{Item, Items, Pack, PackRef};
use super::packs::Packs;
use super::string::IntBuffer;
use super::{Approach, Sought, Target};
use crate::hash::KeyHasher;
use crate::rng::Rng;
use crate::table::Table;
use bucket::{Bucket, Hit, OUTSIDE};
use std::ops::Range;

/// A scan cursor is the first bits of a position, so that clients which keep it in a double or in a
/// signed integer keep it whole.
const CURSOR_BITS: u32 = 48;

/// The bits of a tag that come from the position.
const TAG_BITS: u32 = 7;

/// How many buckets are reviewed with each that is merged. Merging half of the buckets reviews them all.
const REVIEWED_AT_ONCE: usize = 64;

/// A record that takes more bytes is kept outside of its bucket.
const INSIDE_MAX: usize = 512;

/// Records by keys, in memory that grows and shrinks in small steps.
///
/// Keys of O(1) length are assumed where a method is said to take O(1). A record has at least the
/// items that it was stored with, in their order; there may be empty ones behind them, since all
/// records of a bucket have the same number of items.
#[derive(Debug)]
pub struct Members {
    hasher: KeyHasher,
    /// There is at least one.
    buckets: Packs,
    /// How many members each bucket has, side by side, so that a random choice looks at no other bucket than the
    /// one that it chooses.
    counts: Table<u16>,
    /// The records that are too large for a bucket. In the bucket stands the index.
    outside: Table<Outside>,
    len: usize,
    /// What records outside take.
    outside_bytes: usize,
    /// The mean number of members of a bucket.
    load: u16,
    /// No bucket has more members, or twice as many if it has yet to be split in this round.
    slots: u16,
    /// How many of the buckets have been looked at to find out whether fewer slots would do, and how many
    /// slots these need, and all that have changed meanwhile.
    reviewed: usize,
    needed: u16,
}

/// A record that is kept outside of its bucket.
#[derive(Clone, Debug)]
struct Outside {
    /// Keys may be so long that they are hashed once only.
    hash: u64,
    record: Pack,
}

/// Where a member is. Any change but [`Members::replace`] makes it invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    bucket: usize,
    slot: usize,
}

/// There is no member with some key.
#[derive(Clone, Copy, Debug)]
pub struct Absent {
    /// Of the key.
    hash: u64,
}

impl Members {
    /// What a table counts for in memory, without its buckets, in bytes.
    pub const BYTES: usize = 296;

    /// How many members a bucket has on the average, unless there is a reason to split and merge
    /// all the time.
    pub const LOAD: u16 = 20;

    /// No members. There will be `load` of them in a bucket on the average, at least 1 and so few
    /// that thousands of items are not exceeded.
    pub fn new(hasher: KeyHasher, load: u16) -> Self {
        Self::with_buckets(hasher, load, 1)
    }

    /// The records of `stride` items each that stand in a pack, with different keys. O(n).
    pub fn from_pack(hasher: KeyHasher, load: u16, stride: usize, pack: PackRef<'_>) -> Self {
        let buckets = (pack.count() / stride).div_ceil(load.into());
        let mut members = Self::with_buckets(hasher, load, buckets.max(1));
        let items: Vec<_> = pack.iter().collect();
        for record in items.chunks_exact(stride) {
            members.insert_hashed(members.hash(record[0]), record);
        }
        members
    }

    fn with_buckets(hasher: KeyHasher, load: u16, count: usize) -> Self {
        assert!((1..=1024).contains(&load), "a bucket of {load} members is no bucket");
        let mut buckets = Packs::new();
        (0..count).for_each(|_| buckets.push(PackRef::default()));
        let mut counts = Table::new();
        (0..count).for_each(|_| counts.push(0));
        let outside = Table::new();
        Self {
            hasher,
            buckets,
            counts,
            outside,
            len: 0,
            outside_bytes: 0,
            load,
            slots: 0,
            reviewed: 0,
            needed: 0,
        }
    }

    /// How many members there are. O(1).
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none. O(1).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The memory outside of the value itself, in bytes. O(1).
    pub fn heap_bytes(&self) -> usize {
        self.buckets.bytes()
            + self.counts.capacity() * size_of::<u16>()
            + self.outside_bytes
            + self.outside.capacity() * size_of::<Outside>()
    }

    /// Takes the next step towards a key or a choice. False if there is none.
    pub(crate) fn approach(&self, approach: &mut Approach) -> bool {
        let bucket = match &approach.target {
            Target::Bucket(bucket) => {
                self.buckets.prefetch(*bucket);
                return false;
            }
            Target::Member { .. } => approach.hash().map(|hash| self.bucket_of(hash)),
            Target::Random(rng) => self.random(&mut rng.clone()).map(|place| place.bucket),
        };
        let Some(bucket) = bucket else { return false };
        self.buckets.prefetch_name(bucket);
        approach.target = Target::Bucket(bucket);
        true
    }

    /// Where the member of this key is. O(1).
    pub fn find(&self, key: Item<'_>) -> Option<Place> {
        self.find_hashed(self.hash(key), key).map(Self::place)
    }

    /// The record of a member. O(1).
    pub fn record(&self, place: Place) -> Items<'_> {
        let bucket = self.bucket(place.bucket);
        self.resolve(bucket.tags()[place.slot], bucket.record(place.slot))
    }

    /// Where the member of this key is, or else what [`Members::insert`] has to know. O(1).
    pub fn locate(&self, key: Sought<'_>) -> Result<Place, Absent> {
        let hash = self.hash_sought(key);
        self.find_hashed(hash, key.item).map(Self::place).ok_or(Absent { hash })
    }

    /// Writes the rest of its record over that of the member of this key, if it takes just the same room; else,
    /// where the member is, or that it is not. O(1).
    pub fn overwrite(
        &mut self,
        key: Sought<'_>,
        values: &[Item<'_>],
    ) -> Result<(), Result<Place, Absent>> {
        let hash = self.hash_sought(key);
        let Some((bucket, hit)) = self.find_hashed(hash, key.item) else {
            return Err(Err(Absent { hash }));
        };
        let is_alike = hit.tag & OUTSIDE == 0 && hit.stride == 1 + values.len();
        let is_done = is_alike && self.buckets.overwrite(bucket, hit.second, values);
        if is_done { Ok(()) } else { Err(Ok(Self::place((bucket, hit)))) }
    }

    /// Adds a member whose key was not found. O(1) and the length of the record.
    pub fn insert(&mut self, Absent { hash }: Absent, record: &[Item<'_>]) {
        debug_assert_eq!(self.hash(record[0]), hash, "another key was looked for");
        self.insert_hashed(hash, record);
    }

    /// Puts another record of the same key in the place of one. O(1) and the length of the record.
    pub fn replace(&mut self, place: Place, record: &[Item<'_>]) {
        debug_assert_eq!(self.key(place), record[0], "the key stays");
        let Place { bucket, slot } = place;
        let old_tag = self.bucket(bucket).tags()[slot];
        let (tag, is_outside) = (old_tag & !OUTSIDE, old_tag & OUTSIDE != 0);
        let old = if is_outside { self.index_outside(place) } else { None };
        match self.take_outside(record) {
            Some(index) => self.change(bucket, |bucket, out| {
                bucket.replace(slot, tag | OUTSIDE, &[index], out);
            }),
            None if old.is_none() && self.overwrite_at(place, record) => {}
            None => self.change(bucket, |bucket, out| bucket.replace(slot, tag, record, out)),
        }
        old.into_iter().for_each(|index| self.drop_outside(index));
    }

    /// Takes a member away. O(1).
    pub fn remove(&mut self, place: Place) {
        self.take(place, |_| ());
    }

    /// The same, and shows its key before.
    #[inline]
    pub fn take(&mut self, place: Place, visit: impl FnOnce(Item<'_>)) {
        let Place { bucket, slot } = place;
        let (tag, first) = self.bucket(bucket).first(slot);
        let index = (tag & OUTSIDE != 0).then(|| index_in(first));
        visit(index.map_or(first, |index| self.outside[index].key()));
        self.remove_from(bucket, slot);
        index.into_iter().for_each(|index| self.drop_outside(index));
        self.len -= 1;
        if self.has_too_many_buckets() {
            self.merge();
        }
    }

    fn remove_from(&mut self, bucket: usize, slot: usize) {
        if self.buckets.shorten(bucket, |bytes| bucket::cut(bytes, slot)) {
            self.counts[bucket] -= 1;
        } else {
            self.change(bucket, |bucket, out| bucket.remove(slot, out));
        }
    }

    /// A member chosen at random, all with the same probability. O(1) expected.
    ///
    /// A position is drawn, and one of as many slots as the bucket that it lies in might need: twice as many where
    /// the bucket is twice as wide. If there is no member, both are drawn again.
    pub fn random(&self, rng: &mut Rng) -> Option<Place> {
        if self.is_empty() {
            return None;
        }
        loop {
            // Bits that decide for the bucket, and bits that decide for the slot.
            let (position, fraction) = (rng.next_u64(), rng.next_u64());
            let bucket = self.bucket_of(position);
            let slots = u128::from(self.slots) << u32::from(self.is_wide(bucket));
            let slot = ((u128::from(fraction) * slots) >> u64::BITS) as usize;
            if slot < self.counts[bucket].into() {
                return Some(Place { bucket, slot });
            }
        }
    }

    /// All records in the order of their positions, which depends on the hasher and the keys
    /// alone.
    pub fn iter(&self) -> impl Iterator<Item = Items<'_>> {
        let buckets = self.buckets_from(0).map(|bucket| self.bucket(bucket));
        buckets.flat_map(Bucket::records).map(|(tag, record)| self.resolve(tag, record))
    }

    /// Visits the records from `cursor` on, `count` of them or a few more, and returns the cursor
    /// to go on from, 0 at the end. Every member that is there from the first call with cursor 0 to
    /// the last is visited exactly once, in the order of [`Members::iter`]. O(`count`), at least 1.
    pub fn scan<'a>(&'a self, cursor: u64, count: usize, visit: impl FnMut(Items<'a>)) -> u64 {
        self.scan_cut(u64::BITS - CURSOR_BITS, cursor, count, visit)
    }

    /// The same with cursors that lack the last `cut` bits of a position.
    fn scan_cut<'a>(
        &'a self,
        cut: u32,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(Items<'a>),
    ) -> u64 {
        if cursor << cut >> cut != cursor {
            return 0;
        }
        let mut last = None;
        for (visited, place) in self.places_from(cursor << cut).enumerate() {
            if visited >= count
                && let Some(last) = last.map(|last| self.position(last) >> cut)
                // Members that share a cursor are visited together, since it cannot part them.
                && self.position(place) >> cut != last
            {
                return last + 1;
            }
            visit(self.record(place));
            last = Some(place);
        }
        0
    }

    /// Frees about `count` members, or all that are left. How many it freed. Nothing else than
    /// freeing more is possible afterwards. O(`count`).
    pub fn free_some(&mut self, count: usize) -> usize {
        let mut freed = 0;
        while freed < count {
            if let Some(outside) = self.outside.pop() {
                self.outside_bytes -= outside.record.heap_bytes();
                freed += 1;
            } else if let Some(bucket) = self.buckets.pop() {
                self.counts.pop();
                freed +=
                    Bucket(bucket.view()).tags().iter().filter(|&tag| tag & OUTSIDE == 0).count();
            } else {
                break;
            }
        }
        self.len -= freed;
        freed
    }

    fn hash(&self, key: Item<'_>) -> u64 {
        self.hasher.hash(key.as_bytes(&mut IntBuffer::new()))
    }

    fn hash_sought(&self, key: Sought<'_>) -> u64 {
        let hash = key.hash.unwrap_or_else(|| self.hash(key.item));
        debug_assert_eq!(hash, self.hash(key.item), "it is the hash of another member");
        hash
    }

    fn place((bucket, Hit { slot, .. }): (usize, Hit)) -> Place {
        Place { bucket, slot }
    }

    /// The bucket of a member, and where it is there.
    #[inline]
    fn find_hashed(&self, hash: u64, key: Item<'_>) -> Option<(usize, Hit)> {
        let (bucket, tag) = self.bucket_and_tag(hash);
        let is_it = |tag, first: Item<'_>| match tag & OUTSIDE {
            0 => first == key,
            _ => self.outside[index_in(first)].key() == key,
        };
        Some((bucket, self.bucket(bucket).search(tag, is_it).ok()?))
    }

    fn insert_hashed(&mut self, hash: u64, record: &[Item<'_>]) {
        let Place { bucket, slot } = self.place_from(hash.reverse_bits());
        let (_, tag) = self.bucket_and_tag(hash);
        match self.take_outside(record) {
            Some(index) => self.change(bucket, |bucket, out| {
                bucket.insert(slot, tag | OUTSIDE, &[index], out);
            }),
            None => self.change(bucket, |bucket, out| bucket.insert(slot, tag, record, out)),
        }
        self.len += 1;
        if self.has_too_few_buckets() {
            self.split();
        }
    }

    /// The record that is stored like this in a bucket.
    fn resolve<'a>(&'a self, tag: u8, mut stored: Items<'a>) -> Items<'a> {
        match tag & OUTSIDE {
            0 => stored,
            _ => self.outside[index_in(stored.next().expect("an index"))].record.view().iter(),
        }
    }

    /// The key of a member. O(1).
    pub fn key(&self, place: Place) -> Item<'_> {
        let (tag, first) = self.bucket(place.bucket).first(place.slot);
        match tag & OUTSIDE {
            0 => first,
            _ => self.outside[index_in(first)].key(),
        }
    }

    fn position(&self, place: Place) -> u64 {
        let (tag, first) = self.bucket(place.bucket).first(place.slot);
        self.hash_of(tag, first).reverse_bits()
    }

    /// The hash of the member with this tag, in whose record this item comes first.
    fn hash_of(&self, tag: u8, first: Item<'_>) -> u64 {
        match tag & OUTSIDE {
            0 => self.hash(first),
            _ => self.outside[index_in(first)].hash,
        }
    }

    #[inline]
    fn bucket(&self, number: usize) -> Bucket<'_> {
        Bucket(self.buckets.get(number))
    }

    fn change(&mut self, number: usize, change: impl FnOnce(Bucket<'_>, &mut Pack)) {
        self.buckets.change(number, |pack, out| change(Bucket(pack), out));
        self.count(number);
    }

    /// Notes how many members a bucket has.
    fn count(&mut self, number: usize) {
        self.counts[number] = self.bucket(number).len() as u16;
        self.needed = self.needed.max(self.slots_for(number));
        self.slots = self.slots.max(self.needed);
    }

    /// How many slots a bucket needs.
    fn slots_for(&self, number: usize) -> u16 {
        let count = self.counts[number];
        if self.is_wide(number) { count.div_ceil(2) } else { count }
    }

    /// Looks at some more buckets to find out whether fewer slots would do: a round that is taken back doubles
    /// them, while the buckets stay as full as they are.
    fn review_slots(&mut self) {
        let (first, counts) = (self.reviewed, self.counts.run(self.reviewed, REVIEWED_AT_ONCE));
        let end = first + counts.len();
        let wide = self.wide();
        let [begin, middle] = [wide.start, wide.end].map(|it| it.clamp(first, end) - first);
        let most = |counts: &[u16]| counts.iter().copied().max().unwrap_or(0);
        let narrow = most(&counts[..begin]).max(most(&counts[middle..]));
        let wide = most(&counts[begin..middle]);
        self.needed = self.needed.max(narrow).max(wide.div_ceil(2));
        self.reviewed = end;
        if end >= self.buckets.len() {
            self.slots = self.needed;
            self.begin_review();
        }
    }

    fn begin_review(&mut self) {
        (self.reviewed, self.needed) = (0, 0);
    }

    /// Writes a record over the one of the same key in a bucket, if it takes just the same room. False if not.
    fn overwrite_at(&mut self, place: Place, record: &[Item<'_>]) -> bool {
        let bucket = self.bucket(place.bucket);
        let mark = bucket.0.mark(&bucket.items_from(place.slot));
        bucket.has_stride(record.len()) && self.buckets.overwrite(place.bucket, mark, record)
    }
}

/// Which bucket holds what.
impl Members {
    /// How many bits of the position decide for `bucket`.
    #[inline]
    fn bits(&self, bucket: usize) -> u32 {
        self.buckets.len().ilog2() + u32::from(!self.is_wide(bucket))
    }

    /// Whether a bucket has yet to be split in this round, and its interval is twice as wide as those of the others.
    #[inline]
    fn is_wide(&self, bucket: usize) -> bool {
        self.wide().contains(&bucket)
    }

    /// All such buckets.
    #[inline]
    fn wide(&self) -> Range<usize> {
        let count = self.buckets.len();
        let full = 1 << count.ilog2();
        count - full..full
    }

    #[inline]
    fn bucket_of(&self, hash: u64) -> usize {
        let count = self.buckets.len();
        let full = 1 << count.ilog2();
        let bucket = hash as usize & (2 * full - 1);
        if bucket < count { bucket } else { bucket & (full - 1) }
    }

    #[inline]
    fn bucket_and_tag(&self, hash: u64) -> (usize, u8) {
        let bucket = self.bucket_of(hash);
        (bucket, tag_of(hash, self.bits(bucket)))
    }

    /// Where the first member of a bucket is, or would be, that has this position or a greater one.
    fn place_from(&self, position: u64) -> Place {
        let (bucket, tag) = self.bucket_and_tag(position.reverse_bits());
        let is_behind = |tag, first: Item<'_>| self.hash_of(tag, first).reverse_bits() >= position;
        let found = self.bucket(bucket).search(tag, is_behind);
        let slot = found.map_or_else(|slot| slot, |hit| hit.slot);
        Place { bucket, slot }
    }

    /// The buckets in the order of their positions, from the one with `position` on.
    fn buckets_from(&self, position: u64) -> impl Iterator<Item = usize> {
        let first = self.bucket_of(position.reverse_bits());
        std::iter::successors(Some(first), |&bucket| self.bucket_behind(bucket))
    }

    fn bucket_behind(&self, bucket: usize) -> Option<usize> {
        let width = 1u64.checked_shl(u64::BITS - self.bits(bucket))?;
        let end = (bucket as u64).reverse_bits().checked_add(width)?;
        Some(self.bucket_of(end.reverse_bits()))
    }

    fn places_from(&self, position: u64) -> impl Iterator<Item = Place> {
        let first = self.place_from(position);
        self.buckets_from(position).flat_map(move |bucket| {
            let start = if bucket == first.bucket { first.slot } else { 0 };
            (start..self.bucket(bucket).len()).map(move |slot| Place { bucket, slot })
        })
    }
}

/// The bits of the position that follow the first `bits`.
#[inline]
fn tag_of(hash: u64, bits: u32) -> u8 {
    // The bits of a position are those of the hash in the opposite order.
    ((hash >> bits) as u8).reverse_bits() & u8::MAX << (u8::BITS - TAG_BITS)
}

/// Growing and shrinking.
impl Members {
    fn has_too_few_buckets(&self) -> bool {
        self.len > self.buckets.len() * usize::from(self.load)
    }

    /// Half a bucket's load lies between this and the other, so that they do not alternate.
    fn has_too_many_buckets(&self) -> bool {
        let load = usize::from(self.load);
        self.buckets.len() > 1 && self.len + load / 2 < (self.buckets.len() - 1) * load
    }

    /// Splits the next bucket in turn.
    fn split(&mut self) {
        let count = self.buckets.len();
        let low = count - (1 << count.ilog2());
        let tags = self.tags_with(low, count.ilog2() + 1);
        // The first bit of the old tags is what parts them.
        let middle = self.bucket(low).rank(1 << (u8::BITS - 1));
        let (low_tags, high_tags) = tags.split_at(middle);
        let mut high = Pack::default();
        self.bucket(low).keep(middle..tags.len(), high_tags, &mut high);
        self.buckets.push(high.view());
        self.counts.push(0);
        self.buckets.change(low, |pack, out| Bucket(pack).keep(0..middle, low_tags, out));
        if self.buckets.len().is_power_of_two() {
            // All are split, and the next round begins.
            self.slots = self.slots.div_ceil(2);
            self.begin_review();
        }
        self.count(low);
        self.count(count);
    }

    /// The tags of a bucket's members if `bits` of their positions decided for it.
    fn tags_with(&self, bucket: usize, bits: u32) -> Vec<u8> {
        let records = self.bucket(bucket).records();
        let tags = records.map(|(tag, mut record)| {
            let first = record.next().expect("a record has a key");
            tag_of(self.hash_of(tag, first), bits) | tag & OUTSIDE
        });
        tags.collect()
    }

    /// Merges the last bucket with the one that it was split from.
    fn merge(&mut self) {
        if self.buckets.len().is_power_of_two() {
            // None has yet been split in the round that is taken back.
            self.slots *= 2;
            self.begin_review();
        }
        let high = self.buckets.pop().expect("there is a bucket");
        self.counts.pop();
        let low = self.buckets.len() - (1 << self.buckets.len().ilog2());
        let low_tags = self.bucket(low).tags().iter().map(|&tag| shift_tag(tag, 0));
        let high_tags = Bucket(high.view()).tags().iter().map(|&tag| shift_tag(tag, 1));
        let tags: Vec<u8> = low_tags.chain(high_tags).collect();
        self.change(low, |bucket, out| {
            *out = Pack::from_bytes(bucket.0.as_bytes().to_vec());
            bucket::append(out, high, &tags);
        });
        self.review_slots();
    }
}

/// The tag with one more bit of the position before its own, and without the last.
fn shift_tag(tag: u8, first: u8) -> u8 {
    first << (u8::BITS - 1) | (tag >> 1) & !OUTSIDE | tag & OUTSIDE
}

/// Records outside of the buckets.
impl Members {
    /// Stores a record outside if it is too large for a bucket. What stands in the bucket then.
    fn take_outside(&mut self, record: &[Item<'_>]) -> Option<Item<'static>> {
        if record.iter().map(|item| item.packed_len()).sum::<usize>() <= INSIDE_MAX {
            return None;
        }
        let hash = self.hash(record[0]);
        let mut pack = Pack::default();
        pack.splice(0..0, record);
        self.outside_bytes += pack.heap_bytes();
        self.outside.push(Outside { hash, record: pack });
        Some(Item::Int(self.outside.len() as i64 - 1))
    }

    /// Drops a record outside, to which nothing refers any more. The last takes its index.
    fn drop_outside(&mut self, index: usize) {
        let last = self.outside.len() - 1;
        if index != last {
            let (place, tag) = self.place_of_outside(last);
            self.change(place.bucket, |bucket, out| {
                bucket.replace(place.slot, tag, &[Item::Int(index as i64)], out);
            });
        }
        self.outside_bytes -= self.outside.swap_remove(index).record.heap_bytes();
    }

    /// Where the record outside with this index belongs, and its tag.
    fn place_of_outside(&self, index: usize) -> (Place, u8) {
        let (bucket, tag) = self.bucket_and_tag(self.outside[index].hash);
        let is_it = |tag, first: Item<'_>| tag & OUTSIDE != 0 && first == Item::Int(index as i64);
        let hit = self.bucket(bucket).search(tag, is_it);
        let hit = hit.expect("a bucket refers to each record outside");
        (Self::place((bucket, hit)), tag | OUTSIDE)
    }

    fn index_outside(&self, place: Place) -> Option<usize> {
        let bucket = self.bucket(place.bucket);
        let is_outside = bucket.tags()[place.slot] & OUTSIDE != 0;
        is_outside.then(|| index_in(bucket.first(place.slot).1))
    }
}

impl Outside {
    fn key(&self) -> Item<'_> {
        self.record.view().get(0).expect("a record has a key")
    }
}

/// The index of a record outside, by what stands in the bucket as its first item.
fn index_in(first: Item<'_>) -> usize {
    match first {
        Item::Int(index) => index as usize,
        other => panic!("{other:?} is no index of a record outside"),
    }
}

impl Members {
    /// Checks what must hold between any two calls, but for a table that is being freed. O(n).
    ///
    /// # Panics
    /// If something is wrong.
    pub fn check(&self) {
        let mut len = 0;
        let mut bytes = 0;
        let mut last = None;
        let mut is_referred_to = vec![false; self.outside.len()];
        for bucket in self.buckets_from(0) {
            let bits = self.bits(bucket);
            len += self.bucket(bucket).len();
            let count = self.bucket(bucket).len();
            let slots = usize::from(self.slots) << u32::from(self.is_wide(bucket));
            assert!(
                count <= slots,
                "{count} members of bucket {bucket} are drawn from {slots} slots"
            );
            assert_eq!(count, self.counts[bucket].into(), "the members of a bucket are counted");
            for (slot, (tag, mut stored)) in self.bucket(bucket).records().enumerate() {
                let place = Place { bucket, slot };
                let hash = self.hash(self.key(place));
                assert_eq!(self.bucket_of(hash), bucket, "the bucket is that of the hash");
                assert_eq!(tag & !OUTSIDE, tag_of(hash, bits), "the tag is that of the hash");
                assert!(last <= Some(hash.reverse_bits()), "members are sorted by position");
                last = Some(hash.reverse_bits());
                let mut items = self.record(place).rev().skip_while(|item| item.text_len() == 0);
                let size: usize = items.by_ref().map(Item::packed_len).sum();
                if tag & OUTSIDE == 0 {
                    assert!(size <= INSIDE_MAX, "{size} bytes are in a bucket");
                } else {
                    let index = index_in(stored.next().expect("an index"));
                    assert_eq!(self.outside[index].hash, hash, "the hash is kept");
                    assert!(!std::mem::replace(&mut is_referred_to[index], true), "one refers");
                }
            }
        }
        assert!(is_referred_to.iter().all(|&is| is), "no record outside is lost");
        bytes += self.outside.iter().map(|outside| outside.record.heap_bytes()).sum::<usize>();
        assert_eq!(self.len, len, "all members are counted");
        assert_eq!(self.outside_bytes, bytes, "all memory is counted");
        assert!(
            !self.has_too_few_buckets() && !self.has_too_many_buckets(),
            "it grows and shrinks"
        );
    }
}

impl Clone for Members {
    fn clone(&self) -> Self {
        let (buckets, counts) = (self.buckets.clone(), self.counts.clone());
        let outside = self.outside.clone();
        let outside_bytes = outside.iter().map(|outside| outside.record.heap_bytes()).sum();
        Self { buckets, counts, outside, outside_bytes, ..*self }
    }
}
