//! The whole panel, driven as a person would.

use std::sync::Arc;

use egui::{Event, Modifiers, MouseWheelUnit, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_plot::{PlotBounds, PlotMemory};

use super::scale::Scale;
use super::*;
use crate::model::{LayerKind, layer};
use crate::session::{OtherBranch, RunStatus, Transport};
use crate::trace::{Histogram, LayerPicture, Picture, Statistics};
use crate::trace::{Mark, Pace};

struct World {
    state: State,
    local: PlotsUi,
    actions: Vec<Action>,
}

fn open(state: State, local: PlotsUi) -> Harness<'static, World> {
    open_wide(860.0, state, local)
}

fn open_wide(width: f32, state: State, local: PlotsUi) -> Harness<'static, World> {
    let world = World { state, local, actions: Vec::new() };
    let builder = Harness::builder().with_size(Vec2::new(width, 290.0)).with_context_setup(|ctx| {
        crate::gui::fonts::install(ctx);
        crate::gui::theme::apply(ctx, crate::persist::Theme::Dark, true);
    });
    let mut harness = builder
        .build_ui_state(|ui, world: &mut World| show(ui, &world.state, &mut world.local, &mut world.actions), world);
    harness.run_steps(3);
    harness
}

/// 100 steps, 10 to an epoch, half a second each, the train loss falling from 1 by 0.01 a step, validation 0.5 at every
/// epoch's end.
fn trained() -> State {
    let mut state = State::default();
    let run = state.pose().run;
    run.step = 100;
    run.steps_per_epoch = 10;
    (run.epoch, run.seconds) = (10.0, 50.0);
    run.curves.pace.push(Pace::default());
    run.status = RunStatus::Paused;
    for step in 1..=100u64 {
        run.curves.train_loss.push(step, 1.0 - step as f32 * 0.01);
        run.curves.train_metric.push(step, step as f32 * 0.01);
        run.curves.learning_rate.push(step, 0.03);
        if step % 10 == 0 {
            run.curves.validation_loss.push(step, 0.5);
            run.curves.validation_metric.push(step, 0.875);
        }
    }
    run.marks.push(Mark { step: 50, label: "lr 0.03 → 0.01".into() });
    state
}

fn with_picture(mut state: State) -> (State, Vec<crate::model::LayerId>) {
    let dense = || LayerKind::Dense(layer::Dense::default());
    let graph = &mut state.pose().project.graph;
    let ids: Vec<_> = (0..3).map(|i| graph.add(dense(), [i as f32, 0.0])).collect();
    let values = [-1.0, -0.5, 0.0, 2.0];
    let layers = ids.iter().zip([0.5, 0.001, 0.02]).map(|(&id, norm)| {
        let picture = LayerPicture {
            statistics: Statistics::of(&values),
            histogram: Histogram::of(&values, 6),
            gradient_norm: Some(norm),
            ..LayerPicture::default()
        };
        (id, picture)
    });
    let picture = Picture { step: 100, layers: layers.collect(), ..Picture::default() };
    state.pose().run.picture = Some(Arc::new(picture));
    (state, ids)
}

#[test]
fn before_training_it_says_what_to_do_and_offers_to_do_it() {
    let mut state = State::default();
    state.pose().run.status = RunStatus::Paused;
    let mut harness = open(state, PlotsUi::default());
    harness.get_by_label("Press Space to train");
    harness.get_by_label("Train").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Transport(Transport::Play)]);
}

#[test]
fn hovering_reads_every_curve_at_one_step() {
    let mut harness = open(trained(), PlotsUi::default());
    let chart = harness.get_by_label("Loss chart: train 0, validation 0.5").rect();
    harness.hover_at(egui::pos2(chart.left() + chart.width() * 0.25, chart.center().y));
    harness.run_steps(4);
    harness.get_by_label("step 25 · epoch 2.5 · 12.5 s");
    harness.get_by_label("train 0.75");
    harness.get_by_label("validation 0.5");
}

