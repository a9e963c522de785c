//! Breakpoints laid onto the program in force, and asked on arriving at their places.
//!
//! Whether it stops is not decided here: what held is told, and whoever goes forward counts it, writes it down or
//! stops.

use super::memory::{Memories, Needs};
use super::scope::{Scope, dims_of};
use super::{DebugError, Debugger};
use crate::engine::{FirstNotFinite, Instruction, Phase, Program};
use crate::expr::{self, Condition, Expr, Message, ParseError};
use crate::trace::{At, Breakpoint};
use crate::trainer::gates;

/// A breakpoint that held.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its id.
    pub breakpoint: u32,
    /// Where it stands or what held: `loss > 1`, `before %4 = tanh %3`, the sentence of a first NaN, or why a condition
    /// cannot be asked (the breakpoint is then set aside).
    pub why: String,
    /// It only says so.
    pub log: bool,
    /// What it found, where it stands for the first NaN or infinity.
    pub not_finite: Option<FirstNotFinite>,
    /// Its condition could not be asked.
    pub broken: bool,
}

/// A breakpoint that is enabled and has a place in this program.
#[derive(Clone)]
struct Armed {
    id: u32,
    log: bool,
    /// Without a condition.
    place: String,
    condition: Option<Condition>,
    /// What it says where it only logs.
    message: Option<Message>,
    /// The first place where all that its condition and its message name is computed.
    from: usize,
    /// Under which its steps in a row are counted.
    streak: String,
}

/// All breakpoints as this program sees them.
#[derive(Clone, Default)]
pub(super) struct Arms {
    armed: Vec<Armed>,
    /// By the instruction before which they are asked; one more for the end of the step.
    at: Vec<Vec<usize>>,
    /// Where conditions without a place are asked: before the first instruction of the update.
    pub update: usize,
    pub not_finite: Option<(u32, bool)>,
    pub needs: Needs,
    /// Why some have no place or no meaning here.
    problems: Vec<(u32, String)>,
}

