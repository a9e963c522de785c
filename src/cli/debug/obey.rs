//! Commands carried out on a debugger, each with its answer in words and as JSON.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::branches::{self, Way, Ways};
use super::breaks::{self, Break};
use super::command::{self, Command};
use super::completion::Words;
use super::marks::{self, Shelf};
use super::{Said, explain, help, show, values};
use crate::cli::outputs::{DUMP_KEY, FileKind, Files};
use crate::expr::{Expr, Index, counted};
use crate::files::{NamedTensor, Values, tensors};
use crate::persist::project_file;
use crate::trace::{Bookmark, Breakpoint, Probe, Trail};
use crate::trainer::{DebugError, Debugger, Moment};

pub struct Console {
    pub(super) ways: Ways,
    pub(super) watches: Vec<Expr>,
    /// Moments with a name.
    pub(super) marks: Vec<Bookmark>,
    /// Where they are kept, those of branches that outlast the session.
    pub(super) shelf: Option<Shelf>,
    /// Where one came from.
    pub(super) trail: Trail,
    /// Samples that values are shown of in place of each step's own.
    pub(super) probe: Option<Probe>,
    numbered: u32,
    /// Set from outside to end a long way.
    interrupted: Arc<AtomicBool>,
    /// What a command led to beside what it was asked for.
    pub(super) notes: Vec<String>,
    /// What a dump must not be written over.
    files: Files,
}

pub(super) fn sentence(error: DebugError) -> String {
    error.to_string()
}

impl Console {
    pub fn new(ways: Ways, interrupted: Arc<AtomicBool>, files: Files) -> Self {
        let (marks, trail) = (Vec::new(), Trail::default());
        Self {
            ways,
            watches: Vec::new(),
            marks,
            shelf: None,
            trail,
            probe: None,
            numbered: 0,
            interrupted,
            notes: Vec::new(),
            files,
        }
    }

    /// What can be named in a command here.
    pub fn words(&self) -> Words {
        let debugger = self.debugger();
        let numbers = |count: usize| (1..=count).map(|number| number.to_string()).collect();
        Words {
            names: debugger.names(),
            before: debugger.names_before(),
            layers: debugger.machine().program().layer_words().map(|(_, word)| word).collect(),
            branches: self.ways.names(),
            bookmarks: self.marks.iter().map(|bookmark| bookmark.name.clone()).collect(),
            breakpoints: debugger.breakpoints().iter().map(|breakpoint| breakpoint.id.to_string()).collect(),
            watches: numbers(self.watches.len()),
        }
    }

    pub fn debugger(&self) -> &Debugger {
        &self.ways.current.debugger
    }

    pub(super) fn way_mut(&mut self) -> &mut Way {
        &mut self.ways.current
    }

    pub(super) fn debugger_mut(&mut self) -> &mut Debugger {
        &mut self.ways.current.debugger
    }

    /// Whether nobody has asked to stop since the command began; may be asked while something else is borrowed.
    pub(super) fn going_on(&self) -> impl Fn() -> bool + use<> {
        let interrupted = self.interrupted.clone();
        move || !interrupted.load(Ordering::Relaxed)
    }

