//! The first screen: what to start from, and what to continue.

use egui::{
    Align2, CornerRadius, Label, Rect, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};

use super::dialogs::{Dialogs, Purpose};
use super::open_sets;
use super::theme::{self, Tokens};
use super::thumbnails::{Thumbnail, Thumbnails};
use super::widgets::{accent_button, path_field, section};
use crate::model::templates::TEMPLATES;
use crate::persist::Recent;
use crate::session::{Action, State};

#[derive(Default)]
pub struct WelcomeUi {
    path: String,
    /// The tour was asked for.
    pub wants_tour: bool,
}

/// What a card starts.
#[derive(Clone, Copy)]
enum Start {
    Template(&'static str),
    Table,
    Folder,
    Boxes,
    Empty,
}

struct Card {
    title: &'static str,
    tagline: &'static str,
    thumbnail: Thumbnail,
    start: Start,
}

/// The templates that the session knows, and a canvas with nothing on it.
fn all_cards() -> Vec<Card> {
    let templates = TEMPLATES.iter().filter_map(|template| {
        let (thumbnail, start) = picture_of(template.key)?;
        Some(Card { title: template.title, tagline: template.tagline, thumbnail, start })
    });
    let empty =
        Card { title: "Empty canvas", tagline: "start from scratch", thumbnail: Thumbnail::Empty, start: Start::Empty };
    templates.chain([empty]).collect()
}

/// `None` for templates that share their card with another one.
fn picture_of(key: &'static str) -> Option<(Thumbnail, Start)> {
    let thumbnail = match key {
        "spiral" => Thumbnail::Spiral,
        "xor" => Thumbnail::Xor,
        "circle" => Thumbnail::Circle,
        "gauss" => Thumbnail::Gauss,
        "moons" => Thumbnail::Moons,
        "blobs" => Thumbnail::Blobs,
        "sine" => Thumbnail::Sine,
        "plane" => Thumbnail::Plane,
        "digits" => Thumbnail::Digits,
        "shapes" => Thumbnail::Shapes,
        "scenes" => Thumbnail::Scenes,
        "digits-cnn" => Thumbnail::Convolutions,
        "digits-resnet" => Thumbnail::Residual,
        "digits-lstm" => Thumbnail::Rows,
        "digits-attention" => Thumbnail::Attention,
        "digits-autoencoder" => Thumbnail::Bottleneck,
        "pictures" => return Some((Thumbnail::Photos, Start::Folder)),
        "detect" => return Some((Thumbnail::Boxes, Start::Boxes)),
        "table" => return Some((Thumbnail::Table, Start::Table)),
        _ => return None,
    };
    Some((thumbnail, Start::Template(key)))
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut WelcomeUi,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    let width = ui.available_width();
    let margin = ((width - 1330.0) / 2.0).clamp(24.0, 160.0);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space(if ui.available_height() > 760.0 { 40.0 } else { 20.0 });
        ui.horizontal_top(|ui| {
            ui.add_space(margin);
            let side = if width >= 900.0 { 300.0 } else { 0.0 };
            let gallery = width - 2.0 * margin - if side > 0.0 { side + 56.0 } else { 0.0 };
            ui.vertical(|ui| {
                ui.set_width(gallery);
                headline(ui, state, actions);
                cards(ui, thumbnails, dialogs, actions);
                if side == 0.0 {
                    beside(ui, state, local, dialogs, actions);
                }
            });
            if side > 0.0 {
                ui.add_space(48.0);
                ui.vertical(|ui| {
                    ui.set_width(side);
                    ui.add_space(80.0);
                    beside(ui, state, local, dialogs, actions);
                });
            }
        });
        ui.add_space(24.0);
    });
}

fn headline(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new("A neural network you can see through").font(theme::semibold(26.0)));
    ui.horizontal(|ui| {
        let line = "Pick something to learn, then press space to watch.";
        ui.label(RichText::new(line).size(15.0).color(tokens.muted));
        // Also an empty canvas may hold work: its data.
        if !state.project().graph.is_empty() || state.is_unsaved() {
            let back = ui.link(format!("Back to “{}”", state.project().name));
            if back.clicked() {
                actions.push(Action::ShowWorkspace);
            }
        }
    });
    ui.add_space(8.0);
    section(ui, "START FROM", "");
    ui.add_space(4.0);
}

/// The narrowest card.
const NARROWEST: f32 = 180.0;
/// Left and right of its words.
const MARGIN: f32 = 10.0;

