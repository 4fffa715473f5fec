//! Listpacks: the compact form of small collections and of the nodes of lists and streams.
//!
//! ```text
//! total bytes, 4 | number of items, 2; 65535 if there are more | items | 0xff
//! an item: its code, which may hold its length or value | its bytes | the length of both
//! ```
//! The length behind an item lets readers go backwards: seven bits a byte, the highest first, and
//! all bytes but the first have their top bit set.

use super::wire::Reader;
use super::{Error, Result};
use crate::value::pack::Item;

const HEADER_BYTES: usize = 6;
pub(super) const END: u8 = 0xff;
/// There are more items than the header could tell.
const COUNT_UNKNOWN: u16 = u16::MAX;

const STR_32: u8 = 0xf0;
const INT_16: u8 = 0xf1;
const INT_24: u8 = 0xf2;
const INT_32: u8 = 0xf3;
const INT_64: u8 = 0xf4;

/// The items of a listpack. Ends with an error if it is not well-formed.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    rest: Reader<'a>,
    /// How many are to come, if the header told.
    left: Option<u16>,
}

/// The items of the listpack that `bytes` are from their first to their last.
pub(super) fn items(bytes: &[u8]) -> Result<Items<'_>> {
    let mut reader = Reader::new(bytes);
    let total = u32::from_le_bytes(reader.array()?) as usize;
    let (rest, left) = framed(reader)?;
    if total != bytes.len() {
        return Err(Error::Corrupt);
    }
    Ok(Items { rest, left })
}

/// What stands behind the sizes in the header of a listpack or a ziplist: the items, without the
/// end mark, and how many there are, if the header tells it.
pub(super) fn framed(mut reader: Reader<'_>) -> Result<(Reader<'_>, Option<u16>)> {
    let count = u16::from_le_bytes(reader.array()?);
    let len = reader.len().checked_sub(1).ok_or(Error::Corrupt)?;
    let items = Reader::new(reader.bytes(len as u64)?);
    if reader.byte()? != END {
        return Err(Error::Corrupt);
    }
    Ok((items, Some(count).filter(|count| *count != COUNT_UNKNOWN)))
}

impl<'a> Items<'a> {
    /// The next one, which must be there.
    pub(super) fn item(&mut self) -> Result<Item<'a>> {
        self.next().ok_or(Error::Corrupt)?
    }

    /// The next one, which must be there and be an integer.
    pub(super) fn int(&mut self) -> Result<i64> {
        match self.item()? {
            Item::Int(value) => Ok(value),
            Item::Bytes(_) => Err(Error::Corrupt),
        }
    }

    /// Fails if there are any left.
    pub(super) fn finish(mut self) -> Result<()> {
        self.next().map_or(Ok(()), |_| Err(Error::Corrupt))
    }

    fn read(&mut self) -> Result<Item<'a>> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Error::Corrupt)?;
        }
        let before = self.rest.len();
        let item = body(&mut self.rest)?;
        let length = BackLength::new(before - self.rest.len());
        if self.rest.bytes(length.as_bytes().len() as u64)? != length.as_bytes() {
            return Err(Error::Corrupt);
        }
        Ok(item)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.rest.is_empty(), self.left) {
            (true, None | Some(0)) => None,
            (true, Some(_)) => Some(Err(Error::Corrupt)),
            (false, _) => Some(self.read()),
        }
    }
}

/// An item without the length behind it.
fn body<'a>(reader: &mut Reader<'a>) -> Result<Item<'a>> {
    let code = reader.byte()?;
    let len = match code {
        0..0x80 => return Ok(Item::Int(code.into())),
        0x80..0xc0 => u64::from(code & 0x3f),
        0xc0..0xe0 => return reader.byte().map(|low| Item::Int(int_13(code, low))),
        0xe0..0xf0 => u64::from(code & 0x0f) << 8 | u64::from(reader.byte()?),
        STR_32 => u32::from_le_bytes(reader.array()?).into(),
        INT_16 => return int::<2>(reader),
        INT_24 => return int::<3>(reader),
        INT_32 => return int::<4>(reader),
        INT_64 => return int::<8>(reader),
        _ => return Err(Error::Corrupt),
    };
    reader.bytes(len).map(Item::new)
}

/// Five bits of the code and the byte behind it, with a sign.
fn int_13(code: u8, low: u8) -> i64 {
    i64::from(i16::from_be_bytes([code << 3 | low >> 5, low << 3]) >> 3)
}

fn int<'a, const N: usize>(reader: &mut Reader<'a>) -> Result<Item<'a>> {
    reader.array::<N>().map(|bytes| Item::Int(sign_extended(bytes)))
}

/// An integer of up to eight bytes, the lowest first.
pub(super) fn sign_extended<const N: usize>(bytes: [u8; N]) -> i64 {
    let mut word = [0; 8];
    word[8 - N..].copy_from_slice(&bytes);
    i64::from_le_bytes(word) >> (64 - 8 * N)
}

