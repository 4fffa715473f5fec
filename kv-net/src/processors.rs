//! Which processors the threads run on.

use crate::server::StartError;
pub(crate) use system::pin;

/// No machine has more.
const PROCESSORS_MAX: usize = 1024;

/// Processors to pin threads to; none if the system may choose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Processors(Vec<usize>);

impl Processors {
    /// Reads a list such as `0,2-5,8-15:2`: numbers, ranges, and ranges with a step.
    pub(crate) fn parse(list: &str) -> Result<Self, StartError> {
        let bad = |reason: String| StartError::Processors { list: list.into(), reason };
        let parts = list.split(',').filter(|_| !list.is_empty());
        let numbers = parts.map(parse_part).collect::<Result<Vec<_>, _>>().map_err(bad)?.concat();
        numbers.iter().try_for_each(|&number| system::check(number)).map_err(bad)?;
        Ok(Self(numbers))
    }

    /// The one that the thread of this index is pinned to: one after the other, and again from the
    /// first if there are more threads.
    pub(crate) fn of_thread(&self, index: usize) -> Option<usize> {
        self.0.get(index.checked_rem(self.0.len())?).copied()
    }
}

/// `first`, `first-last` or `first-last:step`.
fn parse_part(part: &str) -> Result<Vec<usize>, String> {
    let (range, step) = part.split_once(':').unwrap_or((part, "1"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<usize>().ok().filter(|&number| number < PROCESSORS_MAX);
    match (number(first), number(last), number(step)) {
        (Some(first), Some(last), Some(step @ 1..)) if first <= last => {
            Ok((first..=last).step_by(step).collect())
        }
        _ => Err(format!("'{part}' is neither a processor nor a range such as 0-7 or 0-7:2")),
    }
}

#[cfg(target_os = "linux")]
mod system {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    /// Stands for the thread that asks.
    const THIS_THREAD: Pid = Pid::from_raw(0);

    /// Whether threads of this process may run on a processor; if not, why.
    pub(super) fn check(processor: usize) -> Result<(), String> {
        match sched_getaffinity(THIS_THREAD).and_then(|usable| usable.is_set(processor)) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(format!("this process may not use processor {processor}; see `taskset -p $$`"))
            }
            Err(error) => Err(format!("nothing is known of processor {processor}: {error}")),
        }
    }

    /// Keeps this thread on one processor.
    pub(crate) fn pin(processor: usize) {
        let mut set = CpuSet::new();
        let pinned = set.set(processor).and_then(|()| sched_setaffinity(THIS_THREAD, &set));
        if let Err(error) = pinned {
            tracing::warn!("cannot pin a thread to processor {processor}: {error}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn check(_: usize) -> Result<(), String> {
        Err("threads can be pinned on Linux only; leave it empty".into())
    }

    pub(crate) fn pin(_: usize) {
        unreachable!("no processor passes the check");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_redis_reads_them() {
        assert_eq!(parse_part("3"), Ok(vec![3]));
        assert_eq!(parse_part("2-5"), Ok(vec![2, 3, 4, 5]));
        assert_eq!(parse_part("0-7:2"), Ok(vec![0, 2, 4, 6]));
        for bad in ["", "x", "-1", "3-1", "0-7:0", "1-", "0-7:x", "1 ", "100000"] {
            assert!(parse_part(bad).is_err(), "{bad}");
        }
        assert_eq!(Processors::parse("").expect("it is empty"), Processors(Vec::new()));
        assert!(Processors::parse(",").is_err());
    }

    #[test]
    fn threads_take_turns() {
        let of = |list: &[usize]| {
            let processors = Processors(list.to_vec());
            [0, 1, 2, 3].map(|index| processors.of_thread(index))
        };
        assert_eq!(of(&[4, 6, 8]), [Some(4), Some(6), Some(8), Some(4)]);
        assert_eq!(of(&[]), [None; 4]);
    }
}
