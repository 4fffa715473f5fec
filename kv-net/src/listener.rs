//! Listening sockets.

use crate::server::StartError;
use crate::stream::Stream;
use kv_proto::dialect::Terms;
use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How often a free port is looked for that all addresses can have.
const FREE_PORT_TRIES: usize = 16;

/// Where connections come from.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp { socket: TcpListener, terms: Terms },
    Unix(UnixListener),
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: Stream,
    pub(crate) terms: Terms,
}

impl Listener {
    pub(crate) fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp { socket, terms } => {
                Ok(Accepted { stream: Stream::Tcp(socket.accept()?.0), terms: *terms })
            }
            Self::Unix(socket) => {
                let stream = Stream::Unix(socket.accept()?.0);
                Ok(Accepted { stream, terms: Terms::default() })
            }
        }
    }

    /// Another one at the same place, unless there can be only one.
    pub(crate) fn open_beside(&self, opening: Opening) -> io::Result<Option<Self>> {
        let Self::Tcp { socket, terms } = self else { return Ok(None) };
        Ok(Some(Self::Tcp { socket: open_beside(socket, opening)?, terms: *terms }))
    }

    pub(crate) fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp { socket, .. } => socket,
            Self::Unix(socket) => socket,
        }
    }
}

/// An address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bind {
    ip: IpAddr,
    /// Whether the socket takes IPv4 addresses, too.
    is_dual: bool,
    /// Whether the server starts without it where the machine does not have that address.
    optional: bool,
}

/// How sockets are opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// How many connections may wait to be accepted.
    pub(crate) backlog: i32,
    /// Whether other sockets of this process may listen at the same place.
    pub(crate) is_shared: bool,
}

/// Reads a list of addresses: `*` is every IPv4 address, `::*` every IPv6 one, `[::]` both, and a
/// minus in front makes an address optional.
pub(crate) fn parse(addresses: &str) -> Result<Vec<Bind>, StartError> {
    addresses.split_ascii_whitespace().map(parse_one).collect()
}

fn parse_one(address: &str) -> Result<Bind, StartError> {
    let (name, optional) = match address.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (address, false),
    };
    let ip = match name {
        "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        "::*" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        name => {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            bare.parse().map_err(|_| StartError::Address(name.into()))?
        }
    };
    Ok(Bind { ip, is_dual: name == "[::]", optional })
}

/// Warns if the system lets fewer connections wait to be accepted than `backlog`.
pub(crate) fn warn_of_short_queue(backlog: i32) {
    const LIMIT: &str = "/proc/sys/net/core/somaxconn";
    let limit = std::fs::read_to_string(LIMIT).ok().and_then(|text| text.trim().parse().ok());
    if let Some(limit) = limit.filter(|&limit: &i32| limit < backlog) {
        tracing::warn!("'tcp-backlog' is {backlog}, but the system allows {limit}; raise {LIMIT}");
    }
}

/// Listens on all of `binds`. Port 0 takes any port that is free on all of them.
pub(crate) fn listen(
    binds: &[Bind],
    port: u16,
    opening: Opening,
) -> Result<Vec<TcpListener>, StartError> {
    let mut tries = if port == 0 { FREE_PORT_TRIES } else { 1 };
    loop {
        tries -= 1;
        match listen_once(binds, port, opening) {
            Err(StartError::Listen { source, .. })
                if tries > 0 && source.kind() == ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

fn listen_once(
    binds: &[Bind],
    port: u16,
    opening: Opening,
) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for bind in binds {
        let port = match listeners.first() {
            Some(first) => first.local_addr().map_or(port, |address| address.port()),
            None => port,
        };
        let address = SocketAddr::new(bind.ip, port);
        match open_new(address, bind.is_dual, opening) {
            Ok(listener) => listeners.push(listener),
            Err(error) if bind.optional && is_missing(&error) => {
                tracing::debug!("not listening on {address}: {error}");
            }
            Err(source) => return Err(StartError::Listen { address, source }),
        }
    }
    if listeners.is_empty() { Err(StartError::NoAddress) } else { Ok(listeners) }
}

/// Whether the machine does not have the address or the protocol at all.
fn is_missing(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = nix::errno::Errno::EAFNOSUPPORT as i32;
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(EAFNOSUPPORT)
}

/// Opens the first socket at an address. Another process must not have one there, which sharing
/// would let pass.
fn open_new(address: SocketAddr, is_dual: bool, opening: Opening) -> io::Result<TcpListener> {
    if opening.is_shared && address.port() != 0 {
        bind(address, is_dual, false)?;
    }
    open(address, is_dual, opening)
}

/// Opens another socket where a shared one listens already.
fn open_beside(socket: &TcpListener, opening: Opening) -> io::Result<TcpListener> {
    let address = socket.local_addr()?;
    let is_dual = address.is_ipv6() && !SockRef::from(socket).only_v6()?;
    open(address, is_dual, opening)
}

fn open(address: SocketAddr, is_dual: bool, opening: Opening) -> io::Result<TcpListener> {
    let socket = bind(address, is_dual, opening.is_shared)?;
    socket.listen(opening.backlog)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn bind(address: SocketAddr, is_dual: bool, is_shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // Otherwise :: would take the port of 0.0.0.0 too.
        socket.set_only_v6(!is_dual)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(is_shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_in_redis_configuration() {
        let binds = parse("127.0.0.1 -::1 * ::* [::]").unwrap();
        let ips: Vec<String> = binds.iter().map(|bind| bind.ip.to_string()).collect();
        assert_eq!(ips, ["127.0.0.1", "::1", "0.0.0.0", "::", "::"]);
        let of = |what: fn(&Bind) -> bool| binds.iter().map(what).collect::<Vec<_>>();
        assert_eq!(of(|bind| bind.optional), [false, true, false, false, false]);
        assert_eq!(of(|bind| bind.is_dual), [false, false, false, false, true]);
        assert!(parse("127.0.0.1 nowhere").is_err());
    }
}
