//! The words that commands begin with, their short forms, and what may follow them: for reading, help and completion
//! alike.

use crate::expr;

/// First words of commands.
pub const COMMANDS: [&str; 41] = [
    "run", "continue", "step", "next", "finish", "batch", "until", "back", "reverse", "since", "goto", "mark", "marks",
    "unmark", "return", "list", "layers", "probe", "info", "print", "explain", "curve", "watch", "unwatch", "break",
    "log", "enable", "disable", "delete", "set", "scale", "clip", "reinit", "undo", "fork", "branches", "branch",
    "compare", "dump", "help", "quit",
];

/// Other words for some of them.
const ALIASES: [(&str, &str); 18] = [
    ("r", "run"),
    ("c", "continue"),
    ("s", "step"),
    ("n", "next"),
    ("f", "finish"),
    ("u", "until"),
    ("rc", "reverse"),
    ("g", "goto"),
    ("l", "list"),
    ("i", "info"),
    ("p", "print"),
    ("e", "explain"),
    ("b", "break"),
    ("d", "delete"),
    ("h", "help"),
    ("?", "help"),
    ("q", "quit"),
    ("exit", "quit"),
];

/// The command that a word stands for; any other word as it is.
pub fn in_full(word: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word, |(_, command)| *command)
}

/// Words that may follow a first one.
pub fn second_words(command: &str) -> &'static [&'static str] {
    match in_full(command) {
        "break" | "log" => &["at", "layer", "phase", "nan"],
        "back" => &["layer", "phase", "step"],
        "list" => &["all"],
        "info" => &["breakpoints"],
        "probe" => &["on", "here", "off"],
        "branch" => &["delete"],
        _ => &[],
    }
}

/// What is said of a word that begins no command.
pub fn unknown(word: &str) -> String {
    match expr::nearest(word, COMMANDS) {
        Some(meant) => format!("There is no command '{word}'; did you mean '{meant}'? 'help' lists the commands."),
        None => format!("There is no command '{word}'. 'help' lists the commands."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::parse;
    use super::super::help;
    use super::*;

    /// What is read is told of by `help`, and means the same.
    #[test]
    fn every_alias_is_its_command() {
        for (alias, command) in ALIASES {
            assert!(COMMANDS.contains(&command) && !COMMANDS.contains(&alias), "{alias}");
            for rest in ["", " 3", " loss > 1", " dense_1.weight[0, 1]"] {
                let read = parse(&format!("{alias}{rest}"));
                assert_eq!(read, parse(&format!("{command}{rest}")), "{alias}{rest}");
                assert!(!read.is_err_and(|why| why.contains("no command")), "{alias}{rest}");
            }
            let told = help::of(alias).unwrap();
            assert_eq!(told, help::of(command).unwrap());
            let forms = told.lines().map(|line| line.split("  ").next().unwrap());
            let mut words = forms.flat_map(|forms| forms.split(", ").map(|form| form.split(' ').next().unwrap()));
            assert!(words.any(|word| word == alias), "help does not name {alias}: {told}");
        }
        assert_eq!((second_words("b"), in_full("frobnicate")), (second_words("break"), "frobnicate"));
    }

    #[test]
    fn a_slip_is_answered_with_the_command_that_was_meant() {
        for (word, meant) in [("rnu", "run"), ("STEP", "step"), ("brake", "break"), ("revrese", "reverse")] {
            assert!(unknown(word).contains(&format!("did you mean '{meant}'?")), "{}", unknown(word));
        }
        assert!(unknown("frobnicate").contains("no command 'frobnicate'. 'help'"));
    }
}
