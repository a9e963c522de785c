//! Two inputs that are the same number, in another unit at most.
//!
//! No threshold is published. From a correlation of 0.99999 over 2,000 rows on; the two inputs of a
//! yes-or-no column go against each other and are not meant.

use crate::diagnosis::{Case, Finding, Place, Rule, Severity, When};

pub static RULE: Rule = Rule {
    id: "copied-input",
    title: "Input given twice",
    when: When::BeforeTraining,
    fires: "Two of at most 128 inputs of a row have a correlation above 0.99999 over up to 2,000 training samples.",
    why: "Related columns are healthy; only what is the same number, in another unit at most, is certain. Opposite inputs, \
        such as the two of a yes-or-no column, are left out.",
    source: "no published threshold",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let data = case.data;
    let Some([first, copy]) = data.copies.first().map(|pair| pair.map(|i| &data.inputs[i])) else { return Vec::new() };
    let (column, first, copy) = (&copy.column, &first.name, &copy.name);
    let more = match data.copies.len() {
        1 => String::new(),
        2 => " So does 1 other input.".to_owned(),
        n => format!(" So do {} other inputs.", n - 1),
    };
    let words = format!(
        "\"{copy}\" goes with \"{first}\" without exception.{more} It adds nothing, counts the column twice, and \
         makes what each is worth meaningless."
    );
    let finding = Finding::new(&RULE, Severity::Note, Place::Column(copy.clone()), words)
        .with("copied inputs", data.copies.len() as f64);
    vec![finding.remedy(super::leave_out(case, column))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dataset, dense};

    fn planted(second: impl Fn(f32) -> f32) -> Vec<Finding> {
        let rows = (0..200).map(|i| (i * 37 % 200) as f32).flat_map(|x| [x, second(x)]).collect();
        judge(&Planted::new(vec![dense(2)], dataset(2, rows, (0..200).map(|i| (i % 2) as f32).collect(), 2)).case())
    }

    #[test]
    fn the_same_in_another_unit_is_a_copy_and_what_is_only_related_is_not() {
        assert_eq!(planted(|x| 2.54 * x + 3.0)[0].place, Place::Column("y".into()));
        assert!(planted(|x| x + 5.0 * (x * 0.7).sin()).is_empty());
        assert!(planted(|x| 1.0 - x).is_empty(), "yes and no");
    }
}
