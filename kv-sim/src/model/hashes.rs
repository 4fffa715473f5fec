//! Hashes, of which each field may have a deadline.

use super::strings::{quarters, render_quarters};
use super::{
    Bytes, Data, Expect, NOT_AN_INTEGER, Outcome, Row, Run, WRONG_TYPE, exactly, is, number, ok,
    pages, truth,
};
use crate::wire::{Value, parse_int};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Row] = &[
    ("hdel", -3, hdel),
    ("hexists", 3, hexists),
    ("hexpire", -6, |run| expire(run, 1000, true)),
    ("hexpireat", -6, |run| expire(run, 1000, false)),
    ("hexpiretime", -5, |run| tell_deadlines(run, 1000, false)),
    ("hget", 3, hget),
    ("hgetall", 2, hgetall),
    ("hgetdel", -5, hgetdel),
    ("hgetex", -5, hgetex),
    ("hincrby", 4, hincrby),
    ("hincrbyfloat", 4, hincrbyfloat),
    ("hkeys", 2, hkeys),
    ("hlen", 2, hlen),
    ("hmget", -3, hmget),
    ("hmset", -4, hmset),
    ("hpersist", -5, hpersist),
    ("hpexpire", -6, |run| expire(run, 1, true)),
    ("hpexpireat", -6, |run| expire(run, 1, false)),
    ("hpexpiretime", -5, |run| tell_deadlines(run, 1, false)),
    ("hpttl", -5, |run| tell_deadlines(run, 1, true)),
    ("hrandfield", -2, hrandfield),
    ("hscan", -3, hscan),
    ("hset", -4, hset),
    ("hsetex", -6, hsetex),
    ("hsetnx", 4, hsetnx),
    ("hstrlen", 3, hstrlen),
    ("httl", -5, |run| tell_deadlines(run, 1000, true)),
    ("hvals", 2, hvals),
];

/// Fields by their names.
pub(super) type Fields = BTreeMap<Bytes, Field>;

/// A field's value and deadline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) value: Bytes,
    /// In milliseconds since the Unix epoch. The field is there up to and including it.
    pub(super) deadline: Option<i64>,
}

impl Field {
    pub(super) fn is_live(&self, now: i64) -> bool {
        self.deadline.is_none_or(|deadline| deadline >= now)
    }
}

/// The last deadline of all, if no field lives on for ever.
pub(super) fn end_of(fields: &Fields) -> Option<i64> {
    let deadlines: Option<Vec<i64>> = fields.values().map(|field| field.deadline).collect();
    deadlines?.into_iter().max()
}

/// The fields of the hash at the command's key that are there; none if there is no hash.
fn fields(run: &Run<'_>) -> Result<Fields, Bytes> {
    match run.find(&run.args[1]).map(|entry| &entry.data) {
        None => Ok(Fields::new()),
        Some(Data::Hash(fields)) => Ok(live(fields, run.now)),
        Some(_) => Err(WRONG_TYPE.into()),
    }
}

/// The fields that are there at a time.
pub(super) fn live(fields: &Fields, now: i64) -> Fields {
    let live = fields.iter().filter(|(_, field)| field.is_live(now));
    live.map(|(name, field)| (name.clone(), field.clone())).collect()
}

fn store(run: &mut Run<'_>, fields: Fields) {
    let key = run.key();
    let deadline = run.deadline(&key);
    if fields.is_empty() {
        run.take(&key);
    } else {
        run.put(&key, Data::Hash(fields), deadline);
    }
}

fn set(fields: &mut Fields, name: &[u8], value: &[u8], deadline: Option<i64>) -> bool {
    fields.insert(name.to_vec(), Field { value: value.to_vec(), deadline }).is_none()
}

fn set_pairs(run: &mut Run<'_>) -> Result<i64, Bytes> {
    if run.args.len() % 2 == 1 {
        return Err(run.wrong_arity());
    }
    let mut fields = fields(run)?;
    let pairs = run.args[2..].chunks(2);
    let added = pairs.filter(|pair| set(&mut fields, &pair[0], &pair[1], None)).count();
    store(run, fields);
    Ok(added as i64)
}

fn hset(run: &mut Run<'_>) -> Outcome {
    number(set_pairs(run)?)
}

fn hmset(run: &mut Run<'_>) -> Outcome {
    set_pairs(run)?;
    ok()
}

