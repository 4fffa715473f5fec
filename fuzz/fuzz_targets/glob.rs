//! Glob patterns: a match is what a table of all beginnings of pattern and text says, however many
//! stars there are.
#![no_main]

use kv_core::glob;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&split, data)) = data.split_first() else { return };
    let (pattern, text) = data.split_at(usize::from(split).min(data.len()));
    assert_eq!(glob::matches(pattern, text), matches(pattern, text));
    let folded = [pattern, text].map(<[u8]>::to_ascii_lowercase);
    if !pattern.iter().any(|byte| b"\\[".contains(byte)) {
        let ignoring = glob::matches_ignore_case(pattern, text);
        assert_eq!(ignoring, matches(&folded[0], &folded[1]));
    }
});

/// What takes one byte of the text, or any number of them.
enum Element {
    Star,
    Any,
    Byte(u8),
    Class { is_negated: bool, ranges: Vec<(i8, i8)> },
}

impl Element {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Star | Self::Any => true,
            Self::Byte(own) => *own == byte,
            Self::Class { is_negated, ranges } => {
                // C's `char` has a sign.
                let byte = byte.cast_signed();
                let is_in = ranges.iter().any(|&(low, high)| (low..=high).contains(&byte));
                is_in != *is_negated
            }
        }
    }
}

fn elements(mut pattern: &[u8]) -> Vec<Element> {
    let mut elements = Vec::new();
    while let Some((&first, rest)) = pattern.split_first() {
        pattern = rest;
        elements.push(match first {
            b'*' => Element::Star,
            b'?' => Element::Any,
            b'[' => class(&mut pattern),
            b'\\' if !rest.is_empty() => {
                pattern = &rest[1..];
                Element::Byte(rest[0])
            }
            byte => Element::Byte(byte),
        });
    }
    elements
}

fn class(pattern: &mut &[u8]) -> Element {
    let is_negated = pattern.first() == Some(&b'^');
    let mut rest = &pattern[usize::from(is_negated)..];
    let mut ranges = Vec::new();
    loop {
        let len = match rest {
            [] => break,
            [b'\\', byte, ..] => {
                ranges.push((byte.cast_signed(), byte.cast_signed()));
                2
            }
            [b']', ..] => {
                rest = &rest[1..];
                break;
            }
            [a, b'-', b, ..] => {
                let (a, b) = (a.cast_signed(), b.cast_signed());
                ranges.push((a.min(b), a.max(b)));
                3
            }
            [byte, ..] => {
                ranges.push((byte.cast_signed(), byte.cast_signed()));
                1
            }
        };
        rest = &rest[len..];
    }
    *pattern = rest;
    Element::Class { is_negated, ranges }
}

/// For each beginning of the text in turn: which beginnings of the pattern match it.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let elements = elements(pattern);
    let mut reached = vec![true];
    reached.extend(elements.iter().scan(true, |so_far, element| {
        *so_far &= matches!(element, Element::Star);
        Some(*so_far)
    }));
    for &byte in text {
        let mut next = vec![false];
        for (at, element) in elements.iter().enumerate() {
            let is_star = matches!(element, Element::Star);
            let takes = element.takes(byte) && (reached[at] || is_star && reached[at + 1]);
            next.push(takes || is_star && next[at]);
        }
        reached = next;
    }
    reached[elements.len()]
}
