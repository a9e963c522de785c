//! Below the picture: the legend of its colours and glyphs, the chosen number, the distribution and the statistics.

use egui::{Grid, Rect, RichText, Sense, Ui, Vec2, WidgetInfo};

use super::picture::colour_bar;
use super::scale::{Mark, Scale};
use super::table::{exact, parse};
use super::{TensorResponse, TensorUi, marks};
use crate::gui::histogram::histogram_ui;
use crate::gui::numbers::{count, number, percent, significant};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{select_all, text_field};
use crate::trace::{Findings, Statistics, TensorRecord};

/// The colour bar with its ends, and the glyphs that occur.
pub(super) fn legend(ui: &mut Ui, tokens: &Tokens, scale: &Scale, findings: &Findings, caption: Option<&str>) {
    let text = |text: String| RichText::new(text).font(theme::mono(11.0)).color(tokens.faint);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let limit = significant(f64::from(scale.limit), 3);
        ui.label(text(format!("−{limit}")));
        let (rect, response) = ui.allocate_exact_size(Vec2::new(128.0, 10.0), Sense::hover());
        colour_bar(ui, tokens, rect, scale);
        let name = format!("Colours from −{limit} to {limit}, {}", scale.range.word());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &name));
        response.on_hover_text(format!("Blue is positive, orange negative. {}", scale.range.help()));
        ui.label(text(limit.clone()));
        for (mark, words) in occurring(scale, findings) {
            let galley = ui.painter().layout_no_wrap(words.clone(), theme::regular(11.0), tokens.faint);
            if galley.size().x + 30.0 > ui.available_size_before_wrap().x {
                ui.end_row();
            } else {
                ui.add_space(6.0);
            }
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
            if matches!(mark, Mark::Above | Mark::Below) {
                ui.painter().rect_filled(rect, 0.0, mark.colour(tokens));
            }
            marks::paint(ui.painter(), tokens, rect, mark);
            let colour = if matches!(mark, Mark::Above | Mark::Below) { tokens.faint } else { tokens.bad };
            ui.label(RichText::new(words).size(11.0).color(colour));
        }
        if let Some(caption) = caption {
            ui.add_space(6.0);
            ui.label(RichText::new(caption).size(11.0).color(tokens.faint));
        }
    });
}

fn occurring(scale: &Scale, findings: &Findings) -> Vec<(Mark, String)> {
    let statistics = &findings.statistics;
    let mut found = Vec::new();
    if statistics.nans > 0 {
        found.push((Mark::Nan, format!("{} NaN", count(statistics.nans as u64))));
    }
    for (mark, n) in [Mark::PlusInfinity, Mark::MinusInfinity].into_iter().zip(findings.infinite) {
        if n > 0 {
            found.push((mark, format!("{} {}", count(n as u64), mark.title())));
        }
    }
    for (mark, end) in [(Mark::Above, statistics.max), (Mark::Below, statistics.min)] {
        if scale.mark(end) == Some(mark) {
            found.push((mark, mark.title().into()));
        }
    }
    found
}

/// "unit 1, input 1" and its number, to be read exactly and changed.
pub(super) fn chosen(
    ui: &mut Ui,
    tokens: &Tokens,
    record: &TensorRecord,
    editable: bool,
    local: &mut TensorUi,
    response: &mut TensorResponse,
) {
    let Some((index, value)) = local.selected.clone().and_then(|i| record.at(&i).map(|v| (i, v))) else { return };
    let place = record.place(&index);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&place).color(tokens.muted));
        if !editable {
            ui.label(RichText::new(exact(value)).font(theme::mono(12.0)));
            return;
        }
        let name = format!("Number at {place}");
        let (field, typed) =
            text_field(ui, &name, &exact(value), |edit| edit.desired_width(120.0).font(theme::mono(12.0)));
        if std::mem::take(&mut local.wants_edit) {
            field.request_focus();
            select_all(ui, &field, exact(value).chars().count());
        }
        field.on_hover_text("Type a new value and press Enter. The rest of the step uses it.");
        match typed.as_deref().map(parse) {
            Some(Ok(number)) => response.edit = Some((index, number)),
            Some(Err(why)) => local.remark = Some(why),
            None => {}
        }
    });
}

/// The distribution and the statistics of the tensor that was shown last; to be drawn wherever there is room for it.
pub fn summary(ui: &mut Ui, tokens: &Tokens, local: &TensorUi) {
    let Some(counted) = &local.counted else { return };
    match counted.findings() {
        Err(fraction) => {
            ui.label(RichText::new(format!("counting … {:.0} %", fraction * 100.0)).color(tokens.faint));
        }
        Ok(findings) => {
            let room = ui.available_width();
            let across = |room: f32| ((room / 66.0) as usize).clamp(3, 9);
            if room > 440.0 {
                ui.horizontal_top(|ui| {
                    ui.allocate_ui(Vec2::new(200.0, 88.0), |ui| distribution(ui, tokens, findings));
                    ui.add_space(8.0);
                    ui.vertical(|ui| statistics(ui, tokens, &findings.statistics, across(room - 224.0)));
                });
            } else {
                distribution(ui, tokens, findings);
                statistics(ui, tokens, &findings.statistics, across(room));
            }
        }
    }
}

fn distribution(ui: &mut Ui, tokens: &Tokens, findings: &Findings) {
    ui.vertical(|ui| {
        ui.label(RichText::new("distribution").size(11.0).color(tokens.faint));
        histogram_ui(ui, tokens, "Distribution", &findings.histogram, 64.0);
    });
}

fn statistics(ui: &mut Ui, tokens: &Tokens, s: &Statistics, across: usize) {
    let mut facts = vec![
        ("min", number(s.min), "smallest value", false),
        ("max", number(s.max), "largest value", false),
        ("mean", number(s.mean), "mean: the sum divided by the count", false),
        ("std", number(s.std), "standard deviation: how far values typically are from the mean", false),
        ("norm", number(s.norm), "Euclidean norm: the square root of the sum of squares", false),
        ("zero", percent(s.zeros), "share of exact zeros", false),
        ("< 0", percent(s.negatives), "share of negative numbers", false),
        ("NaN", count(s.nans as u64), "“not a number”: the result of 0/0 or ∞ − ∞", s.nans > 0),
        ("∞", count(s.infinities as u64), "infinities of either sign: values too large for float32", s.infinities > 0),
    ];
    if s.count == s.nans + s.infinities {
        // Nothing finite: there is no smallest number to tell.
        facts.drain(..7);
    }
    for (part, facts) in facts.chunks(across.max(1)).enumerate() {
        Grid::new(("statistics", part)).min_row_height(14.0).spacing(Vec2::new(14.0, 2.0)).show(ui, |ui| {
            for (name, _, help, _) in facts {
                ui.label(RichText::new(*name).font(theme::mono(11.0)).color(tokens.faint)).on_hover_text(*help);
            }
            ui.end_row();
            for (name, value, help, is_bad) in facts {
                let colour = if *is_bad { tokens.bad } else { tokens.text };
                let label = ui.label(RichText::new(value).font(theme::mono(12.0)).color(colour));
                label.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{name} {value}")));
                label.on_hover_text(*help);
            }
            ui.end_row();
        });
    }
}

/// The room that [`legend`] and [`chosen`] take.
pub(super) const BELOW: f32 = 64.0;

/// Where one picture of two stands.
pub(super) fn half(room: Vec2) -> Vec2 {
    Rect::from_min_size(egui::Pos2::ZERO, Vec2::new((room.x - 16.0) / 2.0, room.y - 18.0)).size()
}
