//! Pictures that the network is to give back: each above what became of it.

use egui::{Align2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::classes::name;
use super::{OutputUi, OutputView, over_words, thumbnail};
use crate::expr::counted;
use crate::gui::numbers::{count, significant};
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};
use crate::session::Action;
use crate::trace::{Codes, NumberScores, OutputPicture, Over};

/// Pairs shown at first, and with each press of the button for more.
const PAGE: usize = 60;
const IMAGE: f32 = 46.0;
const CARD: Vec2 = Vec2::new(52.0, 114.0);

/// What became of the validation samples, found to fit the data that is loaded.
#[derive(Clone, Copy)]
pub(super) struct Pairs<'a> {
    pub rows: &'a [u32],
    outputs: &'a [f32],
    scores: &'a NumberScores,
    over: Over,
    width: usize,
    /// Where there is a layer of two units to pass.
    pub codes: Option<&'a Codes>,
}

impl<'a> Pairs<'a> {
    pub fn of(view: &OutputView<'a>) -> Option<Self> {
        let Some(OutputPicture::Reconstructions { rows, outputs, scores, over, codes }) = view.picture else {
            return None;
        };
        let width = view.dataset.input_len();
        let fits = outputs.len() == rows.len() * width
            && rows.iter().all(|&row| (row as usize) < view.dataset.validation.len());
        fits.then_some(Self { rows, outputs, scores, over: *over, width, codes: codes.as_ref() })
    }

    /// What became of the i-th.
    pub fn output(&self, i: usize) -> &'a [f32] {
        &self.outputs[i * self.width..(i + 1) * self.width]
    }
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let Some(pairs) = Pairs::of(view) else { return empty::no_run(ui, tokens, view.state, actions) };
    let most = (PAGE * (1 + local.pages)).min(pairs.rows.len());
    ScrollArea::vertical().id_salt(("reconstructions", view.salt)).auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::new(4.0, 6.0);
            totals(ui, tokens, &pairs);
            ui.horizontal_wrapped(|ui| (0..most).for_each(|i| card(ui, tokens, view, &pairs, i)));
            let rest = pairs.rows.len() - most;
            if rest > 0 && ui.button(format!("Show {} more", count(rest.min(PAGE) as u64))).clicked() {
                local.pages += 1;
            }
        });
    });
}

const R2: &str = "The share of the variance of all pixels together that is reproduced. 1 is perfect, 0 is no better than \
    always giving back the mean image.\nR² = 1 − Σ(x − x̂)² / Σ(x − mean)²";
const RMSE: &str = "Root mean squared error: how far off a typical pixel is.\n√(Σ(x − x̂)² / n)";

fn totals(ui: &mut Ui, tokens: &Tokens, pairs: &Pairs<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let mono = |text: String| RichText::new(text).font(theme::mono(12.0)).color(tokens.text);
        ui.label(mono(format!("R² {}", significant(pairs.scores.r2, 4)))).on_hover_text(R2);
        ui.label(mono(format!("RMSE {}", significant(pairs.scores.rmse, 4)))).on_hover_text(RMSE);
        let all = over_words(pairs.over).unwrap_or_else(|| counted(pairs.over.asked, "sample"));
        let broken = pairs.scores.not_finite;
        let text = if broken > 0 { format!("{all}, {} not finite", count(broken as u64)) } else { all };
        ui.label(RichText::new(text).small().color(if broken > 0 { tokens.bad } else { tokens.faint }));
    });
}

/// A sample above what became of it.
fn card(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, pairs: &Pairs<'_>, i: usize) {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let (row, output) = (pairs.rows[i] as usize, pairs.output(i));
    let Ok(input) = view.dataset.validation.input(row) else { return };
    let squares: f64 = input.iter().zip(output).map(|(&x, &y)| f64::from(x - y).powi(2)).sum();
    let error = significant((squares / output.len().max(1) as f64).sqrt(), 2);
    let target = view.dataset.validation.target(row).ok().and_then(|target| target.first().copied());
    let class = view.dataset.classes().zip(target).map(|(names, class)| name(names, class as u32).to_owned());
    let caption = class.unwrap_or_else(|| row.to_string());
    let words = format!("sample {row} ({caption}): its reconstruction is off by {error}");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &words));
    let painter = ui.painter_at(rect);
    let left = rect.left() + (CARD.x - IMAGE) / 2.0;
    for (top, salt, values) in [(2.0, "input", &*input), (4.0 + IMAGE, "output", output)] {
        let image = Rect::from_min_size(egui::pos2(left, rect.top() + top), Vec2::splat(IMAGE));
        painter.rect_filled(image, 2.0, tokens.canvas);
        thumbnail::paint(ui, &painter, image, (salt, i, view.salt), &view.dataset.input_shape, values);
        if response.hovered() {
            painter.rect_stroke(image, 2.0, Stroke::new(1.0, tokens.accent), StrokeKind::Inside);
        }
    }
    let at = rect.center_bottom() - Vec2::new(0.0, 1.0);
    painter.text(at, Align2::CENTER_BOTTOM, caption, theme::regular(11.0), tokens.muted);
    response.on_hover_text(words);
}
