//! Plans as text that people read and edit: TOML, with requests in the manner of `redis-cli`. What
//! is left out is as in [`Plan::default`].

use super::{Chunking, MemoryLimit, Network, Plan, Request, Script, Step, Then};
use crate::model::Bytes;
use crate::{speech, wire};
use kv_core::config::Policy;
use kv_core::store::SHARDS_MAX;
use kv_proto::dialect::Dialect;
use kv_proto::server::Pace;
use serde::de::{Error as _, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// How many servers a plan may have.
const SERVERS_MAX: usize = 64;

/// How long a step may be that stands on one line, in characters.
const LINE_MAX: usize = 100;

/// The fields that are there even if they are as usual.
const ALWAYS: &[&str] = &["seed", "tier"];

impl Plan {
    /// The plan as text, without what is as usual.
    pub fn to_text(&self) -> String {
        let mut document = self.to_document();
        let settings = document.iter_mut().filter_map(|(_, item)| item.as_inline_table_mut());
        settings.for_each(|setting| break_lists(setting, 4));
        if let Some(Item::Value(Value::Array(clients))) = document.remove("clients") {
            let tables: ArrayOfTables = clients.into_iter().map(client_table).collect();
            document.insert("clients", Item::ArrayOfTables(tables));
        }
        document.to_string()
    }

    /// The plan that [`Plan::to_text`] or a person wrote. The error says what is wrong, and in
    /// which line.
    pub fn from_text(text: &str) -> Result<Plan, String> {
        let plan: Plan = toml_edit::de::from_str(text).map_err(|error| error.to_string())?;
        plan.check().map(|()| plan)
    }

    /// The same for what [`Plan::to_document`] gave.
    pub(crate) fn from_document(document: DocumentMut) -> Result<Plan, String> {
        let plan: Plan =
            toml_edit::de::from_document(document).map_err(|error| error.to_string())?;
        plan.check().map(|()| plan)
    }

    /// The plan's fields that are not as usual.
    pub(crate) fn to_document(&self) -> DocumentMut {
        let document = |plan| toml_edit::ser::to_document(plan).expect("a plan can be shown");
        let (mut shown, usual) = (document(self), document(&Plan::default()));
        for (name, item) in usual.iter().filter(|(name, _)| !ALWAYS.contains(name)) {
            if shown.get(name).is_some_and(|shown| shown.to_string() == item.to_string()) {
                shown.remove(name);
            }
        }
        shown
    }

    /// Whether it can run. The error says why not.
    fn check(&self) -> Result<(), String> {
        let clients = self.scripts.len();
        let faults = &self.network.faults;
        let is_small = |count: usize, max| (1..=max).contains(&count);
        let rules = [
            (self.shards.is_power_of_two() && self.shards <= SHARDS_MAX, "shards: a power of two"),
            (is_small(self.servers, SERVERS_MAX), "servers: 1 to 64"),
            (self.pace.budget > 0, "pace: a budget of at least 1"),
            (self.check_every > 0, "check_every: at least 1"),
            (self.buffer_max > 0, "buffer_max: at least 1"),
            (self.batch_max > 0, "batch_max: at least 1"),
            (self.laziness < 256, "laziness: below 256, or no reply is ever taken"),
            (self.clients_max != Some(0), "clients_max: at least 1"),
            (self.network.is_possible(), "network: the least latency is at most the greatest"),
            (faults.iter().all(|fault| fault.client < clients), "network: faults of clients"),
            (
                self.scripts.iter().all(Script::is_possible),
                "clients: no pieces of 0 bytes, and \
              no more than 256 256ths of a step before a break",
            ),
        ];
        let is_sayable = self.scripts.iter().all(Script::is_sayable);
        let of_tlv = (is_sayable, "clients: TLV has GET, GETDEL and GETSET, in capitals");
        match rules.iter().chain([&of_tlv]).find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, rule)) => Err(format!("no plan can run without this: {rule}")),
        }
    }
}

