//! Deadlines of fields.

use super::{live, show};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{TimeUnit, int, is};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::reply::Reply;
use crate::store::{Deadline, Edit};
use crate::value::hash::{Field, Hash, Live};
use crate::value::string::parse_int;

/// No field has a later deadline, in milliseconds since the Unix epoch.
const DEADLINE_MAX: i64 = (1 << 46) - 1;

/// What a reply says of a field that is not there.
const NO_FIELD: i64 = -2;
/// What a reply says of a field without a deadline.
const NO_DEADLINE: i64 = -1;

/// What a reply says of a field that keeps its deadline, has another, or was deleted at once.
const REFUSED: i64 = 0;
const SET: i64 = 1;
const DELETED: i64 = 2;

const MISPLACED: Error =
    Error::text("ERR Mandatory argument FIELDS is missing or not at the right position");
const MISCOUNTED: Error =
    Error::text("ERR The `numfields` parameter must match the number of arguments");
const NOT_POSITIVE: Error = Error::text("ERR Number of fields must be a positive integer");
const NEGATIVE_TIME: Error = Error::text("ERR invalid expire time, must be >= 0");

pub(crate) fn hexpire(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire(cx, TimeUnit::Seconds, "hexpire")
}

pub(crate) fn hpexpire(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire(cx, TimeUnit::Milliseconds, "hpexpire")
}

pub(crate) fn hexpireat(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire(cx, TimeUnit::UnixSeconds, "hexpireat")
}

pub(crate) fn hpexpireat(cx: &mut Cx<'_>) -> Result<(), Error> {
    expire(cx, TimeUnit::UnixMilliseconds, "hpexpireat")
}

fn expire(cx: &mut Cx<'_>, unit: TimeUnit, command: &'static str) -> Result<(), Error> {
    const NOT_ABOVE_0: Error = Error::text("ERR Parameter `numFields` should be greater than 0");
    let unix_ms = cx.now.unix_ms();
    let mut hash = cx.db.edit_existing::<Hash>(cx.args.get(1))?;
    let deadline = deadline(cx.args.get(2), unit, unix_ms, command)?;
    let condition = Condition::of_word(cx.args.get(3));
    let fields = fields(cx.args, 3 + usize::from(condition.is_some()), NOT_ABOVE_0)?;
    cx.out.array(fields.len());
    let mut changes = 0;
    for field in fields {
        let hash = hash.as_deref_mut();
        let outcome = hash.map(|hash| expire_field(hash, field, deadline, condition, unix_ms));
        changes += usize::from(matches!(outcome, Some(SET | DELETED)));
        cx.out.int(outcome.unwrap_or(NO_FIELD));
    }
    conclude(hash, changes, deadline_event(Deadline::At(deadline), unix_ms));
    Ok(())
}

/// So many fields were changed, which this event tells of.
fn conclude(hash: Option<Edit<'_, Hash>>, changes: usize, event: &'static str) {
    if let Some(mut hash) = hash {
        hash.count(event, |_| changes);
    }
}

fn expire_field(
    hash: &mut Hash,
    field: &[u8],
    deadline: i64,
    condition: Option<Condition>,
    unix_ms: i64,
) -> i64 {
    match hash.at(unix_ms).find(field) {
        None => NO_FIELD,
        Some(old) if condition.is_some_and(|condition| !condition.allows(old, deadline)) => REFUSED,
        Some(_) if deadline <= unix_ms => {
            hash.remove(field, unix_ms);
            DELETED
        }
        Some(_) => {
            hash.set_deadline(field, Some(deadline));
            SET
        }
    }
}

/// When a field may be given another deadline.
#[derive(Clone, Copy)]
enum Condition {
    /// NX
    HasNone,
    /// XX
    HasOne,
    /// GT
    Later,
    /// LT
    Earlier,
}

