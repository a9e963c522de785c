//! The whole run from left to right: its loss, where it stands, where going back begins, what was changed, and its
//! branches.

use egui::{
    Align2, Color32, EventFilter, Key, Modifiers, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui,
    UiBuilder, Vec2, WidgetInfo,
};

use super::places;
use crate::gui::numbers::{count, number, significant};
use crate::gui::panels::header;
use crate::gui::reading::read;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{named, text_field};
use crate::session::{Action, PlaceAction, State};
use crate::trace::{Bookmark, Branch, DebugView, Moment, Series};
use crate::trainer::DebugCommand;

#[derive(Default)]
pub struct TimeUi {
    /// The step that was last asked for in this drag.
    asked: Option<u64>,
    /// Where breakpoints held, branch by branch.
    hits: Vec<(u32, u64)>,
    /// The losses lie on a logarithmic scale.
    log: bool,
}

impl TimeUi {
    /// For another project: looked at in the same way.
    pub fn like(other: &Self) -> Self {
        Self { log: other.log, ..Self::default() }
    }

    /// Remembers where a breakpoint held.
    pub fn note(&mut self, view: &DebugView) {
        let held = view.stopped.as_ref().is_some_and(|stopped| stopped.breakpoint.is_some());
        let at = (view.branch, view.current_step());
        if held && self.hits.last() != Some(&at) {
            self.hits.push(at);
        }
        self.hits.retain(|&(branch, step)| branch != view.branch || step <= view.furthest + 1);
    }
}

/// With `focus` the time line takes the keyboard.
pub fn show(
    ui: &mut Ui,
    state: &State,
    view: &DebugView,
    (local, focus): (&mut TimeUi, bool),
    actions: &mut Vec<Action>,
) {
    let tokens = Tokens::of(ui);
    header(ui, |ui| {
        // Branches come before words.
        let room = ui.available_width();
        if room >= 620.0 {
            ui.label(RichText::new("Time").font(theme::medium(13.0)));
        }
        memory(ui, state, view, room, actions);
        places::show(ui, state, actions);
        let help = "Logarithmic scale: equal distances are equal ratios, so changes of a small loss stay visible.";
        let log = ui.add(egui::Button::selectable(local.log, "log"));
        log.widget_info(|| WidgetInfo::selected(Role::Button, true, local.log, "Logarithmic time line"));
        if log.on_hover_text(help).clicked() {
            local.log = !local.log;
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(12.0);
            // All of them are there, however many: long names are cut off before any is.
            let share = ui.available_width() / view.branches.len().max(1) as f32 - ui.spacing().item_spacing.x;
            for branch in view.branches.iter().rev().filter(|_| view.branches.len() > 1) {
                branch_ui(ui, &tokens, view, branch, share.clamp(24.0, 240.0), actions);
            }
        });
    });
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    if focus {
        response.request_focus();
    }
    let Some(plan) = Plan::new(state, view, local.log, rect) else {
        let words = "The loss of every step appears here. Step or continue, then drag to go back and forth.";
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, theme::regular(12.0), tokens.muted);
        return;
    };
    draw(ui, &tokens, state, view, local, &plan);
    let last = count(plan.last);
    let name = format!("Time line: step {} of {last}", count(view.current_step()));
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &name));
    scrub(&response, view, local, &plan, actions);
    keys(ui, &response, view, actions);
    hover(ui, &tokens, state, view, &response, &plan);
}

/// What checkpoints take; a click changes how much they may.
fn memory(ui: &mut Ui, state: &State, view: &DebugView, room: f32, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let points = &view.checkpoints;
    let taken = points.bytes as f64 / f64::from(1 << 20);
    let whole = format!(
        "checkpoint every {} steps · {taken:.1} of {} MiB",
        count(points.spacing),
        count((points.budget >> 20) as u64)
    );
    let text = match room {
        room if room >= 900.0 => whole.clone(),
        room if room >= 620.0 => format!("{taken:.1} of {} MiB", count((points.budget >> 20) as u64)),
        _ => format!("{taken:.1} MiB"),
    };
    let text = RichText::new(text).color(tokens.faint);
    let menu = ui.menu_button(text, |ui| {
        ui.label("Memory for checkpoints:");
        for mib in [64, 256, 1024, 4096] {
            let on = state.settings().checkpoint_memory_mib == mib;
            if ui.radio(on, format!("{} MiB", count(u64::from(mib)))).clicked() {
                actions.push(Action::SetCheckpointMemory(mib));
            }
        }
    });
    let help = "To go back, Glassbox restores the nearest earlier checkpoint and recomputes from there. More memory \
        means more checkpoints and quicker jumps.";
    menu.response.on_hover_text(format!("{whole}\n{help}"));
}

