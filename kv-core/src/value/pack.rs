//! A pack: a few short items in one run of bytes, the building block of all collections.
//!
//! ```text
//! number of items, 2 bytes | a code for each item | the items' bytes, one after the other
//! ```
//! A code tells what an item is and how long: up to 127 bytes, or an integer of 1 to 8 bytes, or
//! bytes whose length stands before and behind them. Codes lie side by side, so that the place of
//! an item is a sum over them, from either end, eight codes at a time. The form of an item is
//! unique: two items are the same if their codes and bytes are.
//!
//! A pack in an entry ([`Dense`]) can have codes of fewer bits. What is changed has a byte for each.
//!
//! All operations take O(size of the pack), which their users keep to about a kilobyte.

mod codes;

use super::string::{IntBuffer, parse_int};
use crate::slab::prefetch_slice;
use crate::wide::{self, partial_word};
use codes::{Codes, Ends, LANES, Narrow, Narrowing};
use std::ops::Range;

pub(crate) use codes::Form;

/// Up to here a code is a length.
const SHORT_MAX: usize = 127;
/// The code of an integer is the number of its bytes with this bit.
const INT: u8 = 0x80;
/// The length has two bytes, and stands before and behind the item.
const MEDIUM: u8 = 0xf0;
/// The same with four bytes.
const LONG: u8 = 0xf1;
/// The bits of a code that are the length, unless [`is_long`].
const LENGTH: u8 = 0x7f;

const COUNT_BYTES: usize = 2;

/// So many codes are added up faster than it is found out from which end there are fewer.
const FEW: usize = 64;

/// Whether a code is not all that tells the length.
const fn is_long(code: u8) -> bool {
    code >= MEDIUM
}

/// An item: bytes, or an integer that reads as its decimal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The decimal form of an integer.
    Int(i64),
    /// Bytes that are no canonical decimal form of an integer.
    Bytes(&'a [u8]),
}

impl<'a> Item<'a> {
    /// The item of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        parse_int(bytes).map_or(Self::Bytes(bytes), Self::Int)
    }

    /// The bytes; those of an integer are written into `buffer`.
    pub fn as_bytes(self, buffer: &'a mut IntBuffer) -> &'a [u8] {
        match self {
            Self::Int(value) => buffer.format(value).as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(self) -> Vec<u8> {
        self.as_bytes(&mut IntBuffer::new()).to_vec()
    }

    /// How many bytes it reads as.
    pub fn text_len(self) -> usize {
        self.as_bytes(&mut IntBuffer::new()).len()
    }

    /// How many bytes it takes in a pack, its code included.
    pub fn packed_len(self) -> usize {
        1 + Encoded::new(self).len()
    }
}

/// An item as a pack holds it.
#[derive(Clone, Copy, Debug)]
struct Encoded<'a> {
    code: u8,
    /// The bytes of an integer, or the length of a long item.
    word: [u8; 8],
    bytes: &'a [u8],
}

impl<'a> Encoded<'a> {
    fn new(item: Item<'a>) -> Self {
        match item {
            Item::Int(value) => {
                // Sign bits need not be kept, but for one.
                let bits = 65 - (value ^ (value >> 63)).leading_zeros();
                let code = INT | bits.div_ceil(8) as u8;
                Self { code, word: value.to_le_bytes(), bytes: &[] }
            }
            Item::Bytes(bytes) => {
                let code = match bytes.len() {
                    len @ 0..=SHORT_MAX => len as u8,
                    0..=0xffff => MEDIUM,
                    _ => LONG,
                };
                Self { code, word: (bytes.len() as u64).to_le_bytes(), bytes }
            }
        }
    }

    /// What stands before the bytes: an integer or a length.
    fn head(&self) -> &[u8] {
        match self.code {
            0..INT => &[],
            INT..MEDIUM => &self.word[..usize::from(self.code & LENGTH)],
            code => &self.word[..length_bytes(code)],
        }
    }

    fn tail(&self) -> &[u8] {
        &self.word[..length_bytes(self.code)]
    }

    #[inline]
    fn len(&self) -> usize {
        match self.code {
            0..INT => self.bytes.len(),
            _ => self.head().len() + self.bytes.len() + self.tail().len(),
        }
    }

    fn write(&self, place: &mut [u8]) {
        if usize::from(self.code) <= SHORT_MAX {
            return place.copy_from_slice(self.bytes);
        }
        let (head, rest) = place.split_at_mut(self.head().len());
        let (bytes, tail) = rest.split_at_mut(self.bytes.len());
        head.copy_from_slice(self.head());
        bytes.copy_from_slice(self.bytes);
        tail.copy_from_slice(self.tail());
    }

    fn append_to(&self, out: &mut Vec<u8>) {
        for part in [self.head(), self.bytes, self.tail()] {
            out.extend_from_slice(part);
        }
    }

    /// Whether it is the item with the same code whose bytes stand at the end of these.
    #[inline(always)]
    fn is_last(&self, bytes: &[u8]) -> bool {
        if usize::from(self.code) <= SHORT_MAX {
            return bytes.ends_with(self.bytes);
        }
        let parts = [self.tail(), self.bytes, self.head()];
        let rest = parts.iter().try_fold(bytes, |bytes, part| bytes.strip_suffix(*part));
        rest.is_some()
    }
}

/// How many bytes the length of a long item has.
fn length_bytes(code: u8) -> usize {
    match code {
        MEDIUM => 2,
        LONG => 4,
        _ => 0,
    }
}

/// How many bytes the first item has, given its code and all data.
#[inline]
fn item_len(code: u8, data: &[u8]) -> usize {
    if is_long(code) {
        let length = length_bytes(code);
        2 * length + read_length(&data[..length])
    } else {
        (code & LENGTH).into()
    }
}

fn read_length(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte))
}

#[inline]
fn decode(code: u8, bytes: &[u8]) -> Item<'_> {
    if code < INT {
        return Item::Bytes(bytes);
    }
    if is_long(code) {
        let length = length_bytes(code);
        return Item::Bytes(&bytes[length..bytes.len() - length]);
    }
    Item::Int(read_int(bytes))
}

