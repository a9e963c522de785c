//! Tensor operations that candle's devices answer differently, composed so that all of them answer alike. References
//! use these instead of candle's own; a rule of the house sees to it.
//!
//! On a CUDA card candle's `maximum`, `minimum`, `clamp` and `relu` drop NaN (C's `fmax`), its `argmax` takes any of
//! several equal numbers, and its matrix product refuses layouts that the CPU takes.

use candle_core::{D, Result, Tensor};

/// max(x, c). NaN stays NaN.
pub fn at_least(x: &Tensor, c: f64) -> Result<Tensor> {
    x.lt(c)?.where_cond(&(x.zeros_like()? + c)?, x)
}

/// min(x, c). NaN stays NaN.
pub fn at_most(x: &Tensor, c: f64) -> Result<Tensor> {
    x.gt(c)?.where_cond(&(x.zeros_like()? + c)?, x)
}

/// The larger of each pair; NaN where either is.
pub fn larger(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    keep(&a.gt(b)?, a, b)
}

/// The smaller of each pair; NaN where either is.
pub fn smaller(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    keep(&a.lt(b)?, a, b)
}

/// `a` where it wins or is NaN, else `b`.
fn keep(wins: &Tensor, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    wins.where_cond(a, &a.eq(a)?.where_cond(b, a)?)
}

/// Which of several NaN counts as the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nan {
    First,
    Last,
}

/// Where along an axis the largest number is (u32, the axis kept with size 1): the first of equal ones; NaN is larger
/// than any.
pub fn place_of_largest(x: &Tensor, axis: usize, nan: Nan) -> Result<Tensor> {
    let size = x.dim(axis)?;
    let mut dims = vec![1; x.rank()];
    dims[axis] = size;
    // Different for every place, so that no two places tie: n for the first down to 1, and for NaN above all of these.
    let places = Tensor::arange(0u32, size as u32, x.device())?.to_dtype(x.dtype())?.reshape(dims)?;
    let first = places.affine(-1.0, size as f64)?;
    let of_nan = match nan {
        Nan::First => (&first + size as f64)?,
        Nan::Last => (places + (size + 1) as f64)?,
    };
    let is_largest = x.broadcast_eq(&x.max_keepdim(axis)?)?.to_dtype(x.dtype())?;
    let is_nan = x.ne(x)?.to_dtype(x.dtype())?;
    let rank = (is_largest.broadcast_mul(&first)? + is_nan.broadcast_mul(&of_nan)?)?;
    rank.argmax_keepdim(axis)
}

/// The matrix product of the last two axes.
pub fn product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    laid_out(a)?.matmul(&laid_out(b)?)
}

/// As [`product`], an operand without a batch axis used for every sample.
pub fn product_of_each(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    laid_out(a)?.broadcast_matmul(&laid_out(b)?)
}

/// Row by row or column by column without gaps, the two layouts that every device multiplies.
fn laid_out(x: &Tensor) -> Result<Tensor> {
    if x.is_contiguous() || x.transpose(D::Minus2, D::Minus1)?.is_contiguous() {
        return Ok(x.clone());
    }
    x.contiguous()
}

