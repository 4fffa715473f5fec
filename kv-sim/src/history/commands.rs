//! The specification: what commands do to strings, lists and sets, one after the other. Keys have
//! no deadlines here, and what depends on chance or time is not known.

use super::Request;
use crate::model::Bytes;
use crate::wire::{Value, parse_int};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// The keys of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys(BTreeMap<Bytes, Item>);

/// What a key holds. Nothing is empty, besides strings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    String(Bytes),
    List(VecDeque<Bytes>),
    Set(BTreeSet<Bytes>),
}

/// What a request touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// These keys.
    Keys(Vec<Bytes>),
    /// All keys there are, in the same way.
    Everything,
    /// The specification does not know, but those that it names at most.
    Unknown,
    /// The specification does not know: others than it names, maybe.
    Unknowable,
}

impl Reach {
    /// What both touch.
    pub(super) fn and(self, other: Reach) -> Reach {
        match (self, other) {
            (Self::Keys(keys), Self::Keys(more)) => Self::Keys([keys, more].concat()),
            (Self::Unknowable, _) | (_, Self::Unknowable) => Self::Unknowable,
            (Self::Everything, Self::Everything) => Self::Everything,
            // All groups would be one.
            (Self::Everything, _) | (_, Self::Everything) => Self::Unknowable,
            _ => Self::Unknown,
        }
    }
}

/// What a request touches.
pub fn reach(request: &Request) -> Reach {
    let name = request[0].to_ascii_uppercase();
    match row(request) {
        Some((_, _, keys, _)) => keys(&request[1..]),
        None if name == b"SWAPDB" || name.starts_with(b"FLUSH") => Reach::Unknowable,
        None => Reach::Unknown,
    }
}

/// Runs a request that [`reach`] knows, and gives its reply as RESP2 has it, with one null for all.
///
/// # Panics
/// If it does not.
pub fn run(keys: &mut Keys, request: &Request) -> Value {
    let (_, _, _, run) = row(request).expect("somebody asked for its reach");
    run(keys, &request[1..]).unwrap_or_else(|text| Value::error(text.as_bytes()))
}

const READS: &[&str] = &["EXISTS", "GET", "LLEN", "LRANGE", "MGET", "SCARD", "SISMEMBER", "STRLEN"];

/// Whether a request changes nothing.
pub fn is_read(request: &Request) -> bool {
    READS.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(&request[0]))
}

/// A reply with one null for all, as the specification gives it.
pub fn plain(reply: Value) -> Value {
    match reply {
        Value::Null(_) | Value::Line(b'_', _) => NULL,
        // It was asked to end, and has taken nothing.
        Value::Line(b'-', text) if text.starts_with(b"UNBLOCKED ") => NULL,
        Value::Many(kind, items) => Value::Many(kind, items.into_iter().map(plain).collect()),
        other => other,
    }
}

/// What a command is: its name, the words after it that are known, what they touch, what it does.
type Row = (&'static str, fn(&[Bytes]) -> bool, fn(&[Bytes]) -> Reach, Run);

type Run = fn(&mut Keys, &[Bytes]) -> Result<Value, String>;

fn row(request: &Request) -> Option<&'static Row> {
    let (name, args) = request.split_first().expect("requests have a name");
    let is_it = |row: &&Row| row.0.as_bytes().eq_ignore_ascii_case(name) && (row.1)(args);
    ROWS.iter().find(is_it)
}

const NULL: Value = Value::Null(b'$');

