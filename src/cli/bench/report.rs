//! The figures as a table for people or one JSON object.

use serde_json::{Map, Value, json};

use super::peers::{self, Peer};
use super::timing::Times;
use crate::cli::output::answer;

pub struct Report {
    pub threads: usize,
    /// Where the workloads were computed.
    pub device: String,
    /// Multiply-adds a second that this machine reached on matrices that suit it.
    pub peak: f64,
    pub measured: Vec<Measured>,
}

pub struct Measured {
    pub name: &'static str,
    pub times: Times,
    pub multiply_adds: u64,
    pub peak_memory: Option<u64>,
}

impl Measured {
    /// The share of the machine's peak that the step reaches; `None` where arithmetic is not what takes the time.
    fn share_of_peak(&self, peak: f64) -> Option<f64> {
        (self.multiply_adds > 0).then(|| self.multiply_adds as f64 / (self.times.median * 1e-3) / peak)
    }
}

impl Report {
    pub fn print(&self, peers: &[Peer], as_json: bool) -> anyhow::Result<()> {
        if as_json {
            return answer(self.json(peers)).map(|_| ());
        }
        self.table()?;
        if peers.is_empty() { Ok(()) } else { self.ratios(peers) }
    }

    fn table(&self) -> anyhow::Result<()> {
        let billions = 2.0 * self.peak * 1e-9;
        answer(format_args!("{} threads; this machine's measured peak: {billions:.0} GFLOP/s in f32\n", self.threads))?;
        answer(format_args!(
            "{:16} {:>10} {:>17} {:>10} {:>8} {:>9}",
            "one step", "median ms", "10 % to 90 %", "steps/s", "of peak", "memory"
        ))?;
        for m in &self.measured {
            let share = m.share_of_peak(self.peak).map_or("-".to_owned(), |s| format!("{:.0} %", s * 100.0));
            let memory = m.peak_memory.map_or("-".to_owned(), |bytes| format!("{:.0} MiB", bytes as f64 / 1_048_576.0));
            let spread = format!("{} to {}", milliseconds(m.times.low), milliseconds(m.times.high));
            let (median, rate) = (milliseconds(m.times.median), 1e3 / m.times.median);
            answer(format_args!("{:16} {median:>10} {spread:>17} {rate:>10.0} {share:>8} {memory:>9}", m.name))?;
        }
        Ok(())
    }

    fn ratios(&self, peers: &[Peer]) -> anyhow::Result<()> {
        answer(format_args!("\nour time / theirs (below 1: Glassbox is faster)"))?;
        let widths: Vec<_> = peers.iter().map(|peer| peer.engine.chars().count().max(14)).collect();
        let heads: String =
            peers.iter().zip(&widths).map(|(peer, width)| format!(" {:>width$}", peer.engine)).collect();
        answer(format_args!("{:16}{heads} {:>14}", "", "the best"))?;
        for m in &self.measured {
            let ratio = |theirs: Option<f64>| theirs.map_or("-".to_owned(), |ms| format!("{:.3}", m.times.median / ms));
            let each: String = peers
                .iter()
                .zip(&widths)
                .map(|(peer, width)| format!(" {:>width$}", ratio(peer.ms_per_step.get(m.name).copied())))
                .collect();
            answer(format_args!("{:16}{each} {:>14}", m.name, ratio(peers::best(peers, m.name).map(|(_, ms)| ms))))?;
        }
        Ok(())
    }

    fn json(&self, peers: &[Peer]) -> Value {
        let medians: Map<_, _> = self.measured.iter().map(|m| (m.name.to_owned(), json!(m.times.median))).collect();
        let details: Map<_, _> = self.measured.iter().map(|m| (m.name.to_owned(), self.details(m, peers))).collect();
        json!({
            "engine": "glassbox",
            "version": env!("CARGO_PKG_VERSION"),
            "threads": self.threads,
            "device": self.device,
            "peak_gflops": 2.0 * self.peak * 1e-9,
            "ms_per_step": medians,
            "workloads": details,
        })
    }

    fn details(&self, m: &Measured, peers: &[Peer]) -> Value {
        let best = peers::best(peers, m.name);
        let each = peers.iter().filter_map(|peer| {
            let theirs = peer.ms_per_step.get(m.name)?;
            Some((peer.engine.clone(), json!(m.times.median / theirs)))
        });
        json!({
            "median_ms": m.times.median,
            "low_ms": m.times.low,
            "high_ms": m.times.high,
            "calls": m.times.calls,
            "steps_per_second": 1e3 / m.times.median,
            "share_of_peak": m.share_of_peak(self.peak),
            "peak_memory_bytes": m.peak_memory,
            "ratio_to": each.collect::<Map<_, _>>(),
            "best_peer": best.map(|(engine, _)| engine),
            "ratio_to_best": best.map(|(_, ms)| m.times.median / ms),
        })
    }
}

/// Three digits that count.
fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 0.1 => format!("{ms:.4}"),
        ms if ms < 1.0 => format!("{ms:.3}"),
        ms if ms < 10.0 => format!("{ms:.2}"),
        _ => format!("{ms:.1}"),
    }
}

/// Of several cases by name; the slowest counts.
pub fn print_frames(cases: &Map<String, Value>, as_json: bool) -> anyhow::Result<()> {
    let p99 = |case: &Value| case["ms"]["p99"].as_f64().unwrap_or(f64::NAN);
    if as_json {
        let slowest = cases.values().max_by(|a, b| p99(a).total_cmp(&p99(b)));
        let mut frames = slowest.cloned().unwrap_or_default();
        frames["of"] = cases.clone().into();
        answer(json!({ "ui-frame": frames }))?;
        return Ok(());
    }
    for (name, case) in cases {
        let ms = |key: &str| case["ms"][key].as_f64().map_or_else(|| "?".to_owned(), |ms| format!("{ms:.2} ms"));
        answer(format_args!(
            "ui-frame, {name}: median {}, 99th percentile {} ({} on the processor), longest {} over {} frames while {} steps \
             were trained",
            ms("median"),
            ms("p99"),
            ms("p99_on_processor"),
            ms("max"),
            case["frames"],
            case["steps"]
        ))?;
    }
    Ok(())
}
