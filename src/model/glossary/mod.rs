//! What the words on the screen mean: one entry for every term, in plain English, with a formula where it has one.
//!
//! Layers explain themselves ([`crate::model::layer::About`]); their entries are taken from there. Pictures are drawn
//! by the window.

mod detection;
mod network;
mod results;
mod training;
mod window;

use super::LayerKind;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The term, as it is written in the window.
    pub name: &'static str,
    /// Other words for it, those of other programs among them. One that several terms share is the name of a term
    /// itself.
    pub also: &'static [&'static str],
    /// A sentence or two.
    pub words: &'static str,
    /// Empty where there is none.
    pub formula: &'static str,
}

const fn term(name: &'static str, also: &'static [&'static str], formula: &'static str, words: &'static str) -> Term {
    Term { name, also, words, formula }
}

/// Every entry, by name.
pub fn all() -> Vec<Term> {
    let mut all = [training::TERMS, network::TERMS, results::TERMS, detection::TERMS, window::TERMS].concat();
    let layers = LayerKind::all().into_iter().map(|kind| kind.about());
    let layers: Vec<Term> = layers
        .filter(|about| !all.iter().any(|term| term.name == about.title))
        .map(|about| term(about.title, &[], about.formula, about.help))
        .collect();
    all.extend(layers);
    all.sort_by_key(|term| term.name.to_lowercase());
    all
}

/// What fits what was typed: the name itself first, then names that begin with it, other names and words for it, then
/// what only mentions it.
pub fn search<'a>(terms: &'a [Term], typed: &str) -> Vec<&'a Term> {
    let typed = typed.trim().to_lowercase();
    let rank = |term: &Term| {
        let name = term.name.to_lowercase();
        let also = || term.also.iter().map(|word| word.to_lowercase());
        match () {
            () if name == typed => Some(0),
            () if also().any(|word| word == typed) => Some(1),
            () if name.starts_with(&typed) => Some(2),
            () if also().any(|word| word.starts_with(&typed)) => Some(3),
            () if name.contains(&typed) || also().any(|word| word.contains(&typed)) => Some(4),
            () if term.words.to_lowercase().contains(&typed) => Some(5),
            () => None,
        }
    };
    let mut found: Vec<_> = terms.iter().filter_map(|term| Some((rank(term)?, term))).collect();
    // Within a rank the order of the alphabet stays; nothing typed is no rank at all.
    if !typed.is_empty() {
        found.sort_by_key(|(rank, _)| *rank);
    }
    found.into_iter().map(|(_, term)| term).collect()
}

/// A label of so many words is no sentence: any term in it is what it is about.
const SHORT: usize = 4;
/// A label of so many words may begin with what it is about: "Units of Dense 1".
const LABEL: usize = 8;

/// What a control stands for, by its label or its accessible name: the whole of it, else what it begins with, else what
/// is in it.
pub fn of_label<'a>(terms: &'a [Term], label: &str) -> Option<&'a Term> {
    let heading = label.split([':', '(']).next().unwrap_or(label);
    let parts = words(heading);
    let run = |from: usize, length: usize| exact(terms, &parts[from..from + length].join(" "));
    let begins = || (1..=parts.len()).rev().find_map(|length| run(0, length));
    let holds = || {
        let lengths = (1..parts.len()).rev();
        lengths
            .flat_map(|length| (1..=parts.len() - length).map(move |from| (from, length)))
            .find_map(|(a, b)| run(a, b))
    };
    let found = match parts.len() {
        0 => None,
        1..=SHORT => begins().or_else(holds),
        count if count <= LABEL => begins(),
        _ => None,
    };
    exact(terms, &words(label).join(" ")).or(found)
}

/// In small letters, without signs around them.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != 'β').to_owned();
    text.split([' ', '\n', ',', '.', '·', '“', '”']).map(bare).filter(|word| !word.is_empty()).collect()
}

