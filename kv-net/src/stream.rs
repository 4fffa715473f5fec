//! What clients are connected by: TCP or a Unix socket.

use kv_core::session::{Origin, Peer};
use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::time::Duration;

/// How many questions remain without an answer before a client is taken for gone. Redis's.
const KEEPALIVE_PROBES: u32 = 3;

/// A connection, which does not block.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Makes the connection send at once, and ask after so many seconds of silence whether the
    /// client is still there. A client that is gone by now will be noticed soon enough.
    pub(crate) fn prepare(&self, keepalive_s: u64) {
        let Self::Tcp(stream) = self else { return };
        // Without this a reply may wait for the acknowledgement of the one before it.
        let _ = stream.set_nodelay(true);
        if keepalive_s > 0 {
            let keepalive = TcpKeepalive::new()
                .with_time(Duration::from_secs(keepalive_s))
                .with_interval(Duration::from_secs((keepalive_s / 3).max(1)))
                .with_retries(KEEPALIVE_PROBES);
            let _ = SockRef::from(stream).set_tcp_keepalive(&keepalive);
        }
    }

    /// Whom it connects.
    pub(crate) fn peer(&self) -> Peer {
        match self {
            Self::Tcp(stream) => Peer {
                address: tcp_name(stream.peer_addr()),
                local_address: tcp_name(stream.local_addr()),
                descriptor: i64::from(stream.as_raw_fd()),
                origin: tcp_origin(stream.peer_addr()),
            },
            // A client's own socket has no name, so the server's stands for both.
            Self::Unix(stream) => Peer {
                address: unix_name(stream.local_addr()),
                local_address: unix_name(stream.local_addr()),
                descriptor: i64::from(stream.as_raw_fd()),
                origin: Origin::Unix,
            },
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Unix(stream) => stream,
        }
    }
}

/// Of a client that came over IPv4 to a socket for both, the address without IPv6's prefix.
fn tcp_name(address: io::Result<SocketAddr>) -> String {
    let name = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    address.map_or("?:0".into(), |address| name(address).to_string())
}

fn tcp_origin(address: io::Result<SocketAddr>) -> Origin {
    let is_local = address.is_ok_and(|address| address.ip().to_canonical().is_loopback());
    if is_local { Origin::Local } else { Origin::Remote }
}

fn unix_name(address: io::Result<UnixAddr>) -> String {
    let address = address.ok();
    let path = address.as_ref().and_then(UnixAddr::as_pathname);
    path.map_or("?:0".into(), |path| format!("{}:0", path.display()))
}

impl Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(room),
            Self::Unix(stream) => stream.read(room),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Stream {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.source().register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.source().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source().deregister(registry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn silence_is_asked_about_as_often_as_the_setting_says() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for (keepalive_s, is_on) in [(0, false), (1, true), (300, true)] {
            let stream = std::net::TcpStream::connect(address).unwrap();
            let stream = Stream::Tcp(TcpStream::from_std(stream));
            stream.prepare(keepalive_s);
            let Stream::Tcp(socket) = &stream else { unreachable!() };
            let socket = SockRef::from(socket);
            assert_eq!(socket.keepalive().unwrap(), is_on);
            assert!(socket.tcp_nodelay().unwrap());
            if is_on {
                let seconds = |time: Duration| time.as_secs();
                assert_eq!(seconds(socket.tcp_keepalive_time().unwrap()), keepalive_s);
                let interval_s = seconds(socket.tcp_keepalive_interval().unwrap());
                assert_eq!(interval_s, (keepalive_s / 3).max(1));
                assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
            }
        }
    }
}
