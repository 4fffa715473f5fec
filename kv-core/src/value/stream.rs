//! Streams.
//!
//! The entries stand in blocks of a few kilobytes at most, and the blocks in a tree; see
//! [`block`](self::block). What a group is to acknowledge stands in a tree by ID, and once more in
//! one by consumer, so that either finds it. A stream is always boxed, however small.

mod block;
mod directory;
mod entries;
mod group;
#[cfg(test)]
mod tests;

pub use block::{BlockSizes, Entry};
pub use entries::{Trim, Until};
pub use group::{Consumer, ConsumerNumber, Group, Pending};

use super::pack::Pack;
use super::tree::Sizes;
use super::{Collection, Contents, Growth, Kind, Value, ValueRef};
use directory::Directory;
use entries::Entries;

/// What an entry is known by. Entries ascend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// The time, in milliseconds since the Unix epoch.
    pub ms: u64,
    /// Which of the entries with this time.
    pub seq: u64,
}

impl StreamId {
    /// The least. No entry has it.
    pub const MIN: Self = Self { ms: 0, seq: 0 };

    /// The greatest.
    pub const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    /// The next greater one, if there is one.
    pub fn next(self) -> Option<Self> {
        match (self.seq.checked_add(1), self.ms.checked_add(1)) {
            (Some(seq), _) => Some(Self { seq, ..self }),
            (None, Some(ms)) => Some(Self { ms, seq: 0 }),
            (None, None) => None,
        }
    }

    /// The next smaller one, if there is one.
    pub fn previous(self) -> Option<Self> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(Self { seq, ..self }),
            (None, Some(ms)) => Some(Self { ms, seq: u64::MAX }),
            (None, None) => None,
        }
    }
}

/// A log of entries with IDs, and the groups that read it.
///
/// It is nothing at all until [`Stream::log_mut`] is called; then it is a stream, even without an
/// entry.
#[derive(Clone, Debug)]
pub struct Stream(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Nothing(Growth),
    Log(Box<Log>),
}

/// The same, wherever it is stored.
pub type StreamRef<'a> = &'a Log;

/// What a tree counts for in memory, without its nodes, in bytes.
const TREE_BYTES: usize = 192;

/// What is counted for a stream without anything in it, in bytes.
const LOG_BYTES: usize = 320;

/// For how many elements a block counts when it is freed.
const BLOCK_WEIGHT: usize = 16;

/// What a stream holds.
#[derive(Clone, Debug)]
pub struct Log {
    entries: Entries,
    /// The greatest ID that any entry ever had, or that was set.
    pub last_id: StreamId,
    /// The greatest ID of an entry that was deleted by its ID.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: u64,
    groups: Option<Box<Groups>>,
    sizes: super::Sizes,
}

#[derive(Clone, Debug)]
struct Groups {
    directory: Directory<Box<Group>>,
    /// What the groups take, in bytes.
    bytes: usize,
    /// How much there is in them to be dropped.
    size: usize,
}

impl Stream {
    /// What it holds, if it is one already.
    pub fn log(&self) -> Option<&Log> {
        match &self.0 {
            Repr::Nothing(_) => None,
            Repr::Log(log) => Some(log),
        }
    }

    /// What it holds, to change it.
    pub fn log_mut(&mut self) -> &mut Log {
        if let Repr::Nothing(growth) = &self.0 {
            self.0 = Repr::Log(Box::new(Log::new(growth.sizes)));
        }
        match &mut self.0 {
            Repr::Log(log) => log,
            Repr::Nothing(_) => unreachable!("it was made a log above"),
        }
    }

