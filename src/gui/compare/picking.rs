//! Which runs are laid over each other and which two stand side by side: what a click, a key and a new run make of it.

use std::collections::BTreeSet;

use super::CompareUi;
use crate::session::{Action, RunAction, State};

/// So many are picked by themselves when nothing is yet.
const FIRST: usize = 3;

/// What was picked, and how.
#[derive(Debug, Default)]
pub struct Picking {
    /// In the order in which they were picked.
    recent: Vec<String>,
    /// Where a stretch of rows begins.
    from: Option<String>,
    live: Option<String>,
    began: bool,
}

/// How a row is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Alone,
    /// With the others, or no longer.
    Toggle,
    /// All from the one before.
    Stretch,
}

/// Picks the newest runs when the tab is first seen, and a new run when it begins.
pub fn follow(state: &State, local: &mut CompareUi, actions: &mut Vec<Action>) {
    let picked = &state.runs().picked;
    let live = local.rows.live_id().map(str::to_owned);
    if local.rows.total == 0 {
        local.picking = Picking::default();
        return;
    }
    let is_new = live.is_some() && live != local.picking.live;
    local.picking.live.clone_from(&live);
    if !std::mem::replace(&mut local.picking.began, true) {
        if picked.is_empty() {
            let newest: Vec<String> = state.runs().cards.iter().rev().map(|card| card.id.clone()).collect();
            let mut first: Vec<String> = live.into_iter().chain(newest).collect();
            first.dedup();
            first.truncate(FIRST);
            first.reverse();
            local.current = first.last().cloned();
            local.reveal = true;
            choose(state, local, first, actions);
        } else {
            local.picking.recent = picked.iter().cloned().collect();
        }
        return;
    }
    // What was picked elsewhere, and what is gone.
    local.picking.recent.retain(|id| picked.contains(id));
    if let (true, Some(live)) = (is_new, live) {
        let mut all = local.picking.recent.clone();
        all.retain(|id| *id != live);
        all.push(live.clone());
        local.current = Some(live);
        local.reveal = true;
        choose(state, local, all, actions);
    }
}

/// A row was clicked, or picked by a key.
pub fn pick(state: &State, local: &mut CompareUi, id: &str, how: How, actions: &mut Vec<Action>) {
    let mut all = local.picking.recent.clone();
    all.extend(state.runs().picked.iter().filter(|id| !local.picking.recent.contains(id)).cloned());
    match how {
        How::Alone => all = vec![id.to_owned()],
        How::Toggle if all.iter().any(|picked| picked == id) => all.retain(|picked| picked != id),
        How::Toggle => all.push(id.to_owned()),
        How::Stretch => {
            let from =
                local.picking.from.as_deref().or(local.current.as_deref()).and_then(|id| local.rows.position(id));
            let to = local.rows.position(id);
            if let (Some(from), Some(to)) = (from.or(to), to) {
                let rows = &local.rows.shown[from.min(to)..=from.max(to)];
                all = rows.iter().map(|row| row.card.id.clone()).collect();
                // The one that was clicked is the newest.
                all.retain(|picked| picked != id);
                all.push(id.to_owned());
            }
        }
    }
    if how != How::Stretch {
        local.picking.from = Some(id.to_owned());
    }
    local.current = Some(id.to_owned());
    choose(state, local, all, actions);
}

pub fn pick_all(state: &State, local: &mut CompareUi, actions: &mut Vec<Action>) {
    let all = local.rows.shown.iter().map(|row| row.card.id.clone()).collect();
    choose(state, local, all, actions);
}

/// Picks these, in the order in which they were, and puts the two newest side by side.
fn choose(state: &State, local: &mut CompareUi, recent: Vec<String>, actions: &mut Vec<Action>) {
    let set: BTreeSet<String> = recent.iter().cloned().collect();
    if set != state.runs().picked {
        actions.push(Action::Runs(RunAction::Pick(set)));
    }
    let pair = match &recent[..] {
        [.., other, newest] => Some([newest.clone(), other.clone()]),
        _ => None,
    };
    if pair.is_some() && pair != state.runs().pair {
        actions.push(Action::Runs(RunAction::Pair(pair)));
    }
    local.picking.recent = recent;
}
