//! Operations with sizes to choose, on shapes that chance chose: strides that do not divide, kernels larger than
//! strides, groups, dilation, one row, one sample. Gradients against finite differences in f64, kernels against
//! references in f32.

use super::check::{Case, gradient_check};
use super::{
    Attention, AvgPool2d, BatchNorm, Concat, Conv2d, ConvTranspose2d, CrossEntropy, Embedding, Functions, GroupNorm,
    Gru, LayerNorm, Linear, Lstm, MaxOver, MaxPool2d, MeanOver, Over, Permute, Prelu, Rnn, Slice, UpsampleBilinear,
    UpsampleNearest, Windows,
};
use crate::engine::kernels::recurrent::Squash;
use crate::engine::kernels::window::Window;
use crate::engine::kernels::windows::Windows as Along;
use crate::engine::random::{Draws, Purpose};

const ROUNDS: u64 = 25;

/// A whole number in `low ..= high`.
fn pick(draws: &mut Draws, low: usize, high: usize) -> usize {
    low + (draws.unit() * (high - low + 1) as f64) as usize
}

fn rounds(purpose: u64, mut round: impl FnMut(&mut Draws)) {
    for i in 0..ROUNDS {
        round(&mut Purpose::Weights.draws(purpose, i, None));
    }
}

fn pair(draws: &mut Draws, low: usize, high: usize) -> [usize; 2] {
    [pick(draws, low, high), pick(draws, low, high)]
}

#[test]
fn convolutions() {
    rounds(11, |d| {
        let (groups, batch) = (pick(d, 1, 3), pick(d, 1, 3));
        let (channels, filters) = (groups * pick(d, 1, 3), groups * pick(d, 1, 3));
        let (kernel, stride, dilation) = (pair(d, 1, 4), pair(d, 1, 3), pair(d, 1, 2));
        let window = Window { kernel, stride, before: pair(d, 0, 2), after: pair(d, 0, 2), dilation };
        let span = [0, 1].map(|axis| window.span(axis));
        let size = [0, 1].map(|axis| {
            let least = span[axis].saturating_sub(window.before[axis] + window.after[axis]).max(1);
            pick(d, least, least + 5)
        });
        let case = Case::new().batched(batch, &[channels, size[0], size[1]]);
        let case = case.fixed(&[filters, channels / groups, kernel[0], kernel[1]]).fixed(&[filters]);
        gradient_check(Conv2d { window, groups }, case);
    });
}

#[test]
fn transposed_convolutions() {
    rounds(12, |d| {
        let (batch, channels, filters) = (pick(d, 1, 3), pick(d, 1, 3), pick(d, 1, 3));
        let (kernel, stride, x) = (pair(d, 1, 4), pair(d, 1, 3), pair(d, 1, 5));
        let extra = stride.map(|stride| pick(d, 0, stride - 1));
        let whole = [0, 1].map(|axis| (x[axis] - 1) * stride[axis] + kernel[axis] + extra[axis]);
        let pad = whole.map(|size| pick(d, 0, ((size - 1) / 2).min(2)));
        let size = [0, 1].map(|axis| whole[axis] - 2 * pad[axis]);
        let window = Window { kernel, stride, before: pad, after: pad, dilation: [1, 1] };
        let case = Case::new().batched(batch, &[channels, x[0], x[1]]);
        let case = case.fixed(&[channels, filters, kernel[0], kernel[1]]).fixed(&[filters]);
        gradient_check(ConvTranspose2d { window, size }, case);
    });
}

#[test]
fn pooling_and_upsampling() {
    rounds(13, |d| {
        let (kernel, stride, factor) = (pick(d, 1, 4), pick(d, 1, 4), pick(d, 1, 4));
        let (batch, channels, size) = (pick(d, 1, 3), pick(d, 1, 3), pair(d, 0, 4).map(|more| kernel + more));
        let case = |size: [usize; 2]| Case::new().batched(batch, &[channels, size[0], size[1]]);
        let (before, after) = (pair(d, 0, kernel / 2), pair(d, 0, kernel / 2));
        let window = Window { before, after, ..Window::square(kernel, stride) };
        gradient_check(MaxPool2d { window }, case(size));
        let counted = [None, Some(after), Some([0; 2])][pick(d, 0, 2)];
        gradient_check(AvgPool2d { over: Over::Window { window, counted } }, case(size));
        gradient_check(AvgPool2d { over: Over::Parts(pair(d, 1, 5)) }, case(size));
        let small = pair(d, 1, 5);
        gradient_check(UpsampleNearest { factor }, case(small));
        gradient_check(UpsampleBilinear { factor }, case(small));
    });
}

