//! SORT: the elements of a list, set or sorted set in another order, or what they stand for.

use crate::args::Args;
use crate::command::Cx;
use crate::commands::parse::{int, is};
use crate::error::Error;
use crate::kernel::until_zero;
use crate::rdb::Strings;
use crate::store::View;
use crate::value::ValueRef;
use crate::value::list::{End, List};
use crate::value::pack::Item;
use crate::value::set::SetRef;
use crate::value::sorted_set::SortedSetRef;
use crate::value::string::IntBuffer;
use std::cmp::Ordering;
use std::ops::Range;

pub(crate) fn sort(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args, true)?;
    let (elements, chosen) = sorted(cx, &options)?;
    match options.store {
        Some(target) => store(cx, &options, &elements, &chosen, target),
        None => reply(cx, &options, &elements, &chosen),
    }
    Ok(())
}

pub(crate) fn sort_ro(cx: &mut Cx<'_>) -> Result<(), Error> {
    let options = Options::parse(cx.args, false)?;
    let (elements, chosen) = sorted(cx, &options)?;
    reply(cx, &options, &elements, &chosen);
    Ok(())
}

/// The argument that names the key to store the result under, if there is one.
pub(crate) fn target_position(args: Args<'_>) -> Option<usize> {
    let (mut at, mut target) = (2, None);
    while at < args.len() {
        let option = args.get(at);
        if is(option, "STORE") && at + 1 < args.len() {
            target = Some(at + 1);
        }
        at += match option {
            _ if is(option, "LIMIT") => 3,
            _ if is(option, "GET") || is(option, "BY") || is(option, "STORE") => 2,
            _ => 1,
        };
    }
    target
}

/// How the elements are sorted, and what is given of them.
struct Options<'a> {
    order: Order,
    /// As bytes rather than as numbers.
    is_alpha: bool,
    /// In the opposite order.
    is_descending: bool,
    /// How many are passed over, and how many are wanted; all if the number is negative.
    limit: (i64, i64),
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
    store: Option<&'a [u8]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Sorted,
    /// As it is: BY says the same of all elements.
    AsItIs,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>, may_store: bool) -> Result<Self, Error> {
        let mut options = Self {
            order: Order::Sorted,
            is_alpha: false,
            is_descending: false,
            limit: (0, -1),
            by: None,
            get: Vec::new(),
            store: None,
        };
        let mut rest = args.from(2);
        while let Some(option) = rest.next() {
            let mut value = || rest.next().ok_or(Error::Syntax);
            if is(option, "ASC") {
                options.is_descending = false;
            } else if is(option, "DESC") {
                options.is_descending = true;
            } else if is(option, "ALPHA") {
                options.is_alpha = true;
            } else if is(option, "LIMIT") {
                let (offset, count) = (value()?, value()?);
                options.limit = (int(offset)?, int(count)?);
            } else if is(option, "BY") {
                options.set_by(value()?);
            } else if is(option, "GET") {
                options.get.push(value()?);
            } else if is(option, "STORE") && may_store {
                options.store = Some(value()?);
            } else {
                return Err(Error::Syntax);
            }
        }
        Ok(options)
    }

    /// Once a pattern without a star has been given, a later one with a star changes nothing of
    /// it.
    fn set_by(&mut self, pattern: &'a [u8]) {
        self.by = Some(pattern);
        if !until_zero(pattern).contains(&b'*') {
            self.order = Order::AsItIs;
        }
    }

    /// Which of `len` elements are wanted.
    fn range(&self, len: usize) -> Range<usize> {
        let at_most = |number: i64| usize::try_from(number).unwrap_or(0).min(len);
        let start = at_most(self.limit.0);
        let count = if self.limit.1 < 0 { len } else { at_most(self.limit.1) };
        start..(start + count).min(len)
    }
}

/// All elements, and the numbers of those that are wanted, in their order.
fn sorted(cx: &mut Cx<'_>, options: &Options<'_>) -> Result<(Strings, Vec<usize>), Error> {
    let source = Source::read(&mut cx.db, cx.args.get(1))?;
    let mut order: Vec<usize> = (0..source.elements.len()).collect();
    match (options.order, source.kind) {
        // What is stored should not depend on how sets are arranged.
        (Order::AsItIs, SourceKind::Set) if options.store.is_some() => {
            let plain = Options { by: None, is_alpha: true, get: Vec::new(), ..*options };
            sort_all(cx, &plain, &source.elements, &mut order)?;
        }
        (Order::AsItIs, SourceKind::Set) => {}
        (Order::AsItIs, SourceKind::Ordered) if options.is_descending => order.reverse(),
        (Order::AsItIs, SourceKind::Ordered) => {}
        (Order::Sorted, _) => sort_all(cx, options, &source.elements, &mut order)?,
    }
    let chosen = order[options.range(order.len())].to_vec();
    Ok((source.elements, chosen))
}

