//! What is logged.

/// The least important lines that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything, for development.
    Debug,
    /// Much that is seldom useful.
    Verbose,
    /// What an operator wants to know.
    Notice,
    /// Only what matters.
    Warning,
    /// No line at all.
    Nothing,
}

impl LogLevel {
    /// All levels, from the most lines to none.
    pub const ALL: [Self; 5] =
        [Self::Debug, Self::Verbose, Self::Notice, Self::Warning, Self::Nothing];

    /// Their names in `loglevel`, in the same order.
    pub(super) const NAMES: &[&str] = &["debug", "verbose", "notice", "warning", "nothing"];

    /// The name in `loglevel`.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_the_names_of_their_variants() {
        for level in LogLevel::ALL {
            assert_eq!(format!("{level:?}").to_lowercase(), level.name());
        }
    }
}
