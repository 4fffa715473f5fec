//! GET and SET of random keys that are there.
//!
//! *Dependent*: which key comes next depends on a byte of the last value, as in a program that
//! does something with what it reads; the processor waits for each look-up to end. *Independent*:
//! the processor looks ahead and begins the next look-ups meanwhile, as far as its window goes.
//! *Batches*: sixteen look-ups go through their stages together. A SET replaces a value by one of
//! the same length; the map overwrites the bytes in their box, without allocation.
//!
//! The kernel runs whole requests on a store of one shard, in a `Batch` for each request or for
//! each sixteen.

use crate::Outcome;
use crate::clock::time;
use crate::data::{self, Key, Map, Text, filled_keyspace, filled_map, put};
use crate::table::{Table, median, number};
use crate::target::Target;
use kv_core::args::{Args, Span};
use kv_core::config::Config;
use kv_core::error::Error;
use kv_core::hash::KeyHasher;
use kv_core::kernel::{Flow, Kernel, NoHost};
use kv_core::keyspace::{Entry, Keyspace};
use kv_core::now::Now;
use kv_core::reply::{Protocol, Reply};
use kv_core::rng::Rng;
use kv_core::session::{Peer, Session};
use kv_core::value::ValueRef;
use kv_core::value::string::StrRef;
use std::hint::black_box;

const ROUNDS: usize = 7;
const OPERATIONS_MAX: usize = 1 << 20;
const BATCH: usize = 16;

/// How a contestant runs the operation on the keys, in their order.
type Run = fn(&mut Contestants, &[Key]);

