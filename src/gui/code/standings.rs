//! The table of a race: who, how quickly, how much memory, how far from the first.

use egui::{Align2, Button, Color32, Pos2, Rect, RichText, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::gui::figure::is_paper;
use crate::gui::numbers::{count, number};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{named, perhaps};
use crate::session::engines::{Compared, Engine, Finish, Standing, Status};
use crate::session::{Action, EngineAction, RaceView};

const ROW: f32 = 28.0;
const HEADS: f32 = 24.0;
/// Of the engine's name and state.
const NAME: f32 = 196.0;

/// The colour of an engine wherever the race is drawn; `place`: among the racers, for those of one framework.
pub fn colour(tokens: &Tokens, engine: &Engine, others: &[&Engine]) -> Color32 {
    let usual = match engine.word() {
        "glassbox" => tokens.accent,
        "pytorch" => tokens.k_loss,
        "tensorflow" => tokens.k_conv,
        "keras" => tokens.k_act,
        "keras-jax" => tokens.k_norm,
        _ => tokens.k_seq,
    };
    // Two versions of one framework are told apart.
    let before = others.iter().filter(|other| other.word() == engine.word()).count();
    match before {
        0 => usual,
        1 => tokens.k_data,
        _ => tokens.k_merge,
    }
}

/// Colours of all, in their order.
pub fn colours(tokens: &Tokens, standings: &[Standing]) -> Vec<Color32> {
    let engines: Vec<&Engine> = standings.iter().map(|standing| &standing.engine).collect();
    (0..engines.len()).map(|i| colour(tokens, engines[i], &engines[..i])).collect()
}

/// "1.9 s"
pub fn seconds(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}

/// "5.2", "0.081"
pub fn ms(ms: f64) -> String {
    match ms {
        ms if ms >= 100.0 => format!("{ms:.0}"),
        ms if ms >= 1.0 => format!("{ms:.1}"),
        ms => format!("{ms:.3}"),
    }
}

/// "412 MB"
pub fn bytes(bytes: u64) -> String {
    format!("{} MB", count((bytes as f64 / 1e6).round() as u64))
}

/// A number of the table: its heading, how wide it is, and what it is of a racer.
struct Column {
    title: &'static str,
    width: f32,
    text: fn(&Finish, Option<&Compared>) -> Option<String>,
}

/// The most important first: what there is no room for is left out from the end.
const COLUMNS: [Column; 7] = [
    Column { title: "first step", width: 76.0, text: |finish, _| finish.seconds_to_first_step.map(seconds) },
    Column { title: "ms a step", width: 74.0, text: |finish, _| finish.ms_per_step.map(ms) },
    Column { title: "peak memory", width: 92.0, text: |finish, _| finish.peak_bytes.map(bytes) },
    Column { title: "final loss", width: 80.0, text: |finish, _| finish.final_loss.map(|loss| number(loss as f32)) },
    Column { title: "differs by", width: 76.0, text: |_, compared| compared.map(|one| apart(one.largest)) },
    Column {
        title: "samples/s",
        width: 78.0,
        text: |finish, _| finish.samples_per_second.map(|rate| count(rate.round() as u64)),
    },
    Column {
        title: "lines",
        width: 48.0,
        text: |finish, _| (finish.lines_of_code > 0).then(|| finish.lines_of_code.to_string()),
    },
];

/// "3e−6", "0"
pub fn apart(difference: f64) -> String {
    if difference == 0.0 { "0".to_owned() } else { format!("{difference:.0e}").replace('-', "−") }
}

/// How wide all of it is.
pub fn width() -> f32 {
    NAME + COLUMNS.iter().map(|column| column.width).sum::<f32>() + 12.0
}

/// How high.
pub fn height(race: &RaceView) -> f32 {
    HEADS + ROW * race.standings.len() as f32 + 4.0
}

pub fn show(ui: &mut Ui, tokens: &Tokens, race: &RaceView, actions: &mut Vec<Action>) {
    let room = ui.available_width();
    let mut used = NAME + 12.0;
    let shown = COLUMNS.iter().take_while(|column| {
        used += column.width;
        used <= room
    });
    let shown: Vec<&Column> = shown.collect();
    let all = ui.available_rect_before_wrap();
    let whole = Rect::from_min_size(all.min, Vec2::new(room, height(race)));
    ui.allocate_rect(whole, Sense::hover());
    let right = whole.right() - 12.0 - shown.iter().map(|column| column.width).sum::<f32>();
    let middle = whole.top() + HEADS / 2.0;
    ui.painter().text(
        Pos2::new(whole.left() + 20.0, middle),
        Align2::LEFT_CENTER,
        "engine",
        theme::regular(11.0),
        tokens.faint,
    );
    let mut x = right;
    for column in &shown {
        x += column.width;
        let at = Pos2::new(x, middle);
        ui.painter().text(at, Align2::RIGHT_CENTER, column.title, theme::regular(11.0), tokens.faint);
    }
    let best = race.finishes.iter().filter_map(|finish| finish.ms_per_step).min_by(f64::total_cmp);
    let colours = colours(tokens, &race.standings);
    for (i, standing) in race.standings.iter().enumerate() {
        let top = whole.top() + HEADS + i as f32 * ROW;
        let rect = Rect::from_min_size(Pos2::new(whole.left(), top), Vec2::new(room, ROW));
        ui.painter().hline(rect.x_range(), rect.top(), Stroke::new(1.0, tokens.line.gamma_multiply(0.5)));
        let finish = &race.finishes[i];
        let compared = race.compared[i].as_ref();
        let mut x = right;
        for column in &shown {
            x += column.width;
            let text = (column.text)(finish, compared);
            let is_best = column.title == "ms a step" && finish.ms_per_step.is_some() && finish.ms_per_step == best;
            let (text, colour) = match text {
                Some(text) if is_best => (text, tokens.ok),
                Some(text) => (text, tokens.text),
                None => ("–".to_owned(), tokens.faint),
            };
            let at = Pos2::new(x, rect.center().y);
            ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::mono(12.0), colour);
        }
        let place = rect.with_max_x(right + shown.first().map_or(0.0, |column| column.width - 60.0));
        name(ui, tokens, (race, i), place, colours[i], actions);
        let spoken = spoken(standing, finish, compared);
        let row = ui.interact(rect, ui.scope_id().with(("racer", i)), Sense::hover());
        row.widget_info(|| WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    }
}

fn spoken(standing: &Standing, finish: &Finish, compared: Option<&Compared>) -> String {
    let figures =
        COLUMNS.iter().filter_map(|column| Some(format!("{} {}", column.title, (column.text)(finish, compared)?)));
    let figures: Vec<_> = figures.collect();
    format!("{}: {}", standing.engine.title(), figures.join(", "))
}

/// Who it is, how far it is, and what can be done about it.
fn name(
    ui: &mut Ui,
    tokens: &Tokens,
    (race, i): (&RaceView, usize),
    place: Rect,
    colour: Color32,
    actions: &mut Vec<Action>,
) {
    let standing = &race.standings[i];
    let dot = Pos2::new(place.left() + 10.0, place.center().y);
    ui.painter().circle_filled(dot, 4.0, colour);
    let title = standing.engine.title();
    let inner = place.with_min_x(place.left() + 20.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add(egui::Label::new(RichText::new(&title).color(tokens.text)).extend());
        let (state, colour) = state(race, standing, tokens);
        let small = |text: &str, colour| RichText::new(text).small().color(colour);
        perhaps(ui, state, |ui, state| drop(ui.add(egui::Label::new(small(&state, colour)).truncate())));
        if is_paper(ui) {
            return;
        }
        if standing.status == Status::Running {
            let stop = ui.add(Button::new(small("Stop", tokens.muted)).frame_when_inactive(false));
            if named(stop, &format!("Stop {title}")).clicked() {
                actions.push(Action::Engines(EngineAction::Stop(Some(i))));
            }
        }
        let told = match (&standing.status, &race.lost[i]) {
            (Status::Failed(failure), _) => Some((failure.sentence.clone(), failure.said.clone())),
            (_, Some(why)) => Some((format!("Its run wasn't kept: {why}"), String::new())),
            _ => None,
        };
        perhaps(ui, told, |ui, (sentence, said)| why(ui, tokens, &title, &sentence, &said));
    });
}

