//! One sample of the batch, followed forward and back through the layers, and what of its input the loss depends on.

use egui::{DragValue, RichText, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::numbers::{count, number};
use crate::gui::tensor::sizes;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{icon_button, section};
use crate::trace::{Gaze, SampleLayer, SampleRecord, Sight, TensorRecord};

/// Channels of a layer that are pictured.
const MOST_CHANNELS: usize = 6;
/// Between two pictures.
const GAP: f32 = 8.0;

/// What the panel keeps for itself.
#[derive(Default)]
pub struct SampleUi {
    /// Row of the batch.
    pub row: usize,
    saliency: bool,
}

impl SampleUi {
    pub fn subscribe(&self, gaze: &mut Gaze) {
        gaze.sample = Some(self.row);
        gaze.saliency = self.saliency;
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
            ui.label(RichText::new("Looking at the sample …").color(tokens.faint));
            return None;
        }
    };
    choose(ui, tokens, &record, local);
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
    ui.horizontal(|ui| {
        if icon_button(ui, icons::ICON_CHEVRON_LEFT, local.row > 0, false, "Sample before").clicked() {
            local.row -= 1;
        }
        let field = ui.add(DragValue::new(&mut local.row).range(0..=last).speed(0.1).prefix("sample "));
        field.widget_info(|| WidgetInfo::labeled(egui::Role::SpinButton, true, "Row of the batch"));
        if icon_button(ui, icons::ICON_CHEVRON_RIGHT, local.row < last, false, "Next sample").clicked() {
            local.row += 1;
        }
        ui.label(RichText::new(format!("of {}", record.rows)).color(tokens.faint));
    });
    let target: Vec<_> = record.target.data.iter().take(8).map(|v| number(*v)).collect();
    let of = record.sample.map_or(String::new(), |sample| format!(" · training sample {}", count(u64::from(sample))));
    ui.add(egui::Label::new(RichText::new(format!("target {}{of}", target.join(", "))).color(tokens.muted)).truncate());
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
                if picture(ui, tokens, &record.input, "Input", half) {
                    look = Some(record.input.name.clone());
                }
            });
        });
        ui.allocate_ui(Vec2::new(half, 40.0), |ui| ui.vertical(|ui| saliency(ui, tokens, record, half, local)));
    });
    look
}

fn saliency(ui: &mut Ui, tokens: &Tokens, record: &SampleRecord, width: f32, local: &mut SampleUi) {
    let help = "The gradient of the loss with respect to each number of the input: where a small change would raise (blue) or \
                lower (orange) the loss most. Training does not need it; it is computed for you.";
    let shown = if local.saliency { "Hide saliency" } else { "Show saliency" };
    if ui.small_button(shown).on_hover_text(help).clicked() {
        local.saliency = !local.saliency;
    }
    match &record.saliency {
        _ if !local.saliency => {}
        Some(Ok(gradient)) => {
            picture(ui, tokens, gradient, "Saliency", width);
            let text = format!("d loss / d input, up to {}", number(largest(&gradient.data)));
            ui.label(RichText::new(text).size(11.0).color(tokens.faint));
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
        ui.label(RichText::new(&layer.value.name).font(theme::mono(11.0)).color(tokens.muted));
        let shape = RichText::new(sizes(&layer.value)).size(11.0).color(tokens.faint);
        ui.add(egui::Label::new(shape).truncate());
    });
    let half = half(ui.available_width());
    ui.horizontal_top(|ui| {
        ui.allocate_ui(Vec2::new(half, 40.0), |ui| {
            ui.vertical(|ui| {
                ui.set_min_width(half);
                if picture(ui, tokens, &layer.value, &format!("{} value", layer.name), half) {
                    clicked = Some(layer.value.name.clone());
                }
            });
        });
        ui.allocate_ui(Vec2::new(half, 40.0), |ui| {
            ui.vertical(|ui| match &layer.gradient {
                Some(gradient) => {
                    if picture(ui, tokens, gradient, &format!("{} gradient", layer.name), half) {
                        clicked = Some(gradient.name.clone());
                    }
                }
                None => drop(ui.label(RichText::new("no gradient yet").size(11.0).color(tokens.faint))),
            });
        });
    });
    clicked
}

/// A small picture: channels side by side, long rows broken into several. Whether it was clicked.
fn picture(ui: &mut Ui, tokens: &Tokens, record: &TensorRecord, name: &str, width: f32) -> bool {
    let range = Some(largest(&record.data));
    ui.set_max_width(width);
    let mut clicked = false;
    let mut map = |ui: &mut Ui, rows, columns, values: &[f32], name: &str, max_height| {
        let map = Heatmap {
            range,
            max_height,
            max_cell: 18.0,
            name,
            captioned: false,
            ..Heatmap::new(rows, columns, values)
        };
        clicked |= map.show(ui, tokens, name).clicked();
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
        _ => drop(ui.label(RichText::new("click to look at it").color(tokens.faint))),
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
        TensorRecord { name: name.into(), dims: dims.to_vec(), axes: vec![String::new(); dims.len()], step: 2, data }
    }

    fn record(saliency: Option<Result<TensorRecord, String>>) -> SampleRecord {
        let layer = |id: u32, gradient| SampleLayer {
            layer: LayerId(id),
            name: format!("Layer {id}"),
            value: tensor(&format!("%{id}"), &[8, 6, 6]),
            gradient,
        };
        SampleRecord {
            step: 2,
            row: 1,
            rows: 4,
            sample: Some(1234),
            input: tensor("%x", &[1, 6, 6]),
            target: tensor("%y", &[1]),
            layers: vec![layer(1, Some(tensor("d%1", &[8, 6, 6]))), layer(2, None)],
            saliency,
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
        harness.get_by_label("no gradient yet");
        harness.get_by_label("Next sample").click();
        harness.run_ok();
        let mut gaze = Gaze::default();
        harness.state().1.subscribe(&mut gaze);
        assert_eq!((gaze.sample, gaze.saliency), (Some(1), false));
        harness.get_by_label("Show saliency").click();
        harness.run_ok();
        harness.state().1.subscribe(&mut gaze);
        assert!(gaze.saliency);
        harness.get_by_label("computing …");
        let slope = Some(Ok(tensor("d%x", &[1, 6, 6])));
        harness.state_mut().0.sample = Some(Ok(Arc::new(record(slope))));
        harness.run_ok();
        harness.get_by_label("Saliency, 6 × 6");
        harness.get_by_label("d loss / d input, up to 32");
        harness.get_by_label("Layer 1 value, channel 0, 6 × 6").click();
        harness.run_ok();
        assert_eq!(harness.state().2.as_deref(), Some("%1"));
        harness.state_mut().0.sample = Some(Err("No batch is loaded yet: go one instruction forward.".into()));
        harness.run_ok();
        harness.get_by_label_contains("No batch is loaded");
    }
}
