//! Sets.

use super::{
    Bytes, Data, Expect, NOT_AN_INTEGER, Outcome, Row, Run, SYNTAX, count_arg, exactly, is, number,
    pages, truth,
};
use crate::wire::{Value, parse_int};
use std::collections::BTreeSet;
use std::rc::Rc;

pub(super) const COMMANDS: &[Row] = &[
    ("sadd", -3, sadd),
    ("scard", 2, scard),
    ("sdiff", -2, sdiff),
    ("sdiffstore", -3, sdiffstore),
    ("sinter", -2, sinter),
    ("sintercard", -3, sintercard),
    ("sinterstore", -3, sinterstore),
    ("sismember", 3, sismember),
    ("smembers", 2, smembers),
    ("smismember", -3, smismember),
    ("smove", 4, smove),
    ("spop", -2, spop),
    ("srandmember", -2, srandmember),
    ("srem", -3, srem),
    ("sscan", -3, sscan),
    ("sunion", -2, sunion),
    ("sunionstore", -3, sunionstore),
];

type Members = BTreeSet<Bytes>;

pub(super) fn sadd(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut set = members(run, &key)?;
    let added = run.args[2..].iter().filter(|&member| set.insert(member.clone())).count();
    put(run, &key, set);
    number(added as i64)
}

pub(super) fn srem(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut set = members(run, &key)?;
    let removed = run.args[2..].iter().filter(|&member| set.remove(member)).count();
    put(run, &key, set);
    number(removed as i64)
}

/// The members at `key`; none if there is no such key.
fn members(run: &Run<'_>, key: &[u8]) -> Result<Members, Bytes> {
    Ok(run.set(key)?.cloned().unwrap_or_default())
}

/// Stores a set where there is one or nothing.
fn put(run: &mut Run<'_>, key: &[u8], set: Members) {
    let deadline = run.deadline(key);
    if set.is_empty() {
        run.take(key);
    } else {
        run.put(key, Data::Set(set), deadline);
    }
}

pub(super) fn smove(run: &mut Run<'_>) -> Outcome {
    let [_, from, to, member] = run.args else { unreachable!("the arity was checked") };
    if run.set(from)?.is_none() {
        return number(0);
    }
    let (mut source, mut target) = (members(run, from)?, members(run, to)?);
    let is_member = source.contains(member);
    if is_member && from != to {
        source.remove(member);
        target.insert(member.clone());
        put(run, from, source);
        put(run, to, target);
    }
    truth(is_member)
}

pub(super) fn scard(run: &mut Run<'_>) -> Outcome {
    number(members(run, &run.args[1])?.len() as i64)
}

pub(super) fn sismember(run: &mut Run<'_>) -> Outcome {
    truth(members(run, &run.args[1])?.contains(&run.args[2]))
}

pub(super) fn smismember(run: &mut Run<'_>) -> Outcome {
    let set = members(run, &run.args[1])?;
    let are_members = run.args[2..].iter().map(|member| i64::from(set.contains(member)));
    exactly(Value::array(are_members.map(Value::int).collect()))
}

pub(super) fn smembers(run: &mut Run<'_>) -> Outcome {
    sunion(run)
}

/// The first byte of a reply that is a set.
fn all_kind(run: &Run<'_>) -> u8 {
    if run.session.protocol == 3 { b'~' } else { b'*' }
}

/// All of these, in any order.
fn all_of(run: &Run<'_>, set: Members) -> Outcome {
    let (kind, len) = (all_kind(run), set.len());
    Ok(Expect::Members { kind, of: Rc::new(set), len, may_repeat: false })
}

pub(super) fn sunion(run: &mut Run<'_>) -> Outcome {
    all_of(run, union(run, &run.args[1..])?)
}

pub(super) fn sunionstore(run: &mut Run<'_>) -> Outcome {
    let set = union(run, &run.args[2..])?;
    replace(run, set)
}

pub(super) fn sinter(run: &mut Run<'_>) -> Outcome {
    all_of(run, intersection(run, &run.args[1..])?)
}

pub(super) fn sinterstore(run: &mut Run<'_>) -> Outcome {
    let set = intersection(run, &run.args[2..])?;
    replace(run, set)
}

pub(super) fn sdiff(run: &mut Run<'_>) -> Outcome {
    all_of(run, difference(run, &run.args[1..])?)
}

