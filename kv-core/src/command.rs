//! What a command is. All that is known of one stands in its row of the table ([`table`]); the
//! dispatcher, `COMMAND`, key extraction and the documentation read it there.

mod names;
pub mod syntax;
pub mod table;

pub(crate) use category::NAMES as CATEGORIES;
pub use names::{Names, RenameError};

use crate::args::Args;
use crate::config::Config;
use crate::error::Error;
use crate::kernel::{Flow, Kernel};
use crate::now::Now;
use crate::reply::Reply;
use crate::rng::Rng;
use crate::session::Session;
use crate::stats::Meter;
use crate::store::{Access, View};
use crate::value::Guess;
use crate::waiter::Wait;

/// What tells how long a request takes, short of taking its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The numbers of its arguments and of the bytes of its reply, if it is flagged as fast; else nothing.
    Flagged,
    /// These numbers, though it is not flagged as fast.
    Shown,
    /// These numbers, if it has no optional arguments; else nothing.
    Bare,
}

/// What a request looks for in a collection. The numbers are those of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeks {
    /// Nothing, or what cannot be told before it runs.
    Nothing,
    /// A member, or a field.
    Member(u8),
    /// A member, and the place of the score that it is given.
    Pair {
        /// The score.
        score: u8,
        /// The member.
        member: u8,
    },
    /// A member chosen at random, if there are no arguments but the key.
    Random,
}

/// One command, or one subcommand of a container such as `CLIENT`.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its place among the rows of the table, which gives it out: nothing in the rows themselves.
    pub number: u16,
    /// Lower case; of a subcommand its own part alone (`id` of `client|id`).
    pub name: &'static str,
    /// The number of arguments with the name (and, for a subcommand, its container's); negative
    /// for "at least".
    pub arity: i16,
    /// A union of the constants in [`flag`].
    pub flags: u32,
    /// Where the keys stand among the arguments.
    pub keys: &'static [KeySpec],
    /// Of a command whose `keys` say `variable_flags`: what these arguments make of its keys.
    pub key_access: Option<fn(Args<'_>) -> &'static str>,
    /// Whether the argument at a position may be a password, or tell of one: such arguments are shown
    /// to nobody who watches or logs requests.
    pub secrets: Option<fn(Args<'_>, usize) -> bool>,
    /// What most requests look for in the collection at the first key: what can be fetched from
    /// memory ahead.
    pub seeks: Seeks,
    /// What tells how long a request takes.
    pub effort: Effort,
    /// Whether it runs at once even while a transaction is being queued.
    pub is_immediate: bool,
    /// Whether a client without push messages may send it while it listens to channels.
    pub is_for_subscribers: bool,
    /// What must be locked before the handler runs. Engine handlers lock for themselves.
    pub scope: Scope,
    /// The family it is documented in.
    pub group: Group,
    /// ACL categories beyond those that follow from `flags` and `group`. One that names a kind of
    /// data or of work, as `list` does, stands instead of the group's.
    pub categories: &'static [&'static str],
    /// The version of Redis that introduced it.
    pub since: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The version of Redis that deprecated it, and what to use instead.
    pub deprecated: Option<(&'static str, &'static str)>,
    /// Whether it serves the server's own purposes rather than those of applications.
    pub is_system: bool,
    /// Time complexity; empty where it does not matter.
    pub complexity: &'static str,
    /// The arguments after the name, in the notation of [`table`]'s documentation.
    pub syntax: &'static str,
    /// Redis's request and response tips for proxies.
    pub tips: &'static [&'static str],
    /// What runs it.
    pub handler: Handler,
    /// Of a container: the subcommands, sorted by name.
    pub subcommands: &'static [Command],
}

impl Command {
    /// What a row leaves out. Not a command itself.
    pub const DEFAULT: Command = Command {
        number: 0,
        name: "",
        arity: 1,
        flags: 0,
        keys: &[],
        key_access: None,
        secrets: None,
        seeks: Seeks::Nothing,
        effort: Effort::Flagged,
        is_immediate: false,
        is_for_subscribers: false,
        scope: Scope::Keys,
        group: Group::Server,
        categories: &[],
        since: "1.0.0",
        summary: "",
        deprecated: None,
        is_system: false,
        complexity: "O(1)",
        syntax: "",
        tips: &[],
        handler: Handler::Container,
        subcommands: &[],
    };

    /// Whether a request of `len` arguments has the right number of them.
    pub fn accepts(&self, len: usize) -> bool {
        let arity = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 { len >= arity } else { len == arity }
    }

