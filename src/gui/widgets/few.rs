//! Few things first: what a beginner is not shown stands behind one button, and what was changed is shown in any case.

use egui::{Button, RichText, Ui, Vec2};

use super::buttons::named;
use crate::gui::theme::Tokens;

/// Which parts of a list or a form are shown.
#[derive(Clone, Copy, Debug)]
pub struct Few {
    short: bool,
    hidden: usize,
}

impl Few {
    /// `more`: somebody has asked for the rest.
    pub fn new(simple: bool, more: bool) -> Self {
        Self { short: simple && !more, hidden: 0 }
    }

    /// Whether a part is shown that only somebody who knows more needs; always, unless it is as it began.
    pub fn shows(&mut self, as_it_began: bool) -> bool {
        let hides = self.short && as_it_began;
        self.hidden += usize::from(hides);
        !hides
    }

    /// The button that brings the rest (of `what`: "settings") and takes it away again.
    pub fn button(self, ui: &mut Ui, what: &str, more: &mut bool) {
        let tokens = Tokens::of(ui);
        let (words, name) = match *more {
            true => ("▴ Less".to_owned(), format!("Less {what}")),
            false => (format!("▾ More ({})", self.hidden), format!("More {what}")),
        };
        if !*more && self.hidden == 0 {
            return;
        }
        let button = Button::new(RichText::new(words).color(tokens.muted)).frame_when_inactive(false);
        if named(ui.add(button.min_size(Vec2::new(0.0, 26.0))), &name).clicked() {
            *more = !*more;
        }
    }
}
