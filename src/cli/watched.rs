//! How far loading is, on the terminal: only of what takes longer than a moment.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::data::Progress;

/// What is over by then is not worth a bar.
const MOMENT: Duration = Duration::from_secs(1);
/// Of the bar, which has no unit.
const WHOLE: u64 = 1000;

/// Ctrl-C ends the program, and with it the loading: what it leaves half-written is swept.
pub struct Watched {
    began: Instant,
    bar: OnceLock<ProgressBar>,
}

impl Default for Watched {
    fn default() -> Self {
        Self { began: Instant::now(), bar: OnceLock::new() }
    }
}

impl Progress for Watched {
    fn report(&self, fraction: f32, doing: &str) {
        if self.began.elapsed() < MOMENT || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = self.bar.get_or_init(|| {
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}");
            ProgressBar::new(WHOLE).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_position((fraction.clamp(0.0, 1.0) * WHOLE as f32) as u64);
        if bar.message() != doing {
            bar.set_message(doing.to_owned());
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
