//! What a connection is, without its socket: codecs, the connection, the sans-I/O server.
//!
//! A driver moves bytes and time; everything between received bytes and bytes to send is here and
//! in `kv-core`. Nothing in this crate reads a clock, touches a socket or starts a thread.

#![forbid(unsafe_code)]

mod codec;
mod connection;
pub mod dialect;
pub mod frame;
pub mod proxy;
pub mod recording;
pub mod request;
pub mod resp;
pub mod server;
pub mod text;
pub mod tlv;
mod window;
