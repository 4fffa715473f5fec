//! Redis's protocol, naively: a request parser and a reply parser and renderer that share nothing
//! with the server's codecs, so that a mistake there cannot cancel out. They parse what they have
//! from its beginning and say how far they came; speed is no concern.

/// A reply as it stands on the wire, told apart by its first byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `+`, `-`, `:`, `,`, `#`, `_`, `(`: a line.
    Line(u8, Vec<u8>),
    /// `$`, `=`: counted bytes.
    Blob(u8, Vec<u8>),
    /// `$-1` or `*-1`.
    Null(u8),
    /// `*`, `~`, `>`: elements; `%`: keys and values in turn.
    Many(u8, Vec<Value>),
}

impl Value {
    /// A status.
    pub fn simple(text: &str) -> Self {
        Self::Line(b'+', text.into())
    }

    /// An error. Line breaks cannot be carried: they are left out at the end, and are spaces
    /// elsewhere.
    pub fn error(text: &[u8]) -> Self {
        let is_break = |byte: &u8| *byte == b'\r' || *byte == b'\n';
        let len = text.iter().rposition(|byte| !is_break(byte)).map_or(0, |last| last + 1);
        let blank = |byte: &u8| if is_break(byte) { b' ' } else { *byte };
        Self::Line(b'-', text[..len].iter().map(blank).collect())
    }

    /// An integer.
    pub fn int(value: i64) -> Self {
        Self::Line(b':', value.to_string().into())
    }

    /// A string of bytes.
    pub fn bulk(bytes: &[u8]) -> Self {
        Self::Blob(b'$', bytes.to_vec())
    }

    /// An array.
    pub fn array(items: Vec<Value>) -> Self {
        Self::Many(b'*', items)
    }

    /// The elements.
    pub fn into_items(self) -> Option<Vec<Value>> {
        match self {
            Self::Many(_, items) => Some(items),
            _ => None,
        }
    }

    /// In patterns: any integer.
    pub fn any_int() -> Self {
        Self::Line(b'?', vec![])
    }

    /// In patterns: a string that is a number near this one.
    pub fn about(number: f64) -> Self {
        Self::Line(b'~', number.to_string().into())
    }

    /// Whether this is a number near the one that `pattern` means, if it means one.
    pub fn is_about(&self, pattern: &Value) -> Option<bool> {
        let Self::Line(b'~', wanted) = pattern else { return None };
        let Self::Blob(b'$', found) = self else { return Some(false) };
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<f64>().ok();
        let near = |(a, b): (f64, f64)| (a - b).abs() <= NEAR + b.abs() * NEAR * NEAR;
        Some(number(found).zip(number(wanted)).is_some_and(near))
    }

    /// Appends the bytes.
    pub fn render(&self, out: &mut Vec<u8>) {
        match self {
            Self::Line(kind, text) => push_line(out, *kind, text),
            Self::Null(kind) => push_line(out, *kind, b"-1"),
            Self::Blob(kind, bytes) => {
                push_line(out, *kind, bytes.len().to_string().as_bytes());
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Self::Many(kind, items) => {
                let len = if *kind == b'%' { items.len() / 2 } else { items.len() };
                push_line(out, *kind, len.to_string().as_bytes());
                items.iter().for_each(|item| item.render(out));
            }
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.render(&mut out);
        out
    }

    /// The bytes of a string or line.
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Line(_, text) | Self::Blob(_, text) => Some(text),
            _ => None,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&quoted(&self.bytes()))
    }
}

/// How far apart numbers may be that are near each other: as far as they may be rounded, and a tiny
/// part of what they are.
pub(crate) const NEAR: f64 = 0.000_11;

fn push_line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// Parses the reply at the beginning of `buffer`: it and its length, or nothing if it is not
/// complete. The error says what no reply looks like.
pub fn parse_reply(buffer: &[u8]) -> Result<Option<(Value, usize)>, String> {
    let Some((line, mut at)) = split_line(buffer) else { return Ok(None) };
    let malformed = || format!("no reply begins with {}", quoted(line));
    let (&kind, rest) = line.split_first().ok_or_else(malformed)?;
    let value = match kind {
        b'+' | b'-' | b':' | b',' | b'#' | b'_' | b'(' => Value::Line(kind, rest.to_vec()),
        b'$' | b'*' if rest == b"-1" => Value::Null(kind),
        b'$' | b'=' => {
            let len = parse_int(rest).and_then(|len| usize::try_from(len).ok());
            let end = at + len.ok_or_else(malformed)?;
            if buffer.len() < end + 2 {
                return Ok(None);
            }
            if &buffer[end..end + 2] != b"\r\n" {
                return Err(format!("the string after {} does not end there", quoted(line)));
            }
            let bytes = buffer[at..end].to_vec();
            at = end + 2;
            Value::Blob(kind, bytes)
        }
        b'*' | b'%' | b'~' | b'>' => {
            let len = parse_int(rest).and_then(|len| usize::try_from(len).ok());
            let len = len.ok_or_else(malformed)? * if kind == b'%' { 2 } else { 1 };
            let mut items = Vec::new();
            while items.len() < len {
                let Some((item, used)) = parse_reply(&buffer[at..])? else { return Ok(None) };
                items.push(item);
                at += used;
            }
            Value::Many(kind, items)
        }
        _ => return Err(malformed()),
    };
    Ok(Some((value, at)))
}

