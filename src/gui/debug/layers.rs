//! All layers in one table: gradient, size of updates, activations, live and over time, and in words what is wrong with
//! one.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Rect, RichText, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::gui::numbers::{number, percent};
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::{self, Tokens};
use crate::trace::{Inspection, LayerCondition, LayerHealth, LayersHistory, LayersRecord, Measure, Severity, Sight};

const ROW: f32 = 46.0;

/// What the table keeps for itself.
#[derive(Default)]
pub struct LayersUi {
    history: LayersHistory,
    branch: u32,
    order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// From the input to the output.
    #[default]
    Network,
    /// The smallest first; pressed again, the largest.
    Rising(Measure),
    Falling(Measure),
}

/// The columns beside the name: what they are called and what that means.
const COLUMNS: [(Measure, &str, &str); 3] = [
    (
        Measure::Gradient,
        "gradient",
        "Norm of the gradient over all weights of the layer: the signal it learns from. When gradients vanish, layers \
         far from the loss stop learning.",
    ),
    (
        Measure::Update,
        "update",
        "How far the last update moved the weights relative to their norm: |Δw| / |w|. About 0.1 % is typical; a few \
         per cent is a lot, and one part in a million is next to nothing.",
    ),
    (
        Measure::Zeros,
        "zeros",
        "Share of activations that are exactly zero. A unit that is zero for every sample gets no gradient and can't \
            learn: it is dead.",
    ),
];

impl LayersUi {
    pub fn subscribe(&self, inspection: &mut Inspection) {
        inspection.layers = true;
    }

    /// Keeps what was told, for the course over time. Another branch has another past.
    pub fn note(&mut self, branch: u32, sight: &Sight) {
        if self.branch != branch {
            self.branch = branch;
            self.history.clear();
        }
        if let Some(Ok(record)) = &sight.layers
            && record.step > 0
            && self.history.latest().is_none_or(|latest| **latest != **record)
        {
            self.history.push(record.clone());
        }
    }
}

/// Returns the value that is to be looked at: what leaves the layer that was clicked.
pub fn show(ui: &mut Ui, tokens: &Tokens, sight: &Sight, local: &mut LayersUi) -> Option<String> {
    let record = match &sight.layers {
        Some(Ok(record)) => record.clone(),
        Some(Err(why)) => {
            ui.label(RichText::new(why).color(tokens.warn));
            return None;
        }
        None => {
            ui.label(RichText::new("Examining the layers …").color(tokens.faint));
            return None;
        }
    };
    headline(ui, tokens, &record);
    heads(ui, tokens, local);
    let mut look = None;
    for health in sorted(&record, local.order) {
        if row(ui, tokens, health, &record, local) {
            look = Some(health.output.clone());
        }
    }
    look
}

/// One sentence at the top: what is worst, or what was looked at.
fn headline(ui: &mut Ui, tokens: &Tokens, record: &LayersRecord) {
    let (severity, text) = record.headline();
    ui.add(egui::Label::new(RichText::new(text).color(colour(tokens, severity))).wrap());
}

fn colour(tokens: &Tokens, severity: Severity) -> Color32 {
    match severity {
        Severity::Well | Severity::Unknown => tokens.muted,
        Severity::Warning => tokens.warn,
        Severity::Bad => tokens.bad,
    }
}

fn sorted(record: &LayersRecord, order: Order) -> Vec<&LayerHealth> {
    let mut layers: Vec<_> = record.layers.iter().collect();
    // What is not known comes last, NaN counts as the largest.
    let key = |health: &LayerHealth, measure: Measure| {
        let known = measure.of(health);
        (known.is_none(), known.map_or(0.0, |v| if v.is_nan() { f32::INFINITY } else { v }))
    };
    let compare = |a: &LayerHealth, b: &LayerHealth, measure, flip: bool| {
        let ((unknown_a, a), (unknown_b, b)) = (key(a, measure), key(b, measure));
        let values = if flip { b.total_cmp(&a) } else { a.total_cmp(&b) };
        unknown_a.cmp(&unknown_b).then(values)
    };
    match order {
        Order::Network => {}
        Order::Rising(measure) => layers.sort_by(|a, b| compare(a, b, measure, false)),
        Order::Falling(measure) => layers.sort_by(|a, b| compare(a, b, measure, true)),
    }
    layers
}

/// Columns of fewer points have room for two digits.
const NARROW: f32 = 50.0;

/// Widths of the name and of each column.
fn widths(room: f32) -> (f32, f32) {
    let name = (room * if room < 280.0 { 0.3 } else { 0.36 }).clamp(60.0, 160.0);
    (name, (room - name) / COLUMNS.len() as f32)
}

