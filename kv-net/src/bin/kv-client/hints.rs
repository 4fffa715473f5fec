//! What the command table knows of what is being typed.

use kv_core::args::{Args, Span};
use kv_core::command::{Command, syntax, table};
use kv_core::words::{self, UnbalancedQuotes};

/// How long a hint is at most, in bytes: `help` shows all of it.
const HINT_LEN_MAX: usize = 60;

/// A line's words, unquoted.
pub(crate) fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, UnbalancedQuotes> {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    words::split(line, &mut bytes, &mut spans)?;
    Ok(Args::new(&bytes, &spans).from(0).map(<[u8]>::to_vec).collect())
}

/// The row that the first words name, and how many words that takes.
fn find<T: AsRef<[u8]>>(words: &[T]) -> Option<(&'static Command, usize)> {
    let command = table::find(words.first()?.as_ref())?;
    let subcommand = words.get(1).and_then(|word| command.subcommand(word.as_ref()));
    Some(subcommand.map_or((command, 1), |subcommand| (subcommand, 2)))
}

/// Whether a request tells of a password, so that it should be written nowhere.
pub(crate) fn is_secret(words: &[Vec<u8>]) -> bool {
    let Some(is_secret) = find(words).and_then(|(row, _)| row.secrets) else { return false };
    let mut end = 0;
    let spans: Vec<Span> = words
        .iter()
        .map(|word| {
            end += word.len();
            Span::new(end - word.len(), word.len())
        })
        .collect();
    let bytes = words.concat();
    (0..words.len()).any(|at| is_secret(Args::new(&bytes, &spans), at))
}

/// What may follow the words of `line`.
pub(crate) fn hint(line: &str) -> Option<String> {
    let words = split(line.as_bytes()).ok()?;
    let (command, name_len) = find(&words)?;
    let mut rest = rest_of_syntax(&syntax::plain(command.syntax), words.len() - name_len);
    if rest.len() > HINT_LEN_MAX {
        let end = rest[..HINT_LEN_MAX].rfind(' ').unwrap_or(0);
        rest.replace_range(end.., " ...");
    }
    let gap = if line.ends_with(char::is_whitespace) { "" } else { " " };
    (!rest.is_empty()).then(|| format!("{gap}{rest}"))
}

/// A syntax without what the first `given` words stand for: each for the next word that must be
/// there. What may be left out stays.
fn rest_of_syntax(syntax: &str, given: usize) -> String {
    let items = items(syntax);
    let must_be = items.iter().take_while(|item| !item.starts_with('[')).count();
    items[given.min(must_be)..].join(" ")
}

