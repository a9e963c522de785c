//! Which samples a network learns from, which it is judged by while it trains, and which are set aside.

use serde::{Deserialize, Serialize};

use super::limits::{self, Limits};
use super::{DataSpec, Source};

/// By what samples are divided into parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Division {
    /// As before there was a choice: pictures of files as `Stratified`, all else as `Random`; a folder's part `test`
    /// validates where it has no other for that. Of projects that say nothing.
    #[default]
    Usual,
    /// By lot; every class that has two samples is in both parts.
    Random,
    /// By lot, of each class its share.
    Stratified,
    /// The last rows validate, and behind them are those set aside.
    Order {
        /// A column of dates or numbers; `None`: as they stand in the file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
    },
    /// By lot, rows that are equal in all that is used of them together; of classes each its share.
    Together,
    /// A column says of each row which part it is in.
    Marks {
        /// Its heading.
        column: String,
    },
    /// By lot, rows of one value of a column together.
    Groups {
        /// Its heading.
        column: String,
    },
}

/// One of several parts of equal size, each of which validates once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// Counted from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

impl Division {
    /// The column that decides.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Usual | Self::Random | Self::Stratified | Self::Together | Self::Order { column: None } => None,
            Self::Order { column: Some(column) } | Self::Marks { column } | Self::Groups { column } => Some(column),
        }
    }

    /// Of whose rows it says which part they are in, and nothing that could be learnt.
    pub fn is_no_input(&self, name: &str) -> bool {
        matches!(self, Self::Marks { column } | Self::Groups { column } if column == name)
    }

    /// "stratified", "by the order of date".
    pub fn words(&self) -> String {
        match self {
            Self::Usual => "as usual".into(),
            Self::Random => "random".into(),
            Self::Stratified => "stratified".into(),
            Self::Together => "equal rows together".into(),
            Self::Order { column: None } => "by order".into(),
            Self::Order { column: Some(column) } => format!("by the order of {column}"),
            Self::Marks { column } => format!("as {column} says"),
            Self::Groups { column } => format!("by groups of {column}"),
        }
    }

    pub(super) fn is_usual(&self) -> bool {
        *self == Self::Usual
    }
}

/// Of what a part may take of all.
const MOST_HELD_BACK: f64 = 0.95;

impl DataSpec {
    /// A sentence on each setting of the parts that cannot be.
    pub(super) fn problems_of_parts(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut look = |limits: &Limits<f64>, value: f64| found.extend(limits.refuse(value));
        look(&limits::VALIDATION, self.validation);
        look(&limits::TEST, self.test);
        if found.is_empty() && self.validation + self.test > MOST_HELD_BACK {
            found.push(format!(
                "Validation and test may take {} % of the samples together, not {:.0} %.",
                MOST_HELD_BACK * 100.0,
                (self.validation + self.test) * 100.0
            ));
        }
        if let Some(Fold { number, of }) = self.fold {
            let refused = limits::FOLDS.refuse(of).or_else(|| limits::FOLD.refuse(number));
            let missing = || (number > of).then(|| format!("There is no fold {number} of {of}."));
            found.extend(refused.or_else(missing));
        }
        let needs_table = !matches!(self.split, Division::Usual | Division::Random | Division::Stratified);
        if needs_table && !matches!(self.source, Source::Csv(_)) {
            found.push(
                "Only the rows of a table can be split by order, by a column or by what they hold. Choose a random or \
                 stratified split."
                    .into(),
            );
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_files_stay() {
        let column = || "site".to_owned();
        for (division, text) in [
            (Division::Usual, r#"{"by":"usual"}"#),
            (Division::Stratified, r#"{"by":"stratified"}"#),
            (Division::Together, r#"{"by":"together"}"#),
            (Division::Order { column: None }, r#"{"by":"order"}"#),
            (Division::Order { column: Some(column()) }, r#"{"by":"order","column":"site"}"#),
            (Division::Marks { column: column() }, r#"{"by":"marks","column":"site"}"#),
            (Division::Groups { column: column() }, r#"{"by":"groups","column":"site"}"#),
        ] {
            assert_eq!(serde_json::to_string(&division).unwrap(), text);
            assert_eq!(serde_json::from_str::<Division>(text).unwrap(), division);
        }
        let plain = serde_json::to_string(&DataSpec::default()).unwrap();
        assert!(!plain.contains("split") && !plain.contains("test") && !plain.contains("fold"), "{plain}");
    }

    #[test]
    fn parts_that_cannot_be_are_refused_in_a_sentence() {
        let spec = |validation, test, fold| DataSpec { validation, test, fold, ..DataSpec::default() };
        let problems = |spec: DataSpec| spec.problems();
        assert_eq!(problems(spec(0.2, 0.15, Some(Fold { number: 5, of: 5 }))), [""; 0]);
        assert!(problems(spec(0.6, 0.5, None))[0].contains("95 % of the samples together, not 110 %"));
        assert_eq!(problems(spec(0.2, 0.0, Some(Fold { number: 6, of: 5 }))), ["There is no fold 6 of 5."]);
        let order = DataSpec { split: Division::Order { column: None }, ..DataSpec::default() };
        assert!(problems(order)[0].starts_with("Only the rows of a table"));
    }
}
