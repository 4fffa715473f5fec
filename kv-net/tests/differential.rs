//! The same bytes go to our server and to a real redis-server, and the same bytes must come back.
//!
//! Sequences of pipelines are generated from [`GRAMMAR`], over so few keys that types collide, and
//! now and then spoilt. Where Redis leaves a reply open, [`agree`] says by name what is compared
//! instead. After a sequence the whole state is compared. `KV_CASES` is the number of sequences,
//! `KV_SEED` repeats a run.
//!
//! Deadlines are far away or past, never near, so that nothing depends on how fast a server is.

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use support::{Client, Program, Served, elements, payload, readable, request, serve};

/// A command with its arguments.
type Words = Vec<Vec<u8>>;

/// What can be sent. A word in lower case stands for one of [`words`]; `*` after it for none to
/// three of these, `+` for one to three.
const GRAMMAR: &[&str] = &[
    "GET key",
    "SET key value",
    "SET key value set-option*",
    "GETDEL key",
    "GETEX key",
    "GETEX key getex-option+",
    "GETSET key value",
    "MGET key+",
    "MSET pair+",
    "MSETNX pair+",
    "APPEND key value",
    "STRLEN key",
    "GETRANGE key int int",
    "SUBSTR key int int",
    "SETRANGE key offset value",
    "INCR key",
    "DECR key",
    "INCRBY key int",
    "DECRBY key int",
    "INCRBYFLOAT key float",
    "SETNX key value",
    "SETEX key seconds value",
    "PSETEX key milliseconds value",
    "LCS key key lcs-option*",
    "PFADD key value",
    "PFADD key value value value",
    "PFADD key",
    "PFCOUNT key+",
    "PFMERGE key key",
    "PFMERGE key key key",
    "PFDEBUG ENCODING key",
    "PFDEBUG TODENSE key",
    "DEL key+",
    "UNLINK key+",
    "EXISTS key+",
    "TOUCH key+",
    "TYPE key",
    "OBJECT ENCODING key",
    "OBJECT REFCOUNT key",
    "OBJECT IDLETIME key",
    "OBJECT FREQ key",
    "OBJECT nosuch",
    "MEMORY USAGE key memory-option*",
    "MEMORY PURGE",
    "MEMORY STATS",
    "MEMORY nosuch",
    "KEYS pattern",
    "RENAME key key",
    "RENAMENX key key",
    "COPY key key copy-option*",
    "MOVE key db",
    "EXPIRE key seconds expire-option*",
    "PEXPIRE key milliseconds expire-option*",
    "EXPIREAT key unix-seconds expireat-option*",
    "PEXPIREAT key unix-milliseconds expireat-option*",
    "TTL key",
    "PTTL key",
    "EXPIRETIME key",
    "PEXPIRETIME key",
    "PERSIST key",
    "LPUSH key value+",
    "RPUSH key value+",
    "LPUSH key many",
    "RPUSH key many",
    "LPUSHX key value+",
    "RPUSHX key value+",
    "LPOP key",
    "RPOP key",
    "LPOP key int",
    "RPOP key int",
    "LLEN key",
    "LRANGE key int int",
    "LINDEX key int",
    "PING",
    "PING value",
    "ECHO value",
    "SELECT db",
    "SWAPDB db db",
    "FLUSHDB flush-option*",
    "FLUSHALL flush-option*",
    "HELLO",
    "HELLO version hello-option*",
    "COMMAND COUNT",
    "RESET",
    "COMMAND nosuch",
    "CONFIG GET parameter+",
    "CONFIG SET setting+",
    "CONFIG RESETSTAT",
    "CONFIG nosuch",
    "CLIENT SETNAME value",
    "CLIENT nosuch",
    "nosuch value*",
];

/// What is sent alone, since its reply depends on what else is going on.
const GRAMMAR_APART: &[&str] = &["SCAN cursor scan-option*", "DBSIZE", "RANDOMKEY"];

/// Few keys, so that commands meet the work of others.
const KEYS: &[&str] = &["a", "a", "a", "b", "b", "c", "k*[x]", "", "\0\r\n\u{ff}"];

/// What takes the place of an argument in a spoilt request. No small number is among it, since
/// that could be a near deadline.
const NOISE: &[&str] = &["", "x", "NX", "-1", "9223372036854775807", "\0\r\n\u{ff}"];

