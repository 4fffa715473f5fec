//! Panics as results.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// What the panics of this thread said, while they are caught.
    static CAUGHT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs `run`. The error is what a panic in it said, and where; nothing is printed.
pub(crate) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                usual(info);
            }
        }));
    });
    let outer = CAUGHT.replace(Some(Vec::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    let said = CAUGHT.replace(outer).unwrap_or_default();
    result.map_err(|_| said.first().map_or_else(|| "panicked without words".into(), String::clone))
}

/// Whether the panic is one that is caught.
fn note(info: &PanicHookInfo<'_>) -> bool {
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
    let payload = info.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no words");
    let text = format!("panicked at {}: {text}", place.unwrap_or_default());
    CAUGHT.with_borrow_mut(|caught| caught.as_mut().map(|caught| caught.push(text)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_result_that_says_what_and_where() {
        let text = catch(|| panic!("at the disco")).expect_err("it panics");
        assert!(text.contains("panics.rs:") && text.ends_with(": at the disco"), "{text}");
        assert_eq!(catch(|| 5), Ok(5));
    }
}
