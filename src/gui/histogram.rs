//! A histogram of signed numbers: orange bars below 0, blue above.

use egui::{Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::numbers::{count, number};
use super::reading::read_text;
use super::theme::Tokens;
use crate::trace::Histogram;

/// Draws `histogram` as wide as there is room; hovering reads a bar. `name` starts the AccessKit name: "Dense 1
/// outputs".
pub fn histogram_ui(ui: &mut Ui, tokens: &Tokens, name: &str, histogram: &Histogram, height: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    let tallest = histogram.counts.iter().copied().max().unwrap_or(0);
    response.widget_info(|| {
        let range = format!("{} to {}", number(histogram.min), number(histogram.max));
        WidgetInfo::labeled(egui::Role::Image, true, format!("{name}, histogram from {range}"))
    });
    if tallest == 0 {
        ui.painter().text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            "no finite values",
            egui::FontId::proportional(11.0),
            tokens.faint,
        );
        return response;
    }
    paint_histogram(ui, tokens, rect, histogram);
    if let Some(pos) = response.hover_pos() {
        let n = histogram.counts.len();
        let bin = (((pos.x - rect.left()) / rect.width() * n as f32).max(0.0) as usize).min(n - 1);
        read_text(&response, &read(histogram, bin));
    }
    response
}

/// The bars alone, for cards that do their own reading.
pub fn paint_histogram(ui: &Ui, tokens: &Tokens, rect: Rect, histogram: &Histogram) {
    let tallest = histogram.counts.iter().copied().max().unwrap_or(0);
    if tallest == 0 || !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter_at(rect);
    let n = histogram.counts.len();
    let width = rect.width() / n as f32;
    let gap = if width > 4.0 { 1.0 } else { 0.0 };
    for (bin, &tally) in histogram.counts.iter().enumerate().filter(|(_, tally)| **tally > 0) {
        // A bar that stands for something is never too short to be seen.
        let tall = (tally as f32 / tallest as f32 * rect.height()).max(1.0);
        let left = rect.left() + bin as f32 * width;
        let bar = Rect::from_min_max(
            egui::pos2(left, rect.bottom() - tall),
            egui::pos2(left + (width - gap).max(0.5), rect.bottom()),
        );
        let (low, high) = edges(histogram, bin);
        painter.rect_filled(bar, 0.0, if low + high < 0.0 { tokens.neg } else { tokens.pos });
    }
    let span = histogram.max - histogram.min;
    if histogram.min < 0.0 && histogram.max > 0.0 && span > 0.0 {
        let zero = rect.left() - histogram.min / span * rect.width();
        painter.vline(zero, rect.y_range(), Stroke::new(1.0, tokens.line));
    }
}

fn edges(histogram: &Histogram, bin: usize) -> (f32, f32) {
    let width = (histogram.max - histogram.min) / histogram.counts.len() as f32;
    (histogram.min + bin as f32 * width, histogram.min + (bin + 1) as f32 * width)
}

/// "−0.2 to 0.1: 34 of 512 numbers"
fn read(histogram: &Histogram, bin: usize) -> String {
    let (low, high) = edges(histogram, bin);
    let all: u64 = histogram.counts.iter().map(|&c| u64::from(c)).sum();
    format!("{} to {}: {} of {} values", number(low), number(high), count(u64::from(histogram.counts[bin])), count(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable};

    #[test]
    fn hovering_reads_a_bar() {
        let histogram = Histogram { min: -1.0, max: 1.0, counts: vec![3, 0, 4, 5] };
        let mut harness = Harness::builder().with_size(Vec2::new(200.0, 100.0)).build_ui(move |ui| {
            let tokens = Tokens::of(ui);
            histogram_ui(ui, &tokens, "Dense 1", &histogram, 40.0);
        });
        let rect = harness.get_by_label("Dense 1, histogram from −1 to 1").rect();
        harness.hover_at(rect.right_center() - Vec2::new(2.0, 0.0));
        harness.run_steps(4);
        harness.get_by_label("0.5 to 1: 5 of 12 values");
    }
}
