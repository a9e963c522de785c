//! ConvTranspose2d and Upsample.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::window::Window;
use crate::engine::ops::{self, UpsampleBilinear, UpsampleNearest};
use crate::engine::program::ValueId;
use crate::model::layer::{ConvTranspose2d, Interpolation, Upsample};

impl Lower for ConvTranspose2d {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let x = l.input(0);
        let size = [l.shape(x).dims[1], l.shape(x).dims[2]];
        let window = Window { before: [self.pad; 2], after: [self.pad; 2], ..Window::square(self.kernel, self.stride) };
        let initial = Initial::Weights { initialiser: self.init, value: self.init_value };
        let weight = l.weight("weight", initial)?;
        let mut inputs = vec![x, weight];
        inputs.extend(l.weight_if_any("bias", Initial::ZEROS));
        l.penalise(weight, self.l1, self.l2);
        let size = size.map(|size| self.grown(size));
        let y = l.emit(ops::ConvTranspose2d { window, size }, &inputs);
        Ok(l.activate(self.activated(), y))
    }
}

impl Lower for Upsample {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let (x, factor) = (l.input(0), self.factor);
        if factor == 1 {
            // Nothing to mix: a neighbour's share of 0 would make NaN of an infinite one.
            return Ok(x);
        }
        Ok(match self.mode {
            Interpolation::Nearest => l.emit(UpsampleNearest { factor }, &[x]),
            Interpolation::Bilinear => l.emit(UpsampleBilinear { factor }, &[x]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Mode, compile};
    use crate::model::layer::{Dense, Flatten};
    use crate::model::{DataSignature, Shape, Task, TrainingSpec, templates};

    #[test]
    fn a_picture_that_stays_as_large_is_left_alone() {
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![2, 3, 4]), task: Task::Numbers(1) };
        for mode in [Interpolation::Nearest, Interpolation::Bilinear] {
            for (factor, is_there) in [(1, false), (2, true)] {
                let dense = Dense { units: 1, ..Dense::default() };
                let layers = vec![Upsample { factor, mode }.into(), Flatten {}.into(), dense.into()];
                let program = compile(&templates::chain(layers), &data, &TrainingSpec::default(), Mode::Train).unwrap();
                assert_eq!(program.listing().contains("upsample"), is_there, "{mode:?} by {factor}");
            }
        }
    }
}
