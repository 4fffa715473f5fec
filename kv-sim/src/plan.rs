//! A seed's workload, as data: what each client sends, how its bytes are cut, when it waits, and
//! where connections break. Each seed switches kinds of commands and of trouble on and off, since a
//! run that does a little of everything reaches the corners of nothing (swarm testing: Groce and
//! others, 2012).

macro_rules! words {
    ($($word:expr),* $(,)?) => { vec![$(Bytes::from($word)),*] };
}

mod bitmaps;
mod conditions;
mod dialects;
mod faults;
mod geo;
mod hashes;
mod scenes;
mod sessions;
mod sets;
mod sorted_sets;
mod streams;
mod text;
mod values;

pub use faults::{AudienceLimits, ClockFault, ClockFaultKind, Deafness};

use crate::EPOCH_US;
use crate::model::Bytes;
use crate::wire;
use kv_core::keyspace::{PageSize, SegmentSize, Sizes};
use kv_core::rng::Rng;
use kv_core::value;
use kv_proto::dialect::Dialect;
use kv_proto::server::Pace;
use scenes::Scene;
use serde::{Deserialize, Serialize};
use sorted_sets::sorted_sets;
use std::collections::{BTreeSet, VecDeque};

/// A run's workload and settings. [`Plan::to_text`] shows it, [`Plan::from_text`] reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// What it was made from, and what chance in a run depends on.
    #[serde(with = "text::seed")]
    pub seed: u64,
    /// Where it runs.
    pub tier: Tier,
    /// Shards of the store: a power of two.
    pub shards: usize,
    /// Servers over the store, among which clients are dealt out. For the swarm tier only.
    pub servers: usize,
    /// How large the parts of the store are. Tiny ones split, merge and move all the time.
    #[serde(with = "text::sizes")]
    pub sizes: Sizes,
    /// How the server divides its time between requests and what else is due.
    #[serde(with = "text::PaceForm")]
    pub pace: Pace,
    /// How long a server is busy with what it has done, at most, in microseconds: what comes
    /// meanwhile waits, and its timers are late. For the swarm tier only.
    pub busy_us: u64,
    /// After how many executions the store's invariants are checked.
    pub check_every: u64,
    /// How much memory the data may take, if there is a limit. For the swarm tier only.
    pub memory: Option<MemoryLimit>,
    /// How the keys go that are left when the clients are done. For the swarm tier only.
    pub ending: Ending,
    /// How large the pieces are in which buffers are passed on, in bytes.
    pub buffer_max: usize,
    /// How many deliveries there are, at most, between two executions at the same instant.
    pub batch_max: u64,
    /// How slow clients are to take replies: the chance of waiting, in 256ths.
    pub laziness: u64,
    /// With more unsent bytes of replies than this, the server lets a connection pause. Unlimited
    /// if nothing is said. For the swarm tier only.
    pub output_soft_max: Option<usize>,
    /// How much may wait to be sent to a subscriber.
    pub audience: Option<AudienceLimits>,
    /// How many clients the server accepts at once. For the swarm tier only.
    pub clients_max: Option<usize>,
    /// What happens to the server's clocks, in order.
    pub clock_faults: Vec<ClockFault>,
    /// When clients take nothing.
    pub deafness: Vec<Deafness>,
    /// Whether somebody listens to what keys expire and are evicted. For the swarm tier only.
    pub listens: bool,
    /// What happens in the background of the simulated network.
    pub network: Network,
    /// The clients.
    #[serde(rename = "clients")]
    pub scripts: Vec<Script>,
}

impl Default for Plan {
    /// Nobody does anything, with the settings of a server as it comes.
    fn default() -> Self {
        Self {
            seed: 1,
            tier: Tier::Swarm,
            shards: 1,
            servers: 1,
            sizes: Sizes::default(),
            pace: Pace::default(),
            busy_us: 0,
            check_every: 1,
            memory: None,
            ending: Ending::Flush,
            buffer_max: 65_536,
            batch_max: 1,
            laziness: 0,
            output_soft_max: None,
            audience: None,
            clients_max: None,
            clock_faults: Vec::new(),
            deafness: Vec::new(),
            listens: false,
            network: Network::default(),
            scripts: Vec::new(),
        }
    }
}

/// A simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A bare event loop: [`crate::swarm`].
    #[default]
    Swarm,
    /// A simulated network: [`crate::net`].
    Turmoil,
}

impl Tier {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Swarm => "swarm",
            Tier::Turmoil => "turmoil",
        }
    }
}

/// A limit for the memory of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryLimit {
    /// `maxmemory`, in bytes.
    pub bytes: usize,
    /// `maxmemory-policy`
    pub policy: &'static str,
}

impl MemoryLimit {
    /// Whether keys are removed to make room. Otherwise writes are refused.
    pub fn evicts(self) -> bool {
        self.policy != "noeviction"
    }

    /// Whether some keys are removed rather than others because of their use or their deadlines.
    pub fn has_preferences(self) -> bool {
        !self.policy.ends_with("-random") && self.evicts()
    }

    /// Whether keys without a deadline stay whatever happens.
    pub fn spares_lasting_keys(self) -> bool {
        !self.policy.starts_with("allkeys-")
    }
}

/// How the last keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// FLUSHALL takes all of them at once.
    Flush,
    /// They are deleted, some at a time.
    Delete,
    /// They expire within a moment.
    Expire,
}

/// What one client does. In the end it says that it will send no more, and waits for the server to
/// close.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// What it speaks. For the swarm tier only.
    #[serde(with = "text::dialect", skip_serializing_if = "text::is_default")]
    pub dialect: Dialect,
    /// How its bytes are cut.
    #[serde(skip_serializing_if = "text::is_default")]
    pub chunking: Chunking,
    /// How long it waits between pieces, at most, in microseconds.
    #[serde(skip_serializing_if = "text::is_default")]
    pub pause_max_us: u64,
    /// What it sends, step by step.
    pub steps: Vec<Step>,
}

impl Script {
    /// The step of this number, of which the one after all others is the end.
    pub fn step(&self, number: usize) -> Option<&Step> {
        const END: &Step = &Step { wait_us: 0, requests: Vec::new(), then: Then::End };
        if number == self.steps.len() { Some(END) } else { self.steps.get(number) }
    }
}

