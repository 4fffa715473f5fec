//! DUMP and RESTORE: values as bytes in the form of Redis's data files.

mod stream;

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::config::Notifications;
use crate::error::Error;
use crate::rdb::{self, HashWriter, ListWriter, Payload, SetWriter, SortedSetWriter, Strings};
use crate::store::{Usage, View};
use crate::value::hash::{Hash, Live};
use crate::value::list::{End, List, ListRef};
use crate::value::pack::Item;
use crate::value::set::{Set, SetRef};
use crate::value::sorted_set::{SortedSet, SortedSetRef};
use crate::value::string::{Str, StrRef};
use crate::value::{Value, ValueRef};

pub(crate) fn dump(cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some(value) = cx.db.read(cx.args.get(1)) else {
        cx.out.null();
        return Ok(());
    };
    let mut dump = Vec::new();
    write(value, cx.now.unix_ms(), &mut dump);
    rdb::seal(&mut dump);
    cx.out.bulk(&dump);
    Ok(())
}

pub(crate) fn write(value: ValueRef<'_>, unix_ms: i64, out: &mut Vec<u8>) {
    match value {
        ValueRef::String(StrRef::Int(value)) => rdb::write_string(out, Item::Int(value)),
        ValueRef::String(StrRef::Bytes { bytes, .. }) => rdb::write_string(out, Item::new(bytes)),
        ValueRef::List(list) => write_list(list, out),
        ValueRef::Set(set) => write_set(set, out),
        ValueRef::Hash(hash) => write_hash(hash.at(unix_ms), out),
        ValueRef::SortedSet(set) => write_sorted_set(set, out),
        ValueRef::Stream(log) => stream::write(log, out),
    }
}

fn write_list(list: ListRef<'_>, out: &mut Vec<u8>) {
    let mut writer = ListWriter::new(out);
    list.iter().for_each(|element| writer.push(element));
    writer.finish();
}

fn write_set(set: SetRef<'_>, out: &mut Vec<u8>) {
    let mut writer = SetWriter::new(out, set.len());
    set.iter().for_each(|member| writer.push(member));
    writer.finish();
}

/// The format has no place for deadlines of fields.
fn write_hash(hash: Live<'_>, out: &mut Vec<u8>) {
    let mut writer = HashWriter::new(out, hash.len());
    hash.iter().for_each(|field| writer.push(field.name, field.value));
    writer.finish();
}

fn write_sorted_set(set: SortedSetRef<'_>, out: &mut Vec<u8>) {
    let mut writer = SortedSetWriter::new(out, set.len());
    set.iter().for_each(|pair| writer.push(pair.member, pair.score));
    writer.finish();
}

pub(crate) fn restore(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args)?;
    let key = cx.args.get(1);
    if !options.replaces && cx.db.contains(key) {
        return Err(Error::text("BUSYKEY Target key name already exists."));
    }
    let deadline = options.deadline(int(cx.args.get(2))?, cx.now.unix_ms())?;
    let value = read(cx).map_err(|error| Error::composed(error.to_string()))?;
    if deadline.is_some_and(|at| at <= cx.now.unix_ms()) {
        cx.db.remove(key);
        cx.db.discard(value);
    } else {
        cx.db.restore(key, value, deadline, options.usage);
        cx.db.notify(Notifications::GENERIC, "restore", key);
    }
    cx.out.ok();
    Ok(())
}

struct Options {
    replaces: bool,
    /// The time to live is a point in time.
    is_absolute: bool,
    usage: Usage,
}

impl Options {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let mut options = Self { replaces: false, is_absolute: false, usage: Usage::Unknown };
        let mut rest = args.from(4);
        while let Some(option) = rest.next() {
            if is(option, "REPLACE") {
                options.replaces = true;
            } else if is(option, "ABSTTL") {
                options.is_absolute = true;
            } else {
                options.usage = options.usage(option, rest.next().ok_or(Error::Syntax)?)?;
            }
        }
        Ok(options)
    }

    /// One of the two ways to tell of the key's use, the same as before if there was one.
    fn usage(&self, option: &[u8], value: &[u8]) -> Result<Usage, Error> {
        match self.usage {
            Usage::Unknown | Usage::Idle(_) if is(option, "IDLETIME") => {
                let idle_s = u64::try_from(int(value)?);
                let error = Error::text("ERR Invalid IDLETIME value, must be >= 0");
                idle_s.map(Usage::Idle).map_err(|_| error)
            }
            Usage::Unknown | Usage::Frequency(_) if is(option, "FREQ") => {
                let frequency = u8::try_from(int(value)?);
                let error = Error::text("ERR Invalid FREQ value, must be >= 0 and <= 255");
                frequency.map(Usage::Frequency).map_err(|_| error)
            }
            _ => Err(Error::Syntax),
        }
    }

    /// In milliseconds since the Unix epoch. Where Redis overflows, so does this: the deadline has
    /// passed then.
    fn deadline(&self, ttl: i64, unix_ms: i64) -> Result<Option<i64>, Error> {
        match ttl {
            ..0 => Err(Error::text("ERR Invalid TTL value, must be >= 0")),
            0 => Ok(None),
            at if self.is_absolute => Ok(Some(at)),
            ms => Ok(Some(ms.wrapping_add(unix_ms))),
        }
    }
}

fn read(cx: &Cx<'_>) -> Result<Value, rdb::Error> {
    let db = &cx.db;
    Ok(match rdb::decode(cx.args.get(3))? {
        Payload::String(bytes) => Str::from(bytes).into(),
        Payload::List(elements) => list(&elements, db).into(),
        Payload::Set(members) => set(&members, db).into(),
        Payload::Hash(fields) => hash(&fields, db, cx.now.unix_ms()).into(),
        Payload::SortedSet { members, scores } => sorted_set(&members, &scores, db).into(),
        Payload::Stream(dumped) => stream::read(&dumped, db, cx.config)?.into(),
    })
}

fn list(elements: &Strings, db: &View<'_>) -> List {
    let mut list: List = db.create();
    list.push_all(End::Tail, elements.iter());
    list
}

fn set(members: &Strings, db: &View<'_>) -> Set {
    let mut set: Set = db.create();
    set.add_all(members.iter().map(Item::new));
    set
}

fn hash(fields_and_values: &Strings, db: &View<'_>, unix_ms: i64) -> Hash {
    let mut hash: Hash = db.create();
    for at in (0..fields_and_values.len()).step_by(2) {
        hash.set(fields_and_values.at(at), fields_and_values.at(at + 1), None, unix_ms);
    }
    hash
}

fn sorted_set(members: &Strings, scores: &[f64], db: &View<'_>) -> SortedSet {
    let mut set: SortedSet = db.create();
    members.iter().zip(scores).for_each(|(member, &score)| _ = set.set(member, score));
    set
}
