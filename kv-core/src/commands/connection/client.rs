//! CLIENT: who is connected.

use crate::command::EngineCx;
use crate::commands::parse::is;
use crate::error::Error;
use crate::kernel::{Flow, until_zero};
use crate::now::Now;
use crate::session::{Origin, Profile, Registry};
use crate::value::string::parse_int;
use std::io::Write as _;

pub(crate) fn id(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.int(cx.session.id() as i64);
    Ok(Flow::Continue)
}

pub(crate) fn getname(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let labels = cx.session.profile().labels();
    match labels.name.as_slice() {
        b"" => cx.out.null(),
        name => cx.out.bulk(name),
    }
    Ok(Flow::Continue)
}

pub(crate) fn setname(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let name = cx.args.get(2);
    check_name(name)?;
    cx.session.profile().labels().name = name.to_vec();
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn setinfo(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let (attribute, value) = (cx.args.get(2), cx.args.get(3));
    let mut labels = cx.session.profile().labels();
    let label = match attribute {
        word if is(word, "lib-name") => &mut labels.library,
        word if is(word, "lib-ver") => &mut labels.library_version,
        _ => return Err(unknown_attribute(attribute)),
    };
    if !is_one_word(value) {
        return Err(unfit_attribute(attribute));
    }
    *label = value.to_vec();
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn info(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let mut text = Vec::new();
    describe(&mut text, cx.session.profile(), cx.now);
    cx.out.verbatim(&text);
    Ok(Flow::Continue)
}

pub(crate) fn list(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let mut text = Vec::new();
    let sessions = &*cx.kernel.sessions;
    match (cx.args.try_get(2), cx.args.try_get(3)) {
        (None, _) => describe_all(&mut text, sessions, cx.now),
        (Some(option), Some(class)) if is(option, "TYPE") && cx.args.len() == 4 => {
            if is_normal(class)? {
                describe_all(&mut text, sessions, cx.now);
            }
        }
        (Some(option), Some(_)) if is(option, "ID") => {
            for id in cx.args.from(3) {
                if let Some(profile) = sessions.profile(session_id(id)?) {
                    describe(&mut text, &profile, cx.now);
                }
            }
        }
        _ => return Err(Error::Syntax),
    }
    cx.out.verbatim(&text);
    Ok(Flow::Continue)
}

/// Refuses a name that would break the lines of CLIENT LIST.
pub(super) fn check_name(name: &[u8]) -> Result<(), Error> {
    const UNFIT: Error =
        Error::text("ERR Client names cannot contain spaces, newlines or special characters.");
    if is_one_word(name) { Ok(()) } else { Err(UNFIT) }
}

fn is_one_word(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}

fn unknown_attribute(attribute: &[u8]) -> Error {
    Error::composed([b"ERR Unrecognized option '", until_zero(attribute), b"'"].concat())
}

fn unfit_attribute(attribute: &[u8]) -> Error {
    let rest = b" cannot contain spaces, newlines or special characters.";
    Error::composed([b"ERR ", attribute, rest.as_slice()].concat())
}

/// Whether a class of clients is that of ordinary ones. The other classes are empty: there are
/// neither replicas nor subscribers.
fn is_normal(class: &[u8]) -> Result<bool, Error> {
    if ["master", "replica", "slave", "pubsub"].into_iter().any(|word| is(class, word)) {
        return Ok(false);
    }
    if is(class, "normal") {
        return Ok(true);
    }
    Err(Error::composed([b"ERR Unknown client type '", until_zero(class), b"'"].concat()))
}

/// An id that no session can have, such as a negative one, is 0.
fn session_id(id: &[u8]) -> Result<u64, Error> {
    let id = parse_int(id).ok_or(Error::text("ERR Invalid client ID"))?;
    Ok(u64::try_from(id).unwrap_or(0))
}

fn describe_all(text: &mut Vec<u8>, sessions: &Registry, now: Now) {
    sessions.profiles().iter().for_each(|profile| describe(text, profile, now));
}

/// Writes a client's line. What this server does not have stands there with the value that Redis
/// gives when there is nothing to tell, since readers expect every field.
fn describe(text: &mut Vec<u8>, profile: &Profile, now: Now) {
    const INFALLIBLE: &str = "a vector takes everything";
    let Profile { id, address, local_address, descriptor, .. } = profile;
    let labels = profile.labels();
    write!(text, "id={id} addr={address} laddr={local_address} fd={descriptor} name=")
        .expect(INFALLIBLE);
    text.extend_from_slice(&labels.name);
    let (age, idle, database) = (profile.age_s(now), profile.idle_s(now), profile.database());
    let (input, output) = (profile.input_len(), profile.output_len());
    let command = profile.last_command().map_or("NULL".into(), |command| command.full_name());
    let protocol = profile.protocol();
    let flags = if profile.origin == Origin::Unix { 'U' } else { 'N' };
    write!(
        text,
        " age={age} idle={idle} flags={flags} db={database} sub=0 psub=0 ssub=0 multi=-1 qbuf={input} \
         qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl={output} oll=0 omem=0 tot-mem={total} \
         events=r cmd={command} user=default redir=-1 resp={protocol} lib-name=",
        total = input + output,
    )
    .expect(INFALLIBLE);
    text.extend_from_slice(&labels.library);
    text.extend_from_slice(b" lib-ver=");
    text.extend_from_slice(&labels.library_version);
    text.push(b'\n');
}