/// Requests that are sent without waiting for replies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// Time before it, in microseconds.
    #[serde(skip_serializing_if = "text::is_default")]
    pub wait_us: u64,
    /// The requests.
    #[serde(skip_serializing_if = "text::is_default")]
    pub requests: Vec<Request>,
    /// What comes after.
    #[serde(skip_serializing_if = "text::is_default")]
    pub then: Then,
}

/// One thing to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// These words, of which [`PAYLOAD`], [`DIGEST`] and [`CURSOR`] stand for what the server told
    /// this client last.
    Words(Vec<Bytes>),
    /// These bytes, whatever they mean.
    Bytes(Bytes),
}

impl Request {
    /// The words of a request, unless it is none.
    pub fn words(&self) -> Option<Vec<Bytes>> {
        match self {
            Self::Words(words) => Some(words.clone()),
            Self::Bytes(bytes) => match wire::parse_request(bytes) {
                wire::Request::Arguments(words, len) if len == bytes.len() => Some(words),
                _ => None,
            },
        }
    }
}

/// In a request's words: what DUMP gave last.
pub const PAYLOAD: &[u8] = b"<payload>";
/// In a request's words: what DIGEST gave last.
pub const DIGEST: &[u8] = b"<digest>";
/// In a request's words: where the last SCAN ended.
pub const CURSOR: &[u8] = b"<cursor>";

/// What a client does after it sent a step's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It waits for all replies.
    #[default]
    Await,
    /// It waits for all replies, but for no longer than so many microseconds: then it breaks the
    /// connection, and connects again.
    #[serde(rename = "await_for_us")]
    AwaitFor(u64),
    /// It goes on at once.
    GoOn,
    /// It says that it will send no more, waits for the replies, and connects again.
    End,
    /// It breaks the connection before the last bytes of the step, so many 256ths of them, and
    /// connects again.
    #[serde(rename = "break_after_256ths")]
    Break(u64),
}

/// How a client's bytes are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chunking {
    /// A step at a time.
    #[default]
    Whole,
    /// Pieces of up to so many bytes.
    Pieces(u64),
    /// Byte by byte.
    Single,
}

/// The simulated network's behaviour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The least and the most time a segment takes, in milliseconds.
    #[serde(skip_serializing_if = "text::is_default")]
    pub latency_ms: (u64, u64),
    /// What happens when, in order.
    #[serde(skip_serializing_if = "text::is_default")]
    pub faults: Vec<Fault>,
}

/// A fault that hits a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins, in milliseconds since the start.
    pub at_ms: u64,
    /// How long it lasts, in milliseconds.
    pub lasts_ms: u64,
    /// Which client, by position.
    pub client: usize,
    /// What it is.
    pub kind: FaultKind,
}

/// What can happen to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing arrives, in either direction, until it is over.
    Hold,
    /// Its host crashes, and starts again when it is over.
    Crash,
    /// What it and the server send each other is lost.
    Partition,
    /// What it sends is lost.
    PartitionToServer,
    /// What it is sent is lost.
    PartitionToClient,
    /// Its connection is reset.
    Reset,
    /// The server's host crashes, and starts again when it is over, without any data.
    ServerCrash,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Hold,
        Self::Crash,
        Self::Partition,
        Self::PartitionToServer,
        Self::PartitionToClient,
        Self::Reset,
        Self::ServerCrash,
    ];

    /// Whether it loses what was sent without anybody being told: connections may hang for ever.
    pub(crate) fn loses_segments(self) -> bool {
        matches!(self, Self::Partition | Self::PartitionToServer | Self::PartitionToClient)
    }
}

/// What a seed switches on.
#[derive(Clone, Debug)]
struct Features {
    /// The kinds of commands, each as often as it stands here.
    kinds: Vec<Kind>,
    /// How the keys begin that hold something, each for values of one type. If there are none, a key
    /// holds now this and now that.
    homes: Vec<&'static str>,
    scenes: Vec<Scene>,
    keys: u64,
    databases: u64,
    /// Times of many new keys and times of many deletions take turns.
    tides: bool,
    long_lists: bool,
    inline: bool,
    resp3: bool,
    junk: bool,
    garbage: bool,
    /// How often connections end or break, in 64ths of the steps.
    breaks: u64,
    large_values: bool,
    /// Values and fields are few, so that the same come again and again.
    narrow: bool,
    time: bool,
    depth_max: u64,
    /// It is about what sessions do to each other.
    sessions: bool,
    /// There are transactions, in which every request has exactly one reply.
    transactions: bool,
    /// Clients cache what they read. Of what they are told, the limits of subscribers are not known.
    caches: bool,
}

