//! SORT: the elements of a list, set or sorted set in another order, or what they stand for.

use super::{Bytes, Data, Expect, Outcome, Row, Run, SYNTAX, WRONG_TYPE, exactly, int, is, number};
use crate::wire::Value;
use std::cmp::Ordering;

pub(super) const COMMANDS: &[Row] = &[("sort", -2, sort), ("sort_ro", -2, sort)];

#[derive(Default)]
struct Options {
    is_alpha: bool,
    is_descending: bool,
    /// BY names the same for all, so that the order stays as it is.
    is_unsorted: bool,
    limit: Option<(i64, i64)>,
    by: Option<Bytes>,
    get: Vec<Bytes>,
    store: Option<Bytes>,
}

impl Options {
    fn parse(run: &Run<'_>) -> Result<Options, Bytes> {
        let may_store = is(&run.args[0], "SORT");
        let mut found = Options::default();
        let mut rest = &run.args[2..];
        while let [word, tail @ ..] = rest {
            rest = tail.get(1..).unwrap_or_default();
            match (word.to_ascii_uppercase().as_slice(), tail) {
                (b"ASC", _) => (found.is_descending, rest) = (false, tail),
                (b"DESC", _) => (found.is_descending, rest) = (true, tail),
                (b"ALPHA", _) => (found.is_alpha, rest) = (true, tail),
                (b"LIMIT", [offset, count, tail @ ..]) => {
                    found.limit = Some((int(offset)?, int(count)?));
                    rest = tail;
                }
                (b"BY", [pattern, ..]) => {
                    found.is_unsorted |= !pattern.contains(&b'*');
                    found.by = Some(pattern.clone());
                }
                (b"GET", [pattern, ..]) => found.get.push(pattern.clone()),
                (b"STORE", [target, ..]) if may_store => found.store = Some(target.clone()),
                _ => return Err(SYNTAX.into()),
            }
        }
        Ok(found)
    }

    fn cut<T: Clone>(&self, all: &[T]) -> Vec<T> {
        let (offset, count) = self.limit.unwrap_or((0, -1));
        let offset = usize::try_from(offset).unwrap_or(0);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        all.iter().skip(offset).take(count).cloned().collect()
    }
}

/// The elements, and whether they are in no order.
fn elements(run: &Run<'_>) -> Result<(Vec<Bytes>, bool), Bytes> {
    match run.find(&run.args[1]).map(|entry| &entry.data) {
        None => Ok((vec![], false)),
        Some(Data::List(items)) => Ok((items.iter().cloned().collect(), false)),
        Some(Data::Set(members)) => Ok((members.iter().cloned().collect(), true)),
        Some(Data::SortedSet(scores)) => {
            let pairs = super::sorted_sets::sorted(scores);
            Ok((pairs.into_iter().map(|(_, member)| member).collect(), false))
        }
        Some(_) => Err(WRONG_TYPE.into()),
    }
}

fn sort(run: &mut Run<'_>) -> Outcome {
    let options = Options::parse(run)?;
    let (mut elements, is_set) = elements(run)?;
    // What is stored should not depend on how a set is arranged.
    let is_by_name = options.is_unsorted && is_set && options.store.is_some();
    let mut is_open = false;
    if !options.is_unsorted || is_by_name {
        let mut weighed = Vec::new();
        for element in elements {
            let weight = if is_by_name {
                Weight::Text(Some(element.clone()))
            } else {
                weight(run, &options, &element)?
            };
            weighed.push((weight, element));
        }
        weighed.sort_by(|a, b| order(&options, a, b));
        let are_tied = |two: &[(Weight, Bytes)]| {
            two[0].1 != two[1].1 && order(&options, &two[0], &two[1]) == Ordering::Equal
        };
        is_open = weighed.windows(2).any(are_tied);
        elements = weighed.into_iter().map(|(_, element)| element).collect();
    } else if is_set {
        is_open = true;
    } else if options.is_descending {
        elements.reverse();
    }
    if is_open {
        return some_of(run, &options, &elements);
    }
    let chosen = options.cut(&elements);
    let given = chosen.iter().flat_map(|element| given(run, &options, element));
    let given: Vec<Option<Bytes>> = given.collect();
    match options.store {
        None => exactly(Value::array(
            given.iter().map(|given| run.bulk_or_null(given.as_ref())).collect(),
        )),
        Some(target) => store(run, &target, given),
    }
}

