//! What `train.py --log` and `glassbox train --log` write, read as it grows: every step's loss, and curves as a run has
//! them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::Metric;
use crate::trace::{Curves, Evaluation, Pace, StepRow};

/// A longer line is none of a log.
const LONGEST: u64 = 1 << 20;
/// More steps are read, and not remembered one by one.
const MOST_TOLD: usize = 4_000_000;

/// A step that was told of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Counted from 1.
    pub step: u64,
    /// Of its batch.
    pub loss: f64,
    /// Since the process was started, when the step was done; pauses do not count. 0 in a log without times.
    pub seconds: f64,
}

/// What a log has said so far.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Every step.
    pub told: Vec<Told>,
    /// The same as curves, with the scores of each epoch.
    pub curves: Curves,
    /// The most memory that the process held, once it has said so.
    pub peak_bytes: Option<u64>,
    /// Lines that were none.
    pub strange: usize,
    /// Steps of an epoch, where the log tells it.
    pub epoch_steps: Option<u64>,
    per_epoch: u64,
    path: PathBuf,
    read: u64,
}

#[derive(Deserialize)]
struct Line {
    event: String,
    step: Option<u64>,
    epoch: Option<f64>,
    loss: Option<f64>,
    accuracy: Option<f32>,
    learning_rate: Option<f64>,
    seconds: Option<f64>,
    peak_bytes: Option<u64>,
    val_loss: Option<f64>,
    val_accuracy: Option<f64>,
    val_r2: Option<f64>,
    val_map50: Option<f64>,
}

impl Log {
    /// Of a file that need not be there yet. `per_epoch`: steps of an epoch.
    pub fn at(path: &Path, per_epoch: u64, metric: Metric) -> Self {
        let curves = Curves { metric, ..Curves::default() };
        Self { path: path.to_owned(), per_epoch: per_epoch.max(1), curves, ..Self::default() }
    }

    /// Reads what has been written since. Returns whether there was anything.
    pub fn read(&mut self) -> bool {
        let Ok(mut file) = File::open(&self.path) else { return false };
        if file.seek(SeekFrom::Start(self.read)).is_err() {
            return false;
        }
        let (before, mut reader, mut line) = (self.read, BufReader::new(file), Vec::new());
        loop {
            line.clear();
            let Ok(count) = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line) else { break };
            // The last line may be half written; one that never ends is none.
            if count == 0 || (!line.ends_with(b"\n") && (count as u64) < LONGEST) {
                break;
            }
            self.read += count as u64;
            self.take(&line);
        }
        self.read > before
    }

    fn take(&mut self, text: &[u8]) {
        // Python writes what is no number as NaN, which JSON does not know.
        let mended = || String::from_utf8_lossy(text).replace("-Infinity", "null").replace("Infinity", "null");
        let line = serde_json::from_slice::<Line>(text)
            .or_else(|_| serde_json::from_str::<Line>(&mended().replace("NaN", "null")));
        let Ok(line) = line else {
            self.strange += usize::from(!text.trim_ascii().is_empty());
            return;
        };
        let last = self.told.last().map_or(0, |told| told.step);
        match (line.event.as_str(), line.step) {
            ("step", Some(step)) if step > last => self.take_step(step, &line),
            ("epoch", Some(step)) => {
                if let Some(epoch) = line.epoch.filter(|epoch| *epoch >= 1.0) {
                    self.epoch_steps = Some((step as f64 / epoch).round() as u64);
                }
                let score = line.val_accuracy.or(line.val_r2).or(line.val_map50);
                let (Some(loss), Some(score)) = (line.val_loss, score) else { return };
                let epoch = line.epoch.unwrap_or(0.0);
                self.curves.append(&[], &[Evaluation { step, epoch, loss, losses: Vec::new(), score }]);
            }
            ("end", _) => self.peak_bytes = line.peak_bytes,
            _ => {}
        }
    }

    fn take_step(&mut self, step: u64, line: &Line) {
        let (loss, seconds) = (line.loss.unwrap_or(f64::NAN), line.seconds.unwrap_or(0.0).max(0.0));
        let is_first = self.told.is_empty();
        if self.told.len() < MOST_TOLD {
            self.told.push(Told { step, loss, seconds });
        }
        let row = StepRow {
            step,
            loss,
            losses: Vec::new(),
            accuracy: line.accuracy,
            learning_rate: line.learning_rate.unwrap_or(0.0),
            samples: 0,
            epoch_done: false,
        };
        self.curves.append(&[row], &[]);
        // Until its first step a framework loads: what comes after has its own pace.
        self.curves.note_pace(self.pace(step, seconds), is_first || self.told.len() == 2);
    }

    fn pace(&self, step: u64, seconds: f64) -> Pace {
        Pace { step, epoch: step as f64 / self.per_epoch as f64, seconds }
    }

    /// Where it stands.
    pub fn now(&self) -> Pace {
        self.told.last().map_or(Pace::default(), |last| self.pace(last.step, last.seconds))
    }

    /// The curves as a run keeps them, up to where it stands.
    pub fn kept(&self) -> Curves {
        let mut curves = self.curves.thinned();
        if curves.pace.last().is_none_or(|last| last.step < self.now().step) {
            curves.pace.push(self.now());
        }
        curves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_it_grows_and_what_is_no_line_of_it_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let mut log = Log::at(&path, 2, Metric::Accuracy);
        assert!(!log.read(), "there is no file yet");
        let first = "{\"event\":\"step\",\"step\":1,\"loss\":0.5,\"accuracy\":0.25,\"learning_rate\":0.1,\"seconds\":2.0}\n\
                     {\"event\":\"step\",\"step\":2,\"loss\":NaN,\"seconds\":2.5}\nTraceback\n{\"event\":\"st";
        std::fs::write(&path, first).unwrap();
        assert!(log.read() && !log.read());
        assert_eq!((log.told.len(), log.strange, log.told[1].loss.is_nan()), (2, 1, true));
        let rest = "ep\",\"step\":3,\"loss\":0.25,\"seconds\":3.0}\n\
                    {\"event\":\"epoch\",\"epoch\":1,\"step\":2,\"val_loss\":0.3,\"val_accuracy\":0.9}\n\
                    {\"event\":\"step\",\"step\":2,\"loss\":9.0}\n{\"event\":\"end\",\"peak_bytes\":77}\n";
        std::fs::write(&path, [first, rest].concat()).unwrap();
        assert!(log.read());
        assert_eq!(log.told.last(), Some(&Told { step: 3, loss: 0.25, seconds: 3.0 }));
        assert_eq!((log.peak_bytes, log.epoch_steps), (Some(77), Some(2)));
        assert_eq!(log.now(), Pace { step: 3, epoch: 1.5, seconds: 3.0 });
        let kept = log.kept();
        assert_eq!((kept.train_loss.len(), kept.validation_metric.last()), (3, Some((2, 0.9))));
        assert_eq!(kept.pace.iter().map(|pace| pace.seconds).collect::<Vec<_>>(), [2.0, 2.5, 3.0]);
    }
}