fn hsetnx(run: &mut Run<'_>) -> Outcome {
    let mut fields = fields(run)?;
    let is_new = !fields.contains_key(&run.args[2]);
    if is_new {
        set(&mut fields, &run.args[2], &run.args[3], None);
        store(run, fields);
    }
    truth(is_new)
}

fn hget(run: &mut Run<'_>) -> Outcome {
    let fields = fields(run)?;
    exactly(value_of(run, &fields, &run.args[2]))
}

fn hmget(run: &mut Run<'_>) -> Outcome {
    let fields = fields(run)?;
    exactly(Value::array(run.args[2..].iter().map(|name| value_of(run, &fields, name)).collect()))
}

fn value_of(run: &Run<'_>, fields: &Fields, name: &[u8]) -> Value {
    run.bulk_or_null(fields.get(name).map(|field| &field.value))
}

fn hexists(run: &mut Run<'_>) -> Outcome {
    truth(fields(run)?.contains_key(&run.args[2]))
}

fn hstrlen(run: &mut Run<'_>) -> Outcome {
    number(fields(run)?.get(&run.args[2]).map_or(0, |field| field.value.len()) as i64)
}

fn hlen(run: &mut Run<'_>) -> Outcome {
    number(fields(run)?.len() as i64)
}

fn hkeys(run: &mut Run<'_>) -> Outcome {
    Ok(Expect::AnyOrder(fields(run)?.keys().map(|name| Value::bulk(name)).collect()))
}

fn hvals(run: &mut Run<'_>) -> Outcome {
    Ok(Expect::AnyOrder(fields(run)?.values().map(|field| Value::bulk(&field.value)).collect()))
}

fn hgetall(run: &mut Run<'_>) -> Outcome {
    let kind = if run.session.protocol == 3 { b'%' } else { b'*' };
    Ok(Expect::Pairs(kind, pairs(&fields(run)?)))
}

fn pairs(fields: &Fields) -> Vec<[Value; 2]> {
    let pairs = fields.iter();
    pairs.map(|(name, field)| [Value::bulk(name), Value::bulk(&field.value)]).collect()
}

fn hscan(run: &mut Run<'_>) -> Outcome {
    let element = |[name, value]: [Value; 2]| {
        (name.text().expect("it is a string").to_vec(), vec![name, value])
    };
    let elements = || Ok(pairs(&fields(run)?).into_iter().map(element).collect());
    pages::page(run, elements, Some("NOVALUES"), run.model.fields_expire)
}

fn hrandfield(run: &mut Run<'_>) -> Outcome {
    pages::random(run, "WITHVALUES", i64::MIN, || Ok(pairs(&fields(run)?)))
}

fn hdel(run: &mut Run<'_>) -> Outcome {
    let mut fields = fields(run)?;
    let removed = run.args[2..].iter().filter(|name| fields.remove(*name).is_some()).count();
    if removed > 0 {
        store(run, fields);
    }
    number(removed as i64)
}

fn hincrby(run: &mut Run<'_>) -> Outcome {
    let increment = run.int_arg(3)?;
    let mut fields = fields(run)?;
    let old = fields.get(&run.args[2]);
    let value = old.map_or(Some(0), |old| parse_int(&old.value));
    let value = value.ok_or(&b"ERR hash value is not an integer"[..])?;
    let sum = value.checked_add(increment);
    let sum = sum.ok_or(&b"ERR increment or decrement would overflow"[..])?;
    let deadline = old.and_then(|old| old.deadline);
    set(&mut fields, &run.args[2], sum.to_string().as_bytes(), deadline);
    store(run, fields);
    number(sum)
}

fn hincrbyfloat(run: &mut Run<'_>) -> Outcome {
    let increment = quarters(&run.args[3])?;
    let mut fields = fields(run)?;
    let old = fields.get(&run.args[2]);
    let value = old.map_or(Ok(0), |old| quarters(&old.value));
    let sum = value.map_err(|_| &b"ERR hash value is not a float"[..])? + increment;
    let deadline = old.and_then(|old| old.deadline);
    let text = render_quarters(sum);
    set(&mut fields, &run.args[2], &text, deadline);
    store(run, fields);
    exactly(Value::bulk(&text))
}

