use super::breakpoints::run;
use super::*;

#[test]
fn running_freely_is_the_run_itself() {
    let mut project = xor();
    project.training.early_stopping = Some(EarlyStopping { patience: 4, min_delta: 0.0 });
    project.training.keep_best = true;
    project.training.schedule = Schedule::Plateau(Plateau { patience: 1, ..Plateau::default() });
    let mut debugger = debugger(&project, BUDGET);
    let mut plain = Run::new(&project, debugger.run().dataset().clone(), Device::Cpu).unwrap();
    loop {
        let advance = debugger.run_free().unwrap();
        let row = plain.step().unwrap();
        assert_eq!(advance.row.as_ref(), Some(&row));
        assert!(!advance.stopped());
        if row.epoch_done {
            let results = plain.evaluate().unwrap();
            assert_eq!(advance.cut, plain.judge(&results).unwrap());
            assert_eq!(advance.evaluation, Some(results));
        } else {
            assert_eq!((advance.evaluation, advance.finished), (None, None));
        }
        if let Some(stop) = plain.finished() {
            assert_eq!((advance.finished, advance.restored), (Some(stop), plain.restore_best().unwrap()));
            break;
        }
    }
    assert!(plain.machine().step() > 20, "{}", plain.machine().step());
    let snapshot = |run: &Run| run.machine().snapshot().unwrap();
    assert_eq!(snapshot(debugger.run()), snapshot(&plain));
    // The end can be left and reached again, with the best weights put back.
    let end = debugger.moment();
    debugger.goto_step(5).unwrap();
    debugger.goto(end).unwrap();
    assert_eq!(snapshot(debugger.run()), snapshot(&plain));
    assert!(bits(&debugger).contains_key("%1"));
    // Whoever insists goes on.
    debugger.run_free().unwrap();
    assert_eq!(debugger.moment().step, end.step + 1);
}

#[test]
fn a_step_that_is_begun_is_finished_freely() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.advance(Granularity::Phase).unwrap();
    debugger.advance(Granularity::Layer).unwrap();
    let row = debugger.run_free().unwrap().row.unwrap();
    assert_eq!((row.step, debugger.moment()), (1, Moment { step: 1, instruction: 0 }));
    let mut whole = super::debugger(&xor(), BUDGET);
    assert_eq!(whole.run_free().unwrap().row, Some(row));
    assert_eq!(bits(&whole), bits(&debugger));
}

#[test]
fn a_way_can_be_given_up_at_a_whole_step() {
    let mut debugger = debugger(&xor(), BUDGET);
    let mut rows = Vec::new();
    let arrived = debugger.goto_while(Moment { step: 40, instruction: 0 }, &mut |way| {
        rows.extend(way.new.and_then(|new| new.row.as_ref()).map(|row| row.step));
        assert!(way.progress > 0.0 && way.progress <= 1.0);
        rows.len() < 30
    });
    assert!(!arrived.unwrap());
    assert_eq!((debugger.moment(), debugger.timeline().furthest), (Moment { step: 30, instruction: 0 }, 30));
    assert_eq!(rows, (1..=30).collect::<Vec<u64>>());
    // Known ground is not told again, and backwards it stops at a whole step with its values.
    let mut passed = 0;
    let arrived = debugger.goto_while(Moment { step: 20, instruction: 2 }, &mut |way| {
        assert!(way.new.is_none());
        passed += 1;
        passed < 3
    });
    assert!(!arrived.unwrap() && passed == 3);
    assert_eq!(debugger.moment(), Moment { step: 3, instruction: 0 });
    assert!(bits(&debugger).contains_key("%1"));
    assert!(debugger.goto_while(Moment { step: 30, instruction: 0 }, &mut |_| true).unwrap());
}

/// Of a long run of a small network: memory and the way to any step.
#[test]
fn a_hundred_thousand_steps_fit_and_every_one_is_near() {
    let mut project = xor();
    project.training.epochs = 1_000_000;
    let budget = 2 << 20;
    let mut debugger = debugger(&project, budget);
    debugger.goto_step(100_000).unwrap();
    let timeline = debugger.timeline();
    assert!(timeline.bytes <= budget && timeline.checkpoints.len() <= 4096, "{} bytes", timeline.bytes);
    assert!(timeline.checkpoints.len() > 100 && timeline.spacing < 1000, "{timeline:?}");
    for step in [99_999, 1, 50_000, 12_345, 77_777, 64, 100_000] {
        let mut replayed = 0;
        let count = &mut |_: Way| {
            replayed += 1;
            true
        };
        debugger.goto_while(Moment { step, instruction: 0 }, count).unwrap();
        assert_eq!(debugger.moment().step, step);
        assert!(replayed <= timeline.spacing, "step {step}: {replayed} steps");
        assert!(replayed <= timeline.replayed(step).max(1), "step {step}: {replayed} steps");
    }
}

#[test]
fn until_the_cursor_is_in_this_step_or_the_next() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.advance(Granularity::Until(4)).unwrap();
    assert_eq!(debugger.moment(), Moment { step: 0, instruction: 4 });
    let over = debugger.advance(Granularity::Until(2)).unwrap();
    assert_eq!((debugger.moment(), over.row.unwrap().step), (Moment { step: 1, instruction: 2 }, 1));
    debugger.set_breakpoints(vec![Breakpoint::new(1, At::Instruction("%2".into()), None)]);
    debugger.advance(Granularity::Step).unwrap();
    let stopped = debugger.advance(Granularity::Until(8)).unwrap();
    assert!(stopped.stopped() && debugger.moment().instruction < 8);
    assert!(run(&mut debugger, 2).len() == 1);
}
