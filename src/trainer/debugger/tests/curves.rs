use super::*;

const NORM: &str = "norm(dense_1.weight)";

fn points(debugger: &Debugger) -> Vec<(u64, f32)> {
    debugger.curves().iter().flat_map(|curve| curve.points.points().collect::<Vec<_>>()).collect()
}

/// The number after each of the first steps, asked one by one.
fn asked(steps: u64) -> Vec<(u64, f32)> {
    let mut debugger = debugger(&xor(), BUDGET);
    (1..=steps)
        .map(|step| {
            debugger.goto_step(step).unwrap();
            (step, debugger.evaluate(NORM).unwrap().single().unwrap() as f32)
        })
        .collect()
}

#[test]
fn a_curve_has_the_number_after_every_step_whichever_way_it_is_gone() {
    let expected = asked(12);
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.set_curves(&[NORM.to_owned()]);
    assert!(debugger.curves()[0].is_whole);
    for _ in 0..4 {
        debugger.run_free().unwrap();
    }
    // By instructions, by travelling, and over what is known already.
    debugger.advance(Granularity::Phase).unwrap();
    debugger.goto_step(9).unwrap();
    debugger.goto_step(2).unwrap();
    debugger.goto_step(12).unwrap();
    assert_eq!(points(&debugger), expected);
    debugger.set_curves(&["nothing".to_owned(), NORM.to_owned()]);
    debugger.run_free().unwrap();
    assert_eq!(points(&debugger)[..12], expected, "what has no number has no points");
    debugger.set_curves(&[]);
    assert!(debugger.curves().is_empty());
}

#[test]
fn the_steps_before_are_gone_through_once_more() {
    let expected = asked(200);
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.goto_step(150).unwrap();
    debugger.set_curves(&[NORM.to_owned()]);
    debugger.goto_step(200).unwrap();
    let here = Moment { step: 180, instruction: 4 };
    debugger.goto(here).unwrap();
    assert_eq!((points(&debugger)[0].0, debugger.curves()[0].is_whole), (151, false));
    let late = points(&debugger);
    assert!(!debugger.gather_curve(NORM, &mut |share| share < 0.5).unwrap());
    assert_eq!((points(&debugger), debugger.moment()), (late, here), "given up, all is as it was");
    assert!(debugger.gather_curve(NORM, &mut |_| true).unwrap());
    assert_eq!((points(&debugger), debugger.moment()), (expected, here));
    assert!(debugger.curves()[0].is_whole);
}

#[test]
fn a_change_cuts_what_lies_ahead() {
    let mut debugger = debugger(&xor(), BUDGET);
    debugger.set_curves(&[NORM.to_owned()]);
    debugger.goto_step(20).unwrap();
    debugger.goto_step(5).unwrap();
    debugger.set("dense_1.weight", &[0, 0], 9.0).unwrap();
    assert_eq!(points(&debugger).len(), 5);
    debugger.goto_step(8).unwrap();
    assert!(points(&debugger)[7].1 > 8.0);
    debugger.undo().unwrap();
    debugger.goto_step(8).unwrap();
    assert_eq!(points(&debugger), asked(8));
}
