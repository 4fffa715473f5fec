//! Lists.

use super::{Bytes, Data, Flaw, Outcome, Row, Run, absolute, exactly, number};
use crate::wire::{Value, parse_int};
use std::collections::VecDeque;

pub(super) const COMMANDS: &[Row] = &[
    ("lindex", 3, lindex),
    ("llen", 2, llen),
    ("lpop", -2, lpop),
    ("lpush", -3, lpush),
    ("lpushx", -3, lpushx),
    ("lrange", 4, lrange),
    ("rpop", -2, rpop),
    ("rpush", -3, rpush),
    ("rpushx", -3, rpushx),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Left,
    Right,
}

pub(super) fn lpush(run: &mut Run<'_>) -> Outcome {
    push(run, End::Left, true)
}

pub(super) fn rpush(run: &mut Run<'_>) -> Outcome {
    push(run, End::Right, true)
}

pub(super) fn lpushx(run: &mut Run<'_>) -> Outcome {
    push(run, End::Left, false)
}

pub(super) fn rpushx(run: &mut Run<'_>) -> Outcome {
    push(run, End::Right, false)
}

fn push(run: &mut Run<'_>, end: End, create: bool) -> Outcome {
    let key = run.key();
    let list = run.list(&key)?.cloned();
    if list.is_none() && !create {
        return number(0);
    }
    let mut list = list.unwrap_or_default();
    for item in &run.args[2..] {
        match end {
            End::Left => list.push_front(item.clone()),
            End::Right => list.push_back(item.clone()),
        }
    }
    let len = list.len();
    let deadline = run.deadline(&key);
    run.put(&key, Data::List(list), deadline);
    number(len as i64)
}

pub(super) fn lpop(run: &mut Run<'_>) -> Outcome {
    pop(run, End::Left)
}

pub(super) fn rpop(run: &mut Run<'_>) -> Outcome {
    pop(run, End::Right)
}

fn pop(run: &mut Run<'_>, end: End) -> Outcome {
    if run.args.len() > 3 {
        return Err(run.wrong_arity());
    }
    let count = run.args.get(2).map(|arg| {
        let count = parse_int(arg).filter(|&count| count >= 0);
        count.ok_or(&b"ERR value is out of range, must be positive"[..])
    });
    let count = count.transpose()?;
    let key = run.key();
    let Some(mut list) = run.list(&key)?.cloned() else {
        return exactly(if count.is_some() { run.null_array() } else { run.null() });
    };
    let Some(count) = count else {
        let item = pop_one(&mut list, end).expect("no list is empty");
        put_back(run, &key, list);
        return exactly(Value::bulk(&item));
    };
    let len = list.len().min(count as usize);
    let items = (0..len).map(|_| Value::bulk(&pop_one(&mut list, end).expect("counted")));
    let items = items.collect();
    put_back(run, &key, list);
    exactly(Value::array(items))
}

fn pop_one(list: &mut VecDeque<Bytes>, end: End) -> Option<Bytes> {
    if end == End::Left { list.pop_front() } else { list.pop_back() }
}

fn put_back(run: &mut Run<'_>, key: &[u8], list: VecDeque<Bytes>) {
    let deadline = run.deadline(key);
    if list.is_empty() {
        run.take(key);
    }
    if run.model.has(Flaw::EmptyListStays) && list.is_empty() {
        run.put_string(key, b"", deadline);
    } else if !list.is_empty() {
        run.put(key, Data::List(list), deadline);
    }
}

pub(super) fn llen(run: &mut Run<'_>) -> Outcome {
    number(run.list(&run.args[1])?.map_or(0, VecDeque::len) as i64)
}

pub(super) fn lindex(run: &mut Run<'_>) -> Outcome {
    let Some(list) = run.list(&run.args[1])? else { return exactly(run.null()) };
    let index = usize::try_from(absolute(run.int_arg(2)?, list.len())).ok();
    exactly(run.bulk_or_null(index.and_then(|index| list.get(index))))
}

pub(super) fn lrange(run: &mut Run<'_>) -> Outcome {
    let (start, end) = (run.int_arg(2)?, run.int_arg(3)?);
    let list = run.list(&run.args[1])?.cloned().unwrap_or_default();
    let start = absolute(start, list.len()).max(0);
    let end = absolute(end, list.len());
    let chosen = |index: &usize| (start..=end).contains(&(*index as i64));
    let items = (0..list.len()).filter(chosen).map(|index| Value::bulk(&list[index]));
    exactly(Value::array(items.collect()))
}
