//! What a Redis server answers, written as plainly as possible: a `BTreeMap` per database, no
//! index, no laziness, no shared code with the kernel. It is slow and meant to be obvious.
//!
//! It knows the commands that [`command_names`] gives. Replies that Redis leaves open (the order of KEYS, what
//! RANDOMKEY picks, how far SCAN goes) become conditions instead of values.

mod bitmaps;
mod caching;
mod channels;
mod conditions;
mod connection;
mod dumps;
mod generic;
mod geo;
mod hashes;
mod inspection;
mod lists;
mod loosely;
mod pages;
mod pauses;
mod sets;
mod sketches;
mod sort;
mod sorted_sets;
mod streams;
mod strings;
mod transactions;
mod waiting;

pub use geo::{Hit, Hits};
pub(crate) use loosely::OUT_OF_MEMORY;
pub(crate) use sorted_sets::text as score_text;
pub(crate) use waiting::Letter;

use crate::wire::{self, Value, parse_int};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// Strings of bytes: keys, values, arguments.
pub type Bytes = Vec<u8>;

/// How many databases there are.
pub const DATABASES: usize = 16;

/// Keys, each with a number that it keeps for as long as it exists without interruption.
pub type Keys = BTreeMap<Bytes, u64>;

/// What a reply has to be.
#[derive(Clone, Debug)]
pub enum Expect {
    /// This, byte for byte.
    Exactly(Value),
    /// An array of these in any order.
    AnyOrder(Vec<Value>),
    /// An array or a map (the byte says which) of these pairs in any order.
    Pairs(u8, Vec<[Value; 2]>),
    /// An array of so many of these, different ones or not.
    Drawn {
        /// What may be drawn, each once; the elements of one lie side by side.
        from: Vec<Vec<Value>>,
        /// How many are drawn.
        len: usize,
        /// Whether none is drawn twice.
        differ: bool,
    },
    /// This, but for numbers that are open: see [`Value::any_int`] and [`Value::about`].
    Like(Value),
    /// Nothing would be right, for this reason.
    Never(&'static str),
    /// One of these.
    OneOf(Vec<Value>),
    /// An error, or a reply whose first byte is one of these.
    Beginning(&'static str),
    /// An integer from this range.
    Between(i64, i64),
    /// One of these keys, or null if there are none.
    Member(Rc<Keys>, Value),
    /// So many of these members.
    Members {
        /// The reply's first byte: an array's or a set's.
        kind: u8,
        /// Which they may be.
        of: Rc<BTreeSet<Bytes>>,
        /// How many.
        len: usize,
        /// Whether one may come several times.
        may_repeat: bool,
    },
    /// What a search for places may find.
    Hits(Hits),
    /// A step of a scan of a collection.
    Page(Page),
    /// A step of a scan.
    Scan(Box<Scan>),
    /// HELLO's map, for this protocol version.
    Hello(u8),
    /// An array of these.
    Each(Vec<Expect>),
    /// These, one after the other, instead of a single reply.
    Several(Vec<Value>),
    /// None yet: the request waits.
    Later,
    /// None: the request was not run, since clients are paused, and comes again.
    Held,
}

/// What is known of a step of a scan of a collection.
#[derive(Clone, Debug)]
pub struct Page {
    /// What may be returned, each once; the elements of one lie side by side.
    pub of: BTreeSet<Vec<Value>>,
    /// Whether it begins the scan. If it ends the scan as well, all have to be there.
    pub begins: bool,
    /// Whether it has to end the scan.
    pub ends: bool,
}

/// What is known of a step of a scan when it is run.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Where it continues.
    pub cursor: u64,
    /// The database that is scanned.
    pub database: usize,
    /// Whether it asks for every key.
    pub all: bool,
    /// All keys that may be returned.
    pub keys: Rc<Keys>,
}

/// What a connection's requests depend on.
#[derive(Clone, Debug)]
pub struct Session {
    /// Tells it from others.
    pub id: u64,
    /// The selected database.
    pub database: usize,
    /// The protocol version, 2 or 3.
    pub protocol: u8,
    /// Whether there is no other version.
    pub has_one_version: bool,
    /// Whether the server closes the connection after the last reply.
    pub closing: bool,
    /// Its requests since MULTI.
    transaction: Option<transactions::Transaction>,
    /// Whether they run, so that none may wait.
    in_exec: bool,
}

impl Session {
    /// The session of this number, just opened.
    pub fn new(id: u64) -> Self {
        Self { id, ..Self::default() }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            id: 0,
            database: 0,
            protocol: 2,
            has_one_version: false,
            closing: false,
            transaction: None,
            in_exec: false,
        }
    }
}

