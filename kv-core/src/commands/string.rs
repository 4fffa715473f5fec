//! Strings.

pub(crate) mod conditional;
pub(crate) mod increx;
pub(crate) mod throttle;

use self::conditional::Condition;
use super::parse::{TimeUnit, int, is, positive_ttl};
use crate::args::Args;
use crate::command::Cx;
use crate::config::{self, Config, Notifications};
use crate::error::Error;
use crate::now::Now;
use crate::reply::Reply;
use crate::store::{Deadline, View};
use crate::value::lcs::{self, Alignment};
use crate::value::long_double::LongDouble;
use crate::value::string::{IntBuffer, StrRef};
use std::ops::Range;

const DECREMENT_OVERFLOW: Error = Error::text("ERR decrement would overflow");
const OFFSET_OUT_OF_RANGE: Error = Error::text("ERR offset is out of range");

pub(crate) fn get(cx: &mut Cx<'_>) -> Result<(), Error> {
    match cx.db.string(cx.args.get(1))? {
        Some(value) => cx.out.bulk(value.as_bytes(&mut IntBuffer::new())),
        None => cx.out.null(),
    }
    Ok(())
}

pub(crate) fn set(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = SetOptions::parse(cx.args)?;
    let deadline = options.lifetime.deadline(Deadline::Clear, Deadline::Keep, cx.now, "set")?;
    let key = cx.args.get(1);
    let stores = match options.condition {
        Some(condition) => condition.holds(&mut cx.db, key)?,
        None => true,
    };
    if options.get {
        get(cx)?;
    }
    if stores {
        store(&mut cx.db, key, cx.args.get(2), deadline);
    }
    match (options.get, stores) {
        (true, _) => {}
        (false, true) => cx.out.ok(),
        (false, false) => cx.out.null(),
    }
    Ok(())
}

/// Stores a string, with the events of SET.
fn store(db: &mut View<'_>, key: &[u8], value: &[u8], deadline: Deadline) {
    db.set_string(key, value, deadline);
    db.notify(Notifications::STRING, "set", key);
    if let Deadline::At(_) = deadline {
        db.notify(Notifications::GENERIC, "expire", key);
    }
}

pub(crate) fn setnx(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let absent = !cx.db.contains(key);
    if absent {
        store(&mut cx.db, key, cx.args.get(2), Deadline::Clear);
    }
    cx.out.int(i64::from(absent));
    Ok(())
}

pub(crate) fn setex(cx: &mut Cx<'_>) -> Result<(), Error> {
    set_for(cx, TimeUnit::Seconds, "setex")
}

pub(crate) fn psetex(cx: &mut Cx<'_>) -> Result<(), Error> {
    set_for(cx, TimeUnit::Milliseconds, "psetex")
}

fn set_for(cx: &mut Cx<'_>, unit: TimeUnit, command: &'static str) -> Result<(), Error> {
    let deadline = positive_ttl(cx.args.get(2), unit, cx.now.unix_ms(), command)?;
    store(&mut cx.db, cx.args.get(1), cx.args.get(3), Deadline::At(deadline));
    cx.out.ok();
    Ok(())
}

pub(crate) fn getset(cx: &mut Cx<'_>) -> Result<(), Error> {
    get(cx)?;
    store(&mut cx.db, cx.args.get(1), cx.args.get(2), Deadline::Clear);
    Ok(())
}

pub(crate) fn getdel(cx: &mut Cx<'_>) -> Result<(), Error> {
    get(cx)?;
    cx.db.remove(cx.args.get(1));
    Ok(())
}

pub(crate) fn getex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let lifetime = Lifetime::of_getex(cx.args)?;
    let key = cx.args.get(1);
    let Some(value) = cx.db.string(key)? else {
        cx.out.null();
        return Ok(());
    };
    let deadline = lifetime.deadline(Deadline::Keep, Deadline::Clear, cx.now, "getex")?;
    cx.out.bulk(value.as_bytes(&mut IntBuffer::new()));
    match deadline {
        Deadline::Keep => {}
        Deadline::Clear => cx.db.persist(key),
        Deadline::At(unix_ms) => cx.db.expire(key, unix_ms),
    }
    Ok(())
}

