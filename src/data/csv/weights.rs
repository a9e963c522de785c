//! The column that says how much each row counts for in the loss.

use super::cell::{Cell, Words};
use super::columns::{ColumnFacts, shortened};
use super::encode::Values;
use super::store::Column;
use super::table::Table;
use crate::data::DataError;
use crate::data::progress::Progress;
use crate::expr::listed;
use crate::model::CsvSpec;

/// Where it stands; `None`: all rows count alike.
pub(super) fn place(settings: &CsvSpec, table: &Table, facts: &[ColumnFacts]) -> Result<Option<usize>, DataError> {
    let names: Vec<&str> = settings.weights().collect();
    let refuse = |what: String| Err(DataError::new(format!("{what} File: {}", table.path.display())));
    let name = match names[..] {
        [] => return Ok(None),
        [one] => one,
        _ => {
            return refuse(format!(
                "Rows can be weighted by one column, but several are set to weights: {}. Choose one of them.",
                listed(names)
            ));
        }
    };
    let Some(index) = table.names.iter().position(|column| column == name) else {
        let names = table.columns_in_words();
        return refuse(format!("There is no column \"{name}\" to weight rows by. Choose one of: {names}"));
    };
    match &facts[index].first_text {
        Some((line, text)) => refuse(format!(
            "The column \"{name}\" should say how much each row counts, but line {line} has \"{text}\". Fix the file, or \
             choose another column."
        )),
        None => Ok(Some(index)),
    }
}

/// What each row counts for, as a share of the mean over the training rows.
pub(super) struct Weights {
    numbers: Column<f64>,
    mean: f64,
}

