//! Where a server can be reached, as its settings say.

use crate::listener::{self, Listener};
use crate::server::StartError;
use crate::unix_socket::{self, SocketFile};
use kv_core::config::{self, Config, Id};
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
        let is_proxied = config.text(config::PROXY_PROTOCOL) == "yes";
        let tcp = |socket| Listener::Tcp { socket, is_proxied };
        let listeners = sockets.into_iter().map(tcp).collect();
        let mut doors = Self { listeners, addresses, socket_file: None, admin: Vec::new() };
        doors.open_unix_socket(config, backlog)?;
        let admin_port = port(config, config::ADMIN_PORT);
        if admin_port > 0 {
            doors.admin = listener::listen(&binds, admin_port, backlog)?;
        }
        doors.announce()?;
        Ok(doors)
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
        self.addresses.iter().for_each(|address| tracing::info!("listening on {address}"));
        if let Some(file) = &self.socket_file {
            tracing::info!("listening on the Unix socket {}", file.path().display());
        }
        for address in addresses(&self.admin)? {
            tracing::info!("metrics and health are at http://{address}/metrics and /health");
        }
        Ok(())
    }
}

fn port(config: &Config, id: Id) -> u16 {
    u16::try_from(config.int(id)).expect("the table limits it")
}

fn addresses(sockets: &[TcpListener]) -> io::Result<Vec<SocketAddr>> {
    sockets.iter().map(TcpListener::local_addr).collect()
}
