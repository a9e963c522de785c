//! The session's side of debugging: which tab is open, what its panels wish to see, and the curves of every branch.

use std::sync::Arc;

use super::running::bare;
use super::{Action, NoticeKind, OtherBranch, RunStatus, State, Tab};
use crate::model::{AnswerView, LayerId, Task};
use crate::trace::DebugView;
use crate::trainer::{Command, DebugCommand, Forked, News, Outbox, Page};

impl State {
    /// The loss of the batch where the run stands, which is not the newest one when somebody has gone back.
    pub fn shown_loss(&self) -> Option<f64> {
        let stepped = self.debug.view.as_ref().filter(|_| self.tab == Tab::Debug).and_then(|view| view.loss);
        stepped.or_else(|| self.run.curves.train_loss.at(self.run.step).map(f64::from))
    }

    /// What the network that is drawn is asked for; `None` before there is data.
    pub fn task(&self) -> Option<Task> {
        self.data.dataset().map(|dataset| self.inference.task(&self.project.graph, dataset.truth.task))
    }

    /// How its answers are shown.
    pub fn view(&self) -> Option<AnswerView> {
        Some(self.data.dataset()?.view_of(self.task()?))
    }

    /// As [`Self::shown_loss`], of one Loss.
    pub fn shown_loss_of(&self, layer: LayerId) -> Option<f64> {
        let Some(own) = self.run.curves.losses.get(&layer).filter(|_| self.project.graph.has_several_losses()) else {
            return self.shown_loss();
        };
        let view = self.debug.view.as_ref().filter(|_| self.tab == Tab::Debug);
        let stepped = view.and_then(|view| view.losses.iter().find(|(id, _)| *id == layer));
        stepped.map(|(_, loss)| *loss).or_else(|| own.train.at(self.run.step).map(f64::from))
    }

    pub(super) fn apply_to_debugger(&mut self, action: Action) {
        match action {
            Action::ShowTab(tab) => {
                self.tab = tab;
                self.tell_gaze();
            }
            Action::Inspect(inspection) => {
                if self.debug.view.is_some() {
                    self.desk.watches = Some(inspection.watches.clone());
                    self.desk.pins.clone_from(&inspection.pinned);
                    self.desk.curves.clone_from(&inspection.curves);
                }
                self.debug.inspection = *inspection;
                self.tell_gaze();
            }
            Action::Debug(command) => {
                self.note_way(&command);
                self.send(command);
            }
            Action::Places(action) => self.apply_to_places(action),
            Action::SetBreakpoints(breakpoints) => {
                self.debug.breakpoints = breakpoints;
                self.tell_breakpoints();
            }
            Action::SetCheckpointMemory(mib) => {
                self.settings.checkpoint_memory_mib = mib.clamp(16, 65_536);
                self.apply_setting(action);
                self.tell_budget();
            }
            _ => {}
        }
    }

    pub(super) fn send(&mut self, command: DebugCommand) {
        match command {
            // While nothing can run there is still something that can be read and stopped.
            DebugCommand::Cancel | DebugCommand::CheckCondition { .. } | DebugCommand::CheckExpression(_) => {
                self.tell(Command::Debug(command));
            }
            command => {
                if let (DebugCommand::SetRate(rate), Some(there)) = (&command, &mut self.works.in_force) {
                    // Until the run says so: it is dragged from here.
                    there.training.learning_rate = *rate;
                }
                self.start_running(Command::Debug(command));
            }
        }
    }

    /// What the trainer gathers whenever the run stands; nothing while nobody looks.
    pub(super) fn tell_gaze(&mut self) {
        let look = (self.tab == Tab::Debug).then(|| Box::new(self.debug.inspection.clone()));
        if look.is_none() {
            self.debug.view = None;
        }
        self.tell(Command::Debug(DebugCommand::Look(look)));
    }

    pub(super) fn tell_breakpoints(&mut self) {
        self.tell(Command::Debug(DebugCommand::SetBreakpoints(self.debug.breakpoints.clone())));
    }

    pub(super) fn tell_budget(&mut self) {
        self.tell(Command::Budget((self.settings.checkpoint_memory_mib as usize) << 20));
    }

