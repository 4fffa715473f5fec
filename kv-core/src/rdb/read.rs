//! Reading values of all types.

use super::strings::{Strings, has_duplicates};
use super::wire::Reader;
use super::{Error, Payload, Result, intset, kind, listpack, stream, ziplist, zipmap};
use crate::value::pack::Item;

/// What the node of a quicklist is: one item, or a listpack.
const NODE_PLAIN: u64 = 1;
const NODE_PACKED: u64 = 2;

/// What stands for the length of a score's text if it has none.
const SCORE_NAN: u8 = 253;
const SCORE_INFINITE: u8 = 254;
const SCORE_MINUS_INFINITE: u8 = 255;

/// The value of this type that is to come.
pub(super) fn value(kind: u8, reader: &mut Reader<'_>) -> Result<Payload> {
    match kind {
        kind::STRING => Ok(Payload::String(reader.string()?.into_owned())),
        kind::LIST => list(strings(reader, 1)?),
        kind::LIST_ZIPLIST => list(ziplist_items(reader)?),
        kind::LIST_QUICKLIST => list(quicklist(reader, ziplist_node)?),
        kind::LIST_QUICKLIST_2 => list(quicklist(reader, node)?),
        kind::SET => set(strings(reader, 1)?),
        kind::SET_INTSET => set(intset::read(&reader.string()?)?),
        kind::SET_LISTPACK => set(listpack_items(reader)?),
        kind::HASH => hash(strings(reader, 2)?),
        kind::HASH_ZIPMAP => hash(zipmap::read(&reader.string()?)?),
        kind::HASH_ZIPLIST => hash(ziplist_items(reader)?),
        kind::HASH_LISTPACK => hash(listpack_items(reader)?),
        kind::ZSET => members(reader, text_score),
        kind::ZSET_2 => members(reader, |reader| reader.array().map(f64::from_le_bytes)),
        kind::ZSET_ZIPLIST => packed_members(ziplist::items(&reader.string()?)?),
        kind::ZSET_LISTPACK => packed_members(listpack::items(&reader.string()?)?),
        kind::STREAM_LISTPACKS => stream::read::stream(reader, stream::read::Version::One),
        kind::STREAM_LISTPACKS_2 => stream::read::stream(reader, stream::read::Version::Two),
        kind::STREAM_LISTPACKS_3 => stream::read::stream(reader, stream::read::Version::Three),
        _ => Err(Error::Corrupt),
    }
}

fn list(items: Strings) -> Result<Payload> {
    non_empty(&items)?;
    Ok(Payload::List(items))
}

fn set(members: Strings) -> Result<Payload> {
    non_empty(&members)?;
    unique(members.iter())?;
    Ok(Payload::Set(members))
}

fn hash(fields_and_values: Strings) -> Result<Payload> {
    non_empty(&fields_and_values)?;
    if !fields_and_values.len().is_multiple_of(2) {
        return Err(Error::Corrupt);
    }
    unique(fields_and_values.iter().step_by(2))?;
    Ok(Payload::Hash(fields_and_values))
}

fn sorted_set(members: Strings, scores: Vec<f64>) -> Result<Payload> {
    non_empty(&members)?;
    unique(members.iter())?;
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Error::Corrupt);
    }
    Ok(Payload::SortedSet { members, scores })
}

fn non_empty(strings: &Strings) -> Result<()> {
    if strings.is_empty() { Err(Error::Corrupt) } else { Ok(()) }
}

fn unique<'a>(strings: impl Iterator<Item = &'a [u8]>) -> Result<()> {
    if has_duplicates(strings) { Err(Error::Corrupt) } else { Ok(()) }
}

/// A number, and as many groups of strings.
fn strings(reader: &mut Reader<'_>, per_group: u64) -> Result<Strings> {
    let count = reader.length()?.checked_mul(per_group).ok_or(Error::Corrupt)?;
    let mut strings = Strings::default();
    for _ in 0..count {
        strings.push(&reader.string()?);
    }
    Ok(strings)
}

fn ziplist_items(reader: &mut Reader<'_>) -> Result<Strings> {
    let mut strings = Strings::default();
    ziplist_node(reader, &mut strings)?;
    Ok(strings)
}

fn listpack_items(reader: &mut Reader<'_>) -> Result<Strings> {
    let mut strings = Strings::default();
    listpack_node(reader, &mut strings)?;
    Ok(strings)
}

/// A number, and as many nodes. A node may be empty.
fn quicklist<'a>(
    reader: &mut Reader<'a>,
    node: impl Fn(&mut Reader<'a>, &mut Strings) -> Result<()>,
) -> Result<Strings> {
    let mut strings = Strings::default();
    for _ in 0..reader.length()? {
        node(reader, &mut strings)?;
    }
    Ok(strings)
}

fn node(reader: &mut Reader<'_>, strings: &mut Strings) -> Result<()> {
    match reader.length()? {
        NODE_PLAIN => strings.push(&reader.string()?),
        NODE_PACKED => listpack_node(reader, strings)?,
        _ => return Err(Error::Corrupt),
    }
    Ok(())
}

fn listpack_node(reader: &mut Reader<'_>, strings: &mut Strings) -> Result<()> {
    let packed = reader.string()?;
    push_all(listpack::items(&packed)?, strings)
}

fn ziplist_node(reader: &mut Reader<'_>, strings: &mut Strings) -> Result<()> {
    let packed = reader.string()?;
    push_all(ziplist::items(&packed)?, strings)
}

fn push_all<'a>(
    items: impl Iterator<Item = Result<Item<'a>>>,
    strings: &mut Strings,
) -> Result<()> {
    for item in items {
        strings.push_item(item?);
    }
    Ok(())
}

/// A number, and as many members, each with its score.
fn members<'a>(
    reader: &mut Reader<'a>,
    score: impl Fn(&mut Reader<'a>) -> Result<f64>,
) -> Result<Payload> {
    let (mut members, mut scores) = (Strings::default(), Vec::new());
    for _ in 0..reader.length()? {
        members.push(&reader.string()?);
        scores.push(score(reader)?);
    }
    sorted_set(members, scores)
}

fn text_score(reader: &mut Reader<'_>) -> Result<f64> {
    match reader.byte()? {
        SCORE_NAN => Err(Error::Corrupt),
        SCORE_INFINITE => Ok(f64::INFINITY),
        SCORE_MINUS_INFINITE => Ok(f64::NEG_INFINITY),
        len => float(reader.bytes(len.into())?),
    }
}

/// Members and scores in turn.
fn packed_members<'a>(mut items: impl Iterator<Item = Result<Item<'a>>>) -> Result<Payload> {
    let (mut members, mut scores) = (Strings::default(), Vec::new());
    while let Some(member) = items.next() {
        members.push_item(member?);
        scores.push(score(items.next().ok_or(Error::Corrupt)??)?);
    }
    sorted_set(members, scores)
}

/// The score that an item tells.
pub(super) fn score(item: Item<'_>) -> Result<f64> {
    match item {
        Item::Int(value) => Ok(value as f64),
        Item::Bytes(text) => float(text),
    }
}

fn float(text: &[u8]) -> Result<f64> {
    let text = std::str::from_utf8(text).map_err(|_| Error::Corrupt)?;
    text.parse().map_err(|_| Error::Corrupt)
}
