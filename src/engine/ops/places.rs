//! Walking through the indices of a tensor, for ops that explain one of their numbers.
//!
//! Owns ranges of indices and sums over them; which numbers are meant is the op's.

use std::ops::Range;

use crate::engine::error::Result;
use crate::trace::Arithmetic;

/// A single place of an axis.
pub fn only(at: usize) -> Range<usize> {
    at..at + 1
}

/// Every place of every axis.
pub fn whole(dims: &[usize]) -> Vec<Range<usize>> {
    dims.iter().map(|&size| 0..size).collect()
}

/// Every place of every axis but one, which stands still.
pub fn across(dims: &[usize], axis: usize, at: usize) -> Vec<Range<usize>> {
    let mut ranges = whole(dims);
    ranges[axis] = only(at);
    ranges
}

/// Below `index` in the first axes; everything of the others.
pub fn below(dims: &[usize], index: &[usize]) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> = index.iter().map(|&at| only(at)).collect();
    ranges.extend(whole(&dims[index.len()..]));
    ranges
}

pub fn count(ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(ExactSizeIterator::len).product()
}

/// All indices in row-major order.
pub fn indices(ranges: &[Range<usize>]) -> impl Iterator<Item = Vec<usize>> {
    (0..count(ranges)).map(move |mut flat| {
        let mut index = vec![0; ranges.len()];
        for (at, range) in index.iter_mut().zip(ranges).rev() {
            *at = range.start + flat % range.len();
            flat /= range.len();
        }
        index
    })
}

/// One term for each index.
pub fn sum(ranges: &[Range<usize>], term: impl Fn(&[usize]) -> Result<Arithmetic>) -> Result<Arithmetic> {
    Ok(Arithmetic::Sum(indices(ranges).map(|index| term(&index)).collect::<Result<_>>()?))
}

/// The index with another place in one axis.
pub fn moved(index: &[usize], axis: usize, at: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index[axis] = at;
    index
}

/// The index with one more axis.
pub fn widened(index: &[usize], axis: usize, at: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index.insert(axis, at);
    index
}

/// The index with one axis less.
pub fn narrowed(index: &[usize], axis: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index.remove(axis);
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_walked_in_row_major_order() {
        let all: Vec<_> = indices(&[only(2), 0..2, 1..3]).collect();
        assert_eq!(all, [[2, 0, 1], [2, 0, 2], [2, 1, 1], [2, 1, 2]]);
        assert_eq!(indices(&[]).collect::<Vec<_>>(), [[]; 1] as [[usize; 0]; 1]);
        assert_eq!(indices(&[0..3, 0..0]).count(), 0);
        assert_eq!(below(&[4, 3, 2], &[1]), [1..2, 0..3, 0..2]);
        assert_eq!(across(&[4, 3, 2], 1, 2), [0..4, 2..3, 0..2]);
    }
}
