//! Rows of a table picked by index, and gradients added back to them.

use super::split::for_each_chunk;

/// Index of a number that was checked to be one.
fn index(number: f32) -> usize {
    number as usize
}

/// `y[i] = table[indices[i]]`; the indices must be rows of the table.
pub fn gather(table: &[f32], indices: &[f32], y: &mut [f32]) {
    let width = y.len() / indices.len().max(1);
    for (y, &at) in y.chunks_exact_mut(width.max(1)).zip(indices) {
        y.copy_from_slice(&table[index(at) * width..][..width]);
    }
}

/// Rows of the table that a thread takes; it goes through all indices for them.
const BLOCK: usize = 64;

/// `dw[v] = Σ dy[i] where indices[i] = v`, added from the first to the last.
pub fn scatter_add(dy: &[f32], indices: &[f32], width: usize, dw: &mut [f32]) {
    for_each_chunk(dw, BLOCK * width, dy.len(), |block, dw| {
        dw.fill(0.0);
        let (first, rows) = (block * BLOCK, dw.len() / width);
        for (dy, &at) in dy.chunks_exact(width).zip(indices) {
            if let Some(row) = index(at).checked_sub(first).filter(|&row| row < rows) {
                dw[row * width..][..width].iter_mut().zip(dy).for_each(|(dw, dy)| *dw += dy);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let dy = numbers(5000 * 16, 1);
        let indices: Vec<f32> = (0..5000).map(|i| (i * 37 % 300) as f32).collect();
        same_bits_on_any_threads(|| {
            let mut dw = vec![1.0; 300 * 16];
            scatter_add(&dy, &indices, 16, &mut dw);
            dw
        });
    }
}
