//! Writing values: the type, and what belongs to it.
//!
//! Collections are written item by item, in the types that Redis 7.0 writes. The compact type of a
//! small hash, set or sorted set is left as soon as an item does not fit.

use super::listpack::Builder;
use super::wire::{put_item, put_length, put_long_length, put_string, set_long_length};
use super::{Payload, StreamWriter, Strings, intset, kind, listpack, read};
use crate::value::pack::Item;

/// A hash or sorted set with more items, or with a longer one, is not compact.
const PACK_ITEMS_MAX: usize = 128;
const PACK_ITEM_BYTES_MAX: usize = 64;

/// A set of more integers is not compact.
const INTSET_ITEMS_MAX: usize = 512;

/// The bytes of a list's node; a longer item is a node of its own.
const NODE_BYTES_MAX: usize = 8 * 1024;
const NODE_PLAIN: u64 = 1;
const NODE_PACKED: u64 = 2;

/// Writes a string.
pub fn write_string(out: &mut Vec<u8>, string: Item<'_>) {
    out.push(kind::STRING);
    put_item(out, string);
}

/// Writes a list, which must not be empty.
#[derive(Debug)]
pub struct ListWriter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the number of nodes stands.
    count_at: usize,
    nodes: u32,
    /// What the next node will hold.
    node: Builder,
}

impl<'o> ListWriter<'o> {
    /// Begins at the head.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(kind::LIST_QUICKLIST_2);
        let count_at = out.len();
        put_long_length(out, 0);
        Self { out, count_at, nodes: 0, node: Builder::default() }
    }

    /// The next item.
    pub fn push(&mut self, item: Item<'_>) {
        let len = item.packed_len();
        if self.node.len() + len > NODE_BYTES_MAX {
            self.end_node();
        }
        match item {
            Item::Bytes(bytes) if len > NODE_BYTES_MAX => self.put_node(NODE_PLAIN, bytes),
            item => self.node.push(item),
        }
    }

    /// After the tail.
    pub fn finish(mut self) {
        self.end_node();
        set_long_length(self.out, self.count_at, self.nodes);
    }

    fn end_node(&mut self) {
        if self.node.count() > 0 {
            let node = std::mem::take(&mut self.node).finish();
            self.put_node(NODE_PACKED, &node);
        }
    }

    fn put_node(&mut self, container: u64, bytes: &[u8]) {
        put_length(self.out, container);
        put_string(self.out, bytes);
        self.nodes += 1;
    }
}

/// Writes a set.
#[derive(Debug)]
pub struct SetWriter<'o> {
    out: &'o mut Vec<u8>,
    len: usize,
    pushed: usize,
    /// The members, as long as they are few and integers.
    integers: Option<Vec<i64>>,
}

impl<'o> SetWriter<'o> {
    /// Of so many members, at least one.
    pub fn new(out: &'o mut Vec<u8>, len: usize) -> Self {
        let mut set = Self { out, len, pushed: 0, integers: Some(Vec::new()) };
        if len > INTSET_ITEMS_MAX {
            set.spill();
        }
        set
    }

    /// The next member, in any order; each once.
    pub fn push(&mut self, member: Item<'_>) {
        self.pushed += 1;
        match (&mut self.integers, member) {
            (Some(integers), Item::Int(value)) => return integers.push(value),
            (Some(_), _) => self.spill(),
            (None, _) => {}
        }
        put_item(self.out, member);
    }

    /// After the last member.
    ///
    /// # Panics
    /// If there were more or fewer members than said.
    pub fn finish(self) {
        assert_eq!(self.pushed, self.len);
        if let Some(mut integers) = self.integers {
            self.out.push(kind::SET_INTSET);
            put_string(self.out, &intset::write(&mut integers));
        }
    }

    fn spill(&mut self) {
        self.out.push(kind::SET);
        put_length(self.out, self.len as u64);
        for value in self.integers.take().into_iter().flatten() {
            put_item(self.out, Item::Int(value));
        }
    }
}

/// Writes a hash.
#[derive(Debug)]
pub struct HashWriter<'o> {
    out: &'o mut Vec<u8>,
    len: usize,
    pushed: usize,
    /// Fields and values, as long as they are few and short.
    pack: Option<Builder>,
}

impl<'o> HashWriter<'o> {
    /// Of so many fields, at least one.
    pub fn new(out: &'o mut Vec<u8>, len: usize) -> Self {
        let mut hash = Self { out, len, pushed: 0, pack: Some(Builder::default()) };
        if len > PACK_ITEMS_MAX {
            hash.spill();
        }
        hash
    }

    /// The next field with its value, in any order; each field once.
    pub fn push(&mut self, field: Item<'_>, value: Item<'_>) {
        self.pushed += 1;
        if let Some(pack) = &mut self.pack {
            if is_short(field) && is_short(value) {
                pack.push(field);
                pack.push(value);
                return;
            }
            self.spill();
        }
        put_item(self.out, field);
        put_item(self.out, value);
    }

