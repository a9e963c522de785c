//! Mirrors that a user names: `{"mnist": ["https://example.org/mnist/"]}`. They are asked first.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use super::sets::{OPEN_SETS, OpenSet};
use crate::data::DataError;

/// The user's, then those that the program knows. Errors: the file is none.
pub(super) fn of(file: &Path, set: &OpenSet) -> Result<Vec<String>, DataError> {
    let told = |why: &str| {
        DataError::new(format!(
            "{why}. A file of mirrors looks like this: {{\"mnist\": [\"https://example.org/mnist/\"]}}. File: {}",
            file.display()
        ))
    };
    let own = match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str::<BTreeMap<String, Vec<String>>>(&text)
            .map_err(|error| told(&format!("The mirrors can't be read ({error})")))?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(told(&format!("The mirrors can't be read ({error})"))),
    };
    let mut all = Vec::new();
    for (key, mirrors) in &own {
        let Some(named) = OpenSet::find(key) else {
            let keys = OPEN_SETS.iter().map(|set| set.key).collect::<Vec<_>>().join(", ");
            return Err(told(&format!("There is no open set \"{key}\": there are {keys}")));
        };
        for mirror in mirrors {
            if !mirror.starts_with("http://") && !mirror.starts_with("https://") {
                return Err(told(&format!("\"{mirror}\" is no address: it begins with http:// or https://")));
            }
            let slash = if mirror.ends_with('/') { "" } else { "/" };
            all.extend((named.key == set.key).then(|| format!("{mirror}{slash}")));
        }
    }
    all.extend(set.mirrors.iter().map(|mirror| (*mirror).to_owned()));
    Ok(all)
}
