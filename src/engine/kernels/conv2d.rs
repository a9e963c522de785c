//! Two-dimensional convolution of f32 pictures: forward, gradient of the pictures, gradient of weights and bias.
//!
//! Each picture's windows are laid out as the columns of a matrix ("im2col", Chellapilla et al. 2006), a tile that fits
//! the cache at a time, and multiplied by the weights. Deliberately no groups: see [`super::grouped`].

use super::lanes;
use super::matmul::{Matrix, matmul_on_one_thread};
use super::split::{for_each_chunk, sum_in_parts, with_tile};
use super::window::Window;

/// Numbers in one tile of columns: 256 KiB, about half of a core's second cache.
const TILE: usize = 64 * 1024;

/// The sizes of one convolution: pictures `[B, channels, size]` to `[B, filters, places]`.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    pub channels: usize,
    pub size: [usize; 2],
    pub filters: usize,
    pub window: Window,
}

impl Convolution {
    fn places(&self) -> [usize; 2] {
        self.window.places(self.size)
    }

    /// Numbers of one picture that goes in.
    pub fn input_len(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    /// Numbers of one picture that comes out.
    pub fn output_len(&self) -> usize {
        let [rows, columns] = self.places();
        self.filters * rows * columns
    }

    /// Numbers under the window: the length of every sum.
    fn depth(&self) -> usize {
        self.channels * self.window.area()
    }

    /// The window is one number and visits each once: the picture is its own matrix of columns.
    fn is_pointwise(&self) -> bool {
        self.window == Window::square(1, 1)
    }

    fn work(&self, batch: usize) -> usize {
        batch * self.output_len() * self.depth()
    }

    /// Calls `f` with every tile: its rows of places.
    fn for_each_tile(&self, mut f: impl FnMut(std::ops::Range<usize>)) {
        let [rows, columns] = self.places();
        let fit = if self.is_pointwise() { rows } else { TILE / (self.depth() * columns).max(1) };
        let tiles = rows.div_ceil(fit.max(1)).max(1);
        (0..tiles).for_each(|i| f(super::split::part(rows, tiles, i)));
    }
}

/// `y = w ⋆ x + bias`; `x` `[B, C, H, W]`, `w` `[F, C, KH, KW]`, `y` `[B, F, OH, OW]`.
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (input_len, output_len, depth) = (c.input_len(), c.output_len(), c.depth());
    let [rows, columns] = c.places();
    let plane = rows * columns;
    let work = c.work(y.len() / output_len.max(1));
    for_each_chunk(y, output_len, work, |i, y| {
        let x = &x[i * input_len..][..input_len];
        if let Some(bias) = bias {
            y.chunks_mut(plane).zip(bias).for_each(|(y, b)| y.fill(*b));
        }
        let weights = Matrix::new(w, c.filters, depth);
        c.for_each_tile(|tile| {
            let (start, places) = (tile.start * columns, tile.len() * columns);
            with_columns(c, x, tile, |lowered| {
                let lowered = Matrix::new(lowered, depth, places);
                matmul_on_one_thread(weights, lowered, &mut y[start..], plane, bias.is_some());
            });
        });
    });
}

/// The gradient of the pictures: `dx = wᵀ ⋆ dy`.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input_len, output_len, depth) = (c.input_len(), c.output_len(), c.depth());
    let [rows, columns] = c.places();
    let plane = rows * columns;
    let work = c.work(dx.len() / input_len.max(1));
    let weights = Matrix::new(w, c.filters, depth).transposed();
    for_each_chunk(dx, input_len, work, |i, dx| {
        let dy = &dy[i * output_len..][..output_len];
        if c.is_pointwise() {
            return matmul_on_one_thread(weights, Matrix::new(dy, c.filters, plane), dx, plane, false);
        }
        dx.fill(0.0);
        c.for_each_tile(|tile| {
            let places = tile.len() * columns;
            with_tile(depth * places, |lowered| {
                let dy = Matrix::with_step(&dy[tile.start * columns..], c.filters, places, plane);
                matmul_on_one_thread(weights, dy, lowered, places, false);
                add_columns(c, lowered, tile, dx);
            });
        });
    });
}

