//! Where the time of a step goes: every instruction timed by itself.

use std::time::{Duration, Instant};

use super::workloads::Workload;
use crate::engine::{Device, EngineError, Machine, Precision};

/// Median milliseconds of every instruction and its line in the listing, in the order of the program.
pub fn instructions(workload: &Workload, time: Duration) -> Result<Vec<(f64, String)>, EngineError> {
    let batch = workload.batch();
    let mut machine =
        Machine::new(&workload.graph, &workload.signature, &workload.training, Device::Cpu, Precision::F32)?;
    let mut times = vec![Vec::new(); machine.program().instructions.len()];
    let began = Instant::now();
    while times[0].len() < 5 || began.elapsed() < time {
        machine.begin_step(&batch)?;
        loop {
            let start = Instant::now();
            let Some(index) = machine.step_instruction()? else { break };
            times[index].push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let program = machine.program();
    let medians = times.into_iter().map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    Ok(medians.zip(&program.instructions).map(|(ms, instruction)| (ms, program.line(instruction))).collect())
}

/// The slowest first, with the share of the step.
pub fn table(name: &str, mut lines: Vec<(f64, String)>) -> String {
    let total: f64 = lines.iter().map(|(ms, _)| ms).sum();
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut text = format!("{name}: {} instructions, {total:.3} ms in total", lines.len());
    for (ms, line) in lines {
        text += &format!("\n{ms:10.4} ms {:5.1} %  {line}", 100.0 * ms / total);
    }
    text
}
