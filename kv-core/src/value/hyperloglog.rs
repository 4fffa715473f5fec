//! HyperLogLog: a sketch of a set that tells about how many members it has, in at most 12 KiB and
//! with a standard error of 0.81 %.
//!
//! A member's hash chooses one of 16384 registers and gives a rank, one more than the number of
//! its trailing zero bits; the register keeps the greatest rank that it saw. The sketch is a string
//! in Redis's own form, so that GET, SET, DUMP and replication carry it from server to server:
//!
//! ```text
//! byte 0      HYLL
//!      4      0: dense, 1: sparse
//!      5      three bytes that mean nothing
//!      8      the count as last computed, 64 bits, little-endian; its top bit: no longer true
//!      16     dense: the registers, six bits each, least significant bits first
//!             sparse: runs of equal registers, from the first to the last
//!
//!             00nnnnnn            n + 1 registers are 0
//!             01nnnnnn nnnnnnnn   n + 1 registers are 0
//!             1vvvvvnn            n + 1 registers are v + 1
//! ```
//!
//! Anybody can store a string, so nothing here trusts one: what does not add up is [`Corrupted`].

use std::fmt::Write;

/// How many registers there are.
pub const REGISTERS: usize = 1 << INDEX_BITS;
/// Where the count as last computed stands in the string. It has eight bytes.
pub const COUNT_OFFSET: usize = 8;

const INDEX_BITS: u32 = 14;
/// The bits of a hash that give the rank.
const RANK_BITS: u32 = 64 - INDEX_BITS;
/// The greatest rank, of a hash whose rank bits are all zero.
const RANK_MAX: usize = RANK_BITS as usize + 1;
const REGISTER_BITS: usize = 6;
const REGISTER_MASK: u16 = (1 << REGISTER_BITS) - 1;

const MAGIC: &[u8; 4] = b"HYLL";
const ENCODING_OFFSET: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// The byte whose top bit says that the count is no longer true.
const STALE_OFFSET: usize = COUNT_OFFSET + 7;
const STALE: u8 = 0x80;
const HEADER: usize = COUNT_OFFSET + 8;
const DENSE_BODY: usize = REGISTERS * REGISTER_BITS / 8;
const DENSE_LEN: usize = HEADER + DENSE_BODY;

/// The string is no sketch beyond its header: its runs do not give each register once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runs of a sparse sketch do not give each register once")]
pub struct Corrupted;

/// A sketch, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub struct HllRef<'a> {
    bytes: &'a [u8],
}

