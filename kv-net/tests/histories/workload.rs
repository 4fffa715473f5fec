//! What clients do in a round.

use super::Round;
use kv_core::rng::Rng;
use kv_sim::history::Request;

/// What a round is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Strings and counters, each for itself.
    Registers,
    /// Lists that are filled and emptied at both ends.
    Lists,
    /// Requests that wait for elements, and are called off.
    Waits,
    /// Transactions, watched and not, over several keys.
    Transactions,
    /// Money between accounts.
    Transfers,
    /// Messages.
    Channels,
}

impl Topic {
    pub(crate) const ALL: [Topic; 6] = [
        Self::Registers,
        Self::Lists,
        Self::Waits,
        Self::Transactions,
        Self::Transfers,
        Self::Channels,
    ];
}

/// Requests that are sent together.
pub(crate) struct Step {
    pub(crate) requests: Vec<Request>,
    pub(crate) cut: Cut,
    /// The client may wait for ever here, and does nothing after.
    pub(crate) is_last_wait: bool,
}

/// Where a connection is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    No,
    /// After so many 256ths of the bytes were sent.
    InSending(usize),
    /// After so many 256ths of the replies were read.
    InReading(usize),
}

/// Steps of a client in a round.
const STEPS: u64 = 4;

/// Of so many steps, one ends with a connection that is given up.
const STEPS_PER_CUT: u64 = 20;

/// Accounts in a round.
pub(crate) const ACCOUNTS: usize = 6;

/// What is in an account at first.
const BALANCE: i64 = 100;

/// What is in all of them, always.
pub(crate) const TOTAL: i64 = BALANCE * ACCOUNTS as i64;

impl Topic {
    /// How many requests, or transactions, a step has at most. All of a step overlap, with those of
    /// the other clients: the more each of them touches, the fewer can be searched for an order.
    fn depth_max(self) -> u64 {
        match self {
            Self::Transactions => 3,
            Self::Lists => 4,
            Self::Registers | Self::Waits | Self::Channels => 5,
            Self::Transfers => 6,
        }
    }

    /// What comes before a round.
    pub(crate) fn beginning(self, round: &Round) -> Vec<Request> {
        match self {
            Self::Transfers => {
                let balance = BALANCE.to_string();
                let pairs = accounts(round).flat_map(|key| [key, balance.clone().into()]);
                vec![[b"MSET".to_vec()].into_iter().chain(pairs).collect()]
            }
            _ => vec![],
        }
    }

    /// What comes for those who still wait when nobody does anything else, so that a request that
    /// is not served is seen. In every other round only: it would serve those whom others have
    /// missed.
    pub(crate) fn gifts(self, round: &Round, waiting: usize) -> Vec<Request> {
        let is_generous = self == Self::Waits && round.number / Self::ALL.len() as u64 % 2 == 1;
        let count = if is_generous { waiting } else { 0 };
        let gift = |number| vec![b"RPUSH".to_vec(), round.key("m"), format!("gift{number}").into()];
        (0..count).map(gift).collect()
    }

    /// What is asked after it.
    pub(crate) fn ending(self, round: &Round) -> Vec<Request> {
        let ask = |name: &'static str, keys: &'static [&str]| {
            let rest: &[&str] = if name == "LRANGE" { &["0", "-1"] } else { &[] };
            let tail = move || rest.iter().map(|word| word.as_bytes().to_vec());
            let request = move |key: &&str| {
                [name.into(), round.key(key)].into_iter().chain(tail()).collect::<Request>()
            };
            keys.iter().map(request)
        };
        match self {
            Self::Registers => ask("GET", &["r", "s", "n"]).collect(),
            Self::Lists | Self::Waits => ask("LRANGE", &["l", "m"]).collect(),
            Self::Transactions => {
                ask("GET", &["a", "b", "c"]).chain(ask("LRANGE", &["l"])).collect()
            }
            Self::Transfers => vec![read_all(round)],
            Self::Channels => vec![],
        }
    }

