//! The session's side of debugging: which tab is open, and what its panels wish to see.

use super::{Action, NoticeKind, State, Tab};
use crate::trainer::{Command, DebugCommand};

impl State {
    pub(super) fn apply_to_debugger(&mut self, action: Action) {
        match action {
            Action::ShowTab(tab) => {
                self.tab = tab;
                self.tell_gaze();
            }
            Action::Gaze(gaze) => {
                self.gaze = gaze;
                self.tell_gaze();
            }
            Action::Debug(command) => self.start_running(Command::Debug(command)),
            Action::SetCheckpointMemory(mib) => {
                self.settings.checkpoint_memory_mib = mib.clamp(16, 65_536);
                self.apply_setting(action);
                self.tell_budget();
            }
            _ => {}
        }
    }

    /// What the trainer gathers whenever the run stands; nothing while nobody looks.
    pub(super) fn tell_gaze(&mut self) {
        let look = (self.tab == Tab::Debug).then(|| Box::new(self.gaze.clone()));
        if look.is_none() {
            self.debug = None;
        }
        self.tell(Command::Debug(DebugCommand::Look(look)));
    }

    pub(super) fn tell_budget(&mut self) {
        self.tell(Command::Budget((self.settings.checkpoint_memory_mib as usize) << 20));
    }

    /// The steps after this one have become another history.
    pub(super) fn cut_future(&mut self, step: u64) {
        self.run.curves.truncate(step);
        self.run.marks.retain(|mark| mark.step <= step);
        if self.run.status == super::RunStatus::Finished {
            self.run.status = super::RunStatus::Paused;
        }
        self.notify(NoticeKind::Info, format!("What came after step {step} is another history now."));
    }
}
