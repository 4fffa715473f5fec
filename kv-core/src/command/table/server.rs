//! The rows of the server commands.

use crate::command::Command;

pub(super) const ROWS: &[&Command] = &[];
