//! CLIENT TRACKING and its kin: being told of what a client has in its cache.

use crate::args::Args;
use crate::command::EngineCx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::{Flow, until_zero};
use crate::session::{Caching, Profile, Registry, Session};
use crate::store::{Store, Tracker, TrackingMode as Mode};
use std::sync::Arc;

/// Turns it on or off.
pub(crate) fn tracking(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let options = Options::parse(cx.args, &cx.kernel.sessions)?;
    match cx.args.get(2) {
        switch if is(switch, "ON") => {
            options.check(cx)?;
            start(cx, options);
        }
        switch if is(switch, "OFF") => forget(cx.store.store(), cx.session),
        _ => return Err(Error::Syntax),
    }
    cx.out.ok();
    Ok(Flow::Continue)
}

fn start(cx: &mut EngineCx<'_, '_>, options: Options<'_>) {
    let Options { mode, mut prefixes, target } = options;
    if mode.by_prefix && prefixes.is_empty() {
        prefixes.push(b"");
    }
    let redirection = target.as_ref().map_or(0, |target| target.id);
    let is_chosen = cx.session.caching.as_ref().is_some_and(|caching| caching.is_chosen);
    cx.session.set_caching(Some(Caching { mode, redirection, is_chosen }));
    let profile = Arc::clone(cx.session.shared());
    let mail_max = cx.kernel.mail_max();
    let tracker = Tracker { profile, mode, target, mail_max, is_broken: false };
    cx.store.store().track(tracker, prefixes.into_iter());
}

/// The session caches no more.
pub(crate) fn forget(store: &Store, session: &mut Session) {
    if session.caching.is_some() {
        session.set_caching(None);
        store.untrack(session.id());
    }
}

/// What CLIENT TRACKING asks for.
#[derive(Default)]
struct Options<'a> {
    mode: Mode,
    prefixes: Vec<&'a [u8]>,
    target: Option<Arc<Profile>>,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>, sessions: &Registry) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut words = args.from(3);
        while let Some(word) = words.next() {
            match word {
                word if is(word, "BCAST") => options.mode.by_prefix = true,
                word if is(word, "OPTIN") => options.mode.opt_in = true,
                word if is(word, "OPTOUT") => options.mode.opt_out = true,
                word if is(word, "NOLOOP") => options.mode.no_loop = true,
                word if is(word, "REDIRECT") => {
                    options.redirect(words.next().ok_or(Error::Syntax)?, sessions)?;
                }
                word if is(word, "PREFIX") => {
                    options.prefixes.push(words.next().ok_or(Error::Syntax)?);
                }
                _ => return Err(Error::Syntax),
            }
        }
        Ok(options)
    }

    fn redirect(&mut self, id: &[u8], sessions: &Registry) -> Result<(), Error> {
        const NOT_ONE: Error =
            Error::text("ERR A client can only redirect to a single other client");
        const NOBODY: Error = Error::text("ERR The client ID you want redirect to does not exist");
        if self.target.is_some() {
            return Err(NOT_ONE);
        }
        let id = u64::try_from(int(id)?).map_err(|_| NOBODY)?;
        self.target = Some(sessions.profile(id).ok_or(NOBODY)?);
        Ok(())
    }

    /// Whether the options go together, and with those of before.
    fn check(&self, cx: &EngineCx<'_, '_>) -> Result<(), Error> {
        let new = self.mode;
        let old = cx.session.caching.as_ref().map(|caching| caching.mode);
        if !new.by_prefix && !self.prefixes.is_empty() {
            return Err(Error::text("ERR PREFIX option requires BCAST mode to be enabled"));
        }
        if old.is_some_and(|old| old.by_prefix != new.by_prefix) {
            return Err(cannot_switch("BCAST mode on/off"));
        }
        if new.by_prefix && (new.opt_in || new.opt_out) {
            return Err(Error::text("ERR OPTIN and OPTOUT are not compatible with BCAST"));
        }
        if new.opt_in && new.opt_out {
            return Err(Error::text("ERR You can't specify both OPTIN mode and OPTOUT mode"));
        }
        if old.is_some_and(|old| (new.opt_in && old.opt_out) || (new.opt_out && old.opt_in)) {
            return Err(cannot_switch("OPTIN/OPTOUT mode"));
        }
        self.check_prefixes(cx)
    }

    fn check_prefixes(&self, cx: &EngineCx<'_, '_>) -> Result<(), Error> {
        let (existing, _) = cx.store.store().tracking.state(cx.session.id());
        for (at, prefix) in self.prefixes.iter().enumerate() {
            if let Some(other) = existing.iter().find(|other| overlap(other, prefix)) {
                return Err(overlapping(prefix, "an existing prefix", other));
            }
            let mut others = self.prefixes[at + 1..].iter();
            if let Some(other) = others.find(|other| overlap(other, prefix)) {
                return Err(overlapping(prefix, "another provided prefix", other));
            }
        }
        Ok(())
    }
}

fn overlap(a: &[u8], b: &[u8]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

#[cold]
fn overlapping(prefix: &[u8], with: &str, other: &[u8]) -> Error {
    let (prefix, other) = (until_zero(prefix), until_zero(other));
    let middle = format!("' overlaps with {with} '").into_bytes();
    let end = b"'. Prefixes for a single client must not overlap.";
    Error::composed([b"ERR Prefix '".as_slice(), prefix, &middle, other, end].concat())
}

fn cannot_switch(what: &str) -> Error {
    Error::composed(format!(
        "ERR You can't switch {what} before disabling tracking for this client, and then \
         re-enabling it with a different mode."
    ))
}

/// Says whether what the next request reads is to be remembered, where that is not always so.
pub(crate) fn caching(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let Some(caching) = &mut cx.session.caching else {
        return Err(Error::text(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    let fits = match cx.args.get(2) {
        word if is(word, "YES") => caching.mode.opt_in.then_some(()).ok_or(Error::text(
            "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
        )),
        word if is(word, "NO") => caching.mode.opt_out.then_some(()).ok_or(Error::text(
            "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        )),
        _ => Err(Error::Syntax),
    };
    fits?;
    caching.is_chosen = true;
    cx.out.ok();
    Ok(Flow::Continue)
}

/// Who is told instead of this client: 0 for nobody, -1 if nobody is told at all.
pub(crate) fn getredir(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.int(cx.session.shared().redirection());
    Ok(Flow::Continue)
}

pub(crate) fn trackinginfo(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let (prefixes, is_broken) = cx.store.store().tracking.state(cx.session.id());
    let flags = flags(cx.session.caching.as_deref(), is_broken);
    cx.out.map(3);
    cx.out.bulk(b"flags");
    cx.out.set(flags.len());
    flags.iter().for_each(|flag| cx.out.bulk(flag.as_bytes()));
    cx.out.bulk(b"redirect");
    cx.out.int(cx.session.shared().redirection());
    cx.out.bulk(b"prefixes");
    cx.out.array(prefixes.len());
    prefixes.iter().for_each(|prefix| cx.out.bulk(prefix));
    Ok(Flow::Continue)
}

fn flags(caching: Option<&Caching>, is_broken: bool) -> Vec<&'static str> {
    let Some(Caching { mode, is_chosen, .. }) = caching else { return vec!["off"] };
    let flags = [
        (true, "on"),
        (mode.by_prefix, "bcast"),
        (mode.opt_in, "optin"),
        (mode.opt_in && *is_chosen, "caching-yes"),
        (mode.opt_out, "optout"),
        (mode.opt_out && *is_chosen, "caching-no"),
        (mode.no_loop, "noloop"),
        (is_broken, "broken_redirect"),
    ];
    flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect()
}
