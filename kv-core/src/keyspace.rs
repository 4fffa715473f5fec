//! One database's part of one shard: a table of segments in hash order over cells in a slab.
//!
//! A directory, indexed by the bits of the hash that follow the shard's, names a segment; a segment
//! holds a few hundred entries, splits in two when it is full and merges with its neighbour when
//! both are nearly empty, so that growing and shrinking touch one segment at a time and never the
//! whole table (extendible hashing: Fagin, Nievergelt, Pippenger, Strong, 1979). Within a segment
//! entries stand in the order of their hashes. The whole table is therefore in hash order, whatever
//! its history: the order of SCAN and KEYS depends on the seed and the set of keys alone, and a
//! hash is a position to go on from.
//!
//! An entry is one cell of the slab: key, value, deadline and access clock. The table names it by
//! a 32-bit number, and so does its timer, if it has a deadline. There are no other references to
//! a cell, so that compaction can move it.

mod entry;
mod field_timers;
mod graveyard;
mod segment;
mod wheel;

pub use entry::{Entry, IntMut};
pub use field_timers::Settled;
pub use graveyard::Graveyard;
pub use segment::SegmentSize;

pub use crate::slab::PageSize;

use crate::hash::KeyHasher;
use crate::rare::{self, Rare, sometimes};
use crate::slab::{self, Ref, Slab};
use crate::table::Table;
use crate::value::pack::Pack;
use crate::value::string::{IntBuffer, StrRef};
use crate::value::{self, Growth, Kind, Packed, Value, ValueRef};
use entry::{INLINE_MAX, Layout, New};
use field_timers::FieldTimers;
use segment::{Segment, Slot};
use std::ops::Range;
use wheel::{Due, Timer, Wheel};

/// How much deeper than the number of segments asks for the directory may become. A full segment
/// beyond that, which only chosen hashes can bring about, grows in place instead of splitting.
const DEPTH_SLACK: u32 = 8;

/// The deepest directory: the bits of a hash that neither a shard nor a tag takes.
const DEPTH_MAX: u32 = 32;

/// Segments are made tight when lines were given up for want of entries so many times, and once for
/// so many segments.
const SHRUNK_MIN: usize = 32;
const SHRUNK_SHARE: usize = 2;

/// Smaller keyspaces than this are in the processor's caches anyway.
const PREFETCH_LEN_MIN: usize = 1 << 13;

/// What giving up a page, a segment or some timers counts for in a budget of entries.
const PAGE_COST: usize = 8;

/// How large the parts of a keyspace are. Small ones make splits, merges and compaction happen all
/// the time, which simulations want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Of segments.
    pub segment: SegmentSize,
    /// Of the pages of small cells.
    pub page: PageSize,
    /// Of the parts of collections.
    pub value: value::Sizes,
}

/// A buffer with more capacity than this is freed rather than kept, in bytes.
const SCRATCH_MAX: usize = 64 * 1024;

/// Where an entry is, until the next change of the keyspace.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    segment: u32,
    slot: Slot,
    cell: Ref,
}

/// An entry that may be evicted, until the next change of the keyspace.
#[derive(Clone, Copy, Debug)]
pub struct Candidate(Ref);

/// A value to be stored.
#[derive(Debug)]
pub enum Input<'a> {
    /// A string, which is copied.
    String(StrRef<'a>),
    /// A collection, which is copied.
    Packed(Packed<'a>),
    /// A value, which is moved.
    Owned(Value),
}

impl<'a> From<StrRef<'a>> for Input<'a> {
    fn from(string: StrRef<'a>) -> Self {
        Self::String(string)
    }
}

impl<T: Into<Value>> From<T> for Input<'_> {
    fn from(value: T) -> Self {
        Self::Owned(value.into())
    }
}

/// What storing a value has done.
#[must_use = "the old value may be too large to drop at once"]
#[derive(Debug)]
pub struct Stored {
    /// What was there, if it was boxed.
    pub replaced: Option<Box<Value>>,
    /// Something may take other memory than before, or ends at another time.
    pub has_moved: bool,
}

/// What a keyspace takes, in bytes, by its own count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The cells of the entries.
    pub cells: usize,
    /// Values outside of their cells.
    pub values: usize,
    /// The tables by which entries and cells are found.
    pub tables: usize,
    /// The timers of the entries with a deadline, and of the hashes with fields that have one.
    pub timers: usize,
    /// The pages of the cells, free ones included.
    pub pages: usize,
}

impl Memory {
    /// All that is in use.
    pub fn used(self) -> usize {
        self.cells + self.values + self.tables + self.timers
    }
}

impl std::ops::AddAssign for Memory {
    fn add_assign(&mut self, other: Self) {
        self.cells += other.cells;
        self.values += other.values;
        self.tables += other.tables;
        self.timers += other.timers;
        self.pages += other.pages;
    }
}

/// The entries of one database in one shard.
///
/// All hashes that it is given must be of its hasher, and agree in their first `prefix` bits, the
/// shard's number.
#[derive(Debug)]
pub struct Keyspace {
    segments: Table<Segment>,
    /// For each value of the `depth` bits after the prefix, the segment's number.
    directory: Vec<u32>,
    depth: u32,
    prefix: u32,
    hasher: KeyHasher,
    sizes: Sizes,
    len: usize,
    /// How many segments have each depth.
    depths: [u32; DEPTH_MAX as usize + 1],
    slab: Slab,
    wheel: Option<Box<Wheel>>,
    field_timers: FieldTimers,
    /// How far the wheel's time is ahead of the Unix time, in milliseconds: by how much the clock
    /// has been set back.
    ahead: u64,
    /// How many values are boxed, and the bytes that they take.
    boxed: usize,
    boxed_bytes: usize,
    segment_bytes: usize,
    /// How often a segment moved to fewer lines since the last time that all were made tight.
    shrunk: usize,
    /// How many of the segments are tight, when they are being made so, and what they were.
    tightened: usize,
    loose: Table<Segment>,
    /// For bytes that are moved from one place of the slab to another.
    scratch: Vec<u8>,
}

impl Keyspace {
    /// An empty keyspace for hashes that share their first `prefix` bits. Allocates nothing.
    pub fn new(prefix: u32, hasher: KeyHasher, sizes: Sizes) -> Self {
        Self {
            segments: Table::new(),
            directory: Vec::new(),
            depth: 0,
            prefix,
            hasher,
            sizes,
            len: 0,
            depths: [0; DEPTH_MAX as usize + 1],
            slab: Slab::new(sizes.page),
            wheel: None,
            field_timers: FieldTimers::default(),
            ahead: 0,
            boxed: 0,
            boxed_bytes: 0,
            segment_bytes: 0,
            shrunk: 0,
            tightened: 0,
            loose: Table::new(),
            scratch: Vec::new(),
        }
    }