    /// What a client does.
    pub(crate) fn script(
        self,
        round: &Round,
        client: usize,
        connections: &[u64],
        rng: &mut Rng,
    ) -> Vec<Step> {
        let mut maker = Maker { round, client, connections, rng, made: 0 };
        // Some wait from the beginning.
        let count = if self == Self::Waits && maker.one_in(4) { 0 } else { STEPS };
        let mut steps: Vec<Step> = (0..count).map(|_| maker.step(self)).collect();
        if self == Self::Waits && (count == 0 || !maker.one_in(3)) {
            let requests = vec![maker.words("BLPOP l m 0")];
            steps.push(Step { requests, cut: Cut::No, is_last_wait: true });
        }
        steps
    }
}

fn accounts(round: &Round) -> impl Iterator<Item = Vec<u8>> {
    (0..ACCOUNTS).map(|number| round.key(&format!("account{number}")))
}

fn read_all(round: &Round) -> Request {
    [b"MGET".to_vec()].into_iter().chain(accounts(round)).collect()
}

/// Makes one client's steps.
struct Maker<'m> {
    round: &'m Round,
    client: usize,
    connections: &'m [u64],
    rng: &'m mut Rng,
    made: u64,
}

impl Maker<'_> {
    fn step(&mut self, topic: Topic) -> Step {
        let depth = 1 + self.rng.below(topic.depth_max());
        let requests = (0..depth).flat_map(|_| self.requests(topic)).collect();
        Step { requests, cut: self.cut(), is_last_wait: false }
    }

    fn cut(&mut self) -> Cut {
        if !self.one_in(STEPS_PER_CUT) {
            return Cut::No;
        }
        let share = self.rng.below(257) as usize;
        if self.one_in(2) { Cut::InSending(share) } else { Cut::InReading(share) }
    }

    fn requests(&mut self, topic: Topic) -> Vec<Request> {
        match topic {
            Topic::Registers => vec![self.register()],
            Topic::Lists => vec![self.list()],
            Topic::Waits => vec![self.wait()],
            Topic::Transactions => self.transaction(),
            Topic::Transfers => self.transfer(),
            Topic::Channels => unreachable!("they have steps of their own"),
        }
    }

    fn register(&mut self) -> Request {
        let key = self.pick(&["r", "r", "s"]);
        let (new, seen) = (self.value(), self.old_value());
        let text = match self.rng.below(18) {
            0..3 => format!("SET {key} {new}"),
            3..6 => format!("GET {key}"),
            6 => format!("GETSET {key} {new}"),
            7 => format!("SET {key} {new} NX"),
            8 => format!("SET {key} {new} IFEQ {seen}"),
            9 => format!("DELIFEQ {key} {seen}"),
            10 => format!("APPEND {key} {new}"),
            11 => format!("DEL {key}"),
            12 => format!("STRLEN {key}"),
            13..15 => "INCR n".into(),
            15 => "INCRBY n 10".into(),
            16 => "GET n".into(),
            _ => format!("SET n {}", self.rng.below(3) * 1000),
        };
        self.words(&text)
    }

    fn list(&mut self) -> Request {
        let key = self.pick(&["l", "l", "m"]);
        let (one, two) = (self.value(), self.value());
        let text = match self.rng.below(16) {
            0..3 => format!("RPUSH {key} {one}"),
            3 => format!("LPUSH {key} {one}"),
            4 => format!("RPUSH {key} {one} {two}"),
            5..8 => format!("LPOP {key}"),
            8..10 => format!("RPOP {key}"),
            10 => format!("LLEN {key}"),
            11..13 => format!("LRANGE {key} 0 -1"),
            13 => "LMOVE l m LEFT RIGHT".into(),
            14 => "LMOVE m l LEFT LEFT".into(),
            _ => "LMOVE l l LEFT RIGHT".into(),
        };
        self.words(&text)
    }

    fn wait(&mut self) -> Request {
        let key = self.pick(&["l", "l", "m"]);
        let (one, two) = (self.value(), self.value());
        let seconds = self.pick(&["0.001", "0.003", "0.02"]);
        let other = self.connections[self.rng.below(self.connections.len() as u64) as usize];
        let text = match self.rng.below(24) {
            0..6 => format!("BLPOP {key} {seconds}"),
            6 => format!("BRPOP l m {seconds}"),
            7 => format!("BLPOP m l {seconds}"),
            8 => format!("BLMOVE l m LEFT RIGHT {seconds}"),
            9 => format!("BLMOVE m l RIGHT LEFT {seconds}"),
            10..14 => format!("RPUSH {key} {one}"),
            14 => format!("LPUSH {key} {one}"),
            15 => format!("RPUSH {key} {one} {two}"),
            16..18 => format!("LPOP {key}"),
            18 => format!("LRANGE {key} 0 -1"),
            19 => format!("CLIENT UNBLOCK {other} TIMEOUT"),
            20 => format!("CLIENT UNBLOCK {other} ERROR"),
            21 if self.one_in(4) => format!("CLIENT KILL ID {other}"),
            _ => format!("LLEN {key}"),
        };
        self.words(&text)
    }

    fn transaction(&mut self) -> Vec<Request> {
        match self.rng.below(8) {
            0..4 => {
                let count = 2 + self.rng.below(2);
                let body = (0..count).map(|_| self.part()).collect();
                self.together(body)
            }
            4 | 5 => self.watched(),
            6 => vec![self.words("MGET a b c")],
            _ => vec![self.part()],
        }
    }

    /// What transactions consist of.
    fn part(&mut self) -> Request {
        let key = self.pick(&["a", "b", "c"]);
        let (one, two) = (self.value(), self.value());
        let text = match self.rng.below(12) {
            0..3 => format!("SET {key} {one}"),
            3..6 => format!("GET {key}"),
            6 => format!("MSET a {one} b {two}"),
            7 => format!("APPEND {key} {one}"),
            8 => format!("DEL {key}"),
            9 | 10 => format!("RPUSH l {one}"),
            _ => "LPOP l".into(),
        };
        self.words(&text)
    }

    /// Reads, and writes if nobody has written what was read.
    fn watched(&mut self) -> Vec<Request> {
        let (from, to) = (self.pick(&["a", "b", "c"]), self.pick(&["a", "b", "c"]));
        let value = self.value();
        let reads = [format!("WATCH {from}"), format!("GET {from}")];
        let mut requests: Vec<Request> = reads.iter().map(|text| self.words(text)).collect();
        let body = vec![self.words(&format!("APPEND {to} {value}"))];
        requests.extend(self.together(body));
        requests
    }

    fn transfer(&mut self) -> Vec<Request> {
        let count = ACCOUNTS as u64;
        let from = self.rng.below(count);
        let to = (from + 1 + self.rng.below(count - 1)) % count;
        let amount = 1 + self.rng.below(20);
        match self.rng.below(8) {
            0..4 => {
                let take = self.words(&format!("DECRBY account{from} {amount}"));
                let give = self.words(&format!("INCRBY account{to} {amount}"));
                self.together(vec![take, give])
            }
            4..6 => vec![read_all(self.round)],
            6 => {
                let reads = accounts(self.round).map(|key| vec![b"GET".to_vec(), key]).collect();
                self.together(reads)
            }
            _ => vec![self.words(&format!("GET account{from}"))],
        }
    }

    fn together(&mut self, body: Vec<Request>) -> Vec<Request> {
        let word = |word: &str| vec![word.as_bytes().to_vec()];
        [vec![word("MULTI")], body, vec![word("EXEC")]].concat()
    }

    /// A request, with the names of keys as they are in this round.
    fn words(&self, text: &str) -> Request {
        let is_key = |word: &str| {
            matches!(word, "r" | "s" | "n" | "l" | "m" | "a" | "b" | "c")
                || word.starts_with("account")
        };
        let word = |word: &str| if is_key(word) { self.round.key(word) } else { word.into() };
        text.split(' ').map(word).collect()
    }

    /// A value that nobody else has.
    fn value(&mut self) -> String {
        self.made += 1;
        format!("v{}.{}", self.client, self.made)
    }

    /// A value that somebody may have.
    fn old_value(&mut self) -> String {
        format!("v{}.{}", self.rng.below(super::CLIENTS as u64), 1 + self.rng.below(self.made))
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.rng.below(count) == 0
    }

    fn pick(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.rng.below(choices.len() as u64) as usize]
    }
}