fn branch_ui(ui: &mut Ui, tokens: &Tokens, view: &DebugView, branch: &Branch, width: f32, actions: &mut Vec<Action>) {
    let on = branch.id == view.branch;
    let colour = colour(tokens, branch.id);
    let text = RichText::new(&branch.name).color(if on { colour } else { colour.gamma_multiply(0.7) });
    let button = |ui: &mut Ui| {
        ui.set_max_width(width);
        ui.add(egui::Button::selectable(on, text).truncate())
    };
    // Others begin and go before it: its menu stays open, and what is typed there.
    let own = UiBuilder::new().scope_id(egui::Id::unique(("branch in the time line", branch.id)));
    let response = ui.scope_builder(own, button).inner;
    let name = format!("Branch {}", branch.name);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, on, &name));
    let help = format!(
        "{}, from step {}. Click to switch to it, right-click to rename or delete it.",
        branch.name,
        count(branch.from)
    );
    // A click into the field of the name leaves the menu open.
    egui::Popup::context_menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        let (_, typed) = text_field(ui, "Name of the branch", &branch.name, |field| field.desired_width(160.0));
        if let Some(name) = typed.filter(|name| !name.trim().is_empty()) {
            actions.push(Action::Debug(DebugCommand::Rename { branch: branch.id, name: name.trim().to_owned() }));
            ui.close();
        }
        delete(ui, view, branch, actions);
    });
    if response.on_hover_text(help).clicked() && !on {
        actions.push(Action::Debug(DebugCommand::Switch(branch.id)));
    }
}

/// In two clicks: a branch that is gone cannot be brought back.
fn delete(ui: &mut Ui, view: &DebugView, branch: &Branch, actions: &mut Vec<Action>) {
    let name = &branch.name;
    ui.menu_button("Delete …", |ui| {
        let mut words = format!("Delete {name} with its steps and curves? This can't be undone.");
        if branch.id == view.branch {
            let parent = view.branches.iter().find(|other| Some(other.id) == branch.parent);
            let next = parent.or(view.branches.iter().find(|other| other.id != branch.id));
            let next = next.map_or("another", |next| next.name.as_str());
            words.push_str(&format!(" This is the current branch; you will be switched to {next}."));
        }
        ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
            ui.set_max_width(260.0);
            ui.label(words);
        });
        let sure = RichText::new("Delete permanently").color(Tokens::of(ui).bad);
        if named(ui.button(sure), &format!("Delete branch {name} permanently")).clicked() {
            actions.push(Action::Debug(DebugCommand::DeleteBranch(branch.id)));
            ui.close();
        }
    });
}

/// Of a branch's curve: the first in the accent.
pub fn colour(tokens: &Tokens, branch: u32) -> Color32 {
    match branch {
        0 => tokens.accent,
        1 => tokens.warn,
        n => tokens.class(n as usize),
    }
}

/// Where steps and losses lie on the screen.
struct Plan {
    rect: Rect,
    last: u64,
    low: f32,
    high: f32,
    /// `low` is above 0.
    log: bool,
}

