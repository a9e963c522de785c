//! How the time of a step grows with the network, the batch and the threads.

use std::time::Duration;

use serde_json::{Value, json};

use super::timing;
use super::workloads::{Workload, perceptron};
use crate::cli::output::answer;
use crate::engine::{Device, EngineError, Machine, Precision, Threads};

/// The network that is varied: two hidden layers of 256 units on 784 numbers, batches of 128.
const WIDTH: usize = 256;
const DEPTH: usize = 2;
const BATCH: usize = 128;

/// One line of the table: what was varied, its value, and milliseconds.
pub struct Point {
    pub axis: &'static str,
    pub value: usize,
    pub parameters: usize,
    pub ms: f64,
}

/// Everything but `threads` on all threads given.
pub fn measure(threads: usize, time: Duration) -> anyhow::Result<Vec<Point>> {
    let widths = [64, 256, 1024, 2560].map(|width| ("width", width, (width, DEPTH, BATCH), threads));
    let depths = [1, 2, 4, 8, 16].map(|depth| ("depth", depth, (WIDTH, depth, BATCH), threads));
    let batches = [1, 16, 128, 1024, 4096].map(|batch| ("batch", batch, (WIDTH, DEPTH, batch), threads));
    let counts = [1, 2, 4, 8, 16, 32].into_iter().filter(|count| *count <= threads);
    let counts = counts.map(|count| ("threads", count, (WIDTH, DEPTH, BATCH), count));
    let all = widths.into_iter().chain(depths).chain(batches).chain(counts);
    all.map(|(axis, value, (width, depth, batch), threads)| {
        let workload = perceptron("scaling", &vec![width; depth], batch);
        let (parameters, ms) = Threads::new(threads)?.run(|| step(&workload, time))?;
        Ok(Point { axis, value, parameters, ms })
    })
    .collect()
}

fn step(workload: &Workload, time: Duration) -> Result<(usize, f64), EngineError> {
    let batch = workload.batch();
    let (graph, signature, training) = (&workload.graph, &workload.signature, &workload.training);
    let mut machine = Machine::new(graph, signature, training, Device::Cpu, Precision::F32)?;
    let times = timing::sample(time, || machine.run_step(&batch).map(|_| ()))?;
    Ok((machine.parameter_count(), times.median))
}

pub fn print(points: &[Point], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let point = |p: &Point| -> Value {
            json!({ "axis": p.axis, "value": p.value, "parameters": p.parameters, "median_ms": p.ms })
        };
        answer(json!({ "scaling": points.iter().map(point).collect::<Vec<_>>() }))?;
        return Ok(());
    }
    answer(format_args!("784 numbers, {DEPTH} layers of {WIDTH} units, batches of {BATCH}; varying one of them:\n"))?;
    answer(format_args!("{:8} {:>6} {:>12} {:>10}", "varied", "to", "parameters", "median ms"))?;
    for p in points {
        answer(format_args!("{:8} {:>6} {:>12} {:>10.3}", p.axis, p.value, p.parameters, p.ms))?;
    }
    Ok(())
}
