use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::persist::tensor_file::Format;
use crate::session::Figure;

/// A picker that answers at once.
struct Answers(Option<&'static str>);

impl FilePicker for Answers {
    fn pick(&self, _: &Purpose) -> Option<PathBuf> {
        self.0.map(PathBuf::from)
    }
}

struct World {
    dialogs: Dialogs,
    state: State,
    actions: Vec<Action>,
}

fn harness(answer: Option<&'static str>) -> Harness<'static, World> {
    let dialogs = Dialogs::new(Arc::new(Answers(answer)));
    let world = World { dialogs, state: State::default(), actions: Vec::new() };
    let mut prepared = false;
    Harness::new_ui_state(
        move |ui, world: &mut World| {
            if !std::mem::replace(&mut prepared, true) {
                crate::gui::fonts::install(ui.ctx());
                return;
            }
            let World { dialogs, state, actions } = world;
            dialogs.show(&ui.ctx().clone(), state, actions);
        },
        world,
    )
}

#[test]
fn a_typed_path_is_enough_where_there_is_no_file_dialog() {
    let mut harness = harness(None);
    let ctx = harness.ctx.clone();
    harness.state_mut().dialogs.ask(Purpose::OpenTable, &ctx);
    while harness.query_by_label_contains("No file dialog").is_none() {
        harness.step();
    }
    harness.run_ok();
    harness.get_by_label("Path").type_text("/data/iris.csv");
    harness.run_ok();
    harness.get_by_label("Open").click();
    harness.run_ok();
    assert_eq!(harness.state().actions, [Action::OpenTable { path: "/data/iris.csv".into(), target: None }]);
    assert!(!harness.state().dialogs.is_open());
}

#[test]
fn what_the_file_dialog_answers_is_taken_and_gets_its_ending() {
    let mut harness = harness(Some("/data/mine"));
    let ctx = harness.ctx.clone();
    harness.state_mut().dialogs.ask(Purpose::Save { suggestion: "Spiral".into(), folder: None }, &ctx);
    // The answer comes from another thread: frames pass until it is here.
    while harness.state().dialogs.is_open() {
        harness.step();
    }
    assert_eq!(harness.state().actions, [Action::SaveAs("/data/mine.glassbox.json".into())]);
}

#[test]
fn a_tensor_is_offered_a_place_under_its_own_name() {
    let record =
        TensorRecord { name: "d%3".into(), dims: vec![], axes: vec![], gates: None, step: 4, data: [1.0].into() };
    let mut harness = harness(None);
    let ctx = harness.ctx.clone();
    let purpose = Purpose::Export { record: record.clone(), format: Format::Npy };
    harness.state_mut().dialogs.ask(purpose, &ctx);
    // The answer that there is no dialog comes from another thread, and moves the buttons.
    while harness.query_by_label_contains("No file dialog").is_none() {
        harness.step();
    }
    harness.run_ok();
    harness.get_by_label("Save").click();
    harness.run_ok();
    let [Action::ExportTensor { record: asked, format: Format::Npy, path }] = &harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert_eq!(asked, &record);
    assert!(path.ends_with("dvalue 3 step 4.npy"), "{}", path.display());
}

#[test]
fn unsaved_changes_are_saved_discarded_or_kept() {
    for (button, expected, confirmed) in
        [("Save", vec![Action::Save], false), ("Discard", vec![], true), ("Cancel", vec![], false)]
    {
        let mut harness = harness(None);
        *harness.state_mut().state.pose().unsaved = true;
        harness.state_mut().dialogs.ask_leave(Leave::Window);
        harness.run_ok();
        harness.get_by_label(button).click();
        harness.run_ok();
        assert_eq!(harness.state().actions, expected, "{button}");
        assert_eq!(harness.state_mut().dialogs.take_confirmed().is_some(), confirmed, "{button}");
        if button == "Save" {
            assert!(harness.state().dialogs.is_open());
            *harness.state_mut().state.pose().unsaved = false;
            harness.run_ok();
            assert_eq!(harness.state_mut().dialogs.take_confirmed(), Some(Leave::Window));
        }
        assert!(!harness.state().dialogs.is_open());
    }
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_that_was_agreed_to() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("curves.csv");
    std::fs::write(&there, "mine").unwrap();
    let mut harness = harness(None);
    let ctx = harness.ctx.clone();
    let figure = Box::new(Figure::Numbers("step\n".into()));
    harness.state_mut().dialogs.ask(Purpose::SaveFigure { suggestion: String::new(), figure }, &ctx);
    while harness.query_by_label_contains("No file dialog").is_none() {
        harness.step();
    }
    harness.run_ok();
    harness.get_by_label("Path").type_text(&folder.path().join("curves").display().to_string());
    harness.run_ok();
    for press in ["Save", "nothing"] {
        if press == "Save" {
            harness.get_by_label(press).click();
        } else {
            harness.get_by_label("Path").focus();
            harness.run_ok();
            harness.key_press(egui::Key::Enter);
        }
        harness.run_ok();
        assert!(harness.query_by_label_contains("already").is_some(), "{press}");
        assert_eq!(harness.state().actions, []);
    }
    harness.get_by_label("Replace").click();
    harness.run_ok();
    let [Action::SaveFigure { path, .. }] = &harness.state().actions[..] else {
        panic!("{:?}", harness.state().actions);
    };
    assert_eq!(*path, there);
}

#[test]
fn what_is_chosen_gets_the_ending_of_what_is_written() {
    let save = Purpose::Save { suggestion: String::new(), folder: None };
    let picture = |name: &str| Purpose::ExportRuns { suggestion: String::new(), curves: false }.complete(name.into());
    assert_eq!(save.complete("a.json".into()), PathBuf::from("a.json"));
    assert_eq!(save.complete("a.txt".into()), PathBuf::from("a.txt.glassbox.json"));
    assert_eq!(picture("rate 0.5"), PathBuf::from("rate 0.5.csv"));
    assert_eq!(picture("a.txt"), PathBuf::from("a.txt"));
    assert_eq!(Purpose::Open.complete("a".into()), PathBuf::from("a"));
}
