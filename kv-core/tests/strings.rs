//! The string commands. The replies are those of Redis.

mod support;

use support::check;

#[test]
fn a_string_reads_back_as_it_was_set() {
    check(&[
        ("SET k v", "+OK"),
        ("get k", "$v"),
        ("GET other", "_"),
        (r#"SET k "a \x00\r\n""#, "+OK"),
        ("GET k", r"$a \x00\x0d\x0a"),
        (r#"SET "" """#, "+OK"),
        (r#"GET """#, "$"),
        ("GET", "-ERR wrong number of arguments for 'get' command"),
    ]);
}