    /// A view of it.
    ///
    /// # Panics
    /// If it is nothing, which is never stored.
    pub fn view(&self) -> StreamRef<'_> {
        self.log().expect("a stream that is stored is one")
    }

    /// Takes away a group, as a stream that has nothing else and that is to be dropped. O(log n).
    pub fn remove_group(&mut self, name: &[u8]) -> Option<Stream> {
        let log = self.log_mut();
        let groups = log.groups.as_mut()?;
        let group = groups.directory.remove(name)?;
        groups.bytes -= group.heap_bytes();
        groups.size -= group.size();
        if groups.directory.len() == 0 {
            log.groups = None;
        }
        Some(Self::grave(group, log.sizes))
    }

    /// Removes a consumer of a group and what it was to acknowledge. How much that was, or none if
    /// there is no such group or consumer; and a stream that is to be dropped. O(log n) for each if
    /// it is little of all that is to be acknowledged, else O(what is left).
    pub fn remove_consumer(&mut self, group: &[u8], name: &[u8]) -> Option<(usize, Stream)> {
        let log = self.log_mut();
        let removed = log.change_group(group, |_, group| group.remove_consumer(name));
        let (count, grave) = removed??;
        Some((count, Self::grave(Box::new(grave), log.sizes)))
    }

    /// A stream that has nothing but this group, to be dropped.
    fn grave(group: Box<Group>, sizes: super::Sizes) -> Self {
        let mut log = Log::new(sizes);
        log.put_group(b"", group);
        Self(Repr::Log(Box::new(log)))
    }
}

impl Log {
    fn new(sizes: super::Sizes) -> Self {
        Self {
            entries: Entries::new(sizes.tree),
            last_id: StreamId::MIN,
            max_deleted_id: StreamId::MIN,
            entries_added: 0,
            groups: None,
            sizes,
        }
    }

    /// How many entries there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "an empty stream is nothing special")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many blocks the entries are in. O(1).
    pub fn blocks(&self) -> usize {
        self.entries.blocks()
    }

    /// Adds an entry, whose ID is greater than the last. `fields` are names and values in turn.
    /// O(log n) at most, and the length of the fields.
    pub fn push<'a>(
        &mut self,
        id: StreamId,
        fields: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
        sizes: BlockSizes,
    ) {
        assert!(id > self.last_id, "IDs ascend");
        let bytes_max = sizes.bytes_max.min(4 * usize::from(self.sizes.pack_max));
        self.entries.push(id, fields, BlockSizes { bytes_max, ..sizes });
        self.last_id = id;
        // A stream that is restored may have any number.
        self.entries_added = self.entries_added.wrapping_add(1);
    }

    /// The first entry. O(log n).
    pub fn first(&self) -> Option<Entry<'_>> {
        self.entries.first()
    }

    /// The last entry. O(size of a block).
    pub fn last(&self) -> Option<Entry<'_>> {
        self.entries.last()
    }

    /// The entry of this ID. O(log n).
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.entries.get(id)
    }

    /// The entries from an ID on. O(log n) to begin with.
    pub fn iter_from(&self, start: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.entries.iter_from(start)
    }

    /// The entries down from an ID. O(log n) to begin with.
    pub fn iter_back_from(&self, end: StreamId) -> impl Iterator<Item = Entry<'_>> {
        self.entries.iter_back_from(end)
    }

    /// Deletes an entry. Whether it was there. O(log n).
    pub fn remove(&mut self, id: StreamId) -> bool {
        let is_removed = self.entries.remove(id);
        if is_removed {
            self.max_deleted_id = self.max_deleted_id.max(id);
        }
        is_removed
    }

    /// Removes the first entries. How many. O(removed).
    pub fn trim(&mut self, trim: Trim) -> usize {
        self.entries.trim(trim)
    }

    /// How many groups there are. O(1).
    pub fn groups_len(&self) -> usize {
        self.groups.as_ref().map_or(0, |groups| groups.directory.len())
    }

    /// The groups with their names, in the order of these.
    pub fn groups(&self) -> impl Iterator<Item = (&[u8], &Group)> {
        let directories = self.groups.iter().map(|groups| &groups.directory);
        directories.flat_map(|directory| {
            let of = |number| (directory.name(number), &**directory.get(number));
            directory.numbers().map(of)
        })
    }

    /// The group of this name. O(log n).
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        let directory = &self.groups.as_ref()?.directory;
        Some(directory.get(directory.find(name)?))
    }

    /// Adds a group. False if there is one of this name. O(log n).
    pub fn add_group(&mut self, name: &[u8], last_id: StreamId, entries_read: Option<u64>) -> bool {
        let is_new = self.group(name).is_none();
        if is_new {
            let group = Group::new(last_id, entries_read, self.sizes.tree);
            self.put_group(name, Box::new(group));
        }
        is_new
    }

    /// Changes the group of this name. None if there is none. O(log n) beside the change.
    pub fn change_group<R>(
        &mut self,
        name: &[u8],
        change: impl FnOnce(&Reading<'_>, &mut Group) -> R,
    ) -> Option<R> {
        let groups = self.groups.as_mut()?;
        let number = groups.directory.find(name)?;
        let reading = Reading {
            entries: &self.entries,
            last_id: self.last_id,
            max_deleted_id: self.max_deleted_id,
            entries_added: self.entries_added,
        };
        let group = groups.directory.get_mut(number);
        let (bytes, size) = (group.heap_bytes(), group.size());
        let result = change(&reading, group);
        groups.bytes = groups.bytes + group.heap_bytes() - bytes;
        groups.size = groups.size + group.size() - size;
        Some(result)
    }

    fn put_group(&mut self, name: &[u8], group: Box<Group>) {
        let sizes = self.sizes.tree;
        let groups = self.groups.get_or_insert_with(|| Box::new(Groups::new(sizes)));
        groups.bytes += group.heap_bytes();
        groups.size += group.size();
        groups.directory.insert(name, group);
    }

    /// What tells how far a group has read.
    pub fn reading(&self) -> Reading<'_> {
        Reading {
            entries: &self.entries,
            last_id: self.last_id,
            max_deleted_id: self.max_deleted_id,
            entries_added: self.entries_added,
        }
    }

    /// Checks what must hold between any two calls, but for a stream that is being freed. O(n).
    ///
    /// # Panics
    /// If something is wrong.
    pub fn check(&self) {
        self.entries.check();
        assert!(self.last().is_none_or(|last| last.id() <= self.last_id), "the last ID is last");
        let (mut bytes, mut size) = (0, 0);
        for (_, group) in self.groups() {
            group.check();
            bytes += group.heap_bytes();
            size += group.size();
        }
        if let Some(groups) = &self.groups {
            groups.directory.check();
            assert_eq!((groups.bytes, groups.size), (bytes, size), "groups are counted");
        }
    }
}

