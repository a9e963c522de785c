//! Where commands are typed at a terminal: keys, history and completion are rustyline's, what may be typed is ours.

use std::path::PathBuf;

use rustyline::completion::{Completer, Pair};
use rustyline::config::{Behavior, BellStyle, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};

use super::completion::Words;
use crate::persist::Home;

/// Lines that are remembered.
const REMEMBERED: usize = 500;

const PROMPT: &str = "(glassbox) ";

/// A terminal where commands are typed.
pub struct Prompt {
    editor: Editor<Words, DefaultHistory>,
    /// Where the history is kept, where there is such a place.
    kept: Option<PathBuf>,
}

impl Prompt {
    /// Prompt and keys go to the terminal itself: answers may go elsewhere.
    pub fn new() -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)?
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::None)
            .behavior(Behavior::PreferTerm)
            .build();
        let mut editor = Editor::with_config(config)?;
        let kept = Home::find().map(|home| home.history_path());
        if let Some(path) = &kept {
            // There may be none yet. One that can't be read is no reason to complain at the start.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, kept })
    }

    /// The next line; `None` at the end. A line that is given up with Ctrl-C is asked for again.
    pub fn read(&mut self, words: Words) -> Result<Option<String>, ReadlineError> {
        self.editor.set_helper(Some(words));
        loop {
            match self.editor.readline(PROMPT) {
                Ok(line) => {
                    self.keep();
                    return Ok(Some(line));
                }
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    fn keep(&mut self) {
        if let Some(path) = &self.kept {
            // A history that can't be kept is no reason to complain after every line.
            let _ = self.editor.append_history(path);
        }
    }
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (begin, found) = self.candidates(&line[..cursor]);
        let is_only = found.len() == 1;
        let pair = |word: String| {
            let space = if is_only && !word.ends_with(['(', '/']) { " " } else { "" };
            Pair { replacement: format!("{word}{space}"), display: word }
        };
        Ok((begin, found.into_iter().map(pair).collect()))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

#[cfg(test)]
mod tests {
    use rustyline::history::MemHistory;

    use super::super::words::COMMANDS;
    use super::*;

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

    #[test]
    fn what_is_complete_is_followed_by_a_space() {
        let words = Words { names: vec!["%1".to_owned(), "%10".to_owned(), "loss".to_owned()], ..Words::default() };
        let history = MemHistory::new();
        let offered = |line: &str| {
            let (begin, pairs) = words.complete(line, line.len(), &Context::new(&history)).unwrap();
            (begin, pairs.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(offered("rev"), (0, vec!["reverse ".to_owned()]));
        assert_eq!(offered("print %"), (6, vec!["%1".to_owned(), "%10".to_owned()]), "neither is the only one");
        assert_eq!(offered("print argm"), (6, vec!["argmax(".to_owned()]), "its argument stands right behind it");
        let (_, cut) = words.complete("rev loss", 3, &Context::new(&history)).unwrap();
        assert_eq!(cut[0].replacement, "reverse ", "only what stands before the cursor counts");
    }
}
