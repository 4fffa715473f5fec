//! Sessions: the handshake, the selected database, liveness.

pub(crate) mod client;
pub(crate) mod control;
pub(crate) mod tracking;

use crate::args::Args;
use crate::command::EngineCx;
use crate::commands::parse::{int, is};
use crate::commands::pubsub;
use crate::commands::server::monitor;
use crate::error::Error;
use crate::kernel::{Flow, REDIS_VERSION, until_zero};
use crate::reply::Protocol;
use crate::session::{Mode, Replies};
use crate::value::string::parse_int;

pub(crate) fn ping(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.session.subscriptions.is_some() && cx.out.protocol() == Protocol::V2 && cx.args.len() <= 2
    {
        // As a message, since such a client takes nothing else.
        cx.out.array(2);
        cx.out.bulk(b"pong");
        cx.out.bulk(cx.args.try_get(1).unwrap_or_default());
        return Ok(Flow::Continue);
    }
    match (cx.args.try_get(1), cx.args.len()) {
        (None, _) => cx.out.simple("PONG"),
        (Some(message), 2) => cx.out.bulk(message),
        _ => return Err(Error::WrongArity("ping".into())),
    }
    Ok(Flow::Continue)
}

pub(crate) fn echo(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.bulk(cx.args.get(1));
    Ok(Flow::Continue)
}

pub(crate) fn quit(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    monitor::forget(cx.kernel, cx.session);
    cx.out.ok();
    Ok(Flow::Close)
}

pub(crate) fn select(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let index = i32::try_from(int(cx.args.get(1))?).map_err(|_| NOT_32_BITS)?;
    let database = usize::try_from(index).map_err(|_| Error::DatabaseOutOfRange)?;
    if database >= cx.store.databases() {
        return Err(Error::DatabaseOutOfRange);
    }
    cx.session.select(database);
    cx.out.ok();
    Ok(Flow::Continue)
}

const NOT_32_BITS: Error =
    Error::text("ERR value is out of range, value must between -2147483648 and 2147483647");

pub(crate) fn reset(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.session.select(0);
    cx.kernel.greet(cx.session);
    cx.session.transaction = None;
    [Mode::NoEvict, Mode::NoTouch].into_iter().for_each(|mode| cx.session.set_mode(mode, false));
    cx.session.unwatch(cx.store);
    pubsub::forget(cx.kernel, cx.session);
    monitor::forget(cx.kernel, cx.session);
    tracking::forget(cx.store.store(), cx.session);
    // What the client told of its library stays: it is still the one behind the connection.
    cx.session.profile().change_labels(|labels| labels.name.clear());
    cx.session.replies = Replies::Sent;
    cx.out.unmute();
    switch_protocol(cx, Protocol::V2);
    cx.out.simple("RESET");
    Ok(Flow::Continue)
}

pub(crate) fn auth(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    const NEEDLESS: Error = Error::text(
        "ERR AUTH <password> called without any password configured for the default user. Are you \
         sure your configuration is correct?",
    );
    match cx.args.len() {
        2 if !cx.kernel.config.requires_password() => return Err(NEEDLESS),
        2 => authenticate(cx, DEFAULT_USER, cx.args.get(1))?,
        3 => authenticate(cx, cx.args.get(1), cx.args.get(2))?,
        _ => return Err(Error::Syntax),
    }
    cx.out.ok();
    Ok(Flow::Continue)
}

/// The only user there is.
pub(crate) const DEFAULT_USER: &[u8] = b"default";

/// A client that gives a wrong password stays who it was.
fn authenticate(cx: &mut EngineCx<'_, '_>, user: &[u8], password: &[u8]) -> Result<(), Error> {
    if user != DEFAULT_USER || !cx.kernel.config.is_password(password) {
        return Err(Error::WrongPassword);
    }
    cx.session.is_authenticated = true;
    Ok(())
}

const HELLO_NOAUTH: Error = Error::text(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH \
     <user> <pass> option can be used to authenticate the client and select the RESP protocol \
     version at the same time",
);

pub(crate) fn hello(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let greeting = Greeting::parse(cx)?;
    if !cx.session.is_authenticated {
        return Err(HELLO_NOAUTH);
    }
    if greeting.protocol.is_some_and(|protocol| !switch_protocol(cx, protocol)) {
        return Err(Error::UnsupportedProtocol);
    }
    if let Some(name) = greeting.name {
        cx.session.profile().change_labels(|labels| labels.name = name.to_vec());
    }
    describe_server(cx);
    Ok(Flow::Continue)
}

/// Whether the argument at `at` is a user or a password of HELLO. A name of the client that reads
/// AUTH makes secrets of what follows, rather than the other way round.
pub(crate) fn is_hello_secret(args: Args<'_>, at: usize) -> bool {
    let follows = |back| at >= back + 2 && is(args.get(at - back), "AUTH");
    follows(1) || follows(2)
}

/// What HELLO asks for.
#[derive(Default)]
struct Greeting<'a> {
    protocol: Option<Protocol>,
    name: Option<&'a [u8]>,
}

impl<'a> Greeting<'a> {
    /// Reads it from left to right, and authenticates on the way.
    fn parse(cx: &mut EngineCx<'a, '_>) -> Result<Self, Error> {
        let args = cx.args;
        let mut greeting = Self::default();
        let Some(version) = args.try_get(1) else {
            return Ok(greeting);
        };
        greeting.protocol = Some(protocol_version(version)?);
        let mut at = 2;
        while let Some(option) = args.try_get(at) {
            match (args.try_get(at + 1), args.try_get(at + 2)) {
                (Some(user), Some(password)) if is(option, "AUTH") => {
                    authenticate(cx, user, password)?;
                    at += 3;
                }
                (Some(name), _) if is(option, "SETNAME") => {
                    client::check_name(name)?;
                    greeting.name = Some(name);
                    at += 2;
                }
                _ => return Err(unknown_option(option)),
            }
        }
        Ok(greeting)
    }
}

fn protocol_version(version: &[u8]) -> Result<Protocol, Error> {
    const NOT_AN_INTEGER: Error =
        Error::text("ERR Protocol version is not an integer or out of range");
    match parse_int(version).ok_or(NOT_AN_INTEGER)? {
        2 => Ok(Protocol::V2),
        3 => Ok(Protocol::V3),
        _ => Err(Error::UnsupportedProtocol),
    }
}

fn unknown_option(option: &[u8]) -> Error {
    let option = until_zero(option);
    Error::composed([b"ERR Syntax error in HELLO option '", option, b"'"].concat())
}

/// False, and nothing changes, if the connection does not speak the protocol.
fn switch_protocol(cx: &mut EngineCx<'_, '_>, protocol: Protocol) -> bool {
    let switched = cx.out.switch_protocol(protocol);
    cx.session.profile().note_protocol(cx.out.protocol());
    switched
}

fn describe_server(cx: &mut EngineCx<'_, '_>) {
    let protocol = cx.out.protocol() as i64;
    let out = &mut *cx.out;
    out.map(7);
    out.bulk(b"server");
    out.bulk(b"redis");
    out.bulk(b"version");
    out.bulk(REDIS_VERSION.as_bytes());
    out.bulk(b"proto");
    out.int(protocol);
    out.bulk(b"id");
    out.int(cx.session.id() as i64);
    out.bulk(b"mode");
    out.bulk(b"standalone");
    out.bulk(b"role");
    out.bulk(b"master");
    out.bulk(b"modules");
    out.array(0);
}
