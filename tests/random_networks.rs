//! Small networks that chance draws, out of every kind of layer with any of its settings: every number is explained by
//! what it says, nudges agree with every gradient and find one that was edited, and a free run is bitwise that of
//! single steps.
//!
//! Deliberately no other framework: whole networks beside PyTorch are in `pytorch_parity.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeSet;

use glassbox::engine::{Machine, Phase, Precision, Threads, ValueId};
use glassbox::model::layer::LayerKind;
use glassbox::trace::{Explanation, Judgement};
use support::random_graphs::{Chance, Drawn};

const NETWORKS: u64 = 240;

/// In double precision, before the update of a step.
fn in_double(drawn: &Drawn, step: usize) -> Machine {
    let mut machine = drawn.machine(Precision::F64);
    for batch in &drawn.batches[..step] {
        machine.run_step(batch).unwrap();
    }
    machine.begin_step(&drawn.batches[step]).unwrap();
    while machine.program().instructions.get(machine.pc()).is_some_and(|i| i.phase != Phase::Update) {
        machine.step_instruction().unwrap();
    }
    machine
}

fn index_of(mut flat: usize, dims: &[usize]) -> Vec<usize> {
    let mut index = vec![0; dims.len()];
    for (i, &size) in index.iter_mut().zip(dims).rev() {
        (*i, flat) = (flat % size, flat / size);
    }
    index
}

/// What went wrong, and how often what was tried.
#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    differ: Vec<String>,
    explained: usize,
    nudged: usize,
    edited: usize,
    kinks: usize,
}

impl Findings {
    fn judge(&mut self, drawn: &Drawn, explanation: &Explanation) {
        let Explanation { element, value, line, arithmetic, .. } = explanation;
        let (got, terms) = (arithmetic.evaluate(), arithmetic.absolute());
        let is_right = (got - value).abs() <= 1e-5 * terms + 1e-30;
        if !is_right {
            self.wrong.push(format!("{}: {element} is {value}, explained as {got} ({line})", drawn.name));
        }
        self.explained += 1;
    }

    /// An element of a gradient by a nudge, and again after an edit.
    fn nudge(&mut self, drawn: &Drawn, (step, machine): (usize, &mut Machine), gradient: ValueId, flat: usize) {
        let (dims, numbers) = machine.read_f64(gradient).unwrap();
        let (index, name) = (index_of(flat, &dims), machine.program().name(gradient).to_owned());
        let verdict = machine.nudge(gradient, &index, &[]).unwrap();
        self.nudged += 1;
        match verdict.judgement {
            Judgement::Agrees => {}
            Judgement::AtKink => self.kinks += 1,
            // Where a norm divides by next to nothing, single precision loses more than a verdict allows.
            Judgement::Differs { .. } => {
                let in_double = in_double(drawn, step).nudge(gradient, &index, &[]).unwrap();
                if matches!(in_double.judgement, Judgement::Differs { .. }) {
                    self.differ.push(format!("{}: {name}{index:?}: {verdict:?}, in double {in_double:?}", drawn.name));
                }
            }
        }
        let mut edited = numbers.clone();
        let largest = numbers.iter().fold(1e-3f64, |largest, number| largest.max(number.abs()));
        edited[flat] += 0.1 * largest.copysign(edited[flat]);
        machine.write_f64(gradient, &dims, &edited).unwrap();
        let after = machine.nudge(gradient, &index, &[]).unwrap().judgement;
        self.edited += 1;
        if after == Judgement::Agrees || after == Judgement::AtKink && verdict.judgement == Judgement::Agrees {
            self.wrong.push(format!("{}: {name}{index:?} was edited, and is judged {after:?}", drawn.name));
        }
        machine.write_f64(gradient, &dims, &numbers).unwrap();
    }

    /// Runs the next instruction and explains numbers of what it made.
    fn instruction(&mut self, drawn: &Drawn, machine: &mut Machine, chance: &mut Chance) -> bool {
        let at = machine.pc();
        let Some(outputs) = machine.program().instructions.get(at).map(|i| i.outputs.clone()) else { return false };
        // An update changes what it reads.
        let before = machine.is_in_place(at).then(|| machine.reader(at).unwrap());
        machine.step_instruction().unwrap();
        for id in outputs {
            let (dims, numbers) = machine.read_f64(id).unwrap();
            for _ in 0..2 {
                let index = index_of(chance.pick(0, numbers.len() - 1), &dims);
                let explanation = match &before {
                    Some(reader) => machine.explain_from(reader, at, id, &index),
                    None => machine.explain(id, &index),
                };
                self.judge(drawn, &explanation.unwrap());
            }
        }
        true
    }
}

/// Everything about one network; what it comes to, for comparison with a free run.
fn put_to_the_test(drawn: &Drawn, findings: &mut Findings) -> Machine {
    let (mut machine, mut chance) = (drawn.machine(Precision::F32), Chance(11));
    for (step, batch) in drawn.batches.iter().enumerate() {
        machine.begin_step(batch).unwrap();
        let mut is_nudged = step > 0;
        loop {
            let next = machine.program().instructions.get(machine.pc()).map(|i| i.phase);
            if next == Some(Phase::Update) && !is_nudged {
                is_nudged = true;
                let gradients: BTreeSet<_> = machine.program().gradients.values().copied().collect();
                for gradient in gradients {
                    let count = machine.read_f64(gradient).unwrap().1.len();
                    findings.nudge(drawn, (step, &mut machine), gradient, chance.pick(0, count - 1));
                }
            }
            if !findings.instruction(drawn, &mut machine, &mut chance) {
                break;
            }
        }
        machine.finish_step().unwrap();
    }
    machine
}

fn free(drawn: &Drawn, threads: usize) -> Machine {
    Threads::new(threads).unwrap().run(|| {
        let mut machine = drawn.machine(Precision::F32);
        for batch in &drawn.batches {
            machine.run_step(batch).unwrap();
        }
        machine
    })
}

#[test]
fn numbers_of_any_network_are_explained_and_its_gradients_true() {
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let (mut findings, mut seen) = (Findings::default(), BTreeSet::new());
    let mut networks = 0;
    for seed in 0.. {
        let Some(drawn) = Drawn::new(seed, &kinds[networks % kinds.len()]) else { continue };
        seen.insert(kinds[networks % kinds.len()].key());
        networks += 1;
        let single = put_to_the_test(&drawn, &mut findings).snapshot().unwrap();
        for threads in [1, 3] {
            assert!(free(&drawn, threads).snapshot().unwrap() == single, "{} on {threads} threads", drawn.name);
        }
        if networks as u64 == NETWORKS {
            break;
        }
    }
    let Findings { wrong, differ, explained, nudged, edited, kinks } = findings;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(differ.is_empty(), "{} of {nudged}:\n{}", differ.len(), differ.join("\n"));
    assert_eq!(seen.len(), kinds.len(), "a kind of layer is not tried");
    assert!(
        explained > 5000 && nudged > 800 && edited == nudged && kinks < nudged / 50,
        "{explained} {nudged} {kinks}"
    );
}
