use std::sync::Arc;

use super::*;
use crate::data::Giveaway;
use crate::model::layer::{Dense, Flatten};
use crate::model::{Source, TrainingSpec};

/// The template XOR with its data.
fn xor() -> State {
    let mut state = State::default();
    state.apply(Action::OpenTemplate("xor".into()));
    let data =
        crate::data::load(&state.project.data, std::path::Path::new(""), &crate::data::NoProgress).expect("drawn");
    state.data = DataState::Ready(Arc::new(data));
    state.infer_again();
    state
}

fn layer(state: &State, name: &str) -> LayerId {
    state.project.graph.find(name).expect(name).id
}

fn of<'a>(findings: &'a [Finding], subject: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.subject == subject).unwrap_or_else(|| panic!("{subject}: {findings:?}"))
}

#[test]
fn a_network_that_trains_on_sound_data_has_none() {
    assert_eq!(xor().findings(), []);
}

#[test]
fn problems_of_the_network_what_was_diagnosed_and_notes_on_the_data_are_in_one_list_the_worst_first() {
    let mut state = xor();
    let (first, second) = (layer(&state, "Dense 1"), layer(&state, "Dense 2"));
    state.apply(Action::Edit(Edit::Append { after: first, kind: Dense::default().into() }));
    let aside = layer(&state, "Dense 3");
    let onwards = state.project.graph.incoming(second).next().expect("a wire").id;
    state.apply(Action::Edit(Edit::Connect { from: first.into(), to: second.into() }));
    assert!(state.project.graph.wire(onwards).is_none(), "Dense 3 feeds nothing now");
    let rule = diagnosis::find("vanishing-gradients").expect("a rule");
    let slower = TrainingSpec { learning_rate: 0.5, ..state.project.training.clone() };
    let found = diagnosis::Finding::new(rule, diagnosis::Severity::Serious, Place::Layer(first), "It fades.")
        .seen(1234, diagnosis::Confidence::Measured)
        .beyond("share", 1e-7, 1e-5)
        .remedy(Remedy::training("Set the learning rate to 0.5", slower.clone()))
        .remedy(Remedy::by_hand("Use fewer layers"));
    state.pose().diagnose(vec![found], Some(1234));
    let Some(DataState::Ready(data)) = Some(&state.data) else { panic!("no data") };
    let words = "\"said\" determines \"kind\" exactly.".to_owned();
    let giveaways = vec![Giveaway { column: "said".into(), target: "y".into(), words: words.clone() }];
    let notes = vec!["\"name\" is left out: it differs in every row.".to_owned(), words];
    state.data = DataState::Ready(Arc::new(Dataset { notes, giveaways, ..Dataset::clone(data) }));

    let findings = state.findings();
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
    let idle = of(&findings, "Dense 3");
    assert_eq!((idle.severity, idle.words.as_str()), (Severity::Warning, IDLE));
    assert_eq!(idle.offers, [("Delete Dense 3".to_owned(), Action::Edit(Edit::Remove(vec![aside])))]);
    let vanishing = of(&findings, "Dense 1");
    assert_eq!((vanishing.severity, &vanishing.spot), (Severity::Bad, &Spot::Layers(vec![first])));
    assert_eq!(vanishing.evidence, "share: 1e−7 (limit 1e−5) at step 1,234");
    assert_eq!(vanishing.offers, [("Set the learning rate to 0.5".to_owned(), Action::SetTraining(slower))]);
    assert_eq!(vanishing.rule.as_ref().expect("a rule").by_hand, ["Use fewer layers"]);
    let of_data: Vec<_> = findings.iter().filter(|finding| finding.spot == Spot::Data).collect();
    assert_eq!(of_data.len(), 1, "a rule tells of the leak");
    assert_eq!(of_data[0].severity, Severity::Unknown);
}

#[test]
fn a_shape_that_does_not_fit_is_bad_and_its_repairs_mend_it() {
    let mut state = xor();
    let wire = state.project.graph.incoming(layer(&state, "Loss")).next().expect("a wire").id;
    let dense = Dense { units: 3, ..Dense::default() };
    state.apply(Action::Edit(Edit::InsertOnWire { wire, kind: dense.into(), position: None }));
    let findings = state.findings();
    let found = of(&findings, "Loss");
    assert_eq!(found.severity, Severity::Bad);
    assert!(found.evidence.starts_with("expected ") && found.evidence.ends_with(", got 3"), "{}", found.evidence);
    assert!(matches!(found.spot, Spot::Wire(_)));
    let (label, repair) = found.offers[0].clone();
    assert!(label.starts_with("Set Units of Dense"), "{label}");
    state.apply(repair);
    assert_eq!(state.findings(), []);
}

