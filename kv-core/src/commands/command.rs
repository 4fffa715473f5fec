//! COMMAND: the table, for clients to read.

use crate::args::Args;
use crate::command::syntax::Argument;
use crate::command::{Begin, Command, EngineCx, Find, KeySpec, Names};
use crate::commands::parse::is;
use crate::error::Error;
use crate::glob;
use crate::kernel::{Flow, find_command};
use crate::reply::Reply;

type Outcome = Result<Flow, Error>;

pub(crate) fn command(cx: &mut EngineCx<'_, '_>) -> Outcome {
    all_infos(cx);
    Ok(Flow::Continue)
}

pub(crate) fn count(cx: &mut EngineCx<'_, '_>) -> Outcome {
    cx.out.int(cx.kernel.config.names().commands().len() as i64);
    Ok(Flow::Continue)
}

pub(crate) fn info(cx: &mut EngineCx<'_, '_>) -> Outcome {
    let names = cx.args.from(2);
    if names.len() == 0 {
        all_infos(cx);
        return Ok(Flow::Continue);
    }
    cx.out.array(names.len());
    for name in names {
        match cx.kernel.config.names().find_full(name) {
            Some(command) => write_info(cx.out, command, &command.full_name()),
            None => cx.out.null(),
        }
    }
    Ok(Flow::Continue)
}

pub(crate) fn docs(cx: &mut EngineCx<'_, '_>) -> Outcome {
    let (names, asked) = (cx.kernel.config.names(), cx.args.from(2));
    let commands = match asked.len() {
        0 => names.commands(),
        _ => asked.filter_map(|name| names.find_full(name)).collect(),
    };
    cx.out.map(commands.len());
    for command in commands {
        write_docs(cx.out, command, &command.full_name());
    }
    Ok(Flow::Continue)
}

pub(crate) fn list(cx: &mut EngineCx<'_, '_>) -> Outcome {
    let filter = Filter::parse(cx.args)?;
    let mut names: Vec<_> = Vec::new();
    for command in cx.kernel.config.names().commands() {
        let subcommands = command.subcommands.iter().map(|sub| (sub, sub_name(command, sub)));
        let rows = std::iter::once((command, command.name.to_owned())).chain(subcommands);
        names.extend(rows.filter(|(row, name)| filter.lets(row, name)).map(|(_, name)| name));
    }
    write_bulks(cx.out, &names);
    Ok(Flow::Continue)
}

pub(crate) fn getkeys(cx: &mut EngineCx<'_, '_>) -> Outcome {
    let request = cx.args.skip(2);
    let keys = request_keys(cx.kernel.config.names(), request)?;
    cx.out.array(keys.len());
    keys.iter().for_each(|&(position, _)| cx.out.bulk(request.get(position)));
    Ok(Flow::Continue)
}

pub(crate) fn getkeysandflags(cx: &mut EngineCx<'_, '_>) -> Outcome {
    let request = cx.args.skip(2);
    let keys = request_keys(cx.kernel.config.names(), request)?;
    cx.out.array(keys.len());
    for (position, access) in keys {
        cx.out.array(2);
        cx.out.bulk(request.get(position));
        write_statuses(cx.out, access.split(' '));
    }
    Ok(Flow::Continue)
}

/// What COMMAND LIST gives.
enum Filter<'a> {
    Nothing,
    /// The commands of a module; there are no modules.
    Module,
    Category(String),
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        if args.len() == 2 {
            return Ok(Filter::Nothing);
        }
        if args.len() != 5 || !is(args.get(2), "filterby") {
            return Err(Error::Syntax);
        }
        match (args.get(3), args.get(4)) {
            (by, _) if is(by, "module") => Ok(Filter::Module),
            (by, name) if is(by, "aclcat") => {
                Ok(Filter::Category(String::from_utf8_lossy(name).to_ascii_lowercase()))
            }
            (by, pattern) if is(by, "pattern") => Ok(Filter::Pattern(pattern)),
            _ => Err(Error::Syntax),
        }
    }

    fn lets(&self, row: &Command, name: &str) -> bool {
        match self {
            Filter::Nothing => true,
            Filter::Module => false,
            Filter::Category(category) => row.is_in_category(category),
            Filter::Pattern(pattern) => glob::matches_ignore_case(pattern, name.as_bytes()),
        }
    }
}

