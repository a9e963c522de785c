//! Layers that slide a window: padding in the frameworks' words where they have some, else zeros around.

use super::build::Builder;
use super::{Border, Ends, Tensor, Turn, What, Window};
use crate::interop::Node;
use crate::model::layer::{
    Conv1d, Conv2d, ConvTranspose2d, DepthwiseConv2d, Padding, PaddingInTime, Pool, SeparableConv2d, Sliding,
};

/// A window and what has to be done around it.
struct Fitted {
    window: Window,
    /// Zeros before the window slides.
    border: Option<Border>,
    /// Of the places of the window only every so many count.
    every: usize,
}

fn is_empty(border: &[[usize; 2]]) -> bool {
    border.iter().all(|ends| *ends == [0, 0])
}

/// What 'same' adds in Keras and TensorFlow.
fn same(kernel: usize, stride: usize, dilation: usize, sizes: &[usize]) -> Border {
    let sliding = Sliding { kernel, stride, padding: Padding::Same, pad: 0, dilation };
    sizes.iter().map(|&size| sliding.pads(size).into()).collect()
}

fn fitted(sliding: &Sliding, border: Border, sizes: &[usize], causal: bool) -> Fitted {
    let Sliding { kernel, stride, dilation, .. } = *sliding;
    // Neither framework strides where the window has gaps.
    let every = if dilation > 1 { stride } else { 1 };
    let own = if every > 1 { 1 } else { stride };
    let window = |padding| Window { axes: sizes.len(), kernel, stride: own, dilation, padding };
    let plain = |padding| Fitted { window: window(padding), border: None, every };
    if causal && is_empty(&border) {
        plain(Ends::Valid)
    } else if causal && every == 1 {
        plain(Ends::Causal)
    } else if border == same(kernel, own, dilation, sizes) && (!is_empty(&border) || sliding.padding == Padding::Same) {
        plain(Ends::Same)
    } else if is_empty(&border) {
        plain(Ends::Valid)
    } else {
        Fitted { border: Some(border), ..plain(Ends::Valid) }
    }
}

fn grown(dims: &[usize], border: &[[usize; 2]]) -> Vec<usize> {
    let mut grown = dims.to_vec();
    for (size, [before, after]) in grown.iter_mut().zip(border) {
        *size += before + after;
    }
    grown
}

