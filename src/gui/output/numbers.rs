//! Predicted numbers against true ones: the nearer to the diagonal, the better.

use egui::{Align2, Id, Rect, RichText, Stroke, Ui, WidgetInfo};
use egui_plot::{Line, LineStyle, PlotPoint, PlotPoints, PlotResponse, Points};

use super::{OVER, OutputView, over_words};
use crate::expr::counted;
use crate::gui::numbers::{count, number, significant};
use crate::gui::plots::empty;
use crate::gui::plots::figure;
use crate::gui::plots::ticks::TickKind;
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::small_choice;
use crate::model::Task;
use crate::session::Action;
use crate::trace::{NumberPairs, NumberScores, OutputPicture, Over};

/// A plot that is too narrow for the scores below it.
const NARROW: f32 = 260.0;

/// `chosen`: of several outputs the one that is shown.
pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, chosen: &mut usize, actions: &mut Vec<Action>) {
    let Some(OutputPicture::Numbers { outputs, r2, over }) = view.picture else {
        return empty::no_run(ui, tokens, view.state, actions);
    };
    let Some(NumberPairs { pairs, scores }) = outputs.get(*chosen).or(outputs.first()).filter(|o| !o.pairs.is_empty())
    else {
        return empty::no_run(ui, tokens, view.state, actions);
    };
    let over = *over;
    if outputs.len() > 1 {
        choose(ui, view, chosen, *r2);
    }
    if scores.not_finite >= over.asked {
        let text = "All predictions are NaN or infinite. A smaller learning rate often helps.";
        return empty::say(ui, tokens, "Nothing to draw", text);
    }
    let (low, high) = ends(pairs);
    let finite: PlotPoints<'_> =
        pairs.iter().filter(|p| p.iter().all(|v| v.is_finite())).map(|p| p.map(f64::from)).collect();
    let plot = figure::figure(
        tokens,
        Id::unique("predicted against true").with(view.salt),
        TickKind::Number,
        TickKind::Number,
    );
    let shown = figure::show(ui, plot, 26.0, |plot| {
        let diagonal = Line::new("", vec![[low; 2], [high; 2]]).stroke(Stroke::new(1.0, tokens.muted));
        plot.line(diagonal.style(LineStyle::Dashed { length: 4.0 }));
        plot.points(Points::new("", finite).radius(2.6).color(tokens.accent.gamma_multiply(0.7)));
    });
    let (response, frame) = (&shown.response, *shown.transform.frame());
    let is_named = matches!(view.dataset.truth.task, Task::Numbers(_));
    let output = view.dataset.truth.names.get(*chosen).filter(|_| is_named).map_or("value", String::as_str);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("{output}: predicted against true")));
    paint_reading(tokens, &shown, pairs);
    let font = theme::regular(11.0);
    let corner = frame.right_bottom() - egui::vec2(4.0, 3.0);
    ui.painter().text(corner, Align2::RIGHT_BOTTOM, format!("true {output} →"), font.clone(), tokens.faint);
    let corner = frame.left_top() + egui::vec2(4.0, 2.0);
    ui.painter().text(corner, Align2::LEFT_TOP, format!("predicted {output} ↑"), font, tokens.faint);
    legend(ui, tokens, frame, scores, over, pairs.len());
}

/// Which of several outputs, and how good all are together.
fn choose(ui: &mut Ui, view: &OutputView<'_>, chosen: &mut usize, r2: f64) {
    let tokens = Tokens::of(ui);
    let names: Vec<&str> = view.dataset.truth.names.iter().map(String::as_str).collect();
    egui::Frame::NONE.inner_margin(egui::Margin { left: 12, right: 12, top: 6, bottom: 2 }).show(ui, |ui| {
        let size = egui::vec2(ui.available_width(), 26.0);
        ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let text = RichText::new(format!("mean R² {}", significant(r2, 3))).font(theme::mono(12.0));
            ui.label(text.color(tokens.muted)).on_hover_text("R², the mean over all targets.");
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let help = "Which of the predicted numbers is shown.";
                if let Some(i) = small_choice(ui, "Target", help, *chosen, &names) {
                    *chosen = i;
                }
            });
        });
    });
}

/// Of the diagonal: both axes show the same numbers, so that it means "right".
fn ends(pairs: &[[f32; 2]]) -> (f64, f64) {
    let finite = || pairs.iter().flatten().copied().filter(|v| v.is_finite()).map(f64::from);
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let margin = ((high - low) * 0.05).max(1e-6);
    (low - margin, high + margin)
}

fn paint_reading(tokens: &Tokens, shown: &PlotResponse<()>, pairs: &[[f32; 2]]) {
    let Some(pos) = shown.response.hover_pos() else { return };
    let distance = |p: &&[f32; 2]| shown.transform.position_from_point(&PlotPoint::new(p[0], p[1])).distance(pos);
    let nearest = pairs.iter().filter(|p| distance(p) < 12.0).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    if let Some([truth, predicted]) = nearest {
        read(&shown.response, |ui| {
            reading_row(ui, tokens, tokens.muted, "true", &number(*truth));
            reading_row(ui, tokens, tokens.accent, "predicted", &number(*predicted));
            reading_row(ui, tokens, tokens.warn, "off by", &number(predicted - truth));
        });
    }
}

fn legend(ui: &mut Ui, tokens: &Tokens, frame: Rect, scores: &NumberScores, over: Over, drawn: usize) {
    // In a narrow panel from its own edge, so that all fits.
    let left = if frame.width() < NARROW { ui.max_rect().left() + 12.0 } else { frame.left() };
    let (top, bottom) = (frame.bottom() + 24.0, frame.bottom() + 44.0);
    let rect = Rect::from_min_max(egui::pos2(left, top), egui::pos2(frame.right(), bottom));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let mono = |text: String| RichText::new(text).font(theme::mono(12.0)).color(tokens.text);
        ui.label(mono(format!("R² {}", significant(scores.r2, 4)))).on_hover_text(
            "Coefficient of determination: the share of the variance that is explained. 1 is perfect, 0 is no better \
             than always predicting the mean.\nR² = 1 − Σ(y − ŷ)² / Σ(y − mean)²",
        );
        ui.label(mono(format!("RMSE {}", significant(scores.rmse, 4)))).on_hover_text(
            "Root mean squared error: how far off a typical prediction is, in the units of the data.\n√(Σ(y − ŷ)² / \
                n)",
        );
        let all = over_words(over).unwrap_or_else(|| counted(over.asked, "sample"));
        let broken = scores.not_finite > 0;
        let text = if broken { format!("{all}, {} not finite", count(scores.not_finite as u64)) } else { all };
        let colour = if broken { tokens.bad } else { tokens.faint };
        let response = ui.add(egui::Label::new(RichText::new(text).small().color(colour)).truncate());
        let points = format!("{} of them are drawn.", count(drawn as u64));
        match (over.is_whole(), drawn < over.asked) {
            (false, true) => drop(response.on_hover_text(format!("{OVER} {points}"))),
            (false, false) => drop(response.on_hover_text(OVER)),
            (true, true) => drop(response.on_hover_text(points)),
            (true, false) => {}
        }
    });
}