fn state(race: &RaceView, standing: &Standing, tokens: &Tokens) -> (Option<String>, Color32) {
    let step = standing.now.step;
    let text = match &standing.status {
        Status::Waiting => Some("waiting".to_owned()),
        Status::Running if race.paused => Some(format!("paused at {}", count(step))),
        Status::Running if step == 0 => Some("starting …".to_owned()),
        Status::Running => Some(format!("{} %", (100 * step / race.steps.max(1)).min(100))),
        Status::Done => None,
        Status::Stopped if step == 0 => Some("not started".to_owned()),
        Status::Stopped => Some(format!("stopped at {}", count(step))),
        Status::Failed(_) => return (Some("failed".to_owned()), tokens.bad),
    };
    (text, tokens.faint)
}

/// What went wrong, in a sentence; all that was said for whoever wants it.
fn why(ui: &mut Ui, tokens: &Tokens, title: &str, sentence: &str, said: &str) {
    let button = egui::containers::menu::MenuButton::from_button(
        Button::new(RichText::new("Why?").small().color(tokens.warn)).frame_when_inactive(false),
    );
    let (response, _) = button.ui(ui, |ui| {
        ui.set_max_width(520.0);
        ui.label(RichText::new(sentence).color(tokens.text));
        if said.trim().is_empty() {
            return;
        }
        ui.collapsing("Full output", |ui| {
            ScrollArea::both().max_height(240.0).show(ui, |ui| {
                ui.label(RichText::new(said).font(theme::mono(11.0)).color(tokens.muted));
            });
        });
        if ui.button("Copy the output").clicked() {
            ui.ctx().copy_text(said.to_owned());
        }
    });
    named(response.on_hover_text(sentence), &format!("Why {title} failed"));
}
