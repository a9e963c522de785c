//! A watched number over the steps, as a small chart below its row.

use egui::{Align2, Pos2, Rect, RichText, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::gui::numbers::{count, significant};
use crate::gui::reading::read;
use crate::gui::theme::{self, Tokens};
use crate::session::{Action, RunStatus, State};
use crate::trace::{DebugView, WatchCurve};
use crate::trainer::DebugCommand;

const HEIGHT: f32 = 64.0;

pub fn show(ui: &mut Ui, state: &State, view: &DebugView, curve: &WatchCurve, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::hover());
    match Chart::new(curve, view, rect) {
        Some(chart) => {
            let (low, high) = (significant(f64::from(chart.low), 3), significant(f64::from(chart.high), 3));
            let (first, last) = (count(chart.first), count(chart.last));
            let name = format!("Curve of {}, steps {first} to {last}, from {low} to {high}", curve.expression);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &name));
            chart.draw(ui, &tokens, [&low, &high]);
            if let Some(pos) = response.hover_pos() {
                let step = chart.step(pos.x);
                ui.painter().vline(chart.x(step as f64), chart.rect.y_range(), Stroke::new(1.0, tokens.muted));
                read(&response, |ui| {
                    ui.label(RichText::new(format!("step {}", count(step))).color(tokens.faint).small());
                    let value =
                        curve.points.at(step).map_or("–".to_owned(), |value| significant(f64::from(value), 6));
                    ui.label(RichText::new(value).font(theme::mono(12.0)));
                });
            }
        }
        None => {
            let words = "Its value after each step appears here.";
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, theme::regular(11.0), tokens.faint);
        }
    }
    if !curve.is_whole && state.run().status != RunStatus::Running {
        let help = "Replays the steps so far to record the value after each of them.";
        if ui.small_button("Include earlier steps").on_hover_text(help).clicked() {
            actions.push(Action::Debug(DebugCommand::GatherCurve(curve.expression.clone())));
        }
    }
}

/// Where steps and numbers lie on the screen.
struct Chart<'a> {
    curve: &'a WatchCurve,
    rect: Rect,
    first: u64,
    last: u64,
    low: f32,
    high: f32,
    /// Where the run stands.
    here: u64,
}

impl<'a> Chart<'a> {
    fn new(curve: &'a WatchCurve, view: &DebugView, rect: Rect) -> Option<Self> {
        let rect = Rect::from_min_max(rect.min + Vec2::new(4.0, 12.0), rect.max - Vec2::new(4.0, 6.0));
        let (first, last) = (*curve.points.steps().first()?, curve.points.last()?.0);
        let buckets = curve.points.visible(first as f64, last as f64, 100);
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let values = buckets.iter().flat_map(|bucket| [bucket.min, bucket.mean, bucket.max]);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low >= high {
            (low, high) = if low.is_finite() { (low - 0.5, low + 0.5) } else { (0.0, 1.0) };
        }
        Some(Self { curve, rect, first, last: last.max(first + 1), low, high, here: view.current_step() })
    }

    fn x(&self, step: f64) -> f32 {
        let share = (step - self.first as f64) / (self.last - self.first) as f64;
        self.rect.left() + share.clamp(0.0, 1.0) as f32 * self.rect.width()
    }

    fn y(&self, value: f32) -> f32 {
        self.rect.bottom() - (value - self.low) / (self.high - self.low) * self.rect.height()
    }

    fn step(&self, x: f32) -> u64 {
        let share = f64::from(((x - self.rect.left()) / self.rect.width().max(1.0)).clamp(0.0, 1.0));
        self.first + (share * (self.last - self.first) as f64).round() as u64
    }

    fn draw(&self, ui: &Ui, tokens: &Tokens, [low, high]: [&str; 2]) {
        let painter = ui.painter();
        painter.hline(self.rect.x_range(), self.rect.bottom(), Stroke::new(1.0, tokens.line));
        if (self.first..=self.last).contains(&self.here) {
            painter.vline(self.x(self.here as f64), self.rect.y_range(), Stroke::new(1.0, tokens.faint));
        }
        let pixels = self.rect.width().max(1.0) as usize;
        let mut line: Vec<Pos2> = Vec::new();
        for bucket in self.curve.points.visible(self.first as f64, self.last as f64, pixels) {
            let x = self.x((bucket.first + bucket.last) / 2.0);
            if bucket.broken {
                painter.circle_filled(Pos2::new(x, self.rect.top()), 2.0, tokens.bad);
            }
            if !bucket.mean.is_finite() {
                painter.line(std::mem::take(&mut line), Stroke::new(1.5, tokens.accent));
                continue;
            }
            if bucket.max > bucket.min {
                let spread = self.y(bucket.max)..=self.y(bucket.min);
                painter.vline(x, spread, Stroke::new(1.0, tokens.accent.gamma_multiply(0.4)));
            }
            line.push(Pos2::new(x, self.y(bucket.mean)));
        }
        if let [only] = line[..] {
            painter.circle_filled(only, 2.0, tokens.accent);
        }
        painter.line(line, Stroke::new(1.5, tokens.accent));
        // On a ground of their own: the line passes below them.
        let label = |at: Pos2, align: Align2, text: &str| {
            let galley = painter.layout_no_wrap(text.to_owned(), theme::mono(9.5), tokens.faint);
            let place = align.anchor_size(at, galley.size());
            painter.rect_filled(place, 0.0, tokens.panel.gamma_multiply(0.85));
            painter.galley(place.min, galley, tokens.faint);
        };
        label(self.rect.left_top() - Vec2::new(0.0, 11.0), Align2::LEFT_TOP, high);
        label(self.rect.left_bottom() - Vec2::new(0.0, 2.0), Align2::LEFT_BOTTOM, low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Series;

    #[test]
    fn steps_and_numbers_have_their_places_also_where_all_are_alike() {
        let mut points = Series::default();
        [(11, 2.0), (12, f32::NAN), (21, 4.0)].into_iter().for_each(|(step, value)| points.push(step, value));
        let curve = WatchCurve { expression: "loss".into(), points: points.into(), is_whole: false };
        let rect = Rect::from_min_size(Pos2::ZERO, Vec2::new(108.0, 64.0));
        let chart = Chart::new(&curve, &DebugView::default(), rect).unwrap();
        assert_eq!((chart.low, chart.high, chart.x(11.0), chart.x(21.0)), (2.0, 4.0, 4.0, 104.0));
        assert_eq!([0.0, 54.0, 500.0].map(|x| chart.step(x)), [11, 16, 21]);
        assert!(chart.y(4.0) < chart.y(2.0));
        let mut one = Series::default();
        one.push(3, 1.0);
        let curve = WatchCurve { points: one.into(), ..curve };
        let chart = Chart::new(&curve, &DebugView::default(), rect).unwrap();
        assert_eq!((chart.low, chart.high), (0.5, 1.5));
    }
}
