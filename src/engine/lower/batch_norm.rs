//! BatchNorm: in training by the batch's own statistics, which the update phase remembers; while predicting by the
//! remembered ones. A frozen layer is not training, so it works as while predicting and remembers nothing new.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops::{self, BatchNormPredict, RunningStatistics};
use crate::engine::program::ValueId;
use crate::model::layer::BatchNorm;

impl Lower for BatchNorm {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let (x, epsilon) = (l.input(0), self.epsilon);
        let weight = l.weight("weight", Initial::ONES)?;
        let bias = l.weight("bias", Initial::ZEROS)?;
        let running_mean = l.weight("running_mean", Initial::ZEROS)?;
        let running_var = l.weight("running_var", Initial::ONES)?;
        if !l.is_training() || l.is_frozen() {
            return Ok(l.emit(BatchNormPredict { epsilon }, &[x, weight, bias, running_mean, running_var]));
        }
        let outputs = l.emit_all(ops::BatchNorm { epsilon }, &[x, weight, bias]);
        let inputs = [running_mean, running_var, outputs[1], outputs[2], x];
        l.update(RunningStatistics { momentum: self.momentum }, &inputs, &[running_mean, running_var]);
        Ok(outputs[0])
    }
}