/// Where the order is open, and with it which elements a limit cuts off.
fn some_of(run: &Run<'_>, options: &Options, elements: &[Bytes]) -> Outcome {
    assert!(options.store.is_none(), "plans store nothing whose order is open");
    let show = |element: &Bytes| -> Vec<Value> {
        let given = given(run, options, element);
        given.iter().map(|given| run.bulk_or_null(given.as_ref())).collect()
    };
    let len = options.cut(elements).len();
    let from = elements.iter().map(show).collect();
    Ok(Expect::Drawn { from, len, differ: false })
}

fn store(run: &mut Run<'_>, target: &[u8], given: Vec<Option<Bytes>>) -> Outcome {
    let len = given.len();
    if given.is_empty() {
        run.take(target);
    } else {
        let items = given.into_iter().map(Option::unwrap_or_default).collect();
        run.put(target, Data::List(items), None);
    }
    number(len as i64)
}

/// What an element is sorted by.
enum Weight {
    Text(Option<Bytes>),
    Number(f64),
}

fn weight(run: &Run<'_>, options: &Options, element: &Bytes) -> Result<Weight, Bytes> {
    let text = match &options.by {
        None => Some(element.clone()),
        Some(pattern) => look_up(run, pattern, element),
    };
    // C's strings end with a zero byte; what is stored is not compared by them.
    let cut = |text: Bytes| text.split(|&byte| byte == 0).next().unwrap_or_default().to_vec();
    if options.is_alpha {
        return Ok(Weight::Text(if options.store.is_some() { text } else { text.map(cut) }));
    }
    let text = cut(text.unwrap_or_default());
    let number = if text.is_empty() { Some(0.0) } else { float(text.trim_ascii_start()) };
    let number = number.ok_or(&b"ERR One or more scores can't be converted into double"[..])?;
    Ok(Weight::Number(number))
}

fn float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn order(options: &Options, a: &(Weight, Bytes), b: &(Weight, Bytes)) -> Ordering {
    let order = match (&a.0, &b.0) {
        (Weight::Text(x), Weight::Text(y)) => x.cmp(y),
        (Weight::Number(x), Weight::Number(y)) => {
            x.partial_cmp(y).expect("no weight is NaN").then_with(|| a.1.cmp(&b.1))
        }
        _ => unreachable!("all weights are of one kind"),
    };
    if options.is_descending { order.reverse() } else { order }
}

fn given(run: &Run<'_>, options: &Options, element: &Bytes) -> Vec<Option<Bytes>> {
    match options.get.as_slice() {
        [] => vec![Some(element.clone())],
        patterns => patterns.iter().map(|pattern| look_up(run, pattern, element)).collect(),
    }
}

/// What a pattern finds for an element.
fn look_up(run: &Run<'_>, pattern: &[u8], element: &[u8]) -> Option<Bytes> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = pattern.iter().position(|&byte| byte == b'*')?;
    let (before, behind) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = behind.windows(2).position(|two| two == b"->");
    let arrow = arrow.filter(|arrow| arrow + 2 < behind.len());
    let key = [before, element, &behind[..arrow.unwrap_or(behind.len())]].concat();
    match (&run.find(&key)?.data, arrow) {
        (Data::Str(bytes), None) => Some(bytes.clone()),
        (Data::Hash(fields), Some(arrow)) => {
            super::hashes::live(fields, run.now).remove(&behind[arrow + 2..]).map(|it| it.value)
        }
        _ => None,
    }
}