#[test]
fn each_of_several_losses_has_its_curves_beside_the_sum() {
    let mut state = trained();
    let id = state.pose().project.graph.add(layer::Loss::default().into(), [0.0, 0.0]);
    let both = state.pose().run.curves.losses.entry(id).or_default();
    (1..=100).for_each(|step| both.train.push(step, 0.25));
    both.validation.push(100, 0.75);
    let harness = open(state, PlotsUi::default());
    harness.get_by_label(
        "Loss chart: train, weighted sum 0, validation, weighted sum 0.5, train, Loss 0.25, validation, Loss 0.75",
    );
}

#[test]
fn tabs_show_their_curves() {
    let mut harness = open(trained(), PlotsUi::default());
    harness.get_by_label("Accuracy").click();
    harness.run_steps(2);
    harness.get_by_label("Accuracy chart: train 100.0 %, validation 87.5 %");
    harness.get_by_label("Learning rate").click();
    harness.run_steps(2);
    harness.get_by_label("Learning rate chart: learning rate 0.03");
    harness.get_by_label("Gradient flow").click();
    harness.run_steps(2);
    harness.get_by_label("No gradients yet");
}

#[test]
fn a_wild_point_is_left_out_only_with_a_word_and_a_switch() {
    let mut state = trained();
    state.pose().run.curves.train_loss = crate::trace::Series::default();
    for step in 1..=100 {
        state.pose().run.curves.train_loss.push(step, if step == 30 { 1e5 } else { 1.0 - step as f32 * 0.005 });
    }
    let mut harness = open(state, PlotsUi::default());
    harness.get_by_label("1 point above");
    harness.get_by_label("Show outliers").click();
    harness.run_steps(2);
    assert!(harness.query_by_label("1 point above").is_none());
    harness.get_by_label("Hide outliers");
}

#[test]
fn a_loss_that_leaves_penalties_out_says_so() {
    let mut state = trained();
    state.pose().project.graph.add(LayerKind::Dense(layer::Dense { l2: 0.01, ..Default::default() }), [0.0, 0.0]);
    open(state, PlotsUi::default()).get_by_label("Loss chart: train, without L1/L2 0, validation 0.5");
}

#[test]
fn nan_is_pointed_out() {
    let mut state = trained();
    state.pose().run.curves.train_loss.push(101, f32::NAN);
    let harness = open(state, PlotsUi::default());
    harness.get_by_label("× NaN or infinite");
    harness.get_by_label("Loss chart: train NaN, validation 0.5");
}

/// What the loss chart looks at, and whether it follows.
fn view(harness: &Harness<'_, World>) -> (PlotBounds, bool) {
    let memory = PlotMemory::load(&harness.ctx, chart::id("Loss")).unwrap();
    (*memory.bounds(), memory.auto_bounds.all())
}

#[test]
fn the_axis_follows_the_run_and_the_unit() {
    let mut harness = open(trained(), PlotsUi { unit: StepAxis::Steps, ..PlotsUi::default() });
    assert_eq!(view(&harness).0.range_x(), 0.0..=100.0);
    harness.state_mut().state.pose().run.curves.train_loss.push(120, 0.0);
    harness.run_steps(2);
    assert_eq!(view(&harness).0.range_x(), 0.0..=120.0);
    harness.get_by_label("Step axis: steps").click();
    harness.run_steps(2);
    harness.get_by_label("time").click();
    harness.run_steps(2);
    assert_eq!(view(&harness).0.range_x(), 0.0..=60.0);
}

