//! The dot on a card: whether the layer is well, and why not.
//!
//! Only what the picture and the problems already say; the finer rules of a diagnosis are not here.

use egui::Color32;

use super::super::numbers::number;
use super::super::theme::Tokens;
use crate::model::{Layer, LayerKind};
use crate::session::State;
use crate::trace::LayerPicture;

/// Above this share of exact zeros a layer's units are as good as dead.
const DEAD: f32 = 0.95;

#[derive(Clone, Debug, PartialEq)]
pub enum Health {
    /// Nothing is known yet: no dot.
    Unknown,
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
        match state.run.picture.as_ref().and_then(|p| p.layers.get(&layer.id)) {
            Some(picture) if state.run.step > 0 => Self::of_picture(layer, picture),
            _ => Self::Unknown,
        }
    }

    fn of_picture(layer: &Layer, picture: &LayerPicture) -> Self {
        let s = &picture.statistics;
        let name = &layer.name;
        if s.nans + s.infinities > 0 {
            return Self::Ill(format!(
                "{} of {} outputs of {name} are not finite (NaN or infinite): the learning rate may be too high.",
                s.nans + s.infinities,
                s.count
            ));
        }
        match picture.gradient_norm {
            Some(norm) if !norm.is_finite() => {
                return Self::Ill(format!("The gradient of {name} is not finite: the learning rate may be too high."));
            }
            Some(norm) if norm == 0.0 && !layer.frozen => {
                return Self::Ill(format!("No gradient arrives at {name}, so its weights do not change."));
            }
            _ => {}
        }
        if s.zeros > DEAD && !matches!(layer.kind, LayerKind::Dropout(_) | LayerKind::Input(_)) {
            return Self::Ill(format!(
                "{:.0} % of the outputs of {name} are exactly zero: most of its units are dead.",
                s.zeros * 100.0
            ));
        }
        let gradient = picture.gradient_norm.map_or(String::new(), |norm| format!(", gradient {}", number(norm)));
        Self::Well(format!("{name} is well: outputs {} ± {}{gradient}.", number(s.mean), number(s.std)))
    }

    pub fn colour(&self, tokens: &Tokens) -> Option<Color32> {
        match self {
            Self::Unknown => None,
            Self::Well(_) => Some(tokens.ok),
            Self::Ill(_) => Some(tokens.warn),
            Self::Broken(_) => Some(tokens.bad),
        }
    }

    pub fn words(&self) -> &str {
        match self {
            Self::Unknown => "",
            Self::Well(text) | Self::Ill(text) | Self::Broken(text) => text,
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
        LayerPicture { statistics: Statistics::of(values), gradient_norm, ..LayerPicture::default() }
    }

    #[test]
    fn dead_units_nan_and_missing_gradients_are_told_from_health() {
        let judge = |values: &[f32], norm| Health::of_picture(&relu(), &picture(values, norm));
        assert!(matches!(judge(&[0.0, 1.0, 2.0], Some(0.1)), Health::Well(_)));
        assert!(matches!(judge(&[0.0; 40], None), Health::Ill(why) if why.contains("dead")));
        assert!(matches!(judge(&[1.0, f32::NAN], None), Health::Ill(why) if why.contains("NaN")));
        assert!(matches!(judge(&[1.0], Some(0.0)), Health::Ill(why) if why.contains("No gradient")));
        assert!(matches!(judge(&[1.0], Some(f32::INFINITY)), Health::Ill(_)));
    }
}
