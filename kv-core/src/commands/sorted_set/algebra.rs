//! Unions, intersections and differences of sorted sets, and of sets, whose members count 1.

use super::{without_sign_of_zero, write_pairs};
use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{float, int, is};
use crate::config::Config;
use crate::error::Error;
use crate::store::View;
use crate::value::ValueRef;
use crate::value::pack::Item;
use crate::value::set::SetRef;
use crate::value::sorted_set::{Pair, SortedSet, SortedSetRef};
use crate::value::string::IntBuffer;
use std::ops::Bound;

pub(crate) fn zunion(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Operation::Union, "zunion")
}

pub(crate) fn zinter(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Operation::Intersection, "zinter")
}

pub(crate) fn zdiff(cx: &mut Cx<'_>) -> Result<(), Error> {
    show(cx, Operation::Difference, "zdiff")
}

pub(crate) fn zunionstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, Operation::Union, "zunionstore")
}

pub(crate) fn zinterstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, Operation::Intersection, "zinterstore")
}

pub(crate) fn zdiffstore(cx: &mut Cx<'_>) -> Result<(), Error> {
    store(cx, Operation::Difference, "zdiffstore")
}

fn show(cx: &mut Cx<'_>, operation: Operation, command: &str) -> Result<(), Error> {
    let (request, rest) = Request::parse(&mut cx.db, cx.args.skip(1), command)?;
    let options = Options::parse(rest, request.keys.len(), Form::Shown(operation))?;
    let result = request.run(&cx.db, operation, &options);
    write_pairs(cx.out, result.view().iter(), options.with_scores);
    cx.db.discard(result);
    Ok(())
}

fn store(cx: &mut Cx<'_>, operation: Operation, command: &'static str) -> Result<(), Error> {
    let (request, rest) = Request::parse(&mut cx.db, cx.args.skip(2), command)?;
    let options = Options::parse(rest, request.keys.len(), Form::Stored(operation))?;
    let mut result = request.run(&cx.db, operation, &options);
    drop_signs_of_zeros(&mut result, cx.config);
    cx.out.int(result.view().len() as i64);
    cx.db.replace(cx.args.get(1), result, command);
    Ok(())
}

/// As the result is stored in Redis.
fn drop_signs_of_zeros(result: &mut SortedSet, config: &Config) {
    let (view, len) = (result.view(), result.view().len());
    let stored = |member: &[u8]| without_sign_of_zero(-0.0, member, len, config);
    if stored(b"").is_sign_negative() {
        return;
    }
    let zeros = view.ranks_by_score(Bound::Included(0.0), Bound::Included(0.0));
    let negative = view.range(zeros).filter(|pair| pair.score.is_sign_negative());
    let members: Vec<_> = negative.map(|pair| pair.member.to_vec()).collect();
    for member in members {
        result.set(&member, stored(&member));
    }
}

pub(crate) fn zintercard(cx: &mut Cx<'_>) -> Result<(), Error> {
    let (request, rest) = Request::parse(&mut cx.db, cx.args.skip(1), "zintercard")?;
    let options = Options::parse(rest, request.keys.len(), Form::Counted)?;
    let inputs = request.inputs(&cx.db, &options);
    let common = Input::intersection(&inputs, options.aggregate).take(options.limit);
    cx.out.int(common.count() as i64);
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of the result, on which it depends which options there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Shown(Operation),
    Stored(Operation),
    Counted,
}

/// The keys, which have been read.
struct Request<'a> {
    keys: Vec<&'a [u8]>,
    /// For the result.
    empty: SortedSet,
}

impl<'a> Request<'a> {
    /// Of arguments that begin with the number of keys. The options are what is left of them.
    fn parse(db: &mut View<'_>, args: Args<'a>, command: &str) -> Result<(Self, Args<'a>), Error> {
        let number = int(args.get(0))?;
        if number < 1 {
            return Err(Error::composed(format!(
                "ERR at least 1 input key is needed for '{command}' command"
            )));
        }
        let number = usize::try_from(number).ok().filter(|&number| number < args.len());
        let number = number.ok_or(Error::Syntax)?;
        let keys: Vec<_> = args.from(1).take(number).collect();
        for key in &keys {
            match db.read(key) {
                None | Some(ValueRef::Set(_) | ValueRef::SortedSet(_)) => {}
                Some(_) => return Err(Error::WrongType),
            }
        }
        Ok((Self { keys, empty: db.create() }, args.skip(1 + number)))
    }

