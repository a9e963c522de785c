//! Moving numbers along axes: another order of axes, parts of an axis, means and largest numbers over one.

use super::split::{for_each_chunk, for_each_pair};

/// Samples of sizes `dims` with their axes in another order: axis i of `y` is axis `order[i]` of `x`.
pub fn permute(x: &[f32], dims: &[usize], order: &[usize], y: &mut [f32]) {
    let len: usize = dims.iter().product();
    let Some((&last, front)) = order.split_last() else {
        return y.copy_from_slice(x);
    };
    let step = |axis: usize| dims[axis + 1..].iter().product::<usize>();
    let (width, width_step) = (dims[last], step(last));
    let front: Vec<(usize, usize)> = front.iter().map(|&axis| (dims[axis], step(axis))).collect();
    let work = y.len();
    for_each_chunk(y, len, work, |sample, y| {
        let x = &x[sample * len..][..len];
        for (row, y) in y.chunks_exact_mut(width.max(1)).enumerate() {
            let (mut rest, mut start) = (row, 0);
            for &(size, step) in front.iter().rev() {
                start += rest % size * step;
                rest /= size;
            }
            y.iter_mut().zip(x[start..].iter().step_by(width_step)).for_each(|(y, x)| *y = *x);
        }
    });
}

/// Of every stretch of `whole` numbers the `len` from `start` on.
pub fn take(x: &[f32], whole: usize, start: usize, len: usize, y: &mut [f32]) {
    for (y, x) in y.chunks_exact_mut(len.max(1)).zip(x.chunks_exact(whole.max(1))) {
        y.copy_from_slice(&x[start..start + len]);
    }
}

/// The reverse of [`take`]: zeros elsewhere.
pub fn put(dy: &[f32], whole: usize, start: usize, len: usize, dx: &mut [f32]) {
    dx.fill(0.0);
    for (dx, dy) in dx.chunks_exact_mut(whole.max(1)).zip(dy.chunks_exact(len.max(1))) {
        dx[start..start + len].copy_from_slice(dy);
    }
}

/// `x` is `[outer, size, inner]`, `y` `[outer, inner]`.
pub fn mean(x: &[f32], [size, inner]: [usize; 2], y: &mut [f32]) {
    let share = 1.0 / size as f32;
    for_each_chunk(y, inner, x.len(), |outer, y| {
        y.fill(0.0);
        for x in x[outer * size * inner..][..size * inner].chunks_exact(inner) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
        }
        y.iter_mut().for_each(|y| *y *= share);
    });
}

/// Each of the `size` places gets its share of dy.
pub fn mean_backward(dy: &[f32], [size, inner]: [usize; 2], dx: &mut [f32]) {
    let (share, work) = (1.0 / size as f32, dx.len());
    for_each_chunk(dx, size * inner, work, |outer, dx| {
        for dx in dx.chunks_exact_mut(inner) {
            dx.iter_mut().zip(&dy[outer * inner..]).for_each(|(dx, dy)| *dx = dy * share);
        }
    });
}

/// The largest number and its place. Of equal numbers the first counts, and NaN is larger than any number, as in
/// PyTorch.
pub fn max(x: &[f32], [size, inner]: [usize; 2], y: &mut [f32], argmax: &mut [f32]) {
    for_each_pair((y, inner), (argmax, inner), x.len(), |outer, y, argmax| {
        let x = &x[outer * size * inner..][..size * inner];
        y.copy_from_slice(&x[..inner]);
        argmax.fill(0.0);
        for (place, x) in x.chunks_exact(inner).enumerate().skip(1) {
            for ((y, at), &x) in y.iter_mut().zip(argmax.iter_mut()).zip(x) {
                if x > *y || x.is_nan() && !y.is_nan() {
                    (*y, *at) = (x, place as f32);
                }
            }
        }
    });
}

/// All of dy to the place that was largest.
pub fn max_backward(dy: &[f32], argmax: &[f32], [size, inner]: [usize; 2], dx: &mut [f32]) {
    let work = dx.len();
    for_each_chunk(dx, size * inner, work, |outer, dx| {
        dx.fill(0.0);
        let from = outer * inner..(outer + 1) * inner;
        for (i, (dy, at)) in dy[from.clone()].iter().zip(&argmax[from]).enumerate() {
            if let Some(dx) = dx.get_mut(*at as usize * inner + i) {
                *dx = *dy;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_turned() {
        let mut y = [0.0; 12];
        permute(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0], &[2, 3], &[1, 0], &mut y);
        assert_eq!(y, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 7.0, 10.0, 8.0, 11.0, 9.0, 12.0]);
    }

    #[test]
    fn the_first_of_equals_and_any_nan_is_the_largest() {
        let (mut y, mut at) = ([0.0; 2], [0.0; 2]);
        max(&[1.0, 5.0, 3.0, 5.0, 3.0, 4.0], [3, 2], &mut y, &mut at);
        assert_eq!((y, at), ([3.0, 5.0], [1.0, 0.0]));
        max(&[1.0, f32::NAN, 3.0, 5.0, f32::NAN, 4.0], [3, 2], &mut y, &mut at);
        assert!(y.iter().all(|y| y.is_nan()));
        assert_eq!(at, [2.0, 0.0]);
    }
}