impl Plan {
    fn new(state: &State, view: &DebugView, log: bool, rect: Rect) -> Option<Self> {
        let rect = Rect::from_min_max(rect.min + Vec2::new(38.0, 10.0), rect.max - Vec2::new(38.0, 24.0));
        let curves = || series(state).map(|(_, series)| series);
        let known = curves().filter_map(Series::last).map(|(step, _)| step).max();
        let last = known.unwrap_or_default().max(view.furthest).max(view.current_step());
        if last == 0 || rect.width() < 20.0 || rect.height() < 8.0 {
            return None;
        }
        let (mut low, mut high, least) = span(curves(), last);
        // What is 0 or below has no place on a logarithmic scale: it lies at its lower end.
        let log = log && least < high;
        if log {
            low = least;
        } else if low >= high {
            (low, high) = if low.is_finite() { (low - 0.5, low + 0.5) } else { (0.0, 1.0) };
        }
        Some(Self { rect, last, low, high, log })
    }

    fn x(&self, step: f64) -> f32 {
        self.rect.left() + (step / self.last as f64) as f32 * self.rect.width()
    }

    fn y(&self, loss: f32) -> f32 {
        let share = if self.log {
            // Of losses that have exploded the quotient would be beyond all numbers.
            (loss.max(self.low).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (loss - self.low) / (self.high - self.low)
        };
        let share = share.clamp(0.0, 1.0);
        self.rect.bottom() - 4.0 - share * (self.rect.height() - 4.0)
    }

    fn step(&self, x: f32) -> u64 {
        let share = ((x - self.rect.left()) / self.rect.width()).clamp(0.0, 1.0);
        (f64::from(share) * self.last as f64).round() as u64
    }
}

/// The least and the largest loss that is a number, and the least above 0.
fn span<'a>(curves: impl Iterator<Item = &'a Series>, last: u64) -> (f32, f32, f32) {
    let (mut low, mut high, mut least) = (f32::INFINITY, f32::NEG_INFINITY, f32::INFINITY);
    let buckets = curves.flat_map(|series| series.visible(0.0, last as f64, 200));
    // Where an infinity stands among numbers, those count all the same.
    for value in buckets.flat_map(|bucket| [bucket.min, bucket.mean, bucket.max]).filter(|value| value.is_finite()) {
        (low, high) = (low.min(value), high.max(value));
        least = if value > 0.0 { least.min(value) } else { least };
    }
    (low, high, least)
}

/// The loss of every branch, the one that is looked at last.
fn series(state: &State) -> impl Iterator<Item = (u32, &Series)> {
    let others = state.run().others.iter().map(|other| (other.id, &other.curves.train_loss));
    others.chain(std::iter::once((state.run().branch, &state.run().curves.train_loss)))
}

fn draw(ui: &Ui, tokens: &Tokens, state: &State, view: &DebugView, local: &TimeUi, plan: &Plan) {
    let painter = ui.painter();
    let bottom = plan.rect.bottom();
    painter.hline(plan.rect.x_range(), bottom, Stroke::new(1.0, tokens.line));
    for (loss, up) in [(plan.high, 0.0), (plan.low, 1.0)] {
        let galley = painter.layout_no_wrap(significant(f64::from(loss), 2), theme::mono(9.5), tokens.faint);
        let (width, height) = galley.size().into();
        // Left of the curve, as far as there is room.
        let left = (plan.rect.left() - 4.0 - width).max(ui.max_rect().left() + 2.0);
        painter.galley(Pos2::new(left, plan.y(loss) - up * height), galley, tokens.faint);
    }
    for step in round_steps(plan.last) {
        let at = Pos2::new(plan.x(step as f64), bottom + 8.0);
        painter.text(at, Align2::CENTER_TOP, count(step), theme::mono(11.0), tokens.faint);
    }
    // The others lie on top, dashed: where both are the same, both are seen.
    let (looked_at, others): (Vec<_>, Vec<_>) = series(state).partition(|(id, _)| *id == view.branch);
    for (id, series) in looked_at.into_iter().chain(others) {
        let points: Vec<Pos2> = series
            .visible(0.0, plan.last as f64, plan.rect.width() as usize)
            .iter()
            .filter(|bucket| bucket.mean.is_finite())
            .map(|bucket| Pos2::new(plan.x((bucket.first + bucket.last) / 2.0), plan.y(bucket.mean)))
            .collect();
        let stroke = Stroke::new(2.0, colour(tokens, id));
        if id == view.branch {
            painter.line(points, stroke);
        } else {
            painter.extend(Shape::dashed_line(&points, Stroke { width: 1.5, ..stroke }, 5.0, 7.0));
        }
    }
    let mut taken = f32::NEG_INFINITY;
    for &step in &view.checkpoints.steps {
        let x = plan.x(step as f64);
        if x - taken >= 6.0 {
            painter.circle_filled(Pos2::new(x, bottom), 2.5, tokens.faint);
            taken = x;
        }
    }
    marks(ui, tokens, state, view, local, plan);
    let share = view.moment.instruction as f64 / view.listing.lines.len().max(1) as f64;
    let x = plan.x((view.moment.step as f64 + share).min(plan.last as f64));
    painter.vline(x, plan.rect.top() - 4.0..=bottom + 5.0, Stroke::new(2.0, tokens.text));
    painter.circle_filled(Pos2::new(x, plan.rect.top() - 4.0), 5.0, tokens.text);
}