    fn inputs<'v>(&self, db: &'v View<'_>, options: &Options) -> Vec<Input<'v>> {
        let sources = self.keys.iter().map(|key| match db.peek(key) {
            Some(ValueRef::Set(set)) => Source::Set(set),
            Some(ValueRef::SortedSet(set)) => Source::SortedSet(set),
            _ => Source::Nothing,
        });
        let inputs = sources.zip(&options.weights);
        inputs.map(|(source, &weight)| Input { source, weight }).collect()
    }

    fn run(&self, db: &View<'_>, operation: Operation, options: &Options) -> SortedSet {
        let inputs = self.inputs(db, options);
        let mut result = self.empty.clone();
        let mut buffer = IntBuffer::new();
        match operation {
            Operation::Union => Input::add_union(&inputs, options.aggregate, &mut result),
            Operation::Intersection => {
                for Pair { score, member } in Input::intersection(&inputs, options.aggregate) {
                    result.set(member.as_bytes(&mut buffer), score);
                }
            }
            Operation::Difference => {
                for Pair { score, member } in Input::difference(&inputs) {
                    result.set(member.as_bytes(&mut buffer), score);
                }
            }
        }
        result
    }
}

/// How the scores of a member become one.
#[derive(Clone, Copy, Debug)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// As Redis computes it, where `score` is NaN too: then there is 0, or what was there before.
    fn of(self, before: f64, score: f64) -> f64 {
        match self {
            Self::Sum => number(before + score),
            Self::Min => {
                if score < before {
                    score
                } else {
                    before
                }
            }
            Self::Max => {
                if score > before {
                    score
                } else {
                    before
                }
            }
        }
    }
}

/// What is no number counts as 0.
fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

impl Options {
    fn parse(args: Args<'_>, keys: usize, form: Form) -> Result<Self, Error> {
        let mut options = Self {
            weights: vec![1.0; keys],
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: usize::MAX,
        };
        let is_shown = matches!(form, Form::Shown(_));
        let is_weighted = !matches!(
            form,
            Form::Counted
                | Form::Shown(Operation::Difference)
                | Form::Stored(Operation::Difference)
        );
        let mut rest = args.from(0);
        while let Some(option) = rest.next() {
            if is_weighted && is(option, "WEIGHTS") && rest.len() >= keys {
                options.weights = weights(rest.by_ref().take(keys))?;
            } else if is_weighted && is(option, "AGGREGATE") && rest.len() > 0 {
                options.aggregate = aggregate(rest.next().unwrap_or_default())?;
            } else if is_shown && is(option, "WITHSCORES") {
                options.with_scores = true;
            } else if form == Form::Counted && is(option, "LIMIT") && rest.len() > 0 {
                options.limit = limit(rest.next().unwrap_or_default())?;
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }
}

fn weights<'a>(args: impl Iterator<Item = &'a [u8]>) -> Result<Vec<f64>, Error> {
    let error = |_| Error::text("ERR weight value is not a float");
    args.map(|arg| float(arg).map_err(error)).collect()
}

fn aggregate(arg: &[u8]) -> Result<Aggregate, Error> {
    match arg {
        _ if is(arg, "SUM") => Ok(Aggregate::Sum),
        _ if is(arg, "MIN") => Ok(Aggregate::Min),
        _ if is(arg, "MAX") => Ok(Aggregate::Max),
        _ => Err(Error::Syntax),
    }
}

/// 0 means that there is none.
fn limit(arg: &[u8]) -> Result<usize, Error> {
    let number = int(arg).ok().and_then(|number| usize::try_from(number).ok());
    let number = number.ok_or(Error::text("ERR LIMIT can't be negative"))?;
    Ok(if number == 0 { usize::MAX } else { number })
}

#[derive(Clone, Copy)]
enum Source<'v> {
    Set(SetRef<'v>),
    SortedSet(SortedSetRef<'v>),
    Nothing,
}

/// What a key holds, and by how much its scores are multiplied.
#[derive(Clone, Copy)]
struct Input<'v> {
    source: Source<'v>,
    weight: f64,
}

impl<'v> Input<'v> {
    fn len(&self) -> usize {
        match self.source {
            Source::Set(set) => set.len(),
            Source::SortedSet(set) => set.len(),
            Source::Nothing => 0,
        }
    }

