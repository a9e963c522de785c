//! How rows as people have them become the network's input, and what its outputs are called: everything that a network
//! needs to answer for rows that it never saw, without the data it learnt from. Measured on the training part, kept
//! with the weights.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, Truth, calendar};
use crate::model::{Decimal, Feature, Fit, MissingPolicy, Task};

/// How rows become samples: kept with the weights, so that later rows are read alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Encoding {
    /// What it was made of: "penguins.csv".
    pub source: String,
    /// Of one sample, without the batch axis.
    pub input_shape: Vec<usize>,
    /// What the network takes.
    pub inputs: Inputs,
    /// What it is to find out.
    pub target: Target,
}

/// The inputs of one sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Inputs {
    /// Pictures of bytes, each divided by 255.
    #[default]
    Pictures,
    /// Pictures of other numbers, from `black`, which becomes 0, to `white`, which becomes 1.
    PictureNumbers {
        /// The least.
        black: f32,
        /// The greatest.
        white: f32,
    },
    /// Picture files of any size, in bytes, each divided by 255.
    PictureFiles {
        /// How they are brought to the size of the input.
        fit: Fit,
    },
    /// The columns of a table that the network is given, in their order.
    Table {
        /// In the order of the inputs.
        columns: Vec<Column>,
        /// What becomes of rows with gaps.
        missing: MissingPolicy,
        /// What stands for a missing value, besides the usual words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing_words: Vec<String>,
        /// The text encoding that a person said the table has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        encoding: Option<String>,
    },
    /// Functions of the numbers x and y; of x alone for a curve.
    Points {
        /// In the order of the inputs.
        features: Vec<Feature>,
    },
}

/// A column of a table, by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading in the table.
    pub name: String,
    /// How its text becomes numbers.
    #[serde(flatten)]
    pub values: ColumnValues,
}

/// How one column becomes inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum ColumnValues {
    /// One input: `(value - offset) / scale`.
    Numeric {
        /// Subtracted first: the mean of the training part.
        offset: f64,
        /// Divided by: its standard deviation.
        scale: f64,
        /// What stands for a missing value: the median.
        fill: f64,
        /// The most digits behind the point.
        decimals: u8,
        /// The decimal separator that the column was read with; `None` where nobody took note.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written: Option<Decimal>,
    },
    /// Inputs for the parts of a date that vary: `(part - offset) / scale`.
    Date {
        /// What cells say.
        written: DateForm,
        /// From here the time that has passed is measured: seconds since 1970-01-01, by the clock of the table.
        since: f64,
        /// What stands for a missing date: the median.
        fill: f64,
        /// At least one, in the order of the inputs.
        parts: Vec<ScaledPart>,
    },
    /// One input for each category, 1 for the one that is there; with one more for "missing" where some were.
    Categorical {
        /// In the order of the inputs.
        categories: Vec<String>,
        /// The last input stands for "missing".
        has_missing: bool,
    },
    /// One input, an index for an Embedding: 0 where the category is missing, unknown or rare, else its place among
    /// these counted from 1.
    Embedded {
        /// All of the table, however it is split.
        categories: Vec<String>,
        /// The places of those that fewer than two training rows have, in ascending order.
        rare: Vec<usize>,
    },
}

/// What is predicted, by the name of its column where it has one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One of several classes.
    Classes {
        /// The target's heading; `None` where data has no columns.
        column: Option<String>,
        /// Their names, in the order of the outputs.
        classes: Vec<String>,
    },
    /// Things in a picture.
    Things {
        /// Names of what a thing may be, in the order of the outputs.
        classes: Vec<String>,
        /// In one picture at most.
        most: usize,
    },
    /// `value = output * scale + offset`, bent back where it is learnt on a curve.
    Numbers {
        /// Their headings, in the order of the outputs.
        outputs: Vec<String>,
        /// Of each output, subtracted first.
        offset: Vec<f32>,
        /// Of each output, divided by.
        scale: Vec<f32>,
        /// Of each output, what is scaled; none where all are as they are.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        curves: Vec<Curve>,
    },
}

/// How dates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateForm {
    /// 31/5/2024, or in an order that leaves nothing open.
    DayFirst,
    /// 5/31/2024
    MonthFirst,
    /// 20240531
    Compact,
    /// Seconds since 1970-01-01.
    Seconds,
    /// Thousandths of seconds since then.
    Milliseconds,
}

