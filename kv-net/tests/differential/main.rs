//! The same bytes go to our server and to a real redis-server, and the same bytes must come back.
//!
//! Sequences of pipelines are generated from the lines of some [groups](grammar::Group), over so few keys that types collide, and
//! now and then spoilt. Where Redis leaves a reply open, [`agree`] and the group say by name what is
//! compared instead. After a sequence the whole state is compared. `KV_CASES` is the number of sequences,
//! `KV_SEED` repeats a run.
//!
//! Deadlines are far away or past, never near, so that nothing depends on how fast a server is.

mod bitmaps;
mod coverage;
mod dump;
mod encodings;
mod geo;
mod grammar;
mod hashes;
mod limits;
mod lists;
mod notifications;
mod sets;
mod sort;
mod sorted_sets;
mod spoilt;
mod streams;
mod strings;
#[path = "../support/mod.rs"]
mod support;

use grammar::{
    GRAMMAR_APART, GROUPS, Group, KEYS, NOISE, Words, any_command, bytes, lines, sentence,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use sorted_sets::scores_agree;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use support::{Client, Program, Served, elements, payload, readable, request, serve, setting};

/// One write to the servers.
#[derive(Clone, Debug)]
enum Step {
    Pipeline(Vec<Words>),
    Apart(Words),
}

impl Step {
    fn requests(&self) -> &[Words] {
        match self {
            Step::Pipeline(requests) => requests,
            Step::Apart(request) => std::slice::from_ref(request),
        }
    }
}

#[derive(Clone)]
struct Sequence {
    protocol: &'static str,
    steps: Vec<Step>,
}

/// With two groups or so, so that their commands meet each other's work.
fn sequences() -> impl Strategy<Value = Sequence> {
    let groups = subsequence(GROUPS.to_vec(), 1..=GROUPS.len().min(3));
    groups.prop_flat_map(|groups| sequences_of(&groups))
}

fn sequences_of(groups: &[Group]) -> impl Strategy<Value = Sequence> + use<> {
    let about_keys = select(&["COMMAND GETKEYS whole", "COMMAND GETKEYSANDFLAGS whole"][..])
        .prop_flat_map(sentence);
    let request = prop_oneof![30 => any_command(lines(groups)), 1 => about_keys];
    let step = prop_oneof![
        8 => vec(request, 1..8).prop_map(Step::Pipeline),
        1 => any_command(GRAMMAR_APART.to_vec()).prop_map(Step::Apart),
    ];
    (select(&["2", "3"][..]), vec(step, 1..30))
        .prop_map(|(protocol, steps)| Sequence { protocol, steps })
}

/// As one would type it into redis-cli; `+` marks what is sent together with the line before.
impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n  > HELLO {}", self.protocol)?;
        for step in &self.steps {
            for (i, words) in step.requests().iter().enumerate() {
                writeln!(f, "  {} {}", if i == 0 { '>' } else { '+' }, typed(words))?;
            }
        }
        Ok(())
    }
}

