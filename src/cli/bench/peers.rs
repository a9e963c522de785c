//! What other programs measured: one JSON object a file, as scripts/bench/peers.py prints it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::NAMES;

#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Peer {
    /// What measured: `torch`, `keras` ...
    #[serde(default = "unnamed")]
    pub engine: String,
    #[serde(default)]
    pub version: String,
    pub ms_per_step: BTreeMap<String, f64>,
}

fn unnamed() -> String {
    "peer".to_owned()
}

pub fn read(path: &Path) -> anyhow::Result<Peer> {
    let text = std::fs::read_to_string(path).with_context(|| format!("Can't read {}", path.display()))?;
    let peer = understood(&text).with_context(|| {
        let expected =
            "one JSON object with \"ms_per_step\": {name: median}, as scripts/bench/peers.py --json prints it";
        format!("{} isn't the output of a measurement: {expected}", path.display())
    })?;
    ensure!(
        peer.ms_per_step.keys().any(|name| NAMES.contains(&name.as_str())),
        "{} contains none of the workloads measured here: {}.",
        path.display(),
        NAMES.join(", ")
    );
    Ok(peer)
}

fn understood(text: &str) -> anyhow::Result<Peer> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    ensure!(value.is_object(), "it isn't an object");
    let peer: Peer = serde_json::from_value(value)?;
    // A time of nothing, or of more than a day, was not measured.
    if let Some((name, ms)) = peer.ms_per_step.iter().find(|(_, ms)| !(1e-6..1e8).contains(*ms)) {
        bail!("{name} can't take {ms:e} ms");
    }
    Ok(peer)
}

/// The fastest of the peers at a workload.
pub fn best<'a>(peers: &'a [Peer], name: &str) -> Option<(&'a str, f64)> {
    let times = peers.iter().filter_map(|peer| Some((peer.engine.as_str(), *peer.ms_per_step.get(name)?)));
    times.min_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_peer_is_found() {
        let peer = |text: &str| serde_json::from_str::<Peer>(text).unwrap();
        let peers = [
            peer(r#"{"engine": "slow", "version": "1", "ms_per_step": {"a": 2.0, "b": 1.0}}"#),
            peer(r#"{"engine": "quick", "ms_per_step": {"a": 1.5}}"#),
        ];
        assert_eq!(best(&peers, "a"), Some(("quick", 1.5)));
        assert_eq!(best(&peers, "b"), Some(("slow", 1.0)));
        assert_eq!(best(&peers, "c"), None);
    }
}
