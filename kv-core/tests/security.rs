//! Passwords and users. The replies are those of Redis.

mod support;

use kv_core::args::OwnedArgs;
use kv_core::command::table;
use kv_core::config::{self, Loader, Step};
use kv_core::kernel::Unwelcome;
use kv_core::session::{Origin, Peer};
use support::{Client, check, check_sessions, words};

const NOAUTH: &str = "-NOAUTH Authentication required.";
const WRONGPASS: &str = "-WRONGPASS invalid username-password pair or user is disabled.";
const NEEDLESS: &str = "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
const HELLO_NOAUTH: &str = "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";
const EXEC_NOAUTH: &str =
    "-EXECABORT Transaction discarded because of: NOAUTH Authentication required.";

fn greeting(protocol: u8, id: u64) -> String {
    format!(
        "{{$server=$redis $version=$7.2.0 $proto=:{protocol} $id=:{id} $mode=$standalone $role=$master $modules=[]}}"
    )
}

#[test]
fn auth_without_a_password_set_takes_any_for_the_default_user() {
    check(&[
        ("AUTH", "-ERR wrong number of arguments for 'auth' command"),
        ("AUTH x", NEEDLESS),
        (r#"AUTH """#, NEEDLESS),
        ("AUTH default x", "+OK"),
        (r#"auth default """#, "+OK"),
        ("AUTH Default x", WRONGPASS),
        ("AUTH nobody x", WRONGPASS),
        ("AUTH default x y", "-ERR syntax error"),
        ("PING", "+PONG"),
    ]);
}

#[test]
fn a_password_is_asked_of_sessions_that_begin_after_it_was_set() {
    check_sessions(&[
        (1, "CONFIG SET requirepass secret", "+OK"),
        (1, "PING", "+PONG"),
        (2, "PING", NOAUTH),
        (2, "GET k", NOAUTH),
        (2, "MULTI", NOAUTH),
        (2, "EXEC", EXEC_NOAUTH),
        (2, "DISCARD", NOAUTH),
        (2, "SELECT 99", NOAUTH),
        (2, "CLIENT SETNAME a", NOAUTH),
        (2, "COMMAND", NOAUTH),
        (2, "GET", "-ERR wrong number of arguments for 'get' command"),
        (2, "nosuch", "-ERR unknown command 'nosuch', with args beginning with: "),
        (2, "CLIENT nosuch", "-ERR unknown subcommand 'nosuch'. Try CLIENT HELP."),
        (2, "QUIT", "+OK"),
        (2, "RESET", "+RESET"),
        (2, "AUTH no", WRONGPASS),
        (2, r#"AUTH """#, WRONGPASS),
        (2, "AUTH Secret", WRONGPASS),
        (2, "AUTH default no", WRONGPASS),
        (2, "AUTH nobody secret", WRONGPASS),
        (2, "AUTH default secret x", "-ERR syntax error"),
        (2, "PING", NOAUTH),
        (2, "AUTH secret", "+OK"),
        (2, "PING", "+PONG"),
        (2, "AUTH no", WRONGPASS),
        (2, "PING", "+PONG"),
        (2, "RESET", "+RESET"),
        (2, "PING", NOAUTH),
        (2, "AUTH default secret", "+OK"),
        (2, "PING", "+PONG"),
        (1, "RESET", "+RESET"),
        (1, "PING", NOAUTH),
    ]);
}

#[test]
fn changing_the_password_leaves_sessions_as_they_are() {
    check_sessions(&[
        (1, "CONFIG SET requirepass one", "+OK"),
        (2, "AUTH one", "+OK"),
        (1, "CONFIG SET requirepass two", "+OK"),
        (1, "CONFIG GET requirepass", "{$requirepass=$two}"),
        (2, "PING", "+PONG"),
        (2, "AUTH one", WRONGPASS),
        (3, "AUTH one", WRONGPASS),
        (1, r#"CONFIG SET requirepass """#, "+OK"),
        (3, "PING", "+PONG"),
        (3, "HELLO", HELLO_NOAUTH),
        (1, "CONFIG SET requirepass three", "+OK"),
        (3, "PING", NOAUTH),
        (1, "PING", "+PONG"),
    ]);
}

#[test]
fn a_session_that_must_authenticate_in_mid_transaction_loses_it() {
    check_sessions(&[
        (1, "CONFIG SET requirepass one", "+OK"),
        (2, "PING", NOAUTH),
        (1, r#"CONFIG SET requirepass """#, "+OK"),
        (2, "WATCH k", "+OK"),
        (2, "MULTI", "+OK"),
        (2, "SET k 1", "+QUEUED"),
        (1, "CONFIG SET requirepass two", "+OK"),
        (2, "EXEC", EXEC_NOAUTH),
        (2, "AUTH two", "+OK"),
        (2, "EXEC", "-ERR EXEC without MULTI"),
        (2, "GET k", "_"),
    ]);
}

#[test]
fn hello_authenticates_from_left_to_right() {
    check_sessions(&[
        (1, "CONFIG SET requirepass secret", "+OK"),
        (2, "HELLO", HELLO_NOAUTH),
        (2, "HELLO 3", HELLO_NOAUTH),
        (2, "HELLO 3 SETNAME a", HELLO_NOAUTH),
        (2, "HELLO 9 AUTH default secret", "-NOPROTO unsupported protocol version"),
        (2, "HELLO 3 nonsense", "-ERR Syntax error in HELLO option 'nonsense'"),
        (2, "HELLO 3 AUTH default", "-ERR Syntax error in HELLO option 'AUTH'"),
        (2, "HELLO 3 AUTH default no", WRONGPASS),
        (2, "HELLO 3 AUTH default no nonsense", WRONGPASS),
        (2, "PING", NOAUTH),
        (2, "HELLO 3 AUTH default secret nonsense", "-ERR Syntax error in HELLO option 'nonsense'"),
        (2, "PING", "+PONG"),
        (2, "CLIENT GETNAME", "_"),
        (2, "RESET", "+RESET"),
        (2, "HELLO 3 SETNAME a AUTH default secret", &greeting(3, 3)),
        (2, "CLIENT GETNAME", "$a"),
        (2, "HELLO 2", &greeting(2, 3)),
        (2, "MULTI", "+OK"),
        (2, "AUTH no", "+QUEUED"),
        (2, "HELLO 3 AUTH default no", "+QUEUED"),
        (2, "AUTH a b c", "+QUEUED"),
        (2, "PING", "+QUEUED"),
        (2, "EXEC", &format!("[{WRONGPASS} {WRONGPASS} -ERR syntax error +PONG]")),
        (2, "MULTI", "+OK"),
        (2, "RESET", "+RESET"),
        (2, "EXEC", EXEC_NOAUTH),
    ]);
}

#[test]
fn a_password_lifts_the_protection_from_strangers() {
    let mut client = Client::new(1);
    let open = |client: &Client| {
        let peer = Peer { origin: Origin::Remote, ..Peer::default() };
        client.kernel.open_session(peer, client.now).map(drop)
    };
    assert_eq!(open(&client), Err(Unwelcome::Stranger));
    client.run("CONFIG SET requirepass secret");
    assert_eq!(open(&client), Ok(()));
    client.run(r#"CONFIG SET requirepass """#);
    assert_eq!(open(&client), Err(Unwelcome::Stranger));
    client.run("CONFIG SET protected-mode no");
    assert_eq!(open(&client), Ok(()));
}

/// A request as whoever logs it may see it.
fn redacted(request: &str) -> String {
    let args: OwnedArgs = words(request).into_iter().collect();
    let args = args.as_args();
    let command = table::find(args.get(0)).expect("it is in the table");
    let command = args.try_get(1).and_then(|name| command.subcommand(name)).unwrap_or(command);
    let shown = command.redacted(args).map(|arg| String::from_utf8_lossy(arg).into_owned());
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn passwords_are_not_shown() {
    let table = [
        ("GET auth", "GET auth"),
        ("auth secret", "auth (redacted)"),
        ("AUTH user secret", "AUTH (redacted) (redacted)"),
        ("AUTH user secret x", "AUTH (redacted) (redacted) (redacted)"),
        ("HELLO 3", "HELLO 3"),
        ("HELLO 3 SETNAME a auth user secret", "HELLO 3 SETNAME a auth (redacted) (redacted)"),
        ("HELLO 3 AUTH u s SETNAME a", "HELLO 3 AUTH (redacted) (redacted) SETNAME a"),
        ("HELLO 3 AUTH secret", "HELLO 3 AUTH (redacted)"),
        (
            "config set maxclients 5 REQUIREPASS secret",
            "config set maxclients 5 REQUIREPASS (redacted)",
        ),
        ("CONFIG SET requirepass", "CONFIG SET requirepass"),
        ("ACL SETUSER user >secret", "ACL SETUSER (redacted) (redacted)"),
        ("CONFIG GET requirepass", "CONFIG GET requirepass"),
    ];
    for (request, expected) in table {
        assert_eq!(redacted(request), expected);
    }
}

#[test]
fn renamed_commands_have_their_new_names_alone() {
    let text = b"rename-command GET fetch\nrename-command CONFIG xyz\nrename-command KEYS \"\"";
    let mut loader = Loader::default();
    for directive in config::parse("x.conf", text).unwrap() {
        assert_eq!(loader.apply(&directive), Ok(Step::Next));
    }
    let mut client = Client::with(loader.finish(), 1);
    let count = table::all().len() - 1;
    let table = [
        ("SET k v", "+OK".into()),
        ("GET k", "-ERR unknown command 'GET', with args beginning with: 'k' ".into()),
        ("fetch k", "$v".into()),
        ("FETCH", "-ERR wrong number of arguments for 'get' command".into()),
        (
            "CONFIG GET port",
            "-ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' ".into(),
        ),
        ("Xyz GET port", "{$port=$6379}".into()),
        ("Xyz foo", "-ERR unknown subcommand 'foo'. Try XYZ HELP.".into()),
        ("xyz get", "-ERR wrong number of arguments for 'config|get' command".into()),
        ("KEYS *", "-ERR unknown command 'KEYS', with args beginning with: '*' ".into()),
        ("COMMAND COUNT", format!(":{count}")),
        ("COMMAND INFO get keys", "[_ _]".into()),
        ("COMMAND GETKEYS fetch k", "[$k]".into()),
        ("COMMAND GETKEYS get k", "-ERR Invalid command specified".into()),
        ("COMMAND LIST FILTERBY PATTERN *e?ch*", "[]".into()),
        ("COMMAND LIST FILTERBY PATTERN get", "[$get]".into()),
        ("COMMAND LIST FILTERBY PATTERN keys", "[]".into()),
    ];
    for (request, expected) in table {
        assert_eq!(client.run(request), expected, "{request}");
    }
    assert!(client.run("COMMAND INFO fetch").starts_with("[[$get :2 "));
    assert!(client.run("COMMAND INFO xyz|get").starts_with("[[$config|get :-3 "));
    assert!(client.run("COMMAND DOCS fetch").starts_with("{$get={$summary="));
    assert!(client.run("xyz help").starts_with("[+XYZ <subcommand>"));
}

const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
const NO_FILE: &str = "-ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";

#[test]
fn there_is_one_user_who_may_do_everything() {
    const NOPASS: &str = "{$flags=~[$on $nopass] $passwords=[] $commands=$+@all $keys=$~* $channels=$&* $selectors=[]}";
    check(&[
        ("ACL WHOAMI", "$default"),
        ("ACL USERS", "[$default]"),
        ("ACL LIST", "[$user default on nopass ~* &* +@all]"),
        ("ACL GETUSER default", NOPASS),
        ("ACL GETUSER Default", "_"),
        ("ACL GETUSER nobody", "_"),
        ("CONFIG SET requirepass secret", "+OK"),
        ("ACL LIST", &format!("[$user default on #{SECRET} ~* &* +@all]")),
        (
            "acl getuser default",
            &format!(
                "{{$flags=~[$on] $passwords=[${SECRET}] $commands=$+@all $keys=$~* $channels=$&* $selectors=[]}}"
            ),
        ),
        (r#"CONFIG SET requirepass """#, "+OK"),
        ("ACL GETUSER default", NOPASS),
    ]);
}

#[test]
fn users_can_be_asked_for_and_not_be_changed() {
    check(&[
        ("ACL", "-ERR wrong number of arguments for 'acl' command"),
        ("ACL foo", "-ERR unknown subcommand 'foo'. Try ACL HELP."),
        ("ACL WHOAMI x", "-ERR wrong number of arguments for 'acl|whoami' command"),
        ("ACL USERS x", "-ERR wrong number of arguments for 'acl|users' command"),
        ("ACL LIST x", "-ERR wrong number of arguments for 'acl|list' command"),
        ("ACL GETUSER", "-ERR wrong number of arguments for 'acl|getuser' command"),
        ("ACL GETUSER a b", "-ERR wrong number of arguments for 'acl|getuser' command"),
        ("ACL SETUSER", "-ERR wrong number of arguments for 'acl|setuser' command"),
        (
            "ACL SETUSER a on",
            "-ERR there is one user, 'default', who may do everything; set his password with CONFIG SET requirepass",
        ),
        ("ACL DELUSER a b", ":0"),
        ("ACL DELUSER Default", ":0"),
        ("ACL DELUSER a default", "-ERR The 'default' user cannot be removed"),
        ("ACL LOAD", NO_FILE),
        ("ACL SAVE", NO_FILE),
        ("ACL LOG", "[]"),
        ("ACL LOG 0", "[]"),
        ("ACL LOG -1", "[]"),
        ("ACL LOG reset", "+OK"),
        ("ACL LOG x", "-ERR value is not an integer or out of range"),
        ("ACL LOG 99999999999999999999", "-ERR value is not an integer or out of range"),
        (
            "acl Log 1 2",
            "-ERR unknown subcommand or wrong number of arguments for 'Log'. Try ACL HELP.",
        ),
        ("ACL DRYRUN nobody get k", "-ERR User 'nobody' not found"),
        (r#"ACL DRYRUN "a\x00b" get k"#, "-ERR User 'a' not found"),
        ("ACL DRYRUN default nosuch k", "-ERR Command 'nosuch' not found"),
        ("ACL DRYRUN default get", "-ERR wrong number of arguments for 'get' command"),
        (
            "ACL DRYRUN default config get",
            "-ERR wrong number of arguments for 'config|get' command",
        ),
        ("ACL DRYRUN default config", "-ERR wrong number of arguments for 'config' command"),
        ("ACL DRYRUN default config nosuch", "-ERR Command 'config' not found"),
        ("ACL DRYRUN default config|get x", "-ERR Command 'config|get' not found"),
        ("ACL DRYRUN default get k", "+OK"),
    ]);
}

#[test]
fn acl_cat_lists_categories_and_what_is_in_them() {
    check(&[
        (
            "ACL CAT",
            "[$keyspace $read $write $set $sortedset $list $hash $string $bitmap $hyperloglog $geo $stream $pubsub $admin $fast $slow $blocking $dangerous $connection $transaction $scripting]",
        ),
        ("ACL CAT Transaction", "[$discard $exec $multi $unwatch $watch]"),
        ("ACL CAT nosuch", "-ERR Unknown category 'nosuch'"),
        (r#"ACL CAT "no\x00such""#, "-ERR Unknown category 'no'"),
        (
            "acl Cat a b",
            "-ERR unknown subcommand or wrong number of arguments for 'Cat'. Try ACL HELP.",
        ),
    ]);
    let connection = Client::new(1).run("ACL CAT connection");
    for name in ["$auth ", " $client|id ", " $hello ", " $select "] {
        assert!(connection.contains(name), "{name}: {connection}");
    }
    assert!(!connection.contains("$client "), "{connection}");
}
