//! The cases.

mod expire;
mod free;
mod grow;
mod lookup;
pub(crate) mod memory;

use crate::Outcome;
use crate::target::Target;

/// How many entries a slice of the work that nobody asks for deals with: what the server takes.
const BUDGET: usize = 1024;

/// One thing to measure.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// How many keys (or elements), one run for each.
    pub(crate) sizes: &'static [usize],
    /// Prints its tables and gives what became of the targets.
    pub(crate) run: fn(usize) -> Outcome<Vec<Target>>,
}

const MILLION: usize = 1_000_000;

/// All cases, in the order in which they run.
pub(crate) const ALL: [Case; 6] = [
    Case {
        name: "lookup",
        what: "GET and SET of random keys, one by one and in batches",
        sizes: &[MILLION, 10 * MILLION],
        run: lookup::run,
    },
    Case {
        name: "grow",
        what: "what each insertion takes while the table grows",
        sizes: &[10 * MILLION],
        run: grow::run,
    },
    Case {
        name: "expire",
        what: "keys that expire all at once",
        sizes: &[MILLION],
        run: expire::run,
    },
    Case {
        name: "list",
        what: "deletion of a list of this many elements",
        sizes: &[5 * MILLION],
        run: free::list,
    },
    Case { name: "flush", what: "flush of all keys", sizes: &[5 * MILLION], run: free::flush },
    Case {
        name: "memory",
        what: "bytes for each key",
        sizes: &[MILLION, 10 * MILLION],
        run: memory::run,
    },
];
