//! A hierarchical timing wheel (Varghese, Lauck: "Hashed and hierarchical timing wheels", 1987)
//! with one timer for each entry that has a deadline.
//!
//! A timer is the entry's cell; the entry keeps the timer's place, so that it can be cancelled. A
//! timer may ring too early, never too late: a deadline that moves back leaves its timer where it
//! is, and whoever hears it ring arms it again. Time is counted in milliseconds; each level has 64
//! slots, each of which is as long as a whole turn of the level below. A time is in the lowest
//! level whose present turn it falls into. Timers that were armed one after the other for about the
//! same time lie in one chunk, which goes down the levels as a whole.

use crate::slab::Ref;
use crate::table::Table;

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// Enough for every positive 64-bit time.
const LEVELS: usize = 63_usize.div_ceil(SLOT_BITS as usize);
/// Timers of a chunk: as many as make it 256 bytes long.
pub(super) const CHUNK: usize = 58;
const INDEX_BITS: u32 = 6;
const NO_CHUNK: u32 = u32::MAX;
/// What a wheel counts for in memory without its chunks, in bytes.
const WHEEL_BYTES: usize = 3072;
/// What a chunk counts for, with its place in the table.
const CHUNK_BYTES: usize = 256 + 8;

/// Where a timer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timer {
    chunk: u32,
    index: u32,
}

impl Timer {
    pub(super) fn from_bits(bits: u32) -> Self {
        Self { chunk: bits >> INDEX_BITS, index: bits & ((1 << INDEX_BITS) - 1) }
    }

    pub(super) fn to_bits(self) -> u32 {
        self.chunk << INDEX_BITS | self.index
    }
}

/// Timers of one slot. Only the first chunk of a slot may have room.
#[derive(Debug)]
struct Chunk {
    /// No timer is for an earlier time, nor for a later one.
    earliest: u64,
    latest: u64,
    cells: [Ref; CHUNK],
    next: u32,
    len: u8,
    level: u8,
    slot: u8,
}

/// Timers whose time, or whose level's time, has come.
#[derive(Debug)]
pub(super) enum Due {
    /// They rang.
    Rung(Cells),
    /// They must be armed again.
    Early(Cells),
    /// They were, and keep their places.
    Moved,
}

/// The cells of timers.
#[derive(Debug)]
pub(super) struct Cells(Box<Chunk>);

impl std::ops::Deref for Cells {
    type Target = [Ref];

    fn deref(&self) -> &[Ref] {
        &self.0.cells[..self.0.len.into()]
    }
}

impl Chunk {
    fn widen(&mut self, earliest: u64, latest: u64) {
        self.earliest = self.earliest.min(earliest);
        self.latest = self.latest.max(latest);
    }
}

/// The timers of one keyspace.
#[derive(Debug)]
pub(super) struct Wheel {
    now: u64,
    /// For each level, which slots have timers.
    occupied: [u64; LEVELS],
    heads: [[u32; SLOTS]; LEVELS],
    chunks: Table<Option<Box<Chunk>>>,
    /// Places in the table that may be free.
    free: Table<u32>,
    /// How many chunks there are.
    used: usize,
    len: usize,
}

impl Wheel {
    /// A wheel without timers, at `now`.
    pub(super) fn new(now: u64) -> Self {
        Self {
            now,
            occupied: [0; LEVELS],
            heads: [[NO_CHUNK; SLOTS]; LEVELS],
            chunks: Table::new(),
            free: Table::new(),
            used: 0,
            len: 0,
        }
    }

    /// How many timers there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes that the timers take.
    pub(super) fn bytes(&self) -> usize {
        WHEEL_BYTES + self.used * CHUNK_BYTES
    }

    /// Up to when timers have rung.
    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Arms a timer for a time. One that has passed rings at once. O(1).
    pub(super) fn arm(&mut self, cell: Ref, at: u64) -> Timer {
        let at = at.max(self.now);
        let (level, slot) = self.place(at);
        let mut head = self.heads[level][slot];
        if head == NO_CHUNK || self.chunk(head).len as usize == CHUNK {
            head = self.add_chunk(level, slot, head);
        }
        let chunk = self.chunk_mut(head);
        let index = chunk.len;
        chunk.cells[usize::from(index)] = cell;
        chunk.len += 1;
        chunk.widen(at, at);
        self.len += 1;
        Timer { chunk: head, index: index.into() }
    }

    /// Takes a timer away. Another may move to its place: its cell must be told. O(1).
    pub(super) fn cancel(&mut self, timer: Timer) -> Option<Ref> {
        let Chunk { level, slot, .. } = *self.chunk(timer.chunk);
        let (level, slot) = (usize::from(level), usize::from(slot));
        let head = self.heads[level][slot];
        let first = self.chunk_mut(head);
        first.len -= 1;
        let (moved, is_empty) = (first.cells[usize::from(first.len)], first.len == 0);
        let (earliest, latest) = (first.earliest, first.latest);
        let is_last = head == timer.chunk && timer.index == u32::from(first.len);
        let chunk = self.chunk_mut(timer.chunk);
        chunk.cells[timer.index as usize] = moved;
        chunk.widen(earliest, latest);
        self.len -= 1;
        if is_empty {
            self.take_head(level, slot);
        }
        (!is_last).then_some(moved)
    }