    /// Empties it and gives what it held.
    pub fn take(&mut self) -> Keyspace {
        std::mem::replace(self, Self::new(self.prefix, self.hasher, self.sizes))
    }

    /// How many entries there are, expired ones that were not yet removed included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many entries have a deadline.
    pub fn with_deadline(&self) -> usize {
        self.wheel.as_ref().map_or(0, |wheel| wheel.len())
    }

    /// The memory that it takes, by its own count, which is the same on every machine.
    pub fn memory(&self) -> Memory {
        let tables = self.segment_bytes + self.directory.len() * size_of::<u32>();
        Memory {
            cells: self.slab.live_bytes(),
            values: self.boxed_bytes,
            tables: tables + self.slab.table_bytes(),
            timers: self.wheel.as_ref().map_or(0, |wheel| wheel.bytes())
                + self.field_timers.bytes(),
            pages: self.slab.page_bytes(),
        }
    }

    /// Whether no more entries can be stored, for want of names for their cells.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.slab.is_exhausted()
    }

    /// Where the entry of `key` is, until the next change. O(1).
    #[inline(always)]
    #[allow(clippy::manual_find, reason = "a closure would be called, and not be made part of it")]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Place> {
        for place in self.candidates(hash)? {
            if entry::has_key(self.slab.cell(place.cell), key) {
                return Some(place);
            }
        }
        None
    }

    fn find_by(&self, hash: u64, mut is_it: impl FnMut(Ref) -> bool) -> Option<Place> {
        self.candidates(hash)?.find(|place| is_it(place.cell))
    }

    /// The entries that a hash may belong to.
    #[inline(always)]
    fn candidates(&self, hash: u64) -> Option<impl Iterator<Item = Place>> {
        let number = *self.directory.get(self.slot_of(hash))?;
        let segment = &self.segments[number as usize];
        let matches = segment.matches(self.tag(segment, hash));
        Some(matches.map(move |(slot, cell)| Place { segment: number, slot, cell }))
    }

    /// Whether it is so large that lookups wait for memory, and prefetching pays.
    pub fn exceeds_cache(&self) -> bool {
        self.len >= PREFETCH_LEN_MIN
    }

    /// Asks the processor for the part of the table where a hash is looked for.
    pub fn prefetch_table(&self, hash: u64) {
        if let Some(&segment) = self.directory.get(self.slot_of(hash)) {
            let segment = &self.segments[segment as usize];
            segment.prefetch(self.tag(segment, hash));
        }
    }

    /// Asks the processor for the entries that a hash may belong to.
    pub fn prefetch_entry(&self, hash: u64) {
        if let Some(&segment) = self.directory.get(self.slot_of(hash)) {
            let segment = &self.segments[segment as usize];
            segment.candidates(self.tag(segment, hash), |cell| self.slab.prefetch(cell));
        }
    }

    /// The value of the first entry that a hash may belong to, if it does not lie in the entry.
    pub fn candidate(&self, hash: u64) -> Option<&Value> {
        let &segment = self.directory.get(self.slot_of(hash))?;
        let segment = &self.segments[segment as usize];
        let mut first = None;
        segment.candidates(self.tag(segment, hash), |cell| first = first.or(Some(cell)));
        first.and_then(|cell| Entry::new(self.slab.cell(cell)).boxed())
    }

    /// What a collection stored here must know.
    pub fn growth(&self) -> Growth {
        Growth { hasher: self.hasher, sizes: self.sizes.value }
    }

    /// The entry at a place.
    #[inline]
    pub fn entry(&self, place: Place) -> Entry<'_> {
        Entry::new(self.slab.cell(place.cell))
    }

    /// The bytes that the entry at a place takes, those of its boxed value included.
    pub fn entry_bytes(&self, place: Place) -> usize {
        let entry = self.entry(place);
        self.slab.cell(place.cell).len() + entry.boxed().map_or(0, Value::heap_bytes)
    }

    /// Sets the access clock of the entry at a place.
    pub fn set_clock(&mut self, place: Place, clock: u32) {
        entry::set_clock(self.slab.cell_mut(place.cell), clock);
    }

    /// The integer that the string at a place is, if it is one, to be changed there. O(1).
    #[inline]
    pub fn int_mut(&mut self, place: Place) -> Option<IntMut<'_>> {
        entry::int_mut(self.slab.cell_mut(place.cell))
    }

    /// Stores a value under `key`, whose entry is at `place` if there is one. O(1), except that it may
    /// split or rebuild one segment.
    pub fn put(
        &mut self,
        hash: u64,
        key: &[u8],
        place: Option<Place>,
        value: Input<'_>,
        deadline: Option<i64>,
        clock: u32,
    ) -> Stored {
        let sizes = self.sizes.value;
        let mut store = |value: New<'_>| match place {
            Some(place) => self.rewrite(place, key, value, deadline, clock),
            None => {
                self.insert(hash, key, value, deadline, clock);
                Stored { replaced: None, has_moved: true }
            }
        };
        match value {
            Input::String(string) => store(new_string(string)),
            Input::Packed(packed) => store(New::packed(packed)),
            Input::Owned(Value::String(string)) if string.len() <= INLINE_MAX => {
                store(new_string(string.view()))
            }
            Input::Owned(Value::Packed(kind, pack)) => {
                store(New::packed(Packed { kind, pack: pack.view() }))
            }
            Input::Owned(value) => match value.repacked(sizes) {
                Some((kind, pack)) => store(New::packed(Packed { kind, pack: pack.view() })),
                None => store(New::Boxed(Box::new(value))),
            },
        }
    }

    /// Appends to the string at a place, or writes into it from an offset on, filling a gap with
    /// zero bytes. Its length afterwards. O(n) for strings that are stored in their entry, else
    /// amortized O(length of `patch`).
    pub fn patch(&mut self, place: Place, offset: usize, patch: &[u8]) -> usize {
        let entry = self.entry(place);
        let len = match entry.value() {
            ValueRef::String(string) => string.len(),
            other => panic!("{other:?} is not a string"),
        };
        let end = (offset + patch.len()).max(len);
        if let Some(Value::String(string)) = self.boxed_mut(place) {
            let before = string.heap_bytes();
            string.set_range(offset, patch);
            let after = string.heap_bytes();
            self.resized(before, after);
            return end;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let entry = self.entry(place);
        scratch.clear();
        scratch.extend_from_slice(entry.key());
        let key_len = scratch.len();
        if let ValueRef::String(string) = entry.value() {
            scratch.extend_from_slice(string.as_bytes(&mut IntBuffer::new()));
        }
        let (deadline, clock) = (entry.deadline(), entry.clock());
        scratch.resize(key_len + end, 0);
        scratch[key_len + offset..][..patch.len()].copy_from_slice(patch);
        let (key, bytes) = scratch.split_at(key_len);
        let value = new_string(StrRef::Bytes { bytes, is_built: true });
        let stored = self.rewrite(place, key, value, deadline, clock);
        debug_assert!(stored.replaced.is_none(), "the string was not boxed");
        self.keep_scratch(scratch);
        end
    }

    /// A copy of the collection at a place, to change it, if it is in its entry and of this type. Give
    /// its memory back with `keep_scratch`.
    #[inline]
    pub fn unpack(&mut self, place: Place, kind: Kind) -> Option<Pack> {
        let packed = Entry::new(self.slab.cell(place.cell)).packed()?;
        if packed.kind != kind {
            return None;
        }
        Some(Pack::plain(packed.pack, std::mem::take(&mut self.scratch)))
    }

    /// A boxed value that took `before` bytes takes `after` now.
    fn resized(&mut self, before: usize, after: usize) {
        self.boxed_bytes = self.boxed_bytes + after - before;
    }

    /// Removes the entry at a place. Gives its value if it was boxed. O(1), except that it may
    /// rebuild or merge a few segments.
    #[must_use = "the value may be too large to drop at once"]
    pub fn remove(&mut self, hash: u64, place: Place) -> Option<Box<Value>> {
        if let Some(timer) = self.entry(place).timer() {
            self.cancel(timer);
        }
        self.unlink(hash, place)
    }

    /// Removes the entry at a place and gives its value and its deadline.
    pub fn take_entry(&mut self, hash: u64, place: Place) -> (Value, Option<i64>) {
        let entry = self.entry(place);
        let deadline = entry.deadline();
        let inline = entry.boxed().is_none().then(|| entry.value().to_owned());
        let boxed = self.remove(hash, place);
        let value = inline.or_else(|| boxed.map(|value| *value));
        (value.expect("a value is either in its entry or boxed"), deadline)
    }

    /// Sets or takes away the deadline of the entry at a place. O(1).
    pub fn set_deadline(&mut self, place: Place, deadline: Option<i64>) {
        let entry = self.entry(place);
        let (old, timer, clock) = (entry.deadline(), entry.timer(), entry.clock());
        if old == deadline {
            return;
        }
        if let (Some(at), Some(timer)) = (deadline, timer)
            && entry::replace_deadline(self.slab.cell_mut(place.cell), at)
        {
            return self.retime(place.cell, Some(timer), old, deadline);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let entry = self.entry(place);
        let (flags, bytes) = entry.stored();
        scratch.clear();
        scratch.extend_from_slice(entry.key());
        let key_len = scratch.len();
        scratch.extend_from_slice(bytes);
        let (key, bytes) = scratch.split_at(key_len);
        self.write_anew(place, key, New::Same { flags, bytes }, deadline, clock);
        self.keep_scratch(scratch);
    }

    /// The entries whose hash is at least `position`, in the order of their hashes.
    pub fn iter_from(&self, position: u64) -> impl Iterator<Item = (u64, Entry<'_>)> {
        let mut slot = self.slot_of(position);
        let segments = std::iter::from_fn(move || {
            let segment = &self.segments[*self.directory.get(slot)? as usize];
            slot = self.range_of(segment).end;
            Some(segment)
        });
        segments.flat_map(move |segment| self.segment_from(segment, position))
    }

    fn segment_from<'a>(
        &'a self,
        segment: &'a Segment,
        position: u64,
    ) -> impl Iterator<Item = (u64, Entry<'a>)> {
        let is_inside = self.range_of(segment).contains(&self.slot_of(position));
        let first = if is_inside { self.tag(segment, position) } else { 0 };
        let mut rest = segment.iter_from(first).peekable();
        // Entries with the same tag, the last first.
        let mut group: Vec<(u64, Ref)> = Vec::new();
        std::iter::from_fn(move || {
            loop {
                if group.is_empty() {
                    let (tag, cell) = rest.next()?;
                    group.push((self.hash_of(cell), cell));
                    while let Some((_, cell)) = rest.next_if(|&(other, _)| other == tag) {
                        group.push((self.hash_of(cell), cell));
                    }
                    let key = |cell| Entry::new(self.slab.cell(cell)).key();
                    group.sort_by(|a, b| (b.0, key(b.1)).cmp(&(a.0, key(a.1))));
                }
                let (hash, cell) = group.pop().expect("it was filled above");
                if hash >= position {
                    return Some((hash, Entry::new(self.slab.cell(cell))));
                }
            }
        })
    }

    /// When [`Keyspace::expire`] or [`Keyspace::expire_fields`] has something to do, if ever, in
    /// milliseconds since the Unix epoch.
    pub fn next_expiry(&self) -> Option<i64> {
        let key = self.wheel.as_ref().and_then(|wheel| wheel.next_due());
        let key = key.map(|due| due.saturating_sub(self.ahead) as i64);
        key.into_iter().chain(self.next_field_expiry()).min()
    }

    /// The same for fields alone.
    pub fn next_field_expiry(&self) -> Option<i64> {
        self.field_timers.next_due()
    }

    /// The clock may have been set back to `unix_ms`: the wheel's time stands still then. O(1).
    pub fn set_back(&mut self, unix_ms: i64) {
        if let Some(wheel) = &self.wheel {
            self.ahead = self.ahead.max(wheel.now().saturating_sub(unix_ms.max(0) as u64));
        }
    }

    /// Removes some of the entries whose deadline has passed: shows them to `gone` before, and hands
    /// their boxed values to `discard`. How many entries it removed and how many it looked at; none
    /// of the latter when there are no more.
    pub fn expire(
        &mut self,
        unix_ms: i64,
        gone: impl FnMut(Entry<'_>),
        discard: impl FnMut(Box<Value>),
    ) -> (usize, usize) {
        self.set_back(unix_ms);
        let Some(wheel) = &mut self.wheel else { return (0, 0) };
        let now = unix_ms.max(0) as u64 + self.ahead;
        let Some(due) = wheel.poll(now) else { return (0, 0) };
        // Those that will be looked at next time arrive while these are dealt with.
        wheel.soonest().for_each(|cell| self.slab.prefetch(cell));
        match due {
            Due::Moved => {
                sometimes(Rare::TimersMoveDown, true);
                (0, 1)
            }
            Due::Early(cells) => {
                sometimes(Rare::TimerIsEarly, true);
                cells.iter().for_each(|&cell| self.arm(cell));
                (0, cells.len())
            }
            Due::Rung(cells) => (self.end(&cells, unix_ms, gone, discard), cells.len()),
        }
    }

    /// Removes the entries of timers that have rung. How many; the others live on.
    fn end(
        &mut self,
        cells: &[Ref],
        unix_ms: i64,
        mut gone: impl FnMut(Entry<'_>),
        mut discard: impl FnMut(Box<Value>),
    ) -> usize {
        let mut hashes = [0; wheel::CHUNK];
        for (hash, &cell) in hashes.iter_mut().zip(cells) {
            *hash = self.hash_of(cell);
            self.prefetch_table(*hash);
        }
        let mut ended = 0;
        for (&hash, &cell) in hashes.iter().zip(cells) {
            let entry = Entry::new(self.slab.cell(cell));
            if entry.is_expired(unix_ms) {
                gone(entry);
                let place = self.place_of(hash, cell);
                self.unlink(hash, place).into_iter().for_each(&mut discard);
                ended += 1;
            } else {
                self.arm(cell);
            }
        }
        ended
    }

    /// Of about `count` neighbours from a place in hash order on, the one with the highest score.
    /// `position` is that place. O(`count`).
    pub fn worst(
        &self,
        position: u64,
        count: usize,
        score: impl Fn(Entry<'_>) -> u64,
    ) -> Option<(u64, Candidate)> {
        let first = self.slot_of(position);
        let slots = self.directory[first.min(self.directory.len())..].iter().chain(&self.directory);
        let mut segments = slots.map(|&segment| &self.segments[segment as usize]);
        let segment = segments.find(|segment| segment.len() > 0)?;
        self.highest(segment.sample(self.tag(segment, position), count), score)
    }

    /// The same of entries with a deadline, by no order.
    pub fn worst_with_deadline(
        &self,
        position: u64,
        count: usize,
        score: impl Fn(Entry<'_>) -> u64,
    ) -> Option<(u64, Candidate)> {
        self.highest(self.wheel.as_ref()?.sample(position, count), score)
    }

    /// The same of entries whose deadlines are among the soonest.
    pub fn worst_of_soonest(
        &self,
        count: usize,
        score: impl Fn(Entry<'_>) -> u64,
    ) -> Option<(u64, Candidate)> {
        self.highest(self.wheel.as_ref()?.soonest().take(count), score)
    }

    fn highest(
        &self,
        cells: impl Iterator<Item = Ref>,
        score: impl Fn(Entry<'_>) -> u64,
    ) -> Option<(u64, Candidate)> {
        let scored = cells.map(|cell| (score(Entry::new(self.slab.cell(cell))), Candidate(cell)));
        scored.max_by_key(|&(score, _)| score)
    }

    /// The key of the entry that was found to be the worst.
    pub fn key_of(&self, &Candidate(cell): &Candidate) -> &[u8] {
        Entry::new(self.slab.cell(cell)).key()
    }

    /// Removes the entry that was found to be the worst. Gives its value if it was boxed.
    #[must_use = "the value may be too large to drop at once"]
    pub fn evict(&mut self, Candidate(cell): Candidate) -> Option<Box<Value>> {
        let hash = self.hash_of(cell);
        self.remove(hash, self.place_of(hash, cell))
    }

    /// Whether there is memory that should be given back.
    pub fn wants_compaction(&self) -> bool {
        self.slab.wants_compaction() || self.is_scattered() || !self.loose.is_empty()
    }

    /// Whether so many lines are gone that those which are left lie scattered.
    fn is_scattered(&self) -> bool {
        self.shrunk > SHRUNK_MIN + self.segments.len() / SHRUNK_SHARE
    }

    /// Empties one page that is hardly used and gives it back, or makes a segment tight. How many
    /// entries it moved, and a little more; 0 if there is nothing to give back.
    pub fn compact(&mut self) -> usize {
        let Some(page) = self.slab.begin_compaction() else { return self.tighten() };
        let cells = self.slab.cells_of(page).map(|cell| (self.hash_of(cell), cell));
        let cells: Vec<_> = cells.inspect(|&(hash, _)| self.prefetch_table(hash)).collect();
        cells.iter().for_each(|&(hash, cell)| self.move_cell(hash, cell));
        self.slab.finish_compaction();
        cells.len() + PAGE_COST
    }

    /// Makes the next segment tight; when all are, drops what they were. Not before: new lines would
    /// lie where old ones were, scattered as before, instead of in the gaps between them. There is
    /// memory for both: that of the lines which are gone.
    fn tighten(&mut self) -> usize {
        let is_tight = self.tightened >= self.segments.len();
        if self.is_scattered() && !is_tight {
            let segment = &mut self.segments[self.tightened];
            let old = segment.tighten();
            self.segment_bytes += segment.bytes();
            self.tightened += 1;
            self.loose.push(old);
            return self.segments[self.tightened - 1].len() + PAGE_COST;
        }
        if let Some(old) = self.loose.pop() {
            self.segment_bytes -= old.bytes();
            return PAGE_COST;
        }
        if self.is_scattered() {
            (self.shrunk, self.tightened) = (0, 0);
            return PAGE_COST;
        }
        0
    }

    fn move_cell(&mut self, hash: u64, cell: Ref) {
        let place = self.place_of(hash, cell);
        let size = self.slab.cell(cell).len();
        let target = self.slab.relocate(cell, size);
        if let Some(timer) = Entry::new(self.slab.cell(target)).timer() {
            sometimes(Rare::TimedCellMoves, true);
            self.wheel_mut().set_cell(timer, target);
        }
        self.segments[place.segment as usize].set_cell(place.slot, target);
    }

    /// Frees what is in it, in no order, until about `budget` entries' worth of work is done, and
    /// hands boxed values to `discard`. How much it did; less than `budget` when nothing is left.
    /// For a keyspace that was given up.
    pub fn dismantle(&mut self, budget: usize, mut discard: impl FnMut(Box<Value>)) -> usize {
        let mut spent = 0;
        while spent < budget {
            spent += PAGE_COST;
            if let Some(page) = self.slab.last_page() {
                if self.boxed > 0 {
                    let cells: Vec<Ref> = self.slab.cells_of(page).collect();
                    spent += cells.len();
                    cells.iter().filter_map(|&cell| self.take_boxed(cell)).for_each(&mut discard);
                }
                self.slab.drop_pages(1);
            } else if let Some(segment) = self.segments.pop().or_else(|| self.loose.pop()) {
                self.segment_bytes -= segment.bytes();
            } else if self.wheel.as_mut().is_none_or(|wheel| !wheel.drop_chunks(PAGE_COST)) {
                self.wheel = None;
                self.directory = Vec::new();
                return spent.min(budget.saturating_sub(1));
            }
        }
        spent
    }

    fn insert(
        &mut self,
        hash: u64,
        key: &[u8],
        mut value: New<'_>,
        deadline: Option<i64>,
        clock: u32,
    ) {
        debug_assert!(self.find(hash, key).is_none(), "the key is there already");
        let layout = Layout::new(key, &value, deadline);
        self.count_boxed(key, &mut value);
        let cell = self.slab.alloc(layout.size());
        entry::write(self.slab.cell_mut(cell), layout, key, value, deadline, clock);
        if deadline.is_some() {
            self.arm(cell);
        }
        self.link(hash, cell);
    }

    /// Gives the entry at a place another value: in its place if it fits there, else the entry is
    /// written anew.
    fn rewrite(
        &mut self,
        place: Place,
        key: &[u8],
        mut value: New<'_>,
        deadline: Option<i64>,
        clock: u32,
    ) -> Stored {
        let cell = self.slab.cell_mut(place.cell);
        if let Some(layout) = entry::layout_with(cell, &value, deadline) {
            entry::overwrite(cell, layout, value, clock);
            return Stored { replaced: None, has_moved: false };
        }
        let replaced = self.take_boxed(place.cell);
        self.count_boxed(key, &mut value);
        self.write_anew(place, key, value, deadline, clock);
        Stored { replaced, has_moved: true }
    }

    /// Writes the entry at a place anew, in another cell if it has another size. What was boxed is
    /// taken, or the same as before.
    fn write_anew(
        &mut self,
        place: Place,
        key: &[u8],
        value: New<'_>,
        deadline: Option<i64>,
        clock: u32,
    ) {
        let layout = Layout::new(key, &value, deadline);
        let entry = self.entry(place);
        let (old_deadline, timer) = (entry.deadline(), entry.timer());
        let fits = slab::cell_size(layout.size()) == self.slab.cell(place.cell).len();
        let cell = if fits { place.cell } else { self.slab.alloc(layout.size()) };
        entry::write(self.slab.cell_mut(cell), layout, key, value, deadline, clock);
        if !fits {
            self.segments[place.segment as usize].set_cell(place.slot, cell);
            self.slab.free(place.cell);
        }
        self.retime(cell, timer, old_deadline, deadline);
    }

    /// Puts the timer of an entry right whose cell or deadline may have changed.
    fn retime(&mut self, cell: Ref, timer: Option<Timer>, old: Option<i64>, new: Option<i64>) {
        match timer {
            // It will ring early and be armed again.
            Some(timer) if new >= old => {
                entry::set_timer(self.slab.cell_mut(cell), timer);
                self.wheel_mut().set_cell(timer, cell);
            }
            _ => {
                if let Some(timer) = timer {
                    self.cancel(timer);
                }
                if new.is_some() {
                    self.arm(cell);
                }
            }
        }
    }

    fn arm(&mut self, cell: Ref) {
        let deadline = Entry::new(self.slab.cell(cell)).deadline().expect("it has a deadline");
        // The millisecond of the deadline still belongs to the key's life.
        let at = (deadline.max(0) as u64 + 1).saturating_add(self.ahead).min(i64::MAX as u64);
        let timer = self.wheel_mut().arm(cell, at);
        entry::set_timer(self.slab.cell_mut(cell), timer);
    }

    fn cancel(&mut self, timer: Timer) {
        if let Some(moved) = self.wheel_mut().cancel(timer) {
            entry::set_timer(self.slab.cell_mut(moved), timer);
        }
    }

    fn wheel_mut(&mut self) -> &mut Wheel {
        let start = || Box::new(Wheel::new(0));
        self.wheel.get_or_insert_with(start)
    }

    /// Enters a cell into the table.
    fn link(&mut self, hash: u64, cell: Ref) {
        if self.segments.is_empty() {
            self.add_segment(Segment::new(0, 0));
            self.directory.push(0);
        }
        loop {
            let number = self.directory[self.slot_of(hash)] as usize;
            let segment = &self.segments[number];
            if !segment.must_split(self.sizes.segment) || segment.depth >= self.depth_max() {
                break self.change_segment(number, |segment, tag| segment.insert(tag, cell), hash);
            }
            self.split(number);
        }
        self.len += 1;
    }

    /// Takes the entry at a place out of the table and frees its cell; its timer is gone already.
    fn unlink(&mut self, hash: u64, place: Place) -> Option<Box<Value>> {
        let number = place.segment as usize;
        self.change_segment(number, |segment, _| segment.remove(place.slot), hash);
        self.len -= 1;
        if self.segments[number].is_small(self.sizes.segment) {
            self.merge(hash);
        }
        let discarded = self.take_boxed(place.cell);
        self.slab.free(place.cell);
        discarded
    }

    fn change_segment(&mut self, number: usize, change: impl FnOnce(&mut Segment, u16), hash: u64) {
        let tag = self.tag(&self.segments[number], hash);
        let segment = &mut self.segments[number];
        let before = segment.bytes();
        change(segment, tag);
        let after = segment.bytes();
        self.shrunk += usize::from(after < before);
        self.segment_bytes = self.segment_bytes + after - before;
    }

    fn depth_max(&self) -> u32 {
        let by_count = self.segments.len().ilog2() + DEPTH_SLACK;
        by_count.min(DEPTH_MAX).min(64 - 16 - self.prefix)
    }

    /// Splits a segment by the next bit of its hashes.
    fn split(&mut self, number: usize) {
        sometimes(Rare::SplitDuringScan, rare::is_scanning());
        let Segment { start, depth, .. } = self.segments[number];
        if depth == self.depth {
            self.directory = self.directory.iter().flat_map(|&segment| [segment; 2]).collect();
            self.depth += 1;
        }
        let old = &self.segments[number];
        old.iter().for_each(|(_, cell)| self.slab.prefetch(cell));
        let mut entries: Vec<(u16, Ref)> = Vec::with_capacity(old.len());
        let mut left_len = 0;
        for (tag, cell) in old.iter() {
            left_len += usize::from(tag >> 15 == 0);
            entries.push((segment::tag(self.hash_of(cell), self.prefix + depth + 1), cell));
        }
        // Already in order but for those whose old tags are equal.
        let (left, right) = entries.split_at_mut(left_len);
        left.sort_by_key(|entry| entry.0);
        right.sort_by_key(|entry| entry.0);
        let mut upper = Segment::new(start | 1 << (63 - self.prefix - depth), depth + 1);
        upper.refill(right);
        let lower = &mut self.segments[number];
        self.segment_bytes -= lower.bytes();
        lower.depth += 1;
        lower.refill(left);
        self.segment_bytes += lower.bytes();
        self.depths[depth as usize] -= 1;
        self.depths[depth as usize + 1] += 1;
        let range = self.range_of(&upper);
        let number = self.add_segment(upper);
        self.directory[range].fill(number);
    }

    fn add_segment(&mut self, segment: Segment) -> u32 {
        self.depths[segment.depth as usize] += 1;
        self.segment_bytes += segment.bytes();
        self.segments.push(segment);
        u32::try_from(self.segments.len() - 1).expect("memory ends before 2^32 segments")
    }

    /// Merges the segment of a hash with its neighbour as long as both are small.
    fn merge(&mut self, hash: u64) {
        loop {
            let number = self.directory[self.slot_of(hash)];
            let segment = &self.segments[number as usize];
            if segment.depth == 0 || !segment.is_small(self.sizes.segment) {
                break;
            }
            let buddy = segment.start ^ 1 << (64 - self.prefix - segment.depth);
            let buddy = self.directory[self.slot_of(buddy)];
            if !segment.may_merge(&self.segments[buddy as usize], self.sizes.segment) {
                break;
            }
            self.merge_pair(number, buddy);
        }
        while self.depth > 0 && self.depths[self.depth as usize] == 0 {
            sometimes(Rare::DirectoryShrinks, true);
            self.directory = self.directory.iter().copied().step_by(2).collect();
            self.depth -= 1;
        }
    }

    fn merge_pair(&mut self, a: u32, b: u32) {
        sometimes(Rare::MergeDuringScan, rare::is_scanning());
        let start = |number: u32| self.segments[number as usize].start;
        let (lower, upper) = if start(a) < start(b) { (a, b) } else { (b, a) };
        let range = self.range_of(&self.segments[upper as usize]);
        self.directory[range].fill(lower);
        let right = std::mem::replace(&mut self.segments[upper as usize], Segment::new(0, 0));
        let left = &mut self.segments[lower as usize];
        self.segment_bytes -= left.bytes() + right.bytes();
        self.depths[left.depth as usize] -= 2;
        left.merge(&right);
        self.depths[left.depth as usize] += 1;
        self.segment_bytes += left.bytes();
        self.segments.swap_remove(upper as usize);
        self.shrunk += 1;
        if let Some(moved) = self.segments.get(upper as usize) {
            let range = self.range_of(moved);
            self.directory[range].fill(upper);
        }
    }

    fn count_boxed(&mut self, key: &[u8], value: &mut New<'_>) {
        if let New::Boxed(value) = value {
            self.field_timers.settle(value, || self.hasher.hash(key));
            self.boxed += 1;
            self.boxed_bytes += value.heap_bytes();
        }
    }

    fn take_boxed(&mut self, cell: Ref) -> Option<Box<Value>> {
        if self.boxed == 0 {
            return None;
        }
        let mut value = entry::take_boxed(self.slab.cell_mut(cell))?;
        let key = Entry::new(self.slab.cell(cell)).key();
        self.field_timers.forget(&mut value, || self.hasher.hash(key));
        self.boxed -= 1;
        self.boxed_bytes -= value.heap_bytes();
        Some(value)
    }

    /// Takes a buffer for the next use.
    pub fn keep_scratch(&mut self, scratch: Vec<u8>) {
        if scratch.capacity() <= SCRATCH_MAX {
            self.scratch = scratch;
        }
    }

    fn hash_of(&self, cell: Ref) -> u64 {
        self.hasher.hash(Entry::new(self.slab.cell(cell)).key())
    }

    fn place_of(&self, hash: u64, cell: Ref) -> Place {
        self.find_by(hash, |other| other == cell).expect("every cell is in the table")
    }

    fn tag(&self, segment: &Segment, hash: u64) -> u16 {
        segment::tag(hash, self.prefix + segment.depth)
    }

    /// The directory's slot for a hash.
    fn slot_of(&self, hash: u64) -> usize {
        bits(hash, self.prefix, self.depth)
    }

    /// The directory's slots for a segment.
    fn range_of(&self, segment: &Segment) -> Range<usize> {
        let first = self.slot_of(segment.start);
        first..first + (1 << (self.depth - segment.depth))
    }

    /// Checks what must always hold, for tests and simulations. O(n).
    pub fn check(&self) {
        let mut entries = 0;
        let (mut cells, mut boxed, mut boxed_bytes, mut timers) = (0, 0, 0, 0);
        let mut depths = [0; DEPTH_MAX as usize + 1];
        let mut values = Vec::new();
        for (number, segment) in self.segments.iter().enumerate() {
            segment.check();
            depths[segment.depth as usize] += 1;
            let mut slots = self.directory[self.range_of(segment)].iter();
            assert!(slots.all(|&slot| slot as usize == number), "the directory's slots");
            for (tag, cell) in segment.iter() {
                let hash = self.hash_of(cell);
                assert_eq!(tag, self.tag(segment, hash), "the tag is the hash's");
                assert_eq!(self.directory[self.slot_of(hash)] as usize, number, "the segment");
                let entry = Entry::new(self.slab.cell(cell));
                cells += slab::cell_size(entry.size());
                entries += 1;
                if let Some(value) = entry.boxed() {
                    values.push((hash, value));
                    boxed += 1;
                    boxed_bytes += value.heap_bytes();
                }
                assert_eq!(entry.deadline().is_some(), entry.timer().is_some(), "a timer");
                if let Some(timer) = entry.timer() {
                    timers += 1;
                    let wheel = self.wheel.as_ref().expect("there are timers");
                    assert_eq!(wheel.cell(timer), cell, "the timer is the entry's");
                }
            }
        }
        assert_eq!(depths, self.depths, "the counts of depths");
        assert_eq!(entries, self.len, "the count of entries");
        assert_eq!(cells, self.slab.live_bytes(), "the bytes of cells");
        assert_eq!((boxed, boxed_bytes), (self.boxed, self.boxed_bytes), "boxed values");
        assert_eq!(timers, self.with_deadline(), "the count of timers");
        self.check_field_timers(values.into_iter());
        let bytes: usize = self.segments.iter().chain(self.loose.iter()).map(Segment::bytes).sum();
        assert_eq!(bytes, self.segment_bytes, "the bytes of segments");
    }
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        // The slab knows nothing of boxes.
        if self.boxed > 0 {
            self.dismantle(usize::MAX, drop);
        }
    }
}

fn new_string(string: StrRef<'_>) -> New<'_> {
    match string {
        StrRef::Bytes { bytes, .. } if bytes.len() > INLINE_MAX => {
            New::Boxed(Box::new(Value::String(string.to_owned())))
        }
        inline => New::inline(inline),
    }
}

/// The `count` bits of `hash` after the first `skip`, as a number. 0 where `count` is 0.
fn bits(hash: u64, skip: u32, count: u32) -> usize {
    debug_assert!(skip + count <= 64);
    if count == 0 { 0 } else { ((hash << skip) >> (64 - count)) as usize }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::value::list::{End, List};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const SIZES: [Sizes; 2] = [
        Sizes { segment: SegmentSize::TINY, page: PageSize::TINY, value: value::Sizes::TINY },
        Sizes {
            segment: SegmentSize::DEFAULT,
            page: PageSize::DEFAULT,
            value: value::Sizes::DEFAULT,
        },
    ];

    #[derive(Clone, Debug)]
    enum Operation {
        Put { key: u16, len: usize, deadline: Option<i64> },
        PutList { key: u16, len: usize },
        PutInt { key: u16, value: i64, deadline: Option<i64> },
        Patch { key: u16, offset: usize, len: usize },
        Deadline { key: u16, deadline: Option<i64> },
        Remove { key: u16 },
        RemoveMany { first: u16, count: u16 },
        PutMany { first: u16, count: u16, deadline: Option<i64> },
        Pass { ms: i64 },
        Compact,
        IterFrom { position: u64 },
    }

    fn operation() -> impl Strategy<Value = Operation> {
        use Operation::*;
        let key = || 0..600u16;
        let deadline = || {
            prop_oneof![
                Just(None),
                (0..2000i64).prop_map(Some),
                (0..60i64).prop_map(|bits| Some(1 << bits)),
            ]
        };
        let len = || prop_oneof![0..60usize, 0..600usize, 14_000..20_000usize];
        prop_oneof![
            6 => (key(), len(), deadline())
                .prop_map(|(key, len, deadline)| Put { key, len, deadline }),
            1 => (key(), 0..300usize).prop_map(|(key, len)| PutList { key, len }),
            2 => (key(), any::<i64>(), deadline())
                .prop_map(|(key, value, deadline)| PutInt { key, value, deadline }),
            2 => (key(), 0..400usize, 0..60usize)
                .prop_map(|(key, offset, len)| Patch { key, offset, len }),
            3 => (key(), deadline()).prop_map(|(key, deadline)| Deadline { key, deadline }),
            3 => key().prop_map(|key| Remove { key }),
            2 => (key(), 0..200u16).prop_map(|(first, count)| RemoveMany { first, count }),
            2 => (key(), 0..200u16, deadline())
                .prop_map(|(first, count, deadline)| PutMany { first, count, deadline }),
            2 => (1..500i64).prop_map(|ms| Pass { ms }),
            1 => Just(Compact),
            1 => any::<u64>().prop_map(|position| IterFrom { position }),
        ]
    }

    /// What an entry of the model holds: the bytes of a string, or the length of a list.
    type Model = BTreeMap<(u64, Vec<u8>), (Result<Vec<u8>, usize>, Option<i64>)>;

    struct Pair {
        keyspace: Keyspace,
        model: Model,
        prefix: u32,
        unix_ms: i64,
    }

    impl Pair {
        fn hash(&self, key: u16) -> (u64, Vec<u8>) {
            // Some keys are long.
            let len = if key.is_multiple_of(50) { 300 } else { 2 };
            let key: Vec<u8> = key.to_le_bytes().into_iter().cycle().take(len).collect();
            let hash = self.keyspace.hasher.hash(&key);
            (hash, key)
        }

        /// Whether the key's hash is of the shard that the keyspace is.
        fn is_ours(&self, key: u16) -> bool {
            bits(self.hash(key).0, 0, self.prefix) == 0
        }

        fn put(&mut self, key: u16, value: Value, deadline: Option<i64>) {
            let (hash, key) = self.hash(key);
            let model = match value.view() {
                ValueRef::String(string) => Ok(string.as_bytes(&mut IntBuffer::new()).to_vec()),
                ValueRef::List(list) => Err(list.len()),
                other => panic!("{other:?}"),
            };
            let place = self.keyspace.find(hash, &key);
            let before = self.keyspace.memory();
            let stored = self.keyspace.put(hash, &key, place, value.into(), deadline, 7);
            let replaced = self.model.insert((hash, key), (model, deadline));
            assert_eq!(place.is_some(), replaced.is_some());
            if !stored.has_moved {
                let (_, old) = replaced.as_ref().expect("a new entry takes memory");
                assert_eq!(*old, deadline, "the deadline stays");
                assert_eq!(self.keyspace.memory(), before, "nothing else changes");
            }
            if let Some(old) = stored.replaced {
                assert_is(&old.view(), &replaced.unwrap().0);
            }
        }

        fn remove(&mut self, key: u16) {
            let (hash, key) = self.hash(key);
            let place = self.keyspace.find(hash, &key);
            let expected = self.model.remove(&(hash, key));
            assert_eq!(place.is_some(), expected.is_some());
            if let (Some(place), Some((model, deadline))) = (place, expected) {
                let (value, found) = self.keyspace.take_entry(hash, place);
                assert_is(&value.view(), &model);
                assert_eq!(found, deadline);
            }
        }

        fn run(&mut self, operation: Operation) {
            let string = |len: usize| -> Value {
                let bytes: Vec<u8> = (0..len).map(|at| at as u8 | 0x80).collect();
                Value::String(StrRef::new(&bytes).to_owned())
            };
            match operation {
                Operation::Put { key, len, deadline } => self.put(key, string(len), deadline),
                Operation::PutList { key, len } => {
                    let mut list = List::new(self.keyspace.growth());
                    (0..len).for_each(|item| list.push(End::Tail, &item.to_le_bytes()));
                    self.put(key, list.into(), None);
                }
                Operation::PutInt { key, value, deadline } => {
                    self.put(key, Value::String(StrRef::Int(value).to_owned()), deadline);
                }
                Operation::Patch { key, offset, len } => self.patch(key, offset, &vec![b'p'; len]),
                Operation::Deadline { key, deadline } => {
                    let (hash, key) = self.hash(key);
                    if let Some(place) = self.keyspace.find(hash, &key) {
                        self.keyspace.set_deadline(place, deadline);
                        self.model.get_mut(&(hash, key)).unwrap().1 = deadline;
                    }
                }
                Operation::Remove { key } => self.remove(key),
                Operation::RemoveMany { first, count } => {
                    let keys = first..first + count;
                    keys.filter(|&key| self.is_ours(key))
                        .collect::<Vec<_>>()
                        .into_iter()
                        .for_each(|key| self.remove(key));
                }
                Operation::PutMany { first, count, deadline } => {
                    for key in first..first + count {
                        if self.is_ours(key) {
                            self.put(key, string(usize::from(key % 40)), deadline);
                        }
                    }
                }
                Operation::Pass { ms } => self.pass(ms),
                Operation::Compact => while self.keyspace.compact() > 0 {},
                Operation::IterFrom { position } => self.compare_from(position),
            }
        }

        fn patch(&mut self, key: u16, offset: usize, patch: &[u8]) {
            let (hash, key) = self.hash(key);
            if let Some(place) = self.keyspace.find(hash, &key)
                && let (Ok(model), _) = self.model.get_mut(&(hash, key)).unwrap()
            {
                let len = self.keyspace.patch(place, offset, patch);
                if model.len() < offset + patch.len() {
                    model.resize(offset + patch.len(), 0);
                }
                model[offset..offset + patch.len()].copy_from_slice(patch);
                assert_eq!(len, model.len());
            }
        }

        fn pass(&mut self, ms: i64) {
            self.unix_ms += ms;
            let due = self.keyspace.next_expiry();
            let mut expired = 0;
            while let (removed, 1..) = self.keyspace.expire(self.unix_ms, |_| {}, drop) {
                expired += removed;
            }
            let before = self.model.len();
            let unix_ms = self.unix_ms;
            let first = self.model.values().filter_map(|value| value.1).min();
            self.model.retain(|_, (_, deadline)| deadline.is_none_or(|at| at >= unix_ms));
            assert_eq!(expired, before - self.model.len());
            assert_eq!(due.is_some(), first.is_some());
            let first = first.map(|at| at.max(unix_ms - ms) + 1);
            assert!(due <= first, "{due:?} {first:?}");
        }

        fn compare_from(&self, position: u64) {
            let position = position << self.prefix >> self.prefix;
            let found = self.keyspace.iter_from(position);
            let found: Vec<_> = found.map(|(hash, entry)| (hash, entry.key().to_vec())).collect();
            let expected: Vec<_> =
                self.model.range((position, vec![])..).map(|(place, _)| place.clone()).collect();
            assert_eq!(found, expected);
        }

        fn compare(&self) {
            self.keyspace.check();
            self.compare_from(0);
            for ((hash, key), (model, deadline)) in &self.model {
                let entry = self.keyspace.entry(self.keyspace.find(*hash, key).unwrap());
                assert_is(&entry.value(), model);
                assert_eq!((entry.deadline(), entry.clock()), (*deadline, 7));
            }
        }
    }

    fn assert_is(value: &ValueRef<'_>, model: &Result<Vec<u8>, usize>) {
        match (value, model) {
            (ValueRef::String(string), Ok(bytes)) => {
                assert_eq!(string.as_bytes(&mut IntBuffer::new()), bytes);
            }
            (ValueRef::List(list), Err(len)) => assert_eq!(list.len(), *len),
            _ => panic!("{value:?} is not {model:?}"),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn equals_a_btree_map_in_hash_order(
            sizes in prop::sample::select(&SIZES),
            prefix in prop_oneof![Just(0u32), Just(2)],
            seed in any::<u64>(),
            operations in prop::collection::vec(operation(), 1..150),
        ) {
            let keyspace = Keyspace::new(prefix, KeyHasher::new(&mut Rng::new(seed)), sizes);
            let mut pair = Pair { keyspace, model: Model::new(), prefix, unix_ms: 0 };
            for operation in operations {
                use Operation::*;
                let is_ours = match operation {
                    Put { key, .. } | PutList { key, .. } | PutInt { key, .. }
                    | Patch { key, .. } | Deadline { key, .. } | Remove { key } => pair.is_ours(key),
                    _ => true,
                };
                if is_ours {
                    pair.run(operation);
                    pair.compare();
                }
            }
            let rest = pair.model.clone();
            let mut boxed = 0;
            while pair.keyspace.dismantle(10, |_| boxed += 1) >= 10 {}
            prop_assert!(rest.len() >= boxed);
            prop_assert_eq!(pair.keyspace.memory().cells, 0);
            prop_assert_eq!(pair.keyspace.memory().values, 0);
        }
    }

    #[test]
    fn little_memory_is_left_when_most_keys_are_gone() {
        let hasher = KeyHasher::new(&mut Rng::new(1));
        let mut keyspace = Keyspace::new(0, hasher, Sizes::default());
        let key = |number: u32| number.to_le_bytes();
        for number in 0..100_000 {
            let hash = keyspace.hasher.hash(&key(number));
            let value = Input::String(StrRef::Bytes { bytes: &[1; 32], is_built: false });
            assert!(keyspace.put(hash, &key(number), None, value, Some(9), 0).has_moved);
        }
        let full = keyspace.memory();
        for number in (0..100_000).filter(|number| number % 20 != 0) {
            let hash = keyspace.hasher.hash(&key(number));
            let place = keyspace.find(hash, &key(number)).unwrap();
            assert!(keyspace.remove(hash, place).is_none());
        }
        while keyspace.compact() > 0 {}
        keyspace.check();
        let rest = keyspace.memory();
        assert!(rest.used() * 12 < full.used(), "{rest:?} of {full:?}");
        assert!(rest.pages * 12 < full.pages, "{rest:?} of {full:?}");
    }

    #[test]
    fn a_clock_that_is_set_back_delays_no_expiry_beyond_its_deadline() {
        let mut keyspace = Keyspace::new(0, KeyHasher::new(&mut Rng::new(1)), Sizes::default());
        let hash = keyspace.hasher.hash(b"a");
        let put = |keyspace: &mut Keyspace, place, deadline| {
            let value = Input::String(StrRef::Int(1));
            assert!(keyspace.put(hash, b"a", place, value, Some(deadline), 0).has_moved);
        };
        put(&mut keyspace, None, 1_000_000);
        while keyspace.expire(500_000, |_| {}, drop).1 > 0 {}
        while keyspace.expire(1000, |_| {}, drop).1 > 0 {}
        let place = keyspace.find(hash, b"a");
        put(&mut keyspace, place, 3000);
        while keyspace.expire(3000, |_| {}, drop).1 > 0 {}
        assert_eq!(keyspace.len(), 1, "the deadline's own millisecond is alive");
        assert_eq!(keyspace.expire(3001, |_| {}, drop).0, 1);
    }
}
