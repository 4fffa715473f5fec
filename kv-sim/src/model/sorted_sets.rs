//! Sorted sets.

use super::{
    Bytes, Data, Outcome, Row, Run, SYNTAX, WRONG_TYPE, absolute, count_arg, exactly, int, is,
    number, pages,
};
use crate::wire::{Value, parse_int};
use std::collections::BTreeMap;

pub(super) const COMMANDS: &[Row] = &[
    ("zadd", -4, zadd),
    ("zcard", 2, zcard),
    ("zcount", 4, zcount),
    ("zdiff", -3, |run| combine(run, Set::Difference)),
    ("zdiffstore", -4, |run| combine(run, Set::Difference)),
    ("zincrby", 4, zincrby),
    ("zinter", -3, |run| combine(run, Set::Intersection)),
    ("zinterstore", -4, |run| combine(run, Set::Intersection)),
    ("zintercard", -3, zintercard),
    ("zlexcount", 4, zlexcount),
    ("zmpop", -4, zmpop),
    ("zmscore", -3, zmscore),
    ("zpopmax", -2, |run| zpop(run, true)),
    ("zpopmin", -2, |run| zpop(run, false)),
    ("zquery", 6, zquery),
    ("zrandmember", -2, zrandmember),
    ("zrange", -4, |run| range(run, None)),
    ("zrangebylex", -4, |run| range(run, Some((By::Member, false)))),
    ("zrangebyscore", -4, |run| range(run, Some((By::Score, false)))),
    ("zrangestore", -5, |run| range(run, None)),
    ("zrank", -3, |run| zrank(run, false)),
    ("zrem", -3, zrem),
    ("zremrangebylex", 4, |run| zremrange(run, By::Member)),
    ("zremrangebyrank", 4, |run| zremrange(run, By::Rank)),
    ("zremrangebyscore", 4, |run| zremrange(run, By::Score)),
    ("zrevrange", -4, |run| range(run, Some((By::Rank, true)))),
    ("zrevrangebylex", -4, |run| range(run, Some((By::Member, true)))),
    ("zrevrangebyscore", -4, |run| range(run, Some((By::Score, true)))),
    ("zrevrank", -3, |run| zrank(run, true)),
    ("zscan", -3, zscan),
    ("zscore", 3, zscore),
    ("zunion", -3, |run| combine(run, Set::Union)),
    ("zunionstore", -4, |run| combine(run, Set::Union)),
];

const NOT_A_FLOAT: &[u8] = b"ERR value is not a valid float";

/// Members with their scores.
pub(super) type Scores = BTreeMap<Bytes, f64>;

type Pairs = Vec<(f64, Bytes)>;

/// In their order.
pub(super) fn sorted(scores: &Scores) -> Pairs {
    let mut pairs: Pairs = scores.iter().map(|(m, s)| (*s, m.clone())).collect();
    pairs.sort_by(|a, b| a.partial_cmp(b).expect("no score is NaN"));
    pairs
}

pub(super) fn float(arg: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(arg).ok()?.parse().ok()?;
    (!value.is_nan()).then_some(value)
}

fn float_arg(arg: &[u8]) -> Result<f64, Bytes> {
    float(arg).ok_or_else(|| NOT_A_FLOAT.into())
}

