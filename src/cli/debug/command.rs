//! What may be typed, and what it means.

use super::breaks::{self, Break};
use super::words;
use crate::expr::{self, Expr, Index};
use crate::trainer::Granularity;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Until a breakpoint, the end of the run, or so many more steps.
    Run(Option<u64>),
    Forward(Granularity, u64),
    /// An instruction by what it computes, or by its number in the listing.
    Until(String),
    Back(Backwards, u64),
    Goto(u64),
    /// To a moment that has this name.
    GotoMark(String),
    Mark(Option<String>),
    Marks,
    Unmark(String),
    /// To where one was before the last way that led far.
    Return,
    /// To where a breakpoint or this held last.
    Reverse(Option<String>),
    /// To where this began to hold.
    Since(String),
    /// The whole program, or the lines around the next instruction.
    List {
        all: bool,
    },
    Layers,
    /// `None`: whether one is on.
    Probe(Option<Probing>),
    Info {
        only_breakpoints: bool,
    },
    Print(Expr),
    /// How an element of a value came about.
    Explain {
        name: String,
        index: Vec<Index>,
        /// Whether a gradient is to be checked by a nudge.
        check: bool,
    },
    /// A number over the steps so far.
    Curve(Expr),
    Watch(Expr),
    Unwatch(usize),
    /// An element or a part of a value, by name and indices, and its new numbers.
    Set {
        name: String,
        index: Vec<Index>,
        value: Expr,
    },
    /// All elements of a value, or the learning rate.
    SetAll {
        name: String,
        value: Expr,
    },
    Scale {
        name: String,
        by: Expr,
    },
    Clip {
        name: String,
        limit: Expr,
    },
    Reinitialise {
        name: String,
        seed: Option<u64>,
    },
    Break(Break),
    Enable(u32, bool),
    Delete(u32),
    Undo,
    Fork(Option<String>),
    Branches,
    Branch(String),
    DeleteBranch(String),
    Compare,
    /// A value with itself at another step or on another branch: `with BRANCH at STEP`.
    CompareValue {
        name: String,
        with: String,
    },
    Dump(String),
    /// All commands, or what begins with a word.
    Help(String),
    Quit,
}

/// Which samples values are shown of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probing {
    /// The first batch of the run.
    First,
    /// Those of the step in which one stands.
    Here,
    /// Each step's own.
    Off,
}

/// How far back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backwards {
    Instruction,
    Layer,
    Phase,
    Step,
}

/// Errors are sentences.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (word, rest) = (words::in_full(word), rest.trim());
    moving(word, rest)
        .or_else(|| looking(word, rest))
        .or_else(|| changing(word, rest))
        .unwrap_or_else(|| Err(words::unknown(word)))
}

type Parsed = Option<Result<Command, String>>;

fn alone(word: &str, rest: &str, command: Command) -> Result<Command, String> {
    if rest.is_empty() { Ok(command) } else { Err(format!("'{word}' takes no arguments, so '{rest}' has no meaning.")) }
}

fn moving(word: &str, rest: &str) -> Parsed {
    let forward = |unit: Granularity| Ok(Command::Forward(unit, count(word, rest)?.unwrap_or(1)));
    Some(match word {
        "run" | "continue" => count(word, rest).map(Command::Run),
        "step" => forward(Granularity::Instruction),
        "next" => forward(Granularity::Layer),
        "finish" => forward(Granularity::Phase),
        "batch" => forward(Granularity::Step),
        "until" => named(word, rest, "until %4").map(Command::Until),
        "back" => back(rest),
        "goto" => match rest.parse() {
            Ok(step) => Ok(Command::Goto(step)),
            Err(_) if rest.starts_with(|c: char| c.is_alphabetic()) => Ok(Command::GotoMark(rest.to_owned())),
            Err(_) => Err(format!("'goto' needs a step number or a bookmark: goto 20, not '{rest}'.")),
        },
        "mark" => Ok(Command::Mark(Some(rest.to_owned()).filter(|name| !name.is_empty()))),
        "marks" => alone(word, rest, Command::Marks),
        "unmark" => named(word, rest, "unmark before it broke").map(Command::Unmark),
        "return" => alone(word, rest, Command::Return),
        "reverse" if rest.is_empty() => Ok(Command::Reverse(None)),
        "reverse" => breaks::condition(rest).map(|text| Command::Reverse(Some(text))),
        "since" if rest.is_empty() => Err("'since' needs a condition: since max(abs(dense_1.weight)) > 10.".into()),
        "since" => breaks::condition(rest).map(Command::Since),
        "fork" => Ok(Command::Fork(Some(rest.to_owned()).filter(|name| !name.is_empty()))),
        "branches" => alone(word, rest, Command::Branches),
        "branch" => match rest.split_once(char::is_whitespace) {
            Some(("delete", name)) => Ok(Command::DeleteBranch(name.trim().to_owned())),
            _ => named(word, rest, "branch main").map(Command::Branch),
        },
        "compare" if rest.is_empty() => Ok(Command::Compare),
        "compare" => {
            let (name, with) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let (name, with) = (name.to_owned(), with.trim().to_owned());
            match with.split_whitespace().next() {
                Some("with" | "at") => Ok(Command::CompareValue { name, with }),
                _ => Err(format!(
                    "Usage: compare, compare {name} with main, compare {name} with main at 12, compare {name} at 12."
                )),
            }
        }
        "help" => Ok(Command::Help(rest.to_owned())),
        "quit" => alone(word, rest, Command::Quit),
        _ => return None,
    })
}

