//! How convolutions explain their numbers: sums over the window, over the filters, over the places. Zeros around the
//! picture are left out.

use crate::engine::error::Result;
use crate::engine::explain::Operand;
use crate::engine::kernels::window::Window;
use crate::trace::Arithmetic;

/// The row (or column) of a picture under an entry of the window at a place.
fn under(window: &Window, axis: usize, [offset, place]: [usize; 2], size: usize) -> Option<usize> {
    let padded = place * window.stride[axis] + offset * window.dilation[axis];
    padded.checked_sub(window.before[axis]).filter(|&at| at < size)
}

/// The place at which an entry of the window lies over a row (or column) of a picture.
fn over(window: &Window, axis: usize, [offset, at]: [usize; 2], places: usize) -> Option<usize> {
    let padded = (at + window.before[axis]).checked_sub(offset * window.dilation[axis])?;
    let place = padded / window.stride[axis];
    (padded % window.stride[axis] == 0 && place < places).then_some(place)
}

/// Both axes of [`under`].
fn pixel(window: &Window, entry: [usize; 2], place: [usize; 2], size: [usize; 2]) -> Option<[usize; 2]> {
    let [row, column] = [0, 1].map(|axis| under(window, axis, [entry[axis], place[axis]], size[axis]));
    row.zip(column).map(Into::into)
}

/// Every entry of the window, row by row.
fn entries(window: &Window) -> impl Iterator<Item = [usize; 2]> {
    let [rows, columns] = window.kernel;
    (0..rows).flat_map(move |u| (0..columns).map(move |v| [u, v]))
}

/// The places whose windows see a pixel, with the entry that lies over it.
pub fn seeing(window: &Window, at: [usize; 2], places: [usize; 2]) -> Vec<([usize; 2], [usize; 2])> {
    let found = entries(window).filter_map(|entry| {
        let [row, column] = [0, 1].map(|axis| over(window, axis, [entry[axis], at[axis]], places[axis]));
        Some(([row?, column?], entry))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    found
}

/// Rows and columns of `[B, C, H, W]`.
pub fn size(picture: &Operand) -> [usize; 2] {
    [picture.dims[2], picture.dims[3]]
}

/// `Σ w[f, c, u, v] · x[b, c, …]` over the window of filter f at a place: the terms, channel by channel, each in
/// reading order.
pub fn convolved(x: &Operand, w: &Operand, window: &Window, groups: usize, y: &[usize]) -> Result<Vec<Arithmetic>> {
    let [b, f, i, j] = four(y);
    let (channels, group) = (w.dims[1], f / (w.dims[0] / groups).max(1));
    let mut terms = Vec::new();
    for c in 0..channels {
        for entry in entries(window) {
            if let Some([row, column]) = pixel(window, entry, [i, j], size(x)) {
                let weight = w.at(&[f, c, entry[0], entry[1]])?;
                terms.push(weight * x.at(&[b, group * channels + c, row, column])?);
            }
        }
    }
    Ok(terms)
}

/// The reverse: `Σ w[f, c, u, v] · dy[b, f, i, j]` over every filter at every place that saw the pixel.
pub fn spread(dy: &Operand, w: &Operand, window: &Window, groups: usize, x: &[usize]) -> Result<Vec<Arithmetic>> {
    let [b, c, row, column] = four(x);
    let (channels, filters) = (w.dims[1].max(1), w.dims[0] / groups);
    let places = seeing(window, [row, column], size(dy));
    let mut terms = Vec::new();
    for f in c / channels * filters..(c / channels + 1) * filters {
        for &([i, j], [u, v]) in &places {
            terms.push(w.at(&[f, c % channels, u, v])? * dy.at(&[b, f, i, j])?);
        }
    }
    Ok(terms)
}

/// `Σ dy[b, f, i, j] · x[b, c, …]` over the batch and every place: what weight `[f, c, u, v]` met.
pub fn met(dy: &Operand, x: &Operand, window: &Window, groups: usize, w: &[usize]) -> Result<Vec<Arithmetic>> {
    let [f, c, u, v] = four(w);
    let channels = x.dims[1] / groups;
    let group = f / (dy.dims[1] / groups).max(1);
    let [rows, columns] = size(dy);
    let mut terms = Vec::new();
    for b in 0..dy.dims[0] {
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            if let Some([row, column]) = pixel(window, [u, v], [i, j], size(x)) {
                terms.push(dy.at(&[b, f, i, j])? * x.at(&[b, group * channels + c, row, column])?);
            }
        }
    }
    Ok(terms)
}

fn four(index: &[usize]) -> [usize; 4] {
    let mut four = [0; 4];
    four.iter_mut().zip(index).for_each(|(four, &at)| *four = at);
    four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_is_seen_from_the_places_that_see_it() {
        for (kernel, stride, before, dilation) in [(1, 1, 0, 1), (3, 1, 1, 1), (3, 2, 1, 2), (2, 3, 0, 1), (4, 2, 2, 3)]
        {
            let window = Window {
                kernel: [kernel; 2],
                stride: [stride; 2],
                before: [before; 2],
                after: [1; 2],
                dilation: [dilation; 2],
            };
            let size = [13, 11];
            let places = window.places(size);
            let mut pairs = 0;
            for place in (0..places[0]).flat_map(|i| (0..places[1]).map(move |j| [i, j])) {
                for pixel in entries(&window).filter_map(|entry| pixel(&window, entry, place, size)) {
                    assert!(seeing(&window, pixel, places).iter().any(|(seeing, _)| *seeing == place));
                    pairs += 1;
                }
            }
            let pixels = (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| [i, j]));
            assert_eq!(pairs, pixels.map(|pixel| seeing(&window, pixel, places).len()).sum::<usize>());
        }
    }
}
