//! Mixup (Zhang et al., 2018): pictures that are a share of one sample and the rest of another. Whose rest that is, and
//! how large each share; the losses of both are the engine's.

use rayon::prelude::*;

use super::augment::stream;
use super::random::Purpose;

/// The place in a batch of whom the sample at another one is mixed with: the one before it, the last for the first. An
/// epoch is shuffled, so it is any other sample.
pub fn partner(place: usize, len: usize) -> usize {
    if place == 0 { len.saturating_sub(1) } else { place - 1 }
}

/// The share of itself in a sample's mixture: the larger one of a draw from Beta(α, α) and what that leaves.
///
/// Whoever is mixed with whom is drawn anew each time, so that the mixtures are those of the paper; but a sample is at
/// least half of its own, and its class the heavier one.
///
/// Beta by Bailey's way to Student's t of 2α degrees of freedom (1994), from two numbers and without rejection.
pub fn share(alpha: f64, seed: u64, epoch: u64, row: u32) -> f32 {
    let mut draws = Purpose::Mixup.draws(seed, stream(epoch, row));
    let (radius, turn) = (1.0 - draws.unit(), draws.unit());
    let square = (radius.powf(-1.0 / alpha) - 1.0) * (2.0 * std::f64::consts::PI * turn).cos().powi(2);
    (0.5 + 0.5 / (1.0 + 1.0 / square).sqrt()) as f32
}

/// `[len, ...]`, row-major: of each sample its share, and the rest of its partner.
pub fn mix(inputs: &[f32], lambda: &[f32], mixed: &mut [f32]) {
    let each = inputs.len() / lambda.len().max(1);
    if each == 0 {
        return;
    }
    mixed.par_chunks_mut(each).zip(lambda).enumerate().for_each(|(place, (mixed, &own))| {
        let of = |place: usize| &inputs[place * each..][..each];
        let both = of(place).iter().zip(of(partner(place, lambda.len())));
        mixed.iter_mut().zip(both).for_each(|(mixed, (a, b))| *mixed = own * a + (1.0 - own) * b);
    });
}

/// "70 % cat" and "30 % dog": a class that is a digit is taken for no factor. Where as good as nothing is of the other
/// one, what the sample is itself.
pub fn mixture(share: f32, own: &str, other: &str) -> Vec<String> {
    let hundredths = (share * 100.0).round() as u32;
    let part = |hundredths: u32, words: &str| format!("{hundredths} % {words}");
    match 100u32.saturating_sub(hundredths) {
        0 => vec![own.to_owned()],
        rest => vec![part(hundredths, own), part(rest, other)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(alpha: f64) -> Vec<f64> {
        (0..20_000).map(|row| f64::from(share(alpha, 5, 1, row))).collect()
    }

    /// Against the variance of Beta(α, α), 1 / (4 (2α + 1)), of which the larger part has the same square about 1/2,
    /// and for α = 1, which is uniform, against its quantiles.
    #[test]
    fn shares_are_the_larger_part_of_a_beta_distribution() {
        for alpha in [0.05, 0.2, 0.4, 1.0, 3.0] {
            let all = shares(alpha);
            assert!(all.iter().all(|share| (0.5..=1.0).contains(share)));
            let square = all.iter().map(|share| (share - 0.5).powi(2)).sum::<f64>() / all.len() as f64;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((square / expected - 1.0).abs() < 0.02, "{alpha}: {square}, not {expected}");
        }
        let mut uniform = shares(1.0);
        uniform.sort_by(f64::total_cmp);
        for (place, share) in [(2000, 0.55), (10_000, 0.75), (18_000, 0.95)] {
            assert!((uniform[place] - share).abs() < 0.01, "{}", uniform[place]);
        }
        // Twice the regularised incomplete beta function of 0.1.
        let most = shares(0.2).iter().filter(|&&share| share > 0.9).count() as f64 / 20_000.0;
        assert!((most - 0.6734).abs() < 0.015, "{most}");
        // As small as it may be: nothing is mixed, and nothing is NaN.
        assert!(shares(1e-6).iter().all(|&share| share == 1.0 || share == 0.5));
    }

    #[test]
    fn a_share_is_a_function_of_seed_epoch_and_row() {
        let all = [(1, 7, 3), (2, 7, 3), (1, 8, 3), (1, 7, 4)].map(|(seed, epoch, row)| share(0.4, seed, epoch, row));
        assert_eq!(all[0], share(0.4, 1, 7, 3));
        assert!(all[1..].iter().all(|other| *other != all[0]), "{all:?}");
    }

    #[test]
    fn mixtures_are_told_in_a_few_words() {
        assert_eq!(mixture(0.7, "cat", "dog"), ["70 % cat", "30 % dog"]);
        assert_eq!(mixture(0.504, "cat", "cat"), ["50 % cat", "50 % cat"]);
        assert_eq!(mixture(0.981, "3", "8"), ["98 % 3", "2 % 8"]);
        assert_eq!(
            (mixture(0.9999, "cat", "dog"), mixture(1.0, "cat", "dog")),
            (vec!["cat".into()], vec!["cat".into()])
        );
    }

    #[test]
    fn a_sample_is_mixed_with_the_one_before_it() {
        let mut mixed = [0.0; 6];
        mix(&[0.0, 1.0, 10.0, 20.0, 100.0, 200.0], &[1.0, 0.75, 0.5], &mut mixed);
        assert_eq!(mixed, [0.0, 1.0, 7.5, 15.25, 55.0, 110.0]);
        mix(&[3.0, 4.0], &[0.75], &mut mixed[..2]);
        assert_eq!(mixed[..2], [3.0, 4.0]);
        mix(&[], &[], &mut []);
    }
}
