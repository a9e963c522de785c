//! The one list of what needs a look: problems, what the diagnosis found and notes on the data, opened from the pill
//! that counts them (or with the key P). Each line says where, what and why, and has a button that goes there, and
//! those that mend it.

use egui::{Align, Button, Layout, Popup, PopupCloseBehavior, RectAlign, Response, RichText, StrokeKind, Ui, vec2};

use super::super::theme::{Tokens, medium, regular};
use super::super::widgets::{list_from_top, prose};
use super::{CanvasUi, Frame, geometry, view};
use crate::expr::{counted, listed};
use crate::model::LayerId;
use crate::session::{Action, Anchor, DiagnosisAction, Finding, Rule, Spot, Tab};
use crate::trace::Severity;

const WIDTH: f32 = 380.0;
const HIGHEST: f32 = 440.0;

/// "1 problem, 2 warnings": how many there are, and how bad the worst is.
pub fn tally(findings: &[Finding]) -> (String, Severity) {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let words = |n: usize, word: &str| (n > 0).then(|| counted(n, word));
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
    let t = &frame.tokens;
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
        let dismissed = frame.state.dismissed();
        if dismissed > 0 {
            let words = format!("Show {}", counted(dismissed, "dismissed finding"));
            if ui.add(Button::new(RichText::new(words).font(regular(12.0)).color(t.muted)).frame(false)).clicked() {
                actions.push(DiagnosisAction::ShowDismissed.into());
            }
        }
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
    let faint = |ui: &mut Ui, words: &str| {
        ui.add(egui::Label::new(prose(words, regular(12.0), t.muted)).wrap());
    };
    ui.horizontal(|ui| {
        let sign = ui.label(RichText::new(sign).color(colour(t, finding.severity)));
        sign.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, kind));
        let title = finding.rule.as_ref().map_or(finding.subject.as_str(), |rule| rule.title);
        ui.add(egui::Label::new(RichText::new(title).font(medium(13.0)).color(t.text)).truncate());
        if finding.rule.is_some() {
            let subject = RichText::new(&finding.subject).font(regular(12.0)).color(t.muted);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(egui::Label::new(subject).truncate()));
        }
    });
    ui.add(egui::Label::new(prose(&finding.words, regular(12.5), t.text)).wrap());
    if !finding.evidence.is_empty() {
        faint(ui, &finding.evidence);
    }
    if let Some(rule) = &finding.rule {
        if !rule.causes.is_empty() {
            faint(ui, &format!("May follow from: {}.", listed(&rule.causes)));
        }
        rule.by_hand.iter().for_each(|remedy| faint(ui, &format!("By hand: {}.", lower_first(remedy))));
        if local.explained.as_ref() == Some(&rule.key) {
            faint(ui, &format!("{} {} Published in: {}.", rule.fires, rule.why, rule.source));
        }
    }
    // No higher than its buttons, however much room there is below.
    ui.spacing_mut().interact_size.y = 24.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (i, (words, action)) in finding.offers.iter().enumerate() {
            let (fill, ink) = if i == 0 { (t.accent, t.on_accent) } else { (t.raised, t.text) };
            let words = RichText::new(words).font(medium(12.0)).color(ink);
            let response = ui.add(Button::new(words).fill(fill).min_size(vec2(0.0, 24.0)));
            take_focus(ui, t, local, &response);
            if response.clicked() {
                actions.push(action.clone());
            }
            let of_rule = finding.rule.as_ref().and_then(|rule| Some((rule, *rule.tries.get(i)?)));
            if let Some((rule, remedy)) = of_rule
                && tries(ui, t, local, &finding.offers[i].0)
            {
                actions.push(DiagnosisAction::Try { of: rule.key.clone(), remedy }.into());
                ui.close();
            }
        }
        let show = ui.add(Button::new(RichText::new("Show").font(medium(12.0))).min_size(vec2(0.0, 24.0)));
        show.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Show {}", finding.subject)));
        take_focus(ui, t, local, &show);
        if show.clicked() {
            go(frame, local, &finding.spot, actions);
            ui.close();
        }
        if let Some(rule) = &finding.rule {
            about(ui, t, local, rule, actions);
        }
    });
    ui.add_space(2.0);
}

/// The button beside a remedy that tries it; whether it was pressed.
fn tries(ui: &mut Ui, t: &Tokens, local: &mut CanvasUi, remedy: &str) -> bool {
    let words = RichText::new("Try it").font(medium(12.0)).color(t.accent);
    let button = ui.add(Button::new(words).fill(t.raised).min_size(vec2(0.0, 24.0)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Try it: {remedy}")));
    take_focus(ui, t, local, &button);
    let help =
        "Trains from the beginning with and without this change, and compares. Nothing is changed until you keep it.";
    button.on_hover_text(help).clicked()
}

/// What is known of the rule, and that nobody wants to see what it found.
fn about(ui: &mut Ui, t: &Tokens, local: &mut CanvasUi, rule: &Rule, actions: &mut Vec<Action>) {
    let mut quiet = |ui: &mut Ui, words: &str, name: String| {
        let words = RichText::new(words).font(regular(12.0)).color(t.muted);
        let button = ui.add(Button::new(words).frame(false).min_size(vec2(0.0, 24.0)));
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        take_focus(ui, t, local, &button);
        button
    };
    let why = quiet(ui, "Why", format!("Why {}", rule.title)).on_hover_text("What this rule fires on, and its source.");
    let dismiss = quiet(ui, "Dismiss", format!("Dismiss {}", rule.title));
    let dismiss = dismiss.on_hover_text("Don't show this finding in this project any more.");
    if why.clicked() {
        let is_open = local.explained.as_ref() == Some(&rule.key);
        local.explained = (!is_open).then(|| rule.key.clone());
    }
    if dismiss.clicked() {
        let [rule, place] = rule.key.clone();
        actions.push(DiagnosisAction::Dismiss { rule, place }.into());
    }
}

/// Words that begin a sentence, behind a colon.
fn lower_first(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
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
        Spot::Data | Spot::Training => {
            local.panel_asked = Some(if *spot == Spot::Data { Anchor::Data } else { Anchor::Inspector });
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
