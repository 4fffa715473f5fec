//! The value codec of Redis's RDB format, as DUMP and RESTORE use it: bytes in, items out.
//!
//! ```text
//! type, 1 byte | the value | version, 2 bytes | CRC-64 of all before, 8 bytes
//! ```
//! The value is a string, strings behind their number, or, for small collections, one string that
//! holds all items in a compact form of its own ([`listpack`], and before that `ziplist`, `zipmap`
//! and `intset`). What is written can be read by Redis 7.0 and later; what any release up to 7.2
//! wrote can be read. Values of modules cannot.
//!
//! Bytes to be read come from clients. Nothing is allocated for a length before the bytes are
//! there, and nothing is copied out of proportion: what is read takes memory in proportion to the
//! payload, of which compression is the largest factor, up to 88. All checks that Redis makes with
//! `sanitize-dump-payload yes` are made, and some that it leaves out: scores are numbers, the
//! entries of a stream ascend, from 0-1 on, and have fields, and its counts agree with them.

mod crc64;
mod intset;
mod listpack;
mod lzf;
mod read;
mod stream;
mod strings;
#[cfg(test)]
mod tests;
mod wire;
mod write;
mod ziplist;
mod zipmap;

pub use stream::write::StreamWriter;
pub use stream::{Consumer, Entries, Entry, Group, Pending, Stream, StreamId, StreamState};
pub use strings::Strings;
pub use write::{HashWriter, ListWriter, SetWriter, SortedSetWriter, write_string};

use crc64::crc64;
use wire::Reader;

/// The version of the format that Redis 7.0 writes, and the least that it reads what is written
/// here as.
const VERSION_WRITTEN: u16 = 10;
/// The version of the format that Redis 7.2 writes.
const VERSION_MAX: u16 = 11;

const CRC_BYTES: usize = 8;
const FOOTER_BYTES: usize = 2 + CRC_BYTES;

/// The numbers of the types, which are the ways to write a value.
mod kind {
    pub(super) const STRING: u8 = 0;
    pub(super) const LIST: u8 = 1;
    pub(super) const SET: u8 = 2;
    pub(super) const ZSET: u8 = 3;
    pub(super) const HASH: u8 = 4;
    pub(super) const ZSET_2: u8 = 5;
    pub(super) const HASH_ZIPMAP: u8 = 9;
    pub(super) const LIST_ZIPLIST: u8 = 10;
    pub(super) const SET_INTSET: u8 = 11;
    pub(super) const ZSET_ZIPLIST: u8 = 12;
    pub(super) const HASH_ZIPLIST: u8 = 13;
    pub(super) const LIST_QUICKLIST: u8 = 14;
    pub(super) const STREAM_LISTPACKS: u8 = 15;
    pub(super) const HASH_LISTPACK: u8 = 16;
    pub(super) const ZSET_LISTPACK: u8 = 17;
    pub(super) const LIST_QUICKLIST_2: u8 = 18;
    pub(super) const STREAM_LISTPACKS_2: u8 = 19;
    pub(super) const SET_LISTPACK: u8 = 20;
    pub(super) const STREAM_LISTPACKS_3: u8 = 21;
}

/// What can be wrong with a payload. `Display` gives the error of RESTORE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It was changed on its way, or a newer server wrote it.
    #[error("ERR DUMP payload version or checksum are wrong")]
    VersionOrChecksum,
    /// Its bytes are no value.
    #[error("ERR Bad data format")]
    Corrupt,
}

type Result<T> = std::result::Result<T, Error>;

/// A value that was read. No collection is empty, but for a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// Any bytes.
    String(Vec<u8>),
    /// The items from head to tail.
    List(Strings),
    /// The members, each once, in no order.
    Set(Strings),
    /// Fields and values in turn, each field once, in no order.
    Hash(Strings),
    /// The members, each once, in no order.
    SortedSet {
        /// The members.
        members: Strings,
        /// The score of each, not NaN.
        scores: Vec<f64>,
    },
    /// A stream, which may be empty.
    Stream(Stream),
}

/// Reads what DUMP wrote. What stands between the value and the footer is ignored, as Redis does.
/// O(n log n), since members must not occur twice.
///
/// # Errors
/// Those of RESTORE.
pub fn decode(dump: &[u8]) -> Result<Payload> {
    let mut reader = Reader::new(checked(dump)?);
    let kind = reader.byte()?;
    read::value(kind, &mut reader)
}

/// Ends a payload: `dump` holds a type and a value, as the writers leave them. O(n).
pub fn seal(dump: &mut Vec<u8>) {
    dump.extend_from_slice(&VERSION_WRITTEN.to_le_bytes());
    dump.extend_from_slice(&crc64(dump).to_le_bytes());
}

impl Payload {
    /// What DUMP replies for this value. O(n).
    pub fn encode(&self) -> Vec<u8> {
        let mut dump = Vec::new();
        write::payload(self, &mut dump);
        seal(&mut dump);
        dump
    }
}

/// The type and the value, if the footer fits.
fn checked(dump: &[u8]) -> Result<&[u8]> {
    let body = dump.len().checked_sub(FOOTER_BYTES).ok_or(Error::VersionOrChecksum)?;
    let (summed, crc) = dump.split_at(dump.len() - CRC_BYTES);
    let version = u16::from_le_bytes([summed[body], summed[body + 1]]);
    if version > VERSION_MAX || crc64(summed).to_le_bytes() != crc {
        return Err(Error::VersionOrChecksum);
    }
    Ok(&dump[..body])
}
