//! Commands as they are typed, and what they answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::Said;
use super::branches::Ways;
use super::obey::Console;
use crate::cli::outputs::Files;
use crate::data::{NoProgress, load};
use crate::engine::Device;
use crate::model::layer::{Dense, Lstm, Reshape};
use crate::model::{Project, Source, templates};
use crate::persist::{Desk, RunFolder};
use crate::trace::{Bookmark, Moment, Place};
use crate::trainer::{Debugger, Run};

/// A debugger of this project, and what breaks its ways off.
pub fn console(project: &Project) -> (Console, Arc<AtomicBool>) {
    let dataset = Arc::new(load(&project.data, Path::new(""), &NoProgress).unwrap());
    let run = Run::new(project, dataset, Device::Cpu).unwrap();
    let interrupted = Arc::new(AtomicBool::new(false));
    let ways = Ways::of(Debugger::new(run, 1 << 24).unwrap());
    (Console::new(ways, interrupted.clone(), Files::default()), interrupted)
}

fn xor() -> Console {
    console(&templates::build("xor").unwrap()).0
}

#[track_caller]
fn obey(console: &mut Console, line: &str) -> Said {
    console.obey(line).unwrap_or_else(|why| panic!("{line}: {why}")).unwrap()
}

#[track_caller]
fn fails(console: &mut Console, line: &str, words: &str) {
    let why = console.obey(line).map(|said| said.map(|said| said.text)).unwrap_err();
    assert!(why.contains(words), "{line}: {why}");
}

fn layer<'a>(said: &'a Said, name: &str) -> &'a Value {
    let all = said.json["layers"].as_array().unwrap();
    all.iter().find(|layer| layer["layer"] == name).unwrap_or_else(|| panic!("{name}: {}", said.json))
}

#[test]
fn layers_are_told_with_their_gradients_and_what_stands_out() {
    let mut console = xor();
    obey(&mut console, "goto 20");
    obey(&mut console, "layers");
    obey(&mut console, "batch");
    let said = obey(&mut console, "layers");
    let lines: Vec<_> = said.text.lines().collect();
    assert_eq!(lines[0], said.json["headline"].as_str().unwrap());
    for column in ["layer", "gradient", "update", "zeros"] {
        assert!(lines[1].contains(column), "{}", said.text);
    }
    assert_eq!(said.json["step"].as_u64(), Some(21));
    for name in ["Dense 1", "Dense 2"] {
        let told = layer(&said, name);
        assert!(told["gradient"].as_f64().unwrap() > 0.0 && told["update"].as_f64().unwrap() > 0.0, "{told}");
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        assert!(line.contains(told["words"].as_str().unwrap()), "{}", said.text);
    }
    // What is no number is told of the layer where it is, and above all of them.
    obey(&mut console, "set dense_2.weight[0, 0] = nan");
    obey(&mut console, "batch");
    let said = obey(&mut console, "layers");
    assert_eq!(
        (said.json["severity"].as_str(), layer(&said, "Dense 2")["severity"].as_str()),
        (Some("bad"), Some("bad"))
    );
    assert!(said.text.lines().next().unwrap().contains("Dense 2"), "{}", said.text);
    fails(&mut console, "layers all", "takes no arguments");
}

#[test]
fn moments_have_names_and_one_comes_back_to_where_one_was() {
    let mut console = xor();
    let at = |console: &Console| (console.debugger().moment().step, console.debugger().moment().instruction);
    fails(&mut console, "return", "Nothing to go back to yet");
    assert!(obey(&mut console, "marks").text.contains("no bookmarks"));
    obey(&mut console, "goto 20");
    obey(&mut console, "step 3");
    assert!(obey(&mut console, "mark before").text.contains("before is step 21, instruction 4"));
    obey(&mut console, "run 30");
    assert_eq!(obey(&mut console, "mark").json["name"], "step 50");
    obey(&mut console, "reverse step == 10");
    assert_eq!(at(&console).0, 9);
    obey(&mut console, "goto before");
    assert_eq!(at(&console), (20, 3));
    let marks = obey(&mut console, "marks");
    assert_eq!(marks.json["bookmarks"][0]["steps_completed"], 20);
    assert_eq!(marks.text.lines().count(), 2);
    // Back along the whole way: the search, the run, the first step.
    for step in [9, 50, 20, 0] {
        obey(&mut console, "return");
        assert_eq!(at(&console).0, step);
    }
    fails(&mut console, "return", "Nothing to go back to yet");
    fails(&mut console, "goto befor", "no bookmark 'befor'");
    fails(&mut console, "mark 7", "can't be a number");
    obey(&mut console, "unmark before");
    fails(&mut console, "goto before", "no bookmark");
}

