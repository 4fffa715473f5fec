//! Where the server takes its settings from, what it says of wrong ones, and CONFIG REWRITE.

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::{Client, Program, kv_server};

/// A new directory with these files.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("configuration").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the directory can be made");
    for (file, text) in files {
        let file = path.join(file);
        fs::create_dir_all(file.parent().expect("it is in the directory")).expect("it can be made");
        fs::write(file, text).expect("the file can be written");
    }
    path
}

/// The server in that directory.
fn server(directory: &Path, args: &[&str]) -> Command {
    let mut command = kv_server();
    command.current_dir(directory).args(args);
    command
}

/// What our server needs to start beside others.
const ANYWHERE: [&str; 4] = ["--port", "0", "--bind", "127.0.0.1"];

fn start(directory: &Path, args: &[&str]) -> Program {
    Program::start(server(directory, args).args(ANYWHERE))
}

fn client(program: &Program) -> Client {
    Client::connect(program.address)
}

/// The value that CONFIG GET gives.
fn get(program: &Program, name: &str) -> String {
    let reply = client(program).call(&format!("CONFIG GET {name}"));
    let parts: Vec<&str> = reply.split(r"\r\n").collect();
    parts.get(4).unwrap_or_else(|| panic!("{name}: {reply}")).to_string()
}

/// What a server prints that does not start.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the server's binary runs");
    let complaint = String::from_utf8(stderr).expect("the server prints text");
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
    complaint
}

#[test]
fn the_first_argument_is_the_configuration_file_and_flags_come_after_it() {
    let text = "# a comment\nTimeout 5\nmaxmemory 1gb\nsave 900 1\nsave 300 10\n\ndbfilename \"a\\x62 c\"\n";
    let place = directory("file", &[("kv.conf", text)]);
    let program = start(&place, &["kv.conf", "--maxmemory", "2gb", "--save", "60", "1"]);
    assert_eq!(get(&program, "timeout"), "5");
    assert_eq!(get(&program, "maxmemory"), "2147483648");
    assert_eq!(get(&program, "save"), "900 1 300 10 60 1");
    assert_eq!(get(&program, "dbfilename"), "ab c");
    assert_eq!(get(&program, "dir"), place.canonicalize().unwrap().to_str().unwrap());
    let info = client(&program).call("INFO server");
    assert!(
        info.contains(&format!(r"config_file:{}\r\n", place.join("kv.conf").display())),
        "{info}"
    );
}

#[test]
fn each_source_replaces_what_those_before_it_say() {
    let place = directory("precedence", &[("kv.conf", "hz 2\ntimeout 2\nmaxclients 2\n")]);
    let mut command = server(
        &place,
        &["kv.conf", "--maxclients", "4", "--port", "0", "--bind", "127.0.0.1", "-"],
    );
    command.env("KV_TCP_KEEPALIVE", "1").env("KV_HZ", "1").env("KV_TIMEOUT", "1");
    command.env("KV_MAXCLIENTS", "1").env("KV_NO_SUCH_THING", "1").stdin(Stdio::piped());
    let input = "timeout 3\nmaxclients 3";
    let program = start_with_input(&mut command, input);
    let settings = [
        ("slowlog-max-len", "128"),
        ("tcp-keepalive", "1"),
        ("hz", "2"),
        ("timeout", "3"),
        ("maxclients", "4"),
    ];
    for (name, value) in settings {
        assert_eq!(get(&program, name), value, "{name}");
    }
    assert!(program.log.contains("KV_NO_SUCH_THING"), "{}", program.log);
}

/// The server takes its input before it prints where it listens.
fn start_with_input(command: &mut Command, input: &str) -> Program {
    let (reader, mut writer) = std::io::pipe().expect("there is a pipe");
    writer.write_all(input.as_bytes()).expect("it has room for this");
    drop(writer);
    Program::start(command.stdin(reader))
}

#[test]
fn a_dash_alone_or_in_front_reads_standard_input() {
    let place = directory("stdin", &[]);
    let text = "timeout 7\nport 0\nbind 127.0.0.1\n";
    assert_eq!(get(&start_with_input(&mut server(&place, &["-"]), text), "timeout"), "7");
    let flags = &["-", "--timeout", "8"];
    assert_eq!(get(&start_with_input(&mut server(&place, flags), text), "timeout"), "8");
}

#[test]
fn errors_on_standard_input_name_it() {
    let place = directory("bad-stdin", &[("input", "port 0\ntimeout x\n")]);
    let input = fs::File::open(place.join("input")).unwrap();
    let complaint = refused(server(&place, &["-"]).stdin(input));
    assert!(complaint.contains("standard input:2: bad value for 'timeout'"), "{complaint}");
}

