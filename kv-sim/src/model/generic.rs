//! Keys of any type, and whole databases.

use super::connection::database;
use super::{
    Bytes, DATABASES, Entry, Expect, NO_SUCH_KEY, Outcome, Row, Run, SAME_OBJECT, SYNTAX, Scan,
    exactly, int, is, number, ok, truth,
};
use crate::wire::Value;
use std::rc::Rc;

pub(super) const COMMANDS: &[Row] = &[
    ("copy", -3, copy),
    ("dbsize", 1, dbsize),
    ("del", -2, del),
    ("exists", -2, exists),
    ("expire", -3, expire),
    ("expireat", -3, expireat),
    ("expiretime", 2, expiretime),
    ("flushall", -1, flushall),
    ("flushdb", -1, flushdb),
    ("keys", 2, keys),
    ("move", 3, move_),
    ("persist", 2, persist),
    ("pexpire", -3, pexpire),
    ("pexpireat", -3, pexpireat),
    ("pexpiretime", 2, pexpiretime),
    ("pttl", 2, pttl),
    ("randomkey", 1, randomkey),
    ("rename", 3, rename),
    ("renamenx", 3, renamenx),
    ("scan", -2, scan),
    ("swapdb", 3, swapdb),
    ("touch", -2, exists),
    ("ttl", 2, ttl),
    ("type", 2, type_),
    ("unlink", -2, del),
];

pub(super) fn del(run: &mut Run<'_>) -> Outcome {
    let args = run.args;
    number(args[1..].iter().filter(|key| run.take(key).is_some()).count() as i64)
}

pub(super) fn exists(run: &mut Run<'_>) -> Outcome {
    number(run.args[1..].iter().filter(|key| run.find(key).is_some()).count() as i64)
}

pub(super) fn type_(run: &mut Run<'_>) -> Outcome {
    exactly(Value::simple(run.find(&run.args[1]).map_or("none", |entry| entry.data.type_name())))
}

pub(super) fn keys(run: &mut Run<'_>) -> Outcome {
    let keys = run.live_keys(|key, _| matches(&run.args[1], key));
    Ok(Expect::AnyOrder(keys.keys().map(|key| Value::bulk(key)).collect()))
}

