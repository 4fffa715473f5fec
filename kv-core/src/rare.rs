//! Rare states that simulations have to reach, or they test less than they seem to.
//!
//! The code says [`sometimes`] where it is in such a state; with the feature `rare` that is counted,
//! without it there is nothing. A simulator's run tells which states it has never been in. (The idea is
//! that of FoundationDB's coverage probes and of "sometimes" assertions.)

macro_rules! rare {
    ($($(#[doc = $meaning:literal])+ $name:ident,)+) => {
        /// A rare state.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rare {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Rare {
            /// All of them.
            pub const ALL: &[Rare] = &[$(Rare::$name,)+];

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Rare::$name => concat!($($meaning,)+).trim_ascii_start(),)+
                }
            }
        }
    };
}

rare! {
    /// A segment is split while a SCAN is under way.
    SplitDuringScan,
    /// Two segments are merged while a SCAN is under way.
    MergeDuringScan,
    /// A SCAN comes upon an expired key that is still there.
    ScanMeetsExpired,
    /// A line of a segment is full and passes an entry on to the next.
    LineOverflows,
    /// The directory of segments shrinks.
    DirectoryShrinks,
    /// A cell with a timer is moved to give its page back.
    TimedCellMoves,
    /// A chunk of timers moves to a lower level as it is.
    TimersMoveDown,
    /// A timer rings before its time, since its level's has come.
    TimerIsEarly,
    /// A command meets an expired key that no slice has removed yet.
    ExpiredOnAccess,
    /// A watched or awaited key expires in a slice.
    ObservedKeyExpires,
    /// A hash goes because all of its fields have expired.
    HashExpiresByFields,
    /// A value is freed in several slices.
    ValueFreedInSlices,
    /// A flushed keyspace is freed in several slices.
    KeyspaceFreedInSlices,
    /// A key is evicted whose memory is not free at once.
    EvictedIsFreedLater,
    /// A command is refused for want of memory.
    OutOfMemory,
    /// A transaction makes room before it runs.
    EvictionForExec,
    /// A transaction finds that a watched key has changed.
    ExecFindsChange,
    /// A request that waits is run again and finds nothing.
    WaiterFindsNothing,
    /// A request that waits is passed over, since one before it found nothing.
    WaiterPassedOver,
    /// A request whose wait has ended is found among those that wait.
    WaiterOverWhenServed,
    /// What one request was given to gives another one something.
    WaiterFeedsWaiter,
    /// A client goes while its request waits.
    WaiterLeaves,
    /// There are too many letters for a session.
    MailboxOverflows,
    /// The wall clock is set back.
    ClockSetBack,
    /// Several members of a sorted set have the same bits of their hashes.
    IndexCollides,
    /// A tree loses its root.
    TreeShrinks,
    /// A window has requests of several connections.
    WindowOfSeveral,
    /// A window is full in the middle of a connection's turn.
    WindowEndsInTurn,
    /// A connection pauses although it has more requests.
    OutputPauses,
    /// A connection goes on after a pause.
    OutputGoesOn,
    /// What is no request follows requests that are answered.
    GarbageBehindRequests,
    /// A client ends its input while its request waits.
    EndOfInputWhileWaiting,
    /// A subscriber is closed since it is behind.
    SubscriberIsBehind,
    /// A client is closed that takes nothing.
    ClientTakesNothing,
    /// A server joins in the work of another.
    SliceIsShared,
}

/// Whether anything is counted: what it takes to know of a state need not be done otherwise.
pub(crate) const IS_COUNTED: bool = cfg!(feature = "rare");

/// The code is in a state, if `is_so`.
#[inline(always)]
pub fn sometimes(state: Rare, is_so: bool) {
    #[cfg(feature = "rare")]
    if is_so {
        counts::count(state);
    }
    #[cfg(not(feature = "rare"))]
    let _ = (state, is_so);
}

#[cfg(feature = "rare")]
pub use counts::{count_of, note_scan};

/// A SCAN has begun or goes on, or is at its end.
#[cfg(not(feature = "rare"))]
#[inline(always)]
pub fn note_scan(_: bool) {}

/// Whether a SCAN is under way, as far as is known.
#[inline(always)]
pub(crate) fn is_scanning() -> bool {
    #[cfg(feature = "rare")]
    return counts::is_scanning();
    #[cfg(not(feature = "rare"))]
    return false;
}

/// Counters of the whole process: who wants to know of one run has a process for it.
#[cfg(feature = "rare")]
mod counts {
    use super::Rare;
    use crate::sync::tally::{AtomicBool, AtomicU64, Ordering::Relaxed};

    static COUNTS: [AtomicU64; Rare::ALL.len()] = [const { AtomicU64::new(0) }; Rare::ALL.len()];
    static IS_SCANNING: AtomicBool = AtomicBool::new(false);

    pub(super) fn count(state: Rare) {
        COUNTS[state as usize].fetch_add(1, Relaxed);
    }

    /// How often this process has been in a state.
    pub fn count_of(state: Rare) -> u64 {
        COUNTS[state as usize].load(Relaxed)
    }

    /// A SCAN has begun or goes on, or is at its end.
    pub fn note_scan(goes_on: bool) {
        IS_SCANNING.store(goes_on, Relaxed);
    }

    pub(super) fn is_scanning() -> bool {
        IS_SCANNING.load(Relaxed)
    }
}