/// The fewest digits that tell it. Large whole numbers have up to seven zeros behind these, and
/// fractions up to six digits, or more if the point is near their first.
pub(crate) fn text(score: f64) -> String {
    let is_whole = score.fract() == 0.0 && score.abs() < (1u64 << 52) as f64;
    if score.is_infinite() || is_whole {
        return score.to_string();
    }
    let scientific = format!("{score:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("it has an exponent");
    let exponent: i32 = exponent.parse().expect("it is a number");
    let digits = mantissa.replace(['.', '-'], "").len() as i32;
    let last = exponent + 1 - digits;
    let is_short = if last >= 0 { last <= 7 } else { last > -7 || exponent.abs() < 4 };
    if is_short { score.to_string() } else { format!("{mantissa}e{exponent:+}") }
}

impl Run<'_> {
    pub(super) fn scores(&self, key: &[u8]) -> Result<Option<&Scores>, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            None => Ok(None),
            Some(Data::SortedSet(scores)) => Ok(Some(scores)),
            Some(_) => Err(WRONG_TYPE.into()),
        }
    }

    pub(super) fn scores_or_none(&self, key: &[u8]) -> Result<Scores, Bytes> {
        Ok(self.scores(key)?.cloned().unwrap_or_default())
    }

    /// The same of a sorted set or a set, whose members have the score 1.
    fn input(&self, key: &[u8]) -> Result<Scores, Bytes> {
        match self.find(key).map(|entry| &entry.data) {
            Some(Data::Set(members)) => {
                Ok(members.iter().map(|member| (member.clone(), 1.0)).collect())
            }
            _ => self.scores_or_none(key),
        }
    }

    /// Keeps the deadline.
    pub(super) fn put_scores(&mut self, key: &[u8], scores: Scores) {
        let deadline = self.deadline(key);
        if scores.is_empty() {
            self.take(key);
        } else {
            self.put(key, Data::SortedSet(scores), deadline);
        }
    }

    pub(super) fn replace_scores(&mut self, key: &[u8], scores: Scores) {
        if scores.is_empty() {
            self.take(key);
        } else {
            self.put(key, Data::SortedSet(scores), None);
        }
    }

    fn score(&self, score: f64) -> Value {
        match self.session.protocol {
            3 => Value::Line(b',', text(score).into()),
            _ => Value::bulk(text(score).as_bytes()),
        }
    }

    fn score_or_null(&self, score: Option<f64>) -> Value {
        score.map_or_else(|| self.null(), |score| self.score(score))
    }

    fn flat(&self, pairs: &[(f64, Bytes)]) -> Vec<Value> {
        pairs.iter().flat_map(|(score, member)| [Value::bulk(member), self.score(*score)]).collect()
    }

    fn pairs(&self, pairs: &[(f64, Bytes)], with_scores: bool) -> Value {
        match (with_scores, self.session.protocol) {
            (false, _) => Value::array(pairs.iter().map(|(_, m)| Value::bulk(m)).collect()),
            (true, 3) => self.nested(pairs),
            (true, _) => Value::array(self.flat(pairs)),
        }
    }

    fn nested(&self, pairs: &[(f64, Bytes)]) -> Value {
        let pair = |pair| Value::array(self.flat(std::slice::from_ref(pair)));
        Value::array(pairs.iter().map(pair).collect())
    }
}

fn zadd(run: &mut Run<'_>) -> Outcome {
    let names = ["NX", "XX", "GT", "LT", "CH", "INCR"];
    let is_option = |arg: &&Bytes| names.iter().any(|name| is(arg, name));
    let options: Vec<_> = run.args[2..].iter().take_while(is_option).cloned().collect();
    add(run, &options, options.len() + 2)
}

fn zincrby(run: &mut Run<'_>) -> Outcome {
    let names = ["NX", "XX", "GT", "LT", "CH", "INCR"];
    if names.iter().any(|name| is(&run.args[2], name)) {
        return Err(SYNTAX.into());
    }
    add(run, &[b"INCR".to_vec()], 2)
}

fn add(run: &mut Run<'_>, options: &[Bytes], first: usize) -> Outcome {
    let has = |name| options.iter().any(|option| is(option, name));
    let (nx, xx, gt, lt) = (has("NX"), has("XX"), has("GT"), has("LT"));
    let pairs: Vec<_> = run.args[first..].chunks(2).collect();
    if pairs.last().is_none_or(|pair| pair.len() < 2) {
        return Err(SYNTAX.into());
    }
    if nx && xx {
        return Err(b"ERR XX and NX options at the same time are not compatible".into());
    }
    if (nx && (gt || lt)) || (gt && lt) {
        let text = b"ERR GT, LT, and/or NX options at the same time are not compatible";
        return Err(text.into());
    }
    if has("INCR") && pairs.len() > 1 {
        return Err(b"ERR INCR option supports a single increment-element pair".into());
    }
    let numbers: Result<Vec<f64>, Bytes> = pairs.iter().map(|pair| float_arg(&pair[0])).collect();
    let numbers = numbers?;
    let key = run.key();
    let mut scores = run.scores_or_none(&key)?;
    let (mut added, mut changed, mut last) = (0, 0, None);
    for (pair, number) in pairs.iter().zip(numbers) {
        let old = scores.get(&pair[1]).copied();
        let new = if has("INCR") { old.unwrap_or(0.0) + number } else { number };
        let is_barred = old.map_or(xx, |old| nx || (gt && new <= old) || (lt && new >= old));
        if nx && old.is_some() {
            continue;
        }
        if new.is_nan() {
            return Err(b"ERR resulting score is not a number (NaN)".into());
        }
        if is_barred {
            continue;
        }
        last = Some(new);
        added += i64::from(old.is_none());
        changed += i64::from(old.is_some_and(|old| old != new));
        scores.insert(pair[1].clone(), new);
    }
    run.put_scores(&key, scores);
    if has("INCR") {
        return exactly(run.score_or_null(last));
    }
    number(if has("CH") { added + changed } else { added })
}