const ROWS: &[Row] = &[
    ("APPEND", words::<2>, first, append),
    ("BLMOVE", is_timed_move, first_two, move_one),
    ("BLPOP", is_timed, all_but_last, |keys, args| pop_any(keys, args, End::Left)),
    ("BRPOP", is_timed, all_but_last, |keys, args| pop_any(keys, args, End::Right)),
    ("DECR", words::<1>, first, |keys, args| add(keys, &args[0], -1)),
    ("DECRBY", is_amount, first, |keys, args| add(keys, &args[0], -amount(args))),
    ("DEL", some, all, del),
    ("DELIFEQ", words::<2>, first, delifeq),
    ("EXISTS", some, all, exists),
    ("FLUSHALL", words::<0>, |_| Reach::Everything, flush),
    ("FLUSHDB", words::<0>, |_| Reach::Everything, flush),
    ("GET", words::<1>, first, get),
    ("GETDEL", words::<1>, first, getdel),
    ("GETSET", words::<2>, first, getset),
    ("INCR", words::<1>, first, |keys, args| add(keys, &args[0], 1)),
    ("INCRBY", is_amount, first, |keys, args| add(keys, &args[0], amount(args))),
    ("LLEN", words::<1>, first, llen),
    ("LMOVE", is_move, first_two, move_one),
    ("LPOP", words::<1>, first, |keys, args| pop(keys, args, End::Left)),
    ("LPUSH", at_least_two, first, |keys, args| push(keys, args, End::Left)),
    ("LRANGE", is_whole_range, first, lrange),
    ("MGET", some, all, mget),
    ("MSET", pairs, every_other, mset),
    ("RPOP", words::<1>, first, |keys, args| pop(keys, args, End::Right)),
    ("RPUSH", at_least_two, first, |keys, args| push(keys, args, End::Right)),
    ("SADD", at_least_two, first, sadd),
    ("SCARD", words::<1>, first, scard),
    ("SET", is_set, first, set),
    ("SETNX", words::<2>, first, setnx),
    ("SISMEMBER", words::<2>, first, sismember),
    ("SMOVE", words::<3>, first_two, smove),
    ("SREM", at_least_two, first, srem),
    ("STRLEN", words::<1>, first, strlen),
];

fn words<const N: usize>(args: &[Bytes]) -> bool {
    args.len() == N
}

fn some(args: &[Bytes]) -> bool {
    !args.is_empty()
}

fn at_least_two(args: &[Bytes]) -> bool {
    args.len() >= 2
}

fn pairs(args: &[Bytes]) -> bool {
    some(args) && args.len().is_multiple_of(2)
}

fn is_amount(args: &[Bytes]) -> bool {
    // Nothing whose negation would overflow.
    args.len() == 2 && parse_int(&args[1]).is_some_and(|amount| amount != i64::MIN)
}

fn is_whole_range(args: &[Bytes]) -> bool {
    args.len() == 3 && args[1] == b"0" && args[2] == b"-1"
}

fn is_end(word: &Bytes) -> bool {
    word == b"LEFT" || word == b"RIGHT"
}

fn is_move(args: &[Bytes]) -> bool {
    args.len() == 4 && is_end(&args[2]) && is_end(&args[3])
}

fn is_timed_move(args: &[Bytes]) -> bool {
    args.len() == 5 && is_move(&args[..4]) && is_timeout(&args[4])
}

fn is_timed(args: &[Bytes]) -> bool {
    at_least_two(args) && args.last().is_some_and(is_timeout)
}

fn is_timeout(word: &Bytes) -> bool {
    let seconds = std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok());
    seconds.is_some_and(|seconds| (0.0..1e6).contains(&seconds))
}

fn is_set(args: &[Bytes]) -> bool {
    let Some(options) = args.get(2..) else { return false };
    match options {
        [] => true,
        [flag] => [&b"NX"[..], b"XX", b"GET"].contains(&&flag[..]),
        [comparison, _] => comparison == b"IFEQ" || comparison == b"IFNE",
        _ => false,
    }
}

fn first(args: &[Bytes]) -> Reach {
    Reach::Keys(args[..1].to_vec())
}

fn first_two(args: &[Bytes]) -> Reach {
    Reach::Keys(args[..2].to_vec())
}

fn all(args: &[Bytes]) -> Reach {
    Reach::Keys(args.to_vec())
}

fn all_but_last(args: &[Bytes]) -> Reach {
    Reach::Keys(args[..args.len() - 1].to_vec())
}

fn every_other(args: &[Bytes]) -> Reach {
    Reach::Keys(args.iter().step_by(2).cloned().collect())
}

/// An end of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Left,
    Right,
}

impl End {
    fn of(word: &Bytes) -> End {
        if word == b"LEFT" { Self::Left } else { Self::Right }
    }
}

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

