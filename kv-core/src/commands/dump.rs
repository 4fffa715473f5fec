//! DUMP and RESTORE: values as bytes in the form of Redis's data files.

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::rdb::{self, HashWriter, ListWriter, Payload, SetWriter, SortedSetWriter, Strings};
use crate::store::{Usage, View};
use crate::value::hash::{Hash, HashRef};
use crate::value::list::{End, List, ListRef};
use crate::value::pack::{Item, Pack};
use crate::value::set::{Set, SetRef};
use crate::value::sorted_set::{SortedSet, SortedSetRef};
use crate::value::string::{IntBuffer, Str, StrRef};
use crate::value::{Collection, Value, ValueRef};

const UNKNOWN_TYPE: Error = Error::text("ERR values of this type cannot be dumped or restored yet");

pub(crate) fn dump(cx: &mut Cx<'_>) -> Result<(), Error> {
    let Some(value) = cx.db.read(cx.args.get(1)) else {
        cx.out.null();
        return Ok(());
    };
    let mut dump = Vec::new();
    write(value, &mut dump)?;
    rdb::seal(&mut dump);
    cx.out.bulk(&dump);
    Ok(())
}

fn write(value: ValueRef<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    match value {
        ValueRef::String(StrRef::Int(value)) => rdb::write_string(out, Item::Int(value)),
        ValueRef::String(StrRef::Bytes { bytes, .. }) => rdb::write_string(out, Item::new(bytes)),
        ValueRef::List(list) => write_list(list, out),
        ValueRef::Set(set) => write_set(set, out),
        ValueRef::Hash(hash) => write_hash(hash, out),
        ValueRef::SortedSet(set) => write_sorted_set(set, out),
        ValueRef::Stream(_) => return Err(UNKNOWN_TYPE),
    }
    Ok(())
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

fn write_hash(hash: HashRef<'_>, out: &mut Vec<u8>) {
    let mut writer = HashWriter::new(out, hash.len());
    for mut record in hash.records() {
        if let (Some(field), Some(value)) = (record.next(), record.next()) {
            writer.push(field, value);
        }
    }
    writer.finish();
}

/// Redis wants the members in their order.
fn write_sorted_set(set: SortedSetRef<'_>, out: &mut Vec<u8>) {
    let mut writer = SortedSetWriter::new(out, set.len());
    for mut record in set.records() {
        if let (Some(member), Some(score)) = (record.next(), record.next()) {
            writer.push(member, score_of(score));
        }
    }
    writer.finish();
}

pub(crate) fn restore(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args)?;
    let key = cx.args.get(1);
    if !options.replaces && cx.db.contains(key) {
        return Err(Error::text("BUSYKEY Target key name already exists."));
    }
    let deadline = options.deadline(int(cx.args.get(2))?, cx.now.unix_ms())?;
    let payload =
        rdb::decode(cx.args.get(3)).map_err(|error| Error::composed(error.to_string()))?;
    let value = read(payload, &cx.db)?;
    if deadline.is_some_and(|at| at <= cx.now.unix_ms()) {
        cx.db.remove(key);
    } else {
        cx.db.restore(key, value, deadline, options.usage);
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

fn read(payload: Payload, db: &View<'_>) -> Result<Value, Error> {
    match payload {
        Payload::String(bytes) => Ok(Str::from(bytes).into()),
        Payload::List(elements) => Ok(list(&elements, db).into()),
        Payload::Set(members) => Ok(set(&members, db)?.into()),
        Payload::Hash(fields) => Ok(hash(&fields, db)?.into()),
        Payload::SortedSet { members, scores } => Ok(sorted_set(&members, &scores, db)?.into()),
        Payload::Stream(_) => Err(UNKNOWN_TYPE),
    }
}

fn list(elements: &Strings, db: &View<'_>) -> List {
    let mut list: List = db.create();
    list.push_all(End::Tail, elements.iter());
    list
}

fn set(members: &Strings, db: &View<'_>) -> Result<Set, Error> {
    small(members.iter().map(Item::new), db)
}

fn hash(fields_and_values: &Strings, db: &View<'_>) -> Result<Hash, Error> {
    small(fields_and_values.iter().map(Item::new), db)
}

fn sorted_set(members: &Strings, scores: &[f64], db: &View<'_>) -> Result<SortedSet, Error> {
    let mut order: Vec<usize> = (0..members.len()).collect();
    let member = |index: usize| members.at(index);
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then_with(|| member(a).cmp(member(b))));
    let texts: Vec<String> = order.iter().map(|&index| scores[index].to_string()).collect();
    let members = order.iter().map(|&index| Item::new(member(index)));
    let scores = texts.iter().map(|text| Item::new(text.as_bytes()));
    small(members.zip(scores).flat_map(|(member, score)| [member, score]), db)
}

/// A collection of these items, if one pack holds them.
fn small<'a, T: Collection>(
    items: impl Iterator<Item = Item<'a>>,
    db: &View<'_>,
) -> Result<T, Error> {
    let mut pack = Pack::default();
    for item in items {
        if pack.len() + item.packed_len() > db.pack_max() {
            return Err(UNKNOWN_TYPE);
        }
        pack.push(item);
    }
    Ok(db.unpack(pack))
}

fn score_of(item: Item<'_>) -> f64 {
    let mut buffer = IntBuffer::new();
    let text = std::str::from_utf8(item.as_bytes(&mut buffer)).unwrap_or_default();
    text.parse().expect("scores are numbers")
}
