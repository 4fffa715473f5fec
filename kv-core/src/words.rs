//! Arguments on a line of text, as people type them, in inline requests and in configuration files:
//! separated by blanks, quoted where they contain some.
//!
//! Within `"..."`, `\xHH` is a byte, `\n`, `\r`, `\t`, `\b`, `\a` are control characters, and any
//! other character after a backslash stands for itself. Within `'...'` only `\'` is special. A
//! quote may begin within an argument, but a closing quote ends it.

use crate::args::Span;

/// A quote that is not closed, or whose closing quote is not followed by a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unbalanced quotes")]
pub struct UnbalancedQuotes;

/// Splits `line`, which has no line end, into arguments. Their bytes, unquoted, are appended to
/// `buffer`, and where each lies in it, to `spans`. After an error both hold a part of them.
pub fn split(
    line: &[u8],
    buffer: &mut Vec<u8>,
    spans: &mut Vec<Span>,
) -> Result<(), UnbalancedQuotes> {
    let mut rest = line.trim_start_with(is_blank);
    while !rest.is_empty() {
        let start = buffer.len();
        rest = unquote_argument(rest, buffer)?;
        spans.push(Span::new(start, buffer.len() - start));
        rest = rest.trim_start_with(is_blank);
    }
    Ok(())
}

/// Splits a `line` that has no quotes and lies at `offset` of a buffer: its arguments are spans
/// of that buffer.
pub fn split_unquoted(line: &[u8], offset: usize, spans: &mut Vec<Span>) {
    let mut rest = line.trim_start_with(is_blank);
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| ends_argument(byte)).unwrap_or(rest.len());
        spans.push(Span::new(offset + line.len() - rest.len(), end));
        rest = rest[end..].trim_start_with(is_blank);
    }
}

/// Appends `word` to `line` so that [`split`] gives it back: quoted if it has to be, and in
/// printable ASCII.
pub fn quote(word: &[u8], line: &mut Vec<u8>) {
    if is_plain(word) {
        line.extend_from_slice(word);
    } else {
        quote_always(word, line);
    }
}

fn is_plain(word: &[u8]) -> bool {
    let needs_quotes = |byte: &u8| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\'' | b'\\');
    !word.is_empty() && !word.iter().any(needs_quotes)
}

/// The same, in quotes whatever it is.
pub fn quote_always(word: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    word.iter().for_each(|&byte| quote_byte(byte, line));
    line.push(b'"');
}

fn quote_byte(byte: u8, line: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => line.extend([b'\\', byte]),
        b'\n' => line.extend_from_slice(b"\\n"),
        b'\r' => line.extend_from_slice(b"\\r"),
        b'\t' => line.extend_from_slice(b"\\t"),
        0x07 => line.extend_from_slice(b"\\a"),
        0x08 => line.extend_from_slice(b"\\b"),
        b' '..=b'~' => line.push(byte),
        _ => line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
    }
}

/// Appends the argument at the head of `text` and returns what follows it.
fn unquote_argument<'a>(
    mut text: &'a [u8],
    buffer: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    while let [byte, rest @ ..] = text {
        match byte {
            b'"' => return after_closing_quote(unquote_double(rest, buffer)?),
            b'\'' => return after_closing_quote(unquote_single(rest, buffer)?),
            &byte if ends_argument(byte) => break,
            &byte => buffer.push(byte),
        }
        text = rest;
    }
    Ok(text)
}

fn after_closing_quote(rest: &[u8]) -> Result<&[u8], UnbalancedQuotes> {
    match rest.first() {
        Some(&byte) if !is_blank(byte) => Err(UnbalancedQuotes),
        _ => Ok(rest),
    }
}

fn unquote_double<'a>(
    mut text: &'a [u8],
    buffer: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, rest) = match *text {
            [b'"', ref rest @ ..] => return Ok(rest),
            [b'\\', b'x', high, low, ref rest @ ..] if is_hex(high) && is_hex(low) => {
                (hex_digit(high) << 4 | hex_digit(low), rest)
            }
            [b'\\', escaped, ref rest @ ..] => (escape(escaped), rest),
            [byte, ref rest @ ..] => (byte, rest),
            [] => return Err(UnbalancedQuotes),
        };
        buffer.push(byte);
        text = rest;
    }
}