impl Condition {
    fn of_word(word: &[u8]) -> Option<Self> {
        let words = [
            ("NX", Self::HasNone),
            ("XX", Self::HasOne),
            ("GT", Self::Later),
            ("LT", Self::Earlier),
        ];
        words.into_iter().find_map(|(name, condition)| is(word, name).then_some(condition))
    }

    /// No deadline is later than any.
    fn allows(self, old: Field<'_>, new: i64) -> bool {
        match self {
            Self::HasNone => old.deadline.is_none(),
            Self::HasOne => old.deadline.is_some(),
            Self::Later => old.deadline.is_some_and(|old| new > old),
            Self::Earlier => old.deadline.is_none_or(|old| new < old),
        }
    }
}

pub(crate) fn httl(cx: &mut Cx<'_>) -> Result<(), Error> {
    let now = cx.now.unix_ms();
    show_deadlines(cx, |deadline| round_up_to_seconds(deadline - now))
}

pub(crate) fn hpttl(cx: &mut Cx<'_>) -> Result<(), Error> {
    let now = cx.now.unix_ms();
    show_deadlines(cx, |deadline| deadline - now)
}

pub(crate) fn hexpiretime(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_deadlines(cx, round_up_to_seconds)
}

pub(crate) fn hpexpiretime(cx: &mut Cx<'_>) -> Result<(), Error> {
    show_deadlines(cx, |deadline| deadline)
}

fn show_deadlines(cx: &mut Cx<'_>, show: impl Fn(i64) -> i64) -> Result<(), Error> {
    let hash = live(&mut cx.db, cx.args.get(1), cx.now)?;
    let fields = fields(cx.args, 2, NOT_POSITIVE)?;
    cx.out.array(fields.len());
    for field in fields {
        cx.out.int(match hash.and_then(|hash| hash.find(field)) {
            None => NO_FIELD,
            Some(field) => field.deadline.map_or(NO_DEADLINE, &show),
        });
    }
    Ok(())
}

/// Of a time that is not negative.
fn round_up_to_seconds(ms: i64) -> i64 {
    (ms + 999) / 1000
}

pub(crate) fn hpersist(cx: &mut Cx<'_>) -> Result<(), Error> {
    let unix_ms = cx.now.unix_ms();
    let mut hash = cx.db.edit_existing::<Hash>(cx.args.get(1))?;
    let fields = fields(cx.args, 2, NOT_POSITIVE)?;
    cx.out.array(fields.len());
    let mut changes = 0;
    for field in fields {
        let hash = hash.as_deref_mut();
        let outcome = hash.map_or(NO_FIELD, |hash| persist_field(hash, field, unix_ms));
        changes += usize::from(outcome == SET);
        cx.out.int(outcome);
    }
    conclude(hash, changes, "hpersist");
    Ok(())
}

fn persist_field(hash: &mut Hash, field: &[u8], unix_ms: i64) -> i64 {
    match hash.at(unix_ms).find(field).map(|field| field.deadline) {
        None => NO_FIELD,
        Some(None) => NO_DEADLINE,
        Some(Some(_)) => {
            hash.set_deadline(field, None);
            SET
        }
    }
}

pub(crate) fn hgetdel(cx: &mut Cx<'_>) -> Result<(), Error> {
    let fields = fields(cx.args, 2, NOT_POSITIVE)?;
    let unix_ms = cx.now.unix_ms();
    let mut hash = cx.db.edit_existing::<Hash>(cx.args.get(1))?;
    let mut changes = 0;
    cx.out.array(fields.len());
    for field in fields {
        let found = show_or_null(cx.out, hash.as_deref().map(|hash| hash.at(unix_ms)), field);
        if let Some(hash) = hash.as_mut().filter(|_| found) {
            hash.remove(field, unix_ms);
            changes += 1;
        }
    }
    conclude(hash, changes, "hdel");
    Ok(())
}

