//! What of a table needs a look before a network is trusted with it, and the change of settings that mends it.

use super::{ColumnFacts, Distribution, Measure, TableFacts, role};
use crate::data::{ColumnPreview, Dataset, TablePreview};
use crate::expr::{agreeing, counted};
use crate::model::{ColumnChoice, ColumnRole, CsvSpec, DataSpec, Division, MissingPolicy, Scaling, Source};

/// From here on a column goes with the target as if it was made of it.
const NEARLY_A_COPY: f64 = 0.98;
/// From here on a column says something of the target by itself.
const SAYS_MUCH: f64 = 0.3;
/// Shares of rows: without a value in a column; lost to gaps; in two parts.
const MOSTLY_MISSING: f64 = 0.6;
const MANY_LOST: f64 = 0.1;
const MANY_TWINS: f64 = 0.05;
/// More distinct numbers than this are rarely categories.
const MANY_NUMBERS: usize = 20;
/// Of categories, from how many on a column may make too many inputs, and for how few rows each.
const MANY_CATEGORIES: usize = 30;
const FEW_ROWS: usize = 5;
/// Of unscaled inputs, how much wider the widest spread may be.
const UNEVEN: f64 = 30.0;
/// From so many interquartile ranges on a few numbers are a mistake rather than a tail.
const FAR_OUT: f64 = 100.0;
const FEW_OUTLIERS: usize = 3;
/// The rarest class of an uneven lot.
const RARE: f64 = 0.1;

/// Something that needs a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The column, by its place in the file; `None`: the table as a whole.
    pub column: Option<usize>,
    /// A sentence or two.
    pub words: String,
    /// What mends it.
    pub repair: Option<Repair>,
}

/// A change of settings, told as a button.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// The column is no input.
    LeaveOut(String),
    /// Gaps are filled instead of losing rows.
    FillGaps,
    /// In a column, a number counts as missing.
    TakeAsMissing {
        /// Its heading.
        column: String,
        /// As it is written.
        word: String,
    },
    /// Numeric columns are standardised.
    Standardise,
    /// Each class has its share in each part.
    Stratify,
    /// Rows that are equal are in one part.
    KeepTogether,
}

impl Warning {
    /// Whether the notes of the data say it already.
    pub fn is_told(&self, table: &TablePreview, dataset: &Dataset) -> bool {
        let name = self.column.map(|column| &table.columns[column].name);
        let is_leak = |name: &String| dataset.giveaways.iter().any(|leak| leak.column == *name);
        let option = self.repair.as_ref().and_then(Repair::option).filter(|option| option.starts_with("--missing"));
        let is_said = |option: String| dataset.notes.iter().any(|note| note.contains(&option));
        name.is_some_and(is_leak) || option.is_some_and(is_said)
    }

    /// Whether it asks something: what mends it is then one of two answers.
    pub fn asks(&self) -> bool {
        self.words.ends_with('?')
    }
}

impl Repair {
    /// On its button.
    pub fn label(&self) -> String {
        match self {
            Self::LeaveOut(column) => format!("Leave out {column}"),
            Self::FillGaps => "Fill gaps".into(),
            Self::TakeAsMissing { word, .. } => format!("Take {word} as missing"),
            Self::Standardise => "Standardise".into(),
            Self::Stratify => "Split stratified".into(),
            Self::KeepTogether => "Keep equal rows together".into(),
        }
    }

    /// The same for `glassbox new table`; `None`: it has no option.
    pub fn option(&self) -> Option<String> {
        let named = |name: &str| if name.contains([' ', '\'', '"']) { format!("{name:?}") } else { name.to_owned() };
        match self {
            Self::LeaveOut(column) => Some(format!("--drop {}", named(column))),
            Self::TakeAsMissing { column, word } => Some(format!("--missing {}", named(&format!("{column}={word}")))),
            Self::Stratify => Some("--split stratified".into()),
            Self::KeepTogether => Some("--split together".into()),
            Self::FillGaps | Self::Standardise => None,
        }
    }

