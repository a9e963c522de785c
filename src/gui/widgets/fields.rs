//! Labelled fields: a name with its explanation on the left, the control on the right, tied together for AccessKit.

use std::ops::Range;

use egui::{Color32, ComboBox, DragValue, Key, Label, Response, RichText, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo};

use super::buttons::named;
use super::lists::combo;
use super::number::{Change, Number, is_refused};
use crate::gui::theme::{self, Tokens};
use crate::model::limits::Limits;

const LABEL_WIDTH: f32 = 122.0;
/// Of so many the longest is made room for, whichever is chosen.
const FEW_TITLES: usize = 8;
/// From here on only the lines of a list that are on the screen are laid out.
const LONG_LIST: usize = 60;

/// Of the names on the left, in the row that is being drawn: what stands below a field stands in its columns.
pub fn label_width(ui: &Ui) -> f32 {
    LABEL_WIDTH.min(ui.available_width() * 0.45)
}

/// A label with help on hover, then `control` in the rest of the row.
pub fn labelled(ui: &mut Ui, label: &str, help: &str, control: impl FnOnce(&mut Ui) -> Response) -> Response {
    labelled_beside(ui, label, help, 0.0, control)
}

/// As [`labelled`], of a control that needs so much room: where the row has less, or the label has too little, the
/// control stands below it.
fn labelled_beside(
    ui: &mut Ui,
    label: &str,
    help: &str,
    needed: f32,
    control: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    let width = label_width(ui);
    let tokens = Tokens::of(ui);
    let beside = ui.available_width() - width - ui.spacing().item_spacing.x;
    let is_below = needed > beside || text_width(ui, label) > width;
    let name = |ui: &mut Ui, width: f32, height: f32| {
        let text = RichText::new(label).color(tokens.muted);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let shown = ui.allocate_ui_with_layout(Vec2::new(width, height), layout, |ui| {
            ui.set_min_width(width);
            ui.add(Label::new(text).truncate().sense(Sense::hover()))
        });
        if help.is_empty() { shown.inner } else { shown.inner.on_hover_text(help) }
    };
    let told = |name: Response, response: Response| {
        let response = response.labelled_by(name.id);
        if help.is_empty() || is_refused(&response) { response } else { response.on_hover_text(help) }
    };
    if is_below {
        let inner = ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let name = name(ui, ui.available_width(), 20.0);
            let response = ui.horizontal(control).inner;
            told(name, response)
        });
        return inner.inner;
    }
    let inner = ui.horizontal(|ui| {
        ui.set_min_height(26.0);
        let name = name(ui, width, 26.0);
        let response = control(ui);
        told(name, response)
    });
    inner.inner
}

