//! The projector view: large type, thick lines and strong colours, and only what a class looks at: the network, what it
//! does, and the curves. Leaving it puts everything back as it was.

use egui::{CentralPanel, Frame, Panel, Ui, Vec2};

use super::canvas::{self, CanvasUi, Looks};
use super::panel::{self, Desk, Output, Plots};
use super::panels::fixed;
use super::theme::Tokens;

/// What stands beside the network, wherever it stands otherwise.
pub const PANELS: [&dyn panel::Panel; 2] = [&Output, &Plots];

/// How much larger everything is.
const LARGER: f32 = 1.5;
/// Points that are left across and down in any case.
const LEAST: Vec2 = Vec2::new(640.0, 400.0);

#[derive(Default)]
pub struct Projector {
    pub on: bool,
    /// Where one looked on the canvas before.
    before: Option<Looks>,
}

impl Projector {
    /// The canvas of another project was looked at from nowhere yet.
    pub fn for_another_project(&self) -> Self {
        Self { on: self.on, before: None }
    }

    /// Called before a frame is drawn.
    pub fn follow(&mut self, canvas: &mut CanvasUi) {
        match (self.on, self.before) {
            (true, None) => self.before = Some(canvas.look_anew()),
            (false, Some(before)) => {
                canvas.look_as(before);
                self.before = None;
            }
            _ => {}
        }
    }
}

/// The size of everything in a window of so many points at 100 %, where `chosen` is what the person has set.
pub fn scale(chosen: f32, window: Vec2) -> f32 {
    (chosen * LARGER).min((window / LEAST).min_elem()).max(chosen)
}

/// What the Build tab shows meanwhile.
pub fn build(ui: &mut Ui, desk: &mut Desk<'_>) {
    let tokens = Tokens::of(ui);
    let ground = Frame::new().fill(tokens.panel);
    let (width, height) = (ui.available_width(), ui.available_height());
    // Sizes of its own: those of the usual view stay as they are.
    // The frame in which it begins is not large yet, and tells nothing of the room there will be.
    let key = (height < 480.0, ui.ctx().zoom_factor().to_bits());
    let right = Panel::right(("projector output", key)).frame(ground).default_size((width * 0.42).min(height));
    right.size_range(160.0..=(width * 0.7).max(160.0)).show(ui, |ui| {
        fixed(ui, |ui| panel::show_one(&Output, ui, desk));
    });
    let below = Panel::bottom(("projector curves", key)).frame(ground).default_size(height * 0.48);
    below.size_range(120.0..=(height * 0.7).max(120.0)).show(ui, |ui| {
        fixed(ui, |ui| panel::show_one(&Plots, ui, desk));
    });
    CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        desk.own.middle = Some(ui.max_rect());
        canvas::show(ui, desk.state, &mut desk.own.canvas, desk.actions);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_larger_as_far_as_there_is_room_and_never_smaller() {
        assert_eq!(scale(1.0, Vec2::new(1440.0, 900.0)), 1.5);
        assert_eq!(scale(1.0, Vec2::new(1024.0, 640.0)), 1.5);
        assert_eq!(scale(1.5, Vec2::new(1024.0, 640.0)), 1.6);
        assert_eq!(scale(2.0, Vec2::new(1024.0, 640.0)), 2.0);
        assert_eq!(scale(1.0, Vec2::new(2560.0, 1440.0)), 1.5);
    }
}
