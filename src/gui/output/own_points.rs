//! Points put on the plane by hand: a click puts one, a drag moves one, a click with the eraser takes one away.

use egui::{CursorIcon, Pos2, Rect, Response, RichText, Role, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo};
use egui_plot::{PlotPoint, PlotTransform};

use super::OutputView;
use super::points::{self, Samples};
use crate::gui::theme::Tokens;
use crate::model::OwnPoint;
use crate::session::{Action, PointEdit};

/// What the row of tools takes.
pub(super) const TOOLS: f32 = 26.0;

#[derive(Clone, Debug, Default)]
pub struct PointsUi {
    /// Clicks on the plane are edits.
    pub is_on: bool,
    tool: Tool,
    /// The point that is dragged.
    held: Option<[f32; 2]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Put(usize),
    Erase,
}

impl Default for Tool {
    fn default() -> Self {
        Self::Put(0)
    }
}

/// Whether the plane that is seen can be edited: that of the data in use, with classes.
pub(super) fn is_offered(view: &OutputView<'_>) -> bool {
    view.salt == 0 && view.state.takes_points() && view.dataset.classes().is_some()
}

/// The row above the plane.
pub(super) fn tools(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut PointsUi, room: Rect) {
    ui.scope_builder(UiBuilder::new().max_rect(room).layout(egui::Layout::left_to_right(egui::Align::Center)), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let help = "Add points of your own: click the plane to add one, drag one to move it.";
        ui.checkbox(&mut local.is_on, "edit points").on_hover_text(help);
        if !local.is_on {
            return;
        }
        for (class, name) in view.dataset.classes().unwrap_or_default().iter().enumerate() {
            let is_chosen = local.tool == Tool::Put(class);
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(20.0), Sense::click());
            ui.painter().circle_filled(rect.center(), 6.0, tokens.class(class));
            if is_chosen || response.hovered() || response.has_focus() {
                ui.painter().circle_stroke(rect.center(), 8.5, tokens.focus_stroke());
            }
            let label = format!("Add points of {name}");
            response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &label));
            if response.on_hover_text(&label).clicked() {
                local.tool = Tool::Put(class);
            }
        }
        let erases = local.tool == Tool::Erase;
        let help = "Click a point to take it away. Ctrl+Z brings it back.";
        if ui.selectable_label(erases, RichText::new("erase").small()).on_hover_text(help).clicked() {
            local.tool = if erases { Tool::default() } else { Tool::Erase };
        }
    });
}

/// What a click or a drag on the plane does.
pub(super) fn edit(
    response: &Response,
    view: &OutputView<'_>,
    places: &PlotTransform,
    samples: &Samples,
    local: &mut PointsUi,
    actions: &mut Vec<Action>,
) {
    let at = |pos: Pos2| {
        let value = places.value_from_position(pos);
        // Thousandths are finer than a click.
        [value.x, value.y].map(|number| ((number * 1000.0).round() / 1000.0) as f32)
    };
    let under = |pos: Pos2| points::under(places, samples, pos).map(|sample| [sample.x, sample.y]);
    if response.drag_started() {
        local.held = response.ctx.input(|input| input.pointer.press_origin()).and_then(under);
    }
    let pos = response.interact_pointer_pos();
    if response.drag_stopped()
        && let Some(from) = local.held.take()
        && let Some(pos) = pos
    {
        actions.push(Action::EditPoints(PointEdit::Move { from, to: at(pos) }));
    }
    if let (true, Some(pos)) = (response.clicked(), pos) {
        match (local.tool, under(pos)) {
            (Tool::Erase, Some(point)) => actions.push(Action::EditPoints(PointEdit::Erase(point))),
            (Tool::Erase, None) => {}
            (Tool::Put(class), _) => {
                let class = class.min(view.dataset.classes().map_or(0, |names| names.len().saturating_sub(1)));
                let [x, y] = at(pos);
                actions.push(Action::EditPoints(PointEdit::Put(OwnPoint { x, y, class })));
            }
        }
    }
    if response.hovered() {
        response.ctx.set_cursor_icon(if local.held.is_some() { CursorIcon::Grabbing } else { CursorIcon::Crosshair });
    }
}

/// The point that is dragged, where the pointer is.
pub(super) fn paint_held(ui: &Ui, tokens: &Tokens, response: &Response, places: &PlotTransform, local: &PointsUi) {
    let (Some([x, y]), Some(pos)) = (local.held, response.interact_pointer_pos()) else { return };
    let painter = ui.painter_at(*places.frame());
    let from = places.position_from_point(&PlotPoint::new(x, y));
    painter.line_segment([from, pos], Stroke::new(1.0, tokens.muted));
    painter.circle_stroke(pos, 5.0, tokens.focus_stroke());
}
