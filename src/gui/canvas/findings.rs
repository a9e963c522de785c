//! The one list of what needs a look: problems, marks of health and notes on the data, opened from the pill that counts
//! them (or with the key P). Each line says where, what and why, and has a button that goes there, and those that mend
//! it.

use egui::{Align, Button, Layout, Popup, PopupCloseBehavior, RectAlign, Response, RichText, StrokeKind, Ui, vec2};

use super::super::theme::{Tokens, medium, regular};
use super::super::widgets::{list_from_top, prose};
use super::{CanvasUi, Frame, geometry, view};
use crate::model::LayerId;
use crate::session::{Action, Finding, Spot, Tab};
use crate::trace::Severity;

const WIDTH: f32 = 380.0;
const HIGHEST: f32 = 440.0;

/// "1 problem, 2 warnings": how many there are, and how bad the worst is.
pub fn tally(findings: &[Finding]) -> (String, Severity) {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let words = |n: usize, word: &str| match n {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let loud: Vec<String> = [words(count(Severity::Bad), "problem"), words(count(Severity::Warning), "warning")]
        .into_iter()
        .flatten()
        .collect();
    let worst = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Well);
    let quiet = words(count(Severity::Unknown), "note").unwrap_or_default();
    (if loud.is_empty() { quiet } else { loud.join(", ") }, worst)
}

pub fn colour(t: &Tokens, severity: Severity) -> egui::Color32 {
    match severity {
        Severity::Bad => t.bad,
        Severity::Warning => t.warn,
        Severity::Unknown | Severity::Well => t.muted,
    }
}

/// The list above its pill.
pub fn list(frame: &Frame<'_>, local: &mut CanvasUi, pill: &Response, found: &[Finding], actions: &mut Vec<Action>) {
    let id = Popup::default_response_id(pill);
    let asked = std::mem::take(&mut local.list_asked);
    if asked || pill.clicked() {
        // By key, or by a key on the pill: the keyboard goes on inside.
        local.list_focus = asked || pill.has_focus();
        Popup::toggle_id(&pill.ctx, id);
    }
    let screen = pill.ctx.content_rect();
    let width = WIDTH.min(screen.width() - 40.0);
    let highest = HIGHEST.min(screen.height() - 80.0);
    let popup = Popup::from_response(pill).open_memory(None).width(width).gap(6.0);
    let popup = popup.align(RectAlign::TOP_START).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let room = egui::Frame::popup(&pill.ctx.global_style()).inner_margin(10);
    popup.frame(room).accessible_name("Issues").show(|ui| {
        ui.set_width(width - 20.0);
        if found.is_empty() {
            ui.label("All clear: every shape fits, and the network can train.");
        }
        list_from_top(ui).max_height(highest).show(ui, |ui| {
            for (i, finding) in found.iter().enumerate() {
                if i > 0 {
                    ui.separator();
                }
                line(ui, frame, local, finding, actions);
            }
        });
    });
}

fn line(ui: &mut Ui, frame: &Frame<'_>, local: &mut CanvasUi, finding: &Finding, actions: &mut Vec<Action>) {
    let t = &frame.tokens;
    let (sign, kind) = match finding.severity {
        Severity::Bad => ("✕", "Problem"),
        Severity::Warning => ("⚠", "Warning"),
        Severity::Unknown | Severity::Well => ("○", "Note"),
    };
    ui.spacing_mut().interact_size.y = 16.0;
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.horizontal(|ui| {
        let sign = ui.label(RichText::new(sign).color(colour(t, finding.severity)));
        sign.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, kind));
        ui.add(egui::Label::new(RichText::new(&finding.subject).font(medium(13.0)).color(t.text)).truncate());
    });
    ui.add(egui::Label::new(prose(&finding.words, regular(12.5), t.text)).wrap());
    if !finding.evidence.is_empty() {
        ui.add(egui::Label::new(prose(&finding.evidence, regular(12.0), t.muted)).wrap());
    }
    ui.with_layout(Layout::left_to_right(Align::Min).with_main_wrap(true), |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (i, (words, action)) in finding.offers.iter().enumerate() {
            let (fill, ink) = if i == 0 { (t.accent, t.on_accent) } else { (t.raised, t.text) };
            let words = RichText::new(words).font(medium(12.0)).color(ink);
            let response = ui.add(Button::new(words).fill(fill).min_size(vec2(0.0, 24.0)));
            take_focus(ui, t, local, &response);
            if response.clicked() {
                actions.push(action.clone());
            }
        }
        let show = ui.add(Button::new(RichText::new("Show").font(medium(12.0))).min_size(vec2(0.0, 24.0)));
        show.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Show {}", finding.subject)));
        take_focus(ui, t, local, &show);
        if show.clicked() {
            go(frame, local, &finding.spot, actions);
            ui.close();
        }
    });
    ui.add_space(2.0);
}

/// The first button of a list that was opened by key has the keyboard; which one has it can be seen.
fn take_focus(ui: &Ui, t: &Tokens, local: &mut CanvasUi, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(response.rect.expand(1.0), 6.0, t.focus_stroke(), StrokeKind::Outside);
    }
    if std::mem::take(&mut local.list_focus) {
        response.request_focus();
    }
}

/// Goes to where something is.
fn go(frame: &Frame<'_>, local: &mut CanvasUi, spot: &Spot, actions: &mut Vec<Action>) {
    match spot {
        Spot::Layers(layers) => {
            reveal(frame, local, layers);
            actions.push(Action::Select { layers: layers.clone(), extend: false });
        }
        Spot::Wire(wire) => {
            let ends = frame.graph.wire(*wire).map(|wire| vec![wire.from, wire.to]);
            reveal(frame, local, &ends.unwrap_or_default());
            actions.push(Action::SelectWire(*wire));
        }
        Spot::Network => local.fit = true,
        Spot::Data => {
            local.data_asked = true;
            actions.extend((frame.state.tab() != Tab::Build).then_some(Action::ShowTab(Tab::Build)));
        }
        Spot::Run => actions.push(Action::ShowTab(Tab::Debug)),
    }
}

/// Brings these cards into sight, at a size at which they can be read.
fn reveal(frame: &Frame<'_>, local: &mut CanvasUi, layers: &[LayerId]) {
    let cards = layers.iter().filter_map(|&id| frame.graph.layer(id)).map(geometry::nominal);
    let Some(all) = cards.reduce(egui::Rect::union) else { return };
    let seen = local.view.visible(frame.rect).contains_rect(all) && local.view.zoom >= view::READABLE;
    if !seen {
        local.view = view::View::fit(frame.rect, all);
    }
}