    /// The cell of a timer.
    pub(super) fn cell(&self, timer: Timer) -> Ref {
        self.chunk(timer.chunk).cells[timer.index as usize]
    }

    /// The cell of a timer has moved.
    pub(super) fn set_cell(&mut self, timer: Timer, cell: Ref) {
        self.chunk_mut(timer.chunk).cells[timer.index as usize] = cell;
    }

    /// The cells of up to `count` timers, chosen by `random`.
    pub(super) fn sample(&self, random: u64, count: usize) -> impl Iterator<Item = Ref> {
        let first = (random >> 32) as usize % self.chunks.len().max(1);
        let chunks = self.chunks.iter_around(first).flatten();
        let cells = chunks.map(|chunk| &chunk.cells[..chunk.len.into()]);
        // Another beginning in the first chunk, so that its first timers are not always chosen.
        let skip = move |cells: &[Ref]| random as u32 as usize % cells.len();
        let mut cells = cells;
        let first = cells.next().unwrap_or_default();
        let turned = if first.is_empty() { 0 } else { skip(first) };
        let (head, tail) = first.split_at(turned);
        tail.iter().chain(head).chain(cells.flatten()).copied().take(count)
    }

    /// The cells of timers from the one slot that is due first.
    pub(super) fn soonest(&self) -> impl Iterator<Item = Ref> {
        let head = self.next_slot().map(|(level, slot, _)| self.chunk(self.heads[level][slot]));
        head.into_iter().flat_map(|chunk| chunk.cells[..chunk.len.into()].iter().copied())
    }

