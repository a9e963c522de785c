//! Which device computes: what there is, what is in use, and changing it during a run.

use std::time::{Duration, Instant};

use super::{NoticeKind, State};
use crate::engine::{Device, DeviceChoice, MemoryInUse, Threads};
use crate::trainer::{Change, Command};

/// What can compute, and what does.
#[derive(Clone, Debug, Default)]
pub struct Devices {
    /// The processor and every card, each available or with the reason why not.
    pub choices: Vec<DeviceChoice>,
    /// Where the run is; where there is none, where it would be.
    pub in_use: Device,
    /// That train on the processor.
    pub threads: usize,
    /// Of the device in use, as of the last second.
    pub memory: Option<MemoryInUse>,
    looked: Option<Instant>,
}

/// Between two looks at the memory.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Devices {
    /// What this machine has.
    pub fn found() -> Self {
        Self { choices: Device::choices(), threads: training_threads(), ..Self::default() }
    }

    /// "CPU · 2", "CUDA 0".
    pub fn label(&self) -> String {
        match self.in_use {
            Device::Cpu => format!("CPU · {}", self.threads),
            Device::Cuda(number) => format!("CUDA {number}"),
        }
    }

    pub(super) fn look_at_memory(&mut self) {
        if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            self.memory = self.in_use.memory();
            self.looked = Some(Instant::now());
        }
    }
}

/// One core's worth is left to the window.
pub(super) fn training_threads() -> usize {
    Threads::available().saturating_sub(1).max(1)
}

impl State {
    /// The device of the settings, or the CPU where that is not there any more.
    pub(super) fn choose_first_device(&mut self) {
        if let Err(error) = self.settings.device.is_there() {
            self.notify(NoticeKind::Warning, format!("{error} Using the CPU instead."));
            self.settings.device = Device::Cpu;
        }
        self.devices = Devices { in_use: self.settings.device.clone(), ..Devices::found() };
    }

    /// A run goes on on it from the step where it is. What cannot be used is refused, and the run stays where it is.
    pub(super) fn set_device(&mut self, device: Device) {
        if let Err(error) = device.is_there() {
            self.notify(NoticeKind::Warning, error.to_string());
            return;
        }
        if self.works.told.is_none() {
            self.devices.in_use = device.clone();
        } else if device != self.devices.in_use {
            self.tell(Command::Change(Box::new(Change::Device { device: device.clone() })));
        }
        self.devices.looked = None;
        self.settings.device = device;
        self.write_settings();
    }

    pub(super) fn take_device(&mut self, device: Device) {
        if device != self.devices.in_use {
            (self.devices.in_use, self.devices.looked) = (device, None);
        }
    }
}
