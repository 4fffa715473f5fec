//! The compact form of a hash before Redis 2.6.
//!
//! ```text
//! number of fields, 1 byte; 254 if there are more | fields and values in turn | 0xff
//! a field: its length | its bytes
//! a value: its length | how many bytes are unused, 1 byte | its bytes | the unused ones
//! ```
//! A length is one byte, or 254 and four bytes, the lowest first.

use super::strings::Strings;
use super::wire::Reader;
use super::{Error, Result};

const MANY: u8 = 254;
const LONG: u8 = 254;
const END: u8 = 0xff;

/// Fields and values in turn.
pub(super) fn read(bytes: &[u8]) -> Result<Strings> {
    let mut reader = Reader::new(bytes);
    let count = reader.byte()?;
    let mut strings = Strings::default();
    while let Some(len) = length(&mut reader)? {
        strings.push(reader.bytes(len)?);
        let len = length(&mut reader)?.ok_or(Error::Corrupt)?;
        let unused = reader.byte()?;
        strings.push(reader.bytes(len)?);
        reader.bytes(unused.into())?;
    }
    let is_as_told = count >= MANY || usize::from(count) * 2 == strings.len();
    if is_as_told && reader.is_empty() { Ok(strings) } else { Err(Error::Corrupt) }
}

/// None at the end.
fn length(reader: &mut Reader<'_>) -> Result<Option<u64>> {
    match reader.byte()? {
        END => Ok(None),
        LONG => reader.array().map(|bytes| Some(u32::from_le_bytes(bytes).into())),
        len => Ok(Some(len.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_bytes_and_long_lengths_are_understood() {
        let strings = read(b"\x02\x01a\x01\x02bXX\xfe\x01\0\0\0c\x00\x00\xff").unwrap();
        assert!(strings.iter().eq([&b"a"[..], b"b", b"c", b""]));
    }

    #[test]
    fn whatever_does_not_fit_is_corrupt() {
        for bytes in [
            &b""[..],
            b"\x01",
            b"\x01\xff",
            b"\x01\x01a\xff",
            b"\x01\x01a\x01\x00b",
            b"\x02\x01a\x01\x00b\xff",
            b"\x01\x01a\x01\x01b\xff",
            b"\x01\x01a\x01\x00b\xff\xff",
            b"\x01\xfe\xff\xff\xff\xffa",
        ] {
            assert_eq!(read(bytes), Err(Error::Corrupt), "{bytes:?}");
        }
    }
}
