//! A segment: a few hundred entries in hash order.
//!
//! It is an array of lines, each of which is a cache line: ten tags and the cells of ten entries. A
//! tag is the 16 bits of the hash that follow those which all entries of the segment share. No tag
//! of a line is above one of a later line; within a line there is no order. Each tag has a home
//! line, in proportion to its value; an entry stands there, or in a later line if all from its home
//! on are full. This is ordered linear probing (Amble, Knuth: "Ordered hash tables", 1974) with
//! buckets of ten.
//!
//! Entries with the same tag are in order by their hashes, which nobody keeps.

use crate::rare::{Rare, sometimes};
use crate::slab::{Ref, prefetch};

/// Entries of a line.
pub(super) const SLOTS: usize = 10;
const TAG_BITS: u32 = 16;

/// How large segments become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSize {
    homes_max: usize,
}

impl Default for SegmentSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl SegmentSize {
    /// Segments of at most 551 entries: 64 lines, 4 KiB.
    pub const DEFAULT: Self = Self { homes_max: 63 };

    /// Segments of at most 17 entries: for simulations.
    pub const TINY: Self = Self { homes_max: 2 };

    fn split_len(self) -> usize {
        full_len(self.homes_max)
    }
}

/// The tag of a hash in a segment whose entries share its first `skip` bits.
pub(super) fn tag(hash: u64, skip: u32) -> u16 {
    (hash << skip >> (64 - TAG_BITS)) as u16
}

#[repr(align(64))]
#[derive(Clone, Debug)]
struct Line {
    tags: [u16; SLOTS],
    cells: [Ref; SLOTS],
    /// The highest tag, if the line is full.
    highest: u16,
    len: u8,
}

impl Line {
    const EMPTY: Self = Self { tags: [0; SLOTS], cells: [Ref::NONE; SLOTS], highest: 0, len: 0 };
    const BYTES: usize = 64;

    fn is_full(&self) -> bool {
        usize::from(self.len) == SLOTS
    }

    /// A bit for each entry with this tag.
    fn matches(&self, tag: u16) -> u32 {
        // The compiler makes one vector comparison of the first eight.
        let (vector, rest) = self.tags.split_first_chunk::<8>().expect("there are ten");
        let mut equal = [0_u16; 8];
        for (equal, (&other, bit)) in equal.iter_mut().zip(vector.iter().zip(0..)) {
            *equal = u16::from(other == tag) << bit;
        }
        let mut bits = u32::from(equal.iter().fold(0, |bits, bit| bits | bit));
        bits |= u32::from(rest[0] == tag) << 8 | u32::from(rest[1] == tag) << 9;
        bits & ((1 << self.len) - 1)
    }

    /// Whether entries with this tag may also be in the next line.
    fn overflows(&self, tag: u16) -> bool {
        self.is_full() && self.highest <= tag
    }

    /// Adds an entry, and takes one with the highest tag out if there is no room for it.
    fn insert(&mut self, tag: u16, cell: Ref) -> Option<(u16, Ref)> {
        if !self.is_full() {
            self.push(tag, cell);
            return None;
        }
        if tag >= self.highest {
            return Some((tag, cell));
        }
        let slot = self.matches(self.highest).trailing_zeros() as usize;
        let carried = (self.tags[slot], self.cells[slot]);
        (self.tags[slot], self.cells[slot]) = (tag, cell);
        self.highest = self.max();
        Some(carried)
    }

    /// Adds an entry to a line that is not full.
    fn push(&mut self, tag: u16, cell: Ref) {
        let len = usize::from(self.len);
        (self.tags[len], self.cells[len]) = (tag, cell);
        self.len += 1;
        if self.is_full() {
            self.highest = self.max();
        }
    }

    fn remove(&mut self, slot: usize) -> (u16, Ref) {
        let last = usize::from(self.len) - 1;
        let removed = (self.tags[slot], self.cells[slot]);
        (self.tags[slot], self.cells[slot]) = (self.tags[last], self.cells[last]);
        self.len -= 1;
        removed
    }

    fn max(&self) -> u16 {
        self.tags().iter().copied().max().unwrap_or(0)
    }

    /// The slot of an entry with the lowest tag, and the tag.
    fn lowest(&self) -> Option<(usize, u16)> {
        self.tags().iter().copied().enumerate().min_by_key(|&(_, tag)| tag)
    }

    fn tags(&self) -> &[u16] {
        &self.tags[..self.len.into()]
    }

    fn entries(&self) -> impl Iterator<Item = (u16, Ref)> {
        self.tags().iter().copied().zip(self.cells)
    }

    /// The entries in the order of their tags.
    fn sorted(&self) -> impl Iterator<Item = (u16, Ref)> {
        let mut sorted = [(0, Ref::NONE); SLOTS];
        for (len, entry) in self.entries().enumerate() {
            // By insertion: there are ten at most.
            let place = sorted[..len].iter().rposition(|other| other.0 <= entry.0);
            let place = place.map_or(0, |before| before + 1);
            sorted.copy_within(place..len, place + 1);
            sorted[place] = entry;
        }
        sorted.into_iter().take(self.len.into())
    }
}

