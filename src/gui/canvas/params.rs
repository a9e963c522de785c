//! Parameters edited in place on the cards: numbers by dragging or typing, choices from a menu, formulas as text.

use std::sync::Arc;

use egui::{Align2, CornerRadius, DragValue, Popup, Rect, Response, Role, Sense, TextEdit, TextStyle, UiBuilder, vec2};

use super::super::figure;
use super::super::numbers::significant;
use super::super::theme::{mono, regular};
use super::super::widgets::{Number, is_refused};
use super::geometry::{CardLayout, ParamSlot, shown};
use super::{CanvasUi, Frame, steps};
use crate::model::{Edit, Layer, ParamKind, ParamValue};
use crate::session::Action;

/// egui's style with everything at the canvas's zoom.
pub fn style(ui: &egui::Ui, zoom: f32) -> Arc<egui::Style> {
    let mut style = (**ui.style()).clone();
    let size = (11.5 * zoom * 4.0).round() / 4.0;
    for text_style in [TextStyle::Body, TextStyle::Button, TextStyle::Monospace, TextStyle::Small] {
        style.text_styles.insert(text_style, mono(size.max(1.0)));
    }
    style.spacing.interact_size = vec2(8.0, 8.0) * zoom;
    style.spacing.button_padding = vec2(4.0 * zoom, 0.0);
    for widget in [
        &mut style.visuals.widgets.inactive,
        &mut style.visuals.widgets.hovered,
        &mut style.visuals.widgets.active,
        &mut style.visuals.widgets.open,
    ] {
        widget.corner_radius = CornerRadius::from(5.0 * zoom);
        widget.expansion = 0.0;
    }
    Arc::new(style)
}

pub fn show(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    layer: &Layer,
    layout: &CardLayout,
    actions: &mut Vec<Action>,
) {
    let live = !frame.is_crowded()
        || local.focus == Some(layer.id)
        || frame.state.selection().layers.contains(&layer.id)
        || ui.rect_contains_pointer(frame.on_screen(layout.rect));
    for (i, slot) in layout.params.iter().enumerate() {
        if let Some((label, at)) = &slot.label {
            frame.text(frame.at(*at), Align2::LEFT_CENTER, label, regular(12.0), frame.tokens.muted);
        }
        let focus = i == 0 && local.focus == Some(layer.id);
        if focus {
            local.focus = None;
        }
        let rect = frame.on_screen(slot.chip);
        if !live {
            still(frame, slot, rect);
            continue;
        }
        let salt = egui::Id::unique(("canvas", "param", layer.id.0, slot.spec.key));
        let mut child = ui.new_child(UiBuilder::new().scope_id(salt).max_rect(rect).style(frame.style.clone()));
        let chip = Chip { frame, layer, slot, rect, focus };
        let response = match &slot.spec.kind {
            ParamKind::Int { min, max } => chip.int(&mut child, (*min, *max), actions),
            ParamKind::Float { min, max } => chip.float(&mut child, (*min, *max), actions),
            ParamKind::Choice(options) => chip.choice(&mut child, options, actions),
            ParamKind::Bool => chip.switch(&mut child, actions),
            ParamKind::Text => chip.text(&mut child, actions),
        };
        if !is_refused(&response) {
            response.on_hover_text(slot.spec.help);
        }
        if !figure::is_paper(ui) {
            steps::units(ui, frame, layer, slot, actions);
        }
    }
}

/// A parameter that is only shown: among very many cards a control each would cost too much.
fn still(frame: &Frame<'_>, slot: &ParamSlot, rect: Rect) {
    let t = &frame.tokens;
    frame.painter.rect_filled(rect, frame.scaled(5.0), t.raised);
    let left = rect.left_center() + vec2(frame.scaled(6.0), 0.0);
    let words = shown(&slot.spec.kind, &slot.value);
    frame.elided(left, &words, regular(12.0), t.text, rect.width() - frame.scaled(8.0));
}

/// One parameter at its place.
struct Chip<'a> {
    frame: &'a Frame<'a>,
    layer: &'a Layer,
    slot: &'a ParamSlot,
    rect: Rect,
    /// Take the keyboard now.
    focus: bool,
}

