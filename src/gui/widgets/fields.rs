//! Labelled fields: a name with its explanation on the left, the control on the right, tied together for AccessKit.

use std::cell::Cell;

use egui::{ComboBox, DragValue, Key, Label, Response, RichText, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo};

use crate::gui::theme::{self, Tokens};
use crate::model::limits::Limits;

/// What became of a field in this frame.
pub struct Change<T> {
    pub value: Option<T>,
    /// A drag or a typed entry has ended: the next change is another step of undo.
    pub ended: bool,
}

const LABEL_WIDTH: f32 = 122.0;

/// A range of numbers that spans so much is gone through by multiplying.
const MAGNITUDES: f64 = 1e4;

/// Of the names on the left, in the row that is being drawn: what stands below a field stands in its columns.
pub fn label_width(ui: &Ui) -> f32 {
    LABEL_WIDTH.min(ui.available_width() * 0.45)
}

/// A label with help on hover, then `control` in the rest of the row.
pub fn labelled(ui: &mut Ui, label: &str, help: &str, control: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let width = label_width(ui);
        let tokens = Tokens::of(ui);
        let text = RichText::new(label).color(tokens.muted);
        let name = ui
            .allocate_ui_with_layout(Vec2::new(width, 26.0), egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.set_min_width(width);
                ui.add(Label::new(text).truncate().sense(Sense::hover()))
            })
            .inner;
        let name = if help.is_empty() { name } else { name.on_hover_text(help) };
        let response = control(ui).labelled_by(name.id);
        if help.is_empty() { response } else { response.on_hover_text(help) }
    })
    .inner
}

fn drag<'a>(ui: &Ui, value: DragValue<'a>) -> DragValue<'a> {
    let value = value.min_size(Vec2::new(ui.available_width(), 26.0));
    // A number that is beyond its range stays as it is until a person changes it.
    value.update_while_editing(false).clamp_existing_to_range(false)
}

/// Whether a number was left with Escape in this frame or the last: egui notices the end in both, and in the second one has
/// forgotten how it came about and takes what was typed.
pub fn given_up(response: &Response) -> bool {
    let (ctx, id) = (&response.ctx, response.id.with("given up"));
    let pass = ctx.cumulative_pass_nr();
    if response.lost_focus() && ctx.input(|i| i.key_pressed(Key::Escape)) {
        ctx.data_mut(|data| data.insert_temp(id, pass));
    }
    ctx.data(|data| data.get_temp::<u64>(id)).is_some_and(|at| pass <= at + 1)
}

fn change<T: PartialEq>(response: &Response, before: T, after: T) -> Change<T> {
    let given_up = given_up(response);
    Change {
        value: (!given_up && response.changed() && before != after).then_some(after),
        ended: response.drag_stopped() || response.lost_focus(),
    }
}

pub fn integer(ui: &mut Ui, label: &str, help: &str, value: i64, range: (i64, i64)) -> Change<i64> {
    let mut now = value;
    let help = format!("{help}\n{} to {}; drag, or click and type.", range.0, range.1);
    let speed = (value.abs() as f64 * 0.01).clamp(0.05, 500.0);
    let response = labelled(ui, label, &help, |ui| {
        let field = DragValue::new(&mut now).range(range.0..=range.1).speed(speed);
        ui.add(drag(ui, field))
    });
    change(&response, value, now)
}

/// A whole number within what it may be.
pub fn usize_field(ui: &mut Ui, label: &str, help: &str, value: usize, limits: &Limits<usize>) -> Change<usize> {
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    let change = integer(ui, label, help, signed(value), (signed(limits.least), signed(limits.most)));
    Change { value: change.value.and_then(|v| usize::try_from(v).ok()), ended: change.ended }
}

/// A typed number is taken as it is, a dragged one is rounded; neither leaves its range.
pub fn float(ui: &mut Ui, label: &str, help: &str, value: f64, range: (f64, f64)) -> Change<f64> {
    if range.0 > 0.0 && range.1 / range.0 >= MAGNITUDES {
        return rate(ui, label, help, value, range);
    }
    let mut now = value;
    let help = format!("{help}\n{} to {}; drag, or click and type.", plain(range.0), plain(range.1));
    let speed = float_speed(value, range);
    let response = labelled(ui, label, &help, |ui| {
        let field = DragValue::new(&mut now).range(range.0..=range.1).speed(speed);
        ui.add(drag(ui, field.custom_formatter(|v, _| plain(v)).custom_parser(typed_number)))
    });
    let after = if response.dragged() { rounded(now).clamp(range.0, range.1) } else { now };
    change(&response, value, after)
}

/// How far a number moves for each point of a drag. A share (0 to 1) moves evenly; a number that may be large but rarely is
/// (a penalty, a decay) moves by its own size.
fn float_speed(value: f64, range: (f64, f64)) -> f64 {
    let span = range.1 - range.0;
    if span <= 1.0 { span * 0.005 } else { (value.abs() * 0.01).max(1e-4) }
}

