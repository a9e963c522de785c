use super::breakpoints::run;
use super::*;

fn on(at: At, condition: Option<&str>) -> Vec<Breakpoint> {
    vec![Breakpoint::new(1, at, condition.map(str::to_owned))]
}

fn all(_: f32) -> bool {
    true
}

/// Every moment where the breakpoint stops going forward, up to a step.
fn stops(breakpoints: &[Breakpoint], steps: u64) -> Vec<Moment> {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.set_breakpoints(breakpoints.to_vec());
    let mut found = Vec::new();
    while debugger.moment().step < steps {
        if debugger.run_free().unwrap().stopped() {
            found.push(debugger.moment());
        }
    }
    found.retain(|moment| moment.step < steps);
    found
}

#[test]
fn backwards_it_stops_wherever_it_stops_forwards() {
    for breakpoints in [
        on(At::Anywhere, Some("step == 3 or step == 130 or step == 131")),
        on(At::Anywhere, Some("loss > 1.3 * min(loss)")),
        on(At::Anywhere, Some("loss < 0.9 * max(loss) for 2 steps")),
        on(At::Instruction("%2".into()), Some("step == 64 or step == 65 or step == 128 or step == 129")),
        on(At::Phase(crate::trace::StepPhase::Load), Some("step == 65 or step == 100")),
        on(At::Anywhere, Some("max(abs(dense_1.weight.grad)) > 0.2")),
    ] {
        let mut expected = stops(&breakpoints, 200);
        assert!(!expected.is_empty(), "{breakpoints:?}");
        let mut debugger = debugger(&xor(), BUDGET);
        debugger.goto_step(200).unwrap();
        debugger.set_breakpoints(breakpoints);
        let mut last = debugger.moment();
        for _ in 0..5 {
            let reversed = debugger.reverse_continue(&mut all).unwrap();
            let Some(place) = expected.pop() else {
                assert_eq!((reversed, debugger.moment()), (Reversed::Nowhere, last), "The run hasn't moved");
                break;
            };
            last = place;
            assert!(matches!(reversed, Reversed::Found(_)), "{place:?}");
            assert_eq!(debugger.moment(), place);
        }
        assert_eq!(debugger.breakpoints()[0].hits, 0);
    }
}

#[test]
fn what_it_finds_has_the_values_of_going_there() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(150).unwrap();
    debugger.reverse_to("step == 77", Held::Last, &mut all).unwrap();
    let found = bits(&debugger);
    let mut straight = super::debugger(&xor(), BUDGET);
    straight.goto(debugger.moment()).unwrap();
    assert_eq!(bits(&straight), found);
    assert!(debugger.breakpoints().is_empty());
    assert!(debugger.reverse_to("step ==", Held::Last, &mut all).is_err());
    assert!(debugger.reverse_to("stp == 3", Held::Last, &mut all).is_err());
}

#[test]
fn since_is_where_it_began_to_hold() {
    let mut debugger = debugger(&xor(), BUDGET);
    for (condition, since) in [
        ("step > 30", 31),
        ("step > 30 and step < 40 or step > 64", 65),
        ("step > 128", 129),
        ("step == 130 or step > 149", 150),
        ("step > 0", 1),
        ("step > 30 and step < 40", 31),
    ] {
        debugger.goto_step(200).unwrap();
        let reversed = debugger.reverse_to(condition, Held::Since, &mut all).unwrap();
        assert!(matches!(reversed, Reversed::Found(_)), "{condition}");
        assert_eq!(debugger.current_step(), since, "{condition}");
    }
    let (here, before) = (debugger.moment(), bits(&debugger));
    assert_eq!(debugger.reverse_to("step > 300", Held::Since, &mut all).unwrap(), Reversed::Nowhere);
    assert_eq!((debugger.moment(), bits(&debugger)), (here, before), "where it stood, bit for bit");
}

#[test]
fn a_search_that_is_given_up_stands_where_it_was() {
    let mut debugger = debugger(&xor(), BUDGET);
    let here = Moment { step: 300, instruction: 5 };
    debugger.goto(here).unwrap();
    let before = bits(&debugger);
    let mut asked = 0;
    let reversed = debugger.reverse_to("step == 2", Held::Last, &mut |share| {
        assert!((0.0..1.0).contains(&share));
        asked += 1;
        asked < 2
    });
    assert_eq!((reversed.unwrap(), asked), (Reversed::Cancelled, 2));
    assert_eq!((debugger.moment(), bits(&debugger)), (here, before));
}

/// What is over the steps so far is looked for from the beginning on, in one go: that can be given up on the way too.
#[test]
fn a_search_through_the_whole_run_is_given_up_at_any_step_of_it() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(1000).unwrap();
    let before = bits(&debugger);
    let mut shares = Vec::new();
    let condition = "norm(dense_1.weight) > 1000 * min(norm(dense_1.weight))";
    let reversed = debugger.reverse_to(condition, Held::Last, &mut |share| {
        shares.push(share);
        shares.len() < 5
    });
    assert_eq!((reversed.unwrap(), debugger.moment().step), (Reversed::Cancelled, 1000));
    assert_eq!(shares, [0.001, 0.002, 0.003, 0.004, 0.005]);
    assert!(bits(&debugger) == before);
}

#[test]
fn a_resumed_run_is_searched_to_its_beginning() {
    let mut whole = debugger(&xor(), BUDGET);
    whole.goto_step(150).unwrap();
    let saved = whole.save().unwrap();
    let run = Run::resume(&xor(), whole.run().dataset().clone(), Device::Cpu, saved).unwrap();
    let mut resumed = Debugger::new(run, BUDGET).unwrap();
    resumed.goto_step(160).unwrap();
    let reversed = resumed.reverse_to("step == 3", Held::Last, &mut all).unwrap();
    assert!(matches!(reversed, Reversed::Found(_)));
    assert_eq!(resumed.current_step(), 3);
}

#[test]
fn layers_and_phases_are_gone_back_over() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(3).unwrap();
    debugger.set_breakpoints(on(At::Phase(crate::trace::StepPhase::Loss), None));
    run(&mut debugger, 1);
    let phase = |d: &Debugger| d.next_instruction().1.map(|i| i.phase);
    use crate::engine::Phase::{Forward, Load, Update};
    assert!(debugger.back_phase().unwrap() && phase(&debugger) == Some(Forward));
    assert!(debugger.back_phase().unwrap() && phase(&debugger) == Some(Load));
    assert_eq!(debugger.moment(), Moment { step: 3, instruction: 0 });
    assert!(debugger.back_phase().unwrap() && phase(&debugger) == Some(Update));
    assert_eq!(debugger.moment().step, 2);
    let layer = |d: &Debugger| d.next_instruction().1.and_then(|i| i.layer);
    debugger.goto_step(3).unwrap();
    let mut seen = Vec::new();
    while debugger.moment().step == 3 || seen.is_empty() || debugger.moment().instruction > 0 {
        assert!(debugger.back_layer().unwrap());
        assert_ne!(seen.last(), Some(&(phase(&debugger), layer(&debugger))));
        seen.push((phase(&debugger), layer(&debugger)));
    }
    assert!(seen.len() >= 8, "{seen:?}");
    debugger.goto(Moment::default()).unwrap();
    assert!(!debugger.back_layer().unwrap() && !debugger.back_phase().unwrap());
}