/// In points, as labels and lists are written.
fn text_width(ui: &Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// What a list takes beside its text: margins and the mark that opens it.
fn list_frame(ui: &Ui) -> f32 {
    let spacing = ui.spacing();
    2.0 * spacing.button_padding.x + spacing.icon_width + spacing.icon_spacing + 2.0
}

/// As wide as the rest of the row.
fn wide(ui: &mut Ui, field: DragValue<'_>) -> Response {
    let size = Vec2::new(ui.available_width(), 26.0);
    ui.add(field.min_size(size))
}

/// A number of one's own making in a row of a form.
pub fn number_field(ui: &mut Ui, number: &Number<'_>, label: &str, help: &str, value: f64) -> Change<f64> {
    let drag = if number.is_multiplying() { "drag multiplies" } else { "drag" };
    let help = format!("{help}\n{}; {drag}, or click and type.", number.allowed());
    let mut change = None;
    labelled(ui, label, &help, |ui| {
        let (response, found) = number.show(ui, value, wide);
        change = Some(found);
        response
    });
    change.unwrap_or(Change { value: None, ended: false })
}

pub fn integer(ui: &mut Ui, label: &str, help: &str, value: i64, range: (i64, i64)) -> Change<i64> {
    let number = Number::whole(label, (range.0 as f64, range.1 as f64));
    let change = number_field(ui, &number, label, help, value as f64);
    change.map(|value| (value as i64).clamp(range.0, range.1))
}

/// A whole number within what it may be.
pub fn usize_field(ui: &mut Ui, label: &str, help: &str, value: usize, limits: &Limits<usize>) -> Change<usize> {
    let signed = |number| i64::try_from(number).unwrap_or(i64::MAX);
    let change = integer(ui, label, help, signed(value), (signed(limits.least), signed(limits.most)));
    Change { value: change.value.and_then(|v| usize::try_from(v).ok()), ended: change.ended }
}

/// A typed number is taken as it is, a dragged one is rounded; neither leaves its range.
pub fn float(ui: &mut Ui, label: &str, help: &str, value: f64, range: (f64, f64)) -> Change<f64> {
    number_field(ui, &Number::new(label, range), label, help, value)
}

/// A number whose magnitude matters (a learning rate): dragging multiplies.
pub fn rate(ui: &mut Ui, label: &str, help: &str, value: f64, range: (f64, f64)) -> Change<f64> {
    number_field(ui, &Number::new(label, range).multiplying(), label, help, value)
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

/// The index of the newly chosen one of `titles`. A `current` that is none of them stands for several at once: "mixed".
pub fn choice(ui: &mut Ui, label: &str, help: &str, current: usize, titles: &[&str]) -> Option<usize> {
    let mut chosen = None;
    let shown = titles.get(current).copied().unwrap_or("mixed");
    // Of a few titles the longest decides, so that nothing jumps when another one is chosen.
    let few = if titles.len() <= FEW_TITLES { titles } else { &[] };
    let widest = few.iter().chain([&shown]).map(|title| text_width(ui, title)).fold(0.0, f32::max);
    let needed = widest + list_frame(ui);
    labelled_beside(ui, label, help, needed, |ui| {
        let width = ui.available_width();
        let list = ComboBox::from_id_salt(label).selected_text(shown).width(width).truncate();
        let (response, picked) = listed(ui, list, current, titles);
        chosen = picked;
        response
    });
    chosen
}

/// The list, and the index of the newly chosen one.
fn listed(ui: &mut Ui, list: ComboBox, current: usize, titles: &[&str]) -> (Response, Option<usize>) {
    let mut chosen = None;
    let shown = combo(ui, list, |ui| {
        let (shown, above, below) = on_screen(ui, titles.len());
        ui.add_space(above);
        for (i, title) in titles.iter().enumerate().take(shown.end).skip(shown.start) {
            if ui.selectable_label(i == current, *title).clicked() {
                // A click closes the list by itself, a key does not.
                ui.close();
                chosen = (i != current).then_some(i);
            }
        }
        ui.add_space(below);
    });
    (shown.response, chosen)
}

/// As [`choice`], of a row in which other things stand: as wide as what is chosen, without the label.
pub fn small_choice(ui: &mut Ui, label: &str, help: &str, current: usize, titles: &[&str]) -> Option<usize> {
    const WIDEST: f32 = 160.0;
    let shown = titles.get(current).copied().unwrap_or("mixed");
    let width = ui.painter().layout_no_wrap(shown.to_owned(), theme::regular(13.0), Color32::PLACEHOLDER).size().x;
    let list = ComboBox::from_id_salt(label).selected_text(shown).width((width + 44.0).min(WIDEST)).truncate();
    let (response, chosen) = listed(ui, list, current, titles);
    named(response, label).on_hover_text(help);
    chosen
}

/// Which lines of a long list are on the screen, and the room that those above and below take: thousands are not laid
/// out.
fn on_screen(ui: &mut Ui, lines: usize) -> (Range<usize>, f32, f32) {
    if lines <= LONG_LIST {
        return (0..lines, 0.0, 0.0);
    }
    // As wide as the field, whatever happens to be in sight.
    ui.set_min_width(ui.available_width());
    let line = ui.spacing().interact_size.y + ui.spacing().item_spacing.y;
    let (clip, top) = (ui.clip_rect(), ui.cursor().top());
    let place = |y: f32| ((y - top) / line).clamp(0.0, lines as f32);
    let (from, to) = (place(clip.top()).floor() as usize, place(clip.bottom()).ceil() as usize);
    (from..to, from as f32 * line, (lines - to) as f32 * line)
}

/// What is being typed into a field, what stood there before, and when it was last drawn: a field that went away in
/// between or is now about another text has nothing typed in it.
#[derive(Clone, Default)]
struct Typing {
    text: String,
    over: String,
    pass: u64,
}

/// A text that counts only when it is finished: Enter or leaving the field commits, Escape gives up. `style` dresses
/// the field.
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
    // Whatever is drawn before it, now or a moment later, it stays the field that is typed into.
    let id = ui.make_persistent_id((name, "path"));
    let edit = TextEdit::singleline(text)
        .id(id)
        .hint_text(hint.to_owned())
        .desired_width(f32::INFINITY)
        .font(theme::mono(12.0));
    let response = ui.add(edit.min_size(Vec2::new(0.0, 28.0)));
    name_field(&response, name, &before, text);
    let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    (response, entered)
}

/// Enter in a field whose text somebody else judges: it counts once they have, unless something else is typed by then.
#[derive(Default)]
pub struct Entered(Option<String>);

impl Entered {
    /// Whether it counts now. `pressed`: in this frame; `is_judged`: the answer to this text is there.
    pub fn entered(&mut self, pressed: bool, typed: &str, is_judged: bool) -> bool {
        if pressed {
            self.0 = Some(typed.to_owned());
        }
        self.0.take_if(|waits| waits != typed || is_judged).is_some_and(|waited| waited == typed)
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    #[test]
    fn what_does_not_fit_beside_its_label_stands_below_it_whole() {
        for (wide, is_below) in [(210.0, true), (420.0, false)] {
            let mut harness = Harness::builder().with_size([wide, 300.0]).build_ui(|ui| {
                choice(ui, "Totals", "", 2, &["leave out all of them", "leave out", "keep"]);
                labelled(ui, "A label that is much longer", "", |ui| ui.button("Press"));
            });
            harness.run();
            let list = harness.get_by_role_and_label(Role::ComboBox, "Totals").rect();
            assert_eq!(list.left() < 40.0, is_below, "{wide}: {list:?}");
            assert!(!is_below || list.width() > 150.0, "{list:?}");
            let press = harness.get_by_role_and_label(Role::Button, "A label that is much longer").rect();
            assert!(press.left() < 40.0 && press.top() > list.bottom(), "{press:?}");
        }
    }

    #[test]
    fn of_a_long_list_the_lines_in_sight_are_laid_out() {
        let names: Vec<String> = (0..3000).map(|i| format!("column {i}")).collect();
        let mut harness = Harness::builder().with_size([300.0, 400.0]).build_ui_state(
            |ui, chosen: &mut usize| {
                let titles: Vec<&str> = names.iter().map(String::as_str).collect();
                if let Some(i) = choice(ui, "Predict", "", *chosen, &titles) {
                    *chosen = i;
                }
            },
            2999,
        );
        harness.get_by_role_and_label(Role::ComboBox, "Predict").click();
        harness.run_steps(4);
        assert!(harness.query_all_by_label_contains("column ").count() < 40);
        harness.get_by_label("column 3").click();
        harness.run_steps(4);
        assert_eq!(*harness.state(), 3);
    }

    #[test]
    fn enter_waits_for_the_answer_and_not_for_another_text() {
        let mut waits = Entered::default();
        assert!(!waits.entered(false, "a", true) && waits.entered(true, "a", true));
        assert!(!waits.entered(false, "a", true), "it counts once");
        assert!(!waits.entered(true, "a", false) && waits.entered(false, "a", true));
        assert!(!waits.entered(true, "a", false) && !waits.entered(false, "ab", false));
        assert!(!waits.entered(false, "a", true), "given up");
    }
}
