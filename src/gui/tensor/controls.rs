//! The heading of the viewer (name, range, view, menu) and the row that says what becomes of each axis.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Align, Button, ComboBox, Layout as UiLayout, RichText, Ui, WidgetInfo};
use egui_material_icons::icons;

use super::layout::{Role, assign};
use super::scale::{Range, Scale};
use super::{Compare, Show, TensorResponse, TensorUi, TensorView};
use crate::gui::panels;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Number, combo, list_from_top, named};
use crate::persist::tensor_file::Format;
use crate::trace::TensorRecord;

pub(super) fn heading(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &TensorView<'_>,
    scale: &Scale,
    local: &mut TensorUi,
    response: &mut TensorResponse,
) {
    panels::header(ui, |ui| {
        ui.with_layout(UiLayout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            menu(ui, view, local, response);
            shows(ui, view.record, local);
            if local.show != Show::Image {
                ranges(ui, scale, local);
            }
            ui.with_layout(UiLayout::left_to_right(Align::Center), |ui| {
                let name = RichText::new(&view.record.name).font(theme::medium(13.0)).color(tokens.text);
                ui.add(egui::Label::new(name).truncate());
                let mut text = sizes(view.record);
                if view.is_older {
                    text = format!("at step {} · {text}", crate::gui::numbers::count(view.record.step));
                }
                ui.add(egui::Label::new(RichText::new(text).color(tokens.faint)).truncate());
            });
        });
    });
}

/// "3 units × 2 inputs"
pub fn sizes(record: &TensorRecord) -> String {
    if record.dims.is_empty() {
        return "a single number".into();
    }
    let one = |(axis, n): (usize, &usize)| {
        let name = record.axes.get(axis).filter(|name| !name.is_empty());
        match name {
            Some(name) if *n == 1 => format!("1 {name}"),
            Some(name) => format!("{n} {}", plural(name)),
            None => n.to_string(),
        }
    };
    record.dims.iter().enumerate().map(one).collect::<Vec<_>>().join(" × ")
}

fn plural(word: &str) -> String {
    match word {
        "query" => "queries".into(),
        word if word.ends_with("ss") || word.ends_with("ch") => format!("{word}es"),
        word => format!("{word}s"),
    }
}

fn ranges(ui: &mut Ui, scale: &Scale, local: &mut TensorUi) {
    let stay = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let text = RichText::new(format!("{} ▾", scale.text())).font(theme::mono(11.0));
    let button = Button::new(text).frame_when_inactive(false);
    let (response, _) = MenuButton::from_button(button).config(stay).ui(ui, |ui| {
        ui.set_min_width(200.0);
        for range in [Range::Robust, Range::Linear, Range::Log, Range::Fixed(scale.limit)] {
            let on = range.word() == local.range.word();
            if ui.selectable_label(on, range.word()).on_hover_text(range.help()).clicked() {
                local.range = range;
            }
        }
        if let Range::Fixed(limit) = &mut local.range {
            let number = Number::new("The range", (1e-30, f64::from(f32::MAX))).prefix("±");
            let change = number.add(ui, "Fixed range", f64::from(*limit)).1;
            *limit = change.value.map_or(*limit, |typed| typed as f32);
        }
    });
    named(response, &format!("Range of colours: {}", scale.text())).on_hover_text(local.range.help());
}

fn shows(ui: &mut Ui, record: &TensorRecord, local: &mut TensorUi) {
    let mut choices = vec![(Show::Table, icons::ICON_TABLE_ROWS, "As a table of numbers")];
    if super::image::channels(record).is_some() {
        choices.push((Show::Image, icons::ICON_IMAGE, "As an image, in its own colours"));
    }
    choices.push((Show::Cells, icons::ICON_GRID_VIEW, "As coloured cells"));
    for (show, icon, name) in choices {
        if crate::gui::widgets::icon_button(ui, icon, true, local.show == show, name).clicked() {
            local.show = show;
        }
    }
}