#[test]
fn a_bookmark_leads_to_its_branch() {
    let mut console = xor();
    obey(&mut console, "goto 5");
    obey(&mut console, "mark here");
    obey(&mut console, "fork other");
    obey(&mut console, "run 3");
    assert_eq!(obey(&mut console, "goto here").json["branch"], "main");
    assert_eq!(obey(&mut console, "return").json["branch"], "other");
    assert!(obey(&mut console, "marks").text.ends_with("main"));
    obey(&mut console, "mark there");
    obey(&mut console, "branch delete other");
    fails(&mut console, "goto there", "a deleted branch");
    assert!(obey(&mut console, "marks").text.contains("a deleted branch"));
}

#[test]
fn bookmarks_are_there_the_next_time_beside_what_the_window_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let runs = RunFolder::beside(&folder.path().join("xor.glassbox.json"));
    let place = Place { branch: 3, moment: Moment { step: 2, instruction: 0 } };
    let of_window = Bookmark { name: "elsewhere".into(), place };
    let desk = Desk { pins: vec!["%1".into()], bookmarks: vec![of_window], ..Desk::default() };
    runs.write_desk(&desk).unwrap();
    let mut first = xor();
    first.keep_marks(runs.clone());
    obey(&mut first, "goto 5");
    obey(&mut first, "mark here");
    obey(&mut first, "fork other");
    let said = obey(&mut first, "mark there");
    assert!(said.text.contains("there lasts only for this session"), "{}", said.text);
    let mut second = xor();
    second.keep_marks(runs.clone());
    assert_eq!(obey(&mut second, "marks").json["bookmarks"].as_array().unwrap().len(), 1);
    assert_eq!(obey(&mut second, "goto here").json["steps_completed"], 5);
    assert_eq!(runs.read_desk().unwrap().pins, ["%1"]);
    obey(&mut second, "unmark here");
    assert_eq!(runs.read_desk(), Some(desk), "what is of a branch that is not here stays");
    // Where they cannot be kept they last as long as the session.
    std::fs::write(runs.path().join("desk.json"), "{nonsense").unwrap();
    let said = obey(&mut second, "mark again");
    assert!(said.text.contains("will not be kept after this session"), "{}", said.text);
    obey(&mut second, "goto again");
}

/// Whichever way the fork comes to steps that its origin has gone: their losses are its own.
#[test]
fn a_fork_is_compared_over_the_steps_that_it_shares() {
    let mut console = xor();
    obey(&mut console, "goto 150");
    obey(&mut console, "goto 5");
    obey(&mut console, "fork other");
    obey(&mut console, "goto 140");
    let branch = |said: &Said, name: &str| {
        let all = said.json["branches"].as_array().unwrap();
        all.iter().find(|branch| branch["name"] == name).cloned().unwrap()
    };
    let said = obey(&mut console, "compare");
    assert_eq!((said.json["common_step"].as_u64(), branch(&said, "other")["step"].as_u64()), (Some(140), Some(140)));
    let (main, other) = (branch(&said, "main"), branch(&said, "other"));
    assert_eq!(main["loss_at_common_step"], other["loss_at_common_step"]);
    assert_eq!(main["step"], 150);
    let ends = |text: &str| text.lines().map(|line| line.chars().count()).collect::<Vec<_>>();
    obey(&mut console, "fork one with a long name to be told apart by");
    let columns = ends(&obey(&mut console, "compare").text);
    assert!(columns.iter().all(|end| *end == columns[0]), "{columns:?}");
    obey(&mut console, "branch other");
    obey(&mut console, "branch delete one with a long name to be told apart by");
    // Gone again, nothing that is known is forgotten.
    obey(&mut console, "goto 100");
    obey(&mut console, "batch");
    assert_eq!(branch(&obey(&mut console, "compare"), "other"), other);
    obey(&mut console, "run 60");
    let said = obey(&mut console, "compare");
    assert_eq!((branch(&said, "other")["step"].as_u64(), said.json["common_step"].as_u64()), (Some(161), Some(150)));
    assert_eq!(branch(&said, "main")["loss_at_common_step"], branch(&said, "other")["loss_at_common_step"]);
}

