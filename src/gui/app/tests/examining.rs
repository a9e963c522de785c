//! How good a network is: beside simple models, on the test set, by column, on new data.

use std::path::{Path, PathBuf};

use super::hands::Hands;
use crate::model::DataSpec;
use crate::session::{Action, ExamineAction, State, Transport};

/// A table whose `size` says all, in a window that has trained on it a little, with a test set.
fn trained(folder: &Path) -> Hands {
    let row = |i: usize| format!("{},{},{}\n", i * 7 % 50, i * 13 % 29, ["apple", "melon"][i * 7 % 50 / 25]);
    let path = folder.join("fruit.csv");
    std::fs::write(&path, format!("size,noise,kind\n{}", (0..240).map(row).collect::<String>())).expect("a file");
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.apply(Action::OpenTable { path, target: Some("kind".into()) });
    hands.wait_until("the table is there", |hands| hands.state().dataset().is_some());
    let data = DataSpec { test: 0.2, ..hands.state().project().data.clone() };
    hands.apply(Action::SetData(data));
    hands.wait_until("a test set is", |hands| hands.state().dataset().is_some_and(|dataset| dataset.test.is_some()));
    hands.apply(Action::Transport(Transport::Play));
    hands.wait_until("it has trained", |hands| hands.state().run().epoch >= 20.0);
    hands.apply(Action::Transport(Transport::Pause));
    hands.wait_until("baselines are there", |hands| hands.state().examined().baselines.len() == 3);
    hands
}

fn wait(hands: &mut Hands) {
    hands.wait_until("it is found out", |hands| hands.state().examined().doing.is_none());
}

#[test]
fn a_score_stands_beside_simple_models_and_the_test_set_is_scored_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hands = trained(folder.path());
    hands.click_tab("Scores");
    for name in ["this network", "most frequent class", "linear (logistic regression)", "5 nearest neighbours"] {
        assert!(hands.sees(name), "{name}");
    }
    let verdicts = ["About as good as", "the best simple model", "Train longer, or change"];
    assert!(verdicts.iter().any(|verdict| !hands.names_containing(verdict).is_empty()));
    assert!(!hands.sees("test"), "nobody has asked");
    assert!(!hands.names_containing("repeated looks make the score worthless").is_empty());
    hands.click("Score on the test set");
    wait(&mut hands);
    assert!(hands.sees("test") && hands.sees("Score again on the test set"));
    let accuracy = hands.state().examined().test.as_ref().expect("scores").report.score;
    let text = crate::gui::numbers::percent(accuracy as f32);
    assert!(hands.sees(&text), "{text} among {:?}", hands.names_containing(""));
    // The same weights are not scored twice.
    hands.click("Score again on the test set");
    assert_eq!(hands.state().examined().looks, 1);
    hands.apply(Action::Transport(Transport::StepBatch));
    hands.wait_until("a step was done", |hands| {
        hands.state().examined().test.as_ref().is_some_and(|t| t.step != hands.state().run().step)
    });
    hands.click("Score again on the test set");
    wait(&mut hands);
    assert!(!hands.names_containing("Looked 2 times").is_empty());
}

#[test]
fn columns_are_weighed_and_a_picked_one_shows_its_curve() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hands = trained(folder.path());
    hands.click_tab("Scores");
    hands.click("By column");
    hands.click("Measure importance");
    wait(&mut hands);
    for column in ["size", "noise"] {
        let row = hands.names_containing(&format!("Importance of {column}"))[0].clone();
        hands.click(&row);
        assert!(hands.sees(&format!("How the answer follows {column}")));
        // Pressed again it closes.
        hands.click(&row);
        assert!(!hands.sees(&format!("How the answer follows {column}")));
    }
}