/// A generator of one kind of command.
type Make = fn(&mut Maker<'_>) -> Vec<Bytes>;

/// A generator, and the home of the keys that it is about; none if it is about all of them.
type Kind = (Make, &'static str);

const KINDS: &[Kind] = &[
    (strings, "k"),
    (ranges, "k"),
    (options, "k"),
    (counters, "k"),
    (floats, "k"),
    (lists, "l"),
    (sets::sets, "s"),
    (hashes::hashes, "h"),
    (hashes::field_deadlines, "h"),
    (streams::streams, "x"),
    (streams::groups, "x"),
    (deadlines, ""),
    (crowds, "k"),
    (keyspace, ""),
    (databases, ""),
    (inspection, ""),
    (conditions::conditions, "k"),
    (values::dumps, ""),
    (values::sorts, ""),
    (geo::places, "z"),
    (bitmaps::bitmaps, "k"),
    (bitmaps::sketches, "k"),
    (sorted_sets, "z"),
    (sorted_sets::ranges_of_members, "z"),
    (talk, ""),
];

/// How many keys a home has at most that collections live in: it takes several requests until
/// something is to be seen there.
const COLLECTIONS_MAX: u64 = 6;

/// What memory-bound plans do at least: fill the memory, and ask what has one right answer.
const HUNGRY_KINDS: &[Make] = &[
    strings,
    strings,
    options,
    lists,
    deadlines,
    keyspace,
    sorted_sets,
    talk,
    sessions::blocks,
    sessions::blocks,
    sessions::blocks,
];

const POLICIES: &[&str] = &[
    "noeviction",
    "noeviction",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
];

/// How keys begin that only some commands may be about: only numbers that are exact in binary may
/// be added up, only members of equal scores have an order, and
/// how sketches look as strings is the server's affair.
const SPECIAL_KEYS: &[&[u8]] = &[b"f:", b"hf:", b"zl:", b"pf:"];

/// Makes one client's script.
struct Maker<'a> {
    rng: Rng,
    features: &'a Features,
    /// About when the step will run, in microseconds since the start.
    elapsed_us: u64,
    /// Keys go rather than come.
    is_ebb: bool,
    /// The home of the keys that the request is about which it makes.
    home: &'static str,
    /// The steps of a scene that come next.
    ahead: VecDeque<Step>,
}

impl Plan {
    /// The plan that `seed` means, with about `commands` commands if a number is given.
    pub fn new(seed: u64, commands: Option<usize>) -> Plan {
        let mut rng = Rng::derive(seed, 0x706c_616e, 0);
        let commands =
            commands.unwrap_or_else(|| pick(&mut rng, &[60, 200, 200, 200, 600, 600, 60, 2000]));
        let memory = one_in(&mut rng, 7).then(|| MemoryLimit::new(&mut rng));
        let features = Features::new(&mut rng, memory);
        let clients = if features.sessions { 2 } else { 1 } + rng.below(6) as usize;
        let share = commands.div_ceil(clients);
        let mut trouble = Rng::derive(seed, 0x6661_756c, 0);
        let script = |client: usize| {
            let rng = Rng::derive(seed, 0x7363_7269, client as u64);
            Maker {
                rng,
                features: &features,
                elapsed_us: 0,
                is_ebb: false,
                home: "",
                ahead: VecDeque::new(),
            }
            .script(share)
        };
        Plan {
            seed,
            tier: Tier::Swarm,
            servers: pick(&mut rng, &[1, 1, 2, 3]),
            shards: if memory.is_some() { pick(&mut rng, &[1, 4]) } else { shards(&mut rng) },
            sizes: sizes(&mut rng),
            pace: pace(&mut rng),
            busy_us: pick(&mut trouble, &[0, 0, 20, 1500, 30_000]),
            check_every: pick(&mut rng, &[1, 7, 40, 1000]),
            memory,
            ending: pick(&mut rng, &[Ending::Flush, Ending::Delete, Ending::Expire]),
            buffer_max: pick(&mut rng, features.piece_sizes()),
            batch_max: pick(&mut rng, &[1, 2, 16, 64]),
            laziness: pick(&mut rng, &[0, 0, 100, 240]),
            output_soft_max: pick(&mut rng, features.output_limits()),
            audience: faults::audience_limits(&mut trouble, &features),
            clients_max: pick(&mut rng, &[None, None, None, Some(1), Some(clients / 2 + 1)]),
            clock_faults: faults::clock_faults(&mut trouble),
            deafness: faults::deafness(&mut trouble, clients),
            network: Network::new(&mut rng, &mut trouble, clients),
            // Where clients ask who listens, they would be told of one more.
            listens: one_in(&mut rng, 3) && !features.sessions,
            scripts: dialects::mix(seed, memory.is_some(), (0..clients).map(script).collect()),
        }
    }
}

fn shards(rng: &mut Rng) -> usize {
    pick(rng, &[1, 1, 4, 16])
}

fn sizes(rng: &mut Rng) -> Sizes {
    let (tiny, usual) = (SegmentSize::TINY, SegmentSize::DEFAULT);
    Sizes {
        segment: pick(rng, &[tiny, tiny, usual]),
        page: pick(rng, &[PageSize::TINY, PageSize::TINY, PageSize::DEFAULT]),
        value: pick(rng, &[value::Sizes::TINY, value::Sizes::TINY, value::Sizes::DEFAULT]),
    }
}

fn pace(rng: &mut Rng) -> Pace {
    if one_in(rng, 2) {
        return Pace::default();
    }
    let interval_us = pick(rng, &[0, 1, 10, 250, 1000, 5000, 20_000]);
    Pace { interval_us, budget: 1 + rng.below(20) as usize }
}

impl MemoryLimit {
    fn new(rng: &mut Rng) -> MemoryLimit {
        let bytes = pick(rng, &[30_000, 60_000, 150_000, 500_000]);
        MemoryLimit { bytes, policy: pick(rng, POLICIES) }
    }
}

impl Network {
    fn new(rng: &mut Rng, trouble: &mut Rng, clients: usize) -> Network {
        let count = pick(rng, &[0, 0, 1, 2, 5]);
        let mut faults: Vec<Fault> = (0..count).map(|_| Fault::new(rng, clients)).collect();
        faults.extend(faults::network_faults(trouble, clients));
        faults.sort_by_key(|fault| fault.at_ms);
        Network { latency_ms: pick(rng, &[(0, 0), (1, 3), (0, 50), (1, 300)]), faults }
    }
}

impl Fault {
    fn new(rng: &mut Rng, clients: usize) -> Fault {
        Fault {
            at_ms: rng.below(1500),
            lasts_ms: pick(rng, &[1, 20, 300, 2000]),
            client: rng.below(clients as u64) as usize,
            kind: pick(rng, &[FaultKind::Hold, FaultKind::Crash]),
        }
    }
}

impl Features {
    fn new(rng: &mut Rng, memory: Option<MemoryLimit>) -> Features {
        let mut kinds = if one_in(rng, 2) { few_kinds(rng) } else { many_kinds(rng) };
        if memory.is_some() {
            kinds = HUNGRY_KINDS.iter().map(|&make| (make, "")).collect();
        } else if kinds.is_empty() {
            kinds.extend([(strings as Make, "k"), (deadlines, "")]);
        }
        if memory.is_none() && one_in(rng, 3) {
            let is_of_caches = one_in(rng, 5);
            let features = Self::of_sessions(rng);
            return if is_of_caches { features.with_caches() } else { features };
        }
        let mut sometimes = |chance| rng.below(256) < chance;
        let (inline, resp3, junk) = (sometimes(60), sometimes(120), sometimes(150));
        let (garbage, time, tides) = (sometimes(60), sometimes(160), sometimes(100));
        let (large_values, long_lists, narrow) = (sometimes(50), sometimes(50), sometimes(100));
        let many: &[u64] = &[60, 300, 1000];
        let keys: &[u64] = &[1, 2, 4, 12, 12, 60, 300, 3000];
        let has_homes = memory.is_none() && !one_in(rng, 4);
        let homes = if has_homes { homes(&kinds) } else { Vec::new() };
        let scenes = some_scenes(rng, &homes);
        Features {
            kinds,
            homes,
            scenes,
            keys: pick(rng, if memory.is_some() { many } else { keys }),
            databases: if memory.is_some() { 2 } else { pick(rng, &[1, 2, 16]) },
            tides: tides || memory.is_some(),
            long_lists,
            inline,
            resp3,
            junk,
            garbage,
            breaks: pick(rng, &[0, 0, 0, 0, 2, 20]),
            large_values,
            narrow,
            time,
            depth_max: pick(rng, &[1, 1, 4, 50]),
            sessions: false,
            transactions: false,
            caches: false,
        }
    }

    /// All about what sessions do to each other. Nobody asks what the model cannot know, since
    /// messages stand between the replies.
    fn of_sessions(rng: &mut Rng) -> Features {
        let mut kinds: Vec<Make> = vec![sessions::waiting, sessions::arrivals];
        for &kind in sessions::KINDS {
            (0..pick(rng, &[0, 1, 1, 3])).for_each(|_| kinds.push(kind));
        }
        let transactions = one_in(rng, 2);
        let (more, scenes) = if transactions {
            ([sessions::transactions as Make, sessions::watched], scenes::OF_TRANSACTIONS)
        } else {
            ([sessions::channels as Make, sessions::floods], scenes::OF_CHANNELS)
        };
        kinds.extend(more);
        kinds.extend(one_in(rng, 3).then_some(sessions::pauses as Make));
        Features {
            kinds: kinds.into_iter().map(|make| (make, "")).collect(),
            homes: Vec::new(),
            scenes: scenes.to_vec(),
            keys: 1,
            databases: 1,
            tides: false,
            long_lists: false,
            inline: one_in(rng, 4),
            resp3: false,
            junk: false,
            garbage: false,
            breaks: pick(rng, &[0, 0, 2, 10]),
            large_values: false,
            narrow: false,
            time: one_in(rng, 2),
            depth_max: pick(rng, &[1, 1, 4, 20]),
            sessions: true,
            transactions,
            caches: false,
        }
    }

    /// All about clients that cache, and what they are told.
    fn with_caches(self) -> Features {
        let kinds =
            [sessions::cached as Make, sessions::cached, sessions::cached, sessions::blocks];
        let kinds = kinds.into_iter().chain([sessions::caches as Make]);
        Features {
            kinds: kinds.map(|make| (make, "")).collect(),
            scenes: scenes::OF_CACHES.to_vec(),
            caches: true,
            transactions: true,
            ..self
        }
    }

    /// Where messages stand between the replies, it is not known how many bytes are unsent.
    fn output_limits(&self) -> &'static [Option<usize>] {
        if self.sessions { &[None] } else { &[None, None, None, Some(1), Some(100), Some(5000)] }
    }
}

