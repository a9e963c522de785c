//! Ctrl-C and the system's polite request to end (SIGTERM), noticed where it suits: the first ends the work in good
//! order, a second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What shells say of a program that a signal ended: this and the signal's number.
const ENDED_BY: i32 = 128;

/// Whether somebody has asked to end.
pub struct Interrupt {
    /// The signal's number, 0 before it comes.
    signal: Arc<AtomicUsize>,
}

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
        Ok(Self { signal })
    }

    /// The end of standard input counts as a request as well.
    pub fn listen_to_the_end_of_input(&self) -> std::io::Result<()> {
        let signal = self.signal.clone();
        let wait = move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            signal.store(usize::try_from(SIGTERM).unwrap_or(1), Ordering::Relaxed);
        };
        std::thread::Builder::new().name("end of input".into()).spawn(wait).map(drop)
    }

    /// The exit code of a program that ends because of it: 130 after Ctrl-C, 143 after SIGTERM.
    pub fn asked(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        (signal > 0).then(|| u8::try_from(ENDED_BY as usize + signal).unwrap_or(u8::MAX))
    }
}
