//! What is said of a table: what its columns are used for, and how its file is read.

use clap::{Args, ValueEnum};

use crate::data::encoding_named;
use crate::model::{ColumnChoice, ColumnRole, DateOrder, Decimal, Kept, Reading, Spellings};

#[derive(Debug, Args)]
#[command(next_help_heading = "Tables")]
pub struct TableOptions {
    /// A column to use as a number. Can be repeated, like the other options for columns.
    #[arg(long, value_name = "COLUMN")]
    pub numeric: Vec<String>,
    /// A column to use as categories.
    #[arg(long, value_name = "COLUMN")]
    pub category: Vec<String>,
    /// A category with many values to use as an index, which goes through an Embedding.
    #[arg(long, value_name = "COLUMN")]
    pub embed: Vec<String>,
    /// A column to use as dates: year, month, weekday, hour and days passed, as far as they vary.
    #[arg(long, value_name = "COLUMN")]
    pub date: Vec<String>,
    /// A column to use although it would be left out.
    #[arg(long, value_name = "COLUMN")]
    pub keep: Vec<String>,
    /// A column that says how much each row counts in the loss: 2 as much as two such rows, 0 not at all.
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    /// A column to leave out.
    #[arg(long, value_name = "COLUMN")]
    pub drop: Vec<String>,
    /// The sheet of a workbook (default: the first one with a table).
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
    /// The encoding of the text, such as windows-1250 or shift_jis (default: what its bytes suggest).
    #[arg(long, value_name = "NAME", value_parser = encoding_named)]
    pub encoding: Option<String>,
    /// Whether the first row has the names of the columns (default: what the rows suggest).
    #[arg(long, value_enum)]
    pub header: Option<YesNo>,
    /// The character between cells, or tab, or whitespace: any number of spaces (default: what the rows suggest).
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<char>,
    /// The decimal separator of all columns; the other one may stand between thousands (default: by column).
    #[arg(long, value_enum)]
    pub decimal: Option<DecimalChoice>,
    /// What 5/6/2024 means (default: by column).
    #[arg(long, value_enum)]
    pub dates: Option<OrderChoice>,
    /// A word or number to read as a missing value, besides the usual ones; COLUMN=WORD in one column alone. Can be
    /// repeated.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub missing: Vec<String>,
    /// Whether spellings of a category that differ only in case are one (default: plain words and rare slips are,
    /// short codes such as AA and Aa aren't).
    #[arg(long, value_enum)]
    pub spellings: Option<SpellingsChoice>,
    /// Whether rows with more cells than there are columns are cut and kept (default: they are left out).
    #[arg(long, value_enum)]
    pub long_rows: Option<KeptChoice>,
    /// Whether rows of totals are kept (default: at the end they are left out, between others kept).
    #[arg(long, value_enum)]
    pub totals: Option<KeptChoice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeptChoice {
    Keep,
    Drop,
}

impl KeptChoice {
    fn kept(self) -> Kept {
        match self {
            Self::Keep => Kept::Keep,
            Self::Drop => Kept::Drop,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TaskChoice {
    Classes,
    Numbers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScaleChoice {
    Log,
    Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecimalChoice {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OrderChoice {
    /// 31/5/2024
    DayFirst,
    /// 5/31/2024
    MonthFirst,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpellingsChoice {
    Merge,
    Apart,
}

impl TaskChoice {
    /// As a setting of the target's column.
    pub fn role(self) -> ColumnRole {
        match self {
            Self::Classes => ColumnRole::Categorical,
            Self::Numbers => ColumnRole::Numeric,
        }
    }
}

impl TableOptions {
    /// What columns are used for.
    pub fn roles(&self) -> Vec<ColumnChoice> {
        let all = [
            (&self.numeric, ColumnRole::Numeric),
            (&self.category, ColumnRole::Categorical),
            (&self.embed, ColumnRole::Embedded),
            (&self.date, ColumnRole::Date),
            (&self.drop, ColumnRole::LeftOut),
        ];
        let of = |(names, role): (&Vec<String>, ColumnRole)| {
            names.iter().map(|name| ColumnChoice { name: name.clone(), role }).collect::<Vec<_>>()
        };
        let weight = self.weight.iter().map(|name| ColumnChoice { name: name.clone(), role: ColumnRole::Weight });
        all.into_iter().flat_map(of).chain(weight).collect()
    }

    /// How the file is read.
    pub fn reading(&self) -> Reading {
        Reading {
            header: self.header.map(|header| header == YesNo::Yes),
            delimiter: self.delimiter,
            decimal: self.decimal.map(|decimal| match decimal {
                DecimalChoice::Point => Decimal::Point,
                DecimalChoice::Comma => Decimal::Comma,
            }),
            dates: self.dates.map(|order| match order {
                OrderChoice::DayFirst => DateOrder::DayFirst,
                OrderChoice::MonthFirst => DateOrder::MonthFirst,
            }),
            missing_words: self.missing.clone(),
            sheet: self.sheet.clone(),
            encoding: self.encoding.clone(),
            spellings: self.spellings.map(|spellings| match spellings {
                SpellingsChoice::Merge => Spellings::Merge,
                SpellingsChoice::Apart => Spellings::Apart,
            }),
            long_rows: self.long_rows.map(KeptChoice::kept),
            totals: self.totals.map(KeptChoice::kept),
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.roles().is_empty() && self.keep.is_empty() && self.reading() == Reading::default()
    }
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (text, chars.next(), chars.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        ("whitespace" | "spaces" | "space", ..) => Ok(' '),
        (_, Some(one), None) if one.is_ascii() && !matches!(one, '"' | '\n' | '\r') => Ok(one),
        _ => Err("give one character such as ; or |, or one of the words tab and whitespace".into()),
    }
}