/// Steps to be written below the line: round ones, and no more than a few.
fn round_steps(last: u64) -> impl Iterator<Item = u64> {
    let least = last.div_ceil(6).max(1);
    let power = 10u64.pow(least.ilog10());
    let apart = [1, 2, 5].map(|factor| factor * power).into_iter().find(|&apart| apart >= least);
    (0..=last).step_by(apart.unwrap_or(10 * power) as usize)
}

/// What was changed, and where breakpoints held.
fn marks(ui: &Ui, tokens: &Tokens, state: &State, view: &DebugView, local: &TimeUi, plan: &Plan) {
    let painter = ui.painter();
    let height = |step: u64| plan.y(state.run().curves.train_loss.at(step.max(1)).unwrap_or(plan.low));
    for change in &view.changes {
        let at = Pos2::new(plan.x(change.at.step as f64), height(change.at.step));
        let diamond = [Vec2::new(0.0, -5.0), Vec2::new(5.0, 0.0), Vec2::new(0.0, 5.0), Vec2::new(-5.0, 0.0)];
        let points = diamond.map(|corner| at + corner).to_vec();
        let fill = if change.ahead { tokens.panel } else { tokens.warn };
        painter.add(Shape::convex_polygon(points, fill, Stroke::new(1.0, tokens.warn)));
    }
    for bookmark in state.desk().bookmarks.iter().filter(|bookmark| bookmark.place.branch == view.branch) {
        let at = Pos2::new(plan.x(bookmark.place.moment.step as f64), plan.rect.top() - 6.0);
        painter.vline(at.x, at.y..=plan.rect.bottom(), Stroke::new(1.0, tokens.accent.gamma_multiply(0.5)));
        let flag = [Vec2::ZERO, Vec2::new(8.0, 3.5), Vec2::new(0.0, 7.0)].map(|corner| at + corner).to_vec();
        painter.add(Shape::convex_polygon(flag, tokens.accent, Stroke::NONE));
    }
    for &(_, step) in local.hits.iter().filter(|(branch, _)| *branch == view.branch) {
        painter.circle_filled(Pos2::new(plan.x(step as f64), height(step)), 4.0, tokens.bad);
    }
}

fn scrub(response: &Response, view: &DebugView, local: &mut TimeUi, plan: &Plan, actions: &mut Vec<Action>) {
    let wanted = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked());
    if let Some(pos) = wanted {
        // What was never computed is not scrubbed to: Continue goes there.
        let step = plan.step(pos.x).min(view.furthest);
        if local.asked != Some(step) {
            let moment = Moment { step, instruction: 0 };
            // A drag is one way: it leads away from where it began.
            actions.push(match local.asked.replace(step) {
                None => Action::Places(PlaceAction::Go(moment)),
                Some(_) => Action::Debug(DebugCommand::Goto(moment)),
            });
        }
    }
    if !response.dragged() {
        local.asked = None;
    }
}