/// Equal elements stay in the order in which they are.
fn sort_all(
    cx: &mut Cx<'_>,
    options: &Options<'_>,
    elements: &Strings,
    order: &mut [usize],
) -> Result<(), Error> {
    let directed = |ordering: Ordering| match options.is_descending {
        true => ordering.reverse(),
        false => ordering,
    };
    // Redis compares C strings, in the order of a locale, unless it stores the result.
    let text = |bytes| if options.store.is_some() { bytes } else { until_zero(bytes) };
    match (options.is_alpha, options.by) {
        (true, None) => {
            order.sort_by(|&a, &b| directed(text(elements.at(a)).cmp(text(elements.at(b)))));
        }
        (true, Some(pattern)) => {
            let (weights, is_there) = text_weights(&mut cx.db, pattern, elements);
            let key = |index: usize| is_there[index].then(|| text(weights.at(index)));
            order.sort_by(|&a, &b| directed(key(a).cmp(&key(b))));
        }
        (false, by) => {
            let weights = number_weights(&mut cx.db, by, elements)?;
            let by_number = |a: usize, b: usize| weights[a].total_cmp(&weights[b]);
            let by_element = |a: usize, b: usize| elements.at(a).cmp(elements.at(b));
            order.sort_by(|&a, &b| directed(by_number(a, b).then_with(|| by_element(a, b))));
        }
    }
    Ok(())
}

/// What the elements are sorted by, and whether that is there; what is missing comes first.
fn text_weights(db: &mut View<'_>, by: &[u8], elements: &Strings) -> (Strings, Vec<bool>) {
    let pattern = Pattern::new(by);
    let (mut weights, mut is_there) = (Strings::default(), Vec::new());
    for element in elements.iter() {
        let weight = pattern.value_for(db, element);
        weights.push(weight.as_deref().unwrap_or_default());
        is_there.push(weight.is_some());
    }
    (weights, is_there)
}

/// What the elements are sorted by; what is missing is 0.
fn number_weights(
    db: &mut View<'_>,
    by: Option<&[u8]>,
    elements: &Strings,
) -> Result<Vec<f64>, Error> {
    let pattern = by.map(Pattern::new);
    let weight = |element| match &pattern {
        None => weight(element),
        Some(pattern) => pattern.value_for(db, element).map_or(Some(0.0), |value| weight(&value)),
    };
    let weights: Option<Vec<f64>> = elements.iter().map(weight).collect();
    weights.ok_or(Error::text("ERR One or more scores can't be converted into double"))
}

fn reply(cx: &mut Cx<'_>, options: &Options<'_>, elements: &Strings, chosen: &[usize]) {
    cx.out.array(chosen.len() * options.get.len().max(1));
    for_each_given(&mut cx.db, options, elements, chosen, |given| cx.out.bulk_or_null(given));
}

fn store(
    cx: &mut Cx<'_>,
    options: &Options<'_>,
    elements: &Strings,
    chosen: &[usize],
    target: &[u8],
) {
    let mut list: List = cx.db.create();
    for_each_given(&mut cx.db, options, elements, chosen, |given| {
        list.push(End::Tail, given.unwrap_or_default());
    });
    cx.out.int(list.len() as i64);
    cx.db.replace(target, list, "sortstore");
}

/// Shows what is given of the chosen elements: themselves, or what each pattern finds for them.
fn for_each_given(
    db: &mut View<'_>,
    options: &Options<'_>,
    elements: &Strings,
    chosen: &[usize],
    mut show: impl FnMut(Option<&[u8]>),
) {
    let patterns: Vec<_> = options.get.iter().map(|pattern| Pattern::new(pattern)).collect();
    for element in chosen.iter().map(|&index| elements.at(index)) {
        if patterns.is_empty() {
            show(Some(element));
        }
        for pattern in &patterns {
            show(pattern.value_for(db, element).as_deref());
        }
    }
}

/// What BY and GET find for an element.
enum Pattern<'a> {
    /// The element itself.
    Element,
    /// What is under the key of this name with the element instead of the star.
    Key {
        before_star: &'a [u8],
        behind_star: &'a [u8],
        field: Option<&'a [u8]>,
    },
    Nothing,
}

impl<'a> Pattern<'a> {
    fn new(pattern: &'a [u8]) -> Self {
        let visible = until_zero(pattern);
        if visible == b"#" {
            return Self::Element;
        }
        let Some(star) = visible.iter().position(|&byte| byte == b'*') else {
            return Self::Nothing;
        };
        let (before_star, behind_star) = (&pattern[..star], &pattern[star + 1..]);
        let arrow = visible[star + 1..].windows(2).position(|pair| pair == b"->");
        // Without a name behind it, an arrow belongs to the key.
        let arrow = arrow.filter(|arrow| star + 1 + arrow + 2 < visible.len());
        match arrow {
            Some(at) => Self::Key {
                before_star,
                behind_star: &behind_star[..at],
                field: Some(&behind_star[at + 2..]),
            },
            None => Self::Key { before_star, behind_star, field: None },
        }
    }

