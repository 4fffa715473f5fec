//! What a row's `syntax` means: the tree of arguments that COMMAND DOCS shows and from which
//! clients make their hints. The notation is described at [`crate::command::table`].

use crate::command::{Command, Find, KeySpec};

/// One argument of a command, or a group of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name; of a literal word, the word in lower case.
    pub name: String,
    /// What values it takes, or how it groups.
    pub kind: Kind,
    /// The literal word that stands before it, or that it is.
    pub token: Option<&'static str>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may be repeated.
    pub multiple: bool,
    /// Whether its token is repeated with it.
    pub multiple_token: bool,
    /// Of a key: which of the command's key specifications finds it.
    pub key_spec: Option<usize>,
    /// What it groups.
    pub arguments: Vec<Argument>,
}

/// What values an argument takes, or how it groups others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any bytes.
    String,
    /// A whole number.
    Integer,
    /// A floating-point number.
    Double,
    /// A key.
    Key,
    /// A glob-style pattern.
    Pattern,
    /// A point in time, since the Unix epoch.
    UnixTime,
    /// Nothing but its token.
    PureToken,
    /// One of its arguments.
    OneOf,
    /// All of its arguments, in order.
    Block,
}

impl Kind {
    const NAMED: &[(Kind, &str)] = &[
        (Kind::String, "string"),
        (Kind::Integer, "integer"),
        (Kind::Double, "double"),
        (Kind::Key, "key"),
        (Kind::Pattern, "pattern"),
        (Kind::UnixTime, "unix-time"),
        (Kind::PureToken, "pure-token"),
        (Kind::OneOf, "oneof"),
        (Kind::Block, "block"),
    ];

    /// The name in COMMAND DOCS.
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(kind, _)| *kind == self).expect("all are named").1
    }

    fn named(name: &str) -> Option<Kind> {
        Self::NAMED.iter().find(|(_, named)| *named == name).map(|(kind, _)| *kind)
    }

    /// Whether it only holds other arguments.
    pub fn is_group(self) -> bool {
        matches!(self, Kind::OneOf | Kind::Block)
    }

    /// What an argument of this name is, unless the row says otherwise.
    fn of(name: &str) -> Kind {
        match name {
            "key" | "key1" | "key2" | "newkey" | "source" | "destination" | "sourcekey"
            | "destkey" | "src" | "dst" => Kind::Key,
            "pattern" => Kind::Pattern,
            "unix-time-seconds" | "unix-time-milliseconds" => Kind::UnixTime,
            "longitude" | "latitude" | "radius" | "width" | "height" | "score" | "timeout" => {
                Kind::Double
            }
            "bit" | "bits" | "client-id" | "count" | "cursor" | "database" | "db" | "decrement"
            | "destination-db" | "end" | "frequency" | "increment" | "index" | "index1"
            | "index2" | "len" | "limit" | "maxlen" | "milliseconds" | "min-match-len"
            | "num-matches" | "numkeys" | "numreplicas" | "offset" | "port" | "protover"
            | "rank" | "seconds" | "slot" | "start" | "stop" | "ttl" | "version" | "weight" => {
                Kind::Integer
            }
            _ => Kind::String,
        }
    }
}

/// Why a `syntax` means nothing: what is wrong, and the text from there on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at `{rest}`")]
pub struct SyntaxError {
    problem: &'static str,
    rest: &'static str,
}

impl Command {
    /// The arguments after the name, as a tree. Linear in the length of `syntax`.
    ///
    /// # Errors
    /// If the row's `syntax` is not in the notation. No row of the table has such a `syntax`.
    pub fn arguments(&self) -> Result<Vec<Argument>, SyntaxError> {
        let mut arguments = parse(self.syntax)?;
        KeyCounter { specs: self.keys, spec: 0, found: 0 }.number(&mut arguments);
        Ok(arguments)
    }
}

/// Reads a `syntax`. Keys have no specification yet.
///
/// # Errors
/// If it is not in the notation.
pub fn parse(syntax: &'static str) -> Result<Vec<Argument>, SyntaxError> {
    let mut parser = Parser { rest: syntax.trim_start() };
    let arguments = parser.sequence()?;
    if parser.rest.is_empty() { Ok(arguments) } else { parser.fail("nothing opened this") }
}

/// A `syntax` for people to read: without the labels of groups and the types of arguments.
pub fn plain(syntax: &str) -> String {
    syntax.split_inclusive(ends_word).flat_map(plain_word).collect()
}

