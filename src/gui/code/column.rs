//! One framework: its files as tabs, and the lines of the one that is seen.

use egui::{Align, Id, Layout, Pos2, Rect, RichText, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo};

use super::{colouring, standings, strip};
use crate::expr::counted;
use crate::gui::numbers::number;
use crate::gui::panels::header;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{icon_button, tab_strip};
use crate::interop::code::{Part, Script};
use crate::interop::{Framework, Twin};
use crate::model::LayerId;
use crate::session::engines::Finish;
use crate::session::{Action, State};
use egui_material_icons::icons;

const ROW: f32 = 18.0;
/// The line of figures.
const FACTS: f32 = 24.0;
const SIZE: f32 = 12.0;
/// Left of the text: the level's colour and the number of the line.
const MARGIN: f32 = 44.0;

pub fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    (framework, twin): (Framework, &Twin),
    file: &mut usize,
    actions: &mut Vec<Action>,
) {
    let scripts = twin.scripts();
    let selected = state.selection().only();
    let of = ui.scope_id().with(framework.name());
    if newly_selected(ui, of, selected) && !is_about(scripts[*file % scripts.len()], selected) {
        *file = scripts.iter().position(|script| is_about(script, selected)).unwrap_or(*file);
    }
    *file = (*file).min(scripts.len().saturating_sub(1));
    let Some(script) = scripts.get(*file) else { return };
    header(ui, |ui| {
        ui.label(RichText::new(framework.name()).font(theme::semibold(13.0)).color(tokens.text));
        ui.add_space(6.0);
        let room = ui.available_width();
        ui.scope(|ui| {
            ui.set_max_width((room - 120.0).max(40.0));
            let tabs: Vec<(usize, &str)> = scripts.iter().enumerate().map(|(i, script)| (i, script.name)).collect();
            tab_strip(ui, file, &tabs);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            let copy = icon_button(ui, icons::ICON_CONTENT_COPY, true, false, &format!("Copy {}", script.name));
            if copy.on_hover_text(format!("Copy {}", script.name)).clicked() {
                ui.ctx().copy_text(script.text());
            }
            let lines = twin.lines_of_code();
            let count = RichText::new(counted(lines, "line")).size(12.0).color(tokens.muted);
            ui.label(count).on_hover_text("Lines of code in these files, without comments and empty lines");
        });
    });
    facts(ui, tokens, state, framework);
    lines(ui, tokens, (framework, script), selected, actions);
}

/// How the framework did in the last race, or in the last run that it trained.
fn facts(ui: &mut Ui, tokens: &Tokens, state: &State, framework: Framework) {
    let in_race = state.race().and_then(|race| {
        let is_it = |finish: &&Finish| finish.engine.starts_with(framework.word()) && finish.steps > 0;
        let found = race.finishes.iter().find(is_it)?;
        Some((found.seconds_to_first_step, found.ms_per_step, found.peak_bytes, found.final_loss))
    });
    let in_runs = || {
        state.runs().cards.iter().rev().find_map(|card| {
            let engine = card.engine.as_ref().filter(|engine| engine.word.starts_with(framework.word()))?;
            engine.ms_per_step?;
            Some((engine.seconds_to_first_step, engine.ms_per_step, engine.peak_bytes, card.train_loss))
        })
    };
    let found = in_race.or_else(in_runs);
    if found.is_none() && state.race().is_none() {
        return;
    }
    let (first, pace, memory, loss) = found.unwrap_or_default();
    let parts = [
        first.map(|seconds| format!("first step {}", standings::seconds(seconds))),
        pace.map(|ms| format!("{} ms a step", standings::ms(ms))),
        memory.map(standings::bytes),
        loss.map(|loss| format!("loss {}", number(loss as f32))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let text = if parts.is_empty() { "–".to_owned() } else { parts.join("  ·  ") };
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        ui.set_height(FACTS);
        ui.add_space(12.0);
        let label = egui::Label::new(RichText::new(text).font(theme::mono(11.0)).color(tokens.muted)).truncate();
        let help = "From the start of the process to its first step, the median step, the most memory, and the last loss, \
                    as of the last race";
        ui.add(label).on_hover_text(help);
    });
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), egui::Stroke::new(1.0, tokens.line));
}

