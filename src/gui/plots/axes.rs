//! From numbers to the screen and back: axes with round ticks, linear or logarithmic, and the frame that they span.
//!
//! Written here rather than taken from a plotting crate because every chart of the window needs the same few things and exact
//! control of what is left out.

use egui::{Align2, Painter, Pos2, Rangef, Rect, Stroke, Ui, Vec2};

use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};

/// The visible part of one axis. A logarithmic axis has `min > 0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    pub min: f64,
    pub max: f64,
    pub log: bool,
}

impl Axis {
    /// `min < max` is seen to, so that positions are always finite.
    pub fn linear(min: f64, max: f64) -> Self {
        let max = if max > min { max } else { min + min.abs().max(1.0) * 1e-6 };
        Self { min, max, log: false }
    }

    pub fn logarithmic(min: f64, max: f64) -> Self {
        let min = min.max(f64::from(f32::MIN_POSITIVE));
        Self { min, max: max.max(min * 1.000_001), log: true }
    }

    /// 0 at `min`, 1 at `max`; below `-1` and above `2` it stays, since nothing there is visible.
    pub fn fraction(&self, value: f64) -> f32 {
        let (min, max) = (self.inner(self.min), self.inner(self.max));
        ((self.inner(value) - min) / (max - min)).clamp(-1.0, 2.0) as f32
    }

    /// The value at a fraction.
    pub fn value(&self, fraction: f64) -> f64 {
        let (min, max) = (self.inner(self.min), self.inner(self.max));
        let inner = min + fraction * (max - min);
        if self.log { 10f64.powf(inner) } else { inner }
    }

    fn inner(&self, value: f64) -> f64 {
        if self.log { value.max(1e-300).log10() } else { value }
    }

    /// Round values inside the axis, about `wanted` of them.
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        if self.log { self.log_ticks(wanted) } else { linear_ticks(self.min, self.max, wanted) }
    }

    fn log_ticks(&self, wanted: usize) -> Vec<f64> {
        let (low, high) = (self.min.log10(), self.max.log10());
        if high - low < 1.0 {
            return linear_ticks(self.min, self.max, wanted);
        }
        let every = ((high - low) / wanted.max(1) as f64).ceil().max(1.0) as i32;
        let within: &[f64] = if high - low <= wanted as f64 / 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        (low.floor() as i32..=high.ceil() as i32)
            .filter(|decade| decade.rem_euclid(every) == 0)
            .flat_map(|decade| within.iter().map(move |m| m * 10f64.powi(decade)))
            .filter(|v| (self.min..=self.max).contains(v))
            .collect()
    }
}

fn linear_ticks(min: f64, max: f64, wanted: usize) -> Vec<f64> {
    let step = round_step((max - min) / wanted.max(1) as f64);
    if !step.is_finite() || step <= 0.0 {
        return Vec::new();
    }
    let first = (min / step).ceil() as i64;
    let last = ((max / step).floor() as i64).min(first.saturating_add(64));
    (first..=last).map(|i| i as f64 * step).collect()
}

/// The next of 1, 2, 5 times a power of ten; a little less will do.
fn round_step(about: f64) -> f64 {
    let power = 10f64.powf(about.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= about * 0.8);
    factor.unwrap_or(10.0) * power
}

/// A rectangle on the screen with its two axes.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub rect: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Frame {
    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        Pos2::new(self.x_at(x), self.y_at(y))
    }

    pub fn x_at(&self, x: f64) -> f32 {
        self.rect.left() + self.x.fraction(x) * self.rect.width()
    }

    pub fn y_at(&self, y: f64) -> f32 {
        self.rect.bottom() - self.y.fraction(y) * self.rect.height()
    }

    pub fn x_of(&self, pos: f32) -> f64 {
        self.x.value(f64::from((pos - self.rect.left()) / self.rect.width()))
    }

    pub fn y_of(&self, pos: f32) -> f64 {
        self.y.value(f64::from((self.rect.bottom() - pos) / self.rect.height()))
    }

    /// Grid lines with their numbers, left of and below the frame.
    pub fn paint_grid(&self, painter: &Painter, tokens: &Tokens, x_scale: f64) {
        let font = theme::mono(11.0);
        let line = Stroke::new(1.0, tokens.line);
        for y in self.y.ticks((self.rect.height() / 36.0).max(2.0) as usize) {
            let at = self.y_at(y);
            painter.hline(self.rect.x_range(), at, line);
            let pos = Pos2::new(self.rect.left() - 8.0, at);
            painter.text(pos, Align2::RIGHT_CENTER, tick_text(y), font.clone(), tokens.faint);
        }
        self.paint_x_ticks(painter, tokens, x_scale);
    }

    /// Numbers below the frame; `x_scale` is what one unit of the shown axis is in units of `x` (steps in an epoch).
    pub fn paint_x_ticks(&self, painter: &Painter, tokens: &Tokens, x_scale: f64) {
        let shown = Axis { min: self.x.min / x_scale, max: self.x.max / x_scale, ..self.x };
        let mut free = Rangef::new(f32::NEG_INFINITY, f32::INFINITY);
        for x in shown.ticks((self.rect.width() / 90.0).max(3.0) as usize) {
            let at = self.x_at(x * x_scale);
            let text = painter.layout_no_wrap(tick_text(x), theme::mono(11.0), tokens.faint);
            let left = (at - text.size().x / 2.0).min(self.rect.right() - text.size().x + 4.0);
            if left < free.min {
                continue;
            }
            free.min = left + text.size().x + 6.0;
            painter.galley(Pos2::new(left, self.rect.bottom() + 6.0), text, tokens.faint);
        }
    }
}

/// "0.2", "50", "12k", "1e−5".
pub fn tick_text(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 {
        format!("{}M", significant(value / 1e6, 4))
    } else if size >= 1e4 {
        format!("{}k", significant(value / 1e3, 4))
    } else if size < 1e-12 {
        "0".into()
    } else {
        significant(value, 4)
    }
}

/// The rest of the panel as a chart: room for numbers on the left and below.
pub fn inner_rect(ui: &Ui, below: f32) -> Rect {
    let all = ui.available_rect_before_wrap();
    let min = all.min + Vec2::new(56.0, 10.0);
    let max = all.max - Vec2::new(12.0, 28.0 + below);
    Rect::from_min_max(min, max.max(min + Vec2::splat(24.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Axis::linear(0.0, 1.0).ticks(5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(Axis::linear(-3.0, 260.0).ticks(6), [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]);
        assert_eq!(Axis::logarithmic(0.002, 3.0).ticks(4), [0.01, 0.1, 1.0]);
        assert_eq!(Axis::logarithmic(0.05, 1.5).ticks(6), [0.05, 0.1, 0.2, 0.5, 1.0]);
        assert!(Axis::linear(2.0, 2.0).ticks(5).iter().all(|t| t.is_finite()));
        assert_eq!((tick_text(250_000.0).as_str(), tick_text(0.2).as_str()), ("250k", "0.2"));
    }

    #[test]
    fn positions_go_there_and_back() {
        let rect = Rect::from_min_size(Pos2::new(10.0, 20.0), Vec2::new(200.0, 100.0));
        let frame = Frame { rect, x: Axis::linear(-6.0, 6.0), y: Axis::logarithmic(0.01, 100.0) };
        assert_eq!(frame.at(0.0, 1.0), Pos2::new(110.0, 70.0));
        assert!((frame.x_of(110.0)).abs() < 1e-6);
        assert!((frame.y_of(70.0) - 1.0).abs() < 1e-6);
        assert!(frame.at(1e30, -5.0).is_finite());
    }
}
