//! What a network without a Loss says of its sample: the numbers that leave it, end by end.

use egui::{Frame, Label, Margin, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::{OutputView, thumbnail};
use crate::gui::numbers::significant;
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};
use crate::model::Shape;
use crate::session::{Action, Tab};
use crate::trace::Answer;

/// Numbers of an end that are drawn as bars; of more only the extremes are told.
const BARS: usize = 64;
const ROW: f32 = 18.0;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let answers = view.state.run().picture.as_ref().map_or(&[][..], |picture| &picture.answers);
    if answers.is_empty() {
        let text = "Values appear here as soon as a layer behind an Input can be computed.";
        return empty::say(ui, tokens, "Nothing is computed yet", text);
    }
    ScrollArea::vertical().id_salt("answers").auto_shrink(false).show(ui, |ui| {
        Frame::NONE.inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
            sample(ui, view);
            for answer in answers {
                self::answer(ui, tokens, view, answer);
            }
            let help = "Every value of every layer, and where each number comes from.";
            if ui.button("Step through it").on_hover_text(help).clicked() {
                actions.push(Action::ShowTab(Tab::Debug));
            }
        });
    });
}

/// What enters, where it is a picture.
fn sample(ui: &mut Ui, view: &OutputView<'_>) {
    let shape = &view.dataset.input_shape;
    let Ok(values) = view.dataset.train.input(0) else { return };
    if shape.len() != 3 || ![1, 3].contains(&shape[0]) {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().min(96.0), 96.0), Sense::hover());
    let square = Rect::from_min_size(rect.min, vec2(96.0, 96.0));
    thumbnail::paint(ui, ui.painter(), square, "the sample", shape, &values);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "The sample"));
    response.on_hover_text("What enters the network. Drop a picture or an .npy file on the window for another.");
}

fn answer(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, answer: &Answer) {
    let name = view.state.project().graph.layer(answer.layer).map_or("?", |layer| layer.name.as_str());
    let (values, count) = (&answer.values, answer.dims.iter().product::<usize>());
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.add(Label::new(RichText::new(name).font(theme::medium(13.0))).truncate());
        let size = Shape(answer.dims.clone()).to_string();
        ui.label(RichText::new(size).font(theme::mono(11.5)).color(tokens.faint));
    });
    let largest = values.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    let (low, high) = values.iter().fold((0.0f32, 0.0f32), |(low, high), &v| (low.min(v), high.max(v)));
    if count > BARS {
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len().max(1) as f64;
        let of = if values.len() < count { format!("of the first {}: ", values.len()) } else { String::new() };
        let number = |v: f32| significant(f64::from(v), 3);
        let text = format!("{of}from {} to {}, mean {}", number(low), number(high), significant(mean, 3));
        ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
        return;
    }
    let reach = (high - low).max(f32::MIN_POSITIVE);
    for (at, &value) in values.iter().enumerate() {
        let is_largest = count > 1 && largest.is_some_and(|(place, _)| place == at);
        bar(ui, tokens, (at, value), (low / reach, value / reach), is_largest);
    }
}

/// A number with its bar from 0; shares of the whole width.
fn bar(ui: &mut Ui, tokens: &Tokens, (at, value): (usize, f32), (low, share): (f32, f32), is_largest: bool) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let painter = ui.painter();
    let room = Rect::from_min_max(rect.min + vec2(28.0, 3.0), rect.max - vec2(76.0, 3.0));
    let x = |share: f32| room.left() + room.width() * (share - low);
    let colour = if value < 0.0 { tokens.neg } else { tokens.pos };
    let bar = Rect::from_x_y_ranges(x(0.0).min(x(share))..=x(0.0).max(x(share)), room.y_range());
    painter.rect_filled(bar, 2.0, if is_largest { colour } else { colour.gamma_multiply(0.6) });
    let font = theme::mono(11.5);
    let text = if is_largest { tokens.text } else { tokens.muted };
    painter.text(rect.left_center(), egui::Align2::LEFT_CENTER, at.to_string(), font.clone(), tokens.faint);
    let words = significant(f64::from(value), 4);
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, &words, font, text);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("{at}: {words}")));
}
