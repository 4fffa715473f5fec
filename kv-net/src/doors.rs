//! Where a server can be reached, as its settings say.

use crate::listener::{self, Listener};
use crate::server::StartError;
use crate::unix_socket::{self, SocketFile};
use kv_core::config::{self, Config, Id};
use kv_proto::dialect::{Dialect, Terms};
use mio::net::TcpListener;
use std::io;
use std::net::SocketAddr;

/// All that a server listens on.
pub(crate) struct Doors {
    pub(crate) listeners: Vec<Listener>,
    /// Those of TCP.
    pub(crate) addresses: Vec<SocketAddr>,
    /// That of the Unix socket.
    pub(crate) socket_file: Option<SocketFile>,
    /// For the admin port.
    pub(crate) admin: Vec<TcpListener>,
}

impl Doors {
    /// Opens all that the settings name.
    pub(crate) fn open(config: &Config) -> Result<Self, StartError> {
        let backlog = i32::try_from(config.int(config::TCP_BACKLOG)).expect("the table limits it");
        listener::warn_of_short_queue(backlog);
        let binds = listener::parse(&config.text(config::BIND))?;
        let sockets = listener::listen(&binds, port(config, config::PORT), backlog)?;
        let addresses = addresses(&sockets)?;
        let mut doors =
            Self { listeners: Vec::new(), addresses, socket_file: None, admin: Vec::new() };
        doors.add(sockets, config, Dialect::Resp);
        for (id, dialect) in [(config::TLV_PORT, tlv(config)), (config::FRAME_PORT, Dialect::Frame)]
        {
            let port = port(config, id);
            if port > 0 {
                doors.add(listener::listen(&binds, port, backlog)?, config, dialect);
            }
        }
        doors.open_unix_socket(config, backlog)?;
        let admin_port = port(config, config::ADMIN_PORT);
        if admin_port > 0 {
            doors.admin = listener::listen(&binds, admin_port, backlog)?;
        }
        doors.announce()?;
        Ok(doors)
    }

    fn add(&mut self, sockets: Vec<TcpListener>, config: &Config, dialect: Dialect) {
        let is_proxied = config.text(config::PROXY_PROTOCOL) == "yes";
        let terms = Terms { dialect, is_proxied };
        self.listeners.extend(sockets.into_iter().map(|socket| Listener::Tcp { socket, terms }));
    }

    fn open_unix_socket(&mut self, config: &Config, backlog: i32) -> Result<(), StartError> {
        let mode = Some(config.int(config::UNIXSOCKETPERM) as u32).filter(|&mode| mode != 0);
        let path = config.text(config::UNIXSOCKET);
        if !path.is_empty() {
            let (socket, file) = unix_socket::listen(&path, mode, backlog)?;
            self.listeners.push(Listener::Unix(socket));
            self.socket_file = Some(file);
        }
        Ok(())
    }

    /// Logs all of them, once each can be connected to.
    fn announce(&self) -> io::Result<()> {
        for listener in &self.listeners {
            let Listener::Tcp { socket, terms } = listener else { continue };
            let address = socket.local_addr()?;
            match terms.dialect {
                Dialect::Resp => tracing::info!("listening on {address}"),
                Dialect::Tlv => tracing::info!("listening for TLV on {address}"),
                Dialect::TlvStrict => tracing::info!("listening for strict TLV on {address}"),
                Dialect::Frame => tracing::info!("listening for frames on {address}"),
            }
        }
        if let Some(file) = &self.socket_file {
            tracing::info!("listening on the Unix socket {}", file.path().display());
        }
        for address in addresses(&self.admin)? {
            tracing::info!("metrics and health are at http://{address}/metrics and /health");
        }
        Ok(())
    }
}

/// The variant of TLV that is spoken.
fn tlv(config: &Config) -> Dialect {
    if config.text(config::TLV_STRICT) == "yes" { Dialect::TlvStrict } else { Dialect::Tlv }
}

fn port(config: &Config, id: Id) -> u16 {
    u16::try_from(config.int(id)).expect("the table limits it")
}

fn addresses(sockets: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    sockets.iter().map(TcpListener::local_addr).collect()
}
