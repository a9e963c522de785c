//! Two windows on one file: nobody's work is overwritten without a word.

use std::path::Path;

use crate::model::{Project, templates};
use crate::persist::project_file;
use crate::session::{Action, Event, FileChanged, State};

/// Two windows with the same file, of which the second has changed and saved it, and the first has changed it too.
fn two(file: &Path) -> (State, State) {
    project_file::save(&templates::build("xor").unwrap(), file).unwrap();
    let mut windows = [(), ()].map(|()| {
        let mut state = State::default();
        state.apply(Action::Open(file.to_owned()));
        state
    });
    windows[1].apply(Action::RenameProject("Theirs".into()));
    let events = windows[1].apply(Action::Save);
    assert!(events.contains(&Event::Saved(file.to_owned())), "{events:?}");
    windows[0].apply(Action::RenameProject("Mine".into()));
    let [first, second] = windows;
    (first, second)
}

fn there(file: &Path) -> Project {
    project_file::load(file).unwrap()
}

#[test]
fn saving_over_what_another_window_has_saved_asks_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.glassbox.json");
    let (mut mine, mut theirs) = two(&file);
    let events = mine.apply(Action::Save);
    assert!(mine.is_changed_elsewhere() && mine.is_unsaved());
    assert!(!events.contains(&Event::Saved(file.clone())), "{events:?}");
    assert_eq!(there(&file).name, "Theirs", "nothing is overwritten");
    mine.apply(Action::AfterFileChanged(FileChanged::Dismiss));
    assert!(!mine.is_changed_elsewhere() && mine.is_unsaved());
    let events = mine.apply(Action::Save);
    let is_saved = events.contains(&Event::Saved(file.clone()));
    assert!(mine.is_changed_elsewhere() && !is_saved, "it is asked again: {events:?}");
    let events = mine.apply(Action::AfterFileChanged(FileChanged::Overwrite));
    assert!(events.contains(&Event::Saved(file.clone())) && !mine.is_changed_elsewhere(), "{events:?}");
    assert_eq!(there(&file).name, "Mine");
    // What was said once is known; now the other one is asked.
    mine.apply(Action::RenameProject("Mine 2".into()));
    mine.apply(Action::Save);
    assert_eq!((there(&file).name.as_str(), mine.is_changed_elsewhere()), ("Mine 2", false));
    theirs.apply(Action::RenameProject("Theirs 2".into()));
    theirs.apply(Action::Save);
    assert!(theirs.is_changed_elsewhere());
    let events = theirs.apply(Action::AfterFileChanged(FileChanged::SaveAs));
    assert_eq!((events.as_slice(), theirs.is_changed_elsewhere()), ([Event::WantsPlace].as_slice(), false));
    theirs.apply(Action::SaveAs(folder.path().join("q.glassbox.json")));
    assert_eq!((there(&file).name.as_str(), theirs.is_unsaved()), ("Mine 2", false), "both are kept");
}

#[test]
fn reloading_takes_what_is_in_the_file_and_undo_brings_back_what_was_here() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.glassbox.json");
    let (mut mine, _theirs) = two(&file);
    mine.apply(Action::Save);
    mine.apply(Action::AfterFileChanged(FileChanged::Reload));
    assert_eq!((mine.project(), mine.is_unsaved(), mine.is_changed_elsewhere()), (&there(&file), false, false));
    mine.apply(Action::Undo);
    assert_eq!((mine.project().name.as_str(), mine.is_unsaved()), ("Mine", true));
    mine.apply(Action::Save);
    assert_eq!((there(&file).name.as_str(), mine.is_changed_elsewhere()), ("Mine", false), "that file is known");
}

#[test]
fn other_line_ends_and_a_file_that_is_gone_are_no_question() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.glassbox.json");
    project_file::save(&templates::build("xor").unwrap(), &file).unwrap();
    let mut state = State::default();
    state.apply(Action::Open(file.clone()));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    state.apply(Action::RenameProject("Mine".into()));
    state.apply(Action::Save);
    assert_eq!((there(&file).name.as_str(), state.is_changed_elsewhere()), ("Mine", false));
    std::fs::remove_file(&file).unwrap();
    state.apply(Action::RenameProject("Again".into()));
    state.apply(Action::Save);
    assert_eq!((there(&file).name.as_str(), state.is_changed_elsewhere()), ("Again", false));
    std::fs::write(&file, "damaged").unwrap();
    state.apply(Action::Save);
    assert!(state.is_changed_elsewhere());
    state.apply(Action::AfterFileChanged(FileChanged::Reload));
    assert!(state.error().is_some_and(|error| error.contains("isn't a Glassbox project")));
    assert_eq!(state.project().name, "Again", "what is here stays");
}
