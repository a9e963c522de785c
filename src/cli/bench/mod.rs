//! `glassbox bench`: how fast this program is on this machine, and beside others.
//!
//! One step of each reference workload is timed through the machine that trains and debugs; nothing here has a faster
//! path of its own. What needs the window is handed in from above.

mod breakpoints;
mod peers;
mod probe;
mod profile;
mod report;
mod scaling;
mod scrub;
mod soak;
mod summaries;
mod timing;
mod workloads;

use std::time::Duration;

use anyhow::bail;

pub use workloads::NAMES;

use super::options::{BenchOptions, DeviceChoice};
use super::output::{answer, remark};
use super::prepare;
use crate::engine::{Device, Machine, Precision, Threads, peak};
use report::{Measured, Report};
use workloads::Workload;

/// Measured only when asked for by name, because they take long or need the window.
pub const OTHERS: [&str; 7] = ["ui-frame", "scaling", "probe-overhead", "summaries", "breakpoints", "scrub", "soak"];

/// Times of the window's frames by case, or why there are none.
pub type Frames = fn() -> Result<serde_json::Map<String, serde_json::Value>, String>;

/// Times the workloads asked for and prints them. `ui_frame` is there where the build has a window.
pub fn run(options: &BenchOptions, ui_frame: Option<Frames>) -> anyhow::Result<()> {
    if let Some(name) = options.only.as_deref().filter(|name| OTHERS.contains(name)) {
        let of_workloads = [
            (options.profile, "--profile"),
            (!options.against.is_empty(), "--against"),
            (options.device != DeviceChoice::Cpu, "--device"),
        ];
        if let Some((_, option)) = of_workloads.into_iter().find(|(is_given, _)| *is_given) {
            bail!("{option} only works with the workloads ({}), not with {name}.", NAMES.join(", "));
        }
    }
    if options.only.as_deref() == Some("ui-frame") {
        let Some(measure) = ui_frame else { bail!("This build has no window to measure.") };
        return report::print_frames(&measure().map_err(anyhow::Error::msg)?, options.json);
    }
    let time = Duration::from_secs_f64(options.seconds);
    if options.only.as_deref() == Some("scaling") {
        let threads = options.threads.map_or_else(Threads::available, usize::from);
        return scaling::print(&scaling::measure(threads, time)?, options.json);
    }
    if options.only.as_deref() == Some("probe-overhead") {
        return probe::run(time, options.threads, options.json);
    }
    if options.only.as_deref() == Some("summaries") {
        return summaries::run(options.threads, options.json);
    }
    if options.only.as_deref() == Some("breakpoints") {
        return breakpoints::run(time, options.threads, options.json);
    }
    if options.only.as_deref() == Some("scrub") {
        return scrub::run(options.threads, options.json);
    }
    if options.only.as_deref() == Some("soak") {
        return soak::run(options.json);
    }
    let names: Vec<&'static str> =
        NAMES.into_iter().filter(|name| options.only.as_deref().is_none_or(|o| o == *name)).collect();
    if names.is_empty() {
        let only = options.only.as_deref().unwrap_or_default();
        bail!("There is no measurement {only:?}. Choose one of: {}, {}.", NAMES.join(", "), OTHERS.join(", "));
    }
    let peers = options.against.iter().map(|path| peers::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    if options.profile {
        return threads.run(|| profile_all(&names, time));
    }
    let device = prepare::choose_device(options.device)?;
    let report = threads.run(|| measure(&names, time, threads.count(), &device))?;
    report.print(&peers, options.json)
}

fn profile_all(names: &[&str], time: Duration) -> anyhow::Result<()> {
    for workload in names.iter().filter_map(|name| Workload::find(name)) {
        answer(profile::table(workload.name, profile::instructions(&workload, time)?))?;
    }
    Ok(())
}

fn measure(names: &[&'static str], time: Duration, threads: usize, device: &Device) -> anyhow::Result<Report> {
    let mut measured = Vec::new();
    for name in names {
        let Some(workload) = Workload::find(name) else { continue };
        remark(format_args!("measuring {name} …"));
        measured.push(step_time(&workload, time, device)?);
    }
    // Afterwards: the processor is then as warm as it was for the workloads.
    let peak = peak::multiply_adds_per_second();
    Ok(Report { threads, device: device.to_string(), peak, measured })
}

fn step_time(workload: &Workload, time: Duration, device: &Device) -> anyhow::Result<Measured> {
    let batch = workload.batch();
    timing::forget_peak_memory();
    let mut machine =
        Machine::new(&workload.graph, &workload.signature, &workload.training, device.clone(), Precision::F32)?;
    // A step tells its loss, so it is over when it says so, on a card too.
    let times = timing::sample(time, || machine.run_step(&batch).map(|_| ()))?;
    Ok(Measured {
        name: workload.name,
        times,
        multiply_adds: workload.multiply_adds,
        peak_memory: timing::peak_memory(),
    })
}