/// A mistake that the model can be told to make, so that tests see mistakes caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A key lives one millisecond longer than its deadline.
    ExpiresLate,
    /// A list that becomes empty stays.
    EmptyListStays,
    /// APPEND forgets the deadline.
    AppendPersists,
    /// Of the requests that wait for a key, the one that came last is served first.
    ServesLastFirst,
    /// Messages that end with a 7 are counted and not sent.
    DropsMessages,
    /// A watched key that expires is no change.
    WatchOutlivesKey,
    /// When the clock is set back, what has expired before comes back.
    ExpiredReturn,
    /// What a request gets that has waited is still there afterwards.
    ServesTwice,
    /// The last request of a transaction does not run.
    HalfTransaction,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Flaw; 9] = [
        Self::ExpiresLate,
        Self::EmptyListStays,
        Self::AppendPersists,
        Self::ServesLastFirst,
        Self::DropsMessages,
        Self::WatchOutlivesKey,
        Self::ExpiredReturn,
        Self::ServesTwice,
        Self::HalfTransaction,
    ];

    /// The one that is called so here.
    pub fn from_name(name: &str) -> Result<Flaw, String> {
        let found = Self::ALL.into_iter().find(|flaw| format!("{flaw:?}") == name);
        found.ok_or_else(|| format!("the flaws are {:?}", Self::ALL))
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Data {
    Str(Bytes),
    Sketch(sketches::Registers),
    List(VecDeque<Bytes>),
    Set(BTreeSet<Bytes>),
    Hash(hashes::Fields),
    SortedSet(sorted_sets::Scores),
    Stream(streams::Stream),
}

impl Data {
    /// The name that TYPE gives.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Str(_) | Self::Sketch(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::SortedSet(_) => "zset",
            Self::Stream(_) => "stream",
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    data: Data,
    /// In milliseconds since the Unix epoch. The key is there up to and including it.
    deadline: Option<i64>,
    /// When the deadline was set, which may be later, in milliseconds since the run began.
    set_at: i64,
    born: u64,
}

impl Entry {
    /// When it ends: by its deadline, or with the last of its fields.
    fn end(&self) -> Option<i64> {
        let contents = match &self.data {
            Data::Hash(fields) => hashes::end_of(fields),
            _ => None,
        };
        self.deadline.into_iter().chain(contents).min()
    }

    /// How many deadlines it has.
    fn deadlines(&self) -> usize {
        let fields = match &self.data {
            Data::Hash(fields) => fields.values().filter(|field| field.deadline.is_some()).count(),
            _ => 0,
        };
        fields + usize::from(self.deadline.is_some())
    }
}

/// All databases.
#[derive(Clone, Debug)]
pub struct Model {
    /// Time since the run began, in microseconds.
    elapsed_us: i64,
    databases: Vec<BTreeMap<Bytes, Entry>>,
    /// Whether any field of a hash has had a deadline. What has expired is still there until it is removed,
    /// whenever that is.
    fields_expire: bool,
    born: u64,
    flaw: Option<Flaw>,
    /// What DUMP gave, and for which values.
    dumps: BTreeMap<Bytes, Data>,
    /// Values whose DIGEST the server told, with it.
    digests: BTreeMap<Bytes, Bytes>,
    /// Keys that were changed since the requests that wait were looked at, with their databases.
    changed: VecDeque<(usize, Bytes)>,
    watches: Vec<transactions::Watch>,
    /// Those that have waited longest first.
    waiters: Vec<waiting::Waiter>,
    channels: channels::Channels,
    caching: caching::Caching,
    pause: Option<pauses::Pause>,
    /// What sessions are told, in order.
    letters: Vec<(u64, Letter)>,
}

/// A command's result; the error is an error reply's text.
type Outcome = Result<Expect, Bytes>;

/// One command at work.
struct Run<'a> {
    model: &'a mut Model,
    session: &'a mut Session,
    /// In microseconds since the Unix epoch.
    now_us: i64,
    /// The same in milliseconds.
    now: i64,
    args: &'a [Bytes],
    /// Begins with what the server answered, if that is known.
    reply: &'a [u8],
    /// It has waited: what is of another type than it asks for is nothing to it.
    has_waited: bool,
    /// It found nothing, and waits for this.
    wait: Option<waiting::Wait>,
}