/// A number whose magnitude matters (a learning rate): dragging multiplies.
pub fn rate(ui: &mut Ui, label: &str, help: &str, value: f64, range: (f64, f64)) -> Change<f64> {
    // Zero has no exponent: it stands below the range.
    let before = if value > 0.0 { value.log10() } else { range.0.log10() - 1.0 };
    let (mut exponent, typed) = (before, Cell::new(None));
    let help = format!("{help}\n{} to {}; drag multiplies, or click and type.", plain(range.0), plain(range.1));
    let response = labelled(ui, label, &help, |ui| {
        let field = DragValue::new(&mut exponent)
            .range(range.0.log10()..=range.1.log10())
            .speed(0.01)
            .custom_formatter(|e, _| plain(if e == before { value } else { rounded(10f64.powf(e)) }))
            .custom_parser(|text| {
                typed.set(typed_number(text).filter(|number| *number > 0.0));
                typed.get().map(f64::log10)
            });
        ui.add(drag(ui, field))
    });
    let after = typed.get().unwrap_or_else(|| rounded(10f64.powf(exponent)));
    change(&response, value, after.clamp(range.0, range.1))
}

/// With spaces between thousands and a typographic minus, as they come from elsewhere.
fn typed_number(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '−' { '-' } else { c }).collect();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Three significant digits, so that a dragged number reads as one that was typed.
fn rounded(v: f64) -> f64 {
    format!("{v:.2e}").parse().unwrap_or(v)
}

/// "0.003", "1e-8".
fn plain(v: f64) -> String {
    if v != 0.0 && v.abs() < 1e-4 { format!("{v:e}") } else { format!("{v}") }
}

pub fn checkbox(ui: &mut Ui, label: &str, help: &str, value: bool) -> Option<bool> {
    let mut now = value;
    let response = labelled(ui, label, help, |ui| {
        let text = if now { "yes" } else { "no" };
        ui.checkbox(&mut now, text)
    });
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, now, label));
    response.changed().then_some(now)
}

/// The index of the newly chosen one of `titles`.
pub fn choice(ui: &mut Ui, label: &str, help: &str, current: usize, titles: &[&str]) -> Option<usize> {
    let mut chosen = None;
    labelled(ui, label, help, |ui| {
        let shown = titles.get(current).copied().unwrap_or_default();
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt(label).selected_text(shown).width(width).truncate();
        combo
            .show_ui(ui, |ui| {
                for (i, title) in titles.iter().enumerate() {
                    if ui.selectable_label(i == current, *title).clicked() {
                        // A click closes the list by itself, a key does not.
                        ui.close();
                        chosen = (i != current).then_some(i);
                    }
                }
            })
            .response
    });
    chosen
}

/// What is being typed into a field, what stood there before, and when it was last drawn: a field that went away in between
/// or is now about another text has nothing typed in it.
#[derive(Clone, Default)]
struct Typing {
    text: String,
    over: String,
    pass: u64,
}

/// A text that counts only when it is finished: Enter or leaving the field commits, Escape gives up. `style` dresses the field.
pub fn text_field(
    ui: &mut Ui,
    name: &str,
    value: &str,
    style: impl for<'a> FnOnce(TextEdit<'a>) -> TextEdit<'a>,
) -> (Response, Option<String>) {
    let id = ui.make_persistent_id((name, "field"));
    let pass = ui.ctx().cumulative_pass_nr();
    let typing = ui.data_mut(|data| data.remove_temp::<Typing>(id));
    let typing = typing.filter(|typing| typing.over == value && pass <= typing.pass + 1);
    let mut text = typing.map_or_else(|| value.to_owned(), |typing| typing.text);
    let response = ui.add(style(TextEdit::singleline(&mut text)).id(id));
    name_field(&response, name, value, &text);
    if response.has_focus() {
        let typing = Typing { text, over: value.to_owned(), pass };
        ui.data_mut(|data| data.insert_temp(id, typing));
        return (response, None);
    }
    if !response.lost_focus() {
        return (response, None);
    }
    let given_up = ui.input(|i| i.key_pressed(Key::Escape));
    (response, (!given_up && text != value).then_some(text))
}

fn name_field(response: &Response, name: &str, before: &str, text: &str) {
    response
        .widget_info(|| WidgetInfo { label: Some(name.to_owned()), ..WidgetInfo::text_edit(true, before, text, "") });
}

/// A field for a path, with its text in the caller's hands. True when Enter was pressed in it.
pub fn path_field(ui: &mut Ui, name: &str, hint: &str, text: &mut String) -> (Response, bool) {
    let before = text.clone();
    let edit =
        TextEdit::singleline(text).hint_text(hint.to_owned()).desired_width(f32::INFINITY).font(theme::mono(12.0));
    let response = ui.add(edit.min_size(Vec2::new(0.0, 28.0)));
    name_field(&response, name, &before, text);
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    (response, entered)
}
