//! What a setting is, and how it is found.

use super::notifications::Notifications;
use super::table::PARAMETERS;
use super::value::{ADDRESSES_MAX, PERCENTILES_MAX};

/// A setting. Its values are kept as text in the form in which CONFIG GET gives them.
#[derive(Debug)]
pub struct Parameter {
    /// Its name in configuration files, in lower case.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The value it starts with.
    pub default: &'static str,
    /// When it can be changed.
    pub change: Change,
    /// What it is for, in one line.
    pub summary: &'static str,
    /// Of another name for a setting: the setting's name.
    pub alias_of: Option<&'static str>,
}

/// When a setting can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Only before the server starts.
    AtStart,
    /// While it runs, too.
    Anytime,
    /// While it runs, as far as `enable-protected-configs` allows.
    Protected,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// `no`. `yes` is refused, for this reason.
    Never(&'static str),
    /// One of these words. Its number is its position.
    Choice(&'static [&'static str]),
    /// A whole number from a range.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number of bytes, with an optional unit: `k` and `kb`, `m` and `mb`, `g` and `gb`. The
    /// units with `b` are powers of 1024.
    Memory {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A whole number from 0 to a greatest, in octal digits.
    Octal {
        /// The greatest.
        max: i64,
    },
    /// Any text.
    Text,
    /// Any text, which is not to be shown to whoever watches requests. Its number tells whether it
    /// is set.
    Secret,
    /// A file's name, without a path.
    FileName,
    /// Addresses, separated by spaces.
    Addresses,
    /// `<class> <hard limit> <soft limit> <seconds>`, repeated: the limits of output buffers. What
    /// is set of one class leaves the others as they are.
    OutputLimits,
    /// `<seconds> <changes>`, repeated. In configuration files each line adds to those before it.
    SavePoints,
    /// Numbers from 0 to 100, separated by spaces.
    Percentiles,
    /// Letters that stand for classes of events, and for where these are published.
    Notifications,
}

impl Kind {
    /// Whether a value is made of several words, which a configuration file gives as arguments.
    pub fn takes_words(self) -> bool {
        matches!(self, Self::Addresses | Self::Percentiles) || self.is_cumulative()
    }

    /// Whether a line of a configuration file leaves a part of the value as it was before.
    pub(super) fn is_cumulative(self) -> bool {
        matches!(self, Self::OutputLimits | Self::SavePoints)
    }

    /// The values, in words.
    pub fn allowed(self) -> String {
        match self {
            Self::Bool => "yes or no".into(),
            Self::Never(_) => "no".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::Octal { max } => format!("an octal number from 0 to {max:o}"),
            Self::Memory { min, max } => {
                format!("bytes from {min} to {max}, with an optional k, kb, m, mb, g or gb")
            }
            Self::Text | Self::Secret => "one text, quoted if it has spaces".into(),
            Self::FileName => "a file's name, without a path".into(),
            Self::Addresses => format!("up to {ADDRESSES_MAX} addresses"),
            Self::OutputLimits => {
                "<normal|replica|pubsub> <hard limit> <soft limit> <seconds>, repeated".into()
            }
            Self::SavePoints => "<seconds> <changes>, repeated, or \"\"".into(),
            Self::Percentiles => format!("up to {PERCENTILES_MAX} numbers from 0 to 100"),
            Self::Notifications => format!("letters of {}", Notifications::LETTERS),
        }
    }
}

/// Which setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(usize);

/// All parameters, sorted by name.
pub fn parameters() -> &'static [Parameter] {
    PARAMETERS
}

/// All parameters, in the order of their names.
pub fn ids() -> impl Iterator<Item = Id> {
    (0..PARAMETERS.len()).map(Id)
}

/// The parameter of this name in any case.
pub fn find(name: &[u8]) -> Option<Id> {
    PARAMETERS.iter().position(|row| name.eq_ignore_ascii_case(row.name.as_bytes())).map(Id)
}

/// Finds a parameter at compile time, so that a wrong name does not compile.
pub(super) const fn id(name: &str) -> Id {
    let mut row = 0;
    while row < PARAMETERS.len() {
        if equal(PARAMETERS[row].name.as_bytes(), name.as_bytes()) {
            return Id(row);
        }
        row += 1;
    }
    panic!("there is no such parameter");
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

impl Id {
    /// The parameter's row.
    pub fn parameter(self) -> &'static Parameter {
        &PARAMETERS[self.0]
    }

    /// Its place among all parameters.
    pub(super) const fn index(self) -> usize {
        self.0
    }

    /// Itself, or the setting that it is another name for.
    pub(super) fn target(self) -> Id {
        self.parameter().alias_of.map_or(self, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_for_a_setting_has_a_setting_to_name() {
        for alias in ids().filter(|id| id.parameter().alias_of.is_some()) {
            let (alias, target) = (alias.parameter(), alias.target().parameter());
            assert_eq!(target.alias_of, None, "{}", alias.name);
            assert_eq!(alias.default, target.default, "{}", alias.name);
        }
    }
}
