//! The report of an import: how much came over in which way, and of each layer what was done. It floats beside the
//! network, so that a layer that is pressed can be seen.

use egui::{
    Align, Area, Button, Color32, Context, Id, Key, Label, Layout, Order, RichText, Role, ScrollArea, Ui, WidgetInfo,
    vec2,
};
use egui_material_icons::icons;

use crate::gui::canvas::CanvasUi;
use crate::gui::panels::dialog_frame;
use crate::gui::theme::{self, Tokens};
use crate::gui::top_bar;
use crate::gui::widgets::icon_button;
use crate::model::LayerId;
use crate::session::{Action, State};
use crate::trace::{Arrival, Fate, Finding};

const WIDTH: f32 = 420.0;
/// Below the bar and the headings of the panels.
const TOP: f32 = top_bar::HEIGHT + 12.0;
/// Of the window at most: the network stays to be seen.
const SHARE: [f32; 2] = [0.36, 0.85];
/// Besides the list: heading, sums, the last line and margins.
const AROUND: f32 = 160.0;
/// Layers of which the same is said, and which are named without being asked for.
const MOST_NAMED: usize = 60;

/// Returns whether it stays.
pub fn show(ctx: &Context, state: &State, arrival: &Arrival, canvas: &mut CanvasUi, actions: &mut Vec<Action>) -> bool {
    let screen = ctx.content_rect();
    let (left, top) = (16.0, TOP);
    let area = Area::new(Id::unique("import report")).order(Order::Middle).fixed_pos(screen.min + vec2(left, top));
    let closed = area.show(ctx, |ui| {
        let frame = dialog_frame(&ctx.global_style());
        let inside = frame.show(ui, |ui| {
            ui.set_width(WIDTH.min(screen.width() * SHARE[0]));
            contents(ui, state, arrival, (screen.height() - top) * SHARE[1] - AROUND, canvas, actions)
        });
        inside.inner
    });
    canvas.covered = closed.response.rect.right();
    let has_escape = ctx.input(|input| input.key_pressed(Key::Escape)) && !ctx.text_edit_focused();
    !closed.inner && !has_escape
}

/// Returns whether it was closed.
fn contents(
    ui: &mut Ui,
    state: &State,
    arrival: &Arrival,
    height: f32,
    canvas: &mut CanvasUi,
    actions: &mut Vec<Action>,
) -> bool {
    let tokens = Tokens::of(ui);
    let mut closed = false;
    ui.horizontal(|ui| {
        ui.heading("Import report");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            closed = icon_button(ui, icons::ICON_CLOSE, true, false, "Close the report").clicked();
        });
    });
    let from = format!("{}  ·  {}", arrival.file, arrival.format);
    ui.add(Label::new(RichText::new(from).color(tokens.muted)).truncate());
    ui.add_space(2.0);
    sums(ui, &tokens, arrival);
    if arrival.report.count(Fate::Foreign) > 0 {
        ui.add(Label::new("The network is computed as far as its foreign layers.").wrap());
    }
    ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().button_padding = vec2(5.0, 1.0);
        for fate in Fate::ALL {
            group(ui, &tokens, state, arrival, fate, canvas, actions);
        }
    });
    ui.add_space(4.0);
    ui.label(
        RichText::new("Press a name to see its layer. The menu shows this report again.")
            .size(11.5)
            .color(tokens.faint),
    );
    closed
}

fn colour(tokens: &Tokens, fate: Fate) -> Color32 {
    match fate {
        Fate::Exact => tokens.ok,
        Fate::Translated => tokens.pos,
        Fate::Guessed => tokens.warn,
        Fate::LeftOut => tokens.faint,
        Fate::Foreign => tokens.neg,
    }
}

/// How much came over in which way.
fn sums(ui: &mut Ui, tokens: &Tokens, arrival: &Arrival) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for fate in [Fate::Exact, Fate::Translated, Fate::Guessed, Fate::LeftOut, Fate::Foreign] {
            let count = arrival.report.count(fate);
            if count > 0 {
                dot(ui, colour(tokens, fate));
                ui.label(RichText::new(count.to_string()).font(theme::mono(13.0)));
                ui.label(RichText::new(fate.word()).color(tokens.muted)).on_hover_text(fate.meaning());
                ui.add_space(8.0);
            }
        }
    });
}

fn dot(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, 14.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.5, colour);
}

/// All that came over in one way: a sentence, and the layers that it is said of.
fn group(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    arrival: &Arrival,
    fate: Fate,
    canvas: &mut CanvasUi,
    actions: &mut Vec<Action>,
) {
    let mut said: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in arrival.report.of(fate) {
        match said.iter_mut().find(|(words, _)| *words == finding.words) {
            Some((_, findings)) => findings.push(finding),
            None => said.push((&finding.words, vec![finding])),
        }
    }
    if said.is_empty() {
        return;
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        dot(ui, colour(tokens, fate));
        let mut word = fate.word().to_owned();
        word[..1].make_ascii_uppercase();
        ui.label(RichText::new(word).font(theme::medium(13.0)));
        ui.add(Label::new(RichText::new(fate.meaning()).size(11.5).color(tokens.faint)).truncate());
    });
    for (words, findings) in said {
        if !words.is_empty() {
            ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
            for finding in findings.iter().take(MOST_NAMED) {
                name(ui, tokens, state, finding, canvas, actions);
            }
            if findings.len() > MOST_NAMED {
                ui.label(RichText::new(format!("and {} more", findings.len() - MOST_NAMED)).color(tokens.faint));
            }
        });
    }
}

/// What the file calls a layer: pressed, it is selected and looked at.
fn name(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    finding: &Finding,
    canvas: &mut CanvasUi,
    actions: &mut Vec<Action>,
) {
    let there: Vec<LayerId> =
        finding.layers.iter().copied().filter(|&id| state.project().graph.layer(id).is_some()).collect();
    let text = RichText::new(&finding.what).font(theme::mono(11.5));
    let Some(&first) = there.first() else {
        ui.label(text.color(tokens.muted));
        return;
    };
    let is_selected = there.iter().any(|id| state.selection().layers.contains(id));
    let names = there.iter().filter_map(|&id| state.project().graph.layer(id)).map(|layer| layer.name.as_str());
    let help = format!("Show {}", names.collect::<Vec<_>>().join(", "));
    let button = ui.add(Button::selectable(is_selected, text.color(tokens.text)));
    button.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, format!("Show {}", finding.what)));
    if button.on_hover_text(help).clicked() {
        canvas.wanted = Some(first);
        actions.push(Action::Select { layers: there, extend: false });
    }
}
