//! A block: some entries that follow each other, in one run of bytes.
//!
//! ```text
//! entries, 2 bytes | entries ever added, 2 bytes | ID that is not greater than any, 16 bytes
//! | number of field names | field names | entries
//! entry: length of the rest | ID | values
//!    or: length of the rest | ID | number of fields | names and values
//! string: length | bytes
//!    or: length | integer
//! ```
//! Most entries of a stream have the same field names, which stand once in front then. An ID is the
//! difference to the block's. Numbers and lengths have seven bits a byte; the lowest bit of a length
//! tells which of two forms follows.
//!
//! All operations take O(size of the block).

use super::StreamId;
use crate::value::pack::Item;
use std::ops::Range;

const LIVE: Range<usize> = 0..2;
const ADDED: Range<usize> = 2..4;
const BASE_MS: Range<usize> = 4..12;
const BASE_SEQ: Range<usize> = 12..20;
const HEAD: usize = BASE_SEQ.end;

/// An entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    id: StreamId,
    len: usize,
    /// If they are apart from the values.
    names: Option<&'a [u8]>,
    fields: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Its ID.
    pub fn id(self) -> StreamId {
        self.id
    }

    /// How many fields it has.
    #[allow(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(self) -> usize {
        self.len
    }

    /// Its fields with their values; a field may occur twice.
    pub fn fields(self) -> impl ExactSizeIterator<Item = [Item<'a>; 2]> + Clone {
        let (mut names, mut rest) = (self.names, self.fields);
        (0..self.len).map(move |_| {
            let name = string(names.as_mut().unwrap_or(&mut rest));
            [name, string(&mut rest)]
        })
    }
}

/// A block, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockRef<'a>(&'a [u8]);

/// An entry with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) range: Range<usize>,
}

impl<'a> BlockRef<'a> {
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many entries there are. O(1).
    pub(super) fn len(self) -> usize {
        if self.0.is_empty() { 0 } else { u16_at(self.0, LIVE).into() }
    }

    /// An ID that is not greater than those of the entries. O(1).
    pub(super) fn base(self) -> StreamId {
        StreamId { ms: u64_at(self.0, BASE_MS), seq: u64_at(self.0, BASE_SEQ) }
    }

    /// The entries in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.placed().map(|placed| placed.entry)
    }

    pub(super) fn placed(self) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        let is_empty = self.0.is_empty();
        let (base, names, mut rest) =
            if is_empty { (StreamId::MIN, self.0, self.0) } else { self.parts() };
        let same_len = if is_empty { 0 } else { number(&mut { names }) as usize };
        std::iter::from_fn(move || {
            let start = self.0.len() - rest.len();
            let (length, has_names) = length(rest.first().map(|_| &mut rest)?);
            let (mut body, behind) = rest.split_at(length);
            rest = behind;
            let id = id(&mut body, base);
            let (len, names) = match has_names {
                true => (number(&mut body) as usize, None),
                false => (same_len, Some(without_number(names))),
            };
            let range = start..self.0.len() - rest.len();
            Some(Placed { entry: Entry { id, len, names, fields: body }, range })
        })
    }

    /// The first ID, the names with their number, and the entries.
    fn parts(self) -> (StreamId, &'a [u8], &'a [u8]) {
        let names = &self.0[HEAD..];
        let mut rest = names;
        for _ in 0..number(&mut rest) {
            string(&mut rest);
        }
        (self.base(), &names[..names.len() - rest.len()], rest)
    }

    /// A copy.
    pub(super) fn to_owned(self) -> Block {
        Block(self.0.to_vec())
    }

    fn added(self) -> usize {
        if self.0.is_empty() { 0 } else { u16_at(self.0, ADDED).into() }
    }
}

/// When a block is full.
#[derive(Clone, Copy, Debug)]
pub struct BlockSizes {
    /// How many entries are ever added to one.
    pub entries_max: usize,
    /// How many bytes it has, unless it is one entry alone.
    pub bytes_max: usize,
}

/// A block that owns its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Block(Vec<u8>);

impl Block {
    pub(super) fn view(&self) -> BlockRef<'_> {
        BlockRef(&self.0)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The memory that it takes, in bytes. O(1).
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// Whether there is room for an entry of strings that have so many bytes together. O(1).
    pub(super) fn has_room(&self, bytes: usize, sizes: BlockSizes) -> bool {
        let added = self.view().added();
        added == 0 || (added < sizes.entries_max && self.0.len() + bytes < sizes.bytes_max)
    }