impl<'a> HllRef<'a> {
    /// The sketch that is stored as `bytes`; none if they do not begin as one or have the wrong
    /// length. O(1).
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER>()?;
        let is_sketch = match header[ENCODING_OFFSET] {
            DENSE => bytes.len() == DENSE_LEN,
            encoding => encoding == SPARSE,
        };
        (is_sketch && header.starts_with(MAGIC)).then_some(Self { bytes })
    }

    /// Whether every register has its six bits.
    pub fn is_dense(self) -> bool {
        self.bytes[ENCODING_OFFSET] == DENSE
    }

    /// The count as last computed, unless the sketch has changed since. O(1).
    pub fn cached_count(self) -> Option<u64> {
        let count = self.bytes[COUNT_OFFSET..].first_chunk().expect("the header is whole");
        (self.bytes[STALE_OFFSET] & STALE == 0).then(|| u64::from_le_bytes(*count))
    }

    /// About how many members were added. O(registers).
    pub fn count(self) -> Result<u64, Corrupted> {
        let mut histogram = Histogram::default();
        if self.is_dense() {
            dense_values(self.body()).for_each(|value| histogram.add(value, 1));
        } else {
            self.runs().for_each(|run| histogram.add(run.value, run.len));
            if self.runs().map(|run| run.len).sum::<usize>() != REGISTERS {
                return Err(Corrupted);
            }
        }
        Ok(histogram.estimate())
    }

    /// Raises each of `registers` to this sketch's, where that is greater. O(registers). Some may
    /// be raised where the sketch is corrupted.
    pub fn raise(self, registers: &mut Registers) -> Result<(), Corrupted> {
        if self.is_dense() {
            let values = dense_values(self.body());
            registers.0.iter_mut().zip(values).for_each(|(old, value)| *old = value.max(*old));
            return Ok(());
        }
        self.each_value(|first, run| {
            registers.0[first..first + run.len].iter_mut().for_each(|old| {
                *old = run.value.max(*old);
            });
        })
    }

    /// What to write into this dense sketch to add `element`; nothing if it is as good as there.
    /// The count is then to be marked as stale. O(1).
    pub fn dense_addition(self, element: &[u8]) -> Option<Patch> {
        let (index, rank) = place(element);
        let (start, shift) = window(index);
        let bits = read_window(self.body(), start);
        let is_new = (bits >> shift & REGISTER_MASK) < u16::from(rank);
        let bits = bits & !(REGISTER_MASK << shift) | u16::from(rank) << shift;
        is_new.then(|| Patch { offset: HEADER + start, bytes: bits.to_le_bytes() })
    }

    /// What to write to mark the count as stale.
    pub fn stale_mark(self) -> (usize, [u8; 1]) {
        (STALE_OFFSET, [self.bytes[STALE_OFFSET] | STALE])
    }

    /// The values of all registers of a dense sketch.
    pub fn dense_registers(self) -> impl Iterator<Item = u8> + use<'a> {
        dense_values(self.body())
    }

    /// The runs of a sparse sketch in words: `Z` and `z` are zeros, in two bytes and in one, `v`
    /// a value and how many registers have it. O(n).
    pub fn describe_runs(self) -> String {
        let mut text = String::new();
        for run in self.runs() {
            let separator = if text.is_empty() { "" } else { " " };
            let result = match run {
                Run { value: 0, size: 1, len, .. } => write!(text, "{separator}z:{len}"),
                Run { value: 0, len, .. } => write!(text, "{separator}Z:{len}"),
                Run { value, len, .. } => write!(text, "{separator}v:{value},{len}"),
            };
            result.expect("strings take all text");
        }
        text
    }

    /// A copy. O(n).
    pub fn to_owned(self) -> Hll {
        Hll { bytes: self.bytes.to_vec() }
    }

    fn body(self) -> &'a [u8] {
        &self.bytes[HEADER..]
    }

    fn runs(self) -> impl Iterator<Item = Run> + use<'a> {
        runs(self.bytes, HEADER)
    }

    /// Visits each run of a value with its first register.
    fn each_value(self, mut visit: impl FnMut(usize, Run)) -> Result<(), Corrupted> {
        let mut first = 0;
        for run in self.runs() {
            let end = first + run.len;
            if end > REGISTERS {
                return Err(Corrupted);
            }
            if run.value > 0 {
                visit(first, run);
            }
            first = end;
        }
        if first == REGISTERS { Ok(()) } else { Err(Corrupted) }
    }
}

/// A change of a stored sketch.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    /// Where the bytes go.
    pub offset: usize,
    /// What is to stand there.
    pub bytes: [u8; 2],
}

/// A sketch that owns its memory.
#[derive(Clone, Debug)]
pub struct Hll {
    bytes: Vec<u8>,
}

impl Default for Hll {
    /// The sketch of the empty set: sparse, and counted.
    fn default() -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[ENCODING_OFFSET] = SPARSE;
        let mut runs = Runs::default();
        runs.push(0, REGISTERS);
        bytes.extend(runs.as_bytes());
        Self { bytes }
    }
}

