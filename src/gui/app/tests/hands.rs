//! A person at the whole window: finds things by their accessible names, presses, drags, types, and waits with a
//! deadline.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, Rect, TouchPhase, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::super::App;
use crate::session::{DataState, State};

/// Nothing here takes a tenth of it on an idle machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Hands {
    window: Harness<'static, Option<App>>,
}

impl Hands {
    /// Somebody who has seen the tour.
    pub fn at(size: [f32; 2], mut state: State) -> Self {
        state.pose().settings.tour_seen = true;
        let mut hands = Self { window: super::window(size, state) };
        hands.wait();
        hands
    }

    pub fn state(&self) -> &State {
        super::state(&self.window)
    }

    /// What the session is told from elsewhere.
    pub fn apply(&mut self, action: crate::session::Action) {
        self.window.state_mut().as_mut().unwrap().state.apply(action);
        self.wait();
    }

    pub fn resize(&mut self, size: [f32; 2]) {
        self.window.set_size(size.into());
        self.wait();
    }

    pub fn hover(&mut self, at: Pos2) {
        self.window.hover_at(at);
        self.wait();
    }

    /// Turns the wheel over a place.
    pub fn scroll(&mut self, at: Pos2, delta: Vec2) {
        self.window.hover_at(at);
        let (unit, phase) = (MouseWheelUnit::Point, TouchPhase::Move);
        let (modifiers, source) = (Modifiers::NONE, MouseWheelSource::Wheel);
        self.window.event(Event::MouseWheel { unit, delta, phase, modifiers, source });
        self.wait();
    }

    /// All tabs on the screen, and the buttons that lead to more of them.
    pub fn tabs(&self) -> Vec<(String, Rect)> {
        let tabs = self.window.query_all_by_role(Role::Tab);
        let all = tabs.chain(self.window.query_all_by_label("More tabs"));
        all.map(|tab| (tab.accesskit_node().label().unwrap_or_default(), tab.rect())).collect()
    }

    /// A few frames: what was done is drawn, and what follows from it.
    pub fn wait(&mut self) {
        self.window.run_steps(4);
    }

