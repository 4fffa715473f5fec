//! Which changes of keys are published: the letters of `notify-keyspace-events`.

/// A set of classes of events, and of the channels that they are published on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notifications(u16);

impl Notifications {
    /// `g`: commands that work on any type, such as DEL and EXPIRE.
    pub const GENERIC: Self = Self(1);
    /// `$`: commands of strings.
    pub const STRING: Self = Self(1 << 1);
    /// `l`: commands of lists.
    pub const LIST: Self = Self(1 << 2);
    /// `s`: commands of sets.
    pub const SET: Self = Self(1 << 3);
    /// `h`: commands of hashes.
    pub const HASH: Self = Self(1 << 4);
    /// `z`: commands of sorted sets.
    pub const SORTED_SET: Self = Self(1 << 5);
    /// `x`: keys that expire.
    pub const EXPIRED: Self = Self(1 << 6);
    /// `e`: keys that are evicted.
    pub const EVICTED: Self = Self(1 << 7);
    /// `t`: commands of streams.
    pub const STREAM: Self = Self(1 << 8);
    /// `d`: events of modules.
    pub const MODULE: Self = Self(1 << 9);
    /// `n`: keys that come into being. Not a part of `A`.
    pub const NEW: Self = Self(1 << 10);
    /// `K`: publish to `__keyspace@<db>__:<key>`.
    pub const KEYSPACE: Self = Self(1 << 11);
    /// `E`: publish to `__keyevent@<db>__:<event>`.
    pub const KEYEVENT: Self = Self(1 << 12);
    /// `m`: reads of keys that do not exist. Not a part of `A`.
    pub const KEY_MISS: Self = Self(1 << 13);
    /// `A`: the classes `g$lshzxetd`.
    pub const ALL: Self = Self((1 << 10) - 1);

    /// The letters, in the order in which errors name them.
    pub(super) const LETTERS: &str = "Ag$lshzxeKEtmdn";

    /// The letters of classes that `A` stands for or hides, in the order in which they are shown.
    const CLASSES: [(char, Self); 11] = [
        ('g', Self::GENERIC),
        ('$', Self::STRING),
        ('l', Self::LIST),
        ('s', Self::SET),
        ('h', Self::HASH),
        ('z', Self::SORTED_SET),
        ('x', Self::EXPIRED),
        ('e', Self::EVICTED),
        ('t', Self::STREAM),
        ('d', Self::MODULE),
        ('n', Self::NEW),
    ];

    /// The letters that follow.
    const OTHERS: [(char, Self); 3] =
        [('K', Self::KEYSPACE), ('E', Self::KEYEVENT), ('m', Self::KEY_MISS)];

    /// Whether all of `other` is in the set.
    #[inline]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is published.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set that letters stand for, if each of them is known.
    pub(super) fn parse(letters: &str) -> Option<Self> {
        let known = Self::CLASSES.iter().chain(&Self::OTHERS).chain(&[('A', Self::ALL)]);
        letters.chars().try_fold(Self::default(), |set, letter| {
            let row = known.clone().find(|row| row.0 == letter)?;
            Some(Self(set.0 | row.1.0))
        })
    }

    /// The letters as CONFIG GET shows them: Redis shows no `n` beside an `A`.
    pub(super) fn shown(self) -> String {
        if self.contains(Self::ALL) {
            format!("A{}", self.letters(&Self::OTHERS))
        } else {
            self.letters(&Self::CLASSES) + &self.letters(&Self::OTHERS)
        }
    }

    /// Letters that stand for exactly this set.
    pub(super) fn written(self) -> String {
        let hidden = self.contains(Self::ALL) && self.contains(Self::NEW);
        self.shown() + if hidden { "n" } else { "" }
    }

    pub(super) fn bits(self) -> i64 {
        i64::from(self.0)
    }

    pub(super) fn from_bits(bits: i64) -> Self {
        Self(bits as u16)
    }

    fn letters(self, of: &[(char, Self)]) -> String {
        of.iter().filter(|row| self.contains(row.1)).map(|row| row.0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_shown_as_redis_shows_them() {
        let table = [
            ("KEAmn", "AKEm"),
            ("AKE", "AKE"),
            ("Kg$lshzxetd", "AK"),
            ("KgEmx", "gxKEm"),
            ("nm", "nm"),
            ("Ex", "xE"),
            ("", ""),
        ];
        for (letters, shown) in table {
            assert_eq!(Notifications::parse(letters).unwrap().shown(), shown, "{letters}");
        }
        for letters in ["q", "Kgq", "K E", "a"] {
            assert_eq!(Notifications::parse(letters), None, "{letters}");
        }
    }

    #[test]
    fn written_letters_stand_for_the_same_set() {
        for bits in 0..1 << 14 {
            let set = Notifications::from_bits(bits);
            assert_eq!(Notifications::parse(&set.written()), Some(set));
        }
    }

    #[test]
    fn every_letter_is_known() {
        for letter in Notifications::LETTERS.chars() {
            assert!(!Notifications::parse(&letter.to_string()).unwrap().is_empty(), "{letter}");
        }
    }
}