pub(crate) fn mget(cx: &mut Cx<'_>) -> Result<(), Error> {
    let keys = cx.args.from(1);
    cx.out.array(keys.len());
    for key in keys {
        match cx.db.string(key) {
            Ok(Some(value)) => cx.out.bulk(value.as_bytes(&mut IntBuffer::new())),
            Ok(None) | Err(_) => cx.out.null(),
        }
    }
    Ok(())
}

pub(crate) fn mset(cx: &mut Cx<'_>) -> Result<(), Error> {
    check_pairs(cx.args, "mset")?;
    set_pairs(cx);
    cx.out.ok();
    Ok(())
}

pub(crate) fn msetnx(cx: &mut Cx<'_>) -> Result<(), Error> {
    check_pairs(cx.args, "msetnx")?;
    let absent = !cx.args.from(1).step_by(2).any(|key| cx.db.contains(key));
    if absent {
        set_pairs(cx);
    }
    cx.out.int(i64::from(absent));
    Ok(())
}

fn check_pairs(args: Args<'_>, command: &'static str) -> Result<(), Error> {
    if args.len() % 2 == 1 { Ok(()) } else { Err(Error::WrongArity(command.into())) }
}

fn set_pairs(cx: &mut Cx<'_>) {
    for index in (1..cx.args.len()).step_by(2) {
        store(&mut cx.db, cx.args.get(index), cx.args.get(index + 1), Deadline::Clear);
    }
}

pub(crate) fn incr(cx: &mut Cx<'_>) -> Result<(), Error> {
    add(cx, 1)
}

pub(crate) fn decr(cx: &mut Cx<'_>) -> Result<(), Error> {
    add(cx, -1)
}

pub(crate) fn incrby(cx: &mut Cx<'_>) -> Result<(), Error> {
    let increment = int(cx.args.get(2))?;
    add(cx, increment)
}

pub(crate) fn decrby(cx: &mut Cx<'_>) -> Result<(), Error> {
    let decrement = int(cx.args.get(2))?;
    add(cx, decrement.checked_neg().ok_or(DECREMENT_OVERFLOW)?)
}

fn add(cx: &mut Cx<'_>, increment: i64) -> Result<(), Error> {
    let key = cx.args.get(1);
    let sum = cx.db.update_int(key, |string| {
        let value = string.map_or(Some(0), StrRef::as_int).ok_or(Error::NotAnInteger)?;
        value.checked_add(increment).ok_or(Error::Overflow)
    })?;
    cx.db.notify(Notifications::STRING, "incrby", key);
    cx.out.int(sum);
    Ok(())
}

pub(crate) fn incrbyfloat(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let value = match cx.db.current_string(key)? {
        Some(string) => long_double(string.as_bytes(&mut IntBuffer::new()))?,
        None => LongDouble::ZERO,
    };
    let increment = long_double(cx.args.get(2))?;
    let sum = value.checked_add(increment).ok_or(Error::NotFinite)?.to_decimal();
    // Not an integer to OBJECT ENCODING, whatever it looks like.
    let string = StrRef::Bytes { bytes: sum.as_bytes(), is_built: false };
    cx.db.set(key, string, Deadline::Keep);
    cx.db.notify(Notifications::STRING, "incrbyfloat", key);
    cx.out.bulk(sum.as_bytes());
    Ok(())
}

fn long_double(text: &[u8]) -> Result<LongDouble, Error> {
    LongDouble::parse(text).ok_or(Error::NotAFloat)
}

