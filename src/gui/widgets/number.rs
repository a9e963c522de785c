//! A number that is dragged or typed, wherever one stands. What cannot be taken stays in the field as it was typed,
//! with a bubble that says what is wrong and what is allowed; Escape puts the number back.

use std::cell::RefCell;
use std::time::Duration;

use egui::accesskit::Invalid;
use egui::{Align2, Area, Context, DragValue, Frame, Id, Key, Label, Order, Popup, Rect, Response, RichText, Ui, Vec2};
use egui::{Stroke, StrokeKind};

use super::typed::{self, Typed};
use crate::gui::theme::Tokens;

/// What became of a field in this frame.
pub struct Change<T> {
    pub value: Option<T>,
    /// A drag or a typed entry has ended: the next change is another step of undo.
    pub ended: bool,
}

impl<T> Change<T> {
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Change<U> {
        Change { value: self.value.map(to), ended: self.ended }
    }
}

/// A range of numbers that spans so much is gone through by multiplying.
const MAGNITUDES: f64 = 1e4;
/// Seconds for which the bubble stands when the field was left; while the field has the focus or the pointer it stays.
const READING: f64 = 7.0;
const BUBBLE_WIDTH: f32 = 260.0;

/// What the field is about: its name and what it takes.
pub struct Number<'a> {
    name: &'a str,
    least: f64,
    most: f64,
    whole: bool,
    any: bool,
    /// Dragging multiplies.
    multiplies: bool,
    speed: Option<f64>,
    prefix: &'a str,
    written: fn(f64) -> String,
    /// What stands where there is no single number.
    none: &'a str,
}

impl<'a> Number<'a> {
    pub fn new(name: &'a str, (least, most): (f64, f64)) -> Self {
        let multiplies = least > 0.0 && most.is_finite() && most / least >= MAGNITUDES;
        Self {
            name,
            least,
            most,
            whole: false,
            any: false,
            multiplies,
            speed: None,
            prefix: "",
            written: plain,
            none: "NaN",
        }
    }

    pub fn whole(name: &'a str, (least, most): (f64, f64)) -> Self {
        Self { whole: true, multiplies: false, ..Self::new(name, (least, most)) }
    }

    /// Any number whatever, NaN and the infinities too.
    pub fn any(name: &'a str) -> Self {
        Self { any: true, ..Self::new(name, (f64::NEG_INFINITY, f64::INFINITY)) }
    }

    /// A number whose magnitude matters (a learning rate): dragging multiplies.
    pub fn multiplying(self) -> Self {
        Self { multiplies: true, ..self }
    }

    pub fn is_multiplying(&self) -> bool {
        self.multiplies
    }

    pub fn speed(self, speed: f64) -> Self {
        Self { speed: Some(speed), ..self }
    }

    pub fn prefix(self, prefix: &'a str) -> Self {
        Self { prefix, ..self }
    }

    pub fn written(self, written: fn(f64) -> String) -> Self {
        Self { written, ..self }
    }

    /// NaN is written like this, and means that there is no single number.
    pub fn unless_number(self, none: &'a str) -> Self {
        Self { none, ..self }
    }

    fn shown(&self, value: f64) -> String {
        if value.is_nan() { self.none.to_owned() } else { (self.written)(value) }
    }

    /// "1 to 65,536".
    pub fn allowed(&self) -> String {
        let written = |v: f64| if self.whole { grouped(v) } else { plain(v) };
        match (self.least.is_finite(), self.most.is_finite()) {
            (true, true) => format!("{} to {}", written(self.least), written(self.most)),
            (true, false) => format!("{} or more", written(self.least)),
            (false, true) => format!("{} or less", written(self.most)),
            (false, false) => "of any size".to_owned(),
        }
    }

    /// Draws it with `place`, which may dress it and puts it where it belongs.
    pub fn show(
        &self,
        ui: &mut Ui,
        value: f64,
        place: impl FnOnce(&mut Ui, DragValue<'_>) -> Response,
    ) -> (Response, Change<f64>) {
        let key = ui.next_auto_id().with(self.name);
        let refused = Refused::standing(ui.ctx(), key, value);
        let before = self.position(value);
        let (mut now, read) = (before, RefCell::new(None));
        #[allow(clippy::disallowed_methods, reason = "this is the one that answers")]
        let field = DragValue::new(&mut now)
            .range(self.position(self.least)..=self.position(self.most))
            .speed(self.drag_speed(value))
            .prefix(self.prefix)
            .custom_formatter(|at, _| match &refused {
                Some(refused) if same(at, before) => refused.text.clone(),
                _ if same(at, before) => self.shown(value),
                _ => self.shown(self.settled(at)),
            })
            .custom_parser(|text| {
                let found = self.read(text, value);
                let at = found.as_ref().ok().map(|&number| self.position(number));
                *read.borrow_mut() = Some((text.to_owned(), found));
                at
            });
        // A number that is beyond its range stays as it is until a person changes it.
        let response = place(ui, field.update_while_editing(false).clamp_existing_to_range(false));
        let given_up = given_up(&response);
        let read = read.into_inner().filter(|_| !given_up);
        let mut after = match () {
            () if same(now, before) || given_up => value,
            // An arrow key moves a whole number by one, however slow its drag is.
            () if self.whole && !response.dragged() && (now - before).abs() < 1.0 => {
                (value + (now - before).signum()).clamp(self.least, self.most)
            }
            () => self.settled(now),
        };
        let mut refused = refused.filter(|_| !given_up);
        match read {
            Some((_, Ok(number))) => (after, refused) = (number, None),
            Some((text, Err(words))) => {
                after = value;
                refused = Some(Refused { text, words, over: value, pass: 0 });
                // Enter does not leave what cannot be taken.
                if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
                    response.request_focus();
                }
            }
            None => {}
        }
        let changed = !same(after, value);
        if changed {
            refused = None;
        }
        Refused::keep(ui, key, &response, refused);
        let ended = response.drag_stopped() || response.lost_focus();
        (response, Change { value: changed.then_some(after), ended })
    }

