//! All layers in one table: gradient, size of updates, activations, live and over time, and in words what is wrong with one.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Rect, RichText, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::gui::numbers::{number, percent};
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::{self, Tokens};
use crate::trace::{Gaze, LayerHealth, LayersHistory, LayersRecord, Measure, Sight};

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
        "Norm of the gradient of all weights of the layer: the signal that it learns from. Layers far from the loss get nothing \
         when it vanishes on the way.",
    ),
    (
        Measure::Update,
        "update",
        "How far the last update moved the weights, as a share of their norm: |Δw| / |w|. About 0.1 % is usual; a few percent is \
         a lot, a millionth is standing still.",
    ),
    (
        Measure::Zeros,
        "zeros",
        "Share of activations that are exactly zero. A unit that is zero for every sample gets no gradient: it is dead.",
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Fine,
    Watch,
    Bad,
}

impl LayersUi {
    pub fn subscribe(&self, gaze: &mut Gaze) {
        gaze.layers = true;
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
            ui.label(RichText::new("Looking at the layers …").color(tokens.faint));
            return None;
        }
    };
    worst(ui, tokens, &record);
    heads(ui, tokens, local);
    let mut look = None;
    for health in sorted(&record, local.order) {
        if row(ui, tokens, health, &record, local) {
            look = Some(health.output.clone());
        }
    }
    look
}

/// One sentence at the top: the layer that is worst, or that all is well.
fn worst(ui: &mut Ui, tokens: &Tokens, record: &LayersRecord) {
    let judged = record.layers.iter().map(|health| (judge(health, record), health));
    let worst =
        judged.filter(|((severity, _), _)| *severity > Severity::Fine).max_by_key(|((severity, _), _)| *severity);
    let text = match worst {
        Some(((severity, words), health)) => {
            RichText::new(format!("{}: {words}.", health.name)).color(colour(tokens, severity))
        }
        None => well(tokens, record),
    };
    ui.add(egui::Label::new(text).wrap());
}

/// Of layers with which nothing is wrong: how many of those that learn have been seen to.
fn well(tokens: &Tokens, record: &LayersRecord) -> RichText {
    let learning: Vec<_> = record.layers.iter().filter(|health| health.weights.is_some()).collect();
    let reached = learning.iter().filter(|health| health.gradient.is_some()).count();
    if reached == 0 {
        return RichText::new("Gradients are known after the backward phase.").color(tokens.muted);
    }
    if reached < learning.len() {
        let text = format!("{reached} of {} layers with weights have their gradient in this step.", learning.len());
        return RichText::new(text).color(tokens.muted);
    }
    let moved = learning.iter().all(|health| health.update.is_some());
    let text = if moved { "✓ Every layer gets a gradient and moves." } else { "✓ Every layer gets a gradient." };
    RichText::new(text).color(tokens.ok)
}

fn colour(tokens: &Tokens, severity: Severity) -> Color32 {
    match severity {
        Severity::Fine => tokens.faint,
        Severity::Watch => tokens.warn,
        Severity::Bad => tokens.bad,
    }
}