/// The integer with these bytes, at most eight, the lowest first.
///
/// # Panics
/// If there are none.
#[inline]
pub(super) fn read_int(bytes: &[u8]) -> i64 {
    let shift = 64 - 8 * bytes.len() as u32;
    (partial_word(bytes) << shift) as i64 >> shift
}

/// The integer that the first `len` of these bytes are, at most eight.
#[inline(always)]
fn first_int(bytes: &[u8], len: usize) -> i64 {
    match bytes.first_chunk() {
        Some(word) => {
            let shift = 64 - 8 * len as u32;
            (u64::from_le_bytes(*word) << shift) as i64 >> shift
        }
        None => read_int(&bytes[..len]),
    }
}

/// A pack, wherever it is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct PackRef<'a> {
    bytes: &'a [u8],
    form: Form,
}

impl<'a> PackRef<'a> {
    /// The pack whose bytes these are, as [`PackRef::as_bytes`] gave them, in its plain form.
    #[inline(always)]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, form: Form::Plain }
    }

    /// The pack whose bytes these are, as [`Dense::write`] wrote them, in another form.
    #[inline]
    pub(crate) fn with_form(bytes: &'a [u8], form: Form) -> Self {
        Self { bytes, form }
    }

    /// Asks the processor for it, since what is looked at first is not all that will be.
    pub(crate) fn prefetch(self) {
        prefetch_slice(self.bytes);
    }

    /// All of its bytes, if it has the plain form.
    pub fn as_bytes(self) -> &'a [u8] {
        debug_assert_eq!(self.form, Form::Plain, "a pack in an entry has bytes of its own");
        self.bytes
    }

    /// How many items there are. O(1).
    #[inline(always)]
    pub fn count(self) -> usize {
        match self.form {
            Form::Plain => {
                self.bytes.first_chunk().map_or(0, |count| u16::from_le_bytes(*count).into())
            }
            Form::Narrow { .. } => self.bytes[0].into(),
        }
    }

    /// Whether there is no item. O(1).
    pub fn is_empty(self) -> bool {
        self.count() == 0
    }

    /// How many bytes it has in its plain form. O(1).
    pub fn plain_len(self) -> usize {
        COUNT_BYTES + self.iter().packed_len()
    }

    #[inline]
    fn codes(self) -> Codes<'a> {
        self.iter().codes
    }

    #[inline]
    fn data(self) -> &'a [u8] {
        self.iter().data
    }

    /// The item at `index`.
    pub fn get(self, index: usize) -> Option<Item<'a>> {
        self.iter_from(index).next()
    }

    /// The last item. O(1).
    pub fn last(self) -> Option<Item<'a>> {
        self.iter().next_back()
    }

    /// Where the rest of its items begins.
    #[inline]
    pub(crate) fn mark(self, rest: &Items<'_>) -> Mark {
        let code = COUNT_BYTES + self.count() - rest.codes.len();
        Mark { code, byte: self.bytes.len() - rest.data.len() }
    }

    /// All items, from either end.
    #[inline(always)]
    pub fn iter(self) -> Items<'a> {
        match self.form {
            Form::Plain => {
                let (codes, data) = self.plain_parts();
                Items { codes: Codes::Plain(codes), data }
            }
            Form::Narrow { width, stride } => {
                let (codes, data) = Narrow::read(self.bytes, width, stride);
                Items { codes: Codes::Narrow(codes), data }
            }
        }
    }

    /// The items from `index` on, from either end.
    #[inline(always)]
    pub fn iter_from(self, index: usize) -> Items<'a> {
        let items = self.iter();
        if index == 0 {
            return items;
        }
        if index >= items.codes.len() {
            return Items { codes: Codes::default(), data: &[] };
        }
        let (_, codes) = items.codes.split_at(index);
        let offset = self.offset_near(index).unwrap_or_else(|| items.offset(index));
        Items { codes, data: &items.data[offset..] }
    }

    /// The codes and the data of a plain pack.
    #[inline(always)]
    fn plain_parts(self) -> (&'a [u8], &'a [u8]) {
        let items = self.bytes.get(COUNT_BYTES..).unwrap_or_default();
        items.split_at(self.count())
    }

    /// The items of a plain pack before one, where it is known at which byte of the data that begins. O(1).
    pub fn iter_to(self, index: usize, begin: usize) -> Items<'a> {
        debug_assert_eq!(self.iter().offset(index), begin, "item {index} begins elsewhere");
        let (codes, data) = self.plain_parts();
        Items { codes: Codes::Plain(&codes[..index]), data: &data[..begin] }
    }

    /// The items of a plain pack from one on, where it is known at which byte of the data they begin. O(1).
    #[inline(always)]
    pub fn iter_at(self, index: usize, begin: usize) -> Items<'a> {
        debug_assert_eq!(self.iter().offset(index), begin, "item {index} begins elsewhere");
        let (codes, data) = self.plain_parts();
        Items { codes: Codes::Plain(&codes[index..]), data: &data[begin..] }
    }

    /// Where the data of the item at `index` begins, if that can be told from the first codes.
    #[inline(always)]
    fn offset_near(self, index: usize) -> Option<usize> {
        if self.form != Form::Plain || index > wide::LANES {
            return None;
        }
        // Behind the codes is other data, which does not count.
        let (_, codes) = self.bytes.split_first_chunk::<COUNT_BYTES>()?;
        codes::bytes_of_first(codes.first_chunk()?, index)
    }

    /// The first item, if it is bytes, and all that lies in memory from its first byte on.
    #[inline(always)]
    pub(crate) fn first_bytes(self) -> (&'a [u8], &'a [u8]) {
        let Some(Item::Bytes(bytes)) = self.iter().next() else { return (&[], &[]) };
        let start = bytes.as_ptr().addr() - self.bytes.as_ptr().addr();
        (bytes, &self.bytes[start..])
    }

    /// The records of `stride` items each.
    ///
    /// # Panics
    /// If the pack ends within a record.
    pub fn records(self, stride: usize) -> impl Iterator<Item = Items<'a>> {
        let mut rest = self.iter();
        (0..self.count().div_ceil(stride)).map(move |_| rest.take_front(stride))
    }

    /// Writes into `out` what this pack is with other items in the place of some. The ranges follow
    /// each other. One pass, where to splice a copy would take one for each change.
    ///
    /// # Panics
    /// If there would be more than 65535 items.
    pub fn edit_into<const N: usize>(
        self,
        edits: [(Range<usize>, &[Item<'_>]); N],
        out: &mut Pack,
    ) {
        let (mut rest, mut at) = (self.iter(), 0);
        let parts = edits.map(|(range, items)| {
            let kept = rest.take_front(range.start - at);
            rest.take_front(range.len());
            at = range.end;
            (kept, items)
        });
        let out = &mut out.0;
        out.clear();
        out.extend_from_slice(&[0; COUNT_BYTES]);
        for (kept, items) in &parts {
            kept.codes.append_to(out);
            out.extend(items.iter().map(|&item| Encoded::new(item).code));
        }
        rest.codes.append_to(out);
        let count = u16::try_from(out.len() - COUNT_BYTES).expect("a pack is small");
        out[..COUNT_BYTES].copy_from_slice(&count.to_le_bytes());
        for (kept, items) in &parts {
            out.extend_from_slice(kept.data);
            items.iter().for_each(|&item| Encoded::new(item).append_to(out));
        }
        out.extend_from_slice(rest.data);
    }

    /// The items of a range, from either end.
    pub fn range(self, range: Range<usize>) -> Items<'a> {
        self.iter_from(range.start).take_front(range.len())
    }

    /// Where the items of a range are.
    #[inline]
    pub fn run(self, range: Range<usize>) -> Run {
        self.run_of(self.iter_from(range.start), range.len())
    }

    /// Where the first `count` items of `rest` are, which is what the pack ends with.
    #[inline]
    pub fn run_of(self, mut rest: Items<'_>, count: usize) -> Run {
        let (first, begin) = (self.count() - rest.len(), self.data().len() - rest.data.len());
        Run::of(&rest.take_front(count), first, begin)
    }

    /// The index of the first item of the first record of `stride` items whose item number `offset` is this one.
    pub fn find(self, item: Item<'_>, stride: usize, offset: usize) -> Option<usize> {
        self.seek(item, stride, offset).map(|rest| self.count() - rest.len())
    }

    /// The items from that one on.
    pub fn seek(self, item: Item<'_>, stride: usize, offset: usize) -> Option<Items<'a>> {
        let wanted = Wanted::new(item);
        match (stride, offset) {
            (1, 0) => self.seek_in([0, 1, 2, 3, 4, 5, 6, 7], wanted),
            (2, 0) => self.seek_in([0, 2, 4, 6], wanted),
            (2, 1) => self.seek_in([1, 3, 5, 7], wanted),
            _ => self.iter().seek_one_by_one(wanted.item, stride, offset),
        }
    }

    /// The same. Of eight items each, these are in the column.
    #[inline(always)]
    fn seek_in<const N: usize>(self, column: [usize; N], wanted: Wanted<'_>) -> Option<Items<'a>> {
        match self.codes() {
            Codes::Plain(codes) => self.seek_among(|at| codes::word(codes, at), column, wanted),
            Codes::Narrow(codes) => self.seek_among(|at| codes.word(at), column, wanted),
        }
    }

    /// The same. Asks once for all codes how they are written, eight of which `word` gives at a time.
    #[inline(always)]
    fn seek_among<const N: usize>(
        self,
        word: impl Fn(usize) -> u64,
        column: [usize; N],
        wanted: Wanted<'_>,
    ) -> Option<Items<'a>> {
        let Items { codes, data } = self.iter();
        let (count, mut at, mut begin) = (codes.len(), 0, self.bytes.len() - data.len());
        while at < count {
            let Some(ends) = Ends::of(word(at)) else {
                let rest = Items { codes: codes.split_at(at).1, data: &self.bytes[begin..] };
                return rest.seek_one_by_one(wanted.item, LANES / N, column[0]);
            };
            let place = wanted.place(self.bytes, begin);
            for lane in column {
                let end = ends.get(lane);
                if wanted.may_end(place, end) {
                    let end = begin + usize::from(end);
                    let found = self.record_if(&wanted.item, at + lane, end, column[0]);
                    if found.is_some() {
                        return found;
                    }
                }
            }
            begin += usize::from(ends.get(LANES - 1));
            at += LANES;
        }
        None
    }

    /// The items from one on that is `offset` before that at `index`, if there is one which ends at `end` and is
    /// `wanted`. Those before it are short.
    #[inline(never)]
    fn record_if(
        self,
        wanted: &Encoded<'_>,
        index: usize,
        end: usize,
        offset: usize,
    ) -> Option<Items<'a>> {
        let codes = self.codes();
        if index >= codes.len() {
            return None;
        }
        let (mut before, mut from) = codes.split_at(index);
        if from.take_first() != Some(wanted.code) || !wanted.is_last(&self.bytes[..end]) {
            return None;
        }
        let mut begin = end - wanted.len();
        for _ in 0..offset {
            begin -= usize::from(before.take_last()? & LENGTH);
        }
        Some(Items { codes: codes.split_at(index - offset).1, data: &self.bytes[begin..] })
    }
}

/// An item that is sought in a pack.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    item: Encoded<'a>,
    /// So many bytes that it ends with are known, at most eight.
    known: u16,
    /// These, as the lowest of a word, and which bytes of the word they are.
    last: u64,
    mask: u64,
}

