use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::engine::Device;
use crate::gui::dialogs::{FilePicker, Purpose};
use crate::gui::test_window::{Bench, bench, chain};
use crate::session::Devices;

struct NoPicker;

impl FilePicker for NoPicker {
    fn pick(&self, _: &Purpose) -> Option<PathBuf> {
        None
    }
}

fn bar(width: f32, status: RunStatus) -> Harness<'static, Bench<Dialogs>> {
    let mut state = chain(&["input", "dense", "loss"]);
    state.pose().run.status = status;
    *state.pose().devices = Devices::found();
    state.pose().devices.threads = 2;
    let (mut panels, mut shortcuts, mut debug) = (PanelsOpen::default(), ShortcutsUi::default(), bar::BarUi::default());
    let mut projector = false;
    bench([width, HEIGHT], state, Dialogs::new(Arc::new(NoPicker)), move |ui, state, dialogs, actions| {
        let (panels, keys, debug, projector) = (&mut panels, &mut shortcuts, &mut debug, &mut projector);
        let report = &mut false;
        let window = &mut Window { panels, projector, keys, dialogs, debug, report };
        show(ui, state, window, actions);
    })
}

#[test]
fn the_transport_pushes_what_it_says() {
    let mut harness = bar(1440.0, RunStatus::Paused);
    for name in ["Play", "Step", "Epoch", "Reset", "New seed"] {
        harness.get_by_label(name).click();
        harness.run();
    }
    use Transport::*;
    let expected = [Toggle, StepBatch, StepEpoch, Reset, NewSeed].map(Action::Transport);
    assert_eq!(harness.state().actions, expected);
}

#[test]
fn nothing_can_be_played_while_the_network_is_not_ready() {
    let mut harness = bar(1440.0, RunStatus::NotReady);
    harness.get_by_label("Play").click();
    harness.run();
    assert_eq!(harness.state().actions, []);
}

#[test]
fn nothing_overlaps_at_any_width() {
    for width in [1024.0, 1100.0, 1180.0, 1280.0, 1366.0, 1440.0, 1920.0] {
        let harness = bar(width, RunStatus::Running);
        let names = ["Menu", "Project name", "Reset", "Pause", "Step", "Epoch", "Speed", "epoch: 0", "Light theme"];
        let rects: Vec<_> = names.iter().map(|name| (name, harness.get_by_label(name).rect())).collect();
        for pair in rects.windows(2) {
            assert!(pair[0].1.right() <= pair[1].1.left() + 0.5, "at {width}: {:?} over {:?}", pair[0], pair[1]);
        }
        assert!(rects.last().is_some_and(|(_, rect)| rect.right() <= width), "at {width}");
    }
}

#[test]
fn the_chip_lists_the_devices_and_says_why_one_cannot_be_used() {
    let mut harness = bar(1440.0, RunStatus::Running);
    harness.get_by_label("Device: CPU · 2").click();
    harness.run();
    assert!(harness.query_by_label("CPU, 2 threads").is_some());
    let choices = Devices::found().choices;
    for why in choices.iter().filter_map(|choice| choice.available.as_ref().err()) {
        assert!(harness.query_by_label(why).is_some(), "{why}");
        harness.get_by_label("NVIDIA card").click();
        harness.run();
        assert_eq!(harness.state().actions, [], "what is not there cannot be chosen");
        harness.get_by_label("Device: CPU · 2").click();
        harness.run();
    }
    harness.get_by_label("CPU, 2 threads").click();
    harness.run();
    assert_eq!(harness.state().actions, [], "it is in use already");
}

#[test]
fn a_click_on_another_device_asks_for_it() {
    let mut harness = bar(1440.0, RunStatus::Running);
    harness.state_mut().state.pose().devices.in_use = Device::Cuda(0);
    harness.run();
    harness.get_by_label("Device: CUDA 0").click();
    harness.run();
    harness.get_by_label("CPU, 2 threads").click();
    harness.run();
    assert_eq!(harness.state().actions, [Action::SetDevice(Device::Cpu)]);
}

#[test]
fn a_long_name_ends_in_an_ellipsis_and_a_short_one_does_not() {
    let ellipses = |name: &str| {
        let mut harness = bar(1024.0, RunStatus::Paused);
        harness.state_mut().state.pose().project.name = name.to_owned();
        harness.run();
        let field = harness.get_by_label("Project name").rect();
        let shapes = harness.output().shapes.iter();
        let texts = shapes.filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) if text.galley.text() == "…" => Some(text.visual_bounding_rect()),
            _ => None,
        });
        texts.filter(|at| field.contains_rect(*at)).count()
    };
    assert_eq!((ellipses("Spiral"), ellipses("A project with a name that has no room in the bar")), (0, 1));
}
