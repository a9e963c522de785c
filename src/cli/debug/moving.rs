//! Forwards and backwards on command.

use serde_json::{Value, json};

use super::Said;
use super::command::Backwards;
use super::obey::{Console, sentence};
use crate::engine::FirstNotFinite;
use crate::trainer::{Advance, DebugError, Debugger, Granularity, Held, Hit, Moment, Reversed};

/// Said when the person has broken it off.
const INTERRUPTED: &str = "Interrupted.";

/// What the way forward holds next.
enum Ahead {
    Went(Box<Advance>),
    /// It has gone as far as it was told to.
    There,
    /// The run has come to its end.
    End(String),
}

fn not_finite_json(found: &FirstNotFinite) -> Value {
    json!({ "step": found.step, "instruction": found.instruction, "line": found.line, "samples": found.samples })
}

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
            let off = if hit.broken { " It is now disabled." } else { "" };
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
            said.json["not_finite"] = not_finite_json(found);
        }
        said
    }

    /// Goes from one advance to the next until it is there, a breakpoint stops it, or somebody breaks it off, be it
    /// while the past is gathered for a breakpoint.
    fn go(&mut self, next: impl FnMut(&mut Debugger) -> Result<Ahead, DebugError>) -> Result<Said, String> {
        let was_known = self.debugger().machine().first_not_finite().is_some();
        let mut said = self.gone(next)?;
        // A breakpoint has told it already.
        let found = self.debugger().machine().first_not_finite();
        if let Some(found) = found.filter(|_| !was_known && said.json.get("not_finite").is_none()) {
            said.json["not_finite"] = not_finite_json(found);
            let hint = "'break nan' stops there; 'layers' shows how far it has spread.";
            said.text = format!("{found} {} {hint}\n{}", found.advice(), said.text);
        }
        Ok(said)
    }

    fn gone(&mut self, mut next: impl FnMut(&mut Debugger) -> Result<Ahead, DebugError>) -> Result<Said, String> {
        let goes_on = self.going_on();
        let mut messages = Vec::new();
        if !self.debugger_mut().prepare(&mut |_| goes_on()).map_err(sentence)? {
            return Ok(self.arrived(Some(INTERRUPTED), messages));
        }
        loop {
            let advance = match next(self.debugger_mut()).map_err(sentence)? {
                Ahead::Went(advance) => *advance,
                Ahead::There => return Ok(self.arrived(None, messages)),
                Ahead::End(end) => {
                    let mut said = self.arrived(Some(&end), messages);
                    said.json["end"] = json!(end);
                    return Ok(said);
                }
            };
            let way = self.way_mut();
            way.note(&advance);
            messages.extend(way.debugger.take_messages());
            if advance.stopped() {
                return Ok(self.stopped_at(&advance.hits, messages));
            }
            if !goes_on() {
                return Ok(self.arrived(Some(INTERRUPTED), messages));
            }
        }
    }

    pub(super) fn run(&mut self, steps: Option<u64>) -> Result<Said, String> {
        let last = steps.map(|steps| self.debugger().machine().step().saturating_add(steps));
        self.go(|debugger| match debugger.end() {
            _ if last.is_some_and(|last| debugger.machine().step() >= last) => Ok(Ahead::There),
            Some(end) => Ok(Ahead::End(end.to_string())),
            None => debugger.run_free().map(|advance| Ahead::Went(Box::new(advance))),
        })
    }

    pub(super) fn forward(&mut self, unit: Granularity, count: u64) -> Result<Said, String> {
        let mut left = count;
        self.go(|debugger| {
            if left == 0 {
                return Ok(Ahead::There);
            }
            left -= 1;
            debugger.advance(unit).map(|advance| Ahead::Went(Box::new(advance)))
        })
    }

    pub(super) fn until(&mut self, place: &str) -> Result<Said, String> {
        let count = self.debugger().machine().program().instructions.len();
        let instruction = match place.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => number - 1,
            Ok(number) => return Err(format!("There is no instruction {number}: the listing goes from 1 to {count}.")),
            Err(_) => self.debugger().instruction_of(place)?,
        };
        self.forward(Granularity::Until(instruction), 1)
    }

    pub(super) fn goto(&mut self, to: Moment) -> Result<Said, String> {
        let arrived = self.travel(to)?;
        Ok(self.arrived(Some(INTERRUPTED).filter(|_| !arrived), Vec::new()))
    }

    /// Returns whether it arrived; not when somebody has broken it off.
    fn travel(&mut self, to: Moment) -> Result<bool, String> {
        let goes_on = self.going_on();
        let mut new = Vec::new();
        let went = self.debugger_mut().goto_while(to, &mut |way| {
            new.extend(way.new.cloned());
            goes_on()
        });
        let way = self.way_mut();
        new.iter().for_each(|advance| way.note(advance));
        way.catch_up(way.debugger.moment().step);
        went.map_err(sentence)
    }

    pub(super) fn back(&mut self, unit: Backwards, count: u64) -> Result<Said, String> {
        let goes_on = self.going_on();
        let mut left = count;
        while left > 0 {
            let here = self.debugger().moment();
            let is_beginning = here == Moment { step: 0, instruction: 0 };
            let (taken, went) = match unit {
                _ if is_beginning => return Err("This is the start of the run.".into()),
                Backwards::Layer => (1, self.debugger_mut().back_layer().map_err(sentence)?),
                Backwards::Phase => (1, self.debugger_mut().back_phase().map_err(sentence)?),
                Backwards::Step => {
                    // The step in progress is one, however little of it has been done.
                    let begun = here.step + u64::from(here.instruction > 0);
                    let taken = left.min(begun);
                    (taken, self.travel(Moment { step: begun - taken, instruction: 0 })?)
                }
                // How many there are in the step before is known only there.
                Backwards::Instruction if here.instruction == 0 => {
                    (1, self.debugger_mut().back_instruction().map_err(sentence)?)
                }
                Backwards::Instruction => {
                    let taken = left.min(here.instruction as u64);
                    let instruction = here.instruction - taken as usize;
                    (taken, self.travel(Moment { instruction, ..here })?)
                }
            };
            if !went || !goes_on() {
                return Ok(self.arrived(Some(INTERRUPTED), Vec::new()));
            }
            left -= taken;
        }
        Ok(self.place())
    }

    pub(super) fn reverse(&mut self, condition: Option<&str>) -> Result<Said, String> {
        let goes_on = self.going_on();
        let debugger = self.debugger_mut();
        let reversed = match condition {
            None if !debugger.breakpoints().iter().any(|b| b.enabled && !b.log) => {
                return Err(
                    "There is no breakpoint to go back to. Set one, or give a condition: reverse loss > 1.".into()
                );
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
            Reversed::Nowhere => {
                let mut said = self.arrived(Some("It was never true before. The run hasn't moved."), Vec::new());
                said.json["found"] = json!(false);
                said
            }
            Reversed::Cancelled => self.arrived(Some(INTERRUPTED), Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::super::tests::console;
    use super::*;
    use crate::model::templates;

    type Way = fn(&mut Console) -> Result<Said, String>;

    /// Whoever breaks off any way forward while the past is gathered finds it where it stood.
    #[test]
    fn every_way_forward_can_be_broken_off_while_the_past_is_gathered() {
        let (mut console, interrupted) = console(&templates::build("xor").unwrap());
        for command in ["goto 150", "step 3", "break norm(dense_1.weight) > 1e9 * min(norm(dense_1.weight))"] {
            console.obey(command).unwrap();
        }
        let here = Moment { step: 150, instruction: 3 };
        interrupted.store(true, Ordering::Relaxed);
        let ways: [Way; 4] = [
            |console| console.run(None),
            |console| console.forward(Granularity::Instruction, 1),
            |console| console.forward(Granularity::Step, 2),
            |console| console.until("dense_1.weight"),
        ];
        for way in ways {
            let said = way(&mut console).unwrap();
            assert!(said.text.starts_with(INTERRUPTED), "{}", said.text);
            assert_eq!((console.debugger().moment(), console.debugger().is_prepared()), (here, false));
        }
        console.obey("step").unwrap();
        assert_eq!((console.debugger().moment().instruction, console.debugger().is_prepared()), (4, true));
    }
}
