//! The list of layers: search it, drag one out, or add one after the selection.
//!
//! What a drop on the canvas does is for the canvas to say; it finds a [`DragLayer`] in egui's drag-and-drop payload.

use egui::{
    Align2, Area, DragAndDrop, Id, Key, Label, Order, Rect, Response, RichText, Role, ScrollArea, Sense, TextEdit, Ui,
    Vec2, WidgetInfo,
};

use super::theme::{self, Tokens};
use super::widgets::{Few, paint_kind_icon};
use crate::model::layer::{About, Group, Inputs};
use crate::model::{Edit, Graph, LayerId, LayerKind};
use crate::session::{Action, Selection, State};

/// What is being dragged from the palette.
#[derive(Clone, Debug, PartialEq)]
pub struct DragLayer {
    pub kind: LayerKind,
}

/// What the switch does.
pub const SIMPLE: &str = "Show only the essential layers and settings, plus any in use. The rest is under “More” and \
    in search.";

#[derive(Default)]
pub struct PaletteUi {
    search: String,
    /// The layers that a beginner is not shown were asked for.
    more: bool,
}

pub fn show(ui: &mut Ui, state: &State, local: &mut PaletteUi, actions: &mut Vec<Action>) {
    let all = LayerKind::all();
    let searching = !local.search.trim().is_empty();
    let mut few = Few::new(state.desk().simple && !searching, local.more);
    let is_used = |kind: &LayerKind| state.project().graph.layers().any(|layer| layer.kind.key() == kind.key());
    let mut is_shown =
        |kind: &&LayerKind| kind.is_called(&local.search) && (kind.is_first() || is_used(kind) || few.shows(true));
    let found: Vec<&LayerKind> = all.iter().filter(&mut is_shown).collect();
    if search_box(ui, local)
        && let Some(kind) = found.first()
    {
        add(state, kind, actions);
    }
    simple_switch(ui, state, actions);
    let tokens = Tokens::of(ui);
    if found.is_empty() {
        ui.add_space(8.0);
        let text = format!("No layer matches “{}”.", local.search.trim());
        ui.horizontal(|ui| {
            ui.add_space(14.0);
            ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
        });
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for group in Group::PALETTE {
            let mut of_group = found.iter().filter(|kind| kind.about().group == group).peekable();
            if of_group.peek().is_none() {
                continue;
            }
            heading(ui, group);
            for kind in of_group {
                row(ui, state, kind, actions);
            }
        }
        if state.desk().simple && !searching {
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                ui.add_space(6.0);
                few.button(ui, "layers", &mut local.more);
            });
        }
        ui.add_space(8.0);
    });
    ghost(ui);
}

fn simple_switch(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        let mut simple = state.desk().simple;
        let words = RichText::new("Simple mode").color(Tokens::of(ui).muted);
        if ui.checkbox(&mut simple, words).on_hover_text(SIMPLE).changed() {
            actions.push(Action::SetSimple(simple));
        }
    });
}

/// True when Enter was pressed in it.
fn search_box(ui: &mut Ui, local: &mut PaletteUi) -> bool {
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        let width = ui.available_width() - 12.0;
        let edit = TextEdit::singleline(&mut local.search).hint_text("Search layers").desired_width(width);
        let response = ui.add(edit.margin(egui::Margin::symmetric(10, 6)));
        let text = local.search.clone();
        response.widget_info(|| WidgetInfo {
            label: Some("Search layers".into()),
            ..WidgetInfo::text_edit(true, &text, &text, "Search layers")
        });
        response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) && !local.search.trim().is_empty()
    })
    .inner
}

fn heading(ui: &mut Ui, group: Group) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 29.0), Sense::hover());
    let at = rect.left_bottom() + Vec2::new(14.0, -5.0);
    ui.painter().text(at, Align2::LEFT_BOTTOM, group.title(), theme::regular(11.0), tokens.faint);
}

fn row(ui: &mut Ui, state: &State, kind: &LayerKind, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let about = kind.about();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 30.0), Sense::click_and_drag());
    if response.hovered() || response.has_focus() || response.dragged() {
        ui.painter().rect_filled(rect, 0.0, tokens.hover);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(rect.shrink(1.0), 4.0, tokens.focus_stroke(), egui::StrokeKind::Inside);
    }
    draw_row(ui, &tokens, about, rect);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, about.title));
    response.dnd_set_drag_payload(DragLayer { kind: kind.clone() });
    let entered = response.has_focus() && ui.input(|i| i.key_pressed(Key::Enter));
    if response.double_clicked() || entered {
        add(state, kind, actions);
    }
    let response = response.on_hover_cursor(egui::CursorIcon::Grab);
    if !response.dragged() {
        explain(response, about);
    }
}

