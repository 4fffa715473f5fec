//! Settings: one table of parameters, from which CONFIG, configuration files, the server's flags
//! and the documentation are made.
//!
//! A server's [`Config`] comes from a [`Loader`], to which a driver gives what it finds in files,
//! flags and elsewhere, as [`Directive`]s. [`rewrite`] is the way back, for CONFIG REWRITE: it
//! makes a file's new text from its old one and the settings.

mod directive;
mod loader;
mod log_level;
mod names;
mod nearest;
mod notifications;
mod output_limits;
mod parameter;
mod policy;
mod redis;
mod rewrite;
mod settings;
mod table;
mod value;

pub use directive::{Directive, Origin, parse};
pub use loader::{LoadError, Loader, Problem, Step};
pub use log_level::LogLevel;
pub use names::*;
pub use notifications::Notifications;
pub use output_limits::{ClientClass, OutputLimits};
pub use parameter::{Change, Id, Kind, Parameter, find, ids, parameters};
pub use policy::Policy;
pub use rewrite::{MARKER, in_full, rewrite};
pub use settings::{Config, SavePoint};
pub(crate) use value::parse_memory;