    /// What a replay had to do otherwise than it was done.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.debugger_mut().take_notices()
    }

    /// `None` when that was the last command; errors are sentences, and leave everything as it was but for the place.
    pub fn obey(&mut self, line: &str) -> Result<Option<Said>, String> {
        self.interrupted.store(false, Ordering::Relaxed);
        self.notes.clear();
        let command = command::parse(line)?;
        let left = Some(self.ways.place()).filter(|_| marks::leads_far(&command));
        let said = self.carry_out(command)?;
        if let Some(left) = left.filter(|left| *left != self.ways.place()) {
            self.trail.leave(left);
        }
        Ok(said)
    }

    fn carry_out(&mut self, command: Command) -> Result<Option<Said>, String> {
        let mut said = match command {
            Command::Quit => return Ok(None),
            Command::Run(steps) => self.run(steps)?,
            Command::Forward(unit, count) => self.forward(unit, count)?,
            Command::Until(place) => self.until(&place)?,
            Command::Back(unit, count) => self.back(unit, count)?,
            Command::Goto(step) => self.goto(Moment { step, instruction: 0 })?,
            Command::GotoMark(name) => self.goto_mark(&name)?,
            Command::Mark(name) => self.mark(name)?,
            Command::Marks => self.list_marks(),
            Command::Unmark(name) => self.unmark(&name)?,
            Command::Return => self.return_back()?,
            Command::Reverse(condition) => self.reverse(condition.as_deref())?,
            Command::Since(condition) => self.since(&condition)?,
            Command::List { all } => show::list(self.debugger(), all),
            Command::Layers => {
                // How far updates move the weights is known of steps from here on.
                self.debugger_mut().watch_updates(true);
                show::layers(self.debugger())
            }
            Command::Probe(probing) => self.set_probe(probing)?,
            Command::Info { only_breakpoints: true } => show::breakpoints(self.debugger()),
            Command::Info { only_breakpoints: false } => show::info(self),
            Command::Print(expression) => {
                let (found, of) = (self.value(&expression)?, self.of_what());
                Said { text: format!("{expression}{of} = {}", values::to_text(&found)), json: values::to_json(&found) }
            }
            Command::Explain { name, index, check } => self.explain(&name, &index, check)?,
            Command::Curve(expression) => self.curve(&expression)?,
            Command::Watch(expression) => self.watch(expression)?,
            Command::Unwatch(number) => self.unwatch(number)?,
            Command::Set { name, index, value } => self.set(&name, &index, &value)?,
            Command::SetAll { name, value } => self.set_all(&name, &value)?,
            Command::Scale { name, by } => self.scale(&name, &by)?,
            Command::Clip { name, limit } => self.clip(&name, &limit)?,
            Command::Reinitialise { name, seed } => self.reinitialise(&name, seed)?,
            Command::Break(breakpoint) => self.add_breakpoint(breakpoint)?,
            Command::Enable(number, enabled) => self.enable(number, enabled)?,
            Command::Delete(number) => self.delete(number)?,
            Command::Undo => self.undo()?,
            Command::Fork(name) => self.fork(name)?,
            Command::Branches => branches::list(&self.ways),
            Command::Branch(name) => self.switch(&name)?,
            Command::DeleteBranch(name) => self.delete_branch(&name)?,
            Command::Compare => branches::compare(&self.ways),
            Command::CompareValue { name, with } => self.compare_value(&name, &with)?,
            Command::Dump(path) => self.dump(Path::new(&path))?,
            Command::Help(word) => {
                let text = help::of(&word)?;
                Said { json: json!({ "help": text }), text }
            }
        };
        if !self.notes.is_empty() {
            said.text = format!("{}\n{}", said.text, self.notes.join("\n"));
            said.json["notes"] = json!(self.notes);
        }
        Ok(Some(said))
    }

    /// Where the run stands.
    pub fn place(&mut self) -> Said {
        show::place(self)
    }

    fn explain(&mut self, name: &str, index: &[Index], check: bool) -> Result<Said, String> {
        if matches!(name, "step" | "epoch" | "learning_rate") {
            return Err(format!("{name} isn't a tensor computed by an instruction. Use 'print {name}'."));
        }
        let index = self.debugger().element(name, index)?;
        let explanation = self.explanation(name, &index, check)?;
        Ok(explain::said(self.debugger().machine().program(), &explanation))
    }

    fn watch(&mut self, expression: Expr) -> Result<Said, String> {
        self.debugger().check_expression(&expression.to_string()).map_err(|error| error.message)?;
        self.watches.push(expression);
        Ok(show::watches(self))
    }

    fn unwatch(&mut self, number: usize) -> Result<Said, String> {
        if number == 0 || number > self.watches.len() {
            return Err(format!("There is no watch {number}."));
        }
        self.watches.remove(number - 1);
        Ok(show::watches(self))
    }

    fn add_breakpoint(&mut self, what: Break) -> Result<Said, String> {
        let debugger = self.debugger();
        let program = debugger.machine().program();
        let breakpoint = what.laid(self.numbered + 1, program)?;
        debugger.check_breakpoint(&breakpoint)?;
        let mut text = format!("Breakpoint {}: {}", breakpoint.id, breaks::description(&breakpoint, program));
        let mut json = breaks::to_json(&breakpoint, None);
        if let Some(held) = breaks::held(&breakpoint, debugger.machine()) {
            let _ = write!(text, "\n{held}");
            json["note"] = json!(held);
        }
        let all = [debugger.breakpoints(), &[breakpoint]].concat();
        self.numbered += 1;
        self.debugger_mut().set_breakpoints(all);
        Ok(Said { text, json })
    }

    fn with_breakpoint(&mut self, number: u32, change: impl FnOnce(&mut Vec<Breakpoint>, usize)) -> Result<(), String> {
        let mut all = self.debugger().breakpoints().to_vec();
        let at = all.iter().position(|breakpoint| breakpoint.id == number);
        let at = at.ok_or_else(|| format!("There is no breakpoint {number}. 'info' lists them."))?;
        change(&mut all, at);
        self.debugger_mut().set_breakpoints(all);
        Ok(())
    }

    fn enable(&mut self, number: u32, enabled: bool) -> Result<Said, String> {
        self.with_breakpoint(number, |all, at| all[at].enabled = enabled)?;
        let word = if enabled { "enabled" } else { "disabled" };
        Ok(Said {
            text: format!("Breakpoint {number} is {word}."),
            json: json!({ "number": number, "enabled": enabled }),
        })
    }

    fn delete(&mut self, number: u32) -> Result<Said, String> {
        self.with_breakpoint(number, |all, at| {
            all.remove(at);
        })?;
        Ok(Said { text: format!("Removed breakpoint {number}."), json: json!({ "number": number }) })
    }

    /// Writes the step just completed.
    pub fn dump(&mut self, path: &Path) -> Result<Said, String> {
        self.files.may_write("dump", FileKind::Dump, path).map_err(|error| error.to_string())?;
        let dump = self.debugger_mut().dump().map_err(sentence)?;
        let project = project_file::to_text(self.debugger().run().project()).map_err(|error| error.to_string())?;
        let inside = json!({
            "step": dump.step, "learning_rate": dump.learning_rate, "rows": dump.rows, "project": project,
            "listing": self.debugger().machine().program().listing(),
        });
        let tensors: Vec<_> = dump
            .tensors
            .into_iter()
            .map(|(name, tensor)| NamedTensor { name, dims: tensor.dims, values: Values::F32(tensor.data.to_vec()) })
            .collect();
        tensors::write(path, DUMP_KEY, inside.to_string(), &tensors).map_err(|error| error.to_string())?;
        let (step, count) = (dump.step, tensors.len());
        let text = format!("Wrote step {step} ({}) to {}", counted(count, "tensor"), path.display());
        Ok(Said { text, json: json!({ "step": step, "tensors": count, "file": path.display().to_string() }) })
    }
}
