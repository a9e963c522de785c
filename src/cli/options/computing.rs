//! What computes, where the CPU does unless somebody asks for something else.

use clap::Args;

use super::DeviceChoice;

#[derive(Debug, Args)]
pub struct ComputingOptions {
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    pub device: DeviceChoice,
    /// Number of threads (default: one per core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}
