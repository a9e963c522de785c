//! The weights of a layer, in Keras's order: kernel before bias, scale before shift before running statistics.

use super::config::Place;
use super::store::{Store, Tensor};

/// Both ways of keeping them.
pub struct Weights {
    store: Store,
    /// Under the group of each layer in a whole-model `.h5`; `None`: Keras 3's paths.
    root: Option<String>,
}

/// Tensors of one layer.
const MOST: usize = 64;

impl Weights {
    /// Of `model.weights.h5` in a `.keras` file.
    pub fn of_keras_3(store: Store) -> Self {
        Self { store, root: None }
    }

    /// Of a whole model in one `.h5` file.
    pub fn of_keras_2(store: Store) -> Self {
        let root = if store.has_group("model_weights") { "model_weights" } else { "" };
        Self { store, root: Some(root.to_owned()) }
    }

    /// Those of a layer. `parts`: where Keras 3 keeps them below the layer; the layer's own are "".
    pub fn of(&self, place: &Place, parts: &[&str]) -> Result<Vec<Tensor>, String> {
        match &self.root {
            None => self.of_paths(place, parts),
            Some(root) => self.of_group(root, place),
        }
    }

    fn of_paths(&self, place: &Place, parts: &[&str]) -> Result<Vec<Tensor>, String> {
        let mut all = Vec::new();
        for part in parts {
            // Older ones keep the parts of an attention under their private names.
            let spelt = [format!("{}/{part}/vars", place.path), format!("{}/_{part}/vars", place.path)];
            let spelt = if part.is_empty() { [format!("{}/vars", place.path), String::new()] } else { spelt };
            let path = spelt.iter().find(|path| !path.is_empty() && self.store.has_group(path));
            let path = path.ok_or_else(|| format!("its weights aren't in the file under {}", spelt[0]))?;
            let mut names: Vec<usize> = self.store.datasets(path).iter().filter_map(|name| name.parse().ok()).collect();
            names.sort_unstable();
            for name in names.into_iter().take(MOST) {
                all.push(self.store.tensor(&format!("{path}/{name}"))?);
            }
        }
        Ok(all)
    }

    fn of_group(&self, root: &str, place: &Place) -> Result<Vec<Tensor>, String> {
        let group = if root.is_empty() { place.group.clone() } else { format!("{root}/{}", place.group) };
        let names =
            self.store.texts(&group, "weight_names").map_err(|error| format!("its weights can't be read: {error}"))?;
        let is_its =
            |name: &&String| place.within.as_ref().is_none_or(|within| name.split('/').any(|part| part == within));
        names.iter().filter(is_its).take(MOST).map(|name| self.store.tensor(&format!("{group}/{name}"))).collect()
    }
}
