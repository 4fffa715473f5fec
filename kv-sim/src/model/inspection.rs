//! OBJECT and MEMORY, as far as replies follow from what is stored rather than how.

use super::hashes::{Field, Fields};
use super::{Bytes, Data, Expect, Outcome, Row, Run, exactly, is};
use crate::wire::{Value, parse_int};
use std::collections::{BTreeSet, VecDeque};

pub(super) const COMMANDS: &[Row] = &[("memory", -2, memory), ("object", -2, object)];

/// The longest string that Redis stores beside its key, in bytes.
const EMBEDDED_MAX: usize = 44;

/// The number of references that Redis tells for a value that all keys share.
const SHARED: i64 = i32::MAX as i64;

pub(super) fn object(run: &mut Run<'_>) -> Outcome {
    let [_, what, key] = run.args else { unreachable!("plans send nothing else") };
    let Some(entry) = run.find(key) else { return exactly(run.null()) };
    Ok(Expect::OneOf(if is(what, "ENCODING") {
        encodings(&entry.data, run.now).iter().map(|name| Value::bulk(name.as_bytes())).collect()
    } else {
        reference_counts(&entry.data).iter().map(|&count| Value::int(count)).collect()
    }))
}

pub(super) fn memory(run: &mut Run<'_>) -> Outcome {
    match run.find(&run.args[2]) {
        None => exactly(run.null()),
        Some(_) => Ok(Expect::Between(1, i64::MAX)),
    }
}

/// What a value may be called. A string that was built by parts is raw, whatever it is.
fn encodings(data: &Data, now: i64) -> &'static [&'static str] {
    match data {
        Data::Str(bytes) if bytes.len() > EMBEDDED_MAX => &["raw"],
        Data::Str(bytes) if parse_int(bytes).is_some() => &["int", "raw"],
        Data::Str(_) => &["embstr", "raw"],
        Data::Sketch(_) => &["raw"],
        Data::List(items) => list_encodings(items),
        Data::Set(members) => set_encodings(members),
        Data::Hash(fields) => hash_encodings(fields, now),
        Data::SortedSet(scores) => sorted_set_encodings(scores.len(), scores.keys()),
        Data::Stream(_) => &["stream"],
    }
}

/// A listpack has up to 8 KiB; how much an element takes beyond its bytes depends on many things.
fn list_encodings(items: &VecDeque<Bytes>) -> &'static [&'static str] {
    const LISTPACK_MAX: usize = 8192;
    const FRAME_MAX: usize = 11;
    let is_int = |item: &&Bytes| parse_int(item).is_some();
    let least: usize = items.iter().filter(|item| !is_int(item)).map(Vec::len).sum();
    let most: usize = items.iter().map(|item| item.len() + FRAME_MAX).sum();
    match () {
        () if least > LISTPACK_MAX => &["quicklist"],
        () if most < LISTPACK_MAX - FRAME_MAX => &["listpack"],
        () => &["listpack", "quicklist"],
    }
}

/// By the limits that are set to begin with. Redis goes by the largest that the set has been, and
/// has listpacks since 7.2.
fn set_encodings(members: &BTreeSet<Bytes>) -> &'static [&'static str] {
    let (len, are_short) = (members.len(), members.iter().all(|member| member.len() <= 64));
    match members.iter().all(|member| parse_int(member).is_some()) {
        true if len <= 512 => &["intset", "hashtable"],
        false if len <= 128 && are_short => &["listpack", "hashtable"],
        _ => &["hashtable"],
    }
}

/// What has expired counts until it is removed, whenever that is.
fn hash_encodings(fields: &Fields, now: i64) -> &'static [&'static str] {
    const VALUE_MAX: usize = 64;
    let is_long = |(name, field): (&Bytes, &Field)| {
        field.is_live(now) && name.len().max(field.value.len()) > VALUE_MAX
    };
    if fields.iter().any(is_long) {
        return &["hashtable"];
    }
    &["listpack", "listpackex", "hashtable"]
}

fn sorted_set_encodings<'a>(
    len: usize,
    mut members: impl Iterator<Item = &'a Bytes>,
) -> &'static [&'static str] {
    let is_small = len <= 128 && members.all(|member| member.len() <= 64);
    if is_small { &["listpack"] } else { &["skiplist"] }
}

fn reference_counts(data: &Data) -> &'static [i64] {
    match data {
        Data::Str(bytes) if parse_int(bytes).is_some_and(|int| (0..10_000).contains(&int)) => {
            &[1, SHARED]
        }
        _ => &[1],
    }
}