/// The arrows go from step to step, with Page up and down by a tenth of the way.
fn keys(ui: &Ui, response: &Response, view: &DebugView, actions: &mut Vec<Action>) {
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let stroke = Stroke::new(1.0, Tokens::of(ui).accent);
    ui.painter().rect_stroke(response.rect.shrink(1.0), 2.0, stroke, egui::StrokeKind::Inside);
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let (here, far) = (view.current_step(), (view.furthest / 10).max(1));
    let to = [
        (Key::ArrowLeft, here.saturating_sub(1)),
        (Key::ArrowRight, here + 1),
        (Key::PageUp, here.saturating_sub(far)),
        (Key::PageDown, here + far),
        (Key::Home, 0),
        (Key::End, view.furthest),
    ];
    for (key, step) in to {
        if pressed(key) && step.min(view.furthest) != here {
            let moment = Moment { step: step.min(view.furthest), instruction: 0 };
            let is_near = matches!(key, Key::ArrowLeft | Key::ArrowRight);
            let near = || Action::Debug(DebugCommand::Goto(moment));
            actions.push(if is_near { near() } else { Action::Places(PlaceAction::Go(moment)) });
        }
    }
}

fn hover(ui: &Ui, tokens: &Tokens, state: &State, view: &DebugView, response: &Response, plan: &Plan) {
    let Some(pos) = response.hover_pos() else { return };
    let step = plan.step(pos.x);
    let x = plan.x(step as f64);
    ui.painter().vline(x, plan.rect.y_range(), Stroke::new(1.0, tokens.muted));
    read(response, |ui| {
        ui.label(RichText::new(format!("step {}", count(step))).color(tokens.faint).small());
        for (id, series) in series(state) {
            let name = view.branches.iter().find(|branch| branch.id == id).map_or("main", |b| b.name.as_str());
            let known = series.last().is_some_and(|(last, _)| step <= last);
            if let Some(loss) = series.at(step).filter(|_| known) {
                crate::gui::reading::reading_row(ui, tokens, colour(tokens, id), name, &number(loss));
            }
        }
        for change in view.changes.iter().filter(|change| (plan.x(change.at.step as f64) - x).abs() <= 5.0) {
            ui.label(RichText::new(&change.what).color(tokens.warn).small());
        }
        let near = |bookmark: &&Bookmark| {
            bookmark.place.branch == view.branch && (plan.x(bookmark.place.moment.step as f64) - x).abs() <= 5.0
        };
        for bookmark in state.desk().bookmarks.iter().filter(near) {
            ui.label(RichText::new(&bookmark.name).color(tokens.accent).small());
        }
        let words = match view.furthest {
            furthest if step > furthest => {
                format!("Computed up to step {}. Continue trains on from there.", count(furthest))
            }
            _ => "Click or drag to go there.".to_owned(),
        };
        ui.label(RichText::new(words).color(tokens.faint).small());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_has_exploded_has_its_place_on_the_logarithmic_scale() {
        let rect = Rect::from_min_size(Pos2::ZERO, Vec2::new(100.0, 104.0));
        let plan = Plan { rect, last: 10, low: 0.018, high: 2.9e38, log: true };
        assert_eq!((plan.y(2.9e38), plan.y(0.018), plan.y(0.0)), (0.0, 100.0, 100.0));
        assert!((1.0..99.0).contains(&plan.y(1e10)));
    }

    #[test]
    fn an_infinite_loss_takes_no_room_from_the_others() {
        let mut series = Series::default();
        (1..=1000).for_each(|step| series.push(step, if step == 500 { f32::INFINITY } else { step as f32 }));
        assert_eq!(span([&series].into_iter(), 1000), (1.0, 1000.0, 1.0));
    }

    #[test]
    fn the_steps_below_the_line_are_round_and_few() {
        let steps = |last: u64| round_steps(last).collect::<Vec<_>>();
        assert_eq!(steps(1), [0, 1]);
        assert_eq!(steps(400), [0, 100, 200, 300, 400]);
        assert_eq!(steps(8464), [0, 2000, 4000, 6000, 8000]);
        for last in 1..3000 {
            assert!((2..=8).contains(&steps(last).len()), "{last}: {:?}", steps(last));
        }
    }
}
