//! Who is told of everything: clients that cache, and MONITOR.

use crate::explore::explore;
use crate::world::World;
use std::collections::BTreeMap;

/// What a client that caches believes at the end, when it has read `keys` in this order, one GET
/// after the other, and forgets what it is told to.
fn cache(world: &World, client: &str, keys: &[&str]) -> BTreeMap<String, String> {
    let mut keys = keys.iter();
    let mut cache = BTreeMap::new();
    for reply in world.replies(client) {
        if let Some(gone) = reply.strip_prefix(">[\"invalidate\", [") {
            gone.split('"').skip(1).step_by(2).for_each(|key| drop(cache.remove(key)));
        } else if reply.starts_with(">[\"invalidate\"") {
            cache.clear();
        } else if reply.starts_with('"') {
            let key = keys.next().expect("a value was asked for");
            cache.insert((*key).to_owned(), reply);
        }
    }
    assert_eq!(keys.next(), None, "{client} was told every value");
    cache
}

#[track_caller]
fn check_cache(world: &mut World, client: &str, keys: &[&str]) {
    for (key, value) in cache(world, client, keys) {
        assert_eq!(world.ask(&format!("GET {key}")), value, "{client} holds {key}");
    }
}

#[test]
fn what_a_client_keeps_is_what_is_there() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["asker> MSET x 0 y 0 z 0", "a> HELLO 3", "a> CLIENT TRACKING ON"]);
        world.prepare(1, &["b> HELLO 3", "b> CLIENT TRACKING ON BCAST PREFIX x PREFIX y"]);
        world.run(&[
            &["a> GET x", "a> GET y | GET x", "w> SET z 1", "a> GET z"],
            &["b> GET y", "v> MULTI | SET y 2 | SET z 2 | EXEC", "b> GET x"],
            &["u> MSET x 3 y 3", "u> SET x 4", "u> INCR y"],
        ]);
        check_cache(&mut world, "a", &["x", "y", "x", "z"]);
        check_cache(&mut world, "b", &["y", "x"]);
        world.end();
    });
}

#[test]
fn every_change_is_told_to_who_asks_by_prefix() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["b> HELLO 3", "b> CLIENT TRACKING ON BCAST PREFIX k"]);
        world.run(&[
            &["u> SET k1 v", "u> SET k2 v"],
            &["v> SET k3 v", "v> SET k4 v"],
            &["w> SET k5 v", "w> SET k6 v"],
        ]);
        let told = world.replies("b").concat();
        for key in ["k1", "k2", "k3", "k4", "k5", "k6"] {
            assert_eq!(told.matches(key).count(), 1, "{key}: {told}");
        }
        world.end();
    });
}

#[test]
fn who_is_told_in_anothers_place_is_told() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(1, &["t> CLIENT ID", "t> SUBSCRIBE __redis__:invalidate"]);
        let id = world.replies("t")[0].replace(':', "");
        world.prepare(0, &[&format!("a> CLIENT TRACKING ON REDIRECT {id}"), "asker> SET x 0"]);
        world.run(&[&["a> GET x"], &["b> SET y 1"], &["u> SET x 1", "u> SET x 2"]]);
        let told = world.replies("t").iter().filter(|reply| reply.contains("[\"x\"]")).count();
        let expected = usize::from(world.replies("a").last().expect("a value") != "\"2\"");
        assert_eq!(told, expected);
        world.end();
    });
}

#[test]
fn a_target_that_goes_leaves_its_client_as_it_is() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(1, &["t> CLIENT ID", "t> SUBSCRIBE __redis__:invalidate"]);
        let id = world.replies("t")[0].replace(':', "");
        let start = format!("a> HELLO 3 | CLIENT TRACKING ON REDIRECT {id} | GET x");
        world.run(&[&[&*start, "a> GET x"], &["t closes"], &["u> SET x 1", "u> SET x 2"]]);
        world.end();
    });
}

#[test]
fn everything_that_runs_is_shown_once_and_in_the_order_of_each_client() {
    explore(|| {
        let mut world = World::new(3, &[]);
        world.prepare(0, &["m> MONITOR"]);
        world.prepare(1, &["n> MONITOR"]);
        world.run(&[
            &["a> GET a1", "a> GET a2 | GET a3"],
            &["b> GET b1", "b> MULTI | GET b2 | GET b3 | EXEC"],
            &["c> GET c1", "c> GET c2", "m closes"],
        ]);
        for client in ["n"] {
            let lines = world.replies(client);
            for name in ["a", "b", "c"] {
                let shown = (1..=3).filter_map(|number| {
                    let what = format!("\\\"{name}{number}\\\"");
                    lines.iter().position(|line| line.contains(&what))
                });
                let shown: Vec<_> = shown.collect();
                assert!(shown.is_sorted(), "{name}: {lines:?}");
                assert_eq!(shown.len(), if name == "c" { 2 } else { 3 }, "{name}: {lines:?}");
            }
            assert_eq!(lines.len(), 1 + 8 + 2, "{lines:?}");
        }
        world.end();
    });
}