/// The gradient of the weights, `dw = Σ dy ⋆ x`, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (input_len, output_len, depth) = (c.input_len(), c.output_len(), c.depth());
    let [rows, columns] = c.places();
    let plane = rows * columns;
    let batch = dy.len() / output_len.max(1);
    // The partial sums are kept transposed, [depth, filters]: gemm then packs the small matrix dy, not the large one.
    let mut transposed = vec![0.0; dw.len()];
    sum_in_parts(batch, &mut transposed, c.work(batch), |images, sums| {
        for i in images {
            let (x, dy) = (&x[i * input_len..][..input_len], &dy[i * output_len..][..output_len]);
            c.for_each_tile(|tile| {
                let places = tile.len() * columns;
                let dy = Matrix::with_step(&dy[tile.start * columns..], c.filters, places, plane);
                with_columns(c, x, tile, |lowered| {
                    let lowered = Matrix::new(lowered, depth, places);
                    matmul_on_one_thread(lowered, dy.transposed(), sums, c.filters, true);
                });
            });
        }
    });
    for (f, row) in dw.chunks_mut(depth.max(1)).enumerate() {
        row.iter_mut().enumerate().for_each(|(k, w)| *w = transposed[k * c.filters + f]);
    }
}

/// The gradient of the bias, `db = Σ dy`, over the batch and all places: `dy` `[B, F, plane]`.
pub fn backward_bias(plane: usize, dy: &[f32], db: &mut [f32]) {
    let output_len = db.len() * plane;
    sum_in_parts(dy.len() / output_len.max(1), db, dy.len(), |images, sums| {
        for image in dy[images.start * output_len..images.end * output_len].chunks(output_len) {
            image.chunks(plane).zip(sums.iter_mut()).for_each(|(numbers, sum)| *sum += lanes::sum(numbers));
        }
    });
}

/// The windows of a tile as columns, `[C · KH · KW, places of the tile]`.
fn with_columns(c: &Convolution, x: &[f32], tile: std::ops::Range<usize>, f: impl FnOnce(&[f32])) {
    if c.is_pointwise() {
        return f(x);
    }
    with_tile(c.depth() * tile.len() * c.places()[1], |lowered| {
        lower(c, x, tile, lowered);
        f(lowered);
    });
}

/// What one row of the columns matrix reads: channel `channel`, entry `(u, v)` of the window.
fn for_each_row(c: &Convolution, mut f: impl FnMut(usize, usize, usize)) {
    for channel in 0..c.channels {
        for u in 0..c.window.kernel[0] {
            for v in 0..c.window.kernel[1] {
                f(channel, u, v);
            }
        }
    }
}

fn lower(c: &Convolution, x: &[f32], tile: std::ops::Range<usize>, lowered: &mut [f32]) {
    let (window, [height, width]) = (&c.window, c.size);
    let [rows, columns] = c.places();
    let mut targets = lowered.chunks_mut((tile.len() * columns).max(1));
    for_each_row(c, |channel, u, v| {
        let Some(target) = targets.next() else { return };
        let plane = &x[channel * height * width..][..height * width];
        let (on_rows, on_columns) = (window.inside(0, u, height, rows), window.inside(1, v, width, columns));
        for (row, target) in tile.clone().zip(target.chunks_mut(columns)) {
            if !on_rows.contains(&row) || on_columns.is_empty() {
                target.fill(0.0);
                continue;
            }
            let source = &plane[window.under(0, u, row) * width + window.under(1, v, on_columns.start)..];
            target[..on_columns.start].fill(0.0);
            target[on_columns.end..].fill(0.0);
            let target = &mut target[on_columns.clone()];
            if window.stride[1] == 1 {
                target.copy_from_slice(&source[..target.len()]);
            } else {
                target.iter_mut().zip(source.iter().step_by(window.stride[1])).for_each(|(t, s)| *t = *s);
            }
        }
    });
}

/// The transpose of [`lower`]: every number of the columns is added to where it was read from.
fn add_columns(c: &Convolution, lowered: &[f32], tile: std::ops::Range<usize>, dx: &mut [f32]) {
    let (window, [height, width]) = (&c.window, c.size);
    let [rows, columns] = c.places();
    let mut sources = lowered.chunks((tile.len() * columns).max(1));
    for_each_row(c, |channel, u, v| {
        let Some(source) = sources.next() else { return };
        let plane = &mut dx[channel * height * width..][..height * width];
        let (on_rows, on_columns) = (window.inside(0, u, height, rows), window.inside(1, v, width, columns));
        for (row, source) in tile.clone().zip(source.chunks(columns)) {
            if !on_rows.contains(&row) || on_columns.is_empty() {
                continue;
            }
            let target = &mut plane[window.under(0, u, row) * width + window.under(1, v, on_columns.start)..];
            let source = &source[on_columns.clone()];
            if window.stride[1] == 1 {
                target.iter_mut().zip(source).for_each(|(t, s)| *t += *s);
            } else {
                target.iter_mut().step_by(window.stride[1]).zip(source).for_each(|(t, s)| *t += *s);
            }
        }
    });
}

#[cfg(test)]
#[path = "conv2d_tests.rs"]
mod tests;
