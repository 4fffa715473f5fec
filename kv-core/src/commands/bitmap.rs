//! Strings as arrays of bits.

use super::parse::{int, is};
use super::string::{byte_range, proto_max_bulk_len};
use crate::args::Args;
use crate::command::Cx;
use crate::config::{Config, Notifications};
use crate::error::Error;
use crate::store::Deadline;
use crate::value::bits::{self, Field, IntType, Operation, Overflow};
use crate::value::string::{IntBuffer, Str, StrRef, parse_int};
use std::ops::Range;

const OFFSET_OUT_OF_RANGE: Error = Error::text("ERR bit offset is not an integer or out of range");

pub(crate) fn getbit(cx: &mut Cx<'_>) -> Result<(), Error> {
    let offset = bit_offset(cx.config, cx.args.get(2))?;
    let mut buffer = IntBuffer::new();
    let string = cx.db.string(cx.args.get(1))?.unwrap_or(StrRef::EMPTY);
    cx.out.int(bits::bit(string.as_bytes(&mut buffer), offset).into());
    Ok(())
}

pub(crate) fn setbit(cx: &mut Cx<'_>) -> Result<(), Error> {
    let key = cx.args.get(1);
    let offset = bit_offset(cx.config, cx.args.get(2))?;
    let is_set = bit_value(cx.args.get(3))?;
    let (at, mask) = ((offset / 8) as usize, bits::mask(offset));
    let (old, len) = byte_to_change(cx, key, at)?;
    let new = if is_set { old | mask } else { old & !mask };
    if new != old || len <= at {
        cx.db.patch_string(key, at, &[new]);
        cx.db.notify(Notifications::STRING, "setbit", key);
    } else {
        // It can be changed in place from now on, which OBJECT ENCODING shows.
        cx.db.patch_quietly(key, at, &[old]);
    }
    cx.out.int((old & mask != 0).into());
    Ok(())
}

/// The byte at `at` of the string at `key`, which is made if there is none; and how long the string
/// was.
fn byte_to_change(cx: &mut Cx<'_>, key: &[u8], at: usize) -> Result<(u8, usize), Error> {
    let mut buffer = IntBuffer::new();
    if let Some(string) = cx.db.current_string(key)? {
        let bytes = string.as_bytes(&mut buffer);
        return Ok((bytes.get(at).copied().unwrap_or(0), bytes.len()));
    }
    create_zeros(cx, key, at + 1);
    Ok((0, 0))
}

fn create_zeros(cx: &mut Cx<'_>, key: &[u8], len: usize) {
    cx.db.set(key, Str::built(vec![0; len]), Deadline::Clear);
}

/// The offset of a bit in a string that may exist.
fn bit_offset(config: &Config, arg: &[u8]) -> Result<u64, Error> {
    in_string(config, parse_int(arg))
}

fn in_string(config: &Config, offset: Option<i64>) -> Result<u64, Error> {
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    let may_exist = |&offset: &u64| offset / 8 < proto_max_bulk_len(config) as u64;
    offset.filter(may_exist).ok_or(OFFSET_OUT_OF_RANGE)
}

fn bit_value(arg: &[u8]) -> Result<bool, Error> {
    match parse_int(arg) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err(Error::text("ERR bit is not an integer or out of range")),
    }
}

pub(crate) fn bitcount(cx: &mut Cx<'_>) -> Result<(), Error> {
    let range = match cx.args.len() {
        2 => None,
        4 | 5 => {
            let (start, end) = (int(cx.args.get(2))?, int(cx.args.get(3))?);
            Some((start, end, Unit::parse(cx.args.try_get(4))?))
        }
        _ => return Err(Error::Syntax),
    };
    let mut buffer = IntBuffer::new();
    let string = cx.db.string(cx.args.get(1))?.unwrap_or(StrRef::EMPTY);
    let bytes = string.as_bytes(&mut buffer);
    let range = match range {
        Some((start, end, unit)) => unit.bits(byte_range(unit.count(bytes.len()), start, end)),
        None => Unit::Byte.bits(0..bytes.len()),
    };
    cx.out.int(bits::count_in(bytes, range) as i64);
    Ok(())
}

pub(crate) fn bitpos(cx: &mut Cx<'_>) -> Result<(), Error> {
    let search = Search::parse(cx.args)?;
    let mut buffer = IntBuffer::new();
    let position = match cx.db.string(cx.args.get(1))? {
        Some(string) => search.position_in(string.as_bytes(&mut buffer)),
        None if search.value => None,
        None => Some(0),
    };
    cx.out.int(position.map_or(-1, |position| position as i64));
    Ok(())
}

/// What BITPOS looks for, and where.
struct Search {
    value: bool,
    start: i64,
    end: Option<i64>,
    unit: Unit,
}