impl<'a> Wanted<'a> {
    fn new(item: Item<'a>) -> Self {
        let item = Encoded::new(item);
        let bytes = if item.code < INT { item.bytes } else { item.head() };
        let known = &bytes[bytes.len().saturating_sub(LANES)..];
        let mask = u64::MAX.checked_shr(u8::BITS * (LANES - known.len()) as u32).unwrap_or(0);
        Self { item, known: known.len() as u16, last: partial_word(known), mask }
    }

    /// What an item may lie in that ends some bytes behind `begin`, and how many of these bytes are not in it.
    #[inline(always)]
    fn place<'b>(&self, bytes: &'b [u8], begin: usize) -> (&'b [u8], u16) {
        let before = begin.min(self.known.into());
        (&bytes[begin - before..], self.known - before as u16)
    }

    /// Whether an item that ends there may be it: items that are kept together often begin alike, and seldom
    /// end alike.
    #[inline(always)]
    fn may_end(&self, (bytes, missing): (&[u8], u16), end: u16) -> bool {
        let begin = usize::from(end.wrapping_sub(missing));
        match bytes.get(begin..begin + LANES).and_then(|bytes| bytes.first_chunk()) {
            Some(word) => u64::from_le_bytes(*word) & self.mask == self.last,
            // Near the ends of a pack.
            None => true,
        }
    }
}

