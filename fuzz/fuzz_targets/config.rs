//! Configuration files: no text does harm, and what is rewritten gives the settings.
//!
//! The input is three texts with zero bytes between: a file, what else gives settings, and the
//! settings that CONFIG SET changes.
#![no_main]

use kv_core::config::{Config, Directive, Id, LoadError, Loader, Step, find, ids, parse, rewrite};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut texts = data.splitn(3, |&byte| byte == 0);
    let mut next = || texts.next().unwrap_or_default();
    let (file, other, changes) = (next(), next(), next());
    let _ = rewrite(file, &Config::default(), &[]);

    let Ok(other) = parse("other", other) else { return };
    let other: Vec<Directive> = other.into_iter().filter(|line| line.name != "include").collect();
    let overridden: Vec<Id> = other.iter().filter_map(|line| find(line.name.as_bytes())).collect();
    let Ok(config) = load(file, &other) else { return };
    for change in parse("changes", changes).unwrap_or_default() {
        if let Some(id) = find(change.name.as_bytes()) {
            let _ = config.set(id, &change.args.join(&b' '));
        }
    }

    let new = rewrite(file, &config, &overridden);
    let loaded = load(&new, &other).expect("what is rewritten can be read");
    for id in ids() {
        assert_eq!(loaded.text(id), config.text(id), "{}", id.parameter().name);
    }
    assert_eq!(rewrite(&new, &config, &overridden), new, "the second time");
});

/// The settings of a file that comes after others and includes them.
fn load(file: &[u8], other: &[Directive]) -> Result<Config, LoadError> {
    let mut loader = Loader::default();
    for line in other {
        let _ = loader.apply(line)?;
    }
    for line in parse("file", file)? {
        if let Step::Include(_) = loader.apply(&line)? {
            for line in other {
                let _ = loader.apply(line)?;
            }
        }
    }
    Ok(loader.finish())
}
