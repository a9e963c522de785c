//! What floats over the canvas: the grid behind, the strip of problems at the top, the pills at the bottom, and the
//! hint on an empty canvas.

use egui::{Align2, Rect, RichText, Role, Sense, Stroke, StrokeKind, UiBuilder, Vec2, pos2, vec2};

use super::super::figure;
use super::super::theme::{medium, regular, semibold};
use super::{CanvasUi, Frame, export, findings, id, name, problems, view};
use crate::data::Dataset;
use crate::expr::counted;
use crate::model::layer::{Activation, Flatten};
use crate::model::{Edit, Graph, LayerId, Subject, templates};
use crate::session::Action;
use crate::trace::Severity;

/// Dots on the ground.
pub fn grid(frame: &Frame<'_>) {
    let t = &frame.tokens;
    frame.painter.rect_filled(frame.rect, 0.0, t.canvas);
    let step = view::grid_step(frame.view.zoom);
    let visible = frame.view.visible(frame.rect);
    // Whole points, so that no row of dots is fainter than another.
    let size = 2.0;
    let mut y = view::first_line(visible.top(), step);
    while y < visible.bottom() {
        let mut x = view::first_line(visible.left(), step);
        while x < visible.right() {
            let dot = Rect::from_min_size(frame.at(pos2(x, y)).round(), Vec2::splat(size));
            frame.painter.rect_filled(dot, 0.0, t.line);
            x += step;
        }
        y += step;
    }
}

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    if frame.graph.is_empty() {
        empty(ui, frame, actions);
    } else {
        strip(ui, frame, local, actions);
    }
    let edge = controls(ui, frame, local, actions);
    status(ui, frame, local, edge, actions);
}

/// What a network is, and one to begin with.
fn empty(ui: &egui::Ui, frame: &Frame<'_>, actions: &mut Vec<Action>) {
    let t = &frame.tokens;
    let centre = frame.rect.center();
    let line = |dy: f32, text: &str, font, colour| {
        frame.painter.text(centre + vec2(0.0, dy), Align2::CENTER_CENTER, text, font, colour);
    };
    line(-40.0, "Nothing here yet", semibold(18.0), t.text);
    line(-8.0, "Drag a layer from the left onto this canvas.", regular(13.0), t.muted);
    line(
        14.0,
        "A network runs from an Input through layers to a Loss. Click to start with one:",
        regular(13.0),
        t.muted,
    );
    let place = Rect::from_center_size(centre + vec2(0.0, 48.0), vec2(264.0, 32.0));
    let response = ui.interact(place, id("begin", 0), Sense::click());
    name(&response, Role::Button, "Start with a small network");
    let lit = response.hovered() || response.has_focus();
    let stroke = Stroke::new(1.0, if lit { t.accent } else { t.line });
    frame.painter.rect(place, 8.0, if lit { t.hover } else { t.panel }, stroke, StrokeKind::Inside);
    frame.painter.text(
        place.center(),
        Align2::CENTER_CENTER,
        "Input  →  Dense  →  Dense  →  Loss",
        medium(13.0),
        t.accent,
    );
    if response.clicked() {
        let fragment = Box::new(beginning(frame.state.dataset().map(AsRef::as_ref)));
        let edits = vec![Edit::Paste { fragment, offset: [0.0, 0.0], inside: None }];
        let name = "start a network".to_owned();
        actions.extend([Action::Edits { name, edits }, Action::SelectNothing]);
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand);
}

/// The smallest network worth training, with as many outputs as the data asks for.
fn beginning(data: Option<&Dataset>) -> Graph {
    let outputs = data.map_or(2, |data| data.truth.task.width());
    let mut layers = templates::dense_stack(&[8], Activation::Relu, outputs);
    if data.is_some_and(|data| data.input_shape.len() > 1) {
        layers.insert(0, Flatten {}.into());
    }
    templates::chain(layers)
}

/// Where the Block that is open lies, with the way back.
fn crumbs(ui: &mut egui::Ui, frame: &Frame<'_>, open: LayerId, actions: &mut Vec<Action>) -> Rect {
    let t = frame.tokens;
    let graph = &frame.state.project().graph;
    let look = egui::Frame::new().fill(t.panel).stroke(Stroke::new(1.0, t.line)).corner_radius(8);
    let shown = look.inner_margin(egui::Margin::symmetric(10, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let around = graph.around(open);
            for block in std::iter::once(None).chain(around.into_iter().map(Some)) {
                let words = block.and_then(|id| graph.layer(id)).map_or("Whole network", |layer| layer.name.as_str());
                let link = ui.link(RichText::new(words).font(regular(12.5))).on_hover_text("Back to here (Escape).");
                if link.clicked() {
                    actions.push(Action::OpenBlock(block));
                }
                ui.label(RichText::new("›").font(regular(12.5)).color(t.faint));
            }
            let Some(layer) = graph.layer(open) else { return };
            ui.label(RichText::new(&layer.name).font(medium(12.5)).color(t.text));
            let times = graph.block(open).map_or(1, |block| block.repeat);
            if times > 1 {
                let words = format!("× {times}");
                ui.label(RichText::new(words).font(regular(12.5)).color(t.muted))
                    .on_hover_text("What is drawn here repeats. The pictures and shapes are of the first repetition.");
            }
        });
    });
    shown.response.rect
}