impl Arms {
    pub fn new<'a>(program: &Program, batch: usize, breakpoints: impl IntoIterator<Item = &'a Breakpoint>) -> Self {
        let count = program.instructions.len();
        let update = program.instructions.iter().position(|i| i.phase == Phase::Update).unwrap_or(count);
        let mut arms = Self { at: vec![Vec::new(); count + 1], update, ..Self::default() };
        for breakpoint in breakpoints {
            if let Err(why) = arms.lay(program, batch, breakpoint) {
                arms.problems.push((breakpoint.id, why));
            }
        }
        arms
    }

    fn lay(&mut self, program: &Program, batch: usize, breakpoint: &Breakpoint) -> Result<(), String> {
        let places = places(program, self.update, &breakpoint.at)?;
        let condition = breakpoint.condition.as_deref().filter(|text| !text.trim().is_empty());
        let condition = condition.map(|text| {
            let condition = expr::parse_condition(text)?;
            let placed = gates::placed(program, &condition.expr).map_err(|message| ParseError { message, at: 0 })?;
            expr::check(text, &placed, true, &mut |name| dims_of(program, batch, name))?;
            Ok((condition, placed))
        });
        let condition = condition.transpose().map_err(|error: ParseError| error.message)?;
        let (condition, placed) = condition.unzip();
        let message = message(program, batch, breakpoint)?;
        if breakpoint.at == At::Anywhere && condition.is_none() && message.is_none() {
            return Err("A breakpoint without a location needs a condition.".into());
        }
        let is_never = |from: usize| places.iter().all(|&place| place < from) && breakpoint.at != At::NotFinite;
        let mut from = condition.as_ref().map_or(0, |condition| known_from(program, &condition.expr));
        if is_never(from) {
            let condition = condition.as_ref().map_or(String::new(), Condition::to_string);
            return Err(format!(
                "{condition} can't be evaluated there yet: not all of its values are computed by then."
            ));
        }
        for value in message.iter().flat_map(Message::values) {
            from = from.max(known_from(program, value));
            if is_never(from) {
                return Err(format!("{value} can't be logged there yet: not all of its values are computed by then."));
            }
        }
        if !breakpoint.enabled {
            return Ok(());
        }
        if breakpoint.at == At::NotFinite {
            self.not_finite = self.not_finite.or(Some((breakpoint.id, breakpoint.log)));
            return Ok(());
        }
        let streak = format!("{:?} {}", breakpoint.at, condition.as_ref().map_or(String::new(), Condition::to_string));
        if let (Some(condition), Some(placed)) = (&condition, &placed) {
            let past = expr::histories(placed, &mut |name| dims_of(program, batch, name));
            past.into_iter().for_each(|of| self.needs.past(of));
            if condition.steps > 1 && !self.needs.streaks.contains(&streak) {
                self.needs.streaks.push(streak.clone());
            }
        }
        for &place in &places {
            self.at[place].push(self.armed.len());
        }
        let place = description(program, &breakpoint.at);
        self.armed.push(Armed { id: breakpoint.id, log: breakpoint.log, place, condition, message, from, streak });
        Ok(())
    }

    /// Whether nothing is ever asked.
    pub fn is_idle(&self) -> bool {
        self.armed.is_empty() && self.not_finite.is_none()
    }

    /// Whether any may stop.
    fn stops(&self) -> bool {
        self.armed.iter().any(|armed| !armed.log) || self.not_finite.is_some_and(|(_, log)| !log)
    }

    /// Why its condition means nothing in this program; a sentence.
    pub fn problem(&self, id: u32) -> Option<&str> {
        self.problems.iter().find(|(of, _)| *of == id).map(|(_, why)| why.as_str())
    }

    /// Every breakpoint whose place this is, and whether it holds. `step` is what the word stands for.
    fn ask(
        &self,
        run: &crate::trainer::Run,
        memories: &mut Memories,
        place: usize,
        step: u64,
    ) -> Vec<(u32, bool, Hit)> {
        let mut answers = Vec::new();
        // Two with the same condition at the same place share the count of steps in a row.
        let mut counted: Vec<(&str, u64)> = Vec::new();
        for &index in self.at.get(place).into_iter().flatten() {
            let Armed { id, log, place: described, condition, message, from, streak } = &self.armed[index];
            if place < *from {
                continue;
            }
            let hit = |why: String| Hit { breakpoint: *id, why, log: *log, not_finite: None, broken: false };
            let said = |memories: &Memories, otherwise: String| match message {
                Some(message) => message.filled(|value| Scope::of(run, memories, step).evaluate(value)),
                None => otherwise,
            };
            let Some(condition) = condition else {
                answers.push((*id, true, hit(said(memories, described.clone()))));
                continue;
            };
            match Scope::of(run, memories, step).number(&condition.expr) {
                Ok(value) => {
                    let known = counted.iter().find(|(key, _)| key == streak).map(|(_, times)| *times);
                    let times = known.unwrap_or_else(|| memories.held(streak, value != 0.0));
                    counted.push((streak, times));
                    let holds = times >= condition.steps;
                    let why = told(described, condition, value);
                    answers.push((*id, holds, hit(if holds { said(memories, why) } else { why })));
                }
                Err(why) => {
                    let why = format!("{condition}: {why}");
                    answers.push((*id, true, Hit { log: false, broken: true, ..hit(why) }));
                }
            }
        }
        answers
    }
}

/// What a breakpoint that only logs says, with names that mean something here.
fn message(program: &Program, batch: usize, breakpoint: &Breakpoint) -> Result<Option<Message>, String> {
    let Some(text) = breakpoint.message.as_deref().filter(|text| breakpoint.log && !text.trim().is_empty()) else {
        return Ok(None);
    };
    if breakpoint.at == At::NotFinite {
        return Err("The first NaN or infinity has its own message, with place and samples. It takes no text.".into());
    }
    let message = expr::parse_message(text).map_err(|error| error.message)?;
    for value in message.values() {
        let placed = gates::placed(program, value)?;
        let checked = expr::check(text, &placed, false, &mut |name| dims_of(program, batch, name));
        checked.map_err(|error| error.message)?;
    }
    Ok(Some(message))
}

/// The first place where all that an expression names stands.
fn known_from(program: &Program, expression: &Expr) -> usize {
    let behind = |name: &str| {
        let id = crate::trainer::value::locate(program, name).ok()?;
        program.value(id).filter(|value| !value.role.is_state())?;
        program.instructions.iter().position(|i| i.outputs.contains(&id)).map(|producer| producer + 1)
    };
    expression.names().into_iter().filter_map(behind).max().unwrap_or(0)
}

/// What is said of a condition that holds: of one that is a number, the number.
fn told(place: &str, condition: &Condition, value: f64) -> String {
    let logical = match &condition.expr {
        Expr::Binary(operator, ..) => operator.is_logical(),
        Expr::Unary(operator, _) => *operator == expr::UnaryOperator::Not,
        Expr::Reduce(reduction, _) => matches!(reduction, expr::Reduction::Nan | expr::Reduction::Inf),
        _ => false,
    };
    let value = if logical { String::new() } else { format!(" = {}", value as f32) };
    if place.is_empty() { format!("{condition}{value}") } else { format!("{place}, {condition}{value}") }
}