fn cards(ui: &mut Ui, thumbnails: &mut Thumbnails, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let gap = 16.0;
    let columns = ((ui.available_width() + gap) / (NARROWEST + gap)).floor().clamp(2.0, 5.0);
    let width = ((ui.available_width() - gap * (columns - 1.0)) / columns).floor();
    ui.spacing_mut().item_spacing = Vec2::splat(gap);
    for row in all_cards().chunks(columns as usize) {
        ui.horizontal(|ui| {
            for card in row {
                if card_ui(ui, card, width, thumbnails) {
                    match card.start {
                        Start::Template(key) => actions.push(Action::OpenTemplate(key.to_owned())),
                        Start::Empty => actions.push(Action::NewEmpty),
                        Start::Table => dialogs.ask(Purpose::OpenTable, ui.ctx()),
                        Start::Folder => dialogs.ask(Purpose::OpenPictures, ui.ctx()),
                        Start::Boxes => dialogs.ask(Purpose::OpenBoxes, ui.ctx()),
                    }
                }
            }
        });
    }
}

fn card_ui(ui: &mut Ui, card: &Card, width: f32, thumbnails: &mut Thumbnails) -> bool {
    let tokens = Tokens::of(ui);
    let picture = (width * 0.44).round();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, picture + 56.0), Sense::click());
    let live = response.hovered() || response.has_focus();
    let painter = ui.painter();
    painter.rect_filled(rect, 10.0, if live { tokens.raised } else { tokens.panel });
    let image = Rect::from_min_size(rect.min, Vec2::new(width, picture)).shrink(1.0);
    let corners = CornerRadius { nw: 9, ne: 9, sw: 0, se: 0 };
    thumbnails.paint(ui.ctx(), painter, image, corners, card.thumbnail, &tokens);
    let stroke = if response.has_focus() { tokens.focus_stroke() } else { Stroke::new(1.0, tokens.line) };
    painter.rect_stroke(rect, 10.0, stroke, StrokeKind::Inside);
    let text = |y: f32, text: &str, font, colour| {
        let clipped = painter.with_clip_rect(rect.shrink2(Vec2::new(MARGIN, 0.0)).intersect(painter.clip_rect()));
        clipped.text(rect.left_top() + Vec2::new(MARGIN, picture + y), Align2::LEFT_CENTER, text, font, colour);
    };
    text(20.0, card.title, theme::medium(13.0), tokens.text);
    text(38.0, card.tagline, theme::regular(12.0), tokens.muted);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, card.title));
    response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
}

/// Recent projects, and ways to others.
fn beside(ui: &mut Ui, state: &State, local: &mut WelcomeUi, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.spacing_mut().item_spacing = Vec2::new(8.0, 4.0);
    // On the ground of this screen, fields and buttons have the colour of cards.
    ui.visuals_mut().text_edit_bg_color = Some(tokens.panel);
    ui.visuals_mut().widgets.inactive.weak_bg_fill = tokens.panel;
    if !state.settings().tour_seen {
        section(ui, "NEW HERE?", "");
        let words = "Take a two-minute tour of the window.";
        ui.add(Label::new(RichText::new(words).color(tokens.muted)).wrap());
        local.wants_tour |= accent_button(ui, true, "Start the tour").clicked();
        ui.add_space(4.0);
    }
    section(ui, "CONTINUE", "");
    if state.settings().recent.is_empty() {
        let hint = "Your saved projects appear here.";
        ui.add(Label::new(RichText::new(hint).color(tokens.muted)).wrap());
    }
    for recent in &state.settings().recent {
        if recent_row(ui, recent) {
            actions.push(Action::Open(recent.path.clone()));
        }
    }
    section(ui, "OPEN", "");
    let (_, entered) = path_field(ui, "Path of a project", "path of a project file", &mut local.path);
    let ready = !local.path.trim().is_empty();
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let open = ui.add_enabled(ready, egui::Button::new("Open path"));
        if open.clicked() || (entered && ready) {
            actions.push(Action::Open(local.path.trim().into()));
        }
        if ui.add(egui::Button::new("Open …").shortcut_text("Ctrl O")).clicked() {
            dialogs.ask(Purpose::Open, ui.ctx());
        }
    });
    sets(ui, state, actions);
}

/// Data that anybody may use.
fn sets(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    section(ui, "OPEN SETS OF PICTURES", "");
    actions.extend(open_sets::show(ui, state).map(|key| Action::OpenSet(key.into())));
}

fn recent_row(ui: &mut Ui, recent: &Recent) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 34.0), Sense::click());
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 8.0, tokens.raised);
    }
    let icon = Rect::from_center_size(rect.left_center() + Vec2::new(19.0, 0.0), Vec2::splat(18.0));
    ui.painter().rect_filled(icon, 5.0, tokens.accent);
    ui.painter().text(icon.center(), Align2::CENTER_CENTER, "◈", theme::regular(11.0), tokens.on_icon);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let when = painter.layout_no_wrap(ago(recent.opened_secs), theme::regular(12.0), tokens.faint);
    let name = rect.left_center() + Vec2::new(38.0, 0.0);
    let names = Rect::from_min_max(rect.min, rect.right_bottom() - Vec2::new(when.size().x + 20.0, 0.0));
    let clipped = painter.with_clip_rect(names.intersect(ui.clip_rect()));
    clipped.text(name, Align2::LEFT_CENTER, &recent.name, theme::regular(13.0), tokens.text);
    let at = rect.right_center() - Vec2::new(when.size().x + 10.0, when.size().y / 2.0);
    painter.galley(at, when, tokens.faint);
    let name = format!("Continue {}", recent.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    response.on_hover_text(recent.path.display().to_string()).clicked()
}