/// A tagline without room enough is left out: half of one says less than none.
fn draw_row(ui: &Ui, tokens: &Tokens, about: &About, rect: Rect) {
    let icon = Rect::from_center_size(rect.left_center() + Vec2::new(23.0, 0.0), Vec2::splat(18.0));
    paint_kind_icon(ui.painter(), tokens, about, icon);
    let title = ui.painter().layout_no_wrap(about.title.to_owned(), theme::regular(13.0), tokens.text);
    let left = icon.right() + 9.0;
    let room = rect.right() - 14.0 - left - title.size().x - 8.0;
    let centre = |height: f32| rect.center().y - height / 2.0;
    let tagline = ui.painter().layout_no_wrap(about.tagline.to_owned(), theme::regular(11.5), tokens.faint);
    if tagline.size().x <= room {
        let x = rect.right() - 14.0 - tagline.size().x;
        ui.painter().galley(egui::pos2(x, centre(tagline.size().y)), tagline, tokens.faint);
    }
    ui.painter().galley(egui::pos2(left, centre(title.size().y)), title, tokens.text);
}

/// A layer's paragraph and formula on hover.
pub fn explain(response: Response, about: &About) -> Response {
    response.on_hover_ui(|ui| {
        ui.set_max_width(300.0);
        let tokens = Tokens::of(ui);
        ui.label(RichText::new(about.title).font(theme::medium(13.0)));
        ui.label(about.help);
        ui.label(RichText::new(about.formula).font(theme::mono(12.0)).color(tokens.accent));
        ui.label(RichText::new("Drag onto the canvas, or double-click to add.").color(tokens.faint).small());
    })
}

/// The dragged layer under the pointer.
fn ghost(ui: &Ui) {
    let Some(payload) = DragAndDrop::payload::<DragLayer>(ui.ctx()) else { return };
    // Over the canvas a ghost of the whole card says where it will land.
    let Some(pointer) = ui.ctx().pointer_interact_pos().filter(|at| ui.clip_rect().contains(*at)) else { return };
    let area = Area::new(Id::unique("palette ghost")).order(Order::Tooltip).interactable(false);
    area.fixed_pos(pointer + Vec2::new(10.0, 8.0)).show(ui.ctx(), |ui| {
        egui::Frame::popup(ui.style()).inner_margin(egui::Margin::symmetric(8, 4)).show(ui, |ui| {
            ui.horizontal(|ui| {
                super::widgets::kind_icon(ui, payload.kind.about(), 18.0);
                ui.label(RichText::new(payload.kind.about().title).font(theme::medium(13.0)));
            });
        });
    });
}

fn add(state: &State, kind: &LayerKind, actions: &mut Vec<Action>) {
    let edit = add_edit(&state.project().graph, state.inside(), state.selection(), kind);
    actions.push(Action::Edit(edit.like_neighbours(&state.project().graph, state.inference())));
}

/// How a layer is added without saying where: after the selection, else as the last layer before the loss, or of the
/// Block that is open.
pub fn add_edit(graph: &Graph, inside: Option<LayerId>, selection: &Selection, kind: &LayerKind) -> Edit {
    let graph = &*graph.level(inside);
    let about = kind.about();
    let kind = kind.clone();
    if about.inputs == Inputs::None {
        return Edit::Add { kind, position: free_place(graph), inside };
    }
    let can_go_on = |id| graph.layer(id).is_some_and(|layer| layer.kind.about().has_output);
    if let Some(after) = selection.only().filter(|&id| can_go_on(id)) {
        return Edit::Append { after, kind };
    }
    if about.has_output {
        let wire = selection.wire.or_else(|| {
            let selected_end = selection.only();
            let end = selected_end.or_else(|| graph.layers().find(|l| !l.kind.about().has_output).map(|l| l.id));
            end.and_then(|end| graph.incoming(end).next()).map(|wire| wire.id)
        });
        if let Some(wire) = wire {
            return Edit::InsertOnWire { wire, kind, position: None };
        }
    }
    let order = graph.topological_order();
    let loose = |id: &&_| can_go_on(**id) && graph.outgoing(**id).next().is_none();
    match order.iter().rev().find(loose) {
        Some(&after) => Edit::Append { after, kind },
        None => Edit::Add { kind, position: free_place(graph), inside },
    }
}

