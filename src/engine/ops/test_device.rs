//! Where the checks of correctness compute: on the CPU, or on the device that the environment variable
//! GLASSBOX_TEST_DEVICE names (`cuda`). Where that is not there, they say that they are not run.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

use crate::engine::{Device, EngineError};

type Opened = Result<candle_core::Device, EngineError>;

fn opened() -> &'static Opened {
    static OPENED: OnceLock<Opened> = OnceLock::new();
    OPENED.get_or_init(|| {
        let name = std::env::var("GLASSBOX_TEST_DEVICE").unwrap_or_else(|_| "cpu".into());
        let device: Device = name.parse().unwrap_or_else(|why| panic!("GLASSBOX_TEST_DEVICE: {why}"));
        device.open()
    })
}

/// `None`, after saying that the test is not run, where the device is not there.
pub fn test_device() -> Option<candle_core::Device> {
    match opened() {
        Ok(device) => Some(device.clone()),
        Err(_) => {
            static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
            let test = std::thread::current().name().unwrap_or("a test").to_owned();
            // A test makes several checks.
            if SAID.lock().unwrap().insert(test.clone()) {
                println!("not run: {test} (no CUDA device)");
            }
            None
        }
    }
}

/// The device of a check that has begun: the tests that cannot say that they are not run ask [`test_device`] first.
pub fn device() -> candle_core::Device {
    opened().as_ref().map_or(candle_core::Device::Cpu, Clone::clone)
}
