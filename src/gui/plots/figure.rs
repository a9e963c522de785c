//! The look that every plot of the window shares: what is left of [`egui_plot::Plot`] to be set.

use egui::{Id, Rangef, Rect, TextStyle, Ui, UiBuilder, Vec2, Vec2b};
use egui_plot::{AxisHints, ColorConflictHandling, GridMark, Legend, Plot, PlotResponse, PlotUi};

use super::ticks::TickKind;
use crate::gui::theme::{self, Tokens};

/// Least distances between numbers, in points.
const ACROSS: f64 = 80.0;
const UP: f64 = 34.0;
/// Nearest grid lines that egui_plot would draw, which it tells in units of the axis.
const NEAREST: f32 = 8.0;
/// Room for the numbers of the value axis, so that the frame stays where it is as they change.
const NUMBERS: f32 = 48.0;

/// A plot that cannot be moved and shows all that is in it. `id` must be its own in the whole window.
pub fn figure<'a>(tokens: &Tokens, id: Id, x: TickKind, y: TickKind) -> Plot<'a> {
    let hints = |hints: AxisHints<'a>, kind: TickKind| {
        let write = move |mark: GridMark, range: &std::ops::RangeInclusive<f64>| kind.write(mark, *range.end());
        let hints = hints.formatter(write).tick_label_color(tokens.faint).tick_label_font(theme::mono(11.0));
        hints.label_spacing(Rangef::new(1.0, 2.0))
    };
    let least = |points: f64| move |per_line: f64| per_line / f64::from(NEAREST) * points;
    let (across, up) = (least(ACROSS), least(UP));
    Plot::new(id)
        .id(id)
        .set_margin_fraction(Vec2::ZERO)
        .custom_x_axes(vec![hints(AxisHints::new_x(), x).min_thickness(18.0)])
        .custom_y_axes(vec![hints(AxisHints::new_y(), y).min_thickness(NUMBERS)])
        .x_grid_spacer(move |input| x.marks(input.bounds, across(input.base_step_size)))
        .y_grid_spacer(move |input| y.marks(input.bounds, up(input.base_step_size)))
        .grid_spacing(Rangef::new(NEAREST, NEAREST + 1.0))
        .grid_color(tokens.line)
        .grid_fade(0.0)
        .show_grid(Vec2b::new(false, true))
        .show_background(false)
        // What lies under the pointer is read by the panels, in the words of what is drawn.
        .show_x(false)
        .show_y(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
}

/// Entries in the order in which the items were added, a click on one hides it.
pub fn legend(position: egui_plot::Corner) -> Legend {
    let legend = Legend::default().position(position).background_alpha(0.6).text_style(TextStyle::Small);
    legend.follow_insertion_order(true).color_conflict_handling(ColorConflictHandling::PickFirst)
}

/// In what is left of the panel, less `below` points at its lower edge.
pub fn show<'a, R>(
    ui: &mut Ui,
    plot: Plot<'a>,
    below: f32,
    build: impl FnOnce(&mut PlotUi<'a>) -> R + 'a,
) -> PlotResponse<R> {
    let all = ui.available_rect_before_wrap();
    let (min, max) = (all.min + Vec2::new(4.0, 10.0), all.max - Vec2::new(20.0, 6.0 + below));
    let room = Rect::from_min_max(min, max.max(min + Vec2::splat(64.0)));
    ui.scope_builder(UiBuilder::new().max_rect(room), |ui| plot.show(ui, build)).inner
}
