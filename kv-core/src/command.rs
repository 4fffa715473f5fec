//! What a command is. All that is known of one stands in its row of the table ([`table`]); the
//! dispatcher, `COMMAND`, key extraction and the documentation read it there.

pub mod table;

use crate::args::Args;
use crate::config::Config;
use crate::error::Error;
use crate::kernel::{Flow, Kernel};
use crate::now::Now;
use crate::reply::Reply;
use crate::rng::Rng;
use crate::session::Session;
use crate::store::{Access, View};

/// One command, or one subcommand of a container such as `CLIENT`.
#[derive(Debug)]
pub struct Command {
    /// Lower case; of a subcommand its own part alone (`id` of `client|id`).
    pub name: &'static str,
    /// The number of arguments with the name (and, for a subcommand, its container's); negative
    /// for "at least".
    pub arity: i16,
    /// A union of the constants in [`flag`].
    pub flags: u32,
    /// Where the keys stand among the arguments.
    pub keys: &'static [KeySpec],
    /// What must be locked before the handler runs. Engine handlers lock for themselves.
    pub scope: Scope,
    /// The family it is documented in.
    pub group: Group,
    /// ACL categories beyond those that follow from `flags` and `group`.
    pub categories: &'static [&'static str],
    /// The version of Redis that introduced it.
    pub since: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Time complexity.
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
        name: "",
        arity: 1,
        flags: 0,
        keys: &[],
        scope: Scope::Keys,
        group: Group::Server,
        categories: &[],
        since: "1.0.0",
        summary: "",
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
    /// May be propagated although it writes no key.
    pub const MAY_REPLICATE: u32 = 1 << 13;
    /// Refused while a data set is loading in the background.
    pub const NO_ASYNC_LOADING: u32 = 1 << 14;
    /// Not allowed in transactions.
    pub const NO_MULTI: u32 = 1 << 15;
    /// Its keys depend on its arguments, so that first, last and step do not tell them all.
    pub const MOVABLEKEYS: u32 = 1 << 16;
    /// May run while a script is busy.
    pub const ALLOW_BUSY: u32 = 1 << 17;

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
        (MAY_REPLICATE, "may_replicate"),
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

    /// The positions of the keys in `args`, in order.
    pub fn positions(&self, args: Args<'_>) -> impl Iterator<Item = usize> + use<> {
        let (first, end, step) = self.bounds(args).unwrap_or((0, 0, 1));
        (first..end).step_by(step.max(1))
    }

    /// First position, end (exclusive) and step; none where the arguments do not reach.
    fn bounds(&self, args: Args<'_>) -> Option<(usize, usize, usize)> {
        let len = args.len();
        let begin = match self.begin {
            Begin::Index(index) => index,
            Begin::Keyword(word, from) => find_word(args, word, from)? + 1,
        };
        match self.find {
            Find::Range { last, step } => {
                let last = if last < 0 {
                    len.checked_sub(last.unsigned_abs() as usize)?
                } else {
                    begin + last as usize
                };
                Some((begin, (last + 1).min(len), step))
            }
            Find::Count { at, first, step } => {
                let count: usize =
                    std::str::from_utf8(args.try_get(begin + at)?).ok()?.parse().ok()?;
                let first = begin + first;
                let end = count.checked_mul(step).and_then(|span| span.checked_add(first))?;
                Some((first, end.min(len), step))
            }
        }
    }
}

fn find_word(args: Args<'_>, word: &str, from: i32) -> Option<usize> {
    let is_word = |&index: &usize| args.get(index).eq_ignore_ascii_case(word.as_bytes());
    if from >= 0 {
        (from as usize..args.len()).find(is_word)
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
    /// Sessions.
    Connection,
    /// Keys of any type.
    Generic,
    /// Lists.
    List,
    /// The server itself.
    Server,
    /// Strings.
    String,
}

impl Group {
    /// The name in `COMMAND DOCS`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Connection => "connection",
            Group::Generic => "generic",
            Group::List => "list",
            Group::Server => "server",
            Group::String => "string",
        }
    }

    /// The ACL category that membership gives, if any.
    pub fn category(self) -> Option<&'static str> {
        match self {
            Group::Connection => Some("connection"),
            Group::Generic => Some("keyspace"),
            Group::List => Some("list"),
            Group::Server => None,
            Group::String => Some("string"),
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
}

/// What an engine handler gets.
pub struct EngineCx<'a, 'k> {
    /// Settings, sessions, statistics.
    pub kernel: &'a Kernel,
    /// The way to the data.
    pub store: &'a mut Access<'k>,
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
}
