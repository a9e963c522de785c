//! Beside the picture: the classes, and the boxes that are in it.

use egui::{Align2, Id, Label, Rect, RichText, Role, ScrollArea, Sense, TextEdit, Ui, Vec2, WidgetInfo, pos2};

use super::{DrawingUi, View};
use crate::gui::theme::{self, Tokens, mix};
use crate::gui::widgets::{named, section};
use crate::model::DrawnBox;
use crate::session::Action;

const ROW: f32 = 24.0;
/// Of the list of classes, at most.
const CLASSES: f32 = 0.45;

pub(super) fn show(ui: &mut Ui, view: &View<'_>, local: &mut DrawingUi, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = 2.0;
    section(ui, "CLASS", "");
    let most = (ui.available_height() * CLASSES).max(ROW);
    ScrollArea::vertical().id_salt("classes").max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        let of_chosen = local.chosen.and_then(|at| view.boxes?.get(at)).map(|one| one.class.clone());
        let current = of_chosen.unwrap_or_else(|| local.class.clone());
        for (at, class) in view.classes.iter().enumerate() {
            let key = if at < 9 { (at + 1).to_string() } else { String::new() };
            if row(ui, at, class, &key, *class == current, &format!("Class {class}")) {
                local.choose_class(view, class.clone(), actions);
            }
        }
    });
    new_class(ui, view, local, actions);
    let boxes = view.boxes.unwrap_or_default();
    section(ui, "IN THIS PICTURE", &boxes.len().to_string());
    ScrollArea::vertical().id_salt("boxes").auto_shrink([false, true]).show(ui, |ui| {
        for (at, one) in boxes.iter().enumerate() {
            let label = format!("Box {}: {}", at + 1, one.class);
            if row(ui, view.class(&one.class), &one.class, "", local.chosen == Some(at), &label) {
                (local.chosen, local.unnamed) = (Some(at), None);
            }
        }
        if let Some(at) = local.chosen {
            ui.add_space(4.0);
            if named(ui.button("Delete box"), "Delete box").on_hover_text("Delete").clicked() {
                local.remove(view, at, actions);
            }
        }
    });
}

fn new_class(ui: &mut Ui, view: &View<'_>, local: &mut DrawingUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.add_space(4.0);
    let asks = local.unnamed.is_some();
    if asks {
        let text = "What is it? Type its name and press Enter.";
        ui.add(Label::new(RichText::new(text).color(tokens.warn)).wrap());
    }
    let id = Id::unique("name of a new class");
    let hint = if view.classes.is_empty() { "name, such as cat" } else { "another class" };
    let field = TextEdit::singleline(&mut local.typed).id(id).hint_text(hint).desired_width(f32::INFINITY);
    let response = ui.add(field.char_limit(DrawnBox::LONGEST));
    response.widget_info(|| WidgetInfo {
        label: Some("Name of a new class".into()),
        ..WidgetInfo::text_edit(true, "", &local.typed, hint)
    });
    let is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let name = local.typed.trim().to_owned();
    if is_entered && !name.is_empty() {
        local.typed.clear();
        local.choose_new(view, name, actions);
    } else if asks && !response.has_focus() && !response.lost_focus() {
        response.request_focus();
    }
}

/// A colour and a name. Whether it was clicked.
fn row(ui: &mut Ui, class: usize, name: &str, key: &str, is_chosen: bool, label: &str) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, label));
    let painter = ui.painter_at(rect.expand(1.0));
    if is_chosen || response.hovered() || response.has_focus() {
        let share = if is_chosen { 0.12 } else { 0.05 };
        painter.rect_filled(rect, 5.0, mix(tokens.panel, tokens.text, share));
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 5.0, tokens.focus_stroke(), egui::StrokeKind::Inside);
    }
    painter.circle_filled(pos2(rect.left() + 12.0, rect.center().y), 5.0, tokens.class(class));
    let names = Rect::from_min_max(rect.min, pos2(rect.right() - 18.0, rect.bottom()));
    let at = pos2(rect.left() + 24.0, rect.center().y);
    let clipped = painter.with_clip_rect(names.intersect(ui.clip_rect()));
    clipped.text(at, Align2::LEFT_CENTER, name, theme::regular(13.0), tokens.text);
    let at = pos2(rect.right() - 8.0, rect.center().y);
    painter.text(at, Align2::RIGHT_CENTER, key, theme::mono(11.0), tokens.faint);
    response.on_hover_text(name).clicked()
}
