//! How the values of a column are spread, drawn: bars of numbers or dates, or a bar for each category.

use egui::{Align2, Color32, Rect, Response, Sense, Ui, Vec2, WidgetInfo, pos2};

use crate::data::facts::{Counts, Distribution, Histogram, Spread};
use crate::gui::numbers::{count, number, percent};
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens};

/// Height of the bar of a category, with its name.
const LINE: f32 = 15.0;
/// Between the bars and one that stands for all values beyond them, and the width of that one.
const BEYOND: f32 = 7.0;

/// How a value is written, and from where on it is positive.
pub(super) struct Scale<'a> {
    /// The value that a number of the user's is drawn as.
    pub shown: &'a dyn Fn(f64) -> f64,
    pub written: &'a dyn Fn(f64) -> String,
    /// Of a column that is no input.
    pub is_faint: bool,
}

/// As large as `size`; `name` is what it is of.
pub(super) fn show(ui: &mut Ui, size: Vec2, name: &str, distribution: &Distribution, scale: &Scale) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("Distribution of {name}")));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    match distribution {
        Distribution::Empty => {}
        Distribution::Numbers(spread) | Distribution::Dates(spread) => bars(ui, rect, &response, spread, scale),
        Distribution::Categories(counts) if size.y > 2.0 * LINE => lines(ui, rect, &response, counts, scale),
        Distribution::Categories(counts) => strip(ui, rect, &response, counts, scale),
    }
    response
}

/// Where the bars are drawn, beside those for what lies beyond.
fn inner(rect: Rect, histogram: &Histogram) -> Rect {
    let room = |n: u32| if n > 0 { BEYOND } else { 0.0 };
    Rect::from_min_max(
        pos2(rect.left() + room(histogram.below), rect.top()),
        pos2(rect.right() - room(histogram.above), rect.bottom()),
    )
}

fn bars(ui: &Ui, rect: Rect, response: &Response, spread: &Spread, scale: &Scale) {
    let tokens = Tokens::of(ui);
    let histogram = &spread.histogram;
    let bars = &histogram.bars;
    let tallest = bars.iter().copied().max().unwrap_or(0).max(1) as f32;
    let (painter, inside) = (ui.painter_at(rect), inner(rect, histogram));
    let width = inside.width() / bars.len().max(1) as f32;
    let step = (histogram.to - histogram.from) / bars.len().max(1) as f64;
    let edge = |bar: usize| histogram.from + bar as f64 * step;
    let gap = if width > 3.0 { 1.0 } else { 0.0 };
    let tall = |n: u32| (n as f32 / tallest * rect.height()).clamp(1.0, rect.height());
    for (bar, &n) in bars.iter().enumerate().filter(|(_, n)| **n > 0) {
        let middle = (scale.shown)(edge(bar) + step / 2.0);
        let left = inside.left() + bar as f32 * width;
        let right = left + (width - gap).max(0.5);
        let shape = Rect::from_min_max(pos2(left, rect.bottom() - tall(n)), pos2(right, rect.bottom()));
        painter.rect_filled(shape, 0.0, colour(&tokens, middle, scale.is_faint));
    }
    for (n, left) in [(histogram.below, rect.left()), (histogram.above, rect.right() - BEYOND + 3.0)] {
        if n > 0 {
            let shape =
                Rect::from_min_max(pos2(left, rect.bottom() - tall(n)), pos2(left + BEYOND - 3.0, rect.bottom()));
            painter.rect_filled(shape, 0.0, tokens.warn);
        }
    }
    painter.hline(rect.x_range(), rect.bottom() - 0.5, egui::Stroke::new(1.0, tokens.line));
    let Some(at) = response.hover_pos() else { return };
    let rows = |n: u32| format!("{} of {} values", count(u64::from(n)), count(spread.count as u64));
    let text = |value: f64| (scale.written)((scale.shown)(value));
    let words = match () {
        () if at.x < inside.left() => format!("below {}: {}", text(histogram.from), rows(histogram.below)),
        () if at.x > inside.right() => format!("above {}: {}", text(histogram.to), rows(histogram.above)),
        () => {
            let bar = (((at.x - inside.left()) / width) as usize).min(bars.len() - 1);
            let (from, to) = (edge(bar), edge(bar + 1));
            // A bar of one whole number.
            let is_single = step == 1.0 && from.fract().abs() == 0.5;
            let stretch = if is_single { text(from + 0.5) } else { format!("{} to {}", text(from), text(to)) };
            format!("{stretch}: {}", rows(bars[bar]))
        }
    };
    read_text(response, &words);
}