fn typed(words: &Words) -> String {
    const SHOWN: usize = 80;
    let is_plain = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    let quoted = |word: &Vec<u8>| match is_plain(word) {
        _ if word.len() > SHOWN => format!("\"{}...\"", readable(&word[..SHOWN])),
        true => readable(word),
        false => format!("\"{}\"", readable(word)),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Where the servers differ.
struct Difference {
    request: Words,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the replies differ after")?;
        writeln!(f, "  > {}", typed(&self.request))?;
        writeln!(f, "  ours:  {}", readable(&self.ours))?;
        writeln!(f, "  redis: {}", readable(&self.theirs))
    }
}

/// A connection to each server.
struct Pair {
    ours: Client,
    theirs: Client,
}

impl Pair {
    /// Connects to two servers that are empty from now on.
    fn new(ours: &Served, theirs: &Program) -> Self {
        let ours = Client::connect(ours.address());
        let mut pair = Self { ours, theirs: Client::connect(theirs.address) };
        for line in [
            "FLUSHALL",
            "CONFIG SET maxclients 1000 proto-max-bulk-len 512mb client-query-buffer-limit 1gb",
            "CONFIG SET stream-node-max-entries 100",
            "CONFIG SET lfu-decay-time 1 lfu-log-factor 10 list-max-listpack-size -2",
            "CONFIG SET maxmemory 0 maxmemory-policy noeviction maxmemory-samples 5",
            "CONFIG SET maxmemory-eviction-tenacity 10 active-expire-effort 1",
            "CONFIG SET lazyfree-lazy-user-del no lazyfree-lazy-user-flush no",
        ] {
            assert_eq!(pair.ours.call(line), r"+OK\r\n");
            assert_eq!(pair.theirs.call(line), r"+OK\r\n");
        }
        pair
    }

    /// Sends all requests in one write and gives both servers' replies to each.
    fn send(&mut self, requests: &[Words]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let input: Vec<u8> = requests.iter().flat_map(request).collect();
        self.ours.send(&input);
        self.theirs.send(&input);
        requests.iter().map(|_| (reply_of(&mut self.ours), reply_of(&mut self.theirs))).collect()
    }

    fn ask(&mut self, words: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let words = words.iter().map(|word| word.to_vec()).collect();
        self.send(&[words]).pop().expect("there is one")
    }

    fn play(&mut self, sequence: &Sequence) -> Result<(), Difference> {
        self.ask(&[b"HELLO", sequence.protocol.as_bytes()]);
        for step in &sequence.steps {
            match step {
                Step::Pipeline(requests) => self.play_pipeline(requests)?,
                Step::Apart(request) => self.play_apart(request)?,
            }
        }
        self.compare_everything()
    }

    fn play_pipeline(&mut self, requests: &[Words]) -> Result<(), Difference> {
        let replies = self.send(requests);
        requests.iter().zip(replies).try_for_each(|(request, (ours, theirs))| {
            agree(request, &ours, &theirs).then_some(()).ok_or_else(|| Difference {
                request: request.clone(),
                ours,
                theirs,
            })
        })
    }

    fn play_apart(&mut self, request: &Words) -> Result<(), Difference> {
        self.let_expire();
        let (ours, theirs) = self.send(std::slice::from_ref(request)).pop().expect("there is one");
        let is_same = match name(request).as_str() {
            _ if ours == theirs => true,
            "scan" => self.scans_agree(request, 1, &ours, &theirs),
            "hscan" | "sscan" | "zscan" => self.scans_agree(request, 2, &ours, &theirs),
            "spop" => self.pops_agree(&request[1], &ours, &theirs),
            "srandmember" => self.choices_agree(request, "SMEMBERS key", &ours, &theirs),
            "hrandfield" if request.len() > 3 => {
                self.choices_agree(request, "HGETALL key", &ours, &theirs)
            }
            "hrandfield" => self.choices_agree(request, "HKEYS key", &ours, &theirs),
            "zrandmember" if request.len() > 3 => {
                self.choices_agree(request, "ZRANGE key 0 -1 WITHSCORES", &ours, &theirs)
            }
            "zrandmember" => self.choices_agree(request, "ZRANGE key 0 -1", &ours, &theirs),
            "sort" | "sort_ro" if sort::is_unsorted(request) => {
                let is_set = self.ask(&[b"TYPE", &request[1]]).0 == b"+set\r\n";
                sort::agree_unsorted(request, is_set, &ours, &theirs)
            }
            "xtrim" if streams::is_rough(request) => self.trims_agree(request, &ours, &theirs),
            "randomkey" => exists(&mut self.ours, &ours) && exists(&mut self.theirs, &theirs),
            _ => agree(request, &ours, &theirs),
        };
        let difference = || Difference { request: request.clone(), ours, theirs };
        is_same.then_some(()).ok_or_else(difference)
    }

    /// Redis counts a key that has expired until it looks at it; ours does not.
    fn let_expire(&mut self) {
        let keys = KEYS.iter().chain(NOISE).map(|key| bytes(key));
        self.send(&[std::iter::once(b"TOUCH".to_vec()).chain(keys).collect()]);
    }

    /// Whether scans from the beginning to the end find the same. The cursor stands `at` this
    /// argument.
    fn scans_agree(&mut self, request: &Words, at: usize, ours: &[u8], theirs: &[u8]) -> bool {
        let is_page = |reply: &[u8]| elements(reply).len() == 2;
        if !is_page(ours) || !is_page(theirs) {
            return false;
        }
        let is_from_the_beginning = matches!(&request[at][..], b"0" | b"");
        if !is_from_the_beginning {
            return true;
        }
        let row_len = if matches!(name(request).as_str(), "hscan" | "zscan") { 2 } else { 1 };
        let mut ours = rows(scan(&mut self.ours, request, at, ours), row_len);
        let mut theirs = rows(scan(&mut self.theirs, request, at, theirs), row_len);
        // Redis may give an element several times.
        ours.dedup();
        theirs.dedup();
        ours.len() == theirs.len()
            && ours.iter().flatten().zip(theirs.iter().flatten()).all(|(a, b)| scores_agree(a, b))
    }

    /// Whether as many members were popped, and with those that are left make the same set. That is
    /// removed then, since it differs.
    fn pops_agree(&mut self, key: &[u8], ours: &[u8], theirs: &[u8]) -> bool {
        let left = self.ask(&[b"SMEMBERS", key]);
        self.ask(&[b"DEL", key]);
        let all = |popped: &[u8], left: &[u8]| {
            let mut all = [chosen(popped), elements(left)].concat();
            all.sort();
            all
        };
        ours[0] == theirs[0]
            && ours[0] != b'-'
            && chosen(ours).len() == chosen(theirs).len()
            && all(ours, &left.0) == all(theirs, &left.1)
    }

    /// Whether as many members were chosen of `all`, different ones unless the count is negative.
    fn choices_agree(&mut self, request: &Words, all: &str, ours: &[u8], theirs: &[u8]) -> bool {
        let row_len = if request.len() > 3 { 2 } else { 1 };
        let all = of_key(all, &request[1]);
        let (our_all, their_all) = self.send(&[all]).pop().expect("there is one");
        let may_repeat = request.get(2).is_some_and(|count| count.starts_with(b"-"));
        let chosen_of = |reply: &[u8], all: &[u8]| {
            let (mut chosen, all) = (rows(chosen(reply), row_len), rows(elements(all), row_len));
            let len = chosen.len();
            let are_members = chosen.iter().all(|row| all.contains(row));
            chosen.dedup();
            (are_members && (may_repeat || chosen.len() == len)).then_some(len)
        };
        let len = chosen_of(ours, &our_all);
        ours[0] == theirs[0]
            && ours[0] != b'-'
            && len.is_some()
            && len == chosen_of(theirs, &their_all)
    }

    /// Whether a rough trimming kept the newest entries and all that an exact one keeps; how many more
    /// is open. The streams are removed then, since they differ.
    fn trims_agree(&mut self, request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
        let (our_rest, their_rest) = self.ask(&[b"XREVRANGE", &request[1], b"+", b"-"]);
        let mut exact = request.clone();
        exact[3] = b"=".to_vec();
        exact.truncate(5);
        self.send(&[exact]);
        let (our_least, their_least) = self.ask(&[b"XREVRANGE", &request[1], b"+", b"-"]);
        self.ask(&[b"DEL", &request[1]]);
        let (our_rest, their_rest) = (elements(&our_rest), elements(&their_rest));
        let is_one_the_others_end =
            our_rest.iter().zip(&their_rest).all(|(ours, theirs)| ours == theirs);
        ours[0] == b':' && theirs[0] == b':' && is_one_the_others_end && our_least == their_least
    }

    fn compare_everything(&mut self) -> Result<(), Difference> {
        for db in 0..16 {
            self.play_pipeline(&[split(&format!("SELECT {db}"))])?;
            self.let_expire();
            self.play_pipeline(&[split("DBSIZE"), split("KEYS *")])?;
            for key in elements(&self.ask(&[b"KEYS", b"*"]).0) {
                self.compare_value(payload(&key))?;
            }
        }
        Ok(())
    }

    fn compare_value(&mut self, key: &[u8]) -> Result<(), Difference> {
        let mut state: Vec<&str> = GROUPS.iter().flat_map(|group| group.state).copied().collect();
        state.extend(["TYPE key", "PEXPIRETIME key"]);
        self.play_pipeline(&state.into_iter().map(|line| of_key(line, key)).collect::<Vec<_>>())
    }
}

/// The request of a line in which `key` stands for a key.
fn of_key(line: &str, key: &[u8]) -> Words {
    let mut words = split(line);
    words.iter_mut().filter(|word| *word == b"key").for_each(|word| *word = key.to_vec());
    words
}

fn split(line: &str) -> Words {
    line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

fn reply_of(client: &mut Client) -> Vec<u8> {
    client.try_reply().unwrap_or_else(|error| format!("no reply: {error}").into_bytes())
}

fn exists(client: &mut Client, key: &[u8]) -> bool {
    client.send(request([&b"EXISTS"[..], payload(key)]));
    reply_of(client) == b":1\r\n"
}

/// A list of members as rows, each with what belongs to it whether it is nested or not, in the order
/// of their bytes.
fn rows(members: Vec<Vec<u8>>, row_len: usize) -> Vec<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    members.iter().for_each(|member| flatten(member, &mut parts));
    let mut rows: Vec<_> = parts.chunks(row_len).map(<[_]>::to_vec).collect();
    rows.sort();
    rows
}

/// The parts of a reply that are not made of others, in order.
fn flatten(reply: &[u8], parts: &mut Vec<Vec<u8>>) {
    match reply.first() {
        Some(b'*' | b'%' | b'~') if reply.get(1) != Some(&b'-') => {
            elements(reply).iter().for_each(|element| flatten(element, parts));
        }
        _ => parts.push(reply.to_vec()),
    }
}

/// What was chosen at random: one member, or several.
fn chosen(reply: &[u8]) -> Vec<Vec<u8>> {
    match reply[0] {
        _ if is_null(reply) => vec![],
        b'$' => vec![reply.to_vec()],
        _ => elements(reply),
    }
}

/// All that a scan finds which has begun with `page`. The cursor stands `at` this argument.
fn scan(client: &mut Client, request: &Words, at: usize, page: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut page = elements(page);
    loop {
        found.extend(elements(&page[1]));
        if payload(&page[0]) == b"0" {
            return found;
        }
        let mut next = request.clone();
        next[at] = payload(&page[0]).to_vec();
        client.send(support::request(&next));
        page = elements(&reply_of(client));
    }
}

/// The command's name in lower case, after a space the subcommand's if it has some.
fn name(words: &Words) -> String {
    let lower = |word: &Vec<u8>| String::from_utf8_lossy(word).to_ascii_lowercase();
    let name = lower(&words[0]);
    match name.as_str() {
        "config" | "command" | "object" | "memory" if words.len() > 1 => {
            format!("{name} {}", lower(&words[1]))
        }
        _ => name,
    }
}

/// Whether the replies are the same, as far as Redis promises what they are.
fn agree(request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
    const SLOWNESS_S: u64 = 60;
    if ours == theirs {
        return true;
    }
    match name(request).as_str() {
        "keys" => sorted(ours, 1) == sorted(theirs, 1),
        "config get" => sorted(ours, 2) == sorted(theirs, 2),
        "ttl" | "expiretime" => are_near(ours, theirs, SLOWNESS_S),
        "pttl" | "pexpiretime" => are_near(ours, theirs, SLOWNESS_S * 1000),
        "hello" => without_version(ours) == without_version(theirs),
        "object encoding" => are_encodings(payload(ours), payload(theirs)),
        // A copy of a small integer, or one that came about in place, is not shared in Redis.
        "object refcount" => ours == b":2147483647\r\n" && theirs == b":1\r\n",
        // The words are our own.
        "object help" => ours[0] == theirs[0],
        "object idletime" => ours[0] == b':' && theirs[0] == b':',
        // An expired key takes memory in Redis until something looks at it.
        "memory usage" => theirs[0] == b':' && (ours[0] == b':' || is_null(ours)),
        "memory stats" => ours[0] == theirs[0],
        // Since Redis 7.2 a command without arguments can be asked about.
        "command getkeys" | "command getkeysandflags" if request.len() == 3 => ours[0] == theirs[0],
        // Redis has more commands.
        "command" | "command count" => ours[0] == theirs[0],
        name => GROUPS.iter().any(|group| (group.agree)(name, request, ours, theirs)),
    }
}

/// Whether OBJECT ENCODING says the same. A string that was changed in place is always raw in Redis,
/// and the result of INCRBYFLOAT is never an integer. Since Redis 7.2 a short list or set is a
/// listpack. What was large or had words once stays in the form for that in Redis.
fn are_encodings(ours: &[u8], theirs: &[u8]) -> bool {
    matches!(
        (ours, theirs),
        (b"int", b"embstr" | b"raw")
            | (b"embstr", b"raw")
            | (b"listpack", b"quicklist" | b"hashtable" | b"skiplist")
            | (b"intset", b"hashtable")
    )
}

/// Whether this is an array or a set.
fn are_members(reply: &[u8]) -> bool {
    matches!(reply[0], b'*' | b'~')
}

fn is_null(reply: &[u8]) -> bool {
    matches!(reply, b"$-1\r\n" | b"_\r\n")
}

/// A reply's kind and its elements, in groups of `size` that may come in any order.
fn sorted(reply: &[u8], size: usize) -> (u8, Vec<Vec<u8>>) {
    let mut groups: Vec<Vec<u8>> = elements(reply).chunks(size).map(<[_]>::concat).collect();
    groups.sort();
    (reply[0], groups)
}

/// Negative numbers say that there is no deadline.
fn are_near(ours: &[u8], theirs: &[u8], tolerance: u64) -> bool {
    let number = |reply| std::str::from_utf8(payload(reply)).ok()?.parse::<i64>().ok();
    match (number(ours), number(theirs)) {
        (Some(ours @ 0..), Some(theirs @ 0..)) => ours.abs_diff(theirs) <= tolerance,
        _ => false,
    }
}

/// HELLO's reply without the version and the client's number.
fn without_version(reply: &[u8]) -> (u8, Vec<Vec<u8>>) {
    let fields = elements(reply);
    let is_kept = |pair: &&[Vec<u8>]| !matches!(payload(&pair[0]), b"version" | b"id");
    (reply[0], fields.chunks(2).filter(is_kept).map(<[_]>::concat).collect())
}

#[test]
#[ignore = "needs redis-server; run with --ignored"]
fn replies_and_state_are_those_of_redis() {
    compare(sequences());
}

#[test]
#[ignore = "needs redis-server; run with --ignored"]
fn what_is_wrong_with_an_argument_is_told_as_redis_tells_it() {
    compare(spoilt::sequences());
}

/// Plays sequences of which each counts.
fn compare_each(sequences: impl Iterator<Item = Sequence>) {
    let (ours, theirs) = (serve(2, &[]), Program::redis());
    for sequence in sequences {
        let outcome = Pair::new(&ours, &theirs).play(&sequence);
        outcome.unwrap_or_else(|difference| panic!("{difference}{sequence:?}"));
    }
}

/// Plays sequences that are drawn.
fn compare(sequences: impl Strategy<Value = Sequence>) {
    compare_with(sequences, |ours, theirs, sequence| Pair::new(ours, theirs).play(sequence));
}

/// Plays sequences that are drawn, in a way of its own.
fn compare_with(
    sequences: impl Strategy<Value = Sequence>,
    play: impl Fn(&Served, &Program, &Sequence) -> Result<(), Difference>,
) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let seed = setting("KV_SEED").unwrap_or_else(|| now().as_nanos() as u64);
    let cases = setting("KV_CASES").unwrap_or(60) as u32;
    let (ours, theirs) = (serve(2, &[]), Program::redis());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    });
    let result = runner.run(&sequences, |sequence| {
        let outcome = play(&ours, &theirs, &sequence);
        outcome.map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, sequence)) => panic!("KV_SEED={seed}\n{reason}{sequence:?}"),
        Err(error) => panic!("KV_SEED={seed}: {error}"),
    }
}