/// About half of all kinds, some of them often.
fn many_kinds(rng: &mut Rng) -> Vec<Kind> {
    let often = KINDS.iter().map(|&kind| (kind, pick(rng, &[0, 0, 1, 1, 4])));
    often.flat_map(|(kind, count)| std::iter::repeat_n(kind, count)).collect()
}

/// So few that requests of one kind meet what others of it have done.
fn few_kinds(rng: &mut Rng) -> Vec<Kind> {
    (0..1 + rng.below(4)).map(|_| pick(rng, KINDS)).collect()
}

/// The homes of the keys that these kinds of commands are about.
fn homes(kinds: &[Kind]) -> Vec<&'static str> {
    let homes: BTreeSet<_> = kinds.iter().map(|&(_, home)| home).collect();
    homes.into_iter().filter(|home| !home.is_empty()).collect()
}

/// Of the scenes about such keys, some or none.
fn some_scenes(rng: &mut Rng, homes: &[&str]) -> Vec<Scene> {
    if one_in(rng, 3) {
        return Vec::new();
    }
    let scenes = scenes::OF_DATA.iter().filter(|(_, home)| homes.contains(home));
    scenes.map(|&(scene, _)| scene).collect()
}

impl Features {
    /// Whether there are requests or replies too long to go byte by byte in reasonable time.
    fn is_large(&self) -> bool {
        self.large_values || self.long_lists || self.keys > 100
    }

    fn piece_sizes(&self) -> &'static [usize] {
        if self.is_large() { &[1000, 4096, 65_536] } else { &[1, 7, 100, 65_536] }
    }
}

fn one_in(rng: &mut Rng, count: u64) -> bool {
    rng.below(count) == 0
}

/// One of `choices`.
fn pick<T: Clone>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len() as u64) as usize].clone()
}

impl Plan {
    /// How much happens: requests, steps without any, and faults.
    pub fn actions(&self) -> usize {
        let steps = self.scripts.iter().flat_map(|script| &script.steps);
        let sent: usize = steps.map(|step| step.requests.len().max(1)).sum();
        sent + if self.tier == Tier::Turmoil { self.network.faults.len() } else { 0 }
    }
}

/// Whether the model knows no more of a command than is sent.
fn is_whole(args: &[Bytes]) -> bool {
    let name = args[0].to_ascii_uppercase();
    [&b"OBJECT"[..], b"MEMORY", b"GEOADD", b"CLIENT"].contains(&&name[..]) || name.starts_with(b"X")
}

/// Whether the model may be asked about a request that lacks words of this one.
pub(crate) fn may_lack_words(args: &[Bytes]) -> bool {
    let name = args[0].to_ascii_uppercase();
    let is_special = |key: &Bytes| SPECIAL_KEYS.iter().any(|prefix| key.starts_with(prefix));
    !is_whole(args) && name != b"LCS" && !name.starts_with(b"SORT") && !args.iter().any(is_special)
}

/// How often the tide turns in a script, and once more.
const TIDES: usize = 6;