/// A command's name, its arity (negative for "at least") and what it does.
type Row = (&'static str, i32, fn(&mut Run<'_>) -> Outcome);

/// The commands that the model knows, by their groups.
const GROUPS: &[&[Row]] = &[
    bitmaps::COMMANDS,
    channels::COMMANDS,
    conditions::COMMANDS,
    connection::COMMANDS,
    dumps::COMMANDS,
    generic::COMMANDS,
    geo::COMMANDS,
    hashes::COMMANDS,
    inspection::COMMANDS,
    lists::COMMANDS,
    sets::COMMANDS,
    sketches::COMMANDS,
    sort::COMMANDS,
    sorted_sets::COMMANDS,
    streams::COMMANDS,
    strings::COMMANDS,
    transactions::COMMANDS,
    waiting::COMMANDS,
];

fn commands() -> impl Iterator<Item = &'static Row> {
    GROUPS.iter().copied().flatten()
}

/// The names of the commands that the model knows, in lower case.
pub fn command_names() -> impl Iterator<Item = &'static str> {
    commands().map(|(name, _, _)| *name)
}

impl Model {
    /// Empty databases.
    pub fn new(flaw: Option<Flaw>) -> Self {
        Self {
            elapsed_us: 0,
            databases: vec![BTreeMap::new(); DATABASES],
            fields_expire: false,
            born: 0,
            flaw,
            dumps: BTreeMap::new(),
            digests: BTreeMap::new(),
            changed: VecDeque::new(),
            watches: Vec::new(),
            waiters: Vec::new(),
            channels: channels::Channels::default(),
            caching: caching::Caching::default(),
            pause: None,
            letters: Vec::new(),
        }
    }

    /// The same with empty databases and without sessions.
    pub(crate) fn anew(&self) -> Self {
        Self::new(self.flaw)
    }

    /// Runs a request at `now_us`, in microseconds since the Unix epoch: what its reply has to be.
    /// Where chance decides what a command does, the model follows the server's choice if it was a
    /// possible one: `reply` begins with what the server answered.
    pub fn run(
        &mut self,
        now_us: i64,
        session: &mut Session,
        args: &[Bytes],
        reply: &[u8],
    ) -> Expect {
        self.sign(session.id);
        let mut run = Run::new(self, now_us, session, args, reply);
        let mut expect = run.dispatch().unwrap_or_else(|text| Expect::Exactly(Value::error(&text)));
        if let Some(wait) = run.wait.take() {
            run.start_waiting(wait);
            expect = Expect::Later;
        }
        self.serve(now_us);
        expect
    }

    /// What sessions were told since the last time, in order.
    pub(crate) fn take_letters(&mut self) -> Vec<(u64, Letter)> {
        std::mem::take(&mut self.letters)
    }

    /// A session has ended.
    pub fn end(&mut self, session: u64) {
        self.stop_waiting(session);
        self.watches.retain(|watch| watch.session != session);
        self.channels.forget(session);
        self.forget_cache(session);
    }

    /// Notes a change of a key.
    fn touch(&mut self, database: usize, key: &[u8]) {
        self.invalidate(key);
        self.replace(database, key);
    }

    /// Notes that a key is another one than before, since its database is.
    fn replace(&mut self, database: usize, key: &[u8]) {
        self.changed.push_back((database, key.to_vec()));
        let watches = self.watches.iter_mut();
        let of_it = watches.filter(|watch| watch.database == database && watch.key == key);
        of_it.for_each(|watch| watch.is_broken = true);
    }

    /// Something may have happened to a key: what has expired may still be there.
    fn touch_perhaps(&mut self, database: usize, key: &[u8]) {
        let watches = self.watches.iter_mut();
        let of_it = watches.filter(|watch| watch.database == database && watch.key == key);
        of_it.for_each(|watch| watch.is_doubtful = true);
    }

