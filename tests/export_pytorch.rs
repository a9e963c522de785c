//! What is exported to PyTorch computes there what it computes here: proved by PyTorch itself, by the very `verify.py`
//! that a person gets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeSet;

use glassbox::interop::{Framework, export};
use glassbox::model::layer::LayerKind;
use glassbox::model::{DataSpec, Optimiser, Project, Schedule, TrainingSpec, templates};

use support::exports::{Proofs, losses, samples, template};
use support::frameworks::python_with;
use support::random_graphs::{Chance, network, training};

/// Networks by chance of each kind of layer.
const EACH: usize = 3;

fn proofs(test: &str) -> Option<Proofs> {
    Proofs::new(Framework::PyTorch, test)
}

#[test]
fn every_template_is_proved_by_pytorch() {
    let Some(mut proofs) = proofs("every_template_is_proved_by_pytorch") else { return };
    let real = support::test_data("templates that need files are proved by PyTorch");
    for one in templates::TEMPLATES {
        let Some((project, dataset)) = template(one.key, real.as_ref()) else { continue };
        proofs.add(one.key, &project, &dataset).unwrap();
    }
    proofs.hold();
}

#[test]
fn networks_by_chance_are_proved_by_pytorch() {
    let Some(mut proofs) = proofs("networks_by_chance_are_proved_by_pytorch") else { return };
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let mut refused = BTreeSet::new();
    for kind in &kinds {
        let (mut proved, mut seed) = (0, 0);
        while proved < EACH {
            seed += 1;
            assert!(seed < 500, "{} is never proved; refused: {refused:#?}", kind.key());
            let mut chance = Chance(seed * 7 + 3);
            let Some((graph, signature)) = network(&mut chance, kind) else { continue };
            let mut training = TrainingSpec { batch_size: 4, ..training(&mut chance, seed) };
            // Where a gradient is nothing but rounding (of a shift in front of a batch norm), Lion goes by its sign.
            if matches!(training.optimiser, Optimiser::Lion { .. }) {
                training.optimiser = Optimiser::adam();
            }
            let dataset = samples(&mut chance, &graph, &signature, true);
            let project = Project { name: format!("Chance {seed}"), graph, data: DataSpec::default(), training };
            match proofs.add(&format!("{}-{seed}", kind.key()), &project, &dataset) {
                Ok(()) => proved += 1,
                Err(why) => drop(refused.insert(why)),
            }
        }
    }
    proofs.hold();
}

#[test]
fn every_optimiser_and_schedule_is_proved_by_pytorch() {
    let Some(mut proofs) = proofs("every_optimiser_and_schedule_is_proved_by_pytorch") else { return };
    let (project, dataset) = template("xor", None).unwrap();
    let schedules = Schedule::all();
    for (i, optimiser) in Optimiser::all().into_iter().enumerate() {
        for warm_up_steps in [0, 3] {
            let schedule = match (schedules[(i + warm_up_steps) % schedules.len()], warm_up_steps) {
                (Schedule::Plateau(_), 3) => Schedule::Cosine { steps: 8, floor: 0.1 },
                (Schedule::OneCycle(cycle), _) => Schedule::OneCycle(glassbox::model::OneCycle { steps: 8, ..cycle }),
                (schedule, _) => schedule,
            };
            let training =
                TrainingSpec { optimiser: optimiser.clone(), schedule, warm_up_steps, ..project.training.clone() };
            let project = Project { training, ..project.clone() };
            proofs.add(&format!("{}-{warm_up_steps}", optimiser.title()), &project, &dataset).unwrap();
        }
    }
    proofs.hold();
}

#[test]
fn two_processes_train_as_one_does() {
    let test = "two_processes_train_as_one_does";
    let Some(python) = python_with(&["torch"], test) else { return };
    let (project, dataset) = template("spiral", None).unwrap();
    let place = tempfile::tempdir().unwrap();
    export::write(place.path(), &export::folder(Framework::PyTorch, &project, &dataset, None).unwrap().0).unwrap();
    // What torchrun sets for each process.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let start = |rank: &str, size: &str, log: &str| {
        let mut command = std::process::Command::new(&python);
        command.current_dir(place.path()).args(["train.py", "--steps", "60", "--threads", "1", "--log", log]);
        command.envs([("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", size)]);
        command.envs([("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", port.as_str())]);
        command.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let end = |child: std::process::Child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    end(start("0", "1", "one.jsonl"));
    let both = [start("0", "2", "two.jsonl"), start("1", "2", "other.jsonl")];
    both.into_iter().for_each(end);
    let [one, two] = ["one.jsonl", "two.jsonl"].map(|log| losses(&place.path().join(log)));
    assert_eq!((one.len(), two.len()), (60, 60));
    let largest = one.iter().zip(&two).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(largest < 1e-4, "{largest}");
}
