//! By which ways clients come, and which of them may stay.

mod support;

use kv_core::rng::Rng;
use nix::sys::signal::Signal;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};
use support::{
    Client, PATIENCE, Program, Served, eventually, free_address, kv_server, payload, read_frame,
    readable, request, serve,
};

/// A folder of its own for each test, removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kv-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("there is room for a folder");
        Self(path)
    }

    /// The path of a file in it.
    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("it is text").into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client of a Unix socket.
struct Neighbour(BufReader<UnixStream>);

impl Neighbour {
    fn connect(path: &str) -> Self {
        let stream = UnixStream::connect(path).expect("the server accepts connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        Self(BufReader::new(stream))
    }

    fn call(&mut self, words: &str) -> String {
        self.0.get_mut().write_all(&request(words.split(' '))).expect("it takes requests");
        readable(&read_frame(&mut self.0).expect("there is a reply"))
    }
}

/// What CLIENT INFO says, without the frame.
fn client_info(client: &mut Client) -> String {
    client.send(request(["CLIENT", "INFO"]));
    String::from_utf8(payload(&client.reply()).to_vec()).expect("it is text")
}

/// Why a server with these flags does not start.
fn complaint(flags: &[&str]) -> String {
    let mut command = kv_server();
    command.args(flags).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = command.spawn().expect("the server's binary runs");
    let begin = Instant::now();
    while server.try_wait().expect("it is ours").is_none() && begin.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
    }
    // One that starts nevertheless must not outlive the test.
    let _ = server.kill();
    let output = server.wait_with_output().expect("it is ours");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("it is text")
}

#[test]
fn a_unix_socket_serves_the_same_data_as_tcp() {
    for threads in [1, 4] {
        let folder = Folder::new(&format!("same-{threads}"));
        let path = folder.file("kv.sock");
        let server = serve(threads, &[("unixsocket", &path)]);
        let mut neighbours: Vec<_> = (0..8).map(|_| Neighbour::connect(&path)).collect();
        for (count, neighbour) in neighbours.iter_mut().enumerate() {
            assert_eq!(neighbour.call("INCR n"), format!(r":{}\r\n", count + 1));
        }
        assert_eq!(server.client().call("GET n"), r"$1\r\n8\r\n");
        let info = neighbours[0].call("CLIENT INFO");
        assert!(info.contains(&format!(" addr={path}:0 laddr={path}:0 ")), "{info}");
        assert!(info.contains(" flags=U "), "{info}");
        assert!(client_info(&mut server.client()).contains(" flags=N "));
        let port = server.address().port();
        let listeners = format!(
            r"listener0:name=tcp,bind=127.0.0.1,port={port}\r\nlistener1:name=unix,bind={path}\r\n"
        );
        assert!(server.client().call("INFO server").contains(&listeners));
    }
}