impl Hll {
    /// A view of it.
    pub fn view(&self) -> HllRef<'_> {
        HllRef { bytes: &self.bytes }
    }

    /// The string that it is stored as.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Marks the count as no longer true.
    pub fn mark_stale(&mut self) {
        self.bytes[STALE_OFFSET] |= STALE;
    }

    /// Adds `element`. Whether that changed a register. A sparse sketch that would grow beyond
    /// `sparse_max` bytes, header included, becomes dense. O(n) if sparse, else O(1).
    pub fn add(&mut self, element: &[u8], sparse_max: usize) -> Result<bool, Corrupted> {
        let (index, rank) = place(element);
        self.raise_register(index, rank, sparse_max, &mut Cursor::default())
    }

    /// Raises each register to that of `registers`, where that is greater. O(registers and n).
    pub fn raise_to(&mut self, registers: &Registers, sparse_max: usize) -> Result<(), Corrupted> {
        let mut cursor = Cursor::default();
        for (index, &value) in registers.0.iter().enumerate().filter(|(_, value)| **value > 0) {
            self.raise_register(index, value, sparse_max, &mut cursor)?;
        }
        Ok(())
    }

    /// Gives every register its six bits. Whether it had not.
    pub fn make_dense(&mut self) -> Result<bool, Corrupted> {
        if self.view().is_dense() {
            return Ok(false);
        }
        let mut dense = vec![0; DENSE_LEN];
        dense[..HEADER].copy_from_slice(&self.bytes[..HEADER]);
        dense[ENCODING_OFFSET] = DENSE;
        self.view().each_value(|first, run| {
            (first..first + run.len)
                .for_each(|index| write_register(&mut dense[HEADER..], index, run.value));
        })?;
        self.bytes = dense;
        Ok(true)
    }

    fn raise_register(
        &mut self,
        index: usize,
        value: u8,
        sparse_max: usize,
        cursor: &mut Cursor,
    ) -> Result<bool, Corrupted> {
        if self.view().is_dense() {
            return Ok(self.raise_dense(index, value));
        }
        if value > VALUE_MAX {
            self.make_dense()?;
            return Ok(self.raise_dense(index, value));
        }
        let Found { previous, run, first } = cursor.find(&self.bytes, index)?;
        if run.value >= value {
            return Ok(false);
        }
        let split = split(run, first, index, value);
        let new = split.as_bytes();
        if new.len() > run.size && self.bytes.len() - run.size + new.len() > sparse_max {
            self.make_dense()?;
            return Ok(self.raise_dense(index, value));
        }
        self.bytes.splice(run.at..run.at + run.size, new.iter().copied());
        self.join_values(previous.unwrap_or(run.at));
        self.mark_stale();
        Ok(true)
    }

    fn raise_dense(&mut self, index: usize, value: u8) -> bool {
        let body = &mut self.bytes[HEADER..];
        let is_greater = value > read_register(body, index);
        if is_greater {
            write_register(body, index, value);
        }
        is_greater
    }

    /// Joins neighbouring runs of one value, in the few runs from the one at `at` on that a new
    /// value may have changed.
    fn join_values(&mut self, mut at: usize) {
        const SCANNED: usize = 5;
        for _ in 0..SCANNED {
            let Some(run) = Run::read(&self.bytes, at) else { return };
            let next = Run::read(&self.bytes, at + run.size);
            match next.and_then(|next| run.joined(next)) {
                Some(joined) => drop(self.bytes.splice(at..at + 2, [joined])),
                None => at += run.size,
            }
        }
    }
}

/// The values of all registers.
#[derive(Debug)]
pub struct Registers([u8; REGISTERS]);

impl Default for Registers {
    /// Those of the empty set.
    fn default() -> Self {
        Self([0; REGISTERS])
    }
}

impl Registers {
    /// About how many members were added. O(registers).
    pub fn count(&self) -> u64 {
        let mut histogram = Histogram::default();
        self.0.iter().for_each(|&value| histogram.add(value, 1));
        histogram.estimate()
    }
}

/// The register that an element belongs to, and its rank there.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur64(element);
    let index = hash as usize & (REGISTERS - 1);
    let rank = (hash >> INDEX_BITS | 1 << RANK_BITS).trailing_zeros() + 1;
    (index, rank as u8)
}

