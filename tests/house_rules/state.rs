//! Who may write the session's state. That its fields cannot be reached from outside is the compiler's to hold.

use super::source::{Source, bracketed, words};

/// What changes a `State`: carrying out an action, taking what the threads tell, and the two ends of the program.
const WRITERS: &[&str] = &["apply", "poll", "set_waker", "close", "pose"];

/// Panels are measured on states that never came about.
const POSED: &[&str] = &["src/session/pose.rs", "src/gui/frame_times.rs"];

/// Public fields of `State`, and public methods of it that take `&mut self`, but for the writers.
pub fn written_by_others(source: &Source) -> Vec<String> {
    if source.module().first() != Some(&"session") {
        return Vec::new();
    }
    let code = &source.production;
    let mut found = Vec::new();
    for opening in ["struct State {", "impl State {"] {
        for (start, _) in code.match_indices(opening) {
            let body = bracketed(code, start + opening.len() - 1);
            for (at, _) in words(&code[body.clone()]).filter(|(_, word)| *word == "pub") {
                let at = body.start + at;
                let item = &code[at + "pub".len()..body.end];
                let name = words(item).find(|(_, word)| !matches!(*word, "fn" | "const")).map_or("", |(_, word)| word);
                let head = item.split([';', '{']).next().unwrap_or_default();
                let is_public = item.starts_with(' ');
                let is_field = opening.starts_with("struct");
                let writes = head.contains("&mut self") && !WRITERS.contains(&name);
                if is_public && (is_field || writes) {
                    let what = if is_field {
                        "a public field: read it in session/views.rs"
                    } else {
                        "writes: make it an `Action`"
                    };
                    found.push(source.at(at, format_args!("`{name}` of `State` {what}")));
                }
            }
        }
    }
    found
}

/// Posed states outside tests.
pub fn posed(source: &Source) -> Vec<String> {
    if POSED.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let code = &source.production;
    let calls = words(code).filter(|(at, word)| *word == "pose" && code[..*at].ends_with('.'));
    calls.map(|(at, _)| source.at(at, "`pose` makes a state for tests: push an `Action`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_other_than_apply_and_poll_are_found() {
        let found = |text: &str| written_by_others(&Source::new("src/session/a.rs", text)).len();
        assert_eq!(found("pub struct State { pub run: RunView, pub(super) works: Works }"), 1);
        assert_eq!(found("impl State { pub fn forget(&mut self) { self.run = RunView::default(); } }"), 1);
        let fine = "impl State { pub fn apply(&mut self, a: Action) {} pub fn run(&self) -> &RunView { &self.run }
            pub(super) fn sync(&mut self) {} fn own(&mut self) {} }  impl Runs { pub fn put(&mut self) {} }";
        assert_eq!(found(fine), 0);
    }

    #[test]
    fn states_are_staged_by_tests_only() {
        let found = |path: &str, text: &str| posed(&Source::new(path, text)).len();
        assert_eq!(found("src/gui/app.rs", "fn f() { self.state.pose().run.step = 3; }"), 1);
        assert_eq!(found("src/gui/app.rs", "#[cfg(test)]\nmod tests { fn f() { state.pose(); } }"), 0);
        assert_eq!(found("src/gui/frame_times.rs", "fn f() { state.pose(); }"), 0);
    }
}
