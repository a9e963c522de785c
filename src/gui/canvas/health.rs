//! The dot on a card: whether the layer is well, and why not.
//!
//! Only what the numbers of the picture and the problems already say; the finer rules of a diagnosis are not here.

use egui::Color32;

use super::super::theme::Tokens;
use crate::model::{Layer, LayerId, Subject};
use crate::session::{IDLE, State, layer_numbers};
use crate::trace::{LayerCondition, Severity};

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
        let pictured = state.run().picture.iter().flat_map(|picture| picture.layers.keys());
        let inner = pictured.filter(|&&id| graph.around(id).contains(&layer.id));
        let inner = inner.filter_map(|&id| Some(Self::of_itself(state, graph.layer(id)?, id)));
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
        match state.condition(layer, id).zip(state.pictured(id)) {
            Some((condition, picture)) => Self::judged(&id.title(&layer.name), condition, &layer_numbers(picture)),
            None => Self::Unknown,
        }
    }

    fn judged(name: &str, LayerCondition { severity, words }: LayerCondition, numbers: &str) -> Self {
        match severity {
            Severity::Bad => Self::Broken(format!("{name}: {words}.")),
            Severity::Warning => Self::Ill(format!("{name}: {words}.")),
            Severity::Unknown if words.is_empty() => Self::Neutral(format!("{name}: {numbers}.")),
            Severity::Unknown => Self::Neutral(format!("{name}: {words}; {numbers}.")),
            Severity::Well => Self::Well(format!("{name} is healthy: {numbers}.")),
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
    use crate::model::infer;
    use crate::model::layer::{Loss, Relu};
    use crate::trace::{LayerPicture, Picture, Statistics};

    fn picture(values: &[f32], gradient_norm: Option<f32>) -> LayerPicture {
        LayerPicture { statistics: Statistics::of(values), samples: 64, gradient_norm, ..LayerPicture::default() }
    }

    /// Of a ReLU beside a layer whose gradient is 0.3.
    fn judge(values: &[f32], norm: Option<f32>) -> Health {
        let mut state = State::default();
        let relu = state.pose().project.graph.add(Relu {}.into(), [0.0, 0.0]);
        let layers = [(relu, picture(values, norm)), (LayerId(7), picture(&[1.0], Some(0.3)))];
        state.pose().run.picture = Some(Arc::new(Picture { layers: layers.into(), batch: 32, ..Picture::default() }));
        state.pose().run.step = 1;
        Health::of(&state, state.project().graph.layer(relu).unwrap())
    }

    #[test]
    fn green_is_only_what_the_numbers_show_and_red_what_is_a_fact() {
        assert!(matches!(judge(&[0.0, 1.0, 2.0], Some(0.1)), Health::Well(_)));
        assert!(matches!(judge(&[0.0, 1.0, 2.0], None), Health::Neutral(_)), "no weights, so nothing to tell by");
        assert!(matches!(judge(&[0.0; 40], None), Health::Broken(why) if why.contains("dead")));
        assert!(matches!(judge(&[1.0, f32::NAN], None), Health::Broken(why) if why.contains("NaN")));
        assert!(matches!(judge(&[1.0], Some(0.0)), Health::Broken(why) if why.contains("no gradient")));
        assert!(matches!(judge(&[1.0], Some(f32::INFINITY)), Health::Broken(_)));
        assert!(matches!(judge(&[1.0], Some(5.8e-8)), Health::Ill(why) if why.contains("vanishes (5.8e−8")));
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
        let layers = [(relu, picture(&[1.0], Some(0.0)))];
        state.pose().run.picture = Some(Arc::new(Picture { layers: layers.into(), ..Picture::default() }));
        state.pose().run.step = 1;
        let health = Health::of(&state, state.project().graph.layer(relu).unwrap());
        assert!(matches!(health, Health::Idle(why) if why.contains("isn't connected to the Loss")));
    }
}