impl Builder<'_> {
    /// A layer with weights that slides: zeros before it and fewer places behind it, where that has to be.
    fn slid(
        &mut self,
        i: usize,
        node: &Node,
        fit: Fitted,
        what: impl FnOnce(Window) -> What,
    ) -> Result<Tensor, String> {
        let mut x = self.input(node)?;
        if let Some(border) = fit.border {
            let leaves = grown(&self.dims(x), &border);
            x = self.beside(i, "pad", What::ZeroPad(border), vec![x], leaves);
        }
        let goal = self.leaving(node, 0);
        if fit.every == 1 {
            return Ok(self.step(i, what(fit.window), vec![x], goal));
        }
        let mut full = self.dims(x);
        let axes = fit.window.axes;
        for size in &mut full[..axes] {
            let inside = (*size + 1).saturating_sub((fit.window.kernel - 1) * fit.window.dilation + 1);
            *size = if fit.window.padding == Ends::Valid { inside } else { *size };
        }
        if let (Some(last), Some(&filters)) = (full.last_mut(), goal.last()) {
            *last = filters;
        }
        let wide = self.step(i, what(fit.window), vec![x], full);
        let every = Window { axes, kernel: 1, stride: fit.every, dilation: 1, padding: Ends::Valid };
        self.beside(i, "stride", What::MaxPool(every), vec![wide], goal);
        Ok(wide)
    }

    pub(super) fn conv2d(&mut self, i: usize, node: &Node, conv: &Conv2d) -> Result<Tensor, String> {
        let [channels, rows, columns] = picture(node)?;
        let sliding = conv.sliding();
        let border = [rows, columns].map(|size| sliding.pads(size).into()).to_vec();
        let fit = fitted(&sliding, border, &[rows, columns], false);
        let (filters, groups, bias) = (conv.filters, conv.groups, conv.bias);
        let activation = self.inline(conv.activated());
        let x = self.slid(i, node, fit, |window| What::Conv { filters, window, groups, bias, activation })?;
        let dims = [filters, channels / groups, conv.kernel, conv.kernel];
        self.keep(x, "kernel", Turn::permuted(weight(node, "weight"), dims, &[2, 3, 1, 0]));
        self.keep_bias(x, node, "bias", filters, bias);
        self.set(x, (conv.init, conv.init_value), [conv.l1, conv.l2]);
        Ok(self.activated(i, self.newest(), conv.activated()))
    }

    pub(super) fn conv1d(&mut self, i: usize, node: &Node, conv: &Conv1d) -> Result<Tensor, String> {
        let [steps, features] = sequence(node)?;
        let (before, after, _) = conv.fit(steps);
        let causal = conv.padding == PaddingInTime::Causal;
        let padding = if conv.padding == PaddingInTime::Same { Padding::Same } else { Padding::Custom };
        let Conv1d { filters, kernel, stride, dilation, bias, .. } = *conv;
        let sliding = Sliding { kernel, stride, padding, pad: 0, dilation };
        let fit = fitted(&sliding, vec![[before, after]], &[steps], causal);
        let activation = self.inline(conv.activated());
        let x = self.slid(i, node, fit, |window| What::Conv { filters, window, groups: 1, bias, activation })?;
        self.keep(x, "kernel", Turn::permuted(weight(node, "weight"), [filters, features, kernel], &[2, 1, 0]));
        self.keep_bias(x, node, "bias", filters, bias);
        self.set(x, (conv.init, conv.init_value), [conv.l1, conv.l2]);
        Ok(self.activated(i, self.newest(), conv.activated()))
    }

    pub(super) fn depthwise(&mut self, i: usize, node: &Node, conv: &DepthwiseConv2d) -> Result<Tensor, String> {
        let [channels, rows, columns] = picture(node)?;
        let sliding = conv.sliding();
        let border = [rows, columns].map(|size| sliding.pads(size).into()).to_vec();
        let fit = fitted(&sliding, border, &[rows, columns], false);
        let (multiplier, bias) = (conv.multiplier, conv.bias);
        let activation = self.inline(conv.activated());
        let x = self.slid(i, node, fit, |window| What::Depthwise { multiplier, window, bias, activation })?;
        let dims = [channels, multiplier, conv.kernel, conv.kernel];
        self.keep(x, "kernel", Turn::permuted(weight(node, "weight"), dims, &[2, 3, 0, 1]));
        self.keep_bias(x, node, "bias", channels * multiplier, bias);
        self.set(x, (conv.init, conv.init_value), [conv.l1, conv.l2]);
        Ok(self.activated(i, self.newest(), conv.activated()))
    }

    pub(super) fn separable(&mut self, i: usize, node: &Node, conv: &SeparableConv2d) -> Result<Tensor, String> {
        let [channels, rows, columns] = picture(node)?;
        let sliding = conv.sliding();
        let border = [rows, columns].map(|size| sliding.pads(size).into()).to_vec();
        let fit = fitted(&sliding, border, &[rows, columns], false);
        let SeparableConv2d { filters, multiplier, bias, kernel, .. } = *conv;
        let activation = self.inline(conv.activated());
        let x = self.slid(i, node, fit, |window| What::Separable { filters, multiplier, window, bias, activation })?;
        let dims = [channels, multiplier, kernel, kernel];
        self.keep(x, "depthwise_kernel", Turn::permuted(weight(node, "depthwise.weight"), dims, &[2, 3, 0, 1]));
        let mix = Turn::permuted(weight(node, "pointwise.weight"), [filters, channels * multiplier], &[1, 0]);
        self.keep(x, "pointwise_kernel", mix.sized([1, 1, channels * multiplier, filters]));
        self.keep_bias(x, node, "pointwise.bias", filters, bias);
        self.set(x, (conv.init, conv.init_value), [conv.l1, conv.l2]);
        Ok(self.activated(i, self.newest(), conv.activated()))
    }

    pub(super) fn conv_transpose(&mut self, i: usize, node: &Node, conv: &ConvTranspose2d) -> Result<Tensor, String> {
        let [channels, rows, columns] = picture(node)?;
        let ConvTranspose2d { filters, kernel, stride, pad, output_padding: more, bias, .. } = *conv;
        let x = self.input(node)?;
        // 'same' takes half of what stands over off both sides.
        let is_same = more == 0 && kernel >= stride && kernel - stride == 2 * pad && pad > 0;
        let padding = if is_same { Ends::Same } else { Ends::Valid };
        let window = Window { axes: 2, kernel, stride, dilation: 1, padding };
        let cut = if is_same { 0 } else { pad };
        let grown = |size: usize| (size - 1) * stride + kernel + more - if is_same { 2 * pad } else { 0 };
        let activation = self.inline(conv.activated());
        let what = What::ConvTranspose { filters, window, more, bias, activation };
        let mut x = self.step(i, what, vec![x], vec![grown(rows), grown(columns), filters]);
        let dims = [channels, filters, kernel, kernel];
        self.keep(x, "kernel", Turn::permuted(weight(node, "weight"), dims, &[2, 3, 1, 0]));
        self.keep_bias(x, node, "bias", filters, bias);
        self.set(x, (conv.init, conv.init_value), [conv.l1, conv.l2]);
        if cut > 0 {
            let leaves = self.leaving(node, 0);
            x = self.beside(i, "crop", What::Crop(vec![[cut, cut]; 2]), vec![x], leaves);
        }
        Ok(self.activated(i, x, conv.activated()))
    }

    pub(super) fn max_pool(&mut self, i: usize, node: &Node, pool: &Pool, of: [usize; 2]) -> Result<Tensor, String> {
        let (mut x, sizes, [kernel, stride]) = (self.input(node)?, slid_sizes(node), of);
        let pads: Vec<[usize; 3]> = sizes.iter().map(|&size| pool.pads(size)).collect();
        let border: Border = pads.iter().map(|&[before, after, rest]| [before, after + rest]).collect();
        let padding = if is_empty(&border) {
            Ends::Valid
        } else if border == same(kernel, stride, 1, &sizes) {
            Ends::Same
        } else {
            let leaves = grown(&self.dims(x), &border);
            x = self.beside(i, "pad", What::LowPad(border), vec![x], leaves);
            Ends::Valid
        };
        let window = Window { axes: sizes.len(), kernel, stride, dilation: 1, padding };
        let leaves = self.leaving(node, 0);
        Ok(self.step(i, What::MaxPool(window), vec![x], leaves))
    }

    /// Equal square parts are windows.
    pub(super) fn adaptive(&mut self, i: usize, node: &Node, [rows, columns]: [usize; 2]) -> Result<Tensor, String> {
        let [_, height, width] = picture(node)?;
        let (x, leaves) = (self.input(node)?, self.leaving(node, 0));
        let kernel = height / rows;
        let is_even = height == kernel * rows && width == kernel * columns;
        let window = Window { axes: 2, kernel, stride: kernel, dilation: 1, padding: Ends::Valid };
        let what = if is_even { What::MeanPool(window) } else { What::Adaptive { rows, columns } };
        Ok(self.step(i, what, vec![x], leaves))
    }

    /// `of`: the window and its stride; `counts`: zeros around count.
    pub(super) fn mean_pool(
        &mut self,
        i: usize,
        node: &Node,
        pool: &Pool,
        of: [usize; 2],
        counts: bool,
    ) -> Result<Tensor, String> {
        let (mut x, sizes, [kernel, stride]) = (self.input(node)?, slid_sizes(node), of);
        let pads: Vec<[usize; 3]> = sizes.iter().map(|&size| pool.pads(size)).collect();
        let border: Border = pads.iter().map(|&[before, after, rest]| [before, after + rest]).collect();
        let padded: Border = pads.iter().map(|&[before, after, _]| [before, after]).collect();
        let window = |padding| Window { axes: sizes.len(), kernel, stride, dilation: 1, padding };
        let leaves = self.leaving(node, 0);
        let what = if is_empty(&border) {
            What::MeanPool(window(Ends::Valid))
        } else if border == same(kernel, stride, 1, &sizes) && (!counts || is_empty(&padded)) {
            What::MeanPool(window(Ends::Same))
        } else if counts && border == padded {
            let grown = grown(&self.dims(x), &border);
            x = self.beside(i, "pad", What::ZeroPad(border), vec![x], grown);
            What::MeanPool(window(Ends::Valid))
        } else {
            let counted = if counts { padded } else { vec![[0, 0]; sizes.len()] };
            What::BorderedMeanPool { window: window(Ends::Valid), border, counted }
        };
        Ok(self.step(i, what, vec![x], leaves))
    }
}

/// The tensor of a layer: `conv_2d_1.weight`.
pub(super) fn weight(node: &Node, name: &str) -> String {
    format!("{}.{name}", node.slug)
}

pub(super) fn picture(node: &Node) -> Result<[usize; 3], String> {
    node.input().as_image().ok_or_else(|| format!("{}: not a picture arrives.", node.name))
}

pub(super) fn sequence(node: &Node) -> Result<[usize; 2], String> {
    <[usize; 2]>::try_from(node.input().0.as_slice()).map_err(|_| format!("{}: not a sequence arrives.", node.name))
}

/// Sizes that a pooling window slides along.
fn slid_sizes(node: &Node) -> Vec<usize> {
    match node.input().0[..] {
        [_, rows, columns] => vec![rows, columns],
        [steps, _] => vec![steps],
        _ => Vec::new(),
    }
}
