//! Layers that move axes: where a picture is rows × columns × channels, its numbers lie in another order than ours.

use super::build::Builder;
use super::{Tensor, What, channels_last};
use crate::interop::Node;
use crate::model::layer::{Permute, Slice};

/// Which of our axes stands where when channels are last.
fn laid(rank: usize) -> Vec<usize> {
    if rank == 3 { vec![1, 2, 0] } else { (0..rank).collect() }
}

/// Whether rows × columns × channels are in memory as channels × rows × columns.
fn is_in_our_order(dims: &[usize]) -> bool {
    match *dims {
        [rows, columns, channels] => channels == 1 || rows * columns == 1,
        _ => true,
    }
}

fn moved(dims: &[usize], order: &[usize]) -> Vec<usize> {
    order.iter().map(|&axis| dims[axis]).collect()
}

impl Builder<'_> {
    fn permuted(&mut self, i: usize, suffix: &str, x: Tensor, order: Vec<usize>) -> Tensor {
        let leaves = moved(&self.dims(x), &order);
        self.beside(i, suffix, What::Permute(order), vec![x], leaves)
    }

    /// Numbers in the order of channels × rows × columns.
    fn in_our_order(&mut self, i: usize, x: Tensor) -> Tensor {
        let is_ours = is_in_our_order(&self.dims(x));
        if is_ours { x } else { self.permuted(i, "channels_first", x, vec![2, 0, 1]) }
    }

    pub(super) fn flatten(&mut self, i: usize, node: &Node) -> Result<Tensor, String> {
        let x = self.input(node)?;
        let (dims, leaves) = (self.dims(x), self.leaving(node, 0));
        let picture = <[usize; 3]>::try_from(dims.as_slice()).ok().filter(|dims| !is_in_our_order(dims));
        if let Some(picture) = picture.filter(|_| self.leads_to_dense_only(i)) {
            let row = self.step(i, What::Flatten { picture: Some(picture) }, vec![x], leaves);
            self.set_order(row, Some(picture));
            return Ok(row);
        }
        let x = self.in_our_order(i, x);
        Ok(self.step(i, What::Flatten { picture: None }, vec![x], leaves))
    }

    pub(super) fn reshape(&mut self, i: usize, node: &Node) -> Result<Tensor, String> {
        let leaves = self.leaving(node, 0);
        if leaves.len() == 1 {
            return self.flatten(i, node);
        }
        let x = self.input(node)?;
        let x = self.in_our_order(i, x);
        if is_in_our_order(&leaves) {
            return Ok(self.step(i, What::Reshape(leaves.clone()), vec![x], leaves));
        }
        let sizes = node.output().0.clone();
        let shaped = self.step(i, What::Reshape(sizes.clone()), vec![x], sizes);
        Ok(self.permuted(i, "channels_last", shaped, laid(3)))
    }

    pub(super) fn permute(&mut self, i: usize, node: &Node, permute: &Permute) -> Result<Tensor, String> {
        let x = self.input(node)?;
        let ours = permute.axes(node.input().rank())?;
        let at = laid(node.input().rank());
        let place = |axis: usize| at.iter().position(|&own| own == axis).unwrap_or(axis);
        let order: Vec<usize> = laid(ours.len()).iter().map(|&axis| place(ours[axis])).collect();
        let leaves = moved(&self.dims(x), &order);
        Ok(self.step(i, What::Permute(order), vec![x], leaves))
    }

    pub(super) fn slice(&mut self, i: usize, node: &Node, slice: &Slice) -> Result<Tensor, String> {
        let sizes = &node.input().0;
        let first = slice.first(sizes.get(slice.axis - 1).copied().unwrap_or(0))?;
        // A row of one stays a row.
        let drops = slice.drops() && sizes.len() > 1;
        self.along(i, node, slice.axis - 1, drops, |axis| What::Slice { axis, first, length: slice.length, drops })
    }

    pub(super) fn reduce(&mut self, i: usize, node: &Node, axis: usize, max: bool) -> Result<Tensor, String> {
        let keeps = node.input().rank() == 1;
        self.along(i, node, axis - 1, !keeps, |axis| What::Reduce { max, axis, keeps })
    }

    /// A step along one of our axes, after which the others stand as they are to.
    fn along(
        &mut self,
        i: usize,
        node: &Node,
        ours: usize,
        drops: bool,
        what: impl Fn(usize) -> What,
    ) -> Result<Tensor, String> {
        let x = self.input(node)?;
        let at = laid(node.input().rank());
        let axis = at.iter().position(|&own| own == ours).unwrap_or(ours);
        let goal = channels_last(&node.output().0);
        if !drops {
            return Ok(self.step(i, what(axis), vec![x], goal));
        }
        // Our axes that remain, where they stand now and where they are to stand.
        let remaining: Vec<usize> = at.into_iter().filter(|&own| own != ours).collect();
        let mut sorted = remaining.clone();
        sorted.sort_unstable();
        let wanted = laid(sorted.len());
        let order: Vec<usize> =
            wanted.iter().filter_map(|&place| remaining.iter().position(|&own| own == sorted[place])).collect();
        let mut leaves = self.dims(x);
        leaves.remove(axis);
        let shaped = self.step(i, what(axis), vec![x], leaves);
        let is_there = order.iter().copied().eq(0..order.len());
        Ok(if is_there { shaped } else { self.permuted(i, "permute", shaped, order) })
    }
}
