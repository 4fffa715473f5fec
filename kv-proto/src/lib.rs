//! What a connection is, without its socket: bytes in, the kernel, bytes out.

pub mod resp;