#[test]
fn a_run_that_has_left_the_numbers_says_where() {
    let mut console = xor();
    obey(&mut console, "goto 3");
    obey(&mut console, "set dense_2.weight = 3e38");
    obey(&mut console, "set dense_2.bias = 3e38");
    let said = obey(&mut console, "run 5");
    assert!(
        said.text.starts_with("Step 4: `") && said.text.contains("was the first instruction to produce"),
        "{}",
        said.text
    );
    assert!(said.text.contains("'break nan' stops there"));
    assert_eq!(said.json["not_finite"]["step"].as_u64(), Some(4));
    assert!(obey(&mut console, "run 1").json.get("not_finite").is_none(), "said once");
}

#[test]
fn a_search_that_finds_nothing_leaves_everything_as_it_was() {
    let mut console = xor();
    obey(&mut console, "goto 30");
    obey(&mut console, "step 4");
    obey(&mut console, "break step == 1000");
    let before = obey(&mut console, "info").json;
    let said = obey(&mut console, "reverse loss > 1e9");
    assert!(said.text.contains("It was never true before. The run hasn't moved."), "{}", said.text);
    fails(&mut console, "reverse lss > 1", "did you mean");
    obey(&mut console, "since loss > 1e9");
    obey(&mut console, "reverse");
    assert_eq!(obey(&mut console, "info").json, before);
}

#[test]
fn a_number_is_told_over_all_steps_so_far() {
    let mut console = xor();
    fails(&mut console, "curve loss", "no value after any");
    obey(&mut console, "goto 12");
    obey(&mut console, "step 2");
    let said = obey(&mut console, "curve norm(dense_1.weight)");
    assert_eq!((said.json["steps"].as_array().map(Vec::len), said.json["steps"][11].as_u64()), (Some(12), Some(12)));
    obey(&mut console, "goto 12");
    let now = obey(&mut console, "print norm(dense_1.weight)").json["numbers"][0].as_f64().unwrap();
    assert_eq!(said.json["values"][11].as_f64().map(|value| value as f32), Some(now as f32));
    assert!(said.text.starts_with("norm(dense_1.weight), steps 1 to 12: from "), "{}", said.text);
    fails(&mut console, "curve dense_1.weight", "isn't a single number");
    fails(&mut console, "curve lss", "did you mean 'loss'");
}

