//! Which samples train, which validate, and which are set aside.

use clap::{Args, ValueEnum};

use crate::model::limits::{self, Limits};
use crate::model::{DataSpec, Division};

#[derive(Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Split")]
pub struct SplitOptions {
    /// How samples are divided (default: stratified for classes, random for numbers).
    #[arg(long, value_enum)]
    pub split: Option<SplitChoice>,
    /// Order the rows by this column of dates or numbers: the last ones validate.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["split", "part", "group"])]
    pub order: Option<String>,
    /// A column that says of each row which part it is in: train, validation or test.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["split", "order", "group"])]
    pub part: Option<String>,
    /// Keep rows of one value of this column together, all for training or none.
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["split", "order", "part"])]
    pub group: Option<String>,
    /// The share held out for validation: 20% or 0.2.
    #[arg(long, value_name = "SHARE", value_parser = validation)]
    pub validation: Option<f64>,
    /// The share set aside for a test: neither training nor choosing sees it. See 'glassbox evaluate'.
    #[arg(long, value_name = "SHARE", value_parser = test)]
    pub test: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SplitChoice {
    /// Each class in the same share.
    Stratified,
    Random,
    /// Rows with the same values are in one part.
    Together,
    /// The last rows of the file validate.
    Order,
}

impl SplitOptions {
    /// Puts what is said into the settings.
    pub fn put(&self, data: &mut DataSpec) {
        let by_column = [
            self.order.clone().map(|column| Division::Order { column: Some(column) }),
            self.part.clone().map(|column| Division::Marks { column }),
            self.group.clone().map(|column| Division::Groups { column }),
        ];
        let chosen = self.split.map(|split| match split {
            SplitChoice::Stratified => Division::Stratified,
            SplitChoice::Random => Division::Random,
            SplitChoice::Together => Division::Together,
            SplitChoice::Order => Division::Order { column: None },
        });
        if let Some(division) = by_column.into_iter().flatten().next().or(chosen) {
            data.split = division;
        }
        data.validation = self.validation.unwrap_or(data.validation);
        data.test = self.test.unwrap_or(data.test);
    }
}

/// The same limits as in the project.
fn validation(text: &str) -> Result<f64, String> {
    share(&limits::VALIDATION, text)
}

fn test(text: &str) -> Result<f64, String> {
    share(&limits::TEST, text)
}

fn share(limits: &Limits<f64>, text: &str) -> Result<f64, String> {
    let number = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|number| number / 100.0),
        None => text.trim().parse(),
    };
    let number = number.map_err(|_| "expected a share such as 15% or 0.15".to_owned())?;
    limits.refuse(number).map_or(Ok(number), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_may_be_percent() {
        assert_eq!((test("15%"), test("0.15"), validation(" 20 % ")), (Ok(0.15), Ok(0.15), Ok(0.2)));
        assert!(test("95%").is_err() && validation("a fifth").is_err() && validation("0").is_err());
    }
}
