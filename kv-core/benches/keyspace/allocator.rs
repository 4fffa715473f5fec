//! jemalloc, counted on demand.

#![allow(unsafe_code, reason = "an allocator is unsafe to implement")]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tikv_jemallocator::Jemalloc;

static COUNTS: AtomicBool = AtomicBool::new(false);
/// The bytes that were asked for and not given back since counting began. Wraps.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// Counts from now on. Before that, it would be in the way of what is timed.
pub(crate) fn start_counting() {
    COUNTS.store(true, Relaxed);
}

/// The bytes that were asked for and not given back.
pub(crate) fn bytes() -> usize {
    BYTES.load(Relaxed)
}

fn count(change: usize) {
    if COUNTS.load(Relaxed) {
        BYTES.fetch_add(change, Relaxed);
    }
}

/// jemalloc, and the count of the bytes that it was asked for.
pub(crate) struct Counting;

// SAFETY: every call goes to jemalloc as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are jemalloc's.
        unsafe { Jemalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { Jemalloc.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        count(layout.size().wrapping_neg());
        // SAFETY: as above; all memory came from jemalloc.
        unsafe { Jemalloc.dealloc(address, layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.wrapping_sub(layout.size()));
        // SAFETY: as above.
        unsafe { Jemalloc.realloc(address, layout, size) }
    }
}
