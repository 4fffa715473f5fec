//! An input that is read piece by piece.

/// What is left of the input; zeros behind its end.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    pub fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    pub fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    pub fn long(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Mostly short, sometimes around where strings leave their cells.
    pub fn length(&mut self) -> usize {
        match self.byte() {
            short @ 0..160 => short.into(),
            160..240 => usize::from(self.word() % 2000),
            _ => 14_000 + usize::from(self.word() % 6000),
        }
    }

    /// Mostly few, sometimes more than a value may have to be dropped at once.
    pub fn count(&mut self) -> u16 {
        match self.byte() {
            few @ 0..240 => u16::from(few % 40),
            _ => self.word() % 1400,
        }
    }

    /// Around `unix_ms`, in either direction, or anywhere, or none.
    pub fn deadline(&mut self, unix_ms: i64) -> Option<i64> {
        match self.byte() {
            0..100 => None,
            near @ 100..180 => Some(unix_ms + i64::from(near) - 110),
            180..230 => Some(unix_ms + i64::from(self.word())),
            230..250 => Some((self.long() >> (self.byte() % 64)) as i64 & i64::MAX),
            _ => Some(i64::MAX - i64::from(self.byte())),
        }
    }
}