/// A word and what ends it.
fn plain_word(text: &str) -> [&str; 2] {
    let (word, end) = text.split_at(text.find(ends_word).unwrap_or(text.len()));
    match word.rsplit_once(':') {
        Some((_label, "")) => ["", end],
        Some((name, kind)) if Kind::named(kind).is_some() => [name, end],
        _ => [word, end],
    }
}

impl Argument {
    fn new(name: impl Into<String>, kind: Kind) -> Self {
        Argument {
            name: name.into(),
            kind,
            token: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            key_spec: None,
            arguments: Vec::new(),
        }
    }

    fn literal(word: &'static str) -> Self {
        let name = match word {
            "=" => "equal".into(),
            "~" => "approximately".into(),
            "*" => "auto-id".into(),
            "$" => "new-id".into(),
            word => word.to_ascii_lowercase(),
        };
        Argument { token: Some(word), ..Argument::new(name, Kind::PureToken) }
    }

    fn group(kind: Kind, arguments: Vec<Argument>) -> Self {
        let name = group_name(kind, &arguments);
        Argument { arguments, ..Argument::new(name, kind) }
    }

    /// The only argument, or all of them as a block.
    fn one_or_block(mut arguments: Vec<Argument>) -> Self {
        match arguments.len() {
            1 => arguments.remove(0),
            _ => Argument::group(Kind::Block, arguments),
        }
    }

    fn with_token(self, token: &'static str) -> Self {
        Argument { token: Some(token), ..self }
    }

    fn is_bare_token(&self) -> bool {
        self.kind == Kind::PureToken && !self.optional && !self.multiple
    }

    /// Whether a word that stands before it becomes its token.
    fn takes_token(&self) -> bool {
        self.kind.is_group() && self.token.is_none() && !self.optional
    }

    /// The least and the greatest number of words that it stands for.
    fn width(&self) -> (usize, usize) {
        let own = usize::from(self.token.is_some() && self.kind != Kind::PureToken);
        let (least, most) = match self.kind {
            Kind::Block => width(&self.arguments),
            Kind::OneOf => {
                let widths = || self.arguments.iter().map(Argument::width);
                let least = widths().map(|(least, _)| least).min();
                let most = widths().map(|(_, most)| most).max();
                (least.unwrap_or(0), most.unwrap_or(0))
            }
            _ => (1, 1),
        };
        let least = if self.optional { 0 } else { least + own };
        let most = if self.multiple { usize::MAX } else { most.saturating_add(own) };
        (least, most)
    }
}

/// The least and the greatest number of words that `arguments` stand for.
pub fn width(arguments: &[Argument]) -> (usize, usize) {
    arguments
        .iter()
        .map(Argument::width)
        .fold((0, 0), |(least, most), width| (least + width.0, most.saturating_add(width.1)))
}

/// The name of a group that has none of its own: a customary one, or those of its parts joined.
fn group_name(kind: Kind, arguments: &[Argument]) -> String {
    let names: Vec<_> = arguments.iter().map(|argument| argument.name.as_str()).collect();
    match (kind, names.as_slice()) {
        (Kind::OneOf, ["nx", ..]) => "condition".into(),
        (Kind::OneOf, ["seconds", ..]) => "expiration".into(),
        (Kind::OneOf, ["left" | "before", _]) => "where".into(),
        (Kind::OneOf, ["async", _]) => "flush-type".into(),
        (Kind::OneOf, ["asc", _]) => "order".into(),
        (Kind::Block, ["key" | "field" | "parameter", "value"]) => "data".into(),
        _ => names.join("-"),
    }
}

/// Gives each key the number of the specification that finds it. The keys of a command stand in
/// the order of its specifications, each of which finds one of them unless it is a range of more.
struct KeyCounter<'a> {
    specs: &'a [KeySpec],
    spec: usize,
    /// How many keys the current specification has found.
    found: usize,
}

impl KeyCounter<'_> {
    fn number(&mut self, arguments: &mut [Argument]) {
        for argument in arguments {
            match argument.kind {
                Kind::Key => argument.key_spec = self.next(),
                Kind::Pattern => argument.key_spec = self.patterned(),
                _ => {}
            }
            self.number(&mut argument.arguments);
        }
    }

    fn patterned(&self) -> Option<usize> {
        self.specs.iter().position(|spec| matches!(spec.find, Find::Patterned))
    }

    fn next(&mut self) -> Option<usize> {
        let spec = self.specs.get(self.spec)?;
        let mut others = self.spec + 1..self.specs.len();
        if self.found == named_keys(spec)
            && let Some(next) = others.find(|&spec| self.patterned() != Some(spec))
        {
            (self.spec, self.found) = (next, 0);
        }
        self.found += 1;
        Some(self.spec)
    }
}

