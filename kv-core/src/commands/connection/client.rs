//! CLIENT: who is connected.

use crate::command::EngineCx;
use crate::commands::parse::is;
use crate::error::Error;
use crate::kernel::{Flow, until_zero};
use crate::now::Now;
use crate::session::{Buffered, Labels, Mode, Origin, Profile, Registry};
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
    cx.session.profile().change_labels(|labels| labels.name = name.to_vec());
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn setinfo(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let (attribute, value) = (cx.args.get(2), cx.args.get(3));
    let label: fn(&mut Labels) -> &mut Vec<u8> = match attribute {
        word if is(word, "lib-name") => |labels| &mut labels.library,
        word if is(word, "lib-ver") => |labels| &mut labels.library_version,
        _ => return Err(unknown_attribute(attribute)),
    };
    if !is_one_word(value) {
        return Err(unfit_attribute(attribute));
    }
    cx.session.profile().change_labels(|labels| *label(labels) = value.to_vec());
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn no_evict(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    switch(cx, Mode::NoEvict)
}

pub(crate) fn no_touch(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    switch(cx, Mode::NoTouch)
}

fn switch(cx: &mut EngineCx<'_, '_>, mode: Mode) -> Result<Flow, Error> {
    let is_on = match cx.args.get(2) {
        word if is(word, "ON") => true,
        word if is(word, "OFF") => false,
        _ => return Err(Error::Syntax),
    };
    cx.session.set_mode(mode, is_on);
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

pub(crate) fn describe_all(text: &mut Vec<u8>, sessions: &Registry, now: Now) {
    sessions.profiles().iter().for_each(|profile| describe(text, profile, now));
}

/// Writes a client's line. What this server does not have stands there with the value that Redis
/// gives when there is nothing to tell, since readers expect every field: arguments lie in the query
/// buffer, and all replies in one buffer rather than a list.
fn describe(text: &mut Vec<u8>, profile: &Profile, now: Now) {
    const INFALLIBLE: &str = "a vector takes everything";
    let Profile { id, address, local_address, descriptor, .. } = profile;
    let labels = profile.labels();
    write!(text, "id={id} addr={address} laddr={local_address} fd={descriptor} name=")
        .expect(INFALLIBLE);
    text.extend_from_slice(&labels.name);
    let (age, idle, database) = (profile.age_s(now), profile.idle_s(now), profile.database());
    let (queued, queued_bytes) = match profile.queued() {
        Some((queued, bytes)) => (queued as i64, bytes),
        None => (-1, 0),
    };
    let (Buffered { input, input_free, output, output_size }, output_peak) = profile.buffered();
    let total = input + input_free + output_size.max(output) + queued_bytes;
    let events = if output > 0 { "rw" } else { "r" };
    let command = profile.last_command().map_or("NULL".into(), |command| command.full_name());
    let (flags, protocol, redirection) =
        (flags(profile), profile.protocol(), profile.redirection());
    let [sub, psub, ssub] = profile.subscriptions();
    write!(
        text,
        " age={age} idle={idle} flags={flags} db={database} sub={sub} psub={psub} ssub={ssub} multi={queued} \
         qbuf={input} qbuf-free={input_free} argv-mem=0 multi-mem={queued_bytes} rbs={output_size} \
         rbp={output_peak} obl={output} oll=0 omem=0 tot-mem={total} events={events} cmd={command} \
         user=default redir={redirection} resp={protocol} lib-name=",
    )
    .expect(INFALLIBLE);
    text.extend_from_slice(&labels.library);
    text.extend_from_slice(b" lib-ver=");
    text.extend_from_slice(&labels.library_version);
    text.push(b'\n');
}

/// A client's states, each as its letter; N for none.
fn flags(profile: &Profile) -> String {
    let states = [
        (profile.is_in(Mode::Monitor), 'O'),
        (profile.is_listening(), 'P'),
        (profile.queued().is_some(), 'x'),
        (profile.waiter().is_some(), 'b'),
        (profile.is_in(Mode::Tracking), 't'),
        (profile.has_broken_watch(), 'd'),
        (profile.origin == Origin::Unix, 'U'),
        (profile.is_in(Mode::NoEvict), 'e'),
        (profile.is_in(Mode::NoTouch), 'T'),
    ];
    let flags: String = states.iter().filter(|state| state.0).map(|state| state.1).collect();
    if flags.is_empty() { "N".into() } else { flags }
}