/// The instructions before which it is asked.
fn places(program: &Program, update: usize, at: &At) -> Result<Vec<usize>, String> {
    let all = &program.instructions;
    let first_of_layer = |i: &usize| {
        let same = |a: &Instruction, b: &Instruction| a.phase == b.phase && a.layer == b.layer;
        *i == 0 || !same(&all[*i - 1], &all[*i])
    };
    let found: Vec<_> = match at {
        At::Anywhere => vec![update],
        At::NotFinite => return Ok(Vec::new()),
        At::Instruction(name) => instruction_of(program, name).into_iter().collect(),
        At::Layer(layer) => (0..all.len()).filter(|&i| all[i].layer == Some(*layer)).filter(first_of_layer).collect(),
        At::Phase(phase) => all.iter().position(|i| i.phase == *phase).into_iter().collect(),
    };
    if found.is_empty() {
        return Err(match at {
            At::Instruction(name) => computed_by_none(program, name),
            At::Phase(phase) => format!("The program has no instructions in the phase {}.", phase.word()),
            _ => "The layer has no instructions in the program.".into(),
        });
    }
    Ok(found)
}

fn description(program: &Program, at: &At) -> String {
    match at {
        At::Anywhere | At::NotFinite => String::new(),
        At::Instruction(name) => {
            let line = instruction_of(program, name).and_then(|i| program.instructions.get(i));
            format!("before {}", line.map_or_else(|| name.clone(), |i| program.line(i)))
        }
        At::Layer(layer) => format!("layer {}", program.layer_name(*layer).unwrap_or_else(|| "?".to_owned())),
        At::Phase(phase) => format!("phase {}", phase.word()),
    }
}

/// Why a name is no place in the program.
fn computed_by_none(program: &Program, name: &str) -> String {
    match crate::trainer::value::locate(program, name) {
        Ok(_) => format!("{name} isn't computed by an instruction of the program, so there is nowhere to stop."),
        Err(sentence) => sentence,
    }
}

/// The instruction whose first output has this name; a layer's name means what leaves it.
fn instruction_of(program: &Program, name: &str) -> Option<usize> {
    let first = |id| program.instructions.iter().position(|i| i.outputs.first() == Some(&id));
    let any = |id| program.instructions.iter().position(|i| i.outputs.contains(&id));
    let id = crate::trainer::value::locate(program, name).ok()?;
    first(id).or_else(|| any(id))
}

impl Debugger {
    /// Replaces all breakpoints. One that has no place or no meaning in this program stays in the list and never holds;
    /// [`Self::breakpoint_problem`] tells why. Costs nothing while none is enabled.
    pub fn set_breakpoints(&mut self, breakpoints: Vec<Breakpoint>) {
        self.breakpoints = breakpoints;
        // Whoever changes one, or switches it off and on, wants it asked again.
        let is_same = |a: &Breakpoint, b: &Breakpoint| Breakpoint { hits: a.hits, log: a.log, ..b.clone() } == *a;
        self.broken.retain(|(broken, _)| self.breakpoints.iter().any(|breakpoint| is_same(broken, breakpoint)));
        self.lay_breakpoints();
    }

    /// All of them, disabled ones too, with their hits.
    pub fn breakpoints(&self) -> &[Breakpoint] {
        &self.breakpoints
    }

    /// Why a breakpoint of the list cannot hold in this program, or could not be asked; a sentence.
    pub fn breakpoint_problem(&self, id: u32) -> Option<&str> {
        let broken = || self.broken.iter().find(|(broken, _)| broken.id == id).map(|(_, why)| why.as_str());
        self.arms.problem(id).or_else(broken)
    }

    /// Whether a breakpoint would have a place and a meaning in this program; a sentence when not.
    pub fn check_breakpoint(&self, breakpoint: &Breakpoint) -> Result<(), String> {
        let program = self.machine().program();
        let enabled = Breakpoint { enabled: true, ..breakpoint.clone() };
        let arms = Arms::new(program, self.run.batch_size(), &[enabled]);
        arms.problem(breakpoint.id).map_or(Ok(()), |why| Err(why.to_owned()))
    }

    /// Whether there is a breakpoint that may stop here.
    pub fn may_stop(&self) -> bool {
        self.arms.stops()
    }

    /// Whether conditions know what they need of the steps before this one.
    pub fn is_prepared(&self) -> bool {
        self.memories.knows(&self.arms.needs)
    }

    /// The place of an instruction as a breakpoint names it: stable when the network is compiled anew.
    pub fn place_of(&self, instruction: usize) -> Option<At> {
        let program = self.machine().program();
        let output = program.instructions.get(instruction)?.outputs.first()?;
        Some(At::Instruction(program.name(*output).to_owned()))
    }