impl Search {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let value = match int(args.get(2))? {
            0 => false,
            1 => true,
            _ => return Err(Error::text("ERR The bit argument must be 1 or 0.")),
        };
        if args.len() > 6 {
            return Err(Error::Syntax);
        }
        let start = args.try_get(3).map_or(Ok(0), int)?;
        let unit = Unit::parse(args.try_get(5))?;
        let end = args.try_get(4).map(int).transpose()?;
        Ok(Self { value, start, end, unit })
    }

    fn position_in(&self, bytes: &[u8]) -> Option<u64> {
        let range = self.unit.bits(self.range(self.unit.count(bytes.len())));
        let end = range.end;
        let found = bits::find(bytes, self.value, range.clone());
        // Without an end, the string goes on with clear bits.
        let goes_on = !self.value && self.end.is_none() && !range.is_empty();
        found.or(goes_on.then_some(end))
    }

    /// As in `byte_range`, except that an end before the beginning always means the first one.
    fn range(&self, len: usize) -> Range<usize> {
        let start = byte_range(len, self.start, -1).start;
        let is_behind = self.start >= len as i64;
        let end = byte_range(len, 0, self.end.unwrap_or(-1)).end;
        if is_behind || start >= end { 0..0 } else { start..end }
    }
}

/// In what BITCOUNT and BITPOS count their ranges.
#[derive(Clone, Copy)]
enum Unit {
    Byte,
    Bit,
}

impl Unit {
    fn parse(arg: Option<&[u8]>) -> Result<Self, Error> {
        match arg {
            None => Ok(Unit::Byte),
            Some(word) if is(word, "BYTE") => Ok(Unit::Byte),
            Some(word) if is(word, "BIT") => Ok(Unit::Bit),
            Some(_) => Err(Error::Syntax),
        }
    }

    /// How many of it a string of `len` bytes has.
    fn count(self, len: usize) -> usize {
        match self {
            Unit::Byte => len,
            Unit::Bit => len * 8,
        }
    }

    fn bits(self, range: Range<usize>) -> Range<u64> {
        let scale = match self {
            Unit::Byte => 8,
            Unit::Bit => 1,
        };
        range.start as u64 * scale..range.end as u64 * scale
    }
}

pub(crate) fn bitop(cx: &mut Cx<'_>) -> Result<(), Error> {
    let operation = match cx.args.get(1) {
        word if is(word, "AND") => Some(Operation::And),
        word if is(word, "OR") => Some(Operation::Or),
        word if is(word, "XOR") => Some(Operation::Xor),
        word if is(word, "NOT") => None,
        _ => return Err(Error::Syntax),
    };
    let result = match operation {
        Some(operation) => combined(cx, operation)?,
        None => inverted(cx)?,
    };
    let (target, len) = (cx.args.get(2), result.len());
    if result.is_empty() {
        cx.db.remove(target);
    } else {
        cx.db.set(target, Str::built(result), Deadline::Clear);
        cx.db.notify(Notifications::STRING, "set", target);
    }
    cx.out.int(len as i64);
    Ok(())
}

fn combined(cx: &mut Cx<'_>, operation: Operation) -> Result<Vec<u8>, Error> {
    let mut keys = cx.args.from(3);
    let first = operand(cx, keys.next().unwrap_or_default())?;
    let mut result = first.as_bytes(&mut IntBuffer::new()).to_vec();
    for key in keys {
        let string = operand(cx, key)?;
        bits::combine(&mut result, operation, string.as_bytes(&mut IntBuffer::new()));
    }
    Ok(result)
}

fn inverted(cx: &mut Cx<'_>) -> Result<Vec<u8>, Error> {
    if cx.args.len() != 4 {
        return Err(Error::text("ERR BITOP NOT must be called with a single source key."));
    }
    let key = cx.args.get(3);
    let string = operand(cx, key)?;
    Ok(string.as_bytes(&mut IntBuffer::new()).iter().map(|byte| !byte).collect())
}

fn operand<'c>(cx: &'c mut Cx<'_>, key: &[u8]) -> Result<StrRef<'c>, Error> {
    Ok(cx.db.string(key)?.unwrap_or(StrRef::EMPTY))
}

pub(crate) fn bitfield(cx: &mut Cx<'_>) -> Result<(), Error> {
    let accesses = Access::parse_all(cx.config, cx.args)?;
    if accesses.iter().all(Access::only_reads) {
        read_fields(cx, &accesses)
    } else {
        change_fields(cx, &accesses)
    }
}

