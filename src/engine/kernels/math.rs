//! f32 functions without branches or library calls, so that loops over them vectorise. Within a few units in the last
//! place of the true value; not-a-number stays not-a-number.

#![allow(clippy::excessive_precision, reason = "coefficients stand as they were published")]

/// `Σ coefficients[k] · xᵏ`. Multiplies and adds in one: half the work where the machine can (as vector units can), and
/// the same bits everywhere.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = sum.mul_add(x, coefficients[k]);
    }
    sum
}

/// eˣ. Cephes' polynomial on |r| <= ln 2 / 2, then times 2ⁿ in two halves, so that both ends of the range are right.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0; // 1.5 · 2²³: adding it rounds to a whole number in the low bits
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, MAGIC);
    let n = shifted - MAGIC;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let p = polynomial(r, [5.0e-1, 1.666_666_5e-1, 4.166_579_6e-2, 8.333_452e-3, 1.398_199_9e-3, 1.987_569_1e-4]);
    let y = p.mul_add(r * r, r) + 1.0;
    let n = shifted.to_bits().wrapping_sub(MAGIC.to_bits()) as i32;
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) as u32) << 23);
    y * power(half) * power(n.wrapping_sub(half))
}

/// A rational approximation (as in Eigen) up to where it is ±1.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    const ONE: f32 = 7.998_811_7;
    let a = if x < -ONE { -ONE } else { x };
    let a = if a > ONE { ONE } else { a };
    let z = a * a;
    let p = [
        4.893_524_558_917_86e-3,
        6.372_619_288_754_36e-4,
        1.485_722_357_179_79e-5,
        5.122_297_090_371_14e-8,
        -8.604_671_522_137_35e-11,
        2.000_187_904_824_77e-13,
        -2.760_768_477_423_55e-16,
    ];
    let q = [4.893_525_185_543_85e-3, 2.268_434_632_439e-3, 1.185_347_056_866_54e-4, 1.198_258_394_667_02e-6];
    let y = a * polynomial(z, p) / polynomial(z, q);
    if a.abs() < 0.0004 { x } else { y }
}

#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// log(1 + u) for u in 0 ..= 1.
#[inline(always)]
pub fn log1p_unit(u: f32) -> f32 {
    let w = 1.0 + u;
    let large = w > std::f32::consts::SQRT_2;
    let f = if large { 0.5 * w - 1.0 } else { w - 1.0 };
    let mut p = 7.037_683_6e-2;
    p = p * f - 1.151_461_03e-1;
    p = p * f + 1.167_699_9e-1;
    p = p * f - 1.242_014_1e-1;
    p = p * f + 1.424_932_3e-1;
    p = p * f - 1.666_805_8e-1;
    p = p * f + 2.000_071_5e-1;
    p = p * f - 2.499_999_4e-1;
    p = p * f + 3.333_333_1e-1;
    let z = f * f;
    let log = f + (p * f * z - 0.5 * z);
    let log = if large { log + std::f32::consts::LN_2 } else { log };
    // What was lost by rounding 1 + u is given back in proportion.
    if w == 1.0 { u } else { log * (u / (w - 1.0)) }
}

/// log(1 + eˣ)
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + log1p_unit(exp(-x.abs()))
}

/// A rational approximation (as in Eigen) up to where erf is ±1 in f32: exactly, since gelu multiplies what is left by
/// x.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let limit = 1.0f32.copysign(x);
    let is_far = x.abs() > 3.92;
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let z = x * x;
    let p = [
        -1.609_603_3e-2,
        -2.954_599_8e-3,
        -7.349_906_4e-4,
        -5.692_506_6e-5,
        -2.101_024e-6,
        2.770_681_5e-8,
        -2.726_142_4e-10,
    ];
    let q = [-1.426_473_9e-2, -7.373_329e-3, -1.682_827e-3, -2.133_740_6e-4, -1.456_607_2e-5];
    let (p, q) = (polynomial(z, p), polynomial(z, q));
    if is_far { limit } else { x * p / q }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(low: f32, high: f32, ours: impl Fn(f32) -> f32, truth: impl Fn(f64) -> f64) -> f64 {
        (0..=100_000)
            .map(|i| low + (high - low) * (i as f32 / 100_000.0))
            .map(|x| {
                let expected = truth(f64::from(x));
                (f64::from(ours(x)) - expected).abs() / expected.abs().max(1e-30)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_right_to_the_last_places() {
        assert!(worst(-87.0, 88.7, exp, f64::exp) < 3e-7);
        assert!(worst(-12.0, 12.0, tanh, f64::tanh) < 4e-7);
        assert!(worst(-80.0, 30.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 5e-7);
        assert!(worst(-80.0, 60.0, softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p()) < 5e-7);
        assert!(worst(0.0, 1.0, log1p_unit, f64::ln_1p) < 4e-7);
    }

    #[test]
    fn erf_agrees_with_its_series() {
        let series = |x: f64| {
            let (mut term, mut sum) = (x, x);
            for n in 1..120 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * std::f64::consts::FRAC_2_SQRT_PI
        };
        assert!(worst(-3.9, 3.9, erf, series) < 1e-6);
        assert_eq!((erf(7.0), erf(-4.0), erf(f32::NEG_INFINITY)), (1.0, -1.0, -1.0));
    }

    #[test]
    fn extremes_and_nan_are_kept() {
        assert_eq!(exp(1000.0), f32::INFINITY);
        assert_eq!(exp(-1000.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert!((exp(-100.0) - (-100.0f32).exp()).abs() < 1e-44);
        assert_eq!((tanh(100.0), tanh(-100.0)), (1.0, -1.0));
        assert_eq!((sigmoid(200.0), sigmoid(-200.0)), (1.0, 0.0));
        for f in [exp, tanh, sigmoid, softplus, erf] {
            assert!(f(f32::NAN).is_nan());
        }
        assert_eq!(softplus(f32::INFINITY), f32::INFINITY);
    }
}