impl Maker<'_> {
    fn script(mut self, commands: usize) -> Script {
        let mut steps = Vec::new();
        if self.features.sessions && self.one_in(2) {
            let requests = vec![Request::Bytes(b"HELLO 3\r\n".into())];
            steps.push(Step { wait_us: 0, requests, then: Then::GoOn });
        }
        let mut made = 0;
        while made < commands {
            self.is_ebb = self.features.tides && made * TIDES / commands % 2 == 1;
            let step = self.ahead.pop_front().unwrap_or_else(|| self.step());
            made += step.requests.len();
            steps.push(step);
            if self.ahead.is_empty() && !self.features.scenes.is_empty() && self.one_in(6) {
                self.ahead = self.scene().into();
            }
        }
        let (chunking, pause_max_us) = (self.chunking(), self.pick(&[0, 0, 3, 2000]));
        Script { chunking, pause_max_us, steps, ..Script::default() }
    }

    fn chunking(&mut self) -> Chunking {
        let is_large = self.features.is_large();
        let sizes = if is_large { [100, 1000, 3000, 20_000] } else { [2, 5, 20, 500] };
        let pieces = Chunking::Pieces(self.pick(&sizes));
        let small = if is_large { pieces } else { Chunking::Single };
        self.pick(&[Chunking::Whole, pieces, pieces, small])
    }

    fn step(&mut self) -> Step {
        let wait_us = if self.features.time {
            self.pick(&[0, 0, 0, 1000, 1000, 2000, 5000, 10_000, 100_000, 3_000_000])
        } else {
            0
        };
        self.elapsed_us += wait_us;
        let depth = 1 + self.rng.below(self.features.depth_max);
        let requests = (0..depth).map(|_| self.request()).collect();
        Step { wait_us, requests, then: self.then() }
    }

    fn then(&mut self) -> Then {
        match self.rng.below(64) {
            draw if draw < self.features.breaks / 2 => Then::End,
            draw if draw < self.features.breaks => Then::Break(self.rng.below(257)),
            56.. => Then::GoOn,
            _ if self.features.sessions && self.one_in(4) => Then::GoOn,
            _ if self.features.sessions => {
                Then::AwaitFor(self.pick(&[1000, 20_000, 100_000, 1_000_000, 5_000_000]))
            }
            _ => Then::Await,
        }
    }

    fn request(&mut self) -> Request {
        if self.features.garbage && self.one_in(60) {
            return Request::Bytes(self.garbage());
        }
        if let Some(args) = self.many_keys() {
            return Request::Words(args);
        }
        if !self.features.sessions && self.one_in(25) {
            let count = self.pick(&["1", "2", "10", "100", "1000"]);
            return Request::Words(words!["SCAN", CURSOR, "COUNT", count]);
        }
        let args = self.command();
        self.sent(args)
    }

    /// A request in the form in which it is sent.
    fn sent(&mut self, args: Vec<Bytes>) -> Request {
        if args.iter().any(|word| word == PAYLOAD || word == DIGEST) {
            return Request::Words(args);
        }
        self.inline(&args).map_or(Request::Words(args), Request::Bytes)
    }

    fn command(&mut self) -> Vec<Bytes> {
        if self.is_ebb && self.one_in(2) {
            return words!["DEL", self.key(), self.key(), self.key()];
        }
        if self.features.resp3 && self.one_in(30) {
            return words!["HELLO", self.pick(&["2", "3", "3", "3"])];
        }
        let kinds = &self.features.kinds;
        let (make, home) = kinds[self.rng.below(kinds.len() as u64) as usize];
        self.home = home;
        let mut args = make(self);
        if self.features.junk && !is_whole(&args) && self.one_in(12) {
            self.spoil(&mut args);
        }
        if self.one_in(3) {
            args[0].make_ascii_lowercase();
        }
        args
    }

    /// Makes a request wrong, in all likelihood.
    fn spoil(&mut self, args: &mut Vec<Bytes>) {
        let at = self.rng.below(args.len() as u64) as usize;
        match self.rng.below(6) {
            0 => args.truncate(at.max(1)),
            1 => args.push(self.junk()),
            2 if args[0] != b"INCRBYFLOAT" && at > 1 => args[at] = self.junk(),
            3 => args[0] = self.pick(&["NOPE", "GETT", "G", "", "SETRANGEX"]).into(),
            4 => args[0] = [b'w'; 200].into(),
            _ => {}
        }
        // The longest common subsequence itself, or its parts, are beyond the model.
        if args[0] == b"LCS" && args.last().is_none_or(|last| last != b"LEN") {
            *args = words!["LCS"];
        }
        let is_special = |key: &Bytes| SPECIAL_KEYS.iter().any(|prefix| key.starts_with(prefix));
        if args.iter().skip(1).any(is_special) {
            *args = words!["GET", "f:1", "surplus"];
        }
    }

    fn junk(&mut self) -> Bytes {
        let junk = ["", "x", "-1", "0", "1.5", "9223372036854775807", "-9223372036854775808", "16"];
        let more = ["99999999999999999999", " 1", "01", "+1", "LEN", "NX", "GT", "EX", "\r\n", "0"];
        if self.one_in(2) { self.pick(&junk).into() } else { self.pick(&more).into() }
    }

    /// What no client should send: the server answers with an error and closes.
    fn garbage(&mut self) -> Bytes {
        let garbage: [&[u8]; 10] = [
            b"*x\r\n",
            b"*1\r\n+PING\r\n",
            b"*1\r\n$-1\r\n",
            b"*2\r\n$3\r\nGET\r\n$x\r\n",
            b"*99999999999\r\n",
            b"*1\r\n$99999999999\r\n",
            b"GET \"k1\r\n",
            b"GET 'k1'k2\r\n",
            // These two are harmless.
            b"*0\r\n",
            b"\r\n",
        ];
        self.pick(&garbage).into()
    }

    /// The request as one line, if this seed wants that.
    fn inline(&mut self, args: &[Bytes]) -> Option<Bytes> {
        if !self.features.inline || !self.one_in(3) || args.iter().any(|arg| arg.len() > 100) {
            return None;
        }
        let words: Vec<Bytes> = args.iter().map(|arg| self.quoted(arg)).collect();
        let end = self.pick(&["\r\n", "\n"]);
        Some([&words.join(&b' '), end.as_bytes()].concat())
    }

    /// A word of a line: in quotes of either kind, or without any where it needs none.
    fn quoted(&mut self, word: &[u8]) -> Bytes {
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\".contains(byte);
        let has_breaks = word.contains(&b'\n') || word.contains(&b'\\');
        match self.rng.below(3) {
            0 if !word.is_empty() && word.iter().all(is_plain) => word.to_vec(),
            1 if !has_breaks => {
                let escaped = word.iter().flat_map(|byte| match byte {
                    b'\'' => b"\\'".to_vec(),
                    &byte => vec![byte],
                });
                [b"'", &escaped.collect::<Bytes>()[..], b"'"].concat()
            }
            _ => {
                let inner: Bytes = word.iter().flat_map(|&byte| self.escaped(byte)).collect();
                [b"\"", &inner[..], b"\""].concat()
            }
        }
    }

    /// A byte within double quotes. Any may be escaped.
    fn escaped(&mut self, byte: u8) -> Bytes {
        let named = [(b'\n', b'n'), (b'\r', b'r'), (b'\t', b't'), (8, b'b'), (7, b'a')];
        let name = named.iter().find(|(meant, _)| *meant == byte).map(|&(_, name)| name);
        match name {
            Some(name) if self.one_in(2) => vec![b'\\', name],
            None if b"\"\\".contains(&byte) => vec![b'\\', byte],
            None if byte.is_ascii_graphic() && !self.one_in(12) => vec![byte],
            _ => format!("\\x{byte:02x}").into(),
        }
    }

    /// Enough keys for a keyspace to grow by several steps, or their end, now and then.
    fn many_keys(&mut self) -> Option<Vec<Bytes>> {
        let keys = self.features.keys;
        let rarity = if self.features.tides { 8 } else { 40 };
        if keys < 50 || !self.one_in(rarity) {
            return None;
        }
        let (first, count) = (self.rng.below(keys), 10 + self.rng.below(keys.min(400)));
        let numbers = first..(first + count).min(keys);
        let deletes = if self.features.tides { self.is_ebb } else { self.one_in(3) };
        if deletes {
            let keys = numbers.map(|number| format!("k{number}").into());
            return Some(words!["DEL"].into_iter().chain(keys).collect());
        }
        // Values of several lengths, so that cells of several sizes come and go.
        let step = self.pick(&[0, 1, 7]);
        let value = |number: u64| vec![b'm'; ((number * step) % 180) as usize];
        let len = numbers.end - numbers.start;
        let pairs = numbers.flat_map(|number| [format!("k{number}").into(), value(number)]);
        if !self.features.time || self.one_in(2) {
            return Some(words!["MSET"].into_iter().chain(pairs).collect());
        }
        // So many deadlines at one moment, and time to change some of them before it has come.
        let ttl_ms = self.pick(&["70", "100", "300", "5000"]);
        let args = words!["MSETEX", number(len)].into_iter().chain(pairs);
        Some(args.chain(words!["PX", ttl_ms]).collect())
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.rng.below(count) == 0
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        pick(&mut self.rng, choices)
    }

    fn key(&mut self) -> Bytes {
        self.key_of(self.home)
    }

    /// One of the keys of a home. Few are looked for at the wrong place.
    fn key_of(&mut self, home: &'static str) -> Bytes {
        let is_elsewhere = home.is_empty() || self.one_in(40);
        let home = match &self.features.homes[..] {
            [] => "k",
            homes if is_elsewhere => self.pick(homes),
            _ => home,
        };
        let most = if home == "k" { u64::MAX } else { COLLECTIONS_MAX };
        format!("{home}{}", self.rng.below(self.features.keys.min(most))).into()
    }

    /// One of so many numbers, or of very few.
    fn below_few(&mut self, count: u64) -> u64 {
        self.rng.below(if self.features.narrow { 3 } else { count })
    }

    /// One of a few keys, for what takes several requests to come about.
    fn busy_key(&mut self) -> Bytes {
        let home = if self.features.homes.is_empty() { "k" } else { self.home };
        format!("{home}{}", self.rng.below(self.features.keys.min(4))).into()
    }

    fn value(&mut self) -> Bytes {
        if self.features.narrow && !self.one_in(4) {
            return self.pick(&["a", "a", "b", "1"]).into();
        }
        match self.rng.below(12) {
            0 => Bytes::new(),
            1 => b"v".into(),
            2 => b"\r\n$5\r\n\0\xff".into(),
            3..6 => self.int(),
            6 if self.features.large_values => {
                let len = self.large_len();
                let byte = b'q' + self.rng.below(6) as u8;
                vec![byte; len]
            }
            7 => self.pick(&["1.5", "abcabc", "-0", "007", "9223372036854775807"]).into(),
            _ => {
                let len = self.rng.below(12) as usize;
                (0..len).map(|_| b'q' + self.rng.below(6) as u8).collect()
            }
        }
    }

    /// Lengths on both sides of where strings leave their cells, and of where cells get pages of
    /// their own.
    fn large_len(&mut self) -> usize {
        match self.rng.below(8) {
            0 => self.pick(&[15_360, 15_361, 16_383, 16_384, 20_000, 40_000, 510, 700]),
            1 => 14_000 + self.rng.below(3000) as usize,
            2 => self.rng.below(5000) as usize,
            _ => self.rng.below(400) as usize,
        }
    }

    fn int(&mut self) -> Bytes {
        let small = self.rng.below(40) as i64 - 20;
        let extreme = self.pick(&[i64::MAX, i64::MIN, i64::MAX - 5, 1 << 40]);
        if self.one_in(20) { extreme.to_string().into() } else { small.to_string().into() }
    }

    fn index(&mut self) -> Bytes {
        self.pick(&["0", "0", "1", "-1", "-1", "2", "-2", "5", "-100", "100"]).into()
    }

    /// An end of a list.
    fn side(&mut self) -> Bytes {
        self.pick(&["LEFT", "right", "RIGHT", "LEFT", "x"]).into()
    }

    fn database(&mut self) -> Bytes {
        self.rng.below(self.features.databases).to_string().into()
    }

    /// A time to live in milliseconds.
    fn ttl_ms(&mut self) -> i64 {
        self.pick(&[1, 1, 2, 5, 10, 10, 100, 1000, 100_000])
    }

    /// A time to live as an amount of this unit; a point in time if `absolute`.
    fn amount(&mut self, unit_ms: i64, absolute: bool) -> Bytes {
        if self.one_in(15) {
            return self.pick(&["0", "-1", "9223372036854775807", "x"]).into();
        }
        let start = if absolute { (EPOCH_US + self.elapsed_us) as i64 / 1000 } else { 0 };
        let late = if unit_ms == 1 { 0 } else { unit_ms - 1 };
        ((start + self.ttl_ms() + late) / unit_ms).to_string().into()
    }

    fn shuffle_of<const N: usize>(&mut self, choices: [Vec<Bytes>; N]) -> Vec<Bytes> {
        self.pick(&choices)
    }
}

