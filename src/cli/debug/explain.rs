//! One number explained in words, and as JSON that a script can evaluate.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::Said;
use super::values::{digits, json_number};
use crate::engine::Program;
use crate::trace::{Arithmetic, Element, Explanation, Judgement, Verdict};

/// Terms of a sum that are written, the largest first.
const TERMS: usize = 8;

/// Parts with a name of their own that are told.
const PARTS: usize = 8;

/// Numbers whose origin is told.
const ORIGINS: usize = 8;

pub fn said(program: &Program, explanation: &Explanation) -> Said {
    Said { text: text(program, explanation), json: tree(explanation) }
}

fn text(program: &Program, explanation: &Explanation) -> String {
    let Explanation { element, value, step, line, formula, words, arithmetic, verdict, .. } = explanation;
    let mut text = format!("{element} = {}   (step {step})\n{line}\n{formula}\n{words}", digits(*value));
    // Writing to a String does not fail.
    let mut add = |line: String| {
        let _ = write!(text, "\n{line}");
    };
    if explanation.instruction.is_some() {
        add(format!("  = {}", arithmetic.with_names(TERMS)));
        add(format!("  = {}", arithmetic.with_numbers(TERMS)));
        add(format!("  = {}", significant(arithmetic.evaluate())));
    }
    let Made { parts, read, .. } = Made::of(arithmetic);
    for (name, part) in parts.into_iter().take(PARTS) {
        let (names, numbers) = (part.with_names(TERMS), part.with_numbers(TERMS));
        add(format!("where {name} = {names}\n      = {numbers} = {}", significant(part.evaluate())));
    }
    for (element, value) in read.iter().take(ORIGINS) {
        add(format!("from {element} = {}   {}", digits(*value), origin(program, element)));
    }
    if read.len() > ORIGINS {
        add(format!("... and {} more numbers", read.len() - ORIGINS));
    }
    if let Some(verdict) = verdict {
        add(judgement(verdict));
    }
    text
}

/// What an arithmetic is made of; of long sums in the order of the terms that weigh most.
#[derive(Default)]
struct Made<'a> {
    /// One part of each name.
    parts: Vec<(&'static str, &'a Arithmetic)>,
    /// Numbers that are read, each once.
    read: Vec<(&'a Element, f64)>,
    known: HashSet<&'a Element>,
}

impl<'a> Made<'a> {
    fn of(arithmetic: &'a Arithmetic) -> Self {
        let mut made = Self::default();
        match arithmetic {
            Arithmetic::Named { part, .. } => made.walk(part),
            whole => made.walk(whole),
        }
        made
    }

    fn walk(&mut self, arithmetic: &'a Arithmetic) {
        match arithmetic {
            Arithmetic::Given { .. } => {}
            Arithmetic::Read { element, value } => {
                if self.known.insert(element) {
                    self.read.push((element, *value));
                }
            }
            Arithmetic::Sum(terms) => {
                let mut terms: Vec<_> = terms.iter().collect();
                if terms.len() > TERMS {
                    terms.sort_by_cached_key(|term| Reverse(term.evaluate().abs().to_bits()));
                }
                terms.into_iter().for_each(|term| self.walk(term));
            }
            Arithmetic::Product(inner) | Arithmetic::Call { arguments: inner, .. } => {
                inner.iter().for_each(|part| self.walk(part));
            }
            Arithmetic::Binary(_, inner) => inner.iter().for_each(|part| self.walk(part)),
            Arithmetic::Named { name, part } => {
                if !self.parts.iter().any(|(known, _)| known == name) {
                    self.parts.push((name, part));
                }
                self.walk(part);
            }
        }
    }
}

fn significant(value: f64) -> String {
    crate::trace::significant(value, 7)
}

/// The line that made it, or what it is.
fn origin(program: &Program, element: &Element) -> String {
    let Some(id) = program.find(&element.name) else { return String::new() };
    let made = program.instructions.iter().find(|instruction| instruction.outputs.contains(&id));
    let is_state = program.value(id).is_some_and(|value| value.role.is_state());
    match made {
        Some(instruction) if !is_state => program.line(instruction),
        _ if is_state => "from the previous step".to_owned(),
        _ => "from the data".to_owned(),
    }
}

fn judgement(verdict: &Verdict) -> String {
    let Verdict { nudge, difference, sides: [ahead, behind], judgement } = verdict;
    let found =
        format!("nudged by ±{}, the loss changes at a rate of {}", significant(*nudge), significant(*difference));
    match judgement {
        Judgement::Agrees => format!("check: agrees; {found}."),
        Judgement::Differs { by } => format!("check: differs by {}; {found}.", significant(*by)),
        Judgement::AtKink => format!(
            "check: the loss has a kink here: its slope is {} upwards and {} downwards, so there is no single \
                gradient.",
            significant(*ahead),
            significant(*behind)
        ),
    }
}

fn tree(explanation: &Explanation) -> Value {
    let Explanation { element, value, step, instruction, line, formula, words, arithmetic, verdict, is_gradient: _ } =
        explanation;
    let mut json = json!({
        "name": element.name,
        "index": element.index,
        "value": json_number(*value),
        "step": step,
        "instruction": instruction,
        "line": line,
        "formula": formula,
        "words": words,
        "evaluated": json_number(arithmetic.evaluate()),
        "absolute": json_number(arithmetic.absolute()),
        "arithmetic": node(arithmetic),
    });
    if let Some(Verdict { nudge, difference, sides, judgement }) = verdict {
        let (word, by) = match judgement {
            Judgement::Agrees => ("agrees", None),
            Judgement::Differs { by } => ("differs", Some(json_number(*by))),
            Judgement::AtKink => ("at a kink", None),
        };
        json["check"] = json!({
            "verdict": word,
            "by": by,
            "nudge": json_number(*nudge),
            "difference": json_number(*difference),
            "sides": sides.map(json_number),
        });
    }
    json
}

/// One object a part, with what it is as its first key.
fn node(arithmetic: &Arithmetic) -> Value {
    let all = |parts: &[Arithmetic]| parts.iter().map(node).collect::<Vec<_>>();
    match arithmetic {
        Arithmetic::Read { element, value } => {
            json!({ "read": element.name, "index": element.index, "value": json_number(*value) })
        }
        Arithmetic::Given { name, value } => json!({ "given": name, "value": json_number(*value) }),
        Arithmetic::Sum(parts) => json!({ "sum": all(parts) }),
        Arithmetic::Product(parts) => json!({ "product": all(parts) }),
        Arithmetic::Binary(operator, parts) => json!({ "operator": operator.symbol(), "of": all(&parts[..]) }),
        Arithmetic::Call { function, arguments } => json!({ "call": function.name(), "of": all(arguments) }),
        Arithmetic::Named { name, part } => json!({ "named": name, "part": node(part) }),
    }
}
