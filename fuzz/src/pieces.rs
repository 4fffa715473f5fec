//! An input that says how it is to be cut.
//!
//! The first byte's low bits give the number of cuts, its highest bit whether the limits are the
//! usual ones instead of tiny ones. As many lengths follow, then the stream itself. Lengths
//! repeat until the stream ends; length 0 is an empty piece, and no lengths mean one byte a time.

pub struct Pieces<'a> {
    pub usual_limits: bool,
    pub stream: &'a [u8],
    lengths: &'a [u8],
}

impl<'a> Pieces<'a> {
    pub fn new(data: &'a [u8]) -> Option<Self> {
        let (&head, rest) = data.split_first()?;
        let (lengths, stream) = rest.split_at_checked(usize::from(head & 0x0f))?;
        Some(Self { usual_limits: head & 0x80 != 0, stream, lengths })
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let repeats =
            if self.lengths.iter().any(|&length| length > 0) { self.lengths } else { &[1] };
        let (mut lengths, mut rest) = (repeats.iter().cycle(), self.stream);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let length = usize::from(*lengths.next()?).min(rest.len());
            let (piece, after) = rest.split_at(length);
            rest = after;
            Some(piece)
        })
    }
}