impl Keys {
    /// None are there.
    pub fn new() -> Self {
        Self::default()
    }

    fn string(&self, key: &Bytes) -> Result<Option<&Bytes>, String> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Item::String(value)) => Ok(Some(value)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    fn set_string(&mut self, key: &Bytes, value: Bytes) {
        self.0.insert(key.clone(), Item::String(value));
    }

    fn has_list(&self, key: &Bytes) -> Result<bool, String> {
        match self.0.get(key) {
            None => Ok(false),
            Some(Item::List(_)) => Ok(true),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    /// Changes a list, which is gone afterwards if it is empty.
    fn list<R>(
        &mut self,
        key: &Bytes,
        change: impl FnOnce(&mut VecDeque<Bytes>) -> R,
    ) -> Result<R, String> {
        self.has_list(key)?;
        let new = || Item::List(VecDeque::new());
        let Item::List(list) = self.0.entry(key.clone()).or_insert_with(new) else {
            unreachable!("it is a list")
        };
        let result = change(list);
        if list.is_empty() {
            self.0.remove(key);
        }
        Ok(result)
    }

    /// The same for a set.
    fn set<R>(
        &mut self,
        key: &Bytes,
        change: impl FnOnce(&mut BTreeSet<Bytes>) -> R,
    ) -> Result<R, String> {
        let new = || Item::Set(BTreeSet::new());
        let Item::Set(set) = self.0.entry(key.clone()).or_insert_with(new) else {
            return Err(WRONG_TYPE.into());
        };
        let result = change(set);
        if set.is_empty() {
            self.0.remove(key);
        }
        Ok(result)
    }
}

fn ok() -> Result<Value, String> {
    Ok(Value::simple("OK"))
}

fn count(count: usize) -> Result<Value, String> {
    Ok(Value::int(count as i64))
}

fn truth(is_true: bool) -> Result<Value, String> {
    count(usize::from(is_true))
}

fn bulk(value: Option<&Bytes>) -> Value {
    value.map_or(NULL, |value| Value::bulk(value))
}

fn get(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    Ok(bulk(keys.string(&args[0])?))
}

fn mget(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let value = |key| bulk(keys.string(key).unwrap_or_default());
    Ok(Value::array(args.iter().map(value).collect()))
}

fn strlen(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    count(keys.string(&args[0])?.map_or(0, Vec::len))
}

fn set(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let [key, value, options @ ..] = args else { unreachable!("they fit") };
    let is_there = keys.0.contains_key(key);
    let holds = match options {
        [flag] if flag == b"NX" => !is_there,
        [flag] if flag == b"XX" => is_there,
        [comparison, operand] => {
            let is_equal = keys.string(key)?.is_some_and(|value| value == operand);
            is_equal == (comparison == b"IFEQ")
        }
        [_] => return getset(keys, args),
        _ => true,
    };
    if !holds {
        return Ok(NULL);
    }
    keys.set_string(key, value.clone());
    ok()
}

fn getset(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let before = bulk(keys.string(&args[0])?);
    keys.set_string(&args[0], args[1].clone());
    Ok(before)
}

fn getdel(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let before = bulk(keys.string(&args[0])?);
    keys.0.remove(&args[0]);
    Ok(before)
}

fn setnx(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let is_new = !keys.0.contains_key(&args[0]);
    if is_new {
        keys.set_string(&args[0], args[1].clone());
    }
    truth(is_new)
}

fn mset(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    args.chunks(2).for_each(|pair| keys.set_string(&pair[0], pair[1].clone()));
    ok()
}

fn append(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let before = keys.string(&args[0])?.cloned().unwrap_or_default();
    let after = [before, args[1].clone()].concat();
    let len = after.len();
    keys.set_string(&args[0], after);
    count(len)
}

fn amount(args: &[Bytes]) -> i64 {
    parse_int(&args[1]).expect("it fits")
}

fn add(keys: &mut Keys, key: &Bytes, amount: i64) -> Result<Value, String> {
    let before = keys.string(key)?.map_or(Some(0), |text| parse_int(text));
    let before = before.ok_or("ERR value is not an integer or out of range")?;
    let after = before.checked_add(amount);
    let after = after.ok_or("ERR increment or decrement would overflow")?;
    keys.set_string(key, after.to_string().into());
    Ok(Value::int(after))
}

fn del(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    count(args.iter().filter(|key| keys.0.remove(*key).is_some()).count())
}

fn delifeq(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let is_equal = keys.string(&args[0])? == Some(&args[1]);
    if is_equal {
        keys.0.remove(&args[0]);
    }
    truth(is_equal)
}

fn exists(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    count(args.iter().filter(|key| keys.0.contains_key(*key)).count())
}

fn flush(keys: &mut Keys, _: &[Bytes]) -> Result<Value, String> {
    keys.0.clear();
    ok()
}

fn push(keys: &mut Keys, args: &[Bytes], end: End) -> Result<Value, String> {
    let len = keys.list(&args[0], |list| {
        args[1..].iter().for_each(|element| put(list, element.clone(), end));
        list.len()
    });
    count(len?)
}

fn put(list: &mut VecDeque<Bytes>, element: Bytes, end: End) {
    match end {
        End::Left => list.push_front(element),
        End::Right => list.push_back(element),
    }
}

fn take(keys: &mut Keys, key: &Bytes, end: End) -> Result<Option<Bytes>, String> {
    keys.list(key, |list| match end {
        End::Left => list.pop_front(),
        End::Right => list.pop_back(),
    })
}

fn pop(keys: &mut Keys, args: &[Bytes], end: End) -> Result<Value, String> {
    Ok(bulk(take(keys, &args[0], end)?.as_ref()))
}

/// As much of BLPOP and BRPOP as happens at one instant: that something is taken, or that there is
/// nothing.
fn pop_any(keys: &mut Keys, args: &[Bytes], end: End) -> Result<Value, String> {
    for key in &args[..args.len() - 1] {
        if let Some(element) = take(keys, key, end)? {
            return Ok(Value::array(vec![Value::bulk(key), Value::bulk(&element)]));
        }
    }
    Ok(NULL)
}

fn move_one(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let (from, to) = (&args[0], &args[1]);
    if !keys.has_list(from)? {
        return Ok(NULL);
    }
    keys.has_list(to)?;
    let element = take(keys, from, End::of(&args[2]))?.expect("lists are not empty");
    keys.list(to, |list| put(list, element.clone(), End::of(&args[3])))?;
    Ok(Value::bulk(&element))
}

fn llen(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    count(keys.list(&args[0], |list| list.len())?)
}

fn lrange(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    keys.list(&args[0], |list| {
        Value::array(list.iter().map(|element| Value::bulk(element)).collect())
    })
}

fn sadd(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let new = |set: &mut BTreeSet<Bytes>| {
        args[1..].iter().filter(|member| set.insert((*member).clone())).count()
    };
    count(keys.set(&args[0], new)?)
}

fn srem(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let gone =
        |set: &mut BTreeSet<Bytes>| args[1..].iter().filter(|member| set.remove(*member)).count();
    count(keys.set(&args[0], gone)?)
}

fn scard(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    count(keys.set(&args[0], |set| set.len())?)
}

fn sismember(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    truth(keys.set(&args[0], |set| set.contains(&args[1]))?)
}

fn smove(keys: &mut Keys, args: &[Bytes]) -> Result<Value, String> {
    let [from, to, member] = args else { unreachable!("they fit") };
    if !keys.0.contains_key(from) {
        return truth(false);
    }
    keys.set(to, |_| ())?;
    let is_member = keys.set(from, |set| set.remove(member))?;
    if is_member {
        keys.set(to, |set| set.insert(member.clone()))?;
    }
    truth(is_member)
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |bytes: &Bytes| bytes.escape_ascii().to_string();
        let items = self.0.iter().map(|(key, item)| {
            let members: Vec<String> = match item {
                Item::String(value) => return format!("{} = {:?}", show(key), show(value)),
                Item::List(list) => list.iter().map(show).collect(),
                Item::Set(set) => set.iter().map(show).collect(),
            };
            format!("{} = [{}]", show(key), members.join(" "))
        });
        write!(f, "{{{}}}", items.collect::<Vec<_>>().join(", "))
    }
}
