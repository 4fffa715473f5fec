//! The codes of a pack: a byte each, or fewer bits where they are alike.
//!
//! The items of a small value often have the same length, or nearly so. Its codes are written then as the least
//! of each column, and by how much each code is more than that, in 0, 1, 2 or 4 bits.

use super::{INT, LENGTH, MEDIUM, is_long};
use crate::wide::{self, partial_word};

/// So many codes are handled at once, in the lanes of a word.
pub(super) const LANES: usize = size_of::<u64>();

/// How the codes of a pack are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// A byte each.
    #[default]
    Plain,
    /// As differences.
    Narrow {
        /// The bits of a difference: 0, 1, 2 or 4.
        width: u8,
        /// How many columns there are: 1 or 2.
        stride: u8,
    },
}

impl Form {
    /// A number less than 8 that stands for the form, if the stride is known.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Plain => 0,
            Self::Narrow { width, .. } => 1 + width,
        }
    }

    /// The form that a number stands for.
    pub(crate) fn from_number(number: u8, stride: u8) -> Self {
        match number {
            0 => Self::Plain,
            more => Self::Narrow { width: more - 1, stride },
        }
    }
}

/// Codes, or some of them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Codes<'a> {
    Plain(&'a [u8]),
    Narrow(Narrow<'a>),
}

impl Default for Codes<'_> {
    fn default() -> Self {
        Self::Plain(&[])
    }
}

impl<'a> Codes<'a> {
    #[inline(always)]
    pub(super) fn len(self) -> usize {
        match self {
            Self::Plain(codes) => codes.len(),
            Self::Narrow(codes) => codes.len(),
        }
    }

    #[inline(always)]
    pub(super) fn take_first(&mut self) -> Option<u8> {
        match self {
            Self::Plain(codes) => codes.split_off_first().copied(),
            Self::Narrow(codes) => codes.next(),
        }
    }

    #[inline(always)]
    pub(super) fn take_last(&mut self) -> Option<u8> {
        match self {
            Self::Plain(codes) => codes.split_off_last().copied(),
            Self::Narrow(codes) => codes.next_back(),
        }
    }

    /// The first `at`, and the others.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline(always)]
    pub(super) fn split_at(self, at: usize) -> (Self, Self) {
        match self {
            Self::Plain(codes) => {
                let (front, back) = codes.split_at(at);
                (Self::Plain(front), Self::Plain(back))
            }
            Self::Narrow(codes) => {
                let (front, back) = codes.split_at(at);
                (Self::Narrow(front), Self::Narrow(back))
            }
        }
    }

    /// How many bytes the items of these codes have, if the codes tell it.
    #[inline(always)]
    pub(super) fn item_bytes(self) -> Option<usize> {
        match self {
            Self::Plain(codes) => item_bytes(codes),
            Self::Narrow(codes) => Some(codes.item_bytes()),
        }
    }

    /// Writes them, a byte each.
    pub(super) fn append_to(self, out: &mut Vec<u8>) {
        match self {
            Self::Plain(codes) => out.extend_from_slice(codes),
            Self::Narrow(codes) => codes.append_to(out),
        }
    }
}

/// How many bytes the items of these codes have, if the codes tell it.
#[inline]
pub(super) fn item_bytes(codes: &[u8]) -> Option<usize> {
    let len = |code: u8| usize::from(code & LENGTH);
    match *codes {
        [] => return Some(0),
        [code] => return (!is_long(code)).then(|| len(code)),
        [first, second] => {
            return (!is_long(first) && !is_long(second)).then(|| len(first) + len(second));
        }
        _ => {}
    }
    // So many lengths add up to less than 2^16.
    const RUN: usize = 512;
    if codes.len() <= RUN {
        return sum_of_lengths(codes);
    }
    codes.chunks(RUN).try_fold(0, |sum, run| Some(sum + sum_of_lengths(run)?))
}

