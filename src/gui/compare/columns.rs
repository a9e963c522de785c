//! The columns of the table of runs: what each is called, what stands in it, and where it has room.

use crate::gui::numbers::{count, duration, number, percent, significant};
use crate::model::Metric;
use crate::trace::RunCard;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Name and colour; sorted by when the runs began.
    #[default]
    Run,
    Differs,
    Seed,
    Steps,
    Time,
    TrainLoss,
    ValidationLoss,
    BestScore,
    Spark,
}

impl Column {
    pub const ALL: [Self; 9] = [
        Self::Run,
        Self::Differs,
        Self::Seed,
        Self::Steps,
        Self::Time,
        Self::TrainLoss,
        Self::ValidationLoss,
        Self::BestScore,
        Self::Spark,
    ];

    pub fn title(self, metric: Option<Metric>) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Differs => "changed from the run above",
            Self::Seed => "seed",
            Self::Steps => "steps",
            Self::Time => "time",
            Self::TrainLoss => "train loss",
            Self::ValidationLoss => "val loss",
            Self::BestScore => match metric {
                Some(Metric::Accuracy) => "best accuracy",
                Some(Metric::R2) => "best R²",
                Some(Metric::Map50) => "best mAP@0.5",
                None => "best score",
            },
            Self::Spark => "val loss over time",
        }
    }

    pub fn help(self) -> &'static str {
        match self {
            Self::Run => "Every run of this project, oldest first. Pinned runs stay at the top.",
            Self::Differs => "What changed since the run in the row above: network, data and settings.",
            Self::Seed => "The number that all randomness comes from: initial weights, sample order, dropout.",
            Self::Steps => "Batches trained on.",
            Self::Time => "Training time, excluding pauses.",
            Self::TrainLoss => "Loss on the last training batch.",
            Self::ValidationLoss => "Latest loss on the validation set.",
            Self::BestScore => "Best validation score of the run. The best of all runs is green.",
            Self::Spark => "Validation loss from the first step to the last.",
        }
    }

    /// What is written before a sign in the filter.
    const NAMES: [(&'static str, Self); 11] = [
        ("seed", Self::Seed),
        ("steps", Self::Steps),
        ("time", Self::Time),
        ("train loss", Self::TrainLoss),
        ("val loss", Self::ValidationLoss),
        ("best score", Self::BestScore),
        ("validation loss", Self::ValidationLoss),
        ("score", Self::BestScore),
        ("accuracy", Self::BestScore),
        ("best accuracy", Self::BestScore),
        ("r²", Self::BestScore),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| *column)
    }

    pub fn names() -> String {
        let names: Vec<&str> = Self::NAMES[..6].iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    pub fn is_sorted_by(self) -> bool {
        !matches!(self, Self::Differs | Self::Spark)
    }

    /// Which way is looked for first: the highest score, the lowest loss.
    pub fn begins_falling(self) -> bool {
        matches!(self, Self::Steps | Self::Time | Self::BestScore)
    }

    /// The number in it.
    pub fn value(self, card: &RunCard) -> Option<f64> {
        match self {
            Self::Run | Self::Differs | Self::Spark => None,
            Self::Seed => Some(card.project.training.seed as f64),
            Self::Steps => Some(card.steps as f64),
            Self::Time => Some(card.seconds),
            Self::TrainLoss => card.train_loss,
            Self::ValidationLoss => card.validation_loss,
            Self::BestScore => card.best_score,
        }
    }

    /// The same, as it is read.
    pub fn text(self, card: &RunCard) -> String {
        let loss = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| significant(value, 3));
        match self {
            Self::Run | Self::Differs | Self::Spark => String::new(),
            Self::Seed => card.project.training.seed.to_string(),
            Self::Steps => count(card.steps),
            Self::Time => duration(card.seconds),
            Self::TrainLoss => loss(card.train_loss),
            Self::ValidationLoss => loss(card.validation_loss),
            Self::BestScore => card.best_score.map_or_else(|| "–".to_owned(), |score| score_text(card.metric, score)),
        }
    }
}

pub fn score_text(metric: Metric, score: f64) -> String {
    match metric {
        Metric::Accuracy => percent(score as f32),
        Metric::R2 | Metric::Map50 => number(score as f32),
    }
}

/// Columns from left to right with the widths that they have; those that have no room are left out.
pub fn laid_out(width: f32) -> Vec<(Column, f32)> {
    let wide = width >= 1200.0;
    let pick = |wide_one: f32, narrow: f32| if wide { wide_one } else { narrow };
    let fixed = |column: Column| match column {
        Column::Run => Some(pick(208.0, if width < 700.0 { 132.0 } else { 168.0 })),
        Column::Differs => None,
        Column::Seed => Some(pick(64.0, 48.0)).filter(|_| width >= 620.0),
        Column::Steps => Some(pick(92.0, 72.0)),
        Column::Time => Some(pick(80.0, 64.0)).filter(|_| width >= 700.0),
        Column::TrainLoss => Some(pick(100.0, 76.0)).filter(|_| width >= 820.0),
        Column::ValidationLoss => Some(pick(92.0, 72.0)),
        Column::BestScore => Some(pick(124.0, 100.0)),
        Column::Spark => Some(pick(148.0, 104.0)).filter(|_| width >= 900.0),
    };
    let taken: f32 = Column::ALL.iter().filter(|c| **c != Column::Differs).filter_map(|&c| fixed(c)).sum();
    let rest = (width - taken).max(96.0);
    let columns = Column::ALL.into_iter();
    columns.filter_map(|c| if c == Column::Differs { Some((c, rest)) } else { Some((c, fixed(c)?)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_every_window_and_none_is_cut_off() {
        for width in [640.0, 700.0, 860.0, 1024.0, 1200.0, 1440.0, 2560.0] {
            let columns = laid_out(width);
            let total: f32 = columns.iter().map(|(_, width)| width).sum();
            assert!((total - width).abs() < 0.5, "{width}: {total}");
            for needed in [Column::Run, Column::Differs, Column::BestScore] {
                assert!(columns.iter().any(|(column, _)| *column == needed), "{needed:?} at {width}");
            }
        }
    }

    #[test]
    fn a_number_that_is_missing_is_a_dash() {
        let card = RunCard { steps: 3750, best_score: Some(0.984), ..RunCard::default() };
        assert_eq!(Column::Steps.text(&card), "3,750");
        assert_eq!(Column::BestScore.text(&card), "98.4 %");
        assert_eq!(Column::TrainLoss.text(&card), "–");
    }
}
