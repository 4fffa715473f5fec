//! Requests of random arguments, and values of any size to send them to.

use crate::served::Served;
use kv_core::args::OwnedArgs;
use kv_core::rng::Rng;

/// How many elements one request adds.
const FILL_BATCH: usize = 100;

/// What `key` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As many keys as there would be elements.
    Keys,
    /// A string of so many bytes.
    String,
    List,
    Set,
    Hash,
    SortedSet,
    Stream,
}

impl Kind {
    pub(crate) const COLLECTIONS: [Kind; 5] =
        [Self::List, Self::Set, Self::Hash, Self::SortedSet, Self::Stream];

    /// The request that adds an element, and what it repeats for each.
    fn filling(self) -> (&'static str, &'static str) {
        match self {
            Self::Keys => ("MSET", "nth text"),
            Self::String => ("APPEND key", "letter"),
            Self::List => ("RPUSH key", "nth"),
            Self::Set => ("SADD key", "nth"),
            Self::Hash => ("HSET key", "nth text"),
            Self::SortedSet => ("ZADD key", "score nth"),
            Self::Stream => ("XADD key", ""),
        }
    }
}

/// Makes requests.
pub(crate) struct Maker {
    rng: Rng,
    elements: usize,
    next: usize,
}

impl Maker {
    pub(crate) fn new(elements: usize) -> Self {
        Self { rng: Rng::new(7), elements, next: 0 }
    }

    /// Stores a value of the maker's number of elements under `key`.
    pub(crate) fn fill(&mut self, served: &mut Served, kind: Kind) {
        let (head, element) = kind.filling();
        self.next = 0;
        while self.next < self.elements {
            if kind == Kind::Stream {
                served.run(&self.request("XADD key id f text g text"));
                continue;
            }
            if kind == Kind::String {
                let text = "x".repeat(self.elements);
                served.run(&["SET", "key", &text].into_iter().collect());
                return;
            }
            let count = FILL_BATCH.min(self.elements - self.next);
            let line = [head].into_iter().chain(std::iter::repeat_n(element, count));
            served.run(&self.request(&line.collect::<Vec<_>>().join(" ")));
        }
    }

    /// A request from a line in which some words stand for others; see `word`.
    pub(crate) fn request(&mut self, line: &str) -> OwnedArgs {
        line.split(' ').map(|word| self.word(word)).collect()
    }

    fn word(&mut self, word: &str) -> String {
        let mut below = |count: usize| self.rng.below(count as u64) as usize;
        match word {
            // The element that comes next, one that is there, and one that is not.
            "nth" | "fresh" => {
                self.next += 1;
                member(self.next - 1)
            }
            "member" => member(below(self.elements)),
            "stranger" => member(self.elements + below(self.elements)),
            "id" => {
                self.next += 1;
                format!("{}-1", self.next)
            }
            "some-id" => format!("{}-1", 1 + below(self.elements)),
            "rank" | "offset" => below(self.elements).to_string(),
            "score" => format!("{}.{:03}", below(1_000_000), below(1000)),
            "text" => format!("text:{:09}", below(1_000_000_000)),
            "letter" => "x".into(),
            word => word.into(),
        }
    }
}

/// Of 14 bytes.
fn member(number: usize) -> String {
    // Scattered, so that neighbours were not added one after the other.
    format!("member:{:07}", number as u64 * 7_368_787 % 10_000_000)
}
