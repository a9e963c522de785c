//! Networks over sequences: the same bits on any number of threads, in single steps and after a restore; a class at
//! every position is learned and counted; NaN stays where it is; a number that is no index is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use glassbox::data::Batch;
use glassbox::engine::{Device, Machine, Precision, Threads};
use glassbox::model::layer::{
    Add, Dense, Embedding, Gru, Input, LayerNorm, Loss, Lstm, MultiHeadAttention, PositionalEncoding, Recurrence,
    SimpleRnn,
};
use glassbox::model::{DataSignature, End, Graph, LayerId, LayerKind, Optimiser, Shape, Task, TrainingSpec};

const STEPS: usize = 24;
const WORDS: usize = 11;
const SAMPLES: usize = 19;

fn add(graph: &mut Graph, kind: impl Into<LayerKind>, from: &[LayerId]) -> LayerId {
    let id = graph.add(kind.into(), [0.0, 0.0]);
    for &from in from {
        graph.connect(from, id).unwrap();
    }
    id
}

fn dense(units: usize) -> Dense {
    Dense { units, ..Dense::default() }
}

/// Embedding, a causal block of attention, and a class at every position.
fn words(after: impl FnOnce(&mut Graph, LayerId) -> LayerId) -> (Graph, DataSignature, Batch) {
    let mut graph = Graph::default();
    let input = add(&mut graph, Input::default(), &[]);
    let embedded = add(&mut graph, Embedding { vocabulary: WORDS, width: 16 }, &[input]);
    let last = after(&mut graph, embedded);
    let answer = add(&mut graph, dense(WORDS), &[last]);
    add(&mut graph, Loss::default(), &[answer]);
    let task = Task::ClassesAt { positions: STEPS, classes: WORDS };
    let signature = DataSignature { weighted: false, names: Vec::new(), input: Shape::row(STEPS), task };
    // The next word follows from this one and the one before it.
    let word = |sample: usize, t: usize| (sample * 5 + t * t * 3 + t * sample) % WORDS;
    let each = || (0..SAMPLES).flat_map(|sample| (0..STEPS).map(move |t| (sample, t)));
    let inputs = each().map(|(sample, t)| word(sample, t) as f32).collect();
    let targets = each().map(|(sample, t)| ((word(sample, t) + word(sample, t.saturating_sub(1))) % WORDS) as f32);
    (
        graph,
        signature,
        Batch {
            len: SAMPLES,
            inputs,
            targets: targets.collect(),
            rows: (0..SAMPLES as u32).collect(),
            ..Batch::default()
        },
    )
}

fn transformer() -> (Graph, DataSignature, Batch) {
    words(|graph, embedded| {
        let placed = add(graph, PositionalEncoding::default(), &[embedded]);
        let normed = add(graph, LayerNorm::default(), &[placed]);
        let attention = MultiHeadAttention { causal: true, ..MultiHeadAttention::default() };
        let attended = add(graph, attention.clone(), &[normed]);
        let sum = add(graph, Add {}, &[placed, attended]);
        // Once more, looking at the embedded words from the sums.
        let other = add(graph, attention, &[sum, embedded]);
        add(graph, Add {}, &[sum, other])
    })
}

fn recurrent() -> (Graph, DataSignature, Batch) {
    words(|graph, embedded| {
        let (units, bidirectional) = (20, true);
        let lstm = add(graph, Lstm { units, bidirectional, ..Lstm::default() }, &[embedded]);
        let gru = graph.add(Gru { units, bidirectional, ..Gru::default() }.into(), [0.0; 2]);
        let rnn = graph.add(SimpleRnn { units, bidirectional, ..SimpleRnn::default() }.into(), [0.0; 2]);
        let answer = graph.add(dense(units).into(), [0.0; 2]);
        for (from, to) in [(lstm, gru), (gru, rnn), (rnn, answer)] {
            graph.connect(End::at(from, Recurrence::SEQUENCE), to).unwrap();
        }
        answer
    })
}

fn machine(graph: &Graph, signature: &DataSignature) -> Machine {
    let training = TrainingSpec { optimiser: Optimiser::adam(), learning_rate: 0.01, ..TrainingSpec::default() };
    Machine::new(graph, signature, &training, Device::Cpu, Precision::F32).unwrap()
}

