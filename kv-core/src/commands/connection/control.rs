//! What one client does to others: CLIENT KILL, UNBLOCK, PAUSE, and to itself: CLIENT REPLY.

use crate::args::Args;
use crate::command::EngineCx;
use crate::commands::parse::{int, is, timeout_ms};
use crate::error::Error;
use crate::kernel::{Flow, until_zero};
use crate::mailbox::Message;
use crate::now::Now;
use crate::session::{Profile, Replies};
use std::sync::Arc;

/// Closes connections: that of an address, or all that fit.
pub(crate) fn kill(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let is_old_form = cx.args.len() == 3;
    let filter =
        if is_old_form { Filter::of_address(cx.args.get(2)) } else { Filter::parse(cx.args)? };
    let mut victims = cx.kernel.sessions.profiles();
    victims.retain(|profile| filter.fits(profile, cx.session.id(), cx.now));
    if is_old_form && victims.is_empty() {
        return Err(Error::text("ERR No such client"));
    }
    let mut flow = Flow::Continue;
    for victim in &victims {
        if victim.id == cx.session.id() {
            flow = Flow::Close;
        } else {
            close(cx, victim);
        }
    }
    if is_old_form {
        cx.out.ok()
    } else {
        cx.out.int(victims.len() as i64)
    }
    Ok(flow)
}

/// Its request that waits takes nothing any more, however long the connection takes to close.
fn close(cx: &mut EngineCx<'_, '_>, victim: &Profile) {
    let waiter = victim.waiter().clone();
    waiter.iter().for_each(|waiter| waiter.abandon(cx.store));
    victim.mailbox.put(Message::Close, 0);
}

/// Which clients CLIENT KILL closes: those to which all of this applies.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    class: Option<Class>,
    age_min_s: u64,
    spares_self: bool,
}

impl<'a> Filter<'a> {
    fn of_address(address: &'a [u8]) -> Self {
        Self { address: Some(address), ..Self::default() }
    }

    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut filter = Self { spares_self: true, ..Self::default() };
        let mut words = args.from(2);
        while let Some(option) = words.next() {
            filter.add(option, words.next().ok_or(Error::Syntax)?)?;
        }
        Ok(filter)
    }

    fn add(&mut self, option: &[u8], value: &'a [u8]) -> Result<(), Error> {
        match option {
            word if is(word, "ID") => self.id = Some(session_id(value)?),
            word if is(word, "TYPE") => self.class = Some(Class::parse(value)?),
            word if is(word, "ADDR") => self.address = Some(value),
            word if is(word, "LADDR") => self.local_address = Some(value),
            word if is(word, "USER") => check_user(value)?,
            word if is(word, "SKIPME") && is(value, "yes") => self.spares_self = true,
            word if is(word, "SKIPME") && is(value, "no") => self.spares_self = false,
            word if is(word, "MAXAGE") => self.age_min_s = age(value)?,
            _ => return Err(Error::Syntax),
        }
        Ok(())
    }

    fn fits(&self, profile: &Profile, own_id: u64, now: Now) -> bool {
        self.id.is_none_or(|id| id == profile.id)
            && self.address.is_none_or(|address| address == profile.address.as_bytes())
            && self.local_address.is_none_or(|address| address == profile.local_address.as_bytes())
            && self.class.is_none_or(|class| class == Class::of(profile))
            && profile.age_s(now) >= self.age_min_s
            && !(self.spares_self && profile.id == own_id)
    }
}

fn session_id(id: &[u8]) -> Result<u64, Error> {
    const NOT_AN_ID: Error = Error::text("ERR client-id should be greater than 0");
    let id = int(id).ok().and_then(|id| u64::try_from(id).ok());
    id.filter(|&id| id > 0).ok_or(NOT_AN_ID)
}

