//! From a number to a colour: blue above zero, orange below, within a range that is found or chosen.

use egui::Color32;

use crate::gui::numbers::significant;
use crate::gui::theme::{Tokens, mix};
use crate::trace::Findings;

/// How the range of the colours is found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Range {
    /// Up to the largest magnitude.
    Linear,
    /// Four powers of ten below the largest magnitude: small numbers can be told apart.
    Log,
    /// Up to what 99 of 100 numbers do not exceed: a few outliers do not make all others pale.
    #[default]
    Robust,
    /// Chosen by hand.
    Fixed(f32),
}

impl Range {
    pub fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Robust => "robust",
            Self::Fixed(_) => "fixed",
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Self::Linear => "Full colour at the largest magnitude.",
            Self::Log => "Each shade is a power of ten, which tells small values from zero.",
            Self::Robust => "Full colour at the 99th percentile. Larger values are marked.",
            Self::Fixed(_) => "Full colour at a value you choose, the same for every tensor.",
        }
    }
}

/// A share of the numbers that stays within the robust range.
const ROBUST: f64 = 0.99;
/// Powers of ten that the logarithmic range covers.
const DECADES: f32 = 4.0;
/// The palest colour of a number that is not zero, on the logarithmic range.
const PALEST: f32 = 0.12;

/// A range in force: what has full colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub range: Range,
    pub limit: f32,
}

/// How a number is drawn besides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Nan,
    PlusInfinity,
    MinusInfinity,
    /// Beyond the range.
    Above,
    Below,
}

impl Scale {
    pub fn new(range: Range, found: &[&Findings]) -> Self {
        let largest = found.iter().map(|f| f.largest()).fold(0.0, f32::max);
        let limit = match range {
            Range::Linear | Range::Log => largest,
            Range::Robust => {
                let most = found.iter().map(|f| f.quantile(ROBUST)).fold(0.0, f32::max);
                // A range that hides nothing is not rounded beyond what there is by much: 0.2417 reads as 0.3.
                round_up(most)
            }
            Range::Fixed(limit) => limit.abs(),
        };
        Self { range, limit: if limit > 0.0 && limit.is_finite() { limit } else { 1.0 } }
    }

    /// -1 to 1.
    pub fn unit(&self, value: f32) -> f32 {
        let share = value / self.limit;
        if self.range != Range::Log || value == 0.0 {
            return share.clamp(-1.0, 1.0);
        }
        let decades = (share.abs().log10() / DECADES + 1.0).clamp(0.0, 1.0);
        (PALEST + (1.0 - PALEST) * decades).copysign(value)
    }

    pub fn mark(&self, value: f32) -> Option<Mark> {
        // Rounding of the limit itself is no reason for a mark.
        let beyond = self.limit * 1.000_001;
        match value {
            v if v.is_nan() => Some(Mark::Nan),
            f32::INFINITY => Some(Mark::PlusInfinity),
            f32::NEG_INFINITY => Some(Mark::MinusInfinity),
            v if v > beyond => Some(Mark::Above),
            v if v < -beyond => Some(Mark::Below),
            _ => None,
        }
    }

    pub fn colour(&self, tokens: &Tokens, value: f32) -> Color32 {
        match self.mark(value) {
            Some(mark) => mark.colour(tokens),
            None => tokens.diverging(self.unit(value)),
        }
    }

    /// "robust ±0.3"
    pub fn text(&self) -> String {
        format!("{} ±{}", self.range.word(), significant(f64::from(self.limit), 3))
    }
}

impl Mark {
    pub const ALL: [Self; 5] = [Self::Nan, Self::PlusInfinity, Self::MinusInfinity, Self::Above, Self::Below];

    /// Off the scale is a shade of its end; infinity is nearly the colour of text; NaN that of trouble.
    pub fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Nan => tokens.bad,
            Self::PlusInfinity => mix(tokens.pos, tokens.text, 0.8),
            Self::MinusInfinity => mix(tokens.neg, tokens.text, 0.8),
            Self::Above => mix(tokens.pos, tokens.text, 0.35),
            Self::Below => mix(tokens.neg, tokens.text, 0.35),
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Nan => "NaN",
            Self::PlusInfinity => "+∞",
            Self::MinusInfinity => "−∞",
            Self::Above => "above the range",
            Self::Below => "below the range",
        }
    }
}

/// The next of 1, 1.5, 2, 3, 5, 7 times a power of ten.
fn round_up(value: f32) -> f32 {
    if value <= 0.0 || !value.is_finite() {
        return value;
    }
    let value = f64::from(value);
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0];
    let step = steps.into_iter().find(|step| step * power >= value * 0.999).unwrap_or(10.0);
    let rounded = (step * power) as f32;
    if rounded.is_finite() { rounded } else { value as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_find_their_limits() {
        let mut values: Vec<f32> = (0..1000).map(|i| i as f32 / 1000.0 * 0.24).collect();
        values.push(50.0);
        let found = Findings::of(&values);
        let limit = |range| Scale::new(range, &[&found]).limit;
        assert_eq!(limit(Range::Linear), 50.0);
        assert_eq!(limit(Range::Robust), 0.3);
        assert_eq!(limit(Range::Fixed(-2.0)), 2.0);
        assert_eq!(Scale::new(Range::Robust, &[&found]).text(), "robust ±0.3");
        let nothing = Findings::of(&[0.0, f32::NAN]);
        assert_eq!(Scale::new(Range::Robust, &[&nothing]).limit, 1.0);
    }

    #[test]
    fn units_keep_their_sign_and_log_tells_small_ones_apart() {
        let linear = Scale { range: Range::Linear, limit: 2.0 };
        assert_eq!((linear.unit(1.0), linear.unit(-4.0), linear.unit(0.0)), (0.5, -1.0, 0.0));
        let log = Scale { range: Range::Log, limit: 100.0 };
        assert_eq!((log.unit(100.0), log.unit(0.0)), (1.0, 0.0));
        let (small, smaller) = (log.unit(-1.0), log.unit(-0.1));
        assert!(small < smaller && smaller < 0.0, "{small} {smaller}");
    }

    #[test]
    fn what_cannot_be_a_shade_is_marked_and_has_its_own_colour() {
        let scale = Scale { range: Range::Robust, limit: 1.0 };
        let marks = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2.0, -2.0].map(|v| scale.mark(v));
        assert_eq!(marks, Mark::ALL.map(Some));
        assert_eq!((scale.mark(1.0), scale.mark(0.0)), (None, None));
        for tokens in [Tokens::dark(), Tokens::light()] {
            let mut colours: Vec<_> = Mark::ALL.map(|mark| mark.colour(&tokens).to_array()).to_vec();
            colours.extend([1.0, -1.0, 0.0].map(|v| scale.colour(&tokens, v).to_array()));
            let different: std::collections::HashSet<_> = colours.iter().collect();
            assert_eq!(different.len(), 8);
        }
    }

    #[test]
    fn limits_are_rounded_up_to_readable_numbers() {
        assert_eq!([0.2417, 0.3, 1.01, 7.2, 0.000_93].map(round_up), [0.3, 0.3, 1.5, 10.0, 0.001]);
        assert_eq!(round_up(f32::MAX), f32::MAX);
    }
}