fn number(number: u64) -> Bytes {
    number.to_string().into()
}

fn strings(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other, value) = (m.key(), m.key(), m.value());
    match m.rng.below(14) {
        0..3 => words!["SET", key, value],
        3..6 => words!["GET", key],
        6 => words!["GETDEL", key],
        7 => words!["GETSET", key, value],
        8 => words!["MGET", key, other, m.key()],
        9 => words!["MSET", key, value, other, m.value()],
        10 => words!["MSETNX", key, value, other, m.value()],
        11 => words!["SETNX", key, value],
        12 => words!["APPEND", key, value],
        _ => words!["STRLEN", key],
    }
}

fn ranges(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, value) = (m.key(), m.value());
    match m.rng.below(6) {
        0 => words!["SET", key, value],
        1 => words!["GETRANGE", key, m.index(), m.index()],
        2 => words!["SUBSTR", key, m.index(), m.index()],
        3 => words!["SETRANGE", key, m.index(), value],
        4 => words!["APPEND", key, value],
        // Quadratic.
        _ if m.features.large_values && !m.one_in(20) => words!["STRLEN", key],
        _ => words!["LCS", key, m.key(), "LEN"],
    }
}

fn options(m: &mut Maker<'_>) -> Vec<Bytes> {
    if m.one_in(3) {
        let mut args = words!["GETEX", m.key()];
        if m.one_in(3) {
            args.extend(words!["PERSIST"]);
        } else if m.one_in(2) {
            args.extend(expire_option(m));
        }
        return args;
    }
    let mut args = words!["SET", m.key(), m.value()];
    for _ in 0..m.rng.below(3) {
        match m.rng.below(5) {
            0 => args.extend(words!["NX"]),
            1 => args.extend(words!["XX"]),
            2 => args.extend(words!["GET"]),
            3 => args.extend(words!["keepttl"]),
            _ => args.extend(expire_option(m)),
        }
    }
    args
}