    /// The instruction that a name in the listing means as a place; a sentence where it is none.
    pub fn instruction_of(&self, name: &str) -> Result<usize, String> {
        let program = self.machine().program();
        instruction_of(program, name).ok_or_else(|| computed_by_none(program, name))
    }

    /// What breakpoints that only log have said since the last time.
    pub fn take_messages(&mut self) -> Vec<String> {
        let mut said = std::mem::take(&mut self.messages);
        let unsaid = std::mem::take(&mut self.unsaid);
        said.extend((unsaid > 0).then(|| format!("... and {unsaid} more lines that were not kept.")));
        said
    }

    /// Anew whenever the breakpoints or the program are others.
    pub(super) fn lay_breakpoints(&mut self) {
        let is_whole = |breakpoint: &&Breakpoint| self.broken.iter().all(|(broken, _)| broken.id != breakpoint.id);
        let breakpoints = self.breakpoints.iter().filter(is_whole);
        self.arms = Arms::new(self.run.machine().program(), self.run.batch_size(), breakpoints);
        self.memories.only(&self.arms.needs);
    }

    /// On arriving somewhere: remembers what conditions need of the step, and tells what holds here. `completed`: the
    /// step's last instruction has just run.
    pub(super) fn arrive(&mut self, completed: bool) -> Vec<Hit> {
        let machine = self.run.machine();
        let (pc, step) = (machine.pc(), self.current_step());
        if pc == self.arms.update {
            self.remember(step);
        }
        let Self { arms, memories, run, .. } = self;
        let mut answers = if completed { Vec::new() } else { arms.ask(run, memories, pc, step) };
        if completed {
            // The end of a step is the place before the next one begins, which is what its first instruction is asked
            // for.
            answers = arms.ask(run, memories, arms.at.len() - 1, step);
            answers.extend(arms.ask(run, memories, 0, step + 1));
        }
        answers.into_iter().filter(|(_, holds, _)| *holds).map(|(_, _, hit)| hit).collect()
    }

    /// The numbers of this step for conditions over all of them.
    fn remember(&mut self, step: u64) {
        let machine = self.run.machine();
        let loss = machine.program().loss.and_then(|loss| machine.read_f64(loss).ok());
        let Self { memories, run, .. } = self;
        if let Some(loss) = loss.and_then(|(_, numbers)| numbers.first().copied()) {
            memories.loss.push(loss);
        }
        memories.sample(|of, memories| Scope::of(run, memories, step).number(of).ok());
    }

    /// Counts what held, writes down what only logs, sets aside what cannot be asked; what remains stops.
    pub(super) fn judge(&mut self, hits: Vec<Hit>) -> Vec<Hit> {
        let mut stopping = Vec::new();
        for hit in hits {
            let mut of = format!("breakpoint {}: ", hit.breakpoint);
            if let Some(breakpoint) = self.breakpoints.iter_mut().find(|b| b.id == hit.breakpoint) {
                if hit.broken {
                    self.broken.push((breakpoint.clone(), hit.why.clone()));
                } else {
                    breakpoint.hits += 1;
                    if !breakpoint.has_its_turn() {
                        continue;
                    }
                    if breakpoint.message.is_some() {
                        of.clear();
                    }
                }
            }
            if hit.broken {
                self.lay_breakpoints();
            }
            if !hit.log {
                stopping.push(hit);
            } else if self.messages.len() >= MOST_MESSAGES {
                self.unsaid += 1;
            } else {
                self.messages.push(format!("Step {}: {of}{}", self.current_step(), hit.why));
            }
        }
        stopping
    }

    /// Makes sure that conditions know the steps before this one: the way here is gone once more where they do not.
    /// `go_on` is told the share that is done and says whether to go on. Returns whether it was finished; it stands
    /// where it stood either way.
    pub fn prepare(&mut self, go_on: &mut dyn FnMut(f32) -> bool) -> Result<bool, DebugError> {
        if self.is_prepared() {
            return Ok(true);
        }
        let here = self.moment();
        let Some(first) = self.checkpoints.first().cloned() else { return Ok(true) };
        let begin = first.step();
        self.go_back_to(&first)?;
        let needs = self.arms.needs.clone();
        self.memories.begin(&needs);
        self.checkpoints.learn(begin, &self.memories);
        let is_finished = self.replay_until(here, go_on)?;
        if !is_finished {
            self.travel(here, false, &mut |_| true)?;
        }
        Ok(is_finished)
    }
}

/// Kept until somebody takes them.
const MOST_MESSAGES: usize = 1000;
