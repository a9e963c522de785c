//! Commands on their way to the training thread, as far as they matter to a long way that is being gone.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use super::{Command, locked};

/// What a command that waits means for a long way that is being gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Urgency {
    /// It can be obeyed wherever the way has led.
    None,
    /// It begins where the way ends: a step from there, a change made there.
    AfterThis,
    /// It leads elsewhere whatever lies before it.
    Instead,
    /// The way is not to be gone on.
    Stop,
}

/// The commands on their way to the thread, as far as they matter to a long way.
#[derive(Default)]
pub(super) struct Interrupts(Mutex<VecDeque<Urgency>>);

impl Interrupts {
    pub fn is_waiting(&self) -> bool {
        let waiting = self.waiting();
        waiting.front() == Some(&Urgency::Instead) || waiting.contains(&Urgency::Stop)
    }

    pub fn sent(&self, command: &Command) {
        match command.urgency() {
            Urgency::None => {}
            urgency => self.waiting().push_back(urgency),
        }
    }

    pub fn received(&self, command: &Command) {
        if command.urgency() != Urgency::None {
            self.waiting().pop_front();
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Urgency>> {
        locked(&self.0)
    }
}

impl Command {
    fn urgency(&self) -> Urgency {
        match self {
            Self::Debug(command) => command.urgency(),
            Self::Ask(_) | Self::Want(_) | Self::Save(_) | Self::Speed(_) | Self::Budget(_) | Self::EndDrag => {
                Urgency::None
            }
            Self::Play | Self::StepBatch | Self::StepEpoch | Self::Change(_) | Self::Load(_) => Urgency::AfterThis,
            Self::Start { .. } | Self::Clear | Self::Pause | Self::Quit => Urgency::Stop,
        }
    }
}