fn unquote_single<'a>(
    mut text: &'a [u8],
    buffer: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, rest) = match *text {
            [b'\'', ref rest @ ..] => return Ok(rest),
            [b'\\', b'\'', ref rest @ ..] => (b'\'', rest),
            [byte, ref rest @ ..] => (byte, rest),
            [] => return Err(UnbalancedQuotes),
        };
        buffer.push(byte);
        text = rest;
    }
}

fn escape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20) - b'a' + 10,
    }
}

/// What may stand between arguments.
fn is_blank(byte: u8) -> bool {
    ends_argument(byte) || matches!(byte, 0x0b | 0x0c)
}

/// What ends an argument without quotes. Vertical tabs and form feeds are blanks only before an
/// argument and after a quote: so it is in Redis.
fn ends_argument(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

trait TrimStartWith {
    fn trim_start_with(&self, is_trimmed: fn(u8) -> bool) -> &Self;
}

impl TrimStartWith for [u8] {
    fn trim_start_with(&self, is_trimmed: fn(u8) -> bool) -> &Self {
        let start = self.iter().position(|&byte| !is_trimmed(byte)).unwrap_or(self.len());
        &self[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    #[track_caller]
    fn check(line: &[u8], expected: &[&[u8]]) {
        let (mut buffer, mut spans) = (Vec::new(), Vec::new());
        split(line, &mut buffer, &mut spans).unwrap();
        assert_eq!(Args::new(&buffer, &spans).from(0).collect::<Vec<_>>(), expected);
        if !line.iter().any(|byte| b"\"'".contains(byte)) {
            let mut spans = Vec::new();
            split_unquoted(line, 0, &mut spans);
            assert_eq!(Args::new(line, &spans).from(0).collect::<Vec<_>>(), expected);
        }
    }

    #[track_caller]
    fn check_unbalanced(line: &[u8]) {
        assert_eq!(split(line, &mut Vec::new(), &mut Vec::new()), Err(UnbalancedQuotes));
    }

    #[test]
    fn blanks_separate_arguments() {
        check(b"", &[]);
        check(b" \t\x0b\x0c ", &[]);
        check(b"  set  key\tvalue \r", &[b"set", b"key", b"value"]);
        check(b"a\rb\nc", &[b"a", b"b", b"c"]);
    }

    #[test]
    fn a_vertical_tab_ends_no_argument_but_may_precede_one() {
        check(b"a\x0bb \x0b\x0cc", &[b"a\x0bb", b"c"]);
        check(b"\"a\"\x0bb", &[b"a", b"b"]);
    }

    #[test]
    fn quotes_hold_blanks_together() {
        check(b"\"a b\" 'c d' \"\" ''", &[b"a b", b"c d", b"", b""]);
        check(b"a\"b c\" d'e f'", &[b"ab c", b"de f"]);
    }

    #[test]
    fn double_quotes_know_escapes() {
        check(br#""\x41\x4\xzz\n\r\t\b\a\q\"\\\X41""#, &[b"Ax4xzz\n\r\t\x08\x07q\"\\X41"]);
        check(br#""\xAf\xfA""#, &[b"\xaf\xfa"]);
    }

    #[test]
    fn single_quotes_know_only_their_own_escape() {
        check(br"'a\'b' 'a\nb'", &[b"a'b", br"a\nb"]);
    }

    #[test]
    fn a_quoted_word_is_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for word in [&b""[..], b"plain", b"two words", b"\"'\\", b"#", "\u{e9}".as_bytes(), &bytes]
        {
            let mut line = b"first ".to_vec();
            quote(word, &mut line);
            assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)), "{line:?}");
            check(&line, &[b"first", word]);
        }
        let mut line = Vec::new();
        quote(b"plain", &mut line);
        assert_eq!(line, b"plain");
    }

    #[test]
    fn strings_are_quoted_as_redis_quotes_them() {
        let mut line = Vec::new();
        quote_always(b"a\x00\"\\\n\r\t\x07\x08\x1b \x7f\xff~", &mut line);
        assert_eq!(line, br#""a\x00\"\\\n\r\t\a\b\x1b \x7f\xff~""#);
    }

    #[test]
    fn a_backslash_outside_of_quotes_is_itself() {
        check(br"a\nb", &[br"a\nb"]);
    }

    #[test]
    fn quotes_must_be_closed_and_end_the_argument() {
        for line in [&b"\"a"[..], b"'a", b"\"a\\", b"\"a\"b", b"'a'b", b"'a''b'", b"a\"b\"c", b"\""]
        {
            check_unbalanced(line);
        }
    }
}