pub(super) fn scan(run: &mut Run<'_>) -> Outcome {
    let text = std::str::from_utf8(&run.args[1]).unwrap_or("x");
    let cursor = text.parse().map_err(|_| &b"ERR invalid cursor"[..])?;
    let (mut pattern, mut kind) = (&b"*"[..], None);
    for option in run.args[2..].chunks(2) {
        match option {
            [word, value] if is(word, "MATCH") => pattern = value,
            [word, value] if is(word, "TYPE") => kind = Some(value),
            [word, value] if is(word, "COUNT") => {
                if int(value)? < 1 {
                    return Err(SYNTAX.into());
                }
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    let wanted = |key: &[u8], entry: &Entry| {
        matches(pattern, key) && kind.is_none_or(|kind| is(kind, entry.data.type_name()))
    };
    let keys = Rc::new(run.live_keys(wanted));
    let all = pattern == b"*" && kind.is_none();
    Ok(Expect::Scan(Box::new(Scan { cursor, database: run.session.database, all, keys })))
}

pub(super) fn randomkey(run: &mut Run<'_>) -> Outcome {
    Ok(Expect::Member(Rc::new(run.live_keys(|_, _| true)), run.null()))
}

pub(super) fn dbsize(run: &mut Run<'_>) -> Outcome {
    let live = run.live_keys(|_, _| true).len();
    let with_expired = run.model.databases[run.session.database].len();
    Ok(Expect::Between(live as i64, with_expired as i64))
}

pub(super) fn rename(run: &mut Run<'_>) -> Outcome {
    let [_, from, to] = run.args else { unreachable!("the arity was checked") };
    let entry = run.find(from).cloned().ok_or(NO_SUCH_KEY)?;
    if from != to {
        run.take(from);
        run.put(to, entry.data, entry.deadline);
    }
    ok()
}

pub(super) fn renamenx(run: &mut Run<'_>) -> Outcome {
    run.find(&run.args[1]).ok_or(NO_SUCH_KEY)?;
    if run.find(&run.args[2]).is_some() {
        return number(0);
    }
    rename(run)?;
    number(1)
}

pub(super) fn copy(run: &mut Run<'_>) -> Outcome {
    let (mut target, mut replace) = (run.session.database, false);
    let mut at = 3;
    while at < run.args.len() {
        if is(&run.args[at], "REPLACE") {
            replace = true;
        } else if is(&run.args[at], "DB") && at + 1 < run.args.len() {
            at += 1;
            target = database(&run.args[at])?;
        } else {
            return Err(SYNTAX.into());
        }
        at += 1;
    }
    if target == run.session.database && run.args[1] == run.args[2] {
        return Err(SAME_OBJECT.into());
    }
    let Some(entry) = run.find(&run.args[1]).cloned() else { return number(0) };
    if run.find_in(target, &run.args[2]).is_some() && !replace {
        return number(0);
    }
    run.put_in(target, &run.args[2], entry.data, entry.deadline);
    number(1)
}

pub(super) fn move_(run: &mut Run<'_>) -> Outcome {
    let target = database(&run.args[2])?;
    if target == run.session.database {
        return Err(SAME_OBJECT.into());
    }
    let key = run.key();
    if run.find(&key).is_none() || run.find_in(target, &key).is_some() {
        return number(0);
    }
    let entry = run.take(&key).expect("found above");
    run.put_in(target, &key, entry.data, entry.deadline);
    number(1)
}

pub(super) fn swapdb(run: &mut Run<'_>) -> Outcome {
    let is_number = |arg: &[u8]| int(arg).is_ok_and(|number| i32::try_from(number).is_ok());
    for (arg, text) in run.args[1..].iter().zip(["first", "second"]) {
        if !is_number(arg) {
            return Err(format!("ERR invalid {text} DB index").into());
        }
    }
    let (first, second) = (database(&run.args[1])?, database(&run.args[2])?);
    for database in [first, second] {
        let entries = [first, second].into_iter().flat_map(|it| &run.model.databases[it]);
        let keys = entries.map(|(key, entry)| (key.clone(), run.is_live(entry)));
        for (key, is_live) in keys.collect::<Vec<_>>() {
            match is_live {
                true => run.model.replace(database, &key),
                false => run.model.touch_perhaps(database, &key),
            }
        }
    }
    run.model.databases.swap(first, second);
    ok()
}

pub(super) fn flushdb(run: &mut Run<'_>) -> Outcome {
    check_flush(run)?;
    run.clear(run.session.database);
    run.model.invalidate_all();
    ok()
}

pub(super) fn flushall(run: &mut Run<'_>) -> Outcome {
    check_flush(run)?;
    (0..DATABASES).for_each(|database| run.clear(database));
    run.model.invalidate_all();
    ok()
}

fn check_flush(run: &Run<'_>) -> Result<(), Bytes> {
    match &run.args[1..] {
        [] => Ok(()),
        [word] if is(word, "SYNC") || is(word, "ASYNC") => Ok(()),
        _ => Err(SYNTAX.into()),
    }
}

pub(super) fn expire(run: &mut Run<'_>) -> Outcome {
    set_expire(run, 1000, true)
}

pub(super) fn pexpire(run: &mut Run<'_>) -> Outcome {
    set_expire(run, 1, true)
}

pub(super) fn expireat(run: &mut Run<'_>) -> Outcome {
    set_expire(run, 1000, false)
}

pub(super) fn pexpireat(run: &mut Run<'_>) -> Outcome {
    set_expire(run, 1, false)
}

fn set_expire(run: &mut Run<'_>, unit_ms: i128, relative: bool) -> Outcome {
    let condition = Condition::parse(&run.args[3..])?;
    let amount = i128::from(run.int_arg(2)?);
    let range = i128::from(i64::MIN)..=i128::from(i64::MAX);
    let ms = amount * unit_ms;
    let deadline = if relative { ms + i128::from(run.now) } else { ms };
    if !range.contains(&ms) || !range.contains(&deadline) {
        return Err(run.invalid_expire());
    }
    let (key, deadline) = (run.key(), deadline as i64);
    let Some(old) = run.find(&key).map(|entry| entry.deadline) else { return number(0) };
    if !condition.allows(old, deadline) {
        return number(0);
    }
    if deadline <= run.now {
        run.take(&key);
    } else {
        run.set_deadline(&key, Some(deadline));
    }
    number(1)
}

/// When EXPIRE applies.
#[derive(Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn parse(args: &[Bytes]) -> Result<Condition, Bytes> {
        let mut found = Condition::default();
        for arg in args {
            match arg.to_ascii_uppercase().as_slice() {
                b"NX" => found.nx = true,
                b"XX" => found.xx = true,
                b"GT" => found.gt = true,
                b"LT" => found.lt = true,
                _ => return Err([b"ERR Unsupported option ", &arg[..]].concat()),
            }
        }
        if found.nx && (found.xx || found.gt || found.lt) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(text.into());
        }
        if found.gt && found.lt {
            return Err(b"ERR GT and LT options at the same time are not compatible".into());
        }
        Ok(found)
    }

    /// No deadline counts as one at the end of time.
    fn allows(&self, old: Option<i64>, new: i64) -> bool {
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && old.is_none_or(|old| new <= old)
            || self.lt && old.is_some_and(|old| new >= old))
    }
}