/// How many arguments of a `syntax` a specification finds; one that is repeated counts once.
fn named_keys(spec: &KeySpec) -> usize {
    match spec.find {
        Find::Range { last, step } if last > 0 => last as usize / step.max(1) + 1,
        _ => 1,
    }
}

struct Parser {
    rest: &'static str,
}

impl Parser {
    /// Arguments up to what ends them: the text's end, a closing bracket, `|` or `...`.
    fn sequence(&mut self) -> Result<Vec<Argument>, SyntaxError> {
        let mut arguments = Vec::new();
        while !self.at_end() {
            if self.repetition(&mut arguments)? {
                continue;
            }
            let argument = self.alternatives()?;
            match arguments.last() {
                Some(last) if Argument::is_bare_token(last) && argument.takes_token() => {
                    let token = arguments.pop().and_then(|last| last.token);
                    arguments.push(Argument { token, ..argument });
                }
                _ => arguments.push(argument),
            }
        }
        Ok(arguments)
    }

    /// `a|b`, or a single term.
    fn alternatives(&mut self) -> Result<Argument, SyntaxError> {
        let first = self.term()?;
        if !self.rest.starts_with('|') {
            return Ok(first);
        }
        let mut arguments = vec![first];
        while self.take("|") {
            arguments.push(self.term()?);
        }
        Ok(Argument::group(Kind::OneOf, arguments))
    }

    /// A group, a name, or a literal word with the names that follow it.
    fn term(&mut self) -> Result<Argument, SyntaxError> {
        let from = self.rest;
        if from.starts_with(['[', '(']) {
            return self.bracketed();
        }
        let word = self.word()?;
        match word.strip_suffix(':') {
            Some(label) if self.rest.starts_with(['[', '(']) => {
                Ok(Argument { name: label.into(), ..self.bracketed()? })
            }
            _ if is_literal(word) => self.operands(word),
            _ if is_name(word) => Ok(named(word)),
            _ => Err(SyntaxError { problem: "neither a name nor a literal word", rest: from }),
        }
    }

    /// What follows a literal word and belongs to it.
    fn operands(&mut self, token: &'static str) -> Result<Argument, SyntaxError> {
        if self.rest.starts_with('(') {
            return Ok(self.bracketed()?.with_token(token));
        }
        let mut operands = Vec::new();
        loop {
            let before = self.rest;
            if is_name(self.peek()) && !self.peek().ends_with(':') {
                operands.push(named(self.word()?));
            } else if self.repetition(&mut operands) != Ok(true) {
                // What is repeated begins further to the left, so that this is not the place.
                self.rest = before;
                break;
            }
        }
        match operands.len() {
            0 => Ok(Argument::literal(token)),
            _ => Ok(Argument::one_or_block(operands).with_token(token)),
        }
    }

    /// `(...)` or `[...]`, with `...` after it if it may be repeated.
    fn bracketed(&mut self) -> Result<Argument, SyntaxError> {
        let optional = self.rest.starts_with('[');
        self.skip(1);
        let arguments = self.sequence()?;
        if arguments.is_empty() {
            return self.fail("a group of nothing");
        }
        if !self.take(if optional { "]" } else { ")" }) {
            return self.fail("a group is not closed");
        }
        let mut argument = Argument::one_or_block(arguments);
        argument.optional |= optional;
        argument.multiple |= self.take("...");
        Ok(argument)
    }

    /// `[a b ...]` after `a b`: makes one argument of those at the end of `arguments` that are
    /// repeated. False, and nothing changes, if no such bracket is next.
    fn repetition(&mut self, arguments: &mut Vec<Argument>) -> Result<bool, SyntaxError> {
        let before = self.rest;
        if !self.take("[") {
            return Ok(false);
        }
        let repeated = self.sequence()?;
        if !self.take("...") {
            self.rest = before;
            return Ok(false);
        }
        if repeated.is_empty() || !arguments.ends_with(&repeated) {
            return Err(SyntaxError { problem: "repeats what does not precede it", rest: before });
        }
        if !self.take("]") {
            return self.fail("a repetition goes on");
        }
        arguments.truncate(arguments.len() - repeated.len());
        let argument = Argument::one_or_block(repeated);
        let multiple_token = argument.token.is_some();
        arguments.push(Argument { multiple: true, multiple_token, ..argument });
        Ok(true)
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with([']', ')', '|']) || self.peek() == "..."
    }

