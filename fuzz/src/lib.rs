//! What the targets share.

pub mod held;
pub mod input;
pub mod pieces;
