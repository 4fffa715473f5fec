//! Log lines that strangers can cause, and how many of them.

/// How many lines one event loop writes in a second about clients that it refused.
const LINES_PER_S: u32 = 10;

/// Lets some lines through in each second, and counts the others.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    second: u64,
    passed: u32,
    held_back: u64,
}

impl Throttle {
    /// Whether a line may be written now, and if so how many were not since the last one.
    pub(crate) fn pass(&mut self, mono_us: u64) -> Option<u64> {
        let second = mono_us / 1_000_000;
        if std::mem::replace(&mut self.second, second) != second {
            self.passed = 0;
        }
        if self.passed == LINES_PER_S {
            self.held_back += 1;
            return None;
        }
        self.passed += 1;
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_pass_in_a_second_and_the_others_are_counted() {
        let mut throttle = Throttle::default();
        let passed = (0..1000).filter(|_| throttle.pass(5_000_000) == Some(0)).count();
        assert_eq!(passed, LINES_PER_S as usize);
        assert_eq!(throttle.pass(6_000_000), Some(990));
        assert_eq!(throttle.pass(6_000_001), Some(0));
    }
}