#[test]
fn new_data_is_predicted_looked_at_and_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hands = trained(folder.path());
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let wrong = write("wrong.csv", "weight\n1\n");
    let new = write("new.csv", "noise,size,kind\n1,3,apple\n2,45,melon\n");
    hands.click_tab("Try it");
    hands.click("Predict new data …");
    assert!(hands.sees("Predict new data"));
    let choose = |hands: &mut Hands, path: &Path| {
        hands.click("Choose a file …");
        hands.type_into("Path", &path.display().to_string());
        wait(hands);
    };
    choose(&mut hands, &wrong);
    assert!(!hands.names_containing("which the table lacks").is_empty());
    assert!(!hands.sees("Save predictions …"));
    choose(&mut hands, &new);
    assert!(!hands.names_containing("2 rows of new.csv predicted").is_empty());
    assert!(!hands.names_containing("over the 2 rows that have the answer").is_empty());
    hands.click("Save predictions …");
    let to = folder.path().join("out.csv");
    hands.type_into("Path", &to.display().to_string());
    wait(&mut hands);
    let saved = std::fs::read_to_string(&to).expect("the answers");
    assert!(saved.starts_with("row,kind,probability,probability of apple"), "{saved}");
    assert!(!hands.names_containing("Saved: ").is_empty());
    hands.click("Close");
    assert!(!hands.sees("Choose a file …"));
}

#[test]
fn every_fold_is_trained_on_request_and_is_a_run_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hands = trained(folder.path());
    let mut training = hands.state().project().training.clone();
    training.epochs = 3;
    hands.apply(Action::SetTraining(training));
    hands.click_tab("Scores");
    hands.click("Folds");
    hands.click("Train all folds");
    hands.wait_until("folds are over", |hands| {
        let found = hands.state().cross_validation();
        found.progress.is_none() && found.folds.len() == 5
    });
    let found = hands.state().cross_validation().clone();
    assert_eq!(found.folds.iter().map(|fold| fold.scores.samples).sum::<usize>(), 192, "the test set is in none");
    assert!(found.is_of(hands.state().project()));
    assert!(hands.sees("mean") && !hands.names_containing(" ± ").is_empty());
    let named = |name: &str| hands.state().runs().cards.iter().filter(|card| card.name == name).count();
    assert_eq!([1, 2, 3, 4, 5].map(|number| named(&format!("fold {number} of 5"))), [1; 5]);
    // The run on the table is as it was.
    assert!(hands.state().project().data.fold.is_none() && hands.state().run().epoch >= 20.0);
    // A fold comes back with its split, which the Data tab tells and takes back.
    let id = hands.state().runs().cards.iter().find(|card| card.name == "fold 2 of 5").map(|card| card.id.clone());
    hands.wait_until("it is on disk", |hands| {
        hands.state().runs().cards.iter().any(|card| Some(&card.id) == id.as_ref() && card.bytes > 0)
    });
    hands.apply(Action::Runs(crate::session::RunAction::BringBack(id.expect("a run"))));
    hands.wait_until("its fold validates", |hands| {
        let state = hands.state();
        state.project().data.fold.is_some() && state.dataset().is_some_and(|dataset| dataset.validation.len() < 40)
    });
    let state = hands.state();
    assert!(state.cross_validation().folds.len() == 5 && state.cross_validation().is_of(state.project()));
    hands.click_tab("Data");
    hands.click("Use a share");
    hands.wait_until("a share validates", |hands| hands.state().project().data.fold.is_none());
}

#[test]
fn folds_can_be_given_up_and_are_told_from_those_of_other_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hands = trained(folder.path());
    let mut training = hands.state().project().training.clone();
    // None is over before it is given up.
    (training.epochs, training.early_stopping) = (100_000, None);
    hands.apply(Action::SetTraining(training.clone()));
    hands.apply(Action::Examine(ExamineAction::Folds(Some(3))));
    hands.click_tab("Scores");
    hands.click("Folds");
    hands.click("Cancel");
    assert!(hands.state().cross_validation().progress.is_none() && hands.sees("Train all folds"));
    training.epochs = 1;
    hands.apply(Action::SetTraining(training.clone()));
    hands.apply(Action::Examine(ExamineAction::Folds(Some(3))));
    hands.wait_until("they are over", |hands| hands.state().cross_validation().folds.len() == 3);
    assert!(hands.names_containing("have changed since").is_empty());
    training.batch_size += 1;
    hands.apply(Action::SetTraining(training));
    assert!(!hands.names_containing("have changed since").is_empty());
}