/// What of a date a network is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// 2024
    Year,
    /// 1 to 12
    Month,
    /// 1 (Monday) to 7
    Weekday,
    /// 0 to 24, with minutes as a fraction.
    Hour,
    /// Days since the first date of the file.
    Elapsed,
}

impl DatePart {
    /// Every part.
    pub const ALL: [Self; 5] = [Self::Year, Self::Month, Self::Weekday, Self::Hour, Self::Elapsed];

    /// Its number, of seconds since 1970-01-01.
    pub fn of(self, seconds: f64, since: f64) -> f64 {
        match self {
            Self::Year => calendar::civil(seconds).0 as f64,
            Self::Month => f64::from(calendar::civil(seconds).1),
            Self::Weekday => f64::from(calendar::weekday(seconds)),
            Self::Hour => calendar::hour(seconds),
            Self::Elapsed => (seconds - since) / 86_400.0,
        }
    }

    fn label(self, since: f64) -> String {
        match self {
            Self::Year => "year".into(),
            Self::Month => "month".into(),
            Self::Weekday => "weekday".into(),
            Self::Hour => "hour".into(),
            Self::Elapsed => format!("days since {}", calendar::shown(since)),
        }
    }
}

/// One input made of a date.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaledPart {
    /// Which number of it.
    pub part: DatePart,
    /// Subtracted first.
    pub offset: f64,
    /// Divided by.
    pub scale: f64,
    /// Digits behind the point.
    pub decimals: u8,
}

/// What index 0 of a column for an Embedding is called.
pub const OTHER: &str = "rare or unknown";

impl Default for Target {
    fn default() -> Self {
        Self::Classes { column: None, classes: Vec::new() }
    }
}

impl Encoding {
    /// What the numbers of a sample are called; none of pictures.
    pub fn names(&self) -> Vec<String> {
        match &self.inputs {
            Inputs::Pictures | Inputs::PictureNumbers { .. } | Inputs::PictureFiles { .. } => Vec::new(),
            Inputs::Table { columns, .. } => columns.iter().flat_map(Column::names).collect(),
            Inputs::Points { features } => features.iter().map(|feature| feature.label().to_owned()).collect(),
        }
    }

    /// Whether a network that learnt with this one takes what another makes in the same sense: indices stand for the
    /// same categories, numbers lie on the same curves. Their scales may differ a little, as those of other splits do.
    pub fn is_like(&self, other: &Self) -> bool {
        let indices = |one: &Self| match &one.inputs {
            Inputs::Table { columns, .. } => {
                let of = columns.iter().filter_map(|column| match &column.values {
                    ColumnValues::Embedded { categories, .. } => Some((column.name.clone(), categories.clone())),
                    _ => None,
                });
                of.collect()
            }
            _ => Vec::new(),
        };
        let curves = |one: &Self| one.target.truth().units.iter().map(|unit| unit.curve).collect::<Vec<_>>();
        indices(self) == indices(other) && curves(self) == curves(other)
    }
}

impl Target {
    /// Of data that was loaded, where `column` is its target.
    pub fn of(truth: &Truth, column: Option<&str>) -> Self {
        let names = truth.names.clone();
        if let Task::Boxes { most, .. } = truth.task {
            return Self::Things { classes: names, most };
        }
        if truth.task.classes().is_some() {
            return Self::Classes { column: column.map(str::to_owned), classes: names };
        }
        let (offset, scale) = truth.units.iter().map(|unit| (unit.offset, unit.scale)).unzip();
        let is_straight = truth.units.iter().all(|unit| unit.curve.is_linear());
        let curves = if is_straight { Vec::new() } else { truth.units.iter().map(|unit| unit.curve).collect() };
        Self::Numbers { outputs: names, offset, scale, curves }
    }

    /// The column of classes.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Classes { column, .. } => column.as_deref(),
            Self::Things { .. } | Self::Numbers { .. } => None,
        }
    }

    /// What stands above what is predicted.
    pub fn headings(&self) -> Vec<&str> {
        match self {
            Self::Classes { column, .. } => column.as_deref().into_iter().collect(),
            Self::Things { .. } => Vec::new(),
            Self::Numbers { outputs, .. } => outputs.iter().map(String::as_str).collect(),
        }
    }

    /// The other way around.
    pub fn truth(&self) -> Truth {
        match self {
            Self::Classes { classes, .. } => Truth::classes(classes.clone()),
            Self::Things { classes, most } => Truth::things(classes.clone(), *most),
            Self::Numbers { outputs, offset, scale, curves } => {
                Truth::numbers(outputs.clone(), offset, scale).on_curves(curves)
            }
        }
    }
}

