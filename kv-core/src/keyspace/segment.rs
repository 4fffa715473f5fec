//! A segment: a few hundred entries in hash order.
//!
//! It is an array of lines, each of which is a cache line: ten tags and the cells of ten entries. A
//! tag is the 16 bits of the hash that follow those which all entries of the segment share. Tags
//! ascend within a line and from line to line. Each tag has a home line, in proportion to its
//! value; an entry stands there, or in a later line if all from its home on are full. This is
//! ordered linear probing (Amble, Knuth: "Ordered hash tables", 1974) with buckets of ten.
//!
//! Entries with the same tag stand together in any order: their hashes, which nobody keeps, decide.

use super::slab::{Ref, prefetch};

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
    /// Segments of at most 560 entries: 64 lines, 4 KiB.
    pub const DEFAULT: Self = Self { homes_max: 64 };

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
    len: u8,
}

impl Line {
    const EMPTY: Self = Self { tags: [0; SLOTS], cells: [Ref::NONE; SLOTS], len: 0 };
    const BYTES: usize = 64;

    fn is_full(&self) -> bool {
        usize::from(self.len) == SLOTS
    }

    /// A bit for each entry with this tag.
    fn matches(&self, tag: u16) -> u32 {
        let mut bits = 0;
        for slot in 0..SLOTS {
            bits |= u32::from(self.tags[slot] == tag) << slot;
        }
        bits & ((1 << self.len) - 1)
    }

    /// Whether entries with this tag may also be in the next line.
    fn overflows(&self, tag: u16) -> bool {
        self.is_full() && self.tags[SLOTS - 1] <= tag
    }

    /// Puts an entry behind those whose tags are not above its own, and takes the last one out if
    /// there is no room for it.
    fn insert(&mut self, tag: u16, cell: Ref) -> Option<(u16, Ref)> {
        let len = usize::from(self.len);
        let slot = self.tags[..len].iter().position(|&other| other > tag).unwrap_or(len);
        if slot == SLOTS {
            return Some((tag, cell));
        }
        let last = self.is_full().then(|| (self.tags[SLOTS - 1], self.cells[SLOTS - 1]));
        let end = len.min(SLOTS - 1);
        self.tags.copy_within(slot..end, slot + 1);
        self.cells.copy_within(slot..end, slot + 1);
        self.tags[slot] = tag;
        self.cells[slot] = cell;
        self.len = end as u8 + 1;
        last
    }

    /// Puts an entry behind all others.
    fn push(&mut self, tag: u16, cell: Ref) {
        let len = usize::from(self.len);
        (self.tags[len], self.cells[len]) = (tag, cell);
        self.len += 1;
    }

    fn remove(&mut self, slot: usize) {
        let len = usize::from(self.len);
        self.tags.copy_within(slot + 1..len, slot);
        self.cells.copy_within(slot + 1..len, slot);
        self.len -= 1;
    }
}

/// Where an entry is in a segment, until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) line: u32,
    pub(super) index: u8,
}

impl Slot {
    pub(super) const FIRST: Self = Self { line: 0, index: 0 };
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

    /// The entry with this tag that `is_it` recognizes.
    pub(super) fn find(&self, tag: u16, mut is_it: impl FnMut(Ref) -> bool) -> Option<(Slot, Ref)> {
        let mut number = self.home(tag);
        loop {
            let line = &self.lines[number];
            let mut matches = line.matches(tag);
            while matches != 0 {
                let index = matches.trailing_zeros();
                let cell = line.cells[index as usize];
                if is_it(cell) {
                    return Some((Slot { line: number as u32, index: index as u8 }, cell));
                }
                matches &= matches - 1;
            }
            if !line.overflows(tag) || number + 1 == self.lines.len() {
                return None;
            }
            number += 1;
        }
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
            let (tag, cell) = (next.tags[0], next.cells[0]);
            if next.len == 0 || self.home(tag) > number {
                break;
            }
            had_overflow = next.is_full();
            self.lines[number].insert(tag, cell);
            number += 1;
            self.lines[number].remove(0);
        }
        self.len -= 1;
        if self.homes > 1 && self.len() * 2 < self.homes as usize * SLOTS {
            self.rebuild(homes_for(self.len()));
        }
    }

    /// All entries, in the order of their tags.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u16, Ref)> {
        self.iter_from(Slot::FIRST)
    }

    /// The entries from a place on.
    pub(super) fn iter_from(&self, slot: Slot) -> impl Iterator<Item = (u16, Ref)> {
        let first = slot.line as usize;
        self.lines[first.min(self.lines.len())..].iter().enumerate().flat_map(
            move |(number, line)| {
                let skip = if number == 0 { usize::from(slot.index) } else { 0 };
                (skip..line.len.into()).map(|index| (line.tags[index], line.cells[index]))
            },
        )
    }

    /// The place of the first entry whose tag is at least `tag`.
    pub(super) fn lower_bound(&self, tag: u16) -> Slot {
        let mut number = self.home(tag);
        while let Some(line) = self.lines.get(number) {
            let tags = &line.tags[..line.len.into()];
            if let Some(index) = tags.iter().position(|&other| other >= tag) {
                return Slot { line: number as u32, index: index as u8 };
            }
            number += 1;
        }
        Slot { line: number as u32, index: 0 }
    }

    /// The cells of up to `count` entries in lines next to each other, from `position` on, which is
    /// a share of 2^16 of the whole.
    pub(super) fn sample(&self, position: u16, count: usize) -> impl Iterator<Item = Ref> {
        let start = Slot { line: self.home(position) as u32, index: 0 };
        let cells = self.iter_from(start).chain(self.iter());
        cells.take(count.min(self.len())).map(|(_, cell)| cell)
    }

    /// Fills the segment with these entries instead. Their tags must ascend.
    pub(super) fn refill(&mut self, entries: &[(u16, Ref)]) {
        self.refill_into(homes_for(entries.len()), entries);
    }

    fn refill_into(&mut self, homes: usize, entries: &[(u16, Ref)]) {
        let mut lines = vec![Line::EMPTY; homes];
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
        let left = self.iter().map(half(0));
        let entries: Vec<_> = left.chain(right.iter().map(half(1))).collect();
        self.depth -= 1;
        self.refill(&entries);
    }

    fn rebuild(&mut self, homes: usize) {
        let entries: Vec<_> = self.iter().collect();
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
            for &tag in &line.tags[..line.len.into()] {
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

/// The next larger number of lines: up to a third more.
fn next_homes(homes: usize) -> usize {
    let power = 1 << homes.ilog2();
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