/// The line at the beginning, and where the next begins.
fn split_line(buffer: &[u8]) -> Option<(&[u8], usize)> {
    let end = buffer.windows(2).position(|pair| pair == b"\r\n")?;
    Some((&buffer[..end], end + 2))
}

/// What stands at the beginning of what a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Not yet all of something.
    Incomplete,
    /// Something of this length that asks for nothing.
    Nothing(usize),
    /// A request and its length.
    Arguments(Vec<Vec<u8>>, usize),
    /// Something that the server must refuse with this explanation, and close the connection.
    Malformed(String),
}

/// The longest line that a request may have, in bytes.
const LINE_MAX: usize = 64 * 1024;
/// The longest argument, in bytes.
const ARGUMENT_MAX: i64 = 512 * 1024 * 1024;

/// Parses the request at the beginning of `buffer`.
pub fn parse_request(buffer: &[u8]) -> Request {
    match buffer.first() {
        None => Request::Incomplete,
        Some(b'*') => parse_counted(buffer).unwrap_or_else(|early| early),
        Some(_) => parse_inline(buffer),
    }
}

/// Twice over the same bytes, so that a request that is not complete, which most are while it comes
/// byte by byte, costs no memory.
fn parse_counted(buffer: &[u8]) -> Result<Request, Request> {
    each_argument(buffer, |_| {})?;
    let mut args = Vec::new();
    let len = each_argument(buffer, |arg| args.push(arg.to_vec()))?;
    Ok(if args.is_empty() { Request::Nothing(len) } else { Request::Arguments(args, len) })
}

/// Passes on the arguments of the request at the beginning of `buffer`, as far as it is there, and
/// gives its length.
fn each_argument(buffer: &[u8], mut pass_on: impl FnMut(&[u8])) -> Result<usize, Request> {
    let malformed = |text: &str| Request::Malformed(text.into());
    let (line, mut at) = count_line(buffer, "too big mbulk count string")?;
    let count = parse_int(&line[1..]).filter(|&count| count <= i64::from(i32::MAX));
    let count = count.ok_or_else(|| malformed("invalid multibulk length"))?;
    for _ in 0..count {
        let (line, used) = count_line(&buffer[at..], "too big bulk count string")?;
        if line.first() != Some(&b'$') {
            let got = char::from(line.first().copied().unwrap_or(b'\r'));
            return Err(Request::Malformed(format!("expected '$', got '{got}'")));
        }
        let len = parse_int(&line[1..]).filter(|len| (0..=ARGUMENT_MAX).contains(len));
        let len = len.ok_or_else(|| malformed("invalid bulk length"))? as usize;
        at += used;
        let arg = buffer.get(at..at + len).ok_or(Request::Incomplete)?;
        // The two bytes after an argument are not looked at, but they must be there.
        buffer.get(at + len..at + len + 2).ok_or(Request::Incomplete)?;
        pass_on(arg);
        at += len + 2;
    }
    Ok(at)
}

/// A line that holds a count, ended by a carriage return and one more byte.
fn count_line<'a>(buffer: &'a [u8], too_long: &str) -> Result<(&'a [u8], usize), Request> {
    match buffer.iter().position(|&byte| byte == b'\r') {
        Some(end) if end + 1 < buffer.len() => Ok((&buffer[..end], end + 2)),
        None if buffer.len() > LINE_MAX => Err(Request::Malformed(too_long.into())),
        _ => Err(Request::Incomplete),
    }
}

fn parse_inline(buffer: &[u8]) -> Request {
    let Some(end) = buffer.iter().position(|&byte| byte == b'\n') else {
        let too_long = buffer.len() > LINE_MAX;
        let text = "too big inline request";
        return if too_long { Request::Malformed(text.into()) } else { Request::Incomplete };
    };
    let line = &buffer[..end];
    match split_words(line.strip_suffix(b"\r").unwrap_or(line)) {
        None => Request::Malformed("unbalanced quotes in request".into()),
        Some(args) if args.is_empty() => Request::Nothing(end + 1),
        Some(args) => Request::Arguments(args, end + 1),
    }
}

