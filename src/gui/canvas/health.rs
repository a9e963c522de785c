//! The dot on a card: whether the layer is well, and why not.
//!
//! Only what the numbers of the picture and the problems already say; the finer rules of a diagnosis are not here.

use egui::Color32;

use super::super::numbers::number;
use super::super::theme::Tokens;
use crate::model::Layer;
use crate::session::State;
use crate::trace::{LayerCondition, LayerPicture, Picture, Severity, Vitals};

#[derive(Clone, Debug, PartialEq)]
pub enum Health {
    /// Nothing is known yet: no dot.
    Unknown,
    /// The numbers do not tell.
    Neutral(String),
    Well(String),
    Ill(String),
    Broken(String),
}

impl Health {
    pub fn of(state: &State, layer: &Layer) -> Self {
        if let Some(problem) = state.inference.layer_problem(layer.id) {
            return Self::Broken(problem.message.clone());
        }
        let wire = state.project.graph.incoming(layer.id).find_map(|w| state.inference.wire_problem(w.id));
        if let Some(problem) = wire {
            return Self::Broken(problem.message.clone());
        }
        match state.run.picture.as_ref().and_then(|all| Some((all, all.layers.get(&layer.id)?))) {
            Some((all, own)) if state.run.step > 0 => {
                // Updates are measured now and then; what was long ago says nothing of now.
                let of_late = |&(step, _): &(u64, _)| 8 * all.step.saturating_sub(step) <= all.step;
                let summary = state.run.curves.summaries.of(layer.id).last().filter(of_late);
                let update = summary.map(|(_, summary)| summary.update).filter(|share| !share.is_nan());
                Self::of_picture(layer, own, all, update)
            }
            _ => Self::Unknown,
        }
    }

    fn of_picture(layer: &Layer, own: &LayerPicture, all: &Picture, update: Option<f32>) -> Self {
        let (outputs, name) = (&own.statistics, &layer.name);
        let finite = all.layers.values().filter_map(|other| other.gradient_norm).filter(|norm| norm.is_finite());
        let vitals = Vitals {
            outputs,
            samples: own.samples,
            may_be_zero: layer.may_be_zero(),
            dead: own.dead,
            saturated: own.saturated,
            gradient: own.gradient_norm,
            batch: all.batch,
            strongest: finite.fold(0.0, f32::max),
            update,
            is_frozen: layer.frozen,
        };
        let LayerCondition { severity, words } = vitals.condition();
        let gradient = own.gradient_norm.map_or(String::new(), |norm| format!(", gradient {}", number(norm)));
        let numbers = format!("outputs {} ± {}{gradient}", number(outputs.mean), number(outputs.std));
        match severity {
            Severity::Bad => Self::Broken(format!("{name}: {words}.")),
            Severity::Watch => Self::Ill(format!("{name}: {words}.")),
            Severity::Unknown if words.is_empty() => Self::Neutral(format!("{name}: {numbers}.")),
            Severity::Unknown => Self::Neutral(format!("{name}: {words}; {numbers}.")),
            Severity::Well => Self::Well(format!("{name} is healthy: {numbers}.")),
        }
    }

    pub fn colour(&self, tokens: &Tokens) -> Option<Color32> {
        match self {
            Self::Unknown => None,
            Self::Neutral(_) => Some(tokens.faint),
            Self::Well(_) => Some(tokens.ok),
            Self::Ill(_) => Some(tokens.warn),
            Self::Broken(_) => Some(tokens.bad),
        }
    }

    pub fn words(&self) -> &str {
        match self {
            Self::Unknown => "",
            Self::Neutral(text) | Self::Well(text) | Self::Ill(text) | Self::Broken(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::Relu;
    use crate::model::{Graph, LayerId};
    use crate::trace::Statistics;

    fn relu() -> Layer {
        let mut graph = Graph::default();
        let id: LayerId = graph.add(Relu {}.into(), [0.0, 0.0]);
        graph.layer(id).unwrap().clone()
    }

    fn picture(values: &[f32], gradient_norm: Option<f32>) -> LayerPicture {
        LayerPicture { statistics: Statistics::of(values), samples: 64, gradient_norm, ..LayerPicture::default() }
    }

    #[test]
    fn green_is_only_what_the_numbers_show_and_red_what_is_a_fact() {
        let judge = |values: &[f32], norm| {
            let own = picture(values, norm);
            let all =
                Picture { layers: [(LayerId(7), picture(&[1.0], Some(0.3)))].into(), batch: 32, ..Picture::default() };
            Health::of_picture(&relu(), &own, &all, None)
        };
        assert!(matches!(judge(&[0.0, 1.0, 2.0], Some(0.1)), Health::Well(_)));
        assert!(matches!(judge(&[0.0, 1.0, 2.0], None), Health::Neutral(_)), "no weights, so nothing to tell by");
        assert!(matches!(judge(&[0.0; 40], None), Health::Broken(why) if why.contains("dead")));
        assert!(matches!(judge(&[1.0, f32::NAN], None), Health::Broken(why) if why.contains("NaN")));
        assert!(matches!(judge(&[1.0], Some(0.0)), Health::Broken(why) if why.contains("no gradient")));
        assert!(matches!(judge(&[1.0], Some(f32::INFINITY)), Health::Broken(_)));
        assert!(matches!(judge(&[1.0], Some(5.8e-8)), Health::Ill(why) if why.contains("vanishes (5.8e−8")));
        let alone = |own| Health::of_picture(&relu(), &own, &Picture::default(), None);
        assert!(matches!(alone(picture(&[1.0], Some(5.8e-8))), Health::Neutral(why) if why.contains("tiny")));
        let saturated = LayerPicture { saturated: Some(0.95), ..picture(&[1.0], Some(0.1)) };
        assert!(matches!(alone(saturated), Health::Ill(why) if why.contains("saturated")));
        let dying = LayerPicture { dead: Some((7, 8)), ..picture(&[0.0, 0.0, 1.0], Some(0.1)) };
        assert!(matches!(alone(dying), Health::Broken(why) if why.contains("7 of 8 units are zero")));
        let still = Health::of_picture(&relu(), &picture(&[1.0], Some(0.1)), &Picture::default(), Some(1e-9));
        assert!(matches!(still, Health::Ill(why) if why.contains("hardly moves")), "as the debugger's table says");
    }
}
