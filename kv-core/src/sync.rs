//! The locks and atomics that the whole crate uses: std's.
//!
//! With `--cfg shuttle` they are those of the crate shuttle, whose scheduler decides at each of them
//! which thread goes on. That is how kv-proto's `tests/interleavings` runs whole servers over one kernel
//! in many different orders.

/// The atomics of totals and settings, std's always: each of these numbers stands alone, and leaving
/// them out leaves more orders to those that others act on.
pub(crate) use std::sync::atomic as tally;

#[cfg(not(shuttle))]
pub(crate) use std::sync::{
    Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, TryLockError, atomic,
};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, TryLockError, atomic};

#[cfg(shuttle)]
pub(crate) use once_lock::OnceLock;

#[cfg(shuttle)]
mod once_lock {
    use super::atomic::{AtomicBool, Ordering::SeqCst};

    /// Shuttle has none. This one is std's, before each use of which another thread may go on.
    #[derive(Debug)]
    pub(crate) struct OnceLock<T> {
        value: std::sync::OnceLock<T>,
        is_used: AtomicBool,
    }

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            Self { value: std::sync::OnceLock::new(), is_used: AtomicBool::new(false) }
        }
    }

    impl<T> OnceLock<T> {
        pub(crate) fn get(&self) -> Option<&T> {
            self.is_used.store(true, SeqCst);
            self.value.get()
        }

        pub(crate) fn set(&self, value: T) -> Result<(), T> {
            self.is_used.store(true, SeqCst);
            self.value.set(value)
        }

        /// Unlike std's, several threads may make a value, of which one is kept: none waits for another.
        pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            if self.get().is_none() {
                let _ = self.set(make());
            }
            self.get().expect("it was set")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// The lines of the source files in a folder that name something in `std::sync` besides `Arc`.
    fn strays(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let strays = entries.flat_map(|path| match path.is_dir() {
            true => strays(&path),
            false if path.ends_with("src/sync.rs") => Vec::new(),
            false => {
                let text = fs::read_to_string(&path).unwrap();
                let lines = text.lines().filter(|line| line.contains("std::sync::"));
                let strays = lines.filter(|line| !line.contains("std::sync::Arc;"));
                strays.map(|line| format!("{}: {line}", path.display())).collect()
            }
        });
        strays.collect()
    }

    #[test]
    fn no_other_file_takes_locks_and_atomics_from_std() {
        let strays = strays(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert!(strays.is_empty(), "{strays:#?}");
    }
}
