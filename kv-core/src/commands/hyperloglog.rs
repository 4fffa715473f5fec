//! HyperLogLog: strings that tell about how many members a set has.

use super::parse::is;
use crate::command::Cx;
use crate::config::{self, Config, Notifications};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::store::{Deadline, View};
use crate::value::hyperloglog::{
    COUNT_OFFSET, Corrupted, Hll, HllRef, Patch, REGISTERS, Registers,
};
use crate::value::string::StrRef;

const NO_SUCH_KEY: Error = Error::text("ERR The specified key does not exist");
const NOT_SPARSE: Error = Error::text("ERR HLL encoding is not sparse");

impl From<Corrupted> for Error {
    fn from(_: Corrupted) -> Self {
        Error::text("INVALIDOBJ Corrupted HLL object detected")
    }
}

pub(crate) fn pfadd(cx: &mut Cx<'_>) -> Result<(), Error> {
    let sketch = own_sketch(&mut cx.db, cx.args.get(1))?;
    let changed = match sketch {
        Some(sketch) if sketch.is_dense() => add_in_place(cx)?,
        Some(sketch) => {
            let sketch = sketch.to_owned();
            add_to(cx, sketch, false)?
        }
        None => add_to(cx, Hll::default(), true)?,
    };
    if changed {
        cx.db.notify(Notifications::STRING, "pfadd", cx.args.get(1));
    }
    cx.out.int(i64::from(changed));
    Ok(())
}

/// Adds to the dense sketch at the key without a copy of it.
fn add_in_place(cx: &mut Cx<'_>) -> Result<bool, Error> {
    let key = cx.args.get(1);
    let mut changed = false;
    for element in cx.args.from(2) {
        let sketch = current_sketch(&mut cx.db, key)?;
        if let Some(Patch { offset, bytes }) = sketch.and_then(|it| it.dense_addition(element)) {
            cx.db.patch_string(key, offset, &bytes);
            changed = true;
        }
    }
    if changed && let Some(sketch) = current_sketch(&mut cx.db, key)? {
        let (offset, bytes) = sketch.stale_mark();
        cx.db.patch_string(key, offset, &bytes);
    }
    Ok(changed)
}

fn add_to(cx: &mut Cx<'_>, mut sketch: Hll, is_new: bool) -> Result<bool, Error> {
    let sparse_max = sparse_max(cx.config);
    let mut changed = is_new;
    let mut add = |element| sketch.add(element, sparse_max).map(|raised| changed |= raised);
    let result = cx.args.from(2).try_for_each(&mut add);
    if changed {
        sketch.mark_stale();
        store(&mut cx.db, cx.args.get(1), &sketch);
    }
    // What was added before a corrupted place was found is kept.
    result.map_err(Error::from)?;
    Ok(changed)
}

pub(crate) fn pfcount(cx: &mut Cx<'_>) -> Result<(), Error> {
    let count = if cx.args.len() > 2 { count_union(cx)? } else { count_one(cx)? };
    cx.out.int(count as i64);
    Ok(())
}

fn count_union(cx: &mut Cx<'_>) -> Result<u64, Error> {
    let mut registers = Registers::default();
    for key in cx.args.from(1) {
        if let Some(sketch) = read_sketch(&mut cx.db, key)? {
            sketch.raise(&mut registers)?;
        }
    }
    Ok(registers.count())
}

/// Keeps the count in the sketch.
fn count_one(cx: &mut Cx<'_>) -> Result<u64, Error> {
    let key = cx.args.get(1);
    own_sketch(&mut cx.db, key)?;
    let Some(sketch) = read_sketch(&mut cx.db, key)? else { return Ok(0) };
    if let Some(count) = sketch.cached_count() {
        return Ok(count);
    }
    let count = sketch.count()?;
    cx.db.patch_string(key, COUNT_OFFSET, &count.to_le_bytes());
    Ok(count)
}

pub(crate) fn pfmerge(cx: &mut Cx<'_>) -> Result<(), Error> {
    let mut registers = Registers::default();
    let mut any_dense = false;
    for key in cx.args.from(1) {
        if let Some(sketch) = read_sketch(&mut cx.db, key)? {
            any_dense |= sketch.is_dense();
            sketch.raise(&mut registers)?;
        }
    }
    let key = cx.args.get(1);
    let mut union = current_sketch(&mut cx.db, key)?.map(HllRef::to_owned).unwrap_or_default();
    if any_dense {
        union.make_dense()?;
    }
    union.raise_to(&registers, sparse_max(cx.config))?;
    union.mark_stale();
    store(&mut cx.db, key, &union);
    cx.db.notify(Notifications::STRING, "pfadd", key);
    cx.out.ok();
    Ok(())
}

