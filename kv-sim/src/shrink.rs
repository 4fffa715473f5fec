//! Makes a failing plan small: what it still fails without is left out. Large parts are tried
//! first, then smaller ones, down to single ones (Zeller and Hildebrandt, "Simplifying and
//! Isolating Failure-Inducing Input", 2002).
//!
//! A smaller plan has to fail in the same class, not with the same words: the words hold times and
//! values, which change.

use crate::Outcome;
use crate::failure::{Class, Failure};
use crate::model::Bytes;
use crate::plan::{Plan, Request, may_lack_words};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use toml_edit::{Item, TableLike, Value};

/// How much may be spent on one plan.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many runs.
    pub runs: u64,
    /// So much real time.
    pub time: Duration,
}

impl Default for Limits {
    /// What a person waits for, and enough for nearly all plans.
    fn default() -> Self {
        Self { runs: 4000, time: Duration::from_secs(50) }
    }
}

/// A plan counts as one that does not fail if it fails with none of so many seeds.
const SEEDS_MAX: u64 = 3;

/// Requests of more words than this are tried with fewer.
const WORDS_MAX: usize = 8;

/// Words that are longer than this are tried shorter, in bytes.
const WORD_LEN_MAX: usize = 32;

/// What long words are cut to, in bytes, if that is possible.
const WORD_LEN_SHORT: usize = 8;

/// The fields that no plan can do without, and those whose parts are left out otherwise.
const KEPT_FIELDS: &[&str] = &["seed", "tier", "clients", "steps", "requests"];

/// A plan made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The plan.
    pub plan: Plan,
    /// How it fails.
    pub failure: Failure,
    /// How many runs it took.
    pub runs: u64,
}

/// Makes `plan` small, which fails with `failure` if `run` runs it.
pub fn shrink(
    plan: &Plan,
    failure: &Failure,
    limits: Limits,
    run: impl FnMut(&Plan) -> Outcome,
) -> Shrunk {
    let end = Instant::now().checked_add(limits.time);
    let (plan, failure) = (plan.clone(), failure.clone());
    let mut shrinker = Shrinker { best: plan, failure, runs: 0, runs_max: limits.runs, end, run };
    shrinker.shrink();
    Shrunk { plan: shrinker.best, failure: shrinker.failure, runs: shrinker.runs }
}

struct Shrinker<R> {
    /// The smallest plan so far that fails.
    best: Plan,
    /// How it fails.
    failure: Failure,
    runs: u64,
    runs_max: u64,
    end: Option<Instant>,
    run: R,
}

/// A step's place: its client and its number.
type StepAt = (usize, usize);
/// A request's place: its step's, and its number.
type RequestAt = (StepAt, usize);
/// A word's place: its request's, and its number; for pairs, counted from the end.
type WordAt = (RequestAt, usize);

