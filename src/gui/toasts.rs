//! Short news: notices of the session, each for a few seconds, longer the more there is to read. In the workspace they
//! stand at the lower edge of the middle, off problems, banners and the debugger's controls; on the start page, at the
//! upper edge.

use egui::{Align2, Area, Context, Frame, Id, Order, Rect, RichText, Role, Ui, Vec2, WidgetInfo};

use super::theme::{self, Tokens};
use super::widgets::prose;
use crate::session::{Action, Event, Notice, NoticeKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    Upper,
    Lower,
}

#[derive(Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    next: u64,
}

struct Toast {
    id: u64,
    notice: Notice,
    /// In seconds of egui's clock; `None` until first drawn.
    until: Option<f64>,
}

/// More at once would hide the canvas; the oldest go first.
const LIMIT: usize = 4;

impl Toasts {
    /// Makes toasts of those events that are sentences.
    pub fn hear(&mut self, events: &[Event]) {
        if events.iter().any(|event| matches!(event, Event::RunStarted { .. })) {
            // What was offered at the end of a run is out of date once it goes on.
            self.shown
                .retain(|toast| !toast.notice.offers.iter().any(|(_, offer)| matches!(offer, Action::Transport(_))));
        }
        let notice = |event: &Event| if let Event::Notice(notice) = event { Some(notice.clone()) } else { None };
        for notice in events.iter().filter_map(notice) {
            self.shown.retain(|toast| toast.notice != notice);
            self.shown.push(Toast { id: self.next, notice, until: None });
            self.next += 1;
        }
        let surplus = self.shown.len().saturating_sub(LIMIT);
        self.shown.drain(..surplus);
    }

    /// Draws them inside a place, at its upper or its lower edge, and off what must not be covered where there is room
    /// beside it.
    pub fn show(&mut self, ctx: &Context, (place, edge): (Rect, Edge), keep_off: &[Rect], actions: &mut Vec<Action>) {
        if self.shown.is_empty() {
            return;
        }
        let now = ctx.input(|i| i.time);
        self.shown.retain(|toast| toast.until.is_none_or(|until| now < until));
        let mut closed = None;
        let width = (place.width() - 64.0).clamp(160.0, 480.0);
        let id = Id::unique("toasts");
        let size = egui::AreaState::load(ctx, id).and_then(|area| area.size).unwrap_or(Vec2::ZERO);
        let (pivot, at) = match edge {
            Edge::Upper => (Align2::CENTER_TOP, place.center_top() + Vec2::new(0.0, 12.0)),
            // Above the pills that stand in the corners of a canvas.
            Edge::Lower => {
                let usual = Align2::CENTER_BOTTOM.anchor_size(place.center_bottom() - Vec2::new(0.0, 48.0), size);
                (Align2::CENTER_BOTTOM, free_place(place, usual, keep_off).center_bottom())
            }
        };
        let area = Area::new(id).order(Order::Foreground);
        let response = area.pivot(pivot).fixed_pos(at).show(ctx, |ui| {
            for toast in &mut self.shown {
                // What can be done about it takes a moment to be decided.
                let offered = if !toast.notice.offers.is_empty() { 4.0 } else { 0.0 };
                toast.until.get_or_insert(now + 3.0 + offered + toast.notice.text.len() as f64 * 0.05);
                if row(ui, &toast.notice, width, actions) {
                    closed = Some(toast.id);
                }
            }
        });
        // While the pointer rests on them they stay.
        if response.response.contains_pointer() {
            self.shown.iter_mut().for_each(|toast| toast.until = toast.until.map(|until| until.max(now + 1.0)));
        }
        self.shown.retain(|toast| Some(toast.id) != closed);
        let next = self.shown.iter().filter_map(|toast| toast.until).fold(f64::INFINITY, f64::min);
        if next.is_finite() {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.0) + 0.02));
        }
    }
}

/// The place in `room` nearest to the usual one that covers nothing of `keep_off`; the usual one where there is none.
fn free_place(room: Rect, usual: Rect, keep_off: &[Rect]) -> Rect {
    const GAP: f32 = 8.0;
    let lefts = keep_off.iter().flat_map(|rect| [rect.left() - GAP - usual.width(), rect.right() + GAP]);
    let tops = keep_off.iter().map(|rect| rect.top() - GAP - usual.height());
    let tops: Vec<f32> = std::iter::once(usual.top()).chain(tops).collect();
    let all =
        std::iter::once(usual.left()).chain(lefts).flat_map(|left| tops.iter().map(move |top| egui::pos2(left, *top)));
    let free = all.map(|corner| Rect::from_min_size(corner, usual.size()));
    let free = free.filter(|place| room.contains_rect(*place) && !keep_off.iter().any(|rect| rect.intersects(*place)));
    free.min_by(|a, b| usual.min.distance(a.min).total_cmp(&usual.min.distance(b.min))).unwrap_or(usual)
}

