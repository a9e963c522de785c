//! The colours of runs: the live one has the accent, those that are picked one each that stays as long as they are.

use std::collections::{BTreeMap, BTreeSet};

use egui::Color32;

use crate::gui::theme::Tokens;

/// Of the qualitative set, without those that stand for signs and the one that is like the accent.
const ORDER: [usize; 7] = [3, 2, 4, 5, 7, 9, 8];

#[derive(Debug, Default)]
pub struct Colours {
    of: BTreeMap<String, usize>,
    live: Option<String>,
}

impl Colours {
    /// Gives those that are newly picked the first colour that is free.
    pub fn assign(&mut self, picked: &BTreeSet<String>, live: Option<&str>) {
        if self.live.as_deref() != live {
            self.live = live.map(str::to_owned);
        }
        self.of.retain(|id, _| picked.contains(id));
        for id in picked.iter().filter(|id| Some(id.as_str()) != live) {
            if !self.of.contains_key(id) {
                let free = (0..).find(|slot| !self.of.values().any(|taken| taken == slot)).unwrap_or(0);
                self.of.insert(id.clone(), free);
            }
        }
    }

    /// Grey where the run is not picked.
    pub fn get(&self, tokens: &Tokens, id: &str) -> Color32 {
        if self.live.as_deref() == Some(id) {
            return tokens.accent;
        }
        self.of.get(id).map_or(tokens.k_merge, |slot| tokens.class(ORDER[slot % ORDER.len()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_keeps_its_colour_while_it_is_picked() {
        let tokens = Tokens::dark();
        let mut colours = Colours::default();
        let picked = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        colours.assign(&picked(&["a", "b", "live"]), Some("live"));
        let (a, b) = (colours.get(&tokens, "a"), colours.get(&tokens, "b"));
        assert_ne!(a, b);
        assert_eq!(colours.get(&tokens, "live"), tokens.accent);
        colours.assign(&picked(&["b", "c"]), None);
        assert_eq!((colours.get(&tokens, "b"), colours.get(&tokens, "c")), (b, a), "the free one is taken");
        assert_eq!(colours.get(&tokens, "a"), tokens.k_merge);
    }
}
