//! The gallery of sources.

use egui::{Align2, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::gui::dialogs::{Dialogs, Purpose};
use crate::gui::open_sets;
use crate::gui::theme::{self, Tokens};
use crate::gui::thumbnails::{Thumbnail, Thumbnails};
use crate::model::{DataSpec, DigitsSpec, Feature, ScenesSpec, ShapesSpec, Source, SyntheticKind, SyntheticSpec};
use crate::session::{Action, State};

fn picture(kind: SyntheticKind) -> Thumbnail {
    match kind {
        SyntheticKind::Circle => Thumbnail::Circle,
        SyntheticKind::Xor => Thumbnail::Xor,
        SyntheticKind::Gauss => Thumbnail::Gauss,
        SyntheticKind::Spiral => Thumbnail::Spiral,
        SyntheticKind::Moons => Thumbnail::Moons,
        SyntheticKind::Blobs => Thumbnail::Blobs,
        SyntheticKind::Rings => Thumbnail::Rings,
        SyntheticKind::Plane => Thumbnail::Plane,
        SyntheticKind::GaussSurface => Thumbnail::Hills,
        SyntheticKind::Sine => Thumbnail::Sine,
        SyntheticKind::Polynomial => Thumbnail::Polynomial,
    }
}

fn current(source: &Source) -> (String, Thumbnail) {
    let file = |path: &std::path::Path| path.file_name().map_or(String::new(), |n| n.to_string_lossy().into_owned());
    match source {
        Source::Synthetic(spec) if !spec.points.is_empty() => ("Own points".to_owned(), picture(spec.kind)),
        Source::Synthetic(spec) => (spec.kind.title().to_owned(), picture(spec.kind)),
        Source::Digits(_) => ("Drawn digits".to_owned(), Thumbnail::Digits),
        Source::Shapes(_) => ("Drawn shapes".to_owned(), Thumbnail::Shapes),
        Source::Scenes(_) => ("Drawn scenes".to_owned(), Thumbnail::Scenes),
        Source::Csv(csv) => (file(&csv.path), Thumbnail::Table),
        Source::Idx(idx) => (file(&idx.folder), Thumbnail::ImageFolder),
        Source::Pictures(pictures) => (file(&pictures.folder), Thumbnail::Photos),
        Source::Boxes(pictures) => (file(&pictures.folder), Thumbnail::Boxes),
        Source::Sample(_) => ("One sample".to_owned(), Thumbnail::Table),
    }
}

pub(super) fn show(
    ui: &mut Ui,
    state: &State,
    choosing: &mut bool,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    let tokens = Tokens::of(ui);
    let (title, thumbnail) = current(&state.project().data.source);
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(56.0, 36.0), Sense::hover());
        thumbnails.paint(ui.ctx(), ui.painter(), rect, 6.into(), thumbnail, &tokens);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(egui::Label::new(RichText::new(title).font(theme::medium(13.0))).truncate());
            let word = if *choosing { "Close the list" } else { "Change the data" };
            if ui.link(word).clicked() {
                *choosing = !*choosing;
            }
        });
    });
    if *choosing {
        *choosing = !gallery(ui, state, thumbnails, dialogs, actions);
    }
}

/// Whether something was chosen.
fn gallery(
    ui: &mut Ui,
    state: &State,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) -> bool {
    let data = &state.project().data;
    let with = |source| Action::SetData(DataSpec { source, ..data.clone() });
    let gap = 8.0;
    let columns = ((ui.available_width() + gap) / (84.0 + gap)).floor().max(2.0);
    let width = ((ui.available_width() - gap * (columns - 1.0)) / columns).floor();
    // A single sample is none of these.
    let now = Some(current(&data.source).1).filter(|_| !matches!(data.source, Source::Sample(_)));
    let (before, mut asked) = (actions.len(), None);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(gap);
        for kind in SyntheticKind::ALL {
            if card(ui, thumbnails, width, kind.title(), picture(kind), now) {
                actions.push(with(Source::Synthetic(other_kind(&data.source, kind))));
            }
        }
        if card(ui, thumbnails, width, "Drawn digits", Thumbnail::Digits, now) {
            actions.push(with(Source::Digits(DigitsSpec::default())));
        }
        if card(ui, thumbnails, width, "Drawn shapes", Thumbnail::Shapes, now) {
            actions.push(with(Source::Shapes(ShapesSpec::default())));
        }
        if card(ui, thumbnails, width, "Drawn scenes", Thumbnail::Scenes, now) {
            actions.push(with(Source::Scenes(ScenesSpec::default())));
        }
        let is_idx = matches!(data.source, Source::Idx(_));
        let thumbnail = if is_idx { Thumbnail::ImageFolder } else { Thumbnail::Photos };
        if card(ui, thumbnails, width, "Pictures …", thumbnail, now) {
            asked = Some(Purpose::DataFolder);
        }
        if card(ui, thumbnails, width, "Boxes …", Thumbnail::Boxes, now) {
            asked = Some(Purpose::DataBoxes);
        }
        if card(ui, thumbnails, width, "Table …", Thumbnail::Table, now) {
            asked = Some(Purpose::DataTable);
        }
    });
    ui.add_space(4.0);
    ui.add(egui::Label::new(RichText::new("Open sets of pictures").font(theme::medium(12.0))));
    actions.extend(open_sets::show(ui, state).map(|key| Action::UseSet(key.into())));
    let chosen = asked.is_some() || actions.len() > before;
    if let Some(purpose) = asked {
        dialogs.ask(purpose, ui.ctx());
    }
    chosen
}

/// The settings that still mean something for another kind are kept.
fn other_kind(source: &Source, kind: SyntheticKind) -> SyntheticSpec {
    let before = match source {
        Source::Synthetic(spec) => spec.clone(),
        _ => SyntheticSpec::default(),
    };
    let features = if kind.raw_dimensions() == 2 { before.features } else { vec![Feature::X] };
    let features =
        if kind.raw_dimensions() == 2 && features == [Feature::X] { vec![Feature::X, Feature::Y] } else { features };
    SyntheticSpec { kind, features, points: Vec::new(), ..before }
}

fn card(
    ui: &mut Ui,
    thumbnails: &mut Thumbnails,
    width: f32,
    title: &str,
    picture: Thumbnail,
    now: Option<Thumbnail>,
) -> bool {
    let tokens = Tokens::of(ui);
    let height = (width * 0.56).round();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height + 18.0), Sense::click());
    let image = Rect::from_min_size(rect.min, Vec2::new(width, height));
    thumbnails.paint(ui.ctx(), ui.painter(), image, 6.into(), picture, &tokens);
    let lit = response.hovered() || response.has_focus() || now == Some(picture);
    let stroke = if lit { tokens.focus_stroke() } else { Stroke::new(1.0, tokens.line) };
    ui.painter().rect_stroke(image, 6.0, stroke, StrokeKind::Inside);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let at = rect.left_bottom() - Vec2::new(-2.0, 1.0);
    painter.text(at, Align2::LEFT_BOTTOM, title, theme::regular(11.0), tokens.muted);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, now == Some(picture), title));
    response.on_hover_text(title).clicked()
}