fn expire_option(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (word, unit_ms, absolute) =
        m.pick(&[("EX", 1000, false), ("PX", 1, false), ("EXAT", 1000, true), ("PXAT", 1, true)]);
    words![word, m.amount(unit_ms, absolute)]
}

fn counters(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(6) {
        0 => words!["INCR", key],
        1 => words!["DECR", key],
        2 => words!["INCRBY", key, m.int()],
        3 => words!["DECRBY", key, m.int()],
        4 => words!["SET", key, m.int()],
        _ => words!["GET", key],
    }
}

/// Numbers with fractions live under keys of their own, so that only numbers that are exact in
/// binary are ever added up.
fn floats(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = format!("f:{}", m.rng.below(3));
    let number = m.pick(&["0.25", "-0.5", "3", "-7.75", "10.5", "1000", "-250.25"]);
    match m.rng.below(9) {
        0..4 => words!["INCRBYFLOAT", key, number],
        4 => words!["SET", key, number],
        5 => words!["APPEND", key, "qrs"],
        6 => words!["INCR", key],
        7 => words!["DEL", key],
        _ => words!["INCRBYFLOAT", key, "abc"],
    }
}

fn lists(m: &mut Maker<'_>) -> Vec<Bytes> {
    if m.features.long_lists && m.one_in(6) {
        return long_lists(m);
    }
    if m.one_in(2) {
        return inner_elements(m);
    }
    let (key, value) = (m.key(), m.value());
    match m.rng.below(16) {
        0 => words!["LPUSH", key, value],
        1 => words!["RPUSH", key, value],
        2 => words!["LPUSH", key, value, m.value(), m.value()],
        3 => words!["RPUSH", key, value, m.value(), m.value()],
        4 => words!["LPUSHX", key, value],
        5 => words!["RPUSHX", key, value, m.value()],
        6 | 7 => words!["LPOP", key],
        8 => words!["RPOP", key],
        9 => words!["LPOP", key, m.pick(&["0", "1", "2", "100", "-1"])],
        10 => words!["RPOP", key, m.pick(&["0", "1", "2", "100", "x"])],
        11 => words!["LLEN", key],
        12 => words!["LINDEX", key, m.index()],
        13 => words!["DEL", key],
        _ => words!["LRANGE", key, m.index(), m.index()],
    }
}

/// What works on other elements than the first and the last, or on several lists.
fn inner_elements(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other, value) = (m.key(), m.key(), m.value());
    match m.rng.below(10) {
        0 => words!["LSET", key, m.index(), value],
        1 => words!["LINSERT", key, m.pick(&["BEFORE", "after", "x"]), value, m.value()],
        2 => words!["LREM", key, m.index(), value],
        3 => words!["LTRIM", key, m.index(), m.index()],
        4 => words!["LPOS", key, value, "COUNT", m.index(), "RANK", m.index()],
        5 => words!["LPOS", key, value, m.pick(&["RANK", "MAXLEN"]), m.index()],
        6 => words!["LMOVE", key, other, m.side(), m.side()],
        7 => words!["RPOPLPUSH", key, other],
        8 => words!["LMPOP", "2", key, other, m.side()],
        _ => words!["LMPOP", "1", key, m.side(), "COUNT", m.index()],
    }
}

/// Lists that are freed in slices, and how they become so long or short.
fn long_lists(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(6) {
        0..3 => {
            let name = m.pick(&["LPUSH", "RPUSH"]);
            let items = (0..100 + m.rng.below(1200)).map(|number| number.to_string().into());
            words![name, key].into_iter().chain(items).collect()
        }
        3 => words!["LPOP", key, m.pick(&["90", "520", "5000"])],
        4 => words!["RPOP", key, m.pick(&["90", "520", "5000"])],
        _ => words![m.pick(&["DEL", "UNLINK"]), key, m.key()],
    }
}