    /// What follows happens at this time, in microseconds since the run began.
    pub(crate) fn at(&mut self, elapsed_us: u64) {
        self.elapsed_us = elapsed_us as i64;
    }

    /// The wall clock is about to be set back, from this time on, in milliseconds since the Unix
    /// epoch: what has expired will not come back.
    pub(crate) fn set_back(&mut self, unix_ms: i64) {
        if self.has(Flaw::ExpiredReturn) {
            return;
        }
        for database in &mut self.databases {
            database.retain(|_, entry| entry.end().is_none_or(|at| at >= unix_ms));
            for entry in database.values_mut() {
                if let Data::Hash(fields) = &mut entry.data {
                    *fields = hashes::live(fields, unix_ms);
                }
            }
        }
    }

    /// How many keys are there at a time, in milliseconds since the Unix epoch.
    pub fn len_at(&self, unix_ms: i64) -> usize {
        self.entries().filter(|entry| entry.end().is_none_or(|at| at >= unix_ms)).count()
    }

    /// The same, and those that have a deadline since `elapsed_ms`, in milliseconds since the run
    /// began.
    pub fn len_since(&self, unix_ms: i64, elapsed_ms: i64) -> usize {
        let is_counted = |entry: &&Entry| {
            entry.set_at > elapsed_ms || entry.end().is_none_or(|at| at >= unix_ms)
        };
        self.entries().filter(is_counted).count()
    }

    /// Whether a session listens to channels.
    pub(crate) fn is_listening(&self, session: u64) -> bool {
        self.channels.has(session)
    }

    /// How many keys there are or were, until something took the place of those that expired.
    pub fn len(&self) -> usize {
        self.databases.iter().map(BTreeMap::len).sum()
    }

    /// Whether there is no key, and none that expired.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many deadlines those have that [`Model::len`] counts, and their fields.
    pub fn deadlines(&self) -> usize {
        self.entries().map(Entry::deadlines).sum()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.databases.iter().flat_map(BTreeMap::values)
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

impl<'a> Run<'a> {
    fn new(
        model: &'a mut Model,
        now_us: i64,
        session: &'a mut Session,
        args: &'a [Bytes],
        reply: &'a [u8],
    ) -> Self {
        let now = now_us / 1000;
        Self { model, session, now_us, now, args, reply, has_waited: false, wait: None }
    }
}

impl Run<'_> {
    fn dispatch(&mut self) -> Outcome {
        let admitted = self.row().and_then(|row| self.check_subscriber().map(|()| row));
        let (_, _, handler) = admitted.map_err(|error| self.refuse(error))?;
        if self.is_held() {
            return Ok(Expect::Held);
        }
        if self.session.transaction.is_some() && !self.is_immediate() {
            return self.put_off();
        }
        let outcome = handler(self);
        self.note_reader();
        if !is(&self.args[0], "CLIENT") {
            self.end_choice();
        }
        outcome
    }

    /// Runs another command as a part of this one.
    fn part(&mut self, args: &[Bytes]) -> Outcome {
        let mut run = Run::new(self.model, self.now_us, self.session, args, &[]);
        let (_, _, handler) = run.row()?;
        let outcome = handler(&mut run);
        run.note_reader();
        outcome
    }

    /// The command's row, if the number of arguments is right.
    fn row(&self) -> Result<&'static Row, Bytes> {
        let name = self.args[0].to_ascii_lowercase();
        let row = commands().find(|(command, _, _)| command.as_bytes() == name);
        let Some(row) = row else { return Err(unknown(self.args)) };
        let (len, arity) = (self.args.len() as i32, row.1);
        if len != arity && (arity > 0 || len < -arity) {
            return Err(self.wrong_arity());
        }
        Ok(row)
    }

    /// What the server answered, if that is known.
    fn reply(&self) -> Option<Value> {
        wire::parse_reply(self.reply).ok()?.map(|(value, _)| value)
    }

    /// The name in lower case.
    fn name(&self) -> String {
        String::from_utf8_lossy(&self.args[0]).to_ascii_lowercase()
    }

    fn wrong_arity(&self) -> Bytes {
        format!("ERR wrong number of arguments for '{}' command", self.name()).into()
    }

