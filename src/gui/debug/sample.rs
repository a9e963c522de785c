//! One sample of the batch, followed forward and back through the layers: what the network answers, how wrong that is,
//! and what of its input the loss depends on. On demand the whole batch by its loss.

use egui::{RichText, ScrollArea, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use super::colours::{self, Look};
use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::numbers::{count, number, significant, sure};
use crate::gui::tensor::sizes;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Number, icon_button, section};
use crate::trace::{Inspection, SampleAnswer, SampleLayer, SampleRecord, Sight, TensorRecord};

/// Channels of a layer that are pictured.
const MOST_CHANNELS: usize = 6;
/// Of a picture in colour, the longer side.
const COLOURS: f32 = 112.0;
/// Between two pictures.
const GAP: f32 = 8.0;

/// What the panel keeps for itself.
#[derive(Default)]
pub struct SampleUi {
    /// Row of the batch.
    pub row: usize,
    saliency: bool,
    /// The batch by its loss is open.
    worst: bool,
}

impl SampleUi {
    pub fn subscribe(&self, inspection: &mut Inspection) {
        inspection.sample = Some(self.row);
        inspection.saliency = self.saliency;
        inspection.worst = self.worst;
    }
}

/// Returns the name of a value that is to be looked at.
pub fn show(ui: &mut Ui, tokens: &Tokens, sight: &Sight, local: &mut SampleUi) -> Option<String> {
    let record = match &sight.sample {
        Some(Ok(record)) => record.clone(),
        Some(Err(why)) => {
            ui.label(RichText::new(why).color(tokens.muted));
            return None;
        }
        None => {
            ui.label(RichText::new("Examining the sample …").color(tokens.faint));
            return None;
        }
    };
    choose(ui, tokens, &record, local);
    answer(ui, tokens, &record);
    if local.worst {
        worst(ui, tokens, &record, local);
    }
    let mut look = input(ui, tokens, &record, local);
    section(ui, "THROUGH THE LAYERS", "");
    columns(ui, tokens);
    for layer in &record.layers {
        look = layer_ui(ui, tokens, layer).or(look);
    }
    look
}

/// What stands on the left and on the right of each layer.
fn columns(ui: &mut Ui, tokens: &Tokens) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 16.0), egui::Sense::hover());
    for (x, title) in [(rect.left(), "value"), (rect.left() + half(rect.width()) + GAP, "gradient")] {
        let at = egui::pos2(x, rect.center().y);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, title, theme::regular(11.0), tokens.faint);
    }
}

/// The width of a picture where two stand side by side.
fn half(room: f32) -> f32 {
    (room - 2.0 * GAP) / 2.0
}

fn choose(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord, local: &mut SampleUi) {
    let last = record.rows.saturating_sub(1);
    ui.horizontal_wrapped(|ui| {
        if icon_button(ui, icons::ICON_CHEVRON_LEFT, local.row > 0, false, "Previous sample").clicked() {
            local.row -= 1;
        }
        let number = Number::whole("The row", (0.0, last as f64)).speed(0.1).prefix("sample ");
        let change = number.add(ui, "Row of the batch", local.row as f64).1;
        local.row = change.value.map_or(local.row, |row| row as usize);
        if icon_button(ui, icons::ICON_CHEVRON_RIGHT, local.row < last, false, "Next sample").clicked() {
            local.row += 1;
        }
        ui.label(RichText::new(format!("of {}", record.rows)).color(tokens.faint));
        let help = "All samples of the batch sorted by loss, the largest first.";
        if ui.selectable_label(local.worst, "Worst first").on_hover_text(help).clicked() {
            local.worst = !local.worst;
        }
    });
}

/// What is right for it, what the network says, and how wrong that is.
fn answer(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord) {
    let of = record.sample.map_or(String::new(), |sample| format!(" · training sample {}", count(u64::from(sample))));
    let truth = format!("target {}{of}", record.truth);
    ui.add(egui::Label::new(RichText::new(truth).color(tokens.muted)).truncate());
    let Some(answer) = &record.answer else {
        let why = "prediction and loss not computed yet in this step";
        ui.label(RichText::new(why).color(tokens.faint));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new(said(answer)).color(colour(tokens, answer)));
        let loss = format!("· loss {}", significant(answer.loss, 4));
        ui.label(loss).on_hover_text(
            "Loss of this sample alone, without penalties. The mean over the batch is the batch's loss.",
        );
    });
}

