//! The runs as the table lists them: filtered, sorted, each with what differs from the row above. Made anew only when
//! something has changed, and what differs only of rows that somebody looks at.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::columns::Column;
use super::filter::Filter;
use crate::model::Metric;
use crate::model::{Difference, Project, differences};
use crate::session::{RunStatus, State};
use crate::trace::{Ending, RunCard};

/// The live run's card is asked for no more often than this while it trains, in seconds.
const OFTEN: f64 = 0.25;

#[derive(Clone, Debug)]
pub struct Row {
    pub card: Arc<RunCard>,
    pub live: bool,
}

/// How the rows are wished for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub by: Column,
    pub falling: bool,
}

#[derive(Debug, Default)]
pub struct Rows {
    /// Those that are shown, in order.
    pub shown: Vec<Row>,
    /// How many there are with those that the filter hides.
    pub total: usize,
    /// Of all of them, if it is the same one.
    pub metric: Option<Metric>,
    pub filter: Filter,
    /// The best score of those that are shown.
    pub best: Option<f64>,
    /// Counts up whenever `shown` has changed.
    pub version: u64,
    made_of: Option<MadeOf>,
    live: Live,
    differs: HashMap<(String, String), Told>,
}

/// What the rows were made of.
#[derive(Debug)]
struct MadeOf {
    cards: Vec<Arc<RunCard>>,
    live: Option<Arc<RunCard>>,
    order: Order,
    text: String,
}

#[derive(Debug, Default)]
struct Live {
    card: Option<Arc<RunCard>>,
    /// Step, status and time of asking.
    asked: Option<(u64, RunStatus, f64)>,
}

/// What differs between two, and of which projects that was found.
#[derive(Debug)]
struct Told {
    of: [Project; 2],
    differences: Rc<Vec<Difference>>,
}