impl<R: FnMut(&Plan) -> Outcome> Shrinker<R> {
    /// Leaves out whatever can be, until nothing can.
    fn shrink(&mut self) {
        loop {
            let before = self.best.clone();
            self.drop_clients();
            self.drop_steps();
            self.drop_requests();
            self.drop_words(2);
            self.drop_words(1);
            self.shorten_words();
            self.write_out();
            self.drop_fields();
            if self.best == before || self.is_exhausted() {
                return;
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        self.runs >= self.runs_max || self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Whether `plan` fails like the one so far, which it replaces then. It may take another seed:
    /// what comes a moment later where something is left out may have to come earlier again.
    fn replace_by(&mut self, plan: Plan) -> bool {
        if plan == self.best {
            return true;
        }
        let seeds = (0..SEEDS_MAX).map(|more| plan.seed.wrapping_add(more));
        let mut plans = seeds.map(|seed| Plan { seed, ..plan.clone() });
        plans.any(|plan| !self.is_exhausted() && self.fails(plan))
    }

    fn fails(&mut self, plan: Plan) -> bool {
        self.runs += 1;
        match (self.run)(&plan) {
            Err(failed) if failed.failure.class() == self.failure.class() => {
                (self.best, self.failure) = (plan, failed.failure);
                true
            }
            _ => false,
        }
    }

    /// Leaves out as many of `parts` as possible. `without` makes the plan that lacks some of them,
    /// if there can be such a plan.
    fn leave_out<P: Clone + Ord>(
        &mut self,
        mut parts: Vec<P>,
        without: impl Fn(&Plan, &BTreeSet<P>) -> Option<Plan>,
    ) {
        let (whole, mut gone) = (self.best.clone(), BTreeSet::new());
        let mut len = parts.len();
        while len > 0 {
            let (mut at, before) = (0, parts.len());
            while at < parts.len() && !self.is_exhausted() {
                let end = (at + len).min(parts.len());
                let more: BTreeSet<P> = gone.iter().chain(&parts[at..end]).cloned().collect();
                let seed = self.best.seed;
                let plan = without(&whole, &more).map(|plan| Plan { seed, ..plan });
                if plan.is_some_and(|plan| self.replace_by(plan)) {
                    parts.drain(at..end);
                    gone = more;
                } else {
                    at = end;
                }
            }
            // What could not go may go now that other things have.
            len = if len == 1 && parts.len() < before { 1 } else { len / 2 };
        }
    }

    fn drop_clients(&mut self) {
        let clients = (0..self.best.scripts.len()).collect();
        self.leave_out(clients, |plan, gone| Some(without_clients(plan, gone)));
    }

    fn drop_steps(&mut self) {
        let steps = steps(&self.best).collect();
        self.leave_out(steps, |plan, gone: &BTreeSet<StepAt>| {
            let mut plan = plan.clone();
            for (client, script) in plan.scripts.iter_mut().enumerate() {
                retain(&mut script.steps, |step| !gone.contains(&(client, step)));
            }
            Some(plan)
        });
    }

    fn drop_requests(&mut self) {
        let requests = requests(&self.best).map(|(at, _)| at).collect();
        self.leave_out(requests, |plan, gone: &BTreeSet<RequestAt>| {
            let mut plan = plan.clone();
            for (client, script) in plan.scripts.iter_mut().enumerate() {
                for (number, step) in script.steps.iter_mut().enumerate() {
                    let is_left = |request| !gone.contains(&((client, number), request));
                    retain(&mut step.requests, is_left);
                }
            }
            Some(plan)
        });
    }

    /// Drops words from long requests, so many at a time: of many commands, words come in pairs.
    fn drop_words(&mut self, group: usize) {
        let words = requests(&self.best).flat_map(|(at, request)| match request {
            Request::Words(words) if words.len() > WORDS_MAX && may_lack_words(words) => {
                (0..(words.len() - 1) / group).map(|number| (at, number)).collect()
            }
            _ => Vec::new(),
        });
        let words: Vec<WordAt> = words.collect();
        self.leave_out(words, |plan, gone| {
            Some(with_words(plan, gone, |words, is_gone| {
                let last = words.len() - 1;
                retain(words, |index| index == 0 || !is_gone((last - index) / group));
            }))
        });
    }

    fn shorten_words(&mut self) {
        let long = long_words(&self.best);
        self.leave_out(long, |plan, cut| {
            Some(with_words(plan, cut, |words, is_cut| {
                let cut = words.iter_mut().enumerate().filter(|(index, _)| is_cut(*index));
                cut.for_each(|(_, word)| word.truncate(WORD_LEN_SHORT));
            }))
        });
        for at in long_words(&self.best) {
            while self.halve_word(at) {}
        }
    }

    fn halve_word(&mut self, at: WordAt) -> bool {
        let mut is_long = true;
        let plan = with_words(&self.best, &BTreeSet::from([at]), |words, _| {
            let word = &mut words[at.1];
            is_long = word.len() > WORD_LEN_MAX;
            word.truncate(word.len() / 2);
        });
        is_long && self.replace_by(plan)
    }

    /// Writes requests as words that were bytes.
    fn write_out(&mut self) {
        let bytes = requests(&self.best).filter(|(_, it)| matches!(it, Request::Bytes(_)));
        let bytes = bytes.filter(|(_, it)| it.words().is_some()).map(|(at, _)| at).collect();
        self.leave_out(bytes, |plan, gone: &BTreeSet<RequestAt>| {
            let mut plan = plan.clone();
            for ((client, step), request) in gone {
                let request = &mut plan.scripts[*client].steps[*step].requests[*request];
                *request = Request::Words(request.words()?);
            }
            Some(plan)
        });
    }

    /// Leaves out fields, so that they are as usual, and elements of lists.
    fn drop_fields(&mut self) {
        let mut fields = Vec::new();
        visit_table(self.best.to_document().as_table_mut(), "", &mut |field| {
            fields.push(field.to_string());
            true
        });
        // A client may wait for ever if it was told not to break off: no fault of the server's.
        let waits = |field: &String| field.ends_with(".then");
        fields.retain(|field| self.failure.class() != Class::Stuck || !waits(field));
        self.leave_out(fields, |plan, gone: &BTreeSet<String>| {
            let mut document = plan.to_document();
            visit_table(document.as_table_mut(), "", &mut |field| !gone.contains(field));
            Plan::from_document(document).ok()
        });
    }
}

/// Keeps the elements at the positions that `is_kept` likes.
fn retain<T>(items: &mut Vec<T>, is_kept: impl Fn(usize) -> bool) {
    let mut positions = 0..;
    items.retain(|_| is_kept(positions.next().expect("there are enough numbers")));
}

fn steps(plan: &Plan) -> impl Iterator<Item = StepAt> {
    let scripts = plan.scripts.iter().enumerate();
    scripts.flat_map(|(client, script)| (0..script.steps.len()).map(move |step| (client, step)))
}

fn requests(plan: &Plan) -> impl Iterator<Item = (RequestAt, &Request)> {
    steps(plan).flat_map(|(client, step)| {
        let requests = plan.scripts[client].steps[step].requests.iter().enumerate();
        requests.map(move |(number, request)| (((client, step), number), request))
    })
}

fn long_words(plan: &Plan) -> Vec<WordAt> {
    let long = |(at, request): (RequestAt, &Request)| match request {
        Request::Words(words) => {
            let long = (0..words.len()).filter(|&index| words[index].len() > WORD_LEN_MAX);
            long.map(|index| (at, index)).collect()
        }
        Request::Bytes(_) => Vec::new(),
    };
    requests(plan).flat_map(long).collect()
}

/// The plan with changes to the words of the requests that `places` name. `change` is told which
/// numbers are named.
fn with_words(
    plan: &Plan,
    places: &BTreeSet<WordAt>,
    mut change: impl FnMut(&mut Vec<Bytes>, &dyn Fn(usize) -> bool),
) -> Plan {
    let mut plan = plan.clone();
    let requests: BTreeSet<RequestAt> = places.iter().map(|(at, _)| *at).collect();
    for at in requests {
        let ((client, step), request) = at;
        if let Request::Words(words) = &mut plan.scripts[client].steps[step].requests[request] {
            change(words, &|number| places.contains(&(at, number)));
        }
    }
    plan
}

/// The plan without some of its clients, and what was to happen to them. Others keep their order.
fn without_clients(plan: &Plan, gone: &BTreeSet<usize>) -> Plan {
    let mut plan = plan.clone();
    retain(&mut plan.scripts, |client| !gone.contains(&client));
    plan.network.faults.retain(|fault| !gone.contains(&fault.client));
    for fault in &mut plan.network.faults {
        fault.client -= gone.range(..fault.client).count();
    }
    plan.deafness.retain(|deafness| !gone.contains(&deafness.client));
    for deafness in &mut plan.deafness {
        deafness.client -= gone.range(..deafness.client).count();
    }
    plan
}

/// Keeps the fields, and the elements of lists, that `is_kept` likes by their paths.
fn visit_table(table: &mut dyn TableLike, path: &str, is_kept: &mut dyn FnMut(&str) -> bool) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_string()).collect();
    for name in names {
        let field = format!("{path}{name}");
        if !KEPT_FIELDS.contains(&&*name) && !is_kept(&field) {
            table.remove(&name);
        } else if let Some(Item::Value(value)) = table.get_mut(&name) {
            visit_value(value, &field, is_kept);
        }
    }
}

fn visit_value(value: &mut Value, path: &str, is_kept: &mut dyn FnMut(&str) -> bool) {
    match value {
        Value::InlineTable(table) => visit_table(table, &format!("{path}."), is_kept),
        Value::Array(items) => {
            let is_kept_whole = KEPT_FIELDS.iter().any(|name| path.ends_with(name));
            let (mut numbers, mut left) = (0_usize.., Vec::new());
            items.retain(|_| {
                let item = format!("{path}[{}]", numbers.next().unwrap_or_default());
                let stays = is_kept_whole || is_kept(&item);
                left.extend(stays.then_some(item));
                stays
            });
            for (item, path) in items.iter_mut().zip(&left) {
                visit_value(item, path, is_kept);
            }
        }
        _ => {}
    }
}