/// Where the keys of a request stand that is given as arguments, with what it does to each.
fn request_keys(names: &Names, request: Args<'_>) -> Result<Vec<(usize, &'static str)>, Error> {
    let command =
        find_command(names, request).ok_or(Error::text("ERR Invalid command specified"))?;
    if command.keys.is_empty() {
        return Err(Error::text("ERR The command has no key arguments"));
    }
    if !command.accepts(request.len()) {
        return Err(Error::text("ERR Invalid number of arguments specified for command"));
    }
    let keys = command.keys_of(request);
    keys.ok_or(Error::text("ERR Invalid arguments specified for command"))
}

fn all_infos(cx: &mut EngineCx<'_, '_>) {
    let commands = cx.kernel.config.names().commands();
    cx.out.array(commands.len());
    commands.iter().for_each(|command| write_info(cx.out, command, command.name));
}

fn write_info(out: &mut dyn Reply, command: &'static Command, name: &str) {
    let range = command.key_range();
    out.array(10);
    out.bulk(name.as_bytes());
    out.int(command.arity.into());
    write_statuses(out, command.flag_names());
    [range.first, range.last, range.step].into_iter().for_each(|number| out.int(number));
    let categories: Vec<_> = command.acl_categories().map(|name| format!("@{name}")).collect();
    write_statuses(out, categories.iter().map(String::as_str));
    out.set(command.tips.len());
    command.tips.iter().for_each(|tip| out.bulk(tip.as_bytes()));
    out.set(command.keys.len());
    command.keys.iter().for_each(|spec| write_key_spec(out, spec));
    write_subcommand_infos(out, command);
}

fn write_subcommand_infos(out: &mut dyn Reply, container: &'static Command) {
    match container.subcommands {
        [] => out.set(0),
        subcommands => {
            out.array(subcommands.len());
            subcommands.iter().for_each(|sub| write_info(out, sub, &sub_name(container, sub)));
        }
    }
}

fn write_key_spec(out: &mut dyn Reply, spec: &KeySpec) {
    out.map(3);
    out.bulk(b"flags");
    write_statuses(out, spec.access.split(' '));
    out.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => {
            write_spec_part(out, "index", 1);
            write_number(out, "index", index as i64);
        }
        Begin::Keyword(keyword, from) => {
            write_spec_part(out, "keyword", 2);
            write_text(out, "keyword", keyword);
            write_number(out, "startfrom", from.into());
        }
        Begin::Unknown => write_spec_part(out, "unknown", 0),
    }
    out.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step } => {
            write_spec_part(out, "range", 3);
            write_number(out, "lastkey", last.into());
            write_number(out, "keystep", step as i64);
            write_number(out, "limit", 0);
        }
        Find::Half => {
            write_spec_part(out, "range", 3);
            write_number(out, "lastkey", -1);
            write_number(out, "keystep", 1);
            write_number(out, "limit", 2);
        }
        Find::Count { at, first, step } => {
            write_spec_part(out, "keynum", 3);
            write_number(out, "keynumidx", at as i64);
            write_number(out, "firstkey", first as i64);
            write_number(out, "keystep", step as i64);
        }
        Find::Told(_) | Find::Patterned => write_spec_part(out, "unknown", 0),
    }
}

/// Begins one half of a key specification: `len` fields follow.
fn write_spec_part(out: &mut dyn Reply, kind: &str, len: usize) {
    out.map(2);
    write_text(out, "type", kind);
    out.bulk(b"spec");
    out.map(len);
}