/// MurmurHash64A, with the seed that all servers share.
fn murmur64(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xadc8_3b19;
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let mix = |word: u64| word ^ word >> SHIFT;
    let (words, tail) = bytes.as_chunks::<8>();
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    for word in words {
        let word = mix(u64::from_le_bytes(*word).wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    if !tail.is_empty() {
        let word = tail.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = (hash ^ word).wrapping_mul(FACTOR);
    }
    mix(mix(hash).wrapping_mul(FACTOR))
}

/// The two bytes of a dense body that hold a register: the first one's offset, and the register's
/// lowest bit in them.
fn window(index: usize) -> (usize, usize) {
    let bit = index * REGISTER_BITS;
    let start = (bit / 8).min(DENSE_BODY - 2);
    (start, bit - start * 8)
}

fn read_window(body: &[u8], start: usize) -> u16 {
    u16::from_le_bytes([body[start], body[start + 1]])
}

fn read_register(body: &[u8], index: usize) -> u8 {
    let (start, shift) = window(index);
    (read_window(body, start) >> shift & REGISTER_MASK) as u8
}

fn write_register(body: &mut [u8], index: usize, value: u8) {
    let (start, shift) = window(index);
    let bits = read_window(body, start) & !(REGISTER_MASK << shift) | u16::from(value) << shift;
    body[start..start + 2].copy_from_slice(&bits.to_le_bytes());
}

/// The registers of a dense body; four stand in three bytes.
fn dense_values(body: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    body.as_chunks::<3>().0.iter().flat_map(|&[a, b, c]| {
        let bits = u32::from_le_bytes([a, b, c, 0]);
        [0, 6, 12, 18].map(|shift| (bits >> shift) as u8 & REGISTER_MASK as u8)
    })
}

const LONG_ZEROS: u8 = 0x40;
const VALUES: u8 = 0x80;
/// How many zeros a run of one byte can stand for.
const ZEROS_MAX: usize = 64;
/// The greatest value that a run can have.
const VALUE_MAX: u8 = 32;
/// How many registers a run of a value can stand for.
const VALUE_LEN_MAX: usize = 4;

/// Some neighbouring registers of a sparse sketch that have the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Where it stands in the string.
    at: usize,
    /// How many bytes it has; they may reach one byte beyond a string that was cut off.
    size: usize,
    /// How many registers; at least one.
    len: usize,
    value: u8,
}

impl Run {
    fn read(bytes: &[u8], at: usize) -> Option<Run> {
        let byte = *bytes.get(at)?;
        let low = usize::from(byte & 0x3f);
        Some(if byte & VALUES != 0 {
            Run { at, size: 1, len: (low & 3) + 1, value: (byte >> 2 & 0x1f) + 1 }
        } else if byte & LONG_ZEROS != 0 {
            // A string that is cut off here goes on with a zero byte, as in Redis.
            let next = bytes.get(at + 1).copied().unwrap_or(0);
            Run { at, size: 2, len: (low << 8 | usize::from(next)) + 1, value: 0 }
        } else {
            Run { at, size: 1, len: low + 1, value: 0 }
        })
    }

    /// The one byte that stands for this run of a value and the next, if there is one.
    fn joined(self, next: Run) -> Option<u8> {
        let len = self.len + next.len;
        let can_join = self.value > 0 && self.value == next.value && len <= VALUE_LEN_MAX;
        can_join.then(|| value_run(self.value, len))
    }
}

fn value_run(value: u8, len: usize) -> u8 {
    VALUES | (value - 1) << 2 | (len - 1) as u8
}

/// The runs of a string from the one at `at` on.
fn runs(bytes: &[u8], mut at: usize) -> impl Iterator<Item = Run> + use<'_> {
    std::iter::from_fn(move || {
        let run = Run::read(bytes, at)?;
        at += run.size;
        Some(run)
    })
}

/// The bytes of up to three runs.
#[derive(Default)]
struct Runs {
    bytes: [u8; 5],
    len: usize,
}

impl Runs {
    fn push(&mut self, value: u8, len: usize) {
        match (value, len) {
            (_, 0) => {}
            (0, 1..=ZEROS_MAX) => self.push_byte((len - 1) as u8),
            (0, _) => {
                self.push_byte(LONG_ZEROS | ((len - 1) >> 8) as u8);
                self.push_byte((len - 1) as u8);
            }
            _ => self.push_byte(value_run(value, len)),
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// What `run`, whose first register is `first`, becomes when one of its registers gets a value.
fn split(run: Run, first: usize, index: usize, value: u8) -> Runs {
    let mut runs = Runs::default();
    runs.push(run.value, index - first);
    runs.push(value, 1);
    runs.push(run.value, first + run.len - 1 - index);
    runs
}

/// Where to look for the next register, if registers are looked for in ascending order: two runs
/// before the one that was found last, since that one may have been joined to the one before it,
/// and a search tells the run before the one it finds.
#[derive(Default)]
struct Cursor {
    /// The place of a run and its first register.
    from: Option<(usize, usize)>,
}

struct Found {
    /// Where the run before it stands, if there is one.
    previous: Option<usize>,
    run: Run,
    /// The run's first register.
    first: usize,
}

impl Cursor {
    fn find(&mut self, bytes: &[u8], index: usize) -> Result<Found, Corrupted> {
        let (from, mut first) = self.from.unwrap_or((HEADER, 0));
        let (mut previous, mut before_previous) = (None, None);
        for run in runs(bytes, from) {
            if index < first + run.len {
                if run.at + run.size > bytes.len() {
                    break;
                }
                self.from = before_previous.or(self.from);
                return Ok(Found { previous: previous.map(|(at, _)| at), run, first });
            }
            before_previous = previous;
            previous = Some((run.at, first));
            first += run.len;
        }
        Err(Corrupted)
    }
}

/// How many registers have each value.
struct Histogram([usize; 1 << REGISTER_BITS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; 1 << REGISTER_BITS])
    }
}

impl Histogram {
    fn add(&mut self, value: u8, registers: usize) {
        self.0[usize::from(value)] += registers;
    }

