//! The handlers: what commands do. What is known of them stands in their rows in
//! [`crate::command::table`].

pub(crate) mod acl;
pub(crate) mod bitmap;
pub(crate) mod command;
pub(crate) mod connection;
pub(crate) mod dump;
pub(crate) mod generic;
pub(crate) mod geo;
pub(crate) mod hash;
pub(crate) mod help;
pub(crate) mod hyperloglog;
pub(crate) mod list;
pub(crate) mod object;
pub(crate) mod parse;
pub(crate) mod pubsub;
pub(crate) mod scan;
pub(crate) mod server;
pub(crate) mod set;
pub(crate) mod sort;
pub(crate) mod sorted_set;
pub(crate) mod stream;
pub(crate) mod string;
pub(crate) mod transaction;
