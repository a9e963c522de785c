use super::*;
use crate::model::layer::{Formula, Relu};
use crate::model::{LayerId, slug};
use crate::trace::{StepPhase, Turn};

fn on(id: u32, at: At, condition: &str) -> Breakpoint {
    Breakpoint::new(id, at, Some(condition.to_owned()).filter(|text| !text.is_empty()))
}

/// Goes forward by whole steps until a breakpoint stops, or for so many steps.
pub(super) fn run(debugger: &mut Debugger, most: usize) -> Vec<Hit> {
    for _ in 0..most {
        let advance = debugger.run_free().unwrap();
        if advance.stopped() {
            return advance.hits;
        }
    }
    Vec::new()
}

fn next(debugger: &Debugger) -> String {
    let (_, next) = debugger.next_instruction();
    next.map(|i| debugger.machine().program().line(i)).unwrap_or_default()
}

fn layer(debugger: &Debugger, name: &str) -> LayerId {
    let names = &debugger.machine().program().layer_names;
    *names.iter().find(|(_, known)| slug(known) == name).unwrap().0
}

/// The loss that every step had, asked before its update.
fn losses(project: &Project, steps: usize) -> Vec<f64> {
    let mut debugger = debugger(project, BUDGET);
    (0..steps).map(|_| debugger.run_free().unwrap().row.unwrap().loss).collect()
}

#[test]
fn it_stops_before_instructions_layers_and_phases() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.set_breakpoints(vec![on(7, At::Instruction("%2".into()), "")]);
    let hits = run(&mut debugger, 3);
    assert_eq!((hits.len(), hits[0].breakpoint), (1, 7));
    assert!(next(&debugger).starts_with("%2 = tanh") && hits[0].why.contains("before %2 = tanh"), "{hits:?}");
    let again = run(&mut debugger, 3);
    assert_eq!((again.len(), debugger.moment().step, debugger.breakpoints()[0].hits), (1, 1, 2));

    let of_second = At::Layer(layer(&debugger, "dense_2"));
    debugger.set_breakpoints(vec![on(1, of_second, "")]);
    let mut phases = Vec::new();
    for _ in 0..3 {
        assert!(run(&mut debugger, 3)[0].why.contains("layer Dense 2"));
        phases.push(debugger.next_instruction().1.unwrap().phase);
    }
    use crate::engine::Phase::{Backward, Forward, Update};
    assert_eq!(phases, [Forward, Backward, Update]);

    for phase in StepPhase::ALL {
        debugger.set_breakpoints(vec![on(1, At::Phase(phase), "")]);
        assert_eq!(run(&mut debugger, 3).len(), 1);
        assert_eq!(debugger.next_instruction().1.unwrap().phase, phase);
    }
    let weight = At::Instruction("dense_1.weight".into());
    debugger.set_breakpoints(vec![on(1, weight, "")]);
    assert_eq!(run(&mut debugger, 3).len(), 1);
    assert!(next(&debugger).starts_with("dense_1.weight"), "{}", next(&debugger));
}

#[test]
fn a_condition_is_asked_where_the_breakpoint_stands() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.set_breakpoints(vec![on(1, At::Anywhere, "step == 10")]);
    run(&mut debugger, 20);
    assert_eq!(debugger.current_step(), 10);
    assert!(next(&debugger).contains("<-"), "{}", next(&debugger));
    debugger.set_breakpoints(vec![on(1, At::Instruction("%3".into()), "step == 15 and max(abs(%2)) > 0")]);
    run(&mut debugger, 20);
    assert_eq!(debugger.current_step(), 15);
    assert!(next(&debugger).starts_with("%3 ="), "{}", next(&debugger));
    // The first instruction of a step is asked for the step that comes.
    debugger.set_breakpoints(vec![on(1, At::Phase(StepPhase::Load), "step == 18")]);
    run(&mut debugger, 20);
    assert_eq!(debugger.moment(), Moment { step: 17, instruction: 0 });
    // A layer is asked only where all that the condition names is computed.
    let second = layer(&debugger, "dense_2");
    debugger.set_breakpoints(vec![on(1, At::Layer(second), "max(abs(dense_2.weight.grad)) >= 0")]);
    run(&mut debugger, 3);
    assert_eq!(debugger.next_instruction().1.unwrap().phase, crate::engine::Phase::Update);
}

