//! Replies for people: as redis-cli prints them.
//!
//! A reply is printed in pieces, as it comes: [`Layout`] knows which aggregates are open, so that
//! nothing of a reply is kept. Servers print with the sink, clients print values with [`print`].

use kv_core::error::Error;
use kv_core::reply::{Protocol, Reply};
use kv_core::words::quote_always;

use crate::resp::double::DoubleBuffer;
use crate::resp::encode::without_line_breaks;
use crate::resp::value::Value;

/// For whom a reply is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For people: strings are quoted, elements numbered, other types named.
    Terminal,
    /// For programs: nothing but the values, each on a line of its own.
    Raw,
}

/// How replies are printed, and what the one that is being printed still lacks.
#[derive(Clone, Debug)]
pub struct Layout {
    style: Style,
    protocol: Protocol,
    /// The aggregates that lack elements, the outermost first.
    open: Vec<Aggregate>,
}

#[derive(Clone, Debug)]
struct Aggregate {
    kind: Kind,
    /// How many elements it has; keys and values count each.
    len: usize,
    /// How many of them were begun.
    begun: usize,
    /// How many columns stand before the numbers of its elements.
    indent: usize,
    /// Where the element begins that was begun last, in the output.
    value_at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Push,
    Set,
    Map,
}

impl Layout {
    /// Nothing printed yet. In version 2 a map is printed as an array, a number as a string ...
    pub fn new(style: Style, protocol: Protocol) -> Self {
        Self { style, protocol, open: Vec::new() }
    }
}

/// Prints replies, appending to a connection's output. Each ends with a line break. As long as a
/// reply is not whole, what was printed of it must stay where it is.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    layout: &'a mut Layout,
}

/// Appends a client's view of a reply. Recursive: values are as deep as their decoder allowed.
pub fn print(value: &Value, style: Style, out: &mut Vec<u8>) {
    Encoder::new(out, &mut Layout::new(style, Protocol::V3)).value(value);
}

impl<'a> Encoder<'a> {
    /// Goes on behind what was printed with the same `layout`.
    pub fn new(out: &'a mut Vec<u8>, layout: &'a mut Layout) -> Self {
        Self { out, layout }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Simple(text) => self.plain(text),
            Value::Error(text) | Value::BulkError(text) => self.error_text(text),
            Value::Int(value) => self.int(*value),
            Value::Bulk(bytes) => self.bulk(bytes),
            Value::Null | Value::NullBulk | Value::NullArray => self.null(),
            Value::Double(value) => self.double(value.0),
            Value::Boolean(value) => self.boolean(*value),
            Value::BigNumber(digits) => self.tagged("(big number) ", digits),
            Value::Verbatim { text, .. } => self.plain(text),
            Value::Array(values) => self.values(Kind::Array, values),
            Value::Set(values) => self.values(Kind::Set, values),
            Value::Push(values) => self.values(Kind::Push, values),
            Value::Map(pairs) => self.pairs(pairs),
            Value::Attribute(_, value) => self.value(value),
        }
    }

    fn values(&mut self, kind: Kind, values: &[Value]) {
        self.open(kind, values.len());
        values.iter().for_each(|value| self.value(value));
    }

    fn pairs(&mut self, pairs: &[(Value, Value)]) {
        self.map(pairs.len());
        for (key, value) in pairs {
            self.value(key);
            self.value(value);
        }
    }

    /// A value without anything around it.
    fn plain(&mut self, text: &[u8]) {
        self.begin();
        self.out.extend_from_slice(text);
        self.end();
    }

    /// A value that a terminal shows with its type in front.
    fn tagged(&mut self, tag: &str, text: &[u8]) {
        self.begin();
        if self.layout.style == Style::Terminal {
            self.out.extend_from_slice(tag.as_bytes());
        }
        self.out.extend_from_slice(text);
        self.end();
    }

    fn error_text(&mut self, message: &[u8]) {
        self.begin();
        if self.layout.style == Style::Terminal {
            self.out.extend_from_slice(b"(error) ");
        }
        self.out.extend(without_line_breaks(message));
        // An empty line tells programs that this was no value.
        if self.layout.style == Style::Raw {
            self.out.push(b'\n');
        }
        self.end();
    }

    fn open(&mut self, kind: Kind, len: usize) {
        self.begin();
        if len == 0 {
            if self.layout.style == Style::Terminal {
                self.out.extend_from_slice(kind.empty().as_bytes());
            }
            return self.end();
        }
        let indent = self.layout.open.last().map_or(0, Aggregate::inner_indent);
        let aggregate = Aggregate { kind, len, begun: 0, indent, value_at: 0 };
        if self.layout.style == Style::Terminal && aggregate.count() > 1 {
            self.break_lines();
        }
        self.layout.open.push(aggregate);
    }

    /// A value of several lines begins in a line of its own, not behind its key. It takes several
    /// lines if the only thing in it does, which is known when that comes.
    fn break_lines(&mut self) {
        for outer in self.layout.open.iter().rev() {
            if outer.is_value(outer.begun - 1) {
                let line_break = [&b"\n"[..], &vec![b' '; outer.inner_indent()]].concat();
                self.out.splice(outer.value_at..outer.value_at, line_break);
            } else if outer.kind == Kind::Map {
                return;
            }
            if outer.count() > 1 {
                return;
            }
        }
    }

    /// What stands before a value: it separates it from the one before, and numbers it.
    fn begin(&mut self) {
        let Some(aggregate) = self.layout.open.last_mut() else { return };
        let index = aggregate.begun;
        aggregate.begun += 1;
        match self.layout.style {
            Style::Terminal => aggregate.label(index, self.out),
            Style::Raw if index == 0 => {}
            Style::Raw if aggregate.is_value(index) => self.out.push(b' '),
            Style::Raw => self.out.push(b'\n'),
        }
        aggregate.value_at = self.out.len();
    }

    /// What stands behind a value: a line break, if the reply ends with it.
    fn end(&mut self) {
        let open = &mut self.layout.open;
        while open.pop_if(|aggregate| aggregate.begun == aggregate.len).is_some() {}
        if open.is_empty() {
            self.out.push(b'\n');
        }
    }

    fn is_v3(&self) -> bool {
        self.layout.protocol == Protocol::V3
    }
}