/// The words of an inline request; none if quotes do not match up.
pub(crate) fn split_words(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let (word, after) = split_word(rest)?;
        words.push(word);
        rest = after.trim_ascii_start();
    }
    Some(words)
}

fn split_word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return Some((word, rest)),
            [byte, ..] if byte.is_ascii_whitespace() => return Some((word, rest)),
            [quote @ (b'"' | b'\''), after @ ..] => {
                rest = split_quoted(after, *quote, &mut word)?;
                let ended = rest.first().is_none_or(u8::is_ascii_whitespace);
                return ended.then_some((word, rest));
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

fn split_quoted<'a>(mut rest: &'a [u8], quote: u8, word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let (byte, len) = match rest {
            [] => return None,
            [byte, ..] if *byte == quote => return Some(&rest[1..]),
            [b'\\', b'\'', ..] if quote == b'\'' => (b'\'', 2),
            [byte, ..] if quote == b'\'' => (*byte, 1),
            [b'\\', b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                (hex(&[*a, *b])?, 4)
            }
            [b'\\', escape, ..] => {
                let named = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'b', 8), (b'a', 7)];
                let found = named.iter().find(|(name, _)| name == escape);
                (found.map_or(*escape, |(_, byte)| *byte), 2)
            }
            [byte, ..] => (*byte, 1),
        };
        word.push(byte);
        rest = &rest[len..];
    }
}

/// A request as clients send it.
pub fn render_request(args: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    render_words(args.iter().map(|arg| &arg[..]), &mut out);
    out
}

/// Appends a request of these words as clients send it.
pub(crate) fn render_words<'w>(words: impl ExactSizeIterator<Item = &'w [u8]>, out: &mut Vec<u8>) {
    push_line(out, b'*', words.len().to_string().as_bytes());
    for word in words {
        push_line(out, b'$', word.len().to_string().as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// Whether a request ends subscriptions.
pub fn ends_subscriptions(request: &[Vec<u8>]) -> bool {
    let name = request[0].to_ascii_lowercase();
    name.ends_with(b"unsubscribe")
}

/// A 64-bit integer in its one canonical form.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_canonical = match digits {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    is_canonical.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

/// Bytes for people to read, shortened.
pub fn quoted(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 200;
    let shown = bytes[..bytes.len().min(SHOWN_MAX)].escape_ascii();
    match bytes.len() {
        0..=SHOWN_MAX => format!("\"{shown}\""),
        len => format!("\"{shown}\"... ({len} bytes)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(request: &[u8]) -> Vec<Vec<u8>> {
        match parse_request(request) {
            Request::Arguments(args, len) if len == request.len() => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_counts_once_its_last_byte_is_there() {
        let bytes = render_request(&[b"SET".to_vec(), b"".to_vec(), b"a\r\nb".to_vec()]);
        for len in 0..bytes.len() {
            assert_eq!(parse_request(&bytes[..len]), Request::Incomplete, "{len}");
        }
        assert_eq!(words(&bytes), [&b"SET"[..], b"", b"a\r\nb"]);
    }

    #[test]
    fn inline_requests_have_quotes_and_escapes() {
        assert_eq!(words(b"  get  k \r\n"), [b"get".to_vec(), b"k".to_vec()]);
        assert_eq!(words(b"a \"b \\x41\\n\" 'c \\'d'\n"), [&b"a"[..], b"b A\n", b"c 'd"]);
        assert_eq!(parse_request(b"\r\n"), Request::Nothing(2));
        let malformed = Request::Malformed("unbalanced quotes in request".into());
        assert_eq!(parse_request(b"a \"b\n"), malformed);
        assert_eq!(parse_request(b"a \"b\"c\n"), malformed);
    }

    #[test]
    fn what_no_client_should_send_is_explained() {
        let malformed = [
            (&b"*x\r\n"[..], "invalid multibulk length"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
        ];
        for (bytes, text) in malformed {
            assert_eq!(parse_request(bytes), Request::Malformed(text.into()));
        }
        assert_eq!(parse_request(b"*-1\r\nrest"), Request::Nothing(5));
    }

    #[test]
    fn replies_come_back_as_they_were_rendered() {
        let inner = vec![Value::int(-3), Value::bulk(b"\r\n"), Value::Null(b'*')];
        let value = Value::Many(b'%', vec![Value::simple("k"), Value::array(inner)]);
        let bytes = value.bytes();
        assert_eq!(parse_reply(&bytes), Ok(Some((value, bytes.len()))));
        for len in 0..bytes.len() {
            assert_eq!(parse_reply(&bytes[..len]), Ok(None), "{len}");
        }
        assert!(parse_reply(b"x\r\n").is_err());
        assert!(parse_reply(b"$1\r\nabc\r\n").is_err());
    }
}
