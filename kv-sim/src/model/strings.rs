//! Strings.

use super::conditions::Comparison;
use super::{
    Bytes, Expect, Flaw, NOT_AN_INTEGER, Outcome, Row, Run, SYNTAX, absolute, exactly, int, is,
    number, ok, truth,
};
use crate::wire::{Value, parse_int};

pub(super) const COMMANDS: &[Row] = &[
    ("append", 3, append),
    ("decr", 2, decr),
    ("decrby", 3, decrby),
    ("get", 2, get),
    ("getdel", 2, getdel),
    ("getex", -2, getex),
    ("getrange", 4, getrange),
    ("getset", 3, getset),
    ("incr", 2, incr),
    ("incrby", 3, incrby),
    ("incrbyfloat", 3, incrbyfloat),
    ("lcs", -3, lcs),
    ("mget", -2, mget),
    ("mset", -3, mset),
    ("msetnx", -3, msetnx),
    ("psetex", 4, psetex),
    ("set", -3, set),
    ("setex", 4, setex),
    ("setnx", 3, setnx),
    ("setrange", 4, setrange),
    ("strlen", 2, strlen),
    ("substr", 4, getrange),
];

/// The longest string, in bytes.
const STRING_MAX: i64 = 512 * 1024 * 1024;
const TOO_LONG: &[u8] = b"ERR string exceeds maximum allowed size (proto-max-bulk-len)";

pub(super) fn get(run: &mut Run<'_>) -> Outcome {
    exactly(run.bulk_or_null(run.string(&run.args[1])?))
}

pub(super) fn mget(run: &mut Run<'_>) -> Outcome {
    let value = |key: &Bytes| run.bulk_or_null(run.string(key).unwrap_or_default());
    exactly(Value::array(run.args[1..].iter().map(value).collect()))
}

/// Whose options they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Set,
    GetEx,
    MSetEx,
}

/// What SET and its kin may be told.
#[derive(Default)]
pub(super) struct Options {
    pub(super) nx: bool,
    pub(super) xx: bool,
    get: bool,
    /// IFEQ and its kin with what they compare to.
    comparison: Option<(Comparison, Bytes)>,
    pub(super) keep: bool,
    pub(super) persist: bool,
    /// The unit and the amount.
    expire: Option<(&'static str, Bytes)>,
}

impl Options {
    pub(super) fn parse(args: &[Bytes], kind: Kind) -> Result<Options, Bytes> {
        let mut options = Options::default();
        let mut at = 0;
        while at < args.len() {
            at += options.parse_one(&args[at..], kind).ok_or(SYNTAX)?;
        }
        Ok(options)
    }

    /// How many arguments the option takes; none if it has no place here.
    fn parse_one(&mut self, args: &[Bytes], kind: Kind) -> Option<usize> {
        let word = String::from_utf8_lossy(&args[0]).to_ascii_uppercase();
        let timeless = self.expire.is_none();
        let is_free = self.comparison.is_none();
        match word.as_str() {
            "NX" if kind != Kind::GetEx && !self.xx && is_free => self.nx = true,
            "XX" if kind != Kind::GetEx && !self.nx && is_free => self.xx = true,
            "GET" if kind == Kind::Set => self.get = true,
            "KEEPTTL" if kind != Kind::GetEx && timeless => self.keep = true,
            "PERSIST" if kind == Kind::GetEx && timeless => self.persist = true,
            "EX" | "PX" | "EXAT" | "PXAT" => return self.parse_expire(&word, args),
            _ => {
                let comparison = Comparison::of(&args[0]).filter(|_| kind == Kind::Set)?;
                let fits = self.comparison.as_ref().is_none_or(|(old, _)| *old == comparison);
                let operand = args.get(1).filter(|_| fits && !self.nx && !self.xx)?;
                self.comparison = Some((comparison, operand.clone()));
                return Some(2);
            }
        }
        Some(1)
    }

    fn parse_expire(&mut self, word: &str, args: &[Bytes]) -> Option<usize> {
        let unit = ["EX", "PX", "EXAT", "PXAT"].into_iter().find(|unit| *unit == word)?;
        let other = self.expire.as_ref().is_some_and(|(earlier, _)| *earlier != unit);
        if self.keep || self.persist || other {
            return None;
        }
        self.expire = Some((unit, args.get(1)?.clone()));
        Some(2)
    }

