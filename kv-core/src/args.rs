//! A request: the command's name and its arguments, as spans of one buffer.

/// A half-open range of a request's buffer, or a [`Literal`]. Offsets are 32 bits, since no query
/// buffer is larger than 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

/// A word that no client has sent, but that the command needs which the client means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `GET`
    Get,
    /// `GETDEL`
    GetDel,
    /// `GETSET`
    GetSet,
    /// `*`, the pattern that every key matches.
    Star,
}

/// By the numbers of the literals.
const LITERALS: [&[u8]; 4] = [b"GET", b"GETDEL", b"GETSET", b"*"];

/// Where a literal's span begins. No span of a buffer begins behind its own end.
const LITERAL_START: u32 = u32::MAX;

impl Span {
    /// The span of `len` bytes at `start`.
    ///
    /// # Panics
    /// If the span ends beyond 4 GiB.
    pub fn new(start: usize, len: usize) -> Self {
        let end = start.checked_add(len).and_then(|end| u32::try_from(end).ok());
        let end = end.expect("a request is limited to 4 GiB by the query buffer limit");
        Self { start: start as u32, end }
    }

    /// The span of a word that is in no buffer.
    pub const fn literal(word: Literal) -> Self {
        Self { start: LITERAL_START, end: word as u32 }
    }

    /// The bytes of `buffer` that the span covers, or the literal that it is.
    ///
    /// # Panics
    /// If the buffer is shorter.
    #[inline]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        match buffer.get(self.start as usize..self.end as usize) {
            Some(bytes) => bytes,
            None => self.word(),
        }
    }

    #[cold]
    fn word(self) -> &'static [u8] {
        let word = LITERALS.get(self.end as usize).filter(|_| self.start == LITERAL_START);
        word.unwrap_or_else(|| panic!("no buffer has {self:?}, and no word does"))
    }
}

/// A request's arguments, borrowed from the buffer in which they arrived. Argument 0 is the
/// command's name. Copying an `Args` copies two slices' addresses.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    buffer: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// Arguments whose bytes lie in `buffer` at `spans`.
    pub fn new(buffer: &'a [u8], spans: &'a [Span]) -> Self {
        Self { buffer, spans }
    }

    /// How many there are, the command's name included.
    #[allow(clippy::len_without_is_empty, reason = "a request has at least its command's name")]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// The argument at `index`.
    ///
    /// # Panics
    /// If there is none: the command's arity, which was checked, says how many there are.
    pub fn get(&self, index: usize) -> &'a [u8] {
        self.spans[index].of(self.buffer)
    }

    /// The argument at `index`, which is a key. No literal is one, and not to ask whether it is
    /// keeps the look-up of keys small.
    ///
    /// # Panics
    /// As [`Args::get`].
    #[inline]
    pub(crate) fn key(&self, index: usize) -> &'a [u8] {
        let Span { start, end } = self.spans[index];
        &self.buffer[start as usize..end as usize]
    }

    /// The argument at `index`, if there is one.
    pub fn try_get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).map(|span| span.of(self.buffer))
    }

    /// The arguments from `index` on, in order; none if there are fewer.
    pub fn from(&self, index: usize) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let buffer = self.buffer;
        self.spans[index.min(self.spans.len())..].iter().map(move |span| span.of(buffer))
    }

    /// The same request without its first `count` arguments.
    pub fn skip(&self, count: usize) -> Args<'a> {
        Args { buffer: self.buffer, spans: &self.spans[count.min(self.spans.len())..] }
    }

    /// The first `count` arguments alone; all if there are fewer.
    pub fn first(&self, count: usize) -> Args<'a> {
        Args { buffer: self.buffer, spans: &self.spans[..count.min(self.spans.len())] }
    }
}

/// A request that owns its bytes.
#[derive(Clone, Debug, Default)]
pub struct OwnedArgs {
    buffer: Vec<u8>,
    spans: Vec<Span>,
}

impl OwnedArgs {
    /// The request as handlers take it.
    pub fn as_args(&self) -> Args<'_> {
        Args::new(&self.buffer, &self.spans)
    }

    /// Appends an argument.
    pub fn push(&mut self, argument: &[u8]) {
        self.spans.push(Span::new(self.buffer.len(), argument.len()));
        self.buffer.extend_from_slice(argument);
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for OwnedArgs {
    fn from_iter<I: IntoIterator<Item = T>>(arguments: I) -> Self {
        let mut args = OwnedArgs::default();
        arguments.into_iter().for_each(|argument| args.push(argument.as_ref()));
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_the_spans_of_their_buffer() {
        let args: OwnedArgs = ["set", "", "value"].into_iter().collect();
        let args = args.as_args();
        assert_eq!(args.len(), 3);
        assert_eq!(args.get(0), b"set");
        assert_eq!(args.get(1), b"");
        assert_eq!(args.try_get(3), None);
        assert_eq!(args.from(1).collect::<Vec<_>>(), [&b""[..], b"value"]);
        assert_eq!(args.from(9).len(), 0);
        assert_eq!(args.skip(2).get(0), b"value");
        assert_eq!(args.first(2).from(1).collect::<Vec<_>>(), [b""]);
        assert_eq!(args.first(9).len(), 3);
    }

    #[test]
    fn literals_are_words_beside_any_buffer() {
        for (literal, word) in [
            (Literal::Get, "GET"),
            (Literal::GetDel, "GETDEL"),
            (Literal::GetSet, "GETSET"),
            (Literal::Star, "*"),
        ] {
            for buffer in [&b""[..], b"some bytes"] {
                assert_eq!(Span::literal(literal).of(buffer), word.as_bytes());
            }
        }
        let spans = [Span::literal(Literal::Get), Span::new(1, 3)];
        let owned: OwnedArgs = Args::new(b"akeyz", &spans).from(0).collect();
        assert_eq!(owned.as_args().from(0).collect::<Vec<_>>(), [&b"GET"[..], b"key"]);
    }

    #[test]
    #[should_panic(expected = "no buffer has")]
    fn a_span_beyond_its_buffer_is_no_literal() {
        Span::new(2, 1).of(b"ab");
    }
}