impl Rows {
    /// Brings them up to date; `now` in seconds of the window's clock.
    pub fn update(&mut self, state: &State, order: Order, filter: &str, now: f64) {
        self.ask_for_live(state, now);
        let cards = &state.runs().cards;
        let same = |made: &MadeOf| {
            made.order == order
                && made.text == filter
                && made.cards.len() == cards.len()
                && made.cards.iter().zip(cards).all(|(a, b)| Arc::ptr_eq(a, b))
                && match (&made.live, &self.live.card) {
                    (None, None) => true,
                    (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                    _ => false,
                }
        };
        if self.made_of.as_ref().is_some_and(same) {
            return;
        }
        self.made_of =
            Some(MadeOf { cards: cards.clone(), live: self.live.card.clone(), order, text: filter.to_owned() });
        self.make(order, filter);
    }

    /// It is asked for when it moved, and while it trains not in every frame.
    fn ask_for_live(&mut self, state: &State, now: f64) {
        let (step, status) = (state.run().step, state.run().status);
        // It has been kept under an id since, and must not stand there twice.
        let id = state.runs().live.as_deref().unwrap_or_default();
        let is_named = self.live.card.as_ref().is_some_and(|card| card.id != id);
        let is_news = is_named
            || self.live.asked.is_none_or(|(at_step, at_status, at)| {
                at_status != status || (at_step != step && now - at >= OFTEN) || now - at >= 4.0 * OFTEN
            });
        if is_news {
            self.live.asked = Some((step, status, now));
            let card = state.live_card();
            if self.live.card.as_deref() != card.as_ref() {
                self.live.card = card.map(Arc::new);
            }
        }
    }

    fn make(&mut self, order: Order, filter: &str) {
        let Some(made) = &self.made_of else { return };
        let live = made.live.clone();
        let live_id = live.as_ref().map(|card| card.id.clone());
        let kept = made.cards.iter().filter(|card| Some(&card.id) != live_id.as_ref());
        let mut rows: Vec<Row> = kept.map(|card| Row { card: card.clone(), live: false }).collect();
        rows.extend(live.map(|card| Row { card, live: true }));
        self.total = rows.len();
        let metrics: Vec<Metric> = rows.iter().map(|row| row.card.metric).collect();
        self.metric = metrics.first().copied().filter(|first| metrics.iter().all(|metric| metric == first));
        sort(&mut rows, order);
        self.filter = Filter::of(filter);
        rows.retain(|row| self.filter.fits_numbers(&row.card));
        if !self.filter.words.is_empty() {
            // Words may stand in what differs from the row above: of the rows as they are without them.
            let above: Vec<Option<Arc<RunCard>>> =
                std::iter::once(None).chain(rows.iter().map(|row| Some(row.card.clone()))).collect();
            let mut index = 0;
            rows.retain(|row| {
                let differs = above[index].clone().map(|above| self.between(&above, &row.card));
                index += 1;
                let differs = differs.map(|found| crate::model::difference::in_words(&found)).unwrap_or_default();
                let live = if row.live { "live" } else { "" };
                let ending = ending(&row.card.ending).unwrap_or_default();
                self.filter.fits_words(&[&row.card.name, &row.card.note, &differs, live, &ending])
            });
        }
        let scores = || rows.iter().filter_map(|row| row.card.best_score);
        self.best = if scores().count() > 1 { scores().reduce(f64::max) } else { None };
        self.shown = rows;
        self.version += 1;
        if self.differs.len() > 4 * self.total + 64 {
            self.differs.clear();
        }
    }

    /// What differs in a row from the one above it; nothing in the first.
    pub fn differs(&mut self, index: usize) -> Option<Rc<Vec<Difference>>> {
        let above = index.checked_sub(1).and_then(|above| self.shown.get(above))?.card.clone();
        let card = self.shown.get(index)?.card.clone();
        Some(self.between(&above, &card))
    }

    /// From one run to another.
    pub fn between(&mut self, before: &RunCard, after: &RunCard) -> Rc<Vec<Difference>> {
        let key = (before.id.clone(), after.id.clone());
        if let Some(told) =
            self.differs.get(&key).filter(|told| told.of[0] == before.project && told.of[1] == after.project)
        {
            return told.differences.clone();
        }
        let mut found = differences(&before.project, &after.project);
        let by = |card: &RunCard| match &card.engine {
            Some(engine) if engine.word != "glassbox" => engine.title.clone(),
            _ => "Glassbox".to_owned(),
        };
        let others = [("engine", by(before), by(after)), ("device", before.device.clone(), after.device.clone())];
        for (what, from, to) in others {
            // Of a run that comes from elsewhere nobody knows the device.
            if from != to && !from.is_empty() && !to.is_empty() {
                found.push(Difference { what: what.into(), from, to });
            }
        }
        let differences = Rc::new(found);
        let of = [before.project.clone(), after.project.clone()];
        self.differs.insert(key, Told { of, differences: differences.clone() });
        differences
    }

    pub fn position(&self, id: &str) -> Option<usize> {
        self.shown.iter().position(|row| row.card.id == id)
    }

    /// The row of a run, also where the filter hides it.
    pub fn find(&self, id: &str) -> Option<Row> {
        let made = self.made_of.as_ref()?;
        if let Some(card) = made.live.as_ref().filter(|card| card.id == id) {
            return Some(Row { card: card.clone(), live: true });
        }
        let card = made.cards.iter().find(|card| card.id == id)?;
        Some(Row { card: card.clone(), live: false })
    }

    pub fn live_id(&self) -> Option<&str> {
        self.live.card.as_ref().map(|card| card.id.as_str())
    }
}

/// The pinned ones first; what has no such number last, whichever way it goes.
fn sort(rows: &mut [Row], order: Order) {
    if order.by == Column::Run {
        if order.falling {
            rows.reverse();
        }
    } else {
        rows.sort_by(|a, b| {
            let (a, b) = (order.by.value(&a.card), order.by.value(&b.card));
            match (a, b) {
                (Some(a), Some(b)) if order.falling => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            }
        });
    }
    rows.sort_by_key(|row| !row.card.pinned);
}

/// "diverged at step 410", where there is something to say.
pub fn ending(ending: &Ending) -> Option<String> {
    match ending {
        Ending::NotFinite { step } => Some(format!("diverged at step {}", crate::gui::numbers::count(*step))),
        Ending::Early => Some("stopped early".to_owned()),
        Ending::Paused | Ending::Done => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::compare::test_runs::{card, state};

    fn names(rows: &Rows) -> Vec<&str> {
        rows.shown.iter().map(|row| row.card.name.as_str()).collect()
    }

    #[test]
    fn rows_are_sorted_with_the_missing_last_and_the_pinned_first() {
        let mut state = state(3);
        let mut broken = card(4);
        broken.best_score = None;
        let pinned = RunCard { pinned: true, ..card(5) };
        state.pose().runs.cards.extend([Arc::new(broken), Arc::new(pinned)]);
        let mut rows = Rows::default();
        rows.update(&state, Order::default(), "", 0.0);
        assert_eq!(names(&rows), ["Run 5", "Run 1", "Run 2", "Run 3", "Run 4"]);
        rows.update(&state, Order { by: Column::BestScore, falling: true }, "", 0.0);
        assert_eq!(names(&rows), ["Run 5", "Run 3", "Run 2", "Run 1", "Run 4"]);
        rows.update(&state, Order { by: Column::BestScore, falling: false }, "", 0.0);
        assert_eq!(names(&rows), ["Run 5", "Run 1", "Run 2", "Run 3", "Run 4"]);
        rows.update(&state, Order { by: Column::Run, falling: true }, "", 0.0);
        assert_eq!(names(&rows), ["Run 5", "Run 4", "Run 3", "Run 2", "Run 1"]);
    }

    #[test]
    fn a_filter_knows_names_notes_numbers_and_what_differs() {
        let mut state = state(4);
        let noted = RunCard { note: "for the paper".into(), ..(*state.runs().cards[1]).clone() };
        state.pose().runs.cards[1] = Arc::new(noted);
        let mut rows = Rows::default();
        for (filter, expected) in [
            ("steps > 200", vec!["Run 3", "Run 4"]),
            ("paper", vec!["Run 2"]),
            ("learning rate 0.03", vec!["Run 3", "Run 4"]),
            ("run 4", vec!["Run 4"]),
            ("nothing", vec![]),
        ] {
            rows.update(&state, Order::default(), filter, 0.0);
            assert_eq!(names(&rows), expected, "{filter}");
            assert_eq!(rows.total, 4);
        }
    }

    #[test]
    fn nothing_is_made_again_while_nothing_changes() {
        let mut state = state(3);
        let mut rows = Rows::default();
        rows.update(&state, Order::default(), "", 0.0);
        let version = rows.version;
        let first = rows.differs(1).unwrap();
        assert_eq!(crate::model::difference::in_words(&first), "learning rate 0.01 → 0.02");
        rows.update(&state, Order::default(), "", 0.1);
        assert_eq!(rows.version, version);
        let renamed = RunCard { name: "wide".into(), ..(*state.runs().cards[1]).clone() };
        state.pose().runs.cards[1] = Arc::new(renamed);
        rows.update(&state, Order::default(), "", 0.2);
        assert_ne!(rows.version, version);
        assert!(Rc::ptr_eq(&first, &rows.differs(1).unwrap()), "the projects are the same");
        assert!(rows.differs(0).is_none());
    }
}