    /// Frames pass until it is so.
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "waited in vain until {what}; {}", self.as_it_is());
            self.window.step();
            std::thread::yield_now();
        }
        self.wait();
    }

    /// For whoever reads why a test failed elsewhere.
    fn as_it_is(&self) -> String {
        let (memory, popup) =
            (self.window.ctx.memory(|memory| memory.focused()), egui::Popup::is_any_open(&self.window.ctx));
        let status = self.state().run().status;
        format!("{status:?}, focus {memory:?}, a menu is open: {popup}; on the screen: {:?}", self.names_containing(""))
    }

    pub fn wait_for_data(&mut self) {
        self.wait_until("the data is there", |hands| matches!(hands.state().data(), DataState::Ready(_)));
    }

    pub fn sees(&self, label: &str) -> bool {
        self.window.query_all_by_label(label).next().is_some()
    }

    /// What is written on the screen with these words in it.
    pub fn names_containing(&self, words: &str) -> Vec<String> {
        let written = |node: egui_kittest::Node<'_>| node.accesskit_node().label().or(node.accesskit_node().value());
        self.window.query_all_by_label_contains(words).filter_map(written).collect()
    }

    /// What a control says besides its name: the shape on a wire, the text of a field.
    pub fn value(&self, label: &str) -> String {
        self.window.get_by_label(label).accesskit_node().value().unwrap_or_default()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, label: &str) -> bool {
        self.window.get_by_label(label).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    }

    pub fn place(&self, label: &str) -> Pos2 {
        self.window.get_by_label(label).rect().center()
    }

    pub fn rect(&self, label: &str) -> Rect {
        self.window.get_by_label(label).rect()
    }

    /// A press on a card's title, where it has no controls of its own.
    pub fn select_card(&mut self, label: &str) {
        let at = self.rect(label).center_top() + egui::vec2(0.0, 12.0);
        self.press_at(at);
    }

    /// A press of the mouse in the middle of a control.
    pub fn click(&mut self, label: &str) {
        let mut at = self.place(label);
        // What the trainer tells meanwhile may make a card grow.
        for _ in 0..20 {
            self.hover_once(at);
            let now = self.place(label);
            if now == at {
                break;
            }
            at = now;
        }
        self.press_at(at);
    }

    fn hover_once(&mut self, at: Pos2) {
        self.window.hover_at(at);
        self.window.step();
    }

    /// Of several controls with this name the one that was drawn last: an entry of an open list, a button of a bubble.
    pub fn click_on_top(&mut self, label: &str) {
        let top = self.window.query_all_by_label(label).next_back().map(|node| node.rect().center());
        let Some(at) = top else { panic!("{label} is not on the screen") };
        self.press_at(at);
    }

    /// The same, and what the system is asked to do for it: what goes to the clipboard.
    pub fn click_for_commands(&mut self, label: &str) -> Vec<egui::OutputCommand> {
        let at = self.place(label);
        self.window.hover_at(at);
        self.window.step();
        self.button(at, true);
        self.window.step();
        self.button(at, false);
        let mut commands = Vec::new();
        for _ in 0..4 {
            self.window.step();
            commands.extend(self.window.output().platform_output.commands.iter().cloned());
        }
        commands
    }

    /// Opens the menu of a control.
    pub fn right_click(&mut self, label: &str) {
        self.window.get_by_label(label).click_secondary();
        self.wait();
    }

    pub fn click_tab(&mut self, title: &str) {
        let at = self.window.get_by_role_and_label(Role::Tab, title).rect().center();
        self.press_at(at);
    }

    /// Press and release within one frame, as a slow machine hears them.
    pub fn tap_tab(&mut self, title: &str) {
        let pos = self.window.get_by_role_and_label(Role::Tab, title).rect().center();
        self.window.hover_at(pos);
        self.window.step();
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        let events = [true, false].map(|pressed| Event::PointerButton { pos, button, pressed, modifiers });
        self.window.input_mut().events.extend(events);
        self.wait();
    }

    pub fn press_at(&mut self, at: Pos2) {
        self.window.hover_at(at);
        self.window.step();
        self.button(at, true);
        self.window.step();
        self.button(at, false);
        self.wait();
    }

    /// Frames are a quarter of a second here: two clicks are a double click even so.
    pub fn click_slowly(&mut self) {
        self.window.ctx.options_mut(|options| options.input_options.max_double_click_delay = 10.0);
    }

    fn button(&mut self, pos: Pos2, pressed: bool) {
        let modifiers = Modifiers::NONE;
        self.window.event(Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers });
    }

    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.window.hover_at(from);
        self.window.step();
        self.button(from, true);
        self.window.step();
        for i in 1..=8 {
            self.window.hover_at(from + (to - from) * (i as f32 / 8.0));
            self.window.step();
        }
        self.button(to, false);
        self.wait();
    }

    /// From one named thing to another.
    pub fn drag_between(&mut self, from: &str, to: &str) {
        let (from, to) = (self.place(from), self.place(to));
        self.drag(from, to);
    }

    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.window.key_press_modifiers(modifiers, key);
        self.wait();
    }

    /// Clicks into a field, replaces what is in it, and ends with Enter.
    pub fn type_into(&mut self, label: &str, text: &str) {
        self.write(label, text);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// The same without an end.
    pub fn write(&mut self, label: &str, text: &str) {
        self.click(label);
        self.key(Modifiers::COMMAND, Key::A);
        self.type_text(text);
    }

    /// How much larger than usual everything is drawn.
    pub fn zoom(&self) -> f32 {
        self.window.ctx.zoom_factor()
    }

    pub fn nothing_has_focus(&self) -> bool {
        self.window.ctx.memory(|memory| memory.focused().is_none())
    }

    /// Types where the keyboard is.
    pub fn type_text(&mut self, text: &str) {
        self.window.event(Event::Text(text.to_owned()));
        self.wait();
    }

    /// Types, and ends with Enter before anybody has looked at it.
    pub fn type_and_enter(&mut self, text: &str) {
        self.window.event(Event::Text(text.to_owned()));
        self.window.key_press(Key::Enter);
        self.wait();
    }

    /// Gives a control the keyboard.
    pub fn focus(&mut self, label: &str) {
        self.window.get_by_label(label).focus();
        self.wait();
    }

    /// Empties a field and stays in it.
    pub fn clear(&mut self, label: &str) {
        self.click(label);
        self.key(Modifiers::COMMAND, Key::A);
        self.key(Modifiers::NONE, Key::Backspace);
    }

    /// The thing whose name contains these words.
    pub fn rect_of(&self, words: &str) -> Rect {
        self.window.get_by_label_contains(words).rect()
    }

    /// The layer's row of the palette, scrolled to with the wheel when it is below the edge.
    pub fn palette(&mut self, title: &str) -> Pos2 {
        let list = self.place("Search layers") + egui::vec2(0.0, 200.0);
        for direction in [1.0, -1.0] {
            for _ in 0..40 {
                if let Some(row) = self.window.query_by_role_and_label(Role::Button, title)
                    && row.rect().max.y < self.window.ctx.content_rect().max.y - 8.0
                    && row.rect().min.y > list.y - 180.0
                {
                    return row.rect().center();
                }
                self.scroll(list, egui::vec2(0.0, -90.0 * direction));
            }
        }
        panic!("{title} is not in the palette");
    }
}