#[test]
fn what_cannot_hold_here_says_why() {
    let debugger = debugger(&xor(), BUDGET);
    let why = |at: At, condition: &str| debugger.check_breakpoint(&on(1, at, condition)).unwrap_err();
    assert!(why(At::Anywhere, "").contains("needs a condition"));
    assert!(why(At::Anywhere, "lss > 1").contains("no value 'lss'"));
    assert!(why(At::Anywhere, "dense_1.weight > 1").contains("isn't a single number"));
    assert!(why(At::Anywhere, "loss >").contains("at the end"));
    assert!(why(At::Instruction("%99".into()), "").contains("no value '%99'"));
    assert!(why(At::Instruction("batch.x".into()), "").contains("isn't computed by an instruction"));
    assert!(why(At::Layer(LayerId(99)), "").contains("no instructions"));
    assert!(why(At::Instruction("%2".into()), "loss > 1").contains("not all of its values are computed"));
    assert!(debugger.check_breakpoint(&on(1, At::Instruction("dense_1.weight".into()), "loss > 1")).is_ok());
    let place = |text: &str| debugger.check_condition(text).unwrap_err().at;
    assert_eq!((place("loss > max(wieght)"), place("1 + + 2"), place("loss > 1 for two steps")), (11, 4, 13));
    assert!(debugger.check_condition("max(abs(dense_1.weight.grad)) > 10 for 5 steps").is_ok());
    assert!(debugger.check_expression("dense_1.weight * 2").is_ok());
    assert!(debugger.names().contains(&"dense_1".to_owned()) && debugger.names().contains(&"step".to_owned()));
    // It stays in the list, and holds again with a network where it has a place.
    let mut debugger = debugger;
    debugger.set_breakpoints(vec![on(4, At::Anywhere, "max(abs(dense_3)) > -1")]);
    assert!(debugger.breakpoint_problem(4).unwrap().contains("dense_3"));
    assert!(run(&mut debugger, 3).is_empty());
    let dense = |units| -> LayerKind { Dense { units, ..Dense::default() }.into() };
    let graph = templates::chain(vec![dense(4), dense(3), dense(2)]);
    debugger.change(Change::Graph { graph }).unwrap();
    assert_eq!(debugger.breakpoint_problem(4), None);
    assert_eq!(run(&mut debugger, 3).len(), 1);
}

#[test]
fn a_condition_about_a_layer_that_came_later_remembers_the_steps_since() {
    let mut debugger = debugger(&xor(), BUDGET);
    run(&mut debugger, 10);
    let dense = |units| -> LayerKind { Dense { units, ..Dense::default() }.into() };
    let graph = templates::chain(vec![dense(4), dense(3), dense(2)]);
    debugger.change(Change::Graph { graph }).unwrap();
    run(&mut debugger, 200);
    // Asked now, it is known of all steps since there is such a layer, and the way is gone but once for it.
    let conditions = ["norm(dense_3.weight) > 0 for 150 steps", "step > 10 + 0 * max(norm(dense_3.weight))"];
    debugger.set_breakpoints(vec![on(1, At::Anywhere, conditions[0]), on(2, At::Anywhere, conditions[1])]);
    assert!(!debugger.is_prepared());
    assert!(debugger.prepare(&mut |_| true).unwrap() && debugger.is_prepared());
    assert_eq!(debugger.current_step(), 210);
    let hits = run(&mut debugger, 3);
    let ids: Vec<_> = hits.iter().map(|hit| (hit.breakpoint, hit.broken)).collect();
    assert_eq!((ids, debugger.current_step()), (vec![(1, false), (2, false)], 211));
}

/// The last batch of an epoch is smaller: what is named is not always there.
#[test]
fn what_could_not_be_asked_stops_once_says_why_and_is_asked_again_when_it_is_another() {
    let mut project = xor();
    project.training.batch_size = 150;
    let mut debugger = debugger(&project, BUDGET);
    let all = vec![on(1, At::Anywhere, "%1[149, 0] > 1000"), on(2, At::Anywhere, "step == 9")];
    debugger.set_breakpoints(all.clone());
    assert!(!debugger.run().dataset().train.len().is_multiple_of(150) && debugger.breakpoint_problem(1).is_none());
    let hits = run(&mut debugger, 30);
    assert!(hits.len() == 1 && hits[0].broken && hits[0].why.starts_with("%1[149, 0] > 1000: "), "{hits:?}");
    let step = debugger.current_step();
    let states = |debugger: &Debugger| debugger.breakpoints().iter().map(|b| (b.enabled, b.hits)).collect::<Vec<_>>();
    assert_eq!(states(&debugger), [(true, 0), (true, 0)], "what was chosen stays; it did not hold");
    assert_eq!(debugger.breakpoint_problem(1), Some(hits[0].why.as_str()));
    debugger.set_breakpoints(all.clone());
    let hits = run(&mut debugger, 40);
    assert_eq!((hits.len(), hits[0].breakpoint, debugger.current_step()), (1, 2, 9), "set anew as it was: not again");
    debugger.goto_step(step - 1).unwrap();
    assert!(run(&mut debugger, 3).is_empty() && debugger.fork().unwrap().breakpoint_problem(1).is_some());
    debugger.goto_step(step - 1).unwrap();
    let off = Breakpoint { enabled: false, ..all[0].clone() };
    debugger.set_breakpoints(vec![off]);
    assert_eq!(debugger.breakpoint_problem(1), None);
    debugger.set_breakpoints(all);
    assert!(run(&mut debugger, 1)[0].broken, "switched off and on: asked again");
}