    pub(super) fn deadline(&self, run: &Run<'_>) -> Result<Option<i64>, Bytes> {
        self.expire.as_ref().map(|(unit, amount)| deadline(run, unit, amount)).transpose()
    }
}

/// The deadline that a positive amount of a unit means.
fn deadline(run: &Run<'_>, unit: &str, amount: &[u8]) -> Result<i64, Bytes> {
    let amount = i128::from(int(amount)?);
    let ms = if unit.starts_with("EX") { amount * 1000 } else { amount };
    let ms = if unit.ends_with("AT") { ms } else { ms + i128::from(run.now) };
    let fits = amount > 0 && ms <= i128::from(i64::MAX);
    if fits { Ok(ms as i64) } else { Err(run.invalid_expire()) }
}

pub(super) fn set(run: &mut Run<'_>) -> Outcome {
    let options = Options::parse(&run.args[3..], Kind::Set)?;
    let deadline = options.deadline(run)?;
    let key = run.key();
    let compares = match &options.comparison {
        Some((comparison, operand)) => comparison.holds(run, &key, operand)?,
        None => true,
    };
    let old = if options.get { Some(run.bulk_or_null(run.string(&key)?)) } else { None };
    let exists = run.find(&key).is_some();
    if options.nx && exists || options.xx && !exists || !compares {
        return exactly(old.unwrap_or_else(|| run.null()));
    }
    let deadline = if options.keep { run.deadline(&key) } else { deadline };
    run.put_string(&key, &run.args[2], deadline);
    exactly(old.unwrap_or_else(|| Value::simple("OK")))
}

pub(super) fn getex(run: &mut Run<'_>) -> Outcome {
    let options = Options::parse(&run.args[2..], Kind::GetEx)?;
    let key = run.key();
    let Some(value) = run.string(&key)?.cloned() else { return exactly(run.null()) };
    if let Some(deadline) = options.deadline(run)? {
        let absolute = options.expire.is_some_and(|(unit, _)| unit.ends_with("AT"));
        if absolute && deadline <= run.now {
            run.take(&key);
        } else {
            run.set_deadline(&key, Some(deadline));
        }
    } else if options.persist {
        run.set_deadline(&key, None);
    }
    exactly(Value::bulk(&value))
}

pub(super) fn getdel(run: &mut Run<'_>) -> Outcome {
    let reply = run.bulk_or_null(run.string(&run.args[1])?);
    run.take(&run.args[1]);
    exactly(reply)
}

pub(super) fn getset(run: &mut Run<'_>) -> Outcome {
    let reply = run.bulk_or_null(run.string(&run.args[1])?);
    run.put_string(&run.args[1], &run.args[2], None);
    exactly(reply)
}

pub(super) fn setnx(run: &mut Run<'_>) -> Outcome {
    let free = run.find(&run.args[1]).is_none();
    if free {
        run.put_string(&run.args[1], &run.args[2], None);
    }
    truth(free)
}

pub(super) fn setex(run: &mut Run<'_>) -> Outcome {
    set_with_expire(run, "EX")
}

pub(super) fn psetex(run: &mut Run<'_>) -> Outcome {
    set_with_expire(run, "PX")
}

fn set_with_expire(run: &mut Run<'_>, unit: &str) -> Outcome {
    let deadline = deadline(run, unit, &run.args[2])?;
    run.put_string(&run.args[1], &run.args[3], Some(deadline));
    ok()
}

pub(super) fn mset(run: &mut Run<'_>) -> Outcome {
    let args = run.args;
    if args.len().is_multiple_of(2) {
        return Err(run.wrong_arity());
    }
    args[1..].chunks(2).for_each(|pair| run.put_string(&pair[0], &pair[1], None));
    ok()
}

pub(super) fn msetnx(run: &mut Run<'_>) -> Outcome {
    let args = run.args;
    if args.len().is_multiple_of(2) {
        return Err(run.wrong_arity());
    }
    let free = args[1..].chunks(2).all(|pair| run.find(&pair[0]).is_none());
    if free {
        args[1..].chunks(2).for_each(|pair| run.put_string(&pair[0], &pair[1], None));
    }
    truth(free)
}

pub(super) fn append(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut value = run.string(&key)?.cloned().unwrap_or_default();
    value.extend_from_slice(&run.args[2]);
    let forget = run.model.has(Flaw::AppendPersists);
    let deadline = run.deadline(&key).filter(|_| !forget);
    run.put_string(&key, &value, deadline);
    number(value.len() as i64)
}

pub(super) fn strlen(run: &mut Run<'_>) -> Outcome {
    number(run.string(&run.args[1])?.map_or(0, Vec::len) as i64)
}

pub(super) fn getrange(run: &mut Run<'_>) -> Outcome {
    let (start, end) = (run.int_arg(2)?, run.int_arg(3)?);
    let value = run.string(&run.args[1])?.cloned().unwrap_or_default();
    if start < 0 && end < 0 && start > end {
        return exactly(Value::bulk(b""));
    }
    let start = absolute(start, value.len()).max(0);
    let end = absolute(end, value.len()).max(0);
    let chosen = |index: &usize| (start..=end).contains(&(*index as i64));
    let bytes: Bytes = (0..value.len()).filter(chosen).map(|index| value[index]).collect();
    exactly(Value::bulk(&bytes))
}

pub(super) fn setrange(run: &mut Run<'_>) -> Outcome {
    let offset = run.int_arg(2)?;
    if offset < 0 {
        return Err(b"ERR offset is out of range".into());
    }
    let (key, patch) = (run.key(), &run.args[3]);
    let mut value = run.string(&key)?.cloned().unwrap_or_default();
    if patch.is_empty() {
        return number(value.len() as i64);
    }
    if offset.saturating_add(patch.len() as i64) > STRING_MAX {
        return Err(TOO_LONG.into());
    }
    for (index, &byte) in patch.iter().enumerate() {
        let at = offset as usize + index;
        value.resize(value.len().max(at + 1), 0);
        value[at] = byte;
    }
    let deadline = run.deadline(&key);
    run.put_string(&key, &value, deadline);
    number(value.len() as i64)
}

pub(super) fn incr(run: &mut Run<'_>) -> Outcome {
    add(run, 1)
}

pub(super) fn decr(run: &mut Run<'_>) -> Outcome {
    add(run, -1)
}

pub(super) fn incrby(run: &mut Run<'_>) -> Outcome {
    let amount = run.int_arg(2)?;
    add(run, amount)
}

pub(super) fn decrby(run: &mut Run<'_>) -> Outcome {
    let amount = run.int_arg(2)?;
    let amount = amount.checked_neg().ok_or(&b"ERR decrement would overflow"[..])?;
    add(run, amount)
}

fn add(run: &mut Run<'_>, amount: i64) -> Outcome {
    let key = run.key();
    let value = match run.string(&key)? {
        None => 0,
        Some(value) => parse_int(value).ok_or(NOT_AN_INTEGER)?,
    };
    let sum = value.checked_add(amount);
    let sum = sum.ok_or(&b"ERR increment or decrement would overflow"[..])?;
    let deadline = run.deadline(&key);
    run.put_string(&key, sum.to_string().as_bytes(), deadline);
    number(sum)
}

pub(super) fn incrbyfloat(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let value = run.string(&key)?.map_or(Ok(0), |value| quarters(value))?;
    let sum = value + quarters(&run.args[2])?;
    let text = render_quarters(sum);
    let deadline = run.deadline(&key);
    run.put_string(&key, &text, deadline);
    exactly(Value::bulk(&text))
}

/// A decimal number in quarters. Numbers whose binary form is exact are all that plans contain.
///
/// # Panics
/// If it is a number that is no multiple of a quarter.
pub(super) fn quarters(text: &[u8]) -> Result<i64, Bytes> {
    let text = std::str::from_utf8(text).unwrap_or("x");
    let strange = |c: char| !c.is_ascii_digit() && c != '.' && c != '-';
    let parsed = text.parse::<f64>().ok().filter(|_| !text.contains(strange));
    let number = parsed.ok_or(&b"ERR value is not a valid float"[..])?;
    let quarters = number * 4.0;
    assert!(quarters.fract() == 0.0 && quarters.abs() < 1e12, "the model cannot add {text}");
    Ok(quarters as i64)
}

pub(super) fn render_quarters(quarters: i64) -> Bytes {
    let (whole, rest) = (quarters.unsigned_abs() / 4, quarters.unsigned_abs() % 4);
    let sign = if quarters < 0 { "-" } else { "" };
    let fraction = ["", ".25", ".5", ".75"][rest as usize];
    format!("{sign}{whole}{fraction}").into()
}

pub(super) fn lcs(run: &mut Run<'_>) -> Outcome {
    let strings = (run.string(&run.args[1]), run.string(&run.args[2]));
    let (Ok(a), Ok(b)) = strings else {
        return Err(b"ERR The specified keys must contain string values".into());
    };
    let (a, b) = (a.cloned().unwrap_or_default(), b.cloned().unwrap_or_default());
    assert!(run.args.len() > 3, "plans ask for the length only");
    if !run.args[3..].iter().all(|option| is(option, "LEN")) {
        return Err(SYNTAX.into());
    }
    let table_len = (a.len() as i64 + 1) * (b.len() as i64 + 1) * 4;
    if table_len > STRING_MAX {
        let text = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
        return Err(text.into());
    }
    Ok(Expect::Exactly(Value::int(common_len(&a, &b))))
}

/// The length of the longest common subsequence.
fn common_len(a: &[u8], b: &[u8]) -> i64 {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}
