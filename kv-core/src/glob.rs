//! Glob patterns, as KEYS, SCAN and CONFIG GET take them: `*` is any run of bytes, `?` any byte,
//! `[ab]`, `[a-z]` and `[^a]` one of a class, and a backslash takes the next byte literally.

/// Whether `text` as a whole matches `pattern`. O(pattern * text).
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    matches_folded(pattern, text, |byte| byte)
}

/// The same without regard to the case of ASCII letters.
pub fn matches_ignoring_case(pattern: &[u8], text: &[u8]) -> bool {
    matches_folded(pattern, text, |byte| byte.to_ascii_lowercase())
}

fn matches_folded(mut pattern: &[u8], mut text: &[u8], fold: fn(u8) -> u8) -> bool {
    // The pattern after the last star, and the text from where it was last tried. Only the last
    // star needs another try: what the ones before it took can stay as it is.
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            (pattern, last_star) = (rest, Some((rest, text)));
            continue;
        }
        let [byte, tail @ ..] = text else {
            return pattern.is_empty();
        };
        if let Some(rest) = match_one(pattern, *byte, fold) {
            (pattern, text) = (rest, tail);
            continue;
        }
        let Some((after_star, tried)) = last_star else {
            return false;
        };
        (pattern, text) = (after_star, &tried[1..]);
        last_star = Some((pattern, text));
    }
}

/// The pattern after its first element, if that matches `byte`.
fn match_one(pattern: &[u8], byte: u8, fold: fn(u8) -> u8) -> Option<&[u8]> {
    let (matches, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', b'^', class @ ..] => {
            let (matches, rest) = match_class(class, byte, fold);
            (!matches, rest)
        }
        [b'[', class @ ..] => match_class(class, byte, fold),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => (fold(*literal) == fold(byte), rest),
    };
    matches.then_some(rest)
}

/// Whether `byte` is in a class, and the pattern after it. A class that is not closed goes to the
/// pattern's end.
fn match_class(mut class: &[u8], byte: u8, fold: fn(u8) -> u8) -> (bool, &[u8]) {
    let byte = fold(byte);
    let mut found = false;
    loop {
        let (low, high, rest) = match class {
            [] => return (found, class),
            [b'\\', literal, rest @ ..] => (*literal, *literal, rest),
            [b']', rest @ ..] => return (found, rest),
            [low, b'-', high, rest @ ..] => (*low, *high, rest),
            [literal, rest @ ..] => (*literal, *literal, rest),
        };
        found |= (fold(low.min(high))..=fold(high.max(low))).contains(&byte);
        class = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_redis() {
        let table: &[(&str, &str, bool)] = &[
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?", "a", false),
            ("[ab]", "b", true),
            ("[ab]", "c", false),
            ("[^ab]", "c", true),
            ("[^ab]", "a", false),
            ("[^]", "a", true),
            ("[]", "a", false),
            ("[c-a]", "b", true),
            ("[a-]", "^", true),
            ("[a-]", "-", false),
            ("[a", "a", true),
            ("[a", "b", false),
            ("[", "[", false),
            (r"[\]]", "]", true),
            (r"[\^a]", "^", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"a\", r"a\", true),
            ("A", "a", false),
        ];
        for &(pattern, text, expected) in table {
            let found = matches(pattern.as_bytes(), text.as_bytes());
            assert_eq!(found, expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn case_is_ignored_where_asked() {
        assert!(matches_ignoring_case(b"A*[b-d]", b"axC"));
        assert!(!matches_ignoring_case(b"A*[b-d]", b"axE"));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = b"a*".repeat(40);
        assert!(!matches(&[&pattern[..], b"b"].concat(), &b"a".repeat(1000)));
    }
}