    /// Whether the row has all of `flags`.
    pub fn has(&self, flags: u32) -> bool {
        self.flags & flags == flags
    }

    /// The names of its flags, in the order of COMMAND INFO.
    pub fn flag_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let movable = if self.key_range().movable { flag::MOVABLEKEYS } else { 0 };
        let flags = self.flags | movable;
        flag::NAMES.iter().filter(move |(flag, _)| flags & flag != 0).map(|&(_, name)| name)
    }

    /// The ACL categories that it is in, in the order of COMMAND INFO.
    pub fn acl_categories(&self) -> impl Iterator<Item = &'static str> + '_ {
        category::NAMES.iter().copied().filter(|&name| self.is_in_category(name))
    }

    /// Whether it is in this ACL category.
    pub fn is_in_category(&self, name: &str) -> bool {
        let is_explicit = self.categories.contains(&name);
        is_explicit || self.group_category() == Some(name) || self.flags_give_category(name)
    }

    fn group_category(&self) -> Option<&'static str> {
        let is_container = matches!(self.handler, Handler::Container);
        let is_elsewhere = self.categories.iter().any(|name| category::SUBJECTS.contains(name));
        if is_container || is_elsewhere { None } else { self.group.category() }
    }

    fn flags_give_category(&self, name: &str) -> bool {
        match name {
            "read" => self.has(flag::READONLY) && !self.is_in_category("scripting"),
            "write" => self.has(flag::WRITE),
            "admin" | "dangerous" => self.has(flag::ADMIN),
            "pubsub" => self.has(flag::PUBSUB),
            "fast" => self.has(flag::FAST),
            "slow" => !self.has(flag::FAST),
            "blocking" => self.has(flag::BLOCKING),
            _ => false,
        }
    }

    /// The arguments of a request as whoever watches or logs requests may see them: something else
    /// stands in the place of each secret.
    pub fn redacted<'a>(
        &self,
        args: Args<'a>,
    ) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let secrets = self.secrets;
        args.from(0).enumerate().map(move |(at, arg)| match secrets {
            Some(is_secret) if is_secret(args, at) => REDACTED,
            _ => arg,
        })
    }

    /// The positions of the keys in `args`, each with what the command does to it, in the words of
    /// its [`KeySpec`]. None if `args` do not say where the keys are.
    pub fn keys_of(&self, args: Args<'_>) -> Option<Vec<(usize, &'static str)>> {
        let varying = self.key_access.map(|access| access(args));
        let mut keys = Vec::new();
        for spec in self.keys {
            let access = varying.unwrap_or(spec.access);
            keys.extend(spec.exact_positions(args)?.map(|position| (position, access)));
        }
        if keys.is_empty() { None } else { Some(keys) }
    }

    /// Whether the request has a single key, which is then where every request of the command has
    /// its first.
    pub fn has_one_key(&self, args: Args<'_>) -> bool {
        match self.keys {
            [KeySpec { begin: Begin::Index(first), find: Find::Range { last, step }, .. }] => {
                *last == 0 || (*last == -1 && args.len() <= first + step)
            }
            _ => false,
        }
    }

    /// What first, last and step can tell of its keys.
    pub fn key_range(&self) -> KeyRange {
        match self.keys {
            [] => KeyRange::default(),
            [spec] => match spec.range() {
                Some((first, last, step)) => KeyRange { first, last, step, movable: false },
                None => KeyRange { movable: true, ..KeyRange::default() },
            },
            specs => KeyRange::of_several(specs),
        }
    }
}

/// What stands in the place of a secret.
const REDACTED: &[u8] = b"(redacted)";

/// A command's keys as clients knew them before there were key specifications: every `step`th
/// argument from `first` to `last`, which counts from the end if negative. All are 0 if the
/// command has no such keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key's position.
    pub first: i64,
    /// The last key's position.
    pub last: i64,
    /// The distance between keys.
    pub step: i64,
    /// Whether there are keys beyond these.
    pub movable: bool,
}

impl KeyRange {
    /// The specifications that continue each other make a range; the others stay out of it.
    fn of_several(specs: &[KeySpec]) -> KeyRange {
        let mut range = KeyRange::default();
        for spec in specs {
            match spec.range() {
                Some((first, last, 1)) if range.step == 0 || range.last == first - 1 => {
                    range.first = if range.step == 0 { first } else { range.first };
                    (range.last, range.step) = (last, 1);
                }
                _ => range.movable = true,
            }
        }
        range
    }
}

