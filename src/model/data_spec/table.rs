//! Settings of tables: how a file is read, and what its columns are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A table in a text file. Delimiter, header and quotes are detected when the file is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvSpec {
    /// The file.
    pub path: PathBuf,
    /// Name of the column to predict.
    pub target: String,
    /// What the user said about columns; a column that is not named here gets what `data::csv` infers.
    #[serde(default)]
    pub columns: Vec<ColumnChoice>,
    /// What happens to rows with missing values.
    #[serde(default)]
    pub missing: MissingPolicy,
    /// How numeric columns are scaled.
    #[serde(default)]
    pub scaling: Scaling,
    /// How the file is read, where the user knows better than what is found in it.
    #[serde(default, skip_serializing_if = "Reading::is_found")]
    pub reading: Reading,
}

impl CsvSpec {
    /// What was said of a column.
    pub fn said(&self, column: &str) -> Option<ColumnRole> {
        self.columns.iter().find(|choice| choice.name == column).map(|choice| choice.role)
    }

    /// The columns to predict, in the order of the outputs.
    pub fn targets(&self) -> Vec<&str> {
        let mut all = vec![&*self.target];
        for choice in self.columns.iter().filter(|choice| choice.role.is_target()) {
            if !all.contains(&&*choice.name) {
                all.push(&choice.name);
            }
        }
        all
    }

    /// Columns that are set to say what rows count for: one, or it is refused.
    pub fn weights(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|choice| choice.role == ColumnRole::Weight).map(|choice| &*choice.name)
    }

    /// Whether a column is predicted.
    pub fn predicts(&self, column: &str) -> bool {
        column == self.target || self.said(column).is_some_and(ColumnRole::is_target)
    }
}

/// What a file leaves open. `None`: what is found in the file decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reading {
    /// The sheet of a workbook; without it the first one that has a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Of its text: windows-1252, say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether the first row has names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Between cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// What stands before the digits behind a whole number; the other one of "." and "," may stand between thousands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// What 5/6/2024 means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Words or numbers that stand for a missing value, besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_words: Vec<String>,
    /// What becomes of spellings of a category that differ in case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spellings: Option<Spellings>,
    /// Rows with more cells than there are columns: cut, or left out as they are unless it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_rows: Option<Kept>,
    /// Rows of totals. Unless it is said those at the end are left out, and those between the others kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<Kept>,
}

impl Reading {
    fn is_found(&self) -> bool {
        *self == Self::default()
    }
}

/// The decimal separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

/// The order of day and month in dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 31/5/2024
    DayFirst,
    /// 5/31/2024
    MonthFirst,
}

/// Whether rows that look odd are samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// They are.
    Keep,
    /// They are left out.
    Drop,
}

/// Spellings of a category that differ in case only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spellings {
    /// They are one category.
    Merge,
    /// Each is its own.
    Apart,
}

/// The user's word about one column, by header name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnChoice {
    /// Name of the column in the header row.
    pub name: String,
    /// What it is used for.
    pub role: ColumnRole,
}

/// What a column is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// One input, its number.
    Numeric,
    /// One-hot when an input; the class when the target.
    Categorical,
    /// One input, the index of its category, for an Embedding.
    Embedded,
    /// Inputs for year, month, weekday, hour and the time that has passed, as far as they vary.
    Date,
    /// Not used.
    LeftOut,
    /// Predicted beside the target, as a number as well.
    Target,
    /// Predicted, alone or beside the target: a positive number whose logarithm the network learns.
    LogTarget,
    /// No input: what the row counts for in the loss.
    Weight,
}

impl ColumnRole {
    /// Whether a column is predicted, whatever else is.
    pub fn is_target(self) -> bool {
        matches!(self, Self::Target | Self::LogTarget)
    }
}

/// What becomes of a row that lacks a value in a column that is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingPolicy {
    /// Numbers get the training part's median, categories a category of their own ("missing"). Rows without a target
    /// are left out.
    #[default]
    Fill,
    /// The row is left out.
    DropRow,
}

/// Computed on the training part only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Zero mean, unit standard deviation.
    #[default]
    Standardise,
    /// 0 to 1.
    MinMax,
    /// Unchanged.
    None,
}
