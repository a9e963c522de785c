//! A small window at the pointer in which one number of the network is set: a slider, and a field that takes Enter.
//!
//! While the run stands the slider acts as it moves; a run that goes on hears where it was let go.

use egui::text::{CCursor, CCursorRange};
use egui::{Area, Context, Frame, Id, Key, Order, Pos2, RichText, Role, Slider, TextEdit, Ui, WidgetInfo};

use super::theme::{self, Tokens};
use super::widgets::typed::{self, Typed};
use crate::session::{Action, RunStatus, State};

#[derive(Default)]
pub struct NumberEditor {
    open: Option<Open>,
}

/// Which number is to be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its tensor, as the listing calls it.
    pub tensor: String,
    pub index: Vec<usize>,
    /// "x → unit 3 of Dense 1"
    pub what: String,
    pub value: f32,
    /// The slider goes as far.
    pub range: f32,
}

struct Open {
    number: Number,
    at: Pos2,
    value: f32,
    text: String,
    /// It was set already, as one step of undo.
    is_set: bool,
    /// What had the keyboard before, and has it again.
    back: Option<Id>,
    /// The field gets the keyboard.
    is_new: bool,
    /// The frame in which it was shown first.
    since: Option<u64>,
}

/// How the window is left.
enum End {
    Commit,
    GiveUp,
}

impl NumberEditor {
    pub fn open(&mut self, number: Number, at: Pos2) {
        let (value, text) = (number.value, number.value.to_string());
        self.open = Some(Open { number, at, value, text, is_set: false, back: None, is_new: true, since: None });
    }

    /// From a control that has the keyboard again afterwards.
    pub fn open_from(&mut self, number: Number, at: Pos2, control: Id) {
        self.open(number, at);
        if let Some(open) = &mut self.open {
            open.back = Some(control);
        }
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub fn show(&mut self, ctx: &Context, state: &State, actions: &mut Vec<Action>) {
        let Some(open) = &mut self.open else { return };
        let (escape, enter) = ctx.input(|i| (i.key_pressed(Key::Escape), i.key_pressed(Key::Enter)));
        let area = Area::new(Id::unique("number editor")).order(Order::Foreground);
        let area = area.fixed_pos(open.at + egui::vec2(8.0, 12.0)).constrain(true);
        let shown = area.show(ctx, |ui| {
            Frame::popup(ui.style()).show(ui, |ui| open.show(ui, state, actions));
        });
        let outside = ctx.input(|i| {
            let at = i.pointer.press_origin().or(i.pointer.interact_pos());
            i.pointer.any_pressed() && at.is_some_and(|at| !shown.response.rect.contains(at))
        });
        // What opened it in this frame does not end it.
        open.is_new = false;
        let frame = ctx.cumulative_frame_nr();
        let is_new = *open.since.get_or_insert(frame) == frame;
        let end = match (escape, enter || outside) {
            _ if is_new => return,
            (true, _) => End::GiveUp,
            (_, true) => End::Commit,
            _ => return,
        };
        match (end, open.typed()) {
            (End::GiveUp, _) if open.is_set => actions.extend([Action::EndEdit, Action::Undo]),
            (End::GiveUp, _) => {}
            // What is no number stays to be mended; a click elsewhere leaves it.
            (End::Commit, None) if enter => return,
            (End::Commit, None) => actions.push(Action::EndEdit),
            (End::Commit, Some(value)) => {
                open.set(value, actions);
                actions.push(Action::EndEdit);
            }
        }
        if let Some(control) = open.back.filter(|_| !outside) {
            ctx.memory_mut(|memory| memory.request_focus(control));
        }
        self.open = None;
    }
}

/// How far a slider goes that sets one of these numbers.
pub fn reach(all: &[f32]) -> f32 {
    let largest = all.iter().filter(|v| v.is_finite()).fold(0.0f32, |m, v| m.max(v.abs()));
    (2.0 * largest).max(1.0)
}

impl Open {
    fn show(&mut self, ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
        let tokens = Tokens::of(ui);
        ui.set_width(248.0);
        ui.label(RichText::new(&self.number.what).font(theme::medium(12.5)).color(tokens.text));
        ui.horizontal(|ui| {
            self.slider(ui, state.run().status != RunStatus::Running, actions);
            self.field(ui, &tokens);
        });
        let (words, colour) = match self.typed() {
            Some(_) => ("Press Enter to apply, Escape to cancel.", tokens.faint),
            None => ("That isn't a number. Type one like 0.25.", tokens.bad),
        };
        ui.label(RichText::new(words).small().color(colour));
    }

    fn slider(&mut self, ui: &mut Ui, stands: bool, actions: &mut Vec<Action>) {
        ui.spacing_mut().slider_width = 132.0;
        let mut value = self.value;
        let range = self.number.range.max(self.number.value.abs());
        let slider = ui.add(Slider::new(&mut value, -range..=range).show_value(false));
        slider.widget_info(|| WidgetInfo {
            label: Some(format!("Slider of {}", self.number.what)),
            value: Some(f64::from(value)),
            ..WidgetInfo::new(Role::Slider)
        });
        if slider.changed() {
            // What a hand does has few digits.
            value = format!("{value:.3}").parse().unwrap_or(value);
            (self.value, self.text) = (value, value.to_string());
        }
        if (slider.changed() && stands) || slider.drag_stopped() {
            self.set(value, actions);
        }
    }

    fn field(&mut self, ui: &mut Ui, tokens: &Tokens) {
        let before = self.text.clone();
        let colour = if self.typed().is_some() { tokens.text } else { tokens.bad };
        let edit = TextEdit::singleline(&mut self.text).desired_width(96.0).font(theme::mono(12.0)).text_color(colour);
        let shown = edit.show(ui);
        let field = shown.response.response;
        field.widget_info(|| WidgetInfo {
            label: Some(format!("Value of {}", self.number.what)),
            ..WidgetInfo::text_edit(true, before.as_str(), self.text.as_str(), "")
        });
        if self.is_new {
            field.request_focus();
            let end = CCursor::new(self.text.chars().count());
            let mut state = shown.state;
            state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), end)));
            state.store(ui.ctx(), field.id);
        }
    }

    fn typed(&self) -> Option<f32> {
        match typed::read(&self.text) {
            Typed::Number(number) => Some(number as f32).filter(|number| number.is_finite()),
            Typed::Either { .. } | Typed::NoNumber => None,
        }
    }

    fn set(&mut self, value: f32, actions: &mut Vec<Action>) {
        if value.to_bits() == self.number.value.to_bits() && !self.is_set {
            return;
        }
        self.is_set = true;
        self.value = value;
        let Number { tensor, index, what, .. } = self.number.clone();
        actions.push(Action::SetNumber { tensor, index, value, what });
    }
}