pub(super) fn persist(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let had = run.deadline(&key).is_some();
    if had {
        run.set_deadline(&key, None);
    }
    truth(had)
}

pub(super) fn ttl(run: &mut Run<'_>) -> Outcome {
    let now = run.now;
    tell_deadline(run, |deadline| rounded_s((deadline - now).max(0)))
}

pub(super) fn pttl(run: &mut Run<'_>) -> Outcome {
    let now = run.now;
    tell_deadline(run, |deadline| (deadline - now).max(0))
}

pub(super) fn expiretime(run: &mut Run<'_>) -> Outcome {
    tell_deadline(run, rounded_s)
}

pub(super) fn pexpiretime(run: &mut Run<'_>) -> Outcome {
    tell_deadline(run, |deadline| deadline)
}

/// Milliseconds in seconds.
fn rounded_s(ms: i64) -> i64 {
    ((i128::from(ms) + 500) / 1000) as i64
}

fn tell_deadline(run: &Run<'_>, show: impl Fn(i64) -> i64) -> Outcome {
    match run.find(&run.args[1]) {
        None => number(-2),
        Some(Entry { deadline: None, .. }) => number(-1),
        Some(Entry { deadline: Some(deadline), .. }) => number(show(*deadline)),
    }
}

/// Whether the whole of `text` fits a pattern of `*`, `?`, `[...]` and escapes.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
        [b'?', rest @ ..] => !text.is_empty() && matches(rest, &text[1..]),
        [b'[', rest @ ..] => {
            let Some((&byte, text)) = text.split_first() else { return false };
            let (fits, rest) = matches_class(rest, byte);
            fits && matches(rest, text)
        }
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            text.first() == Some(literal) && matches(rest, &text[1..])
        }
    }
}

/// Whether `byte` is in the class, and what follows the class.
fn matches_class(mut class: &[u8], byte: u8) -> (bool, &[u8]) {
    let negated = class.first() == Some(&b'^');
    class = &class[usize::from(negated)..];
    let mut fits = false;
    loop {
        let used = match class {
            [] => return (fits != negated, class),
            [b']', rest @ ..] => return (fits != negated, rest),
            [b'\\', literal, ..] => {
                fits |= byte == *literal;
                2
            }
            [a, b'-', b, ..] => {
                fits |= (*a.min(b)..=*a.max(b)).contains(&byte);
                3
            }
            [literal, ..] => {
                fits |= byte == *literal;
                1
            }
        };
        class = &class[used..];
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_documented() {
        let cases: [(&str, &str, bool); 9] = [
            ("*", "", true),
            ("k?", "k1", true),
            ("k?", "k", false),
            ("k[1-3]", "k2", true),
            ("k[^1-3]", "k2", false),
            ("k[^1-3]", "k4", true),
            ("*a*b", "xaxxb", true),
            ("k\\*", "k1", false),
            ("k\\*", "k*", true),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
