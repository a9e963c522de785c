//! MultiHeadAttention: projections to questions, keys and values, the attention itself, and a last projection.

use super::{Leaving, LowerPorts, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Initialiser, MultiHeadAttention};

const KEY: usize = 1;
const VALUE: usize = 2;

/// Third `i` of the packed projection of `width` rows a third.
fn third(l: &mut Lowering, packed: &[ValueId], i: usize, width: usize) -> Vec<ValueId> {
    let slice = ops::Slice { axis: 0, start: i * width, length: width, drop_axis: false };
    packed.iter().map(|&parameter| l.emit(slice.clone(), &[parameter])).collect()
}

fn linear(l: &mut Lowering, x: ValueId, parameters: &[ValueId]) -> ValueId {
    let inputs: Vec<_> = std::iter::once(x).chain(parameters.iter().copied()).collect();
    l.emit(ops::Linear, &inputs)
}

impl LowerPorts for MultiHeadAttention {
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving> {
        let width = l.shape(l.input(0)).dims[1];
        let glorot = Initial::Weights { initialiser: Initialiser::GlorotUniform, value: 0.0 };
        let out = Initial::Uniform { bound: 1.0 / (width as f64).sqrt() };
        let mut packed = vec![l.weight("in_proj_weight", glorot)?];
        packed.extend(l.weight_if_any("in_proj_bias", Initial::ZEROS));
        let mut last = vec![l.weight("out_proj.weight", out)?];
        last.extend(l.weight_if_any("out_proj.bias", Initial::ZEROS));
        let op = ops::Attention { heads: self.heads, causal: self.causal };
        let query = l.input(0);
        let made = match (l.port(KEY), l.port(VALUE)) {
            (None, None) => {
                let all = linear(l, query, &packed);
                l.emit_all(op, &[all])
            }
            (key, value) => {
                let key = key.unwrap_or(query);
                let mut projected = Vec::new();
                for (i, from) in [query, key, value.unwrap_or(key)].into_iter().enumerate() {
                    let parameters = third(l, &packed, i, width);
                    projected.push(linear(l, from, &parameters));
                }
                l.emit_all(op, &projected)
            }
        };
        let weights = l.wants(Self::WEIGHTS).then(|| l.emit(ops::MeanOver { axis: 1 }, &made[1..2]));
        Ok(vec![Some(linear(l, made[0], &last)), weights])
    }
}