pub(crate) fn pfdebug(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (subcommand, key) = (cx.args.get(1), cx.args.get(2));
    let sketch = own_sketch(&mut cx.db, key)?.ok_or(NO_SUCH_KEY)?;
    if is(subcommand, "GETREG") {
        getreg(cx)
    } else if is(subcommand, "DECODE") {
        let runs = (!sketch.is_dense()).then(|| sketch.describe_runs()).ok_or(NOT_SPARSE)?;
        cx.out.bulk(runs.as_bytes());
        Ok(())
    } else if is(subcommand, "ENCODING") {
        cx.out.simple(if sketch.is_dense() { "dense" } else { "sparse" });
        Ok(())
    } else if is(subcommand, "TODENSE") {
        let changed = make_dense(cx)?;
        cx.out.int(i64::from(changed));
        Ok(())
    } else {
        let quoted = until_zero(subcommand);
        let text = [b"ERR Unknown PFDEBUG subcommand '", quoted, b"'"].concat();
        Err(Error::composed(text))
    }
}

/// Gives all registers. Makes the sketch dense, as Redis does.
fn getreg(cx: &mut Cx<'_>) -> Result<(), Error> {
    make_dense(cx)?;
    let sketch = current_sketch(&mut cx.db, cx.args.get(2))?.ok_or(NO_SUCH_KEY)?;
    cx.out.array(REGISTERS);
    sketch.dense_registers().for_each(|value| cx.out.int(value.into()));
    Ok(())
}

/// Makes the sketch at the key dense. Whether it was not.
fn make_dense(cx: &mut Cx<'_>) -> Result<bool, Error> {
    let key = cx.args.get(2);
    let mut sketch = current_sketch(&mut cx.db, key)?.ok_or(NO_SUCH_KEY)?.to_owned();
    let changed = sketch.make_dense()?;
    if changed {
        cx.db.reshape(key, as_string(&sketch));
    }
    Ok(changed)
}

/// Adds a few thousand elements to a sparse and to a dense sketch, and looks whether both stay the
/// same and tell about the right number.
pub(crate) fn pfselftest(cx: &mut Cx<'_>) -> Result<(), Error> {
    const ELEMENTS: u64 = 4096;
    /// Seven times the standard error.
    const ERROR_MAX: f64 = 0.057;
    let (mut sparse, mut dense) = (Hll::default(), Hll::default());
    dense.make_dense()?;
    for element in 1..=ELEMENTS {
        let seed = cx.rng.next_u64();
        let element_bytes = [element.to_le_bytes(), seed.to_le_bytes()].concat();
        let raised = sparse.add(&element_bytes, sparse_max(cx.config))?;
        if raised != dense.add(&element_bytes, 0)? {
            return Err(Error::text("ERR TESTFAILED dense/sparse disagree"));
        }
        if element.is_power_of_two() {
            let (a, b) = (sparse.view().count()?, dense.view().count()?);
            let error = (a as f64 - element as f64).abs();
            if a != b || error > (element as f64 * ERROR_MAX).max(2.0) {
                let text = format!("ERR TESTFAILED {a} and {b} were estimated for {element}");
                return Err(Error::composed(text));
            }
        }
    }
    cx.out.ok();
    Ok(())
}

fn sparse_max(config: &Config) -> usize {
    config.int(config::HLL_SPARSE_MAX_BYTES) as usize
}

fn store(db: &mut View<'_>, key: &[u8], sketch: &Hll) {
    db.set(key, as_string(sketch), Deadline::Keep);
}

fn as_string(sketch: &Hll) -> StrRef<'_> {
    StrRef::Bytes { bytes: sketch.as_bytes(), is_built: true }
}

/// The sketch at `key`, for a reading command.
fn read_sketch<'v>(db: &'v mut View<'_>, key: &[u8]) -> Result<Option<HllRef<'v>>, Error> {
    as_sketch(db.string(key)?)
}

/// The sketch at `key`, for a command that may change it.
fn current_sketch<'v>(db: &'v mut View<'_>, key: &[u8]) -> Result<Option<HllRef<'v>>, Error> {
    as_sketch(db.current_string(key)?)
}

/// The same, as a string that can be changed in place: OBJECT ENCODING no longer says `embstr`,
/// whether the command then changes it or not.
fn own_sketch<'v>(db: &'v mut View<'_>, key: &[u8]) -> Result<Option<HllRef<'v>>, Error> {
    let string = db.current_string(key)?;
    let is_embedded = string.is_some_and(|string| string.encoding() == "embstr");
    if is_embedded && as_sketch(string)?.is_some() {
        db.patch_quietly(key, 0, b"");
    }
    current_sketch(db, key)
}

fn as_sketch(string: Option<StrRef<'_>>) -> Result<Option<HllRef<'_>>, Error> {
    match string {
        None => Ok(None),
        Some(StrRef::Int(_)) => Err(Error::NotASketch),
        Some(StrRef::Bytes { bytes, .. }) => HllRef::new(bytes).map(Some).ok_or(Error::NotASketch),
    }
}
