//! Settings: one table of parameters, from which CONFIG, the server's flags and the documentation
//! are made.

mod names;
mod parameter;
mod policy;
mod settings;
mod table;
mod value;

pub use names::*;
pub use parameter::{Id, Kind, Parameter, find, ids, parameters};
pub use policy::Policy;
pub use settings::{Config, OutputLimits};