/// Where an entry is in a segment, until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) line: u32,
    pub(super) index: u8,
}

/// The entries of a segment that have some tag.
#[derive(Debug)]
pub(super) struct Matches<'a> {
    lines: &'a [Line],
    tag: u16,
    number: usize,
    /// Those of the line with this number that are still to come.
    bits: u32,
}

impl Iterator for Matches<'_> {
    type Item = (Slot, Ref);

    #[inline(always)]
    fn next(&mut self) -> Option<(Slot, Ref)> {
        loop {
            let line = &self.lines[self.number];
            if self.bits != 0 {
                let index = self.bits.trailing_zeros();
                self.bits &= self.bits - 1;
                let slot = Slot { line: self.number as u32, index: index as u8 };
                return Some((slot, line.cells[index as usize]));
            }
            if !line.overflows(self.tag) || self.number + 1 == self.lines.len() {
                return None;
            }
            self.number += 1;
            self.bits = self.lines[self.number].matches(self.tag);
        }
    }
}

#[derive(Debug)]
pub(super) struct Segment {
    lines: Vec<Line>,
    /// How many lines are somebody's home. Those behind take what does not fit.
    homes: u32,
    len: u32,
    /// The least hash that may be in it, without the keyspace's prefix.
    pub(super) start: u64,
    /// How many bits of the hash after the keyspace's prefix are the same for all entries.
    pub(super) depth: u32,
}

impl Segment {
    pub(super) fn new(start: u64, depth: u32) -> Self {
        Self { lines: vec![Line::EMPTY], homes: 1, len: 0, start, depth }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// The bytes that it takes, its own record included.
    pub(super) fn bytes(&self) -> usize {
        const RECORD: usize = 48;
        self.lines.capacity() * Line::BYTES + RECORD
    }

    /// Whether it should split before it takes another entry.
    pub(super) fn must_split(&self, size: SegmentSize) -> bool {
        self.len() >= size.split_len()
    }

    /// Whether it and its neighbour should become one.
    pub(super) fn may_merge(&self, other: &Segment, size: SegmentSize) -> bool {
        self.depth == other.depth && self.len() + other.len() <= size.split_len() / 2
    }

    /// Whether it is so small that a neighbour should be looked at to merge with.
    pub(super) fn is_small(&self, size: SegmentSize) -> bool {
        self.len() <= size.split_len() / 4
    }

    /// The entries with this tag.
    #[inline(always)]
    pub(super) fn matches(&self, tag: u16) -> Matches<'_> {
        let number = self.home(tag);
        Matches { lines: &self.lines, tag, number, bits: self.lines[number].matches(tag) }
    }

    /// Asks the processor for the line where a tag is at home.
    pub(super) fn prefetch(&self, tag: u16) {
        prefetch(&raw const self.lines[self.home(tag)]);
    }

    /// Calls `visit` for the cells with a tag in its home line, without looking at them.
    pub(super) fn candidates(&self, tag: u16, mut visit: impl FnMut(Ref)) {
        let line = &self.lines[self.home(tag)];
        let mut matches = line.matches(tag);
        while matches != 0 {
            visit(line.cells[matches.trailing_zeros() as usize]);
            matches &= matches - 1;
        }
    }

    /// The entry at a place has another cell now.
    pub(super) fn set_cell(&mut self, slot: Slot, cell: Ref) {
        let line = &mut self.lines[slot.line as usize];
        debug_assert!(slot.index < line.len, "there is no entry at {slot:?}");
        line.cells[usize::from(slot.index)] = cell;
    }

    /// Adds an entry.
    pub(super) fn insert(&mut self, tag: u16, cell: Ref) {
        if self.len() >= full_len(self.homes as usize) {
            self.rebuild(homes_for(self.len() + 1));
        }
        let mut number = self.home(tag);
        while self.lines[number].overflows(tag) {
            number += 1;
            self.make_line(number);
        }
        let mut carried = self.lines[number].insert(tag, cell);
        sometimes(Rare::LineOverflows, carried.is_some());
        while let Some((tag, cell)) = carried {
            number += 1;
            self.make_line(number);
            carried = self.lines[number].insert(tag, cell);
        }
        self.len += 1;
    }

    /// Removes the entry at a place.
    pub(super) fn remove(&mut self, slot: Slot) {
        let mut number = slot.line as usize;
        let mut had_overflow = self.lines[number].is_full();
        self.lines[number].remove(slot.index.into());
        // What did not fit here comes back from the next line, and so on.
        while had_overflow && let Some(next) = self.lines.get(number + 1) {
            let Some((slot, _)) = next.lowest().filter(|&(_, tag)| self.home(tag) <= number) else {
                break;
            };
            had_overflow = next.is_full();
            let (tag, cell) = self.lines[number + 1].remove(slot);
            self.lines[number].push(tag, cell);
            number += 1;
        }
        self.len -= 1;
        if self.homes > 1 && self.len() * 4 < self.homes as usize * SLOTS {
            // Not too tight, or the next removals would rebuild it again and again.
            self.rebuild(homes_for(self.len() * 5 / 4));
        }
    }