    /// The settings with it; the same ones where they are of no table.
    pub fn applied(&self, spec: &DataSpec) -> DataSpec {
        let mut spec = spec.clone();
        let Source::Csv(csv) = &mut spec.source else { return spec };
        match self {
            Self::LeaveOut(column) => {
                csv.columns.retain(|choice| choice.name != *column);
                csv.columns.push(ColumnChoice { name: column.clone(), role: ColumnRole::LeftOut });
            }
            Self::FillGaps => csv.missing = MissingPolicy::Fill,
            Self::TakeAsMissing { column, word } => csv.reading.missing_words.push(format!("{column}={word}")),
            Self::Standardise => csv.scaling = Scaling::Standardise,
            Self::Stratify => spec.split = Division::Stratified,
            Self::KeepTogether => spec.split = Division::Together,
        }
        spec
    }
}

/// Whether nothing but the lot decides which part a row is in.
fn is_by_lot(division: &Division) -> bool {
    matches!(division, Division::Usual | Division::Random | Division::Stratified)
}

/// A table in use, with what is known of it.
struct Look<'a> {
    facts: &'a TableFacts,
    table: &'a TablePreview,
    csv: &'a CsvSpec,
    dataset: &'a Dataset,
}

pub(super) fn all(
    facts: &TableFacts,
    table: &TablePreview,
    spec: &DataSpec,
    csv: &CsvSpec,
    dataset: &Dataset,
) -> Vec<Warning> {
    let look = Look { facts, table, csv, dataset };
    let used = || (0..table.columns.len()).filter(|&index| look.is_input(index));
    let mut found: Vec<Warning> = used().filter_map(|index| look.leak(index)).collect();
    found.extend((0..table.columns.len()).filter_map(|index| look.stray_word(index)));
    found.extend(look.twins(spec));
    found.extend(used().filter_map(|index| look.of_column(index)));
    found.extend((0..table.columns.len()).filter_map(|index| look.far_out(index)));
    found.extend(look.lost_rows());
    found.extend(look.uneven_scales());
    found.extend(look.rare_class(spec));
    look.keep_what_is_needed(&mut found);
    found
}

