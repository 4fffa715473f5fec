//! Reading streams.

use super::{Consumer, Entries, Group, Pending, Place, Stream, StreamId, StreamState};
use super::{DELETED, ENTRY_ITEMS, OWN_NAMES_ITEMS, SAME_FIELDS};
use crate::rdb::strings::has_duplicates;
use crate::rdb::wire::Reader;
use crate::rdb::{Error, Payload, Result, listpack};

/// What stands for a number of entries that is not known, and for a time that never was.
const UNKNOWN: u64 = u64::MAX;
const NEVER: i64 = -1;

/// Of the ways to write a stream: since Redis 5.0, 7.0 and 7.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rdb) enum Version {
    One,
    Two,
    Three,
}

/// The stream that is to come.
pub(in crate::rdb) fn stream(reader: &mut Reader<'_>, version: Version) -> Result<Payload> {
    let entries = entries(reader)?;
    let length = reader.length()?;
    let last_id = id(reader)?;
    let (max_deleted_id, entries_added) = match version {
        Version::One => (StreamId::default(), length),
        _ => {
            // The ID of the first entry, which the entries tell as well.
            id(reader)?;
            (id(reader)?, reader.length()?)
        }
    };
    let last = entries.places.last().map_or(last_id, |place| place.id);
    if length != entries.len() as u64 || entries_added < length || last > last_id {
        return Err(Error::Corrupt);
    }
    let mut stream = Stream {
        entries,
        state: StreamState { last_id, max_deleted_id, entries_added, groups: Vec::new() },
    };
    stream.state.groups = groups(reader, version, &stream)?;
    Ok(Payload::Stream(stream))
}

fn id(reader: &mut Reader<'_>) -> Result<StreamId> {
    Ok(StreamId { ms: reader.length()?, seq: reader.length()? })
}

/// An ID as its 16 bytes, which sort as it does.
fn sortable_id(reader: &mut Reader<'_>) -> Result<StreamId> {
    let [ms, seq] = [reader.array()?, reader.array()?].map(u64::from_be_bytes);
    Ok(StreamId { ms, seq })
}

fn entries(reader: &mut Reader<'_>) -> Result<Entries> {
    let mut entries = Entries::default();
    for _ in 0..reader.length()? {
        let first = sortable_id(&mut Reader::new(&sized::<16>(reader)?))?;
        Node::read(first, &reader.string()?, &mut entries)?;
    }
    let has_least = entries.places.first().is_some_and(|place| place.id == StreamId::default());
    match !has_least && entries.places.is_sorted_by(|one, other| one.id < other.id) {
        true => Ok(entries),
        false => Err(Error::Corrupt),
    }
}

/// A string of this length.
fn sized<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N]> {
    reader.string()?.as_ref().try_into().map_err(|_| Error::Corrupt)
}

/// A node that is being read.
struct Node<'a, 'e> {
    first: StreamId,
    items: listpack::Items<'a>,
    /// Where its field names are, and how many.
    names: usize,
    fields: usize,
    entries: &'e mut Entries,
}

impl<'a, 'e> Node<'a, 'e> {
    fn read(first: StreamId, packed: &'a [u8], entries: &'e mut Entries) -> Result<()> {
        let mut items = listpack::items(packed)?;
        let (live, deleted) = (count(&mut items)?, count(&mut items)?);
        let (names, fields) = (entries.strings.len(), count(&mut items)?);
        let end = entries.len().checked_add(live).ok_or(Error::Corrupt)?;
        for _ in 0..fields {
            entries.strings.push_item(items.item()?);
        }
        if items.int()? != 0 {
            return Err(Error::Corrupt);
        }
        let mut node = Node { first, items, names, fields, entries };
        for _ in 0..live.checked_add(deleted).ok_or(Error::Corrupt)? {
            node.entry()?;
        }
        if node.entries.len() != end {
            return Err(Error::Corrupt);
        }
        node.items.finish()
    }

    fn entry(&mut self) -> Result<()> {
        let flags = self.items.int()?;
        let id = StreamId {
            ms: self.first.ms.wrapping_add_signed(self.items.int()?),
            seq: self.first.seq.wrapping_add_signed(self.items.int()?),
        };
        let place = match flags & SAME_FIELDS {
            0 => self.own_fields(id)?,
            _ => self.same_fields(id)?,
        };
        if place.fields == 0 {
            return Err(Error::Corrupt);
        }
        // The strings of a deleted entry stay behind, which they may.
        if flags & DELETED == 0 {
            self.entries.places.push(place);
        }
        Ok(())
    }

    fn same_fields(&mut self, id: StreamId) -> Result<Place> {
        let (names, fields) = (self.names, self.fields);
        let values = self.entries.strings.len();
        for _ in 0..fields {
            self.entries.strings.push_item(self.items.item()?);
        }
        self.expect_count(ENTRY_ITEMS + fields)?;
        Ok(Place { id, names, values, fields })
    }