/// The rows of an operation. The first two are what the others are compared with.
type Rows = [(&'static str, Run); 7];

const GET: Rows = [
    ("hashbrown, dependent", |all, keys| dependent(keys, |key| all.map_get(key))),
    ("hashbrown, independent", |all, keys| independent(keys, |key| all.map_get(key))),
    ("keyspace, dependent", |all, keys| dependent(keys, |key| all.get(key))),
    ("keyspace, independent", |all, keys| independent(keys, |key| all.get(key))),
    ("keyspace, batches of 16", |all, keys| all.get_batches(keys)),
    ("kernel, one by one", |all, keys| all.kernel.run(&mut all.gets, keys, 1)),
    ("kernel, batches of 16", |all, keys| all.kernel.run(&mut all.gets, keys, BATCH)),
];

const SET: Rows = [
    ("hashbrown, dependent", |all, keys| dependent(keys, |key| all.map_set(key))),
    ("hashbrown, independent", |all, keys| independent(keys, |key| all.map_set(key))),
    ("keyspace, dependent", |all, keys| dependent(keys, |key| all.set(key))),
    ("keyspace, independent", |all, keys| independent(keys, |key| all.set(key))),
    ("keyspace, batches of 16", |all, keys| all.set_batches(keys)),
    ("kernel, one by one", |all, keys| all.kernel.run(&mut all.sets, keys, 1)),
    ("kernel, batches of 16", |all, keys| all.kernel.run(&mut all.sets, keys, BATCH)),
];

/// The places of the rows that the targets are about.
const MAP_DEPENDENT: usize = 0;
const DEPENDENT: usize = 2;
const BATCHED: usize = 4;

pub(crate) fn run(keys: usize) -> Outcome<Vec<Target>> {
    let mut contestants = Contestants::filled(keys);
    let mut rng = Rng::new(2);
    let gets = measure(&GET, &mut contestants, keys, &mut rng);
    println!("{}", table(&format!("GET, {keys} keys, ns"), &GET, &gets));
    let sets = measure(&SET, &mut contestants, keys, &mut rng);
    println!("{}", table(&format!("SET, {keys} keys, ns"), &SET, &sets));
    Ok(targets(keys, &gets))
}

/// Nanoseconds for each operation: of each round, of each row.
fn measure(rows: &Rows, all: &mut Contestants, keys: usize, rng: &mut Rng) -> Vec<[f64; 7]> {
    let operations = keys.next_multiple_of(BATCH).min(OPERATIONS_MAX);
    let round = |round: usize| {
        let random = |_| data::key(rng.below(keys as u64) as usize);
        let wanted: Vec<Key> = (0..operations).map(random).collect();
        let mut ns = [0.0; 7];
        for turn in 0..rows.len() {
            let row = (round + turn) % rows.len();
            let span = time(|| (rows[row].1)(all, &wanted));
            ns[row] = span.cpu.as_nanos() as f64 / operations as f64;
        }
        ns
    };
    (0..ROUNDS).map(round).collect()
}

fn table(title: &str, rows: &Rows, rounds: &[[f64; 7]]) -> Table {
    let columns = ["median", "min", "max", "x dependent", "x independent"];
    let mut table = Table::new(title, &columns);
    for (row, (name, _)) in rows.iter().enumerate() {
        let ns = || rounds.iter().map(|round| round[row]);
        let (min, max) = (ns().fold(f64::MAX, f64::min), ns().fold(0.0, f64::max));
        let mut cells: Vec<String> = [median(ns()), min, max].map(number).to_vec();
        cells.extend([0, 1].map(|base| format!("{:.2}", ratio(rounds, row, base))));
        table.row(*name, cells);
    }
    table
}

fn ratio(rounds: &[[f64; 7]], row: usize, base: usize) -> f64 {
    median(rounds.iter().map(|round| round[row] / round[base]))
}

fn targets(keys: usize, gets: &[[f64; 7]]) -> Vec<Target> {
    let single = ratio(gets, DEPENDENT, MAP_DEPENDENT);
    let faster = 1.0 / ratio(gets, BATCHED, MAP_DEPENDENT);
    let measured = |value| format!("{value:.2} x");
    vec![
        Target {
            what: format!("GET, dependent, of {keys} keys: time beside hashbrown's"),
            goal: "<= 1 x".into(),
            measured: measured(single),
            verdict: (single <= 1.0).into(),
        },
        Target {
            what: format!("GET in batches, of {keys} keys: faster than hashbrown, dependent"),
            goal: ">= 3 x".into(),
            measured: measured(faster),
            verdict: (faster >= 3.0).into(),
        },
    ]
}

/// Runs an operation that gives a byte which is always 0, and hides that from the processor.
fn dependent(keys: &[Key], mut operation: impl FnMut(&Key) -> u8) {
    let mut zero = 0;
    for at in 0..keys.len() {
        zero = operation(&keys[at ^ usize::from(zero)]);
    }
}

fn independent(keys: &[Key], mut operation: impl FnMut(&Key) -> u8) {
    for key in keys {
        black_box(operation(key));
    }
}

/// All that hold the same data.
struct Contestants {
    map: Map,
    keyspace: Keyspace,
    hasher: KeyHasher,
    kernel: Served,
    gets: Requests,
    sets: Requests,
    /// What is written.
    text: Text,
}

impl Contestants {
    fn filled(keys: usize) -> Self {
        Self {
            map: filled_map(keys, |_| ()),
            keyspace: filled_keyspace(keys, |_| None),
            hasher: data::hasher(),
            kernel: Served::filled(keys),
            gets: Requests::new("GET", b""),
            sets: Requests::new("SET", &data::text(0)),
            text: data::text(0),
        }
    }

    fn map_get(&self, key: &Key) -> u8 {
        let (value, ()) = self.map.get(&key[..]).expect("every key is there");
        touch(value)
    }

    fn map_set(&mut self, key: &Key) -> u8 {
        let (value, ()) = self.map.get_mut(&key[..]).expect("every key is there");
        let last = touch(value);
        value.copy_from_slice(&self.text);
        last
    }

    fn get(&self, key: &Key) -> u8 {
        let place = self.keyspace.find(self.hasher.hash(key), key);
        touch_entry(self.keyspace.entry(place.expect("every key is there")))
    }

    fn set(&mut self, key: &Key) -> u8 {
        self.set_hashed(self.hasher.hash(key), key)
    }

    fn set_hashed(&mut self, hash: u64, key: &Key) -> u8 {
        let place = self.keyspace.find(hash, key).expect("every key is there");
        let last = touch_entry(self.keyspace.entry(place));
        put(&mut self.keyspace, hash, key, Some(place), &self.text, None);
        last
    }

    fn get_batches(&self, keys: &[Key]) {
        for keys in keys.chunks(BATCH) {
            let hashes = self.stage(keys);
            for (key, hash) in keys.iter().zip(hashes) {
                let place = self.keyspace.find(hash, key).expect("every key is there");
                black_box(touch_entry(self.keyspace.entry(place)));
            }
        }
    }

    fn set_batches(&mut self, keys: &[Key]) {
        for keys in keys.chunks(BATCH) {
            let hashes = self.stage(keys);
            for (key, hash) in keys.iter().zip(hashes) {
                black_box(self.set_hashed(hash, key));
            }
        }
    }

    /// The hashes of some keys, whose entries are on their way afterwards.
    fn stage(&self, keys: &[Key]) -> [u64; BATCH] {
        let mut hashes = [0; BATCH];
        for (hash, key) in hashes.iter_mut().zip(keys) {
            *hash = self.hasher.hash(key);
            self.keyspace.prefetch_table(*hash);
        }
        hashes[..keys.len()].iter().for_each(|&hash| self.keyspace.prefetch_entry(hash));
        hashes
    }
}

/// Reads a value's first byte and its last, and gives the last.
fn touch(value: &[u8]) -> u8 {
    black_box(value[0]);
    black_box(value[value.len() - 1])
}

fn touch_entry(entry: Entry<'_>) -> u8 {
    match entry.value() {
        ValueRef::String(StrRef::Bytes { bytes, .. }) => touch(bytes),
        other => panic!("{other:?} is not what was stored"),
    }
}

/// A kernel with one session.
struct Served {
    kernel: Kernel,
    session: Session,
    now: Now,
}

impl Served {
    fn filled(keys: usize) -> Self {
        let now = Now { mono_us: 0, unix_us: 1_700_000_000_000_000 };
        let kernel = Kernel::new(Config::default(), 1, 1, Box::new(NoHost::default()), now);
        let session = kernel.open_session(Peer::default(), now).expect("it is the first");
        let mut served = Self { kernel, session, now };
        for number in 0..keys {
            let mut request = Requests::new("SET", &data::text(number));
            served.run(&mut request, &[data::key(number)], 1);
        }
        served
    }

    /// Runs a request for each key, so many in a batch.
    fn run(&mut self, requests: &mut Requests, keys: &[Key], batch_len: usize) {
        for keys in keys.chunks(batch_len) {
            requests.name(keys);
            let mut batch = self.kernel.batch(self.now);
            if batch_len == 1 {
                let flow = batch.execute(&mut self.session, requests.args(0), &mut Nowhere);
                assert_eq!(flow, Flow::Continue);
                continue;
            }
            let mut prepared: [_; BATCH] = std::array::from_fn(|at| {
                (at < keys.len())
                    .then(|| batch.prepare(&self.session, at as u64, requests.args(at)))
            });
            batch.prefetch(&mut prepared[..keys.len()], |prepared| {
                prepared.as_mut().expect("one for each key")
            });
            for (at, prepared) in prepared.iter().flatten().enumerate() {
                let args = requests.args(at);
                let session = &mut self.session;
                let flow = batch.execute_prepared(prepared, session, args, &mut Nowhere);
                assert_eq!(flow, Flow::Continue);
            }
        }
    }
}

/// The buffers of some requests that differ in their keys only.
struct Requests {
    buffers: [Vec<u8>; BATCH],
    spans: Vec<Span>,
}

/// Where the key begins: behind the name of the command.
const KEY_AT: usize = 3;

impl Requests {
    /// Requests of this command, with this argument behind the key if it is not empty.
    fn new(command: &str, value: &[u8]) -> Self {
        let key = data::key(0);
        let buffer = [command.as_bytes(), &key, value].concat();
        let mut spans = vec![Span::new(0, KEY_AT), Span::new(KEY_AT, key.len())];
        spans.extend((!value.is_empty()).then(|| Span::new(KEY_AT + key.len(), value.len())));
        Self { buffers: std::array::from_fn(|_| buffer.clone()), spans }
    }

    fn name(&mut self, keys: &[Key]) {
        for (buffer, key) in self.buffers.iter_mut().zip(keys) {
            buffer[KEY_AT..][..key.len()].copy_from_slice(key);
        }
    }

    fn args(&self, at: usize) -> Args<'_> {
        Args::new(&self.buffers[at], &self.spans)
    }
}

/// Reads what is replied and forgets it. What is not expected is a bug of the benchmark.
struct Nowhere;

impl Reply for Nowhere {
    fn simple(&mut self, status: &str) {
        black_box(status);
    }

    fn bulk(&mut self, bytes: &[u8]) {
        touch(bytes);
    }

    fn int(&mut self, value: i64) {
        panic!("an integer: {value}");
    }

    fn double(&mut self, value: f64) {
        panic!("a double: {value}");
    }

    fn boolean(&mut self, value: bool) {
        panic!("a boolean: {value}");
    }

    fn null(&mut self) {
        panic!("a key is missing");
    }

    fn null_array(&mut self) {
        panic!("a null array");
    }

    fn verbatim(&mut self, text: &[u8]) {
        panic!("text: {text:?}");
    }

    fn array(&mut self, len: usize) {
        panic!("an array of {len}");
    }

    fn map(&mut self, len: usize) {
        panic!("a map of {len}");
    }

    fn set(&mut self, len: usize) {
        panic!("a set of {len}");
    }

    fn push(&mut self, _len: usize) {}
    fn error(&mut self, error: &Error) {
        panic!("{}", String::from_utf8_lossy(&error.message()));
    }

    fn protocol(&self) -> Protocol {
        Protocol::V2
    }

    fn switch_protocol(&mut self, _protocol: Protocol) -> bool {
        false
    }
}
