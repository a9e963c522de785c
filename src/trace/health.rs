//! How every layer of the network is doing at one moment, and how that went over time.

use std::sync::Arc;

use super::Statistics;
use crate::model::LayerId;

/// One row of the table of all layers.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerHealth {
    /// The layer.
    pub layer: LayerId,
    /// Its name at that step.
    pub name: String,
    /// What leaves it, under its name in the listing.
    pub output: String,
    /// Over the batch; empty before the first forward pass.
    pub activations: Statistics,
    /// How many samples the batch has.
    pub samples: usize,
    /// Zeros are what it is for, or are the data's own.
    pub may_be_zero: bool,
    /// Units (or channels) of an activation layer that are zero for the whole batch, and how many there are.
    pub dead: Option<(usize, usize)>,
    /// Share of outputs at an end of its activation, where that has two ends.
    pub saturated: Option<f32>,
    /// Norm of the gradient of all the layer's weights; NaN where one of its numbers is none.
    pub gradient: Option<f32>,
    /// Norm of all its weights.
    pub weights: Option<f32>,
    /// How far the last update moved the weights, as a share of their norm; `None` of weights that were all zero.
    pub update: Option<f32>,
    /// Its weights are not trained.
    pub is_frozen: bool,
}

/// All layers in the order of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayersRecord {
    /// The step it belongs to, from 1.
    pub step: u64,
    /// Samples of its batch.
    pub batch: usize,
    /// Layers with weights or activations, in network order.
    pub layers: Vec<LayerHealth>,
    /// Where the first NaN or infinity was made, if there is one: a sentence.
    pub not_finite: Option<String>,
}

/// What of a layer is drawn over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Norm of the gradient of all weights.
    Gradient,
    /// Size of the last update relative to the weights.
    Update,
    /// Mean of the outputs.
    Mean,
    /// Standard deviation of the outputs.
    Deviation,
    /// Share of zero activations.
    Zeros,
}

impl Measure {
    /// The quantity of a layer, if it is known.
    pub fn of(self, health: &LayerHealth) -> Option<f32> {
        let seen = (health.activations.count > 0).then_some(health.activations);
        match self {
            Self::Gradient => health.gradient,
            Self::Update => health.update,
            Self::Mean => seen.map(|s| s.mean),
            Self::Deviation => seen.map(|s| s.std),
            Self::Zeros => seen.map(|s| s.zeros),
        }
    }
}

/// Records of one branch of a run, thinned as they become many.
#[derive(Clone, Debug, Default)]
pub struct LayersHistory {
    records: Vec<Arc<LayersRecord>>,
}

impl LayersHistory {
    const MOST: usize = 240;

    /// Adds a record; after going back it is the end of what is known.
    pub fn push(&mut self, record: Arc<LayersRecord>) {
        self.records.retain(|known| known.step < record.step);
        self.records.push(record);
        if self.records.len() > Self::MOST {
            // Every other one, but the newest half stays as fine as it is.
            let half = self.records.len() / 2;
            let mut i = 0;
            self.records.retain(|_| {
                i += 1;
                i > half || i % 2 == 1
            });
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.records.clear();
    }

    /// The newest record.
    pub fn latest(&self) -> Option<&Arc<LayersRecord>> {
        self.records.last()
    }

    /// Step and measure of one layer, oldest first.
    pub fn course(&self, layer: LayerId, measure: Measure) -> Vec<(u64, f32)> {
        let rows = self.records.iter().filter_map(|r| Some((r.step, r.layers.iter().find(|l| l.layer == layer)?)));
        rows.filter_map(|(step, health)| Some((step, measure.of(health)?))).collect()
    }

    /// Largest course of a measure over all layers and steps, for one scale.
    pub fn extremes(&self, measure: Measure) -> Option<(f32, f32)> {
        let all = self.records.iter().flat_map(|r| &r.layers).filter_map(|l| measure.of(l)).filter(|v| v.is_finite());
        all.fold(None, |range, v| {
            let (low, high) = range.unwrap_or((v, v));
            Some((v.min(low), v.max(high)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64, gradient: f32) -> Arc<LayersRecord> {
        let health = LayerHealth {
            layer: LayerId(1),
            name: "Dense 1".into(),
            output: "%1".into(),
            activations: Statistics::of(&[0.0, 1.0]),
            samples: 64,
            may_be_zero: false,
            dead: None,
            saturated: None,
            gradient: Some(gradient),
            weights: Some(1.0),
            update: None,
            is_frozen: false,
        };
        Arc::new(LayersRecord { step, batch: 32, layers: vec![health], not_finite: None })
    }

    #[test]
    fn going_back_forgets_what_lay_ahead() {
        let mut history = LayersHistory::default();
        for step in 1..=10 {
            history.push(record(step, step as f32));
        }
        history.push(record(4, 40.0));
        let course = history.course(LayerId(1), Measure::Gradient);
        assert_eq!(course, vec![(1, 1.0), (2, 2.0), (3, 3.0), (4, 40.0)]);
        assert_eq!(history.extremes(Measure::Gradient), Some((1.0, 40.0)));
        assert!(history.course(LayerId(1), Measure::Update).is_empty());
    }

    #[test]
    fn a_long_history_is_thinned_and_keeps_its_ends() {
        let mut history = LayersHistory::default();
        for step in 1..=5000 {
            history.push(record(step, 1.0));
        }
        let course = history.course(LayerId(1), Measure::Zeros);
        assert!(course.len() <= 240, "{}", course.len());
        assert_eq!((course[0].0, course[course.len() - 1].0), (1, 5000));
    }
}
