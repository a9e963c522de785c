//! How a number of the user's becomes one of the network's, and back.

use serde::{Deserialize, Serialize};

/// From the network's number to the user's and back: `value = scaled * scale + offset`, bent back where it is learnt on
/// a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// What 0 stands for.
    pub offset: f32,
    /// Never zero.
    pub scale: f32,
    /// Digits behind the point that values have; `None` where they are taken as they come.
    pub decimals: Option<u8>,
    /// What is scaled.
    #[serde(default, skip_serializing_if = "Curve::is_linear")]
    pub curve: Curve,
}

/// What is made of a number before it is scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// Nothing.
    #[default]
    Linear,
    /// ln(x), of positive numbers.
    Log,
    /// ln(1 + x), where there are zeros.
    LogPlusOne,
}

impl Curve {
    /// Whether a number stays as it is.
    pub fn is_linear(&self) -> bool {
        *self == Self::Linear
    }

    /// What is scaled.
    pub fn of(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.ln(),
            Self::LogPlusOne => value.ln_1p(),
        }
    }

    /// The other way around.
    pub fn back(self, bent: f64) -> f64 {
        match self {
            Self::Linear => bent,
            Self::Log => bent.exp(),
            Self::LogPlusOne => bent.exp_m1(),
        }
    }

    /// How much a value changes with what is scaled.
    fn slope(self, value: f64) -> f64 {
        match self {
            Self::Linear => 1.0,
            Self::Log => value.abs(),
            Self::LogPlusOne => (value + 1.0).abs(),
        }
    }
}

impl Unit {
    /// Of a number that is not scaled.
    pub const PLAIN: Self = Self { offset: 0.0, scale: 1.0, decimals: None, curve: Curve::Linear };

    /// The user's number, unrounded.
    pub fn number(self, scaled: f32) -> f64 {
        self.curve.back(f64::from(scaled) * f64::from(self.scale) + f64::from(self.offset))
    }

    /// Rounded to the digits that values have, or to those that 32 bits keep through scaling: what was 0 is 0 again.
    pub fn value(self, scaled: f32) -> f32 {
        let (part, offset) = (f64::from(scaled) * f64::from(self.scale), f64::from(self.offset));
        let value = self.curve.back(part + offset);
        let Some(decimals) = self.decimals else { return value as f32 };
        let error = (part.abs() + offset.abs()) * f64::from(f32::EPSILON) * self.curve.slope(value);
        if !error.is_normal() {
            return value as f32;
        }
        let places = f64::from(decimals).min((-error.log10()).floor());
        let power = 10f64.powf(places);
        // Not minus zero.
        ((value * power).round() / power + 0.0) as f32
    }

    /// A number as the network sees it.
    pub fn scaled(self, value: f32) -> f32 {
        if self.curve.is_linear() {
            return (value - self.offset) / self.scale;
        }
        ((self.curve.of(f64::from(value)) - f64::from(self.offset)) / f64::from(self.scale)) as f32
    }

    /// How far an output is from the truth, in the user's unit.
    pub fn error(self, output: f32, truth: f32) -> f64 {
        match self.curve {
            Curve::Linear => (f64::from(output) - f64::from(truth)) * f64::from(self.scale),
            Curve::Log | Curve::LogPlusOne => self.number(output) - self.number(truth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_the_table_has_it() {
        let unit = |offset, scale, decimals| Unit { offset, scale, decimals, ..Unit::PLAIN };
        // Scaled as a table is: what was 0 would come back as 0.00000005960464.
        let salaries = unit(0.529_411_8, 0.499_134_3, Some(0));
        for value in [0.0, 1.0] {
            assert_eq!(salaries.value(salaries.scaled(value)).to_bits(), value.to_bits());
        }
        let years = unit(2008.03, 0.817, Some(0));
        assert!((2005..2012).all(|year| years.value(years.scaled(year as f32)) == year as f32));
        let lengths = unit(43.92, 5.46, Some(1));
        assert!((300..600).map(|tenth| tenth as f32 / 10.0).all(|mm| lengths.value(lengths.scaled(mm)) == mm));
        assert_eq!(unit(-3.7, 1.9, Some(u8::MAX)).value(3.7 / 1.9), 0.0);
        assert_eq!(Unit::PLAIN.value(1.234_567_9e-7), 1.234_567_9e-7);
        assert!(years.value(f32::NAN).is_nan());
        assert_eq!(unit(0.0, 1e30, Some(2)).value(2.0), 2e30);
    }

    #[test]
    fn what_is_learnt_as_a_logarithm_comes_back_too() {
        let unit = |curve| Unit { offset: 7.787, scale: 1.014, decimals: Some(u8::MAX), curve };
        for value in [326.0, 2401.0, 18_823.0, 0.25] {
            let log = unit(Curve::Log);
            let back = log.value(log.scaled(value));
            assert!((back / value - 1.0).abs() < 2e-6, "{value} {back}");
        }
        let counts = unit(Curve::LogPlusOne);
        assert!([0.0, 1.0, 12.0, 4096.0].iter().all(|&count| counts.value(counts.scaled(count)).round() == count));
        assert_eq!(counts.value(counts.scaled(0.0)), 0.0);
        assert!((counts.error(counts.scaled(9.0), counts.scaled(4.0)) - 5.0).abs() < 1e-5);
        let text = serde_json::to_string(&Unit::PLAIN).unwrap();
        assert!(!text.contains("curve") && serde_json::from_str::<Unit>(&text).unwrap() == Unit::PLAIN);
    }
}
