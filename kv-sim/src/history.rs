//! Histories: what clients saw of operations that overlap, checked without knowing in which order
//! the server ran them. [`check`](crate::check) is told that order; where threads run, or where it
//! is not to be trusted, nobody can tell it.
//!
//! A history is correct if every operation can be given one instant between its invocation and its
//! answer so that, run one after the other in the order of these instants, they give the replies
//! that were seen (linearizability: Herlihy and Wing, 1990). An operation whose connection broke
//! has no answer: its instant may be any time after its invocation, or never come. A transaction is
//! one operation on several keys, and with such operations the same property is strict
//! serializability (Papadimitriou, 1979).
//!
//! Histories are cut into groups of keys that no operation connects, since a history is correct if
//! and only if it is so for each group (locality, in Herlihy and Wing); the smaller the groups, the
//! longer the histories may be. Each group is [`search`]ed for an order. Inferring the order of
//! transactions from what they have read and looking for cycles, as Elle does (Kingsbury and
//! Alvaro, 2020), takes longer histories, but only of operations on which all that came before can
//! be seen, and misses what makes no cycle. Histories here come in short rounds with few clients,
//! so the search, which misses nothing and knows every command, finds more.
//!
//! A group with commands that the [specification](commands) does not know, or that takes the search
//! too long, is counted as such, and never as correct.

pub mod commands;
mod deliveries;
pub mod messages;
pub mod search;
mod session;

pub use session::Session;

use crate::model::Bytes;
use crate::wire::Value;
use commands::{Keys, Reach, reach};
use search::{Event, Found, Specification};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A request, word by word.
pub type Request = Vec<Bytes>;

/// The time of an operation without an answer.
pub const NEVER: u64 = u64::MAX;

/// What one client did, and what it saw of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// On which connection. Operations of one connection happen in the order of the history.
    pub connection: u64,
    /// What.
    pub action: Action,
    /// Nothing if the connection broke.
    pub reply: Option<Value>,
    /// A time before the request was sent. Times only have to grow with every event.
    pub invoked: u64,
    /// A time after the reply was read; [`NEVER`] if there is none.
    pub answered: u64,
    /// It has no reply, and the server may have refused it, but not what came after it.
    pub may_be_refused: bool,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A request.
    Single(Request),
    /// The requests between MULTI and EXEC. What the client has read of keys that it watched still
    /// holds then, or nothing happens.
    Transaction {
        /// What was read.
        premises: Vec<(Request, Value)>,
        /// What runs together.
        requests: Vec<Request>,
    },
}

impl Action {
    /// The requests that have replies in the operation's reply.
    pub fn requests(&self) -> &[Request] {
        match self {
            Self::Single(request) => std::slice::from_ref(request),
            Self::Transaction { requests, .. } => requests,
        }
    }

    fn is_transaction(&self) -> bool {
        matches!(self, Self::Transaction { .. })
    }

    fn reads(&self) -> impl Iterator<Item = &Request> {
        let premises = match self {
            Self::Single(_) => &[][..],
            Self::Transaction { premises, .. } => premises,
        };
        premises.iter().map(|(request, _)| request)
    }

    /// What it touches, all in all.
    fn reach(&self) -> Reach {
        let all = self.requests().iter().chain(self.reads());
        all.map(reach).reduce(Reach::and).unwrap_or(Reach::Keys(vec![]))
    }

    fn words(&self) -> impl Iterator<Item = &Bytes> {
        self.requests().iter().chain(self.reads()).flatten()
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Operations in groups of keys for which an order was found.
    pub explained: usize,
    /// Groups for which an order was found.
    pub correct: usize,
    /// Groups for which the search was given up.
    pub undecided: usize,
    /// Keys that commands have touched that the specification does not know.
    pub opaque: usize,
    /// What is wrong, if something is.
    pub failure: Option<String>,
}

impl Report {
    /// The same for two histories that have nothing to do with each other.
    pub fn and(self, other: Self) -> Self {
        Self {
            explained: self.explained + other.explained,
            correct: self.correct + other.correct,
            undecided: self.undecided + other.undecided,
            opaque: self.opaque + other.opaque,
            failure: self.failure.or(other.failure),
        }
    }
}

/// Checks a history. Each group of connected keys is given up after so many
/// [configurations](search::search).
pub fn check(operations: &[Operation], configurations_max: usize) -> Report {
    let (groups, opaque) = groups(operations);
    let mut report = Report { opaque, ..Report::default() };
    for group in groups {
        if let Err(text) = deliveries::check(&group) {
            return Report { failure: Some(format!("{text}\n{}", list(&group))), ..report };
        }
        match search::search::<Database>(Keys::new(), &events(&group), configurations_max) {
            Found::Order => {
                report.correct += 1;
                report.explained += group.len();
            }
            Found::TooMuch => report.undecided += 1,
            Found::None(text) => {
                let text = format!("no order explains the replies: {text}\n{}", list(&group));
                return Report { failure: Some(text), ..report };
            }
        }
    }
    report
}

/// All keys of one database.
#[derive(Clone, Copy, Debug)]
pub struct Database;

impl Specification for Database {
    type State = Keys;
    type Operation = Action;
    type Reply = Value;