/// A pack as it lies in an entry: in its shortest form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dense<'a> {
    pack: PackRef<'a>,
    narrowing: Option<Narrowing>,
    len: usize,
}

impl<'a> Dense<'a> {
    /// The shortest form of a pack, whose records have `stride` items, 1 or 2.
    pub(crate) fn new(pack: PackRef<'a>, stride: u8) -> Self {
        let narrowing = match pack.codes() {
            Codes::Plain(codes) => Narrowing::of(codes, stride),
            Codes::Narrow(_) => None,
        };
        let len = narrowing
            .map_or(pack.bytes.len(), |narrowing| narrowing.len(pack.count()) + pack.data().len());
        Self { pack, narrowing, len }
    }

    /// How many bytes it has.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Writes it to a place of its length, and gives the form that it has there.
    pub(crate) fn write(self, place: &mut [u8]) -> Form {
        let Items { codes, data } = self.pack.iter();
        match (self.narrowing, codes) {
            (Some(narrowing), Codes::Plain(codes)) => {
                let (head, rest) = place.split_at_mut(narrowing.len(codes.len()));
                narrowing.write(codes, head);
                rest.copy_from_slice(data);
                narrowing.form()
            }
            _ => {
                place.copy_from_slice(self.pack.bytes);
                self.pack.form
            }
        }
    }
}

/// Where some items of a pack are that follow each other, until its next change.
#[derive(Clone, Debug)]
pub struct Run {
    items: Range<usize>,
    /// In the data.
    bytes: Range<usize>,
}

impl Run {
    /// That of these items, where it is known at which index and at which byte of the data they begin.
    #[inline]
    pub fn of(items: &Items<'_>, index: usize, begin: usize) -> Self {
        Self { items: index..index + items.len(), bytes: begin..begin + items.data_len() }
    }

    /// How many bytes they take in a plain pack. O(1).
    pub fn packed_len(&self) -> usize {
        self.items.len() + self.bytes.len()
    }
}

/// Where an item begins in the bytes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    code: usize,
    byte: usize,
}

/// Writes items in the place of others, in the bytes of a pack, if they have just the same form. False
/// if they have not.
#[inline]
pub(crate) fn overwrite(pack: &mut [u8], at: Mark, items: &[Item<'_>]) -> bool {
    let mut old = Items { codes: Codes::Plain(&pack[at.code..]), data: &pack[at.byte..] };
    let encoded = items.iter().map(|&item| Encoded::new(item));
    let fits = encoded.clone().all(|item| {
        old.next_raw().is_some_and(|(code, bytes)| code == item.code && bytes.len() == item.len())
    });
    if fits {
        encoded.fold(at.byte, |at, item| {
            item.write(&mut pack[at..at + item.len()]);
            at + item.len()
        });
    }
    fits
}

/// Takes items out of the bytes of a pack, and one byte out of its first item, if that is a short one. How long
/// the pack is then; what follows is of no use. None, and nothing has changed, if the first item is long.
pub fn cut(pack: &mut [u8], byte: usize, range: Range<usize>) -> Option<usize> {
    let view = PackRef::from_bytes(pack);
    let (count, column) = (view.count(), pack[COUNT_BYTES]);
    let column = (usize::from(column) <= SHORT_MAX).then(|| column - 1)?;
    let (data, span) = (COUNT_BYTES + count, view.run(range.clone()).bytes);
    let (begin, end) = (data + span.start, data + span.end);
    let codes = COUNT_BYTES + range.start..COUNT_BYTES + range.end;
    let mut len = codes.start;
    for kept in [codes.end..data + byte, data + byte + 1..begin, end..pack.len()] {
        let size = kept.len();
        pack.copy_within(kept, len);
        len += size;
    }
    pack[..COUNT_BYTES].copy_from_slice(&((count - range.len()) as u16).to_le_bytes());
    pack[COUNT_BYTES] = column;
    Some(len)
}

/// How many bytes the items of these codes have at the beginning of the data. The codes are whole words, and
/// no more than a few hundred.
#[inline(always)]
fn bytes_of_words(codes: &[u8], data: &[u8]) -> usize {
    let words = codes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    codes::sum_of_words(words)
        .unwrap_or_else(|| Items { codes: Codes::Plain(codes), data }.bytes_one_by_one())
}

/// The same of few codes.
#[inline(always)]
fn bytes_of_each(codes: &[u8], data: &[u8]) -> usize {
    codes.iter().fold(0, |begin, &code| begin + item_len(code, &data[begin..]))
}

/// The items of a pack, or some of them.
#[derive(Clone, Debug, Default)]
pub struct Items<'a> {
    codes: Codes<'a>,
    data: &'a [u8],
}

impl<'a> Items<'a> {
    /// Where the bytes of the item at `index` begin; at their end for the number of items.
    #[inline]
    fn offset(&self, index: usize) -> usize {
        let count = self.codes.len();
        if index == count {
            return self.data.len();
        }
        let (before, from) = self.codes.split_at(index);
        if index > FEW && index > count / 2 {
            // It is nearer to the end.
            return self.data.len() - Self { codes: from, ..*self }.rev_bytes();
        }
        Self { codes: before, ..*self }.bytes()
    }

    /// How many bytes they take in a plain pack. O(1).
    pub fn packed_len(&self) -> usize {
        self.codes.len() + self.data.len()
    }