/// The term of this name, in the singular too; else the one that has it among its other words.
fn exact<'a>(terms: &'a [Term], text: &str) -> Option<&'a Term> {
    let is = |name: &str, text: &str| words(name).join(" ") == text;
    let named = |text: &str| {
        let by_name = terms.iter().find(|term| is(term.name, text));
        by_name.or_else(|| terms.iter().find(|term| term.also.iter().any(|word| is(word, text))))
    };
    named(text).or_else(|| text.strip_suffix('s').filter(|one| one.len() > 1).and_then(named))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Activation, Initialiser, LossKind};
    use crate::model::{Optimiser, Schedule};

    #[test]
    fn every_layer_and_every_label_of_its_parameters_has_an_entry() {
        let all = all();
        let mut missing = Vec::new();
        for kind in LayerKind::all() {
            let labels = kind.spec().param_specs().into_iter().map(|spec| spec.label);
            let without =
                labels.chain([kind.about().title]).filter(|label| exact(&all, &words(label).join(" ")).is_none());
            missing.extend(without.map(|label| format!("{label} of {}", kind.about().title)));
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn every_choice_has_an_entry() {
        let all = all();
        let optimisers = Optimiser::all().into_iter().map(|optimiser| optimiser.title());
        let schedules = Schedule::all().into_iter().map(|schedule| schedule.title());
        let activations = Activation::ALL[1..].iter().map(|activation| activation.title());
        let losses = LossKind::ALL[1..].iter().map(|loss| loss.title());
        let initialisers = Initialiser::ALL.iter().map(|start| start.title());
        let choices = optimisers.chain(schedules).chain(activations).chain(losses).chain(initialisers);
        let missing: Vec<&str> = choices.filter(|title| of_label(&all, title).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn entries_are_short_sentences_and_there_is_one_of_each() {
        let all = all();
        for (i, term) in all.iter().enumerate() {
            assert!(term.words.ends_with('.') && (20..400).contains(&term.words.chars().count()), "{}", term.name);
            assert!(all[i + 1..].iter().all(|other| other.name != term.name), "{} twice", term.name);
        }
        assert!(all.is_sorted_by_key(|term| term.name.to_lowercase()));
    }

    #[test]
    fn another_word_means_one_term_only() {
        let all = all();
        for term in &all {
            for word in term.also {
                let shared = all.iter().filter(|other| other.also.contains(word)).count() > 1;
                let named = all.iter().any(|other| other.name.eq_ignore_ascii_case(word));
                assert!(!shared || named, "“{word}” of {} could mean another term", term.name);
            }
        }
    }

    #[test]
    fn what_is_typed_comes_first() {
        let all = all();
        let first = |typed: &str| search(&all, typed).first().map(|term| term.name);
        for (typed, name) in [
            ("lear", "Learning rate"),
            ("dying", "Dead unit"),
            ("neuron", "Unit"),
            ("hidden layer", "Hidden layer"),
            ("filter", "Filters"),
            ("test set", "Test"),
            ("k-fold", "Fold"),
            ("step", "Step"),
            ("β₁", "Beta 1"),
        ] {
            assert_eq!(first(typed), Some(name), "{typed}");
        }
        assert_eq!(search(&all, "").len(), all.len());
        assert!(search(&all, "xyzzy").is_empty());
    }

    #[test]
    fn a_control_is_about_what_its_label_says() {
        let all = all();
        let of = |label: &str| of_label(&all, label).map(|term| term.name);
        for (label, name) in [
            ("Learning rate", "Learning rate"),
            ("LEARNING RATE", "Learning rate"),
            ("Units of Dense 1", "Unit"),
            ("unit 3 of Dense 1", "Unit"),
            ("Undo: delete Dense 2 (Ctrl Z)", "Undo"),
            ("Hide the inspector", "Inspector"),
            ("Squared error (MSE)", "MSE"),
            ("Feature x²", "Feature"),
            ("val loss over time", "Loss"),
            ("Device: CPU · 2", "Device"),
            ("dense_1.weight", "Weight"),
            ("– moments", "Moment"),
            ("Layers", "Hidden layer"),
            ("Glorot uniform", "Initial weights"),
        ] {
            assert_eq!(of(label), Some(name), "{label}");
        }
        let sentence = "How many digits are drawn, training and validation together, and a few words more.";
        assert_eq!((of(sentence), of(""), of("0.25"), of("My table")), (None, None, None, None));
    }
}
