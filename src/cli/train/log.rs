//! The log of a run: one JSON line a step, one an epoch. A run that goes on goes on in the same log.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::cli::outputs::LogLine;
use crate::trace::StepRow;

pub struct Log {
    file: BufWriter<File>,
    path: PathBuf,
    clock: Option<Clock>,
}

/// For who reads along: lines say when they were written, and are in the file soon after.
struct Clock {
    began: Instant,
    flushed: Instant,
}

/// What is told is in the file after so long.
const SOON: Duration = Duration::from_millis(50);

/// What became of the lines that were there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Of the steps after the one that the run stands after, and of one that was not written to its end.
    pub lines: usize,
    /// Steps before that have none.
    pub missing: u64,
}

impl Log {
    /// An empty log, whatever was there.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| cannot(path))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), clock: None })
    }

    /// The log of a run that goes on after `step`: lines of later steps are taken off, the others stay.
    pub fn go_on(path: &Path, step: u64) -> anyhow::Result<(Self, Cut)> {
        if !std::fs::metadata(path).is_ok_and(|there| there.is_file()) {
            return Ok((Self::create(path)?, Cut::default()));
        }
        let mut file = File::options().read(true).write(true).open(path).with_context(|| cannot(path))?;
        let (kept, cut, is_whole) =
            lines_until(&file, step).with_context(|| format!("Can't read the log: {}", path.display()))?;
        let went = file.set_len(kept).and_then(|()| file.seek(SeekFrom::End(0)));
        went.and_then(|_| if is_whole { Ok(()) } else { file.write_all(b"\n") }).with_context(|| cannot(path))?;
        Ok((Self { file: BufWriter::new(file), path: path.to_owned(), clock: None }, cut))
    }

    /// From here on every line says how many seconds have passed since `began`.
    pub fn tell_seconds(&mut self, began: Instant) {
        self.clock = Some(Clock { began, flushed: Instant::now() });
    }

    /// Stands for as long as `stand` does, everything so far in the file; that is no time of the run.
    pub fn stand(&mut self, stand: impl FnOnce() -> Duration) -> anyhow::Result<()> {
        self.flush()?;
        let stood = stand();
        if let Some(clock) = &mut self.clock {
            clock.began += stood;
        }
        Ok(())
    }

    pub fn line(&mut self, value: &Value) -> anyhow::Result<()> {
        let Some(clock) = &mut self.clock else {
            return writeln!(self.file, "{value}").with_context(|| cannot(&self.path));
        };
        let mut value = value.clone();
        value["seconds"] = json!(clock.began.elapsed().as_secs_f64());
        writeln!(self.file, "{value}").with_context(|| cannot(&self.path))?;
        if clock.flushed.elapsed() >= SOON {
            clock.flushed = Instant::now();
            self.flush()?;
        }
        Ok(())
    }

    /// The last line of a log with seconds.
    pub fn end(&mut self) -> anyhow::Result<()> {
        if self.clock.is_some() {
            self.line(&json!({ "event": "end", "peak_bytes": peak_bytes() }))?;
        }
        self.flush()
    }

    /// `losses`: by their names, where there are several.
    pub fn step(&mut self, row: &StepRow, losses: Option<Value>) -> anyhow::Result<()> {
        let mut line = json!({
            "event": "step", "step": row.step, "loss": row.loss,
            "accuracy": row.accuracy, "learning_rate": row.learning_rate,
        });
        if let Some(losses) = losses {
            line["losses"] = losses;
        }
        self.line(&line)
    }

    /// All lines so far are in the file. A checkpoint is written only after them: who goes on from it finds its steps
    /// in the log.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| cannot(&self.path))
    }
}

/// The most memory that this process has held; `None` where the system does not say.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    kib.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn cannot(path: &Path) -> String {
    format!("Can't write the log: {}", path.display())
}

/// Bytes of the lines that a run standing after `step` has written, what comes after them, and whether they end with a
/// line break.
fn lines_until(file: &File, step: u64) -> std::io::Result<(u64, Cut, bool)> {
    let mut reader = BufReader::new(file);
    let (mut line, mut kept, mut last, mut is_whole) = (Vec::new(), 0, 0, true);
    let mut cut = Cut::default();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let ends = line.last() == Some(&b'\n');
        let told = serde_json::from_slice::<LogLine>(&line).ok();
        let is_later = told.as_ref().is_some_and(|told| told.step > step);
        if cut.lines > 0 || is_later || (told.is_none() && !ends) {
            cut.lines += 1;
        } else {
            (kept, is_whole) = (kept + line.len() as u64, ends);
            last = told.map_or(last, |told| told.step);
        }
        line.clear();
    }
    cut.missing = step - last.min(step);
    Ok((kept, cut, is_whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event: &str, step: u64) -> String {
        format!("{{\"event\":\"{event}\",\"step\":{step}}}\n")
    }

    /// What is left of a log when its run goes on after `step` and writes one more line.
    fn gone_on(text: &str, step: u64) -> (String, Cut) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        std::fs::write(&path, text).unwrap();
        let (mut log, cut) = Log::go_on(&path, step).unwrap();
        log.line(&json!("next")).unwrap();
        log.flush().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        (text.strip_suffix("\"next\"\n").unwrap().to_owned(), cut)
    }

    #[test]
    fn lines_of_later_steps_go_and_the_others_stay() {
        let early = [line("step", 1), line("step", 2), line("epoch", 2)].concat();
        let late = [line("step", 3), line("step", 4)].concat();
        let whole = format!("{early}{late}");
        assert_eq!(gone_on(&whole, 2), (early.clone(), Cut { lines: 2, missing: 0 }));
        assert_eq!(gone_on(&whole, 4), (whole.clone(), Cut::default()));
        assert_eq!(gone_on(&whole, 9), (whole.clone(), Cut { lines: 0, missing: 5 }));
        assert_eq!(gone_on(&whole, 0), (String::new(), Cut { lines: 5, missing: 0 }));
        assert_eq!(gone_on("", 3), (String::new(), Cut { lines: 0, missing: 3 }));
        // Half a line goes, a whole one without a line break gets it, and what somebody wrote in between stays.
        assert_eq!(gone_on(&format!("{early}{{\"event\":\"st"), 2), (early.clone(), Cut { lines: 1, missing: 0 }));
        assert_eq!(gone_on(early.trim_end(), 2), (early.clone(), Cut::default()));
        let remark = format!("{early}a remark\n");
        assert_eq!(gone_on(&format!("{remark}{late}"), 2), (remark, Cut { lines: 2, missing: 0 }));
    }
}
