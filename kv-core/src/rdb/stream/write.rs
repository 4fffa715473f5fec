//! Writing streams, as Redis 7.0 does.

use super::{ENTRY_ITEMS, Group, OWN_NAMES_ITEMS, SAME_FIELDS, StreamId, StreamState};
use crate::rdb::kind;
use crate::rdb::listpack::Builder;
use crate::rdb::wire::{put_length, put_long_length, put_string, set_long_length};
use crate::value::pack::Item;

/// A node with as much has all that it can have.
const NODE_BYTES_MAX: usize = 4096;
const NODE_ENTRIES_MAX: usize = 100;

/// Writes a stream.
#[derive(Debug)]
pub struct StreamWriter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the number of nodes stands.
    count_at: usize,
    nodes: u32,
    node: Option<Node>,
    first_id: StreamId,
    length: u64,
}

/// A node that is being filled.
#[derive(Debug)]
struct Node {
    first_id: StreamId,
    names: Builder,
    entries: Builder,
    count: usize,
}

impl<'o> StreamWriter<'o> {
    /// Begins at the first entry.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(kind::STREAM_LISTPACKS_2);
        let count_at = out.len();
        put_long_length(out, 0);
        Self { out, count_at, nodes: 0, node: None, first_id: StreamId::default(), length: 0 }
    }

    /// The next entry, which has less than 4 GiB. IDs ascend; there is at least one field.
    pub fn push<'a>(
        &mut self,
        id: StreamId,
        fields: impl Iterator<Item = (Item<'a>, Item<'a>)> + Clone,
    ) {
        if self.length == 0 {
            self.first_id = id;
        }
        self.length += 1;
        if self.node.as_ref().is_some_and(Node::is_full) {
            self.end_node();
        }
        let names = names(fields.clone());
        let node = self.node.get_or_insert_with(|| Node::new(id, names.clone()));
        node.push(id, &names, fields);
    }

    /// After the last entry.
    pub fn finish(mut self, state: &StreamState) {
        self.end_node();
        set_long_length(self.out, self.count_at, self.nodes);
        put_length(self.out, self.length);
        for id in [state.last_id, self.first_id, state.max_deleted_id] {
            put_id(self.out, id);
        }
        put_length(self.out, state.entries_added);
        put_length(self.out, state.groups.len() as u64);
        state.groups.iter().for_each(|group| put_group(self.out, group));
    }

    fn end_node(&mut self) {
        if let Some(node) = self.node.take() {
            put_string(self.out, &sortable(node.first_id));
            put_string(self.out, &node.finish());
            self.nodes += 1;
        }
    }
}

impl Node {
    fn new(first_id: StreamId, names: Builder) -> Self {
        Self { first_id, names, entries: Builder::default(), count: 0 }
    }

    fn is_full(&self) -> bool {
        self.count == NODE_ENTRIES_MAX || self.entries.len() >= NODE_BYTES_MAX
    }

    fn push<'a>(
        &mut self,
        id: StreamId,
        names: &Builder,
        fields: impl Iterator<Item = (Item<'a>, Item<'a>)>,
    ) {
        self.count += 1;
        let is_same = self.names == *names;
        self.push_int(if is_same { SAME_FIELDS } else { 0 });
        self.push_int(id.ms.wrapping_sub(self.first_id.ms) as i64);
        self.push_int(id.seq.wrapping_sub(self.first_id.seq) as i64);
        match is_same {
            true => self.push_values(names.count(), fields),
            false => self.push_fields(names.count(), fields),
        }
    }

    fn push_values<'a>(
        &mut self,
        count: usize,
        fields: impl Iterator<Item = (Item<'a>, Item<'a>)>,
    ) {
        fields.for_each(|(_, value)| self.entries.push(value));
        self.push_int((ENTRY_ITEMS + count) as i64);
    }

    fn push_fields<'a>(
        &mut self,
        count: usize,
        fields: impl Iterator<Item = (Item<'a>, Item<'a>)>,
    ) {
        self.push_int(count as i64);
        for (name, value) in fields {
            self.entries.push(name);
            self.entries.push(value);
        }
        self.push_int((ENTRY_ITEMS + OWN_NAMES_ITEMS + 2 * count) as i64);
    }

    fn push_int(&mut self, value: i64) {
        self.entries.push(Item::Int(value));
    }

    fn finish(self) -> Vec<u8> {
        let mut node = Builder::default();
        for count in [self.count, 0, self.names.count()] {
            node.push(Item::Int(count as i64));
        }
        node.append(&self.names);
        node.push(Item::Int(0));
        node.append(&self.entries);
        node.finish()
    }
}

fn names<'a>(fields: impl Iterator<Item = (Item<'a>, Item<'a>)>) -> Builder {
    let mut names = Builder::default();
    fields.for_each(|(name, _)| names.push(name));
    names
}

fn put_id(out: &mut Vec<u8>, id: StreamId) {
    put_length(out, id.ms);
    put_length(out, id.seq);
}

/// The 16 bytes of an ID, which sort as it does.
fn sortable(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}

fn put_group(out: &mut Vec<u8>, group: &Group) {
    put_string(out, &group.name);
    put_id(out, group.last_id);
    // All bits set if it is not known.
    put_length(out, group.entries_read.unwrap_or(u64::MAX));
    put_length(out, group.pending.len() as u64);
    for pending in &group.pending {
        out.extend(sortable(pending.id));
        out.extend(pending.delivered_ms.to_le_bytes());
        put_length(out, pending.deliveries);
    }
    put_consumers(out, group);
}

fn put_consumers(out: &mut Vec<u8>, group: &Group) {
    put_length(out, group.consumers.len() as u64);
    let mut pending: Vec<_> = group.pending.iter().map(|p| (p.consumer, p.id)).collect();
    pending.sort_unstable();
    let mut rest = &pending[..];
    for (index, consumer) in group.consumers.iter().enumerate() {
        put_string(out, &consumer.name);
        out.extend(consumer.seen_ms.to_le_bytes());
        let (own, others) = rest.split_at(rest.partition_point(|(owner, _)| *owner == index));
        put_length(out, own.len() as u64);
        own.iter().for_each(|(_, id)| out.extend(sortable(*id)));
        rest = others;
    }
}
