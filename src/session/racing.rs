//! The session's side of other engines: which there are, races that go on, and runs that come back from elsewhere.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Instant;

use super::archive::News;
use super::engines::{Compared, Contest, Engine, Finish, Found, Order, Standing, Status, beside, look_around};
use super::keeping::now_secs;
use super::run_files::write_run;
use super::{Action, DataState, NoticeKind, RunAction, State, checkpoint, returned};
use crate::engine::Device;
use crate::trace::{Ending, EngineCard, RunCard};
use crate::trainer::Kept;

/// Steps that a race can have.
pub const MOST_STEPS: u64 = 10_000_000;

/// The other engines of this machine.
#[derive(Clone, Debug, Default)]
pub struct Engines {
    /// Interpreters that have something to train with.
    pub found: Found,
    /// Whether anybody has looked.
    pub looked: bool,
    /// Somebody looks just now.
    pub looks: bool,
    /// Glassbox, and all that was found.
    pub all: Vec<Engine>,
}

/// A race, going on or over.
#[derive(Clone, Debug)]
pub struct RaceView {
    /// In the order in which they were asked.
    pub standings: Vec<Standing>,
    /// How each does, or did.
    pub finishes: Vec<Finish>,
    /// Each beside the first, once both have done a step; the first has nothing beside it.
    pub compared: Vec<Option<Compared>>,
    /// The run of each, once it has done a step: as in [`super::Runs`].
    pub runs: Vec<Option<String>>,
    /// What has become of its run where it is not kept.
    pub lost: Vec<Option<String>>,
    /// That each trains.
    pub steps: u64,
    /// They wait.
    pub paused: bool,
    /// Nothing more comes.
    pub is_over: bool,
    /// When it began, for who waits for a first step.
    pub began: Instant,
}

/// What can be done about engines.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineAction {
    /// Looks what there is.
    Look,
    /// An interpreter, or the folder of a virtual environment.
    Add(PathBuf),
    /// One that was added is not looked at any more.
    Forget(PathBuf),
    /// From the first weights of the seed, each for so many steps.
    Race {
        /// The others are compared with the first.
        engines: Vec<Engine>,
        /// That each trains.
        steps: u64,
        /// Instead of one after the other.
        at_once: bool,
    },
    /// All wait behind their next step, or go on.
    Pause(bool),
    /// One ends with what it has, or with `None` all.
    Stop(Option<usize>),
}

impl RaceView {
    fn new(engines: &[Engine], steps: u64) -> Self {
        let standings: Vec<Standing> = engines.iter().cloned().map(Standing::new).collect();
        Self {
            finishes: standings.iter().map(Finish::of).collect(),
            compared: vec![None; standings.len()],
            runs: vec![None; standings.len()],
            lost: vec![None; standings.len()],
            standings,
            steps,
            paused: false,
            is_over: false,
            began: Instant::now(),
        }
    }

    /// Whether this run is still being trained in it.
    pub fn trains(&self, id: &str) -> bool {
        let is_it = |(run, standing): (&Option<String>, &Standing)| {
            run.as_deref() == Some(id) && standing.status == Status::Running
        };
        !self.is_over && self.runs.iter().zip(&self.standings).any(is_it)
    }
}

impl State {
    pub(super) fn apply_to_engines(&mut self, action: EngineAction) {
        match action {
            EngineAction::Look => self.look_for_engines(),
            EngineAction::Add(path) => {
                if !self.settings.interpreters.contains(&path) {
                    self.settings.interpreters.push(path);
                    self.write_settings();
                }
                self.look_for_engines();
            }
            EngineAction::Forget(path) => {
                self.settings.interpreters.retain(|known| *known != path);
                self.write_settings();
                self.look_for_engines();
            }
            EngineAction::Race { engines, steps, at_once } => self.race_engines(engines, steps, at_once),
            EngineAction::Pause(paused) => {
                if let (Some(contest), Some(race)) = (&self.works.contest, &mut self.race) {
                    contest.pause(paused);
                    race.paused = paused;
                }
            }
            EngineAction::Stop(place) => {
                if let (Some(contest), Some(race)) = (&self.works.contest, &mut self.race) {
                    let all = 0..race.standings.len();
                    all.filter(|one| place.is_none_or(|place| place == *one)).for_each(|one| contest.stop(one));
                    contest.pause(false);
                    race.paused = false;
                }
            }
        }
    }