/// A time from the arguments as a point in time.
fn point_in_time(run: &Run<'_>, index: usize, unit_ms: i128, relative: bool) -> Result<i64, Bytes> {
    const LAST: i128 = (1 << 46) - 1;
    let amount = parse_int(&run.args[index]).ok_or(NOT_AN_INTEGER)?;
    if amount < 0 {
        return Err(b"ERR invalid expire time, must be >= 0".into());
    }
    let start = if relative { run.now } else { 0 };
    let deadline = i128::from(amount) * unit_ms + i128::from(start);
    if deadline > LAST { Err(run.invalid_expire()) } else { Ok(deadline as i64) }
}

/// The names behind FIELDS and their number.
fn names<'a>(args: &'a [Bytes], at: usize, no_count: &str) -> Result<&'a [Bytes], Bytes> {
    if !args.get(at).is_some_and(|word| is(word, "FIELDS")) {
        let text = "ERR Mandatory argument FIELDS is missing or not at the right position";
        return Err(text.into());
    }
    let count = args.get(at + 1).and_then(|arg| parse_int(arg)).filter(|&count| count > 0);
    let count = count.ok_or(no_count)?;
    let names = &args[at + 2..];
    if names.len() as i64 != count {
        return Err(b"ERR The `numfields` parameter must match the number of arguments".into());
    }
    Ok(names)
}

const NOT_POSITIVE: &str = "ERR Number of fields must be a positive integer";

fn expire(run: &mut Run<'_>, unit_ms: i128, relative: bool) -> Outcome {
    let mut fields = fields(run)?;
    let deadline = point_in_time(run, 2, unit_ms, relative)?;
    let condition = run.args[3].to_ascii_uppercase();
    let has_condition = [&b"NX"[..], b"XX", b"GT", b"LT"].contains(&&condition[..]);
    let no_count = "ERR Parameter `numFields` should be greater than 0";
    let names = names(run.args, 3 + usize::from(has_condition), no_count)?;
    let mut outcomes = Vec::new();
    for name in names {
        outcomes.push(match fields.get_mut(name) {
            None => -2,
            Some(field) if has_condition && !allows(&condition, field.deadline, deadline) => 0,
            Some(_) if deadline <= run.now => {
                fields.remove(name);
                2
            }
            Some(field) => {
                field.deadline = Some(deadline);
                1
            }
        });
    }
    if outcomes.iter().any(|&outcome| outcome > 0) {
        store(run, fields);
    }
    exactly(Value::array(outcomes.into_iter().map(Value::int).collect()))
}

/// No deadline counts as one at the end of time.
fn allows(condition: &[u8], old: Option<i64>, new: i64) -> bool {
    match condition {
        b"NX" => old.is_none(),
        b"XX" => old.is_some(),
        b"GT" => new > old.unwrap_or(i64::MAX),
        _ => new < old.unwrap_or(i64::MAX),
    }
}

fn tell_deadlines(run: &mut Run<'_>, unit_ms: i64, relative: bool) -> Outcome {
    let fields = fields(run)?;
    let names = names(run.args, 2, NOT_POSITIVE)?;
    let start = if relative { run.now } else { 0 };
    let tell = |name: &Bytes| match fields.get(name).map(|field| field.deadline) {
        None => -2,
        Some(None) => -1,
        // Rounded up.
        Some(Some(deadline)) => (deadline - start + unit_ms - 1) / unit_ms,
    };
    exactly(Value::array(names.iter().map(|name| Value::int(tell(name))).collect()))
}

fn hpersist(run: &mut Run<'_>) -> Outcome {
    let mut fields = fields(run)?;
    let names = names(run.args, 2, NOT_POSITIVE)?;
    let mut persist = |name: &Bytes| match fields.get_mut(name).map(|field| field.deadline.take()) {
        None => -2,
        Some(None) => -1,
        Some(Some(_)) => 1,
    };
    let outcomes: Vec<_> = names.iter().map(|name| Value::int(persist(name))).collect();
    if outcomes.contains(&Value::int(1)) {
        store(run, fields);
    }
    exactly(Value::array(outcomes))
}

fn hgetdel(run: &mut Run<'_>) -> Outcome {
    let names = names(run.args, 2, NOT_POSITIVE)?;
    let mut fields = fields(run)?;
    let len = fields.len();
    let mut values = Vec::new();
    for name in names {
        values.push(value_of(run, &fields, name));
        fields.remove(name);
    }
    if fields.len() < len {
        store(run, fields);
    }
    exactly(Value::array(values))
}

