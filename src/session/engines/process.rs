//! A child process that trains: it hears words on its standard input, and ends when that is closed, when we are gone.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is kept of what it said.
const SAID: usize = 1 << 14;
/// Who is asked to stop and does not is stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why an engine did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A sentence.
    pub sentence: String,
    /// What it said last, whole lines; may be empty.
    pub said: String,
}

impl Failure {
    /// Of which there is no more to say.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), said: String::new() }
    }
}

/// A process at work.
pub struct Process {
    child: Child,
    said: Arc<Mutex<VecDeque<u8>>>,
    listener: Option<JoinHandle<()>>,
    asked_to_stop: Option<Instant>,
}

impl Process {
    /// Standard input is a pipe that we hold, standard error is listened to.
    pub fn start(mut command: Command) -> std::io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let listener = child.stderr.take().map(|mut err| {
            let said = said.clone();
            let listen = move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = err.read(&mut bytes) {
                    let mut said = said.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    said.extend(&bytes[..count]);
                    let old = said.len().saturating_sub(SAID);
                    said.drain(..old);
                }
            };
            std::thread::Builder::new().name("engine".into()).spawn(listen)
        });
        let listener = listener.transpose();
        if listener.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        Ok(Self { child, said, listener: listener?, asked_to_stop: None })
    }

    /// One of the words that it knows; one that has ended hears nothing.
    pub fn tell(&mut self, word: &str) {
        if let Some(input) = &mut self.child.stdin {
            let _ = input.write_all(format!("{word}\n").as_bytes()).and_then(|()| input.flush());
        }
    }

    /// Asks it to end with what it has; after a while it has to.
    pub fn ask_to_stop(&mut self) {
        match self.asked_to_stop {
            None => {
                self.tell("stop");
                self.asked_to_stop = Some(Instant::now());
            }
            Some(asked) if asked.elapsed() >= PATIENCE => drop(self.child.kill()),
            Some(_) => {}
        }
    }

    /// Whether it was asked to.
    pub fn is_asked_to_stop(&self) -> bool {
        self.asked_to_stop.is_some()
    }

    /// Whether it has ended, and then whether well.
    pub fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().ok().flatten().map(|code| code.success())
    }

    /// What it said last.
    pub fn said(&mut self) -> String {
        // The pipe is read to its end soon after the process ended, unless a child of its own holds it open.
        let until = Instant::now() + Duration::from_millis(500);
        while self.listener.as_ref().is_some_and(|listener| !listener.is_finished()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        let said = self.said.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let bytes: Vec<u8> = said.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
