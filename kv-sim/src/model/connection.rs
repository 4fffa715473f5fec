//! Commands about the connection.

use super::{
    DATABASE_RANGE, DATABASES, Expect, Outcome, Row, Run, caching, exactly, int, is, ok, pauses,
};
use crate::wire::{Value, parse_int};

pub(super) const COMMANDS: &[Row] = &[
    ("client", -2, client),
    ("echo", 2, echo),
    ("hello", -1, hello),
    ("ping", -1, ping),
    ("quit", -1, quit),
    ("reset", 1, reset),
    ("select", 2, select),
];

/// What plans do to all clients, and what they ask for themselves.
fn client(run: &mut Run<'_>) -> Outcome {
    match run.args {
        [_, what, _, ..] if is(what, "PAUSE") => pauses::pause(run),
        [_, what] if is(what, "UNPAUSE") => pauses::unpause(run),
        [_, what, _, ..] if is(what, "TRACKING") => caching::tracking(run),
        [_, what, _] if is(what, "CACHING") => caching::caching(run),
        _ => Ok(Expect::Never("no plan asks for this")),
    }
}

pub(super) fn ping(run: &mut Run<'_>) -> Outcome {
    match run.args {
        [_, rest @ ..] if run.is_subscriber() && rest.len() <= 1 => {
            let message = rest.first().map_or(&[][..], |message| message);
            exactly(Value::array(vec![Value::bulk(b"pong"), Value::bulk(message)]))
        }
        [_] => exactly(Value::simple("PONG")),
        [_, message] => exactly(Value::bulk(message)),
        _ => Err(run.wrong_arity()),
    }
}

pub(super) fn echo(run: &mut Run<'_>) -> Outcome {
    exactly(Value::bulk(&run.args[1]))
}

pub(super) fn select(run: &mut Run<'_>) -> Outcome {
    run.session.database = database(&run.args[1])?;
    ok()
}

/// The database that an argument names.
pub(super) fn database(arg: &[u8]) -> Result<usize, Vec<u8>> {
    let number = int(arg)?;
    if i32::try_from(number).is_err() {
        let text = "ERR value is out of range, value must between -2147483648 and 2147483647";
        return Err(text.into());
    }
    let index = usize::try_from(number).ok().filter(|&index| index < DATABASES);
    index.ok_or_else(|| DATABASE_RANGE.into())
}

pub(super) fn quit(run: &mut Run<'_>) -> Outcome {
    run.session.closing = true;
    ok()
}

pub(super) fn reset(run: &mut Run<'_>) -> Outcome {
    let session = run.session.id;
    run.session.transaction = None;
    run.model.forget_watches(session);
    run.model.channels.forget(session);
    run.model.forget_cache(session);
    (run.session.database, run.session.protocol) = (0, 2);
    exactly(Value::simple("RESET"))
}

pub(super) fn hello(run: &mut Run<'_>) -> Outcome {
    let mut protocol = run.session.protocol;
    if let Some(version) = run.args.get(1) {
        let version = parse_int(version)
            .ok_or(&b"ERR Protocol version is not an integer or out of range"[..])?;
        if version != 2 && version != 3 {
            return Err(b"NOPROTO unsupported protocol version".into());
        }
        protocol = version as u8;
    }
    check_hello_options(run.args.get(2..).unwrap_or_default())?;
    if protocol == 3 && run.session.has_one_version {
        return Err(b"NOPROTO unsupported protocol version".into());
    }
    run.session.protocol = protocol;
    run.note_protocol();
    Ok(Expect::Hello(protocol))
}

fn check_hello_options(mut options: &[Vec<u8>]) -> Result<(), Vec<u8>> {
    while let [option, rest @ ..] = options {
        let Some((name, rest)) = rest.split_first().filter(|_| is(option, "SETNAME")) else {
            return Err([b"ERR Syntax error in HELLO option '", &option[..], b"'"].concat());
        };
        if !name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
            let text = "ERR Client names cannot contain spaces, newlines or special characters.";
            return Err(text.into());
        }
        options = rest;
    }
    Ok(())
}