fn heads(ui: &mut Ui, tokens: &Tokens, local: &mut LayersUi) {
    let (name, column) = widths(ui.available_width());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let head = |ui: &mut Ui, width: f32, title: &str, help: &str, on: bool| {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 22.0), Sense::click());
            let colour = if on || response.hovered() { tokens.text } else { tokens.faint };
            let font = theme::regular(if column < NARROW { 10.0 } else { 11.0 });
            ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, title, font, colour);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Sort by {title}")));
            response.on_hover_text(help).clicked()
        };
        if head(ui, name, "layer", "In network order.", local.order == Order::Network) {
            local.order = Order::Network;
        }
        for (measure, title, help) in COLUMNS {
            let arrow = match local.order {
                Order::Rising(by) if by == measure => " ↑",
                Order::Falling(by) if by == measure => " ↓",
                _ => "",
            };
            if head(ui, column, &format!("{title}{arrow}"), help, !arrow.is_empty()) {
                let rising = local.order == Order::Rising(measure);
                local.order = if rising { Order::Falling(measure) } else { Order::Rising(measure) };
            }
        }
    });
}

/// Whether it was clicked.
fn row(ui: &mut Ui, tokens: &Tokens, health: &LayerHealth, record: &LayersRecord, local: &LayersUi) -> bool {
    let LayerCondition { severity, words } = record.condition(health);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::click());
    let (name, column) = widths(rect.width());
    let written = |measure: Measure| Measure::of(measure, health).map_or("–".to_owned(), |v| write(measure, v));
    let shown = |measure: Measure| match Measure::of(measure, health) {
        Some(v) if column < NARROW => write_briefly(measure, v),
        _ => written(measure),
    };
    let numbers: Vec<_> = COLUMNS.iter().map(|(measure, title, _)| format!("{title} {}", written(*measure))).collect();
    let label = format!("{}: {}{}", health.name, numbers.join(", "), if words.is_empty() { "" } else { "; " });
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{label}{words}")));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, tokens.hover.gamma_multiply(0.5));
    }
    if severity >= Severity::Warning {
        let edge = rect.with_max_x(rect.left() + 2.0);
        ui.painter().rect_filled(edge, 0.0, colour(tokens, severity));
    }
    let clip = |from: f32, width: f32| {
        let part = Rect::from_min_size(rect.min + Vec2::new(from, 0.0), Vec2::new(width - 6.0, ROW));
        (part, ui.painter().with_clip_rect(part.intersect(ui.clip_rect())))
    };
    let (part, painter) = clip(6.0, name);
    let at = part.left_top() + Vec2::new(0.0, 6.0);
    let mut job = LayoutJob::simple_singleline(health.name.clone(), theme::regular(13.0), tokens.text);
    job.wrap = TextWrapping::truncate_at_width(part.width() - 4.0);
    painter.galley(at, painter.layout_job(job), tokens.text);
    if !words.is_empty() {
        let mut job = LayoutJob::simple_singleline(words.clone(), theme::regular(11.0), colour(tokens, severity));
        job.wrap = TextWrapping::truncate_at_width(rect.width() - 8.0);
        let galley = ui.painter().layout_job(job);
        let at = rect.left_bottom() + Vec2::new(6.0, -4.0 - galley.size().y);
        ui.painter().galley(at, galley, colour(tokens, severity));
    }
    for (i, (measure, _, _)) in COLUMNS.into_iter().enumerate() {
        let (part, painter) = clip(name + column * i as f32, column);
        let at = part.left_top() + Vec2::new(0.0, 7.0);
        let font = theme::mono(if column < 60.0 { 11.0 } else { 12.0 });
        painter.text(at, Align2::LEFT_TOP, shown(measure), font, tokens.muted);
        if words.is_empty() {
            let spark =
                Rect::from_min_max(part.left_top() + Vec2::new(0.0, 25.0), part.right_bottom() - Vec2::new(2.0, 3.0));
            sparkline(&painter, tokens, spark, &local.history.course(health.layer, measure), measure);
        }
    }
    if response.hovered() {
        read(&response, |ui| hover(ui, tokens, health, &words));
    }
    response.clicked()
}

fn write(measure: Measure, value: f32) -> String {
    match measure {
        Measure::Zeros => percent(value),
        _ => crate::gui::numbers::significant(f64::from(value), 3),
    }
}

fn write_briefly(measure: Measure, value: f32) -> String {
    match measure {
        Measure::Zeros if value.is_finite() => format!("{:.0} %", value * 100.0),
        Measure::Zeros => percent(value),
        _ => crate::gui::numbers::significant(f64::from(value), 2),
    }
}