#[test]
fn a_click_on_the_legend_hides_a_curve_and_the_axis_fits_the_others() {
    let mut harness = open(trained(), PlotsUi::default());
    assert!(*view(&harness).0.range_y().start() < 0.1);
    harness.get_by_role_and_label(egui::Role::CheckBox, "train").click();
    harness.run_steps(3);
    assert!(*view(&harness).0.range_y().start() > 0.2, "{:?}", view(&harness).0);
    harness.get_by_role_and_label(egui::Role::CheckBox, "train").click();
    harness.run_steps(3);
    assert!(*view(&harness).0.range_y().start() < 0.1);
}

#[test]
fn another_branch_lies_thin_and_smoothed_behind_the_one_that_is_looked_at() {
    let mut state = trained();
    let curves = state.run().curves.clone();
    state.pose().run.others.push(OtherBranch { id: 3, curves, marks: Vec::new() });
    let tokens = crate::gui::theme::Tokens::dark();
    let scale = Scale::new(StepAxis::Steps, state.run());
    let mut smoothers = HashMap::new();
    let [line] = &curves::branches(&tokens, &state, scale, Tab::Loss, (&mut smoothers, 0.9))[..] else { panic!() };
    let raw = line.raw.at(100).unwrap();
    assert!(line.faint && line.smooth.is_some_and(|smooth| smooth.at(100).unwrap() > raw + 0.05));
    let [line] = &curves::branches(&tokens, &state, scale, Tab::Metric, (&mut smoothers, 0.0))[..] else { panic!() };
    assert!(line.faint && line.smooth.is_none() && line.raw.at(100) == Some(1.0));
    assert_eq!(smoothers.len(), 1);
    let alone = trained();
    assert!(curves::branches(&tokens, &alone, scale, Tab::Loss, (&mut smoothers, 0.9)).is_empty());
    assert!(smoothers.is_empty(), "of what is gone nothing is kept");
}

#[test]
fn scrolling_zooms_and_a_double_click_follows_again() {
    let mut harness = open(trained(), PlotsUi::default());
    let centre = harness.get_by_label("Loss chart: train 0, validation 0.5").rect().center();
    harness.hover_at(centre);
    harness.step();
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: Vec2::new(0.0, 200.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(20);
    let (from, to) = view(&harness).0.range_x().into_inner();
    assert!(from > 1.0 && to < 9.0, "{from} to {to}");
    let values = view(&harness).0.range_y();
    assert!(*values.start() > 0.1 && *values.end() < 0.9, "the value axis fits what is looked at: {values:?}");
    harness.drag_at(centre);
    harness.step();
    harness.hover_at(centre + Vec2::new(100.0, 0.0));
    harness.step();
    harness.drop_at(centre + Vec2::new(100.0, 0.0));
    harness.run_steps(2);
    assert!(*view(&harness).0.range_x().start() < from);
    harness.get_by_label("Show all").click();
    harness.run_steps(2);
    assert!(view(&harness).1);
    assert_eq!(view(&harness).0.range_x(), 0.0..=10.0);
}

#[test]
fn the_run_before_stays_behind_the_live_one_until_dismissed() {
    let mut state = trained();
    // Twice as many steps in twice the epochs.
    let mut curves = crate::trace::Curves::default();
    curves.pace.push(Pace::default());
    for step in 1..=200u64 {
        curves.train_loss.push(step, 2.0);
        curves.validation_loss.push(step, 1.5);
    }
    curves.pace.push(Pace { step: 200, epoch: 20.0, seconds: 10.0 });
    state.pose().runs.ghost =
        Some(crate::session::Ghost { id: "a".into(), name: "Run 1".into(), curves: Arc::new(curves) });
    let mut harness = open(state, PlotsUi { smoothing: 0.0, ..PlotsUi::default() });
    harness.get_by_label("Loss chart: train 0, validation 0.5, Run 1 train 2, Run 1 validation 1.5");
    assert_eq!(view(&harness).0.range_x(), 0.0..=20.0, "at its own pace");
    harness.get_by_label("Dismiss Run 1").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Runs(crate::session::RunAction::DismissGhost)]);
    harness.state_mut().state.pose().run.curves = crate::trace::Curves::default();
    harness.run_steps(2);
    harness.get_by_label("Loss chart: Run 1 train 2, Run 1 validation 1.5");
}