/// ACL categories.
mod category {
    /// All of them, in the order of COMMAND INFO.
    pub(crate) const NAMES: &[&str] = &[
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "pubsub",
        "admin",
        "fast",
        "slow",
        "blocking",
        "dangerous",
        "connection",
        "transaction",
        "scripting",
    ];

    /// Those that say what a command works on, which its group says otherwise.
    pub(super) const SUBJECTS: &[&str] = &[
        "keyspace",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "connection",
        "transaction",
        "scripting",
    ];
}

/// Behaviour that gates and clients ask about. The names are those of `COMMAND INFO`.
pub mod flag {
    /// May change the data.
    pub const WRITE: u32 = 1 << 0;
    /// Reads data and never changes it.
    pub const READONLY: u32 = 1 << 1;
    /// Refused when memory is short.
    pub const DENYOOM: u32 = 1 << 2;
    /// For administrators.
    pub const ADMIN: u32 = 1 << 3;
    /// Publish or subscribe.
    pub const PUBSUB: u32 = 1 << 4;
    /// Not allowed in scripts.
    pub const NOSCRIPT: u32 = 1 << 5;
    /// May wait.
    pub const BLOCKING: u32 = 1 << 6;
    /// Allowed while a data set is loading.
    pub const LOADING: u32 = 1 << 7;
    /// Allowed on a replica with stale data.
    pub const STALE: u32 = 1 << 8;
    /// Not shown to MONITOR.
    pub const SKIP_MONITOR: u32 = 1 << 9;
    /// Not logged by SLOWLOG.
    pub const SKIP_SLOWLOG: u32 = 1 << 10;
    /// Takes constant or logarithmic time.
    pub const FAST: u32 = 1 << 11;
    /// Allowed before authentication.
    pub const NO_AUTH: u32 = 1 << 12;
    /// Has effects although it writes no key. Clients are not told.
    pub const MAY_REPLICATE: u32 = 1 << 13;
    /// Refused while a data set is loading in the background.
    pub const NO_ASYNC_LOADING: u32 = 1 << 14;
    /// Not allowed in transactions.
    pub const NO_MULTI: u32 = 1 << 15;
    /// Its keys depend on its arguments, so that first, last and step do not tell them all.
    pub const MOVABLEKEYS: u32 = 1 << 16;
    /// May run while a script is busy.
    pub const ALLOW_BUSY: u32 = 1 << 17;
    /// Refused unless `enable-debug-command` allows it. `COMMAND INFO` does not tell.
    pub const PROTECTED: u32 = 1 << 18;

    /// Each flag's name, in the order in which `COMMAND INFO` lists them.
    pub const NAMES: &[(u32, &str)] = &[
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (MOVABLEKEYS, "movablekeys"),
        (ALLOW_BUSY, "allow_busy"),
    ];
}

/// Where some of a command's keys stand, in Redis's model: where to begin, and how to go on.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// What happens to these keys, in the words of `COMMAND INFO`, separated by spaces.
    pub access: &'static str,
    /// Where the search begins.
    pub begin: Begin,
    /// Which of the arguments from there on are keys.
    pub find: Find,
}