fn zrem(run: &mut Run<'_>) -> Outcome {
    let key = run.key();
    let mut scores = run.scores_or_none(&key)?;
    let removed = run.args[2..].iter().filter(|member| scores.remove(*member).is_some()).count();
    run.put_scores(&key, scores);
    number(removed as i64)
}

fn zscore(run: &mut Run<'_>) -> Outcome {
    let scores = run.scores_or_none(&run.args[1])?;
    exactly(run.score_or_null(scores.get(&run.args[2]).copied()))
}

fn zmscore(run: &mut Run<'_>) -> Outcome {
    let scores = run.scores_or_none(&run.args[1])?;
    let score = |member| run.score_or_null(scores.get(member).copied());
    exactly(Value::array(run.args[2..].iter().map(score).collect()))
}

fn zcard(run: &mut Run<'_>) -> Outcome {
    number(run.scores_or_none(&run.args[1])?.len() as i64)
}

fn zrank(run: &mut Run<'_>, is_reverse: bool) -> Outcome {
    let with_score = run.args.len() > 3;
    if run.args.len() > 4 {
        return Err(run.wrong_arity());
    }
    if with_score && !is(&run.args[3], "WITHSCORE") {
        return Err(SYNTAX.into());
    }
    let mut pairs = sorted(&run.scores_or_none(&run.args[1])?);
    if is_reverse {
        pairs.reverse();
    }
    let rank = pairs.iter().position(|(_, member)| *member == run.args[2]);
    exactly(match (rank, with_score) {
        (None, false) => run.null(),
        (None, true) => run.null_array(),
        (Some(rank), false) => Value::int(rank as i64),
        (Some(rank), true) => Value::array(vec![Value::int(rank as i64), run.score(pairs[rank].0)]),
    })
}

/// A bound, and whether it belongs to the range.
type Bound = (f64, bool);

fn bounds(min: &[u8], max: &[u8]) -> Result<(Bound, Bound), Bytes> {
    let bound = |arg: &[u8]| {
        let open = arg.first() == Some(&b'(');
        let text = &arg[usize::from(open)..];
        let number = if text.is_empty() { Some(0.0) } else { float(text.trim_ascii_start()) };
        let number = number.ok_or_else(|| Bytes::from("ERR min or max is not a float"));
        number.map(|number| (number, !open))
    };
    Ok((bound(min)?, bound(max)?))
}

fn is_between(score: f64, (min, max): (Bound, Bound)) -> bool {
    let is_above = score > min.0 || (min.1 && score == min.0);
    let is_below = score < max.0 || (max.1 && score == max.0);
    is_above && is_below
}

fn zcount(run: &mut Run<'_>) -> Outcome {
    let range = bounds(&run.args[2], &run.args[3])?;
    let scores = run.scores_or_none(&run.args[1])?;
    number(scores.values().filter(|score| is_between(**score, range)).count() as i64)
}

/// Those of ranks, the first and the last included.
fn of_ranks(pairs: &Pairs, first: i64, last: i64) -> Pairs {
    let (first, last) = (absolute(first, pairs.len()).max(0), absolute(last, pairs.len()));
    let chosen = |rank: usize| (first..=last).contains(&(rank as i64));
    let pairs = pairs.iter().enumerate().filter(|(rank, _)| chosen(*rank));
    pairs.map(|(_, pair)| pair.clone()).collect()
}

/// What the ends of a range are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

/// A range whose ends have been read.
enum Range {
    Ranks(i64, i64),
    Scores(Bound, Bound),
    Members(Edge, Edge),
}

/// An end of a range of members.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    First,
    At(Bytes, bool),
    Last,
}

