//! Strings as bits, one by one, the most significant of each byte first.

use super::{Bytes, Outcome, Row, Run, SYNTAX, absolute, exactly, int, is, number, truth};
use crate::wire::{Value, parse_int};

pub(super) const COMMANDS: &[Row] = &[
    ("bitcount", -2, bitcount),
    ("bitfield", -2, |run| bitfield(run, false)),
    ("bitfield_ro", -2, |run| bitfield(run, true)),
    ("bitop", -4, bitop),
    ("bitpos", -3, bitpos),
    ("getbit", 3, getbit),
    ("setbit", 4, setbit),
];

/// How many bits the longest string has.
const BITS_MAX: i64 = 8 * 512 * 1024 * 1024;
const OFFSET: &[u8] = b"ERR bit offset is not an integer or out of range";

fn bits_of(bytes: &[u8]) -> Vec<bool> {
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1 == 1)).collect()
}

fn bytes_of(bits: &[bool]) -> Bytes {
    let byte = |bits: &[bool]| bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    bits.chunks(8).map(byte).collect()
}

fn bits_at(run: &Run<'_>, key: &[u8]) -> Result<Vec<bool>, Bytes> {
    Ok(bits_of(run.string(key)?.map_or(&[][..], |bytes| bytes)))
}

fn offset(arg: &[u8], unit: i64) -> Result<usize, Bytes> {
    let offset = parse_int(arg).and_then(|offset| offset.checked_mul(unit));
    let offset = offset.filter(|offset| (0..BITS_MAX).contains(offset));
    offset.map(|offset| offset as usize).ok_or_else(|| OFFSET.into())
}

fn getbit(run: &mut Run<'_>) -> Outcome {
    let offset = offset(&run.args[2], 1)?;
    truth(bits_at(run, &run.args[1])?.get(offset) == Some(&true))
}

fn setbit(run: &mut Run<'_>) -> Outcome {
    let offset = offset(&run.args[2], 1)?;
    let new = match parse_int(&run.args[3]) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(b"ERR bit is not an integer or out of range".into()),
    };
    let key = run.key();
    let mut bits = bits_at(run, &key)?;
    grow(&mut bits, offset + 1);
    let old = std::mem::replace(&mut bits[offset], new);
    put_bits(run, &key, &bits);
    truth(old)
}

/// Whole bytes, that have at least so many bits.
fn grow(bits: &mut Vec<bool>, len: usize) {
    bits.resize(bits.len().max(len.next_multiple_of(8)), false);
}

/// Keeps the deadline.
fn put_bits(run: &mut Run<'_>, key: &[u8], bits: &[bool]) {
    let deadline = run.deadline(key);
    run.put_string(key, &bytes_of(bits), deadline);
}

/// Whether the last argument means bits rather than bytes.
fn is_by_bit(unit: Option<&Bytes>) -> Result<bool, Bytes> {
    match unit {
        None => Ok(false),
        Some(unit) if is(unit, "BYTE") => Ok(false),
        Some(unit) if is(unit, "BIT") => Ok(true),
        Some(_) => Err(SYNTAX.into()),
    }
}

/// The positions of bits from one byte or bit to another, both included.
fn positions(start: i64, end: i64, by_bit: bool, len: usize) -> Vec<usize> {
    let unit = if by_bit { 1 } else { 8 };
    let units = len / unit;
    let clamped = |index| absolute(index, units).max(0);
    let chosen = clamped(start)..=clamped(end);
    (0..len).filter(|position| chosen.contains(&((position / unit) as i64))).collect()
}

fn bitcount(run: &mut Run<'_>) -> Outcome {
    let (start, end, by_bit) = match run.args.len() {
        2 => (0, -1, false),
        4 | 5 => (run.int_arg(2)?, run.int_arg(3)?, is_by_bit(run.args.get(4))?),
        _ => return Err(SYNTAX.into()),
    };
    let bits = bits_at(run, &run.args[1])?;
    if start < 0 && end < 0 && start > end {
        return number(0);
    }
    let positions = positions(start, end, by_bit, bits.len());
    number(positions.into_iter().filter(|&position| bits[position]).count() as i64)
}

