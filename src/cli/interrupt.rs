//! Ctrl-C and the system's polite request to end (SIGTERM), noticed where it suits: the first ends the work in good
//! order, a second ends the program at once.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What shells say of a program that a signal ended: this and the signal's number.
const ENDED_BY: i32 = 128;

/// Whether somebody has asked to end.
pub struct Interrupt {
    /// The signal's number, 0 before it comes.
    signal: Arc<AtomicUsize>,
    paused: Arc<AtomicBool>,
}

/// Between two looks while it is paused.
const STANDS: Duration = Duration::from_millis(10);

impl Interrupt {
    /// From here on the first request no longer ends the program by itself.
    pub fn listen() -> std::io::Result<Self> {
        let (signal, again) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for number in [SIGINT, SIGTERM] {
            // In this order: only what an earlier signal has set ends the program.
            flag::register_conditional_shutdown(number, ENDED_BY + number, again.clone())?;
            flag::register(number, again.clone())?;
            flag::register_usize(number, signal.clone(), usize::try_from(number).unwrap_or(1))?;
        }
        Ok(Self { signal, paused: Arc::default() })
    }

    /// The end of standard input counts as a request as well. Lines there say "pause", "go" and "stop".
    pub fn listen_to_input(&self) -> std::io::Result<()> {
        let (signal, paused) = (self.signal.clone(), self.paused.clone());
        let wait = move || {
            for line in std::io::stdin().lock().lines() {
                match line.as_deref().map(str::trim) {
                    Ok("stop") | Err(_) => break,
                    Ok(word) => paused.store(word == "pause", Ordering::Relaxed),
                }
            }
            signal.store(usize::try_from(SIGTERM).unwrap_or(1), Ordering::Relaxed);
        };
        std::thread::Builder::new().name("standard input".into()).spawn(wait).map(drop)
    }

    /// Whether it was told to wait.
    pub fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Waits while it is paused; for how long.
    pub fn stand(&self) -> Duration {
        let began = Instant::now();
        while self.is_paused() && self.asked().is_none() {
            std::thread::sleep(STANDS);
        }
        began.elapsed()
    }

    /// The exit code of a program that ends because of it: 130 after Ctrl-C, 143 after SIGTERM.
    pub fn asked(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        (signal > 0).then(|| u8::try_from(ENDED_BY as usize + signal).unwrap_or(u8::MAX))
    }
}
