//! Floor 4: lessons as data. What a lesson file says, what is wrong with one, the project that a step sets up, and its
//! sentences with the person's own numbers in them.
//!
//! Deliberately knows nothing of runs, of the window's state or of where a control stands: what a name stands for is
//! asked of whoever trains (`session::lessons`). docs/lessons.md is written for those who write lessons.

mod check;
mod file;
mod setup;
mod words;

pub use check::{Fault, faults};
pub use file::{Choice, Lesson, LessonError, Pointer, Predict, Run, Setup, Step};
pub use setup::project;
pub use words::{filled, placeholders};

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/lessons/", $name, ".json")))),*]
    };
}

/// The lessons in the program, in the order in which they are best taken: name and text.
pub const BUILT_IN: &[(&str, &str)] = built_in![
    "step-size",
    "neuron",
    "xor",
    "symmetry",
    "first-loss",
    "chain-rule",
    "vanishing",
    "dead-relu",
    "momentum",
    "batch-size",
    "overfitting",
    "batch-norm",
    "convolution",
    "memory",
    "attention",
    "find-the-fault",
];

/// The text of a lesson in the program.
pub fn find(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
