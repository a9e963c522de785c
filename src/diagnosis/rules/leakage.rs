//! A column that tells the answer.
//!
//! The data floor finds columns that determine the target exactly when it reads a table; a fact, without a threshold.

use crate::diagnosis::{Case, Finding, Place, Promise, Rule, Severity, When};

pub static RULE: Rule = Rule {
    id: "leakage",
    title: "A column tells the answer",
    when: When::BeforeTraining,
    fires: "A column of the table that is used as an input determines the target exactly.",
    why: "A fact of the table. Columns that merely go with the target are what the network is to learn from.",
    source: "Kaufman et al., Leakage in Data Mining (2012)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let leaks = case.data.leaks.iter().map(|leak| {
        let words = format!(
            "\"{}\" determines \"{}\" exactly. The network only has to read it off, and fails where the column isn't known \
             in advance.",
            leak.column, leak.target
        );
        let finding = Finding::new(&RULE, Severity::Serious, Place::Column(leak.column.clone()), words);
        finding.with("share of rows it is right in", 1.0).remedy(super::leave_out(case, &leak.column).promising(Promise::Honest))
    });
    leaks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Giveaway};
    use crate::diagnosis::testing::{Planted, dense, points};

    #[test]
    fn the_column_is_named() {
        let leak = Giveaway { column: "x".into(), target: "class".into(), words: "x tells class".into() };
        let leaky = Dataset { giveaways: vec![leak], ..points(1.0, 0.0) };
        assert_eq!(judge(&Planted::new(vec![dense(2)], leaky).case())[0].place, Place::Column("x".into()));
        assert!(judge(&Planted::new(vec![dense(2)], points(1.0, 0.0)).case()).is_empty());
    }
}