pub(crate) fn strlen(cx: &mut Cx<'_>) -> Result<(), Error> {
    let len = cx.db.string(cx.args.get(1))?.map_or(0, StrRef::len);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn append(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (key, suffix) = (cx.args.get(1), cx.args.get(2));
    let len = match cx.db.current_string(key)?.map(StrRef::len) {
        Some(len) => {
            check_len(cx.config, len, suffix.len())?;
            cx.db.patch_string(key, len, suffix)
        }
        None => {
            cx.db.set_string(key, suffix, Deadline::Clear);
            suffix.len()
        }
    };
    cx.db.notify(Notifications::STRING, "append", key);
    cx.out.int(len as i64);
    Ok(())
}

pub(crate) fn getrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (start, end) = (int(cx.args.get(2))?, int(cx.args.get(3))?);
    match cx.db.string(cx.args.get(1))? {
        Some(value) => {
            let mut buffer = IntBuffer::new();
            let bytes = value.as_bytes(&mut buffer);
            cx.out.bulk(&bytes[byte_range(bytes.len(), start, end)]);
        }
        None => cx.out.bulk(b""),
    }
    Ok(())
}

pub(crate) fn setrange(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let offset = usize::try_from(int(cx.args.get(2))?).map_err(|_| OFFSET_OUT_OF_RANGE)?;
    let patch = cx.args.get(3);
    let len = match cx.db.current_string(key)?.map(StrRef::len) {
        len if patch.is_empty() => len.unwrap_or(0),
        len => {
            check_len(cx.config, offset, patch.len())?;
            if len.is_none() {
                cx.db.set(key, StrRef::EMPTY, Deadline::Clear);
            }
            let len = cx.db.patch_string(key, offset, patch);
            cx.db.notify(Notifications::STRING, "setrange", key);
            len
        }
    };
    cx.out.int(len as i64);
    Ok(())
}

/// Whether a string of these two lengths together may exist.
fn check_len(config: &Config, len: usize, more: usize) -> Result<(), Error> {
    let is_allowed = len.saturating_add(more) <= proto_max_bulk_len(config);
    if is_allowed { Ok(()) } else { Err(Error::StringTooLong) }
}

/// The greatest length that a string may have, in bytes.
pub(super) fn proto_max_bulk_len(config: &Config) -> usize {
    config.int(config::PROTO_MAX_BULK_LEN) as usize
}

/// The bytes from `start` to `end` inclusive; negative positions count from the end. A position
/// before the beginning means the first byte, for the end of the range too.
pub(super) fn byte_range(len: usize, start: i64, end: i64) -> Range<usize> {
    let position = |index: i64| {
        let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        if index < 0 { len.saturating_sub(distance) } else { distance }
    };
    let is_backwards = start < 0 && end < 0 && start > end;
    let (first, end) = (position(start), position(end).saturating_add(1).min(len));
    if is_backwards || first >= end { 0..0 } else { first..end }
}

pub(crate) fn lcs(cx: &mut Cx<'_>) -> Result<(), Error> {
    // The view lends one value at a time.
    let a = lcs_operand(cx.db.string(cx.args.get(1)))?.unwrap_or(StrRef::EMPTY).to_owned();
    let b = lcs_operand(cx.db.string(cx.args.get(2)))?.unwrap_or(StrRef::EMPTY);
    let options = LcsOptions::parse(cx.args)?;
    let (mut a_buffer, mut b_buffer) = (IntBuffer::new(), IntBuffer::new());
    let (a, b) = (a.view().as_bytes(&mut a_buffer), b.as_bytes(&mut b_buffer));
    check_lcs_memory(cx.config, a.len(), b.len())?;
    if options.len {
        cx.out.int(lcs::length(a, b) as i64);
    } else if options.idx {
        reply_runs(cx.out, &Alignment::new(a, b), &options);
    } else {
        cx.out.bulk(&Alignment::new(a, b).subsequence());
    }
    Ok(())
}