/// "just now", "5 min ago", "yesterday", "12 days ago".
fn ago(then_secs: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let passed = now.saturating_sub(then_secs);
    match (passed / 60, passed / 3600, passed / 86_400) {
        (0, ..) => "just now".into(),
        (minutes, 0, _) => format!("{minutes} min ago"),
        (_, 1, 0) => "an hour ago".into(),
        (_, hours, 0) => format!("{hours} hours ago"),
        (_, _, 1) => "yesterday".into(),
        (_, _, days) => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::dialogs::FilePicker;
    use crate::gui::test_window::{Bench, bench};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;
    use std::path::PathBuf;
    use std::sync::Arc;

    struct NoPicker;

    impl FilePicker for NoPicker {
        fn pick(&self, _: &Purpose) -> Option<PathBuf> {
            None
        }
    }

    fn welcome(size: [f32; 2], state: State) -> Harness<'static, Bench<(WelcomeUi, Dialogs)>> {
        let mut thumbnails = Thumbnails::default();
        let local = (WelcomeUi::default(), Dialogs::new(Arc::new(NoPicker)));
        bench(size, state, local, move |ui, state, (local, dialogs), actions| {
            show(ui, state, local, &mut thumbnails, dialogs, actions);
        })
    }

    #[test]
    fn each_template_is_one_click_away() {
        for (title, key) in [("Spiral", "spiral"), ("Digits, convolutions", "digits-cnn"), ("Sine", "sine")] {
            let mut harness = welcome([1440.0, 850.0], State::default());
            harness.get_by_label(title).click();
            harness.run_ok();
            assert_eq!(harness.state().actions, [Action::OpenTemplate(key.into())]);
        }
    }

    #[test]
    fn an_open_set_says_how_large_it_is_and_is_fetched_by_a_click() {
        let mut harness = welcome([1440.0, 850.0], State::default());
        harness.get_by_label("170 MB");
        harness.get_by_label("Fetch Fashion-MNIST").click();
        harness.run_ok();
        assert_eq!(harness.state().actions, [Action::OpenSet("fashion-mnist".into())]);
        let mut state = State::default();
        state.pose().sets_there.push("mnist");
        welcome([1440.0, 850.0], state).get_by_label("Use MNIST");
    }

    #[test]
    fn every_template_has_a_card() {
        let without: Vec<_> = TEMPLATES.iter().map(|t| t.key).filter(|key| picture_of(key).is_none()).collect();
        // A folder of pictures may also be of IDX files.
        assert_eq!(without, ["mnist-mlp", "mnist-cnn"]);
    }

    #[test]
    fn no_card_cuts_its_words_off() {
        let harness = welcome([1440.0, 850.0], State::default());
        let painter = harness.ctx.debug_painter();
        for card in all_cards() {
            for (words, font) in [(card.title, theme::medium(13.0)), (card.tagline, theme::regular(12.0))] {
                let width = painter.layout_no_wrap(words.to_owned(), font, egui::Color32::WHITE).size().x;
                assert!(width <= NARROWEST - 2.0 * MARGIN, "{words}: {width}");
            }
        }
    }

    #[test]
    fn a_recent_project_continues_and_a_typed_path_opens() {
        let mut state = State::default();
        state.pose().settings.recent.push(Recent {
            path: "/p/a.glassbox.json".into(),
            name: "Penguins".into(),
            opened_secs: 0,
        });
        let mut harness = welcome([1024.0, 640.0], state);
        harness.get_by_label("Continue Penguins").click();
        harness.run_ok();
        harness.get_by_label("Path of a project").focus();
        harness.run_ok();
        harness.get_by_label("Path of a project").type_text("/p/b.json");
        harness.run_ok();
        harness.get_by_label("Open path").click();
        harness.run_ok();
        assert_eq!(
            harness.state().actions,
            [Action::Open("/p/a.glassbox.json".into()), Action::Open("/p/b.json".into())]
        );
    }

    #[test]
    fn an_empty_canvas_with_work_in_it_can_be_gone_back_to() {
        let mut state = State::default();
        let posed = state.pose();
        (*posed.unsaved, posed.project.name) = (true, "Mine".into());
        let mut harness = welcome([1440.0, 850.0], state);
        harness.get_by_label("Back to “Mine”").click();
        harness.run_ok();
        assert_eq!(harness.state().actions, [Action::ShowWorkspace]);
    }

    #[test]
    fn a_table_asks_for_its_path() {
        let mut harness = welcome([1440.0, 850.0], State::default());
        harness.get_by_label("Your table").click();
        harness.run_ok();
        assert!(harness.state().local.1.is_open());
    }
}
