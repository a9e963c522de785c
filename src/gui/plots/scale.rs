//! What the step axis counts: steps, epochs, or time spent training.

use super::ticks::TickKind;
use crate::session::RunView;
use crate::trace::Pace;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepAxis {
    Steps,
    #[default]
    Epochs,
    Time,
}

impl StepAxis {
    pub const ALL: [Self; 3] = [Self::Epochs, Self::Steps, Self::Time];

    pub fn title(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Epochs => "epochs",
            Self::Time => "time",
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Self::Steps => "One step processes one batch of samples and updates the weights once.",
            Self::Epochs => "One epoch is one pass over the training data.",
            Self::Time => "Training time, excluding pauses.",
        }
    }

    pub fn kind(self) -> TickKind {
        match self {
            Self::Steps | Self::Epochs => TickKind::Number,
            Self::Time => TickKind::Time,
        }
    }
}

/// From steps to places on the axis and back.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    pub unit: StepAxis,
    pace: &'a [Pace],
    now: Pace,
}

impl<'a> Scale<'a> {
    pub fn new(unit: StepAxis, run: &'a RunView) -> Self {
        let now = Pace { step: run.step, epoch: run.epoch, seconds: run.seconds };
        Self { unit, pace: &run.curves.pace, now }
    }

    /// Of a run that stands at `now`.
    pub fn of(unit: StepAxis, pace: &'a [Pace], now: Pace) -> Self {
        Self { unit, pace, now }
    }

    /// The place of a step.
    pub fn at(&self, step: f64) -> f64 {
        self.convert(step, |knot| knot.step as f64, |knot| self.place(knot))
    }

    /// The step at a place; between two steps it is none of both.
    pub fn step(&self, at: f64) -> f64 {
        self.convert(at, |knot| self.place(knot), |knot| knot.step as f64)
    }

    /// Epoch and seconds of a step.
    pub fn moment(&self, step: f64) -> (f64, f64) {
        let at = |unit: StepAxis| Self { unit, ..*self }.at(step);
        (at(StepAxis::Epochs), at(StepAxis::Time))
    }

    fn place(&self, knot: &Pace) -> f64 {
        match self.unit {
            StepAxis::Steps => knot.step as f64,
            StepAxis::Epochs => knot.epoch,
            StepAxis::Time => knot.seconds,
        }
    }

    /// Straight between knots, and beyond the last ones as between them.
    fn convert(&self, value: f64, from: impl Fn(&Pace) -> f64, to: impl Fn(&Pace) -> f64) -> f64 {
        if self.unit == StepAxis::Steps {
            return value;
        }
        // The knots that are behind the present one: a run that was reset has none.
        let known = self.pace.partition_point(|knot| knot.step < self.now.step);
        let knot = |i: usize| if i < known { &self.pace[i] } else { &self.now };
        if known == 0 {
            return if from(&self.now) > 0.0 { value * to(&self.now) / from(&self.now) } else { value };
        }
        let after = self.pace[..known].partition_point(|k| from(k) <= value).clamp(1, known);
        let (a, b) = (knot(after - 1), knot(after));
        let span = from(b) - from(a);
        if span > 0.0 { to(a) + (value - from(a)) / span * (to(b) - to(a)) } else { to(b) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> RunView {
        // 10 steps an epoch, from step 100 on 20; twice as fast in between.
        let mut run = RunView { step: 200, epoch: 15.0, seconds: 4.0, ..RunView::default() };
        run.curves.pace = [(0, 0.0, 0.0), (100, 10.0, 1.0), (150, 12.5, 2.0)]
            .map(|(step, epoch, seconds)| Pace { step, epoch, seconds })
            .to_vec();
        run
    }

    #[test]
    fn every_unit_goes_there_and_back() {
        let run = run();
        for (unit, at) in [(StepAxis::Steps, 125.0), (StepAxis::Epochs, 11.25), (StepAxis::Time, 1.5)] {
            let scale = Scale::new(unit, &run);
            assert!((scale.at(125.0) - at).abs() < 1e-9, "{unit:?}: {}", scale.at(125.0));
            for step in [0.0, 50.0, 100.0, 149.0, 170.0, 200.0, 210.0] {
                assert!((scale.step(scale.at(step)) - step).abs() < 1e-9, "{unit:?} at {step}");
            }
        }
        assert_eq!(
            Scale::new(StepAxis::Epochs, &run).at(220.0),
            16.0,
            "steps that came after the last word of the trainer"
        );
    }

    #[test]
    fn without_any_knowledge_every_place_is_finite() {
        for unit in StepAxis::ALL {
            let run = RunView::default();
            assert!(Scale::new(unit, &run).at(7.0).is_finite());
        }
    }
}
