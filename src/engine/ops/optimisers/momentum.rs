//! Where an optimiser's momentum (Adam's beta 1) comes from: its settings, or a schedule that moves it.

use std::fmt;

use crate::engine::op::StepContext;
use crate::trace::Arithmetic;

/// A momentum that is fixed or set by the schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Momentum {
    /// The same at every step.
    Fixed(f64),
    /// The step says it.
    Scheduled,
}

impl Momentum {
    /// Its value at a step.
    pub fn at(self, context: &StepContext) -> f64 {
        match self {
            Self::Fixed(momentum) => momentum,
            Self::Scheduled => context.momentum,
        }
    }

    /// Its number under the name that the formula has for it.
    pub fn given(self, name: &'static str, context: &StepContext) -> Arithmetic {
        Arithmetic::given(name, self.at(context))
    }

    /// Whether anything is carried on, so that there is a buffer for it.
    pub fn is_used(self) -> bool {
        self != Self::Fixed(0.0)
    }
}

impl fmt::Display for Momentum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(momentum) => momentum.fmt(f),
            Self::Scheduled => f.write_str("by the schedule"),
        }
    }
}