fn looking(word: &str, rest: &str) -> Parsed {
    Some(match word {
        "list" => match rest {
            "" => Ok(Command::List { all: false }),
            "all" => Ok(Command::List { all: true }),
            _ => Err(format!("Usage: list, or list all. Not '{rest}'.")),
        },
        "layers" => alone(word, rest, Command::Layers),
        "probe" => match rest {
            "" => Ok(Command::Probe(None)),
            "on" => Ok(Command::Probe(Some(Probing::First))),
            "here" => Ok(Command::Probe(Some(Probing::Here))),
            "off" => Ok(Command::Probe(Some(Probing::Off))),
            _ => Err(format!("Usage: probe on, probe here or probe off. Not '{rest}'.")),
        },
        "info" if matches!(rest, "breakpoints" | "b") => Ok(Command::Info { only_breakpoints: true }),
        "info" => alone(word, rest, Command::Info { only_breakpoints: false }),
        "print" => expression(word, rest).map(Command::Print),
        "explain" => explain(rest),
        "curve" => expression(word, rest).map(Command::Curve),
        "watch" => expression(word, rest).map(Command::Watch),
        "unwatch" => number(word, rest, "a watch").map(Command::Unwatch),
        "break" => breaks::parse(word, rest, false).map(Command::Break),
        "log" => breaks::parse(word, rest, true).map(Command::Break),
        "enable" => number(word, rest, "a breakpoint").map(|id| Command::Enable(id, true)),
        "disable" => number(word, rest, "a breakpoint").map(|id| Command::Enable(id, false)),
        "delete" => number(word, rest, "a breakpoint").map(Command::Delete),
        "dump" => named(word, rest, "dump step.safetensors").map(Command::Dump),
        _ => return None,
    })
}

fn changing(word: &str, rest: &str) -> Parsed {
    let pair = |form: &str| rest.split_once(char::is_whitespace).ok_or_else(|| format!("Usage: {form}."));
    Some(match word {
        "set" => set(rest),
        "scale" => pair("scale NAME BY").and_then(|(name, by)| {
            let (name, by) = (name.to_owned(), quantity(by)?);
            Ok(Command::Scale { name, by })
        }),
        "clip" => pair("clip NAME LIMIT").and_then(|(name, limit)| {
            let (name, limit) = (name.to_owned(), quantity(limit)?);
            Ok(Command::Clip { name, limit })
        }),
        "reinit" => {
            let (name, seed) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let seed = match seed.trim() {
                "" => Ok(None),
                seed => {
                    seed.parse().map(Some).map_err(|_| format!("A seed must be a whole number from 0, not '{seed}'."))
                }
            };
            let name = named(word, name, "reinit dense_1.weight");
            name.and_then(|name| Ok(Command::Reinitialise { name, seed: seed? }))
        }
        "undo" => alone(word, rest, Command::Undo),
        _ => return None,
    })
}

fn back(rest: &str) -> Result<Command, String> {
    let (unit, count_text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (unit, word) = match unit {
        "layer" => (Backwards::Layer, "back layer"),
        "phase" => (Backwards::Phase, "back phase"),
        "step" => (Backwards::Step, "back step"),
        _ => return Ok(Command::Back(Backwards::Instruction, count("back", rest)?.unwrap_or(1))),
    };
    Ok(Command::Back(unit, count(word, count_text.trim())?.unwrap_or(1)))
}

/// How often; `None` when nothing is said.
fn count(word: &str, rest: &str) -> Result<Option<u64>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    match rest.parse() {
        Ok(count) if count > 0 => Ok(Some(count)),
        _ => Err(format!("'{word}' takes a whole number from 1, not '{rest}'.")),
    }
}

