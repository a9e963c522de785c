//! How a run begins: fresh, with weights of a file, or where a kept one stands.

use std::sync::Arc;

use super::{Mode, Outbox, Worker, locked};
use crate::data::Dataset;
use crate::engine::{Device, Snapshot};
use crate::model::Project;
use crate::trace::Curves;
use crate::trainer::Run;
use crate::trainer::debugger::{DebugError, Debugger};
use crate::trainer::kept::{Kept, Page};

/// Weights that came from a file: the runs of one seed begin with them, those of another seed draw their own. Kept
/// beyond the run that had them, since a new seed can be undone.
#[derive(Default)]
pub struct Given(Option<(u64, Snapshot)>);

impl Given {
    /// What a run of this seed begins with; `before`: the run that ends for it.
    pub fn next(&mut self, before: Option<&Run>, seed: u64) -> Option<Snapshot> {
        let mut here = None;
        if let Some(run) = before {
            let own = run.project().training.seed;
            here = run.given();
            if run.has_given() {
                self.0 = here.clone().map(|weights| (own, weights));
            } else if self.0.as_ref().is_some_and(|(known, _)| *known == own) {
                self.0 = None;
            }
            here = here.filter(|_| own == seed);
        }
        here.or_else(|| self.0.as_ref().filter(|(known, _)| *known == seed).map(|(_, weights)| weights.clone()))
    }
}

impl Worker {
    pub(super) fn start(
        &mut self,
        number: u64,
        project: &Project,
        dataset: Arc<Dataset>,
        device: Device,
        kept: Option<Box<Kept>>,
    ) -> Result<(), DebugError> {
        let given = self.given.next(self.debugger.as_ref().map(Debugger::run), project.training.seed);
        (self.debugger, self.mode, self.run_number) = (None, Mode::Paused, number);
        self.desk.begin_run();
        self.standing.clear();
        (self.seconds, self.seconds_before, self.recent, self.rate) = (0.0, 0.0, (0, 0.0), 0.0);
        self.pace.hurry();
        (self.output, self.asked, self.question) = (None, None, None);
        (self.not_finite, self.opens_culprit) = (None, false);
        (self.page, self.in_force) = (Page::of(project), None);
        *locked(&self.outbox) = Outbox { run: number, ..Outbox::default() };
        let (run, mut curves, forks) = match kept.map(|kept| *kept) {
            None => {
                let run = match given {
                    Some(given) => Run::start_from(project, &given, dataset.clone(), device.clone())?,
                    None => Run::new(project, dataset.clone(), device.clone())?,
                };
                (run, Curves::default(), None)
            }
            Some(Kept { saved, page, curves, forks, .. }) => {
                self.page = page.map_or_else(|| Page::of(project), |page| *page);
                let (graph, training) = (saved.project.graph.clone(), saved.project.training.clone());
                let there = Project { graph, training, ..project.clone() };
                (Run::resume(&there, dataset.clone(), device.clone(), saved)?, curves, Some(forks))
            }
        };
        let metric = run.task().metric();
        curves.metric = metric;
        self.seconds_before = curves.pace.last().map_or(0.0, |pace| pace.seconds);
        let debugger = Debugger::new(run, self.budget)?;
        self.desk.branches.goes_on(debugger.moment().step, curves);
        self.debugger = Some(debugger);
        if let Some(forks) = forks {
            self.take_forks(forks, &dataset, &device, metric);
        }
        self.tell_marks();
        self.tell_progress();
        Ok(())
    }
}