impl Aggregate {
    /// Begins the element of this index. The first goes into the line that its aggregate is in.
    fn label(&self, index: usize, out: &mut Vec<u8>) {
        if self.is_value(index) {
            return out.extend_from_slice(b" => ");
        }
        if index > 0 {
            out.push(b'\n');
            out.resize(out.len() + self.indent, b' ');
        }
        let mut buffer = itoa::Buffer::new();
        let number = buffer.format(self.number(index) + 1);
        out.resize(out.len() + self.digits() - number.len(), b' ');
        out.extend_from_slice(number.as_bytes());
        out.extend_from_slice(&[self.kind.mark(), b' ']);
    }

    /// How many columns stand before the numbers of what its elements contain.
    fn inner_indent(&self) -> usize {
        self.indent + self.digits() + 2
    }

    /// How many digits the largest number has.
    fn digits(&self) -> usize {
        self.count().ilog10() as usize + 1
    }

    /// How many elements or pairs it has.
    fn count(&self) -> usize {
        self.number(self.len)
    }

    /// The value of a map goes with its key.
    fn number(&self, index: usize) -> usize {
        if self.kind == Kind::Map { index / 2 } else { index }
    }

    fn is_value(&self, index: usize) -> bool {
        self.kind == Kind::Map && index % 2 == 1
    }
}

impl Kind {
    /// What stands between the number of an element and the element.
    fn mark(self) -> u8 {
        match self {
            Self::Array | Self::Push => b')',
            Self::Set => b'~',
            Self::Map => b'#',
        }
    }

    fn empty(self) -> &'static str {
        match self {
            Self::Array => "(empty array)",
            Self::Push => "(empty push)",
            Self::Set => "(empty set)",
            Self::Map => "(empty hash)",
        }
    }
}

impl Reply for Encoder<'_> {
    fn simple(&mut self, status: &str) {
        self.plain(status.as_bytes());
    }

    fn bulk(&mut self, bytes: &[u8]) {
        match self.layout.style {
            Style::Terminal => {
                self.begin();
                quote_always(bytes, self.out);
                self.end();
            }
            Style::Raw => self.plain(bytes),
        }
    }

    fn int(&mut self, value: i64) {
        self.tagged("(integer) ", itoa::Buffer::new().format(value).as_bytes());
    }

    fn double(&mut self, value: f64) {
        self.decimal(DoubleBuffer::new().format(value));
    }

    fn bulk_double(&mut self, value: f64) {
        self.bulk(DoubleBuffer::new().format(value).as_bytes());
    }

    fn decimal(&mut self, text: &str) {
        match self.layout.protocol {
            Protocol::V2 => self.bulk(text.as_bytes()),
            Protocol::V3 => self.tagged("(double) ", text.as_bytes()),
        }
    }

    fn boolean(&mut self, value: bool) {
        match (self.layout.protocol, value) {
            (Protocol::V2, _) => self.int(i64::from(value)),
            (Protocol::V3, true) => self.plain(b"(true)"),
            (Protocol::V3, false) => self.plain(b"(false)"),
        }
    }

    fn null(&mut self) {
        self.tagged("(nil)", b"");
    }

    fn null_array(&mut self) {
        self.null();
    }

    /// Not quoted in version 2 either: redis-cli knows the commands that answer with text for
    /// people.
    fn verbatim(&mut self, text: &[u8]) {
        self.plain(text);
    }

    fn array(&mut self, len: usize) {
        self.open(Kind::Array, len);
    }

    fn map(&mut self, len: usize) {
        match self.layout.protocol {
            Protocol::V2 => self.open(Kind::Array, 2 * len),
            Protocol::V3 => self.open(Kind::Map, 2 * len),
        }
    }

    fn set(&mut self, len: usize) {
        self.open(if self.is_v3() { Kind::Set } else { Kind::Array }, len);
    }

    fn push(&mut self, len: usize) {
        self.open(if self.is_v3() { Kind::Push } else { Kind::Array }, len);
    }

    fn error(&mut self, error: &Error) {
        self.error_text(&error.message());
    }

    fn protocol(&self) -> Protocol {
        self.layout.protocol
    }

    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        self.layout.protocol = protocol;
        true
    }
}
