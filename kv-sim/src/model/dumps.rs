//! DUMP and RESTORE. What a payload looks like is the server's affair: the model remembers which
//! value it gave each for.

use super::{Bytes, Data, Expect, Outcome, Row, Run, SYNTAX, exactly, hashes, int, is, ok};
use crate::wire::Value;

pub(super) const COMMANDS: &[Row] = &[("dump", 2, dump), ("restore", -4, restore)];

fn dump(run: &mut Run<'_>) -> Outcome {
    let Some(entry) = run.find(&run.args[1]) else { return exactly(run.null()) };
    let data = portable(&entry.data, run.now);
    let Some(Value::Blob(b'$', payload)) = run.reply() else {
        return Ok(Expect::Never("a payload is a string"));
    };
    if run.model.dumps.get(&payload).is_some_and(|other| *other != data) {
        return Ok(Expect::Never("another value has this payload"));
    }
    run.model.dumps.insert(payload.clone(), data);
    exactly(Value::bulk(&payload))
}

/// What a payload has place for: no deadlines of fields, and not all times of streams.
fn portable(data: &Data, now: i64) -> Data {
    match data {
        Data::Hash(fields) => {
            let mut fields = hashes::live(fields, now);
            fields.values_mut().for_each(|field| field.deadline = None);
            Data::Hash(fields)
        }
        Data::Stream(stream) => Data::Stream(stream.clone().portable()),
        data => data.clone(),
    }
}

fn restore(run: &mut Run<'_>) -> Outcome {
    let (replaces, is_absolute) = options(&run.args[4..])?;
    let key = run.key();
    if !replaces && run.find(&key).is_some() {
        return Err(b"BUSYKEY Target key name already exists.".into());
    }
    let ttl_ms = run.int_arg(2)?;
    if ttl_ms < 0 {
        return Err(b"ERR Invalid TTL value, must be >= 0".into());
    }
    let deadline = match ttl_ms {
        0 => None,
        at if is_absolute => Some(at),
        ms => Some(ms.wrapping_add(run.now)),
    };
    let data = run.model.dumps.get(&run.args[3]).cloned();
    let data = data.ok_or(&b"ERR DUMP payload version or checksum are wrong"[..])?;
    if deadline.is_some_and(|deadline| deadline <= run.now) {
        run.take(&key);
    } else {
        run.put(&key, data, deadline);
    }
    ok()
}

/// Whether a key is replaced, and whether its time to live is a point in time.
fn options(mut args: &[Bytes]) -> Result<(bool, bool), Bytes> {
    let (mut replaces, mut is_absolute) = (false, false);
    let (mut has_idle, mut has_frequency) = (false, false);
    while let [word, tail @ ..] = args {
        args = tail;
        match tail {
            _ if is(word, "REPLACE") => replaces = true,
            _ if is(word, "ABSTTL") => is_absolute = true,
            [idle_s, tail @ ..] if is(word, "IDLETIME") && !has_frequency => {
                if int(idle_s)? < 0 {
                    return Err(b"ERR Invalid IDLETIME value, must be >= 0".into());
                }
                (has_idle, args) = (true, tail);
            }
            [frequency, tail @ ..] if is(word, "FREQ") && !has_idle => {
                if !(0..=255).contains(&int(frequency)?) {
                    return Err(b"ERR Invalid FREQ value, must be >= 0 and <= 255".into());
                }
                (has_frequency, args) = (true, tail);
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    Ok((replaces, is_absolute))
}
