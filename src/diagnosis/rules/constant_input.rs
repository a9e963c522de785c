//! An input that has the same value in every training sample.
//!
//! TheDeepChecker. A fact of the data, without a threshold. Pixels at the border of pictures are constant too and are
//! left out: only inputs with a meaning each are looked at.

use crate::diagnosis::{Case, Finding, InputFacts, Place, Rule, Severity, When};

/// Inputs that a sentence names.
const NAMED: usize = 3;

pub static RULE: Rule = Rule {
    id: "constant-input",
    title: "Constant input",
    when: When::BeforeTraining,
    fires: "An input of a row of numbers has one value in all training samples.",
    why: "A fact of the data. Pixels are left out, because those at the border are constant in healthy pictures.",
    source: "TheDeepChecker (constant feature)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    if !case.data.are_rows() || case.data.train < 2 {
        return Vec::new();
    }
    let found: Vec<&InputFacts> = case.data.inputs.iter().filter(|input| input.min == input.max).collect();
    let Some(first) = found.first() else { return Vec::new() };
    let words = format!(
        "{} the same in every training sample, so nothing can be learnt from it. A value that first occurs later meets \
         weights that were never trained for it.",
        super::named(found.iter().map(|input| input.name.as_str()), NAMED)
    );
    let finding = Finding::new(&RULE, Severity::Warning, Place::Column(first.name.clone()), words)
        .with("constant inputs", found.len() as f64)
        .with("value", first.min);
    vec![finding.remedy(super::leave_out(case, &first.column))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dataset, dense, points};

    #[test]
    fn an_input_that_never_changes_is_named() {
        let rows = (0..40).flat_map(|i| [i as f32 / 40.0, 7.0]).collect();
        let data = dataset(2, rows, (0..40).map(|i| (i % 2) as f32).collect(), 2);
        let found = judge(&Planted::new(vec![dense(2)], data).case());
        assert_eq!(found[0].place, Place::Column("y".into()));
        assert!(found[0].words.starts_with("\"y\" is the same"), "{}", found[0].words);
        assert!(judge(&Planted::new(vec![dense(2)], points(1.0, 0.0)).case()).is_empty());
    }
}