/// Problems of the graph as a whole.
fn strip(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let t = frame.tokens;
    let place =
        Rect::from_min_max(frame.rect.min + vec2(16.0, 12.0), pos2(frame.rect.right() - 16.0, frame.rect.bottom()));
    let layout = egui::Layout::top_down(egui::Align::Min);
    let builder = UiBuilder::new().scope_id(egui::Id::unique(("canvas", "strip"))).max_rect(place).layout(layout);
    let mut child = ui.new_child(builder);
    if let Some(open) = frame.state.inside() {
        let shown = crumbs(&mut child, frame, open, actions);
        local.floating.push(shown);
    }
    for problem in frame.state.inference().problems.iter().filter(|p| p.place == Subject::Graph) {
        let look = egui::Frame::new()
            .fill(t.panel)
            .stroke(Stroke::new(1.0, t.warn))
            .corner_radius(8)
            .inner_margin(egui::Margin::symmetric(10, 4));
        let shown = look.show(&mut child, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new("⚠").color(t.warn));
                ui.label(RichText::new(&problem.message).font(regular(12.5)).color(t.text));
                problems::repairs(ui, problem, actions);
            });
        });
        local.floating.push(shown.response.rect);
    }
}

/// Bottom left: size and validity of the network, or what needs a look; above what begins at `edge`, or at the top,
/// where both have no room beside each other.
fn status(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, edge: f32, actions: &mut Vec<Action>) {
    if frame.graph.is_empty() {
        return;
    }
    let found = frame.state.findings();
    let (tally, worst) = findings::tally(&found);
    let count = frame.state.inference().parameter_count();
    let parameters = counted(count, "parameter");
    let words = match worst {
        Severity::Bad => tally,
        Severity::Warning => format!("{parameters} · {tally}"),
        Severity::Unknown => format!("{parameters} · valid · {tally}"),
        Severity::Well => format!("{parameters} · valid"),
    };
    let colour = findings::colour(&frame.tokens, worst);
    let width = frame.painter.layout_no_wrap(words.clone(), regular(12.0), colour).size().x + 16.0;
    let mut at = frame.rect.left_bottom() + vec2(MARGIN, -MARGIN);
    if at.x + width > edge {
        // In a low canvas the cards are there.
        let is_free_above = frame.state.inference().problems.is_empty() && frame.rect.height() < LOW;
        at.y = if is_free_above { frame.rect.top() + 32.0 } else { at.y - 28.0 };
    }
    let response = pill(ui, frame, "status", &words, colour, at);
    local.floating.push(response.rect);
    findings::list(frame, local, &response, &found, actions);
    let hover = match found.len() {
        0 => "Every shape fits, so the network can train. Parameters are the numbers that training adjusts.",
        _ => "All issues in one list (P): where, why, and how to fix them.",
    };
    response.on_hover_text(hover);
}

/// Bottom right: zoom, fit, tidy, as many as there is room for; all have a key. Returns where they begin.
fn controls(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) -> f32 {
    let t = &frame.tokens;
    let mut right = frame.rect.right() - MARGIN;
    let bottom = frame.rect.bottom() - MARGIN;
    if frame.rect.width() > 240.0 {
        let place = Rect::from_min_max(pos2(right - 26.0, bottom - 25.0), pos2(right, bottom + 1.0));
        let mut child = ui.new_child(UiBuilder::new().scope_id(id("export", 0)).max_rect(place));
        figure::button(&mut child, &mut local.export, export::offer(frame.state), "Export the network");
        local.floating.push(place);
        right = place.left() - 4.0;
    }
    let zoom = format!("{:.0} %", local.view.zoom * 100.0);
    let parts = [
        ("tidy", "L tidy".to_owned(), "Arrange the layers in columns (L)."),
        ("fit", "F fit".to_owned(), "Show the whole network (F)."),
        ("zoom", zoom, "Reset zoom to 100 %. Ctrl-scroll zooms; scroll, middle-drag or Space-drag pans."),
    ];
    for (part, words, help) in parts {
        let galley = frame.painter.layout_no_wrap(words.clone(), regular(12.0), t.muted);
        let left = right - galley.size().x - 16.0;
        if left < frame.rect.left() + MARGIN {
            break;
        }
        let response = pill(ui, frame, part, &words, t.muted, pos2(left, bottom));
        local.floating.push(response.rect);
        right = left - 4.0;
        if response.clicked() {
            match part {
                "tidy" => {
                    actions.push(Action::Edit(Edit::Tidy));
                    local.fit = true;
                }
                "fit" => local.fit = true,
                _ => {
                    let factor = 1.0 / local.view.zoom;
                    local.view.zoom_about(frame.rect, frame.rect.center(), factor);
                }
            }
        }
        response.on_hover_text(help);
    }
    right
}

/// A canvas with no room for two rows of pills below the network.
const LOW: f32 = 240.0;
/// Between the pills and the edge of the canvas.
const MARGIN: f32 = 16.0;

/// A small label that can be clicked; `corner` is its bottom left. Words that would leave the canvas end in an
/// ellipsis.
fn pill(
    ui: &egui::Ui,
    frame: &Frame<'_>,
    part: &str,
    words: &str,
    colour: egui::Color32,
    corner: egui::Pos2,
) -> egui::Response {
    let t = &frame.tokens;
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), regular(12.0), colour);
    let room = frame.rect.right() - MARGIN - corner.x - 16.0;
    // A point more, for what the sum of roundings takes away.
    job.wrap = egui::text::TextWrapping::truncate_at_width((room + 1.0).max(0.0));
    let galley = frame.painter.layout_job(job);
    let size = galley.size() + vec2(16.0, 8.0);
    let rect = Rect::from_min_size(corner - vec2(0.0, size.y), size);
    let response = ui.interact(rect, id(part, 0), Sense::click());
    name(&response, Role::Button, words);
    let fill = if response.hovered() { t.hover } else { t.canvas };
    frame.painter.rect(rect, 8.0, fill, Stroke::new(1.0, t.line), StrokeKind::Inside);
    frame.painter.galley(rect.min + vec2(8.0, 4.0), galley, colour);
    response
}
