//! COMMAND and its subcommands. The replies are those of Redis.

mod support;

use support::{Client, check};

const GET_INFO: &str = "[$get :2 ~[+readonly +fast] :1 :1 :1 ~[+@read +@string +@fast] ~[] \
    ~[{$flags=~[+RO +access] $begin_search={$type=$index $spec={$index=:1}} \
    $find_keys={$type=$range $spec={$lastkey=:0 $keystep=:1 $limit=:0}}}] ~[]]";

const COUNT_INFO: &str = "[$command|count :2 ~[+loading +stale] :0 :0 :0 \
    ~[+@slow +@connection] ~[] ~[] ~[]]";

const INFO_DOCS: &str = "$command|info={\
    $summary=$Describes the commands of these names, or all. $since=$2.8.13 $group=$server \
    $complexity=$O(N) where N is the number of commands to describe \
    $arguments=[{$name=$command-name $type=$string $display_text=$command-name \
    $flags=~[+optional +multiple]}]}";

#[test]
fn info_describes_commands_and_subcommands_by_name() {
    check(&[
        ("COMMAND INFO get", &format!("[{GET_INFO}]")),
        ("COMMAND INFO GET command|COUNT", &format!("[{GET_INFO} {COUNT_INFO}]")),
    ]);
}

#[test]
fn info_has_null_for_names_that_are_none() {
    check(&[
        ("COMMAND INFO nosuch", "[_]"),
        ("COMMAND INFO get|x command|nosuch command|count|x command|", "[_ _ _ _]"),
        ("COMMAND INFO nosuch get", &format!("[_ {GET_INFO}]")),
    ]);
}

#[test]
fn a_container_describes_its_subcommands() {
    let reply = Client::new(1).run("COMMAND INFO command");
    let start = "[[$command :-1 ~[+loading +stale] :0 :0 :0 ~[+@slow +@connection] \
        ~[$nondeterministic_output_order] ~[] [[$command|count ";
    assert!(reply.starts_with(start), "{reply}");
}

#[test]
fn without_a_name_all_commands_are_described() {
    let mut client = Client::new(1);
    let all = client.run("COMMAND");
    assert!(all.contains(GET_INFO), "{all}");
    assert!(all.contains(COUNT_INFO), "{all}");
    assert_eq!(client.run("COMMAND INFO"), all);
    let docs = client.run("COMMAND DOCS");
    assert!(docs.contains(INFO_DOCS), "{docs}");
}

#[test]
fn count_is_the_number_of_commands_without_subcommands() {
    let mut client = Client::new(1);
    let count = kv_core::command::table::all().len();
    assert_eq!(client.run("COMMAND COUNT"), format!(":{count}"));
    assert_eq!(
        client.run("COMMAND COUNT x"),
        "-ERR wrong number of arguments for 'command|count' command"
    );
    assert_eq!(client.run("COMMAND NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP.");
}

#[test]
fn docs_leave_out_names_that_are_none() {
    check(&[
        ("COMMAND DOCS nosuch get|x", "{}"),
        ("COMMAND DOCS nosuch COMMAND|INFO", &format!("{{{INFO_DOCS}}}")),
        ("COMMAND DOCS command|info command|info", &format!("{{{INFO_DOCS} {INFO_DOCS}}}")),
    ]);
}

#[test]
fn docs_show_tokens_groups_and_key_specifications() {
    let docs = Client::new(1).run("COMMAND DOCS set");
    for part in [
        "$group=$string ",
        "{$name=$key $type=$key $display_text=$key $key_spec_index=:0}",
        "{$name=$value $type=$string $display_text=$value}",
        "{$name=$condition $type=$oneof $flags=~[+optional] $arguments=[\
            {$name=$nx $type=$pure-token $display_text=$nx $token=$NX} \
            {$name=$xx $type=$pure-token $display_text=$xx $token=$XX} \
            {$name=$ifeq-value $type=$string $display_text=$ifeq-value $token=$IFEQ} ",
        "{$name=$get $type=$pure-token $display_text=$get $token=$GET $flags=~[+optional]}",
        "{$name=$seconds $type=$integer $display_text=$seconds $token=$EX}",
        "$type=$unix-time ",
    ] {
        assert!(docs.contains(part), "{part} is not in {docs}");
    }
}

#[test]
fn list_has_all_names_or_those_that_the_filter_lets_through() {
    check(&[
        ("COMMAND LIST FILTERBY PATTERN GE?", "[$get]"),
        ("command list filterby pattern COMMAND|*keys", "[$command|getkeys]"),
        ("COMMAND LIST FILTERBY PATTERN nosuch", "[]"),
        ("COMMAND LIST FILTERBY MODULE m", "[]"),
        ("COMMAND LIST FILTERBY ACLCAT nosuch", "[]"),
        ("COMMAND LIST FILTERBY ACLCAT @string", "[]"),
    ]);
    let mut client = Client::new(1);
    let all = client.run("COMMAND LIST");
    assert!(all.contains("$command $command|count ") && all.contains(" $get "), "{all}");
    let strings = client.run("COMMAND LIST FILTERBY ACLCAT String");
    assert!(strings.contains("$get") && !strings.contains("$command"), "{strings}");
}

#[test]
fn list_takes_one_filter_and_nothing_else() {
    for request in [
        "COMMAND LIST FILTERBY",
        "COMMAND LIST FILTERBY MODULE",
        "COMMAND LIST FILTERBY nosuch x",
        "COMMAND LIST nosuch",
        "COMMAND LIST nosuch PATTERN x",
        "COMMAND LIST FILTERBY PATTERN x y",
    ] {
        check(&[(request, "-ERR syntax error")]);
    }
}

#[test]
fn getkeys_picks_the_keys_out_of_a_request() {
    check(&[
        ("COMMAND GETKEYS get k", "[$k]"),
        ("COMMAND GETKEYS SET a b px 10", "[$a]"),
        ("COMMAND GETKEYSANDFLAGS get k", "[[$k ~[+RO +access]]]"),
    ]);
}

#[test]
fn getkeys_says_why_there_are_none() {
    for subcommand in ["GETKEYS", "GETKEYSANDFLAGS"] {
        for (request, error) in [
            ("nosuch", "Invalid command specified"),
            ("command nosuch", "Invalid command specified"),
            ("ping", "The command has no key arguments"),
            ("command", "The command has no key arguments"),
            ("command count x", "The command has no key arguments"),
            ("get", "Invalid number of arguments specified for command"),
            ("get a b", "Invalid number of arguments specified for command"),
        ] {
            check(&[(&format!("COMMAND {subcommand} {request}"), &format!("-ERR {error}"))]);
        }
    }
    check(&[("COMMAND GETKEYS", "-ERR wrong number of arguments for 'command|getkeys' command")]);
}
