//! How what is being typed may go on: commands, what may follow each, names, functions, files. Knows no terminal.

use std::path::Path;

use super::help;
use super::words::{COMMANDS, in_full, second_words};
use crate::expr::{Function, Reduction};
use crate::trace::StepPhase;

/// What there is to be named where something is typed.
#[derive(Default)]
pub struct Words {
    /// Of values of this program, and the few others that stand in expressions.
    pub names: Vec<String>,
    /// Of what was before the step, where something looks back.
    pub before: Vec<String>,
    pub layers: Vec<String>,
    pub branches: Vec<String>,
    pub bookmarks: Vec<String>,
    /// Of breakpoints and of watches.
    pub breakpoints: Vec<String>,
    pub watches: Vec<String>,
}

impl Words {
    /// Where that begins which is completed, and how it may go on.
    pub fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        let command = &line[last_command(line)..];
        let begun = command.trim_start();
        let place = |rest: &str| line.len() - rest.len();
        let Some((word, rest)) = begun.split_once(char::is_whitespace) else {
            return (place(begun), starting(COMMANDS, begun));
        };
        let (word, rest) = (in_full(word), rest.trim_start());
        let all = |known: &[String]| (place(rest), starting(known.iter().map(String::as_str), rest));
        match word {
            "dump" => (place(rest), files(rest)),
            "help" => (place(rest), starting(help::topics().chain(COMMANDS), rest)),
            "goto" | "unmark" => all(&self.bookmarks),
            "enable" | "disable" | "delete" => all(&self.breakpoints),
            "unwatch" => all(&self.watches),
            "branch" => match rest.strip_prefix("delete ") {
                Some(name) => (place(name), starting(self.branches.iter().map(String::as_str), name)),
                None => (place(rest), [starting(["delete"], rest), all(&self.branches).1].concat()),
            },
            _ => self.in_expression(line, word, rest),
        }
    }

    /// Where expressions may stand, and words that say where and when.
    fn in_expression(&self, line: &str, command: &str, rest: &str) -> (usize, Vec<String>) {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '%');
        let begin = line.char_indices().rev().find(|(_, c)| !inside(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        let word = &line[begin..];
        let earlier: Vec<&str> = rest[..rest.len() - word.len()].split_whitespace().collect();
        let stops = matches!(command, "break" | "log");
        let found = match earlier[..] {
            [.., "layer"] if stops => starting(self.layers.iter().map(String::as_str), word),
            [.., "phase"] if stops => starting(StepPhase::ALL.map(StepPhase::word), word),
            [.., "at"] if stops => starting(self.names.iter().map(String::as_str), word),
            [] => [starting(second_words(command).iter().copied(), word), self.values(command, word)].concat(),
            [..] if stops => [self.values(command, word), starting(["if", "for", "hit", "every"], word)].concat(),
            [..] => self.values(command, word),
        };
        (begin, found)
    }

    /// Names and, where a command takes more than a name, functions. An empty word would list all there are.
    fn values(&self, command: &str, word: &str) -> Vec<String> {
        if word.is_empty() || !takes_names(command) {
            return Vec::new();
        }
        let mut found = starting(self.names.iter().map(String::as_str), word);
        if matches!(command, "print" | "watch") {
            found.extend(starting(self.before.iter().map(String::as_str), word));
            found.sort();
        }
        if !matches!(command, "until" | "reinit") {
            let reductions = Reduction::ALL.map(Reduction::name).into_iter();
            let mut functions: Vec<_> = Function::ALL.map(Function::name).into_iter().chain(reductions).collect();
            functions.sort_unstable();
            functions.dedup();
            found.extend(starting(functions, word).into_iter().map(|name| name + "("));
        }
        found
    }
}

fn takes_names(command: &str) -> bool {
    [
        "print", "explain", "curve", "watch", "until", "reverse", "since", "break", "log", "set", "scale", "clip",
        "reinit", "compare",
    ]
    .contains(&command)
}

fn starting<'a>(words: impl IntoIterator<Item = &'a str>, with: &str) -> Vec<String> {
    words.into_iter().filter(|known| known.starts_with(with)).map(str::to_owned).collect()
}

/// Where the last command of a line begins; a `;` in quotes ends none.
fn last_command(line: &str) -> usize {
    let (mut begin, mut quoted) = (0, false);
    for (at, c) in line.char_indices() {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            begin = at + 1;
        }
    }
    begin
}

