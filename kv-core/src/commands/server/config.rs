//! CONFIG: the settings of the running server.

use crate::args::Args;
use crate::command::EngineCx;
use crate::config::{self, Change, Config, ENABLE_PROTECTED_CONFIGS, Id, Kind};
use crate::error::Error;
use crate::glob;
use crate::kernel::{Flow, until_zero};
use std::borrow::Cow;

pub(crate) fn get(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let matching = matching(cx.args);
    cx.out.map(matching.len());
    for (id, name) in matching {
        cx.out.bulk(&name);
        cx.out.bulk(cx.kernel.config.text(id).as_bytes());
    }
    Ok(Flow::Continue)
}

pub(crate) fn set(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let pairs = pairs(cx)?;
    for &(id, value) in &pairs {
        Config::check(id, value).map_err(|why| refused(id.parameter().name.as_bytes(), &why))?;
    }
    for (id, value) in pairs {
        cx.kernel.config.set(id, value).expect("it was checked");
    }
    cx.out.ok();
    Ok(Flow::Continue)
}

/// Whether the argument at `at` is the value of a setting that is a secret.
pub(crate) fn is_secret(args: Args<'_>, at: usize) -> bool {
    let is_value = at >= 3 && at % 2 == 1;
    let setting = config::find(args.get(at - usize::from(is_value)));
    is_value && setting.is_some_and(|id| matches!(id.parameter().kind, Kind::Secret))
}

pub(crate) fn resetstat(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.kernel.reset_stats();
    cx.store.reset_stats();
    cx.meter.restart();
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn rewrite(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let host = &cx.kernel.host;
    if host.facts().config_file.is_empty() {
        return Err(Error::text("ERR The server is running without a config file"));
    }
    let failed = |why| Error::composed(format!("ERR Rewriting config file: {why}"));
    host.rewrite_config(&cx.kernel.config).map_err(failed)?;
    cx.out.ok();
    Ok(Flow::Continue)
}

/// Each setting that a name or pattern of CONFIG GET matches, once, under the name it is shown
/// with: a name that is no pattern comes back as the client wrote it.
fn matching(args: Args<'_>) -> Vec<(Id, Cow<'_, [u8]>)> {
    let mut matching: Vec<(Id, Cow<'_, [u8]>)> = Vec::new();
    let mut add = |id: Id, name| {
        if matching.iter().all(|known| known.0 != id) {
            matching.push((id, name));
        }
    };
    for pattern in args.from(2) {
        if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
            config::find(pattern).into_iter().for_each(|id| add(id, pattern.into()));
            continue;
        }
        for id in config::ids() {
            let name = id.parameter().name.as_bytes();
            if glob::matches_ignore_case(pattern, name) {
                add(id, name.into());
            }
        }
    }
    matching
}

/// The settings and values of CONFIG SET, if the settings can be set and none is named twice.
fn pairs<'a>(cx: &EngineCx<'a, '_>) -> Result<Vec<(Id, &'a [u8])>, Error> {
    let args = cx.args;
    if !args.len().is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    let mut pairs: Vec<(Id, &[u8])> = Vec::new();
    for at in (2..args.len()).step_by(2) {
        let (name, value) = (args.get(at), args.get(at + 1));
        let id = config::find(name).ok_or_else(|| unknown(name))?;
        check_change(cx, id).map_err(|why| refused(name, why))?;
        if pairs.iter().any(|pair| pair.0 == id) {
            return Err(refused(name, "duplicate parameter"));
        }
        pairs.push((id, value));
    }
    Ok(pairs)
}

/// Whether the client may change the setting now.
fn check_change(cx: &EngineCx<'_, '_>, id: Id) -> Result<(), &'static str> {
    let allows = || cx.kernel.allows(ENABLE_PROTECTED_CONFIGS, cx.session);
    match id.parameter().change {
        Change::AtStart => Err("can't set immutable config"),
        Change::Protected if !allows() => Err("can't set protected config"),
        Change::Protected | Change::Anytime => Ok(()),
    }
}

fn unknown(name: &[u8]) -> Error {
    let text = b"ERR Unknown option or number of arguments for CONFIG SET - '";
    Error::composed([text, until_zero(name), b"'"].concat())
}

fn refused(name: &[u8], why: &str) -> Error {
    let text = b"ERR CONFIG SET failed (possibly related to argument '";
    Error::composed([text, name, b"') - ", why.as_bytes()].concat())
}