/// "predicts setosa (98.8 %)", "predicts 2.41"; where it is wrong it says so.
fn said(answer: &SampleAnswer) -> String {
    let share = answer.share.map_or(String::new(), |share| match answer.is_probability {
        true => format!(" ({})", sure(share)),
        false => format!(" ({})", number(share)),
    });
    let judged = if answer.is_right == Some(false) { ", wrong" } else { "" };
    format!("predicts {}{share}{judged}", answer.predicted)
}

fn colour(tokens: &Tokens, answer: &SampleAnswer) -> egui::Color32 {
    match answer.is_right {
        Some(false) => tokens.warn,
        _ => tokens.text,
    }
}

/// The batch by its loss; a click follows the sample.
fn worst(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord, local: &mut SampleUi) {
    section(ui, "BATCH BY LOSS", "target → predicted");
    let Some(all) = &record.worst else {
        let why =
            if record.answer.is_some() { "Sorting the batch …" } else { "Available once the outputs are computed." };
        ui.label(RichText::new(why).color(tokens.faint));
        return;
    };
    let height = ui.spacing().interact_size.y;
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().id_salt("worst").max_height(7.0 * height).auto_shrink([false, true]);
    area.show_rows(ui, height, all.len(), |ui, rows| {
        for answer in all.get(rows).unwrap_or_default() {
            let loss = significant(answer.loss, 4);
            let text = format!("{:>4}  {loss:<10} {} → {}", answer.row, answer.truth, answer.predicted);
            let text = RichText::new(text).font(theme::mono(12.0)).color(colour(tokens, answer));
            let button = egui::Button::selectable(answer.row == record.row, text).truncate();
            let button = ui.add(button.min_size(Vec2::new(ui.available_width(), height)));
            let name = format!("Sample {}, loss {loss}", answer.row);
            button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
            if button.on_hover_text(format!("target {}; {}", answer.truth, said(answer))).clicked() {
                local.row = answer.row;
            }
        }
    });
    ui.spacing_mut().item_spacing.y = 8.0;
}

/// The input and, when asked for, its saliency beside it.
fn input(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord, local: &mut SampleUi) -> Option<String> {
    let mut look = None;
    let half = half(ui.available_width());
    section(ui, "INPUT", &sizes(&record.input));
    ui.horizontal_top(|ui| {
        ui.allocate_ui(Vec2::new(half, 40.0), |ui| {
            ui.vertical(|ui| {
                ui.set_min_width(half);
                let side = half.min(COLOURS);
                let in_colour = colours::show(ui, &record.input, (Look::Light, "Input"), side);
                if in_colour.unwrap_or_else(|| picture(ui, tokens, &record.input, "Input", half)) {
                    look = Some(record.input.name.clone());
                }
            });
        });
        ui.allocate_ui(Vec2::new(half, 40.0), |ui| ui.vertical(|ui| saliency(ui, tokens, record, half, local)));
    });
    look
}

fn saliency(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord, width: f32, local: &mut SampleUi) {
    let help = "The gradient of the loss with respect to each input value: where a small increase would raise (blue) \
                or lower (orange) the loss most. Training doesn't need it; it is computed for you to see.";
    let shown = if local.saliency { "Hide saliency" } else { "Show saliency" };
    if ui.small_button(shown).on_hover_text(help).clicked() {
        local.saliency = !local.saliency;
    }
    match &record.saliency {
        _ if !local.saliency => {}
        Some(Ok(gradient)) => {
            let most = number(largest(&gradient.data));
            let text = match colours::show(ui, gradient, (Look::Slopes, "Saliency"), width.min(COLOURS)) {
                Some(_) => format!(
                    "d loss / d input, up to {most}; grey: no effect, a colour: more of it here raises the loss"
                ),
                None => {
                    picture(ui, tokens, gradient, "Saliency", width);
                    format!("d loss / d input, up to {most}")
                }
            };
            ui.add(egui::Label::new(RichText::new(text).size(11.0).color(tokens.faint)).wrap());
        }
        Some(Err(why)) => drop(ui.label(RichText::new(why).color(tokens.warn))),
        None => drop(ui.label(RichText::new("computing …").color(tokens.faint))),
    }
}