/// The factor of a unit, and whether it is counted from now.
fn unit(word: &[u8]) -> Option<(i128, bool)> {
    let units = [("EX", 1000, true), ("PX", 1, true), ("EXAT", 1000, false), ("PXAT", 1, false)];
    let found = units.into_iter().find(|(name, _, _)| is(word, name));
    found.map(|(_, unit_ms, relative)| (unit_ms, relative))
}

fn hgetex(run: &mut Run<'_>) -> Outcome {
    let (mut deadline, mut persists, mut at) = (None, false, 2);
    if let Some((unit_ms, relative)) = unit(&run.args[2]) {
        (deadline, at) = (Some(point_in_time(run, 3, unit_ms, relative)?), 4);
    } else if is(&run.args[2], "PERSIST") {
        (persists, at) = (true, 3);
    }
    let names = names(run.args, at, NOT_POSITIVE)?;
    let mut fields = fields(run)?;
    let mut values = Vec::new();
    let mut changes = false;
    for name in names {
        values.push(value_of(run, &fields, name));
        let Some(field) = fields.get_mut(name) else { continue };
        changes |= persists || deadline.is_some();
        if persists {
            field.deadline = None;
        } else if deadline.is_some_and(|deadline| deadline <= run.now) {
            fields.remove(name);
        } else if deadline.is_some() {
            field.deadline = deadline;
        }
    }
    if changes {
        store(run, fields);
    }
    exactly(Value::array(values))
}

fn hsetex(run: &mut Run<'_>) -> Outcome {
    let options = SetOptions::parse(run)?;
    let pairs: Vec<_> = run.args[options.first..].chunks(2).collect();
    let mut fields = fields(run)?;
    let mut there = pairs.iter().map(|pair| fields.contains_key(&pair[0]));
    let refuses = match options.must_exist {
        Some(false) => there.any(|is_there| is_there),
        Some(true) => !there.all(|is_there| is_there),
        None => false,
    };
    if refuses {
        return number(0);
    }
    for pair in pairs {
        let old = fields.get(&pair[0]).and_then(|field| field.deadline);
        let deadline = if options.keeps { old } else { options.deadline };
        set(&mut fields, &pair[0], &pair[1], deadline);
        if options.deadline.is_some_and(|deadline| deadline <= run.now) {
            fields.remove(&pair[0]);
        }
    }
    store(run, fields);
    number(1)
}

#[derive(Default)]
struct SetOptions {
    /// FXX or FNX.
    must_exist: Option<bool>,
    deadline: Option<i64>,
    /// KEEPTTL.
    keeps: bool,
    /// Where the pairs begin.
    first: usize,
}

impl SetOptions {
    fn parse(run: &Run<'_>) -> Result<SetOptions, Bytes> {
        let mut options = SetOptions::default();
        let mut at = 2;
        while at < run.args.len() && !is(&run.args[at], "FIELDS") {
            let word = &run.args[at];
            let has_time = options.keeps || options.deadline.is_some();
            if is(word, "FXX") || is(word, "FNX") {
                if options.must_exist.replace(is(word, "FXX")).is_some() {
                    return Err(b"ERR Only one of FXX or FNX arguments can be specified".into());
                }
            } else if unit(word).is_none() && !is(word, "KEEPTTL") {
                return Err([b"ERR unknown argument: ", &word[..]].concat());
            } else if has_time {
                let text =
                    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
                return Err(text.into());
            } else if let Some((unit_ms, relative)) = unit(word) {
                at += 1;
                run.args.get(at).ok_or(&b"ERR missing expire time"[..])?;
                options.deadline = Some(point_in_time(run, at, unit_ms, relative)?);
            } else {
                options.keeps = true;
            }
            at += 1;
        }
        if at + 3 >= run.args.len() {
            return Err(run.wrong_arity());
        }
        let pairs = parse_int(&run.args[at + 1]).filter(|count| (1..1 << 31).contains(count));
        let pairs = pairs.ok_or(&b"ERR invalid number of fields"[..])?;
        options.first = at + 2;
        let is_right = pairs * 2 == (run.args.len() - options.first) as i64;
        if is_right { Ok(options) } else { Err(run.wrong_arity()) }
    }
}
