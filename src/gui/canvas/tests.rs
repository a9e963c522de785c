//! The canvas by mouse and keyboard, found by accessible names. A small session stands in for the real one: it applies
//! edits, selection, undo and redo, and infers shapes.

#[path = "tests/growing.rs"]
mod growing;
#[path = "tests/looking.rs"]
mod looking;

use egui::accesskit::Role;
use egui::{DragAndDrop, Event, Key, Modifiers, PointerButton, Pos2, Sense, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::gui::palette::DragLayer;
use crate::gui::{fonts, theme};
use crate::model::layer::{Conv2d, Dense, Input, Loss};
use crate::model::{DataSignature, Edit, LayerKind, ParamValue, Shape, Task, infer};
use crate::persist::Theme;

struct Desk {
    state: State,
    canvas: CanvasUi,
    data: DataSignature,
}

impl Desk {
    fn new(input: &[usize]) -> Self {
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(input.to_vec()), task: Task::Classes(2) };
        let mut desk = Self { state: State::default(), canvas: CanvasUi::default(), data };
        desk.infer();
        desk
    }

    /// Input, the given layers, Loss: wired in a row.
    fn chain(input: &[usize], layers: Vec<LayerKind>) -> Self {
        let mut desk = Self::new(input);
        let graph = &mut desk.state.pose().project.graph;
        let mut last = graph.add(Input::default().into(), [0.0, 0.0]);
        for (i, kind) in layers.into_iter().chain([Loss::default().into()]).enumerate() {
            let next = graph.add(kind, [216.0 * (i + 1) as f32, 0.0]);
            graph.connect(last, next).unwrap();
            last = next;
        }
        desk.infer();
        desk
    }

    fn infer(&mut self) {
        *self.state.pose().inference = infer::infer(&self.state.project().graph, Some(&self.data));
    }

    fn apply(&mut self, action: Action) {
        let state = &mut self.state;
        match action {
            Action::Edit(edit) => self.edits(edit.name(&self.state.project().graph), edit.merge_key(), vec![edit]),
            Action::Edits { name, edits } => self.edits(name, None, edits),
            Action::EndEdit => state.pose().history.close(),
            Action::Undo => {
                let posed = state.pose();
                if let Some((_, project)) = posed.history.undo(posed.project) {
                    *posed.project = project;
                }
            }
            Action::Select { layers, extend } => {
                let kept = if extend { std::mem::take(&mut state.pose().selection.layers) } else { Default::default() };
                *state.pose().selection = Default::default();
                state.pose().selection.layers = kept.into_iter().chain(layers).collect();
            }
            Action::SelectWire(wire) => {
                *state.pose().selection = Default::default();
                state.pose().selection.wire = Some(wire);
            }
            Action::SelectNothing => *state.pose().selection = Default::default(),
            Action::Copy => {}
            other => panic!("the canvas does not ask for {other:?} here"),
        }
        self.infer();
    }

    fn edits(&mut self, name: String, merge: Option<String>, edits: Vec<Edit>) {
        let before = self.state.project().clone();
        for edit in &edits {
            edit.apply(&mut self.state.pose().project.graph).unwrap();
        }
        self.state.pose().history.record(name, merge, &before);
    }

    fn shape_after(&self, name: &str) -> String {
        let id = self.state.project().graph.find(name).unwrap().id;
        self.state.inference().shapes.get(&id).map_or("?".into(), ToString::to_string)
    }

    fn wired(&self, from: &str, to: &str) -> bool {
        let graph = &self.state.project().graph;
        let (from, to) = (graph.find(from).unwrap().id, graph.find(to).unwrap().id);
        graph.wires().iter().any(|w| (w.from, w.to) == (from, to))
    }
}

/// A window with one draggable palette entry above the canvas.
fn window(desk: Desk) -> Harness<'static, Desk> {
    let mut harness = Harness::builder()
        .with_size(vec2(1200.0, 700.0))
        .with_context_setup(|ctx| {
            fonts::install(ctx);
            theme::apply(ctx, Theme::Dark, true);
        })
        .build_ui_state(
            |ui, desk: &mut Desk| {
                let (rect, chip) = ui.allocate_exact_size(vec2(120.0, 24.0), Sense::drag());
                chip.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, "palette Dense"));
                ui.painter().text(rect.min, Align2::LEFT_TOP, "Dense", theme::regular(12.0), Color32::WHITE);
                if chip.dragged() {
                    DragAndDrop::set_payload(ui.ctx(), DragLayer { kind: Dense::default().into() });
                }
                let mut actions = Vec::new();
                show(ui, &desk.state, &mut desk.canvas, &mut actions);
                actions.into_iter().for_each(|action| desk.apply(action));
            },
            desk,
        );
    harness.run_steps(3);
    harness
}