const VALUES: &[&str] = &[
    "",
    "0",
    "10",
    "-5",
    "007",
    " 7",
    "+1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "3.5",
    "1e3",
    "-0.1",
    "inf",
    "hello",
    "help low",
    "\0\r\n\u{ff}",
    "a string of more than forty-four bytes, which no short form can hold",
];

const INTS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "-2",
    "10",
    "-100",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "",
    "1.0",
    " 1",
    "+1",
    "01",
    "-0",
];

/// Lengths of time of which none ends while a sequence runs.
const SECONDS: &[&str] = &[
    "200",
    "3000",
    "0",
    "-1",
    "9223372036854775",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "",
    "1e3",
];

/// What [`GRAMMAR`] means by a word in lower case.
fn words(name: &str) -> BoxedStrategy<Words> {
    match name {
        "key" => one_of(KEYS),
        "value" => prop_oneof![4 => one_of(VALUES), 1 => long_value()].boxed(),
        "many" => vec(words("value"), 20..200).prop_map(|values| values.concat()).boxed(),
        "pair" => sentence("key value"),
        "int" => one_of(INTS),
        "offset" => one_of(&["0", "1", "5", "300", "-1", "9223372036854775807", "x", ""]),
        "float" => one_of(&[
            "0", "1", "-1.5", "0.1", "3e2", "1e400", "inf", "-inf", "nan", "x", "", " 1", "1e-20",
            "1e17", "0x10",
        ]),
        "seconds" => one_of(SECONDS),
        "milliseconds" => one_of(&["250000", "4000000", "0", "-1", "9223372036854775807", "x", ""]),
        "unix-seconds" => {
            one_of(&["9999999999", "8888888888", "1", "0", "-1", "99999999999999999", "x"])
        }
        "unix-milliseconds" => {
            one_of(&["9999999999999", "9999999999000", "1", "0", "-1", "9223372036854775807", "x"])
        }
        "db" => one_of(&["0", "0", "1", "2", "15", "16", "-1", "x", "", "99999999999999999999"]),
        "pattern" => one_of(&[
            "*",
            "?",
            "a",
            "[a-b]",
            "[^a]",
            "[b-a]",
            "k\\*\\[x]",
            "k*",
            "",
            "*\n*",
            "[",
            "\\",
            "**a",
        ]),
        "set-option" => any_of(&[
            "NX",
            "XX",
            "GET",
            "KEEPTTL",
            "EX seconds",
            "PX milliseconds",
            "EXAT unix-seconds",
            "PXAT unix-milliseconds",
            "PERSIST",
        ]),
        "getex-option" => any_of(&[
            "PERSIST",
            "EX seconds",
            "PX milliseconds",
            "EXAT unix-seconds",
            "PXAT unix-milliseconds",
            "KEEPTTL",
        ]),
        "lcs-option" => any_of(&["LEN", "IDX", "MINMATCHLEN int", "WITHMATCHLEN"]),
        "copy-option" => any_of(&["REPLACE", "DB db"]),
        // GT is for points in time alone: whether a length is greater than itself a moment ago
        // depends on the moment.
        "expire-option" => any_of(&["NX", "XX", "LT"]),
        "expireat-option" => any_of(&["NX", "XX", "GT", "LT"]),
        "memory-option" => any_of(&["SAMPLES int"]),
        "flush-option" => any_of(&["ASYNC", "SYNC"]),
        "version" => one_of(&["2", "3", "3", "1", "4", "x", ""]),
        "hello-option" => {
            any_of(&["SETNAME value", "SETNAME name", "AUTH default value", "AUTH nobody value"])
        }
        "scan-option" => any_of(&["MATCH pattern", "COUNT int", "TYPE type"]),
        "type" => one_of(&["string", "LIST", "hash", "x", ""]),
        "cursor" => one_of(&["0", "0", "0", "0", "x", "-1", "", "99999999999999999999"]),
        "parameter" => one_of(&[
            "maxclients",
            "MaxClients",
            "maxclient?",
            "databases",
            "proto-max-bulk-len",
            "proto-max-*",
            "client-query-buffer-limit",
            "maxmemory",
            "MAXMEMORY-p*",
            "lfu-*",
            "lazyfree-*",
            "list-max-*",
            "list-max-ziplist-size",
            "active-expire-effort",
            "activedefrag",
            "nosuch",
            "",
        ]),
        // Not client-query-buffer-limit: ours has a limit below 4 GiB of its own. Nor
        // maxmemory-samples: Redis had no limit of 64 before 7.4.
        "setting" => any_of(&[
            "maxclients count",
            "proto-max-bulk-len size",
            "databases count",
            "nosuch count",
            "lfu-decay-time count",
            "lfu-log-factor int",
            "list-max-listpack-size int",
            "list-max-ziplist-size count",
            "maxmemory-eviction-tenacity count",
            "active-expire-effort int",
            "lazyfree-lazy-user-del bool",
            "lazyfree-lazy-user-flush bool",
            "activedefrag NO",
            "activedefrag count",
            "maxmemory large",
            "maxmemory-policy policy",
        ]),
        "bool" => one_of(&["yes", "NO", "no", "1", ""]),
        // Large enough that nothing is evicted.
        "large" => one_of(&["0", "1gb", "2G", "1073741824", "-1", "1x", ""]),
        // Those under which nothing is told of a key that depends on time or chance.
        "policy" => one_of(&["noeviction", "allkeys-LRU", "volatile-ttl", "volatile-lru", "x", ""]),
        "count" => one_of(&["100", "1000", "0", "-1", "x", ""]),
        "size" => one_of(&["1mb", "2M", "536870912", "1GB", "0", "-1", "1x", ""]),
        "whole" => any_command(GRAMMAR).boxed(),
        "nosuch" => one_of(&["NOSUCH", "GETT", "", "no\r\nsuch", "\0\u{ff}", "x\0y"]),
        literal => Just(vec![literal.into()]).boxed(),
    }
}