/// Every number of the last two axes of `[B, C, H, W]` as a square of `factor` by `factor`.
pub fn squares(x: &Tensor, factor: usize) -> Result<Tensor> {
    let (batch, channels, rows, columns) = x.dims4()?;
    let squares = x.reshape(vec![batch * channels, rows, 1, columns, 1])?;
    let squares = squares.broadcast_as(vec![batch * channels, rows, factor, columns, factor])?.contiguous()?;
    squares.reshape((batch, channels, rows * factor, columns * factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    const NAN: f64 = f64::NAN;

    fn row(numbers: &[f64]) -> Tensor {
        Tensor::new(numbers, &Device::Cpu).unwrap()
    }

    fn same(got: Tensor, expected: &[f64]) {
        let got: Vec<f64> = got.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap();
        let text = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>();
        assert_eq!(text(&got), text(expected));
    }

    #[test]
    fn the_larger_and_the_smaller_keep_nan() {
        let inf = f64::INFINITY;
        let (a, b) = (row(&[1.0, 3.0, NAN, 2.0, NAN, inf, -inf]), row(&[2.0, -1.0, 0.0, NAN, NAN, 5.0, 5.0]));
        same(larger(&a, &b).unwrap(), &[2.0, 3.0, NAN, NAN, NAN, inf, 5.0]);
        same(smaller(&a, &b).unwrap(), &[1.0, -1.0, NAN, NAN, NAN, 5.0, -inf]);
        same(at_least(&a, 2.0).unwrap(), &[2.0, 3.0, NAN, 2.0, NAN, inf, 2.0]);
        same(at_most(&a, 2.0).unwrap(), &[1.0, 2.0, NAN, 2.0, NAN, 2.0, -inf]);
    }

    #[test]
    fn the_first_of_equals_and_any_nan_is_the_largest() {
        let x = [[1.0, 4.0, 4.0, 0.0], [NAN, 2.0, NAN, 9.0], [-f64::INFINITY; 4], [0.0, -1.0, -2.0, 0.0]];
        let x = Tensor::new(&x, &Device::Cpu).unwrap();
        same(place_of_largest(&x, 1, Nan::First).unwrap(), &[1.0, 0.0, 0.0, 0.0]);
        same(place_of_largest(&x, 1, Nan::Last).unwrap(), &[1.0, 2.0, 0.0, 0.0]);
        same(place_of_largest(&x.t().unwrap(), 0, Nan::First).unwrap(), &[1.0, 0.0, 0.0, 0.0]);
        same(place_of_largest(&x, 0, Nan::First).unwrap(), &[1.0, 0.0, 1.0, 1.0]);
    }

    /// What cuBLAS takes, as candle 0.11 asks it of an operand (`gemm_config` in its CUDA backend).
    fn cublas_takes(x: &Tensor) -> bool {
        let (dims, strides) = (x.dims(), x.stride());
        let (rows, columns) = (dims[dims.len() - 2], dims[dims.len() - 1]);
        let (of_row, of_column) = (strides[dims.len() - 2], strides[dims.len() - 1]);
        let by_rows = (of_column == 1 || columns == 1) && (of_row == columns || rows == 1);
        let by_columns = (of_column == rows || columns == 1) && (of_row == 1 || rows == 1);
        let batch = match strides[..dims.len() - 2] {
            [] | [_] => true,
            [outer, inner] => outer == inner * dims[1] || dims[0] == 1 || dims[1] == 1,
            _ => false,
        };
        (by_rows || by_columns) && batch
    }

    #[test]
    fn every_layout_is_multiplied_on_every_device() {
        let x = Tensor::arange(0.0, 360.0, &Device::Cpu).unwrap().reshape((3, 4, 5, 6)).unwrap();
        let mut refused = 0;
        for axes in [[0, 1, 2, 3], [0, 1, 3, 2], [0, 2, 1, 3], [2, 3, 0, 1], [3, 0, 2, 1], [1, 0, 3, 2]] {
            for (axis, start, len) in [(0, 0, 3), (1, 1, 1), (2, 1, 1), (3, 2, 1), (2, 1, 3), (3, 0, 4), (1, 1, 2)] {
                let view = x.narrow(axis, start, len).unwrap().permute(axes).unwrap();
                refused += usize::from(!cublas_takes(&view));
                for view in [view.clone(), view.get(0).unwrap(), view.get(0).unwrap().get(0).unwrap()] {
                    assert!(cublas_takes(&laid_out(&view).unwrap()), "{:?}", view.layout());
                }
            }
        }
        assert!(refused > 10, "the test tries no layout that needs laying out");
        let view = x.narrow(3, 1, 4).unwrap();
        let (found, plain) = (product(&view.t().unwrap(), &view).unwrap(), view.contiguous().unwrap());
        let expected = plain.t().unwrap().matmul(&plain).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        same(found, &expected);
    }

    #[test]
    fn a_pixel_becomes_a_square() {
        let x = Tensor::new(&[[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]], &Device::Cpu).unwrap();
        let expected = [[1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [4.0, 4.0, 5.0, 5.0, 6.0, 6.0]];
        let found = squares(&x, 2).unwrap();
        assert_eq!(found.dims(), [1, 2, 2, 6]);
        same(found, &[expected[0], expected[0], expected[1], expected[1]].concat());
    }
}