pub(super) fn sdiffstore(run: &mut Run<'_>) -> Outcome {
    let set = difference(run, &run.args[2..])?;
    replace(run, set)
}

/// Stores a set under the first key, whatever is there.
fn replace(run: &mut Run<'_>, set: Members) -> Outcome {
    let (key, len) = (run.key(), set.len());
    if set.is_empty() {
        run.take(&key);
    } else {
        run.put(&key, Data::Set(set), None);
    }
    number(len as i64)
}

fn all(run: &Run<'_>, keys: &[Bytes]) -> Result<Vec<Members>, Bytes> {
    keys.iter().map(|key| members(run, key)).collect()
}

fn union(run: &Run<'_>, keys: &[Bytes]) -> Result<Members, Bytes> {
    Ok(all(run, keys)?.into_iter().flatten().collect())
}

fn intersection(run: &Run<'_>, keys: &[Bytes]) -> Result<Members, Bytes> {
    Ok(all(run, keys)?.into_iter().reduce(|a, b| &a & &b).expect("there is a key"))
}

fn difference(run: &Run<'_>, keys: &[Bytes]) -> Result<Members, Bytes> {
    Ok(all(run, keys)?.into_iter().reduce(|a, b| &a - &b).expect("there is a key"))
}

pub(super) fn sintercard(run: &mut Run<'_>) -> Outcome {
    let keys = parse_int(&run.args[1]).filter(|&keys| keys > 0);
    let keys = keys.ok_or(&b"ERR numkeys should be greater than 0"[..])? as usize;
    if keys > run.args.len() - 2 {
        return Err(b"ERR Number of keys can't be greater than number of args".into());
    }
    let mut limit = 0;
    for option in run.args[2 + keys..].chunks(2) {
        match option {
            [word, value] if is(word, "LIMIT") => {
                let value = parse_int(value).filter(|&value| value >= 0);
                limit = value.ok_or(&b"ERR LIMIT can't be negative"[..])?;
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    let len = intersection(run, &run.args[2..2 + keys])?.len() as i64;
    number(if limit > 0 { len.min(limit) } else { len })
}

/// The model follows the server's choice.
fn spop(run: &mut Run<'_>) -> Outcome {
    let count = match &run.args[2..] {
        [] => None,
        [count] => Some(count_arg(count)?),
        _ => return Err(SYNTAX.into()),
    };
    let key = run.key();
    let set = members(run, &key)?;
    let (kind, len) = (all_kind(run), set.len().min(count.unwrap_or(1)));
    let (popped, expect) = match (count, run.reply()) {
        (None, _) if set.is_empty() => return exactly(run.null()),
        (None, reply) => {
            let any = set.iter().map(|member| Value::bulk(member)).collect();
            (reply.into_iter().collect(), Expect::OneOf(any))
        }
        (Some(_), reply) => {
            let popped = reply.and_then(Value::into_items).unwrap_or_default();
            (popped, Expect::Members { kind, of: Rc::new(set.clone()), len, may_repeat: false })
        }
    };
    let popped: Members = popped.iter().filter_map(Value::text).map(Bytes::from).collect();
    if popped.len() == len && popped.is_subset(&set) {
        put(run, &key, &set - &popped);
    }
    Ok(expect)
}

pub(super) fn srandmember(run: &mut Run<'_>) -> Outcome {
    const LOWEST: &[u8] = b"ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    let count = match &run.args[2..] {
        [] => None,
        [count] => Some(parse_int(count).ok_or(NOT_AN_INTEGER)?),
        _ => return Err(SYNTAX.into()),
    };
    if count == Some(i64::MIN) {
        return Err(LOWEST.into());
    }
    let set = members(run, &run.args[1])?;
    let Some(count) = count else {
        let any = set.iter().map(|member| Value::bulk(member));
        return if set.is_empty() { exactly(run.null()) } else { Ok(Expect::OneOf(any.collect())) };
    };
    let wanted = count.unsigned_abs() as usize;
    let len = if count < 0 && !set.is_empty() { wanted } else { wanted.min(set.len()) };
    Ok(Expect::Members { kind: b'*', of: Rc::new(set), len, may_repeat: count < 0 })
}

pub(super) fn sscan(run: &mut Run<'_>) -> Outcome {
    let element = |member: Bytes| (member.clone(), vec![Value::bulk(&member)]);
    let elements = || Ok(members(run, &run.args[1])?.into_iter().map(element).collect());
    pages::page(run, elements, None, false)
}