impl Network {
    fn is_possible(&self) -> bool {
        self.latency_ms.0 <= self.latency_ms.1
    }
}

impl Script {
    fn is_possible(&self) -> bool {
        let is_step = |step: &Step| !matches!(step.then, Then::Break(257..));
        self.chunking != Chunking::Pieces(0) && self.steps.iter().all(is_step)
    }

    /// Whether its dialect has all that it says.
    fn is_sayable(&self) -> bool {
        let is_tlv = matches!(self.dialect, Dialect::Tlv | Dialect::TlvStrict);
        let mut requests = self.steps.iter().flat_map(|step| &step.requests);
        let is_sayable =
            |request: &Request| request.words().is_none_or(|it| speech::is_operation(&it));
        !is_tlv || requests.all(is_sayable)
    }
}

/// A client with a line for each of its steps.
fn client_table(client: Value) -> Table {
    let Value::InlineTable(client) = client else { unreachable!("a client has fields") };
    let mut client = client.into_table();
    if let Some(Item::Value(Value::Array(steps))) = client.get_mut("steps") {
        steps
            .iter_mut()
            .filter_map(Value::as_inline_table_mut)
            .for_each(|step| break_lists(step, 8));
        break_lines(steps, 4);
    }
    client
}

/// A line for each element of the table's lists of texts and tables, if all of it is too long for
/// one.
fn break_lists(table: &mut InlineTable, indentation: usize) {
    if table.to_string().chars().count() <= LINE_MAX {
        return;
    }
    for (_, value) in table.iter_mut() {
        if let Value::Array(items) = value
            && items.iter().any(|item| item.is_str() || item.is_inline_table())
        {
            break_lines(items, indentation);
        }
    }
}

fn break_lines(values: &mut Array, indentation: usize) {
    if values.is_empty() {
        return;
    }
    let margin = |width| format!("\n{}", " ".repeat(width));
    values.iter_mut().for_each(|value| value.decor_mut().set_prefix(margin(indentation)));
    values.set_trailing(margin(indentation - 4));
    values.set_trailing_comma(true);
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// TOML's numbers have a sign, so that the upper half of the seeds is below 0.
pub(super) mod seed {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(seed: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(*seed as i64)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<u64, D::Error> {
        i64::deserialize(from).map(|seed| seed as u64)
    }
}

/// Dialects by their names.
pub(super) mod dialect {
    use super::*;

    const NAMES: [(Dialect, &str); 4] = [
        (Dialect::Resp, "resp"),
        (Dialect::Tlv, "tlv"),
        (Dialect::TlvStrict, "tlv_strict"),
        (Dialect::Frame, "frame"),
    ];

    pub(in super::super) fn serialize<S: Serializer>(
        dialect: &Dialect,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let name = NAMES.iter().find(|(it, _)| it == dialect);
        to.serialize_str(name.expect("each has a name").1)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Dialect, D::Error> {
        let name = String::deserialize(from)?;
        let known = NAMES.iter().find(|(_, it)| *it == name);
        let unknown = || D::Error::custom(format!("{name:?} is no dialect"));
        known.map(|(dialect, _)| *dialect).ok_or_else(unknown)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Pace", deny_unknown_fields)]
pub(super) struct PaceForm {
    interval_us: u64,
    budget: usize,
}

/// The sizes of the parts of a store, by their names.
pub(super) mod sizes {
    use super::*;
    use kv_core::keyspace::{PageSize, SegmentSize, Sizes};
    use kv_core::value;

    #[derive(Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Tiny,
        #[default]
        Usual,
    }

    #[derive(Default, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Form {
        #[serde(skip_serializing_if = "is_default")]
        segment: Size,
        #[serde(skip_serializing_if = "is_default")]
        page: Size,
        #[serde(skip_serializing_if = "is_default")]
        value: Size,
    }

    pub(in super::super) fn serialize<S: Serializer>(
        sizes: &Sizes,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let name = |is_tiny| if is_tiny { Size::Tiny } else { Size::Usual };
        let form = Form {
            segment: name(sizes.segment == SegmentSize::TINY),
            page: name(sizes.page == PageSize::TINY),
            value: name(sizes.value == value::Sizes::TINY),
        };
        form.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Sizes, D::Error> {
        fn of<T>(size: Size, tiny: T, usual: T) -> T {
            if size == Size::Tiny { tiny } else { usual }
        }
        let form = Form::deserialize(from)?;
        Ok(Sizes {
            segment: of(form.segment, SegmentSize::TINY, SegmentSize::DEFAULT),
            page: of(form.page, PageSize::TINY, PageSize::DEFAULT),
            value: of(form.value, value::Sizes::TINY, value::Sizes::DEFAULT),
        })
    }
}

/// A limit for the memory as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryForm {
    bytes: usize,
    policy: String,
}

impl<'de> Deserialize<'de> for MemoryLimit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let MemoryForm { bytes, policy } = MemoryForm::deserialize(from)?;
        let mut names = Policy::ALL.iter().map(|policy| policy.name());
        let known = names.find(|name| *name == policy);
        let unknown = || D::Error::custom(format!("{policy:?} is not a maxmemory-policy"));
        known.map(|policy| Self { bytes, policy }).ok_or_else(unknown)
    }
}

impl Serialize for Request {
    /// A string of words, or a table with `bytes`.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Words(words) => to.serialize_str(&show_words(words)),
            Self::Bytes(bytes) => BytesForm { bytes: escape(bytes) }.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RequestVisitor)
    }
}