/// The same of a few hundred. Eight codes are added at a time, in the lanes of a word.
#[inline]
fn sum_of_lengths(codes: &[u8]) -> Option<usize> {
    let (words, rest) = codes.as_chunks::<LANES>();
    let last = partial_word(rest);
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    sum_of_words(words.chain([last]))
}

/// How many bytes the items of the first `count` of these codes have, if the codes tell it.
#[inline(always)]
pub(super) fn bytes_of_first(codes: &[u8; wide::LANES], count: usize) -> Option<usize> {
    sum_of_words(wide::words_of_first(codes, count).into_iter())
}

/// Eight codes, or those that are left and zeros.
#[inline(always)]
pub(super) fn word(codes: &[u8], at: usize) -> u64 {
    match codes[at..].first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => partial_word(&codes[at..]),
    }
}

/// Where each of eight items ends that follow each other, from where the first begins.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    /// In lanes of 16 bits.
    evens: u64,
    odds: u64,
}

impl Ends {
    /// Of the items with these codes, if the codes tell it.
    #[inline(always)]
    pub(super) fn of(codes: u64) -> Option<Self> {
        if long_bits(codes) != 0 {
            return None;
        }
        // Each lane of the product is the sum of those up to it.
        let odds = sums_of_pairs(codes).wrapping_mul(repeated(1, 16));
        Some(Self { evens: odds - (codes >> 8 & LENGTHS), odds })
    }

    /// Where the item with this index ends.
    #[inline(always)]
    pub(super) fn get(self, at: usize) -> u16 {
        let lanes = if at.is_multiple_of(2) { self.evens } else { self.odds };
        (lanes >> (at / 2 * 16)) as u16
    }
}

/// A bit for each code that tells no length.
#[inline(always)]
fn long_bits(codes: u64) -> u64 {
    // Their two highest bits are set, and those of no others.
    codes & codes << 1 & repeated(0x80, 8)
}

/// The lengths in the codes with even indexes, in lanes of 16 bits.
const LENGTHS: u64 = repeated(LENGTH as u64, 16);

/// How many bytes the items with the codes in some words have, if the codes tell it. That must be less than 2^16.
#[inline(always)]
pub(super) fn sum_of_words(words: impl Iterator<Item = u64>) -> Option<usize> {
    let (mut sums, mut long) = (0, 0);
    for word in words {
        sums += sums_of_pairs(word);
        long |= long_bits(word);
    }
    (long == 0).then(|| sum_of_sums(sums))
}

/// The sums of the lengths that neighbouring codes tell, in lanes of 16 bits.
#[inline]
fn sums_of_pairs(word: u64) -> u64 {
    (word & LENGTHS) + (word >> 8 & LENGTHS)
}

/// The sum of lanes of 16 bits, if it has no more bits.
#[inline]
fn sum_of_sums(sums: u64) -> usize {
    (sums.wrapping_mul(repeated(1, 16)) >> 48) as usize
}

/// A word whose lanes of so many bits, at most 32, hold `value`.
const fn repeated(value: u64, lane: u32) -> u64 {
    u64::MAX / ((1 << lane) - 1) * value
}

/// Codes as differences from the least of their columns. None is that of a long item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrow<'a> {
    /// The differences of all.
    bytes: &'a [u8],
    /// Which of them there are.
    begin: u8,
    end: u8,
    /// The bits of a difference.
    width: u8,
    /// The least codes of the columns; twice the same if there is one column.
    least: [u8; 2],
}

impl<'a> Narrow<'a> {
    /// The bytes before the differences: the number of items, and the least codes.
    pub(super) fn header_bytes(stride: u8) -> usize {
        1 + usize::from(stride)
    }

    /// The codes at the beginning of `bytes`, and what follows them.
    #[inline]
    pub(super) fn read(bytes: &'a [u8], width: u8, stride: u8) -> (Self, &'a [u8]) {
        let (header, rest) = bytes.split_at(Self::header_bytes(stride));
        let (end, least) = (header[0], [header[1], header[usize::from(stride)]]);
        let (bytes, data) = rest.split_at(difference_bytes(end.into(), width));
        (Self { bytes, begin: 0, end, width, least }, data)
    }

