//! Timing many calls, and the memory they took.

use std::time::{Duration, Instant};

/// Milliseconds a call, over many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub median: f64,
    /// The 10th and 90th of a hundred.
    pub low: f64,
    pub high: f64,
    pub calls: usize,
}

/// Calls `step` for about `time` after a warm-up of a fifth of that, each call timed by itself.
pub fn sample<E>(time: Duration, mut step: impl FnMut() -> Result<(), E>) -> Result<Times, E> {
    let warm_up = Instant::now();
    for calls in 0.. {
        if calls >= 5 && warm_up.elapsed() >= time / 5 {
            break;
        }
        step()?;
    }
    let mut times = Vec::new();
    let began = Instant::now();
    while times.len() < 5 || began.elapsed() < time {
        let start = Instant::now();
        step()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(summary(times))
}

fn summary(mut times: Vec<f64>) -> Times {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    Times { median: at(0.5), low: at(0.1), high: at(0.9), calls: times.len() }
}

/// Lets the system count the highest memory from now on. Only Linux can.
pub fn forget_peak_memory() {
    // Where it cannot be done the figure is of the whole program so far, which is honest too, only larger.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory this program had resident, in bytes; `None` where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    status("VmHWM:")
}

/// What this program has resident now, in bytes; `None` where the system does not tell.
pub fn resident_memory() -> Option<u64> {
    status("VmRSS:")
}

/// A line of the status that Linux keeps, in bytes.
fn status(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_of_the_sorted_times() {
        let times = summary((1..=101).rev().map(f64::from).collect());
        assert_eq!(times, Times { median: 51.0, low: 11.0, high: 91.0, calls: 101 });
    }

    #[test]
    fn an_error_ends_the_sampling() {
        let mut calls = 0;
        let found = sample(Duration::from_secs(1000), || {
            calls += 1;
            if calls == 3 { Err("no") } else { Ok(()) }
        });
        assert_eq!((found, calls), (Err("no"), 3));
    }
}