/// Of pictures of bytes, with classes.
pub(super) fn pictures(source: &str, shape: [usize; 3], truth: &Truth) -> Arc<Encoding> {
    picture_numbers(source, shape, [0.0, 255.0], truth)
}

/// Of pictures of any numbers, black and white of which are these.
pub(super) fn picture_numbers(
    source: &str,
    shape: [usize; 3],
    [black, white]: [f32; 2],
    truth: &Truth,
) -> Arc<Encoding> {
    let (source, input_shape) = (source.to_owned(), shape.to_vec());
    let is_bytes = black == 0.0 && white == 255.0;
    let inputs = if is_bytes { Inputs::Pictures } else { Inputs::PictureNumbers { black, white } };
    Arc::new(Encoding { source, input_shape, inputs, target: Target::of(truth, None) })
}

/// Of picture files, with classes.
pub(super) fn picture_files(source: &str, shape: [usize; 3], fit: Fit, truth: &Truth) -> Arc<Encoding> {
    let (source, input_shape) = (source.to_owned(), shape.to_vec());
    Arc::new(Encoding { source, input_shape, inputs: Inputs::PictureFiles { fit }, target: Target::of(truth, None) })
}

impl Column {
    /// What the inputs that it makes are called: "age", or "colour = red" for each category.
    pub fn names(&self) -> Vec<String> {
        let of_category = |value: &str| format!("{} = {value}", self.name);
        match &self.values {
            ColumnValues::Numeric { .. } | ColumnValues::Embedded { .. } => vec![self.name.clone()],
            ColumnValues::Date { since, parts, .. } => {
                parts.iter().map(|scaled| format!("{}: {}", self.name, scaled.part.label(*since))).collect()
            }
            ColumnValues::Categorical { categories, has_missing } => {
                let missing = has_missing.then_some("missing");
                categories.iter().map(String::as_str).chain(missing).map(of_category).collect()
            }
        }
    }

    /// Inputs that it makes.
    pub fn width(&self) -> usize {
        match &self.values {
            ColumnValues::Numeric { .. } | ColumnValues::Embedded { .. } => 1,
            ColumnValues::Date { parts, .. } => parts.len(),
            ColumnValues::Categorical { categories, has_missing } => categories.len() + usize::from(*has_missing),
        }
    }

    /// Rows that an Embedding of it needs.
    pub fn vocabulary(&self) -> Option<usize> {
        match &self.values {
            ColumnValues::Embedded { categories, .. } => Some(categories.len() + 1),
            ColumnValues::Numeric { .. } | ColumnValues::Date { .. } | ColumnValues::Categorical { .. } => None,
        }
    }

    /// Whether an Embedding takes a category for one that it doesn't know.
    pub fn is_rare(&self, category: usize) -> bool {
        matches!(&self.values, ColumnValues::Embedded { rare, .. } if rare.binary_search(&category).is_ok())
    }

    /// The category that an index stands for.
    pub fn category_at(&self, index: f32) -> Option<&str> {
        let ColumnValues::Embedded { categories, .. } = &self.values else { return None };
        Some((index as usize).checked_sub(1).and_then(|place| categories.get(place)).map_or(OTHER, String::as_str))
    }

    /// What makes an input of a number, NaN where it is missing, of a column that is numeric.
    pub fn scaled(&self) -> Option<impl Fn(f64) -> f32> {
        let ColumnValues::Numeric { offset, scale, fill, .. } = self.values else { return None };
        Some(move |number: f64| ((if number.is_nan() { fill } else { number } - offset) / scale) as f32)
    }

    /// Appends the input for a number, or those for a date (seconds since 1970-01-01); NaN where it is missing.
    pub fn push_number(&self, number: f64, inputs: &mut Vec<f32>) {
        match &self.values {
            ColumnValues::Numeric { .. } => inputs.extend(self.scaled().map(|scaled| scaled(number))),
            ColumnValues::Date { since, fill, parts, .. } => {
                let seconds = if number.is_nan() { *fill } else { number };
                let input = |s: &ScaledPart| ((s.part.of(seconds, *since) - s.offset) / s.scale) as f32;
                inputs.extend(parts.iter().map(input));
            }
            ColumnValues::Categorical { .. } | ColumnValues::Embedded { .. } => {}
        }
    }