fn bitpos(run: &mut Run<'_>) -> Outcome {
    let wanted = match run.int_arg(2)? {
        0 => false,
        1 => true,
        _ => return Err(b"ERR The bit argument must be 1 or 0.".into()),
    };
    if run.args.len() > 6 {
        return Err(SYNTAX.into());
    }
    let start = if run.args.len() > 3 { run.int_arg(3)? } else { 0 };
    let by_bit = is_by_bit(run.args.get(5))?;
    let end = if run.args.len() > 4 { Some(run.int_arg(4)?) } else { None };
    if run.string(&run.args[1])?.is_none() {
        return number(if wanted { -1 } else { 0 });
    }
    let bits = bits_at(run, &run.args[1])?;
    let positions = positions(start, end.unwrap_or(-1), by_bit, bits.len());
    let found = positions.iter().find(|&&position| bits[position] == wanted);
    // Behind the string there are zeros, unless the request says where to stop.
    let behind = positions.last().filter(|_| !wanted && end.is_none()).map(|last| last + 1);
    number(found.copied().or(behind).map_or(-1, |position| position as i64))
}

fn bitop(run: &mut Run<'_>) -> Outcome {
    let [_, operation, target, sources @ ..] = run.args else { unreachable!("arity was checked") };
    let known = ["AND", "OR", "XOR", "NOT"].into_iter().find(|name| is(operation, name));
    let known = known.ok_or(SYNTAX)?;
    if known == "NOT" && sources.len() > 1 {
        return Err(b"ERR BITOP NOT must be called with a single source key.".into());
    }
    let sources = sources.iter().map(|key| bits_at(run, key)).collect::<Result<Vec<_>, _>>()?;
    let len = sources.iter().map(Vec::len).max().unwrap_or(0);
    let bit = |position: usize| {
        let mut bits = sources.iter().map(|bits| bits.get(position) == Some(&true));
        match known {
            "AND" => bits.all(|bit| bit),
            "OR" => bits.any(|bit| bit),
            "XOR" => bits.filter(|bit| *bit).count() % 2 == 1,
            _ => !bits.any(|bit| bit),
        }
    };
    let result = bytes_of(&(0..len).map(bit).collect::<Vec<_>>());
    if result.is_empty() {
        run.take(target);
    } else {
        run.put_string(target, &result, None);
    }
    number(result.len() as i64)
}

/// A field of BITFIELD.
#[derive(Clone, Copy)]
struct Field {
    is_signed: bool,
    width: u32,
    offset: usize,
}

/// What to do with it.
enum Access {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

#[derive(Clone, Copy)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

impl Field {
    fn parse(kind: &[u8], at: &[u8]) -> Result<Field, Bytes> {
        const KIND: &[u8] = b"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
        let (sign, width) = kind.split_first().ok_or(KIND)?;
        let widest = match sign {
            b'i' => 64,
            b'u' => 63,
            _ => return Err(KIND.into()),
        };
        let width = parse_int(width).filter(|width| (1..=widest).contains(width)).ok_or(KIND)?;
        let offset = match at.strip_prefix(b"#") {
            Some(index) => offset(index, width)?,
            None => offset(at, 1)?,
        };
        Ok(Field { is_signed: *sign == b'i', width: width as u32, offset })
    }

    fn end(self) -> usize {
        self.offset + self.width as usize
    }

    fn read(self, bits: &[bool]) -> i128 {
        let bit = |position| i128::from(bits.get(position) == Some(&true));
        let value = (self.offset..self.end()).fold(0, |value, position| value << 1 | bit(position));
        self.wrapped(value)
    }