impl Weights {
    /// `weight`: of all rows; none: nothing. `rows`: those that are used; `parts`: training and validation. Notes tell
    /// what they do.
    pub fn of_rows(
        weight: Option<(usize, Values)>,
        (table, words): (&Table, &[Words]),
        rows: &[usize],
        [train, validation]: [&[usize]; 2],
        notes: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Option<Self>, DataError> {
        let Some((index, values)) = weight else { return Ok(None) };
        let name = &table.names[index];
        let refuse = |what: String| Err(DataError::new(format!("{what} File: {}", table.path.display())));
        let Values::Numbers(numbers) = values else {
            return refuse(format!("The column \"{name}\" has no numbers to weight rows by."));
        };
        let is_bad = |&&row: &&usize| !(numbers[row] >= 0.0 && numbers[row].is_finite());
        if let Some(&bad) = rows.iter().find(is_bad) {
            return refuse(refusal(name, index, bad, (table, &words[index]), progress)?);
        }
        let sum = |part: &[usize]| part.iter().map(|&row| numbers[row]).sum::<f64>();
        for (part, what) in [(train, "training"), (validation, "validation")] {
            if sum(part) == 0.0 {
                return refuse(format!(
                    "\"{name}\" gives all {what} rows the weight 0, so none of them counts. Choose other weights, or \
                     split the rows differently."
                ));
            }
        }
        let mean = sum(train) / train.len() as f64;
        let (least, most) = rows
            .iter()
            .fold((f64::INFINITY, 0.0f64), |(least, most), &row| (least.min(numbers[row]), most.max(numbers[row])));
        notes.push(format!(
            "Each row is weighted in the loss by \"{name}\" ({least} to {most}), divided by its mean over the training set."
        ));
        Ok(Some(Self { numbers, mean }))
    }

    pub fn of(&self, row: usize) -> f32 {
        (self.numbers[row] / self.mean) as f32
    }
}

/// What is wrong with the weight of a row, which is looked up in the file again.
fn refusal(
    name: &str,
    index: usize,
    bad: usize,
    (table, words): (&Table, &Words),
    progress: &dyn Progress,
) -> Result<String, DataError> {
    let (mut row, mut found) = (0, None);
    table.for_each_row(progress, (0.95, 1.0), |line, record| {
        if row == bad {
            found = Some((line, record.get(index).unwrap_or_default().trim().to_owned()));
        }
        row += 1;
        Ok(())
    })?;
    let (line, text) = found.unwrap_or_default();
    let what = match words.read(&text) {
        Cell::Missing => "has no value".to_owned(),
        _ => format!("has \"{}\"", shortened(&text)),
    };
    Ok(format!(
        "The column \"{name}\" should say how much each row counts: a number of 0 or more. Line {line} {what}. Fix the file, or \
         choose another column."
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{choose, file, load_with, settings};
    use super::*;
    use crate::data::{Dataset, Fingerprint, Samples};
    use crate::model::ColumnRole;

    /// `x` counts, `w` is its weight.
    fn text(weight: impl Fn(usize) -> String) -> String {
        (0..40).fold("x,w,kind\n".to_owned(), |text, i| text + &format!("{i}.5,{},{}\n", weight(i), ["a", "b"][i % 2]))
    }

    fn loaded(text: impl AsRef<[u8]>, columns: &[(&str, ColumnRole)]) -> Result<Dataset, DataError> {
        let file = file(text);
        let columns = columns.iter().map(|&(name, role)| choose(name, role)).collect();
        load_with(&CsvSpec { columns, ..settings(file.path(), "kind") })
    }

    const BY_W: [(&str, ColumnRole); 1] = [("w", ColumnRole::Weight)];

    #[test]
    fn each_row_has_its_weight_and_those_of_training_are_one_on_average() {
        let set = loaded(text(|i| (i % 4).to_string()), &BY_W).unwrap();
        assert_eq!(set.input_names, ["x"]);
        assert!(set.train.is_weighted() && set.validation.is_weighted() && set.signature().weighted);
        let of = |part: &Samples| {
            let x = |row: usize| set.unit(0).value(part.input(row).unwrap()[0]);
            (0..part.len()).map(|row| (x(row), part.weight(row).unwrap())).collect::<Vec<_>>()
        };
        let train = of(&set.train);
        let mean = train.iter().map(|(_, weight)| weight).sum::<f32>() / train.len() as f32;
        assert!((mean - 1.0).abs() < 1e-6);
        let unit = train.iter().find(|(x, _)| (x - 0.5) % 4.0 == 1.0).unwrap().1;
        for (x, weight) in train.into_iter().chain(of(&set.validation)) {
            assert!((weight - unit * ((x - 0.5) % 4.0)).abs() < 1e-5, "{x}: {weight}");
        }
        assert!(
            set.notes.iter().any(|note| note.starts_with("Each row is weighted in the loss by \"w\" (0 to ")),
            "{:?}",
            set.notes
        );
        let batch = set.train.fetch(&[3, 0]).unwrap();
        assert_eq!(batch.weights, [3, 0].map(|row| set.train.weight(row).unwrap()));
        // Another weight is other data; the same rows without any are, too.
        let other = loaded(text(|i| (i % 4 + 1).to_string()), &BY_W).unwrap();
        let none = loaded(text(|i| (i % 4).to_string()), &[("w", ColumnRole::LeftOut)]).unwrap();
        let prints = [&set, &other, &none].map(|set| Fingerprint::of(set).unwrap());
        assert!(prints[0] != prints[1] && prints[0] != prints[2] && !none.train.is_weighted());
        assert!(none.train.fetch(&[0]).unwrap().weights.is_empty());
    }

    #[test]
    fn what_cannot_be_a_weight_is_refused_with_its_line() {
        let refused = |text: String, columns: &[(&str, ColumnRole)]| loaded(text, columns).unwrap_err().message;
        let at_7 = |bad: &'static str| text(move |i| if i == 7 { bad.into() } else { "1.5".into() });
        for (bad, said) in [
            ("-2", "Line 9 has \"-2\""),
            ("", "Line 9 has no value"),
            ("NA", "Line 9 has no value"),
            ("inf", "Line 9 has \"inf\""),
            ("nan", "Line 9 has \"nan\""),
            ("heavy", "line 9 has \"heavy\""),
        ] {
            let words = refused(at_7(bad), &BY_W);
            assert!(words.contains(said) && words.contains("how much each row counts"), "{bad}: {words}");
        }
        let zeros = refused(text(|_| "0".into()), &BY_W);
        assert!(zeros.starts_with("\"w\" gives all training rows the weight 0"), "{zeros}");
        let two = refused(text(|_| "1".into()), &[("w", ColumnRole::Weight), ("x", ColumnRole::Weight)]);
        assert!(two.contains("several are set to weights: w, x."), "{two}");
        let gone = refused(text(|_| "1".into()), &[("v", ColumnRole::Weight)]);
        assert!(gone.starts_with("There is no column \"v\" to weight rows by. Choose one of: x, w, kind."), "{gone}");
        let target = refused(text(|_| "1".into()), &[("kind", ColumnRole::Weight)]);
        assert!(target.contains("both the target and the weight"), "{target}");
    }
}