fn menu(ui: &mut Ui, view: &TensorView<'_>, local: &mut TensorUi, response: &mut TensorResponse) {
    let icon = RichText::from(icons::ICON_MORE_HORIZ).size(17.0);
    let (button, _) = MenuButton::from_button(Button::new(icon).frame_when_inactive(false)).ui(ui, |ui| {
        ui.set_min_width(208.0);
        if ui.button(if view.pinned { "Unpin" } else { "Pin next to the others" }).clicked() {
            response.pin = true;
        }
        compare_menu(ui, view, local);
        ui.separator();
        if ui.button("Copy as text").clicked() {
            match crate::persist::tensor_file::text(view.record, '\t') {
                Ok(text) => ui.ctx().copy_text(text),
                Err(why) => local.remark = Some(why),
            }
        }
        if ui.button("Save as .npy …").on_hover_text("For NumPy: numpy.load(\"file.npy\")").clicked() {
            response.export = Some(Format::Npy);
        }
        if ui.button("Save as .csv …").on_hover_text("For a spreadsheet").clicked() {
            response.export = Some(Format::Csv);
        }
        ui.separator();
        let zoom = |factor: f32, zoom: &mut f32| *zoom = (*zoom * factor).clamp(0.25, 64.0);
        if ui.button("Zoom in").on_hover_text("Or the wheel with Ctrl").clicked() {
            zoom(1.5, &mut local.zoom.0);
        }
        if ui.button("Zoom out").clicked() {
            zoom(1.0 / 1.5, &mut local.zoom.0);
        }
        if ui.button("Fit").clicked() {
            local.zoom.0 = 1.0;
        }
    });
    named(button, "More of this tensor");
}

fn compare_menu(ui: &mut Ui, view: &TensorView<'_>, local: &mut TensorUi) {
    let step = view.record.step.saturating_sub(1);
    if local.compare.is_some() {
        if ui.button("Stop comparing").clicked() {
            local.compare = None;
        }
        return;
    }
    if step > 0 && ui.button(format!("Compare with step {}", crate::gui::numbers::count(step))).clicked() {
        local.compare = Some(Compare::Step { step, branch: None });
    }
    let others = || view.branches.iter().filter(|branch| branch.id != view.branch);
    if others().next().is_some() {
        ui.menu_button("Compare with branch", |ui| {
            for branch in others() {
                if ui.button(&branch.name).clicked() {
                    // As far as that branch has gone.
                    let step = view.record.step.min(branch.step).max(1);
                    local.compare = Some(Compare::Step { step, branch: Some(branch.id) });
                    ui.close();
                }
            }
        });
    }
    if !view.peers.is_empty() {
        ui.menu_button("Compare with", |ui| {
            list_from_top(ui).max_height(320.0).show(ui, |ui| {
                for name in view.peers {
                    if ui.button(name).clicked() {
                        local.compare = Some(Compare::Tensor(name.clone()));
                        ui.close();
                    }
                }
            });
        });
    }
}

/// One control an axis: what becomes of it and, where it is cut, at which index.
pub(super) fn axes(ui: &mut Ui, tokens: &Tokens, record: &TensorRecord, local: &mut TensorUi) {
    let wanted = record.dims.iter().filter(|n| **n > 1).count() > 2 || local.roles.contains(&Role::Slice);
    if !wanted {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        // Wider than within one: which control is whose is seen.
        ui.spacing_mut().item_spacing.x = 20.0;
        for axis in 0..record.dims.len() {
            let name = record.axis(axis);
            // As wide as it becomes, so that it moves to the next line as a whole.
            let width = if local.roles[axis] == Role::Slice { 304.0 } else { 152.0 };
            let centred = UiLayout::left_to_right(Align::Center);
            ui.allocate_ui_with_layout(egui::Vec2::new(width, 28.0), centred, |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                ui.label(RichText::new(&name).color(tokens.muted));
                let role = local.roles[axis];
                let list = ComboBox::from_id_salt(("axis", axis)).selected_text(role.title()).width(72.0);
                let shown = combo(ui, list, |ui| {
                    for other in Role::ALL {
                        if ui.selectable_label(other == role, other.title()).clicked() && other != role {
                            assign(&mut local.roles, axis, other);
                        }
                    }
                });
                let label = format!("Axis {name}: {}", role.title());
                shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
                if local.roles[axis] == Role::Slice {
                    slice(ui, tokens, &name, record.dims[axis], &mut local.slices[axis]);
                }
            });
        }
    });
}

fn slice(ui: &mut Ui, tokens: &Tokens, name: &str, count: usize, at: &mut usize) {
    let last = count.saturating_sub(1);
    *at = (*at).min(last);
    if last == 0 {
        ui.label(RichText::new("0").font(theme::mono(12.0)).color(tokens.faint));
        return;
    }
    ui.spacing_mut().slider_width = 72.0;
    let slider = ui.add(egui::Slider::new(at, 0..=last).show_value(false));
    let label = format!("Index of {name}");
    slider.widget_info(|| WidgetInfo::slider(true, *at as f64, &label));
    let number = Number::whole(&label, (0.0, last as f64)).speed(0.2);
    let change = number.add(ui, &format!("{label}, typed"), *at as f64).1;
    *at = change.value.map_or(*at, |typed| typed as usize);
    ui.label(format!("of {count}"));
}
