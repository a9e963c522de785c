//! What stands in a lesson file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The format that this program reads.
const VERSION: u64 = 1;

/// Why a text is no lesson: a sentence with line and column.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("This isn't a lesson: {0}.")]
pub struct LessonError(String);

/// A lesson, from its first step to its last.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// The format.
    glassbox_lesson: u64,
    /// In the list and above the lesson.
    pub title: String,
    /// How long it takes.
    pub minutes: u32,
    /// What it is about, in a sentence.
    pub about: String,
    /// Its checks hold for any seed, not only for that of its projects.
    #[serde(default)]
    pub any_seed: bool,
    /// At least one.
    pub steps: Vec<Step>,
}

/// A page: what is read, what is set up, asked, run, checked and explained, in this order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Above the text.
    pub title: String,
    /// Paragraphs with an empty line between, **bold** and `code`, and numbers as `{step}`.
    pub text: String,
    /// A network that begins anew; without one the step goes on with the network there is.
    #[serde(default)]
    pub setup: Option<Setup>,
    /// A real control that the step is about.
    #[serde(default)]
    pub point: Option<Pointer>,
    /// A question that is answered before anything runs.
    #[serde(default)]
    pub predict: Option<Predict>,
    /// How far to train.
    #[serde(default)]
    pub run: Option<Run>,
    /// Numbers that later steps speak of: what each is called, and an expression.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// What has to be true at the end of the step.
    #[serde(default)]
    pub check: Option<String>,
    /// What happened, with the person's own numbers.
    #[serde(default)]
    pub explain: Option<String>,
}

/// Where a network comes from: a template, a whole project, or the project of the step before.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// The key of a template that needs no files.
    pub template: Option<String>,
    /// A project as in a project file.
    pub project: Option<Value>,
    /// Layers in a row between Input and Loss, instead of those there are.
    pub network: Option<Vec<Value>>,
    /// Settings by their names: `training.learning_rate`, `data.source.noise`, `Dense 1.units`.
    pub set: BTreeMap<String, Value>,
}

/// At what a step points.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// The name of a control.
    pub at: String,
    /// What is said there.
    pub say: String,
}

/// A question with either choices or a number as its answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predict {
    /// Ends with a question mark.
    pub question: String,
    /// From which one is chosen.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// An expression that a typed number is compared with.
    #[serde(default)]
    pub number: Option<String>,
    /// How far from it a typed number may lie.
    #[serde(default)]
    pub within: Option<f64>,
}

/// An answer to choose.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What it says.
    pub say: String,
    /// It is right where this is true after the run. Of all choices exactly one is.
    pub when: String,
}

/// How far a step trains.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// So many steps.
    pub steps: Option<u64>,
    /// So many epochs.
    pub epochs: Option<u64>,
    /// Until this is true, asked after every step.
    pub until: Option<String>,
    /// With `until`: after so many steps it is given up.
    pub at_most: Option<u64>,
}

impl Lesson {
    /// Reads a file's text. What a sentence of its error says of a place is the line.
    pub fn from_text(text: &str) -> Result<Self, LessonError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lesson: Self = serde_json::from_str(text).map_err(|error| LessonError(error.to_string()))?;
        match lesson.glassbox_lesson {
            VERSION => Ok(lesson),
            other => Err(LessonError(format!("its format is {other}, and this version of Glassbox reads {VERSION}"))),
        }
    }
}