#[test]
fn the_unix_socket_has_the_permissions_that_were_asked_for() {
    let folder = Folder::new("mode");
    let path = folder.file("kv.sock");
    let _server = serve(1, &[("unixsocket", &path), ("unixsocketperm", "700")]);
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn the_socket_of_a_dead_server_is_replaced_and_ours_is_removed_in_the_end() {
    let folder = Folder::new("stale");
    let path = folder.file("kv.sock");
    drop(UnixListener::bind(&path).expect("the folder is writable"));
    assert!(Path::new(&path).exists(), "a dropped listener leaves its file");

    let server = Program::kv(&["--unixsocket", &path]);
    assert_eq!(Neighbour::connect(&path).call("PING"), r"+PONG\r\n");
    server.signal(Signal::SIGTERM);
    assert_eq!(server.end().code(), Some(0));
    assert!(!Path::new(&path).exists());
}

#[test]
fn another_servers_socket_and_other_files_stay_and_are_an_error() {
    let folder = Folder::new("taken");
    let [served, file] = ["kv.sock", "file"].map(|name| folder.file(name));
    let _listener = UnixListener::bind(&served).expect("the folder is writable");
    fs::write(&file, "data").expect("the folder is writable");
    for path in [&served, &file] {
        let flags = ["--port", "0", "--bind", "127.0.0.1", "--unixsocket", path];
        let complaint = complaint(&flags);
        assert!(complaint.contains(path.as_str()), "{complaint}");
    }
    assert!(fs::metadata(&served).expect("it is there").file_type().is_socket());
    assert_eq!(fs::read(&file).expect("it is there"), b"data");
}

#[test]
fn a_socket_that_took_the_place_of_ours_stays() {
    let folder = Folder::new("successor");
    let path = folder.file("kv.sock");
    let server = serve(1, &[("unixsocket", &path)]);
    fs::remove_file(&path).expect("it is there");
    let _successor = UnixListener::bind(&path).expect("its place is free");
    drop(server);
    assert!(Path::new(&path).exists());
}

#[test]
fn a_proxy_tells_whose_connection_it_passes_on() {
    let settings = [("proxy-protocol", "yes"), ("protected-mode", "no")];
    let server = serve(2, &settings);
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x07\x0f\xa0\x18\xeb";
    for header in [&b"PROXY TCP4 192.0.2.1 198.51.100.7 4000 6379\r\n"[..], v2] {
        let mut client = server.client();
        client.send(header);
        let info = client_info(&mut client);
        assert!(info.contains(" addr=192.0.2.1:4000 laddr=198.51.100.7:6379 "), "{info}");
    }
}

#[test]
fn without_a_valid_header_a_connection_is_closed_where_one_is_due() {
    let folder = Folder::new("proxied");
    let path = folder.file("kv.sock");
    let server = serve(1, &[("proxy-protocol", "yes"), ("unixsocket", &path)]);
    for bytes in [&b"PING\r\n"[..], b"PROXY TCP4 1.2.3.4\r\nPING\r\n"] {
        let mut client = server.client();
        client.send(bytes);
        assert_eq!(client.rest(), b"");
    }
    // Nobody is behind a proxy there.
    assert_eq!(Neighbour::connect(&path).call("PING"), r"+PONG\r\n");
}

#[test]
fn a_client_from_elsewhere_is_refused_in_protected_mode() {
    let server = serve(1, &[("proxy-protocol", "yes")]);
    let mut stranger = server.client();
    stranger.send("PROXY TCP4 192.0.2.1 198.51.100.7 4000 6379\r\nPING\r\n");
    let answer = readable(&stranger.rest());
    assert!(answer.starts_with("-DENIED Redis is running in protected mode"), "{answer}");
    assert!(answer.ends_with(r"\r\n") && !answer.contains("PONG"), "{answer}");
}

#[test]
fn an_optional_address_may_be_missing_and_another_may_not() {
    // Addresses of documentation, which no machine has.
    let server = Program::kv(&["--bind", "127.0.0.1 -192.0.2.77"]);
    assert_eq!(Client::connect(server.address).call("PING"), r"+PONG\r\n");
    let complaint = complaint(&["--port", "0", "--bind", "127.0.0.1", "192.0.2.77"]);
    assert!(complaint.contains("192.0.2.77"), "{complaint}");
}

#[test]
fn idle_clients_of_every_thread_are_closed() {
    let server = serve(4, &[]);
    let mut clients: Vec<Client> = (0..8).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| assert_eq!(client.call("PING"), r"+PONG\r\n"));
    assert_eq!(clients[0].call("CONFIG SET timeout 1"), r"+OK\r\n");
    for client in &mut clients {
        assert_eq!(client.rest(), b"");
    }
}

/// A server with an admin port, which tells how many connections each thread has.
struct Watched {
    server: Served,
    admin: SocketAddr,
}

impl Watched {
    fn new(threads: usize, settings: &[(&str, &str)]) -> Self {
        let admin = free_address();
        let port = admin.port().to_string();
        let server = serve(threads, &[&[("admin-port", &port[..])], settings].concat());
        Self { server, admin }
    }

    /// The connections of each thread, once there are so many.
    fn loads(&self, connections: usize) -> Vec<usize> {
        eventually("all connections are counted", || {
            let loads = self.loads_now();
            (loads.iter().sum::<usize>() == connections).then_some(loads)
        })
    }

    fn loads_now(&self) -> Vec<usize> {
        let mut stream = TcpStream::connect(self.admin).expect("it accepts connections");
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("it takes requests");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("the page is text");
        let lines = page.lines().filter(|line| line.starts_with("kv_event_loop_connections{"));
        let load = |line: &str| line.rsplit_once(' ').and_then(|(_, load)| load.parse().ok());
        lines.map(|line| load(line).expect("it is a number")).collect()
    }
}

/// By how much the numbers differ at most.
fn spread(loads: &[usize]) -> usize {
    loads.iter().max().expect("there are threads") - loads.iter().min().expect("there are threads")
}

#[test]
fn balanced_keeps_threads_within_one_connection_of_each_other() {
    let watched = Watched::new(4, &[]);
    let mut clients = Vec::new();
    for count in 1..=41 {
        clients.push(watched.server.client());
        let loads = watched.loads(count);
        assert!(spread(&loads) <= 1, "{loads:?}");
    }
    // Those who go leave the threads as they happen to be; as many who come make up for that.
    let mut rng = Rng::new(7);
    for _ in 0..20 {
        for _ in 0..rng.below(30) {
            clients.swap_remove(rng.below(clients.len() as u64) as usize);
        }
        watched.loads(clients.len());
        clients.resize_with(41, || watched.server.client());
        let loads = watched.loads(41);
        assert!(spread(&loads) <= 1, "{loads:?}");
    }
}

/// How many sockets listen at a port of 127.0.0.1.
#[cfg(target_os = "linux")]
fn listening_sockets(port: u16) -> usize {
    let sockets = fs::read_to_string("/proc/net/tcp").expect("it is there");
    let listens = format!(" 0100007F:{port:04X} 00000000:0000 0A ");
    sockets.lines().filter(|line| line.contains(&listens)).count()
}

