//! Commands carried out on a debugger, each with its answer in words and as JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::command::{self, Command, HELP};
use super::{Said, explain, values};
use crate::expr::Expr;
use crate::persist::checkpoint::{NamedTensor, Values, write_tensors};
use crate::persist::project_file;
use crate::trace::{At, Breakpoint};
use crate::trainer::{Change, DebugError, Debugger, Hit, JournalEntry, Moment, Unit};

pub struct Console {
    debugger: Debugger,
    numbered: u32,
}

/// Lines of the program shown before and after the next instruction.
const AROUND: usize = 5;

/// The one key of a dump's metadata; not a checkpoint's, so that none is taken for the other.
const DUMP_KEY: &str = "glassbox_step";

fn sentence(error: DebugError) -> String {
    error.to_string()
}

impl Console {
    pub fn new(debugger: Debugger) -> Self {
        Self { debugger, numbered: 0 }
    }

    /// What a replay had to do otherwise than it was done.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.debugger.take_notices()
    }

    /// `None` when that was the last command; errors are sentences, and leave everything as it was but for the place.
    pub fn obey(&mut self, line: &str) -> Result<Option<Said>, String> {
        let said = match command::parse(line)? {
            Command::Run(steps) => self.run(steps)?,
            Command::Forward(unit, count) => self.forward(unit, count)?,
            Command::Back(count) => self.back(count, Debugger::back_instruction)?,
            Command::BackStep(count) => self.back(count, Debugger::back_step)?,
            Command::Goto(step) => {
                self.debugger.goto_step(step).map_err(sentence)?;
                self.place()
            }
            Command::List { all } => self.list(all),
            Command::Info => self.info(),
            Command::Print(expression) => {
                let found = self.debugger.value_of(&expression)?;
                Said { text: format!("{expression} = {}", values::to_text(&found)), json: values::to_json(&found) }
            }
            Command::Explain { name, index, check } => {
                let mut explanation = self.debugger.explain(&name, &index).map_err(sentence)?;
                if check {
                    explanation.verdict = Some(self.debugger.nudge(&name, &index).map_err(sentence)?);
                }
                explain::said(self.debugger.machine().program(), &explanation)
            }
            Command::Set { name, index, value } => self.set(&name, &index, &value)?,
            Command::Break(condition) => self.add_breakpoint(condition)?,
            Command::Delete(number) => self.delete(number)?,
            Command::Undo => self.undo()?,
            Command::Dump(path) => self.dump(Path::new(&path))?,
            Command::Help => Said { text: HELP.into(), json: json!({ "help": HELP }) },
            Command::Quit => return Ok(None),
        };
        Ok(Some(said))
    }

    fn stopped_at(&self, hits: &[Hit]) -> Said {
        let mut said = self.place();
        for hit in hits.iter().rev() {
            let breakpoint = self.debugger.breakpoints().iter().find(|b| b.id == hit.breakpoint);
            let count = breakpoint.map_or(0, |b| b.hits);
            said.text = format!("Breakpoint {}: {} (hit {count})\n{}", hit.breakpoint, hit.why, said.text);
            said.json["breakpoint"] = json!(hit.breakpoint);
        }
        said
    }

    fn run(&mut self, steps: Option<u64>) -> Result<Said, String> {
        let last = steps.map(|steps| self.debugger.machine().step().saturating_add(steps));
        while last.is_none_or(|last| self.debugger.machine().step() < last) {
            match self.debugger.advance(Unit::Step) {
                Ok(advance) if !advance.stopped() => {}
                Ok(advance) => return Ok(self.stopped_at(&advance.hits)),
                Err(end @ DebugError::End { .. }) => {
                    let mut said = self.place();
                    said.text = format!("{end}\n{}", said.text);
                    said.json["end"] = json!(end.to_string());
                    return Ok(said);
                }
                Err(error) => return Err(sentence(error)),
            }
        }
        Ok(self.place())
    }

    fn forward(&mut self, unit: Unit, count: u64) -> Result<Said, String> {
        for _ in 0..count {
            let advance = self.debugger.advance(unit).map_err(sentence)?;
            if advance.stopped() {
                return Ok(self.stopped_at(&advance.hits));
            }
        }
        Ok(self.place())
    }

    fn back(&mut self, count: u64, back: impl Fn(&mut Debugger) -> Result<bool, DebugError>) -> Result<Said, String> {
        for _ in 0..count {
            if !back(&mut self.debugger).map_err(sentence)? {
                return Err("This is the beginning of the run: there is nothing before it.".into());
            }
        }
        Ok(self.place())
    }

    /// Where the run stands.
    pub fn place(&self) -> Said {
        let machine = self.debugger.machine();
        let Moment { step, instruction } = self.debugger.moment();
        let program = machine.program();
        let (_, next) = self.debugger.next_instruction();
        let line = next.map(|next| program.line(next)).unwrap_or_default();
        let loss = Some(program.data_loss).filter(|&id| machine.is_current(id));
        let loss = loss.and_then(|id| machine.read_f64(id).ok()).and_then(|(_, numbers)| numbers.first().copied());
        let known = loss.map_or(String::new(), |loss| format!(", loss {}", values::digits(loss)));
        let text = match (step, instruction) {
            (0, 0) => "At the beginning, before step 1.".to_owned(),
            (step, 0) => format!("After step {step} (epoch {:.3}{known}).", self.debugger.run().epoch()),
            _ => {
                let (phase, count) = (next.map_or("", |next| next.phase.word()), program.instructions.len());
                format!(
                    "In step {}, before instruction {} of {count}{known}:\n{phase:<9} {line}",
                    step + 1,
                    instruction + 1
                )
            }
        };
        let json = json!({
            "steps_completed": step,
            "instruction": instruction,
            "phase": next.map(|next| next.phase.word()),
            "next": line,
            "epoch": self.debugger.run().epoch(),
            "loss": loss.map(|loss| if loss.is_finite() { json!(loss) } else { json!(loss.to_string()) }),
        });
        Said { text, json }
    }

    fn list(&self, all: bool) -> Said {
        let program = self.debugger.machine().program();
        let (at, _) = self.debugger.next_instruction();
        let listing = program.listing();
        let lines = listing.lines().enumerate().filter(|(i, _)| all || i.abs_diff(at) <= AROUND);
        let text: Vec<_> =
            lines.map(|(i, line)| format!("{} {:>4}  {line}", if i == at { "=>" } else { "  " }, i + 1)).collect();
        let json = json!({ "instruction": at, "listing": listing.lines().collect::<Vec<_>>() });
        Said { text: text.join("\n"), json }
    }

    fn info(&self) -> Said {
        let Said { text, mut json } = self.place();
        let mut lines = vec![text];
        for b in self.debugger.breakpoints() {
            let condition = b.condition.as_deref().unwrap_or_default();
            lines.push(format!("breakpoint {}: {condition} (hits {})", b.id, b.hits));
        }
        let (made, ahead) = self.debugger.changes();
        lines.extend(made.iter().map(change_text));
        lines.extend(ahead.iter().map(|entry| format!("{} (ahead)", change_text(entry))));
        let (count, bytes, spacing) = self.debugger.checkpoints();
        lines.push(format!("{count} checkpoints, {:.1} MiB, every {spacing} steps", bytes as f64 / f64::from(1 << 20)));
        let breakpoints = self.debugger.breakpoints().iter();
        json["breakpoints"] =
            breakpoints.map(|b| json!({ "number": b.id, "condition": b.condition, "hits": b.hits })).collect();
        json["changes"] = made.iter().map(change_json).collect();
        json["changes_ahead"] = ahead.iter().map(change_json).collect();
        json["checkpoints"] = json!({ "count": count, "bytes": bytes, "spacing": spacing });
        Said { text: lines.join("\n"), json }
    }

    fn set(&mut self, name: &str, index: &[usize], value: &Expr) -> Result<Said, String> {
        let value = self.debugger.number_of(value)? as f32;
        let element = if index.is_empty() { Expr::Name(name.into()) } else { Expr::Element(name.into(), index.into()) };
        let before = self.debugger.value_of(&element).ok().and_then(|found| found.single());
        self.debugger.set(name, index, value).map_err(sentence)?;
        let was = before.map_or(String::new(), |before| format!(" (was {})", values::digits(before)));
        let json = json!({ "name": name, "index": index, "value": value.to_string() });
        Ok(Said { text: format!("{element} = {value}{was}"), json })
    }

    fn add_breakpoint(&mut self, condition: Expr) -> Result<Said, String> {
        let breakpoint = Breakpoint::new(self.numbered + 1, At::Anywhere, Some(condition.to_string()));
        self.debugger.check_breakpoint(&breakpoint)?;
        self.numbered += 1;
        let number = self.numbered;
        let text = format!("Breakpoint {number}: before the update of a step where {condition}");
        let json = json!({ "number": number, "condition": condition.to_string() });
        let all = [self.debugger.breakpoints(), &[breakpoint]].concat();
        self.debugger.set_breakpoints(all);
        Ok(Said { text, json })
    }

    fn delete(&mut self, number: u32) -> Result<Said, String> {
        let mut all = self.debugger.breakpoints().to_vec();
        let at = all.iter().position(|b| b.id == number);
        let at = at.ok_or_else(|| format!("There is no breakpoint {number}; 'info' shows which there are."))?;
        all.remove(at);
        self.debugger.set_breakpoints(all);
        Ok(Said { text: format!("Removed breakpoint {number}."), json: json!({ "number": number }) })
    }

    fn undo(&mut self) -> Result<Said, String> {
        let undone = self.debugger.undo().map_err(sentence)?.ok_or("There is no change to take back.")?;
        let mut said = self.place();
        said.text = format!("Took back: {}\n{}", change_text(&undone), said.text);
        said.json["undone"] = change_json(&undone);
        Ok(said)
    }

    /// Writes the step just completed.
    pub fn dump(&mut self, path: &Path) -> Result<Said, String> {
        let dump = self.debugger.dump().map_err(sentence)?;
        let project = project_file::to_text(self.debugger.run().project()).map_err(|error| error.to_string())?;
        let inside = json!({
            "step": dump.step, "learning_rate": dump.learning_rate, "rows": dump.rows, "project": project,
        });
        let tensors: Vec<_> = dump
            .tensors
            .into_iter()
            .map(|(name, tensor)| NamedTensor { name, dims: tensor.dims, values: Values::F32(tensor.data.to_vec()) })
            .collect();
        write_tensors(path, DUMP_KEY, inside.to_string(), &tensors).map_err(|error| error.to_string())?;
        let (step, count) = (dump.step, tensors.len());
        let text = format!("Wrote step {step} ({count} tensors) to {}", path.display());
        Ok(Said { text, json: json!({ "step": step, "tensors": count, "file": path.display().to_string() }) })
    }
}

fn change_text(entry: &JournalEntry) -> String {
    let JournalEntry { step, instruction, change } = entry;
    let what = match change {
        Change::Value { name, index, value } => format!("{name}{index:?} = {value}"),
        Change::Tensor { name, edit } => format!("{name} {edit}"),
        Change::Device { device } => format!("on {device} from here on"),
        Change::Training { .. } => "other settings of training".to_owned(),
        Change::Graph { .. } => "another network".to_owned(),
        Change::Plateau { .. } => "a learning rate cut on a plateau".to_owned(),
    };
    match instruction {
        0 => format!("change after step {step}: {what}"),
        n => format!("change in step {}, after instruction {n}: {what}", step + 1),
    }
}

fn change_json(entry: &JournalEntry) -> Value {
    json!({ "steps_completed": entry.step, "instruction": entry.instruction, "change": change_text(entry) })
}