impl Groups {
    fn new(sizes: Sizes) -> Self {
        Self { directory: Directory::new(sizes), bytes: 0, size: 0 }
    }

    fn free_some(&mut self, count: usize) -> usize {
        let mut freed = 0;
        while freed < count
            && let Some(last) = self.directory.last()
        {
            let group = self.directory.get_mut(last);
            let (bytes, size) = (group.heap_bytes(), group.size());
            freed += group.free_some(count - freed);
            self.bytes = self.bytes + group.heap_bytes() - bytes;
            self.size = self.size + group.size() - size;
            if group.size() == 0 {
                self.bytes -= group.heap_bytes();
                self.directory.pop();
                freed += 1;
            }
        }
        freed
    }
}

/// A stream's entries, for one that counts how far a group has read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    entries: &'a Entries,
    last_id: StreamId,
    max_deleted_id: StreamId,
    entries_added: u64,
}

impl<'a> Reading<'a> {
    /// How many entries there are. O(1).
    #[allow(clippy::len_without_is_empty, reason = "an empty stream is nothing special")]
    pub fn len(self) -> usize {
        self.entries.len()
    }

    /// The last entry. O(size of a block).
    pub fn last(self) -> Option<Entry<'a>> {
        self.entries.last()
    }

    /// The entry of this ID. O(log n).
    pub fn get(self, id: StreamId) -> Option<Entry<'a>> {
        self.entries.get(id)
    }

    /// The entries from an ID on. O(log n) to begin with.
    pub fn iter_from(self, start: StreamId) -> impl Iterator<Item = Entry<'a>> {
        self.entries.iter_from(start)
    }

    /// Notes that a group has delivered an entry, if it is behind what it delivered before. O(1).
    pub fn advance(self, group: &mut Group, id: StreamId) {
        if id <= group.last_id {
            return;
        }
        group.entries_read = match group.entries_read {
            // The greatest number stands for an unknown one in Redis, which a restored group may reach.
            Some(read) if !self.has_gap_from(id) => Some(read + 1).filter(|&read| read < u64::MAX),
            _ if self.entries_added > 0 => self.number_of(id),
            unknown => unknown,
        };
        group.last_id = id;
    }

    /// How many entries a group has still to read, if that can be told. O(1).
    pub fn lag(self, group: &Group) -> Option<i64> {
        let read = match group.entries_read {
            _ if self.entries_added == 0 => Some(0),
            Some(read) if !self.has_gap_from(group.last_id) => Some(read),
            _ => self.number_of(group.last_id),
        };
        read.map(|read| (self.entries_added as i64).wrapping_sub(read as i64))
    }

    /// Whether an entry with this ID or a greater one was deleted.
    fn has_gap_from(self, id: StreamId) -> bool {
        self.len() > 0 && self.max_deleted_id > StreamId::MIN && id <= self.max_deleted_id
    }

    /// How many entries up to this ID were ever added, if that can be told.
    fn number_of(self, id: StreamId) -> Option<u64> {
        let (added, len) = (self.entries_added, self.len() as u64);
        if added == 0 {
            return Some(0);
        }
        if id == self.last_id || (len == 0 && id < self.last_id) {
            return Some(added);
        }
        let first = self.entries.first()?.id();
        let is_whole = self.max_deleted_id == StreamId::MIN || self.max_deleted_id < first;
        match id {
            _ if id > self.last_id || !is_whole => None,
            _ if id < first => Some(added.wrapping_sub(len)),
            _ if id == first => Some(added.wrapping_sub(len).wrapping_add(1)),
            _ => None,
        }
    }
}