#[test]
fn logging_goes_on_and_disabled_ones_are_not_asked() {
    let mut debugger = debugger(&xor(), BUDGET);
    let log = Breakpoint { log: true, ..on(1, At::Anywhere, "step >= 3") };
    let value = Breakpoint { log: true, ..on(2, At::Phase(StepPhase::Update), "loss") };
    let off = Breakpoint { enabled: false, ..on(3, At::Anywhere, "step >= 1") };
    debugger.set_breakpoints(vec![log, value, off]);
    assert!(run(&mut debugger, 4).is_empty());
    let hits: Vec<_> = debugger.breakpoints().iter().map(|b| b.hits).collect();
    assert_eq!(hits, [2, 4, 0]);
    let messages = debugger.take_messages();
    assert_eq!(messages.len(), 6);
    assert!(messages.contains(&"Step 3: breakpoint 1: step >= 3".to_owned()), "{messages:?}");
    assert!(messages[0].starts_with("Step 1: breakpoint 2: phase update, loss = 0."), "{messages:?}");
    assert!(debugger.take_messages().is_empty());
}

#[test]
fn a_log_point_says_its_text_with_the_numbers_of_the_place() {
    let mut debugger = debugger(&xor(), BUDGET);
    let said =
        |id, at, text: &str| Breakpoint { log: true, message: Some(text.into()), ..Breakpoint::new(id, at, None) };
    let every = said(1, At::Anywhere, "loss {loss}, {{norm}} {norm(dense_1.weight.grad)}");
    let backward = Breakpoint {
        condition: Some("step == 2".into()),
        ..said(2, At::Phase(StepPhase::Backward), "{step} of {max(dense_1.bias)}")
    };
    debugger.set_breakpoints(vec![every.clone(), backward]);
    assert!(run(&mut debugger, 3).is_empty());
    let losses = losses(&xor(), 3);
    let messages = debugger.take_messages();
    assert_eq!(messages.len(), 4, "{messages:?}");
    let first = format!("Step 1: loss {}, {{norm}} ", losses[0] as f32);
    assert!(messages[0].starts_with(&first) && messages[0][first.len()..].parse::<f32>().is_ok(), "{messages:?}");
    assert!(messages[1].starts_with("Step 2: 2 of 0."), "{messages:?}");
    let wrong = |breakpoint: &Breakpoint| debugger.check_breakpoint(breakpoint).unwrap_err();
    let load = At::Phase(StepPhase::Forward);
    assert!(wrong(&said(3, load, "{%3}")).contains("%3 can't be logged there"));
    assert!(wrong(&said(3, At::Anywhere, "{lss}")).contains("did you mean 'loss'"));
    assert!(wrong(&said(3, At::Anywhere, "{loss")).contains("'{' without a '}'"));
    assert!(wrong(&said(3, At::NotFinite, "{loss}")).contains("has its own message"));
    assert!(wrong(&Breakpoint { log: false, ..every }).contains("needs a condition"));
}