fn edge(arg: &[u8]) -> Result<Edge, Bytes> {
    match arg {
        b"-" => Ok(Edge::First),
        b"+" => Ok(Edge::Last),
        [b'[', member @ ..] => Ok(Edge::At(member.into(), true)),
        [b'(', member @ ..] => Ok(Edge::At(member.into(), false)),
        _ => Err(b"ERR min or max not valid string range item".into()),
    }
}

impl Range {
    /// `low` and `high` are the ends in the order of scores and members; ranks are given as the
    /// request says.
    fn parse(by: By, low: &[u8], high: &[u8]) -> Result<Range, Bytes> {
        Ok(match by {
            By::Rank => Range::Ranks(int(low)?, int(high)?),
            By::Score => {
                let (min, max) = bounds(low, high)?;
                Range::Scores(min, max)
            }
            By::Member => Range::Members(edge(low)?, edge(high)?),
        })
    }

    fn of(&self, pairs: Pairs) -> Pairs {
        match self {
            Range::Ranks(first, last) => of_ranks(&pairs, *first, *last),
            Range::Scores(min, max) => {
                pairs.into_iter().filter(|(score, _)| is_between(*score, (*min, *max))).collect()
            }
            Range::Members(min, max) => {
                let are_equal = pairs.windows(2).all(|two| two[0].0 == two[1].0);
                assert!(are_equal, "plans ask for ranges of members where scores are equal");
                pairs.into_iter().filter(|(_, member)| is_within(member, min, max)).collect()
            }
        }
    }
}

fn is_within(member: &Bytes, min: &Edge, max: &Edge) -> bool {
    let is_above = match min {
        Edge::First => true,
        Edge::At(edge, is_in) => member > edge || (*is_in && member == edge),
        Edge::Last => false,
    };
    let is_below = match max {
        Edge::First => false,
        Edge::At(edge, is_in) => member < edge || (*is_in && member == edge),
        Edge::Last => true,
    };
    is_above && is_below
}

fn zlexcount(run: &mut Run<'_>) -> Outcome {
    let range = Range::parse(By::Member, &run.args[2], &run.args[3])?;
    let pairs = sorted(&run.scores_or_none(&run.args[1])?);
    number(range.of(pairs).len() as i64)
}

fn zremrange(run: &mut Run<'_>, by: By) -> Outcome {
    let key = run.key();
    let range = Range::parse(by, &run.args[2], &run.args[3])?;
    let mut scores = run.scores_or_none(&key)?;
    let gone = range.of(sorted(&scores));
    gone.iter().for_each(|(_, member)| _ = scores.remove(member));
    run.put_scores(&key, scores);
    number(gone.len() as i64)
}

/// ZRANGE and its kin. `preset` says what the ends are and whether it is reverse, if the name does.
fn range(run: &mut Run<'_>, preset: Option<(By, bool)>) -> Outcome {
    let stores = is(&run.args[0], "ZRANGESTORE");
    let at = 2 + usize::from(stores);
    let (mut by, mut is_reverse) = preset.unwrap_or((By::Rank, false));
    let (mut with_scores, mut limit) = (false, None);
    let mut rest = &run.args[at + 2..];
    while let Some((option, tail)) = rest.split_first() {
        rest = tail;
        let is_free = preset.is_none() && by == By::Rank;
        if !stores && is(option, "WITHSCORES") {
            with_scores = true;
        } else if is(option, "LIMIT") && tail.len() >= 2 {
            limit = Some((int(&tail[0])?, int(&tail[1])?));
            rest = &tail[2..];
        } else if preset.is_none() && !is_reverse && is(option, "REV") {
            is_reverse = true;
        } else if is_free && is(option, "BYSCORE") {
            by = By::Score;
        } else if is_free && is(option, "BYLEX") {
            by = By::Member;
        } else {
            return Err(SYNTAX.into());
        }
    }
    if by == By::Rank && limit.is_some_and(|(_, count)| count != -1) {
        let text = b"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
        return Err(text.into());
    }
    if with_scores && by == By::Member {
        let text = b"ERR syntax error, WITHSCORES not supported in combination with BYLEX";
        return Err(text.into());
    }
    let (first, last) = (&run.args[at], &run.args[at + 1]);
    let is_turned = is_reverse && by != By::Rank;
    let (low, high) = if is_turned { (last, first) } else { (first, last) };
    let range = Range::parse(by, low, high)?;
    let mut pairs = sorted(&run.scores_or_none(&run.args[at - 1])?);
    if is_reverse {
        pairs.reverse();
    }
    pairs = range.of(pairs);
    if by != By::Rank {
        let (offset, count) = limit.unwrap_or((0, -1));
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        pairs = pairs.into_iter().skip(offset).take(count).collect();
    }
    if !stores {
        return exactly(run.pairs(&pairs, with_scores));
    }
    let len = pairs.len();
    let key = run.key();
    run.replace_scores(&key, pairs.into_iter().map(|(score, member)| (member, score)).collect());
    number(len as i64)
}