/// The name of the value or gradient that was clicked.
fn layer_ui(ui: &mut Ui, tokens: &Tokens, layer: &SampleLayer) -> Option<String> {
    let mut clicked = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&layer.name).font(theme::medium(12.0)));
        ui.label(RichText::new(&layer.output).font(theme::mono(11.0)).color(tokens.muted));
        let shape = layer.value.as_ref().map_or(String::new(), sizes);
        ui.add(egui::Label::new(RichText::new(shape).size(11.0).color(tokens.faint)).truncate());
    });
    let half = half(ui.available_width());
    ui.horizontal_top(|ui| {
        let sides = [(&layer.value, "value"), (&layer.gradient, "gradient")];
        for (record, what) in sides {
            ui.allocate_ui(Vec2::new(half, 40.0), |ui| {
                ui.vertical(|ui| {
                    ui.set_min_width(half);
                    match record {
                        Some(record) => {
                            if picture(ui, tokens, record, &format!("{} {what}", layer.name), half) {
                                clicked = Some(record.name.clone());
                            }
                        }
                        None => drop(ui.label(RichText::new(format!("no {what} yet")).size(11.0).color(tokens.faint))),
                    }
                });
            });
        }
    });
    clicked
}

/// A small picture: channels side by side, long rows broken into several. Whether it was clicked.
fn picture(ui: &mut Ui, tokens: &Tokens, record: &TensorRecord, name: &str, width: f32) -> bool {
    let range = Some(largest(&record.data));
    ui.set_max_width(width);
    let (mut clicked, mut sharing) = (false, None);
    let mut map = |ui: &mut Ui, rows, columns, values: &[f32], name: &str, max_height| {
        let map = Heatmap {
            range,
            max_height,
            max_cell: 18.0,
            name,
            captioned: false,
            ..Heatmap::new(rows, columns, values)
        };
        let response = map.show(ui, tokens, name);
        clicked |= response.clicked();
        sharing = map.sharing(&response).or(sharing.take());
    };
    match record.dims.as_slice() {
        [] => map(ui, 1, 1, &record.data, name, 24.0),
        [n] if *n <= 16 => map(ui, 1, *n, &record.data, name, 24.0),
        [n] => {
            let columns = ((*n as f32).sqrt() * 1.6).ceil() as usize;
            let rows = n.div_ceil(columns);
            let mut cells = record.data.to_vec();
            cells.resize(rows * columns, 0.0);
            map(ui, rows, columns, &cells, name, 56.0);
        }
        [rows, columns] => map(ui, *rows, *columns, &record.data, name, 80.0),
        [channels, rows, columns] => {
            let plane = rows * columns;
            let shown = (*channels).min(MOST_CHANNELS);
            let side = if shown == 1 {
                width.min(96.0)
            } else {
                ((width - 4.0 * shown as f32) / shown.min(3) as f32).max(24.0)
            };
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = Vec2::splat(4.0);
                for (i, values) in record.data.chunks(plane.max(1)).take(shown).enumerate() {
                    let name = if shown == 1 { name.to_owned() } else { format!("{name}, channel {i}") };
                    ui.allocate_ui(Vec2::splat(side - 4.0), |ui| {
                        ui.set_max_width(side - 4.0);
                        map(ui, *rows, *columns, values, &name, side - 4.0);
                    });
                }
            });
            if *channels > shown {
                let text = format!("{shown} of {channels} channels");
                ui.label(RichText::new(text).size(10.0).color(tokens.faint));
            }
        }
        _ => drop(ui.label(RichText::new("click to open it").color(tokens.faint))),
    }
    if let Some(text) = sharing {
        ui.add(egui::Label::new(RichText::new(text).size(10.0).color(tokens.faint)).truncate());
    }
    clicked
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;
    use crate::gui::fonts;
    use crate::model::LayerId;

    fn tensor(name: &str, dims: &[usize]) -> TensorRecord {
        let n: usize = dims.iter().product();
        let data = (0..n).map(|i| i as f32 - 3.0).collect();
        TensorRecord {
            name: name.into(),
            dims: dims.to_vec(),
            axes: vec![String::new(); dims.len()],
            gates: None,
            step: 2,
            data,
        }
    }

    fn record(saliency: Option<Result<TensorRecord, String>>) -> SampleRecord {
        let layer = |id: u64, gradient| SampleLayer {
            layer: LayerId(id),
            name: format!("Layer {id}"),
            output: format!("%{id}"),
            value: (id < 3).then(|| tensor(&format!("%{id}"), &[8, 6, 6])),
            gradient,
        };
        SampleRecord {
            step: 2,
            row: 1,
            rows: 4,
            sample: Some(1234),
            input: tensor("%x", &[1, 6, 6]),
            truth: "seven".into(),
            answer: Some(answer_to(1, 0.5)),
            layers: vec![layer(1, Some(tensor("d%1", &[8, 6, 6]))), layer(2, None), layer(3, None)],
            saliency,
            worst: None,
        }
    }

    fn answer_to(row: usize, loss: f64) -> SampleAnswer {
        SampleAnswer {
            row,
            sample: Some(1233 + row as u32),
            truth: "seven".into(),
            predicted: "one".into(),
            share: Some(0.625),
            is_probability: true,
            is_right: Some(false),
            loss,
        }
    }

    type World = (Sight, SampleUi, Option<String>);

    #[test]
    fn a_sample_is_chosen_followed_and_its_saliency_asked_for() {
        let sight = Sight { sample: Some(Ok(Arc::new(record(None)))), ..Sight::default() };
        let mut harness = Harness::builder()
            .with_size([340.0, 760.0])
            .with_context_setup(|ctx| {
                fonts::install(ctx);
                theme::apply(ctx, crate::persist::Theme::Dark, true);
            })
            .build_ui_state(
                |ui, (sight, local, looked): &mut World| {
                    let tokens = Tokens::of(ui);
                    *looked = show(ui, &tokens, sight, local).or(looked.take());
                },
                (sight, SampleUi::default(), None),
            );
        harness.run_ok();
        harness.get_by_label("of 4");
        harness.get_by_label_contains(" · training sample 1,234");
        assert_eq!(harness.get_all_by_label("no gradient yet").count(), 2);
        // Of a layer that this step has not come to there is no picture of the step before.
        harness.get_by_label("no value yet");
        harness.get_by_label("predicts one (62.5 %), wrong");
        harness.get_by_label("· loss 0.5");
        harness.get_by_label("Next sample").click();
        harness.run_ok();
        let mut inspection = Inspection::default();
        harness.state().1.subscribe(&mut inspection);
        assert_eq!((inspection.sample, inspection.saliency), (Some(1), false));
        harness.get_by_label("Show saliency").click();
        harness.run_ok();
        harness.state().1.subscribe(&mut inspection);
        assert!(inspection.saliency);
        harness.get_by_label("computing …");
        let slope = Some(Ok(tensor("d%x", &[1, 6, 6])));
        harness.state_mut().0.sample = Some(Ok(Arc::new(record(slope))));
        harness.run_ok();
        harness.get_by_label("Saliency, 6 × 6");
        harness.get_by_label("d loss / d input, up to 32");
        // Of a picture in colour both are in colour.
        let slope = Some(Ok(tensor("d%x", &[3, 6, 6])));
        let in_colour = SampleRecord { input: tensor("%x", &[3, 6, 6]), ..record(slope) };
        harness.state_mut().0.sample = Some(Ok(Arc::new(in_colour)));
        harness.run_ok();
        harness.get_by_label("Input, 6 × 6, in colour");
        harness.get_by_label("Saliency, 6 × 6, in colour");
        harness.get_by_label_contains("grey: no effect");
        harness.get_by_label("Layer 1 value, channel 0, 6 × 6").click();
        harness.run_ok();
        assert_eq!(harness.state().2.as_deref(), Some("%1"));
        harness.get_by_label("Worst first").click();
        harness.run_ok();
        harness.state().1.subscribe(&mut inspection);
        assert!(inspection.worst);
        let sorted = [answer_to(3, 2.0), answer_to(0, 1.0)];
        let worst = SampleRecord { worst: Some(sorted.into()), ..record(None) };
        harness.state_mut().0.sample = Some(Ok(Arc::new(worst)));
        harness.run_ok();
        harness.get_by_label("Sample 3, loss 2").click();
        harness.run_ok();
        harness.state().1.subscribe(&mut inspection);
        assert_eq!(inspection.sample, Some(3));
        harness.state_mut().0.sample = Some(Err("No batch is loaded yet. Run one instruction first.".into()));
        harness.run_ok();
        harness.get_by_label_contains("No batch is loaded");
    }
}
