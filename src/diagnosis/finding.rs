//! What a rule found: how serious, where, by which numbers, and what helps.

use std::fmt;

use super::Rule;
use crate::model::{DataSpec, Edit, EditError, LayerId, Project, TrainingSpec};
use crate::trace::significant;

/// In order of how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Costs little.
    Note,
    /// Learning is worse than it need be, or a score is not what it seems.
    Warning,
    /// The network cannot learn, or its score means nothing.
    Serious,
}

impl Severity {
    /// As JSON and the command line say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Serious => "serious",
        }
    }
}

/// How sure it is; the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It follows from the network, the settings or the data.
    Certain,
    /// Numbers far beyond what healthy runs show.
    Measured,
    /// Healthy runs come near to it at times.
    Likely,
}

impl Confidence {
    /// As JSON and the command line say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Measured => "measured",
            Self::Likely => "likely",
        }
    }
}

/// Where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The network as a whole.
    Network,
    /// A layer of the unfolded network.
    Layer(LayerId),
    /// A setting, by its key in a project file: "training.learning_rate".
    Setting(&'static str),
    /// A column of the data, or an input by its name.
    Column(String),
    /// The data as a whole.
    Data,
}

impl Place {
    /// As JSON says it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Layer(_) => "layer",
            Self::Setting(_) => "setting",
            Self::Column(_) => "column",
            Self::Data => "data",
        }
    }

    /// By which it is known again, while layers change their names: "layer 3", "column age".
    pub fn key(&self) -> String {
        match self {
            Self::Layer(id) => format!("layer {}", id.0),
            Self::Setting(name) => format!("setting {name}"),
            Self::Column(name) => format!("column {name}"),
            Self::Network | Self::Data => self.kind().to_owned(),
        }
    }
}

/// A number that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What the number is: "mean of income".
    pub what: String,
    /// The number.
    pub value: f64,
    /// What it would have to keep to; `None` of a number that only explains.
    pub limit: Option<f64>,
}

/// "mean of income: 5.2e4 (limit 30)"
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, significant(self.value, 3))?;
        self.limit.map_or(Ok(()), |limit| write!(f, " (limit {})", significant(limit, 3)))
    }
}

/// A change of the project.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Of the network, one edit after the other.
    Network(Vec<Edit>),
    /// Of how it trains.
    Training(Box<TrainingSpec>),
    /// Of the data.
    Data(Box<DataSpec>),
    /// None that the program could make by itself.
    ByHand,
}

/// What a remedy is to be judged by where it is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promise {
    /// A lower loss over samples that the network has not learnt from.
    #[default]
    Loss,
    /// More of the samples of each class found, on average over the classes.
    Balance,
    /// What is not needed goes, and nothing is worse.
    Simpler,
    /// A score that is true, which may be lower.
    Honest,
}

/// What helps, told as a button.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// "Standardise the numeric columns"
    pub label: String,
    /// What the button does.
    pub change: Change,
    /// What is better with it.
    pub promise: Promise,
}

/// Why a remedy cannot be tried.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialError {
    /// The program cannot make it by itself.
    ByHand,
    /// The network is another one by now.
    Refused(EditError),
}

impl fmt::Display for TrialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand => f.write_str("Only you can make this change."),
            Self::Refused(error) => write!(f, "The network has changed since: {error}"),
        }
    }
}

impl std::error::Error for TrialError {}

impl Remedy {
    /// A change of the network.
    pub fn edits(label: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self::new(label, Change::Network(edits))
    }

    /// A change of how it trains.
    pub fn training(label: impl Into<String>, training: TrainingSpec) -> Self {
        Self::new(label, Change::Training(Box::new(training)))
    }

    /// A change of the data.
    pub fn data(label: impl Into<String>, data: DataSpec) -> Self {
        Self::new(label, Change::Data(Box::new(data)))
    }

    /// What only a person can do.
    pub fn by_hand(label: impl Into<String>) -> Self {
        Self::new(label, Change::ByHand)
    }

    fn new(label: impl Into<String>, change: Change) -> Self {
        Self { label: label.into(), change, promise: Promise::default() }
    }

    /// It is not to be judged by the loss.
    pub fn promising(self, promise: Promise) -> Self {
        Self { promise, ..self }
    }

    /// The project with it.
    pub fn apply(&self, project: &Project) -> Result<Project, TrialError> {
        let mut mended = project.clone();
        match &self.change {
            Change::Network(edits) => edits
                .iter()
                .try_for_each(|edit| edit.apply(&mut mended.graph).map(drop))
                .map_err(TrialError::Refused)?,
            Change::Training(training) => mended.training = (**training).clone(),
            Change::Data(data) => mended.data = (**data).clone(),
            Change::ByHand => return Err(TrialError::ByHand),
        }
        Ok(mended)
    }
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How serious.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// Completed steps when it was seen; `None` of what is there before training.
    pub step: Option<u64>,
    /// For a beginner: what is wrong, and why that matters.
    pub words: String,
    /// The numbers.
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What helps, the best first.
    pub remedies: Vec<Remedy>,
    /// Rules that found something else which may be the cause.
    pub may_follow_from: Vec<&'static str>,
}

impl Finding {
    /// One that is certain, without evidence or remedies yet.
    pub fn new(rule: &'static Rule, severity: Severity, place: Place, words: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            place,
            step: None,
            words: words.into(),
            evidence: Vec::new(),
            confidence: Confidence::Certain,
            remedies: Vec::new(),
            may_follow_from: Vec::new(),
        }
    }

    /// With a number that explains.
    pub fn with(mut self, what: impl Into<String>, value: f64) -> Self {
        self.evidence.push(Evidence { what: what.into(), value, limit: None });
        self
    }

    /// With a number beyond its limit.
    pub fn beyond(mut self, what: impl Into<String>, value: f64, limit: f64) -> Self {
        self.evidence.push(Evidence { what: what.into(), value, limit: Some(limit) });
        self
    }

    /// Seen at a step, by numbers that vary.
    pub fn seen(mut self, step: u64, confidence: Confidence) -> Self {
        (self.step, self.confidence) = (Some(step), confidence);
        self
    }

    /// With what helps.
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_a_number_with_its_limit() {
        let evidence = |limit| Evidence { what: "mean of income".into(), value: -52_431.0, limit };
        assert_eq!(evidence(None).to_string(), "mean of income: −52431");
        assert_eq!(evidence(Some(30.0)).to_string(), "mean of income: −52431 (limit 30)");
        assert!(Severity::Serious > Severity::Warning && Severity::Warning > Severity::Note);
    }
}