    fn own_fields(&mut self, id: StreamId) -> Result<Place> {
        let fields = count(&mut self.items)?;
        let (names, mut again) = (self.entries.strings.len(), self.items.clone());
        for _ in 0..fields {
            self.entries.strings.push_item(self.items.item()?);
            self.items.item()?;
        }
        for _ in 0..fields {
            again.item()?;
            self.entries.strings.push_item(again.item()?);
        }
        self.expect_count(ENTRY_ITEMS + OWN_NAMES_ITEMS + 2 * fields)?;
        Ok(Place { id, names, values: names + fields, fields })
    }

    fn expect_count(&mut self, items: usize) -> Result<()> {
        if count(&mut self.items)? == items { Ok(()) } else { Err(Error::Corrupt) }
    }
}

fn count(items: &mut listpack::Items<'_>) -> Result<usize> {
    usize::try_from(items.int()?).map_err(|_| Error::Corrupt)
}

fn groups(reader: &mut Reader<'_>, version: Version, stream: &Stream) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for _ in 0..reader.length()? {
        groups.push(group(reader, version, stream)?);
    }
    match has_duplicates(groups.iter().map(|group: &Group| &group.name[..])) {
        true => Err(Error::Corrupt),
        false => Ok(groups),
    }
}

fn group(reader: &mut Reader<'_>, version: Version, stream: &Stream) -> Result<Group> {
    let name = reader.string()?.into_owned();
    let last_id = id(reader)?;
    let entries_read = match version {
        Version::One => entries_before(stream, last_id),
        _ => Some(reader.length()?).filter(|read| *read != UNKNOWN),
    };
    let mut pending = pending(reader)?;
    let consumers = consumers(reader, version, &mut pending)?;
    let pending = pending.into_iter().map(Unowned::owned).collect::<Result<_>>()?;
    Ok(Group { name, last_id, entries_read, pending, consumers })
}

/// How many entries there were up to `id`, as far as a stream tells that had no entry deleted.
fn entries_before(stream: &Stream, id: StreamId) -> Option<u64> {
    let length = stream.entries.len() as u64;
    match stream.entries.places.first() {
        None => Some(0),
        Some(_) if id == stream.state.last_id => Some(length),
        Some(first) if id < first.id => Some(0),
        Some(first) if id == first.id => Some(1),
        Some(_) => None,
    }
}

/// A pending entry that has not been seen with a consumer.
struct Unowned {
    id: StreamId,
    delivered_ms: i64,
    deliveries: u64,
    consumer: Option<usize>,
}

impl Unowned {
    fn owned(self) -> Result<Pending> {
        let Self { id, delivered_ms, deliveries, consumer } = self;
        let consumer = consumer.ok_or(Error::Corrupt)?;
        Ok(Pending { id, consumer, delivered_ms, deliveries })
    }
}

fn pending(reader: &mut Reader<'_>) -> Result<Vec<Unowned>> {
    let mut pending: Vec<Unowned> = Vec::new();
    for _ in 0..reader.length()? {
        let id = sortable_id(reader)?;
        if pending.last().is_some_and(|last| last.id >= id) {
            return Err(Error::Corrupt);
        }
        let delivered_ms = i64::from_le_bytes(reader.array()?);
        pending.push(Unowned { id, delivered_ms, deliveries: reader.length()?, consumer: None });
    }
    Ok(pending)
}

fn consumers(
    reader: &mut Reader<'_>,
    version: Version,
    pending: &mut [Unowned],
) -> Result<Vec<Consumer>> {
    let mut consumers = Vec::new();
    for index in 0..reader.length()? {
        consumers.push(consumer(reader, version)?);
        for _ in 0..reader.length()? {
            own(pending, sortable_id(reader)?, index as usize)?;
        }
    }
    match has_duplicates(consumers.iter().map(|consumer: &Consumer| &consumer.name[..])) {
        true => Err(Error::Corrupt),
        false => Ok(consumers),
    }
}

fn consumer(reader: &mut Reader<'_>, version: Version) -> Result<Consumer> {
    let name = reader.string()?.into_owned();
    let seen_ms = i64::from_le_bytes(reader.array()?);
    let active_ms = match version {
        Version::Three => i64::from_le_bytes(reader.array()?),
        _ => seen_ms,
    };
    Ok(Consumer { name, seen_ms, active_ms: Some(active_ms).filter(|ms| *ms != NEVER) })
}

/// Gives a pending entry to a consumer. O(log n).
fn own(pending: &mut [Unowned], id: StreamId, consumer: usize) -> Result<()> {
    let index = pending.binary_search_by(|entry| entry.id.cmp(&id)).map_err(|_| Error::Corrupt)?;
    match pending[index].consumer.replace(consumer) {
        Some(_) => Err(Error::Corrupt),
        None => Ok(()),
    }
}