/// Bytes that are no request, as text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BytesForm {
    bytes: String,
}

struct RequestVisitor;

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request's words as one string, or { bytes = \"...\" }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Request, E> {
        match wire::split_words(text.as_bytes()) {
            Some(words) if !words.is_empty() => Ok(Request::Words(words)),
            Some(_) => Err(E::custom("a request without words; what is none is { bytes = ... }")),
            None => Err(E::custom(format!("the quotes do not match in {text}"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Request, A::Error> {
        let BytesForm { bytes } = BytesForm::deserialize(MapAccessDeserializer::new(map))?;
        match wire::split_words(format!("\"{bytes}\"").as_bytes()).as_deref() {
            Some([bytes]) => Ok(Request::Bytes(bytes.clone())),
            _ => Err(A::Error::custom("within bytes, a quote is \\x22 and a backslash \\\\")),
        }
    }
}

fn show_words(words: &[Bytes]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\".contains(byte);
    let show = |word: &Bytes| match !word.is_empty() && word.iter().all(is_plain) {
        true => String::from_utf8_lossy(word).into_owned(),
        false => format!("\"{}\"", escape(word)),
    };
    words.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// Printable ASCII as it is, and the rest with the escapes of inline requests. No quotes, so that
/// TOML needs none of its own escapes.
fn escape(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        b'\\' => "\\\\".into(),
        b' '..=b'~' if !b"\"'".contains(byte) => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Ending, Tier};

    #[test]
    fn plans_come_back_from_their_text_as_they_were() {
        let requests = |plan: &Plan| plan.scripts.iter().map(|it| it.steps.len()).sum::<usize>();
        for seed in (0..400).chain([u64::MAX]) {
            let tier = if seed % 2 == 0 { Tier::Swarm } else { Tier::Turmoil };
            let plan = Plan { tier, ..Plan::new(seed, Some(150)) };
            let text = plan.to_text();
            let parsed = Plan::from_text(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert!(parsed == plan && requests(&plan) > 0, "seed {seed}:\n{text}");
        }
    }

    #[test]
    fn any_bytes_come_back_from_a_request() {
        let every: Bytes = (0..=255).collect();
        let odd = vec![b"SET".to_vec(), Bytes::new(), b"\"'\\ \r\n#{}<>".to_vec(), every.clone()];
        let requests = vec![Request::Words(odd), Request::Bytes(every), Request::Bytes(vec![])];
        let script =
            Script { steps: vec![Step { requests, ..Step::default() }], ..Script::default() };
        let plan = Plan { scripts: vec![script], ..Plan::default() };
        assert_eq!(Plan::from_text(&plan.to_text()), Ok(plan));
    }

    #[test]
    fn a_plan_written_by_hand_is_short() {
        let text = r#"
            ending = "expire"
            [[clients]]
            steps = [
                { requests = ["HELLO 3", 'SET k "a b\r\n"'], then = "go_on" },
                { wait_us = 1000, requests = [{ bytes = 'GET k\r\n' }], then = { await_for_us = 5 } },
            ]
        "#;
        let words =
            |words: &[&str]| Request::Words(words.iter().map(|&word| word.into()).collect());
        let first = vec![words(&["HELLO", "3"]), words(&["SET", "k", "a b\r\n"])];
        let steps = vec![
            Step { wait_us: 0, requests: first, then: Then::GoOn },
            Step {
                wait_us: 1000,
                requests: vec![Request::Bytes(b"GET k\r\n".into())],
                then: Then::AwaitFor(5),
            },
        ];
        let scripts = vec![Script { steps, ..Script::default() }];
        let plan = Plan { ending: Ending::Expire, scripts, ..Plan::default() };
        assert_eq!(Plan::from_text(text), Ok(plan));
    }

    #[test]
    fn what_is_as_usual_is_not_shown() {
        assert_eq!(Plan::default().to_text(), "seed = 1\ntier = \"swarm\"\n");
    }

    #[test]
    fn a_wrong_text_is_refused_with_the_name_of_what_is_wrong() {
        let wrong = [
            ("shard = 4", "shard"),
            ("shards = 3", "power of two"),
            ("batch_max = 0", "batch_max"),
            ("tier = \"x\"", "turmoil"),
            ("memory = { bytes = 1, policy = \"least\" }", "least"),
            ("[[clients]]\nchunking = { pieces = 0 }", "pieces"),
            ("[[clients]]\ndialect = \"x\"", "dialect"),
            ("[[clients]]\ndialect = \"tlv\"\nsteps = [{ requests = ['SET k v'] }]", "GETSET"),
            ("[[clients]]\nsteps = [{ request = [] }]", "request"),
            ("[[clients]]\nsteps = [{ requests = [\"\"] }]", "without words"),
            ("[[clients]]\nsteps = [{ requests = ['GET \"k'] }]", "quotes"),
            ("[[clients]]\nsteps = [{ requests = [{ byte = \"\" }] }]", "byte"),
            ("[[clients]]\nsteps = [{ then = { break_after_256ths = 257 } }]", "break"),
            (
                "network.faults = [{ at_ms = 1, lasts_ms = 1, client = 0, kind = \"hold\" }]",
                "faults",
            ),
        ];
        for (text, word) in wrong {
            let error = Plan::from_text(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
        let error = Plan::from_text("seed = 1\nshard = 4").expect_err("it is unknown");
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_step_has_a_line_and_so_has_a_request_of_a_long_step() {
        let plan = Plan::new(6, Some(300));
        let text = plan.to_text();
        let has = |line: &str| text.lines().any(|it| it.starts_with(line));
        assert!(has("    { requests = [") && has("[[clients]]"), "{text}");
        let requests =
            [&"GET k".repeat(10)[..]; 3].map(|text| Request::Bytes(text.into())).to_vec();
        let script =
            Script { steps: vec![Step { requests, ..Step::default() }], ..Script::default() };
        let text = Plan { scripts: vec![script], ..Plan::default() }.to_text();
        assert_eq!(text.lines().filter(|line| line.starts_with("        {")).count(), 3, "{text}");
    }
}