/// Where the search for keys begins.
#[derive(Clone, Copy, Debug)]
pub enum Begin {
    /// At this argument.
    Index(usize),
    /// After this word, looked for from this argument on (from the end if negative).
    Keyword(&'static str, i32),
    /// Where clients are not told; with [`Find::Told`] or [`Find::Patterned`].
    Unknown,
}

/// Which arguments are keys, from where the search began.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// Every `step`th up to `last`, which counts from the beginning, or from the end if negative.
    Range {
        /// The last key's position.
        last: i32,
        /// The distance between keys.
        step: usize,
    },
    /// An argument gives their number.
    Count {
        /// Where the number stands, from the beginning.
        at: usize,
        /// Where the first key stands, from the beginning.
        first: usize,
        /// The distance between keys.
        step: usize,
    },
    /// At most one, where this says.
    Told(fn(Args<'_>) -> Option<usize>),
    /// None: the names of the keys come of patterns and of what is stored, and a command that has
    /// such keys locks everything.
    Patterned,
    /// The first half; what follows belongs to them, one to one.
    Half,
}

impl KeySpec {
    /// One key, at argument `index`.
    pub const fn one(access: &'static str, index: usize) -> KeySpec {
        KeySpec { access, begin: Begin::Index(index), find: Find::Range { last: 0, step: 1 } }
    }

    /// Every `step`th argument from the first on.
    pub const fn all(access: &'static str, step: usize) -> KeySpec {
        KeySpec { access, begin: Begin::Index(1), find: Find::Range { last: -1, step } }
    }

    /// The positions of the keys in `args`, in order. What `args` are too short for is not there.
    /// Where a keyword stands more than once and could be the name of something, there may be others
    /// among them.
    pub fn positions(&self, args: Args<'_>) -> impl Iterator<Item = usize> + use<> {
        let bounds = self.begin(args).and_then(|begin| self.wide_bounds(begin, args));
        let (first, end, step) = bounds.unwrap_or((0, 0, 1));
        (first..end.min(args.len())).step_by(step.max(1))
    }

    /// The positions of the keys in `args`, in order; none where there is not the keyword that
    /// they follow, and no answer where `args` are too short or do not tell a number of keys.
    pub fn exact_positions(&self, args: Args<'_>) -> Option<impl Iterator<Item = usize> + use<>> {
        let (first, end, step) = match self.begin(args) {
            Some(begin) => self.bounds(begin, args).filter(|bounds| bounds.0 < bounds.1)?,
            None => (0, 0, 1),
        };
        (end <= args.len()).then(|| (first..end).step_by(step.max(1)))
    }

    /// First key, last key and step, where they are the same for all requests.
    fn range(&self) -> Option<(i64, i64, i64)> {
        match (self.begin, self.find) {
            (Begin::Index(first), Find::Range { last, step }) => {
                let (first, last) = (first as i64, i64::from(last));
                Some((first, if last < 0 { last } else { first + last }, step as i64))
            }
            _ => None,
        }
    }

    fn begin(&self, args: Args<'_>) -> Option<usize> {
        match self.begin {
            Begin::Index(index) => Some(index),
            Begin::Keyword(word, from) => Some(find_word(args, word, from)? + 1),
            Begin::Unknown => match self.find {
                Find::Told(tell) => tell(args),
                _ => None,
            },
        }
    }

    /// The bounds of all that may be keys.
    fn wide_bounds(&self, begin: usize, args: Args<'_>) -> Option<(usize, usize, usize)> {
        if let Begin::Keyword(word, _) = self.begin
            && find_word(args, word, begin as i32).is_some()
        {
            return Some((begin, args.len(), 1));
        }
        self.bounds(begin, args)
    }

    /// First position, end (exclusive) and step, which may lie beyond the arguments.
    fn bounds(&self, begin: usize, args: Args<'_>) -> Option<(usize, usize, usize)> {
        match self.find {
            Find::Range { last, step } if last < 0 => {
                let last = args.len().checked_sub(last.unsigned_abs() as usize)?;
                Some((begin, last + 1, step))
            }
            Find::Range { last, step } => Some((begin, begin + last as usize + 1, step)),
            Find::Half => Some((begin, begin + args.len().saturating_sub(begin) / 2, 1)),
            Find::Count { at, first, step } => {
                let count = leading_number(args.try_get(begin + at)?)?;
                let first = begin + first;
                let end = count.checked_mul(step).and_then(|span| span.checked_add(first))?;
                Some((first, end, step))
            }
            Find::Told(_) => Some((begin, begin + 1, 1)),
            Find::Patterned => None,
        }
    }
}

/// A number of keys, with whatever behind it: Redis finds the keys of requests that the command
/// itself refuses.
fn leading_number(arg: &[u8]) -> Option<usize> {
    let arg = arg.trim_ascii_start();
    let arg = arg.strip_prefix(b"+").unwrap_or(arg);
    let len = arg.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&arg[..len]).ok()?.parse().ok()
}

/// The last argument is not looked at, since nothing could follow it.
fn find_word(args: Args<'_>, word: &str, from: i32) -> Option<usize> {
    let is_word = |&index: &usize| args.get(index).eq_ignore_ascii_case(word.as_bytes());
    if from >= 0 {
        (from as usize..args.len().saturating_sub(1)).find(is_word)
    } else {
        (0..=args.len().checked_sub(from.unsigned_abs() as usize)?).rev().find(is_word)
    }
}

/// What must be locked before a data handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The shards of its keys.
    Keys,
    /// Every shard.
    Everything,
}