    /// Otmar Ertl's improved estimator ("New cardinality estimation algorithms for HyperLogLog
    /// sketches", 2017, algorithm 6). Adds, multiplies, divides and takes square roots only, so
    /// that the result is the same on every platform.
    fn estimate(&self) -> u64 {
        /// 1 / (2 ln 2)
        const ALPHA: f64 = 0.721_347_520_444_481_7;
        const ALL: f64 = REGISTERS as f64;
        let mut z = ALL * tau((ALL - self.0[RANK_MAX] as f64) / ALL);
        for &registers in self.0[1..RANK_MAX].iter().rev() {
            z = (z + registers as f64) * 0.5;
        }
        z += ALL * sigma(self.0[0] as f64 / ALL);
        let estimate = (ALPHA * ALL * ALL / z).round();
        // Only a forged sketch has registers that make it so great. Redis's conversion then gives
        // the least integer.
        if estimate < i64::MAX as f64 { estimate as u64 } else { i64::MIN as u64 }
    }
}

/// The correction for registers that are 0, whose share is `x`.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// The correction for registers that cannot grow, where the share of the others is `x`.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// More than any sparse sketch has.
    const UNBOUNDED: usize = 1 << 20;

    fn header(encoding: u8) -> Vec<u8> {
        [&MAGIC[..], &[encoding], &[0; HEADER - 5]].concat()
    }

    fn values(sketch: &Hll) -> Vec<u8> {
        let mut registers = Registers::default();
        sketch.view().raise(&mut registers).unwrap();
        registers.0.to_vec()
    }

    fn elements(count: u64) -> impl Iterator<Item = [u8; 8]> {
        (0..count).map(u64::to_le_bytes)
    }

    fn add_all(sketch: &mut Hll, count: u64) {
        for element in elements(count) {
            sketch.add(&element, UNBOUNDED).unwrap();
        }
    }

    #[test]
    fn estimates_are_close() {
        let mut sketch = Hll::default();
        for (count, element) in elements(200_000).enumerate() {
            if count % 10_000 == 0 {
                let error = sketch.view().count().unwrap() as f64 - count as f64;
                assert!(error.abs() <= count as f64 * 0.03, "{count}: {error}");
            }
            sketch.add(&element, 3000).unwrap();
        }
        assert!(sketch.view().is_dense());
    }

    #[test]
    fn a_sketch_is_sparse_up_to_the_size_that_it_is_given() {
        let mut sketch = Hll::default();
        for element in elements(100_000) {
            let before = sketch.as_bytes().len();
            sketch.add(&element, 3000).unwrap();
            assert!(sketch.view().is_dense() || sketch.as_bytes().len() <= 3000);
            if sketch.view().is_dense() {
                assert!(before > 2990, "{before}");
                return;
            }
        }
        panic!("it stayed sparse");
    }

    #[test]
    fn a_great_rank_makes_a_sketch_dense() {
        let mut sketch = Hll::default();
        for (value, is_dense) in [(VALUE_MAX, false), (VALUE_MAX + 1, true)] {
            let raised = sketch.raise_register(9, value, UNBOUNDED, &mut Cursor::default());
            assert_eq!((raised, sketch.view().is_dense()), (Ok(true), is_dense));
            assert_eq!(values(&sketch)[9], value);
        }
    }

    #[test]
    fn forged_registers_give_the_least_integer_as_redis_does() {
        let mut bytes = header(DENSE);
        bytes.resize(DENSE_LEN, 0xff);
        assert_eq!(HllRef::new(&bytes).unwrap().count(), Ok(i64::MIN as u64));
    }

    #[test]
    fn a_sketch_that_is_cut_off_is_none_or_corrupted() {
        let mut sketch = Hll::default();
        add_all(&mut sketch, 300);
        let mut dense = sketch.clone();
        dense.make_dense().unwrap();
        for len in 0..sketch.as_bytes().len() {
            let whole = HllRef::new(&sketch.as_bytes()[..len]).map(HllRef::count);
            assert!(matches!(whole, None | Some(Err(Corrupted))), "{len}");
        }
        for len in 0..DENSE_LEN {
            assert!(HllRef::new(&dense.as_bytes()[..len]).is_none(), "{len}");
        }
    }

