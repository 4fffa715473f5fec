//! Time, as an argument.

/// The moment of a call. The driver reads the clocks once and hands the result in; nothing below
/// it reads a clock, so time stands still within a call and a simulator can set it at will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Microseconds of a clock that never goes back, from an arbitrary start. For intervals.
    pub mono_us: u64,
    /// Microseconds since the Unix epoch. May jump when the machine's clock is set. For deadlines
    /// that clients see.
    pub unix_us: u64,
}

impl Now {
    /// Milliseconds since the Unix epoch, the unit of every key's deadline.
    pub fn unix_ms(self) -> i64 {
        (self.unix_us / 1000) as i64
    }

    /// The moment `us` microseconds later, by both clocks.
    #[must_use]
    pub fn after_us(self, us: u64) -> Now {
        Now { mono_us: self.mono_us + us, unix_us: self.unix_us + us }
    }
}