/// Files and folders that a path may become; those that begin with a dot only where one was typed.
fn files(typed: &str) -> Vec<String> {
    let (folder, name) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
    let Ok(entries) = std::fs::read_dir(Path::new(if folder.is_empty() { "." } else { folder })) else {
        return Vec::new();
    };
    let mut found: Vec<_> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let is_folder = entry.path().is_dir();
            let own = entry.file_name().into_string().ok()?;
            let fits = own.starts_with(name) && (name.starts_with('.') || !own.starts_with('.'));
            fits.then(|| format!("{folder}{own}{}", if is_folder { "/" } else { "" }))
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned<const N: usize>(words: [&str; N]) -> Vec<String> {
        words.map(str::to_owned).to_vec()
    }

    fn words() -> Words {
        Words {
            names: owned(["%1", "%10", "dense_1.weight", "dense_1.weight.grad", "loss"]),
            before: owned(["dense_1.weight.before"]),
            layers: owned(["dense_1", "dense_2", "relu_1"]),
            branches: owned(["main", "fork 1"]),
            bookmarks: owned(["before it broke"]),
            breakpoints: owned(["1", "2"]),
            watches: owned(["1"]),
        }
    }

    #[test]
    fn commands_come_first_and_names_after_them() {
        let words = words();
        let found = |line: &str| words.candidates(line);
        assert_eq!(found("rev"), (0, owned(["reverse"])));
        assert_eq!(found("watch dense_1.weight.b"), (6, owned(["dense_1.weight.before"])));
        assert_eq!(found("break dense_1.weight.b"), (6, Vec::new()));
        assert_eq!(found("print dense_1.weight.g"), (6, owned(["dense_1.weight.grad"])));
        assert_eq!(found("print max(abs(%1"), (14, owned(["%1", "%10"])));
        assert_eq!(found("break l"), (6, owned(["layer", "loss", "log("])));
        assert_eq!(found("back "), (5, owned(["layer", "phase", "step"])));
        assert_eq!(found("").1.len(), COMMANDS.len());
        assert_eq!(found("print é lo"), (9, owned(["loss", "log("])));
        assert_eq!(found("step; rev"), (6, owned(["reverse"])));
        assert_eq!(found("branches d"), (9, owned([])));
        assert_eq!(found("print d").1, ["dense_1.weight", "dense_1.weight.before", "dense_1.weight.grad"]);
        assert_eq!(found("print x").1, owned([]));
    }

    #[test]
    fn what_may_follow_a_command_is_known() {
        let words = words();
        for (line, offered) in [
            ("break phase ", vec!["load", "forward", "loss", "backward", "update"]),
            ("log phase b", vec!["backward"]),
            ("b layer de", vec!["dense_1", "dense_2"]),
            ("break at %1", vec!["%1", "%10"]),
            ("break at %1 i", vec!["inf(", "if"]),
            ("log \"loss; {nor", vec!["norm("]),
            ("print argm", vec!["argmax("]),
            ("reinit dense_1.weight.g", vec!["dense_1.weight.grad"]),
            ("branch ", vec!["delete", "main", "fork 1"]),
            ("branch delete fo", vec!["fork 1"]),
            ("goto be", vec!["before it broke"]),
            ("delete ", vec!["1", "2"]),
            ("unwatch ", vec!["1"]),
            ("help ex", vec!["expressions", "explain"]),
            ("help stopp", vec!["stopping"]),
        ] {
            assert_eq!(words.candidates(line).1, offered, "{line}");
        }
    }

    #[test]
    fn files_are_completed_folder_by_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("steps")).unwrap();
        for name in ["step 5.safetensors", ".hidden", "other"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let at = |name: &str| format!("dump {}/{name}", folder.path().display());
        let words = words();
        assert_eq!(words.candidates(&at("st")).1.len(), 2);
        assert_eq!(words.candidates(&at("steps")).1, [at("steps/")["dump ".len()..].to_owned()]);
        assert_eq!(words.candidates(&at("step ")).1, [at("step 5.safetensors")["dump ".len()..].to_owned()]);
        assert_eq!(words.candidates(&at("")).1.len(), 3, "what is hidden is not offered");
        assert_eq!(words.candidates(&at("nothing/here")).1, Vec::<String>::new());
    }
}
