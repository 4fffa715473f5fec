//! Rounds about messages: half of the clients listen, the others publish.

use super::Round;
use super::actor::{Actor, Phase, World, value};
use super::support::request;
use kv_core::rng::Rng;
use kv_sim::history::messages::{Publication, Subscription};
use kv_sim::wire::Value;
use std::sync::Mutex;
use std::thread;

/// How many messages a client publishes in one write, at most, and how often it writes.
const BURST_MAX: u64 = 20;
const BURSTS: u64 = 4;

/// The text of the last message. All others are two numbers: the publisher's connection, and a
/// message's number in it.
const END: &str = "end";

/// What happened, from all sides.
#[derive(Default)]
struct Seen {
    publications: Mutex<Vec<Publication>>,
    subscriptions: Mutex<Vec<Subscription>>,
}

/// Plays a round, and says how many messages came.
pub(crate) fn play(
    round: &Round,
    world: &World,
    actors: &mut [Actor<'_>],
) -> Result<usize, String> {
    let seen = Seen::default();
    world.begin_round();
    thread::scope(|scope| {
        for actor in actors.iter_mut() {
            let seen = &seen;
            scope.spawn(move || match actor.number % 2 {
                0 => listen(actor, round, seen),
                _ => publish(actor, round, seen),
            });
        }
        world.wait_for_quiet();
        let channel = String::from_utf8(channel(round)).expect("it is text");
        super::Link::open(world).ask(&["PUBLISH", &channel, END]);
    });
    let publications = seen.publications.into_inner().expect("nobody panics meanwhile");
    let subscriptions = seen.subscriptions.into_inner().expect("nobody panics meanwhile");
    subscriptions.iter().try_for_each(|subscription| subscription.check(&publications))?;
    Ok(subscriptions.iter().map(|subscription| subscription.messages.len()).sum())
}

fn channel(round: &Round) -> Vec<u8> {
    round.key("channel")
}

fn listen(actor: &mut Actor<'_>, round: &Round, seen: &Seen) {
    let _part = actor.join();
    let mut rng = round.rng(actor.number as u64);
    let (world, number) = (actor.world, actor.number);
    let (begin, end) = if rng.below(2) == 0 {
        ("SUBSCRIBE", "UNSUBSCRIBE")
    } else {
        ("PSUBSCRIBE", "PUNSUBSCRIBE")
    };
    let client = &mut actor.link().client;
    client.send(request([begin.as_bytes(), &channel(round)]));
    client.reply();
    let mut subscription = Subscription { confirmed: world.stamp(), ..Subscription::default() };
    world.enter(number, Phase::Waiting);
    let cut_after =
        if rng.below(8) == 0 { rng.below(BURSTS * BURST_MAX) as usize } else { usize::MAX };
    loop {
        if subscription.messages.len() >= cut_after {
            subscription.is_cut = true;
            break;
        }
        match text(&value(&client.reply())) {
            text if text == END => break,
            text => subscription.messages.push(message(&text)),
        }
    }
    if subscription.is_cut {
        actor.lose_link();
    } else {
        client.send(request([end]));
        while text(&value(&client.reply())).contains('.') {}
    }
    seen.subscriptions.lock().expect("nobody panics meanwhile").push(subscription);
}

/// What a message says; something without a dot if it is none.
fn text(push: &Value) -> String {
    let Value::Many(_, items) = push else { panic!("{push} is no message") };
    let text = items.last().and_then(Value::text).expect("the last part has a text");
    String::from_utf8(text.into()).expect("it is text")
}

fn message(text: &str) -> (u64, u64) {
    let (publisher, number) = text.split_once('.').expect("messages are two numbers");
    let number_of = |text: &str| text.parse().expect("messages are two numbers");
    (number_of(publisher), number_of(number))
}

fn publish(actor: &mut Actor<'_>, round: &Round, seen: &Seen) {
    let _part = actor.join();
    let mut rng = round.rng(actor.number as u64);
    let mut number = 0;
    for _ in 0..BURSTS {
        let count = 1 + rng.below(BURST_MAX);
        let is_cut = rng.below(8) == 0;
        let burst = burst(actor, round, number..number + count, is_cut, &mut rng);
        seen.publications.lock().expect("nobody panics meanwhile").extend(burst);
        // On another connection, it is another publisher.
        number = if is_cut { 0 } else { number + count };
    }
}

fn burst(
    actor: &mut Actor<'_>,
    round: &Round,
    numbers: std::ops::Range<u64>,
    is_cut: bool,
    rng: &mut Rng,
) -> Vec<Publication> {
    let world = actor.world;
    let link = actor.link();
    let publisher = link.id;
    let words = |number| {
        let text = format!("{publisher}.{number}").into_bytes();
        request([b"PUBLISH".to_vec(), channel(round), text])
    };
    let bytes: Vec<u8> = numbers.clone().flat_map(words).collect();
    let invoked = world.stamp();
    let sent = if is_cut { rng.below(bytes.len() as u64) as usize } else { bytes.len() };
    link.client.send(&bytes[..sent]);
    if is_cut {
        actor.lose_link();
    } else {
        numbers.clone().for_each(|_| assert_eq!(link.client.reply()[0], b':'));
    }
    let publication = |number| Publication { publisher, number, invoked, is_certain: !is_cut };
    numbers.map(publication).collect()
}
