//! What may be typed, and what it means.

use crate::expr::{self, Expr};
use crate::trainer::Unit;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Until a breakpoint, the end of the run, or so many more steps.
    Run(Option<u64>),
    Forward(Unit, u64),
    Back(u64),
    BackStep(u64),
    Goto(u64),
    /// The whole program, or the lines around the next instruction.
    List {
        all: bool,
    },
    Info,
    Print(Expr),
    /// How an element of a value came about.
    Explain {
        name: String,
        index: Vec<usize>,
        /// Whether a gradient is to be checked by a nudge.
        check: bool,
    },
    /// An element of a value, by name and indices, and its new number.
    Set {
        name: String,
        index: Vec<usize>,
        value: Expr,
    },
    Break(Expr),
    Delete(u32),
    Undo,
    Dump(String),
    Help,
    Quit,
}

pub const HELP: &str = "\
run [N], continue, c     until a breakpoint or the end of the run; N: at most so many more steps
step [N], s              one instruction
next [N], n              the instructions of one layer
finish [N], f            the rest of the phase (load, forward, loss, backward, update)
batch [N]                the rest of the training step
back [N]                 one instruction backwards
back step [N]            to the beginning of the training step
goto N, g                just after the update of step N, forwards or backwards
list [all], l            the program around here, or all of it
info, i                  where the run stands, breakpoints, changes, checkpoints
print EXPR, p            a value: print dense_1.weight, print max(abs(dense_1.weight.grad)), print %1[0, 2]
explain NAME[i, j], e    how one number came about: formula, the same with its numbers, where each came from; with 'check' behind
                         it a gradient is compared with what a small nudge does to the loss
set NAME[i, j] = EXPR    changes an element; going back and forth makes the change again
undo                     takes the last change back and stands where it was made
break EXPR, b            stops before the update of a step where it holds: break loss > 1 or nan(%4)
delete N                 removes a breakpoint
dump FILE                writes everything of the step just completed (*.safetensors)
help, h    quit, q

Names are those of the listing; a layer's (relu_1) means what leaves it, and NAME.grad the gradient of any of them.
step, epoch and learning_rate are names too. Functions: exp log sqrt abs sin cos tan tanh sigmoid relu softplus erf gelu silu
sign step min max pow; of a whole tensor: max min mean sum norm nan inf. Comparisons, and, or, not. Steps count from 1.";