    /// Appends the inputs for a category; `None`: missing or unknown, which is none of them where none ever was.
    pub fn push_category(&self, category: Option<usize>, inputs: &mut Vec<f32>) {
        if let ColumnValues::Embedded { .. } = &self.values {
            let known = category.filter(|place| !self.is_rare(*place));
            return inputs.push(known.map_or(0.0, |place| (place + 1) as f32));
        }
        let ColumnValues::Categorical { categories, has_missing } = &self.values else { return };
        let start = inputs.len();
        inputs.resize(start + self.width(), 0.0);
        let hot = category.or(has_missing.then_some(categories.len()));
        if let Some(input) = hot.and_then(|hot| inputs.get_mut(start + hot)) {
            *input = 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_inputs_and_what_is_missing_is_filled() {
        let values = ColumnValues::Numeric { offset: 40.0, scale: 10.0, fill: 35.0, decimals: 0, written: None };
        let (age, mut inputs) = (Column { name: "age".into(), values }, Vec::new());
        age.push_number(45.0, &mut inputs);
        age.push_number(f64::NAN, &mut inputs);
        assert_eq!(inputs, [0.5, -0.5]);
        let categorical = |has_missing| {
            let categories = vec!["a".to_owned(), "b".to_owned()];
            Column { name: "c".into(), values: ColumnValues::Categorical { categories, has_missing } }
        };
        let encoded = |has_missing, category| {
            let mut inputs = Vec::new();
            categorical(has_missing).push_category(category, &mut inputs);
            inputs
        };
        assert_eq!((encoded(true, Some(1)), encoded(true, None)), (vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 1.0]));
        assert_eq!((encoded(false, Some(0)), encoded(false, None)), (vec![1.0, 0.0], vec![0.0, 0.0]));
        let values = ColumnValues::Embedded { categories: ["a", "b", "c"].map(String::from).into(), rare: vec![1] };
        let (city, mut inputs) = (Column { name: "city".into(), values }, Vec::new());
        [Some(2), None, Some(0), Some(1)].into_iter().for_each(|place| city.push_category(place, &mut inputs));
        assert_eq!((inputs, city.names(), city.width()), (vec![3.0, 0.0, 1.0, 0.0], vec!["city".to_owned()], 1));
        assert_eq!(
            (city.category_at(3.0), city.category_at(0.0), city.vocabulary()),
            (Some("c"), Some(OTHER), Some(4))
        );
    }

    #[test]
    fn every_bit_comes_back_from_a_file() {
        let values = ColumnValues::Numeric {
            offset: 0.1 + 0.2,
            scale: 1.0 / 3.0,
            fill: 1e-300,
            decimals: 3,
            written: Some(Decimal::Comma),
        };
        let part = ScaledPart { part: DatePart::Elapsed, offset: 0.1, scale: 1.0 / 7.0, decimals: 1 };
        let (since, fill) = (1.0 / 3.0, 1.6e9 + 0.1);
        let dates = ColumnValues::Date { written: DateForm::MonthFirst, since, fill, parts: vec![part] };
        let categories = ColumnValues::Categorical { categories: vec!["né".into()], has_missing: true };
        let encoding = Encoding {
            source: "t.csv".into(),
            input_shape: vec![3],
            inputs: Inputs::Table {
                columns: vec![
                    Column { name: "x".into(), values },
                    Column { name: "c".into(), values: categories },
                    Column { name: "d".into(), values: dates },
                ],
                missing: MissingPolicy::DropRow,
                missing_words: vec!["-999".into()],
                encoding: None,
            },
            target: Target::Numbers {
                outputs: vec!["y".into()],
                offset: vec![0.1],
                scale: vec![1.0 / 3.0],
                curves: vec![Curve::Log],
            },
        };
        let text = serde_json::to_string(&encoding).unwrap();
        assert_eq!(serde_json::from_str::<Encoding>(&text).unwrap(), encoding);
        let points = Encoding { inputs: Inputs::Points { features: vec![Feature::XTimesY] }, ..Encoding::default() };
        let text = serde_json::to_string(&points).unwrap();
        assert_eq!(serde_json::from_str::<Encoding>(&text).unwrap(), points);
    }
}