#[test]
fn log_points_say_texts_and_hits_are_counted() {
    let mut console = xor();
    let said = obey(&mut console, r#"log "loss {loss} of {step}; {{}}" every 10"#);
    assert_eq!(said.json["turn"]["every"], 10);
    assert!(said.text.contains(r#"every 10 hits, says "loss {loss} of {step}; {{}}""#), "{}", said.text);
    let went = obey(&mut console, "run 25");
    let messages = went.json["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert!(messages[1].as_str().unwrap().starts_with("Step 20: loss 0."), "{messages:?}");
    assert!(messages[1].as_str().unwrap().ends_with(" of 20; {}"), "{messages:?}");
    obey(&mut console, "break step > 0 hit 5");
    let stopped = obey(&mut console, "run");
    assert_eq!((stopped.json["breakpoint"].as_u64(), stopped.json["steps_completed"].as_u64()), (Some(2), Some(29)));
    fails(&mut console, r#"log "{lss}""#, "did you mean 'loss'");
}

#[test]
fn numbers_are_named_by_gates_slices_and_from_the_end() {
    let mut project = templates::build("digits-lstm").unwrap();
    project.training.batch_size = 2;
    if let Source::Digits(digits) = &mut project.data.source {
        digits.samples = 100;
    }
    let (rows, lstm) = (Reshape { shape: "28 x 28".into() }, Lstm { units: 2, ..Lstm::default() });
    project.graph = templates::chain(vec![rows.into(), lstm.into(), Dense { units: 10, ..Dense::default() }.into()]);
    let (mut console, _) = console(&project);
    let set = obey(&mut console, "set lstm_1.bias_ih[f] = 1");
    assert_eq!(
        (set.json["name"].as_str(), &set.json["numbers"]),
        (Some("lstm_1.bias_ih[f]"), &serde_json::json!([1.0, 1.0]))
    );
    assert_eq!(obey(&mut console, "print sum(lstm_1.bias_ih[2:4])").text, "sum(lstm_1.bias_ih[2:4]) = 2");
    obey(&mut console, "set lstm_1.weight_hh[o1, -1] = 0.25");
    assert_eq!(obey(&mut console, "print lstm_1.weight_hh[7, 1]").json["numbers"][0], 0.25);
    obey(&mut console, "set lstm_1.bias_hh[i] = lstm_1.bias_ih[f] / 2");
    assert_eq!(obey(&mut console, "print lstm_1.bias_hh[i1]").text, "lstm_1.bias_hh[i1] = 0.5");
    obey(&mut console, "batch");
    let explained = obey(&mut console, "explain lstm_1.weight_ih.grad[f0, -1]");
    assert_eq!((explained.json["index"][0].as_u64(), explained.json["index"][1].as_u64()), (Some(2), Some(27)));
    fails(&mut console, "explain lstm_1.weight_ih.grad[f, 0]", "takes 2 indices, one per axis");
    fails(&mut console, "set lstm_1.bias_ih[f] = lstm_1.weight_hh", "has shape [2]");
    fails(&mut console, "print loss[f]", "has no gates");
    // Intermediate values of the way back are listed, and can be typed.
    let listed = obey(&mut console, "list all");
    let name = listed.text.split([' ', ',']).find(|word| word.starts_with("t%")).map(str::to_owned);
    if let Some(name) = name {
        obey(&mut console, &format!("print sum({name})"));
    }
}

#[test]
fn a_probe_batch_is_the_same_at_every_step_and_leaves_the_run_alone() {
    let mut console = xor();
    obey(&mut console, "goto 3");
    let own = obey(&mut console, "print %x").json;
    assert_eq!(obey(&mut console, "probe").json["probe"], Value::Null);
    let size = console.debugger().machine().batch_len();
    assert_eq!(obey(&mut console, "probe on").json["probe"].as_u64(), Some(size as u64));
    let print = |console: &mut Console, what: &str| obey(console, &format!("print {what}"));
    let (x, output) = (print(&mut console, "%x"), print(&mut console, "%3").json);
    assert!(x.text.starts_with("%x (of the probe batch, after step 3) = "), "{}", x.text);
    let explained = obey(&mut console, "explain d%3[0, 1] check");
    assert!(explained.text.contains("d%3[0, 1]"), "{}", explained.text);
    fails(&mut console, "explain d%3[0] check", "indices");
    obey(&mut console, "goto 9");
    assert_eq!(print(&mut console, "%x").json, x.json);
    assert_ne!(print(&mut console, "%3").json, output, "of other weights");
    assert_ne!(x.json, own);
    // The samples of this step are the step's own numbers, but for the weights that it left.
    obey(&mut console, "probe off");
    let here = print(&mut console, "%x").json;
    obey(&mut console, "probe here");
    assert_eq!(print(&mut console, "%x").json, here);
    fails(&mut console, "probe there", "probe on, probe here or probe off");
    obey(&mut console, "probe off");
    obey(&mut console, "goto 3");
    assert_eq!(print(&mut console, "%x").json, own);
}

#[test]
fn a_change_that_comes_too_late_and_a_place_that_is_none_say_so() {
    let mut console = xor();
    obey(&mut console, "step 3");
    let said = obey(&mut console, "set %1[0, 0] = nan");
    let why = "%2 has already used it. Step back before `%2 = tanh %1` for the change to take effect there.";
    assert!(said.text.ends_with(why), "{}", said.text);
    assert_eq!(said.json["note"], why);
    assert_eq!(
        obey(&mut console, "scale dense_1.weight 2").json["note"].as_str().map(|note| &note[..6]),
        Some("%1 has")
    );
    assert_eq!(obey(&mut console, "set dense_2.weight[0, 0] = inf").json["note"], Value::Null, "nothing has used it");
    assert_eq!(obey(&mut console, "print dense_2.weight[0, 0]").text, "dense_2.weight[0, 0] = inf");
    fails(&mut console, "set dense_1.weight[9, 0] = 1", "There is no unit 9: units are 0 to 7.");
    fails(&mut console, "set dense_1.weight[0, -3] = 1", "no input -3: inputs are 0 to 1.");
}
