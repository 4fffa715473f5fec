//! The compact form of a set of integers: the width of each, how many there are, and they,
//! ascending; the lowest byte of everything first.

use super::strings::Strings;
use super::wire::Reader;
use super::{Error, Result};
use crate::value::pack::Item;

/// The integers.
pub(super) fn read(bytes: &[u8]) -> Result<Strings> {
    let mut reader = Reader::new(bytes);
    let width = u32::from_le_bytes(reader.array()?) as usize;
    let count = u32::from_le_bytes(reader.array()?) as usize;
    if !matches!(width, 2 | 4 | 8) || count.checked_mul(width) != Some(reader.len()) {
        return Err(Error::Corrupt);
    }
    let (mut strings, mut last) = (Strings::default(), None);
    while !reader.is_empty() {
        let value = integer(&mut reader, width)?;
        if last.replace(value).is_some_and(|last| last >= value) {
            return Err(Error::Corrupt);
        }
        strings.push_item(Item::Int(value));
    }
    Ok(strings)
}

fn integer(reader: &mut Reader<'_>, width: usize) -> Result<i64> {
    match width {
        2 => reader.array().map(|bytes| i16::from_le_bytes(bytes).into()),
        4 => reader.array().map(|bytes| i32::from_le_bytes(bytes).into()),
        _ => reader.array().map(i64::from_le_bytes),
    }
}

/// The form of these integers, of which none occurs twice.
pub(super) fn write(integers: &mut [i64]) -> Vec<u8> {
    integers.sort_unstable();
    let width = integers.iter().map(|value| width(*value)).max().unwrap_or(2);
    let mut out = Vec::with_capacity(8 + integers.len() * width);
    out.extend((width as u32).to_le_bytes());
    out.extend((integers.len() as u32).to_le_bytes());
    integers.iter().for_each(|value| out.extend(&value.to_le_bytes()[..width]));
    out
}

fn width(value: i64) -> usize {
    match value {
        _ if i16::try_from(value).is_ok() => 2,
        _ if i32::try_from(value).is_ok() => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_written_in_every_width() {
        for values in [vec![-1, 0, 32767], vec![-32769, 5], vec![i64::MIN, 3, 1 << 31]] {
            let bytes = write(&mut values.iter().rev().copied().collect::<Vec<_>>());
            let texts: Vec<_> = values.iter().map(i64::to_string).collect();
            let expected = texts.iter().map(|text| text.as_bytes()).collect::<Strings>();
            assert_eq!(read(&bytes).unwrap(), expected);
        }
    }

    #[test]
    fn order_width_and_count_must_be_right() {
        for bytes in [
            &b"\x02\0\0\0\x02\0\0\0\x05\0\x03\0"[..],
            b"\x02\0\0\0\x02\0\0\0\x05\0\x05\0",
            b"\x03\0\0\0\x01\0\0\0\x05\0\x05",
            b"\x02\0\0\0\x02\0\0\0\x05\0",
            b"\x02\0\0\0\x01\0\0\0\x05\0\x06\0",
            b"\x02\0\0\0\x01\0\0",
        ] {
            assert_eq!(read(bytes), Err(Error::Corrupt), "{bytes:?}");
        }
    }
}
