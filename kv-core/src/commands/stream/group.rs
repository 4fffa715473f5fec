//! XGROUP and XACK.

use super::id;
use super::info::no_group;
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::store::{Edit, View};
use crate::value::stream::{Log, Stream, StreamId};

const NO_KEY: Error = Error::text(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);
const BUSY_GROUP: Error = Error::text("BUSYGROUP Consumer Group name already exists");
const NEGATIVE_READ: Error = Error::text("ERR value for ENTRIESREAD must be positive or -1");

/// The event of a consumer that has come into being, by XGROUP or by its first reading.
pub(super) const CONSUMER_CREATED: &str = "xgroup-createconsumer";

/// The options of XGROUP CREATE and SETID.
#[derive(Default)]
struct Options {
    is_mkstream: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(cx: &Cx<'_>, is_create: bool) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = cx.args.from(5);
        while let Some(option) = rest.next() {
            if is_create && is(option, "MKSTREAM") {
                options.is_mkstream = true;
            } else if is(option, "ENTRIESREAD") && rest.len() > 0 {
                let arg = rest.next().expect("there is one more");
                options.entries_read = entries_read(arg)?;
            } else {
                return Err(syntax(cx.args.get(1)));
            }
        }
        Ok(options)
    }
}

fn entries_read(arg: &[u8]) -> Result<Option<u64>, Error> {
    match int(arg)? {
        -1 => Ok(None),
        count => u64::try_from(count).map(Some).map_err(|_| NEGATIVE_READ),
    }
}

fn syntax(subcommand: &[u8]) -> Error {
    let text: [&[u8]; 3] = [
        b"ERR unknown subcommand or wrong number of arguments for '",
        &until_zero(subcommand)[..until_zero(subcommand).len().min(128)],
        b"'. Try XGROUP HELP.",
    ];
    Error::composed(text.concat())
}

pub(crate) fn create(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx, true)?;
    let mut stream = cx.db.edit::<Stream>(cx.args.get(2))?;
    if !stream.exists() && !options.is_mkstream {
        return Err(NO_KEY);
    }
    if cx.args.len() > 8 {
        return Err(syntax(cx.args.get(1)));
    }
    let last_id = match until_zero(cx.args.get(4)) {
        b"$" => stream.log().map_or(StreamId::MIN, |log| log.last_id),
        _ => id::parse(cx.args.get(4))?,
    };
    if stream.log().is_some_and(|log| log.group(cx.args.get(3)).is_some()) {
        return Err(BUSY_GROUP);
    }
    stream.log_mut().add_group(cx.args.get(3), last_id, options.entries_read);
    if stream.exists() {
        stream.unchanged();
    }
    stream.notify("xgroup-create");
    cx.out.ok();
    Ok(())
}

pub(crate) fn setid(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx, false)?;
    let mut stream = with_group(&mut cx.db, cx.args)?;
    if cx.args.len() > 7 {
        return Err(syntax(cx.args.get(1)));
    }
    let last_id = match until_zero(cx.args.get(4)) {
        b"$" => stream.view().last_id,
        _ => id::parse_or_end(cx.args.get(4), 0)?,
    };
    stream.log_mut().change_group(cx.args.get(3), |_, group| {
        (group.last_id, group.entries_read) = (last_id, options.entries_read);
    });
    stream.unchanged();
    stream.notify("xgroup-setid");
    cx.out.ok();
    Ok(())
}

pub(crate) fn destroy(cx: &mut Cx<'_>) -> Result<(), Error> {
    let stream = cx.db.edit_existing::<Stream>(cx.args.get(2))?;
    let mut stream = stream.ok_or(NO_KEY)?;
    let group = stream.remove_group(cx.args.get(3));
    stream.unchanged();
    cx.out.int(group.is_some().into());
    if let Some(group) = group {
        stream.discard(group);
        stream.notify("xgroup-destroy");
        // Those that read for it have nothing to wait for any more.
        stream.wake();
    }
    Ok(())
}

pub(crate) fn createconsumer(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (name, unix_ms) = (cx.args.get(4), cx.now.unix_ms());
    let mut stream = with_group(&mut cx.db, cx.args)?;
    let added = stream
        .log_mut()
        .change_group(cx.args.get(3), |_, group| group.add_consumer(name, unix_ms).is_some());
    stream.unchanged();
    let is_added = added == Some(true);
    if is_added {
        stream.notify(CONSUMER_CREATED);
    }
    cx.out.int(is_added.into());
    Ok(())
}

pub(crate) fn delconsumer(cx: &mut Cx<'_>) -> Result<(), Error> {
    let name = cx.args.get(4);
    let mut stream = with_group(&mut cx.db, cx.args)?;
    let removed = stream.remove_consumer(cx.args.get(3), name);
    cx.out.int(removed.as_ref().map_or(0, |removed| removed.0) as i64);
    stream.unchanged();
    if let Some((_, rest)) = removed {
        stream.discard(rest);
        stream.notify("xgroup-delconsumer");
    }
    Ok(())
}

/// The stream that a subcommand of XGROUP names, which has the group that it names.
fn with_group<'v>(db: &'v mut View<'_>, args: Args<'v>) -> Result<Edit<'v, Stream>, Error> {
    let (key, group) = (args.get(2), args.get(3));
    let stream = db.edit_existing::<Stream>(key)?.ok_or(NO_KEY)?;
    if stream.view().group(group).is_some() { Ok(stream) } else { Err(no_group(key, group)) }
}

pub(crate) fn xack(cx: &mut Cx<'_>) -> Result<(), Error> {
    let group = cx.args.get(2);
    cx.db.get::<Stream>(cx.args.get(1))?;
    let stream = cx.db.edit_existing::<Stream>(cx.args.get(1))?;
    let Some(mut stream) = stream.filter(|stream| stream.view().group(group).is_some()) else {
        cx.out.int(0);
        return Ok(());
    };
    let ids = cx.args.from(3).map(id::parse).collect::<Result<Vec<_>, _>>()?;
    let acknowledged = acknowledge(stream.log_mut(), group, &ids);
    stream.unchanged();
    cx.out.int(acknowledged as i64);
    Ok(())
}

fn acknowledge(log: &mut Log, group: &[u8], ids: &[StreamId]) -> usize {
    let count = log
        .change_group(group, |_, group| ids.iter().filter(|&&id| group.remove_pending(id)).count());
    count.unwrap_or(0)
}
