//! A segment: a few hundred entries in hash order, by ordered linear probing without wrap-around.

use super::{Entry, bits};

/// Slots of the smallest segment, as a power of two.
const HOMES_LOG2_MIN: u32 = 3;
/// Slots at which a segment splits rather than grows, as a power of two.
const HOMES_LOG2_SPLIT: u32 = 9;

const OCCUPIED: &str = "a place found since the last change, and a slot with a hash, has an entry";

/// Entries stand in ascending order of their hashes. Each has a home slot, which its hash decides
/// and which rises with the hash; it stands there or to the right of it, with no empty slot
/// between. What does not fit on the right lengthens the array.
#[derive(Debug)]
pub(super) struct Segment {
    /// The entries' hashes, 0 where the slot is empty; apart from the entries, so that a search
    /// stays within a cache line or two.
    hashes: Vec<u64>,
    entries: Vec<Option<Entry>>,
    /// How many bits of the hash after the keyspace's prefix are the same for all entries.
    depth: u32,
    /// Bits of the hash that say nothing within the segment: the keyspace's prefix and `depth`.
    skip: u32,
    homes_log2: u32,
    len: usize,
}

impl Segment {
    pub(super) fn new(prefix: u32, depth: u32) -> Self {
        Self::with_homes(prefix + depth, depth, HOMES_LOG2_MIN)
    }

    fn with_homes(skip: u32, depth: u32, homes_log2: u32) -> Self {
        let homes = 1 << homes_log2;
        // A few spare slots keep the arrays from being reallocated by the last entries' overflow.
        let capacity = homes + homes / 8;
        let mut hashes = Vec::with_capacity(capacity);
        hashes.resize(homes, 0);
        let mut entries = Vec::with_capacity(capacity);
        entries.resize_with(homes, || None);
        Self { hashes, entries, depth, skip, homes_log2, len: 0 }
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether it is full and too large to grow.
    pub(super) fn must_split(&self) -> bool {
        self.homes_log2 >= HOMES_LOG2_SPLIT && self.is_full()
    }

    pub(super) fn find(&self, hash: u64, key: &[u8]) -> Option<usize> {
        self.search(hash, key).ok()
    }

    pub(super) fn at(&self, slot: usize) -> &Entry {
        self.entries[slot].as_ref().expect(OCCUPIED)
    }

    pub(super) fn at_mut(&mut self, slot: usize) -> &mut Entry {
        self.entries[slot].as_mut().expect(OCCUPIED)
    }

    /// Inserts an entry whose key is not there.
    pub(super) fn insert_new(&mut self, entry: Entry) {
        if self.is_full() {
            self.rebuild(self.homes_log2 + 1);
        }
        let hash = entry.hash;
        let slot = self.search(hash, &entry.key).expect_err("the key is new");
        let free = self.hashes[slot..].iter().position(|&hash| hash == 0).map(|free| slot + free);
        let free = free.unwrap_or_else(|| {
            self.hashes.push(0);
            self.entries.push(None);
            self.hashes.len() - 1
        });
        self.hashes.copy_within(slot..free, slot + 1);
        self.hashes[slot] = hash;
        self.entries[slot..=free].rotate_right(1);
        self.entries[slot] = Some(entry);
        self.len += 1;
    }

    pub(super) fn remove(&mut self, slot: usize) -> Entry {
        let entry = self.entries[slot].take().expect(OCCUPIED);
        // Those behind it that are not at home move up.
        let behind = (slot + 1..self.hashes.len())
            .find(|&next| self.hashes[next] == 0 || self.home(self.hashes[next]) == next);
        let end = behind.unwrap_or(self.hashes.len());
        self.hashes.copy_within(slot + 1..end, slot);
        self.hashes[end - 1] = 0;
        self.entries[slot..end].rotate_left(1);
        self.len -= 1;
        if self.homes_log2 > HOMES_LOG2_MIN && self.len * 8 < 1 << self.homes_log2 {
            self.rebuild(self.homes_log2 - 1);
        }
        entry
    }

    /// Moves the entries whose next bit is set into a new segment, which is returned.
    pub(super) fn split(&mut self) -> Segment {
        let (skip, depth) = (self.skip + 1, self.depth + 1);
        let mut left = Self::with_homes(skip, depth, HOMES_LOG2_SPLIT);
        let mut right = Self::with_homes(skip, depth, HOMES_LOG2_SPLIT);
        for entry in self.entries.drain(..).flatten() {
            let half = if bits(entry.hash, self.skip, 1) == 0 { &mut left } else { &mut right };
            half.append(entry);
        }
        *self = left;
        right
    }

    /// The entries whose hash is at least `position`, in order.
    pub(super) fn iter_from(&self, position: u64) -> impl Iterator<Item = &Entry> {
        // A position before this segment has another prefix, so its home here means nothing.
        self.entries.iter().flatten().skip_while(move |entry| entry.hash < position)
    }

    fn is_full(&self) -> bool {
        self.len >= (1 << self.homes_log2) / 8 * 7
    }

    fn home(&self, hash: u64) -> usize {
        bits(hash, self.skip, self.homes_log2)
    }

    /// The slot of `key`, or else the slot where it belongs.
    fn search(&self, hash: u64, key: &[u8]) -> Result<usize, usize> {
        let mut slot = self.home(hash);
        while let Some(&other) = self.hashes.get(slot) {
            if other == hash {
                if *self.at(slot).key == *key {
                    return Ok(slot);
                }
            } else if other == 0 || other > hash {
                break;
            }
            slot += 1;
        }
        Err(slot)
    }

    /// Adds an entry whose hash is not below any that is there.
    fn append(&mut self, entry: Entry) {
        let mut slot = self.home(entry.hash);
        while self.hashes.get(slot).is_some_and(|&hash| hash != 0) {
            slot += 1;
        }
        if slot == self.hashes.len() {
            self.hashes.push(0);
            self.entries.push(None);
        }
        self.hashes[slot] = entry.hash;
        self.entries[slot] = Some(entry);
        self.len += 1;
    }

    fn rebuild(&mut self, homes_log2: u32) {
        let mut rebuilt = Self::with_homes(self.skip, self.depth, homes_log2);
        self.entries.drain(..).flatten().for_each(|entry| rebuilt.append(entry));
        *self = rebuilt;
    }
}