/// Errors are sentences.
pub fn parse(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let alone = |command: Command| {
        if rest.is_empty() {
            Ok(command)
        } else {
            Err(format!("'{word}' stands alone; '{rest}' has no meaning there."))
        }
    };
    let forward = |unit: Unit| Ok(Command::Forward(unit, count(word, rest)?.unwrap_or(1)));
    match word {
        "run" | "r" | "continue" | "c" => Ok(Command::Run(count(word, rest)?)),
        "step" | "s" => forward(Unit::Instruction),
        "next" | "n" => forward(Unit::Layer),
        "finish" | "f" => forward(Unit::Phase),
        "batch" => forward(Unit::Step),
        "back" => match rest.strip_prefix("step") {
            Some(rest) => Ok(Command::BackStep(count("back step", rest.trim())?.unwrap_or(1))),
            None => Ok(Command::Back(count(word, rest)?.unwrap_or(1))),
        },
        "goto" | "g" => {
            let step = rest.parse().map_err(|_| format!("'goto' needs the number of a step: goto 20, not '{rest}'."));
            Ok(Command::Goto(step?))
        }
        "list" | "l" => match rest {
            "" => Ok(Command::List { all: false }),
            "all" => Ok(Command::List { all: true }),
            _ => Err(format!("'list' shows what is around here and 'list all' everything; not '{rest}'.")),
        },
        "info" | "i" => alone(Command::Info),
        "print" | "p" => Ok(Command::Print(expression(word, rest)?)),
        "explain" | "e" => explain(rest),
        "set" => set(rest),
        "break" | "b" => Ok(Command::Break(expression(word, rest)?)),
        "delete" | "d" => {
            let number = rest.parse().map_err(|_| format!("'delete' needs the number of a breakpoint, not '{rest}'."));
            Ok(Command::Delete(number?))
        }
        "undo" => alone(Command::Undo),
        "dump" if rest.is_empty() => Err("'dump' needs a file: dump step.safetensors.".into()),
        "dump" => Ok(Command::Dump(rest.to_owned())),
        "help" | "h" | "?" => Ok(Command::Help),
        "quit" | "q" | "exit" => alone(Command::Quit),
        _ => Err(format!("There is no command '{word}'; 'help' shows what there is.")),
    }
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

fn expression(word: &str, text: &str) -> Result<Expr, String> {
    if text.is_empty() {
        return Err(format!("'{word}' needs an expression: {word} max(abs(dense_1.weight)) > 10."));
    }
    expr::parse(text).map_err(|error| error.message)
}

fn explain(rest: &str) -> Result<Command, String> {
    let form = "'explain' is written: explain NAME[i, j], and for gradients explain NAME[i, j] check.";
    let checked = rest.strip_suffix("check").filter(|place| place.ends_with([' ', ']']));
    let (name, index) = element(checked.unwrap_or(rest), form)?;
    Ok(Command::Explain { name, index, check: checked.is_some() })
}

fn element(text: &str, form: &str) -> Result<(String, Vec<usize>), String> {
    match expr::parse(text).map_err(|error| error.message)? {
        Expr::Element(name, index) => Ok((name, index)),
        Expr::Name(name) => Ok((name, Vec::new())),
        _ => Err(form.into()),
    }
}

fn set(rest: &str) -> Result<Command, String> {
    let form = "'set' is written: set NAME[i, j] = NUMBER.";
    let (place, value) = rest.split_once('=').ok_or(form)?;
    let (name, index) = element(place, form)?;
    let value = match value.trim().parse::<f64>() {
        Ok(value) => Expr::Number(value),
        Err(_) => expr::parse(value).map_err(|error| error.message)?,
    };
    Ok(Command::Set { name, index, value })
}

/// The commands of a script: lines, or parts between semicolons; `#` begins a remark.
pub fn split(script: &str) -> Vec<String> {
    let lines = script.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split(';')).map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        assert_eq!(parse("run"), Ok(Command::Run(None)));
        assert_eq!(parse(" c 5 "), Ok(Command::Run(Some(5))));
        assert_eq!(parse("next 2"), Ok(Command::Forward(Unit::Layer, 2)));
        assert_eq!(parse("back"), Ok(Command::Back(1)));
        assert_eq!(parse("back step 3"), Ok(Command::BackStep(3)));
        assert_eq!(parse("goto 0"), Ok(Command::Goto(0)));
        assert_eq!(parse("dump a b.safetensors"), Ok(Command::Dump("a b.safetensors".into())));
        let explained = |check| Ok(Command::Explain { name: "d%4".into(), index: vec![0, 2], check });
        assert_eq!(parse("explain d%4[0, 2]"), explained(false));
        assert_eq!(parse("explain d%4[0, 2] check"), explained(true));
        let named = Command::Explain { name: "check".into(), index: Vec::new(), check: false };
        assert_eq!(parse("e check"), Ok(named));
        let value = Expr::Number(-1.5);
        assert_eq!(parse("set %4[0,1]=-1.5"), Ok(Command::Set { name: "%4".into(), index: vec![0, 1], value }));
        assert!(matches!(parse("set w[0] = nan"), Ok(Command::Set { value: Expr::Number(v), .. }) if v.is_nan()));
        assert_eq!(split("goto 3; # there\n\nprint x #; quit\nq"), ["goto 3", "print x", "q"]);
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        for (line, words) in [
            ("", "no command ''"),
            ("rnu", "no command 'rnu'"),
            ("goto", "goto 20"),
            ("goto -1", "not '-1'"),
            ("step 0", "whole number from 1"),
            ("next x", "not 'x'"),
            ("print", "needs an expression"),
            ("break 1 +", "found the end"),
            ("set w", "set NAME"),
            ("set w + 1 = 2", "set NAME"),
            ("set w[1 = 2", "']'"),
            ("explain 1 + 2", "explain NAME"),
            ("delete x", "not 'x'"),
            ("dump", "needs a file"),
            ("info 3", "stands alone"),
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.contains(words), "{line}: {said}");
        }
    }
}
