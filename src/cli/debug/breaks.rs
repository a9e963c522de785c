//! Breakpoints as they are typed and shown.

use serde_json::{Value, json};

use crate::engine::{Machine, Program};
use crate::expr;
use crate::model::{LayerId, slug};
use crate::trace::{At, Breakpoint, StepPhase, Turn};

/// `break at %4 if loss > 1`
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    pub log: bool,
    pub place: BreakAt,
    pub condition: Option<String>,
    /// What a log point says.
    pub message: Option<String>,
    pub turn: Option<Turn>,
}

/// Layers by the name that is typed: which one it is depends on the network.
#[derive(Clone, Debug, PartialEq)]
pub enum BreakAt {
    At(At),
    Layer(String),
}

/// A condition that can be read; whether its names mean something is asked later.
pub fn condition(text: &str) -> Result<String, String> {
    expr::parse_condition(text).map(|condition| condition.to_string()).map_err(|error| error.message)
}

/// What stands behind `break` or `log`: a text, a place, a condition, at which hits; each may be left out.
pub fn parse(word: &str, rest: &str, log: bool) -> Result<Break, String> {
    let (rest, turn) = turn(word, rest)?;
    let (message, rest) = message(word, rest, log)?;
    let text = message.is_some();
    if rest.is_empty() && !text {
        return Err(format!("'{word}' needs an expression or a location: {word} loss > 1, {word} at %4, {word} nan."));
    }
    let (kind, place) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if !matches!(kind, "at" | "layer" | "phase" | "nan") {
        let asked = rest.strip_prefix("if ").filter(|_| text).unwrap_or(rest).trim();
        let condition = if asked.is_empty() { None } else { Some(condition(asked)?) };
        return Ok(Break { log, place: BreakAt::At(At::Anywhere), condition, message, turn });
    }
    if place == "if" || place.ends_with(" if") {
        return Err(format!("'if' needs a condition: {word} at %4 if max(abs(%1)) > 1."));
    }
    let (place, asked) = match place.split_once(" if ") {
        Some((place, asked)) => (place.trim(), Some(condition(asked.trim())?)),
        None => (place.trim(), None),
    };
    let place = match (kind, place) {
        ("nan", "") if text => {
            return Err("'log nan' has its own message, with place and samples. It takes no text.".into());
        }
        ("nan", "") if asked.is_none() => BreakAt::At(At::NotFinite),
        ("nan", _) => return Err(format!("'{word} nan' takes nothing else. For a condition write {word} nan(%4).")),
        (_, "") => return Err(format!("'{word} {kind}' needs a name: {word} {kind} {}.", example(kind))),
        ("at", name) => BreakAt::At(At::Instruction(name.to_owned())),
        ("layer", name) => BreakAt::Layer(name.to_owned()),
        (_, name) => match StepPhase::named(name) {
            Some(phase) => BreakAt::At(At::Phase(phase)),
            None => {
                let all = StepPhase::ALL.map(StepPhase::word).join(", ");
                return Err(format!("There is no phase '{name}'. The phases are {all}."));
            }
        },
    };
    Ok(Break { log, place, condition: asked, message, turn })
}

/// What stands before `hit 3` or `every 3` at the end, and that.
fn turn<'a>(word: &str, rest: &'a str) -> Result<(&'a str, Option<Turn>), String> {
    let Some((before, number)) = rest.rsplit_once(char::is_whitespace) else { return Ok((rest, None)) };
    let before = before.trim_end();
    let (kind, make): (_, fn(u64) -> Turn) = match before.rsplit(char::is_whitespace).next() {
        Some(kind @ "hit") => (kind, Turn::Hit),
        Some(kind @ "every") => (kind, Turn::Every),
        _ => return Ok((rest, None)),
    };
    match number.parse() {
        Ok(count) if count > 0 => Ok((before[..before.len() - kind.len()].trim_end(), Some(make(count)))),
        _ => Err(format!("'{kind}' needs a whole number from 1: {word} loss > 1 {kind} 3.")),
    }
}

/// The text in quotes that a log point says, and what stands behind it.
fn message<'a>(word: &str, rest: &'a str, log: bool) -> Result<(Option<String>, &'a str), String> {
    let Some(inside) = rest.strip_prefix('"') else { return Ok((None, rest)) };
    let (text, behind) = inside.split_once('"').ok_or("The text of 'log' must end with a '\"'.")?;
    if !log {
        return Err(format!("'{word}' takes no text. To print one, write log \"{text}\"."));
    }
    let message = expr::parse_message(text).map_err(|error| error.message)?;
    if text.trim().is_empty() {
        return Err("The text is empty. Write for example log \"loss {loss}\".".into());
    }
    Ok((Some(message.to_string()), behind.trim()))
}

fn example(kind: &str) -> &'static str {
    match kind {
        "at" => "%4",
        "layer" => "dense_1",
        _ => "backward",
    }
}

impl Break {
    /// With its place in a program.
    pub fn laid(self, id: u32, program: &Program) -> Result<Breakpoint, String> {
        let at = match self.place {
            BreakAt::At(at) => at,
            BreakAt::Layer(name) => {
                let is_meant = |layer: LayerId, word: &str| {
                    program.layer_name(layer).is_some_and(|known| known == name) || word == name || word == slug(&name)
                };
                let found = program.layer_words().find(|(layer, word)| is_meant(*layer, word));
                let (layer, _) = found.ok_or_else(|| {
                    let all: Vec<_> = program.layer_words().map(|(_, word)| word).collect();
                    format!("There is no layer '{name}'. The layers are {}.", all.join(", "))
                })?;
                At::Layer(layer)
            }
        };
        let Self { log, message, turn, .. } = self;
        Ok(Breakpoint { log, message, turn, ..Breakpoint::new(id, at, self.condition) })
    }
}