    fn look_for_engines(&mut self) {
        let (named, waker) = (self.settings.interpreters.clone(), self.works.waker());
        let (sender, found) = channel();
        let work = move || {
            // The session may be gone.
            let _ = sender.send(look_around(&named));
            waker();
        };
        match std::thread::Builder::new().name("engines".into()).spawn(work) {
            Ok(_) => {
                self.works.looking = Some(found);
                self.engines.looks = true;
            }
            Err(error) => self.notify(NoticeKind::Error, format!("Couldn't look for Python: {error}.")),
        }
    }

    fn race_engines(&mut self, engines: Vec<Engine>, steps: u64, at_once: bool) {
        if self.works.contest.is_some() {
            return self.notify(NoticeKind::Info, "A race is still running. Stop it first.");
        }
        let DataState::Ready(dataset) = &self.data else {
            return self.notify(NoticeKind::Warning, "There is no data to train on yet.");
        };
        if let Some(problem) = self.inference.problems.first().filter(|_| !self.inference.is_valid()) {
            let text = format!("The network can't train yet: {}", problem.message);
            return self.notify(NoticeKind::Warning, text);
        }
        if engines.is_empty() {
            return;
        }
        let steps = steps.clamp(1, MOST_STEPS);
        let mut project = self.project.clone();
        // As many epochs as the steps take.
        let batch = project.training.batch_size.clamp(1, dataset.train.len().max(1));
        let per_epoch = dataset.train.len().div_ceil(batch).max(1) as u64;
        project.training.epochs = project.training.epochs.max(steps.div_ceil(per_epoch) as usize);
        let order =
            Order { engines: engines.clone(), at_once, steps, project, dataset: dataset.clone(), base: self.base() };
        let waker = self.works.waker();
        match Contest::start(order, waker) {
            Ok(contest) => {
                self.works.contest = Some(contest);
                self.race = Some(RaceView::new(&engines, steps));
            }
            Err(why) => self.notify(NoticeKind::Error, why),
        }
    }

    /// Takes in what engines and interpreters have told.
    pub(super) fn poll_engines(&mut self) {
        match self.works.looking.as_ref().map(Receiver::try_recv) {
            None | Some(Err(TryRecvError::Empty)) => {}
            Some(answer) => {
                let found = answer.unwrap_or_default();
                let all = Engine::all(&found.interpreters);
                self.works.looking = None;
                self.engines = Engines { found, looked: true, looks: false, all };
            }
        }
        let (Some(contest), Some(race)) = (&self.works.contest, &mut self.race) else { return };
        let before: Vec<u64> = race.standings.iter().map(|standing| standing.now.step).collect();
        let (trained, is_over) = contest.look(&mut race.standings);
        let is_news = |(standing, before): (&Standing, &u64)| standing.now.step != *before || standing.status.is_over();
        if race.standings.iter().zip(&before).any(is_news) {
            race.finishes = race.standings.iter().map(Finish::of).collect();
            if let Some((first, others)) = race.standings.split_first() {
                race.compared = std::iter::once(None).chain(others.iter().map(|other| beside(first, other))).collect();
            }
        }
        race.is_over = is_over;
        if is_over {
            self.works.contest = None;
        }
        for (place, before) in before.into_iter().enumerate() {
            self.show_racer(place, before);
        }
        for (place, outcome) in trained {
            self.keep_racer(place, outcome);
        }
    }

    /// A racer has its row in the table of runs as soon as it has done a step.
    fn show_racer(&mut self, place: usize, before: u64) {
        let Some(race) = &self.race else { return };
        let (standing, run) = (&race.standings[place], race.runs[place].clone());
        if standing.now.step == before || standing.curves.train_loss.is_empty() {
            return;
        }
        let (curves, title) = (standing.curves.clone(), standing.engine.title());
        let id = match run {
            Some(id) => id,
            None => {
                let Some(folder) = self.run_folder() else { return };
                let known = self.runs.cards.iter().chain(&self.runs.deleted);
                let Ok(id) = folder.claim(known.map(|card| card.id.as_str())) else { return };
                let name = self.free_name(&title);
                let project = self.project.clone();
                self.runs.put(RunCard { id: id.clone(), name, project, began_secs: now_secs(), ..RunCard::default() });
                self.runs.picked.insert(id.clone());
                if let Some(race) = &mut self.race {
                    race.runs[place] = Some(id.clone());
                }
                id
            }
        };
        let Some(card) = self.runs.card(&id) else { return };
        let mut card = RunCard::clone(card);
        if let Some(race) = &self.race {
            describe(&mut card, &race.standings[place], &race.finishes[place]);
        }
        card.read_curves(&curves);
        self.runs.curves.insert(id, curves);
        self.runs.put(card);
    }