    /// The same without their codes.
    pub fn data_len(&self) -> usize {
        self.data.len()
    }

    /// Takes the first `count` items. O(count), and cheaper than to step over each.
    ///
    /// # Panics
    /// If there are fewer.
    // Inlined to where it is known that the codes are plain.
    #[inline(always)]
    pub fn take_front(&mut self, count: usize) -> Self {
        let (codes, rest) = self.codes.split_at(count);
        let (data, rest_data) = self.data.split_at(Self { codes, data: self.data }.bytes());
        *self = Self { codes: rest, data: rest_data };
        Self { codes, data }
    }

    /// Takes the last `count` items. O(count), and cheaper than to step over each.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn take_back(&mut self, count: usize) -> Self {
        let (rest, codes) = self.codes.split_at(self.codes.len() - count);
        let bytes = Self { codes, data: self.data }.rev_bytes();
        let (rest_data, data) = self.data.split_at(self.data.len() - bytes);
        *self = Self { codes: rest, data: rest_data };
        Self { codes, data }
    }

    #[inline(always)]
    fn next_raw(&mut self) -> Option<(u8, &'a [u8])> {
        let code = self.codes.take_first()?;
        let (bytes, data) = self.data.split_at(item_len(code, self.data));
        self.data = data;
        Some((code, bytes))
    }

    /// Leaves out the first item, which is not decoded.
    #[inline(always)]
    pub fn skip_front(&mut self) {
        self.next_raw();
    }

    /// Leaves out the last item, which is not decoded.
    pub fn skip_back(&mut self) {
        self.next_back_raw();
    }

    fn next_back_raw(&mut self) -> Option<(u8, &'a [u8])> {
        let code = self.codes.take_last()?;
        let end = self.data.len();
        let size = if is_long(code) {
            let length = length_bytes(code);
            2 * length + read_length(&self.data[end - length..])
        } else {
            (code & LENGTH).into()
        };
        let (data, bytes) = self.data.split_at(end - size);
        self.data = data;
        Some((code, bytes))
    }

    /// The same as [`PackRef::seek`].
    fn seek_one_by_one(
        mut self,
        wanted: Encoded<'_>,
        stride: usize,
        offset: usize,
    ) -> Option<Self> {
        let mut record = self.clone();
        for index in 0.. {
            if index % stride == 0 {
                record = self.clone();
            }
            let (code, bytes) = self.next_raw()?;
            if index % stride == offset && code == wanted.code && wanted.is_last(bytes) {
                return Some(record);
            }
        }
        None
    }

    /// How many bytes the items have at the beginning of the data.
    #[inline(always)]
    fn bytes(self) -> usize {
        self.codes.item_bytes().unwrap_or_else(|| self.bytes_one_by_one())
    }

    fn bytes_one_by_one(mut self) -> usize {
        let all = self.data.len();
        while self.next_raw().is_some() {}
        all - self.data.len()
    }

    /// How many bytes the items have at the end of the data.
    fn rev_bytes(mut self) -> usize {
        if let Some(bytes) = self.codes.item_bytes() {
            return bytes;
        }
        let all = self.data.len();
        while self.next_back_raw().is_some() {}
        all - self.data.len()
    }
}

impl<'a> Items<'a> {
    /// Folds every second item, as [`Iterator::fold`] all: those between are not decoded.
    #[inline]
    pub fn fold_seconds<B>(mut self, init: B, mut f: impl FnMut(B, Item<'a>) -> B) -> B {
        let Codes::Plain(codes) = self.codes else {
            let mut result = init;
            while self.len() > 1 {
                self.skip_front();
                result = f(result, self.next().expect("it is the second of two"));
            }
            return result;
        };
        let (pairs, _) = codes.as_chunks::<2>();
        pairs.iter().fold(init, |result, &[first, second]| {
            let (_, data) = self.data.split_at(item_len(first, self.data));
            let (bytes, data) = data.split_at(item_len(second, data));
            self.data = data;
            f(result, decode(second, bytes))
        })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Item<'a>> {
        let code = self.codes.take_first()?;
        let data = self.data;
        let (bytes, rest) = data.split_at(item_len(code, data));
        self.data = rest;
        Some(match code {
            // Cheaper with the bytes that follow.
            INT..MEDIUM => Item::Int(first_int(data, bytes.len())),
            _ => decode(code, bytes),
        })
    }

    /// Asks once for all items how their codes are written.
    #[inline]
    fn fold<B, F: FnMut(B, Item<'a>) -> B>(self, init: B, f: F) -> B {
        match self.codes {
            Codes::Plain(codes) => fold(codes.iter().copied(), self.data, init, f),
            Codes::Narrow(codes) => fold(codes, self.data, init, f),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.codes.len(), Some(self.codes.len()))
    }
}

#[inline(always)]
fn fold<'a, B>(
    codes: impl Iterator<Item = u8>,
    mut data: &'a [u8],
    init: B,
    mut f: impl FnMut(B, Item<'a>) -> B,
) -> B {
    codes.fold(init, |result, code| {
        let bytes;
        (bytes, data) = data.split_at(item_len(code, data));
        f(result, decode(code, bytes))
    })
}

impl DoubleEndedIterator for Items<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.next_back_raw().map(|(code, bytes)| decode(code, bytes))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// A pack that owns its memory.
#[derive(Clone, Debug, Default)]
pub struct Pack(Vec<u8>);

impl Pack {
    /// The pack whose bytes these are, as [`PackRef::as_bytes`] gave them.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// All of its bytes, with their memory.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A copy in the plain form, in the memory of `scratch`.
    pub(crate) fn plain(pack: PackRef<'_>, mut scratch: Vec<u8>) -> Self {
        scratch.clear();
        match pack.form {
            Form::Plain => scratch.extend_from_slice(pack.bytes),
            Form::Narrow { .. } => {
                let Items { codes, data } = pack.iter();
                scratch.extend_from_slice(&(codes.len() as u16).to_le_bytes());
                codes.append_to(&mut scratch);
                scratch.extend_from_slice(data);
            }
        }
        Self(scratch)
    }