#[test]
fn normalisation() {
    rounds(14, |d| {
        let groups = pick(d, 1, 3);
        // Groups of two numbers or fewer are ±1 whatever arrives: their gradients are nothing but rounding.
        let (each, size, batch) = (pick(d, 1, 3), [pick(d, 1, 4), pick(d, 3, 5)], pick(d, 2, 4));
        let dims = [groups * each, size[0], size[1]];
        let case = || Case::new().batched(batch, &dims).fixed(&dims[..1]).fixed(&dims[..1]);
        let epsilon = 1e-3;
        gradient_check(GroupNorm { groups, epsilon }, case());
        gradient_check(BatchNorm { epsilon }, case());
        gradient_check(LayerNorm { epsilon }, Case::new().batched(batch, &dims).fixed(&dims).fixed(&dims));
    });
}

#[test]
fn rows() {
    rounds(15, |d| {
        let (batch, inputs, units) = (pick(d, 1, 5), pick(d, 1, 9), pick(d, 1, 9));
        gradient_check(Linear, Case::new().batched(batch, &[inputs]).fixed(&[units, inputs]).fixed(&[units]));
        let slopes = if d.unit() < 0.5 { 1 } else { inputs };
        let dims = [inputs, units];
        gradient_check(Prelu, Case::new().batched(batch, &dims[..pick(d, 1, 2)]).fixed(&[slopes]));
    });
}

#[test]
fn recurrence() {
    rounds(16, |d| {
        // More samples than a group has, so that a group may be cut short.
        let (batch, steps, features, h) = (pick(d, 1, 19), pick(d, 1, 5), pick(d, 1, 4), pick(d, 1, 5));
        let (reverse, biased) = (d.unit() < 0.5, d.unit() < 0.7);
        let squash = if d.unit() < 0.5 { Squash::Tanh } else { Squash::Relu };
        let case = |gates: usize| {
            let case =
                Case::new().batched(batch, &[steps, features]).fixed(&[gates * h, features]).fixed(&[gates * h, h]);
            if biased { case.fixed(&[gates * h]).fixed(&[gates * h]) } else { case }
        };
        gradient_check(Lstm { reverse, functions: Functions::USUAL }, case(4));
        gradient_check(Gru { reverse, functions: Functions::USUAL }, case(3));
        gradient_check(Rnn { squash, reverse }, case(1));
    });
}

#[test]
fn attention() {
    rounds(17, |d| {
        let (batch, heads, head) = (pick(d, 1, 4), pick(d, 1, 3), pick(d, 1, 4));
        let (queries, keys, causal) = (pick(d, 1, 11), pick(d, 1, 11), d.unit() < 0.5);
        let width = heads * head;
        let op = Attention { heads, causal };
        gradient_check(op.clone(), Case::new().batched(batch, &[queries, 3 * width]));
        let case = Case::new().batched(batch, &[queries, width]);
        gradient_check(op, case.batched(batch, &[keys, width]).batched(batch, &[keys, width]));
    });
}

#[test]
fn axes_of_sequences() {
    rounds(18, |d| {
        let (batch, dims) = (pick(d, 1, 4), [pick(d, 1, 5), pick(d, 1, 4), pick(d, 1, 3)]);
        let axis = pick(d, 1, 3);
        let size = dims[axis - 1];
        let case = || Case::new().batched(batch, &dims);
        gradient_check(MeanOver { axis }, case());
        gradient_check(MaxOver { axis }, case());
        let (start, turn) = (pick(d, 0, size - 1), pick(d, 0, 2));
        let length = pick(d, 1, size - start);
        gradient_check(Slice { axis, start, length, drop_axis: length == 1 && turn > 0 }, case());
        gradient_check(Permute { order: vec![turn, (turn + 1) % 3, (turn + 2) % 3] }, case());
        let mut other = dims;
        other[axis - 1] = pick(d, 1, 4);
        gradient_check(Concat { axis }, case().batched(batch, &other));
    });
}

#[test]
fn windows_tables_and_positions() {
    rounds(19, |d| {
        let (batch, features, kernel) = (pick(d, 1, 3), pick(d, 1, 4), pick(d, 1, 5));
        let (before, after, dilation) = (pick(d, 0, 2), pick(d, 0, 2), pick(d, 1, 3));
        let sizes = Along { kernel, stride: pick(d, 1, 4), before, after, dilation };
        let least = ((kernel - 1) * dilation + 1).saturating_sub(sizes.before + sizes.after).max(1);
        let steps = pick(d, least, least + 6);
        gradient_check(Windows(sizes), Case::new().batched(batch, &[steps, features]));
        let (count, shift) = (pick(d, 1, 9), pick(d, 0, 8));
        let indices = Case::new().batched(batch, &[steps]).with(|i, _| ((i * 5 + shift) % count) as f64).constant();
        gradient_check(Embedding, indices.fixed(&[count, features]));
        let rows = Case::new().batched(batch, &[steps, features]);
        gradient_check(Linear, rows.fixed(&[count, features]).fixed(&[count]));
        let logits = Case::new().batched(batch, &[steps, count]).batched(batch, &[steps]);
        gradient_check(CrossEntropy, logits.with(|i, _| ((i * 7 + shift) % count) as f64).constant());
    });
}
