//! Strings under conditions, with bounds, and at limited rates: what Redis has since 8, or not.

use super::strings::{Kind, Options, quarters, render_quarters};
use super::{Bytes, Expect, NOT_AN_INTEGER, Outcome, Row, Run, SYNTAX, exactly, int, truth};
use crate::wire::{Value, parse_int};

pub(super) const COMMANDS: &[Row] = &[
    ("cl.throttle", -5, throttle),
    ("delex", -2, delex),
    ("delifeq", 3, delifeq),
    ("digest", 2, digest),
    ("increx", -2, increx),
    ("msetex", -4, msetex),
];

/// How many letters a digest has.
const DIGEST_LEN: usize = 16;

/// IFEQ and its kin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    DigestEqual,
    DigestUnequal,
}

impl Comparison {
    pub(super) fn of(word: &[u8]) -> Option<Comparison> {
        Some(match word.to_ascii_uppercase().as_slice() {
            b"IFEQ" => Self::Equal,
            b"IFNE" => Self::Unequal,
            b"IFDEQ" => Self::DigestEqual,
            b"IFDNE" => Self::DigestUnequal,
            _ => return None,
        })
    }

    fn wants_equal(self) -> bool {
        matches!(self, Self::Equal | Self::DigestEqual)
    }

    pub(super) fn holds(self, run: &Run<'_>, key: &[u8], operand: &[u8]) -> Result<bool, Bytes> {
        let Some(value) = run.string(key)? else { return Ok(!self.wants_equal()) };
        let is_equal = match self {
            Self::Equal | Self::Unequal => value == operand,
            _ if operand.len() != DIGEST_LEN => {
                return Err(b"ERR must be exactly 16 hexadecimal characters".into());
            }
            // Nobody knows a digest that the server never told.
            _ => run.model.digests.get(value).is_some_and(|it| it.eq_ignore_ascii_case(operand)),
        };
        Ok(is_equal == self.wants_equal())
    }
}

