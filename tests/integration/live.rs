//! The live view in a real terminal. Not here: what it shows of which figures (`watch` tests that itself).

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::fleets::CPU_ONLY;
use super::runs::{Desk, fleet_of};

/// How long a screen may take to show what a test is after.
const PATIENCE: Duration = Duration::from_secs(60);

const ENDLESS: &str = "
workloads:
  ingest: { kind: ingest, in_flight: 8 }
  users: { kind: query, users: 2, think: 100ms, queries: { hosts: { weight: 1, sql: hosts.sql.j2, window: 1h } } }
phases:
  - { name: prove, once: users, load: { ingest: 100% } }
  - name: endless
    duration: forever
    load: { ingest: 100%, users: 100% }
    faults: [ { on: WriteRecords, throttle: 30% } ]
";

/// A terminal of its own, which ends with this value.
struct Terminal {
    name: String,
}

impl Terminal {
    /// Runs a shell's command in a terminal of 80 columns and 24 rows.
    fn start(name: &str, command: &str) -> Self {
        let terminal = Self { name: format!("tsrun-{name}-{}", std::process::id()) };
        terminal.tmux(&["new-session", "-d", "-x", "80", "-y", "24", command]);
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        // Neither the machine's configuration nor its CI is what is tested.
        command.args(["-f", "/dev/null", "-L", &self.name]).args(arguments).env_remove("CI");
        command.env_remove("NO_COLOR").output().expect("tmux is there")
    }

    /// What is on the screen, or with what has left it at the top; `-e` adds colours.
    fn text(&self, more: &[&str]) -> String {
        let output = self.tmux(&[&["capture-pane", "-p"], more].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The screen once it shows what is wanted.
    fn once(&self, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = self.text(&[]);
            if wanted(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "the screen does not come to what is wanted:\n{text}");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
#[ignore = "needs tmux: apt-get install tmux; .ci/run runs it"]
fn the_live_view_is_redrawn_in_place_and_leaves_a_clean_screen() {
    let desk = Desk::new(&fleet_of(&CPU_ONLY.replace("every: 10s", "every: 10s\n  batch: 20"), ENDLESS));
    desk.write(
        "queries/hosts.sql.j2",
        "SELECT COUNT(DISTINCT hostname) AS hosts FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n",
    );
    let (binary, scenario) = (env!("CARGO_BIN_EXE_tsrun"), desk.text("scenario.yaml"));
    let (data, out) = (desk.text("data"), desk.text("results"));
    let run = format!(
        "{binary} {scenario} -P scale=4000 --data-dir {data} --out {out} > {}; echo exit $?; cat",
        desk.text("summary")
    );
    let terminal = Terminal::start("live", &run);
    let screen = terminal.once(|text| {
        ["endless (2 of 2)", "until Ctrl-C", "throttled ", "hosts "].iter().all(|part| text.contains(part))
    });
    assert_eq!(screen.matches("endless (2 of 2)").count(), 1, "drawn in place:\n{screen}");
    assert!(screen.contains("prove over after "), "what is over stays above:\n{screen}");
    assert!(terminal.text(&["-e"]).contains("\x1b[31m"), "throttles are red");

    // A narrower window breaks the lines that are there; none of them stays behind.
    terminal.tmux(&["resize-window", "-x", "60", "-y", "20"]);
    let head = |line: &str| line.starts_with("query") && line.ends_with("p99");
    let narrow = terminal.once(|text| text.lines().any(|line| head(line) && line.len() <= 60));
    assert_eq!(narrow.matches("endless (2 of 2)").count(), 1, "drawn in place:\n{narrow}");
    terminal.tmux(&["resize-window", "-x", "100", "-y", "30"]);
    let wide = terminal.once(|text| text.lines().any(|line| head(line) && line.len() > 60));
    assert_eq!(wide.matches("endless (2 of 2)").count(), 1, "drawn in place:\n{wide}");

    terminal.tmux(&["send-keys", "C-c"]);
    let end = terminal.once(|text| text.contains("exit 130"));
    let all = terminal.text(&["-S", "-"]);
    assert!(all.contains("ending: what was begun is finished"), "{all}");
    for gone in ["endless (2 of 2)", "runner    ", "\nerrors "] {
        assert!(!all.contains(gone), "a clean screen:\n{all}");
    }
    assert!(end.contains("endless over after "), "{end}");
    let summary = std::fs::read_to_string(desk.path("summary")).expect("it is written");
    assert!(summary.contains("interrupted") && !summary.contains('\x1b'), "{summary}");
}

#[test]
#[ignore = "needs tmux: apt-get install tmux; .ci/run runs it"]
fn a_terminal_that_cannot_redraw_gets_plain_lines() {
    let desk = Desk::new(&fleet_of(
        CPU_ONLY,
        "workloads: { ingest: { kind: ingest } }\nphases: [ { name: history, backfill: 1m, until: 2026-01-31T12:00:00Z, load: { ingest: 100% } } ]\n",
    ));
    let (binary, scenario) = (env!("CARGO_BIN_EXE_tsrun"), desk.text("scenario.yaml"));
    let (data, out) = (desk.text("data"), desk.text("results"));
    let run = format!(
        "TERM=dumb {binary} {scenario} -P scale=400 --data-dir {data} --out {out} > /dev/null; echo exit $?; cat"
    );
    let screen = Terminal::start("dumb", &run).once(|text| text.contains("exit 0"));
    assert!(screen.contains("phase 1 of 1: history, until its history is written"), "{screen}");
}
