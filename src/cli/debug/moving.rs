//! Forwards and backwards on command.

use serde_json::json;

use super::Said;
use super::command::Backwards;
use super::obey::{Console, sentence};
use crate::trainer::{Advance, Held, Hit, Moment, Reversed, Unit};

/// Said when the person has broken it off.
const INTERRUPTED: &str = "Interrupted.";

impl Console {
    /// The place, after what led to it.
    fn arrived(&mut self, before: Option<&str>, messages: Vec<String>) -> Said {
        let mut said = self.place();
        let lines: Vec<_> = messages.iter().map(String::as_str).chain(before).collect();
        if !lines.is_empty() {
            said.text = format!("{}\n{}", lines.join("\n"), said.text);
        }
        if !messages.is_empty() {
            said.json["messages"] = json!(messages);
        }
        said
    }

    fn stopped_at(&mut self, hits: &[Hit], messages: Vec<String>) -> Said {
        let mut lines = Vec::new();
        for hit in hits {
            let breakpoint = self.debugger().breakpoints().iter().find(|b| b.id == hit.breakpoint);
            let count = breakpoint.map_or(String::new(), |b| format!(" (hit {})", b.hits));
            let off = if hit.broken { " It is switched off." } else { "" };
            lines.push(match hit.breakpoint {
                0 => hit.why.clone(),
                number => format!("Breakpoint {number}: {}{count}{off}", hit.why),
            });
        }
        let mut said = self.arrived(Some(&lines.join("\n")), messages);
        if let Some(first) = hits.iter().find(|hit| hit.breakpoint > 0) {
            said.json["breakpoint"] = json!(first.breakpoint);
        }
        if let Some(found) = hits.iter().find_map(|hit| hit.not_finite.as_ref()) {
            said.json["not_finite"] = json!({
                "step": found.step, "instruction": found.instruction, "line": found.line, "samples": found.samples,
            });
        }
        said
    }

    /// One advance, noted; what only logs is put to the messages.
    fn went(&mut self, advance: &Advance, messages: &mut Vec<String>) {
        let branch = self.branch_mut();
        branch.note(advance);
        messages.extend(branch.debugger.take_messages());
    }

    pub(super) fn run(&mut self, steps: Option<u64>) -> Result<Said, String> {
        let goes_on = self.going_on();
        let last = steps.map(|steps| self.debugger().machine().step().saturating_add(steps));
        let mut messages = Vec::new();
        if !self.debugger_mut().prepare(&mut |_| goes_on()).map_err(sentence)? {
            return Ok(self.arrived(Some(INTERRUPTED), messages));
        }
        while last.is_none_or(|last| self.debugger().machine().step() < last) {
            if let Some(end) = self.debugger().end() {
                let end = end.to_string();
                let mut said = self.arrived(Some(&end), messages);
                said.json["end"] = json!(end);
                return Ok(said);
            }
            let advance = self.debugger_mut().run_free().map_err(sentence)?;
            self.went(&advance, &mut messages);
            if advance.stopped() {
                return Ok(self.stopped_at(&advance.hits, messages));
            }
            if !goes_on() {
                return Ok(self.arrived(Some(INTERRUPTED), messages));
            }
        }
        Ok(self.arrived(None, messages))
    }

    pub(super) fn forward(&mut self, unit: Unit, count: u64) -> Result<Said, String> {
        let goes_on = self.going_on();
        let mut messages = Vec::new();
        for _ in 0..count {
            let advance = self.debugger_mut().advance(unit).map_err(sentence)?;
            self.went(&advance, &mut messages);
            if advance.stopped() {
                return Ok(self.stopped_at(&advance.hits, messages));
            }
            if !goes_on() {
                return Ok(self.arrived(Some(INTERRUPTED), messages));
            }
        }
        Ok(self.arrived(None, messages))
    }

    pub(super) fn until(&mut self, place: &str) -> Result<Said, String> {
        let count = self.debugger().machine().program().instructions.len();
        let instruction = match place.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => number - 1,
            Ok(number) => return Err(format!("The listing has the instructions 1 to {count}, and no {number}.")),
            Err(_) => {
                let found = self.debugger().instruction_of(place);
                found.ok_or_else(|| format!("No instruction of the program computes {place}."))?
            }
        };
        self.forward(Unit::Until(instruction), 1)
    }

    pub(super) fn goto(&mut self, step: u64) -> Result<Said, String> {
        let goes_on = self.going_on();
        let mut new = Vec::new();
        let went = self.debugger_mut().goto_while(Moment { step, instruction: 0 }, &mut |way| {
            new.extend(way.new.cloned());
            goes_on()
        });
        new.iter().for_each(|advance| self.branch_mut().note(advance));
        let arrived = went.map_err(sentence)?;
        Ok(self.arrived(Some(INTERRUPTED).filter(|_| !arrived), Vec::new()))
    }

    pub(super) fn back(&mut self, unit: Backwards, count: u64) -> Result<Said, String> {
        for _ in 0..count {
            let debugger = self.debugger_mut();
            let went = match unit {
                Backwards::Instruction => debugger.back_instruction(),
                Backwards::Layer => debugger.back_layer(),
                Backwards::Phase => debugger.back_phase(),
                Backwards::Step => debugger.back_step(),
            };
            if !went.map_err(sentence)? {
                return Err("This is the beginning of the run: there is nothing before it.".into());
            }
        }
        Ok(self.place())
    }

    pub(super) fn reverse(&mut self, condition: Option<&str>) -> Result<Said, String> {
        let goes_on = self.going_on();
        let debugger = self.debugger_mut();
        let reversed = match condition {
            None if !debugger.breakpoints().iter().any(|b| b.enabled && !b.log) => {
                return Err("There is no breakpoint to go back to: set one, or say what held: reverse loss > 1.".into());
            }
            None => debugger.reverse_continue(&mut |_| goes_on()),
            Some(condition) => debugger.reverse_to(condition, Held::Last, &mut |_| goes_on()),
        };
        let reversed = reversed.map_err(sentence)?;
        Ok(self.reversed(&reversed))
    }

    pub(super) fn since(&mut self, condition: &str) -> Result<Said, String> {
        let goes_on = self.going_on();
        let reversed = self.debugger_mut().reverse_to(condition, Held::Since, &mut |_| goes_on());
        let reversed = reversed.map_err(sentence)?;
        Ok(self.reversed(&reversed))
    }

    fn reversed(&mut self, reversed: &Reversed) -> Said {
        match reversed {
            Reversed::Found(hits) => {
                let mut said = self.stopped_at(hits, Vec::new());
                said.json["found"] = json!(true);
                said
            }
            Reversed::Beginning => {
                let mut said = self.arrived(Some("It never held before."), Vec::new());
                said.json["found"] = json!(false);
                said
            }
            Reversed::Cancelled => self.arrived(Some(INTERRUPTED), Vec::new()),
        }
    }
}
