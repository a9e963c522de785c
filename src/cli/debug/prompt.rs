//! Where commands are typed: the terminal and the history.

use std::io::ErrorKind;
use std::path::PathBuf;

use console::{Term, measure_text_width};

use super::completion::Words;
use super::line::{Line, Press};
use crate::persist::Home;

/// Lines that were typed before, the latest last.
#[derive(Default)]
struct History {
    lines: Vec<String>,
    /// Which of them is shown, and what was typed before it was asked for: only lines that begin with it are shown.
    shown: Option<(usize, String)>,
}

impl History {
    fn add(&mut self, line: &str) {
        let line = line.trim();
        if !line.is_empty() {
            self.lines.retain(|known| known != line);
            self.lines.push(line.to_owned());
        }
        self.shown = None;
    }

    fn earlier(&mut self, typed: &str) -> Option<&str> {
        let (at, beginning) = self.shown.take().unwrap_or_else(|| (self.lines.len(), typed.to_owned()));
        let found = self.lines[..at].iter().rposition(|line| line.starts_with(&beginning));
        let at = found.unwrap_or(at);
        self.shown = Some((at, beginning));
        self.lines.get(at).map(String::as_str)
    }

    /// At the end of them what had been typed comes back.
    fn later(&mut self) -> Option<String> {
        let (at, beginning) = self.shown.take()?;
        let found = self.lines.iter().enumerate().skip(at + 1).find(|(_, line)| line.starts_with(&beginning));
        match found {
            Some((at, line)) => {
                self.shown = Some((at, beginning));
                Some(line.clone())
            }
            None => Some(beginning),
        }
    }
}

/// Lines that are remembered.
const REMEMBERED: usize = 500;

const PROMPT: &str = "(glassbox) ";

/// A terminal where commands are typed.
pub struct Prompt {
    terminal: Term,
    history: History,
    /// Where it is kept, where there is such a place.
    kept: Option<PathBuf>,
}

impl Prompt {
    /// `None` where nobody sits: neither answers nor remarks go to a terminal.
    pub fn new() -> Option<Self> {
        let terminal = [Term::stderr(), Term::stdout()].into_iter().find(Term::is_term)?;
        let kept = Home::find().map(|home| home.history_path());
        let lines = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let mut history = History::default();
        lines.lines().for_each(|line| history.add(line));
        Some(Self { terminal, history, kept })
    }

    /// The next line; `None` at the end. A line that is given up with Ctrl-C is asked for again.
    pub fn read(&mut self, words: &Words) -> std::io::Result<Option<String>> {
        let mut line = Line::default();
        loop {
            self.draw(&line)?;
            let pressed = match self.terminal.read_key_raw() {
                Ok(key) => line.press(key),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Press::End,
                Err(error) => return Err(error),
            };
            match pressed {
                Press::Edited => self.history.shown = None,
                Press::Earlier => {
                    let found = self.history.earlier(&line.text()).map(str::to_owned);
                    found.iter().for_each(|found| line.replace(found));
                }
                Press::Later => self.history.later().iter().for_each(|found| line.replace(found)),
                Press::ClearScreen => self.terminal.clear_screen()?,
                Press::Complete => {
                    let (further, listed) = words.complete(&line.before());
                    line.replace_before(&further);
                    if !listed.is_empty() {
                        self.terminal.write_line(&format!("\n{}", listed.join("  ")))?;
                    }
                }
                Press::Done => {
                    self.terminal.write_line("")?;
                    self.history.add(&line.text());
                    return Ok(Some(line.text()));
                }
                Press::GivenUp => {
                    self.terminal.write_line("^C")?;
                    line = Line::default();
                }
                Press::End => {
                    self.terminal.write_line("")?;
                    return Ok(None);
                }
            }
        }
    }

    fn draw(&self, line: &Line) -> std::io::Result<()> {
        let columns = usize::from(self.terminal.size().1).saturating_sub(PROMPT.len() + 1);
        let (shown, cursor) = line.window(columns);
        let behind: String = shown.chars().skip(cursor).collect();
        self.terminal.clear_line()?;
        self.terminal.write_str(&format!("{PROMPT}{shown}"))?;
        self.terminal.move_cursor_left(measure_text_width(&behind))
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let lines = &self.history.lines;
        if let Some(path) = &self.kept {
            // A history that cannot be kept is no reason to complain at the end.
            let _ = std::fs::write(path, lines[lines.len().saturating_sub(REMEMBERED)..].join("\n") + "\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::COMMANDS;
    use super::*;

    #[test]
    fn lines_that_were_typed_come_back_by_their_beginning() {
        let mut history = History::default();
        ["goto 3", "print loss", " ", "goto 5", "goto 3"].iter().for_each(|line| history.add(line));
        assert_eq!(history.lines, ["print loss", "goto 5", "goto 3"]);
        assert_eq!(history.earlier("g"), Some("goto 3"));
        assert_eq!(history.earlier("goto 3"), Some("goto 5"));
        assert_eq!(history.earlier("goto 5"), Some("goto 5"), "there is none before");
        assert_eq!(history.later().as_deref(), Some("goto 3"));
        assert_eq!((history.later().as_deref(), history.later()), (Some("g"), None));
        history.shown = None;
        assert_eq!(history.earlier("step"), None);
        assert_eq!(history.later().as_deref(), Some("step"));
        assert_eq!(
            [history.earlier("").map(str::to_owned), history.earlier("").map(str::to_owned)],
            [Some("goto 3".into()), Some("goto 5".into())]
        );
    }

    /// Whatever is offered is understood, and `help` tells of it.
    #[test]
    fn every_command_is_one() {
        for command in COMMANDS {
            let said = super::super::command::parse(command);
            assert!(!matches!(&said, Err(why) if why.contains("no command")), "{command}: {said:?}");
            let first = command.split(' ').next().unwrap();
            assert!(super::super::help::HELP.contains(first), "{command}");
        }
    }
}
