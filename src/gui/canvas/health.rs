//! The dot on a card: whether the layer is well, and why not.
//!
//! It says what the problems of the network and the diagnosis say, and judges nothing itself.

use egui::Color32;

use super::super::theme::Tokens;
use crate::diagnosis::{Place, Severity};
use crate::model::{Layer, LayerId, Subject};
use crate::session::{IDLE, State, layer_numbers};

#[derive(Clone, Debug, PartialEq)]
pub enum Health {
    /// Nothing is known yet: no dot.
    Unknown,
    /// It does not learn, wherever its numbers stand: it is not on the way to the Loss.
    Idle(String),
    /// The numbers do not tell.
    Neutral(String),
    Well(String),
    Ill(String),
    Broken(String),
}

impl Health {
    pub fn of(state: &State, layer: &Layer) -> Self {
        let own = Self::of_itself(state, layer, layer.id);
        if state.project().graph.block(layer.id).is_none() {
            return own;
        }
        let graph = &state.project().graph;
        let problem = state.inference().problems.iter().find(|problem| match problem.place {
            Subject::Layer(id) => graph.is_within(id, layer.id),
            Subject::Wire(id) => graph.wire(id).is_some_and(|wire| graph.is_within(wire.from, layer.id)),
            Subject::Graph => false,
        });
        if let Some(problem) = problem {
            return Self::Broken(problem.message.clone());
        }
        let places = state.diagnosed().filter_map(|found| match found.place {
            Place::Layer(id) => Some(id),
            _ => None,
        });
        let inner = places.filter(|&id| graph.around(id).contains(&layer.id));
        let inner = inner.filter_map(|id| Some(Self::of_itself(state, graph.layer(id)?, id)));
        // The worst of what lies inside.
        inner.fold(own, |worst, other| if other.rank() > worst.rank() { other } else { worst })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Unknown | Self::Idle(_) | Self::Neutral(_) | Self::Well(_) => 0,
            Self::Ill(_) => 1,
            Self::Broken(_) => 2,
        }
    }

    /// `id`: of the layer, or of a repetition of it.
    fn of_itself(state: &State, layer: &Layer, id: LayerId) -> Self {
        if let Some(problem) = state.inference().layer_problem(layer.id) {
            return Self::Broken(problem.message.clone());
        }
        let wire = state.project().graph.incoming(layer.id).find_map(|w| state.inference().wire_problem(w.id));
        if let Some(problem) = wire {
            return Self::Broken(problem.message.clone());
        }
        if state.inference().idle.contains(&layer.id) {
            return Self::Idle(format!("{}: {IDLE}", layer.name));
        }
        let title = id.title(&layer.name);
        if let Some(found) = state.run().not_finite.as_ref().filter(|found| found.layer.as_ref() == Some(&title)) {
            return Self::Broken(found.sentence.clone());
        }
        if let Some(found) = state.diagnosed_at(id).next() {
            let words = format!("{title}: {}. {}", found.rule.title, found.words);
            return match found.severity {
                Severity::Serious => Self::Broken(words),
                Severity::Warning => Self::Ill(words),
                Severity::Note => Self::Neutral(words),
            };
        }
        let Some(numbers) = state.pictured(id).map(layer_numbers) else { return Self::Unknown };
        if layer.frozen {
            return Self::Neutral(format!("{title} is frozen, its weights don't change: {numbers}."));
        }
        // Of layers without weights the rules know little.
        match state.is_told_of_layers() && layer.kind.has_weights() {
            true => Self::Well(format!("{title}: no rule of the diagnosis found anything; {numbers}.")),
            false => Self::Neutral(format!("{title}: {numbers}.")),
        }
    }

    pub fn colour(&self, tokens: &Tokens) -> Option<Color32> {
        match self {
            Self::Unknown => None,
            Self::Idle(_) | Self::Neutral(_) => Some(tokens.faint),
            Self::Well(_) => Some(tokens.ok),
            Self::Ill(_) => Some(tokens.warn),
            Self::Broken(_) => Some(tokens.bad),
        }
    }

    pub fn words(&self) -> &str {
        match self {
            Self::Unknown => "",
            Self::Idle(text) | Self::Neutral(text) | Self::Well(text) | Self::Ill(text) | Self::Broken(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnosis::{Finding, find};
    use crate::model::layer::{Dense, Loss, Relu};
    use crate::model::{LayerKind, infer};
    use crate::trace::{LayerPicture, NotFinite, Picture, Statistics};

    fn pictured(state: &mut State, layer: LayerId) {
        let picture = LayerPicture { statistics: Statistics::of(&[0.0, 1.0]), samples: 64, ..LayerPicture::default() };
        state.pose().run.picture = Some(Arc::new(Picture { layers: [(layer, picture)].into(), ..Picture::default() }));
        state.pose().run.step = 100;
    }

    /// Of a layer of which the diagnosis says this, after so many steps.
    fn judged(kind: LayerKind, at: Option<u64>, severity: Option<Severity>) -> Health {
        let mut state = State::default();
        let layer = state.pose().project.graph.add(kind, [0.0, 0.0]);
        pictured(&mut state, layer);
        let rule = find("dead-relu").unwrap();
        let found = severity.map(|severity| Finding::new(rule, severity, Place::Layer(layer), "Its units are silent."));
        state.pose().diagnose(found.into_iter().collect(), at);
        Health::of(&state, state.project().graph.layer(layer).unwrap())
    }

    #[test]
    fn a_dot_says_what_the_diagnosis_says_and_green_only_once_that_has_judged() {
        let dense = || LayerKind::from(Dense::default());
        assert!(matches!(judged(dense(), None, None), Health::Neutral(_)), "nobody has judged yet");
        assert!(matches!(judged(dense(), Some(63), None), Health::Neutral(_)), "too early for some rules");
        assert!(matches!(judged(dense(), Some(64), None), Health::Well(_)));
        assert!(matches!(judged(Relu {}.into(), Some(64), None), Health::Neutral(_)), "it learns nothing");
        let found = judged(dense(), Some(64), Some(Severity::Serious));
        assert!(matches!(&found, Health::Broken(why) if why.contains("Dead ReLU") && why.ends_with("are silent.")));
        assert!(matches!(judged(dense(), Some(64), Some(Severity::Warning)), Health::Ill(_)));
        assert!(matches!(judged(dense(), Some(64), Some(Severity::Note)), Health::Neutral(_)));
    }

    #[test]
    fn the_layer_that_made_the_first_nan_is_red() {
        let mut state = State::default();
        let relu = state.pose().project.graph.add(Relu {}.into(), [0.0, 0.0]);
        pictured(&mut state, relu);
        let found = NotFinite {
            step: 7,
            word: "NaN",
            layer: Some("ReLU 1".into()),
            sentence: "The first NaN.".into(),
            advice: String::new(),
            is_of_size: false,
        };
        state.pose().run.not_finite = Some(found);
        let health = Health::of(&state, state.project().graph.layer(relu).unwrap());
        assert_eq!(health, Health::Broken("The first NaN.".into()));
    }

    #[test]
    fn what_is_not_on_the_way_to_the_loss_is_neither_well_nor_ill() {
        let mut state = State::default();
        let graph = &mut state.pose().project.graph;
        let input = graph.add(crate::model::layer::Input::default().into(), [0.0, 0.0]);
        let (relu, loss) = (graph.add(Relu {}.into(), [0.0, 0.0]), graph.add(Loss::default().into(), [0.0, 0.0]));
        graph.connect(input, loss).unwrap();
        graph.connect(input, relu).unwrap();
        *state.pose().inference = infer(&state.project().graph, None);
        pictured(&mut state, relu);
        state.pose().diagnose(Vec::new(), Some(100));
        let health = Health::of(&state, state.project().graph.layer(relu).unwrap());
        assert!(matches!(health, Health::Idle(why) if why.contains("isn't connected to the Loss")));
    }
}
