//! What is published reaches each subscriber once, and what one client publishes arrives in the
//! order in which it did.

use std::collections::BTreeMap;

/// A message, named after its sender and its place in what that sends: 0, 1, 2 and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Who publishes.
    pub publisher: u64,
    /// Which of its messages.
    pub number: u64,
    /// A time before it was sent.
    pub invoked: u64,
    /// Whether the reply was read; otherwise the message may never come.
    pub is_certain: bool,
}

/// What one subscriber saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// A time after the server had confirmed it.
    pub confirmed: u64,
    /// The messages: publisher and number, as they came.
    pub messages: Vec<(u64, u64)>,
    /// It broke, and the last messages may be missing.
    pub is_cut: bool,
}

impl Subscription {
    /// Checks what came against what was published, in the order in which each publisher did.
    /// Everything has to be there that was published after the subscription was confirmed.
    pub fn check(&self, published: &[Publication]) -> Result<(), String> {
        let mut due: BTreeMap<u64, Vec<&Publication>> = BTreeMap::new();
        for publication in published {
            due.entry(publication.publisher).or_default().push(publication);
        }
        let mut came: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for &(publisher, number) in &self.messages {
            came.entry(publisher).or_default().push(number);
        }
        if let Some(publisher) = came.keys().find(|publisher| !due.contains_key(publisher)) {
            return Err(format!("publisher {publisher} has published nothing"));
        }
        due.iter().try_for_each(|(publisher, due)| {
            let came = came.get(publisher).map_or(&[][..], Vec::as_slice);
            self.check_one(due, came).map_err(|text| format!("publisher {publisher}: {text}"))
        })
    }

    /// The same for one publisher.
    fn check_one(&self, published: &[&Publication], came: &[u64]) -> Result<(), String> {
        let mut came = came.iter().peekable();
        let mut has_begun = false;
        for publication in published {
            let Publication { number, invoked, is_certain, .. } = **publication;
            let has_come = came.next_if_eq(&&number).is_some();
            has_begun |= has_come;
            let is_early = !has_begun && invoked <= self.confirmed;
            let is_late = self.is_cut && came.peek().is_none();
            if !has_come && is_certain && !is_early && !is_late {
                return Err(format!("message {number} is missing in its place"));
            }
        }
        match came.next() {
            Some(number) => Err(format!("message {number} comes twice, or out of order")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four messages of one publisher, the last of which was not confirmed; the first was invoked
    /// before the subscription was.
    fn published() -> Vec<Publication> {
        let message = |number| Publication {
            publisher: 1,
            number,
            invoked: 10 * number,
            is_certain: number < 3,
        };
        (0..4).map(message).collect()
    }

    fn check(numbers: &[u64], is_cut: bool) -> Result<(), String> {
        let messages = numbers.iter().map(|&number| (1, number)).collect();
        Subscription { confirmed: 5, messages, is_cut }.check(&published())
    }

    #[test]
    fn messages_come_once_in_order_and_none_is_missing_that_was_confirmed() {
        for came in [&[0, 1, 2, 3][..], &[0, 1, 2], &[1, 2], &[1, 2, 3]] {
            assert_eq!(check(came, false), Ok(()), "{came:?}");
        }
        for came in [&[2, 1][..], &[1, 1, 2], &[1, 2, 4], &[0, 2], &[2, 3], &[1], &[]] {
            assert!(check(came, false).is_err(), "{came:?}");
        }
    }

    #[test]
    fn a_subscriber_that_is_cut_may_miss_the_last() {
        for came in [&[][..], &[0], &[0, 1], &[1]] {
            assert_eq!(check(came, true), Ok(()), "{came:?}");
        }
        for came in [&[0, 2][..], &[1, 0], &[2]] {
            assert!(check(came, true).is_err(), "{came:?}");
        }
    }

    #[test]
    fn nothing_comes_from_nobody() {
        let messages = vec![(7, 0)];
        let stranger = Subscription { confirmed: 50, messages, is_cut: true };
        assert!(stranger.check(&published()).is_err());
    }
}
