//! Ziplists, the compact form before listpacks.
//!
//! ```text
//! total bytes, 4 | place of the last item, 4 | number of items, 2; 65535 if there are more
//! | items | 0xff
//! an item: the length of the item before it | its code, which may hold its length or value
//! | its bytes
//! ```

use super::listpack::{END, framed, sign_extended};
use super::wire::Reader;
use super::{Error, Result};
use crate::value::pack::Item;

const HEADER_BYTES: usize = 10;

/// The length of the item before has four bytes of its own.
const LONG_PREVIOUS: u8 = 254;

const INT_16: u8 = 0xc0;
const INT_32: u8 = 0xd0;
const INT_64: u8 = 0xe0;
const INT_24: u8 = 0xf0;
const INT_8: u8 = 0xfe;
/// The code is the value, plus this and one.
const SMALL_INT: u8 = 0xf0;

/// The items of a ziplist. Ends with an error if it is not well-formed.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    rest: Reader<'a>,
    /// How many are to come, if the header told.
    left: Option<u16>,
    /// Where the next one begins, and how long the one before it is.
    place: usize,
    previous: usize,
    /// Where the header says that the last one begins.
    last: usize,
}

/// The items of the ziplist that `bytes` are from their first to their last.
pub(super) fn items(bytes: &[u8]) -> Result<Items<'_>> {
    let mut reader = Reader::new(bytes);
    let total = u32::from_le_bytes(reader.array()?) as usize;
    let last = u32::from_le_bytes(reader.array()?) as usize;
    let (rest, left) = framed(reader)?;
    if total != bytes.len() {
        return Err(Error::Corrupt);
    }
    Ok(Items { rest, left, place: HEADER_BYTES, previous: 0, last })
}

impl<'a> Items<'a> {
    fn read(&mut self) -> Result<Item<'a>> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Error::Corrupt)?;
        }
        let before = self.rest.len();
        if previous(&mut self.rest)? != self.previous {
            return Err(Error::Corrupt);
        }
        let item = body(&mut self.rest)?;
        self.previous = before - self.rest.len();
        self.place += self.previous;
        Ok(item)
    }

    /// Whether the header was right, all items having been read.
    fn is_as_told(&self) -> bool {
        self.left.unwrap_or(0) == 0 && self.place - self.previous == self.last
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<Item<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rest.is_empty() {
            false => Some(self.read()),
            true if self.is_as_told() => None,
            true => Some(Err(Error::Corrupt)),
        }
    }
}

fn previous(reader: &mut Reader<'_>) -> Result<usize> {
    match reader.byte()? {
        END => Err(Error::Corrupt),
        LONG_PREVIOUS => reader.array().map(|bytes| u32::from_le_bytes(bytes) as usize),
        len => Ok(len.into()),
    }
}

/// An item without the length of the one before it.
fn body<'a>(reader: &mut Reader<'a>) -> Result<Item<'a>> {
    let code = reader.byte()?;
    let len = match code {
        0..0x40 => u64::from(code),
        0x40..0x80 => u64::from(code & 0x3f) << 8 | u64::from(reader.byte()?),
        0x80..0xc0 => u32::from_be_bytes(reader.array()?).into(),
        INT_8 => return int::<1>(reader),
        INT_16 => return int::<2>(reader),
        INT_24 => return int::<3>(reader),
        INT_32 => return int::<4>(reader),
        INT_64 => return int::<8>(reader),
        0xf1..0xfe => return Ok(Item::Int((code - SMALL_INT - 1).into())),
        _ => return Err(Error::Corrupt),
    };
    reader.bytes(len).map(Item::new)
}

fn int<'a, const N: usize>(reader: &mut Reader<'a>) -> Result<Item<'a>> {
    reader.array::<N>().map(|bytes| Item::Int(sign_extended(bytes)))
}