impl Contents for Stream {
    fn heap_bytes(&self) -> usize {
        self.log().map_or(0, |log| {
            let groups = log.groups.as_ref();
            let of_groups =
                |groups: &Groups| TREE_BYTES + groups.directory.heap_bytes() + groups.bytes;
            LOG_BYTES + log.entries.heap_bytes() + groups.map_or(0, |groups| of_groups(groups))
        })
    }

    fn len(&self) -> usize {
        self.log().map_or(0, |log| {
            let groups = log.groups.as_ref();
            log.blocks() * BLOCK_WEIGHT
                + groups.map_or(0, |groups| groups.directory.len() + groups.size)
        })
    }

    /// A stream is never a pack.
    fn repacked(&self, _sizes: super::Sizes) -> Option<Pack> {
        None
    }

    fn free_some(&mut self, count: usize) -> usize {
        let Repr::Log(log) = &mut self.0 else { return 0 };
        let mut freed = 0;
        if log.blocks() > 0 {
            freed += log.entries.free_some(count.div_ceil(BLOCK_WEIGHT)) * BLOCK_WEIGHT;
        }
        if freed < count
            && let Some(groups) = &mut log.groups
        {
            freed += groups.free_some(count - freed);
        }
        freed
    }
}

impl From<Stream> for Value {
    fn from(stream: Stream) -> Self {
        Self::Stream(stream)
    }
}

impl Collection for Stream {
    const KIND: Kind = Kind::Stream;

    type Ref<'a> = StreamRef<'a>;

    fn of(value: &Value) -> Option<&Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn of_ref(value: ValueRef<'_>) -> Option<StreamRef<'_>> {
        if let ValueRef::Stream(stream) = value { Some(stream) } else { None }
    }

    fn unpack(pack: Pack, growth: Growth) -> Self {
        assert!(pack.is_empty(), "a stream is never packed");
        Self(Repr::Nothing(growth))
    }

    fn into_pack(self) -> Result<Pack, Self> {
        match self.0 {
            Repr::Nothing(_) => Ok(Pack::default()),
            Repr::Log(_) => Err(self),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self.0, Repr::Nothing(_))
    }
}

impl Log {
    /// A copy. O(n).
    pub fn to_owned(&self) -> Value {
        Value::Stream(Stream(Repr::Log(Box::new(self.clone()))))
    }
}