impl Look<'_> {
    fn is_input(&self, index: usize) -> bool {
        !self.facts.targets.contains(&index) && !self.facts.columns[index].inputs.is_empty()
    }

    fn column(&self, index: usize) -> (&ColumnPreview, &ColumnFacts) {
        (&self.table.columns[index], &self.facts.columns[index])
    }

    fn leave_out(&self, index: usize, words: String) -> Warning {
        let repair = Some(Repair::LeaveOut(self.table.columns[index].name.clone()));
        Warning { column: Some(index), words, repair }
    }

    /// Whoever follows all advice must have something left to learn from: where no input is without doubt, none is
    /// offered to be left out, and of two that tell much of the target not the last.
    fn keep_what_is_needed(&self, found: &mut [Warning]) {
        let is_out = |warning: &Warning| matches!(warning.repair, Some(Repair::LeaveOut(_)));
        let doubted: Vec<usize> = found.iter().filter(|warning| is_out(warning)).filter_map(|w| w.column).collect();
        let inputs = (0..self.table.columns.len()).filter(|&index| self.is_input(index));
        let sound: Vec<usize> = inputs.filter(|index| !doubted.contains(index)).collect();
        let says_much =
            |&index: &usize| self.facts.columns[index].relation.is_some_and(|found| found.value >= SAYS_MUCH);
        let is_useful = sound.iter().any(says_much);
        for warning in found.iter_mut().filter(|warning| is_out(warning)) {
            let is_needed =
                sound.is_empty() || (!is_useful && warning.column.is_some_and(|index| self.may_be_honest(index)));
            warning.repair.take_if(|_| is_needed);
        }
    }

    /// Whether a column tells nearly everything of the target, as the best of honest inputs do too.
    fn may_be_honest(&self, index: usize) -> bool {
        let (column, facts) = self.column(index);
        let is_exact = self.dataset.giveaways.iter().any(|leak| leak.column == column.name);
        !is_exact && facts.relation.is_some_and(|relation| relation.value >= NEARLY_A_COPY)
    }

    /// A column of numbers but for a word, which makes it text, and of no use.
    fn stray_word(&self, index: usize) -> Option<Warning> {
        let column = &self.table.columns[index];
        let is_open = self.csv.said(&column.name).is_none() && !self.facts.targets.contains(&index);
        let (word, rows) = column.stray.as_ref().filter(|_| is_open)?;
        let is = match column.role {
            ColumnRole::LeftOut => "left out",
            // A few numbers and a word may well be categories.
            ColumnRole::Categorical if column.distinct > MANY_NUMBERS => "taken as categories",
            _ => return None,
        };
        let words = format!(
            "\"{}\" has numbers, but \"{word}\" in {}, so it is {is}. Does that mean a missing value?",
            column.name,
            counted(*rows, "row")
        );
        let repair = Some(Repair::TakeAsMissing { column: column.name.clone(), word: word.clone() });
        Some(Warning { column: Some(index), words, repair })
    }

    /// A column that holds the answer.
    fn leak(&self, index: usize) -> Option<Warning> {
        let (column, facts) = self.column(index);
        let name = &column.name;
        if let Some(leak) = self.dataset.giveaways.iter().find(|leak| leak.column == *name) {
            let target = &leak.target;
            let words = format!("\"{name}\" determines \"{target}\" exactly: is it the answer under another name?");
            return Some(self.leave_out(index, words));
        }
        let relation = facts.relation.filter(|relation| relation.value >= NEARLY_A_COPY)?;
        let target = &self.table.columns[relation.target].name;
        let sign = match relation.measure {
            Measure::Correlation => "|r|",
            Measure::Ratio => "η",
            Measure::CramersV => "V",
        };
        let words = format!(
            "\"{name}\" follows \"{target}\" almost exactly ({sign} = {:.3}). Would you know it before \"{target}\"?",
            relation.value
        );
        Some(self.leave_out(index, words))
    }

    /// What is wrong with an input by itself; the worst.
    fn of_column(&self, index: usize) -> Option<Warning> {
        let (column, facts) = self.column(index);
        let name = &column.name;
        // Taken against what was found.
        let is_embedded = column.can_be_embedded && role(self.table, self.csv, index) == ColumnRole::Embedded;
        if column.role == ColumnRole::LeftOut && !is_embedded {
            return Some(self.leave_out(index, format!("\"{name}\" is an input, but {}.", column.reason)));
        }
        if let Some(word) = column.sentinel.filter(|_| role(self.table, self.csv, index) == ColumnRole::Numeric) {
            let words = format!("\"{name}\" has {word} far from all its other numbers: does it mean a missing value?");
            let repair = Some(Repair::TakeAsMissing { column: name.clone(), word: word.to_string() });
            return Some(Warning { column: Some(index), words, repair });
        }
        let missing = column.missing as f64 / self.table.rows.max(1) as f64;
        if missing >= MOSTLY_MISSING {
            let words = format!("\"{name}\" has no value in {:.0} % of the rows.", missing * 100.0);
            return Some(self.leave_out(index, words));
        }
        match &facts.distribution {
            Distribution::Categories(counts)
                if counts.distinct >= MANY_CATEGORIES && counts.count < counts.distinct * FEW_ROWS =>
            {
                let each = counts.count as f64 / counts.distinct as f64;
                let words = format!(
                    "\"{name}\" has {} categories, with {each:.1} rows each: too few to learn much about any of them.",
                    counts.distinct
                );
                Some(self.leave_out(index, words))
            }
            _ => None,
        }
    }

    /// A few numbers that hardly belong to the others.
    fn far_out(&self, index: usize) -> Option<Warning> {
        let (column, facts) = self.column(index);
        let Distribution::Numbers(spread) = &facts.distribution else { return None };
        let is_target = self.facts.targets.contains(&index);
        let is_used = is_target || self.is_input(index);
        let few = spread.outliers.filter(|found| found.count > 0 && (!found.is_tail || found.count <= FEW_OUTLIERS))?;
        let range = spread.upper - spread.lower;
        let ends = [(spread.lower - spread.min, spread.min), (spread.max - spread.upper, spread.max)];
        let (distance, value) = ends.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        if !is_used || column.sentinel.is_some() || distance < FAR_OUT * range {
            return None;
        }
        let (name, are) = (&column.name, if few.count == 1 { "1 value lies" } else { "Some values lie" });
        let words = format!(
            "\"{name}\": {are} far from all others ({value}; half are between {} and {}). Is it a mistake?",
            spread.lower, spread.upper
        );
        let is_safe = few.count == 1 && !is_target && !self.facts.are_of_some();
        let repair = is_safe.then(|| Repair::TakeAsMissing { column: name.clone(), word: value.to_string() });
        Some(Warning { column: Some(index), words, repair })
    }

    fn twins(&self, spec: &DataSpec) -> Option<Warning> {
        let twins = self.facts.twins.filter(|twins| twins.count as f64 > MANY_TWINS * twins.of as f64)?;
        let (count, of) = (twins.count, counted(twins.of, "validation row"));
        let are = agreeing(count, "is also a training row", "are also training rows");
        let words = format!("{count} of {of} {are}, value for value. The score on them says little about new data.");
        // What somebody said of the parts stays.
        let repair = is_by_lot(&spec.split).then_some(Repair::KeepTogether);
        Some(Warning { column: None, words, repair })
    }

    fn lost_rows(&self) -> Option<Warning> {
        let kept: usize = self.dataset.parts().map(crate::data::Samples::len).sum();
        let lost = self.table.rows.saturating_sub(kept);
        let is_much = lost as f64 > MANY_LOST * self.table.rows as f64;
        (self.csv.missing == MissingPolicy::DropRow && is_much).then(|| Warning {
            column: None,
            words: format!(
                "{lost} of {} {} left out because of gaps.",
                counted(self.table.rows, "row"),
                agreeing(lost, "is", "are")
            ),
            repair: Some(Repair::FillGaps),
        })
    }

    fn uneven_scales(&self) -> Option<Warning> {
        // An index for an Embedding is no quantity.
        let is_quantity = |index: usize| role(self.table, self.csv, index) != ColumnRole::Embedded;
        let inputs =
            self.facts.columns.iter().enumerate().filter(|(index, _)| self.is_input(*index) && is_quantity(*index));
        let spans = inputs.flat_map(|(_, column)| &column.inputs).map(|input| (input.max - input.min, &input.name));
        let spans = spans.filter(|(span, _)| *span > 0.0);
        let least = spans.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let most = spans.max_by(|a, b| a.0.total_cmp(&b.0))?;
        (self.csv.scaling == Scaling::None && most.0 > UNEVEN * least.0).then(|| Warning {
            column: None,
            words: format!(
                "\"{}\" spreads {:.0} times as wide as \"{}\". Unscaled, the wide one dominates.",
                most.1,
                most.0 / least.0,
                least.1
            ),
            repair: Some(Repair::Standardise),
        })
    }

    fn rare_class(&self, spec: &DataSpec) -> Option<Warning> {
        let is_uneven = matches!(spec.split, Division::Usual | Division::Random);
        let counts = self.dataset.class_counts(&self.dataset.train);
        let all: usize = counts.iter().sum();
        let (class, &least) = counts.iter().enumerate().min_by_key(|(_, n)| **n)?;
        (is_uneven && (least as f64) < RARE * all as f64).then(|| Warning {
            column: None,
            words: format!(
                "\"{}\" is rare: {least} of {all} training rows. A stratified split gives each part its share.",
                self.dataset.truth.names[class]
            ),
            repair: Some(Repair::Stratify),
        })
    }
}