/// The length behind an item.
struct BackLength {
    bytes: [u8; 5],
    count: usize,
}

impl BackLength {
    fn new(len: usize) -> Self {
        // The odd bounds are Redis's: each but the first is one less than what would fit.
        let count = match len {
            0..128 => 1,
            128..0x3fff => 2,
            0x3fff..0x1f_ffff => 3,
            0x1f_ffff..0xfff_ffff => 4,
            _ => 5,
        };
        let mut bytes = [0; 5];
        for (index, byte) in bytes[..count].iter_mut().rev().enumerate() {
            *byte = (len >> (7 * index)) as u8 | 0x80;
        }
        bytes[0] &= 0x7f;
        Self { bytes, count }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

/// A listpack that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Builder {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self { bytes: vec![0; HEADER_BYTES], count: 0 }
    }
}

impl Builder {
    /// The bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The items so far.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, item: Item<'_>) {
        let start = self.bytes.len();
        match item {
            Item::Int(value) => put_int(&mut self.bytes, value),
            Item::Bytes(bytes) => put_string(&mut self.bytes, bytes),
        }
        let length = BackLength::new(self.bytes.len() - start);
        self.bytes.extend_from_slice(length.as_bytes());
        self.count += 1;
    }

    /// Appends all items of the other.
    pub(super) fn append(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes[HEADER_BYTES..]);
        self.count += other.count;
    }

    /// The listpack.
    ///
    /// # Panics
    /// If there are 4 GiB or more.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let total = u32::try_from(self.bytes.len()).expect("a listpack has less than 4 GiB");
        let count = u16::try_from(self.count).unwrap_or(COUNT_UNKNOWN);
        self.bytes[..4].copy_from_slice(&total.to_le_bytes());
        self.bytes[4..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
        self.bytes
    }
}

fn put_int(out: &mut Vec<u8>, value: i64) {
    let word = value.to_le_bytes();
    match value {
        0..128 => out.push(word[0]),
        -0x1000..0x1000 => out.extend([0xc0 | word[1] & 0x1f, word[0]]),
        -0x8000..0x8000 => put_word(out, INT_16, &word[..2]),
        -0x80_0000..0x80_0000 => put_word(out, INT_24, &word[..3]),
        -0x8000_0000..0x8000_0000 => put_word(out, INT_32, &word[..4]),
        _ => put_word(out, INT_64, &word),
    }
}

fn put_word(out: &mut Vec<u8>, code: u8, word: &[u8]) {
    out.push(code);
    out.extend_from_slice(word);
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = bytes.len();
    match len {
        0..64 => out.push(0x80 | len as u8),
        64..0x1000 => out.extend([0xe0 | (len >> 8) as u8, len as u8]),
        _ => put_word(out, STR_32, &(len as u32).to_le_bytes()),
    }
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(items: &[Item<'_>]) -> Vec<u8> {
        let mut builder = Builder::default();
        items.iter().for_each(|item| builder.push(*item));
        builder.finish()
    }

    #[test]
    fn integers_of_every_width_read_as_written() {
        let around = (0..64).flat_map(|bits| [1_i64 << bits, (1_i64 << bits).wrapping_sub(1)]);
        let values: Vec<_> =
            around.flat_map(|v| [v, v.wrapping_neg(), !v]).map(Item::Int).collect();
        let pack = built(&values);
        let read: Vec<_> = items(&pack).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, values);
    }

    #[test]
    fn strings_of_every_length_read_as_written() {
        let bytes = vec![b'x'; 3_000_000];
        let around = [0, 64, 125, 128, 0x1000, 0x3ff9, 0x3fff, 0x4000, 0x1f_fffa, 0x20_0000];
        for len in around.iter().flat_map(|len| len - len.min(&6)..=len + 6) {
            let item = Item::new(&bytes[..len]);
            let pack = built(&[item, Item::Int(1)]);
            let read: Vec<_> = items(&pack).unwrap().map(Result::unwrap).collect();
            assert_eq!(read, [item, Item::Int(1)]);
        }
    }

    #[test]
    fn more_items_than_the_header_can_tell_are_read() {
        let values = vec![Item::Int(7); 70_000];
        let pack = built(&values);
        assert_eq!(pack[4..6], [0xff, 0xff]);
        assert_eq!(items(&pack).unwrap().count(), 70_000);
    }

    #[test]
    fn whatever_does_not_fit_is_corrupt() {
        let good = built(&[Item::Bytes(b"ab"), Item::Int(-1)]);
        assert_eq!(good, b"\x0e\0\0\0\x02\0\x82ab\x03\xdf\xff\x02\xff");
        for (at, byte) in
            [(0, 13), (1, 1), (4, 1), (4, 3), (6, 0x83), (6, 0x81), (9, 2), (9, 0x83), (10, 0xf5)]
        {
            let mut bad = good.clone();
            bad[at] = byte;
            let read: Result<Vec<_>> = items(&bad).and_then(Iterator::collect);
            assert_eq!(read, Err(Error::Corrupt), "{at} {byte}");
        }
    }
}