impl Chip<'_> {
    fn name(&self) -> String {
        format!("{} of {}", self.slot.spec.label, self.layer.name)
    }

    fn set(&self, value: ParamValue, actions: &mut Vec<Action>) {
        let (layer, key) = (self.layer.id, self.slot.spec.key.to_owned());
        actions.push(Action::Edit(Edit::SetParam { layer, key, value }));
    }

    /// A drag or a typed value is one step of undo.
    fn number(
        &self,
        ui: &mut egui::Ui,
        number: &Number<'_>,
        value: f64,
        wrap: impl FnOnce(f64) -> ParamValue,
        actions: &mut Vec<Action>,
    ) -> Response {
        let place = |ui: &mut egui::Ui, field: DragValue<'_>| {
            ui.put(self.rect, field.min_size(self.rect.size())).accessible_name(self.name())
        };
        let (response, change) = number.show(ui, value, place);
        if self.focus {
            response.request_focus();
        }
        if let Some(value) = change.value {
            self.set(wrap(value), actions);
        }
        if change.ended {
            actions.push(Action::EndEdit);
        }
        response
    }

    fn int(&self, ui: &mut egui::Ui, (least, most): (i64, i64), actions: &mut Vec<Action>) -> Response {
        let ParamValue::Int(value) = self.slot.value else { return ui.response() };
        let speed = (value as f64 / 64.0).clamp(0.05, 8.0);
        let number = Number::whole(self.slot.spec.label, (least as f64, most as f64)).speed(speed);
        self.number(ui, &number, value as f64, |value| ParamValue::Int(value as i64), actions)
    }

    fn float(&self, ui: &mut egui::Ui, range: (f64, f64), actions: &mut Vec<Action>) -> Response {
        let ParamValue::Float(value) = self.slot.value else { return ui.response() };
        let number = Number::new(self.slot.spec.label, range).written(|v| significant(v, 4));
        self.number(ui, &number, value, ParamValue::Float, actions)
    }

    /// A chip that is a button.
    fn button(&self, ui: &mut egui::Ui, role: Role) -> Response {
        let (frame, t) = (self.frame, &self.frame.tokens);
        let response = ui.interact(self.rect, ui.unique_id().with("button"), Sense::click());
        let (label, words) = (self.name(), shown(&self.slot.spec.kind, &self.slot.value));
        response.widget_info(|| egui::WidgetInfo {
            current_text_value: Some(words.clone()),
            ..egui::WidgetInfo::labeled(role, true, &label)
        });
        let fill = if response.hovered() || response.has_focus() { t.hover } else { t.raised };
        frame.painter.rect_filled(self.rect, frame.scaled(5.0), fill);
        let plain = words == "none";
        let left = self.rect.left_center() + vec2(frame.scaled(6.0), 0.0);
        frame.elided(
            left,
            &words,
            regular(12.0),
            if plain { t.muted } else { t.text },
            self.rect.width() - frame.scaled(8.0),
        );
        response
    }

    fn choice(
        &self,
        ui: &mut egui::Ui,
        options: &[(&'static str, &'static str)],
        actions: &mut Vec<Action>,
    ) -> Response {
        let response = self.button(ui, Role::ComboBox);
        if self.focus {
            Popup::open_id(ui.ctx(), Popup::default_response_id(&response));
        }
        let current = match &self.slot.value {
            ParamValue::Text(key) => key.as_str(),
            _ => "",
        };
        Popup::menu(&response).show(|ui| {
            for (key, title) in options {
                if ui.selectable_label(*key == current, *title).clicked() {
                    ui.close();
                    if *key != current {
                        self.set(ParamValue::Text((*key).to_owned()), actions);
                        actions.push(Action::EndEdit);
                    }
                }
            }
        });
        response
    }

    fn switch(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) -> Response {
        let response = self.button(ui, Role::Switch);
        if self.focus {
            response.request_focus();
        }
        if let ParamValue::Bool(on) = self.slot.value
            && response.clicked()
        {
            self.set(ParamValue::Bool(!on), actions);
            actions.push(Action::EndEdit);
        }
        response
    }

    fn text(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) -> Response {
        let ParamValue::Text(before) = &self.slot.value else { return ui.response() };
        let (frame, t) = (self.frame, &self.frame.tokens);
        frame.painter.rect_filled(self.rect, frame.scaled(5.0), t.raised);
        let mut text = before.clone();
        let margin = egui::Margin::symmetric(frame.scaled(5.0).round() as i8, 0);
        let edit = TextEdit::singleline(&mut text)
            .id(ui.unique_id().with("text"))
            .frame(egui::Frame::new().inner_margin(margin))
            .desired_width(self.rect.width())
            .min_size(self.rect.size())
            .align(egui::Align2::LEFT_CENTER)
            .font(TextStyle::Monospace);
        let response = ui.put(self.rect, edit).accessible_name(self.name());
        if self.focus {
            response.request_focus();
        }
        if text != *before {
            self.set(ParamValue::Text(text), actions);
        }
        if response.lost_focus() {
            actions.push(Action::EndEdit);
        }
        response
    }
}