#[test]
fn reuseport_spreads_connections_over_the_threads() {
    // The system picks a thread by a keyed hash of the addresses. That one of two gets all of 64
    // connections happens once in 2^63 runs.
    for threads in [2, 4] {
        let watched = Watched::new(threads, &[("accept", "reuseport")]);
        let mut clients: Vec<Client> = (0..64).map(|_| watched.server.client()).collect();
        clients.iter_mut().for_each(|client| assert_eq!(client.call("PING"), r"+PONG\r\n"));
        let loads = watched.loads(64);
        assert_eq!(loads.len(), threads);
        #[cfg(target_os = "linux")]
        assert_eq!(listening_sockets(watched.server.address().port()), threads);
        assert!(loads.iter().filter(|&&load| load > 0).count() > 1, "{loads:?}");
        drop(clients);
        watched.loads(0);
    }
}

#[test]
fn threads_that_accept_for_themselves_do_so_at_every_door() {
    let folder = Folder::new("doors");
    let path = folder.file("kv.sock");
    let frame = free_address();
    let server = Program::kv(&[
        "--accept",
        "reuseport",
        "--threads",
        "3",
        "--bind",
        "127.0.0.1",
        "127.0.0.2",
        "--frame-port",
        &frame.port().to_string(),
        "--unixsocket",
        &path,
    ]);
    let second = SocketAddr::new(IpAddr::from([127, 0, 0, 2]), server.address.port());
    for _ in 0..16 {
        assert_eq!(Client::connect(server.address).call("PING"), r"+PONG\r\n");
        assert_eq!(Client::connect(second).call("PING"), r"+PONG\r\n");
        assert_eq!(Neighbour::connect(&path).call("PING"), r"+PONG\r\n");
        let mut person = TcpStream::connect(frame).expect("it accepts connections");
        person.write_all(b"PING\r\nQUIT\r\n").expect("it takes requests");
        let mut said = String::new();
        person.read_to_string(&mut said).expect("it is text");
        assert_eq!(said, "PONG\nOK\n");
    }
}

#[test]
fn another_server_is_not_let_in_beside_one_whose_threads_share_a_port() {
    let server = Program::kv(&["--accept", "reuseport", "--threads", "2"]);
    let port = server.address.port().to_string();
    for accept in ["reuseport", "balanced"] {
        let flags = ["--port", &port, "--bind", "127.0.0.1", "--accept", accept];
        let complaint = complaint(&flags);
        assert!(complaint.contains("cannot listen on"), "{complaint}");
    }
}

#[test]
fn one_socket_serves_both_families_where_that_is_asked_for() {
    if TcpListener::bind("[::1]:0").is_err() {
        // A machine without IPv6.
        return;
    }
    for (bind, accept, is_dual) in
        [("[::]", "balanced", true), ("[::]", "reuseport", true), ("::*", "balanced", false)]
    {
        let server = Program::kv(&["--bind", bind, "--accept", accept]);
        let port = server.address.port();
        let v6 = SocketAddr::new("::1".parse().expect("it is one"), port);
        assert_eq!(Client::connect(v6).call("PING"), r"+PONG\r\n");
        let v4 = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port);
        assert_eq!(TcpStream::connect(v4).is_ok(), is_dual, "{bind}");
        if is_dual {
            let info = client_info(&mut Client::connect(v4));
            assert!(info.contains(" addr=127.0.0.1:"), "{info}");
            assert!(info.contains(&format!(" laddr=127.0.0.1:{port} ")), "{info}");
        }
    }
}

/// What `/proc` says of a thread after this name.
#[cfg(target_os = "linux")]
fn status(folder: &Path, name: &str) -> String {
    let status = fs::read_to_string(folder.join("status")).expect("the thread runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is there");
    line.trim().into()
}

#[cfg(target_os = "linux")]
#[test]
fn threads_are_pinned_where_that_is_asked_for() {
    const ALLOWED: &str = "Cpus_allowed_list:";
    let ours = status(Path::new("/proc/self"), ALLOWED);
    let first = ours.split(['-', ',']).next().expect("it has one").to_owned();
    for (list, expected) in [(&first[..], &first[..]), ("", &ours)] {
        let server = Program::kv(&["--threads", "2", "--server-cpulist", list]);
        // The threads run once they answer.
        let mut clients: Vec<Client> = (0..2).map(|_| Client::connect(server.address)).collect();
        clients.iter_mut().for_each(|client| assert_eq!(client.call("PING"), r"+PONG\r\n"));
        let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).expect("it runs");
        let tasks = tasks.map(|task| task.expect("it is there").path());
        let of_loops = |path: &PathBuf| {
            let name = fs::read_to_string(path.join("comm")).expect("the thread runs");
            matches!(name.trim(), "kv-0" | "kv-1")
        };
        let lists: Vec<_> = tasks.filter(of_loops).map(|path| status(&path, ALLOWED)).collect();
        assert_eq!(lists, [expected; 2]);
    }
    for list in ["1023", "0-", "all"] {
        let complaint = complaint(&["--port", "0", "--server-cpulist", list]);
        assert!(complaint.contains("server-cpulist") && complaint.contains(list), "{complaint}");
    }
}
