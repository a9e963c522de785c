//! The order in which samples reach the network: a fresh shuffle per epoch, keyed by (seed, epoch), so that any batch of
//! any epoch can be found again without replaying the ones before it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Dataset, Part};

/// One batch, row-major like [`Part`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    pub len: usize,
    pub inputs: Vec<f32>,
    pub targets: Vec<f32>,
    /// Index of each row in its part.
    pub rows: Vec<u32>,
}

/// The order of the training samples in one epoch.
pub fn epoch_order(seed: u64, epoch: u64, len: usize) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5348_5546_464c_4521);
    rng.set_stream(epoch);
    let mut order: Vec<u32> = (0..len as u32).collect();
    for i in (1..order.len()).rev() {
        // Fisher-Yates; the bias of a 64-bit remainder is far below anything a shuffle could show.
        let j = (rng.next_u64() % (i as u64 + 1)) as usize;
        order.swap(i, j);
    }
    order
}

/// Copies the given rows of a part.
pub fn gather(dataset: &Dataset, part: &Part, rows: &[u32]) -> Batch {
    let (n, t) = (dataset.input_len(), dataset.target_len());
    let mut batch = Batch {
        len: rows.len(),
        inputs: Vec::with_capacity(rows.len() * n),
        targets: Vec::with_capacity(rows.len() * t),
        rows: rows.to_vec(),
    };
    for &row in rows {
        let row = row as usize;
        batch.inputs.extend_from_slice(&part.inputs[row * n..(row + 1) * n]);
        batch.targets.extend_from_slice(&part.targets[row * t..(row + 1) * t]);
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_visits_every_sample_once_and_each_epoch_differs() {
        let mut first = epoch_order(7, 0, 100);
        assert_eq!(first, epoch_order(7, 0, 100));
        assert_ne!(first, epoch_order(7, 1, 100));
        assert_ne!(first, epoch_order(8, 0, 100));
        first.sort_unstable();
        assert_eq!(first, (0..100).collect::<Vec<_>>());
    }
}