#[test]
fn a_variable_may_name_a_file_with_the_value() {
    let place = directory("secret", &[("secret", "a b\r\n")]);
    let program = Program::start(server(&place, &ANYWHERE).env("KV_DBFILENAME_FILE", "secret"));
    assert_eq!(get(&program, "dbfilename"), "a b");

    let both = [("KV_DBFILENAME", "x"), ("KV_DBFILENAME_FILE", "secret")];
    let complaint = refused(server(&place, &ANYWHERE).envs(both));
    assert!(complaint.contains("KV_DBFILENAME and KV_DBFILENAME_FILE"), "{complaint}");
    let complaint = refused(server(&place, &ANYWHERE).env("KV_DBFILENAME_FILE", "nowhere"));
    assert!(complaint.contains("KV_DBFILENAME_FILE: cannot read 'nowhere'"), "{complaint}");
    let complaint = refused(server(&place, &ANYWHERE).env("KV_TIMEOUT", "x"));
    assert!(complaint.contains("KV_TIMEOUT: bad value for 'timeout'"), "{complaint}");
}

#[test]
fn files_include_others_by_name_and_by_pattern() {
    let files = [
        ("kv.conf", "timeout 1\ninclude conf.d/*.conf\nhz 9\ninclude none/*.conf\n"),
        ("conf.d/10.conf", "timeout 2\nhz 2\ninclude extra/more\n"),
        ("conf.d/20.conf", "timeout 3\n"),
        ("conf.d/30.other", "timeout 4\n"),
        ("extra/more", "tcp-keepalive 5\n"),
    ];
    let program = start(&directory("include", &files), &["kv.conf"]);
    for (name, value) in [("timeout", "3"), ("hz", "9"), ("tcp-keepalive", "5")] {
        assert_eq!(get(&program, name), value, "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_included_is_an_error_that_names_the_line() {
    let mut files = vec![
        ("missing.conf".to_owned(), "\ninclude nowhere\n".to_owned()),
        ("loop.conf".into(), "include other.conf\n".into()),
        ("other.conf".into(), "# x\ninclude ./loop.conf\n".into()),
        ("inner.conf".into(), "include wrong.conf\n".into()),
        ("wrong.conf".into(), "port 0\ntimeout -5\n".into()),
    ];
    let chain = (0..20).map(|i| (format!("deep{i}.conf"), format!("include deep{}.conf\n", i + 1)));
    files.extend(chain);
    let files: Vec<(&str, &str)> = files.iter().map(|file| (&*file.0, &*file.1)).collect();
    let place = directory("bad-include", &files);
    let table = [
        ("nowhere.conf", "cannot read the configuration file 'nowhere.conf'"),
        ("missing.conf", "missing.conf:2: cannot include 'nowhere': "),
        ("loop.conf", "other.conf:2: cannot include './loop.conf': the file includes itself"),
        ("inner.conf", "wrong.conf:2: bad value for 'timeout': argument must be between 0 and"),
        (
            "deep0.conf",
            "deep15.conf:1: cannot include 'deep16.conf': files are included more than 16 deep",
        ),
        (".", "cannot read the configuration file '.'"),
    ];
    for (file, expected) in table {
        let complaint = refused(&mut server(&place, &[file]));
        assert!(complaint.contains(expected), "{file}: {complaint}");
    }
}

#[test]
fn wrong_files_and_flags_are_errors_that_say_what_is_allowed() {
    let long = format!("# {}\n", "x".repeat(1 << 20));
    let files = [
        ("unknown.conf", "port 0\n\nmaxmemroy 1\n"),
        ("value.conf", "# x\nappendonly maybe\n"),
        ("quotes.conf", "dbfilename \"a\n"),
        ("long.conf", &long),
    ];
    let place = directory("bad-files", &files);
    let table: [(&[&str], &str); 9] = [
        (
            &["unknown.conf"],
            "unknown.conf:3: unknown setting 'maxmemroy'; did you mean 'maxmemory'?",
        ),
        (
            &["value.conf"],
            "value.conf:2: bad value for 'appendonly': argument must be 'yes' or 'no'",
        ),
        (&["quotes.conf"], "quotes.conf:1: unbalanced quotes"),
        (&["long.conf"], "it is longer than 1048576 bytes"),
        (
            &["--port"],
            "--port: wrong number of arguments for 'port'; it takes a whole number from 0 to 65535",
        ),
        (&["--port", "1", "2"], "--port: wrong number of arguments for 'port'"),
        (&["--prot", "1"], "--prot: unknown setting 'prot'"),
        (&["--port", "0", "--dir", "nowhere"], "cannot use 'nowhere' as 'dir'"),
        (&["-port", "0"], "unexpected argument '-port'"),
    ];
    for (args, expected) in table {
        let complaint = refused(&mut server(&place, args));
        assert!(complaint.contains(expected), "{args:?}: {complaint}");
    }
}

#[test]
fn flags_take_their_values_as_redis_server_does() {
    let place = directory("flags", &[]);
    let args = [
        "--save",
        "900",
        "1",
        "300",
        "10",
        "--list-max-listpack-size",
        "-5",
        "--LogLevel",
        "VERBOSE",
    ];
    let program =
        start(&place, &[&args[..], &["--client-output-buffer-limit", "pubsub 1mb 1kb 9"]].concat());
    assert_eq!(get(&program, "save"), "900 1 300 10");
    assert_eq!(get(&program, "list-max-listpack-size"), "-5");
    assert_eq!(get(&program, "loglevel"), "verbose");
    assert!(get(&program, "client-output-buffer-limit").ends_with("pubsub 1048576 1024 9"));
    let program = start(&place, &["--save", "900", "1", "--save", ""]);
    assert_eq!(get(&program, "save"), "");
}

#[test]
fn settings_of_redis_are_accepted_with_one_warning() {
    let text = "daemonize yes\nloadmodule /x y z\nuser x on\nio-threads 4\n";
    let program = start(&directory("foreign", &[("kv.conf", text)]), &["kv.conf"]);
    let names = "daemonize, io-threads, loadmodule, user\n";
    assert_eq!(program.log.matches(names).count(), 1, "{}", program.log);
    assert_eq!(program.log.matches("no effect").count(), 1, "{}", program.log);
}

#[test]
#[ignore = "needs the package redis-server, and the permission to read its configuration"]
fn the_configuration_of_debians_redis_server_is_accepted() {
    let place = directory("debian", &[]);
    let program = start(&place, &["/etc/redis/redis.conf", "--dir", ".", "--logfile", ""]);
    assert_eq!(get(&program, "tcp-keepalive"), "300");
    assert_eq!(program.log.matches("no effect").count(), 1, "{}", program.log);
}

#[test]
fn config_rewrite_keeps_the_file_and_brings_it_up_to_date() {
    let text =
        "# first\nport 0\ndir .\n\n# second\nmaxmemory 1gb\ndaemonize no\ninclude other.conf\n";
    let place = directory("rewrite", &[("kv.conf", text), ("other.conf", "timeout 5\n")]);
    let file = place.join("kv.conf");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let program = Program::start(server(&place, &["kv.conf"]).env("KV_HZ", "20"));
    for setting in ["maxmemory 2gb", "timeout 0", "hz 10", "slowlog-max-len 7"] {
        assert_eq!(client(&program).call(&format!("CONFIG SET {setting}")), r"+OK\r\n");
    }
    assert_eq!(client(&program).call("CONFIG REWRITE"), r"+OK\r\n");

    let dir = place.canonicalize().unwrap();
    let expected = format!(
        "# first\nport 0\ndir {}\n\n# second\nmaxmemory 2147483648\ndaemonize no\ninclude other.conf\n\n# Generated by CONFIG REWRITE\nhz 10\nslowlog-max-len 7\ntimeout 0\n",
        dir.display()
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 2, "nothing else is left");

    assert_eq!(client(&program).call("CONFIG REWRITE"), r"+OK\r\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    let program = Program::start(server(&place, &["kv.conf"]).env("KV_HZ", "20"));
    for (name, value) in [("maxmemory", "2147483648"), ("timeout", "0"), ("hz", "10")] {
        assert_eq!(get(&program, name), value, "{name}");
    }
}

#[test]
fn config_rewrite_tells_why_it_cannot() {
    let place = directory("no-rewrite", &[("conf/kv.conf", "# x\n")]);
    let program = start(&place, &[]);
    let reply = client(&program).call("CONFIG REWRITE");
    assert_eq!(reply, r"-ERR The server is running without a config file\r\n");

    let program = start(&place, &["conf/kv.conf"]);
    fs::remove_dir_all(place.join("conf")).unwrap();
    let reply = client(&program).call("CONFIG REWRITE");
    assert_eq!(reply, r"-ERR Rewriting config file: No such file or directory\r\n");
    fs::create_dir(place.join("conf")).unwrap();
    assert_eq!(client(&program).call("CONFIG REWRITE"), r"+OK\r\n");
    assert!(fs::read_to_string(place.join("conf/kv.conf")).unwrap().contains("\nport 0\n"));
}

#[test]
fn protected_settings_can_be_changed_where_that_is_allowed() {
    let place = directory("protected", &[]);
    let refusal = r"-ERR CONFIG SET failed (possibly related to argument \'dbfilename\') - can\'t set protected config\r\n";
    for (allowed, reply) in [("no", refusal), ("local", r"+OK\r\n"), ("yes", r"+OK\r\n")] {
        let program = start(&place, &["--enable-protected-configs", allowed]);
        assert_eq!(client(&program).call("CONFIG SET dbfilename x"), reply, "{allowed}");
    }
}
