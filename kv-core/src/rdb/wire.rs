//! Lengths and strings, of which all else is made.
//!
//! A length is six bits, fourteen bits, or a byte of its own before four or eight bytes, the
//! highest first. Two set bits in front make it the code of a string that is not there as it is:
//! an integer of one, two or four bytes, the lowest first, or compressed bytes.

use super::{Error, Result, lzf};
use crate::value::pack::Item;
use crate::value::string::IntBuffer;
use std::borrow::Cow;

/// What the first two bits of a length say.
const SIX_BITS: u8 = 0;
const FOURTEEN_BITS: u8 = 1;
const CODE: u8 = 3;

/// The byte before a length of four or eight bytes.
const LONG: u8 = 0x80;
const LONGER: u8 = 0x81;

const CODE_INT_8: u8 = 0xc0;
const CODE_INT_16: u8 = 0xc1;
const CODE_INT_32: u8 = 0xc2;
const CODE_COMPRESSED: u8 = 0xc3;

/// Shorter strings are not worth that they are compressed.
const COMPRESSED_MIN: usize = 21;

/// Bytes to be read, none behind their end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).map_err(|_| Error::Corrupt)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Error::Corrupt)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Error::Corrupt)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn length(&mut self) -> Result<u64> {
        let first = self.byte()?;
        self.length_after(first)
    }

    fn length_after(&mut self, first: u8) -> Result<u64> {
        match (first >> 6, first) {
            (SIX_BITS, _) => Ok(first.into()),
            (FOURTEEN_BITS, _) => Ok(u64::from(first & 0x3f) << 8 | u64::from(self.byte()?)),
            (_, LONG) => self.array().map(|bytes| u32::from_be_bytes(bytes).into()),
            (_, LONGER) => self.array().map(u64::from_be_bytes),
            _ => Err(Error::Corrupt),
        }
    }

    pub(super) fn string(&mut self) -> Result<Cow<'a, [u8]>> {
        let integer = match self.byte()? {
            CODE_INT_8 => i64::from(i8::from_le_bytes(self.array()?)),
            CODE_INT_16 => i64::from(i16::from_le_bytes(self.array()?)),
            CODE_INT_32 => i64::from(i32::from_le_bytes(self.array()?)),
            CODE_COMPRESSED => return self.compressed().map(Cow::Owned),
            first if first >> 6 == CODE => return Err(Error::Corrupt),
            first => {
                let len = self.length_after(first)?;
                return self.bytes(len).map(Cow::Borrowed);
            }
        };
        Ok(Cow::Owned(Item::Int(integer).to_vec()))
    }

    fn compressed(&mut self) -> Result<Vec<u8>> {
        let (compressed_len, len) = (self.length()?, self.length()?);
        lzf::expand(self.bytes(compressed_len)?, len)
    }
}

pub(super) fn put_length(out: &mut Vec<u8>, len: u64) {
    match len {
        0..0x40 => out.push(len as u8),
        0x40..0x4000 => out.extend((len as u16 | u16::from(FOURTEEN_BITS) << 14).to_be_bytes()),
        0x4000..=0xffff_ffff => put_long_length(out, len as u32),
        _ => {
            out.push(LONGER);
            out.extend(len.to_be_bytes());
        }
    }
}

/// As long as any of 32 bits, so that it can be overwritten.
pub(super) fn put_long_length(out: &mut Vec<u8>, len: u32) {
    out.push(LONG);
    out.extend(len.to_be_bytes());
}

/// Overwrites what [`put_long_length`] wrote `at`.
pub(super) fn set_long_length(out: &mut [u8], at: usize, len: u32) {
    out[at + 1..at + 5].copy_from_slice(&len.to_be_bytes());
}

pub(super) fn put_item(out: &mut Vec<u8>, item: Item<'_>) {
    let Item::Int(value) = item else {
        return put_string(out, item.as_bytes(&mut IntBuffer::new()));
    };
    if let Ok(value) = i8::try_from(value) {
        out.extend([CODE_INT_8, value as u8]);
    } else if let Ok(value) = i16::try_from(value) {
        out.push(CODE_INT_16);
        out.extend(value.to_le_bytes());
    } else if let Ok(value) = i32::try_from(value) {
        out.push(CODE_INT_32);
        out.extend(value.to_le_bytes());
    } else {
        put_string(out, item.as_bytes(&mut IntBuffer::new()));
    }
}

/// Compressed, if that is worth it.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    match Some(bytes).filter(|bytes| bytes.len() >= COMPRESSED_MIN).and_then(lzf::compress) {
        Some(compressed) => {
            out.push(CODE_COMPRESSED);
            put_length(out, compressed.len() as u64);
            put_length(out, bytes.len() as u64);
            out.extend(compressed);
        }
        None => {
            put_length(out, bytes.len() as u64);
            out.extend(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_written_in_the_shortest_form() {
        for (len, bytes) in [
            (0, &b"\x00"[..]),
            (63, b"\x3f"),
            (64, b"\x40\x40"),
            (0x3fff, b"\x7f\xff"),
            (0x4000, b"\x80\0\0\x40\0"),
            (0xffff_ffff, b"\x80\xff\xff\xff\xff"),
            (1 << 32, b"\x81\0\0\0\x01\0\0\0\0"),
            (u64::MAX, b"\x81\xff\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            let mut out = Vec::new();
            put_length(&mut out, len);
            assert_eq!(out, bytes);
            assert_eq!(Reader::new(&out).length(), Ok(len));
        }
    }

    #[test]
    fn unknown_and_unfinished_lengths_are_corrupt() {
        for bytes in [&b""[..], b"\x40", b"\x80\0\0\0", b"\x82\0\0\0\0", b"\xc0\0", b"\xff"] {
            assert_eq!(Reader::new(bytes).length(), Err(Error::Corrupt), "{bytes:?}");
        }
    }

    #[test]
    fn strings_read_as_written() {
        for (text, bytes) in [
            (&b""[..], &b"\0"[..]),
            (b"abc", b"\x03abc"),
            (b"0", b"\xc0\0"),
            (b"-128", b"\xc0\x80"),
            (b"128", b"\xc1\x80\0"),
            (b"-32769", b"\xc2\xff\x7f\xff\xff"),
            (b"2147483648", b"\x0a2147483648"),
            (b"01", b"\x0201"),
            (b"aaaaaaaaaaaaaaaaaaaaa", b"\xc3\x05\x15\x00a\xe0\x0b\x00"),
        ] {
            let mut out = Vec::new();
            put_item(&mut out, Item::new(text));
            assert_eq!(out, bytes);
            assert_eq!(Reader::new(&out).string().unwrap(), text);
        }
    }

    #[test]
    fn a_string_cannot_be_longer_than_what_is_there() {
        for bytes in [&b"\x02a"[..], b"\x81\xff\xff\xff\xff\xff\xff\xff\xff", b"\xc4\0", b"\xc2\0"]
        {
            assert_eq!(Reader::new(bytes).string(), Err(Error::Corrupt), "{bytes:?}");
        }
    }
}
