use super::*;
use crate::wire::parse_int;
use kv_core::rng::Rng;

const ENOUGH: usize = 100_000;

/// An operation of one line: connection, time of the invocation, time of the answer (`-` if there
/// is none), the request (several with `;` between them for a transaction), and the reply.
fn operation(line: &str) -> Operation {
    let (front, reply) = line.split_once(" -> ").unwrap_or((line, ""));
    let [connection, invoked, answered, request] = *front.splitn(4, ' ').collect::<Vec<_>>() else {
        panic!("{line}")
    };
    let number = |text: &str| text.parse().expect(line);
    let is_known = answered != "-";
    Operation {
        connection: number(connection),
        action: action(request),
        reply: is_known.then(|| reply_of(reply)),
        invoked: number(invoked),
        answered: if is_known { number(answered) } else { NEVER },
        may_be_refused: false,
    }
}

fn words(text: &str) -> Request {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

fn action(text: &str) -> Action {
    let requests: Vec<Request> = text.split("; ").map(words).collect();
    match &requests[..] {
        [request] => Action::Single(request.clone()),
        _ => Action::Transaction { premises: vec![], requests },
    }
}

fn reply_of(text: &str) -> Value {
    match text {
        "OK" => Value::simple("OK"),
        "nil" => Value::Null(b'$'),
        "wrongtype" => commands::run(&mut a_list(), &words("GET l")),
        _ if text.starts_with('[') => {
            let items = text[1..text.len() - 1].split_terminator(", ");
            Value::array(items.map(reply_of).collect())
        }
        _ => match text.strip_prefix(':').and_then(|number| parse_int(number.as_bytes())) {
            Some(number) => Value::int(number),
            None => Value::bulk(text.as_bytes()),
        },
    }
}

fn a_list() -> Keys {
    let mut keys = Keys::new();
    commands::run(&mut keys, &words("RPUSH l a"));
    keys
}

fn history(lines: &str) -> Vec<Operation> {
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(operation).collect()
}

#[track_caller]
fn correct(lines: &str) {
    let report = check(&history(lines), ENOUGH);
    assert_eq!(report.failure, None);
    assert_eq!((report.undecided, report.opaque), (0, 0));
    assert!(report.correct > 0, "nothing was checked");
}

#[track_caller]
fn wrong(lines: &str) {
    assert!(check(&history(lines), ENOUGH).failure.is_some(), "it went unnoticed");
}

#[test]
fn what_overlaps_may_have_happened_in_any_order() {
    for seen in ["1", "2"] {
        correct(&format!("1 1 9 SET k 1 -> OK\n 2 2 8 SET k 2 -> OK\n 3 10 11 GET k -> {seen}"));
    }
    correct("1 1 9 SET k 1 -> OK\n 2 2 3 GET k -> nil\n 2 4 5 GET k -> 1");
}

#[test]
fn a_stale_read_is_found() {
    wrong("1 1 2 SET k 1 -> OK\n 2 3 4 SET k 2 -> OK\n 3 5 6 GET k -> 1");
    // Once a value is seen, the one before is gone, though the write is not answered yet.
    wrong("1 1 9 SET k 1 -> OK\n 2 2 3 GET k -> 1\n 2 4 5 GET k -> nil");
}

#[test]
fn a_lost_update_is_found() {
    wrong("1 1 5 INCR k -> :1\n 2 2 6 INCR k -> :1");
    wrong("1 1 5 INCR k -> :1\n 2 2 6 INCR k -> :2\n 3 7 8 GET k -> 1");
    wrong("1 1 5 SET k a NX -> OK\n 2 2 6 SET k b NX -> OK");
    wrong("1 1 5 APPEND k a -> :1\n 2 2 6 APPEND k b -> :2\n 3 7 8 GET k -> ba");
    correct("1 1 5 APPEND k a -> :2\n 2 2 6 APPEND k b -> :1\n 3 7 8 GET k -> ba");
}

#[test]
fn a_value_that_was_compared_is_the_one_replaced() {
    let begin = "1 1 2 SET k a -> OK\n";
    correct(&format!("{begin} 1 3 9 SET k b IFEQ a -> OK\n 2 4 8 SET k c IFEQ a -> nil"));
    wrong(&format!("{begin} 1 3 9 SET k b IFEQ a -> OK\n 2 4 8 SET k c IFEQ a -> OK"));
    wrong(&format!("{begin} 1 3 9 DELIFEQ k a -> :1\n 2 4 8 DELIFEQ k a -> :1"));
}

#[test]
fn an_element_that_is_popped_twice_is_found() {
    let push = "1 1 2 RPUSH l a b -> :2\n";
    correct(&format!("{push} 2 3 6 LPOP l -> a\n 3 4 7 LPOP l -> b"));
    wrong(&format!("{push} 2 3 6 LPOP l -> a\n 3 4 7 LPOP l -> a"));
    wrong(&format!("{push} 2 3 6 BLPOP l 0 -> [l, a]\n 3 4 7 LPOP l -> a"));
}

#[test]
fn an_element_that_is_lost_is_found() {
    let push = "1 1 2 RPUSH l a b -> :2\n";
    correct(&format!("{push} 2 3 4 LPOP l -> a\n 2 5 6 LRANGE l 0 -1 -> [b]"));
    wrong(&format!("{push} 2 3 4 LPOP l -> a\n 2 5 6 LRANGE l 0 -1 -> []"));
    correct(&format!("{push} 2 3 4 LPOP l -> a\n 3 3 - LPOP l\n 2 5 6 LRANGE l 0 -1 -> []"));
    wrong(&format!("{push} 3 3 - LPOP l\n 2 5 6 LRANGE l 0 -1 -> []"));
}

#[test]
fn an_element_that_moves_while_somebody_looks_is_neither_lost_nor_there_twice() {
    let begin = "1 1 2 RPUSH l a -> :1\n 2 3 - LMOVE l m LEFT LEFT\n";
    correct(&format!("{begin} 3 4 5 LRANGE l 0 -1 -> [a]\n 3 6 7 LRANGE m 0 -1 -> [a]"));
    correct(&format!("{begin} 3 4 5 LRANGE m 0 -1 -> []\n 3 6 7 LRANGE l 0 -1 -> []"));
    wrong(&format!("{begin} 3 4 5 LRANGE m 0 -1 -> [a]\n 3 6 7 LRANGE l 0 -1 -> [a]"));
}

#[test]
fn elements_leave_a_list_in_its_order() {
    let push = "1 1 2 RPUSH l a -> :1\n 1 3 4 RPUSH l b -> :2\n";
    wrong(&format!("{push} 2 5 6 LPOP l -> b\n 3 7 8 LPOP l -> a"));
    // They overlap.
    correct(&format!("{push} 2 5 8 LPOP l -> b\n 3 6 7 LPOP l -> a"));
    wrong(&format!("{push} 2 5 8 LPOP l -> b\n 3 6 7 RPOP l -> a"));
    correct("1 1 5 RPUSH l a -> :2\n 2 2 6 RPUSH l b -> :1\n 3 7 8 LPOP l -> b");
}

#[test]
fn a_waiting_request_gets_what_comes_and_nothing_only_if_there_is_nothing() {
    correct("1 1 9 BLPOP l 0 -> [l, a]\n 2 3 4 RPUSH l a -> :1\n 2 5 6 LLEN l -> :0");
    wrong("1 1 9 BLPOP l 0 -> [l, a]\n 2 3 4 RPUSH l a -> :1\n 1 10 11 LLEN l -> :1");
    correct("1 1 9 BLPOP l m 0.1 -> nil\n 2 3 4 RPUSH m a -> :1");
    wrong("2 1 2 RPUSH m a -> :1\n 1 3 9 BLPOP l m 0.1 -> nil");
    correct("2 1 2 RPUSH m a -> :1\n 1 3 9 BLMOVE m l LEFT RIGHT 1 -> a\n 2 10 11 LLEN l -> :1");
}

#[test]
fn what_has_no_answer_may_have_happened_or_not() {
    let begin = "1 1 2 SET k 1 -> OK\n 2 3 - SET k 2\n";
    correct(&format!("{begin} 1 4 5 GET k -> 1\n 1 6 7 GET k -> 1"));
    correct(&format!("{begin} 1 4 5 GET k -> 1\n 1 6 7 GET k -> 2"));
    // It has happened now, and does so once.
    wrong(&format!("{begin} 1 4 5 GET k -> 2\n 1 6 7 GET k -> 1"));
    wrong("1 1 - INCR k\n 2 2 3 GET k -> 2");
    // It was not even sent.
    wrong("1 1 2 GET k -> 2\n 2 3 - SET k 2");
}

#[test]
fn one_connection_is_served_in_its_order() {
    // The second cannot have happened without the first.
    wrong("1 1 - SET k 1\n 1 1 - APPEND k 2\n 2 5 6 GET k -> 2");
    correct("1 1 - SET k 1\n 1 1 - APPEND k 2\n 2 5 6 GET k -> 12");
    // Sent together, and so without an order by time alone.
    wrong("1 1 9 SET k 1 -> OK\n 1 1 9 GET k -> nil");
    correct("1 1 - GET k\n 1 1 - SET k 1\n 2 5 6 GET k -> 1");
}

#[test]
fn sets_and_types_are_known() {
    correct("1 1 2 SADD s a b -> :2\n 2 3 6 SREM s a -> :1\n 3 4 5 SISMEMBER s a -> :1");
    wrong("1 1 2 SADD s a -> :1\n 2 3 6 SMOVE s t a -> :1\n 3 4 5 SMOVE s t a -> :1");
    correct("1 1 2 RPUSH l a -> :1\n 1 3 4 GET l -> wrongtype\n 1 5 6 SET l 1 -> OK");
    correct(
        "1 1 2 SET k 1 -> OK\n 1 1 9 FLUSHALL -> OK\n 2 2 8 GET k -> nil\n 2 9 10 SET k 2 -> OK",
    );
}

#[test]
fn transactions_happen_at_one_instant() {
    let begin = "1 1 2 MSET a 5 b 5 -> OK\n";
    let transfer = "1 3 9 DECRBY a 2; INCRBY b 2 -> [:3, :7]\n";
    correct(&format!("{begin}{transfer} 2 4 5 MGET a b -> [5, 5]\n 2 6 7 MGET a b -> [3, 7]"));
    wrong(&format!("{begin}{transfer} 2 4 5 MGET a b -> [3, 5]"));
    wrong(&format!("{begin}{transfer} 2 4 5 GET a -> 3\n 2 6 7 GET b -> 5"));
    wrong(&format!("{begin}{transfer} 2 4 5 GET b; GET a -> [5, 3]"));
}

#[test]
fn write_skew_between_transactions_is_found() {
    // Each sees what the other has not written yet: neither is first.
    wrong("1 1 5 GET a; SET b 1 -> [nil, OK]\n 2 2 6 GET b; SET a 1 -> [nil, OK]");
    correct("1 1 5 GET a; SET b 1 -> [nil, OK]\n 2 2 6 GET b; SET a 1 -> [1, OK]");
}

#[test]
fn what_was_read_of_watched_keys_holds_when_the_transaction_runs() {
    let watched = |seen: &str, reply: Option<Value>| {
        let mut operations = history("1 1 2 SET k 1 -> OK\n 2 3 8 INCR k -> :2\n");
        let premises = vec![(words("GET k"), reply_of(seen))];
        let action = Action::Transaction { premises, requests: vec![words("SET k 9")] };
        let answered = if reply.is_some() { 7 } else { NEVER };
        let may_be_refused = reply.is_none();
        let connection = 1;
        let last = Operation { connection, action, reply, invoked: 4, answered, may_be_refused };
        operations.push(last);
        operations
    };
    let done = || Some(reply_of("[OK]"));
    // It overwrites an increment that had not happened when it read.
    assert!(check(&watched("1", done()), ENOUGH).failure.is_some());
    assert_eq!(check(&watched("2", done()), ENOUGH).failure, None);
    assert_eq!(check(&watched("1", None), ENOUGH).failure, None);
}

#[test]
fn groups_of_keys_are_checked_apart() {
    let report = check(
        &history("1 1 2 SET a 1 -> OK\n 1 3 4 MGET b c -> [nil, nil]\n 1 5 6 RPUSH d x -> :1"),
        ENOUGH,
    );
    assert_eq!((report.correct, report.explained), (3, 3));
}

#[test]
fn keys_that_other_commands_touch_are_counted_and_nothing_said_of_them() {
    let lines =
        "1 1 2 SET a 1 -> OK\n 1 3 4 EXPIRE a 5 -> :1\n 1 5 6 GET a -> 7\n 1 7 8 GET b -> nil";
    let report = check(&history(lines), ENOUGH);
    assert_eq!(report.failure, None);
    assert_eq!((report.opaque, report.correct), (1, 1));
    let lines = "1 1 2 SET a 1 -> OK\n 1 3 4 SWAPDB 0 1 -> OK\n 1 5 6 GET a -> 7";
    let report = check(&history(lines), ENOUGH);
    assert_eq!((report.failure, report.opaque, report.correct), (None, 1, 0));
}

#[test]
fn a_search_that_takes_too_long_is_no_success() {
    let lines: String = (0..12).map(|n| format!("{n} 1 - APPEND k {n}\n")).collect();
    let report = check(&history(&format!("{lines} 99 200 201 GET k -> x")), 1000);
    assert_eq!((report.failure, report.undecided, report.correct), (None, 1, 0));
}

#[test]
fn a_failure_names_the_operations_that_do_not_fit() {
    let lines = "1 1 2 SET k 1 -> OK\n 2 3 4 GET k -> 2";
    let text = check(&history(lines), ENOUGH).failure.expect("it is wrong");
    assert!(text.contains("1 of 2 lead to {k = \"1\"}"), "{text}");
    assert!(text.contains("GET k has to give \"$1\\r\\n1\\r\\n\" and gave"), "{text}");
}

/// A session's requests and replies, as `> request` and `< reply`; `cut` at the end.
fn session(lines: &str) -> Vec<Operation> {
    let mut session = Session::new(1);
    for (at, line) in lines.lines().map(str::trim).enumerate() {
        match line.split_once(' ').expect("a line has two parts") {
            (">", request) => session.sent(at as u64, words(request)),
            (_, reply) => session.replied(at as u64, reply_of(reply)),
        }
    }
    session.cut()
}

fn shown(operations: &[Operation]) -> Vec<String> {
    operations.iter().map(ToString::to_string).collect()
}

#[test]
fn a_session_puts_transactions_together() {
    let happened = session(
        "> WATCH a
         > GET a
         > GET b
         < OK
         < 1
         < 2
         > MULTI
         > SET a 2
         > EXEC
         < OK
         < QUEUED
         < [OK]",
    );
    assert_eq!(
        shown(&happened),
        [
            r#"c1 [1, 4] GET a -> "$1\r\n1\r\n""#,
            r#"c1 [2, 5] GET b -> "$1\r\n2\r\n""#,
            r#"c1 [8, 11] [watched: GET a -> "$1\r\n1\r\n"] MULTI; SET a 2; EXEC -> "*1\r\n+OK\r\n""#,
        ]
    );
}

#[test]
fn a_session_knows_what_has_not_happened() {
    assert_eq!(shown(&session("> MULTI\n > SET a 2\n < OK")), Vec::<String>::new());
    let aborted = "> MULTI\n > SET a 2\n > EXEC\n < OK\n < QUEUED\n < nil";
    assert_eq!(shown(&session(aborted)), Vec::<String>::new());
    let discarded = "> MULTI\n > SET a 2\n > DISCARD\n > INCR a";
    assert_eq!(shown(&session(discarded)), ["c1 [3, never] INCR a"]);
}

#[test]
fn a_session_leaves_out_what_a_subscriber_may_not_ask() {
    let refusal = Value::error(b"ERR Can't execute 'get': only (P|S)SUBSCRIBE are allowed");
    let mut session = Session::new(1);
    session.sent(1, words("GET a"));
    session.replied(2, refusal);
    assert_eq!(session.cut(), []);
}

#[test]
fn a_session_that_is_cut_leaves_operations_without_an_answer() {
    let cut = "> INCR a\n > MULTI\n > INCR b\n > INCR c\n > EXEC\n < :1";
    let cut = session(cut);
    let expected = [r#"c1 [0, 5] INCR a -> ":1\r\n""#, "c1 [4, never] MULTI; INCR b; INCR c; EXEC"];
    assert_eq!(shown(&cut), expected);
}

#[test]
fn a_session_leaves_out_messages_and_other_databases() {
    let lines = "> SUBSCRIBE c\n > GET a\n < [subscribe, c, :1]\n < [message, c, x]\n < 1";
    assert_eq!(shown(&session(lines)), [r#"c1 [1, 4] GET a -> "$1\r\n1\r\n""#]);
    let lines = "> SELECT 1\n > SET a 1\n > SELECT 0\n > FLUSHALL\n < OK\n < OK\n < OK\n < OK";
    assert_eq!(shown(&session(lines)), [r#"c1 [3, 7] FLUSHALL -> "+OK\r\n""#]);
}

#[test]
fn a_session_takes_what_is_queued_for_no_message() {
    let lines = "> MULTI\n > SUBSCRIBE c\n > RESET\n > INCR a\n < OK\n < QUEUED\n < RESET\n < :1";
    assert_eq!(shown(&session(lines)), [r#"c1 [3, 7] INCR a -> ":1\r\n""#]);
}

#[test]
fn a_session_that_is_reset_has_no_transaction_and_is_in_the_first_database() {
    let lines = "> SELECT 1\n < OK\n > MULTI\n < OK\n > RESET\n < RESET\n > GET a\n < 1";
    assert_eq!(shown(&session(lines)), [r#"c1 [6, 7] GET a -> "$1\r\n1\r\n""#]);
}

#[test]
fn a_transaction_without_an_answer_may_have_been_aborted_if_keys_were_watched() {
    let begin = "> WATCH k\n > MULTI\n > SET a 1\n > EXEC\n > SET a 2";
    let mut operations = session(begin);
    operations.extend(history("2 10 11 GET a -> 2\n 2 12 13 GET a -> 1"));
    assert_eq!(check(&operations, ENOUGH).failure, None);
    let begin = "> UNWATCH\n > MULTI\n > SET a 1\n > EXEC\n > SET a 2";
    let mut operations = session(begin);
    operations.extend(history("2 10 11 GET a -> 2\n 2 12 13 GET a -> 1"));
    assert!(check(&operations, ENOUGH).failure.is_some());
}

/// Small histories: what a store might have answered, spoilt now and then.
fn random_history(rng: &mut Rng) -> Vec<Operation> {
    const REQUESTS: &[&str] = &[
        "SET k 1",
        "SET k 2",
        "GET k",
        "INCR k",
        "APPEND k 3",
        "DEL k",
        "SET k 4 NX",
        "MGET k m",
        "MSET k 5 m 5",
        "RPUSH l a",
        "LPUSH l b",
        "RPUSH l c d",
        "LPOP l",
        "RPOP l",
        "LLEN l",
        "LRANGE l 0 -1",
        "BLPOP l n 1",
        "LMOVE l n LEFT RIGHT",
        "INCR k; GET m",
        "LPOP l; LPOP n",
        "SET m 1; RPUSH n e",
    ];
    let count = 2 + rng.below(5);
    let mut keys = Keys::new();
    let mut operations = Vec::new();
    for instant in 0..count {
        let half = REQUESTS.len() as u64 / 3 * rng.below(3);
        let span = REQUESTS.len() as u64 / 3;
        let text = REQUESTS[(half + rng.below(span)) as usize];
        let mut operation = Operation {
            connection: 100 + instant,
            action: action(text),
            reply: None,
            invoked: (instant * 10).saturating_sub(rng.below(25)),
            answered: NEVER,
            may_be_refused: false,
        };
        let is_known = rng.below(5) > 0;
        if is_known || rng.below(2) == 0 {
            let reply = Database::apply(&mut keys, &operation.action);
            operation.reply = is_known.then_some(reply);
            operation.answered = if is_known { instant * 10 + 1 + rng.below(25) } else { NEVER };
        }
        operations.push(operation);
    }
    if rng.below(2) == 0 {
        spoil(&mut operations, rng);
    }
    operations.sort_by_key(|operation| operation.invoked);
    // Some of them are of one connection.
    for at in 1..operations.len() {
        if rng.below(4) == 0 {
            operations[at].connection = operations[at - 1].connection;
        }
    }
    operations
}

/// Gives one operation the reply to another one.
fn spoil(operations: &mut [Operation], rng: &mut Rng) {
    let at = rng.below(operations.len() as u64) as usize;
    let from = rng.below(operations.len() as u64) as usize;
    let reply = operations[from].reply.clone();
    if let (Some(_), Some(reply)) = (&operations[at].reply, reply) {
        operations[at].reply = Some(reply);
    }
}

/// Whether some order of some of the operations explains all replies, by trying all of them.
fn has_order(operations: &[Operation], taken: &mut Vec<usize>, keys: &Keys) -> bool {
    let left = |taken: &[usize]| (0..operations.len()).filter(|at| !taken.contains(at)).collect();
    let rest: Vec<usize> = left(taken);
    if rest.iter().all(|&at| operations[at].reply.is_none()) {
        return true;
    }
    for &at in &rest {
        let next = &operations[at];
        let is_after = |&other: &usize| {
            let other_first = operations[other].connection == next.connection && other < at;
            other_first || operations[other].answered < next.invoked
        };
        if rest.iter().any(is_after) {
            continue;
        }
        let mut keys = keys.clone();
        let reply = Database::apply(&mut keys, &next.action);
        if next.reply.as_ref().is_some_and(|seen| *seen != reply) {
            continue;
        }
        taken.push(at);
        if has_order(operations, taken, &keys) {
            return true;
        }
        taken.pop();
    }
    false
}

#[test]
fn the_search_finds_an_order_exactly_where_trying_all_orders_does() {
    let mut counts = [0; 2];
    for seed in 0..4000 {
        let mut rng = Rng::derive(seed, 0x6869_7374, 0);
        let operations = random_history(&mut rng);
        let events = events(&operations.iter().collect::<Vec<_>>());
        let found = search::search::<Database>(Keys::new(), &events, ENOUGH);
        let is_correct = has_order(&operations, &mut vec![], &Keys::new());
        let lines = || shown(&operations).join("\n");
        assert_eq!(found == Found::Order, is_correct, "seed {seed}: {found:?}\n{}", lines());
        counts[usize::from(is_correct)] += 1;
        // Nothing is found in the groups that is not there, and mostly what is there.
        if is_correct {
            assert_eq!(check(&operations, ENOUGH).failure, None, "seed {seed}\n{}", lines());
        }
    }
    assert!(counts.iter().all(|&count| count > 500), "{counts:?}");
}
