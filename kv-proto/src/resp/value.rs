//! Replies as values.