    fn write(self, bits: &mut [bool], value: i128) {
        for (position, shift) in (self.offset..self.end()).zip((0..self.width).rev()) {
            bits[position] = value >> shift & 1 == 1;
        }
    }

    fn least(self) -> i128 {
        if self.is_signed { -(1 << (self.width - 1)) } else { 0 }
    }

    fn most(self) -> i128 {
        self.least() + (1 << self.width) - 1
    }

    fn wrapped(self, value: i128) -> i128 {
        (value - self.least()).rem_euclid(1 << self.width) + self.least()
    }

    fn fit(self, value: i128, overflow: Overflow) -> Option<i128> {
        match overflow {
            _ if (self.least()..=self.most()).contains(&value) => Some(value),
            Overflow::Wrap => Some(self.wrapped(value)),
            Overflow::Saturate => Some(value.clamp(self.least(), self.most())),
            Overflow::Fail => None,
        }
    }
}

fn accesses(run: &Run<'_>) -> Result<Vec<(Field, Access)>, Bytes> {
    let (mut accesses, mut overflow) = (Vec::new(), Overflow::Wrap);
    let mut rest = &run.args[2..];
    while !rest.is_empty() {
        match rest {
            [word, mode, tail @ ..] if is(word, "OVERFLOW") => {
                overflow = match mode.to_ascii_uppercase().as_slice() {
                    b"WRAP" => Overflow::Wrap,
                    b"SAT" => Overflow::Saturate,
                    b"FAIL" => Overflow::Fail,
                    _ => return Err(b"ERR Invalid OVERFLOW type specified".into()),
                };
                rest = tail;
            }
            [word, kind, at, tail @ ..] if is(word, "GET") => {
                accesses.push((Field::parse(kind, at)?, Access::Get));
                rest = tail;
            }
            [word, kind, at, value, tail @ ..] if is(word, "SET") => {
                accesses.push((Field::parse(kind, at)?, Access::Set(int(value)?, overflow)));
                rest = tail;
            }
            [word, kind, at, value, tail @ ..] if is(word, "INCRBY") => {
                accesses.push((Field::parse(kind, at)?, Access::Add(int(value)?, overflow)));
                rest = tail;
            }
            _ => return Err(SYNTAX.into()),
        }
    }
    Ok(accesses)
}

fn bitfield(run: &mut Run<'_>, must_read: bool) -> Outcome {
    let accesses = accesses(run)?;
    let written = accesses.iter().filter(|(_, access)| !matches!(access, Access::Get));
    let end = written.map(|(field, _)| field.end()).max();
    if must_read && end.is_some() {
        return Err(b"ERR BITFIELD_RO only supports the GET subcommand".into());
    }
    let key = run.key();
    let mut bits = bits_at(run, &key)?;
    grow(&mut bits, end.unwrap_or(0));
    let mut replies = Vec::new();
    for (field, access) in accesses {
        let old = field.read(&bits);
        let (new, reply) = match access {
            Access::Get => (Some(old), old),
            // A number for a field without a sign is taken for one without a sign.
            Access::Set(value, overflow) if !field.is_signed => {
                (field.fit(i128::from(value as u64), overflow), old)
            }
            // The distance from one that is far too small overflows, so that it counts as too large.
            Access::Set(value, Overflow::Saturate)
                if field.width < 64 && field.most() - i128::from(value) > i64::MAX.into() =>
            {
                (Some(field.most()), old)
            }
            Access::Set(value, overflow) => (field.fit(value.into(), overflow), old),
            Access::Add(value, overflow) => {
                let new = field.fit(old + i128::from(value), overflow);
                (new, new.unwrap_or_default())
            }
        };
        if let Some(new) = new.filter(|&new| new != old) {
            field.write(&mut bits, new);
        }
        replies.push(new.map_or_else(|| run.null(), |_| Value::int(reply as i64)));
    }
    if end.is_some() {
        put_bits(run, &key, &bits);
    }
    exactly(Value::array(replies))
}
