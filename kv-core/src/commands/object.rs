//! OBJECT: how a value is kept, and how it is used.

use crate::command::Cx;
use crate::config::{self, Config};
use crate::error::Error;
use crate::store::View;

const IDLE_TIME_NOT_TRACKED: Error = Error::text(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
const FREQUENCY_NOT_TRACKED: Error = Error::text(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);

pub(crate) fn encoding(cx: &mut Cx<'_>) -> Result<(), Error> {
    let name = cx.db.encoding(cx.args.get(2), cx.config);
    cx.out.bulk_or_null(name.map(str::as_bytes));
    Ok(())
}

pub(crate) fn freq(cx: &mut Cx<'_>) -> Result<(), Error> {
    let frequency = cx.db.frequency(cx.args.get(2));
    if frequency.is_some() && !cx.config.eviction_policy().is_lfu() {
        return Err(FREQUENCY_NOT_TRACKED);
    }
    int_or_null(cx, frequency.map(i64::from));
    Ok(())
}

pub(crate) fn idletime(cx: &mut Cx<'_>) -> Result<(), Error> {
    let idle_s = cx.db.idle_s(cx.args.get(2));
    if idle_s.is_some() && cx.config.eviction_policy().is_lfu() {
        return Err(IDLE_TIME_NOT_TRACKED);
    }
    int_or_null(cx, idle_s.map(|seconds| seconds as i64));
    Ok(())
}

pub(crate) fn refcount(cx: &mut Cx<'_>) -> Result<(), Error> {
    let count = references(&mut cx.db, cx.args.get(2), cx.config);
    int_or_null(cx, count);
    Ok(())
}

/// How many references Redis would count to the value of a key, if there is one.
pub(crate) fn references(db: &mut View<'_>, key: &[u8], config: &Config) -> Option<i64> {
    let shared = shared_integers(config);
    let integer = db.integer(key)?;
    Some(if integer.is_some_and(|integer| shared.contains(&integer)) { SHARED } else { 1 })
}

/// The number of references that Redis tells for a value that all keys share.
const SHARED: i64 = i32::MAX as i64;

/// The integers that Redis shares between keys. None where eviction goes by the use of keys, which
/// it notes in the value.
fn shared_integers(config: &Config) -> std::ops::Range<i64> {
    let policy = config.eviction_policy();
    let notes_use = policy.is_lru() || policy.is_lfu();
    if config.int(config::MAXMEMORY) > 0 && notes_use { 0..0 } else { 0..10_000 }
}

fn int_or_null(cx: &mut Cx<'_>, value: Option<i64>) {
    match value {
        Some(value) => cx.out.int(value),
        None => cx.out.null(),
    }
}