fn age(seconds: &[u8]) -> Result<u64, Error> {
    const NOT_AN_INTEGER: Error = Error::text("ERR maxage is not an integer or out of range");
    const NOT_POSITIVE: Error = Error::text("ERR maxage should be greater than 0");
    let seconds = int(seconds).map_err(|_| NOT_AN_INTEGER)?;
    u64::try_from(seconds).ok().filter(|&seconds| seconds > 0).ok_or(NOT_POSITIVE)
}

/// There is one user, whom every session has.
fn check_user(name: &[u8]) -> Result<(), Error> {
    if name == b"default" {
        return Ok(());
    }
    Err(Error::composed([b"ERR No such user '", until_zero(name), b"'"].concat()))
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Normal,
    Listener,
    /// Another server: there are none.
    Peer,
}

impl Class {
    fn parse(name: &[u8]) -> Result<Self, Error> {
        match name {
            word if is(word, "normal") => Ok(Self::Normal),
            word if is(word, "pubsub") => Ok(Self::Listener),
            word if ["master", "replica", "slave"].iter().any(|name| is(word, name)) => {
                Ok(Self::Peer)
            }
            _ => {
                let name = until_zero(name);
                Err(Error::composed([b"ERR Unknown client type '", name, b"'"].concat()))
            }
        }
    }

    fn of(profile: &Profile) -> Self {
        if profile.is_listening() { Self::Listener } else { Self::Normal }
    }
}

/// Has a client that waits get its reply at once.
pub(crate) fn unblock(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    const UNBLOCKED: Error = Error::text("UNBLOCKED client unblocked via CLIENT UNBLOCK");
    let is_error = match (cx.args.len(), cx.args.try_get(3)) {
        (3, _) => false,
        (4, Some(reason)) if is(reason, "TIMEOUT") => false,
        (4, Some(reason)) if is(reason, "ERROR") => true,
        (4, _) => {
            return Err(Error::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
        _ => return Err(wrong_usage(cx.args)),
    };
    let id = u64::try_from(int(cx.args.get(2))?).unwrap_or(0);
    let profile: Option<Arc<Profile>> = cx.kernel.sessions.profile(id);
    let waiter = profile.and_then(|profile| profile.waiter().clone());
    let is_unblocked = waiter.is_some_and(|waiter| match is_error {
        true => waiter.answer(cx.store, |out| out.error(&UNBLOCKED)),
        false => waiter.answer_nothing(cx.store),
    });
    cx.out.int(is_unblocked.into());
    Ok(Flow::Continue)
}

/// Puts off requests, or those that may write.
pub(crate) fn pause(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let is_total = match (cx.args.len(), cx.args.try_get(3)) {
        (3, _) => true,
        (4, Some(mode)) if is(mode, "WRITE") => false,
        (4, Some(mode)) if is(mode, "ALL") => true,
        (4, _) => return Err(Error::text("ERR CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(wrong_usage(cx.args)),
    };
    let timeout_us = timeout_ms(cx.args.get(2))?;
    cx.kernel.pause.begin(timeout_us.unwrap_or(0) / 1000, is_total, cx.now);
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn unpause(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.kernel.unpause();
    cx.out.ok();
    Ok(Flow::Continue)
}

/// Says whether the client wants replies.
pub(crate) fn reply(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    match cx.args.get(2) {
        mode if is(mode, "ON") => {
            cx.session.replies = Replies::Sent;
            cx.out.unmute();
            cx.out.ok();
        }
        mode if is(mode, "OFF") => cx.session.replies = Replies::Dropped,
        mode if is(mode, "SKIP") => {
            if cx.session.replies != Replies::Dropped {
                cx.session.replies = Replies::DroppedNext;
            }
        }
        _ => return Err(Error::Syntax),
    }
    Ok(Flow::Continue)
}

fn wrong_usage(args: Args<'_>) -> Error {
    let name = until_zero(args.get(1));
    let start = b"ERR unknown subcommand or wrong number of arguments for '".as_slice();
    Error::composed([start, name, b"'. Try CLIENT HELP."].concat())
}