fn one_of(choices: &'static [&'static str]) -> BoxedStrategy<Words> {
    select(choices).prop_map(|choice| vec![bytes(choice)]).boxed()
}

/// A character up to U+00FF stands for the byte, so that tables can hold bytes that are no UTF-8.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("it stands for a byte")).collect()
}

fn long_value() -> BoxedStrategy<Words> {
    (0..3000_usize).prop_map(|len| vec![vec![b'v'; len]]).boxed()
}

fn any_of(sentences: &'static [&'static str]) -> BoxedStrategy<Words> {
    select(sentences).prop_flat_map(sentence).boxed()
}

/// The words of one line of [`GRAMMAR`], in any case.
fn sentence(line: &'static str) -> BoxedStrategy<Words> {
    let parts: Vec<BoxedStrategy<Words>> = line.split(' ').map(part).collect();
    parts.prop_map(|parts| parts.concat()).boxed()
}

fn part(part: &'static str) -> BoxedStrategy<Words> {
    if let Some(name) = part.strip_suffix('*') {
        vec(words(name), 0..=3).prop_map(|some| some.concat()).boxed()
    } else if let Some(name) = part.strip_suffix('+') {
        vec(words(name), 1..=3).prop_map(|some| some.concat()).boxed()
    } else if part.bytes().all(|byte| byte.is_ascii_uppercase()) {
        prop_oneof![6 => Just(part.to_string()), 1 => odd_case(part)]
            .prop_map(|word| vec![word.into_bytes()])
            .boxed()
    } else {
        words(part)
    }
}

fn odd_case(word: &'static str) -> BoxedStrategy<String> {
    let change = |(c, lower): (char, bool)| if lower { c.to_ascii_lowercase() } else { c };
    vec(any::<bool>(), word.len())
        .prop_map(move |lower| word.chars().zip(lower).map(change).collect())
        .boxed()
}

fn any_command(grammar: &'static [&'static str]) -> impl Strategy<Value = Words> {
    select(grammar).prop_flat_map(sentence).prop_flat_map(perhaps_spoilt)
}

/// Most requests stay as they are; some lose an argument, get one more, or have one replaced.
fn perhaps_spoilt(words: Words) -> impl Strategy<Value = Words> {
    let last = words.len() - 1;
    let [fewer, more, other] = [&words; 3].map(Words::clone);
    prop_oneof![
        12 => Just(words),
        1 => Just(fewer[..last.max(1)].to_vec()),
        1 => one_of(NOISE).prop_map(move |noise| [more.clone(), noise].concat()),
        1 => (0..=last, one_of(NOISE)).prop_map(move |(at, noise)| {
            let mut words = other.clone();
            words[at.max(1).min(last)] = noise.concat();
            words
        }),
    ]
}

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