#[test]
fn several_idle_layers_are_one_line_and_go_together() {
    let mut state = xor();
    let first = layer(&state, "Dense 1");
    for kind in [Dense::default().into(), Flatten {}.into()] {
        state.apply(Action::Edit(Edit::AddConnected { from: first.into(), kind, position: [0.0, 400.0] }));
    }
    let findings = state.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].words.as_str(), findings[0].offers[0].0.as_str()), (IDLE_MANY, "Delete them"));
    state.apply(findings[0].offers[0].1.clone());
    assert_eq!(state.findings(), []);
    assert_eq!(state.history.undo_name(), Some("delete 2 layers"));
}

#[test]
fn data_on_its_way_is_told_calmly_until_it_is_there_or_has_failed() {
    let mut state = State::default();
    state.apply(Action::OpenTemplate("xor".into()));
    let loading = |previous| DataState::Loading { fraction: 0.2, doing: "reading".into(), previous };
    state.data = loading(None);
    state.infer_again();
    let said = |state: &State| -> Vec<(Severity, String)> {
        state.findings().into_iter().map(|finding| (finding.severity, finding.words)).collect()
    };
    assert_eq!(said(&state), [(Severity::Unknown, "The data is loading.".to_owned())]);
    assert!(!state.can_run(), "nothing is known of the shapes yet");
    // What is wrong all the same is told.
    let (loss, _) = state.project.graph.main_loss().expect("a Loss");
    let (wire, loss) = (state.project.graph.incoming(loss.id).next().expect("a wire").id, loss.id);
    state.apply(Action::Edit(Edit::Disconnect(wire)));
    state.data = loading(None);
    state.infer_again();
    let worst = &state.findings()[0];
    assert_eq!((worst.severity, &worst.spot), (Severity::Bad, &Spot::Layers(vec![loss])), "{worst:?}");
    state.data = DataState::Failed("It is gone.".into());
    state.infer_again();
    let all = said(&state);
    assert!(all.iter().any(|(severity, words)| *severity == Severity::Bad && words.contains("the Data tab says why")));
}

#[test]
fn a_column_that_becomes_an_index_gets_its_embedding_by_a_click_and_undo_takes_it_back() {
    use crate::model::{ColumnChoice, ColumnRole, CsvSpec, DataSpec};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| format!("{},town {},{},{}\n", i * 37 % 101, i % 12, i % 7, ["no", "yes"][i % 2]);
    std::fs::write(&path, format!("age,town,size,answer\n{}", (0..120).map(row).collect::<String>())).expect("a table");
    let spec = |columns: Vec<ColumnChoice>| DataSpec {
        source: Source::Csv(CsvSpec {
            path: path.clone(),
            target: "answer".into(),
            columns,
            missing: Default::default(),
            scaling: Default::default(),
            reading: Default::default(),
        }),
        ..DataSpec::default()
    };
    let mut state = xor();
    let load = |state: &mut State, columns: Vec<ColumnChoice>| {
        state.project.data = spec(columns);
        let loaded = crate::data::load(&state.project.data, std::path::Path::new(""), &crate::data::NoProgress);
        state.data = DataState::Ready(Arc::new(loaded.expect("a table")));
        state.infer_again();
    };
    load(&mut state, Vec::new());
    let is_told = |state: &State| state.findings().iter().any(|finding| finding.words.contains("is an index"));
    assert!(!is_told(&state), "one number for each category");
    load(&mut state, vec![ColumnChoice { name: "town".into(), role: ColumnRole::Embedded }]);
    let found = state.findings().into_iter().find(|finding| finding.words.starts_with("\"town\" is an index"));
    let (label, action) = found.expect("a finding").offers.remove(0);
    assert_eq!(label, "Add an Embedding");
    let before = state.project.graph.clone();
    state.apply(action);
    assert!(state.inference().is_valid(), "{:?}", state.inference().problems);
    assert!(!is_told(&state) && state.project.graph.find("Embedding 1").is_some());
    state.apply(Action::Undo);
    assert!(is_told(&state) && state.project.graph == before);
}
