//! kv over mio: event loops, listeners, and the in-process server.
//!
//! ```
//! let server = kv_net::Server::builder().port(0).threads(1).start()?;
//! let client = std::net::TcpStream::connect(server.addresses()[0])?;
//! # drop(client);
//! server.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod admin;
mod clock;
mod config_file;
mod doors;
mod event_loop;
mod host;
mod listener;
mod metrics;
mod processors;
mod recorded;
mod recorder;
mod server;
mod sources;
mod stream;
mod throttle;
mod unix_socket;

pub use server::{Builder, Server, StartError};