    /// Where it stands in a line, under this name for screen readers.
    pub fn add(&self, ui: &mut Ui, accessible: &str, value: f64) -> (Response, Change<f64>) {
        self.show(ui, value, |ui, field| ui.add(field).accessible_name(accessible))
    }

    fn drag_speed(&self, value: f64) -> f64 {
        let span = self.most - self.least;
        self.speed.unwrap_or(match (self.multiplies, self.whole) {
            (true, _) => 0.01,
            (false, true) => (value.abs() * 0.01).clamp(0.05, 500.0),
            // A share (0 to 1) moves evenly; a number that may be large but rarely is (a penalty, a decay) by its own
            // size.
            (false, false) if span <= 1.0 => span * 0.005,
            (false, false) => (value.abs() * 0.01).max(1e-4),
        })
    }

    /// Where on its drag a number stands.
    fn position(&self, value: f64) -> f64 {
        match (self.multiplies, value > 0.0) {
            // egui takes a field whose number is not equal to itself for another one in every frame.
            (false, _) if value.is_nan() => 0.0,
            (false, _) => value,
            (true, true) => value.log10(),
            // Zero has no exponent: it stands below the range.
            (true, false) => self.least.log10() - 1.0,
        }
    }

    /// What a drag came to: as round as if it had been typed, within its range.
    fn settled(&self, at: f64) -> f64 {
        let number = match (self.whole, self.multiplies) {
            (false, true) => rounded(10f64.powf(at)),
            (false, false) => rounded(at),
            (true, _) => at.round(),
        };
        number.clamp(self.least, self.most)
    }

    /// The number that was typed, or what is wrong with it.
    fn read(&self, text: &str, value: f64) -> Result<f64, String> {
        if text == self.shown(value) {
            return Ok(value);
        }
        let number = match typed::read(text) {
            Typed::Number(number) => number,
            // A whole number has no thousandths.
            Typed::Either { grouped, .. } if self.whole => grouped,
            Typed::Either { grouped, decimal } => {
                let (grouped, decimal) = (plain(grouped), plain(decimal));
                return Err(format!("“{text}” could mean {grouped} or {decimal}. Type one of the two."));
            }
            Typed::NoNumber if text.trim().is_empty() => return Err(self.refusal("The field is empty", value)),
            Typed::NoNumber => return Err(self.refusal(&format!("“{}” isn't a number", short(text)), value)),
        };
        let wrong = match number {
            _ if self.any => return Ok(number),
            n if n.is_nan() || n.is_infinite() => "isn't finite",
            n if self.whole && n.fract() != 0.0 => "isn't a whole number",
            n if n < self.least => "is too small",
            n if n > self.most => "is too large",
            n => return Ok(n),
        };
        Err(self.refusal(&format!("“{}” {wrong}", short(text)), value))
    }

    fn refusal(&self, wrong: &str, value: f64) -> String {
        let kind = if self.whole { "a whole number" } else { "a number" };
        let (name, allowed) = (self.name, self.allowed());
        let allowed = if self.least.is_finite() && self.most.is_finite() { format!("from {allowed}") } else { allowed };
        format!("{wrong}. {name} takes {kind} {allowed}. Press Esc to restore {}.", self.shown(value))
    }
}

/// Whether a number was left with Escape in this frame or the last: egui notices the end in both, and in the second one
/// has forgotten how it came about and takes what was typed.
fn given_up(response: &Response) -> bool {
    let (ctx, id) = (&response.ctx, response.id.with("given up"));
    let pass = ctx.cumulative_pass_nr();
    if response.lost_focus() && ctx.input(|i| i.key_pressed(Key::Escape)) {
        ctx.data_mut(|data| data.insert_temp(id, pass));
    }
    ctx.data(|data| data.get_temp::<u64>(id)).is_some_and(|at| pass <= at + 1)
}

