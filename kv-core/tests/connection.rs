//! The connection commands. The replies are those of Redis.

mod support;

use kv_core::args::OwnedArgs;
use kv_core::error::Error;
use kv_core::kernel::Flow;
use kv_core::reply::{Protocol, Reply};
use kv_core::session::{Buffered, Origin, Peer};
use support::{Client, Text, check, check_sessions};

#[test]
fn ping_and_echo_answer_what_they_are_given() {
    check(&[
        ("PING", "+PONG"),
        ("ping hello", "$hello"),
        (r#"ping """#, "$"),
        ("ping a b", "-ERR wrong number of arguments for 'ping' command"),
        (r#"ECHO "a b""#, "$a b"),
        ("ECHO", "-ERR wrong number of arguments for 'echo' command"),
        ("ECHO a b", "-ERR wrong number of arguments for 'echo' command"),
    ]);
}

#[test]
fn quit_answers_ok() {
    check(&[("QUIT", "+OK")]);
}

#[test]
fn select_takes_the_numbers_of_the_databases() {
    check(&[
        ("SET k v", "+OK"),
        ("SELECT 1", "+OK"),
        ("GET k", "_"),
        ("SELECT 0", "+OK"),
        ("GET k", "$v"),
        ("SELECT 15", "+OK"),
        ("SELECT 16", "-ERR DB index is out of range"),
        ("SELECT -1", "-ERR DB index is out of range"),
        ("SELECT a", "-ERR value is not an integer or out of range"),
        (r#"SELECT """#, "-ERR value is not an integer or out of range"),
        ("SELECT 01", "-ERR value is not an integer or out of range"),
        ("SELECT 99999999999999999999", "-ERR value is not an integer or out of range"),
        ("SELECT 2147483647", "-ERR DB index is out of range"),
        (
            "SELECT 2147483648",
            "-ERR value is out of range, value must between -2147483648 and 2147483647",
        ),
        (
            "SELECT -2147483649",
            "-ERR value is out of range, value must between -2147483648 and 2147483647",
        ),
        ("SELECT", "-ERR wrong number of arguments for 'select' command"),
        ("SELECT 0 1", "-ERR wrong number of arguments for 'select' command"),
    ]);
}

#[test]
fn hello_describes_the_server_in_the_protocol_that_was_chosen() {
    check(&[
        (
            "HELLO",
            "{$server=$redis $version=$7.2.0 $proto=:2 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        (
            "HELLO 2",
            "{$server=$redis $version=$7.2.0 $proto=:2 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        (
            "HELLO",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("GET missing", "_"),
        (
            "HELLO 2",
            "{$server=$redis $version=$7.2.0 $proto=:2 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("GET missing", "_"),
    ]);
}

#[test]
fn hello_takes_its_options_in_any_order_and_case() {
    check(&[
        (
            "HELLO 2 setname a AUTH default whatever",
            "{$server=$redis $version=$7.2.0 $proto=:2 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT GETNAME", "$a"),
        (
            "HELLO 3 Auth default x SetName b",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT GETNAME", "$b"),
        (
            "HELLO 3 SETNAME c SETNAME d",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT GETNAME", "$d"),
        (
            r#"HELLO 3 SETNAME """#,
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT GETNAME", "_"),
    ]);
}

#[test]
fn hello_refuses_what_it_does_not_understand() {
    check(&[
        ("HELLO 1", "-NOPROTO unsupported protocol version"),
        ("HELLO 4", "-NOPROTO unsupported protocol version"),
        ("HELLO -1", "-NOPROTO unsupported protocol version"),
        ("HELLO a", "-ERR Protocol version is not an integer or out of range"),
        (r#"HELLO """#, "-ERR Protocol version is not an integer or out of range"),
        ("HELLO 03", "-ERR Protocol version is not an integer or out of range"),
        ("HELLO 99999999999999999999", "-ERR Protocol version is not an integer or out of range"),
        ("HELLO AUTH default x", "-ERR Protocol version is not an integer or out of range"),
        ("HELLO 4 nonsense", "-NOPROTO unsupported protocol version"),
        ("HELLO 3 nonsense", "-ERR Syntax error in HELLO option 'nonsense'"),
        (r#"HELLO 3 "foo\x00bar""#, "-ERR Syntax error in HELLO option 'foo'"),
        ("HELLO 3 auth", "-ERR Syntax error in HELLO option 'auth'"),
        ("HELLO 3 AUTH default", "-ERR Syntax error in HELLO option 'AUTH'"),
        ("HELLO 3 SetName", "-ERR Syntax error in HELLO option 'SetName'"),
        ("HELLO 3 AUTH default x SETNAME", "-ERR Syntax error in HELLO option 'SETNAME'"),
        ("HELLO 3 AUTH bob x", "-WRONGPASS invalid username-password pair or user is disabled."),
        (
            "HELLO 3 AUTH Default x",
            "-WRONGPASS invalid username-password pair or user is disabled.",
        ),
        (
            r#"HELLO 3 AUTH bob x SETNAME "a b""#,
            "-WRONGPASS invalid username-password pair or user is disabled.",
        ),
        (
            "HELLO 3 AUTH bob x nonsense",
            "-WRONGPASS invalid username-password pair or user is disabled.",
        ),
        (
            r#"HELLO 3 SETNAME "a b" AUTH bob x"#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"HELLO 3 SETNAME "a\x00b""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"HELLO 3 SETNAME "a b" nonsense"#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            "HELLO 3 AUTH default x AUTH bob y",
            "-WRONGPASS invalid username-password pair or user is disabled.",
        ),
        (
            "HELLO",
            "{$server=$redis $version=$7.2.0 $proto=:2 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT GETNAME", "_"),
    ]);
}

#[test]
fn client_setname_takes_one_word() {
    check(&[
        ("CLIENT GETNAME", "_"),
        ("CLIENT SETNAME conn-1", "+OK"),
        ("CLIENT GETNAME", "$conn-1"),
        (
            r#"CLIENT SETNAME "a b""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"CLIENT SETNAME "a\nb""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"CLIENT SETNAME "a\x7f""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"CLIENT SETNAME "\xe9""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        (
            r#"CLIENT SETNAME "a\x00""#,
            "-ERR Client names cannot contain spaces, newlines or special characters.",
        ),
        ("CLIENT GETNAME", "$conn-1"),
        (r#"CLIENT SETNAME "!~""#, "+OK"),
        ("CLIENT GETNAME", "$!~"),
        (r#"CLIENT SETNAME """#, "+OK"),
        ("CLIENT GETNAME", "_"),
    ]);
}

#[test]
fn client_subcommands_are_checked() {
    check(&[
        ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
        ("CLIENT foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
        (r#"CLIENT "foo\x00bar" baz"#, "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
        ("CLIENT SETNAME", "-ERR wrong number of arguments for 'client|setname' command"),
        ("CLIENT SETNAME a b", "-ERR wrong number of arguments for 'client|setname' command"),
        ("CLIENT GETNAME a", "-ERR wrong number of arguments for 'client|getname' command"),
        ("CLIENT ID a", "-ERR wrong number of arguments for 'client|id' command"),
        ("CLIENT INFO a", "-ERR wrong number of arguments for 'client|info' command"),
        ("CLIENT HELP a", "-ERR wrong number of arguments for 'client|help' command"),
        ("client id", ":1"),
    ]);
}

#[test]
fn client_list_checks_its_filters() {
    check(&[
        ("CLIENT LIST TYPE", "-ERR syntax error"),
        ("CLIENT LIST TYPE foo", "-ERR Unknown client type 'foo'"),
        (r#"CLIENT LIST TYPE "foo\x00bar""#, "-ERR Unknown client type 'foo'"),
        ("CLIENT LIST TYPE normal x", "-ERR syntax error"),
        ("CLIENT LIST type master", "="),
        ("CLIENT LIST TYPE Replica", "="),
        ("CLIENT LIST TYPE slave", "="),
        ("CLIENT LIST TYPE pubsub", "="),
        ("CLIENT LIST ID", "-ERR syntax error"),
        ("CLIENT LIST ID x", "-ERR Invalid client ID"),
        ("CLIENT LIST ID 1 x", "-ERR Invalid client ID"),
        ("CLIENT LIST ID 99999999999999999999", "-ERR Invalid client ID"),
        ("CLIENT LIST ID 0", "="),
        ("CLIENT LIST ID -1", "="),
        ("CLIENT LIST ID 999999 999998", "="),
        ("CLIENT LIST foo", "-ERR syntax error"),
        ("CLIENT LIST foo bar", "-ERR syntax error"),
        ("CLIENT LIST TYPE normal ID 1", "-ERR syntax error"),
        ("CLIENT LIST ID 1 TYPE normal", "-ERR Invalid client ID"),
        (
            "HELLO 3",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("CLIENT LIST TYPE master", "="),
    ]);
}

#[test]
fn reset_gives_the_session_of_a_new_client() {
    check(&[
        (
            "HELLO 3 SETNAME a",
            "{$server=$redis $version=$7.2.0 $proto=:3 $id=:1 $mode=$standalone $role=$master $modules=[]}",
        ),
        ("SELECT 2", "+OK"),
        ("SET k v", "+OK"),
        ("GET missing", "_"),
        ("RESET", "+RESET"),
        ("GET missing", "_"),
        ("GET k", "_"),
        ("CLIENT GETNAME", "_"),
        ("RESET x", "-ERR wrong number of arguments for 'reset' command"),
    ]);
}

#[test]
fn quit_closes_the_connection_and_nothing_else_does() {
    let mut client = Client::new(1);
    let mut flow = |word: &str| {
        let args: OwnedArgs = [word].into_iter().collect();
        let mut out = Text::new(Protocol::V2);
        client.kernel.batch(client.now).execute(&mut client.session, args.as_args(), &mut out)
    };
    assert_eq!(flow("PING"), Flow::Continue);
    assert_eq!(flow("RESET"), Flow::Continue);
    assert_eq!(flow("nosuch"), Flow::Continue);
    assert_eq!(flow("QUIT"), Flow::Close);
}

#[test]
fn client_setinfo_takes_the_librarys_name_and_version() {
    const UNFIT: &str = "cannot contain spaces, newlines or special characters.";
    check(&[
        ("CLIENT SETINFO lib-name redis-py", "+OK"),
        ("CLIENT SETINFO LIB-VER 5.0.1", "+OK"),
        ("CLIENT SETINFO lib-name", "-ERR wrong number of arguments for 'client|setinfo' command"),
        ("CLIENT SETINFO badger x", "-ERR Unrecognized option 'badger'"),
        (r#"CLIENT SETINFO badger "x y""#, "-ERR Unrecognized option 'badger'"),
        (r#"CLIENT SETINFO lib-name "a b""#, &format!("-ERR lib-name {UNFIT}")),
        (r#"CLIENT SETINFO LIB-ver "a\n""#, &format!("-ERR LIB-ver {UNFIT}")),
    ]);
    let mut client = Client::new(1);
    client.run("CLIENT SETINFO lib-name redis-py");
    client.run("CLIENT SETINFO lib-ver 5.0.1");
    client.run(r#"CLIENT SETINFO lib-name "a b""#);
    client.run("RESET");
    let info = client.run("CLIENT INFO");
    assert!(info.ends_with(r" lib-name=redis-py lib-ver=5.0.1\x0a"), "{info}");
    client.run(r#"CLIENT SETINFO lib-name """#);
    let info = client.run("CLIENT INFO");
    assert!(info.ends_with(r" lib-name= lib-ver=5.0.1\x0a"), "{info}");
}

#[test]
fn client_info_has_every_field_in_the_order_of_redis() {
    let mut client = Client::new(1);
    client.run("+2500ms");
    client.run("HELLO 3 SETNAME me");
    client.run("SELECT 3");
    let buffered = Buffered { input: 7, input_free: 100, output: 900, output_size: 1000 };
    client.session.set_buffered(buffered);
    client.session.set_buffered(Buffered { output: 9, ..buffered });
    assert_eq!(
        client.run("CLIENT INFO"),
        r"=id=1 addr= laddr= fd=0 name=me age=2 idle=0 flags=N db=3 sub=0 psub=0 ssub=0 multi=-1 qbuf=7 qbuf-free=100 argv-mem=0 multi-mem=0 rbs=1000 rbp=900 obl=9 oll=0 omem=0 tot-mem=1107 events=rw cmd=client|info user=default redir=-1 resp=3 lib-name= lib-ver=\x0a"
    );
}

/// The value of `field` in each line of a reply.
fn column(reply: &str, field: &str) -> Vec<String> {
    let lines = reply.trim_start_matches('=').split_terminator(r"\x0a");
    let value = |line: &str| {
        let found = line.split(' ').find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
        found.expect("the field is there").to_owned()
    };
    lines.map(value).collect()
}

#[test]
fn client_list_tells_of_every_open_session() {
    let mut client = Client::new(1);
    let peer = |address: &str| Peer { address: address.into(), ..Peer::default() };
    let second = client.kernel.open_session(peer("10.0.0.1:5"), client.now).unwrap();
    let third = client.kernel.open_session(peer("10.0.0.2:6"), client.now).unwrap();
    client.run("+3000ms");
    let list = client.run("CLIENT LIST");
    assert_eq!(column(&list, "id"), ["1", "2", "3"]);
    assert_eq!(column(&list, "addr"), ["", "10.0.0.1:5", "10.0.0.2:6"]);
    assert_eq!(column(&list, "cmd"), ["client|list", "NULL", "NULL"]);
    assert_eq!(column(&list, "idle"), ["0", "3", "3"]);
    assert_eq!(client.run("CLIENT LIST TYPE normal"), list);
    assert_eq!(column(&client.run("CLIENT LIST ID 3 1 9 3"), "id"), ["3", "1", "3"]);
    drop(second);
    assert_eq!(column(&client.run("CLIENT LIST"), "id"), ["1", "3"]);
    drop(third);
}

/// Runs requests and shows what another session sees of the client then: its flags, `multi`, and
/// whether `multi-mem` is more than 0.
#[track_caller]
fn check_seen(table: &[(&str, &str)]) {
    let mut client = Client::new(1);
    let mut other = client.open();
    for (request, expected) in table {
        client.run(request);
        std::mem::swap(&mut client.session, &mut other);
        let list = client.run("CLIENT LIST ID 1");
        std::mem::swap(&mut client.session, &mut other);
        let [flags, multi, memory] =
            ["flags", "multi", "multi-mem"].map(|field| column(&list, field).remove(0));
        assert_eq!(format!("{flags} {multi} {}", memory != "0"), *expected, "{request}");
    }
}

#[test]
fn client_list_tells_how_a_transaction_stands() {
    check_seen(&[
        ("PING", "N -1 false"),
        ("MULTI", "x 0 false"),
        ("GET k", "x 1 true"),
        ("nosuch", "x 1 true"),
        ("MULTI", "x 1 true"),
        ("GET k", "x 2 true"),
        ("DISCARD", "N -1 false"),
        ("WATCH k", "N -1 false"),
        ("SET k v", "d -1 false"),
        ("MULTI", "xd 0 false"),
        ("GET k", "xd 1 true"),
        ("EXEC", "N -1 false"),
        ("WATCH k", "N -1 false"),
        ("SET k v", "d -1 false"),
        ("UNWATCH", "N -1 false"),
        ("WATCH k", "N -1 false"),
        ("SET k v", "d -1 false"),
        ("MULTI", "xd 0 false"),
        ("GET k", "xd 1 true"),
        ("RESET", "N -1 false"),
    ]);
}

#[test]
fn a_transaction_sees_itself_in_client_list() {
    let mut client = Client::new(1);
    client.run("MULTI");
    client.run("CLIENT INFO");
    let info = client.run("EXEC");
    assert_eq!(column(info.trim_matches(['[', ']']), "multi"), ["1"], "{info}");
    assert_eq!(column(info.trim_matches(['[', ']']), "flags"), ["x"], "{info}");
}

#[test]
fn client_list_shows_the_modes_of_a_client() {
    check_seen(&[
        ("CLIENT NO-EVICT on", "e -1 false"),
        ("CLIENT NO-TOUCH ON", "eT -1 false"),
        ("MULTI", "xeT 0 false"),
        ("DISCARD", "eT -1 false"),
        ("CLIENT NO-EVICT Off", "T -1 false"),
        ("CLIENT NO-EVICT on", "eT -1 false"),
        ("RESET", "N -1 false"),
    ]);
    let mut client = Client::new(1);
    let peer = Peer { origin: Origin::Unix, ..Peer::default() };
    client.session = client.kernel.open_session(peer, client.now).unwrap();
    assert_eq!(column(&client.run("CLIENT INFO"), "flags"), ["U"]);
    client.run("CLIENT NO-EVICT on");
    assert_eq!(column(&client.run("CLIENT INFO"), "flags"), ["Ue"]);
}

#[test]
fn client_modes_are_on_or_off() {
    check(&[
        ("CLIENT NO-EVICT", "-ERR wrong number of arguments for 'client|no-evict' command"),
        ("CLIENT NO-EVICT x", "-ERR syntax error"),
        ("CLIENT NO-EVICT on off", "-ERR wrong number of arguments for 'client|no-evict' command"),
        ("CLIENT NO-TOUCH", "-ERR wrong number of arguments for 'client|no-touch' command"),
        ("CLIENT NO-TOUCH yes", "-ERR syntax error"),
        ("CLIENT NO-TOUCH oN", "+OK"),
        ("CLIENT GETREDIR", ":-1"),
        ("CLIENT GETREDIR x", "-ERR wrong number of arguments for 'client|getredir' command"),
        ("CLIENT TRACKINGINFO", "{$flags=~[$off] $redirect=:-1 $prefixes=[]}"),
        ("CLIENT CAPA redirect", "-ERR unknown subcommand 'CAPA'. Try CLIENT HELP."),
    ]);
}

#[test]
fn what_a_client_without_touch_does_is_no_use_of_keys() {
    check_sessions(&[
        (1, "SET k 1", "+OK"),
        (1, "SADD s a", ":1"),
        (1, "CLIENT NO-TOUCH on", "+OK"),
        (1, "+5000ms", ""),
        (1, "GET k", "$1"),
        (1, "SETRANGE k 0 2", ":1"),
        (1, "SADD s b", ":1"),
        (1, "OBJECT IDLETIME k", ":5"),
        (1, "OBJECT IDLETIME s", ":5"),
        (1, "TOUCH k nosuch", ":1"),
        (1, "OBJECT IDLETIME k", ":0"),
        (2, "SMEMBERS s", "~[$a $b]"),
        (1, "OBJECT IDLETIME s", ":0"),
        (1, "+5000ms", ""),
        (1, "SET k 3", "+OK"),
        (1, "OBJECT IDLETIME k", ":0"),
        (1, "CLIENT NO-TOUCH off", "+OK"),
        (1, "SCARD s", ":2"),
        (1, "OBJECT IDLETIME s", ":0"),
    ]);
    check(&[
        ("CONFIG SET maxmemory-policy allkeys-lfu", "+OK"),
        ("SET k 1", "+OK"),
        ("CLIENT NO-TOUCH on", "+OK"),
        ("GET k", "$1"),
        ("SET k 2", "+OK"),
        ("OBJECT FREQ k", ":5"),
        ("TOUCH k", ":1"),
        ("OBJECT FREQ k", ":6"),
    ]);
}

/// A sink that speaks version 2 only.
struct OnlyV2(Text);

impl Reply for OnlyV2 {
    fn simple(&mut self, status: &str) {
        self.0.simple(status);
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.0.bulk(bytes);
    }
    fn int(&mut self, value: i64) {
        self.0.int(value);
    }
    fn double(&mut self, value: f64) {
        self.0.double(value);
    }
    fn boolean(&mut self, value: bool) {
        self.0.boolean(value);
    }
    fn null(&mut self) {
        self.0.null();
    }
    fn null_array(&mut self) {
        self.0.null_array();
    }
    fn verbatim(&mut self, text: &[u8]) {
        self.0.verbatim(text);
    }
    fn array(&mut self, len: usize) {
        self.0.array(len);
    }
    fn map(&mut self, len: usize) {
        self.0.map(len);
    }
    fn set(&mut self, len: usize) {
        self.0.set(len);
    }
    fn push(&mut self, len: usize) {
        self.0.push(len);
    }
    fn error(&mut self, error: &Error) {
        self.0.error(error);
    }
    fn protocol(&self) -> Protocol {
        self.0.protocol()
    }
    fn switch_protocol(&mut self, protocol: Protocol) -> bool {
        protocol == Protocol::V2
    }
}

#[test]
fn hello_changes_nothing_where_the_connection_does_not_speak_the_protocol() {
    let mut client = Client::new(1);
    let args: OwnedArgs = ["HELLO", "3", "SETNAME", "a"].into_iter().collect();
    let mut out = OnlyV2(Text::new(Protocol::V2));
    let mut batch = client.kernel.batch(client.now);
    let flow = batch.execute(&mut client.session, args.as_args(), &mut out);
    drop(batch);
    assert_eq!(flow, Flow::Continue);
    assert_eq!(out.0.finish(), "-NOPROTO unsupported protocol version");
    assert_eq!(client.run("CLIENT GETNAME"), "_");
    assert_eq!(client.session.profile().protocol(), 2);
}

#[test]
fn help_lists_the_subcommands_that_there_are() {
    let mut client = Client::new(1);
    let help = client.run("client HELP");
    let title =
        "[+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are: +CACHING (YES|NO) +    ";
    assert!(help.starts_with(title), "{help}");
    assert!(help.contains(" +SETNAME connection-name +    "), "{help}");
    assert!(help.ends_with(" +HELP +    Lists the subcommands.]"), "{help}");
}
