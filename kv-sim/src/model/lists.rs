//! Lists.

use super::{
    Bytes, Data, Flaw, NO_SUCH_KEY, Outcome, Row, Run, SYNTAX, absolute, exactly, int, is, number,
    ok,
};
use crate::wire::{Value, parse_int};
use std::collections::VecDeque;

pub(super) const COMMANDS: &[Row] = &[
    ("lindex", 3, lindex),
    ("linsert", 5, linsert),
    ("llen", 2, llen),
    ("lmove", 5, lmove),
    ("lmpop", -4, lmpop),
    ("lpop", -2, lpop),
    ("lpos", -3, lpos),
    ("lpush", -3, lpush),
    ("lpushx", -3, lpushx),
    ("lrange", 4, lrange),
    ("lrem", 4, lrem),
    ("lset", 4, lset),
    ("ltrim", 4, ltrim),
    ("rpop", -2, rpop),
    ("rpoplpush", 3, rpoplpush),
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

pub(super) fn lset(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut list = run.list(&key)?.cloned().ok_or(NO_SUCH_KEY)?;
    let index = absolute(run.int_arg(2)?, list.len());
    let item = usize::try_from(index).ok().and_then(|index| list.get_mut(index));
    *item.ok_or(&b"ERR index out of range"[..])? = run.args[3].clone();
    put_back(run, &key, list);
    ok()
}

pub(super) fn linsert(run: &mut Run<'_>) -> Outcome {
    let is_after = is(&run.args[2], "AFTER");
    if !is_after && !is(&run.args[2], "BEFORE") {
        return Err(SYNTAX.into());
    }
    let key = run.key();
    let Some(mut list) = run.list(&key)?.cloned() else { return number(0) };
    let Some(pivot) = list.iter().position(|item| *item == run.args[3]) else { return number(-1) };
    list.insert(pivot + usize::from(is_after), run.args[4].clone());
    let len = list.len();
    put_back(run, &key, list);
    number(len as i64)
}

pub(super) fn lrem(run: &mut Run<'_>) -> Outcome {
    let count = run.int_arg(2)?;
    let key = run.key();
    let list = run.list(&key)?.cloned().unwrap_or_default();
    let mut equal: Vec<usize> =
        (0..list.len()).filter(|&index| list[index] == run.args[3]).collect();
    if count < 0 {
        equal.reverse();
    }
    if count != 0 {
        equal.truncate(count.unsigned_abs() as usize);
    }
    let kept = (0..list.len()).filter(|index| !equal.contains(index));
    let kept: VecDeque<Bytes> = kept.map(|index| list[index].clone()).collect();
    if !list.is_empty() {
        put_back(run, &key, kept);
    }
    number(equal.len() as i64)
}

pub(super) fn ltrim(run: &mut Run<'_>) -> Outcome {
    let (start, end) = (run.int_arg(2)?, run.int_arg(3)?);
    let key = run.key();
    let Some(list) = run.list(&key)?.cloned() else { return ok() };
    let (start, end) = (absolute(start, list.len()), absolute(end, list.len()));
    let kept = (0..list.len()).filter(|&index| (start..=end).contains(&(index as i64)));
    let kept = kept.map(|index| list[index].clone()).collect();
    put_back(run, &key, kept);
    ok()
}

pub(super) fn lpos(run: &mut Run<'_>) -> Outcome {
    let (mut rank, mut count, mut max) = (1, None, 0);
    for option in run.args[3..].chunks(2) {
        match option {
            [word, value] if is(word, "RANK") => rank = rank_arg(value)?,
            [word, value] if is(word, "COUNT") => count = Some(not_negative(value, "COUNT")?),
            [word, value] if is(word, "MAXLEN") => max = not_negative(value, "MAXLEN")?,
            _ => return Err(SYNTAX.into()),
        }
    }
    let list = run.list(&run.args[1])?.cloned().unwrap_or_default();
    let mut looked_at: Vec<usize> = (0..list.len()).collect();
    if rank < 0 {
        looked_at.reverse();
    }
    if max != 0 {
        looked_at.truncate(max);
    }
    let equal = looked_at.into_iter().filter(|&index| list[index] == run.args[2]);
    let found = equal.skip(rank.unsigned_abs() as usize - 1);
    let mut found: Vec<Value> = found.map(|index| Value::int(index as i64)).collect();
    match count {
        None => exactly(found.first().cloned().unwrap_or_else(|| run.null())),
        Some(count) => {
            found.truncate(if count == 0 { usize::MAX } else { count });
            exactly(Value::array(found))
        }
    }
}

fn rank_arg(arg: &[u8]) -> Result<i64, Bytes> {
    match int(arg)? {
        0 => Err("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second \
            ... or use negative to start from the end of the list"
            .into()),
        i64::MIN => Err(format!(
            "ERR value is out of range, value must between -{} and {}",
            i64::MAX,
            i64::MAX
        )
        .into()),
        rank => Ok(rank),
    }
}

fn not_negative(arg: &[u8], name: &str) -> Result<usize, Bytes> {
    let count = parse_int(arg).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| format!("ERR {name} can't be negative").into())
}

fn end_arg(arg: &[u8]) -> Result<End, Bytes> {
    match arg.to_ascii_uppercase().as_slice() {
        b"LEFT" => Ok(End::Left),
        b"RIGHT" => Ok(End::Right),
        _ => Err(SYNTAX.into()),
    }
}

pub(super) fn lmove(run: &mut Run<'_>) -> Outcome {
    let (from, to) = (end_arg(&run.args[3])?, end_arg(&run.args[4])?);
    move_item(run, from, to)
}

pub(super) fn rpoplpush(run: &mut Run<'_>) -> Outcome {
    move_item(run, End::Right, End::Left)
}

fn move_item(run: &mut Run<'_>, from: End, to: End) -> Outcome {
    let (source, target) = (run.args[1].clone(), run.args[2].clone());
    let Some(mut list) = run.list(&source)?.cloned() else { return exactly(run.null()) };
    run.list(&target)?;
    let item = pop_one(&mut list, from).expect("no list is empty");
    if source != target {
        put_back(run, &source, list);
        list = run.list(&target)?.cloned().unwrap_or_default();
    }
    match to {
        End::Left => list.push_front(item.clone()),
        End::Right => list.push_back(item.clone()),
    }
    let deadline = run.deadline(&target);
    run.put(&target, Data::List(list), deadline);
    exactly(Value::bulk(&item))
}

pub(super) fn lmpop(run: &mut Run<'_>) -> Outcome {
    let number = |arg: &[u8], name: &str| {
        let number = parse_int(arg).filter(|&number| number > 0);
        number.ok_or_else(|| Bytes::from(format!("ERR {name} should be greater than 0")))
    };
    let keys = number(&run.args[1], "numkeys")? as usize;
    let end = end_arg(run.args[2..].get(keys).ok_or(SYNTAX)?)?;
    let count = match &run.args[3 + keys..] {
        [] => 1,
        [word, count, rest @ ..] if is(word, "COUNT") => {
            let count = number(count, "count")?;
            if rest.is_empty() { count } else { return Err(SYNTAX.into()) }
        }
        _ => return Err(SYNTAX.into()),
    };
    let args = run.args;
    for key in &args[2..2 + keys] {
        let Some(mut list) = run.list(key)?.cloned() else { continue };
        let items = (0..count).map_while(|_| pop_one(&mut list, end));
        let items = items.map(|item| Value::bulk(&item)).collect();
        put_back(run, key, list);
        return exactly(Value::array(vec![Value::bulk(key), Value::array(items)]));
    }
    exactly(run.null_array())
}
