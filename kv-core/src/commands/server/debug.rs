//! DEBUG: what test suites ask of a server. `enable-debug-command` says who may.

mod digest;

use crate::command::EngineCx;
use crate::commands::{dump, object};
use crate::config::parse_memory;
use crate::error::Error;
use crate::kernel::Flow;
use crate::store::View;
use crate::value::double;
use digest::Digest;

pub(crate) fn debug(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let name = cx.args.get(1).to_ascii_lowercase();
    match (name.as_slice(), cx.args.len()) {
        (b"change-repl-id", 2) | (b"log", 3) => cx.out.ok(),
        (b"digest", 2) => digest(cx),
        (b"digest-value", _) => digest_values(cx),
        (b"error", 3) => return Err(Error::composed(cx.args.get(2))),
        (b"help", 2) => help(cx),
        (b"listpack", 3) => return Err(listpack(cx)),
        (b"object", 3) => object(cx)?,
        (b"quicklist-packed-threshold", 3) => packed_threshold(cx)?,
        (b"set-active-expire", 3) => set_active_expire(cx),
        (b"sleep", 3) => sleep(cx),
        _ => return Err(super::wrong_subcommand(cx)),
    }
    Ok(Flow::Continue)
}

const HELP: [&str; 21] = [
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANGE-REPL-ID",
    "    Does nothing: there are no replicas.",
    "DIGEST",
    "    Gives 40 digits that depend on all keys and values, and on nothing else.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Gives such digits for the value of each key.",
    "ERROR <string>",
    "    Answers with this error.",
    "LOG <message>",
    "    Does nothing.",
    "OBJECT <key>",
    "    Tells how the key's value is kept and when it was used.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Does nothing: long elements of lists are stored as others are.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Stops the removal of what has expired, which no command sees, or goes on with it.",
    "SLEEP <seconds>",
    "    Stops the server's thread for this time, an hour at most.",
    "HELP",
    "    Prints this help.",
];

fn help(cx: &mut EngineCx<'_, '_>) {
    cx.out.array(HELP.len());
    HELP.iter().for_each(|line| cx.out.simple(line));
}

fn digest(cx: &mut EngineCx<'_, '_>) {
    let mut db = cx.store.lock_all(cx.session.database);
    let mut sum = Digest::default();
    for database in 0..db.databases() {
        db.select(database);
        let unix_ms = db.unix_ms();
        for (key, value) in db.iter() {
            sum.add(Digest::of_parts(&[
                &database.to_le_bytes(),
                &key.len().to_le_bytes(),
                key,
                &Digest::of_value(value, unix_ms).to_bytes(),
            ]));
        }
    }
    cx.out.simple(&sum.to_string());
}

fn digest_values(cx: &mut EngineCx<'_, '_>) {
    let args = cx.args;
    let mut db = cx.store.lock_all(cx.session.database);
    cx.out.array(args.len() - 2);
    for key in args.from(2) {
        let unix_ms = db.unix_ms();
        let value = db.entry(key).map(|entry| Digest::of_value(entry.value(), unix_ms));
        cx.out.simple(&value.unwrap_or_default().to_string());
    }
}

fn listpack(cx: &mut EngineCx<'_, '_>) -> Error {
    let mut db = cx.store.lock_all(cx.session.database);
    match db.contains(cx.args.get(2)) {
        true => Error::text("ERR Not a listpack encoded object."),
        false => Error::NoSuchKey,
    }
}

fn object(cx: &mut EngineCx<'_, '_>) -> Result<(), Error> {
    let (key, config) = (cx.args.get(2), &cx.kernel.config);
    let mut db = cx.store.lock_all(cx.session.database);
    let encoding = db.encoding(key, config).ok_or(Error::NoSuchKey)?;
    let refcount = object::references(&mut db, key, config).ok_or(Error::NoSuchKey)?;
    let idle_s = db.idle_s(key).ok_or(Error::NoSuchKey)?;
    let serialized = serialized_len(&mut db, key).ok_or(Error::NoSuchKey)?;
    let used_s = (cx.now.unix_us / 1_000_000).saturating_sub(idle_s) & super::info::LRU_CLOCK_MAX;
    cx.out.simple(&format!(
        "Value at:0x0 refcount:{refcount} encoding:{encoding} serializedlength:{serialized} \
         lru:{used_s} lru_seconds_idle:{idle_s}"
    ));
    Ok(())
}

/// How long the value is in a snapshot, in bytes, without its type.
fn serialized_len(db: &mut View<'_>, key: &[u8]) -> Option<usize> {
    let unix_ms = db.unix_ms();
    let mut bytes = Vec::new();
    dump::write(db.entry(key)?.value(), unix_ms, &mut bytes);
    Some(bytes.len() - 1)
}

fn packed_threshold(cx: &mut EngineCx<'_, '_>) -> Result<(), Error> {
    const END: u64 = 4 << 30;
    let size = str::from_utf8(cx.args.get(2)).ok().and_then(parse_memory);
    size.filter(|&size| size < END).ok_or(Error::text(
        "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
    ))?;
    cx.out.ok();
    Ok(())
}

fn set_active_expire(cx: &mut EngineCx<'_, '_>) {
    let is_on = crate::value::string::parse_int(cx.args.get(2)).is_some_and(|number| number != 0);
    cx.kernel.set_tending(is_on);
    cx.out.ok();
}

fn sleep(cx: &mut EngineCx<'_, '_>) {
    const SECONDS_MAX: f64 = 3600.0;
    let seconds = double::parse(cx.args.get(2)).map_or(0.0, |reading| reading.value);
    // Less than nothing, and what is no number, is nothing.
    let us = (seconds.min(SECONDS_MAX) * 1e6) as u64;
    cx.kernel.host.sleep(us);
    cx.out.ok();
}
