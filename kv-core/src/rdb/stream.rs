//! Streams: what was read, and is to be written.
//!
//! A stream is written as nodes, each a listpack of entries. A node begins with its first entry's
//! ID and field names; entries tell the difference to that ID, and leave out names that are the
//! same. An entry that was deleted may still be there, with a flag.
//!
//! ```text
//! node:  live entries | deleted entries | number of names | names | 0 | entries
//! entry: flags | ms - first's | seq - first's | values | number of items before
//!    or: flags | ms - first's | seq - first's | number of fields | names and values | the same
//! ```

pub(super) mod read;
pub(super) mod write;

use super::strings::Strings;

/// The entry was deleted.
const DELETED: i64 = 1;
/// The entry has the field names of its node.
const SAME_FIELDS: i64 = 2;

/// The items of an entry beside its fields: flags and both parts of the ID; the number of fields.
const ENTRY_ITEMS: usize = 3;
const OWN_NAMES_ITEMS: usize = 1;

/// What an entry is known by. Entries ascend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    /// The time, in milliseconds since the Unix epoch.
    pub ms: u64,
    /// Which of the entries with this time.
    pub seq: u64,
}

/// A stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The entries that were not deleted.
    pub entries: Entries,
    /// Everything else.
    pub state: StreamState,
}

/// What a stream knows besides its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// The greatest ID that any entry ever had.
    pub last_id: StreamId,
    /// The greatest ID of an entry that was deleted.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added; not fewer than there are.
    pub entries_added: u64,
    /// The consumer groups, each name once.
    pub groups: Vec<Group>,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Vec<u8>,
    /// The last entry that it delivered.
    pub last_id: StreamId,
    /// How many entries it read, if that is known; less than `u64::MAX`.
    pub entries_read: Option<u64>,
    /// Entries that were delivered but not acknowledged, ascending.
    pub pending: Vec<Pending>,
    /// Its consumers, each name once.
    pub consumers: Vec<Consumer>,
}

/// An entry that was delivered but not acknowledged. It may have been deleted since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its ID.
    pub id: StreamId,
    /// To whom it was delivered: an index into the group's consumers.
    pub consumer: usize,
    /// When, in milliseconds since the Unix epoch.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
}

/// A consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: Vec<u8>,
    /// When it last tried to do something, in milliseconds since the Unix epoch.
    pub seen_ms: i64,
    /// When it last did something, if ever. Not written, since Redis 7.0 does not know it; reads
    /// as `seen_ms` then.
    pub active_ms: Option<i64>,
}

/// The entries of a stream, ascending. None has the ID 0-0.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Names and values; the names that a node's entries share are here once.
    strings: Strings,
    places: Vec<Place>,
}

/// Where the strings of an entry are.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: StreamId,
    names: usize,
    values: usize,
    fields: usize,
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    strings: &'a Strings,
    place: Place,
}

impl Entries {
    /// How many there are. O(1).
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none. O(1).
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The memory that they take, about, in bytes. O(1).
    pub fn bytes(&self) -> usize {
        self.strings.bytes() + self.places.len() * size_of::<Place>()
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> + ExactSizeIterator + Clone {
        self.places.iter().map(|place| Entry { strings: &self.strings, place: *place })
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Entries {}

impl<'a> Entry<'a> {
    /// Its ID.
    pub fn id(self) -> StreamId {
        self.place.id
    }

    /// Its fields with their values, at least one; a field may occur twice.
    pub fn fields(self) -> impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + Clone {
        let Place { names, values, fields, .. } = self.place;
        (0..fields).map(move |i| (self.strings.at(names + i), self.strings.at(values + i)))
    }
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && self.fields().eq(other.fields())
    }
}

impl Eq for Entry<'_> {}