pub(crate) fn hgetex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let unix_ms = cx.now.unix_ms();
    let (deadline, at) = hgetex_option(cx.args, unix_ms)?;
    let fields = fields(cx.args, at, NOT_POSITIVE)?;
    let mut hash = cx.db.edit_existing::<Hash>(cx.args.get(1))?;
    let mut changes = 0;
    cx.out.array(fields.len());
    for field in fields {
        let found = show_or_null(cx.out, hash.as_deref().map(|hash| hash.at(unix_ms)), field);
        if let Some(hash) = hash.as_deref_mut().filter(|_| found) {
            changes += usize::from(change_deadline(hash, field, deadline, unix_ms));
        }
    }
    conclude(hash, changes, deadline_event(deadline, unix_ms));
    Ok(())
}

/// Does to the deadline of a field that is there what HGETEX says. Whether that is a change.
fn change_deadline(hash: &mut Hash, field: &[u8], deadline: Deadline, unix_ms: i64) -> bool {
    match deadline {
        Deadline::Keep => false,
        Deadline::Clear => persist_field(hash, field, unix_ms) == SET,
        Deadline::At(at) => expire_field(hash, field, at, None, unix_ms) != NO_FIELD,
    }
}

/// The event of fields whose deadlines become this.
fn deadline_event(deadline: Deadline, unix_ms: i64) -> &'static str {
    match deadline {
        Deadline::At(at) if at <= unix_ms => "hdel",
        Deadline::At(_) => "hexpire",
        Deadline::Keep | Deadline::Clear => "hpersist",
    }
}

/// What becomes of the deadlines, and where FIELDS should stand.
fn hgetex_option(args: Args<'_>, unix_ms: i64) -> Result<(Deadline, usize), Error> {
    match TimeUnit::of_option(args.get(2)) {
        Some(unit) => Ok((Deadline::At(deadline(args.get(3), unit, unix_ms, "hgetex")?), 4)),
        None if is(args.get(2), "PERSIST") => Ok((Deadline::Clear, 3)),
        None => Ok((Deadline::Keep, 2)),
    }
}

pub(crate) fn hsetex(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (args, unix_ms) = (cx.args, cx.now.unix_ms());
    let options = SetOptions::parse(args, unix_ms)?;
    let mut hash = cx.db.edit::<Hash>(args.get(1))?;
    let pairs = (options.first..args.len()).step_by(2);
    let deadline = options.deadline.unwrap_or(Deadline::Clear);
    let is_there = |at| hash.at(unix_ms).find(args.get(at)).is_some();
    let stores = match options.condition {
        None => true,
        Some(SetCondition::NoneExists) => !pairs.clone().any(is_there),
        Some(SetCondition::AllExist) => pairs.clone().all(is_there),
    };
    if stores {
        for at in pairs {
            let (field, value) = (args.get(at), args.get(at + 1));
            set_with_deadline(&mut hash, field, value, deadline, unix_ms);
        }
        hash.notify("hset");
        if let Deadline::At(_) = deadline {
            hash.notify(deadline_event(deadline, unix_ms));
        }
    }
    cx.out.int(stores.into());
    Ok(())
}

fn set_with_deadline(
    hash: &mut Hash,
    field: &[u8],
    value: &[u8],
    deadline: Deadline,
    unix_ms: i64,
) {
    let deadline = match deadline {
        Deadline::At(at) if at <= unix_ms => {
            hash.remove(field, unix_ms);
            return;
        }
        Deadline::At(at) => Some(at),
        Deadline::Keep => hash.at(unix_ms).find(field).and_then(|field| field.deadline),
        Deadline::Clear => None,
    };
    hash.set(field, value, deadline, unix_ms);
}

/// When HSETEX stores anything.
enum SetCondition {
    /// FNX
    NoneExists,
    /// FXX
    AllExist,
}

struct SetOptions {
    condition: Option<SetCondition>,
    /// What it says of the deadlines; they go if it says nothing.
    deadline: Option<Deadline>,
    /// Where the fields begin.
    first: usize,
}