fn hover(ui: &mut Ui, tokens: &Tokens, health: &LayerHealth, words: &str) {
    ui.label(RichText::new(format!("{}  {}", health.name, health.output)).font(theme::medium(13.0)));
    if !words.is_empty() {
        ui.label(RichText::new(words).color(tokens.muted));
    }
    let s = &health.activations;
    let known = |v: Option<f32>| v.map_or("–".to_owned(), number);
    let rows = [
        ("gradient norm", known(health.gradient)),
        ("weight norm", known(health.weights)),
        ("update / weights", known(health.update)),
        (
            "activations",
            format!("{} to {}, mean {}, std {}", number(s.min), number(s.max), number(s.mean), number(s.std)),
        ),
        ("zero, negative", format!("{}, {}", percent(s.zeros), percent(s.negatives))),
    ];
    for (name, value) in rows {
        reading_row(ui, tokens, tokens.line, name, &value);
    }
    ui.label(RichText::new("Click to see the layer's output.").size(11.0).color(tokens.faint));
}

/// The course of a measure, on a logarithmic scale where it is one of magnitudes.
fn sparkline(painter: &egui::Painter, tokens: &Tokens, rect: Rect, course: &[(u64, f32)], measure: Measure) {
    let logarithmic = matches!(measure, Measure::Gradient | Measure::Update);
    let height = |v: f32| if logarithmic { v.max(1e-12).log10() } else { v };
    let points: Vec<(u64, f32)> = course.iter().filter(|(_, v)| v.is_finite()).map(|&(s, v)| (s, height(v))).collect();
    let ([first, .., last], true) = (points.as_slice(), rect.is_positive()) else { return };
    let (low, high) = points.iter().fold((f32::MAX, f32::MIN), |(l, h), (_, v)| (l.min(*v), h.max(*v)));
    // A course that hardly moves is a flat line, not noise blown up.
    let (low, high) = if measure == Measure::Zeros { (0.0, 1.0) } else { (low, high.max(low + 0.5)) };
    let span = (last.0 - first.0).max(1) as f32;
    let at = |&(step, v): &(u64, f32)| {
        let x = rect.left() + (step - first.0) as f32 / span * rect.width();
        egui::pos2(x, rect.bottom() - (v - low) / (high - low) * rect.height())
    };
    painter.line(points.iter().map(at).collect(), Stroke::new(1.2, tokens.accent));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;
    use crate::gui::fonts;
    use crate::model::LayerId;
    use crate::trace::Statistics;

    fn health(id: u64, gradient: Option<f32>) -> LayerHealth {
        LayerHealth {
            layer: LayerId(id),
            name: format!("Layer {id}"),
            output: format!("%{id}"),
            activations: Statistics::of(&[0.0, 1.0, -1.0, 0.5]),
            samples: 64,
            may_be_zero: false,
            dead: None,
            saturated: None,
            gradient,
            weights: gradient.map(|_| 2.0),
            update: gradient.map(|g| g * 1e-3),
            is_frozen: false,
        }
    }

    fn record(layers: Vec<LayerHealth>) -> LayersRecord {
        LayersRecord { step: 3, batch: 32, layers, not_finite: None }
    }

    #[test]
    fn the_table_sorts_by_any_column_and_leads_to_a_layer() {
        let layers = vec![health(1, Some(0.5)), health(2, None), health(3, Some(0.1))];
        let sight = Sight { layers: Some(Ok(Arc::new(record(layers)))), ..Sight::default() };
        let mut local = LayersUi::default();
        local.note(0, &sight);
        let mut harness = Harness::builder()
            .with_size([340.0, 320.0])
            .with_context_setup(|ctx| {
                fonts::install(ctx);
                theme::apply(ctx, crate::persist::Theme::Dark, true);
            })
            .build_ui_state(
                move |ui, (local, looked): &mut (LayersUi, Option<String>)| {
                    let tokens = Tokens::of(ui);
                    *looked = show(ui, &tokens, &sight, local).or(looked.take());
                },
                (local, None),
            );
        harness.run_ok();
        harness.get_by_label_contains("In this step every layer gets a gradient");
        let top = |harness: &Harness<'_, (LayersUi, Option<String>)>, name: &str| {
            harness.get_by_label_contains(&format!("{name}: gradient")).rect().top()
        };
        assert!(top(&harness, "Layer 1") < top(&harness, "Layer 3"));
        harness.get_by_label("Sort by gradient").click();
        harness.run_ok();
        assert!(top(&harness, "Layer 3") < top(&harness, "Layer 1"));
        assert!(top(&harness, "Layer 1") < top(&harness, "Layer 2"), "what is not known comes last");
        harness.get_by_label("Sort by gradient ↑").click();
        harness.run_ok();
        assert!(top(&harness, "Layer 1") < top(&harness, "Layer 3"));
        harness.get_by_label_contains("Layer 3: gradient 0.1").click();
        harness.run_ok();
        assert_eq!(harness.state().1.as_deref(), Some("%3"));
    }
}