    fn len(&self) -> usize {
        (self.end - self.begin).into()
    }

    #[inline]
    fn code(self, at: u8) -> u8 {
        let least = self.least[usize::from(at % 2)];
        if self.width == 0 {
            return least;
        }
        let bit = usize::from(at) * usize::from(self.width);
        let mask = (1 << self.width) - 1;
        least + (self.bytes[bit / 8] >> (bit % 8) & mask)
    }

    fn split_at(self, at: usize) -> (Self, Self) {
        assert!(at <= self.len(), "there are fewer codes than {at}: {self:?}");
        let middle = self.begin + at as u8;
        (Self { end: middle, ..self }, Self { begin: middle, ..self })
    }

    /// Eight codes, from one whose index is a multiple of that. Behind the last, anything may stand.
    #[inline]
    pub(super) fn word(self, at: usize) -> u64 {
        let least = repeated(u16::from_le_bytes(self.least).into(), 16);
        if self.width == 0 {
            return least;
        }
        let place = at / LANES * usize::from(self.width);
        let end = self.bytes.len().min(place + usize::from(self.width));
        least + spread(partial_word(&self.bytes[place..end]), self.width.into())
    }

    /// How many bytes the items have.
    fn item_bytes(self) -> usize {
        let (begin, end) = (usize::from(self.begin), usize::from(self.end));
        if self.width == 0 {
            let [even, odd] = self.least.map(|code| usize::from(code & LENGTH));
            return (end.div_ceil(2) - begin.div_ceil(2)) * even + (end / 2 - begin / 2) * odd;
        }
        if end - begin <= 2 {
            return self.map(|code| usize::from(code & LENGTH)).sum();
        }
        let (mut sums, mut at) = (0, begin / LANES * LANES);
        while at < end {
            let mut word = self.word(at);
            if at < begin {
                word &= u64::MAX << (8 * (begin - at));
            }
            if end - at < LANES {
                word &= !(u64::MAX << (8 * (end - at)));
            }
            sums += sums_of_pairs(word);
            at += LANES;
        }
        sum_of_sums(sums)
    }

    /// Writes them, a byte each.
    fn append_to(self, out: &mut Vec<u8>) {
        if self.begin > 0 {
            return out.extend(self);
        }
        let end = out.len() + usize::from(self.end);
        for at in (0..self.end.into()).step_by(LANES) {
            out.extend_from_slice(&self.word(at).to_le_bytes());
        }
        out.truncate(end);
    }
}

impl Iterator for Narrow<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let at = self.begin;
        (at < self.end).then(|| {
            self.begin += 1;
            self.code(at)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl DoubleEndedIterator for Narrow<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u8> {
        (self.begin < self.end).then(|| {
            self.end -= 1;
            self.code(self.end)
        })
    }
}

impl ExactSizeIterator for Narrow<'_> {}

/// How plain codes are made narrow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrowing {
    width: u8,
    stride: u8,
    least: [u8; 2],
}

impl Narrowing {
    /// The narrowest form of these codes in columns, if there is one.
    pub(super) fn of(codes: &[u8], stride: u8) -> Option<Self> {
        if codes.is_empty() || codes.len() > u8::MAX.into() {
            return None;
        }
        let (mut least, mut most) = (chosen(codes, u8::min), chosen(codes, u8::max));
        if stride == 1 {
            (least, most) = ([least[0].min(least[1]); 2], [most[0].max(most[1]); 2]);
        }
        // A column is of lengths or of integers alone, so that the lengths differ as the codes do.
        let is_mixed = (least[0] ^ most[0] | least[1] ^ most[1]) & INT != 0;
        if is_mixed || most[0].max(most[1]) >= MEDIUM {
            return None;
        }
        let width = match (most[0] - least[0]).max(most[1] - least[1]) {
            0 => 0,
            1 => 1,
            2..4 => 2,
            4..16 => 4,
            _ => return None,
        };
        Some(Self { width, stride, least })
    }

