//! The table of runs as text and as JSON. The columns are those of the Compare tab.

use serde_json::{Value, json};

use crate::model::difference::{differences, in_words};
use crate::trace::{Ending, RunCard};

const TITLES: [&str; 10] =
    ["run", "differs", "seed", "steps", "time", "train loss", "val loss", "best val loss", "score", "best score"];
/// Columns of words; numbers stand right.
const WORDS: usize = 2;
/// Letters of a column of words; what is longer ends with "…".
const MOST: usize = 48;

/// What differs from the run above.
fn differs(cards: &[RunCard], i: usize) -> String {
    match i.checked_sub(1).and_then(|above| cards.get(above)) {
        Some(above) => in_words(&differences(&above.project, &cards[i].project)),
        None => String::new(),
    }
}

pub fn text(cards: &[RunCard]) -> String {
    let rows = cards.iter().enumerate().map(|(i, card)| {
        let loss = |loss: Option<f64>| loss.map_or("–".to_owned(), |loss| format!("{loss:.5}"));
        let score = |score: Option<f64>| score.map_or("–".to_owned(), |score| format!("{score:.4}"));
        let numbers = [
            card.project.training.seed.to_string(),
            card.steps.to_string(),
            time(card.seconds),
            loss(card.train_loss),
            loss(card.validation_loss),
            loss(card.best_validation_loss),
            score(card.score),
            score(card.best_score),
        ];
        let ended = match card.ending {
            Ending::NotFinite { step } => format!(" (NaN at step {step})"),
            Ending::Paused | Ending::Done | Ending::Early => String::new(),
        };
        let words = [format!("{}{ended}", card.name), differs(cards, i)].map(|text| shortened(&text));
        words.into_iter().chain(numbers).collect::<Vec<_>>()
    });
    let rows: Vec<Vec<String>> = std::iter::once(TITLES.map(String::from).to_vec()).chain(rows).collect();
    let letters = |text: &String| text.chars().count();
    let widths: Vec<usize> =
        (0..TITLES.len()).map(|i| rows.iter().map(|row| letters(&row[i])).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells =
            row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| {
                if i < WORDS { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shortened(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

/// "48.2 s", "3 min 05 s", "2 h 10 min"
fn time(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

pub fn json(cards: &[RunCard], i: usize) -> Value {
    let card = &cards[i];
    let differs: Vec<_> = match i.checked_sub(1) {
        Some(above) => differences(&cards[above].project, &card.project).iter().map(ToString::to_string).collect(),
        None => Vec::new(),
    };
    json!({
        "id": card.id, "name": card.name, "note": card.note, "pinned": card.pinned, "began_secs": card.began_secs,
        "differs": differs, "seed": card.project.training.seed, "steps": card.steps, "epochs": card.epochs,
        "seconds": card.seconds, "device": card.device, "ending": card.ending, "metric": card.metric,
        "train_loss": card.train_loss, "val_loss": card.validation_loss, "best_val_loss": card.best_validation_loss,
        "score": card.score, "best_score": card.best_score, "bytes": card.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    fn cards() -> Vec<RunCard> {
        let project = templates::build("xor").unwrap();
        let first = RunCard {
            name: "first".into(),
            project: project.clone(),
            steps: 250,
            seconds: 75.0,
            validation_loss: Some(0.25),
            score: Some(0.5),
            ..RunCard::default()
        };
        let mut second = RunCard { name: "a, \"b\"\n".into(), score: None, ..first.clone() };
        second.project.training.learning_rate = 0.5;
        second.ending = Ending::NotFinite { step: 7 };
        vec![first, second]
    }

    #[test]
    fn columns_stand_below_each_other_and_tell_what_differs() {
        let text = text(&cards());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let end = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count() + word.len());
        assert_eq!(end(lines[0], "steps"), end(lines[1], "250"));
        assert!(lines[1].contains("1 min 15 s") && lines[1].contains("0.25000"), "{text}");
        assert!(lines[2].contains("learning rate") && lines[2].contains("0.5"), "{text}");
        assert!(lines[2].contains("(NaN at step 7)") && lines[2].ends_with('–'), "{text}");
        assert_eq!(shortened(&"x".repeat(100)).chars().count(), MOST);
    }

    #[test]
    fn other_programs_read_the_same() {
        let cards = cards();
        let found = json(&cards, 1);
        assert_eq!((found["steps"].as_u64(), found["ending"]["step"].as_u64()), (Some(250), Some(7)));
        assert!(found["differs"][0].as_str().unwrap().contains("learning rate"));
    }
}
