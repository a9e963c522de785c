//! Runs beside each other that began as one.

use std::sync::Arc;

use glassbox::engine::Device;
use glassbox::session::checkpoint::{self, Kept};
use glassbox::trace::{Branches, Curves};
use glassbox::trainer::{Debugger, Forks, KeptBranch, Run};

use super::*;

/// What was forked from a deleted branch was forked from the one that this had left, whoever takes its name later.
#[test]
fn a_deleted_branch_hands_on_what_was_forked_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = debugged(
        folder,
        "goto 2; fork a; run 2; fork b; run 2; fork c; branch delete b; branches; fork b; branches; branch c; branch delete c; \
         branch delete a; branches; branch delete main; branches",
    );
    let origins = |at: usize| {
        let branches = said[at]["branches"].as_array().unwrap().iter();
        branches
            .map(|b| format!("{} {}", b["name"].as_str().unwrap(), b["origin"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(said[6]["branch"], "c", "it still goes on with c");
    assert_eq!(origins(7), ["main ", "a from main after step 2", "c from a after step 4"]);
    assert_eq!(origins(9)[2..], ["c from a after step 4", "b from c after step 6"]);
    assert_eq!((&said[11]["deleted"], &said[11]["branch"]), (&Value::from("c"), &Value::from("a")));
    assert_eq!((&said[12]["deleted"], &said[12]["branch"]), (&Value::from("a"), &Value::from("main")));
    assert_eq!(origins(13), ["main ", "b from main after step 2"]);
    assert_eq!((&said[14]["deleted"], origins(15)), (&Value::from("main"), vec!["b ".to_owned()]));
}

/// What goes on from a file has the branches that were kept in it, and keeps them in the file that it writes.
#[test]
fn branches_of_a_kept_run_are_there_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let project = glassbox::persist::project_file::load(&folder.join("xor.glassbox.json")).unwrap();
    let dataset = glassbox::data::load(&project.data, folder, &glassbox::data::NoProgress).unwrap();
    let run = Run::new(&project, Arc::new(dataset), Device::Cpu).unwrap();
    let mut main = Debugger::new(run, 1 << 24).unwrap();
    main.goto_step(4).unwrap();
    let mut fork = main.fork().unwrap();
    let mut all = Branches::default();
    all.fork("warm".into(), 4, fork.moment());
    fork.goto_step(7).unwrap();
    all.switch(0, 7);
    let resting =
        KeptBranch { id: 1, project: project.clone(), saved: fork.save().unwrap(), curves: Curves::default() };
    let forks = Forks { all, resting: vec![Arc::new(resting)] };
    let kept = Kept { forks, ..Kept::new(main.save().unwrap(), Curves::default()) };
    checkpoint::save(&folder.join("a.safetensors"), &project, &kept).unwrap();
    let train =
        ["train", "xor.glassbox.json", "--resume", "a.safetensors", "--checkpoint", "b.safetensors", "--steps", "9"];
    json_free(folder, &train);
    for (file, step) in [("a.safetensors", 4), ("b.safetensors", 9)] {
        let commands = "branches; branch warm; branches";
        let output =
            json_free(folder, &["debug", "xor.glassbox.json", "--resume", file, "--json", "--command", commands]);
        let said: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |at: usize| {
            let branches = said[at]["branches"].as_array().unwrap().iter();
            branches.map(|b| (b["name"].clone(), b["steps_completed"].clone())).collect::<Vec<_>>()
        };
        let expected = vec![("main".into(), step.into()), ("warm".into(), 7.into())];
        assert_eq!((of(0), of(2)), (expected.clone(), expected));
        assert_eq!((&said[0]["current"], &said[2]["current"]), (&Value::from("main"), &Value::from("warm")));
    }
}

/// What came after a change of the past stays as a branch, and taking the change back leads there again.
#[test]
fn a_change_in_the_past_leaves_the_later_history_as_a_branch() {
    let folder = tempfile::tempdir().unwrap();
    json_free(folder.path(), &["new", "xor", "-o", "xor.glassbox.json"]);
    let commands = "run 30; print dense_1.weight; goto 10; set dense_1.weight = 0; branches; run 2; branch main; print dense_1.weight; \
                    goto 10; scale dense_1.bias 2; undo; branches";
    let said = debugged(folder.path(), commands);
    let branch = "dense_1.weight = 0 from 10";
    assert_eq!(said[3]["notes"][0], format!("Now on branch {branch}. The steps after 10 stay on main."));
    assert_eq!(
        (&said[4]["current"], &said[4]["branches"][0]["steps_completed"]),
        (&Value::from(branch), &Value::from(30))
    );
    assert_eq!(said[4]["branches"][1]["origin"], "from main after step 10");
    assert_eq!((&said[6]["branch"], &said[6]["steps_completed"]), (&Value::from("main"), &Value::from(30)));
    assert_eq!(said[7], said[1], "as it was, bit for bit");
    assert!(said[9]["notes"][0].as_str().is_some_and(|note| note.contains("from 10")));
    assert_eq!(
        (&said[10]["branch"], &said[10]["notes"][0]),
        (&Value::from("main"), &Value::from("Back on branch main."))
    );
    assert_eq!(said[11]["branches"].as_array().map(Vec::len), Some(2), "an empty one is gone: {}", said[11]);
}

/// A value beside itself on another branch, and at another step.
#[test]
fn a_value_is_compared_across_branches_and_steps() {
    let folder = tempfile::tempdir().unwrap();
    json_free(folder.path(), &["new", "xor", "-o", "xor.glassbox.json"]);
    let commands = "run 5; print dense_1.bias; fork; set dense_1.bias[0] = 2; run 4; print dense_1.bias; compare dense_1.bias at 5; \
                    branch main; run 4; compare dense_1.bias with fork 1; compare dense_1.bias with fork 1 at 5; branch fork 1";
    let said = debugged(folder.path(), commands);
    let numbers = |at: usize| {
        said[at]["numbers"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap() as f32).collect::<Vec<_>>()
    };
    let largest = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let mut changed = numbers(1);
    changed[0] = 2.0;
    assert_eq!(said[6]["largest"].as_f64().unwrap() as f32, largest(&numbers(5), &changed));
    assert_eq!((&said[9]["other_branch"], &said[9]["other_step"]), (&Value::from("fork 1"), &Value::from(9)));
    assert_eq!(said[9]["at"], serde_json::json!([0]));
    assert_eq!((&said[10]["step"], &said[10]["other_step"]), (&Value::from(9), &Value::from(5)));
    assert_eq!(
        (&said[11]["branch"], &said[11]["steps_completed"]),
        (&Value::from("fork 1"), &Value::from(9)),
        "The run hasn't moved"
    );
}