    fn invalid_expire(&self) -> Bytes {
        format!("ERR invalid expire time in '{}' command", self.name()).into()
    }

    fn key(&self) -> Bytes {
        self.args[1].clone()
    }

    fn is_live(&self, entry: &Entry) -> bool {
        let grace = i64::from(self.model.has(Flaw::ExpiresLate));
        entry.end().is_none_or(|end| self.now <= end.saturating_add(grace))
    }

    fn find_in(&self, database: usize, key: &[u8]) -> Option<&Entry> {
        self.model.databases[database].get(key).filter(|entry| self.is_live(entry))
    }

    fn find(&self, key: &[u8]) -> Option<&Entry> {
        self.find_in(self.session.database, key)
    }

    fn string(&self, key: &[u8]) -> Result<Option<&Bytes>, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            None => Ok(None),
            Some(Data::Str(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    fn list(&self, key: &[u8]) -> Result<Option<&VecDeque<Bytes>>, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            None => Ok(None),
            Some(Data::List(items)) => Ok(Some(items)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    fn set(&self, key: &[u8]) -> Result<Option<&BTreeSet<Bytes>>, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            None => Ok(None),
            Some(Data::Set(members)) => Ok(Some(members)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    fn deadline(&self, key: &[u8]) -> Option<i64> {
        self.find(key).and_then(|entry| entry.deadline)
    }

    fn put_in(&mut self, database: usize, key: &[u8], data: Data, deadline: Option<i64>) {
        let born = self.find_in(database, key).map(|entry| entry.born);
        let born = born.unwrap_or_else(|| {
            self.model.born += 1;
            self.model.born
        });
        let is_same = |old: &Entry| old.data == data && old.deadline == deadline;
        if !self.find_in(database, key).is_some_and(is_same) || self.always_changes() {
            self.model.touch(database, key);
        }
        if let Data::Hash(fields) = &data {
            self.model.fields_expire |= fields.values().any(|field| field.deadline.is_some());
        }
        let set_at = self.model.elapsed_us / 1000;
        let entry = Entry { data, deadline, set_at, born };
        self.model.databases[database].insert(key.to_vec(), entry);
    }

    /// Whether what the command stores counts as a change even if it is the same as before.
    fn always_changes(&self) -> bool {
        CHANGING.contains(&&*self.name())
    }

    /// Empties a database.
    fn clear(&mut self, database: usize) {
        let keys: Vec<Bytes> = self.model.databases[database].keys().cloned().collect();
        let live = keys.into_iter().filter(|key| self.find_in(database, key).is_some());
        let live: Vec<Bytes> = live.collect();
        live.iter().for_each(|key| self.model.replace(database, key));
        self.model.databases[database].clear();
    }

    fn put(&mut self, key: &[u8], data: Data, deadline: Option<i64>) {
        self.put_in(self.session.database, key, data, deadline);
    }

    fn put_string(&mut self, key: &[u8], bytes: &[u8], deadline: Option<i64>) {
        self.put(key, Data::Str(bytes.to_vec()), deadline);
    }

    fn set_deadline(&mut self, key: &[u8], deadline: Option<i64>) {
        let database = &mut self.model.databases[self.session.database];
        let entry = database.get_mut(key).expect("the caller found it");
        (entry.deadline, entry.set_at) = (deadline, self.model.elapsed_us / 1000);
        self.model.touch(self.session.database, key);
    }

    fn take(&mut self, key: &[u8]) -> Option<Entry> {
        // An expired entry stays where it is: DBSIZE may count it until something replaces it.
        self.find(key)?;
        self.model.touch(self.session.database, key);
        self.model.databases[self.session.database].remove(key)
    }

    /// The keys that are there and that `wanted` likes.
    fn live_keys(&self, wanted: impl Fn(&[u8], &Entry) -> bool) -> Keys {
        let entries = self.model.databases[self.session.database].iter();
        let live = entries.filter(|(key, entry)| self.is_live(entry) && wanted(key, entry));
        live.map(|(key, entry)| (key.clone(), entry.born)).collect()
    }

    fn null(&self) -> Value {
        if self.session.protocol == 3 { Value::Line(b'_', vec![]) } else { Value::Null(b'$') }
    }

    fn null_array(&self) -> Value {
        if self.session.protocol == 3 { Value::Line(b'_', vec![]) } else { Value::Null(b'*') }
    }

    fn bulk_or_null(&self, bytes: Option<&Bytes>) -> Value {
        bytes.map_or_else(|| self.null(), |bytes| Value::bulk(bytes))
    }

    fn int_arg(&self, index: usize) -> Result<i64, Bytes> {
        int(&self.args[index])
    }
}

/// The commands that change a key whatever they store.
const CHANGING: &[&str] = &[
    "append",
    "blmove",
    "brpoplpush",
    "copy",
    "decr",
    "decrby",
    "getset",
    "hset",
    "incr",
    "incrby",
    "lmove",
    "lset",
    "ltrim",
    "move",
    "mset",
    "msetnx",
    "psetex",
    "rename",
    "renamenx",
    "rpoplpush",
    "set",
    "setex",
    "setnx",
    "setrange",
];

const WRONG_TYPE: &[u8] = b"WRONGTYPE Operation against a key holding the wrong kind of value";
const SYNTAX: &[u8] = b"ERR syntax error";
const NOT_AN_INTEGER: &[u8] = b"ERR value is not an integer or out of range";
const OUT_OF_RANGE: &[u8] = b"ERR value is out of range";
const NOT_POSITIVE: &[u8] = b"ERR value is out of range, must be positive";
const NO_SUCH_KEY: &[u8] = b"ERR no such key";
const DATABASE_RANGE: &[u8] = b"ERR DB index is out of range";
const SAME_OBJECT: &[u8] = b"ERR source and destination objects are the same";

fn int(arg: &[u8]) -> Result<i64, Bytes> {
    parse_int(arg).ok_or_else(|| NOT_AN_INTEGER.into())
}

fn count_arg(arg: &[u8]) -> Result<usize, Bytes> {
    let count = parse_int(arg).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| NOT_POSITIVE.into())
}

/// A position in a list or string: the end counts as -1.
fn absolute(index: i64, len: usize) -> i64 {
    if index < 0 { index.saturating_add(len as i64) } else { index }
}

fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

fn ok() -> Outcome {
    exactly(Value::simple("OK"))
}

fn exactly(value: Value) -> Outcome {
    Ok(Expect::Exactly(value))
}

fn number(value: i64) -> Outcome {
    exactly(Value::int(value))
}

fn truth(value: bool) -> Outcome {
    number(i64::from(value))
}

fn unknown(args: &[Bytes]) -> Bytes {
    const QUOTED_MAX: usize = 128;
    let cut = |arg: &[u8], max: usize| {
        let arg = &arg[..arg.len().min(max)];
        arg.split(|&byte| byte == 0).next().unwrap_or_default().to_vec()
    };
    let mut rest = Bytes::new();
    for arg in &args[1..] {
        if rest.len() >= QUOTED_MAX {
            break;
        }
        let shown = cut(arg, QUOTED_MAX - rest.len());
        rest = [&rest[..], b"'", &shown, b"' "].concat();
    }
    let name = cut(&args[0], QUOTED_MAX);
    [b"ERR unknown command '", &name[..], b"', with args beginning with: ", &rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kv_core::command::{Group, table};

    /// The commands about data that have no model, and why.
    const WITHOUT_MODEL: &[(&str, &str)] = &[
        ("pfdebug", "it tells how the server stores a sketch"),
        ("pfselftest", "it is about the server's arithmetic and touches no data"),
    ];

    const DATA: &[Group] = &[
        Group::Bitmap,
        Group::Generic,
        Group::Geo,
        Group::Hash,
        Group::HyperLogLog,
        Group::List,
        Group::Set,
        Group::SortedSet,
        Group::Stream,
        Group::String,
    ];

    #[test]
    fn every_command_about_data_has_a_model_or_a_reason_to_have_none() {
        let rows = table::all().iter().filter(|row| DATA.contains(&row.group));
        let unknown: BTreeSet<&str> =
            rows.map(|row| row.name).filter(|&name| command_names().all(|n| n != name)).collect();
        let excused = WITHOUT_MODEL.iter().map(|&(name, _)| name).collect();
        assert_eq!(unknown, excused);
    }
}
