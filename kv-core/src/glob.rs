//! Glob patterns, as KEYS, SCAN, PSUBSCRIBE and CONFIG GET take them.
//!
//! `*` stands for any bytes, `?` for one byte, `[...]` for one byte of a class with ranges (`[a-z]`,
//! in either order) and escapes, `[^...]` for one byte outside of it, `\x` for `x` itself. Every
//! sequence of bytes is a pattern: a class without its `]` ends with the pattern, and a backslash
//! at the end stands for itself. The empty text is matched by the empty pattern alone, not even by
//! `*`: commands for which `*` means everything say so themselves.

use std::cmp::{max, min};

/// Whether the whole of `text` matches. O(length of the pattern x length of the text) at worst.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, false)
}

/// Whether the whole of `text` matches if ASCII letters are the same in both cases, except those
/// that a class escapes. O(length of the pattern x length of the text) at worst.
pub fn matches_ignore_case(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, true)
}

/// Everything but `*` takes exactly one byte. So it is enough to go back to the last star and let
/// it take one byte more: where an earlier star would help, the last one helps too.
fn run(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut pattern, mut text) = (pattern, text);
    // What follows the last star, and the text from where it was tried last.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            star = Some((rest, text));
            pattern = rest;
        } else if let [byte, later @ ..] = text {
            if let Some(rest) = element(pattern, *byte, ignore_case) {
                (pattern, text) = (rest, later);
            } else {
                let Some((rest, [_, later @ ..])) = star else { return false };
                star = Some((rest, later));
                (pattern, text) = (rest, later);
            }
        } else {
            return pattern.is_empty();
        }
    }
}

/// What follows the first element of `pattern`, which is no star, if the element matches `byte`.
fn element(pattern: &[u8], byte: u8, ignore_case: bool) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some(rest),
        [b'[', b'^', class @ ..] => {
            let (member, rest) = class_has(class, byte, ignore_case);
            (!member).then_some(rest)
        }
        [b'[', class @ ..] => {
            let (member, rest) = class_has(class, byte, ignore_case);
            member.then_some(rest)
        }
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (fold(*literal, ignore_case) == fold(byte, ignore_case)).then_some(rest)
        }
    }
}

/// Whether `byte` belongs to the class that `pattern` begins with, and what follows the class.
fn class_has(pattern: &[u8], byte: u8, ignore_case: bool) -> (bool, &[u8]) {
    let mut rest = pattern;
    let mut member = false;
    loop {
        let (found, tail) = match rest {
            [b'\\', escaped, tail @ ..] => (*escaped == byte, tail),
            [b']', tail @ ..] => return (member, tail),
            [first, b'-', last, tail @ ..] => (in_range(*first, *last, byte, ignore_case), tail),
            [literal, tail @ ..] => (fold(*literal, ignore_case) == fold(byte, ignore_case), tail),
            [] => return (member, rest),
        };
        member |= found;
        rest = tail;
    }
}

/// Bytes from 128 on come before the others, as where C's `char` has a sign.
fn in_range(first: u8, last: u8, byte: u8, ignore_case: bool) -> bool {
    let (first, last) = (first.cast_signed(), last.cast_signed());
    let [low, high, byte] = [min(first, last), max(first, last), byte.cast_signed()]
        .map(|byte| fold(byte.cast_unsigned(), ignore_case).cast_signed());
    (low..=high).contains(&byte)
}

fn fold(byte: u8, ignore_case: bool) -> u8 {
    if ignore_case { byte.to_ascii_lowercase() } else { byte }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tries everything that each star can stand for.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            ([b'*', rest @ ..], text) => (0..=text.len()).any(|len| naive(rest, &text[len..])),
            (_, []) => false,
            (pattern, [byte, later @ ..]) => {
                element(pattern, *byte, false).is_some_and(|rest| naive(rest, later))
            }
        }
    }

    proptest! {
        #[test]
        fn equals_the_naive_matcher(
            pattern in r"[ab*?\[\]^\\-]{0,12}",
            text in r"[ab\]-]{1,10}",
        ) {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(matches(pattern, text), naive(pattern, text));
        }

        #[test]
        fn a_pattern_made_from_the_text_matches(
            text in prop::collection::vec(any::<u8>(), 1..20),
            choices in prop::collection::vec(0..4u8, 20),
        ) {
            let mut pattern = Vec::new();
            for (&byte, choice) in text.iter().zip(choices) {
                match choice {
                    0 => pattern.push(b'?'),
                    1 => pattern.extend([b'\\', byte]),
                    2 => pattern.extend([b'*', b'[', b'\\', byte, b']']),
                    _ => pattern.push(b'*'),
                }
            }
            prop_assert!(matches(&pattern, &text), "{pattern:?}");
            pattern.push(b'?');
            prop_assert_eq!(matches(&pattern, &text), naive(&pattern, &text));
        }
    }

    #[test]
    fn only_the_empty_pattern_matches_the_empty_text() {
        assert!(matches(b"", b""));
        assert!(!matches(b"*", b""));
        assert!(!matches(b"", b"a"));
    }

    #[test]
    fn case_is_ignored_where_that_is_asked_for() {
        for pattern in ["MaxMem*", "m[A-Z]xmemory", "m[Z-A]xmemory", r"\M[A]xmemory"] {
            assert!(matches_ignore_case(pattern.as_bytes(), b"maxmemory"), "{pattern}");
            assert!(!matches(pattern.as_bytes(), b"maxmemory"), "{pattern}");
        }
        assert!(matches_ignore_case(b"maxmemory", b"MaxMemory"));
        assert!(!matches_ignore_case(br"[\M]axmemory", b"maxmemory"));
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        let pattern = b"a*".repeat(100);
        let text = b"a".repeat(10_000);
        assert!(matches(&pattern, &text));
        assert!(!matches(&[&pattern[..], b"b"].concat(), &text));
    }
}