    /// The members and their scores, which may have become NaN.
    fn pairs(self) -> impl Iterator<Item = Pair<'v>> {
        let (members, pairs) = match self.source {
            Source::Set(set) => (Some(set.iter()), None),
            Source::SortedSet(set) => (None, Some(set.iter())),
            Source::Nothing => (None, None),
        };
        let members = members.into_iter().flatten().map(|member| Pair { score: 1.0, member });
        let pairs = members.chain(pairs.into_iter().flatten());
        pairs.map(move |pair| Pair { score: pair.score * self.weight, ..pair })
    }

    /// The score of a member, if it is there.
    fn score(self, member: Item<'_>) -> Option<f64> {
        let score = match self.source {
            Source::Set(set) => set.contains(member).then_some(1.0),
            Source::SortedSet(set) => set.score(member),
            Source::Nothing => None,
        };
        score.map(|score| score * self.weight)
    }

    /// The order in which scores are added up, which their sum depends on.
    fn by_len(inputs: &[Self]) -> Vec<Self> {
        let mut inputs = inputs.to_vec();
        inputs.sort_by_key(Self::len);
        inputs
    }

    fn add_union(inputs: &[Self], aggregate: Aggregate, result: &mut SortedSet) {
        let mut buffer = IntBuffer::new();
        for input in Self::by_len(inputs) {
            for Pair { score, member } in input.pairs() {
                let score = number(score);
                result.update(member.as_bytes(&mut buffer), |before| {
                    Some(before.map_or(score, |before| aggregate.of(before, score)))
                });
            }
        }
    }

    fn intersection(inputs: &[Self], aggregate: Aggregate) -> impl Iterator<Item = Pair<'v>> {
        let mut inputs = Self::by_len(inputs).into_iter();
        let first = inputs.next().expect("there is at least one");
        first.pairs().filter_map(move |Pair { score, member }| {
            let mut scores = inputs.clone().map(|input| input.score(member));
            let add = |before, score: Option<f64>| Some(aggregate.of(before, score?));
            Some(Pair { score: scores.try_fold(number(score), add)?, member })
        })
    }

    fn difference(inputs: &[Self]) -> impl Iterator<Item = Pair<'v>> {
        let (first, others) = inputs.split_first().expect("there is at least one");
        let is_left =
            |pair: &Pair<'v>| others.iter().all(|other| other.score(pair.member).is_none());
        first.pairs().filter(is_left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::KeyHasher;
    use crate::rng::Rng;
    use crate::value::pack::Pack;
    use crate::value::set::Set;
    use crate::value::{Collection, Growth, Sizes};

    fn growth() -> Growth {
        Growth { hasher: KeyHasher::new(&mut Rng::new(1)), sizes: Sizes::DEFAULT }
    }

    fn set(members: &[&str]) -> Set {
        let mut pack = Pack::default();
        members.iter().for_each(|member| pack.push(Item::new(member.as_bytes())));
        Set::unpack(pack, growth())
    }

    fn sorted_set(pairs: &[(&str, f64)]) -> SortedSet {
        let mut set = SortedSet::unpack(Pack::default(), growth());
        pairs.iter().for_each(|(member, score)| _ = set.set(member.as_bytes(), *score));
        set
    }

    fn texts<'a>(pairs: impl Iterator<Item = Pair<'a>>) -> Vec<(String, f64)> {
        let text = |pair: Pair<'_>| (String::from_utf8(pair.member.to_vec()).unwrap(), pair.score);
        let mut texts: Vec<_> = pairs.map(text).collect();
        texts.sort_by(|a, b| a.partial_cmp(b).unwrap());
        texts
    }

    #[test]
    fn members_of_sets_count_1() {
        let (set, scores) = (set(&["a", "12"]), sorted_set(&[("12", 5.0), ("c", 7.0)]));
        let inputs = [
            Input { source: Source::Set(set.view()), weight: 3.0 },
            Input { source: Source::SortedSet(scores.view()), weight: 2.0 },
        ];
        let [ours, theirs] = [Aggregate::Sum, Aggregate::Max].map(|aggregate| {
            let mut union = sorted_set(&[]);
            Input::add_union(&inputs, aggregate, &mut union);
            texts(union.view().iter())
        });
        let expected = |common| [("12".into(), common), ("a".into(), 3.0), ("c".into(), 14.0)];
        assert_eq!(ours, expected(13.0));
        assert_eq!(theirs, expected(10.0));
        let common = texts(Input::intersection(&inputs, Aggregate::Min));
        assert_eq!(common, [("12".to_string(), 3.0)]);
        assert_eq!(texts(Input::difference(&inputs)), [("a".to_string(), 3.0)]);
    }
}
