//! The bugs, by the rooms that they are in.

mod expiry;
mod protocol;
mod sessions;
mod storage;
mod types;

/// A bug, as a change of the sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bug {
    /// What it is called: words in lower case with dashes between.
    pub(crate) name: &'static str,
    /// What goes wrong for users.
    pub(crate) harm: &'static str,
    /// The file that it is in, from the workspace's root.
    pub(crate) file: &'static str,
    /// What it takes the place of: an expression, or one or several statements. Once in the file.
    pub(crate) find: &'static str,
    /// What stands there instead. If it has the word `PLANTED`, that becomes the question whether
    /// the bug is on; what has no other place for the question is written so.
    pub(crate) replace: &'static str,
}

/// All bugs, and the canary.
pub(crate) fn all() -> Vec<Bug> {
    [storage::BUGS, expiry::BUGS, types::BUGS, sessions::BUGS, protocol::BUGS].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CANARY, tree};
    use std::collections::BTreeSet;

    #[test]
    fn every_bug_has_its_place_in_the_sources() {
        assert!(tree::plant(&all()).is_ok(), "{:?}", tree::plant(&all()));
    }

    #[test]
    fn names_differ_and_are_words() {
        let bugs = all();
        let names: BTreeSet<&str> = bugs.iter().map(|bug| bug.name).collect();
        assert_eq!(names.len(), bugs.len());
        assert!(names.contains(CANARY));
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(names.iter().all(|name| name.bytes().all(is_word)));
    }

    #[test]
    fn every_bug_changes_something_and_says_what_it_does_to_users() {
        for bug in all() {
            assert_ne!(bug.find, bug.replace, "{}", bug.name);
            let is_sentence = bug.harm.ends_with('.') && !bug.harm.contains('|');
            assert!(is_sentence, "{}", bug.name);
        }
    }
}
