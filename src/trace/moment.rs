//! Where the debugger stands: the program as a listing, the place in it, and what belongs to that place.
//!
//! Plain data, made by the trainer whenever training stands still and somebody looks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Breakpoint, Element, Series, Sight, StepPhase};
use crate::model::LayerId;

/// A place between two instructions. With instruction 0 it is the one between two steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Completed steps.
    pub step: u64,
    /// Executed instructions of the step in progress.
    pub instruction: usize,
}

impl StepPhase {
    /// What the phase is called in the window.
    pub fn title(self) -> &'static str {
        match self {
            Self::Load => "Load",
            Self::Forward => "Forward",
            Self::Loss => "Loss",
            Self::Backward => "Backward",
            Self::Update => "Update",
        }
    }

    /// What happens in it, for a beginner.
    pub fn words(self) -> &'static str {
        match self {
            Self::Load => "Fetch the next batch of samples.",
            Self::Forward => "Run the samples through the layers, from input to output.",
            Self::Loss => "Measure how wrong the outputs are, as one number.",
            Self::Backward => {
                "Work back from the loss to the input: how much would each value change the loss? These are the \
                    gradients."
            }
            Self::Update => "The optimiser moves every weight a little against its gradient.",
        }
    }
}

/// What kind of number a value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Samples and their targets.
    Data,
    /// Anything computed on the way to the loss.
    Value,
    /// Weights and biases.
    Parameter,
    /// Kept between steps besides: running statistics, the optimiser's memory.
    Memory,
    /// The gradient of a value or parameter.
    Gradient,
}

/// A value as it is named in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Name in the listing.
    pub name: String,
    /// What kind of value it is.
    pub kind: ValueKind,
    /// A row for every sample of the batch comes first.
    pub batched: bool,
    /// Without the batch.
    pub dims: Vec<usize>,
}

impl Token {
    /// "4 × 3" with a batch of four, "batch × 3" before the first was loaded; a single number has none.
    pub fn shape(&self, batch: usize) -> String {
        let rows = self.batched.then(|| if batch == 0 { "batch".to_owned() } else { batch.to_string() });
        rows.into_iter().chain(self.dims.iter().map(ToString::to_string)).collect::<Vec<_>>().join(" × ")
    }
}

/// One instruction of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The phase it runs in.
    pub stage: StepPhase,
    /// The layer it was compiled from.
    pub layer: Option<LayerId>,
    /// Of the layer; empty for what belongs to none.
    pub layer_name: String,
    /// The operation's name: `linear'w`.
    pub op: String,
    /// "stride 2"; often empty.
    pub settings: String,
    /// Values it computes.
    pub outputs: Vec<Token>,
    /// Values it reads.
    pub inputs: Vec<Token>,
    /// Its formula in symbols.
    pub formula: String,
    /// The same in a sentence.
    pub words: String,
}

impl Line {
    /// State is changed in place by an update; everything else is made anew.
    pub fn arrow(&self) -> &'static str {
        if self.stage == StepPhase::Update { "←" } else { "=" }
    }

    /// `%2 = tanh %1`
    pub fn text(&self) -> String {
        let names = |tokens: &[Token]| tokens.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
        let settings = if self.settings.is_empty() { String::new() } else { format!(" [{}]", self.settings) };
        let text = format!("{} {} {}{settings} {}", names(&self.outputs), self.arrow(), self.op, names(&self.inputs));
        text.trim_end().to_owned()
    }
}

/// The program of a run, told once for as long as it stays the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Instructions in the order they run.
    pub lines: Vec<Line>,
}

impl Listing {
    /// The value with this name.
    pub fn token(&self, name: &str) -> Option<&Token> {
        self.lines.iter().flat_map(|line| line.outputs.iter().chain(&line.inputs)).find(|token| token.name == name)
    }

    /// What of a step has used a value already, so that a change of it comes too late for that: a sentence. `done`:
    /// executed instructions of the step in progress.
    pub fn used_already(&self, name: &str, done: usize) -> Option<String> {
        let is = |tokens: &[Token]| tokens.iter().any(|token| token.name == name);
        let used = self.lines.iter().take(done).find(|line| is(&line.inputs) && !is(&line.outputs))?;
        let reader = used.outputs.first().map_or("It", |token| &token.name);
        let line = used.text();
        Some(format!("{reader} has already used it. Step back before `{line}` for the change to take effect there."))
    }

    /// Index of the line that makes a value; state has none but its updates.
    pub fn maker(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.outputs.iter().any(|token| token.name == name))
    }
}

/// Why a run that was going on stands still.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopped {
    /// "max(abs(dense_1.weight.grad)) > 0.2"
    pub why: String,
    /// The breakpoint that did it.
    pub breakpoint: Option<u32>,
    /// The first NaN or infinity, where that is why.
    pub culprit: Option<Element>,
}

/// A breakpoint as the run sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakpointView {
    /// The breakpoint as it was set.
    pub breakpoint: Breakpoint,
    /// Why it has no place or no meaning here.
    pub problem: Option<String>,
}

