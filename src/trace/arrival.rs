//! What came over of another program's model, and how: the report of an import, as command line and window show it.

use serde::{Deserialize, Serialize};

use crate::model::LayerId;

/// A model of another program that became this project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrival {
    /// The name of its file.
    pub file: String,
    /// What the file is: "Keras 3.3.3".
    pub format: String,
    /// What was said of each part.
    pub report: Report,
}

/// What came over and how, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Report {
    /// One a layer, and one for each thing beside the layers (optimiser, metrics, names of classes).
    pub findings: Vec<Finding>,
}

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// As the file calls it.
    pub what: String,
    /// How it came over.
    pub fate: Fate,
    /// A sentence, where there is anything to say: "Kernel turned from H × W × in × out to out × in × H × W".
    #[serde(default)]
    pub words: String,
    /// The layers that it became.
    #[serde(default)]
    pub layers: Vec<LayerId>,
}

/// How a part of a file came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The same layer with the same numbers.
    Exact,
    /// Another way of writing the same: the outputs are equal.
    Translated,
    /// The file does not say it: it was chosen, and may be wrong.
    Guessed,
    /// It makes no difference to what the network computes and was left behind.
    LeftOut,
    /// Glassbox has no such layer: it stands in its place and computes nothing.
    Foreign,
}

impl Fate {
    /// What needs a look first.
    pub const ALL: [Self; 5] = [Self::Foreign, Self::Guessed, Self::Translated, Self::LeftOut, Self::Exact];

    /// A word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Translated => "translated",
            Self::Guessed => "guessed",
            Self::LeftOut => "left out",
            Self::Foreign => "foreign",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "The same layer with the same numbers.",
            Self::Translated => "Written in another way; the outputs are equal.",
            Self::Guessed => "Not said by the file. Check it before you rely on it.",
            Self::LeftOut => "Makes no difference to what the network computes.",
            Self::Foreign => "Stands in its place and computes nothing.",
        }
    }
}

impl Report {
    /// Adds a line about something that is no layer.
    pub fn say(&mut self, what: impl Into<String>, fate: Fate, words: impl Into<String>) {
        self.say_of(Vec::new(), what, fate, words);
    }

    /// Adds a line about what became these layers.
    pub fn say_of(&mut self, layers: Vec<LayerId>, what: impl Into<String>, fate: Fate, words: impl Into<String>) {
        self.findings.push(Finding { what: what.into(), fate, words: words.into(), layers });
    }

    /// Those that came over this way.
    pub fn of(&self, fate: Fate) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.fate == fate)
    }

    /// How many parts came over this way.
    pub fn count(&self, fate: Fate) -> usize {
        self.of(fate).count()
    }
}

impl Arrival {
    /// In a sentence: how much came over in which way.
    pub fn summary(&self) -> String {
        let told = |fate: &Fate| match self.report.count(*fate) {
            0 => None,
            count => Some(format!("{count} {}", fate.word())),
        };
        let order = [Fate::Exact, Fate::Translated, Fate::Guessed, Fate::LeftOut, Fate::Foreign];
        let told: Vec<String> = order.iter().filter_map(told).collect();
        format!("Imported from {}: {}.", self.format, told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_summed_up_and_comes_back_from_a_file() {
        let mut report = Report::default();
        report.say_of(vec![LayerId(3)], "dense", Fate::Exact, "");
        report.say("If a", Fate::Foreign, "Glassbox has no such layer.");
        report.say("If b", Fate::Foreign, "Glassbox has no such layer.");
        let arrival = Arrival { file: "net.onnx".into(), format: "ONNX".into(), report };
        assert_eq!(arrival.summary(), "Imported from ONNX: 1 exact, 2 foreign.");
        let text = serde_json::to_string(&arrival).unwrap();
        assert_eq!(serde_json::from_str::<Arrival>(&text).unwrap(), arrival);
        assert!(Fate::ALL.iter().all(|fate| !fate.word().is_empty() && fate.meaning().ends_with('.')));
    }
}