/// Every value that the last step left.
fn bits(machine: &Machine) -> Vec<(String, Vec<u32>)> {
    let values = machine.program().ids();
    let read = values.filter_map(|(id, value)| machine.read(id).ok().map(|read| (value.name.clone(), read)));
    read.map(|(name, read)| (name, read.data.iter().map(|v| v.to_bits()).collect())).collect()
}

#[test]
fn threads_single_steps_and_restores_change_no_bit() {
    for (graph, signature, batch) in [transformer(), recurrent()] {
        let run = |threads: usize| {
            Threads::new(threads).unwrap().run(|| {
                let mut free = machine(&graph, &signature);
                free.run_step(&batch).unwrap();
                let mut resumed = machine(&graph, &signature);
                resumed.restore(&free.snapshot().unwrap()).unwrap();
                free.run_step(&batch).unwrap();
                resumed.begin_step(&batch).unwrap();
                while resumed.step_instruction().unwrap().is_some() {}
                assert!(bits(&free) == bits(&resumed));
                bits(&free)
            })
        };
        let one = run(1);
        assert!(one.len() > 60);
        assert!(one == run(2) && one == run(8));
    }
}

#[test]
fn a_class_at_every_position_is_learned_and_counted() {
    for (graph, signature, batch) in [transformer(), recurrent()] {
        let mut machine = machine(&graph, &signature);
        let first = machine.run_step(&batch).unwrap();
        assert_eq!(first.answers as usize, SAMPLES * STEPS);
        let mut last = first.clone();
        for _ in 0..80 {
            last = machine.run_step(&batch).unwrap();
        }
        assert!(last.loss < 0.7 * first.loss && last.correct > first.correct, "{first:?} {last:?}");
        // The loss while predicting is that of the same weights.
        let evaluated = machine.evaluate(&batch.inputs, &batch.targets, SAMPLES).unwrap();
        let again = machine.run_step(&batch).unwrap();
        assert!((evaluated.loss - again.loss).abs() < 1e-5 && evaluated.outputs.len() == SAMPLES * STEPS * WORDS);
    }
}

#[test]
fn what_is_no_number_stays_in_its_sample() {
    let mut graph = Graph::default();
    let input = add(&mut graph, Input::default(), &[]);
    let projected = add(&mut graph, dense(8), &[input]);
    let attended = add(&mut graph, MultiHeadAttention::default(), &[projected]);
    let lstm = add(&mut graph, Lstm { units: 6, bidirectional: true, ..Lstm::default() }, &[attended]);
    let answer = add(&mut graph, dense(2), &[lstm]);
    add(&mut graph, Loss::default(), &[answer]);
    let signature =
        DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![5, 3]), task: Task::Classes(2) };
    let machine = machine(&graph, &signature);
    let mut inputs: Vec<f32> = (0..3 * 15).map(|i| (i as f32).sin()).collect();
    inputs[20] = f32::NAN;
    let answers = machine.predict(&inputs, 3).unwrap();
    let lost: Vec<bool> = answers.iter().map(|v| v.is_nan()).collect();
    assert_eq!(lost, [false, false, true, true, false, false]);
}

#[test]
fn attention_shows_where_each_head_looks() {
    let (graph, signature, batch) = transformer();
    let machine = machine(&graph, &signature);
    let layer = graph.find("Multi-head attention 2").unwrap().id;
    let embedding = graph.find("Embedding 1").unwrap().id;
    let one = &batch.inputs[..STEPS];
    let pictures = machine.layer_pictures(one, 1, &[layer, embedding]).unwrap();
    assert_eq!(pictures[&embedding], machine.layer_outputs(one, 1, &[embedding]).unwrap()[&embedding]);
    let shares = &pictures[&layer];
    assert_eq!(shares.dims, [1, 4, STEPS, STEPS]);
    for (row, shares) in shares.data.chunks(STEPS).enumerate() {
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(shares[row % STEPS + 1..].iter().all(|&share| share == 0.0), "row {row} sees what is to come");
    }
}

#[test]
fn a_number_that_is_no_index_is_named() {
    let (graph, signature, mut batch) = transformer();
    batch.inputs[7] = 11.0;
    let message = machine(&graph, &signature).run_step(&batch).unwrap_err().to_string();
    assert!(message.contains("embedding") && message.contains("11 is outside the vocabulary of 11"), "{message}");
}
