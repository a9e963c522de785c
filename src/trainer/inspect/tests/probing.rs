//! Samples that stay the same, looked at in any step of a run that does not notice.

use super::*;
use crate::model::layer::{Activation, BatchNorm, Dense, Dropout, Input, Loss};
use crate::model::{Edit, Graph};

/// Dropout and running statistics go their own way in every step.
pub fn restless(loss: LossKind) -> Project {
    let dense = |units, activation| Dense { units, activation, ..Dense::default() }.into();
    let layers = [
        Input::default().into(),
        dense(6, Activation::Tanh),
        BatchNorm::default().into(),
        Dropout { rate: 0.3, ..Dropout::default() }.into(),
        dense(2, Activation::None),
        Loss { loss, ..Loss::default() }.into(),
    ];
    let mut graph = Graph::default();
    let ids: Vec<_> = layers.into_iter().map(|kind| graph.add(kind, [0.0, 0.0])).collect();
    for pair in ids.windows(2) {
        Edit::Connect { from: pair[0].into(), to: pair[1].into() }.apply(&mut graph).unwrap();
    }
    Project { graph, ..template("xor") }
}

fn bits(run: &Debugger) -> Vec<(String, Vec<u32>)> {
    let machine = run.machine();
    let read = machine.program().ids().filter_map(|(id, value)| Some((value.name.clone(), machine.read(id).ok()?)));
    read.map(|(name, found)| (name, found.data.iter().map(|v| v.to_bits()).collect())).collect()
}

fn probing(tensors: &[&str]) -> Inspection {
    let tensors = tensors.iter().map(|&name| name.to_owned()).collect();
    Inspection { tensors, probe: Some(Probe::First), ..Inspection::default() }
}

#[test]
fn a_run_that_is_probed_goes_on_as_if_nobody_had_looked() {
    let project = restless(LossKind::Auto);
    let (mut probed, mut alone) = (debugger(&project), debugger(&project));
    let element = Element { name: "dense_1.weight.grad".into(), index: vec![1, 0] };
    let wishes = Inspection {
        sample: Some(1),
        worst: true,
        saliency: true,
        element: Some(element.clone()),
        hovered: Some(element),
        nudge: true,
        shares: true,
        at_step: Some(("%3".into(), 2)),
        ..probing(&["%x", "%3", "loss", "dense_1.weight.grad"])
    };
    for (step, instruction) in [(2, 0), (3, 4), (3, 9), (5, 0), (5, 15), (4, 1)] {
        let moment = Moment { step, instruction };
        probed.goto(moment).unwrap();
        alone.goto(moment).unwrap();
        let seen = sight(&mut probed, &wishes, true);
        assert_eq!((seen.probe, seen.tensors.len(), seen.missing), (Some(Ok(6)), 4, Vec::new()));
        assert!(seen.explanation.unwrap().unwrap().verdict.is_some() && seen.at_step.unwrap().is_ok());
        assert_eq!(probed.moment(), moment);
        assert!(bits(&probed) == bits(&alone), "at {moment:?}");
    }
    for run in [&mut probed, &mut alone] {
        run.goto_step(12).unwrap();
    }
    assert!(bits(&probed) == bits(&alone));
}

#[test]
fn a_probe_is_of_the_same_samples_at_every_step() {
    let mut run = debugger(&restless(LossKind::Auto));
    let mut seen = |step: u64, inspection: &Inspection| {
        run.goto_step(step).unwrap();
        sight(&mut run, inspection, true)
    };
    let inspection = probing(&["%x", "%4", "d%1", "dense_1.weight"]);
    let (early, late) = (seen(3, &inspection), seen(9, &inspection));
    let numbers = |sight: &Sight, name: &str| sight.tensor(name).map(|record| record.data.clone());
    assert_eq!(numbers(&early, "%x"), numbers(&late, "%x"));
    let own = Inspection { probe: None, ..inspection.clone() };
    assert_ne!(numbers(&seen(3, &own), "%x"), numbers(&seen(9, &own), "%x"));
    for name in ["%4", "d%1"] {
        assert_ne!(numbers(&early, name), numbers(&late, name), "{name} is of other weights");
    }
    assert_eq!((early.tensors[1].step, late.tensors[1].step), (3, 9));
    // A comparison with a step is of what that step shows.
    let there = seen(9, &Inspection { at_step: Some(("%4".into(), 3)), ..inspection.clone() });
    assert_eq!(there.at_step.unwrap().unwrap(), early.tensors[1]);
    // Looked at twice it is the same, masks and all.
    assert_eq!(seen(3, &inspection).tensors, early.tensors);
}

#[test]
fn the_first_batch_is_probed_with_what_the_first_step_computed() {
    let mut run = debugger(&restless(LossKind::Auto));
    run.goto(Moment { step: 0, instruction: 10 }).unwrap();
    let names = ["%x", "%4", "loss"];
    let inspection = probing(&names);
    let (probe, own) =
        (sight(&mut run, &inspection, true), sight(&mut run, &Inspection { probe: None, ..inspection }, true));
    for name in names {
        assert_eq!(probe.tensor(name).map(|r| &r.data), own.tensor(name).map(|r| &r.data), "{name}");
    }
    // What only an update makes there is not; samples that are no longer there are told of.
    let inspection = Inspection { tensors: vec!["dense_1.weight".into()], ..probing(&[]) };
    assert!(sight(&mut run, &inspection, true).tensor("dense_1.weight").is_some());
    let gone = Inspection { probe: Some(Probe::Rows([1, 100_000].into())), ..Inspection::default() };
    assert!(sight(&mut run, &gone, true).probe.unwrap().unwrap_err().contains("Choose it again"));
    // A single sample, chosen by hand.
    let one =
        Inspection { sample: Some(0), ..Inspection { probe: Some(Probe::Rows([7].into())), ..Inspection::default() } };
    let seen = sight(&mut run, &one, true).sample.unwrap().unwrap();
    assert_eq!((seen.sample, seen.rows), (Some(7), 1));
}
