//! Keys of any type.