/// What was typed and not taken, over which number, and when it was last drawn: a field that went away in between or is
/// about another number has nothing in it.
#[derive(Clone)]
struct Refused {
    text: String,
    words: String,
    over: f64,
    pass: u64,
}

/// Says what is wrong, at the field, also when the field has gone with the press that ended it.
#[derive(Clone)]
struct Bubble {
    key: Id,
    field: Rect,
    words: String,
    until: f64,
}

fn bubble_id() -> Id {
    Id::unique("refused number")
}

impl Refused {
    fn standing(ctx: &Context, key: Id, value: f64) -> Option<Self> {
        let pass = ctx.cumulative_pass_nr();
        let refused = ctx.data(|data| data.get_temp::<Self>(key))?;
        (refused.over.to_bits() == value.to_bits() && pass <= refused.pass + 1).then_some(refused)
    }

    fn keep(ui: &Ui, key: Id, response: &Response, refused: Option<Self>) {
        let (ctx, now) = (ui.ctx(), ui.input(|i| i.time));
        let was = ctx.data(|data| data.get_temp::<Bubble>(bubble_id())).filter(|bubble| bubble.key == key);
        let Some(refused) = refused else {
            ctx.data_mut(|data| {
                data.remove::<Self>(key);
                if was.is_some() {
                    data.remove::<Bubble>(bubble_id());
                }
            });
            return;
        };
        let tokens = Tokens::of(ui);
        ui.painter().rect_stroke(response.rect, 5.0, Stroke::new(1.5, tokens.bad), StrokeKind::Inside);
        ctx.accesskit_node_builder(response.id, |node| {
            node.set_invalid(Invalid::True);
            node.set_description(refused.words.clone());
        });
        let is_news = refused.pass == 0;
        let until = match was {
            _ if is_news || response.has_focus() || response.hovered() => Some(now + READING),
            Some(bubble) => Some(bubble.until),
            None => None,
        };
        let pass = ctx.cumulative_pass_nr();
        ctx.data_mut(|data| {
            if let Some(until) = until {
                let (field, words) = (response.rect, refused.words.clone());
                data.insert_temp(bubble_id(), Bubble { key, field, words, until });
            }
            data.insert_temp(response.id.with("refused"), pass);
            data.insert_temp(key, Self { pass, ..refused });
        });
    }
}

/// Whether the bubble speaks for this field: its help would cover it.
pub fn is_refused(response: &Response) -> bool {
    let (ctx, id) = (&response.ctx, response.id.with("refused"));
    ctx.data(|data| data.get_temp::<u64>(id)) == Some(ctx.cumulative_pass_nr())
}

/// What is wrong with the number that was typed last, at its field.
pub fn refusal(ctx: &Context) {
    let Some(bubble) = ctx.data(|data| data.get_temp::<Bubble>(bubble_id())) else { return };
    let left = bubble.until - ctx.input(|i| i.time);
    if left <= 0.0 {
        ctx.data_mut(|data| data.remove::<Bubble>(bubble_id()));
        return;
    }
    ctx.request_repaint_after(Duration::from_secs_f64(left + 0.02));
    // A list that opens at another field is what one looks at now.
    if Popup::is_any_open(ctx) {
        return;
    }
    let (tokens, screen) = (Tokens::of_ctx(ctx), ctx.content_rect());
    let below = bubble.field.bottom() + 96.0 < screen.bottom();
    let (pivot, at) = if below {
        (Align2::LEFT_TOP, bubble.field.left_bottom() + Vec2::new(0.0, 4.0))
    } else {
        (Align2::LEFT_BOTTOM, bubble.field.left_top() - Vec2::new(0.0, 4.0))
    };
    let area = Area::new(bubble_id()).order(Order::Tooltip).interactable(false).constrain_to(screen.shrink(4.0));
    area.pivot(pivot).fixed_pos(at).show(ctx, |ui| {
        let frame = Frame::popup(ui.style()).inner_margin(8).stroke(Stroke::new(1.0, tokens.bad));
        frame.show(ui, |ui| {
            ui.set_width(BUBBLE_WIDTH);
            ui.add(Label::new(RichText::new(bubble.words).color(tokens.text)).wrap());
        });
    });
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Three significant digits, so that a dragged number reads as one that was typed.
fn rounded(v: f64) -> f64 {
    format!("{v:.2e}").parse().unwrap_or(v)
}

/// "0.003", "1e-8".
pub fn plain(v: f64) -> String {
    if v != 0.0 && v.is_finite() && !(1e-4..1e12).contains(&v.abs()) { format!("{v:e}") } else { format!("{v}") }
}

/// "65,536"
fn grouped(v: f64) -> String {
    let sign = if v < 0.0 { "−" } else { "" };
    format!("{sign}{}", crate::gui::numbers::count(v.abs() as u64))
}

/// As much of it as a bubble holds.
fn short(text: &str) -> String {
    let kept: String = text.trim().chars().take(24).collect();
    if kept.len() < text.trim().len() { format!("{kept}…") } else { kept }
}