#[test]
fn only_the_hits_whose_turn_it_is_stop() {
    let mut debugger = debugger(&xor(), BUDGET);
    let at = |id, turn| Breakpoint { turn: Some(turn), ..on(id, At::Anywhere, "step >= 2") };
    debugger.set_breakpoints(vec![at(1, Turn::Hit(3))]);
    run(&mut debugger, 50);
    assert_eq!((debugger.current_step(), debugger.breakpoints()[0].hits), (4, 3));
    assert!(run(&mut debugger, 10).is_empty(), "that one only");
    let log = Breakpoint { log: true, hits: 0, ..at(2, Turn::Every(4)) };
    debugger.set_breakpoints(vec![log]);
    let from = debugger.current_step();
    assert!(run(&mut debugger, 10).is_empty());
    let steps: Vec<_> =
        debugger.take_messages().iter().map(|said| said.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(steps, [format!("Step {}", from + 4), format!("Step {}", from + 8)]);
}

#[test]
fn a_log_that_is_cut_says_so() {
    let mut debugger = debugger(&xor(), BUDGET);
    let all = (1..=300).map(|id| Breakpoint { log: true, ..on(id, At::Anywhere, "step > 0") });
    debugger.set_breakpoints(all.collect());
    assert!(run(&mut debugger, 4).is_empty());
    let said = debugger.take_messages();
    assert_eq!(said.len(), 1001);
    assert!(said[1000].contains("and 200 more lines"), "{}", said[1000]);
}

#[test]
fn for_so_many_steps_means_in_a_row() {
    let project = xor();
    let losses = losses(&project, 120);
    let falls = |i: usize| losses[i] < losses[..=i].iter().copied().fold(f64::INFINITY, f64::min) + 0.02;
    let expected = (2..120).find(|&i| (i - 2..=i).all(falls)).unwrap() as u64 + 1;
    let condition = "loss < min(loss) + 0.02 for 3 steps";
    let mut forward = debugger(&project, BUDGET);
    forward.set_breakpoints(vec![on(1, At::Anywhere, condition)]);
    assert_eq!(run(&mut forward, 200)[0].why, condition);
    assert_eq!(forward.current_step(), expected);
    // Set later, the steps before count all the same.
    let mut late = debugger(&project, BUDGET);
    late.goto_step(expected - 1).unwrap();
    late.set_breakpoints(vec![on(1, At::Anywhere, condition)]);
    run(&mut late, 200);
    assert_eq!(late.current_step(), expected);
    // Whoever has gone on and comes back finds it at the same step.
    late.set_breakpoints(Vec::new());
    late.goto_step(expected + 150).unwrap();
    late.set_breakpoints(vec![on(1, At::Anywhere, condition)]);
    late.goto_step(expected - 2).unwrap();
    run(&mut late, 200);
    assert_eq!(late.current_step(), expected);
}

#[test]
fn a_reduction_of_a_number_is_over_the_steps_so_far() {
    let project = xor();
    let losses = losses(&project, 300);
    let exceeds = |i: &usize| losses[*i] > 1.3 * losses[..=*i].iter().copied().fold(f64::INFINITY, f64::min);
    let expected: Vec<_> = (0..300).filter(exceeds).map(|i| i as u64 + 1).take(3).collect();
    assert_eq!(expected.len(), 3, "the loss of the test never rises");
    let condition = on(1, At::Anywhere, "loss > 1.3 * min(loss)");
    let mut debugger = debugger(&project, BUDGET);
    debugger.set_breakpoints(vec![condition.clone()]);
    for step in &expected {
        run(&mut debugger, 300);
        assert_eq!(debugger.current_step(), *step);
    }
    debugger.goto_step(expected[0] - 1).unwrap();
    run(&mut debugger, 300);
    assert_eq!(debugger.current_step(), expected[0]);
    let mean = losses[..expected[0] as usize].iter().sum::<f64>() / expected[0] as f64;
    let found = debugger.evaluate("mean(loss)").unwrap().single().unwrap();
    assert!((found - mean).abs() < 1e-9, "{found} {mean}");
    // Another number is remembered from the beginning, whenever it is asked for the first time.
    let norm = on(2, At::Anywhere, "norm(dense_1.weight) > 1.1 * min(norm(dense_1.weight))");
    let mut early = super::debugger(&project, BUDGET);
    early.set_breakpoints(vec![norm.clone()]);
    assert_eq!(run(&mut early, 300).len(), 1);
    let step = early.current_step();
    assert!(step > 2);
    assert!(debugger.evaluate("min(norm(dense_1.weight))").unwrap_err().contains("only the loss is recorded"));
    debugger.set_breakpoints(Vec::new());
    debugger.goto_step(step - 1).unwrap();
    debugger.set_breakpoints(vec![norm]);
    run(&mut debugger, 300);
    assert_eq!(debugger.current_step(), step);
    assert!(debugger.evaluate("min(norm(dense_1.weight))").unwrap().single().unwrap() > 0.0);
}

#[test]
fn gathering_the_past_can_be_given_up() {
    let mut debugger = debugger(&xor(), BUDGET);
    let here = Moment { step: 150, instruction: 3 };
    debugger.goto(here).unwrap();
    let before = bits(&debugger);
    debugger.set_breakpoints(vec![on(1, At::Anywhere, "norm(dense_1.weight) > 2 * min(norm(dense_1.weight))")]);
    let mut asked = 0;
    let prepared = debugger.prepare(&mut |_| {
        asked += 1;
        asked < 20
    });
    assert!(!prepared.unwrap() && asked == 20);
    assert_eq!((debugger.moment(), bits(&debugger)), (here, before.clone()));
    assert!(debugger.prepare(&mut |_| true).unwrap());
    assert_eq!((debugger.moment(), bits(&debugger)), (here, before));
    assert!(debugger.evaluate("min(norm(dense_1.weight))").is_ok());
}

/// The exact instruction, its samples, and nothing where numbers merely pass a NaN on.
#[test]
fn the_first_infinity_stops_behind_its_instruction() {
    let mut project = xor();
    let log = Formula { expression: "log(relu(x))".into() };
    let hidden = Dense { units: 4, ..Dense::default() };
    project.graph = templates::chain(vec![hidden.into(), log.into(), Dense { units: 2, ..Dense::default() }.into()]);
    let mut debugger = debugger(&project, BUDGET);
    debugger.set_breakpoints(vec![on(5, At::NotFinite, "")]);
    let hits = run(&mut debugger, 3);
    let found = hits[0].not_finite.clone().unwrap();
    let made = &debugger.machine().program().instructions[found.instruction];
    assert_eq!(made.op.name(), "log", "{found}");
    assert_eq!(debugger.moment(), Moment { step: 0, instruction: found.instruction + 1 });
    let output = debugger.machine().read(made.outputs[0]).unwrap();
    let rows = debugger.run().next_rows();
    let width = output.data.len() / rows.len();
    let spoilt = output.data.chunks(width).zip(&rows).filter(|(row, _)| row.iter().any(|v| !v.is_finite()));
    let spoilt: Vec<u32> = spoilt.map(|(_, &row)| row).collect();
    assert!(found.samples.len() > 1 && found.samples == spoilt && found.sample == Some(spoilt[0]), "{found:?}");
    assert!(hits[0].why.contains("samples "), "{}", hits[0].why);
    // Other instructions go on with what it made; the next to make one of whole numbers is another.
    let again = run(&mut debugger, 1);
    assert!(again.iter().all(|hit| hit.not_finite.as_ref().unwrap().instruction != found.instruction), "{again:?}");
}

/// A learning rate far too large: the step whose update is the first to exceed, and the first number that is none.
#[test]
fn a_run_that_explodes_is_found_at_both_ends() {
    let mut project = xor();
    let relu = || -> LayerKind { Relu {}.into() };
    let dense = |units| -> LayerKind { Dense { units, ..Dense::default() }.into() };
    project.graph = templates::chain(vec![dense(16), relu(), dense(16), relu(), dense(2)]);
    project.training.learning_rate = 1e4;
    project.training.optimiser = crate::model::Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let mut debugger = debugger(&project, BUDGET);
    debugger.set_breakpoints(vec![on(1, At::NotFinite, "")]);
    let hits = run(&mut debugger, 300);
    let found = hits[0].not_finite.clone().expect("it explodes");
    let at = debugger.moment();
    let place = Moment { step: found.step - 1, instruction: found.instruction + 1 };
    assert!(at == place || at == Moment { step: found.step, instruction: 0 }, "{at:?} {found}");
    // Everything that stood before is finite.
    let machine = debugger.machine();
    for instruction in &machine.program().instructions[..found.instruction] {
        for &output in &instruction.outputs {
            assert!(
                machine.read(output).unwrap().data.iter().all(|v| v.is_finite()),
                "{}",
                machine.program().name(output)
            );
        }
    }
    let bound = "max(abs(dense_1.weight)) > 100";
    let reversed = debugger.reverse_to(bound, Held::Since, &mut |_| true).unwrap();
    assert!(matches!(reversed, Reversed::Found(_)), "{reversed:?}");
    let first = debugger.current_step();
    let mut forward = super::debugger(&project, BUDGET);
    forward.set_breakpoints(vec![on(1, At::Anywhere, bound)]);
    run(&mut forward, 300);
    assert_eq!((forward.moment(), forward.current_step()), (debugger.moment(), first));
    // The update of the step before made them so: after the one before that they were within the bound.
    debugger.goto_step(first - 2).unwrap();
    assert!(debugger.evaluate("max(abs(dense_1.weight))").unwrap().single().unwrap() <= 100.0);
}