    /// When there may be something due, if there are timers. Not later than the next one rings.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.next_slot().map(|(_, _, at)| at)
    }

    /// Takes some of the timers whose time, or whose level's time, is not after `now`. None if
    /// there are none left. O(1).
    pub(super) fn poll(&mut self, now: u64) -> Option<Due> {
        let Some((level, slot, at)) = self.next_slot().filter(|next| next.2 <= now) else {
            self.now = self.now.max(now);
            return None;
        };
        self.now = self.now.max(at);
        let has_rung = self.chunk(self.heads[level][slot]).latest <= now;
        if !has_rung && self.move_head(level, slot) {
            return Some(Due::Moved);
        }
        let chunk = self.take_head(level, slot);
        self.len -= usize::from(chunk.len);
        Some(if has_rung { Due::Rung(Cells(chunk)) } else { Due::Early(Cells(chunk)) })
    }

    /// Puts a full chunk into the slot of a lower level that all of its timers belong to, if there
    /// is one.
    fn move_head(&mut self, from_level: usize, from_slot: usize) -> bool {
        let number = self.heads[from_level][from_slot];
        let Chunk { earliest, latest, len, next, .. } = *self.chunk(number);
        let (level, slot) = self.place(earliest);
        if usize::from(len) < CHUNK || self.place(latest) != (level, slot) {
            return false;
        }
        self.set_head(from_level, from_slot, next);
        // Behind the first, which may have room.
        let next = match self.heads[level][slot] {
            NO_CHUNK => {
                self.set_head(level, slot, number);
                NO_CHUNK
            }
            head => std::mem::replace(&mut self.chunk_mut(head).next, number),
        };
        let chunk = self.chunk_mut(number);
        (chunk.level, chunk.slot, chunk.next) = (level as u8, slot as u8, next);
        true
    }

    /// Frees up to `count` chunks. Whether there are any left. For a wheel that is given up.
    pub(super) fn drop_chunks(&mut self, count: usize) -> bool {
        let dropped = std::iter::from_fn(|| self.chunks.pop());
        self.used -= dropped.take(count).flatten().count();
        !self.chunks.is_empty()
    }

    /// The first slot with timers, and the time at which it begins. That is a slot of the lowest
    /// level, unless a slot of a higher one was begun and still has timers.
    fn next_slot(&self) -> Option<(usize, usize, u64)> {
        let first = |level: usize| {
            let slots = self.occupied[level];
            let shift = level as u32 * SLOT_BITS;
            let turn = self.now >> shift >> SLOT_BITS << SLOT_BITS;
            let slot = u64::from(slots.trailing_zeros());
            (slots != 0).then_some((level, slot as usize, (turn | slot) << shift))
        };
        (0..LEVELS).filter_map(first).min_by_key(|&(_, _, at)| at)
    }

    /// The level and the slot for a time.
    fn place(&self, at: u64) -> (usize, usize) {
        let at = at.max(self.now);
        let level = (at ^ self.now).checked_ilog2().map_or(0, |bit| bit / SLOT_BITS);
        (level as usize, (at >> (level * SLOT_BITS)) as usize % SLOTS)
    }

    fn set_head(&mut self, level: usize, slot: usize, number: u32) {
        self.heads[level][slot] = number;
        let is_occupied = u64::from(number != NO_CHUNK);
        self.occupied[level] = self.occupied[level] & !(1 << slot) | is_occupied << slot;
    }

    fn chunk(&self, number: u32) -> &Chunk {
        self.chunks[number as usize].as_ref().expect("timers are in chunks that exist")
    }

    fn chunk_mut(&mut self, number: u32) -> &mut Chunk {
        self.chunks[number as usize].as_mut().expect("timers are in chunks that exist")
    }

    fn add_chunk(&mut self, level: usize, slot: usize, next: u32) -> u32 {
        let chunk = Chunk {
            earliest: u64::MAX,
            latest: 0,
            cells: [Ref::NONE; CHUNK],
            next,
            len: 0,
            level: level as u8,
            slot: slot as u8,
        };
        // Some of them may have gone with the end of the table, or come back and be in use.
        let is_free = |number: u32| matches!(self.chunks.get(number as usize), Some(None));
        let number = std::iter::from_fn(|| self.free.pop()).find(|&number| is_free(number));
        let number = number.unwrap_or_else(|| {
            self.chunks.push(None);
            self.chunks.len() as u32 - 1
        });
        self.chunks[number as usize] = Some(Box::new(chunk));
        self.used += 1;
        self.set_head(level, slot, number);
        number
    }

    fn take_head(&mut self, level: usize, slot: usize) -> Box<Chunk> {
        let number = self.heads[level][slot];
        let chunk = self.chunks[number as usize].take().expect("an occupied slot has a chunk");
        self.free.push(number);
        self.used -= 1;
        self.set_head(level, slot, chunk.next);
        // So that few places of the table are empty, and none when there is no timer.
        while self.chunks.last().is_some_and(Option::is_none) {
            self.chunks.pop();
        }
        if self.chunks.is_empty() {
            self.free = Table::new();
        }
        chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slab::{PageSize, Slab};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn timers_ring_exactly_on_time_when_they_are_armed_again_until_then(
            start in prop_oneof![Just(0u64), Just(1_700_000_000_123), 0u64..1 << 40],
            operations in prop::collection::vec((0..4u8, any::<u64>(), 0..44u32), 1..300),
        ) {
            // A slab hands out distinct names.
            let mut slab = Slab::new(PageSize::default());
            let mut wheel = Wheel::new(start);
            let mut timers: Vec<(Ref, Timer, u64)> = Vec::new();
            for (operation, random, bits) in operations {
                match operation {
                    0 | 1 => {
                        let cell = slab.alloc(16);
                        let at = wheel.now() + 1 + (random >> (63 - bits));
                        timers.push((cell, wheel.arm(cell, at), at));
                    }
                    2 if !timers.is_empty() => {
                        let (_, timer, _) = timers.swap_remove(random as usize % timers.len());
                        if let Some(moved) = wheel.cancel(timer) {
                            timers.iter_mut().find(|entry| entry.0 == moved).unwrap().1 = timer;
                        }
                    }
                    _ => {
                        let now = wheel.now() + (random >> (63 - bits));
                        let mut rung = BTreeMap::new();
                        while let Some(due) = wheel.poll(now) {
                            let cells = match due {
                                Due::Rung(cells) | Due::Early(cells) => cells,
                                Due::Moved => continue,
                            };
                            for &cell in cells.iter() {
                                let entry = timers.iter().position(|entry| entry.0 == cell).unwrap();
                                if timers[entry].2 <= wheel.now() {
                                    rung.insert(timers.swap_remove(entry).2, cell);
                                } else {
                                    timers[entry].1 = wheel.arm(cell, timers[entry].2);
                                }
                            }
                        }
                        prop_assert!(rung.keys().all(|&at| at <= now));
                        prop_assert!(timers.iter().all(|entry| entry.2 > now), "late");
                        prop_assert_eq!(wheel.now(), now);
                    }
                }
                prop_assert_eq!(wheel.len(), timers.len());
                let first = timers.iter().map(|entry| entry.2).min();
                prop_assert_eq!(wheel.next_due().is_some(), first.is_some());
                if let (Some(due), Some(first)) = (wheel.next_due(), first) {
                    prop_assert!(wheel.now() <= due && due <= first);
                }
            }
        }
    }

    #[test]
    fn a_wheel_without_timers_holds_no_memory_for_them() {
        let mut slab = Slab::new(PageSize::default());
        let mut wheel = Wheel::new(0);
        let empty = wheel.bytes();
        let timers: Vec<Timer> = (0..1000).map(|at| wheel.arm(slab.alloc(16), at)).collect();
        assert!(wheel.bytes() > empty);
        timers.into_iter().rev().for_each(|timer| assert_eq!(wheel.cancel(timer), None));
        assert_eq!((wheel.len(), wheel.bytes()), (0, empty));
    }
}