fn at(harness: &Harness<'_, Desk>, label: &str) -> Pos2 {
    harness.get_by_label(label).rect().center()
}

fn drag(harness: &mut Harness<'_, Desk>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for i in 1..=8 {
        harness.hover_at(from + (to - from) * (i as f32 / 8.0));
        harness.step();
    }
    harness.event(Event::PointerButton {
        pos: to,
        button: PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(3);
}

fn click(harness: &mut Harness<'_, Desk>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

#[test]
fn copy_of_the_menu_gives_the_systems_clipboard_something_to_paste() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    // Its title: below it has controls of its own.
    let pos = harness.get_by_label("node Dense 1").rect().center_top() + vec2(0.0, 12.0);
    harness.hover_at(pos);
    for pressed in [true, false] {
        let (button, modifiers) = (PointerButton::Secondary, Modifiers::NONE);
        harness.event(Event::PointerButton { pos, button, pressed, modifiers });
    }
    harness.run_steps(3);
    harness.get_by_label_contains("Copy").click();
    // The last frame of the step is that of the release.
    harness.step();
    let said = &harness.output().platform_output.commands;
    assert!(said.iter().any(|c| matches!(c, egui::OutputCommand::CopyText(text) if text == "Dense 1")), "{said:?}");
}

#[test]
fn a_layer_dropped_on_a_wire_goes_in_between_and_the_shapes_follow() {
    let mut harness = window(Desk::chain(&[2], vec![Dense { units: 2, ..Dense::default() }.into()]));
    assert_eq!(harness.state().state.inference().parameter_count(), 6);
    let (from, to) = (at(&harness, "palette Dense"), at(&harness, "wire Input to Dense 1"));
    drag(&mut harness, from, to);
    let desk = harness.state();
    assert!(desk.wired("Input", "Dense 2") && desk.wired("Dense 2", "Dense 1"));
    assert_eq!(desk.shape_after("Dense 2"), "8");
    assert_eq!(desk.state.inference().parameter_count(), 24 + 18);
    assert!(harness.query_by_label("wire Dense 2 to Dense 1").is_some());
}

#[test]
fn a_drop_counts_where_the_button_was_let_go_even_if_the_pointer_has_gone_on() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let (from, to) = (at(&harness, "palette Dense"), at(&harness, "wire Input to Dense 1"));
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    harness.hover_at(to - vec2(30.0, 30.0));
    harness.step();
    let release =
        Event::PointerButton { pos: to, button: PointerButton::Primary, pressed: false, modifiers: Modifiers::NONE };
    harness.input_mut().events.extend([Event::PointerMoved(to), release, Event::PointerMoved(to + vec2(9.0, 200.0))]);
    harness.run_steps(3);
    assert!(harness.state().wired("Input", "Dense 2"));
}

#[test]
fn a_layer_dropped_near_an_output_is_connected_and_one_dropped_elsewhere_is_not() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let from = at(&harness, "palette Dense");
    let far = at(&harness, "node Input") + vec2(0.0, 220.0);
    drag(&mut harness, from, far);
    let desk = harness.state();
    assert_eq!(desk.state.project().graph.incoming(desk.state.project().graph.find("Dense 2").unwrap().id).count(), 0);
    let below = at(&harness, "output of Dense 2") + vec2(20.0, 10.0);
    drag(&mut harness, from, below);
    assert!(harness.state().wired("Dense 2", "Dense 3"));
}