    /// After the last field.
    ///
    /// # Panics
    /// If there were more or fewer fields than said.
    pub fn finish(self) {
        assert_eq!(self.pushed, self.len);
        if let Some(pack) = self.pack {
            self.out.push(kind::HASH_LISTPACK);
            put_string(self.out, &pack.finish());
        }
    }

    fn spill(&mut self) {
        self.out.push(kind::HASH);
        put_length(self.out, self.len as u64);
        let pack = self.pack.take().unwrap_or_default().finish();
        own_items(&pack).for_each(|item| put_item(self.out, item));
    }
}

/// Writes a sorted set.
#[derive(Debug)]
pub struct SortedSetWriter<'o> {
    out: &'o mut Vec<u8>,
    len: usize,
    pushed: usize,
    /// Members and scores, as long as they are few and short.
    pack: Option<Builder>,
}

impl<'o> SortedSetWriter<'o> {
    /// Of so many members, at least one.
    pub fn new(out: &'o mut Vec<u8>, len: usize) -> Self {
        let mut set = Self { out, len, pushed: 0, pack: Some(Builder::default()) };
        if len > PACK_ITEMS_MAX {
            set.spill();
        }
        set
    }

    /// The next member, each once, with its score, which is not NaN. They must ascend, by score
    /// and then by member: Redis relies on that in small sets without checking it.
    pub fn push(&mut self, member: Item<'_>, score: f64) {
        self.pushed += 1;
        if let Some(pack) = &mut self.pack {
            if is_short(member) {
                pack.push(member);
                push_score(pack, score);
                return;
            }
            self.spill();
        }
        self.put(member, score);
    }

    /// After the last member.
    ///
    /// # Panics
    /// If there were more or fewer members than said.
    pub fn finish(self) {
        assert_eq!(self.pushed, self.len);
        if let Some(pack) = self.pack {
            self.out.push(kind::ZSET_LISTPACK);
            put_string(self.out, &pack.finish());
        }
    }

    fn spill(&mut self) {
        self.out.push(kind::ZSET_2);
        put_length(self.out, self.len as u64);
        let pack = self.pack.take().unwrap_or_default().finish();
        let mut items = own_items(&pack);
        while let (Some(member), Some(score)) = (items.next(), items.next()) {
            self.put(member, read::score(score).expect("was written as a score"));
        }
    }

    fn put(&mut self, member: Item<'_>, score: f64) {
        put_item(self.out, member);
        self.out.extend(score.to_le_bytes());
    }
}

fn is_short(item: Item<'_>) -> bool {
    item.text_len() <= PACK_ITEM_BYTES_MAX
}

/// As an integer if it is one.
fn push_score(pack: &mut Builder, score: f64) {
    let value = score as i64;
    if (value as f64).to_bits() == score.to_bits() {
        pack.push(Item::Int(value));
    } else {
        pack.push(Item::Bytes(score_text(score).as_bytes()));
    }
}

/// The fewest digits that tell it, and an exponent rather than many zeros.
fn score_text(score: f64) -> String {
    match score.abs() {
        1e-5..1e17 => score.to_string(),
        _ => format!("{score:e}"),
    }
}

/// The items of a listpack that was written here.
fn own_items(pack: &[u8]) -> impl Iterator<Item = Item<'_>> {
    const OWN: &str = "was written as a listpack";
    listpack::items(pack).expect(OWN).map(|item| item.expect(OWN))
}

/// Writes what was read.
pub(super) fn payload(payload: &Payload, out: &mut Vec<u8>) {
    match payload {
        Payload::String(string) => write_string(out, Item::new(string)),
        Payload::List(items) => {
            let mut list = ListWriter::new(out);
            items.iter().for_each(|item| list.push(Item::new(item)));
            list.finish();
        }
        Payload::Set(members) => {
            let mut set = SetWriter::new(out, members.len());
            members.iter().for_each(|member| set.push(Item::new(member)));
            set.finish();
        }
        Payload::Hash(fields) => {
            let mut hash = HashWriter::new(out, fields.pairs().len());
            fields.pairs().for_each(|(field, value)| hash.push(Item::new(field), Item::new(value)));
            hash.finish();
        }
        Payload::SortedSet { members, scores } => sorted_set(members, scores, out),
        Payload::Stream(stream) => {
            let mut writer = StreamWriter::new(out);
            for entry in stream.entries.iter() {
                let fields = entry.fields();
                writer.push(entry.id(), fields.map(|(f, v)| (Item::new(f), Item::new(v))));
            }
            writer.finish(&stream.state);
        }
    }
}

fn sorted_set(members: &Strings, scores: &[f64], out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = scores.iter().copied().zip(members.iter()).collect();
    sorted.sort_unstable_by(|one, other| {
        let by_score = one.0.partial_cmp(&other.0).expect("a score is a number");
        by_score.then(one.1.cmp(other.1))
    });
    let mut set = SortedSetWriter::new(out, sorted.len());
    sorted.iter().for_each(|(score, member)| set.push(Item::new(member), *score));
    set.finish();
}