    /// The word that is next; empty if a bracket or `|` is.
    fn peek(&self) -> &'static str {
        &self.rest[..self.rest.find(ends_word).unwrap_or(self.rest.len())]
    }

    fn word(&mut self) -> Result<&'static str, SyntaxError> {
        let word = self.peek();
        if word.is_empty() {
            return self.fail("an argument is missing");
        }
        self.skip(word.len());
        Ok(word)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.skip(text.len());
        }
        found
    }

    fn skip(&mut self, len: usize) {
        self.rest = self.rest[len..].trim_start();
    }

    fn fail<T>(&self, problem: &'static str) -> Result<T, SyntaxError> {
        Err(SyntaxError { problem, rest: self.rest })
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "[]()|".contains(c)
}

/// A name, with its type after a colon where the name alone does not tell.
fn named(word: &str) -> Argument {
    let typed = word.rsplit_once(':').and_then(|(name, kind)| Some((name, Kind::named(kind)?)));
    let (name, kind) = typed.unwrap_or((word, Kind::of(word)));
    Argument::new(name, kind)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b':'))
}

fn is_literal(word: &str) -> bool {
    let is_upper = |c: u8| matches!(c, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    matches!(word, "=" | "~" | "*" | "$" | "\"\"")
        || word.starts_with(|c: char| c.is_ascii_uppercase()) && word.bytes().all(is_upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Begin, Handler, table};

    /// The tree in one line: `name:kind`, `TOKEN` before it, `?` if optional, `+` if repeated,
    /// `++` if with its token, `#n` for the key specification.
    fn shape(arguments: &[Argument]) -> String {
        arguments.iter().map(one_shape).collect::<Vec<_>>().join(" ")
    }

    fn one_shape(argument: &Argument) -> String {
        let token = argument.token.map(|token| format!("{token} ")).unwrap_or_default();
        let name = match argument.kind {
            Kind::PureToken => argument.name.clone(),
            kind => format!("{}:{}", argument.name, kind.name()),
        };
        let group = match argument.arguments.as_slice() {
            [] => String::new(),
            arguments => format!("({})", shape(arguments)),
        };
        let key = argument.key_spec.map(|spec| format!("#{spec}")).unwrap_or_default();
        let optional = if argument.optional { "?" } else { "" };
        let multiple = match (argument.multiple, argument.multiple_token) {
            (false, _) => "",
            (true, false) => "+",
            (true, true) => "++",
        };
        format!("{token}{name}{group}{key}{optional}{multiple}")
    }

    #[track_caller]
    fn check(syntax: &'static str, expected: &str) {
        assert_eq!(parse(syntax).map(|arguments| shape(&arguments)), Ok(expected.into()));
    }

    #[track_caller]
    fn check_keys(keys: &'static [KeySpec], syntax: &'static str, expected: &str) {
        let row = Command { keys, syntax, ..Command::DEFAULT };
        assert_eq!(row.arguments().map(|arguments| shape(&arguments)), Ok(expected.into()));
    }

    #[test]
    fn names_tell_types_unless_the_row_does() {
        check("", "");
        check("key value", "key:key value:string");
        check("key seconds", "key:key seconds:integer");
        check("key increment:double", "key:key increment:double");
        check("ip:port", "ip:port:string");
        check("unix-time-seconds", "unix-time-seconds:unix-time");
    }

    #[test]
    fn a_word_takes_the_names_that_follow_it() {
        check("[GET]", "GET get?");
        check("[EX seconds]", "EX seconds:integer?");
        check("[LIMIT offset count]", "LIMIT offset-count:block(offset:integer count:integer)?");
        check("[COUNT count [ANY]]", "count-any:block(COUNT count:integer ANY any?)?");
    }

    #[test]
    fn alternatives_are_of_words_with_their_names() {
        check("[NX|XX]", "condition:oneof(NX nx XX xx)?");
        check(
            "key [EX seconds|KEEPTTL]",
            "key:key expiration:oneof(EX seconds:integer KEEPTTL keepttl)?",
        );
        check(
            "wherefrom:(LEFT|RIGHT) LEFT|RIGHT",
            "wherefrom:oneof(LEFT left RIGHT right) where:oneof(LEFT left RIGHT right)",
        );
        check("(BEFORE|AFTER) pivot", "where:oneof(BEFORE before AFTER after) pivot:string");
        check("*|id", "auto-id-id:oneof(* auto-id id:string)");
    }

    #[test]
    fn a_word_before_alternatives_is_their_token() {
        check("[SKIPME YES|NO]", "SKIPME yes-no:oneof(YES yes NO no)?");
        check("[TYPE kind:(A|B)]", "TYPE kind:oneof(A a B b)?");
        check("X (A|B)|Y", "a-b-y:oneof(X a-b:oneof(A a B b) Y y)");
    }

    #[test]
    fn what_is_repeated_stands_before_the_brackets() {
        check("key [key ...]", "key:key+");
        check("[name [name ...]]", "name:string?+");
        check("key value [key value ...]", "data:block(key:key value:string)+");
        check("pairs:(key value)...", "pairs:block(key:key value:string)+");
        check("[ID client-id [client-id ...]]", "ID client-id:integer?+");
        check("[PREFIX prefix [PREFIX prefix ...]]", "PREFIX prefix:string?++");
        check("STREAMS key [key ...] id [id ...]", "STREAMS key-id:block(key:key+ id:string+)");
    }

    #[test]
    fn people_read_neither_labels_nor_types() {
        assert_eq!(plain("key increment:double [BY by:(a|b:integer)]"), "key increment [BY (a|b)]");
        assert_eq!(plain("[ADDR ip:port] (a b:key)..."), "[ADDR ip:port] (a b)...");
    }

    #[test]
    fn what_is_no_notation_is_an_error() {
        for syntax in [
            "[",
            "]",
            "key]",
            "[key",
            "(a|b",
            "a|",
            "|a",
            "[]",
            "a b [a ...]",
            "[key ...]",
            "Key",
            "<a|b>",
            "key [key ... key]",
            "...",
            "key ...",
        ] {
            assert!(parse(syntax).is_err(), "{syntax}: {:?}", parse(syntax));
        }
    }

    #[test]
    fn each_key_has_the_specification_that_finds_it() {
        const TWO: &[KeySpec] = &[KeySpec::one("RO", 1), KeySpec::one("OW", 2)];
        const ALL: &[KeySpec] = &[KeySpec::all("RO", 1)];
        const PAIR: &[KeySpec] = &[KeySpec {
            access: "RO",
            begin: Begin::Index(1),
            find: Find::Range { last: 1, step: 1 },
        }];
        check_keys(TWO, "source destination", "source:key#0 destination:key#1");
        check_keys(PAIR, "key1 key2", "key1:key#0 key2:key#0");
        check_keys(ALL, "key [key ...]", "key:key#0+");
    }

    #[test]
    fn the_syntax_of_every_row_parses() {
        let errors: Vec<_> = table::rows()
            .filter_map(|row| Some(format!("{}: {}", row.full_name(), row.arguments().err()?)))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    #[test]
    fn the_syntax_of_a_row_has_keys_where_the_row_has_specifications() {
        for row in table::rows() {
            let arguments = row.arguments().expect("another test says so");
            let names_keys = row.keys.iter().any(|spec| spec.access != "not_key");
            assert_eq!(has_key(&arguments), names_keys, "{}", row.full_name());
        }
    }

    fn has_key(arguments: &[Argument]) -> bool {
        let is_key = |argument: &Argument| argument.kind == Kind::Key;
        arguments.iter().any(|argument| is_key(argument) || has_key(&argument.arguments))
    }

    #[test]
    fn the_syntax_of_a_row_has_as_many_words_as_its_arity_says() {
        let subcommands = |row: &&'static Command| row.subcommands.iter().map(|sub| (sub, 2));
        let rows =
            table::all().iter().flat_map(|row| std::iter::once((*row, 1)).chain(subcommands(row)));
        let others: Vec<_> = rows
            .filter(|(row, _)| !matches!(row.handler, Handler::Container))
            // A system command's arguments are nobody's business but its HELP's.
            .filter(|(row, _)| !(row.is_system && row.syntax.is_empty()))
            .filter(|&(row, names)| !arity_is_that_of_syntax(row, names))
            .map(|(row, _)| (row.full_name(), row.arity, row.syntax))
            .collect();
        assert!(others.is_empty(), "{others:#?}");
    }

    fn arity_is_that_of_syntax(row: &Command, names: usize) -> bool {
        let (least, most) = width(&row.arguments().expect("another test says so"));
        let arity = usize::from(row.arity.unsigned_abs());
        names + least == arity && (row.arity < 0 || most == least)
    }
}
