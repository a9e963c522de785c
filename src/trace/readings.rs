//! What a run is asked beyond its records: how the loss bends along its steps, how far batches agree, how single
//! samples fare. Read on a copy, which the run does not notice.

/// What can be read of a run where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instrument {
    /// The next steps, taken by a copy: [`Readings::steps`].
    Steps,
    /// Batches with the weights as they stand: [`Readings::batches`].
    Batches,
    /// Training samples one by one: [`Readings::samples`].
    Samples,
}

/// What was read of a run that stands between two steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// Completed steps.
    pub step: u64,
    /// Of the steps that come next; empty where they were not asked for, or change nothing.
    pub steps: Vec<StepReading>,
    /// Of batches as large as the run's; `None` where they were not asked for, or are too few.
    pub batches: Option<BatchReading>,
    /// Of training samples, evenly spread; empty where they were not asked for.
    pub samples: Vec<SampleReading>,
}

/// The loss over the same training samples at both ends of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepReading {
    /// Slope along the whole step where it begins: negative where the step goes downhill.
    pub before: f64,
    /// And where it ends.
    pub after: f64,
}

impl StepReading {
    /// Where the step ends on the parabola that has both slopes (Cockpit's α): −1 where it began, 0 at the lowest
    /// point, 1 as high on the other side. `None` of a step that does not go downhill.
    pub fn alpha(self) -> Option<f64> {
        (self.before < 0.0 && self.after.is_finite()).then(|| -self.after / self.before)
    }
}

/// Gradients and losses of several batches with the same weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BatchReading {
    /// How many batches.
    pub batches: usize,
    /// Samples of each.
    pub size: usize,
    /// Mean of the squared norms of their gradients.
    pub each: f64,
    /// Squared norm of the mean of their gradients.
    pub mean: f64,
    /// Mean loss as it is trained: with dropout, and with each batch's own statistics.
    pub trained: f64,
    /// Mean loss over the same samples as it is asked later.
    pub asked: f64,
}

impl BatchReading {
    /// Squared norm of the gradient without noise, and the trace of the gradients' covariance of one sample: unbiased,
    /// so the first may come out below 0 (McCandlish et al. 2018, appendix A.1).
    pub fn signal_and_noise(&self) -> (f64, f64) {
        let (few, many) = (self.size as f64, (self.size * self.batches) as f64);
        let signal = (many * self.mean - few * self.each) / (many - few);
        let noise = (self.each - self.mean) / (1.0 / few - 1.0 / many);
        (signal, noise)
    }
}

/// One training sample, asked as validation samples are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SampleReading {
    /// Its index in the training part.
    pub row: u32,
    /// Its loss.
    pub loss: f64,
    /// Of classes: its own, the one that is answered, and how sure the network is of that, 0 to 1.
    pub class: Option<(usize, usize, f64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_tells_where_on_the_parabola_a_step_ends() {
        let alpha = |before, after| StepReading { before, after }.alpha();
        assert_eq!(alpha(-2.0, -2.0), Some(-1.0), "nothing bends: too short by far");
        assert_eq!(alpha(-2.0, 0.0), Some(0.0));
        assert_eq!(alpha(-2.0, 2.0), Some(1.0));
        assert_eq!(alpha(1.0, 2.0), None, "uphill");
    }

    #[test]
    fn the_noise_scale_is_that_of_its_parts() {
        // Of a gradient of squared length 4, with a covariance whose trace is 100 for one sample.
        let (size, batches) = (10, 8);
        let reading = BatchReading { batches, size, each: 4.0 + 10.0, mean: 4.0 + 1.25, ..BatchReading::default() };
        let (signal, noise) = reading.signal_and_noise();
        assert!((signal - 4.0).abs() < 1e-9 && (noise - 100.0).abs() < 1e-9, "{signal} {noise}");
    }
}