/// The families of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Strings as arrays of bits.
    Bitmap,
    /// Several servers that share the keys.
    Cluster,
    /// Sessions.
    Connection,
    /// Keys of any type.
    Generic,
    /// Hashes.
    Hash,
    /// Places on the earth.
    Geo,
    /// HyperLogLogs.
    HyperLogLog,
    /// Lists.
    List,
    /// Publishing and subscribing.
    PubSub,
    /// The server itself.
    Server,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Streams.
    Stream,
    /// Strings.
    String,
    /// Requests that run together.
    Transactions,
}

impl Group {
    /// The name in `COMMAND DOCS`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Bitmap => "bitmap",
            Group::Cluster => "cluster",
            Group::Connection => "connection",
            Group::Generic => "generic",
            Group::Hash => "hash",
            Group::Geo => "geo",
            Group::HyperLogLog => "hyperloglog",
            Group::List => "list",
            Group::PubSub => "pubsub",
            Group::Server => "server",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Stream => "stream",
            Group::String => "string",
            Group::Transactions => "transactions",
        }
    }

    /// The ACL category that membership gives, if any.
    pub fn category(self) -> Option<&'static str> {
        match self {
            Group::Bitmap => Some("bitmap"),
            Group::Connection => Some("connection"),
            Group::Generic => Some("keyspace"),
            Group::Hash => Some("hash"),
            Group::Geo => Some("geo"),
            Group::HyperLogLog => Some("hyperloglog"),
            Group::List => Some("list"),
            Group::Cluster | Group::PubSub | Group::Server => None,
            Group::Set => Some("set"),
            Group::SortedSet => Some("sortedset"),
            Group::Stream => Some("stream"),
            Group::String => Some("string"),
            Group::Transactions => Some("transaction"),
        }
    }
}

/// What runs a command. A data handler can reach the locked keys and nothing else; an engine
/// handler can reach sessions and settings.
#[derive(Clone, Copy, Debug)]
pub enum Handler {
    /// Works on locked data.
    Data(fn(&mut Cx<'_>) -> Result<(), Error>),
    /// Works on the kernel and the session.
    Engine(fn(&mut EngineCx<'_, '_>) -> Result<Flow, Error>),
    /// Only its subcommands can be run.
    Container,
}

/// What a data handler gets. The fields are public so that the borrow checker sees them apart.
pub struct Cx<'a> {
    /// The locked part of the store.
    pub db: View<'a>,
    /// The request.
    pub args: Args<'a>,
    /// Where the reply goes. A handler that returns an error must not have written to it.
    pub out: &'a mut dyn Reply,
    /// The time of the call.
    pub now: Now,
    /// This command's own randomness.
    pub rng: Rng,
    /// The settings.
    pub config: &'a Config,
    /// What was found out before it runs.
    pub(crate) guess: &'a Guess,
    /// Set by a handler that has found nothing, has written nothing, and would wait.
    pub wait: Option<Wait>,
    /// The request has waited: a key of another type is not there for it.
    pub has_waited: bool,
}

/// What an engine handler gets.
pub struct EngineCx<'a, 'k> {
    /// Settings, sessions, statistics.
    pub kernel: &'a Kernel,
    /// The way to the data.
    pub store: &'a mut Access<'k>,
    /// What takes the time of commands.
    pub(crate) meter: &'a mut Meter<'k>,
    /// The client that asks.
    pub session: &'a mut Session,
    /// The command's row.
    pub command: &'static Command,
    /// The request.
    pub args: Args<'a>,
    /// Where the reply goes. A handler that returns an error must not have written to it.
    pub out: &'a mut dyn Reply,
    /// The time of the call.
    pub now: Now,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::OwnedArgs;

    fn positions(spec: KeySpec, request: &str) -> Vec<usize> {
        let args: OwnedArgs = request.split(' ').collect();
        spec.positions(args.as_args()).collect()
    }

    #[test]
    fn key_positions_follow_the_spec() {
        assert_eq!(positions(KeySpec::one("RO", 1), "get k"), [1]);
        assert_eq!(positions(KeySpec::all("RM", 1), "del a b c"), [1, 2, 3]);
        assert_eq!(positions(KeySpec::all("OW", 2), "mset a 1 b 2"), [1, 3]);
        let pair = KeySpec {
            access: "RO",
            begin: Begin::Index(1),
            find: Find::Range { last: 1, step: 1 },
        };
        assert_eq!(positions(pair, "lcs a b idx"), [1, 2]);
    }

