//! What the training thread keeps for whoever debugs: what is looked at, why it stopped, what was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::branches::Ways;
use super::{Mode, Worker, locked};
use crate::trace::{Checked, DebugView, Inspection, Listing, Moment, Stopped, Travel};
use crate::trainer::debugger::{DebugError, Debugger};
use crate::trainer::{inspect, standing};

/// How often a run that goes on is told about.
const WHILE_RUNNING: Duration = Duration::from_millis(120);
/// Lines of the log that are kept.
const LOGGED: usize = 200;

/// Texts being typed whose answers are kept.
const CHECKED: usize = 8;

#[derive(Default)]
pub(super) struct Desk {
    look: Option<Box<Inspection>>,
    listing: Arc<Listing>,
    pub stopped: Option<Stopped>,
    pub checked: Vec<Checked>,
    log: Vec<String>,
    /// Lines of it that had to go.
    log_cut: u64,
    /// The run stands, and that was not told yet.
    due: bool,
    /// All else was told: only the pointer has moved.
    points: bool,
    told: Option<Instant>,
    last: Option<Arc<DebugView>>,
    /// What the watched expressions were at the place before.
    watched: BTreeMap<String, f64>,
    before: BTreeMap<String, f64>,
    place: Option<(u32, Moment)>,
    pub branches: Ways,
}

impl Desk {
    pub fn begin_run(&mut self) {
        *self = Self { look: self.look.take(), due: true, ..Self::default() };
    }

    pub fn look_at(&mut self, look: Option<Box<Inspection>>) {
        let known = self.look.as_deref().zip(look.as_deref()).filter(|_| self.last.is_some());
        if known.is_some_and(|(before, now)| now.differs_only_in_hovered(before)) {
            self.points = true;
        } else {
            self.due = true;
        }
        self.look = look;
    }

    /// A number is drawn as a curve from now on, if somebody looks.
    pub fn draw_curve(&mut self, expression: &str) {
        self.due = true;
        if let Some(look) = self.look.as_mut().filter(|look| look.curves.iter().all(|curve| curve != expression)) {
            look.curves.push(expression.to_owned());
        }
    }

    /// Whether there is something to tell of a run that stands.
    pub fn is_due(&self) -> bool {
        (self.due || self.points) && self.look.is_some()
    }

    pub fn was_seen(&self) -> bool {
        self.last.is_some()
    }

    pub fn is_looked_at(&self) -> bool {
        self.look.is_some()
    }

    /// Of each of the few fields that are typed into, what was looked at last.
    pub fn note(&mut self, checked: Checked) {
        self.checked.retain(|known| known.text != checked.text || known.is_condition != checked.is_condition);
        self.checked.insert(0, checked);
        self.checked.truncate(CHECKED);
    }

    /// The run has come to stand here.
    pub fn stand(&mut self) {
        self.due = true;
    }

    /// The run goes on.
    pub fn set_off(&mut self) {
        self.stopped = None;
        self.due = true;
    }

    pub fn is_time_to_tell(&self) -> bool {
        self.look.is_some() && self.told.is_none_or(|told| told.elapsed() >= WHILE_RUNNING)
    }

    pub fn write_down(&mut self, said: Vec<String>) {
        self.log.extend(said);
        let surplus = self.log.len().saturating_sub(LOGGED);
        self.log.drain(..surplus);
        self.log_cut += surplus as u64;
    }

    /// The last view, for as long as a way takes.
    pub fn on_the_way(&mut self, what: &str, progress: f32) -> Option<Arc<DebugView>> {
        self.told = Some(Instant::now());
        let travel = Some(Travel { what: what.to_owned(), progress });
        let view = DebugView { travel, stopped: None, ..(**self.last.as_ref()?).clone() };
        Some(Arc::new(view))
    }

    /// What was watched at another place becomes what was before.
    fn turn_page(&mut self, here: (u32, Moment)) {
        if self.place != Some(here) {
            self.place = Some(here);
            self.before = std::mem::take(&mut self.watched);
        }
    }

    /// The last view, but of another number under the pointer.
    fn pointed(&self, debugger: &mut Debugger) -> Option<DebugView> {
        let mut view = (**self.last.as_ref()?).clone();
        view.sight.hovered = inspect::pointed(debugger, self.look.as_deref()?);
        Some(view)
    }

    /// `still`: the run stands, so that there is time to travel for an answer.
    fn view(&mut self, debugger: &mut Debugger, still: bool) -> DebugView {
        let listing = standing::listing(debugger.machine().program());
        if listing != *self.listing {
            self.listing = Arc::new(listing);
        }
        let current = self.branches.all.current();
        self.turn_page((current, debugger.moment()));
        let mut inspection = self.look.as_deref().cloned().unwrap_or_default();
        let elsewhere = inspection.at_branch.filter(|branch| *branch != current);
        let at_step = inspection.at_step.take_if(|_| elsewhere.is_some());
        debugger.set_curves(&inspection.curves);
        let mut sight = inspect::sight(debugger, &inspection, still);
        sight.at_branch = inspection.at_branch;
        if let Some((branch, at)) = elsewhere.zip(at_step).filter(|_| still) {
            let there = self.branches.resting_mut(branch).ok_or_else(|| "That branch no longer exists.".to_owned());
            sight.at_step = Some(there.and_then(|there| inspect::at_step(there, inspection.probe.as_ref(), &at)));
        }
        if let Some(last) = &self.last {
            sight.keep(&last.sight);
        }
        let watches = standing::watches(debugger, &inspection.watches, &self.before, still);
        let values = watches.iter().filter_map(|w| Some((w.expression.clone(), *w.value.as_ref().ok()?)));
        self.watched = values.collect();
        DebugView {
            stopped: self.stopped.clone(),
            checked: self.checked.clone(),
            log: self.log.clone(),
            log_cut: self.log_cut,
            branches: self.branches.all.told(debugger.moment().step),
            branch: current,
            watches,
            sight,
            ..standing::view(debugger, self.listing.clone())
        }
    }
}

impl Worker {
    /// Tells where the run stands, if somebody looks: at once when it stands still, now and then while it goes on.
    pub(super) fn look_when_due(&mut self) -> Result<(), DebugError> {
        let still = self.mode == Mode::Paused;
        if !self.desk.is_looked_at() || !(if still { self.desk.is_due() } else { self.desk.is_time_to_tell() }) {
            return Ok(());
        }
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        let pointed = if still && !self.desk.due { self.desk.pointed(debugger) } else { None };
        let view = Arc::new(pointed.unwrap_or_else(|| self.desk.view(debugger, still)));
        (self.desk.due, self.desk.points) = (self.desk.due && !still, self.desk.points && !still);
        self.desk.told = Some(Instant::now());
        self.desk.last = Some(view.clone());
        locked(&self.outbox).debug = Some(view);
        (self.waker)();
        Ok(())
    }
}
