//! What is looked at: the run's own machine, or one that shows what its weights make of samples that stay the same. The
//! run does not notice.

use crate::engine::Machine;
use crate::trace::{Explanation, Probe, Verdict};
use crate::trainer::debugger::Debugger;
use crate::trainer::run::Run;
use crate::trainer::value::locate;

/// What the panels look through: the run itself, or samples that it is probed with.
pub struct Lens {
    probe: Option<Machine>,
    /// Completed steps: whose weights the probe has.
    step: u64,
}

impl Lens {
    /// A sentence where there are no such samples.
    pub fn of(debugger: &Debugger, probe: Option<&Probe>) -> Result<Self, String> {
        let probe = probe.map(|probe| probed(debugger.run(), probe)).transpose()?;
        Ok(Self { probe, step: debugger.moment().step })
    }

    /// The run's own.
    pub fn plain(debugger: &Debugger) -> Self {
        Self { probe: None, step: debugger.moment().step }
    }

    /// The one whose values are seen.
    pub fn machine<'a>(&'a self, debugger: &'a Debugger) -> &'a Machine {
        self.probe.as_ref().unwrap_or(debugger.machine())
    }

    /// The one that probes, if one does.
    pub fn probe(&self) -> Option<&Machine> {
        self.probe.as_ref()
    }

    /// Why a value of this name is not among what a probe computes.
    pub fn why_not(&self, debugger: &Debugger, name: &str) -> Option<String> {
        let machine = self.probe.as_ref()?;
        let id = locate(debugger.machine().program(), name).ok()?;
        let text = || format!("{name} belongs to the update, and a probe batch isn't trained on.");
        machine.read(id).is_err().then(text)
    }

    /// How a number came about. Weights have the same past whatever is probed.
    pub fn explain(&self, debugger: &mut Debugger, name: &str, index: &[usize]) -> Result<Explanation, String> {
        if let Some(machine) = &self.probe {
            let id = locate(machine.program(), name)?;
            if !machine.program().value(id).is_some_and(|value| value.role.is_state()) {
                let found = machine.explain(id, index).map_err(|error| error.to_string())?;
                return Ok(Explanation { step: self.step, ..found });
            }
        }
        debugger.explain(name, index).map_err(|error| error.to_string())
    }

    /// What a nudge says of a gradient.
    pub fn nudge(&self, debugger: &mut Debugger, name: &str, index: &[usize]) -> Result<Verdict, String> {
        match &self.probe {
            Some(machine) => {
                let id = locate(machine.program(), name)?;
                machine.nudge(id, index, &[]).map_err(|error| error.to_string())
            }
            None => debugger.nudge(name, index).map_err(|error| error.to_string()),
        }
    }

    /// The step that what is seen belongs to, where it is a probe.
    pub fn step(&self) -> Option<u64> {
        self.probe.as_ref().map(|_| self.step)
    }
}

/// What the weights as they stand make of the samples.
fn probed(run: &Run, probe: &Probe) -> Result<Machine, String> {
    let (dataset, rows) = (run.dataset(), rows(run, probe));
    if rows.is_empty() {
        return Err("There are no samples to probe with.".into());
    }
    if rows.iter().any(|&row| row as usize >= dataset.train.len()) {
        return Err("The training set no longer has all samples of the probe batch. Choose it again.".into());
    }
    let batch = dataset.train.fetch(&rows).map_err(|error| error.to_string())?;
    run.machine().probe(&batch).map_err(|error| error.to_string())
}

/// Which rows of the training part those are: the same at every step, whatever was changed on the way.
fn rows(run: &Run, probe: &Probe) -> Vec<u32> {
    match probe {
        Probe::Rows(rows) => rows.to_vec(),
        Probe::First => {
            let training = &run.origin().training;
            run.order_of(training.seed, 0).rows(0..training.batch_size.max(1).min(run.dataset().train.len()))
        }
    }
}
