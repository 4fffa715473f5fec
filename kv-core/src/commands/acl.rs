//! ACL: who may do what. There is one user, who may do everything.

use crate::command::{CATEGORIES, EngineCx, table};
use crate::commands::connection::DEFAULT_USER;
use crate::commands::parse::{int, is};
use crate::config::REQUIREPASS;
use crate::error::Error;
use crate::kernel::{Flow, find_command, until_zero};
use crate::{kernel::Kernel, password};

pub(crate) fn whoami(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.bulk(DEFAULT_USER);
    Ok(Flow::Continue)
}

pub(crate) fn users(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    cx.out.array(1);
    cx.out.bulk(DEFAULT_USER);
    Ok(Flow::Continue)
}

pub(crate) fn list(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let password = match digest(cx.kernel) {
        Some(digest) => format!("#{digest}"),
        None => "nopass".into(),
    };
    cx.out.array(1);
    cx.out.bulk(format!("user default on {password} ~* &* +@all").as_bytes());
    Ok(Flow::Continue)
}

pub(crate) fn getuser(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.args.get(2) != DEFAULT_USER {
        cx.out.null();
        return Ok(Flow::Continue);
    }
    let digest = digest(cx.kernel);
    let flags = if digest.is_some() { &["on"][..] } else { &["on", "nopass"] };
    let out = &mut *cx.out;
    out.map(6);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(digest.iter().len());
    digest.iter().for_each(|digest| out.bulk(digest.as_bytes()));
    for (what, rule) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
        out.bulk(what.as_bytes());
        out.bulk(rule.as_bytes());
    }
    out.bulk(b"selectors");
    out.array(0);
    Ok(Flow::Continue)
}

/// The digest of the user's password, if there is one.
fn digest(kernel: &Kernel) -> Option<String> {
    let password = kernel.config.text(REQUIREPASS);
    (!password.is_empty()).then(|| password::digest(password.as_bytes()))
}

pub(crate) fn cat(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let names = match (cx.args.try_get(2), cx.args.len()) {
        (None, _) => CATEGORIES.iter().map(|&name| name.into()).collect(),
        (Some(category), 3) => commands(category)?,
        _ => return Err(wrong_use(cx)),
    };
    cx.out.array(names.len());
    names.iter().for_each(|name| cx.out.bulk(name.as_bytes()));
    Ok(Flow::Continue)
}

/// The names of the commands in a category.
fn commands(category: &[u8]) -> Result<Vec<String>, Error> {
    let unknown = || [b"ERR Unknown category '", until_zero(category), b"'"].concat();
    let known = CATEGORIES.iter().find(|name| is(category, name));
    let known = known.ok_or_else(|| Error::composed(unknown()))?;
    let rows = table::rows().filter(|row| row.is_in_category(known));
    Ok(rows.map(|row| row.full_name().into_owned()).collect())
}

/// Users have nothing that could be denied to them, so that the log is empty.
pub(crate) fn log(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    match (cx.args.try_get(2), cx.args.len()) {
        (Some(word), 3) if is(word, "RESET") => cx.out.ok(),
        (None, _) => cx.out.array(0),
        (Some(count), 3) => {
            int(count)?;
            cx.out.array(0);
        }
        _ => return Err(wrong_use(cx)),
    }
    Ok(Flow::Continue)
}

pub(crate) fn deluser(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    if cx.args.from(2).any(|user| user == DEFAULT_USER) {
        return Err(Error::text("ERR The 'default' user cannot be removed"));
    }
    cx.out.int(0);
    Ok(Flow::Continue)
}

pub(crate) fn dryrun(cx: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    let (user, request) = (cx.args.get(2), cx.args.skip(3));
    let missing = |what: &str, name| {
        let name = until_zero(name);
        Error::composed([b"ERR ", what.as_bytes(), b" '", name, b"' not found"].concat())
    };
    if user != DEFAULT_USER {
        return Err(missing("User", user));
    }
    let command = find_command(cx.kernel.config.names(), request);
    let command = command.ok_or_else(|| missing("Command", request.get(0)))?;
    if !command.accepts(request.len()) {
        return Err(Error::WrongArity(command.full_name()));
    }
    cx.out.ok();
    Ok(Flow::Continue)
}

pub(crate) fn setuser(_: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    Err(Error::text(
        "ERR there is one user, 'default', who may do everything; set his password with CONFIG SET \
         requirepass",
    ))
}

/// LOAD and SAVE.
pub(crate) fn file(_: &mut EngineCx<'_, '_>) -> Result<Flow, Error> {
    Err(Error::text(
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify \
         users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a \
         Redis configuration file set) in order to store users in the Redis configuration.",
    ))
}

fn wrong_use(cx: &EngineCx<'_, '_>) -> Error {
    let text = b"ERR unknown subcommand or wrong number of arguments for '";
    let container = cx.args.get(0).to_ascii_uppercase();
    Error::composed([text, cx.args.get(1), b"'. Try ", &container, b" HELP."].concat())
}