    /// The form that it gives.
    pub(super) fn form(self) -> Form {
        Form::Narrow { width: self.width, stride: self.stride }
    }

    /// How many bytes so many codes take.
    pub(super) fn len(self, count: usize) -> usize {
        Narrow::header_bytes(self.stride) + difference_bytes(count, self.width)
    }

    /// Writes the codes to where there is room for them.
    pub(super) fn write(self, codes: &[u8], place: &mut [u8]) {
        let (header, differences) = place.split_at_mut(Narrow::header_bytes(self.stride));
        header[0] = codes.len() as u8;
        (header[1], header[usize::from(self.stride)]) = (self.least[0], self.least[1]);
        match self.width {
            0 => {}
            1 => self.write_differences::<1>(codes, differences),
            2 => self.write_differences::<2>(codes, differences),
            _ => self.write_differences::<4>(codes, differences),
        }
    }

    /// With as many bits as bytes for eight codes.
    #[inline(always)]
    fn write_differences<const WIDTH: usize>(self, codes: &[u8], place: &mut [u8]) {
        let least = repeated(u16::from_le_bytes(self.least).into(), 16);
        for (codes, place) in codes.chunks(LANES).zip(place.chunks_mut(WIDTH)) {
            let of_all = u64::MAX >> (u64::BITS as usize - 8 * codes.len());
            let differences = word(codes, 0) - (least & of_all);
            write_low(squeezed(differences, WIDTH as u32) as u32, place);
        }
    }
}

fn difference_bytes(count: usize, width: u8) -> usize {
    (count * usize::from(width)).div_ceil(8)
}

/// What a choice between two leaves of the codes with even indexes, and of the others.
#[inline(always)]
fn chosen(codes: &[u8], choose: impl Fn(u8, u8) -> u8) -> [u8; 2] {
    // So many at once, as processors do it.
    const WIDE: usize = 2 * LANES;
    let (whole, rest) = codes.as_chunks::<WIDE>();
    // Behind the last are others that are there, in the columns of records of one or two.
    let mut lanes = [0; WIDE];
    lanes.as_chunks_mut().0.fill([codes[0], codes[codes.len().min(2) - 1]]);
    lanes[..rest.len()].copy_from_slice(rest);
    for others in whole {
        for (lane, &other) in lanes.iter_mut().zip(others) {
            *lane = choose(*lane, other);
        }
    }
    for half in [8, 4, 2] {
        for at in 0..half {
            lanes[at] = choose(lanes[at], lanes[at + half]);
        }
    }
    [lanes[0], lanes[1]]
}

/// Writes the lowest bytes of a word, as many as there is room for, which is no more than it has. A copy of unknown
/// length would be a call.
#[inline(always)]
fn write_low(word: u32, place: &mut [u8]) {
    let [a, b, c, d] = word.to_le_bytes();
    match place.len() {
        1 => place.copy_from_slice(&[a]),
        2 => place.copy_from_slice(&[a, b]),
        3 => place.copy_from_slice(&[a, b, c]),
        _ => place.copy_from_slice(&[a, b, c, d]),
    }
}

/// Gives each of eight numbers of `width` bits, at most 4, a lane of its own.
fn spread(word: u64, width: u32) -> u64 {
    [4, 2, 1].into_iter().fold(word, |word, count| {
        let (lane, bits) = (8 * count, width * count);
        (word | word << (lane - bits)) & repeated((1 << bits) - 1, lane)
    })
}

/// Puts the numbers in eight lanes, each of at most `width` bits, side by side.
fn squeezed(word: u64, width: u32) -> u64 {
    let word = [1, 2].into_iter().fold(word, |word, count| {
        let (lane, bits) = (8 * count, width * count);
        (word | word >> (lane - bits)) & repeated((1 << (2 * bits)) - 1, 2 * lane)
    });
    (word | word >> (32 - 4 * width)) & ((1 << (8 * width)) - 1)
}