#[test]
fn wires_are_drawn_from_port_to_port_in_both_directions_and_dragged_off_again() {
    let mut desk = Desk::new(&[2]);
    let graph = &mut desk.state.pose().project.graph;
    graph.add(Input::default().into(), [0.0, 0.0]);
    graph.add(Dense { units: 2, ..Dense::default() }.into(), [260.0, 0.0]);
    graph.add(Loss::default().into(), [520.0, 0.0]);
    desk.infer();
    let mut harness = window(desk);
    let (from, to) = (at(&harness, "output of Input"), at(&harness, "input of Dense 1"));
    drag(&mut harness, from, to);
    assert!(harness.state().wired("Input", "Dense 1"));
    let (from, to) = (at(&harness, "input of Loss"), at(&harness, "output of Dense 1"));
    drag(&mut harness, from, to);
    assert!(harness.state().state.inference().is_valid());
    let (end, nowhere) = (at(&harness, "input of Loss"), at(&harness, "input of Loss") + vec2(-20.0, 200.0));
    drag(&mut harness, end, nowhere);
    assert!(!harness.state().wired("Dense 1", "Loss"));
}

#[test]
fn a_wire_let_go_over_nothing_asks_which_layer_it_should_lead_to() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let from = at(&harness, "output of Input");
    drag(&mut harness, from, from + vec2(60.0, 160.0));
    click(&mut harness, "Core");
    click(&mut harness, "Dense");
    assert!(harness.state().wired("Input", "Dense 2"));
    assert!(harness.query_by_label("Core").is_none(), "the menu is closed");
}

#[test]
fn a_wire_that_would_make_a_loop_is_refused() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into(), Dense::default().into()]));
    let before = harness.state().state.project().graph.clone();
    let (from, to) = (at(&harness, "output of Dense 2"), at(&harness, "node Dense 1"));
    drag(&mut harness, from, to);
    assert_eq!(harness.state().state.project().graph, before);
}

#[test]
fn a_selected_layer_is_deleted_with_the_key_and_undo_brings_it_back() {
    let mut harness = window(Desk::chain(&[2], vec![Dense { units: 2, ..Dense::default() }.into()]));
    let before = harness.state().state.project().graph.clone();
    let title = harness.get_by_label("node Dense 1").rect().center_top() + vec2(0.0, 12.0);
    harness.hover_at(title);
    harness.drag_at(title);
    harness.step();
    harness.event(Event::PointerButton {
        pos: title,
        button: PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(3);
    assert_eq!(harness.state().state.selection().layers.len(), 1);
    harness.key_press(Key::Delete);
    harness.run_steps(3);
    assert!(harness.query_by_label("node Dense 1").is_none());
    assert!(harness.state().wired("Input", "Loss"), "its neighbours are joined");
    assert_eq!(harness.state().state.history().undo_name(), Some("delete Dense 1"));
    harness.state_mut().apply(Action::Undo);
    harness.run_steps(2);
    assert_eq!(harness.state().state.project().graph, before);
    assert!(harness.query_by_label("node Dense 1").is_some());
}

#[test]
fn a_wrong_wire_says_expected_and_got_and_the_repair_mends_it() {
    let mut harness =
        window(Desk::chain(&[1, 8, 8], vec![Conv2d::default().into(), Dense { units: 2, ..Dense::default() }.into()]));
    assert!(!harness.state().state.inference().is_valid());
    harness.get_by_label("expected");
    harness.get_by_label("a row of numbers");
    harness.get_by_label("got");
    let got = harness.state().shape_after("Conv 2-D 1");
    assert!(harness.query_all_by_label(&got).next().is_some(), "{got} is shown");
    click(&mut harness, "Insert Flatten");
    assert!(harness.state().state.inference().is_valid());
    assert!(harness.query_by_label("expected").is_none());
    assert!(harness.state().wired("Flatten 1", "Dense 1"));
}

#[test]
fn a_graph_without_a_loss_offers_one() {
    let mut desk = Desk::new(&[2]);
    desk.state.pose().project.graph.add(Input::default().into(), [0.0, 0.0]);
    desk.infer();
    let mut harness = window(desk);
    click(&mut harness, "Add Loss");
    assert!(harness.query_by_label("node Loss").is_some());
}

#[test]
fn an_empty_canvas_offers_a_network_to_begin_with() {
    let mut harness = window(Desk::new(&[2]));
    click(&mut harness, "Start with a small network");
    let desk = harness.state();
    assert!(desk.wired("Input", "Dense 1") && desk.wired("Dense 2", "Loss"));
    assert!(desk.state.inference().is_valid());
    assert_eq!(desk.state.history().undo_name(), Some("start a network"));
    for card in ["node Input", "node Dense 1", "node Dense 2", "node Loss"] {
        assert!(harness.query_by_label(card).is_some(), "{card} is in sight");
    }
}

#[test]
fn cards_are_dragged_in_one_step_of_undo() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let grip = harness.get_by_label("node Loss").rect().center_top() + vec2(0.0, 14.0);
    let place = |h: &Harness<'_, Desk>| h.state().state.project().graph.find("Loss").unwrap().position;
    let before = place(&harness);
    drag(&mut harness, grip, grip + vec2(64.0, 40.0));
    assert_eq!(place(&harness), [before[0] + 64.0, before[1] + 40.0]);
    harness.state_mut().apply(Action::Undo);
    assert_eq!(place(&harness), before);
}

#[test]
fn a_box_selects_what_it_touches_and_a_click_beside_selects_nothing() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    let (a, b) = (harness.get_by_label("node Input").rect(), harness.get_by_label("node Dense 1").rect());
    drag(&mut harness, a.left_top() - vec2(10.0, 10.0), b.center_bottom() + vec2(0.0, 10.0));
    assert_eq!(harness.state().state.selection().layers.len(), 2);
    let beside = a.left_bottom() + vec2(0.0, 40.0);
    drag(&mut harness, beside, beside);
    assert!(harness.state().state.selection().layers.is_empty());
}

