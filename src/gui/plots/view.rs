//! How a chart is moved beyond what egui_plot does by itself (drag, box with the right button, Ctrl and scroll for the
//! value axis, double click for everything): scroll zooms along the steps, and nothing leads away from the curves.

use egui::Vec2b;
use egui_plot::PlotUi;

/// Zooms and keeps the step axis inside `whole`. An axis that follows is left to egui_plot's automatic bounds.
pub fn steer(plot: &mut PlotUi<'_>, whole: [f64; 2], following: Vec2b) {
    let bounds = plot.plot_bounds();
    let before = if following.x { whole } else { [bounds.min()[0], bounds.max()[0]] };
    let mut now = before;
    if plot.response().contains_pointer() {
        let (scroll, zooms) = plot.ctx().input(|i| (i.smooth_scroll_delta(), i.zoom_delta() != 1.0));
        let width = f64::from(plot.transform().frame().width());
        if let (Some(pointer), true) = (plot.pointer_coordinate(), scroll.y != 0.0 && !zooms) {
            now = zoomed(before, pointer.x, f64::from(scroll.y / 200.0).exp());
        } else if scroll.x != 0.0 && !zooms {
            let by = f64::from(-scroll.x) / width * (before[1] - before[0]);
            now = before.map(|end| end + by);
        }
    }
    match within(now, whole) {
        None if !following.x => plot.set_auto_bounds(Vec2b::new(true, following.y)),
        Some(inside) if inside != before => plot.set_plot_bounds_x(inside[0]..=inside[1]),
        _ => {}
    }
}

fn zoomed([from, to]: [f64; 2], around: f64, factor: f64) -> [f64; 2] {
    [around - (around - from) / factor, around + (to - around) / factor]
}

/// Keeps a part of the axis inside the whole one; `None` when it is all of it.
fn within([from, to]: [f64; 2], whole: [f64; 2]) -> Option<[f64; 2]> {
    let all = whole[1] - whole[0];
    let span = (to - from).max(all * 1e-6);
    if span >= all {
        return None;
    }
    let from = from.clamp(whole[0], whole[1] - span);
    Some([from, from + span])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        assert_eq!(zoomed([100.0, 300.0], 150.0, 2.0), [125.0, 225.0]);
    }

    #[test]
    fn a_view_stays_inside_and_zooming_out_far_enough_follows_again() {
        let whole = [0.0, 1000.0];
        assert_eq!(within([-50.0, 50.0], whole), Some([0.0, 100.0]));
        assert_eq!(within([980.0, 1080.0], whole), Some([900.0, 1000.0]));
        assert_eq!(within([-10.0, 1100.0], whole), None);
        assert_eq!(within([10.0, 20.0], whole), Some([10.0, 20.0]));
    }
}