/// Where and when, in words.
pub fn description(breakpoint: &Breakpoint, program: &Program) -> String {
    let place = match &breakpoint.at {
        At::Anywhere => "before the update of a step".to_owned(),
        At::Instruction(name) => format!("before the instruction that computes {name}"),
        At::Layer(layer) => {
            format!(
                "before layer {}",
                program.layer_names.get(layer).map_or_else(|| format!("{layer:?}"), |n| layer.word(n))
            )
        }
        At::Phase(phase) => format!("before the {} phase", phase.word()),
        At::NotFinite => "after the instruction that produces the first NaN or infinity".to_owned(),
    };
    let condition = breakpoint.condition.as_ref().map_or(String::new(), |condition| format!(" where {condition}"));
    let turn = match breakpoint.turn {
        Some(Turn::Hit(hit)) => format!(", only at hit {hit}"),
        Some(Turn::Every(count)) if count > 1 => format!(", every {count} hits"),
        _ => String::new(),
    };
    let log = match &breakpoint.message {
        _ if !breakpoint.log => String::new(),
        Some(message) => format!(", says \"{message}\""),
        None => ", only logged".to_owned(),
    };
    format!("{place}{condition}{turn}{log}")
}

/// What the breakpoint for the first NaN cannot see: what holds one already was made by no instruction to come.
pub fn held(breakpoint: &Breakpoint, machine: &Machine) -> Option<String> {
    if breakpoint.at != At::NotFinite {
        return None;
    }
    let mut state = machine.program().values.iter().filter(|value| value.role.is_state());
    let is_spoilt = |name: &str| {
        let read = machine.program().find(name).and_then(|id| machine.read_f64(id).ok());
        read.is_some_and(|(_, numbers)| numbers.iter().any(|number| !number.is_finite()))
    };
    let name = &state.find(|value| is_spoilt(&value.name))?.name;
    Some(format!(
        "{name} already contains NaN or infinity, so values computed from it don't stop here. Use 'break nan(loss)' \
            instead."
    ))
}

pub fn to_json(breakpoint: &Breakpoint, problem: Option<&str>) -> Value {
    json!({
        "number": breakpoint.id,
        "at": breakpoint.at,
        "condition": breakpoint.condition,
        "enabled": breakpoint.enabled,
        "log": breakpoint.log,
        "message": breakpoint.message,
        "turn": breakpoint.turn,
        "hits": breakpoint.hits,
        "problem": problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let read = |text: &str| parse("break", text, false).unwrap();
        let at = |at: At, condition: Option<&str>| Break {
            log: false,
            place: BreakAt::At(at),
            condition: condition.map(str::to_owned),
            message: None,
            turn: None,
        };
        let always = "loss > 2 * min(loss) for 3 steps";
        assert_eq!(read(always), at(At::Anywhere, Some(always)));
        assert_eq!(read("nan(%4)"), at(At::Anywhere, Some("nan(%4)")));
        assert_eq!(read("nan"), at(At::NotFinite, None));
        assert_eq!(read("at %4"), at(At::Instruction("%4".into()), None));
        assert_eq!(read("at d%4  if  step == 3"), at(At::Instruction("d%4".into()), Some("step == 3")));
        assert_eq!(read("phase backward"), at(At::Phase(StepPhase::Backward), None));
        assert_eq!(read("layer Dense 1 if loss > 1").place, BreakAt::Layer("Dense 1".into()));
        assert!(parse("log", "loss", true).unwrap().log);
        let turned = |turn| Break { turn: Some(turn), ..at(At::Instruction("%4".into()), Some("loss > 1")) };
        assert_eq!(read("at %4 if loss > 1 hit 3"), turned(Turn::Hit(3)));
        assert_eq!(read("at %4 if loss > 1  every  10"), turned(Turn::Every(10)));
    }

    #[test]
    fn a_log_point_says_a_text() {
        let read = |text: &str| parse("log", text, true).unwrap();
        let said = |at: At, condition: Option<&str>, turn| Break {
            log: true,
            place: BreakAt::At(at),
            condition: condition.map(str::to_owned),
            message: Some("loss {loss}, {{}} {norm(w)}".into()),
            turn,
        };
        let text = r#""loss {loss}, {{}} {norm( w )}""#;
        assert_eq!(read(text), said(At::Anywhere, None, None));
        assert_eq!(read(&format!("{text} every 100")), said(At::Anywhere, None, Some(Turn::Every(100))));
        assert_eq!(read(&format!("{text} loss > 1")), said(At::Anywhere, Some("loss > 1"), None));
        assert_eq!(read(&format!("{text} if loss > 1")), said(At::Anywhere, Some("loss > 1"), None));
        let backward = said(At::Phase(StepPhase::Backward), Some("loss > 1"), Some(Turn::Hit(2)));
        assert_eq!(read(&format!("{text} phase backward if loss > 1 hit 2")), backward);
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        for (text, words) in [
            ("", "needs an expression or a location"),
            ("at", "break at %4"),
            ("at %4 if", "'if' needs a condition"),
            ("phase sideways", "phases are load, forward"),
            ("nan %4", "break nan(%4)"),
            ("at %4 if loss >", "at the end"),
            ("loss > 1 for x steps", "how many steps"),
            ("loss > 1 hit 0", "'hit' needs a whole number"),
            ("\"loss\"", "takes no text"),
        ] {
            let said = parse("break", text, false).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
        for (text, words) in [
            ("\"loss {loss", "must end with a '\"'"),
            ("\"loss {loss\"", "'{' without a '}'"),
            ("\" \"", "The text is empty"),
            ("\"a\" nan", "takes no text"),
        ] {
            let said = parse("log", text, true).unwrap_err();
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