fn sequences() -> impl Strategy<Value = Sequence> {
    let about_keys = select(&["COMMAND GETKEYS whole", "COMMAND GETKEYSANDFLAGS whole"][..])
        .prop_flat_map(sentence);
    let request = prop_oneof![30 => any_command(GRAMMAR), 1 => about_keys];
    let step = prop_oneof![
        8 => vec(request, 1..8).prop_map(Step::Pipeline),
        1 => any_command(GRAMMAR_APART).prop_map(Step::Apart),
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
            "scan" => self.scans_agree(request, &ours, &theirs),
            "randomkey" => exists(&mut self.ours, &ours) && exists(&mut self.theirs, &theirs),
            _ => false,
        };
        let difference = || Difference { request: request.clone(), ours, theirs };
        is_same.then_some(()).ok_or_else(difference)
    }

    /// Redis counts a key that has expired until it looks at it; ours does not.
    fn let_expire(&mut self) {
        let keys = KEYS.iter().chain(NOISE).map(|key| bytes(key));
        self.send(&[std::iter::once(b"TOUCH".to_vec()).chain(keys).collect()]);
    }

    /// Whether scans from the beginning to the end find the same.
    fn scans_agree(&mut self, request: &Words, ours: &[u8], theirs: &[u8]) -> bool {
        let is_page = |reply: &[u8]| elements(reply).len() == 2;
        if !is_page(ours) || !is_page(theirs) {
            return false;
        }
        let is_from_the_beginning = matches!(&request[1][..], b"0" | b"");
        !is_from_the_beginning
            || scan(&mut self.ours, request, ours) == scan(&mut self.theirs, request, theirs)
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
        let of_key = |name: &str| vec![name.as_bytes().to_vec(), key.to_vec()];
        let range = [of_key("LRANGE"), split("0 -1")].concat();
        self.play_pipeline(&[of_key("TYPE"), of_key("GET"), range, of_key("PEXPIRETIME")])
    }
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

/// All that a scan finds which has begun with `page`, each once.
fn scan(client: &mut Client, request: &Words, page: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut page = elements(page);
    loop {
        found.extend(elements(&page[1]));
        if payload(&page[0]) == b"0" {
            break;
        }
        let mut next = request.clone();
        next[1] = payload(&page[0]).to_vec();
        client.send(support::request(&next));
        page = elements(&reply_of(client));
    }
    found.sort();
    found.dedup();
    found
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
        "object idletime" => ours[0] == b':' && theirs[0] == b':',
        // An expired key takes memory in Redis until something looks at it.
        "memory usage" => theirs[0] == b':' && (ours[0] == b':' || is_null(ours)),
        "memory stats" => ours[0] == theirs[0],
        // Since Redis 7.2 a command without arguments can be asked about.
        "command getkeys" | "command getkeysandflags" if request.len() == 3 => ours[0] == theirs[0],
        // Redis has more commands.
        "command" | "command count" => ours[0] == theirs[0],
        _ => false,
    }
}

/// Whether OBJECT ENCODING says the same. A string that was changed in place is always raw in Redis,
/// and the result of INCRBYFLOAT is never an integer. Since Redis 7.2 a short list is a listpack.
fn are_encodings(ours: &[u8], theirs: &[u8]) -> bool {
    matches!(
        (ours, theirs),
        (b"int", b"embstr" | b"raw") | (b"embstr", b"raw") | (b"listpack", b"quicklist")
    )
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

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
#[ignore = "needs redis-server; run with --ignored"]
fn replies_and_state_are_those_of_redis() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    let seed = setting("KV_SEED").unwrap_or_else(|| now().as_nanos() as u64);
    let cases = setting("KV_CASES").unwrap_or(60) as u32;
    let (ours, theirs) = (serve(2, &[]), Program::redis());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 50_000,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    });
    let result = runner.run(&sequences(), |sequence| {
        let outcome = Pair::new(&ours, &theirs).play(&sequence);
        outcome.map_err(|difference| TestCaseError::fail(difference.to_string()))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, sequence)) => panic!("KV_SEED={seed}\n{reason}{sequence:?}"),
        Err(error) => panic!("KV_SEED={seed}: {error}"),
    }
}