    fn try_everything(bytes: &[u8], index: usize, value: u8) {
        let Some(view) = HllRef::new(bytes) else { return };
        let _ = (view.count(), view.cached_count(), view.describe_runs());
        let _ = view.raise(&mut Registers::default());
        let _ = view.to_owned().make_dense();
        for sparse_max in [0, 3000, UNBOUNDED] {
            let mut sketch = view.to_owned();
            let _ = sketch.raise_register(index, value, sparse_max, &mut Cursor::default());
            let _ = sketch.raise_register(index, value, sparse_max, &mut Cursor::default());
            assert!(HllRef::new(sketch.as_bytes()).is_some());
            let mut registers = Registers::default();
            registers.0[index..].fill(value);
            let _ = sketch.raise_to(&registers, sparse_max);
            assert!(HllRef::new(sketch.as_bytes()).is_some());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_after_a_header_are_safe(
            body in prop::collection::vec(any::<u8>(), 0..800),
            index in 0..REGISTERS,
            value in 1..=RANK_MAX as u8,
        ) {
            try_everything(&[header(SPARSE), body].concat(), index, value);
        }

        #[test]
        fn a_sparse_sketch_with_a_few_wrong_bytes_is_safe(
            count in 0..500u64,
            wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
            index in 0..REGISTERS,
            value in 1..=RANK_MAX as u8,
        ) {
            let mut sketch = Hll::default();
            add_all(&mut sketch, count);
            for (at, byte) in wrong {
                let at = HEADER + at.index(sketch.bytes.len() - HEADER);
                sketch.bytes[at] = byte;
            }
            try_everything(&sketch.bytes, index, value);
        }

        #[test]
        fn registers_keep_the_greatest_value_in_either_form(
            raised in prop::collection::vec((0..REGISTERS, 1..=VALUE_MAX), 0..200),
            crowded in prop::collection::vec((100..130usize, 1..4u8), 0..100),
            sparse_max in prop_oneof![Just(UNBOUNDED), 0..400usize],
        ) {
            let mut model = vec![0; REGISTERS];
            let (mut sparse, mut dense) = (Hll::default(), Hll::default());
            dense.make_dense().unwrap();
            for (index, value) in raised.into_iter().chain(crowded) {
                let is_greater = value > model[index];
                model[index] = value.max(model[index]);
                let cursor = || Cursor::default();
                let raised = sparse.raise_register(index, value, sparse_max, &mut cursor());
                prop_assert_eq!(raised, Ok(is_greater));
                let raised = dense.raise_register(index, value, sparse_max, &mut cursor());
                prop_assert_eq!(raised, Ok(is_greater));
            }
            prop_assert_eq!(&values(&sparse), &model);
            prop_assert_eq!(&values(&dense), &model);
            prop_assert_eq!(dense.view().dense_registers().collect::<Vec<_>>(), model);
            prop_assert_eq!(sparse.view().count(), dense.view().count());
            let was_sparse = !sparse.view().is_dense();
            prop_assert_eq!(sparse.make_dense(), Ok(was_sparse));
            prop_assert_eq!(&sparse.bytes[HEADER..], &dense.bytes[HEADER..]);
        }

        #[test]
        fn a_union_is_the_same_as_one_register_after_the_other(
            old in prop::collection::vec((0..300usize, 1..4u8), 0..200),
            new in prop::collection::vec((0..300usize, 1..4u8), 0..200),
            sparse_max in prop_oneof![Just(UNBOUNDED), 16..200usize],
        ) {
            let mut union = Hll::default();
            for (index, value) in old {
                union.raise_register(index, value, UNBOUNDED, &mut Cursor::default()).unwrap();
            }
            let mut registers = Registers::default();
            new.into_iter().for_each(|(index, value)| registers.0[index] = value);
            let mut slow = union.clone();
            for (index, &value) in registers.0.iter().enumerate().filter(|(_, value)| **value > 0) {
                slow.raise_register(index, value, sparse_max, &mut Cursor::default()).unwrap();
            }
            union.raise_to(&registers, sparse_max).unwrap();
            prop_assert_eq!(union.bytes, slow.bytes);
        }
    }
}