fn number<N: std::str::FromStr>(word: &str, rest: &str, of: &str) -> Result<N, String> {
    rest.parse().map_err(|_| format!("'{word}' needs the number of {of}, not '{rest}'."))
}

fn named(word: &str, rest: &str, example: &str) -> Result<String, String> {
    match (rest, word) {
        ("", "dump") => Err(format!("'dump' needs a file: {example}.")),
        ("", _) => Err(format!("'{word}' needs a name: {example}.")),
        _ => Ok(rest.to_owned()),
    }
}

fn expression(word: &str, text: &str) -> Result<Expr, String> {
    if text.is_empty() {
        return Err(format!("'{word}' needs an expression: {word} max(abs(dense_1.weight))."));
    }
    expr::parse(text).map_err(|error| error.message)
}

fn explain(rest: &str) -> Result<Command, String> {
    let form = "Usage: explain NAME[i, j], or for gradients explain NAME[i, j] check.";
    let checked = rest.strip_suffix("check").filter(|place| place.ends_with([' ', ']']));
    let (name, index) = element(checked.unwrap_or(rest), form)?;
    Ok(Command::Explain { name, index, check: checked.is_some() })
}

fn element(text: &str, form: &str) -> Result<(String, Vec<Index>), String> {
    match expr::parse(text).map_err(|error| error.message)? {
        Expr::Element(name, index) => Ok((name, index.into_iter().map(|i| Index::At(i as i64)).collect())),
        Expr::Slice(name, index) => Ok((name, index)),
        Expr::Name(name) => Ok((name, Vec::new())),
        _ => Err(form.into()),
    }
}

/// An expression, or a number that may be `nan` or `inf`.
fn quantity(text: &str) -> Result<Expr, String> {
    match text.trim().parse::<f64>() {
        Ok(value) => Ok(Expr::Number(value)),
        Err(_) => expr::parse(text).map_err(|error| error.message),
    }
}

fn set(rest: &str) -> Result<Command, String> {
    let form = "Usage: set NAME[i, j] = NUMBER, or set NAME = NUMBER for all elements.";
    let (place, value) = rest.split_once('=').ok_or(form)?;
    let (name, index) = element(place, form)?;
    let value = quantity(value)?;
    if index.is_empty() { Ok(Command::SetAll { name, value }) } else { Ok(Command::Set { name, index, value }) }
}

/// The commands of a script, each with the line where it stands (from 1): lines, or parts between semicolons; `#`
/// begins a remark. In quotes both are text.
pub fn split(script: &str) -> Vec<(usize, String)> {
    let commands = script
        .lines()
        .zip(1..)
        .flat_map(|(line, number)| parts(line).into_iter().map(move |command| (number, command.trim().to_owned())));
    commands.filter(|(_, command)| !command.is_empty()).collect()
}