/// What is the matter with a layer.
fn judge(health: &LayerHealth, record: &LayersRecord) -> (Severity, String) {
    let strongest = record.layers.iter().filter_map(|l| l.gradient).filter(|g| g.is_finite()).fold(0.0, f32::max);
    let s = &health.activations;
    let broken = s.nans + s.infinities;
    let bad = |text: String| (Severity::Bad, text);
    let watch = |text: String| (Severity::Watch, text);
    if broken > 0 || health.gradient.is_some_and(|g| !g.is_finite()) {
        return bad("NaN or infinity".into());
    }
    match health.dead {
        Some((dead, of)) if dead == of && of > 0 => return bad(format!("dead, none of {of} units answers")),
        Some((dead, of)) if 2 * dead >= of && dead > 0 => {
            return bad(format!("dying, {dead} of {of} units never answer"));
        }
        _ => {}
    }
    match health.gradient {
        Some(0.0) => return bad("no gradient arrives".into()),
        Some(g) if g > 1e3 => return bad(format!("its gradient explodes ({})", number(g))),
        Some(g) if g < 1e-5 * strongest || g < 1e-9 => return watch(format!("its gradient vanishes ({})", number(g))),
        _ => {}
    }
    match (health.update, health.dead) {
        (Some(u), _) if u > 0.1 => watch(format!("large steps, {} of its weights at once", percent(u))),
        (Some(u), _) if u < 1e-7 => watch("it hardly moves".into()),
        (_, Some((dead, of))) if dead > 0 => watch(format!("{dead} of {of} units never answer")),
        _ => (Severity::Fine, String::new()),
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

/// Widths of the name and of each column.
fn widths(room: f32) -> (f32, f32) {
    let name = (room * 0.36).clamp(64.0, 160.0);
    (name, (room - name) / COLUMNS.len() as f32)
}

fn heads(ui: &mut Ui, tokens: &Tokens, local: &mut LayersUi) {
    let (name, column) = widths(ui.available_width());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let head = |ui: &mut Ui, width: f32, title: &str, help: &str, on: bool| {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 22.0), Sense::click());
            let colour = if on || response.hovered() { tokens.text } else { tokens.faint };
            ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, title, theme::regular(11.0), colour);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Sort by {title}")));
            response.on_hover_text(help).clicked()
        };
        if head(ui, name, "layer", "In the order of the network.", local.order == Order::Network) {
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
    let (severity, words) = judge(health, record);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::click());
    let (name, column) = widths(rect.width());
    let written = |measure: Measure| Measure::of(measure, health).map_or("–".to_owned(), |v| write(measure, v));
    let numbers: Vec<_> = COLUMNS.iter().map(|(measure, title, _)| format!("{title} {}", written(*measure))).collect();
    let label = format!("{}: {}{}", health.name, numbers.join(", "), if words.is_empty() { "" } else { "; " });
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("{label}{words}")));
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, tokens.hover.gamma_multiply(0.5));
    }
    if severity > Severity::Fine {
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
        let at = rect.left_bottom() + Vec2::new(6.0, -4.0);
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.text(at, Align2::LEFT_BOTTOM, &words, theme::regular(11.0), colour(tokens, severity));
    }
    for (i, (measure, _, _)) in COLUMNS.into_iter().enumerate() {
        let (part, painter) = clip(name + column * i as f32, column);
        let at = part.left_top() + Vec2::new(0.0, 7.0);
        painter.text(at, Align2::LEFT_TOP, written(measure), theme::mono(12.0), tokens.muted);
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

fn hover(ui: &mut Ui, tokens: &Tokens, health: &LayerHealth, words: &str) {
    ui.label(RichText::new(format!("{}  {}", health.name, health.output)).font(theme::medium(13.0)));
    if !words.is_empty() {
        ui.label(RichText::new(words).color(tokens.warn));
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
    ui.label(RichText::new("Click to look at what leaves it.").size(11.0).color(tokens.faint));
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

    fn health(id: u32, gradient: Option<f32>) -> LayerHealth {
        LayerHealth {
            layer: LayerId(id),
            name: format!("Layer {id}"),
            output: format!("%{id}"),
            activations: Statistics::of(&[0.0, 1.0, -1.0, 0.5]),
            dead: None,
            gradient,
            weights: gradient.map(|_| 2.0),
            update: gradient.map(|g| g * 1e-3),
        }
    }

    fn record(layers: Vec<LayerHealth>) -> LayersRecord {
        LayersRecord { step: 3, layers }
    }

    #[test]
    fn a_dying_layer_is_named_and_a_healthy_one_left_alone() {
        let words = |health: LayerHealth| {
            let all = record(vec![health.clone(), health_of_others()]);
            judge(&health, &all)
        };
        fn health_of_others() -> LayerHealth {
            health(9, Some(1.0))
        }
        assert_eq!(words(health(1, Some(0.5))).0, Severity::Fine);
        let dying = LayerHealth { dead: Some((6, 8)), ..health(1, None) };
        assert_eq!(words(dying), (Severity::Bad, "dying, 6 of 8 units never answer".into()));
        let dead = LayerHealth { dead: Some((8, 8)), ..health(1, None) };
        assert!(words(dead).1.starts_with("dead"));
        assert_eq!(words(health(1, Some(0.0))).1, "no gradient arrives");
        assert_eq!(words(health(1, Some(1e-7))).0, Severity::Watch);
        assert!(words(health(1, Some(5e4))).1.contains("explodes"));
        assert_eq!(words(health(1, Some(f32::NAN))).1, "NaN or infinity");
        let leaps = LayerHealth { update: Some(0.4), ..health(1, Some(1.0)) };
        assert!(words(leaps).1.contains("40.0 % of its weights"));
    }

    #[test]
    fn all_is_called_well_only_when_every_layer_was_seen_to() {
        let tokens = Tokens::dark();
        let said = |layers| well(&tokens, &record(layers)).text().to_owned();
        let waiting = LayerHealth { weights: Some(2.0), ..health(1, None) };
        assert_eq!(said(vec![waiting.clone()]), "Gradients are known after the backward phase.");
        let half = said(vec![waiting, health(2, Some(0.5)), health(3, None)]);
        assert_eq!(half, "1 of 2 layers with weights have their gradient in this step.");
        let still = LayerHealth { update: None, ..health(2, Some(0.5)) };
        assert_eq!(said(vec![still]), "✓ Every layer gets a gradient.");
        assert_eq!(said(vec![health(2, Some(0.5))]), "✓ Every layer gets a gradient and moves.");
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
        harness.get_by_label_contains("Every layer gets a gradient");
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
