//! The locks and atomics that the whole crate uses: std's.
//!
//! With `--cfg shuttle` they are those of the crate shuttle, whose scheduler decides at each of them
//! which thread goes on. That is how kv-proto's `tests/interleavings` runs whole servers over one kernel
//! in many different orders.

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