#[test]
fn log_and_axis_are_switched_and_smoothing_is_named() {
    let mut harness = open(trained(), PlotsUi::default());
    harness.get_by_label("Smoothing");
    harness.get_by_label("log").click();
    harness.run_steps(2);
    assert!(harness.state().local.loss.log);
    harness.get_by_label("Step axis: epochs").click();
    harness.run_steps(2);
    harness.get_by_label("steps").click();
    harness.run_steps(2);
    assert_eq!(harness.state().local.unit, StepAxis::Steps);
}

#[test]
fn where_there_is_no_room_the_controls_hide_behind_one_button() {
    let mut harness = open_wide(480.0, trained(), PlotsUi::default());
    assert!(harness.query_by_label("log").is_none());
    harness.get_by_label("View").click();
    harness.run_steps(3);
    harness.get_by_label("log").click();
    harness.run_steps(3);
    harness.get_by_label("steps").click();
    harness.run_steps(3);
    let local = &harness.state().local;
    assert!(local.loss.log && local.unit == StepAxis::Steps, "the menu stays open");
}

#[test]
fn gradient_flow_sorts_and_selects() {
    let (state, ids) = with_picture(trained());
    assert_eq!(flow::flows(&state, FlowOrder::Smallest).iter().map(|f| f.norm).collect::<Vec<_>>(), [0.001, 0.02, 0.5]);
    let mut harness = open(state, PlotsUi { tab: Tab::Flow, order: FlowOrder::Largest, ..PlotsUi::default() });
    let top = |label: &str| harness.get_by_label(label).rect().top();
    assert!(top("Dense 1: gradient norm 0.5") < top("Dense 3: gradient norm 0.02"));
    assert!(top("Dense 3: gradient norm 0.02") < top("Dense 2: gradient norm 0.001"));
    harness.get_by_label("Dense 3: gradient norm 0.02").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Select { layers: vec![ids[2]], extend: false }]);
}

#[test]
fn histograms_name_their_layers() {
    let (state, _) = with_picture(trained());
    let harness = open(state, PlotsUi { tab: Tab::Histograms, ..PlotsUi::default() });
    harness.get_by_label("Dense 2, histogram from −1 to 2");
    assert_eq!(harness.query_all_by_label_contains("zeros 25.0 %").count(), 3);
    let tab = harness.get_by_label("Histograms");
    assert_eq!(tab.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
}

#[test]
fn it_asks_for_pictures_only_where_they_are_seen() {
    let mut wanted = PictureWishes::default();
    PlotsUi::default().subscribe(&mut wanted);
    assert!(!wanted.canvas);
    PlotsUi { tab: Tab::Flow, ..PlotsUi::default() }.subscribe(&mut wanted);
    assert!(wanted.canvas);
}

#[test]
fn the_words_of_a_mark_keep_off_the_notes_about_what_is_left_out() {
    let mut state = trained();
    state.pose().run.curves.train_loss = crate::trace::Series::default();
    for step in 1..=100 {
        state.pose().run.curves.train_loss.push(step, if step == 30 { 1e5 } else { 1.0 - step as f32 * 0.005 });
    }
    state.pose().run.marks.push(Mark { step: 98, label: "epochs 40 → 80".into() });
    let mut harness = open(state, PlotsUi::default());
    harness.run_steps(2);
    let button = harness.get_by_label("Show outliers").rect();
    let label = harness.output().shapes.iter().find_map(|clipped| match &clipped.shape {
        egui::Shape::Text(text) if text.galley.text() == "epochs 40 → 80" => Some(text.visual_bounding_rect()),
        _ => None,
    });
    let label = label.expect("the words of the mark");
    assert!(!label.intersects(button), "{label:?} over {button:?}");
}
