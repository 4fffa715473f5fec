//! The program's commands.

pub(crate) mod replay;