    /// A view of it.
    #[inline(always)]
    pub fn view(&self) -> PackRef<'_> {
        PackRef::from_bytes(&self.0)
    }

    /// How many items there are. O(1).
    pub fn count(&self) -> usize {
        self.view().count()
    }

    /// Whether there is no item. O(1).
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many bytes it has. O(1).
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The records of `stride` items from the first on that is not `before`. All that are must stand before
    /// all that are not. Most are passed unseen, by a look at one some way behind them; a leaf of a tree is
    /// looked at some 20 times at most.
    #[inline(always)]
    pub fn partition(&self, stride: usize, before: impl Fn(Items<'_>) -> bool) -> Items<'_> {
        let (mut codes, mut data) = self.view().plain_parts();
        // Words of codes that are passed at once, so many that they have whole records; in the end, none.
        let unit = if LANES.is_multiple_of(stride) { 1 } else { stride };
        let mut words = 8 * unit;
        loop {
            let ahead = words * LANES;
            if ahead < codes.len() {
                let (passed, behind) = codes.split_at(ahead);
                let from = &data[bytes_of_words(passed, data)..];
                let (record, next) = behind.split_at(stride);
                if before(Items { codes: Codes::Plain(record), data: from }) {
                    (codes, data) = (behind, from);
                    if words == 0 {
                        (codes, data) = (next, &from[bytes_of_each(record, from)..]);
                    }
                    continue;
                }
            }
            if words == 0 {
                return Items { codes: Codes::Plain(codes), data };
            }
            words = if words > unit { unit } else { 0 };
        }
    }

    /// The memory that it takes, in bytes. O(1).
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// Adds an item behind all others.
    pub fn push(&mut self, item: Item<'_>) {
        let (count, data) = (self.count(), self.view().data().len());
        self.insert(count, data, item);
    }

    /// Adds an item before the one at `index`, which begins at a byte of the data, or behind all others.
    ///
    /// # Panics
    /// If there would be more than 65535 items.
    fn insert(&mut self, index: usize, begin: usize, item: Item<'_>) {
        let count = self.count();
        let (code, data) = (COUNT_BYTES + index, COUNT_BYTES + count + begin);
        let (len, item) = (self.0.len().max(COUNT_BYTES), Encoded::new(item));
        let size = item.len();
        self.grow(len + 1 + size);
        let bytes = &mut self.0[..];
        bytes.copy_within(data..len, data + 1 + size);
        bytes.copy_within(code..data, code + 1);
        bytes[code] = item.code;
        item.write(&mut bytes[data + 1..data + 1 + size]);
        let count = u16::try_from(count + 1).expect("a pack is small");
        bytes[..COUNT_BYTES].copy_from_slice(&count.to_le_bytes());
    }

    /// Puts `items` in the place of those of `range`.
    ///
    /// # Panics
    /// If there would be more than 65535 items.
    pub fn splice(&mut self, range: Range<usize>, items: &[Item<'_>]) {
        match items {
            // Where that is need not be found out.
            [item] if range == (0..0) => self.insert(0, 0, *item),
            _ => self.replace(self.view().run(range), items),
        }
    }

    /// The same where it is known where they are.
    pub fn replace(&mut self, Run { items: range, bytes }: Run, items: &[Item<'_>]) {
        if let ([item], true) = (items, range.is_empty()) {
            return self.insert(range.start, bytes.start, *item);
        }
        let Range { start: begin, end } = bytes;
        let (old_count, old_len) = (self.count(), self.0.len().max(COUNT_BYTES));
        let encoded = items.iter().map(|&item| Encoded::new(item));
        let size: usize = encoded.clone().map(|item| item.len()).sum();
        let count = old_count - range.len() + items.len();
        let data = COUNT_BYTES + count + begin;
        let old_data_end = COUNT_BYTES + old_count + end;
        let len = data + size + (old_len - old_data_end);
        // The codes behind the range and the bytes before it lie side by side and move together.
        let front = COUNT_BYTES + range.end..COUNT_BYTES + old_count + begin;
        let (front_to, back_to) = (COUNT_BYTES + range.start + items.len(), data + size);
        // What has the length of what it replaces moves nothing.
        if old_count == 0 || front_to != front.start || back_to != old_data_end {
            self.grow(len.max(old_len));
            if len > old_len {
                self.0.copy_within(old_data_end..old_len, back_to);
                self.0.copy_within(front, front_to);
            } else {
                self.0.copy_within(front, front_to);
                self.0.copy_within(old_data_end..old_len, back_to);
            }
            self.0.truncate(len);
        }
        let mut at = data;
        for (index, item) in encoded.enumerate() {
            self.0[COUNT_BYTES + range.start + index] = item.code;
            item.write(&mut self.0[at..at + item.len()]);
            at += item.len();
        }
        let count = u16::try_from(count).expect("a pack is small");
        self.0[..COUNT_BYTES].copy_from_slice(&count.to_le_bytes());
    }

    /// Takes the items from `index` on into a pack of their own.
    pub fn split_off(&mut self, index: usize) -> Self {
        let (front, back) = (self.view().range(0..index), self.view().iter_from(index));
        let (front, back) = (Self::of(&front), Self::of(&back));
        *self = front;
        back
    }

    /// Adds the items of another pack behind all others.
    pub fn append(&mut self, other: PackRef<'_>) {
        let (ours, theirs) = (self.view().iter(), other.iter());
        let count = ours.codes.len() + theirs.codes.len();
        let mut joined = Self::with_capacity(count, ours.data.len() + theirs.data.len());
        for codes in [ours.codes, theirs.codes] {
            codes.append_to(&mut joined.0);
        }
        for data in [ours.data, theirs.data] {
            joined.0.extend_from_slice(data);
        }
        *self = joined;
    }

    /// A pack of these items.
    ///
    /// # Panics
    /// If there are more than 65535 items.
    pub fn of(items: &Items<'_>) -> Self {
        let mut pack = Self::with_capacity(items.codes.len(), items.data.len());
        items.codes.append_to(&mut pack.0);
        pack.0.extend_from_slice(items.data);
        pack
    }

    /// A pack of these items, if it is not empty and has no more than `max` bytes. O(`max`).
    pub fn within<'a>(max: usize, items: impl Iterator<Item = Item<'a>>) -> Option<Self> {
        let (mut fitting, mut len) = (Vec::new(), COUNT_BYTES);
        for item in items {
            len += item.packed_len();
            if len > max {
                return None;
            }
            fitting.push(item);
        }
        let mut pack = Self::default();
        pack.splice(0..0, &fitting);
        (!fitting.is_empty()).then_some(pack)
    }

    /// A pack that still lacks its codes and the bytes of its items.
    fn with_capacity(count: usize, bytes: usize) -> Self {
        let mut pack = Self::default();
        pack.0.reserve_exact(size_class(COUNT_BYTES + count + bytes));
        let count = u16::try_from(count).expect("a pack is small");
        pack.0.extend_from_slice(&count.to_le_bytes());
        pack
    }

    fn grow(&mut self, len: usize) {
        if len > self.0.capacity() {
            self.0.reserve_exact(size_class(len) - self.0.len());
        }
        self.0.resize(len, 0);
    }

    /// Gives memory back of which not half is used.
    pub fn tighten(&mut self) {
        if self.0.capacity() / 2 > self.0.len() {
            self.0.shrink_to(size_class(self.0.len()));
        }
    }
}

/// How much memory to ask for: allocators have four sizes for each doubling.
fn size_class(len: usize) -> usize {
    let step = (len.next_power_of_two() / 8).max(16);
    len.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item() -> impl Strategy<Value = Vec<u8>> {
        let digits = any::<i64>().prop_map(|value| value.to_string().into_bytes());
        let small = any::<i16>().prop_map(|value| value.to_string().into_bytes());
        let bytes = prop::collection::vec(any::<u8>(), 0..20);
        let long = prop::sample::select(vec![127, 128, 300, 65535, 65536, 70000]);
        prop_oneof![4 => digits, 4 => small, 8 => bytes, 1 => long.prop_map(|len| vec![7; len])]
    }

    fn texts<'a>(items: impl Iterator<Item = Item<'a>>) -> Vec<Vec<u8>> {
        items.map(Item::to_vec).collect()
    }

    /// Fails unless a pack is what the model is, whichever way it is read.
    fn reads_as(
        view: PackRef<'_>,
        model: &[Vec<u8>],
        begin: usize,
        index: usize,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(view.count(), model.len());
        prop_assert_eq!(view.is_empty(), model.is_empty());
        prop_assert_eq!(&texts(view.iter()), model);
        prop_assert!(texts(view.iter().rev()).iter().eq(model.iter().rev()));
        prop_assert_eq!(view.get(index).map(Item::to_vec), model.get(index).cloned());
        prop_assert_eq!(view.last().map(Item::to_vec), model.last().cloned());
        let mut rest = view.iter();
        prop_assert_eq!(&texts(rest.take_front(index)), &model[..index]);
        prop_assert_eq!(&texts(rest), &model[index..]);
        prop_assert_eq!(&texts(view.iter_from(index)), &model[index..]);
        let range = begin..index.max(begin);
        prop_assert_eq!(&texts(view.range(range.clone())), &model[range]);
        if let Some(wanted) = model.get(index) {
            for stride in 1..4 {
                let offset = index % stride;
                let mut records = (0..model.len().saturating_sub(offset)).step_by(stride);
                let first = records.find(|at| model[at + offset] == *wanted);
                prop_assert_eq!(view.find(Item::new(wanted), stride, offset), first);
                let from = view.seek(Item::new(wanted), stride, offset).map(texts);
                prop_assert_eq!(from.as_deref(), first.map(|first| &model[first..]));
            }
            // What begins otherwise and ends alike, and the other way round.
            for other in [wanted, &[b"z", &wanted[..]].concat(), &[&wanted[..], b"z"].concat()] {
                let first = model.iter().position(|item| item == other);
                prop_assert_eq!(view.find(Item::new(other), 1, 0), first);
            }
        }
        let (mut front, mut back) = (view.iter(), view.iter());
        prop_assert_eq!(&texts(front.take_front(index)), &model[..index]);
        prop_assert_eq!(&texts(back.take_back(model.len() - index)), &model[index..]);
        prop_assert_eq!(&texts(Pack::of(&front).view().iter()), &model[index..]);
        prop_assert_eq!(&texts(back), &model[..index]);
        let seconds = view.iter_from(index).fold_seconds(Vec::new(), |mut seconds, item| {
            seconds.push(item.to_vec());
            seconds
        });
        prop_assert!(seconds.iter().eq(model[index..].iter().skip(1).step_by(2)));
        let packed: usize = view.iter().map(Item::packed_len).sum();
        prop_assert_eq!(view.iter().packed_len(), packed);
        prop_assert_eq!(view.plain_len(), COUNT_BYTES + packed);
        Ok(())
    }

    /// The bytes of a pack as it lies in an entry.
    fn dense(pack: PackRef<'_>, stride: u8) -> (Vec<u8>, Form) {
        let dense = Dense::new(pack, stride);
        let mut bytes = vec![0; dense.len()];
        let form = dense.write(&mut bytes);
        assert_eq!(Form::from_number(form.number(), stride), form);
        (bytes, form)
    }

    proptest! {
        #[test]
        fn a_pack_in_an_entry_is_the_same_and_no_longer(
            columns in prop::collection::vec((any::<bool>(), 0..130_usize, 0..20_usize), 1..=2),
            seeds in prop::collection::vec(any::<i64>(), 0..300),
            (begin, seek) in any::<(u16, u16)>(),
        ) {
            let stride = columns.len();
            let mut model = Vec::new();
            for (&seed, column) in seeds.iter().zip(columns.iter().cycle()) {
                let (is_int, least, range) = *column;
                let more = seed.unsigned_abs() as usize % (range + 1);
                model.push(match is_int {
                    true => (seed >> (least.max(8) + more).min(63)).to_string().into_bytes(),
                    false => vec![b'x'; least + more],
                });
            }
            model.truncate(model.len() / stride * stride);
            let mut pack = Pack::default();
            model.iter().for_each(|item| pack.push(Item::new(item)));
            let (bytes, form) = dense(pack.view(), stride as u8);
            prop_assert!(bytes.len() <= pack.len());
            let view = PackRef::with_form(&bytes, form);
            let index = usize::from(seek) % (model.len() + 1);
            reads_as(view, &model, usize::from(begin) % (model.len() + 1), index)?;
            prop_assert_eq!(Pack::plain(view, vec![1]).into_bytes(), pack.into_bytes());
            prop_assert_eq!(dense(view, stride as u8), (bytes.clone(), form));
        }

        #[test]
        fn equals_a_vector(
            operations in prop::collection::vec(
                (any::<[u16; 2]>(), prop::collection::vec(item(), 0..4)), 1..20),
            seek in any::<u16>(),
        ) {
            let mut pack = Pack::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (ends, items) in operations {
                let mut ends = ends.map(|end| usize::from(end) % (model.len() + 1));
                ends.sort_unstable();
                let encoded: Vec<_> = items.iter().map(|item| Item::new(item)).collect();
                pack.splice(ends[0]..ends[1], &encoded);
                model.splice(ends[0]..ends[1], items);

                let index = usize::from(seek) % (model.len() + 1);
                pack.tighten();
                let view = PackRef::from_bytes(pack.view().as_bytes());
                reads_as(view, &model, ends[0], index)?;
                prop_assert_eq!(pack.len().max(COUNT_BYTES), view.plain_len());
                prop_assert!(pack.heap_bytes() <= size_class(2 * pack.len() + 1));

                let mut front = pack.clone();
                let back = front.split_off(index);
                prop_assert_eq!(&texts(front.view().iter()), &model[..index]);
                prop_assert_eq!(&texts(back.view().iter()), &model[index..]);
                front.append(back.view());
                prop_assert_eq!(front.view().as_bytes(), view.as_bytes());
            }
        }

        #[test]
        fn items_and_a_byte_of_the_first_are_cut_out_in_place(
            column in prop_oneof![8 => 1..=SHORT_MAX, 1 => SHORT_MAX + 1..300],
            items in prop::collection::vec(item(), 0..20),
            (byte, ends) in any::<(u16, [u16; 2])>(),
        ) {
            let byte = usize::from(byte) % column;
            let mut ends = ends.map(|end| 1 + usize::from(end) % (items.len() + 1));
            ends.sort_unstable();
            let mut model: Vec<Vec<u8>> = vec![(0..column).map(|at| b'a' + at as u8 % 26).collect()];
            model.extend(items);
            let pack = |model: &[Vec<u8>]| {
                let mut pack = Pack::default();
                model.iter().for_each(|item| pack.push(Item::new(item)));
                pack.into_bytes()
            };
            let mut bytes = pack(&model);
            let before = bytes.clone();
            let len = cut(&mut bytes, byte, ends[0]..ends[1]);
            if column > SHORT_MAX {
                prop_assert_eq!((len, bytes), (None, before));
            } else {
                model[0].remove(byte);
                model.drain(ends[0]..ends[1]);
                prop_assert_eq!(&bytes[..len.unwrap()], pack(&model));
            }
        }

        #[test]
        fn the_first_record_that_is_not_before_is_found(
            stride in 1..6_usize,
            items in prop::collection::vec(item(), 0..900),
            rank: u16,
        ) {
            let mut model = items;
            model.truncate(model.len() / stride * stride);
            let records = model.len() / stride;
            (0..records).for_each(|at| model[at * stride] = at.to_string().into_bytes());
            let mut pack = Pack::default();
            model.iter().for_each(|item| pack.push(Item::new(item)));
            let rank = usize::from(rank) % (records + 1);
            let rest = pack.partition(stride, |mut record| {
                assert_eq!(record.len(), stride);
                matches!(record.next(), Some(Item::Int(at)) if at < rank as i64)
            });
            prop_assert_eq!(&texts(rest), &model[rank * stride..]);
        }

        #[test]
        fn an_item_reads_back_as_it_was(bytes in item()) {
            let item = Item::new(&bytes);
            prop_assert_eq!(item.to_vec(), bytes.clone());
            prop_assert_eq!(item.text_len(), bytes.len());
            let mut pack = Pack::default();
            pack.push(item);
            prop_assert_eq!(pack.view().get(0), Some(item));
        }
    }

    #[test]
    fn codes_that_are_alike_take_few_bits() {
        let form = |lengths: &[usize], stride| {
            let mut pack = Pack::default();
            lengths.iter().for_each(|&len| pack.push(Item::Bytes(&[b'x'; 300][..len])));
            let (bytes, form) = dense(pack.view(), stride);
            (form, bytes.len() - lengths.iter().sum::<usize>())
        };
        let narrow = |width, stride| Form::Narrow { width, stride };
        assert_eq!(form(&[7; 20], 1), (narrow(0, 1), 2));
        assert_eq!(form(&[7, 8, 7, 8, 7, 8], 2), (narrow(0, 2), 3));
        assert_eq!(form(&[7, 8, 7, 8, 7, 8], 1), (narrow(1, 1), 3));
        assert_eq!(form(&[0, 3, 1, 2, 0], 1), (narrow(2, 1), 4));
        assert_eq!(form(&[100, 5, 115, 0], 2), (narrow(4, 2), 5));
        assert_eq!(form(&[100, 5, 116, 0], 2), (Form::Plain, 6));
        // The length of a long item stands before and behind it.
        assert_eq!(form(&[128, 128], 1), (Form::Plain, 4 + 8));
        assert_eq!(form(&[9; 256], 1), (Form::Plain, 258));
        assert_eq!(form(&[], 1), (Form::Plain, 0));
    }

    #[test]
    fn integers_take_as_few_bytes_as_they_can() {
        let numbers = [0, 127, -128, 128, -129, 32767, -32768, 32768, i64::MAX, i64::MIN];
        let sizes = numbers.map(|number| Item::Int(number).packed_len());
        assert_eq!(sizes, [2, 2, 2, 3, 3, 3, 3, 4, 9, 9]);
    }
}