    #[test]
    fn keys_beyond_the_arguments_are_not_there() {
        let count = KeySpec {
            access: "RO",
            begin: Begin::Index(1),
            find: Find::Count { at: 0, first: 1, step: 1 },
        };
        assert_eq!(positions(count, "sintercard 2 a b limit 1"), [2, 3]);
        assert_eq!(positions(count, "sintercard 9 a b"), [2, 3]);
        assert_eq!(positions(count, "sintercard +1.5 a b"), [2]);
        assert_eq!(positions(count, "sintercard -1 a b"), [0usize; 0]);
        assert_eq!(positions(count, "sintercard x a b"), [0usize; 0]);
        assert_eq!(positions(count, "sintercard 18446744073709551615 a"), [0usize; 0]);
        let store = KeySpec {
            access: "OW",
            begin: Begin::Keyword("STORE", -2),
            find: Find::Range { last: 0, step: 1 },
        };
        assert_eq!(positions(store, "sort k store d"), [3]);
        assert_eq!(positions(store, "sort k"), [0usize; 0]);
    }

    fn count_from_1() -> &'static [KeySpec] {
        const SPEC: KeySpec = KeySpec {
            access: "RW access delete",
            begin: Begin::Index(1),
            find: Find::Count { at: 0, first: 1, step: 1 },
        };
        &[SPEC]
    }

    fn keys_of(command: &Command, request: &str) -> Option<Vec<(usize, &'static str)>> {
        let args: OwnedArgs = request.split(' ').collect();
        command.keys_of(args.as_args())
    }

    #[test]
    fn keys_that_the_arguments_do_not_tell_are_no_keys_at_all() {
        const ACCESS: &str = "RW access delete";
        let lmpop = Command { keys: count_from_1(), ..Command::DEFAULT };
        assert_eq!(keys_of(&lmpop, "lmpop 2 a b left"), Some(vec![(2, ACCESS), (3, ACCESS)]));
        for request in ["lmpop 3 a left", "lmpop x a left", "lmpop 0 a left", "lmpop -1 a left"] {
            assert_eq!(keys_of(&lmpop, request), None, "{request}");
        }
    }

    #[test]
    fn access_may_depend_on_the_arguments() {
        let set = Command {
            keys: const { &[KeySpec::one("RW access update variable_flags", 1)] },
            key_access: Some(|args| if args.len() > 3 { "RW access update" } else { "OW update" }),
            ..Command::DEFAULT
        };
        assert_eq!(keys_of(&set, "set k v"), Some(vec![(1, "OW update")]));
        assert_eq!(keys_of(&set, "set k v get"), Some(vec![(1, "RW access update")]));
    }

    #[test]
    fn first_last_and_step_follow_from_the_specifications() {
        let range = |keys| {
            let KeyRange { first, last, step, movable } =
                Command { keys, ..Command::DEFAULT }.key_range();
            (first, last, step, movable)
        };
        assert_eq!(range(&[]), (0, 0, 0, false));
        assert_eq!(range(const { &[KeySpec::one("RO", 2)] }), (2, 2, 1, false));
        assert_eq!(range(const { &[KeySpec::all("OW", 2)] }), (1, -1, 2, false));
        assert_eq!(
            range(const { &[KeySpec::one("RW", 1), KeySpec::one("OW", 2)] }),
            (1, 2, 1, false)
        );
        assert_eq!(
            range(const { &[KeySpec::one("RW", 1), KeySpec::one("OW", 3)] }),
            (1, 1, 1, true)
        );
        assert_eq!(range(count_from_1()), (0, 0, 0, true));
    }

    #[test]
    fn categories_follow_from_group_and_flags() {
        let categories = |row: Command| row.acl_categories().collect::<Vec<_>>();
        let row = Command { handler: Handler::Data(|_| Ok(())), ..Command::DEFAULT };
        let pop = Command { group: Group::List, flags: flag::WRITE | flag::BLOCKING, ..row };
        assert_eq!(categories(pop), ["write", "list", "slow", "blocking"]);
        let row = Command { handler: Handler::Data(|_| Ok(())), ..Command::DEFAULT };
        let sort = Command {
            group: Group::Generic,
            flags: flag::READONLY,
            categories: &["list", "set", "sortedset", "dangerous"],
            ..row
        };
        assert_eq!(categories(sort), ["read", "set", "sortedset", "list", "slow", "dangerous"]);
        let admin = Command { flags: flag::ADMIN | flag::FAST, ..Command::DEFAULT };
        assert_eq!(categories(admin), ["admin", "fast", "dangerous"]);
        let container = Command { group: Group::Generic, ..Command::DEFAULT };
        assert_eq!(categories(container), ["slow"]);
    }
}
