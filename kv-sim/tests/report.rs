//! The page that shows a failed run.

use kv_sim::model::Flaw;
use kv_sim::plan::Plan;
use kv_sim::{Failed, Options, report};
use std::path::Path;
use std::process::Command;

/// What a client sends must not be taken for a part of the page.
const PLAN: &str = r#"
servers = 2
clock_faults = [{ at_ms = 1, kind = { set = { by_ms = 5 } } }]

[[clients]]
steps = [{ requests = ["SET k1 v PX 20", "ECHO </script><b>"] }, { requests = ["APPEND k1 w", "PTTL k1"] }]

[[clients]]
steps = [{ wait_us = 3000, requests = ["PING"] }]
"#;

const COMMAND: &str = "cargo run -p kv-sim -- run --plan saved.toml";

fn failed() -> (Plan, Box<Failed>) {
    let plan = Plan::from_text(PLAN).expect("the plan is well-formed");
    let flaw = Some(Flaw::AppendPersists);
    let options = Options { verbose: true, flaw, ..Options::default() };
    let failed = kv_sim::run(&plan, options).expect_err("the model is wrong about APPEND");
    (plan, failed)
}

#[test]
fn the_page_has_the_plan_the_violation_and_all_events() {
    let (plan, failed) = failed();
    let page = report::page(&plan, &failed, COMMAND);
    let events = page.matches("\"time_us\":").count();
    assert_eq!(events, failed.summary.log.len());
    assert!(page.contains(COMMAND) && page.contains("clock set by 5 ms"));
    assert!(page.contains("wrong answer (replies)") && page.contains("PTTL k1"));
    for lane in ["client 0", "client 1", "server 0", "server 1"] {
        assert!(page.contains(&format!("\"{lane}\"")), "{lane}");
    }
    assert!(!page.contains("<b>") && !page.contains("src=") && !page.contains("href="));
}

/// What a browser makes of the page. `asked` is what stands behind the `#`.
fn shown(page: &str, asked: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("there is room");
    let path = folder.join("page.html");
    std::fs::write(&path, page).expect("there is room");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--dump-dom", &format!("file://{}#{asked}", path.display())])
        .output()
        .expect("chromium is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn marks(shown: &str) -> usize {
    shown.matches("<circle").count()
}

#[test]
#[ignore = "needs chromium"]
fn a_browser_shows_finds_and_magnifies_what_happened() {
    let (plan, failed) = failed();
    let page = report::page(&plan, &failed, COMMAND);
    let events = failed.summary.log.len();
    let all = shown(&page, "");
    assert_eq!(marks(&all), events);
    assert!(all.contains("id=\"mark-of-violation\"") && all.contains("class=\"band\""));
    let part = marks(&shown(&page, "from=0&to=2"));
    assert!(0 < part && part < events, "{part} of {events}");
    assert_eq!(marks(&shown(&page, "axis=time")), events);
    let found = shown(&page, "search=pttl");
    assert!(found.contains("data-matches=\"1\"") && found.contains(" dim"));
    assert!(shown(&page, "search=nosuch").contains("data-matches=\"0\""));
}