fn colour(tokens: &Tokens, value: f64, is_faint: bool) -> Color32 {
    match () {
        () if is_faint => tokens.faint,
        () if value < 0.0 => tokens.neg,
        () => tokens.pos,
    }
}

/// All categories in one line, each as wide as its share.
fn strip(ui: &Ui, rect: Rect, response: &Response, counts: &Counts, scale: &Scale) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(rect);
    let whole = counts.count.max(1) as f32;
    let rect = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 12.0), rect.right_bottom());
    let (mut left, mut read) = (rect.left(), None);
    for (place, (name, n)) in pieces(counts).enumerate() {
        let width = n as f32 / whole * rect.width();
        let piece = Rect::from_min_size(pos2(left, rect.top()), Vec2::new((width - 1.0).max(0.5), rect.height()));
        let shade = if place % 2 == 0 { 0.85 } else { 0.55 };
        let fill = if scale.is_faint { tokens.faint } else { tokens.pos };
        painter.rect_filled(piece, 1.0, theme::mix(tokens.panel, fill, shade));
        left += width;
        if response.hover_pos().is_some_and(|at| at.x < left) && read.is_none() {
            read = Some((name.to_owned(), n));
        }
    }
    if let Some((name, n)) = read {
        read_text(response, &reading(&name, n, counts));
    }
}

/// The most frequent categories, and all others together.
fn pieces(counts: &Counts) -> impl Iterator<Item = (String, usize)> {
    let others = Some(counts.others()).filter(|n| *n > 0);
    let rest = others.map(|n| (format!("{} others", count((counts.distinct - counts.top.len()) as u64)), n));
    counts.top.iter().cloned().chain(rest)
}

fn reading(name: &str, n: usize, counts: &Counts) -> String {
    format!("{name}: {}, {}", count(n as u64), percent(n as f32 / counts.count.max(1) as f32))
}

/// A line for each category.
fn lines(ui: &Ui, rect: Rect, response: &Response, counts: &Counts, scale: &Scale) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(rect);
    let most = counts.top.first().map_or(1, |(_, n)| *n).max(counts.others()).max(1) as f32;
    let all: Vec<(String, usize)> = pieces(counts).collect();
    let fit = ((rect.height() / LINE) as usize).max(1);
    let label = rect.width() * 0.42;
    for (line, (name, n)) in all.iter().take(fit).enumerate() {
        let top = rect.top() + line as f32 * LINE;
        let cut = painter.with_clip_rect(
            Rect::from_min_size(pos2(rect.left(), top), Vec2::new(label - 6.0, LINE)).intersect(ui.clip_rect()),
        );
        cut.text(pos2(rect.left(), top + LINE / 2.0), Align2::LEFT_CENTER, name, theme::regular(11.0), tokens.muted);
        let width = (*n as f32 / most * (rect.width() - label - 44.0)).max(1.0);
        let bar = Rect::from_min_size(pos2(rect.left() + label, top + 3.0), Vec2::new(width, LINE - 6.0));
        painter.rect_filled(bar, 1.0, colour(&tokens, 1.0, scale.is_faint));
        let at = pos2(bar.right() + 4.0, top + LINE / 2.0);
        painter.text(at, Align2::LEFT_CENTER, count(*n as u64), theme::mono(10.0), tokens.faint);
    }
    if let Some(at) = response.hover_pos()
        && let Some((name, n)) = all.get(((at.y - rect.top()) / LINE) as usize)
    {
        read_text(response, &reading(name, *n, counts));
    }
}

/// A number of the user's.
pub(super) fn plain(value: f64) -> String {
    number(value as f32)
}

/// Seconds since 1970.
pub(super) fn date(seconds: f64) -> String {
    crate::data::calendar::shown(seconds)
}
