//! The line that is typed: editing, history and completion.

use std::fmt;
use std::path::PathBuf;

use dialoguer::theme::Theme;
use dialoguer::{BasicHistory, Completion, History, Input};

use super::help::{COMMANDS, second_words};
use crate::persist::Home;

/// What may stand where something is typed.
struct Words {
    /// Names of this program.
    names: Vec<String>,
}

impl Words {
    /// Where the last word begins, and how it may go on.
    fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '%');
        let begin = line.char_indices().rev().find(|(_, c)| !inside(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        let (before, word) = line.split_at(begin);
        let earlier: Vec<&str> = before.split_whitespace().collect();
        let mut found: Vec<String> = match earlier[..] {
            [] => starting(COMMANDS.iter().copied(), word),
            [command] => starting(second_words(command).iter().copied(), word),
            _ => Vec::new(),
        };
        // Nothing but commands begins a line; an empty word would list every name there is.
        if !earlier.is_empty() && !word.is_empty() {
            found.extend(starting(self.names.iter().map(String::as_str), word));
        }
        (begin, found)
    }
}

fn starting<'a>(words: impl Iterator<Item = &'a str>, with: &str) -> Vec<String> {
    words.filter(|known| known.starts_with(with)).map(str::to_owned).collect()
}

impl Completion for Words {
    /// As far as all that is possible agrees.
    fn get(&self, line: &str) -> Option<String> {
        let (begin, found) = self.candidates(line);
        let (first, others) = found.split_first()?;
        let agree = |other: &String| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
        let shared = others.iter().map(agree).min().unwrap_or(first.chars().count());
        let space = if others.is_empty() { " " } else { "" };
        Some(format!("{}{}{space}", &line[..begin], first.chars().take(shared).collect::<String>()))
    }
}

/// The prompt as it is, without a colon.
struct Plain;

impl Theme for Plain {
    fn format_input_prompt(&self, f: &mut dyn fmt::Write, prompt: &str, _: Option<&str>) -> fmt::Result {
        write!(f, "{prompt} ")
    }

    fn format_input_prompt_selection(&self, f: &mut dyn fmt::Write, prompt: &str, typed: &str) -> fmt::Result {
        write!(f, "{prompt} {typed}")
    }
}

/// Lines that are remembered.
const REMEMBERED: usize = 500;

/// A terminal where commands are typed.
pub struct Prompt {
    history: BasicHistory,
    /// Where it is kept, where there is such a place.
    kept: Option<PathBuf>,
}

impl Prompt {
    pub fn new() -> Self {
        let kept = Home::find().map(|home| home.history_path());
        let mut history = BasicHistory::new().max_entries(REMEMBERED).no_duplicates(true);
        let lines = kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        lines.lines().for_each(|line| history.write(&line.to_owned()));
        Self { history, kept }
    }

    /// The next line; `None` at the end. A line that is given up with Ctrl-C is asked for again.
    pub fn read(&mut self, names: Vec<String>) -> std::io::Result<Option<String>> {
        let words = Words { names };
        loop {
            let input = Input::with_theme(&Plain).with_prompt("(glassbox)").allow_empty(true);
            let typed: dialoguer::Result<String> =
                input.history_with(&mut self.history).completion_with(&words).interact_text();
            match typed {
                Ok(line) => return Ok(Some(line)),
                Err(dialoguer::Error::IO(error)) => match error.kind() {
                    std::io::ErrorKind::Interrupted => eprintln!(),
                    std::io::ErrorKind::UnexpectedEof => return Ok(None),
                    _ => return Err(error),
                },
            }
        }
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let lines = (0..REMEMBERED).map_while(|i| History::<String>::read(&self.history, i));
        let mut lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
        lines.reverse();
        if let Some(path) = &self.kept {
            // A history that cannot be kept is no reason to complain at the end.
            let _ = std::fs::write(path, lines.join("\n") + "\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_first_and_names_after_them() {
        let names = ["%1", "%10", "dense_1.weight", "dense_1.weight.grad", "loss"].map(str::to_owned).to_vec();
        let words = Words { names };
        let found = |line: &str| words.candidates(line);
        assert_eq!(found("rev"), (0, vec!["reverse".to_owned()]));
        assert_eq!(found("print dense_1.weight.g"), (6, vec!["dense_1.weight.grad".to_owned()]));
        assert_eq!(found("print max(abs(%1"), (14, vec!["%1".to_owned(), "%10".to_owned()]));
        assert_eq!(found("break l"), (6, vec!["layer".to_owned(), "loss".to_owned()]));
        assert_eq!(found("break phase "), (12, Vec::new()));
        assert_eq!(found("back "), (5, ["layer", "phase", "step"].map(str::to_owned).to_vec()));
        assert!(found("").1.len() == COMMANDS.len());
        assert_eq!(found("print é lo"), (9, vec!["loss".to_owned()]));
        let complete = |line: &str| words.get(line).unwrap();
        assert_eq!(complete("rev"), "reverse ");
        assert_eq!(complete("print d"), "print dense_1.weight");
        assert_eq!(complete("print dense_1.weight.g"), "print dense_1.weight.grad ");
        assert_eq!(words.get("print x"), None);
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