fn zscan(run: &mut Run<'_>) -> Outcome {
    let element = |(member, score): (Bytes, f64)| {
        let parts = vec![Value::bulk(&member), Value::bulk(text(score).as_bytes())];
        (member, parts)
    };
    let elements = || Ok(run.scores_or_none(&run.args[1])?.into_iter().map(element).collect());
    pages::page(run, elements, None, false)
}

/// The least count of ZRANDMEMBER is the server's own limit: Redis goes on until its memory ends.
fn zrandmember(run: &mut Run<'_>) -> Outcome {
    const LEAST: i64 = -(1 << 24);
    let element = |(member, score): (&Bytes, &f64)| [Value::bulk(member), run.score(*score)];
    let elements = || Ok(run.scores_or_none(&run.args[1])?.iter().map(element).collect());
    pages::random(run, "WITHSCORES", LEAST, elements)
}

fn zintercard(run: &mut Run<'_>) -> Outcome {
    let inputs = inputs(run, 1)?;
    let mut limit = 0;
    let mut rest = &run.args[2 + inputs.len()..];
    while let [option, value, tail @ ..] = rest {
        if !is(option, "LIMIT") {
            return Err(SYNTAX.into());
        }
        let value = parse_int(value).and_then(|value| usize::try_from(value).ok());
        limit = value.ok_or(&b"ERR LIMIT can't be negative"[..])?;
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(SYNTAX.into());
    }
    let common = inputs[0].keys().filter(|member| inputs.iter().all(|i| i.contains_key(*member)));
    let most = if limit == 0 { usize::MAX } else { limit };
    number(common.take(most).count() as i64)
}

/// The sets behind the argument `at`, which says how many they are.
fn inputs(run: &Run<'_>, at: usize) -> Result<Vec<Scores>, Bytes> {
    let keys = int(&run.args[at])?;
    if keys < 1 {
        let name = run.name();
        return Err(format!("ERR at least 1 input key is needed for '{name}' command").into());
    }
    let keys = usize::try_from(keys).unwrap_or(usize::MAX);
    if keys > run.args.len() - at - 1 {
        return Err(SYNTAX.into());
    }
    run.args[at + 1..at + 1 + keys].iter().map(|key| run.input(key)).collect()
}

fn zquery(run: &mut Run<'_>) -> Outcome {
    let from = (float_arg(&run.args[2])?, run.args[3].clone());
    let (offset, limit) = (count_arg(&run.args[4])?, count_arg(&run.args[5])?);
    let mut pairs = sorted(&run.scores_or_none(&run.args[1])?);
    pairs.retain(|pair| *pair >= from);
    let pairs: Pairs = pairs.into_iter().skip(offset).take(limit).collect();
    exactly(Value::array(run.flat(&pairs)))
}

/// Takes up to `count` pairs from an end.
fn take(run: &mut Run<'_>, key: &[u8], is_max: bool, count: usize) -> Result<Pairs, Bytes> {
    let mut scores = run.scores_or_none(key)?;
    let mut pairs = sorted(&scores);
    if is_max {
        pairs.reverse();
    }
    pairs.truncate(count);
    pairs.iter().for_each(|(_, member)| _ = scores.remove(member));
    run.put_scores(key, scores);
    Ok(pairs)
}

fn zpop(run: &mut Run<'_>, is_max: bool) -> Outcome {
    let key = run.key();
    match run.args.len() {
        2 => {
            let pairs = take(run, &key, is_max, 1)?;
            exactly(Value::array(run.flat(&pairs)))
        }
        3 => {
            let count = count_arg(&run.args[2])?;
            let pairs = take(run, &key, is_max, count)?;
            exactly(run.pairs(&pairs, true))
        }
        _ => Err(SYNTAX.into()),
    }
}

