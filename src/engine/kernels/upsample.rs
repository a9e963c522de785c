//! Enlarging f32 pictures by a whole factor, and the gradient of that: nearest neighbour, and bilinear with pixels as
//! areas (PyTorch's `align_corners=False`).

use super::split::{for_each_chunk, with_tile};

/// For every row (or column) of the large picture, which two of the small one it is mixed from, and the share of the
/// second.
#[derive(Clone, Debug)]
pub struct Taps {
    pub first: Vec<usize>,
    pub second: Vec<usize>,
    pub share: Vec<f64>,
}

impl Taps {
    pub fn bilinear(size: usize, factor: usize) -> Self {
        let mut taps = Self { first: Vec::new(), second: Vec::new(), share: Vec::new() };
        for i in 0..size * factor {
            let place = ((i as f64 + 0.5) / factor as f64 - 0.5).max(0.0);
            let first = place as usize;
            taps.first.push(first);
            taps.second.push((first + 1).min(size - 1));
            taps.share.push(place - first as f64);
        }
        taps
    }
}

/// A picture and its enlargement by `factor`.
#[derive(Clone, Copy, Debug)]
pub struct Enlarged {
    pub size: [usize; 2],
    pub factor: usize,
}

impl Enlarged {
    fn small(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn large(&self) -> usize {
        self.small() * self.factor * self.factor
    }
}

pub fn nearest(e: &Enlarged, x: &[f32], y: &mut [f32]) {
    let (small, width, factor, work) = (e.small(), e.size[1], e.factor, y.len());
    for_each_chunk(y, e.large(), work, |plane, y| {
        let rows = x[plane * small..][..small].chunks_exact(width);
        for (row, y) in rows.zip(y.chunks_exact_mut(width * factor * factor)) {
            let (first, copies) = y.split_at_mut(width * factor);
            first.chunks_exact_mut(factor).zip(row).for_each(|(y, x)| y.fill(*x));
            copies.chunks_exact_mut(width * factor).for_each(|copy| copy.copy_from_slice(first));
        }
    });
}

pub fn nearest_backward(e: &Enlarged, dy: &[f32], dx: &mut [f32]) {
    let (large, width, factor) = (e.large(), e.size[1], e.factor);
    for_each_chunk(dx, e.small(), dy.len(), |plane, dx| {
        let rows = dy[plane * large..][..large].chunks_exact(width * factor * factor);
        for (dx, dy) in dx.chunks_exact_mut(width).zip(rows) {
            dx.fill(0.0);
            for dy in dy.chunks_exact(width * factor) {
                dx.iter_mut().zip(dy.chunks_exact(factor)).for_each(|(dx, dy)| *dx += dy.iter().sum::<f32>());
            }
        }
    });
}

pub fn bilinear(e: &Enlarged, x: &[f32], y: &mut [f32]) {
    let (small, [height, width], work) = (e.small(), e.size, 4 * y.len());
    let (down, across) = (Taps::bilinear(height, e.factor), Taps::bilinear(width, e.factor));
    for_each_chunk(y, e.large(), work, |plane, y| {
        let x = &x[plane * small..][..small];
        with_tile(width, |mixed| {
            for (i, y) in y.chunks_exact_mut(width * e.factor).enumerate() {
                let (a, b) = (&x[down.first[i] * width..][..width], &x[down.second[i] * width..][..width]);
                let share = down.share[i] as f32;
                for ((m, a), b) in mixed.iter_mut().zip(a).zip(b) {
                    *m = (1.0 - share) * a + share * b;
                }
                for (j, y) in y.iter_mut().enumerate() {
                    let share = across.share[j] as f32;
                    *y = (1.0 - share) * mixed[across.first[j]] + share * mixed[across.second[j]];
                }
            }
        });
    });
}

pub fn bilinear_backward(e: &Enlarged, dy: &[f32], dx: &mut [f32]) {
    let (large, [height, width]) = (e.large(), e.size);
    let (down, across) = (Taps::bilinear(height, e.factor), Taps::bilinear(width, e.factor));
    for_each_chunk(dx, e.small(), 4 * dy.len(), |plane, dx| {
        let dy = &dy[plane * large..][..large];
        dx.fill(0.0);
        with_tile(width, |mixed| {
            for (i, dy) in dy.chunks_exact(width * e.factor).enumerate() {
                mixed.fill(0.0);
                for (j, dy) in dy.iter().enumerate() {
                    let share = across.share[j] as f32;
                    mixed[across.first[j]] += (1.0 - share) * dy;
                    mixed[across.second[j]] += share * dy;
                }
                let share = down.share[i] as f32;
                let mut add = |row: usize, share: f32| {
                    dx[row * width..][..width].iter_mut().zip(&*mixed).for_each(|(dx, m)| *dx += share * m);
                };
                add(down.first[i], 1.0 - share);
                add(down.second[i], share);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let e = Enlarged { size: [31, 17], factor: 3 };
        let (x, dy) = (numbers(9 * e.small(), 1), numbers(9 * e.large(), 2));
        same_bits_on_any_threads(|| {
            let (mut y, mut dx, mut z, mut dz) = (dy.clone(), x.clone(), dy.clone(), x.clone());
            nearest(&e, &x, &mut y);
            nearest_backward(&e, &dy, &mut dx);
            bilinear(&e, &x, &mut z);
            bilinear_backward(&e, &dy, &mut dz);
            [y, dx, z, dz].concat()
        });
    }
}
