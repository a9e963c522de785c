//! The run of `--name` in the folder beside its project, where the window and `glassbox runs` find it.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::bail;

use crate::cli::outputs::are_same;
use crate::persist::RunFolder;
use crate::session::checkpoint;
use crate::trace::{Curves, Ending, Pace, RunCard};
use crate::trainer::{Forks, Kept, Run};

/// At least so often, if epochs end, a run is kept; and never more often than takes this share of the time.
const EVERY: Duration = Duration::from_secs(5);
const MOST_OF_THE_TIME: u32 = 20;

pub struct Named {
    folder: RunFolder,
    card: RunCard,
    /// Of this command, after that of the run so far.
    pace: Vec<Pace>,
    began: Instant,
    seconds_before: f64,
    /// Whether something of it lies in the folder yet.
    is_there: bool,
    kept_at: Instant,
    took: Duration,
}

impl Named {
    /// `resumed`: what the run goes on from; the run of that name goes on in its own place, and in no other case may
    /// there be one.
    pub fn claim(file: &Path, name: &str, resumed: Option<&Path>, curves: &Curves) -> anyhow::Result<Self> {
        let folder = RunFolder::beside(file);
        let name = name.trim();
        if name.is_empty() {
            bail!("--name needs a name for the run.");
        }
        let there = folder.list().0.into_iter().find(|card| card.name == name);
        let is_there = there.is_some();
        let card = match there {
            Some(card) if resumed.is_some_and(|resumed| are_same(resumed, &folder.checkpoint(&card.id))) => card,
            Some(card) => bail!(
                "This project already has a run {name:?} ({} steps). Choose another name, or continue it: --resume \
                    {name:?}",
                card.steps
            ),
            None => RunCard { name: name.to_owned(), began_secs: now(), ..RunCard::default() },
        };
        let (pace, now) = (curves.pace.clone(), Instant::now());
        let seconds_before = pace.last().map_or(card.seconds, |pace| pace.seconds);
        Ok(Self { folder, card, pace, began: now, seconds_before, is_there, kept_at: now, took: Duration::ZERO })
    }

    /// Whether something of the run lies in the folder.
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// An epoch has ended.
    pub fn is_due(&self) -> bool {
        !self.is_there || self.kept_at.elapsed() >= EVERY.max(self.took * MOST_OF_THE_TIME)
    }

    pub fn keep(&mut self, run: &Run, curves: &Curves, forks: &Forks, ending: Ending) -> anyhow::Result<()> {
        let began = Instant::now();
        let seconds = self.seconds_before + self.began.elapsed().as_secs_f64();
        let step = run.machine().step();
        if self.pace.last().is_none_or(|last| last.step < step) {
            self.pace.push(Pace { step, epoch: run.epoch(), seconds });
        }
        let curves = Curves { pace: self.pace.clone(), ..curves.clone() };
        let card = &mut self.card;
        (card.project, card.steps, card.epochs) = (run.project().clone(), step, run.epoch());
        (card.device, card.ending) = (run.machine().device().to_string(), ending);
        card.read_curves(&curves);
        if card.id.is_empty() {
            card.id = self.folder.claim([])?;
        }
        let kept = Kept { forks: forks.clone(), ..Kept::new(run.save()?, curves) };
        checkpoint::save(&self.folder.checkpoint(&card.id), run.project(), &kept).map_err(anyhow::Error::msg)?;
        self.tell()?;
        (self.kept_at, self.took) = (Instant::now(), began.elapsed());
        Ok(())
    }

    /// What is kept stays as it is, and is told how the run ended.
    pub fn end(&mut self, ending: Ending) -> anyhow::Result<()> {
        self.card.ending = ending;
        self.tell()
    }

    /// A name or a note that somebody wrote meanwhile stays.
    fn tell(&mut self) -> anyhow::Result<()> {
        if let Ok(there) = self.folder.read(&self.card.id)
            && there.began_secs == self.card.began_secs
        {
            (self.card.name, self.card.note, self.card.pinned) = (there.name, there.note, there.pinned);
        }
        self.folder.write(&self.card)?;
        self.is_there = true;
        Ok(())
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