pub(crate) fn bitfield_ro(cx: &mut Cx<'_>) -> Result<(), Error> {
    let accesses = Access::parse_all(cx.config, cx.args)?;
    if !accesses.iter().all(Access::only_reads) {
        return Err(Error::text("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read_fields(cx, &accesses)
}

fn read_fields(cx: &mut Cx<'_>, accesses: &[Access]) -> Result<(), Error> {
    let mut buffer = IntBuffer::new();
    let string = cx.db.string(cx.args.get(1))?.unwrap_or(StrRef::EMPTY);
    let bytes = string.as_bytes(&mut buffer);
    cx.out.array(accesses.len());
    accesses.iter().for_each(|access| cx.out.int(access.field.read(bytes)));
    Ok(())
}

fn change_fields(cx: &mut Cx<'_>, accesses: &[Access]) -> Result<(), Error> {
    let changed = accesses.iter().filter(|access| !access.only_reads());
    let end = changed.map(|access| access.field.bytes().end).max().unwrap_or(0);
    let has_grown = make_room(cx, end)?;
    cx.out.array(accesses.len());
    let mut is_changed = false;
    for access in accesses {
        match change_field(cx, access)? {
            Some(outcome) => {
                is_changed |= outcome.is_new || (has_grown && !access.only_reads());
                cx.out.int(outcome.reply);
            }
            None => cx.out.null(),
        }
    }
    if is_changed {
        cx.db.tell(cx.args.get(1));
        cx.db.notify(Notifications::STRING, "setbit", cx.args.get(1));
    }
    Ok(())
}

/// Sees to it that the string has at least `end` bytes. Whether it had fewer.
fn make_room(cx: &mut Cx<'_>, end: usize) -> Result<bool, Error> {
    let key = cx.args.get(1);
    match cx.db.current_string(key)?.map(StrRef::len) {
        Some(len) => {
            cx.db.patch_quietly(key, end.max(len), &[]);
            Ok(end > len)
        }
        None => {
            create_zeros(cx, key, end);
            Ok(true)
        }
    }
}

/// What has become of an access.
struct Outcome {
    reply: i64,
    /// The field has another value than before.
    is_new: bool,
}

/// Does what the access says. None if it fails.
fn change_field(cx: &mut Cx<'_>, access: &Access) -> Result<Option<Outcome>, Error> {
    let key = cx.args.get(1);
    let mut buffer = IntBuffer::new();
    let string = cx.db.current_string(key)?.expect("it was made before");
    let bytes = string.as_bytes(&mut buffer);
    let old = access.field.read(bytes);
    let Some(Change { new, reply }) = access.change(old) else { return Ok(None) };
    if new != old {
        let (patch, len) = access.field.patch(bytes, new);
        cx.db.patch_quietly(key, access.field.bytes().start, &patch[..len]);
    }
    Ok(Some(Outcome { reply, is_new: new != old }))
}

/// One of the operations of BITFIELD.
struct Access {
    field: Field,
    verb: Verb,
}

enum Verb {
    Get,
    Set(i64, Overflow),
    IncrBy(i64, Overflow),
}

/// What an access does to the value of its field.
struct Change {
    new: i64,
    reply: i64,
}

impl Access {
    fn parse_all(config: &Config, args: Args<'_>) -> Result<Vec<Self>, Error> {
        let mut accesses = Vec::new();
        let mut overflow = Overflow::default();
        let mut words = args.from(2);
        while let Some(word) = words.next() {
            let left = words.len();
            let mut next = || words.next().unwrap_or_default();
            if is(word, "OVERFLOW") && left >= 1 {
                overflow = parse_overflow(next())?;
            } else if is(word, "GET") && left >= 2 {
                accesses
                    .push(Self { field: parse_field(config, next(), next())?, verb: Verb::Get });
            } else if is(word, "SET") && left >= 3 {
                let field = parse_field(config, next(), next())?;
                accesses.push(Self { field, verb: Verb::Set(int(next())?, overflow) });
            } else if is(word, "INCRBY") && left >= 3 {
                let field = parse_field(config, next(), next())?;
                accesses.push(Self { field, verb: Verb::IncrBy(int(next())?, overflow) });
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(accesses)
    }

    fn only_reads(&self) -> bool {
        matches!(self.verb, Verb::Get)
    }

    /// None if the result does not fit and is to fail.
    fn change(&self, old: i64) -> Option<Change> {
        let int_type = self.field.int_type;
        match self.verb {
            Verb::Get => Some(Change { new: old, reply: old }),
            Verb::Set(value, overflow) => {
                let new = int_type.fit(int_type.widen(value), overflow)?;
                Some(Change { new, reply: old })
            }
            Verb::IncrBy(increment, overflow) => {
                let new = int_type.fit(i128::from(old) + i128::from(increment), overflow)?;
                Some(Change { new, reply: new })
            }
        }
    }
}

fn parse_overflow(arg: &[u8]) -> Result<Overflow, Error> {
    match arg {
        word if is(word, "WRAP") => Ok(Overflow::Wrap),
        word if is(word, "SAT") => Ok(Overflow::Saturate),
        word if is(word, "FAIL") => Ok(Overflow::Fail),
        _ => Err(Error::text("ERR Invalid OVERFLOW type specified")),
    }
}

fn parse_field(config: &Config, int_type: &[u8], offset: &[u8]) -> Result<Field, Error> {
    let int_type = parse_int_type(int_type)?;
    let offset = match offset {
        // In fields of this width, as if they were an array.
        [b'#', index @ ..] => {
            parse_int(index).and_then(|index| index.checked_mul(int_type.width().into()))
        }
        offset => parse_int(offset),
    };
    Ok(Field { int_type, offset: in_string(config, offset)? })
}

fn parse_int_type(arg: &[u8]) -> Result<IntType, Error> {
    let int_type = match arg {
        [b'i', width @ ..] => parse_int(width).and_then(|width| IntType::new(true, width)),
        [b'u', width @ ..] => parse_int(width).and_then(|width| IntType::new(false, width)),
        _ => None,
    };
    int_type.ok_or(Error::text(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
    ))
}
