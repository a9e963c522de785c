//! Layers for sequences with weights: recurrent ones and attention.

use super::build::{Biases, Builder};
use super::windows::{sequence, weight};
use super::{Cell, Joined, Recurrent, Tensor, Turn, What};
use crate::interop::Node;
use crate::model::layer::{MultiHeadAttention, Recurrence};

impl Builder<'_> {
    /// The sequence and the last state, those of them that are asked for.
    pub(super) fn recurrent(&mut self, i: usize, node: &Node, of: Recurrent) -> Result<Vec<Option<Tensor>>, String> {
        let [steps, features] = sequence(node)?;
        let of = self.asked_for(i, of);
        let Recurrent { cell, units, both_ways, .. } = of;
        let width = if both_ways { 2 * units } else { units };
        let (states, last) = (vec![steps, width], vec![width]);
        let mut leaves = vec![if of.sequence { states } else { last.clone() }];
        if of.sequence && of.last {
            // As Keras returns states: of each direction h, of an LSTM then c.
            let each = if cell == Cell::Lstm { 2 } else { 1 };
            leaves.extend(vec![vec![units]; if both_ways { 2 * each } else { each }]);
        }
        let x = self.input(node)?;
        let step = self.step_of_many(i, What::Recurrent(of), vec![x], leaves);
        let at = |port: usize| Tensor { step, port };
        for reverse in if both_ways { vec![false, true] } else { vec![false] } {
            self.keep_direction(at(0), node, &of, reverse, features);
        }
        Ok(match (of.sequence, of.last, both_ways) {
            (true, false, _) => vec![Some(at(0)), None],
            (true, true, false) => vec![Some(at(0)), Some(at(1))],
            (true, true, true) => {
                let back = if cell == Cell::Lstm { 3 } else { 2 };
                let joined = self.beside(i, "last", What::Concat { axis: 0 }, vec![at(1), at(back)], last);
                vec![Some(at(0)), Some(joined)]
            }
            (false, ..) => vec![None, Some(at(0))],
        })
    }

    fn keep_direction(&mut self, x: Tensor, node: &Node, of: &Recurrent, reverse: bool, features: usize) {
        let inside = match (of.both_ways, reverse) {
            (false, _) => "cell",
            (true, false) => "forward_layer/cell",
            (true, true) => "backward_layer/cell",
        };
        let units = of.units;
        let (gates, order): (usize, &[usize]) = match of.cell {
            Cell::Lstm => (4, &[0, 1, 2, 3]),
            // r, z, n to z, r, h.
            Cell::Gru => (3, &[1, 0, 2]),
            Cell::Simple => (1, &[0]),
        };
        let [input, state, input_bias, state_bias] = Recurrence::names(reverse).map(|name| weight(node, name));
        let turned = |part: String, inner: usize| {
            Turn::permuted(part, [gates, units, inner], &[2, 0, 1]).picking(order).sized([inner, gates * units])
        };
        self.keep_inside(x, inside, "kernel", turned(input, features));
        self.keep_inside(x, inside, "recurrent_kernel", turned(state, units));
        if !of.bias {
            return;
        }
        let bias = |part: String| Turn::same(part, [gates, units]).picking(order).sized([gates * units]);
        let first = bias(input_bias);
        match (of.cell, self.biases) {
            (Cell::Gru, _) => self.keep_inside(x, inside, "bias", first.with(state_bias, Joined::Stack)),
            (_, Biases::Summed) => self.keep_inside(x, inside, "bias", first.with(state_bias, Joined::Sum)),
            (_, Biases::Apart) => {
                self.keep_inside(x, inside, "bias", first);
                self.keep_inside(x, inside, "recurrent_bias", bias(state_bias));
            }
        }
    }

    /// The output and the weights, those of them that are asked for.
    pub(super) fn attention(
        &mut self,
        i: usize,
        node: &Node,
        of: &MultiHeadAttention,
    ) -> Result<Vec<Option<Tensor>>, String> {
        let [steps, width] = sequence(node)?;
        let query = self.input(node)?;
        let key = self.arriving(node, 1).unwrap_or(query);
        let value = self.arriving(node, 2).unwrap_or(key);
        let (heads, size) = (of.heads, width / of.heads);
        let keys = self.dims(key)[0];
        let scores = self.network.readers(crate::interop::Source { node: i, port: MultiHeadAttention::WEIGHTS }) > 0;
        let what = What::Attention { heads, size, causal: of.causal, bias: of.bias, scores };
        let mut leaves = vec![vec![steps, width]];
        leaves.extend(scores.then(|| vec![heads, steps, keys]));
        let step = self.step_of_many(i, what, vec![query, value, key], leaves);
        let x = Tensor { step, port: 0 };
        for (which, inside) in ["query_dense", "key_dense", "value_dense"].into_iter().enumerate() {
            let kernel = Turn::permuted(weight(node, "in_proj_weight"), [3, heads, size, width], &[0, 3, 1, 2]);
            self.keep_inside(x, inside, "kernel", kernel.picking(&[which]).sized([width, heads, size]));
            if of.bias {
                let bias = Turn::same(weight(node, "in_proj_bias"), [3, heads, size]).picking(&[which]);
                self.keep_inside(x, inside, "bias", bias.sized([heads, size]));
            }
        }
        let out = Turn::permuted(weight(node, "out_proj.weight"), [width, heads, size], &[1, 2, 0]);
        self.keep_inside(x, "output_dense", "kernel", out);
        if of.bias {
            self.keep_inside(x, "output_dense", "bias", Turn::same(weight(node, "out_proj.bias"), [width]));
        }
        if !scores {
            return Ok(vec![Some(x), None]);
        }
        let what = What::Reduce { max: false, axis: 0, keeps: false };
        let mean = self.beside(i, "weights", what, vec![Tensor { step, port: 1 }], vec![steps, keys]);
        Ok(vec![Some(x), Some(mean)])
    }
}