    fn free_name(&self, title: &str) -> String {
        let is_free = |name: &String| self.runs.cards.iter().all(|card| card.name != *name);
        let numbered = (2..).map(|number| format!("{title} ({number})"));
        std::iter::once(title.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
    }

    /// What a racer has trained is kept like any other run, under the id that its row has.
    fn keep_racer(&mut self, place: usize, outcome: Result<Box<Kept>, String>) {
        self.show_racer(place, 0);
        let all_steps = self.project_steps();
        let Some((id, race)) = self.race.as_mut().and_then(|race| Some((race.runs[place].clone()?, race))) else {
            return;
        };
        let Some(card) = self.runs.card(&id) else { return };
        let kept = match outcome {
            Ok(kept) => kept,
            Err(why) => {
                race.lost[place] = Some(why);
                self.runs.cards.retain(|card| card.id != id);
                self.runs.forget(&id);
                return;
            }
        };
        let mut card = RunCard::clone(card);
        describe(&mut card, &race.standings[place], &race.finishes[place]);
        card.ending = match &race.standings[place].status {
            Status::Done if race.steps >= all_steps => Ending::Done,
            _ => Ending::Paused,
        };
        self.put_kept(card, kept);
    }

    /// Steps of all epochs.
    fn project_steps(&self) -> u64 {
        let samples = self.dataset().map_or(0, |dataset| dataset.train.len());
        let batch = self.project.training.batch_size.clamp(1, samples.max(1));
        (samples.div_ceil(batch) * self.project.training.epochs) as u64
    }

    /// A run that was trained elsewhere, with its row: written to where the project's runs are.
    fn put_kept(&mut self, card: RunCard, kept: Box<Kept>) {
        let Some(folder) = self.run_folder() else { return };
        self.runs.put(card.clone());
        let (project, stamps) = (kept.saved.project.clone(), self.works.stamps.clone());
        self.ask(Box::new(move || {
            let outcome = write_run(&folder, card.clone(), &project, &kept, &stamps).map(Box::new);
            News::Kept { id: card.id, outcome }
        }));
    }

    /// A run that an exported folder trained elsewhere, by that folder, its log or its checkpoint.
    pub(super) fn take_in_run(&mut self, path: PathBuf) {
        let DataState::Ready(dataset) = &self.data else {
            let text = "Open the project that was exported first. The run is imported into it.";
            return self.notify(NoticeKind::Warning, text);
        };
        let (project, dataset) = (self.project.clone(), dataset.clone());
        let Some(folder) = self.run_folder() else { return };
        let names: Vec<String> = self.runs.cards.iter().map(|card| card.name.clone()).collect();
        let taken: Vec<String> = self.runs.cards.iter().chain(&self.runs.deleted).map(|card| card.id.clone()).collect();
        self.ask(Box::new(move || {
            let read = || {
                let mut run = returned::read(&path, &project, &dataset)?;
                let id = folder.claim(taken.iter().map(String::as_str)).map_err(|error| error.to_string())?;
                if names.contains(&run.card.name) {
                    run.card.name = format!("{} ({id})", run.card.name);
                }
                checkpoint::save(&folder.checkpoint(&id), &run.kept.saved.project, &run.kept)?;
                run.card.id = id;
                run.card.bytes = std::fs::metadata(folder.checkpoint(&run.card.id)).map_or(0, |there| there.len());
                folder.write(&run.card).map_err(|error| error.to_string())?;
                Ok((Box::new(run.card), run.told.join(" ")))
            };
            News::Returned(read())
        }));
    }

    pub(super) fn take_returned(&mut self, outcome: Result<(Box<RunCard>, String), String>) {
        match outcome {
            Ok((card, told)) => {
                let (id, name) = (card.id.clone(), card.name.clone());
                self.runs.put(*card);
                self.runs.picked.insert(id.clone());
                self.read_picked();
                self.note_unsaved();
                let back = Action::Runs(RunAction::BringBack(id));
                self.offer(NoticeKind::Success, format!("Imported {name}. {told}"), "Restore it", back);
            }
            Err(why) => self.error = Some(why),
        }
    }
}

/// What a row says of an engine's run.
fn describe(card: &mut RunCard, standing: &Standing, finish: &Finish) {
    (card.steps, card.epochs, card.seconds) = (standing.now.step, standing.now.epoch, standing.now.seconds);
    card.device = Device::Cpu.to_string();
    card.engine = Some(EngineCard {
        word: finish.engine.to_owned(),
        title: finish.title.clone(),
        seconds_to_first_step: finish.seconds_to_first_step,
        ms_per_step: finish.ms_per_step,
        peak_bytes: finish.peak_bytes,
        lines_of_code: finish.lines_of_code,
    });
    card.read_curves(&standing.curves);
}

#[cfg(test)]
#[path = "racing/tests.rs"]
mod tests;