    fn value_for(&self, db: &mut View<'_>, element: &[u8]) -> Option<Vec<u8>> {
        match *self {
            Self::Nothing => None,
            Self::Element => Some(element.to_vec()),
            Self::Key { before_star, behind_star, field } => {
                let unix_ms = db.unix_ms();
                let value = db.read(&[before_star, element, behind_star].concat())?;
                match (value, field) {
                    (ValueRef::String(string), None) => {
                        Some(string.as_bytes(&mut IntBuffer::new()).to_vec())
                    }
                    (ValueRef::Hash(hash), Some(field)) => {
                        hash.at(unix_ms).value(field).map(Item::to_vec)
                    }
                    _ => None,
                }
            }
        }
    }
}

/// The number that a text is read as by C's `strtod`, if that takes all of it, up to a zero byte.
fn weight(text: &[u8]) -> Option<f64> {
    let text = until_zero(text);
    if text.is_empty() {
        return Some(0.0);
    }
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b';
    let spaces = text.iter().take_while(|byte| is_space(byte)).count();
    let (is_negative, digits) = match &text[spaces..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let number = match digits {
        // What Rust would take, but C does not.
        [] | [b'-' | b'+', ..] => None,
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits),
        digits => decimal(digits),
    }?;
    // Without minus zero, which is no less than zero.
    Some(if is_negative && number != 0.0 { -number } else { number })
}

fn decimal(digits: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let is_named = digits[0].is_ascii_alphabetic();
    let mantissa = digits.split(|byte| matches!(byte, b'e' | b'E')).next()?;
    let is_zero = !mantissa.iter().any(|digit| matches!(digit, b'1'..=b'9'));
    // Numbers that are too large or too small are none.
    let is_in_range = number.is_normal() || (is_zero && !is_named);
    (is_in_range || (is_named && number.is_infinite())).then_some(number)
}

/// Digits with a point and a binary exponent, either of which may be missing.
fn hexadecimal(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut number = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        number = number * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let exponent = i64::from(exponent) - 4 * fraction.len() as i64;
    let number = number * f64::powi(2.0, exponent.clamp(-5000, 5000) as i32);
    (number.is_normal() || number == 0.0).then_some(number)
}

/// The elements to be sorted, in the order in which they are.
struct Source {
    elements: Strings,
    kind: SourceKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SourceKind {
    /// A list or a sorted set.
    Ordered,
    Set,
}

impl Source {
    fn read(db: &mut View<'_>, key: &[u8]) -> Result<Self, Error> {
        let mut elements = Strings::default();
        let kind = match db.read(key) {
            None => SourceKind::Ordered,
            Some(ValueRef::List(list)) => {
                list.iter().for_each(|element| elements.push_item(element));
                SourceKind::Ordered
            }
            Some(ValueRef::Set(set)) => {
                members_of_set(set).for_each(|member| elements.push_item(member));
                SourceKind::Set
            }
            Some(ValueRef::SortedSet(set)) => {
                members_of_sorted_set(set).for_each(|member| elements.push_item(member));
                SourceKind::Ordered
            }
            Some(_) => return Err(Error::WrongType),
        };
        Ok(Self { elements, kind })
    }
}

fn members_of_set(set: SetRef<'_>) -> impl Iterator<Item = Item<'_>> {
    set.iter()
}

/// In the order of their scores.
fn members_of_sorted_set(set: SortedSetRef<'_>) -> impl Iterator<Item = Item<'_>> {
    set.iter().map(|pair| pair.member)
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn weights_are_what_c_reads() {
        let numbers = [
            ("", 0.0),
            ("7", 7.0),
            (" \x0b\n+7", 7.0),
            ("-0", 0.0),
            ("1.", 1.0),
            (".5e1", 5.0),
            ("1\0x", 1.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x1F", 31.0),
            ("-0X.8p2", -2.0),
            ("0e999", 0.0),
        ];
        for (text, number) in numbers {
            assert_eq!(weight(text.as_bytes()), Some(number), "{text:?}");
        }
        for text in [
            " ",
            "x",
            "1x",
            "1 ",
            "nan",
            "+-1",
            "--1",
            "1e",
            ".",
            "0x",
            "0xg",
            "1e999",
            "1e-999",
            "-1e400",
            "infinit",
            "e5",
            "-",
            "0x1p99999",
            "0x1p1.5",
        ] {
            assert_eq!(weight(text.as_bytes()), None, "{text:?}");
        }
    }
}
