//! Round numbers for axes, and how they are written.

use egui_plot::GridMark;

use crate::gui::numbers::significant;

/// What the numbers of an axis count, which decides what is round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickKind {
    Number,
    /// From 0 to 1, written in percent.
    Share,
    /// The axis holds decimal logarithms; the values themselves are written.
    Logarithm,
    /// Seconds, written in seconds, minutes or hours.
    Time,
}

impl TickKind {
    /// Round values between the bounds, no nearer to each other than `least`.
    pub fn marks(self, (from, to): (f64, f64), least: f64) -> Vec<GridMark> {
        match self {
            Self::Number => linear(from, to, least),
            Self::Logarithm => logarithmic(from, to, least),
            Self::Share | Self::Time => {
                let (unit, _) = self.unit(to);
                let mark = |m: GridMark| GridMark { value: m.value * unit, step_size: m.step_size * unit };
                linear(from / unit, to / unit, least / unit).into_iter().map(mark).collect()
            }
        }
    }

    /// In which values up to `to` are best read, and its name.
    fn unit(self, to: f64) -> (f64, &'static str) {
        match (self, to) {
            (Self::Share, _) => (0.01, "%"),
            (_, ..180.0) => (1.0, "s"),
            (_, ..10_800.0) => (60.0, "min"),
            _ => (3600.0, "h"),
        }
    }

    /// `to` is the upper end of the axis.
    pub fn write(self, mark: GridMark, to: f64) -> String {
        match self {
            Self::Number => text(mark.value, mark.step_size),
            Self::Logarithm => short(10f64.powf(mark.value), 4),
            Self::Share | Self::Time => {
                let (unit, name) = self.unit(to);
                format!("{} {name}", text(mark.value / unit, mark.step_size / unit))
            }
        }
    }
}

fn linear(from: f64, to: f64, least: f64) -> Vec<GridMark> {
    let step_size = round_step(least);
    if !step_size.is_finite() || step_size <= 0.0 {
        return Vec::new();
    }
    let (first, last) = ((from / step_size).ceil() as i64, (to / step_size).floor() as i64);
    (first..=last.min(first.saturating_add(64))).map(|i| GridMark { value: i as f64 * step_size, step_size }).collect()
}

/// `from` and `to` are logarithms, and so are the values of the marks.
fn logarithmic(from: f64, to: f64, least: f64) -> Vec<GridMark> {
    if to - from < 1.0 {
        // Less than a decade: round numbers that happen to be unevenly apart.
        let (low, high) = (10f64.powf(from), 10f64.powf(to));
        let marks = linear(low, high, (high - low) * least / (to - from)).into_iter().filter(|m| m.value > 0.0);
        return marks.map(|m| GridMark { value: m.value.log10(), step_size: least * 1.01 }).collect();
    }
    let every = least.ceil().max(1.0) as i32;
    // Between 1, 2, 5 and 10 the shortest way is that from 1 to 2.
    let within: &[f64] = if least < 2f64.log10() { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let decades = (from.floor() as i32..=to.ceil() as i32).filter(|decade| decade.rem_euclid(every) == 0);
    let values = decades.flat_map(|decade| within.iter().map(move |m| m.log10() + f64::from(decade)));
    let inside = values.filter(|v| (from..=to).contains(v));
    inside.map(|value| GridMark { value, step_size: f64::from(every) }).collect()
}

/// The next of 1, 2, 5 times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= least * 0.999);
    factor.unwrap_or(10.0) * power
}

/// With as many digits as tell neighbours apart: "0.2", "50", "12k", "251.234k", "1e−5".
fn text(value: f64, step: f64) -> String {
    if value.abs() < step * 0.5 {
        return "0".into();
    }
    short(value, (value.abs().log10().floor() - step.log10().floor()) as i32 + 1)
}

fn short(value: f64, digits: i32) -> String {
    let size = value.abs();
    if size >= 1e9 {
        // Letters end here.
        significant(value, digits)
    } else if size >= 1e6 {
        format!("{}M", significant(value / 1e6, digits))
    } else if size >= 1e4 {
        format!("{}k", significant(value / 1e3, digits))
    } else {
        significant(value, digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: TickKind, from: f64, to: f64, least: f64) -> Vec<String> {
        kind.marks((from, to), least).into_iter().map(|mark| kind.write(mark, to)).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(written(TickKind::Number, 0.0, 1.0, 0.15), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(written(TickKind::Number, -30.0, 120.0, 40.0), ["0", "50", "100"]);
        assert_eq!(written(TickKind::Number, 0.0, 3e5, 1e5), ["0", "100k", "200k", "300k"]);
        assert_eq!(written(TickKind::Number, 251_233.0, 251_238.0, 2.0), ["251.234k", "251.236k", "251.238k"]);
        assert_eq!(written(TickKind::Number, 0.0, 3e-5, 1e-5), ["0", "1e−5", "2e−5", "3e−5"]);
        assert_eq!(written(TickKind::Number, 0.0, 2.4e19, 1e19), ["0", "1e19", "2e19"]);
        assert!(TickKind::Number.marks((2.0, 2.0), 0.0).is_empty());
    }

    #[test]
    fn logarithmic_ticks_are_round_values() {
        assert_eq!(written(TickKind::Logarithm, -2.7, 0.5, 0.5), ["0.01", "0.1", "1"]);
        assert_eq!(written(TickKind::Logarithm, -1.31, 0.2, 0.2), ["0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(written(TickKind::Logarithm, 0.29, 0.61, 0.08), ["2", "3", "4"]);
        assert_eq!(written(TickKind::Logarithm, -9.0, 0.0, 3.5), ["1e−8", "0.0001", "1"]);
    }

    #[test]
    fn time_and_shares_are_written_in_their_unit() {
        assert_eq!(written(TickKind::Share, 0.55, 1.06, 0.15), ["60 %", "80 %", "100 %"]);
        assert_eq!(written(TickKind::Time, 0.0, 10.0, 4.0), ["0 s", "5 s", "10 s"]);
        assert_eq!(written(TickKind::Time, 0.0, 600.0, 150.0), ["0 min", "5 min", "10 min"]);
        assert_eq!(written(TickKind::Time, 0.0, 36_000.0, 7_000.0), ["0 h", "2 h", "4 h", "6 h", "8 h", "10 h"]);
    }
}