/// Whether it was closed.
fn row(ui: &mut Ui, notice: &Notice, width: f32, actions: &mut Vec<Action>) -> bool {
    let tokens = Tokens::of(ui);
    let (sign, colour) = match notice.kind {
        NoticeKind::Info => ("○", tokens.pos),
        NoticeKind::Success => ("✓", tokens.ok),
        NoticeKind::Warning => ("⚠", tokens.warn),
        NoticeKind::Error => ("✕", tokens.bad),
    };
    Frame::popup(ui.style())
        .inner_margin(egui::Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_max_width(width);
            // A row as high as its words.
            ui.spacing_mut().interact_size.y = 16.0;
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(sign).color(colour));
                let text = ui.add(egui::Label::new(prose(&notice.text, theme::regular(13.0), tokens.text)).wrap());
                text.widget_info(|| WidgetInfo::labeled(Role::Status, true, &notice.text));
                let mut taken = false;
                for (label, action) in &notice.offers {
                    let words = RichText::new(label).color(tokens.accent);
                    let clicked = ui.add(egui::Button::new(words).frame(false)).clicked();
                    actions.extend(clicked.then(|| action.clone()));
                    taken |= clicked;
                }
                let close = ui.add(egui::Button::new(RichText::new("✕").color(tokens.faint)).frame(false));
                super::widgets::named(close, "Dismiss").clicked() || taken
            })
            .inner
        })
        .inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn notice(offers: Vec<(String, Action)>) -> Event {
        Event::Notice(Notice { kind: NoticeKind::Success, text: "Saved to a.glassbox.".into(), offers })
    }

    #[test]
    fn they_keep_off_what_must_not_be_covered() {
        let room = Rect::from_min_size(egui::Pos2::ZERO, Vec2::new(800.0, 500.0));
        let usual = Rect::from_min_size(egui::pos2(300.0, 420.0), Vec2::new(200.0, 32.0));
        assert_eq!(free_place(room, usual, &[]), usual);
        let bubble = Rect::from_min_max(egui::pos2(400.0, 300.0), egui::pos2(650.0, 450.0));
        let beside = free_place(room, usual, &[bubble]);
        assert_eq!((beside.top(), beside.right()), (usual.top(), bubble.left() - 8.0));
        let wide = Rect::from_min_max(egui::pos2(10.0, 300.0), egui::pos2(790.0, 450.0));
        assert_eq!(free_place(room, usual, &[wide]).bottom(), wide.top() - 8.0);
        assert_eq!(free_place(room, usual, &[room]), usual, "there is no room");
    }

    #[test]
    fn what_a_notice_offers_is_done_with_a_click_and_it_goes() {
        let mut toasts = Toasts::default();
        toasts.hear(&[notice(vec![("Undo".into(), Action::Undo)]), Event::WantsPlace]);
        let mut harness = crate::gui::test_window::window([800.0, 500.0]).build_ui_state(
            |ui, (toasts, actions): &mut (Toasts, Vec<Action>)| {
                let place = Rect::from_min_size(egui::Pos2::ZERO, Vec2::new(800.0, 500.0));
                toasts.show(&ui.ctx().clone(), (place, Edge::Upper), &[], actions);
            },
            (toasts, Vec::new()),
        );
        harness.run_steps(2);
        harness.get_by_label("Undo").click();
        harness.run_steps(2);
        assert_eq!(harness.state().1, [Action::Undo]);
        assert!(harness.query_by_label("Saved to a.glassbox.").is_none());
    }

    #[test]
    fn what_is_offered_at_the_end_of_a_run_goes_when_it_goes_on() {
        let ended = notice(vec![("Train on".into(), Action::Transport(crate::session::Transport::Play))]);
        let mut toasts = Toasts::default();
        toasts.hear(&[ended, notice(vec![("Undo".into(), Action::Undo)])]);
        assert_eq!(toasts.shown.len(), 2);
        toasts.hear(&[Event::RunStarted { step: 9 }]);
        assert_eq!(toasts.shown.iter().map(|toast| toast.notice.offers[0].0.as_str()).collect::<Vec<_>>(), ["Undo"]);
    }

    #[test]
    fn a_notice_is_shown_once_and_can_be_dismissed() {
        let mut toasts = Toasts::default();
        let mut prepared = false;
        let notice = notice(Vec::new());
        toasts.hear(&[notice.clone(), notice]);
        let mut harness = Harness::new_ui_state(
            move |ui, toasts: &mut Toasts| {
                if !std::mem::replace(&mut prepared, true) {
                    crate::gui::fonts::install(ui.ctx());
                    return;
                }
                let place = Rect::from_min_size(egui::Pos2::ZERO, Vec2::new(800.0, 500.0));
                toasts.show(&ui.ctx().clone(), (place, Edge::Upper), &[], &mut Vec::new());
            },
            toasts,
        );
        harness.step();
        harness.step();
        assert!(harness.query_by_label("Saved to a.glassbox.").is_some());
        harness.get_by_label("Dismiss").click();
        harness.step();
        harness.step();
        assert!(harness.query_by_label("Saved to a.glassbox.").is_none());
    }
}
