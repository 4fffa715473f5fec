//! Whole servers over one kernel, each in a thread of its own, in many different orders.
//!
//! What runs is what ships: `Kernel` and `Server`, whose locks and atomics are those of the crate shuttle
//! here. Its scheduler decides at each of them which thread goes on, so that an order that a processor
//! comes to once in a year is one among thousands, and can be had again.
//!
//! ```text
//! RUSTFLAGS="--cfg shuttle" cargo test --release --target-dir target/shuttle \
//!     -p kv-proto --test interleavings
//! ```
//!
//! `KV_SHUTTLE_RUNS` says how often each scene runs under each of two schedulers, `KV_SHUTTLE_SEED` which
//! orders those are. A failure shows its schedule; with that as `KV_SHUTTLE_SCHEDULE` the same test comes
//! to the same failure at once. A deadlock, a thread that is not woken and a loop without an end are
//! failures of their own.
//!
//! # What this cannot see
//!
//! Shuttle runs one thread at a time, so every thread sees at once what any other has written, as if
//! all atomics were sequentially consistent. These are weaker, and rely on the following:
//!
//! - `Bell` (acquire and release): it is rung while the post's names are locked, so whoever has heard
//!   it and locks them finds the name. Who rings listens after its batch; if the bell is silent then,
//!   another has heard it, and tells.
//! - `Mailbox::is_full` (acquire and release) is set while the letters are locked, before the post is
//!   told: who was told by the post sees it. Who looks without being told, and misses it, was early.
//! - `Store::observers` (relaxed) grows before the shard is unlocked in which somebody is noted; whoever
//!   changes the key locks that shard later, and sees it. Clients that track prefixes are in no shard:
//!   a change that does not see them comes before their tracking.
//! - `Ready::is_any` and `Tracking::has_news` (relaxed) are set under the lock of what they tell of.
//!   Who has set one and finds it cleared knows that another took, or is about to lock and take, what
//!   was there.
//! - `Watch` (relaxed) is broken, and looked at by EXEC, while the key's shard is locked.
//! - `Pause` (relaxed) ends before the bell rings for all: who hears that sees the end, and lets go.
//! - `Store::due_ms` (relaxed) is set to never before the shards are looked at, and to less while one is
//!   locked. Who has not seen the former has its shard looked at afterwards, or is found holding it,
//!   and that makes it due at once.
//! - `Lane::is_taken` and `Lane::reset` (acquire and release) hand statistics from one thread to the
//!   next. Like settings and totals they are std's here too (`sync::tally`).
//! - All others are numbers that stand alone: what CLIENT LIST shows, whether there are monitors and
//!   prefixes. Each is right at some moment of the command that reads it.
#![cfg(shuttle)]

mod blocking;
mod caching;
mod explore;
mod locks;
mod mail;
mod world;