/// The model takes the server's word for a digest, as long as it is one and the same for the same
/// value only.
fn digest(run: &mut Run<'_>) -> Outcome {
    let Some(value) = run.string(&run.args[1])?.cloned() else { return exactly(run.null()) };
    let digests = &run.model.digests;
    if let Some(known) = digests.get(&value) {
        return exactly(Value::bulk(known));
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    match run.reply() {
        Some(Value::Blob(b'$', new)) if new.len() == DIGEST_LEN && new.iter().all(is_digit) => {
            if digests.values().any(|known| *known == new) {
                return Ok(Expect::Never("another value has this digest"));
            }
            run.model.digests.insert(value, new.clone());
            exactly(Value::bulk(&new))
        }
        _ => Ok(Expect::Never("a digest is 16 hexadecimal digits")),
    }
}

fn delifeq(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let is_wanted = Comparison::Equal.holds(run, &key, &run.args[2])?;
    truth(is_wanted && run.take(&key).is_some())
}

fn delex(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    if let [word, operand] = &run.args[2..] {
        let found = run
            .string(&key)
            .map_err(|_| &b"ERR Key should be of string type if conditions are specified"[..])?;
        if found.is_none() {
            return truth(false);
        }
        let unknown = &b"ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"[..];
        if !Comparison::of(word).ok_or(unknown)?.holds(run, &key, operand)? {
            return truth(false);
        }
    } else if run.args.len() != 2 {
        return Err(run.wrong_arity());
    }
    truth(run.take(&key).is_some())
}

fn msetex(run: &mut Run<'_>) -> Outcome {
    let pairs = parse_int(&run.args[1]).filter(|pairs| (1..1 << 31).contains(pairs));
    let pairs = pairs.ok_or(&b"ERR invalid numkeys value"[..])? as usize;
    let words = run.args.get(2..2 + 2 * pairs);
    let words = words.ok_or(&b"ERR wrong number of key-value pairs"[..])?;
    let options = Options::parse(&run.args[2 + 2 * pairs..], Kind::MSetEx)?;
    let deadline = options.deadline(run)?;
    let mut there = words.chunks(2).map(|pair| run.find(&pair[0]).is_some());
    let stores = if options.nx { !there.any(|it| it) } else { !options.xx || there.all(|it| it) };
    if stores {
        for pair in words.chunks(2) {
            let deadline = if options.keep { run.deadline(&pair[0]) } else { deadline };
            run.put_string(&pair[0], &pair[1], deadline);
        }
    }
    truth(stores)
}

/// What INCREX was told.
#[derive(Default)]
struct Increase {
    lifetime: Vec<Bytes>,
    nx: bool,
    xx: bool,
    by_int: Option<Bytes>,
    by_float: Option<Bytes>,
    lower: Option<Bytes>,
    upper: Option<Bytes>,
    saturates: bool,
    keeps_deadline: bool,
}

impl Increase {
    fn parse(args: &[Bytes]) -> Result<Increase, Bytes> {
        let mut found = Increase::default();
        let mut rest = args;
        while let [word, tail @ ..] = rest {
            let has_by = found.by_int.is_some() || found.by_float.is_some();
            let has_condition = found.nx || found.xx;
            let mut used = 1;
            let flag = |flag: &mut bool, barred: bool| {
                let is_new = !std::mem::replace(flag, true);
                if is_new && !barred { Ok(()) } else { Err(SYNTAX) }
            };
            let mut operand = |place: &mut Option<Bytes>, barred: bool| {
                used = 2;
                let operand = tail.first().ok_or(SYNTAX)?.clone();
                if place.replace(operand).is_some() || barred { Err(SYNTAX) } else { Ok(()) }
            };
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => flag(&mut found.nx, has_condition)?,
                b"XX" => flag(&mut found.xx, has_condition)?,
                b"SATURATE" => flag(&mut found.saturates, false)?,
                b"ENX" => flag(&mut found.keeps_deadline, false)?,
                b"BYINT" => operand(&mut found.by_int, has_by)?,
                b"BYFLOAT" => operand(&mut found.by_float, has_by)?,
                b"LBOUND" => operand(&mut found.lower, false)?,
                b"UBOUND" => operand(&mut found.upper, false)?,
                _ if !found.lifetime.is_empty() => return Err(SYNTAX.into()),
                b"PERSIST" => found.lifetime.push(word.clone()),
                _ => {
                    used = 2;
                    found.lifetime.extend(rest.iter().take(2).cloned());
                }
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        Options::parse(&found.lifetime, Kind::GetEx)?;
        match (found.keeps_deadline, found.lifetime.len()) {
            (true, 0) => Err(b"ERR ENX flag requires an expiration".into()),
            (true, 1) => Err(SYNTAX.into()),
            _ => Ok(found),
        }
    }

    /// The least, the increment and the most, read by `read`.
    fn numbers(
        &self,
        kind: &str,
        ends: (i64, i64),
        read: impl Fn(&[u8]) -> Option<i64>,
    ) -> Result<[i64; 3], Bytes> {
        let by = self.by_float.as_ref().or(self.by_int.as_ref());
        let number = |arg: Option<&Bytes>, unsaid: i64, name: &str| {
            let number = arg.map_or(Some(unsaid), |arg| read(arg));
            number.ok_or_else(|| Bytes::from(format!("ERR {name} is not {kind}")))
        };
        let by = number(by, 1, "Increment")?;
        let lower = number(self.lower.as_ref(), ends.0, "LBOUND")?;
        let upper = number(self.upper.as_ref(), ends.1, "UBOUND")?;
        if lower > upper {
            return Err(b"ERR LBOUND can't be greater than UBOUND".into());
        }
        Ok([lower, by, upper])
    }
}

/// Numbers with fractions are in quarters, of which plans add up no great ones.
fn increx(run: &mut Run<'_>) -> Outcome {
    const QUARTERS_MAX: i64 = i64::MAX / 2;
    let told = Increase::parse(&run.args[2..])?;
    let is_float = told.by_float.is_some();
    let float = |arg: &[u8]| quarters(arg).ok();
    let [lower, by, upper] = if is_float {
        told.numbers("a valid float", (-QUARTERS_MAX, QUARTERS_MAX), float)?
    } else {
        let ends = (i64::MIN, i64::MAX);
        told.numbers("an integer or out of range", ends, parse_int)?
    };
    let lifetime = Options::parse(&told.lifetime, Kind::GetEx)?;
    let deadline = lifetime.deadline(run)?;
    let key = run.key();
    let old = match run.string(&key)? {
        None => 0,
        Some(value) if is_float => quarters(value)?,
        Some(value) => parse_int(value).ok_or(NOT_AN_INTEGER)?,
    };
    let exists = run.find(&key).is_some();
    let sum = i128::from(old) + i128::from(by);
    let new = sum.clamp(lower.into(), upper.into());
    let is_barred = told.nx && exists || told.xx && !exists || sum != new && !told.saturates;
    let applied = if is_barred { 0 } else { new - i128::from(old) };
    let applied = i64::try_from(applied);
    let applied = applied.map_err(|_| &b"ERR applied increment would overflow"[..])?;
    let new = if is_barred { old } else { new as i64 };
    let show = |number: i64| if is_float { render_quarters(number) } else { plain(number) };
    if !is_barred {
        let old_deadline = run.deadline(&key);
        let keeps = deadline.is_none() && !lifetime.persist;
        let keeps = keeps || told.keeps_deadline && old_deadline.is_some();
        let deadline = if keeps { old_deadline } else { deadline };
        run.put_string(&key, &show(new), deadline);
        if !keeps && deadline.is_some_and(|deadline| deadline <= run.now) {
            run.take(&key);
        }
    }
    exactly(Value::array([new, applied].map(|it| number_reply(run, is_float, show(it))).into()))
}

fn plain(number: i64) -> Bytes {
    number.to_string().into()
}

fn number_reply(run: &Run<'_>, is_float: bool, text: Bytes) -> Value {
    match (is_float, run.session.protocol) {
        (false, _) => Value::Line(b':', text),
        (true, 3) => Value::Line(b',', text),
        (true, _) => Value::bulk(&text),
    }
}

/// The bucket leaks an action each interval, and holds as many as may come at once.
fn throttle(run: &mut Run<'_>) -> Outcome {
    const NS_PER_S: i128 = 1_000_000_000;
    if run.args.len() > 6 {
        return Err(run.wrong_arity());
    }
    let one = b"1".to_vec();
    let given = |at: usize| {
        let number = int(run.args.get(at).unwrap_or(&one))?;
        u64::try_from(number).map(i128::from).map_err(|_| Bytes::from(NOT_AN_INTEGER))
    };
    let (burst, count, period_s, quantity) = (given(2)?, given(3)?, given(4)?, given(5)?);
    if count == 0 {
        return Err(NOT_AN_INTEGER.into());
    }
    let interval = period_s * NS_PER_S / count;
    if interval == 0 {
        return Err(b"ERR zero rates are not supported".into());
    }
    let limit = burst + 1;
    if interval.checked_mul(limit.max(quantity)).is_none_or(|longest| longest > i64::MAX.into()) {
        return Err(NOT_AN_INTEGER.into());
    }
    let key = run.key();
    let now = i128::from(run.now_us) * 1000;
    let full_until = match run.string(&key)? {
        None => now,
        Some(value) => i128::from(parse_int(value).ok_or(NOT_AN_INTEGER)?).max(now),
    };
    let (capacity, asked) = (interval * limit, interval * quantity);
    // It runs over if the limit was larger, or the clock was set back.
    let level = (full_until - now).min(capacity);
    let runs_over = full_until - now > capacity;
    let surplus = level + asked - capacity;
    let is_limited = surplus > 0;
    let level = if is_limited { level } else { level + asked };
    if !is_limited && quantity > 0 || runs_over {
        let until = i64::try_from(now + level).map_err(|_| NOT_AN_INTEGER)?;
        let deadline = (now + level + 999_999) / 1_000_000;
        run.put_string(&key, until.to_string().as_bytes(), Some(deadline as i64));
    }
    let seconds = |ns: i128| ((ns + NS_PER_S - 1) / NS_PER_S) as i64;
    let retry = if is_limited && asked <= capacity { seconds(surplus) } else { -1 };
    let left = ((capacity - level).max(0) / interval) as i64;
    let parts = [is_limited.into(), limit as i64, left, retry, seconds(level)];
    exactly(Value::array(parts.map(Value::int).into()))
}