    pub(super) fn take_view(&mut self, view: Arc<DebugView>) {
        for known in &mut self.debug.breakpoints {
            let told = view.breakpoints.iter().find(|told| told.breakpoint.id == known.id);
            known.hits = told.map_or(known.hits, |told| told.breakpoint.hits);
        }
        self.debug.branches.clone_from(&view.branches);
        if self.tab == Tab::Debug {
            self.debug.view = Some(view);
        }
    }

    /// Rows, results and histories, branch by branch.
    pub(super) fn take_curves(&mut self, told: &mut Outbox) -> bool {
        if let Some(branches) = told.branches.take() {
            self.debug.branches = branches;
        }
        let left = std::mem::take(&mut told.left);
        left.into_iter().for_each(|news| self.take_branch(news));
        let news = News {
            branch: told.branch,
            forked: told.forked.take(),
            cut: told.cut.take(),
            earlier: told.earlier.take(),
            rows: std::mem::take(&mut told.rows),
            evaluations: std::mem::take(&mut told.evaluations),
            summaries: std::mem::take(&mut told.summaries),
        };
        let is_told = news.earlier.is_some() || !news.rows.is_empty() || !news.evaluations.is_empty();
        let is_other = news.forked.is_some() || news.cut.is_some() || news.branch != self.run.branch;
        let last = news.rows.last().map(|row| row.step);
        self.take_branch(news);
        let Outbox { deleted, progress, .. } = told;
        let is_news = is_told || is_other || !deleted.is_empty();
        self.run.others.retain(|other| !deleted.contains(&other.id));
        // Steps are told as they are done, where the run stands a little later.
        if let (Some(step), None) = (last, progress) {
            self.run.step = step;
        }
        is_news
    }

    fn take_branch(&mut self, News { branch, forked, cut, earlier, rows, evaluations, summaries }: News) {
        if let Some(Forked { from, step, by_change }) = forked {
            if by_change {
                self.say_that_it_stays(from, step);
            }
            self.look_at_branch(from);
            let (curves, marks) = (self.run.curves.clone(), self.run.marks.clone());
            let mut fork = OtherBranch { id: branch, curves, marks };
            fork.curves.truncate(step);
            self.run.others.push(fork);
        }
        self.look_at_branch(branch);
        if let Some(step) = cut {
            self.cut_future(step);
        }
        if let Some(earlier) = earlier {
            self.run.curves.extend(&earlier);
        }
        self.run.curves.append(&rows, &evaluations);
        summaries.into_iter().for_each(|summary| self.run.curves.summaries.push(summary));
    }

    /// The curves of this branch become those of the run, and those of the run another's.
    fn look_at_branch(&mut self, branch: u32) {
        let run = &mut self.run;
        let Some(other) = run.others.iter_mut().find(|other| other.id == branch) else { return };
        std::mem::swap(&mut other.curves, &mut run.curves);
        std::mem::swap(&mut other.marks, &mut run.marks);
        (other.id, run.branch) = (run.branch, branch);
        if run.status == RunStatus::Finished {
            run.status = RunStatus::Paused;
        }
    }

    /// Something was changed after this step, and what came after it rests.
    fn say_that_it_stays(&mut self, branch: u32, step: u64) {
        let Some(name) = self.debug.branches.iter().find(|known| known.id == branch).map(|known| known.name.clone())
        else {
            return;
        };
        let text = format!("Started a new branch at step {step}. The later steps are kept on the branch {name}.");
        self.offer(NoticeKind::Info, text, &format!("Back to {name}"), Action::Debug(DebugCommand::Switch(branch)));
    }

    /// What came after this step is not of this branch any more.
    fn cut_future(&mut self, step: u64) {
        self.run.curves.truncate(step);
        if self.run.status == RunStatus::Finished {
            self.run.status = RunStatus::Paused;
        }
    }

    /// The drawing follows to another branch, the settings where a change of theirs was taken back.
    pub(super) fn follow_run(&mut self, page: Page) {
        // Where cards stand is no matter of the run.
        let is_same = bare(&page.graph) == bare(&self.project.graph);
        if !is_same || page.training != self.project.training {
            let before = self.project.clone();
            self.history.record("go with the run", None, &before);
            self.project.training = page.training;
            if !is_same {
                self.project.graph = page.graph;
                self.try_output = None;
            }
            self.works.told = Some(self.as_told());
            self.after_change(&before);
        }
    }
}