fn parts(line: &str) -> Vec<String> {
    let (mut all, mut command, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '#' if !quoted => break,
            ';' if !quoted => all.push(std::mem::take(&mut command)),
            _ => {
                quoted ^= c == '"';
                command.push(c);
            }
        }
    }
    all.push(command);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        assert_eq!(parse("run"), Ok(Command::Run(None)));
        assert_eq!(parse(" c 5 "), Ok(Command::Run(Some(5))));
        assert_eq!(parse("next 2"), Ok(Command::Forward(Granularity::Layer, 2)));
        assert_eq!(parse("until d%4"), Ok(Command::Until("d%4".into())));
        assert_eq!(parse("back"), Ok(Command::Back(Backwards::Instruction, 1)));
        assert_eq!(parse("back 4"), Ok(Command::Back(Backwards::Instruction, 4)));
        assert_eq!(parse("back step 3"), Ok(Command::Back(Backwards::Step, 3)));
        assert_eq!(parse("back layer"), Ok(Command::Back(Backwards::Layer, 1)));
        assert_eq!(parse("goto 0"), Ok(Command::Goto(0)));
        assert_eq!(parse("goto before it broke"), Ok(Command::GotoMark("before it broke".into())));
        assert_eq!((parse("mark"), parse("return")), (Ok(Command::Mark(None)), Ok(Command::Return)));
        assert_eq!(parse("reverse"), Ok(Command::Reverse(None)));
        assert_eq!(parse("reverse loss > 1"), Ok(Command::Reverse(Some("loss > 1".into()))));
        assert_eq!(parse("since loss > 1"), Ok(Command::Since("loss > 1".into())));
        assert_eq!(parse("info breakpoints"), Ok(Command::Info { only_breakpoints: true }));
        assert_eq!(parse("dump a b.safetensors"), Ok(Command::Dump("a b.safetensors".into())));
        let at = |index: [i64; 2]| index.map(Index::At).to_vec();
        let explained = |check| Ok(Command::Explain { name: "d%4".into(), index: at([0, 2]), check });
        assert_eq!(parse("explain d%4[0, 2]"), explained(false));
        assert_eq!(parse("explain d%4[0, 2] check"), explained(true));
        let last = Command::Explain { name: "t%1".into(), index: at([-1, 0]), check: false };
        assert_eq!(parse("explain t%1[-1, 0]"), Ok(last));
        let named = Command::Explain { name: "check".into(), index: Vec::new(), check: false };
        assert_eq!(parse("e check"), Ok(named));
        assert_eq!(parse("disable 3"), Ok(Command::Enable(3, false)));
        assert_eq!(parse("fork"), Ok(Command::Fork(None)));
        assert_eq!(parse("branch a b"), Ok(Command::Branch("a b".into())));
        assert_eq!(parse("branch delete a b"), Ok(Command::DeleteBranch("a b".into())));
        let commands = [(1, "goto 3"), (1, "step"), (3, "print x"), (4, "q")];
        assert_eq!(split("goto 3; step # there\n\nprint x #; quit\nq"), commands.map(|(line, c)| (line, c.to_owned())));
        let text = r#"log "a; b # {loss}""#;
        assert_eq!(split(&format!("{text}; step")), [(1, text.to_owned()), (1, "step".into())]);
    }

    #[test]
    fn changes_are_read() {
        let value = Expr::Number(-1.5);
        let gate = vec![Index::Named("f".into()), Index::Range(None, Some(2))];
        let set = Command::Set { name: "w".into(), index: gate, value: value.clone() };
        assert_eq!(parse("set w[f, :2] = -1.5"), Ok(set));
        let name = || "%4".to_owned();
        assert_eq!(
            parse("set %4[0,1]=-1.5"),
            Ok(Command::Set { name: name(), index: vec![Index::At(0), Index::At(1)], value: value.clone() })
        );
        assert_eq!(parse("set %4 = -1.5"), Ok(Command::SetAll { name: name(), value: value.clone() }));
        assert_eq!(parse("scale %4 -1.5"), Ok(Command::Scale { name: name(), by: value.clone() }));
        assert_eq!(parse("clip %4 -1.5"), Ok(Command::Clip { name: name(), limit: value }));
        assert_eq!(parse("reinit %4 7"), Ok(Command::Reinitialise { name: name(), seed: Some(7) }));
        assert_eq!(parse("reinit %4"), Ok(Command::Reinitialise { name: name(), seed: None }));
        assert!(matches!(parse("set w[0] = nan"), Ok(Command::Set { value: Expr::Number(v), .. }) if v.is_nan()));
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        for (line, words) in [
            ("", "no command ''"),
            ("rnu", "did you mean 'run'?"),
            ("STEP", "did you mean 'step'?"),
            ("brake", "did you mean 'break'?"),
            ("frobnicate", "no command 'frobnicate'. 'help'"),
            ("goto", "goto 20"),
            ("goto -1", "not '-1'"),
            ("step 0", "whole number from 1"),
            ("next x", "not 'x'"),
            ("back x", "not 'x'"),
            ("until", "needs a name"),
            ("reverse loss >", "at the end"),
            ("since", "needs a condition"),
            ("print", "needs an expression"),
            ("break 1 +", "found the end"),
            ("set w", "set NAME"),
            ("set w + 1 = 2", "set NAME"),
            ("set w[1 = 2", "']'"),
            ("scale w", "scale NAME BY"),
            ("reinit", "needs a name"),
            ("reinit w x", "not 'x'"),
            ("explain 1 + 2", "explain NAME"),
            ("delete x", "not 'x'"),
            ("enable", "not ''"),
            ("dump", "needs a file"),
            ("info 3", "takes no arguments"),
            ("compare x", "compare x with main"),
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.contains(words), "{line}: {said}");
        }
    }
}