    /// Adds an entry behind all others. `fields` are names and values in turn.
    pub(super) fn push<'a>(
        &mut self,
        id: StreamId,
        fields: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    ) {
        let names = fields.clone().step_by(2).map(Item::new);
        if self.0.is_empty() {
            self.begin(id, names.clone());
        }
        let (base, own_names, _) = self.view().parts();
        let has_names = !are_same(Strings::new(own_names), names);
        let start = self.0.len();
        write_id(&mut self.0, id, base);
        if has_names {
            write_number(&mut self.0, fields.len() as u64 / 2);
            fields.for_each(|field| write_string(&mut self.0, Item::new(field)));
        } else {
            let values = fields.skip(1).step_by(2);
            values.for_each(|value| write_string(&mut self.0, Item::new(value)));
        }
        self.put_length_at(start, has_names);
        self.recount(1, 1);
    }

    /// Takes out the entries in a range of bytes.
    pub(super) fn cut_out(&mut self, range: Range<usize>, entries: usize) {
        self.0.drain(range);
        self.recount(-(entries as i32), 0);
        if self.view().len() == 0 {
            self.0 = Vec::new();
        } else if self.0.capacity() / 4 > self.0.len() {
            self.0.shrink_to(self.0.len() * 2);
        }
    }

    fn begin<'a>(&mut self, base: StreamId, names: impl ExactSizeIterator<Item = Item<'a>>) {
        self.0.extend_from_slice(&[0; BASE_MS.start]);
        self.0.extend_from_slice(&base.ms.to_le_bytes());
        self.0.extend_from_slice(&base.seq.to_le_bytes());
        write_number(&mut self.0, names.len() as u64);
        names.for_each(|name| write_string(&mut self.0, name));
    }

    /// Puts the length of what stands behind `start` before it.
    fn put_length_at(&mut self, start: usize, has_names: bool) {
        let end = self.0.len();
        write_length(&mut self.0, end - start, has_names);
        self.0[start..].rotate_left(end - start);
    }

    fn recount(&mut self, more: i32, added: u16) {
        let live = (self.view().len() as i32 + more) as u16;
        let added = self.view().added() as u16 + added;
        self.0[LIVE].copy_from_slice(&live.to_le_bytes());
        self.0[ADDED].copy_from_slice(&added.to_le_bytes());
    }
}

/// The strings behind their number.
struct Strings<'a> {
    left: u64,
    rest: &'a [u8],
}

impl<'a> Strings<'a> {
    fn new(mut bytes: &'a [u8]) -> Self {
        Self { left: number(&mut bytes), rest: bytes }
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(string(&mut self.rest))
    }
}

fn are_same<'a>(names: Strings<'_>, others: impl ExactSizeIterator<Item = Item<'a>>) -> bool {
    names.left == others.len() as u64 && names.zip(others).all(|(name, other)| name == other)
}

fn without_number(mut names: &[u8]) -> &[u8] {
    number(&mut names);
    names
}

fn u16_at(bytes: &[u8], range: Range<usize>) -> u16 {
    u16::from_le_bytes(bytes[range].try_into().expect("two bytes"))
}

fn u64_at(bytes: &[u8], range: Range<usize>) -> u64 {
    u64::from_le_bytes(bytes[range].try_into().expect("eight bytes"))
}

/// Reading takes what it reads from the front.
fn number(rest: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, behind) = rest.split_first().expect("a whole number");
        *rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
        shift += 7;
    }
}

fn write_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A length and which form follows.
fn length(rest: &mut &[u8]) -> (usize, bool) {
    let number = number(rest);
    ((number >> 1) as usize, number & 1 == 1)
}

fn write_length(out: &mut Vec<u8>, length: usize, form: bool) {
    write_number(out, (length as u64) << 1 | u64::from(form));
}

fn id(rest: &mut &[u8], base: StreamId) -> StreamId {
    let (ms, seq) = (number(rest), number(rest));
    StreamId { ms: base.ms + ms, seq: if ms == 0 { base.seq + seq } else { seq } }
}

fn write_id(out: &mut Vec<u8>, id: StreamId, base: StreamId) {
    let ms = id.ms - base.ms;
    write_number(out, ms);
    write_number(out, if ms == 0 { id.seq - base.seq } else { id.seq });
}

fn string<'a>(rest: &mut &'a [u8]) -> Item<'a> {
    let (length, is_int) = length(rest);
    let (bytes, behind) = rest.split_at(length);
    *rest = behind;
    if !is_int {
        return Item::Bytes(bytes);
    }
    let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
    let shift = 64 - 8 * bytes.len() as u32;
    Item::Int((bits << shift) as i64 >> shift)
}

fn write_string(out: &mut Vec<u8>, item: Item<'_>) {
    match item {
        Item::Bytes(bytes) => {
            write_length(out, bytes.len(), false);
            out.extend_from_slice(bytes);
        }
        Item::Int(value) => {
            // Sign bits need not be kept, but for one.
            let bits = 65 - (value ^ (value >> 63)).leading_zeros() as usize;
            let len = bits.div_ceil(8);
            write_length(out, len, true);
            out.extend_from_slice(&value.to_le_bytes()[..len]);
        }
    }
}
