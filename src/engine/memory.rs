//! How much memory a network takes to train, known before any of it is taken.
//!
//! Counts the values that a program names. Scratch space inside a kernel (a tile of a picture for each thread) and
//! copies for others to look at come on top; they are small beside it.

use std::fmt;

use super::compile::compile;
use super::device::Precision;
use super::error::Result;
use super::op::ValueShape;
use super::program::{Mode, Program, Role};
pub use crate::files::memory::size;
use crate::model::{DataSignature, Graph, TrainingSpec};

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Weights and biases.
    pub parameters: u64,
    /// What the optimiser keeps of every parameter, and running statistics.
    pub moments: u64,
    /// Everything that a step computes: activations, gradients, masks.
    pub step: u64,
    /// Samples of that step.
    pub batch: usize,
}

impl Memory {
    /// Of a machine of single precision that is to train with batches of this many samples.
    pub fn predicted(graph: &Graph, signature: &DataSignature, training: &TrainingSpec, batch: usize) -> Result<Self> {
        Ok(Self::of(&compile(graph, signature, training, Mode::Train)?, batch, Precision::F32))
    }

    pub(super) fn of(program: &Program, batch: usize, precision: Precision) -> Self {
        let each = precision.dtype().size_in_bytes() as u64;
        let bytes = |shape: &ValueShape| {
            shape.with_batch(batch).iter().fold(each, |bytes, &size| bytes.saturating_mul(size as u64))
        };
        let mut memory = Self { parameters: 0, moments: 0, step: 0, batch };
        for value in &program.values {
            let part = match value.role {
                Role::Parameter => &mut memory.parameters,
                Role::Optimiser | Role::Buffer => &mut memory.moments,
                _ => &mut memory.step,
            };
            *part = part.saturating_add(bytes(&value.shape));
        }
        memory
    }

    /// All of it, in bytes.
    pub fn total(&self) -> u64 {
        self.parameters.saturating_add(self.moments).saturating_add(self.step)
    }

    /// Why it cannot be trained where this much is free, with the sum; `None` where it can, or where nobody knows.
    pub fn refusal(&self, available: Option<u64>) -> Option<String> {
        let available = available.filter(|&available| self.total() > available)?;
        let advice = if self.step > self.parameters.saturating_add(self.moments) {
            "Use a smaller batch or smaller layers."
        } else {
            "Use smaller layers."
        };
        Some(format!("The network doesn't fit in memory: {self}; {} available. {advice}", size(available)))
    }
}

/// "parameters 2.1 MiB, moments 4.1 MiB, values of a batch of 32 samples 3 MiB, together 9.2 MiB"
impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let samples = if self.batch == 1 { "sample" } else { "samples" };
        write!(
            f,
            "parameters {}, optimiser state {}, activations for a batch of {} {samples} {}, in total {}",
            size(self.parameters),
            size(self.moments),
            self.batch,
            size(self.step),
            size(self.total())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 1_048_575, 9_646_899, 1 << 40, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.0 MiB", "9.2 MiB", "1.0 TiB", "16.0 EiB"]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_sum() {
        let memory = Memory { parameters: 1 << 30, moments: 2 << 30, step: 5 << 30, batch: 4096 };
        assert_eq!((memory.refusal(Some(8 << 30)), memory.refusal(None)), (None, None));
        assert_eq!(
            memory.refusal(Some((8 << 30) - 1)).unwrap(),
            "The network doesn't fit in memory: parameters 1.0 GiB, optimiser state 2.0 GiB, activations for a batch \
             of 4096 samples 5.0 GiB, in total 8.0 GiB; 8.0 GiB available. Use a smaller batch or smaller layers."
        );
        let wide = Memory { parameters: u64::MAX, moments: u64::MAX, step: 7, batch: 1 };
        assert!(wide.refusal(Some(1)).unwrap().ends_with("1 B available. Use smaller layers."));
    }
}