fn write_docs(out: &mut dyn Reply, command: &'static Command, name: &str) {
    let arguments = command.arguments().expect("a test parses the syntax of every row");
    let flags: Vec<_> = doc_flags(command).collect();
    let deprecation = if command.deprecated.is_some() { 2 } else { 0 };
    let optional = [
        !command.complexity.is_empty(),
        !flags.is_empty(),
        !arguments.is_empty(),
        !command.subcommands.is_empty(),
    ];
    out.bulk(name.as_bytes());
    out.map(3 + deprecation + optional.into_iter().filter(|&is_there| is_there).count());
    write_text(out, "summary", command.summary);
    write_text(out, "since", command.since);
    write_text(out, "group", command.group.name());
    if !command.complexity.is_empty() {
        write_text(out, "complexity", command.complexity);
    }
    if !flags.is_empty() {
        out.bulk(b"doc_flags");
        write_statuses(out, flags.into_iter());
    }
    if let Some((since, instead)) = command.deprecated {
        write_text(out, "deprecated_since", since);
        write_text(out, "replaced_by", instead);
    }
    write_arguments(out, &arguments);
    if !command.subcommands.is_empty() {
        out.bulk(b"subcommands");
        out.map(command.subcommands.len());
        command.subcommands.iter().for_each(|sub| write_docs(out, sub, &sub_name(command, sub)));
    }
}

fn doc_flags(command: &Command) -> impl Iterator<Item = &'static str> + use<> {
    let flags = [(command.deprecated.is_some(), "deprecated"), (command.is_system, "syscmd")];
    flags.into_iter().filter_map(|(is_set, name)| is_set.then_some(name))
}

fn write_arguments(out: &mut dyn Reply, arguments: &[Argument]) {
    if !arguments.is_empty() {
        out.bulk(b"arguments");
        out.array(arguments.len());
        arguments.iter().for_each(|argument| write_argument(out, argument));
    }
}

fn write_argument(out: &mut dyn Reply, argument: &Argument) {
    let flags: Vec<_> = [
        ("optional", argument.optional),
        ("multiple", argument.multiple),
        ("multiple_token", argument.multiple_token),
    ]
    .into_iter()
    .filter_map(|(name, is_set)| is_set.then_some(name))
    .collect();
    let optional_fields =
        [argument.key_spec.is_some(), argument.token.is_some(), !flags.is_empty()];
    // A group has its arguments where others have a text to show.
    out.map(3 + optional_fields.into_iter().filter(|&is_there| is_there).count());
    write_text(out, "name", &argument.name);
    write_text(out, "type", argument.kind.name());
    if !argument.kind.is_group() {
        write_text(out, "display_text", &argument.name);
    }
    if let Some(spec) = argument.key_spec {
        write_number(out, "key_spec_index", spec as i64);
    }
    if let Some(token) = argument.token {
        write_text(out, "token", token);
    }
    if !flags.is_empty() {
        out.bulk(b"flags");
        write_statuses(out, flags.iter().copied());
    }
    write_arguments(out, &argument.arguments);
}

fn sub_name(container: &Command, subcommand: &Command) -> String {
    format!("{}|{}", container.name, subcommand.name)
}

fn write_text(out: &mut dyn Reply, name: &str, text: &str) {
    out.bulk(name.as_bytes());
    out.bulk(text.as_bytes());
}

fn write_number(out: &mut dyn Reply, name: &str, number: i64) {
    out.bulk(name.as_bytes());
    out.int(number);
}

fn write_bulks(out: &mut dyn Reply, texts: &[String]) {
    out.array(texts.len());
    texts.iter().for_each(|text| out.bulk(text.as_bytes()));
}

fn write_statuses<'a>(out: &mut dyn Reply, statuses: impl Iterator<Item = &'a str>) {
    let statuses: Vec<_> = statuses.collect();
    out.set(statuses.len());
    statuses.iter().for_each(|status| out.simple(status));
}
