//! The name of what computes. Whether it is there, and what it can do, is the engine's to tell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// In files as text: `cpu`, `cuda:0`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// By number. Needs a build with the feature `cuda`.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let number = text.strip_prefix("cuda:").unwrap_or("0").parse();
        match (text, number) {
            ("cpu", _) => Ok(Self::Cpu),
            (_, Ok(number)) if text.starts_with("cuda:") || text == "cuda" => Ok(Self::Cuda(number)),
            _ => Err(format!("There is no device {text:?}. Use cpu, cuda or cuda:1.")),
        }
    }
}

impl TryFrom<String> for Device {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_written_as_text() {
        for (device, text) in [(Device::Cpu, "cpu"), (Device::Cuda(0), "cuda:0"), (Device::Cuda(12), "cuda:12")] {
            assert_eq!(serde_json::to_string(&device).unwrap(), format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Device>(&format!("{text:?}")).unwrap(), device);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for wrong in ["", "gpu", "cuda:", "cuda:x", "cuda1", "cpu:0", "0"] {
            let why = wrong.parse::<Device>().unwrap_err();
            assert!(why.contains("Use cpu, cuda"), "{why}");
        }
    }
}
