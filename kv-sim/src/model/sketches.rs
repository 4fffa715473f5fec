//! HyperLogLog by its definition: for each register, the greatest rank that was seen.

use super::{Bytes, Data, Outcome, Row, Run, number, ok, truth};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Row] =
    &[("pfadd", -2, pfadd), ("pfcount", -2, pfcount), ("pfmerge", -2, pfmerge)];

/// Ranks by registers, of which those that are missing are 0.
pub(super) type Registers = BTreeMap<u64, u32>;

const REGISTERS: u64 = 1 << 14;
/// How many of a hash's bits give the rank.
const RANK_BITS: u32 = 50;

fn registers(run: &Run<'_>, key: &[u8]) -> Result<Option<Registers>, Bytes> {
    match run.find(key).map(|entry| &entry.data) {
        None => Ok(None),
        Some(Data::Sketch(registers)) => Ok(Some(registers.clone())),
        Some(Data::Str(_)) => Err(b"WRONGTYPE Key is not a valid HyperLogLog string value.".into()),
        Some(_) => Err(super::WRONG_TYPE.into()),
    }
}

fn put(run: &mut Run<'_>, key: &[u8], registers: Registers) {
    let deadline = run.deadline(key);
    run.put(key, Data::Sketch(registers), deadline);
}

/// Whether something is new.
fn raise(registers: &mut Registers, register: u64, rank: u32) -> bool {
    let old = registers.entry(register).or_default();
    let is_new = rank > *old;
    *old = rank.max(*old);
    is_new
}

fn pfadd(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let old = registers(run, &key)?;
    let mut changed = old.is_none();
    let mut registers = old.unwrap_or_default();
    for element in &run.args[2..] {
        let hash = hash(element);
        let rank = (hash / REGISTERS).trailing_zeros().min(RANK_BITS) + 1;
        changed |= raise(&mut registers, hash % REGISTERS, rank);
    }
    put(run, &key, registers);
    truth(changed)
}

fn union(run: &Run<'_>) -> Result<Registers, Bytes> {
    let mut union = Registers::new();
    for key in &run.args[1..] {
        for (register, rank) in registers(run, key)?.unwrap_or_default() {
            raise(&mut union, register, rank);
        }
    }
    Ok(union)
}

fn pfmerge(run: &mut Run<'_>) -> Outcome {
    let union = union(run)?;
    put(run, &run.key(), union);
    ok()
}

fn pfcount(run: &mut Run<'_>) -> Outcome {
    let union = union(run)?;
    let with_rank = |rank: u32| union.values().filter(|&&other| other == rank).count() as f64;
    let all = REGISTERS as f64;
    let zeros = all - union.values().filter(|&&rank| rank > 0).count() as f64;
    let mut z = all * tau(1.0 - with_rank(RANK_BITS + 1) / all);
    for rank in (1..=RANK_BITS).rev() {
        z = (z + with_rank(rank)) / 2.0;
    }
    z += all * sigma(zeros / all);
    number((all * all / (2.0 * std::f64::consts::LN_2 * z)).round() as i64)
}

/// Ertl's corrections ("New cardinality estimation algorithms for HyperLogLog sketches", 2017): for
/// registers without a rank, and for those with the greatest.
fn sigma(x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let terms = (1..64).map(|k| x.powf(2f64.powi(k)) * 2f64.powi(k - 1));
    x + terms.sum::<f64>()
}

fn tau(x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let terms = (1..64).map(|k| (1.0 - x.powf(2f64.powi(-k))).powi(2) * 2f64.powi(-k));
    (1.0 - x - terms.sum::<f64>()) / 3.0
}

/// Appleby's MurmurHash64A with Redis's seed.
fn hash(bytes: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = 0xadc8_3b19 ^ (bytes.len() as u64).wrapping_mul(M);
    for piece in bytes.chunks(8) {
        let mut word = piece.iter().rev().fold(0, |word: u64, &byte| word << 8 | u64::from(byte));
        if piece.len() == 8 {
            word = word.wrapping_mul(M);
            word = (word ^ word >> 47).wrapping_mul(M);
        }
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(M);
    hash ^ hash >> 47
}