    /// All entries, in the order of their tags.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, Ref)> {
        self.lines.iter().flat_map(Line::sorted)
    }

    /// The entries whose tags are at least `tag`, in the order of their tags.
    pub(super) fn iter_from(&self, tag: u16) -> impl Iterator<Item = (u16, Ref)> {
        let lines = &self.lines[self.home(tag)..];
        lines.iter().flat_map(Line::sorted).filter(move |entry| entry.0 >= tag)
    }

    /// The cells of up to `count` entries in lines next to each other, from `position` on, which is
    /// a share of 2^16 of the whole.
    pub(super) fn sample(&self, position: u16, count: usize) -> impl Iterator<Item = Ref> {
        let (before, behind) = self.lines.split_at(self.home(position));
        let cells = behind.iter().chain(before).flat_map(Line::entries).map(|(_, cell)| cell);
        cells.take(count)
    }

    /// Fills the segment with these entries instead. Their tags must ascend.
    pub(super) fn refill(&mut self, entries: &[(u16, Ref)]) {
        self.refill_into(homes_for(entries.len()), entries);
    }

    fn refill_into(&mut self, homes: usize, entries: &[(u16, Ref)]) {
        // With room for what does not fit in the last of them.
        let mut lines = Vec::with_capacity(homes + 1);
        lines.resize(homes, Line::EMPTY);
        (self.homes, self.len) = (homes as u32, entries.len() as u32);
        let mut number = 0;
        for &(tag, cell) in entries {
            number = number.max(self.home(tag));
            if lines.get(number).is_some_and(Line::is_full) {
                number += 1;
            }
            if number == lines.len() {
                lines.reserve_exact(1);
                lines.push(Line::EMPTY);
            }
            lines[number].push(tag, cell);
        }
        self.lines = lines;
    }

    /// Takes in the entries of the neighbour to the right. Its own depth is one less then.
    pub(super) fn merge(&mut self, right: &Segment) {
        let half =
            |bit: u16| move |(tag, cell): (u16, Ref)| (bit << (TAG_BITS - 1) | tag >> 1, cell);
        let mut entries = Vec::with_capacity(self.len() + right.len());
        entries.extend(self.iter().map(half(0)));
        entries.extend(right.iter().map(half(1)));
        self.depth -= 1;
        self.refill(&entries);
    }

    /// Moves to new lines, as few as will do. What it was is left in the old ones.
    #[must_use = "the old lines should be dropped late"]
    pub(super) fn tighten(&mut self) -> Segment {
        let entries: Vec<_> = self.iter().collect();
        let mut tight = Self::new(self.start, self.depth);
        tight.refill(&entries);
        std::mem::replace(self, tight)
    }

    fn rebuild(&mut self, homes: usize) {
        let mut entries = Vec::with_capacity(self.len());
        entries.extend(self.iter());
        self.refill_into(homes, &entries);
    }

    fn make_line(&mut self, number: usize) {
        if number == self.lines.len() {
            self.lines.reserve_exact(1);
            self.lines.push(Line::EMPTY);
        }
    }

    fn home(&self, tag: u16) -> usize {
        ((u32::from(tag) * self.homes) >> TAG_BITS) as usize
    }

    /// Checks what must always hold, for tests and simulations.
    pub(super) fn check(&self) {
        assert_eq!(self.iter().count(), self.len(), "the count of entries");
        assert!(self.iter().map(|(tag, _)| tag).is_sorted(), "tags ascend");
        for (number, line) in self.lines.iter().enumerate() {
            assert!(
                !line.is_full() || line.highest == line.max(),
                "the highest tag of a full line"
            );
            for &tag in line.tags() {
                let home = self.home(tag);
                assert!(home <= number, "an entry stands before its home");
                assert!(self.lines[home..number].iter().all(Line::is_full), "a gap after a home");
            }
        }
    }
}

/// How many entries so many lines hold before there are to be more lines: seven eighths.
fn full_len(homes: usize) -> usize {
    homes * SLOTS * 7 / 8
}

/// The next larger number of homes: up to a third more. With one line more it is a size that
/// allocators have, of which there are four for each doubling.
fn next_homes(homes: usize) -> usize {
    let lines = homes + 1;
    let power = 1 << lines.ilog2();
    homes + (power / 4).max(1)
}

/// The least number of lines that are at most four fifths full with `len` entries.
fn homes_for(len: usize) -> usize {
    let mut homes = 1;
    while homes * SLOTS * 4 / 5 < len {
        homes = next_homes(homes);
    }
    homes
}
