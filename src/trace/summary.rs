//! How every layer was doing over the whole of a run, seldom enough to cost nothing and always at the same steps.
//!
//! When a summary is taken follows from the number of the step and the size of the program alone, so that two runs can
//! be laid beside each other and a replay finds what the run had found.

use std::sync::Arc;

use crate::model::LayerId;

/// One layer after one step. NaN stands for what a layer does not have.
#[derive(Clone, Copy, Debug)]
pub struct LayerSummary {
    /// The layer.
    pub layer: LayerId,
    /// Of what leaves the layer, over the batch.
    pub mean: f32,
    /// Standard deviation of the outputs.
    pub deviation: f32,
    /// Share of exact zeros, 0 to 1.
    pub zeros: f32,
    /// Share of units that are zero for the whole batch; of rectifiers.
    pub dead: f32,
    /// Share of numbers that lie at an end of what the activation can give; of those that have ends.
    pub saturated: f32,
    /// Norm of the gradient of all its weights.
    pub gradient: f32,
    /// How far the update moved the weights, as a share of their norm.
    pub update: f32,
}

impl LayerSummary {
    /// The measures by their names in a table, in the order of [`Self::numbers`].
    pub const MEASURES: [&str; 7] = ["mean", "deviation", "zeros", "dead", "saturated", "gradient", "update"];

    /// All numbers in the order they are stored.
    pub fn numbers(&self) -> [f32; 7] {
        [self.mean, self.deviation, self.zeros, self.dead, self.saturated, self.gradient, self.update]
    }

    /// From the numbers as stored by [`Self::numbers`].
    pub fn of(layer: LayerId, numbers: [f32; 7]) -> Self {
        let [mean, deviation, zeros, dead, saturated, gradient, update] = numbers;
        Self { layer, mean, deviation, zeros, dead, saturated, gradient, update }
    }
}

/// Bit for bit, as numbers that are none are equal to themselves here.
impl PartialEq for LayerSummary {
    fn eq(&self, other: &Self) -> bool {
        self.layer == other.layer && self.numbers().map(f32::to_bits) == other.numbers().map(f32::to_bits)
    }
}

/// All layers after one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Completed steps.
    pub step: u64,
    /// By their numbers.
    pub layers: Vec<LayerSummary>,
}

/// All summaries of a run, by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summaries(Vec<Arc<Summary>>);

/// Reached only by a run whose network changes its size again and again.
const MOST: usize = 2048;
/// Between two powers of two there are so many, or fewer.
const OF_A_DOUBLING: u64 = 8;

/// The least distance of two summaries, whatever is trained.
const LEAST_SPACING: u64 = 128;

/// The least distance of two summaries, but for those of the first steps: `parameters` is how many numbers are trained.
/// Where there are few, a step takes little longer than looking at it.
fn spacing(parameters: usize) -> u64 {
    match parameters {
        0..2_000 => 4 * LEAST_SPACING,
        2_000..50_000 => 2 * LEAST_SPACING,
        _ => LEAST_SPACING,
    }
}

/// Whether a summary is taken of the step with this number (from 1): of the 1st, 2nd, 4th, 8th and so on, and between
/// those that are far apart of a few more. How many numbers are trained is counted only where it may matter.
pub fn summary_is_due(step: u64, parameters: impl FnOnce() -> usize) -> bool {
    let below = 1 << step.checked_ilog2().unwrap_or(0);
    let is_at = |spacing: u64| step.is_multiple_of(spacing.max(below / OF_A_DOUBLING));
    step == below || (step > 0 && is_at(LEAST_SPACING) && is_at(spacing(parameters())))
}

impl Summaries {
    /// After going back it is the end of what is known.
    pub fn push(&mut self, summary: Arc<Summary>) {
        self.truncate(summary.step.saturating_sub(1));
        self.0.push(summary);
        if self.0.len() > MOST {
            let mut i = 0;
            self.0.retain(|_| {
                i += 1;
                i % 2 == 1
            });
        }
    }

    /// Drops everything after a step.
    pub fn truncate(&mut self, step: u64) {
        let keep = self.0.partition_point(|summary| summary.step <= step);
        self.0.truncate(keep);
    }

    /// Every summary, ascending by step.
    pub fn all(&self) -> &[Arc<Summary>] {
        &self.0
    }

    /// Step and numbers of one layer, oldest first.
    pub fn of(&self, layer: LayerId) -> impl Iterator<Item = (u64, &LayerSummary)> + '_ {
        let in_step = move |summary: &'_ Arc<Summary>| summary.layers.iter().position(|known| known.layer == layer);
        self.0.iter().filter_map(move |summary| Some((summary.step, &summary.layers[in_step(summary)?])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(step: u64) -> Arc<Summary> {
        let layers = vec![LayerSummary::of(LayerId(3), [step as f32, 0.0, 0.0, f32::NAN, f32::NAN, 1.0, 0.1])];
        Arc::new(Summary { step, layers })
    }

    #[test]
    fn summaries_are_sparse_from_the_first_step_on_and_few_however_long_a_run_is() {
        let due =
            |trained: usize, to: u64| (1..=to).filter(|&step| summary_is_due(step, || trained)).collect::<Vec<_>>();
        assert_eq!(due(10, 600), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
        assert_eq!(due(1_000_000, 400), [1, 2, 4, 8, 16, 32, 64, 128, 256, 384]);
        let long = due(1_000_000, 4_000_000);
        assert!(long.len() < 7 + 8 * 16, "{}", long.len());
        assert_eq!(long.iter().filter(|&&step| (1 << 20..1 << 21).contains(&step)).count(), 8);
        assert!(!summary_is_due(0, || 10));
        let spacings = [10, 10_000, 1_000_000].map(spacing);
        assert!(spacings.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn going_back_forgets_and_a_layer_has_its_course() {
        let mut all = Summaries::default();
        [1, 2, 4, 8].into_iter().for_each(|step| all.push(summary(step)));
        all.push(summary(4));
        assert_eq!(all.all().iter().map(|summary| summary.step).collect::<Vec<_>>(), [1, 2, 4]);
        assert_eq!(all.of(LayerId(3)).map(|(step, layer)| (step, layer.mean)).last(), Some((4, 4.0)));
        assert_eq!(all.of(LayerId(4)).count(), 0);
        all.truncate(3);
        assert_eq!(all.all(), [summary(1), summary(2)], "what is no number is equal to itself");
        (10..10_000).for_each(|step| all.push(summary(step)));
        assert!(all.all().len() <= MOST);
        assert_eq!((all.all()[0].step, all.all()[all.all().len() - 1].step), (1, 9_999));
    }
}