impl SetOptions {
    fn parse(args: Args<'_>, unix_ms: i64) -> Result<Self, Error> {
        const ARITY: Error = Error::WrongArity(std::borrow::Cow::Borrowed("hsetex"));
        let mut options = Self { condition: None, deadline: None, first: 0 };
        let mut at = 2;
        while let Some(word) = args.try_get(at) {
            if is(word, "FIELDS") {
                options.first = at + 2;
                let count = args.try_get(at + 1).filter(|_| at + 3 < args.len()).ok_or(ARITY)?;
                let pairs = Self::count(count)?;
                let is_right = pairs.checked_mul(2) == Some(args.len() - options.first);
                return if is_right { Ok(options) } else { Err(ARITY) };
            }
            at += options.read(word, args.try_get(at + 1), unix_ms)?;
        }
        Err(ARITY)
    }

    fn count(arg: &[u8]) -> Result<usize, Error> {
        let count = parse_int(arg).filter(|count| (1..=i64::from(i32::MAX)).contains(count));
        count.map(|count| count as usize).ok_or(Error::text("ERR invalid number of fields"))
    }

    /// Reads an option, which may take what is `next`. How many words it has.
    fn read(&mut self, word: &[u8], next: Option<&[u8]>, unix_ms: i64) -> Result<usize, Error> {
        const TWO_CONDITIONS: Error =
            Error::text("ERR Only one of FXX or FNX arguments can be specified");
        const TWO_DEADLINES: Error =
            Error::text("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
        const NO_TIME: Error = Error::text("ERR missing expire time");
        let conditions = [("FNX", SetCondition::NoneExists), ("FXX", SetCondition::AllExist)];
        let condition = conditions.into_iter().find(|(name, _)| is(word, name));
        if let Some((_, condition)) = condition {
            let old = self.condition.replace(condition);
            return if old.is_none() { Ok(1) } else { Err(TWO_CONDITIONS) };
        }
        let unit = TimeUnit::of_option(word);
        if unit.is_none() && !is(word, "KEEPTTL") {
            return Err(Error::composed([b"ERR unknown argument: ", until_zero(word)].concat()));
        }
        if self.deadline.is_some() {
            return Err(TWO_DEADLINES);
        }
        let Some(unit) = unit else {
            self.deadline = Some(Deadline::Keep);
            return Ok(1);
        };
        let time = next.ok_or(NO_TIME)?;
        self.deadline = Some(Deadline::At(deadline(time, unit, unix_ms, "hsetex")?));
        Ok(2)
    }
}

/// The deadline that a time means for `command`.
fn deadline(arg: &[u8], unit: TimeUnit, unix_ms: i64, command: &'static str) -> Result<i64, Error> {
    let amount = int(arg)?;
    if amount < 0 {
        return Err(NEGATIVE_TIME);
    }
    let deadline = unit.deadline(amount, unix_ms).filter(|&deadline| deadline <= DEADLINE_MAX);
    deadline.ok_or(Error::InvalidExpire(command))
}

/// The fields behind the word FIELDS, which stands at `at`, and their number. `not_positive` says
/// that the number is none.
fn fields<'a>(
    args: Args<'a>,
    at: usize,
    not_positive: Error,
) -> Result<impl ExactSizeIterator<Item = &'a [u8]> + use<'a>, Error> {
    if !args.try_get(at).is_some_and(|word| is(word, "FIELDS")) {
        return Err(MISPLACED);
    }
    let count = args.try_get(at + 1).and_then(parse_int).filter(|&count| count > 0);
    let count = count.ok_or(not_positive)?;
    let fields = args.from(at + 2);
    if fields.len() as i64 == count { Ok(fields) } else { Err(MISCOUNTED) }
}

/// Shows the value of a field, or null. Whether the field is there.
fn show_or_null(out: &mut dyn Reply, hash: Option<Live<'_>>, field: &[u8]) -> bool {
    let value = hash.and_then(|hash| hash.value(field));
    match value {
        Some(value) => show(out, value),
        None => out.null(),
    }
    value.is_some()
}
