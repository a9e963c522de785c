//! Root mean square normalisation of f32 rows `[B, D]` (Zhang and Sennrich, 2019): each row by the size of its own
//! numbers.

use super::lanes;
use super::split::{for_each_chunk, sum_in_parts};

fn scale(square: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(square) + epsilon).sqrt()) as f32
}

/// The mean of the squares of each row of `width`.
pub fn mean_squares(x: &[f32], width: usize, squares: &mut [f32]) {
    for_each_chunk(squares, 1, x.len(), |row, square| {
        square[0] = lanes::sum_of(&x[row * width..][..width], |x| x * x) / width as f32;
    });
}

/// `y = weight · x / √(square + ε)`
pub fn forward(epsilon: f64, x: &[f32], weight: &[f32], squares: &[f32], y: &mut [f32]) {
    let (width, work) = (weight.len(), 2 * x.len());
    for_each_chunk(y, width, work, |row, y| {
        let scale = scale(squares[row], epsilon);
        let x = &x[row * width..][..width];
        y.iter_mut().zip(x).zip(weight).for_each(|((y, x), w)| *y = x * scale * w);
    });
}

/// `dx = scale · (g - xhat · mean(g · xhat))` with `g = dy · weight`.
pub fn backward_input(epsilon: f64, (x, squares): (&[f32], &[f32]), weight: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (width, work) = (weight.len(), 4 * dx.len());
    for_each_chunk(dx, width, work, |row, dx| {
        let (x, dy) = (&x[row * width..][..width], &dy[row * width..][..width]);
        let scale = scale(squares[row], epsilon);
        dx.iter_mut().zip(dy).zip(weight).for_each(|((g, dy), w)| *g = dy * w);
        let slope = lanes::sum_of_pairs(dx, x, |g, x| g * x) * scale * scale / width as f32;
        dx.iter_mut().zip(x).for_each(|(g, x)| *g = scale * (*g - x * slope));
    });
}

/// `dweight = Σ dy · xhat`, over the rows.
pub fn backward_weight(epsilon: f64, (x, squares): (&[f32], &[f32]), dy: &[f32], dweight: &mut [f32]) {
    let width = dweight.len();
    sum_in_parts(squares.len(), dweight, dy.len(), |part, sums| {
        for row in part {
            let scale = scale(squares[row], epsilon);
            let (x, dy) = (&x[row * width..][..width], &dy[row * width..][..width]);
            sums.iter_mut().zip(x).zip(dy).for_each(|((sum, x), dy)| *sum += dy * (x * scale));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let (count, width) = (100, 1000);
        let (x, dy, weight) = (numbers(count * width, 1), numbers(count * width, 2), numbers(width, 3));
        same_bits_on_any_threads(|| {
            let (mut y, mut dx, mut dweight) = (x.clone(), x.clone(), weight.clone());
            let mut squares = vec![0.0; count];
            mean_squares(&x, width, &mut squares);
            forward(1e-5, &x, &weight, &squares, &mut y);
            backward_input(1e-5, (&x, &squares), &weight, &dy, &mut dx);
            backward_weight(1e-5, (&x, &squares), &dy, &mut dweight);
            [y, dx, dweight].concat()
        });
    }
}
