//! Streams.

use crate::commands::stream::block_sizes;
use crate::config::Config;
use crate::rdb::{self, StreamState, StreamWriter};
use crate::store::View;
use crate::value::Contents;
use crate::value::stream::{self, BlockSizes, ConsumerNumber, Group, Log, Stream, StreamId};

/// How much memory entries may take for each byte that they took when they were read, and how much
/// in any case. In a payload any number of them can share the names of their fields, however long
/// these are; in a stream only those of a block can. Redis and DUMP let up to 100 share them.
const GROWTH_MAX: usize = 128;
const BYTES_ALLOWED: usize = 1 << 16;

pub(super) fn write(log: &Log, out: &mut Vec<u8>) {
    let mut writer = StreamWriter::new(out);
    for entry in log.iter_from(StreamId::MIN) {
        writer.push(dumped_id(entry.id()), entry.fields().map(|[name, value]| (name, value)));
    }
    writer.finish(&StreamState {
        last_id: dumped_id(log.last_id),
        max_deleted_id: dumped_id(log.max_deleted_id),
        entries_added: log.entries_added,
        groups: log.groups().map(|(name, group)| dumped_group(name, group)).collect(),
    });
}

fn dumped_id(StreamId { ms, seq }: StreamId) -> rdb::StreamId {
    rdb::StreamId { ms, seq }
}

fn dumped_group(name: &[u8], group: &Group) -> rdb::Group {
    rdb::Group {
        name: name.to_vec(),
        last_id: dumped_id(group.last_id),
        entries_read: group.entries_read,
        pending: dumped_pending(group),
        consumers: group.consumers().map(|number| dumped_consumer(group, number)).collect(),
    }
}

fn dumped_consumer(group: &Group, number: ConsumerNumber) -> rdb::Consumer {
    let stream::Consumer { seen_ms, active_ms, .. } = *group.consumer(number);
    rdb::Consumer { name: group.consumer_name(number).to_vec(), seen_ms, active_ms }
}

fn dumped_pending(group: &Group) -> Vec<rdb::Pending> {
    let pending = group.pending_from(StreamId::MIN).zip(owners(group));
    let dumped = pending.map(|(pending, consumer)| rdb::Pending {
        id: dumped_id(pending.id),
        consumer,
        delivered_ms: pending.delivered_ms,
        deliveries: pending.deliveries,
    });
    dumped.collect()
}

/// For each pending entry, which of the consumers in their order it is pending for. O(n log n).
fn owners(group: &Group) -> impl Iterator<Item = usize> {
    let owned =
        |(index, number)| group.owned_from(number, StreamId::MIN).map(move |id| (id, index));
    let mut owned: Vec<_> = group.consumers().enumerate().flat_map(owned).collect();
    owned.sort_unstable();
    owned.into_iter().map(|(_, index)| index)
}

pub(super) fn read(
    dumped: &rdb::Stream,
    db: &View<'_>,
    config: &Config,
) -> Result<Stream, rdb::Error> {
    let mut stream: Stream = db.create();
    read_entries(&dumped.entries, block_sizes(config), &mut stream)?;
    let (log, state) = (stream.log_mut(), &dumped.state);
    log.last_id = restored_id(state.last_id);
    log.max_deleted_id = restored_id(state.max_deleted_id);
    log.entries_added = state.entries_added;
    state.groups.iter().for_each(|group| read_group(group, log));
    Ok(stream)
}

fn read_entries(
    entries: &rdb::Entries,
    sizes: BlockSizes,
    stream: &mut Stream,
) -> Result<(), rdb::Error> {
    let bytes_max = entries.bytes().saturating_mul(GROWTH_MAX).saturating_add(BYTES_ALLOWED);
    for entry in entries.iter() {
        let fields: Vec<_> = entry.fields().flat_map(|(name, value)| [name, value]).collect();
        stream.log_mut().push(restored_id(entry.id()), fields.iter().copied(), sizes);
        if stream.heap_bytes() > bytes_max {
            return Err(rdb::Error::Corrupt);
        }
    }
    Ok(())
}

fn restored_id(rdb::StreamId { ms, seq }: rdb::StreamId) -> StreamId {
    StreamId { ms, seq }
}

fn read_group(dumped: &rdb::Group, log: &mut Log) {
    log.add_group(&dumped.name, restored_id(dumped.last_id), dumped.entries_read);
    log.change_group(&dumped.name, |_, group| {
        let consumers: Vec<_> =
            dumped.consumers.iter().map(|consumer| read_consumer(consumer, group)).collect();
        for &rdb::Pending { id, consumer, delivered_ms, deliveries } in &dumped.pending {
            let (id, consumer) = (restored_id(id), consumers[consumer]);
            group.set_pending(stream::Pending { id, consumer, delivered_ms, deliveries });
        }
    });
}

fn read_consumer(dumped: &rdb::Consumer, group: &mut Group) -> ConsumerNumber {
    let added = group.add_consumer(&dumped.name, dumped.seen_ms);
    let number = added.expect("each name is there once");
    group.consumer_mut(number).active_ms = dumped.active_ms;
    number
}