/// The words of a syntax, and its groups in brackets.
fn items(syntax: &str) -> Vec<&str> {
    let (mut depth, mut items, mut start) = (0usize, Vec::new(), 0);
    for (at, char) in syntax.char_indices() {
        match char {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ' ' if depth == 0 => {
                items.push(&syntax[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&syntax[start..]);
    items.retain(|item| !item.is_empty());
    items
}

/// Where the last word of `line` begins, and what it may become, in its case.
pub(crate) fn complete(line: &str) -> (usize, Vec<String>) {
    let start = line.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
    let begun = &line[start..];
    let words: Vec<&str> = line[..start].split_whitespace().collect();
    let mut names: Vec<String> = candidates(&words)
        .into_iter()
        .filter(|name| name.len() >= begun.len() && name.is_char_boundary(begun.len()))
        .filter(|name| name[..begun.len()].eq_ignore_ascii_case(begun))
        .map(|name| in_case_of(begun, &name))
        .collect();
    names.sort_unstable();
    names.dedup();
    (start, names)
}

/// What may stand behind `words`.
fn candidates(words: &[&str]) -> Vec<String> {
    let names = |rows: &[&Command]| rows.iter().map(|row| row.name.to_owned()).collect();
    match words {
        [] => [names(table::all()), ["help", "quit", "clear"].map(str::to_owned).to_vec()].concat(),
        [help] if help.eq_ignore_ascii_case("help") => names(table::all()),
        words => match find(words) {
            Some((command, 1)) if words.len() == 1 && !command.subcommands.is_empty() => {
                names(&command.subcommands.iter().collect::<Vec<_>>())
            }
            Some((command, _)) => literals(command.syntax),
            None => Vec::new(),
        },
    }
}

/// The literal words of a syntax.
fn literals(syntax: &str) -> Vec<String> {
    let is_literal = |word: &&str| word.len() > 1 && word.starts_with(|c: char| c.is_uppercase());
    let words = syntax.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    words.filter(is_literal).map(str::to_owned).collect()
}

/// Lower case if something was begun in lower case, and upper case otherwise.
fn in_case_of(begun: &str, name: &str) -> String {
    if begun.contains(|c: char| c.is_lowercase()) {
        name.to_lowercase()
    } else {
        name.to_uppercase()
    }
}

/// What is known of the command or the subcommand that `words` name, or of everything without any.
pub(crate) fn help(words: &[Vec<u8>]) -> String {
    match (words, find(words)) {
        ([], _) => HELP.to_owned(),
        (_, Some((command, _))) => describe(command),
        (_, None) => {
            let name = String::from_utf8_lossy(&words[0]);
            format!("There is no command '{name}'; the Tab key shows the names of all.\n")
        }
    }
}

const HELP: &str = "\
Type a command of the server, such as SET key value. Quotes hold blanks together: \"two words\",
and \"\\x00\" is a byte. The Tab key completes names, and the arrow keys go back to earlier lines.

  help <command>   says what a command does
  clear            clears the screen
  quit             leaves, as Ctrl-D does; Ctrl-C stops waiting for a reply
";

fn describe(command: &'static Command) -> String {
    let name = command.full_name().replace('|', " ").to_uppercase();
    let title = format!("{name} {}", syntax::plain(command.syntax));
    let mut text = format!("\n  {}\n  {}\n", title.trim_end(), command.summary);
    text += &format!("  group: {}, since: {}\n", command.group.name(), command.since);
    for subcommand in command.subcommands {
        let name = subcommand.name.to_uppercase();
        text += &format!("    {name}: {}\n", subcommand.summary);
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_hint(line: &str, expected: &str) {
        assert_eq!(hint(line).unwrap_or_default(), expected, "{line:?}");
    }

    #[track_caller]
    fn check_completion(line: &str, start: usize, expected: &[&str]) {
        let (at, names) = complete(line);
        assert_eq!(at, start, "{line:?}");
        assert_eq!(names, expected, "{line:?}");
    }

    #[test]
    fn a_hint_is_what_the_command_still_takes() {
        check_hint("getrange", " key start end");
        check_hint("getrange ", "key start end");
        check_hint("GETRANGE a", " start end");
        check_hint("getrange a 1 2", "");
        check_hint("getrange a 1 2 3", "");
        check_hint("del a", " [key ...]");
        check_hint("del a b c", " [key ...]");
        check_hint("client no-touch", " ON|OFF");
        check_hint("nonsense a", "");
        check_hint("get \"a", "");
        check_hint("", "");
    }

    #[test]
    fn a_long_hint_is_cut_between_words() {
        let hint = hint("set").expect("it takes much");
        assert!(hint.len() <= HINT_LEN_MAX + 5, "{hint}");
        assert!(hint.starts_with(" key value [NX|XX") && hint.ends_with(" ..."), "{hint}");
    }

    #[test]
    fn a_name_is_completed_in_the_case_in_which_it_begins() {
        check_completion("getr", 0, &["getrange"]);
        check_completion("GETR", 0, &["GETRANGE"]);
        check_completion("hel", 0, &["hello", "help"]);
        check_completion("help getr", 5, &["getrange"]);
        check_completion("config re", 7, &["resetstat", "rewrite"]);
        check_completion("getrange k", 9, &[]);
        check_completion("getrang\u{e9}", 0, &[]);
        assert!(complete("").1.len() > table::all().len());
    }

    #[test]
    fn options_are_completed() {
        check_completion("set k v keep", 8, &["keepttl"]);
        check_completion("set k v N", 8, &["NX"]);
    }

    #[test]
    fn passwords_are_secret() {
        let is_secret = |line: &str| is_secret(&split(line.as_bytes()).expect("it is balanced"));
        assert!(is_secret("AUTH secret"));
        assert!(is_secret("config set requirepass secret"));
        assert!(!is_secret("config set timeout 1"));
        assert!(!is_secret("set auth secret"));
        assert!(!is_secret(""));
    }

    #[test]
    fn help_says_what_a_command_does() {
        let help = |line: &str| help(&split(line.as_bytes()).expect("it is balanced"));
        assert!(help("get").contains("GET key"));
        assert!(help("config get").starts_with("\n  CONFIG GET parameter"));
        assert!(help("client").contains("    KILL: "));
        assert!(help("").contains("Ctrl-D"));
        assert!(help("nonsense").contains("no command 'nonsense'"));
    }
}