fn zmpop(run: &mut Run<'_>) -> Outcome {
    let positive = |arg: &[u8], text: &'static str| {
        let count = parse_int(arg).filter(|count| *count > 0);
        count.ok_or_else(|| Bytes::from(text))
    };
    let keys = positive(&run.args[1], "ERR numkeys should be greater than 0")?;
    let keys = usize::try_from(keys).unwrap_or(usize::MAX);
    let end = keys.checked_add(2).and_then(|at| run.args.get(at)).ok_or(SYNTAX)?;
    let is_max = is(end, "MAX");
    if !is_max && !is(end, "MIN") {
        return Err(SYNTAX.into());
    }
    let count = match &run.args[keys + 3..] {
        [] => 1,
        [word, count, rest @ ..] if is(word, "COUNT") => {
            let count = positive(count, "ERR count should be greater than 0")?;
            if !rest.is_empty() {
                return Err(SYNTAX.into());
            }
            count as usize
        }
        _ => return Err(SYNTAX.into()),
    };
    for key in &run.args[2..keys + 2] {
        let pairs = take(run, key, is_max, count)?;
        if !pairs.is_empty() {
            return exactly(Value::array(vec![Value::bulk(key), run.nested(&pairs)]));
        }
    }
    exactly(run.null_array())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Union,
    Intersection,
    Difference,
}

/// ZUNION and its kin.
fn combine(run: &mut Run<'_>, operation: Set) -> Outcome {
    let stores = run.name().ends_with("store");
    let at = 1 + usize::from(stores);
    let inputs = inputs(run, at)?;
    let keys = inputs.len();
    let mut weights = vec![1.0; keys];
    let (mut how, mut with_scores) = ("SUM", false);
    let mut rest = &run.args[at + 1 + keys..];
    let is_weighted = operation != Set::Difference;
    while let Some((option, tail)) = rest.split_first() {
        if is_weighted && is(option, "WEIGHTS") && tail.len() >= keys {
            let weight = |arg: &Bytes| float(arg).ok_or(&b"ERR weight value is not a float"[..]);
            weights = tail[..keys].iter().map(weight).collect::<Result<_, _>>()?;
            rest = &tail[keys..];
        } else if is_weighted && is(option, "AGGREGATE") && !tail.is_empty() {
            let known = ["SUM", "MIN", "MAX"].into_iter().find(|word| is(&tail[0], word));
            how = known.ok_or(SYNTAX)?;
            rest = &tail[1..];
        } else if !stores && is(option, "WITHSCORES") {
            with_scores = true;
            rest = tail;
        } else {
            return Err(SYNTAX.into());
        }
    }
    let result = combined(operation, &inputs, &weights, how);
    if stores {
        let (key, len) = (run.key(), result.len());
        run.replace_scores(&key, result);
        return number(len as i64);
    }
    exactly(run.pairs(&sorted(&result), with_scores))
}

fn combined(operation: Set, inputs: &[Scores], weights: &[f64], how: &str) -> Scores {
    let is_wanted = |member: &Bytes| match operation {
        Set::Union => true,
        Set::Intersection => inputs.iter().all(|input| input.contains_key(member)),
        Set::Difference => {
            inputs[0].contains_key(member) && inputs[1..].iter().all(|i| !i.contains_key(member))
        }
    };
    let members = inputs.iter().flat_map(Scores::keys).filter(|member| is_wanted(member));
    let score = |member: &Bytes| {
        // The smallest first: sums depend on it.
        let mut order: Vec<_> = inputs.iter().zip(weights).collect();
        order.sort_by_key(|(input, _)| input.len());
        let of = |(input, weight): (&Scores, &f64)| Some(input.get(member)? * weight);
        // What is no number counts as 0; in an intersection only if it is the first.
        let counts = |at: usize, score: f64| {
            let is_left = at > 0 && matches!(operation, Set::Intersection);
            if score.is_nan() && !is_left { 0.0 } else { score }
        };
        let scores = order.into_iter().filter_map(of).enumerate();
        let scores = scores.map(|(at, score)| counts(at, score));
        let join = |a: f64, b: f64| match how {
            "MIN" => a.min(b),
            "MAX" => a.max(b),
            _ if (a + b).is_nan() => 0.0,
            _ => a + b,
        };
        scores.reduce(join).expect("it is in one of them")
    };
    members.map(|member| (member.clone(), score(member))).collect()
}