/// Whether another layer is selected than in the frame before.
fn newly_selected(ui: &Ui, id: Id, selected: Option<LayerId>) -> bool {
    let key = id.with("selected");
    let before = ui.data_mut(|data| data.get_temp::<Option<LayerId>>(key).unwrap_or_default());
    ui.data_mut(|data| data.insert_temp(key, selected));
    before != selected
}

fn is_about(script: &Script, selected: Option<LayerId>) -> bool {
    script.lines.iter().any(|line| is_lit(line.part, selected))
}

fn is_lit(part: Option<Part>, selected: Option<LayerId>) -> bool {
    matches!((part, selected), (Some(Part::Layer(layer)), Some(selected)) if layer == selected)
}

fn lines(
    ui: &mut Ui,
    tokens: &Tokens,
    (framework, script): (Framework, &Script),
    selected: Option<LayerId>,
    actions: &mut Vec<Action>,
) {
    let id = ui.scope_id().with((framework.name(), script.name));
    let first_lit = || script.lines.iter().position(|line| is_lit(line.part, selected));
    let shown = newly_selected(ui, id, selected).then(first_lit).flatten();
    let inside = colouring::inside_strings(script.lines.iter().map(|line| line.text.as_str()));
    let longest = script.lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0) as f32;
    let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&theme::mono(SIZE), 'm'));
    let width = (MARGIN + longest * letter + 24.0).max(ui.available_width());
    let response = ui.interact(ui.available_rect_before_wrap(), id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::Document, true, format!("{} {}", framework.name(), script.name)));
    ScrollArea::both().id_salt(id).auto_shrink(false).show_viewport(ui, |ui, viewport| {
        ui.set_height(script.lines.len() as f32 * ROW + 16.0);
        ui.set_width(width);
        let (left, top) = (ui.max_rect().left(), ui.max_rect().top() + 8.0);
        let place = |i: usize| Rect::from_min_size(Pos2::new(left, top + i as f32 * ROW), Vec2::new(width, ROW));
        if let Some(row) = shown {
            ui.scroll_to_rect(place(row).expand2(Vec2::new(0.0, 3.0 * ROW)), None);
        }
        let first = (viewport.min.y / ROW).floor().max(0.0) as usize;
        let last = ((viewport.max.y / ROW).ceil() as usize + 1).min(script.lines.len());
        for (i, &is_inside) in inside.iter().enumerate().take(last).skip(first.min(last)) {
            row(ui, tokens, script, (i, is_inside), place(i), selected, actions);
        }
    });
}

fn row(
    ui: &mut Ui,
    tokens: &Tokens,
    script: &Script,
    (i, is_inside): (usize, bool),
    rect: Rect,
    selected: Option<LayerId>,
    actions: &mut Vec<Action>,
) {
    let line = &script.lines[i];
    let layer = match line.part {
        Some(Part::Layer(layer)) => Some(layer),
        _ => None,
    };
    if is_lit(line.part, selected) {
        ui.painter().rect_filled(rect, 0.0, tokens.accent_soft);
    }
    if let Some(level) = line.level {
        let bar = Rect::from_min_size(rect.min, Vec2::new(3.0, ROW));
        ui.painter().rect_filled(bar.shrink2(Vec2::new(0.0, 1.0)), 1.0, strip::colour(tokens, level));
    }
    let middle = rect.center().y;
    let number = Pos2::new(rect.left() + MARGIN - 10.0, middle);
    ui.painter().text(number, egui::Align2::RIGHT_CENTER, i + 1, theme::mono(SIZE - 1.0), tokens.faint);
    let galley = ui.painter().layout_job(colouring::python(&line.text, is_inside, tokens, SIZE));
    let at = Pos2::new(rect.left() + MARGIN, middle - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.text);
    if let Some(layer) = layer {
        let response = ui.interact(rect, ui.scope_id().with(("line", script.name, i)), Sense::click());
        if response.hovered() {
            ui.painter().rect_stroke(rect, 0.0, (1.0, tokens.line), egui::StrokeKind::Inside);
        }
        if response.clicked() {
            super::choose(layer, actions);
        }
    }
}