fn deadlines(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, text, value) = (m.key(), m.key_of("k"), m.value());
    match m.rng.below(16) {
        0 => words!["SET", text, value],
        1 => words!["SETEX", text, m.amount(1000, false), value],
        2 => words!["PSETEX", text, m.amount(1, false), value],
        3 => words!["TTL", key],
        4 | 5 => words!["PTTL", key],
        6 => words!["EXPIRETIME", key],
        7 => words!["PEXPIRETIME", key],
        8 => words!["PERSIST", key],
        9 => words!["GET", key],
        10 => words!["RPUSH", m.key_of("l"), value],
        _ => expire(m, key),
    }
}

/// Deadlines that many keys share, to the millisecond.
fn crowds(m: &mut Maker<'_>) -> Vec<Bytes> {
    const INTERVAL_MS: u64 = 500;
    let soon_ms = m.elapsed_us / 1000 + m.rng.below(2) * INTERVAL_MS;
    let at_ms = EPOCH_US / 1000 + soon_ms.next_multiple_of(INTERVAL_MS);
    let (key, value, at) = (m.key(), m.value(), number(at_ms));
    match m.rng.below(4) {
        0 => words!["PEXPIREAT", key, at],
        1 => words!["HSETEX", key, "PXAT", at, "FIELDS", "2", "f1", value, "f2", m.value()],
        _ => words!["MSETEX", "3", key, value, m.key(), m.value(), m.key(), "v", "PXAT", at],
    }
}

fn expire(m: &mut Maker<'_>, key: Bytes) -> Vec<Bytes> {
    let (name, unit_ms, absolute) = m.pick(&[
        ("EXPIRE", 1000, false),
        ("PEXPIRE", 1, false),
        ("PEXPIRE", 1, false),
        ("EXPIREAT", 1000, true),
        ("PEXPIREAT", 1, true),
    ]);
    let mut args = words![name, key, m.amount(unit_ms, absolute)];
    for _ in 0..m.pick(&[0, 0, 0, 1, 1, 2]) {
        args.push(m.pick(&["NX", "XX", "GT", "LT"]).into());
    }
    args
}

fn keyspace(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, other) = (m.key(), m.key());
    match m.rng.below(16) {
        0 => words!["DEL", key, other],
        1 => words!["UNLINK", key],
        2 => words!["EXISTS", key, other, m.key()],
        3 => words!["TOUCH", key, other],
        4 => words!["TYPE", key],
        5 => words!["KEYS", m.pick(&["*", "?1", "k[1-3]", "*1*", "k\\1", "x", "[^k]*"])],
        6 => words!["RANDOMKEY"],
        7 => words!["RENAME", key, other],
        8 => words!["RENAMENX", key, other],
        9 => words!["COPY", key, other],
        10 => words!["COPY", key, other, "REPLACE"],
        11 => words!["SCAN", "0", "COUNT", m.pick(&["1", "10", "10000"])],
        12 => words![
            "SCAN",
            "0",
            "MATCH",
            m.pick(&["*", "k?", "*2"]),
            "TYPE",
            m.pick(&["string", "set"])
        ],
        13 => words!["SCAN", m.rng.next_u64().to_string(), "TYPE", "LIST"],
        14 => words!["DBSIZE"],
        _ => words!["SET", m.key_of("k"), m.value()],
    }
}

fn databases(m: &mut Maker<'_>) -> Vec<Bytes> {
    let (key, database) = (m.key(), m.database());
    if m.one_in(12) {
        return m.shuffle_of([
            words!["FLUSHDB"],
            words!["FLUSHALL", "ASYNC"],
            words!["FLUSHALL"],
            words!["FLUSHDB", "SYNC"],
        ]);
    }
    match m.rng.below(8) {
        0 | 1 => words!["SELECT", database],
        2 => words!["SELECT", m.pick(&["16", "-1", "x", "0"])],
        3 => words!["MOVE", key, database],
        4 => words!["COPY", key, m.key(), "DB", database],
        5 => words!["COPY", key, m.key(), "DB", database, "REPLACE"],
        6 => words!["SWAPDB", database, m.database()],
        _ => words!["DBSIZE"],
    }
}

fn inspection(m: &mut Maker<'_>) -> Vec<Bytes> {
    let key = m.key();
    match m.rng.below(8) {
        0..3 => words!["OBJECT", "ENCODING", key],
        3 => words!["OBJECT", "REFCOUNT", key],
        4 => words!["MEMORY", "USAGE", key],
        5 => words!["SET", m.key_of("k"), m.value()],
        6 => words!["RPUSH", m.key_of("l"), m.value()],
        _ => words!["APPEND", m.key_of("k"), m.value()],
    }
}

fn talk(m: &mut Maker<'_>) -> Vec<Bytes> {
    match m.rng.below(40) {
        0..10 => words!["PING"],
        10..20 => words!["PING", m.value()],
        20..36 => words!["ECHO", m.value()],
        36 => words!["HELLO"],
        37 => words!["HELLO", m.pick(&["1", "4", "x", "2"])],
        38 if m.one_in(2) => words!["RESET"],
        38 => words!["HELLO", "2", "SETNAME", "sim"],
        _ => words!["QUIT"],
    }
}

/// Whether a command is about what sessions do to each other: plans that limit the memory have none.
#[cfg(test)]
pub(crate) fn is_about_sessions(name: &str) -> bool {
    name.starts_with('b') && !name.starts_with("bit")
        || [
            "client",
            "discard",
            "exec",
            "multi",
            "psubscribe",
            "publish",
            "pubsub",
            "punsubscribe",
            "spublish",
            "ssubscribe",
            "subscribe",
            "sunsubscribe",
            "unsubscribe",
            "unwatch",
            "wait",
            "watch",
        ]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_plan_every_time() {
        let show = |seed| format!("{:?}", Plan::new(seed, None));
        assert_eq!(show(5), show(5));
        assert_ne!(show(5), show(6));
    }

    #[test]
    fn together_the_seeds_send_every_command_that_the_model_knows() {
        let mut sent = std::collections::BTreeSet::new();
        for seed in 0..60 {
            let plan = Plan::new(seed, Some(400));
            let steps = plan.scripts.iter().flat_map(|script| &script.steps);
            for request in steps.flat_map(|step| &step.requests) {
                let words = request.words().unwrap_or_default();
                sent.extend(words.first().map(|name| name.to_ascii_lowercase()));
            }
        }
        for name in crate::model::command_names() {
            assert!(sent.contains(name.as_bytes()), "{name} is never sent");
        }
    }
}