/// What became of a text that is being typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// What was logged.
    pub text: String,
    /// As a condition, or as an expression to be watched.
    pub is_condition: bool,
    /// A sentence about what is wrong with it.
    pub problem: Option<String>,
}

/// One of the ways that the run has gone since it was forked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Id of the branch; stable for the life of a run.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The one that it left.
    pub parent: Option<u32>,
    /// Completed steps where it left another; 0 for the first.
    pub from: u64,
    /// Executed instructions of the step that was in progress there.
    pub from_instruction: usize,
    /// Completed steps where it stands.
    pub step: u64,
    /// It began by itself, with a change that was made where something lay ahead, and nobody has given it a name.
    #[serde(default)]
    pub by_change: bool,
}

/// Checkpoints on the way: where going back begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoints {
    /// Steps with a checkpoint in memory, ascending.
    pub steps: Vec<u64>,
    /// Memory they take, in bytes.
    pub bytes: usize,
    /// Memory they may take, in bytes.
    pub budget: usize,
    /// Steps between two checkpoints.
    pub spacing: u64,
}

/// Something that was changed in the run by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeMark {
    /// When it was made.
    pub at: Moment,
    /// "dense_1.weight[0, 1] = 0.5"
    pub what: String,
    /// It lies ahead of where the run stands, and will be made again.
    pub ahead: bool,
    /// Only numbers of tensors, not settings or the network.
    pub of_numbers: bool,
}

/// An expression that is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The expression as it was typed.
    pub expression: String,
    /// Or a sentence why there is none.
    pub value: Result<f64, String>,
    /// It has none only here: in this step or in the next it will.
    pub comes_later: bool,
    /// At the place before, where it was another.
    pub before: Option<f64>,
}

/// A watched number over the steps, as it was after each.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchCurve {
    /// The expression as it was typed.
    pub expression: String,
    /// Its value after each step.
    pub points: Arc<Series>,
    /// It begins with the first step that the run has.
    pub is_whole: bool,
}

/// On the way to a far place.
#[derive(Clone, Debug, PartialEq)]
pub struct Travel {
    /// "to step 1,200"
    pub what: String,
    /// Share of the way that is done.
    pub progress: f32,
}

/// Everything the debugger's panels show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DebugView {
    /// The program.
    pub listing: Arc<Listing>,
    /// Where the run is.
    pub moment: Moment,
    /// Lines whose values belong to the step that is looked at: all of them between two steps.
    pub done: usize,
    /// Samples of the batch, and which of the training part they are.
    pub batch: usize,
    /// Rows of the training set in the current batch.
    pub rows: Arc<[u32]>,
    /// Completed, with the fraction of the current one.
    pub epoch: f64,
    /// Of this batch, once it is computed.
    pub loss: Option<f64>,
    /// What each Loss says of it, where there are several and as far as they are computed.
    pub losses: Vec<(LayerId, f64)>,
    /// Learning rate of the current step.
    pub learning_rate: f64,
    /// Why it stopped, if it did.
    pub stopped: Option<Stopped>,
    /// Breakpoints with their hits and problems.
    pub breakpoints: Vec<BreakpointView>,
    /// What breakpoints that only log have said, newest last.
    pub log: Vec<String>,
    /// Earlier lines of it that are not kept.
    pub log_cut: u64,
    /// Gradient checks so far.
    pub checked: Vec<Checked>,
    /// All ways that the run has gone, and which of them is looked at.
    pub branches: Vec<Branch>,
    /// Id of the current branch.
    pub branch: u32,
    /// The last step that was ever reached on this branch.
    pub furthest: u64,
    /// Checkpoints that can be gone back to.
    pub checkpoints: Checkpoints,
    /// Changes made by hand.
    pub changes: Vec<ChangeMark>,
    /// Watched expressions and their values.
    pub watches: Vec<Watched>,
    /// Curves of watched expressions.
    pub curves: Vec<WatchCurve>,
    /// Progress of a long way, if one is under way.
    pub travel: Option<Travel>,
    /// What the panels asked to see.
    pub sight: Sight,
}

impl DebugView {
    /// The instruction that comes next; none is known to come between two steps but the first.
    pub fn next_line(&self) -> Option<&Line> {
        self.listing.lines.get(self.moment.instruction)
    }

    /// What became of a text that is being typed, once it was looked at.
    pub fn checked(&self, text: &str, is_condition: bool) -> Option<&Checked> {
        self.checked.iter().find(|checked| checked.text == text && checked.is_condition == is_condition)
    }

    /// The step that the values belong to, from 1; 0 before there are any.
    pub fn current_step(&self) -> u64 {
        self.moment.step + u64::from(self.moment.instruction > 0)
    }

    /// Whether a value of this name can be looked at now.
    pub fn is_current(&self, name: &str) -> bool {
        self.listing.maker(name).is_none_or(|line| line < self.done)
            || self.listing.token(name).is_some_and(|t| matches!(t.kind, ValueKind::Parameter | ValueKind::Memory))
    }
}