/// Right of everything, in line with the first row.
fn free_place(graph: &Graph) -> [f32; 2] {
    let right = graph.layers().map(|layer| layer.position[0] + 220.0).fold(0.0, f32::max);
    let top = graph.layers().map(|layer| layer.position[1]).fold(f32::INFINITY, f32::min);
    [right, if top.is_finite() { top } else { 0.0 }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::test_window::{Bench, bench, chain};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    fn palette(state: State) -> Harness<'static, Bench<PaletteUi>> {
        bench([240.0, 900.0], state, PaletteUi::default(), show)
    }

    #[test]
    fn search_narrows_the_list_and_enter_adds_the_first_find_before_the_loss() {
        let mut harness = palette(chain(&["input", "dense", "loss"]));
        harness.get_by_label("Search layers").focus();
        harness.run();
        harness.get_by_label("Search layers").type_text("sigm");
        harness.run();
        assert!(harness.query_by_label("Sigmoid").is_some());
        assert!(harness.query_by_label("Dense").is_none());
        harness.key_press(Key::Enter);
        harness.run();
        let [Action::Edit(edit)] = &harness.state().actions[..] else { panic!("{:?}", harness.state().actions) };
        let mut graph = harness.state().state.project().graph.clone();
        let made = edit.apply(&mut graph).expect("it can be added")[0];
        let after = graph.outgoing(made).next().and_then(|wire| graph.layer(wire.to)).map(|l| l.kind.key());
        assert_eq!(after, Some("loss"));
    }

    #[test]
    fn in_simple_mode_few_layers_stand_there_with_those_in_use_and_search_finds_all() {
        let mut state = chain(&["input", "gru", "loss"]);
        state.pose().desk.simple = true;
        let mut harness = palette(state);
        let seen = |harness: &Harness<'static, Bench<PaletteUi>>, names: [&str; 5]| {
            names.map(|name| harness.query_by_role_and_label(egui::accesskit::Role::Button, name).is_some())
        };
        let names = ["Dense", "Dropout", "GRU", "LSTM", "Batch norm"];
        assert_eq!(seen(&harness, names), [true, true, true, false, false]);
        harness.get_by_label("Search layers").focus();
        harness.run();
        harness.get_by_label("Search layers").type_text("memory");
        harness.run();
        assert_eq!(seen(&harness, names), [false, false, true, true, false]);
        (0.."memory".len()).for_each(|_| harness.key_press(Key::Backspace));
        harness.run();
        harness.get_by_label("More layers").click();
        harness.run();
        assert_eq!(seen(&harness, names), [true; 5]);
        harness.get_by_label("Simple mode").click();
        harness.run();
        assert_eq!(harness.state().actions, [Action::SetSimple(false)]);
    }

    #[test]
    fn a_double_click_appends_after_the_selected_layer() {
        let mut state = chain(&["input", "dense", "loss"]);
        let input = state.project().graph.find("Input").expect("input").id;
        state.pose().selection.layers.insert(input);
        let mut harness = palette(state);
        for _ in 0..2 {
            harness.get_by_label("Tanh").click();
        }
        harness.run();
        let expected = Edit::Append { after: input, kind: LayerKind::from_key("tanh").expect("tanh") };
        assert_eq!(harness.state().actions, [Action::Edit(expected)]);
    }

    #[test]
    fn a_single_click_changes_nothing_and_a_drag_carries_the_layer() {
        let mut harness = palette(chain(&["input", "loss"]));
        let at = harness.get_by_label("Dropout").rect().center();
        harness.get_by_label("Dropout").click();
        harness.run();
        assert_eq!(harness.state().actions, []);
        harness.drag_at(at);
        harness.step();
        harness.hover_at(at + Vec2::new(60.0, 40.0));
        harness.step();
        let payload = DragAndDrop::payload::<DragLayer>(&harness.ctx).expect("a payload");
        assert_eq!(payload.kind.key(), "dropout");
    }

    #[test]
    fn every_kind_can_be_added_to_an_empty_and_to_a_whole_graph() {
        for state in [chain(&[]), chain(&["input", "dense", "loss"]), chain(&["input"])] {
            for kind in LayerKind::all() {
                let mut graph = state.project().graph.clone();
                let edit = add_edit(&graph, None, &Selection::default(), &kind);
                assert!(edit.apply(&mut graph).is_ok(), "{edit:?}");
            }
        }
    }
}
