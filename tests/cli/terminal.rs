//! The debugger at a terminal: somebody sits there and types keys, which `script` makes a terminal for.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::{glassbox, text};

const PROMPT: &str = "(glassbox) ";

/// Nothing here takes a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program at a terminal of its own.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<String>,
    /// What was printed and not asked for yet.
    seen: String,
}

impl Terminal {
    fn debug(folder: &Path) -> Self {
        assert!(glassbox(folder, &["new", "xor", "-o", "xor.glassbox.json", "--force"]).status.success());
        let command = format!("{} debug xor.glassbox.json", env!("CARGO_BIN_EXE_glassbox"));
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(folder)
            .env("GLASSBOX_HOME", folder.join("home"))
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (keys, mut printed) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, screen) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = printed.read(&mut piece)
                && tell.send(text(&piece[..read])).is_ok()
            {}
        });
        Self { child, keys, screen, seen: String::new() }
    }

    /// Types once the prompt is there, and returns what was printed before it.
    fn types(&mut self, keys: &str) -> String {
        let before = self.waits_for(PROMPT);
        self.keys.write_all(keys.as_bytes()).unwrap();
        before
    }

    /// Everything up to a word, which must come.
    fn waits_for(&mut self, word: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(word) {
                let rest = self.seen.split_off(at + word.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(printed) => self.seen += &printed,
                Err(why) => {
                    let _ = self.child.kill();
                    panic!("{word:?} never came ({why}): {}", self.seen);
                }
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn lines_are_completed_repeated_and_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::debug(folder.path());
    terminal.types("got\t3\r");
    terminal.waits_for("After step 3 (");
    terminal.types("print dense_1.wei\t.g\t\r");
    terminal.waits_for("dense_1.weight.grad ");
    terminal.waits_for("shape [8, 2]");
    // A line given up is no command; the arrow brings back the last that was one, and an empty line repeats it.
    terminal.types("nonsense\x03");
    terminal.types("goto 5\r");
    let said = terminal.waits_for("After step 5 (");
    assert!(!said.contains("no command"), "{said}");
    terminal.types("goto 2\r");
    terminal.waits_for("After step 2 (");
    terminal.types("\x1b[A\x1b[A\r");
    terminal.waits_for("After step 5 (");
    terminal.types("goto 6\r");
    terminal.waits_for("After step 6 (");
    terminal.types("batch 1\r");
    terminal.waits_for("After step 7 (");
    terminal.types("\r");
    terminal.waits_for("After step 8 (");
    terminal.types("\x04");
    assert!(terminal.child.wait().unwrap().success());

    let mut again = Terminal::debug(folder.path());
    again.types("\x1b[A\x1b[A\r");
    again.waits_for("After step 6 (");
    again.types("quit\r");
    assert!(again.child.wait().unwrap().success(), "the history outlives the session");
}