#[test]
fn a_parameter_is_edited_on_the_card() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    click(&mut harness, "Activation of Dense 1");
    click(&mut harness, "tanh");
    let activation = |h: &Harness<'_, Desk>| {
        h.state().state.project().graph.find("Dense 1").unwrap().kind.spec().param("activation")
    };
    assert_eq!(activation(&harness), Some(ParamValue::Text("tanh".into())));
    click(&mut harness, "Units of Dense 1");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(Event::Text("32".into()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().shape_after("Dense 1"), "32");
    assert!(harness.query_by_label("node Dense 1").is_some(), "typing deletes nothing");
}

#[test]
fn arrow_keys_walk_and_space_with_a_drag_pans() {
    let mut harness = window(Desk::chain(&[2], vec![Dense::default().into()]));
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    let only = harness.state().state.selection().only();
    assert_eq!(only, harness.state().state.project().graph.find("Dense 1").map(|l| l.id));
    assert!(!harness.state().canvas.space_was_used_for_pan());
    let before = at(&harness, "node Dense 1");
    harness.key_down(Key::Space);
    harness.step();
    drag(&mut harness, before, before + vec2(30.0, 70.0));
    harness.key_up(Key::Space);
    harness.run_steps(2);
    assert!(harness.state().canvas.space_was_used_for_pan());
    assert_eq!(at(&harness, "node Dense 1"), before + vec2(30.0, 70.0));
}

#[test]
fn hundreds_of_layers_are_shown_with_a_minimap() {
    let layers = (0..300).map(|_| Dense::default().into()).collect();
    let mut harness = window(Desk::chain(&[2], layers));
    assert!(harness.query_by_label("minimap").is_some());
    harness.key_press(Key::F);
    harness.run_steps(2);
    assert!(harness.query_by_label("node Dense 150").is_some() || harness.query_by_label("minimap").is_some());
}

#[test]
fn a_wire_is_drawn_by_keyboard_to_a_port_by_its_name() {
    let mut harness = window(Desk::chain(&[4], vec![Dense { units: 4, ..Dense::default() }.into()]));
    let graph = &harness.state().state.project().graph;
    let (input, loss) = (graph.find("Input").unwrap().id, graph.find("Loss").unwrap().id);
    harness.state_mut().state.pose().selection.layers = [input].into();
    harness.run_steps(2);
    harness.key_press(Key::W);
    harness.run_steps(4);
    harness.get_by_label("Connect to");
    harness.event(Event::Text("truth".into()));
    harness.run_steps(2);
    assert_eq!(harness.get_all_by_label("truth of Loss").count(), 2, "the port, and the row of the list");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let wire = harness.state().state.project().graph.truth_of(loss).copied();
    assert_eq!(wire.map(|wire| wire.from), Some(input));
    assert!(harness.query_by_label("Connect to").is_none());
}