fn lcs_operand(string: Result<Option<StrRef<'_>>, Error>) -> Result<Option<StrRef<'_>>, Error> {
    string.map_err(|_| Error::text("ERR The specified keys must contain string values"))
}

/// Refuses what Redis refuses. Its table has four bytes a cell, of which we need a bit.
fn check_lcs_memory(config: &Config, a: usize, b: usize) -> Result<(), Error> {
    const LEN_MAX: usize = u32::MAX as usize - 2;
    if a > LEN_MAX || b > LEN_MAX {
        return Err(Error::text("ERR String too long for LCS"));
    }
    let table = (a as u128 + 1) * (b as u128 + 1) * 4;
    if table > config.int(config::PROTO_MAX_BULK_LEN) as u128 {
        return Err(Error::text(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    Ok(())
}

fn reply_runs(out: &mut dyn Reply, alignment: &Alignment<'_>, options: &LcsOptions) {
    let is_shown = |run: &lcs::Run| run.len as i64 >= options.min_match_len;
    out.map(2);
    out.bulk(b"matches");
    out.array(alignment.runs().filter(is_shown).count());
    for run in alignment.runs().filter(is_shown) {
        out.array(2 + usize::from(options.with_match_len));
        for start in [run.a, run.b] {
            out.array(2);
            out.int(start as i64);
            out.int((start + run.len - 1) as i64);
        }
        if options.with_match_len {
            out.int(run.len as i64);
        }
    }
    out.bulk(b"len");
    out.int(alignment.len() as i64);
}

/// What the options of SET, GETEX and their like say about the deadline.
#[derive(Clone, Copy, Default)]
enum Lifetime<'a> {
    #[default]
    Unsaid,
    /// The command's own word: KEEPTTL where a value is replaced, PERSIST where it is kept.
    Word,
    /// A unit and an amount that was not read yet.
    Given(TimeUnit, &'a [u8]),
}

impl<'a> Lifetime<'a> {
    fn of_getex(args: Args<'a>) -> Result<Self, Error> {
        let mut lifetime = Lifetime::Unsaid;
        let mut rest = args.from(2);
        while let Some(option) = rest.next() {
            lifetime.read(option, &mut rest, "PERSIST")?;
        }
        Ok(lifetime)
    }

    /// Reads an option, and its amount from `rest`. The same option again replaces the first.
    fn read(
        &mut self,
        option: &[u8],
        rest: &mut impl Iterator<Item = &'a [u8]>,
        word: &str,
    ) -> Result<(), Error> {
        let new = match TimeUnit::of_option(option) {
            Some(unit) => Lifetime::Given(unit, rest.next().ok_or(Error::Syntax)?),
            None if is(option, word) => Lifetime::Word,
            None => return Err(Error::Syntax),
        };
        match (*self, new) {
            (Lifetime::Unsaid, _) | (Lifetime::Word, Lifetime::Word) => {}
            (Lifetime::Given(unit, _), Lifetime::Given(new, _)) if unit == new => {}
            _ => return Err(Error::Syntax),
        }
        *self = new;
        Ok(())
    }

    fn deadline(
        self,
        unsaid: Deadline,
        word: Deadline,
        now: Now,
        command: &'static str,
    ) -> Result<Deadline, Error> {
        Ok(match self {
            Lifetime::Unsaid => unsaid,
            Lifetime::Word => word,
            Lifetime::Given(unit, amount) => {
                Deadline::At(positive_ttl(amount, unit, now.unix_ms(), command)?)
            }
        })
    }
}

#[derive(Default)]
struct SetOptions<'a> {
    condition: Option<Condition<'a>>,
    get: bool,
    lifetime: Lifetime<'a>,
}

impl<'a> SetOptions<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = args.from(3);
        while let Some(option) = rest.next() {
            if let Some(condition) = Condition::of_option(option, &mut rest)? {
                condition.require(&mut options.condition)?;
            } else if is(option, "GET") {
                options.get = true;
            } else {
                options.lifetime.read(option, &mut rest, "KEEPTTL")?;
            }
        }
        Ok(options)
    }
}

#[derive(Default)]
struct LcsOptions {
    len: bool,
    idx: bool,
    with_match_len: bool,
    min_match_len: i64,
}

impl LcsOptions {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = args.from(3);
        while let Some(option) = rest.next() {
            if is(option, "LEN") {
                options.len = true;
            } else if is(option, "IDX") {
                options.idx = true;
            } else if is(option, "WITHMATCHLEN") {
                options.with_match_len = true;
            } else if is(option, "MINMATCHLEN") {
                options.min_match_len = int(rest.next().ok_or(Error::Syntax)?)?;
            } else {
                return Err(Error::Syntax);
            }
        }
        if options.len && options.idx {
            return Err(Error::text(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(options)
    }
}