    fn apply(state: &mut Keys, action: &Action) -> Value {
        match action {
            Action::Single(request) => commands::run(state, request),
            Action::Transaction { premises, requests } => {
                let holds = |(read, seen): &(Request, Value)| commands::run(state, read) == *seen;
                if !premises.iter().all(holds) {
                    return Value::Null(b'$');
                }
                Value::array(requests.iter().map(|request| commands::run(state, request)).collect())
            }
        }
    }
}

/// The operations of each group of connected keys, in the order of their invocations, and how many
/// keys nothing can be said about.
fn groups(operations: &[Operation]) -> (Vec<Vec<&Operation>>, usize) {
    let mut connected = Connected::default();
    let mut opaque: BTreeSet<&Bytes> = BTreeSet::new();
    for operation in operations {
        match operation.action.reach() {
            Reach::Keys(keys) => connected.join(&keys),
            Reach::Everything => {}
            Reach::Unknown => opaque.extend(operation.action.words()),
            Reach::Unknowable => return (vec![], connected.parents.len()),
        }
    }
    let opaque_groups: BTreeSet<Bytes> = opaque.iter().map(|key| connected.root(key)).collect();
    let mut groups: BTreeMap<Bytes, Vec<&Operation>> = BTreeMap::new();
    let roots: BTreeSet<Bytes> = connected.parents.keys().map(|key| connected.root(key)).collect();
    for root in roots.difference(&opaque_groups) {
        groups.insert(root.clone(), vec![]);
    }
    for operation in operations {
        match operation.action.reach() {
            Reach::Keys(keys) => {
                let root = keys.first().map(|key| connected.root(key));
                let group = root.and_then(|root| groups.get_mut(&root));
                group.into_iter().for_each(|group| group.push(operation));
            }
            // To each group it is an operation on the keys of that group.
            Reach::Everything => groups.values_mut().for_each(|group| group.push(operation)),
            Reach::Unknown | Reach::Unknowable => {}
        }
    }
    let is_opaque = |key: &&Bytes| opaque_groups.contains(&connected.root(key));
    let opaque = connected.parents.keys().filter(is_opaque).count();
    let mut groups: Vec<_> = groups.into_values().collect();
    // One connection's operations have stamps that grow.
    groups.iter_mut().for_each(|group| group.sort_by_key(|operation| operation.invoked));
    (groups, opaque)
}

/// Which keys operations connect.
#[derive(Debug, Default)]
struct Connected {
    parents: BTreeMap<Bytes, Bytes>,
}

impl Connected {
    fn root(&self, key: &Bytes) -> Bytes {
        let mut at = key;
        while let Some(parent) = self.parents.get(at).filter(|parent| *parent != at) {
            at = parent;
        }
        at.clone()
    }

    fn join(&mut self, keys: &[Bytes]) {
        let Some(first) = keys.first() else { return };
        let root = self.root(first);
        self.parents.entry(root.clone()).or_insert_with(|| root.clone());
        for key in keys {
            let other = self.root(key);
            self.parents.insert(other, root.clone());
        }
    }
}

fn events<'o>(group: &[&'o Operation]) -> Vec<Event<'o, Database>> {
    let mut last: BTreeMap<u64, usize> = BTreeMap::new();
    let event = |(index, operation): (usize, &&'o Operation)| {
        let after = last.get(&operation.connection).copied();
        if !operation.may_be_refused {
            last.insert(operation.connection, index);
        }
        Event {
            operation: &operation.action,
            reply: operation.reply.as_ref(),
            invoked: operation.invoked,
            answered: operation.answered,
            after,
        }
    };
    group.iter().enumerate().map(event).collect()
}

/// The most operations that are listed with a failure.
const LISTED_MAX: usize = 200;

fn list(group: &[&Operation]) -> String {
    let lines = group.iter().take(LISTED_MAX).map(|operation| format!("  {operation}\n"));
    let left = group.len().saturating_sub(LISTED_MAX);
    let more = if left > 0 { format!("  ... and {left} more\n") } else { String::new() };
    lines.chain([more]).collect()
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connection, action, reply, invoked, answered, .. } = self;
        match reply {
            Some(reply) => write!(f, "c{connection} [{invoked}, {answered}] {action} -> {reply}"),
            None => write!(f, "c{connection} [{invoked}, never] {action}"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |request: &Request| {
            let words: Vec<_> =
                request.iter().map(|word| word.escape_ascii().to_string()).collect();
            words.join(" ")
        };
        match self {
            Self::Single(request) => write!(f, "{}", show(request)),
            Self::Transaction { premises, requests } => {
                for (read, seen) in premises {
                    write!(f, "[watched: {} -> {seen}] ", show(read))?;
                }
                let requests: Vec<String> = requests.iter().map(show).collect();
                write!(f, "MULTI; {}; EXEC", requests.join("; "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
