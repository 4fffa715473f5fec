//! The search for an order of operations that explains their replies.
//!
//! It is Wing and Gong's ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of
//! the configurations that lead nowhere ("Testing for linearizability", 2017), which the checkers
//! Knossos and Porcupine have too. A configuration is which operations have happened, and the state
//! after them. From each, those may happen next that began before the first of the others was
//! answered.
//!
//! The worst case is exponential in the number of operations that overlap, and those without an
//! answer overlap all that follow; hence the limit.

use std::collections::BTreeSet;
use std::fmt::Display;

/// What a thing is that operations are about, as if there were only one at a time.
pub trait Specification {
    /// What the thing may be.
    type State: Clone + Ord + Display;
    /// What may be done to it.
    type Operation: Display;
    /// What may come of that.
    type Reply: PartialEq + Display;

    /// Does it, and says what the reply has to be.
    fn apply(state: &mut Self::State, operation: &Self::Operation) -> Self::Reply;
}

/// An operation that a history has. Histories are in the order of invocations.
pub struct Event<'o, S: Specification> {
    /// What was done.
    pub operation: &'o S::Operation,
    /// The reply that came; none if nobody knows.
    pub reply: Option<&'o S::Reply>,
    /// A time before it happened.
    pub invoked: u64,
    /// A time after it happened. It does not count where there is no reply.
    pub answered: u64,
    /// The event, by position in the history, that this one comes after whatever the times are.
    pub after: Option<usize>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is an order.
    Order,
    /// There is none. The text tells how far it went.
    None(String),
    /// There may be one: too many configurations.
    TooMuch,
}

/// Looks for an order, giving up after `configurations_max` configurations. Memory grows with
/// their number.
pub fn search<S: Specification>(
    initial: S::State,
    history: &[Event<'_, S>],
    configurations_max: usize,
) -> Found {
    let (known, unknown) =
        (0..history.len()).partition(|&index: &usize| history[index].reply.is_some());
    let mut search = Search { history, known, unknown, seen: BTreeSet::new(), deepest: None };
    let begin = Configuration { taken: Taken::none(history.len()), state: initial };
    search.run(begin, configurations_max)
}

struct Search<'h, 'o, S: Specification> {
    history: &'h [Event<'o, S>],
    /// Those with a reply.
    known: Vec<usize>,
    /// Those without.
    unknown: Vec<usize>,
    seen: BTreeSet<Configuration<S::State>>,
    /// Where most of the operations with a reply had happened, and how many.
    deepest: Option<(usize, Configuration<S::State>)>,
}

/// Which operations have happened, and what has come of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Configuration<T> {
    taken: Taken,
    state: T,
}

/// A set of events, a bit for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Taken(Box<[u64]>);

impl Taken {
    fn none(len: usize) -> Self {
        Self(vec![0; len.div_ceil(64)].into())
    }

    fn has(&self, index: usize) -> bool {
        self.0[index / 64] & (1 << (index % 64)) != 0
    }

    fn with(&self, index: usize) -> Self {
        let mut words = self.0.clone();
        words[index / 64] |= 1 << (index % 64);
        Self(words)
    }
}

impl<S: Specification> Search<'_, '_, S> {
    fn run(&mut self, begin: Configuration<S::State>, configurations_max: usize) -> Found {
        let mut next = vec![begin];
        while let Some(configuration) = next.pop() {
            if self.seen.contains(&configuration) {
                continue;
            }
            if self.seen.len() == configurations_max {
                return Found::TooMuch;
            }
            let happened = self.known.iter().filter(|&&index| configuration.taken.has(index));
            let happened = happened.count();
            if happened == self.known.len() {
                return Found::Order;
            }
            // The last is looked at first. What surely happened comes before what may have.
            let candidates = self.candidates(&configuration.taken);
            let steps = candidates.iter().rev();
            next.extend(steps.filter_map(|&index| self.step(&configuration, index)));
            if self.deepest.as_ref().is_none_or(|(most, _)| happened > *most) {
                self.deepest = Some((happened, configuration.clone()));
            }
            self.seen.insert(configuration);
        }
        Found::None(self.explain())
    }

    /// What may happen next, by the times.
    fn candidates(&self, taken: &Taken) -> Vec<usize> {
        let mut candidates = Vec::new();
        // When the first of them was answered that have not happened.
        let mut latest = u64::MAX;
        for &index in self.known.iter().filter(|&&index| !taken.has(index)) {
            let event = &self.history[index];
            if event.invoked > latest {
                break;
            }
            latest = latest.min(event.answered);
            candidates.push(index);
        }
        let in_time = |&&index: &&usize| self.history[index].invoked <= latest;
        let unknown = self.unknown.iter().filter(|&&index| !taken.has(index));
        candidates.extend(unknown.take_while(in_time));
        let is_free = |index: &usize| self.history[*index].after.is_none_or(|it| taken.has(it));
        candidates.retain(is_free);
        candidates
    }

    /// What comes of an operation, if it is what was seen.
    fn step(
        &self,
        before: &Configuration<S::State>,
        index: usize,
    ) -> Option<Configuration<S::State>> {
        let event = &self.history[index];
        let mut state = before.state.clone();
        let reply = S::apply(&mut state, event.operation);
        let fits = event.reply.is_none_or(|seen| *seen == reply);
        // That nothing has come of it is the same as if it had not happened, unless others have to
        // come after it.
        let counts = event.reply.is_some() || state != before.state || self.has_successor(index);
        (fits && counts).then(|| Configuration { taken: before.taken.with(index), state })
    }

    fn has_successor(&self, index: usize) -> bool {
        self.history[index + 1..].iter().any(|event| event.after == Some(index))
    }

    fn explain(&self) -> String {
        let Some((most, Configuration { taken, state })) = &self.deepest else {
            return "nothing happened".into();
        };
        let total = self.known.len();
        let mut text = format!("{most} of {total} lead to {state}, and then none of these fits:");
        let known = self.candidates(taken).into_iter();
        for index in known.filter(|&index| self.history[index].reply.is_some()) {
            let event = &self.history[index];
            let reply = S::apply(&mut state.clone(), event.operation);
            let seen = event.reply.expect("it is one of those with a reply");
            let told = format!("has to give {reply} and gave {seen}");
            let invoked = event.invoked;
            text.push_str(&format!("\n  that of {invoked}: {} {told}", event.operation));
        }
        text
    }
}
