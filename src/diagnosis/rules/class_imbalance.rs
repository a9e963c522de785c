//! Classes of very different sizes, and classes without a training sample.
//!
//! SageMaker Debugger: a ratio of 10 between the largest and the smallest class. Kept: below it, the usual loss copes.

use crate::diagnosis::{Case, Finding, Place, Promise, Remedy, Rule, Severity, When};
use crate::model::layer::LossKind;
use crate::model::{Edit, ParamValue};

/// The largest class in smallest ones.
const LIMIT: f64 = 10.0;

pub static RULE: Rule = Rule {
    id: "class-imbalance",
    title: "Classes of very different sizes",
    when: When::BeforeTraining,
    fires: "The largest class has more than 10 times the training samples of the smallest, or a class has none, while the \
        loss is cross-entropy without class weights and samples have no weights.",
    why: "The published ratio is kept. Focal loss, class weights and sample weights are there for exactly this, so nothing \
        is said about networks that use them.",
    source: "SageMaker Debugger, ClassImbalance (ratio above 10)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let classes = &case.data.classes;
    let by_count = |(_, count): &&(String, usize)| *count;
    let (Some(least), Some(most)) = (classes.iter().min_by_key(by_count), classes.iter().max_by_key(by_count)) else {
        return Vec::new();
    };
    let is_met = case.data.signature.weighted || case.network.plain_loss() != Some(LossKind::CrossEntropy);
    let ratio = most.1 as f64 / least.1.max(1) as f64;
    if least.1 == 0 {
        let words =
            format!("No training sample is of the class \"{}\", so the network can't learn to recognise it.", least.0);
        let finding = Finding::new(&RULE, Severity::Serious, Place::Data, words)
            .with("classes without a training sample", classes.iter().filter(|class| class.1 == 0).count() as f64);
        return vec![finding.remedy(Remedy::by_hand("Split stratified, or collect samples of it"))];
    }
    if is_met || ratio <= LIMIT {
        return Vec::new();
    }
    let all: usize = classes.iter().map(|class| class.1).sum();
    let share = most.1 as f64 / all as f64;
    let words = format!(
        "\"{}\" is far rarer than \"{}\". Who always answers \"{1}\" is right in {:.0} % of cases, so the accuracy says \
         little, and the rare class hardly counts in the loss.",
        least.0,
        most.0,
        100.0 * share
    );
    let finding = Finding::new(&RULE, Severity::Warning, Place::Data, words)
        .beyond("samples of the largest class per sample of the smallest", ratio, LIMIT)
        .with("samples of the smallest class", least.1 as f64)
        .with("accuracy of always answering the largest", share);
    vec![weights(case, all).into_iter().fold(finding, Finding::remedy)]
}

/// Each class counts for as much as all others.
fn weights(case: &Case, all: usize) -> Option<Remedy> {
    let loss = case.network.ends().first().map(|end| end.loss)?;
    let classes = &case.data.classes;
    let weight = |count: usize| all as f64 / (classes.len() * count.max(1)) as f64;
    let weights: Vec<_> = classes.iter().map(|class| format!("{:.3}", weight(class.1))).collect();
    let value = ParamValue::Text(weights.join(", "));
    let edit = Edit::SetParam { layer: loss, key: "class_weights".into(), value };
    Some(Remedy::edits("Weigh the classes by their rarity", vec![edit]).promising(Promise::Balance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dataset, dense};

    /// So many of the second class in 200.
    fn planted(rare: usize) -> Planted {
        let rows = (0..400).map(|i| i as f32 / 400.0).collect();
        let class = |i: usize| f32::from(u8::from(i < rare));
        Planted::new(vec![dense(2)], dataset(2, rows, (0..200).map(class).collect(), 2))
    }

    #[test]
    fn a_ratio_above_ten_is_told_until_the_classes_are_weighed() {
        let rare = planted(10);
        let found = judge(&rare.case());
        assert_eq!((found[0].severity, found[0].evidence[0].value), (Severity::Warning, 19.0));
        assert!(judge(&rare.with(&found[0].remedies[0]).case()).is_empty());
        assert!(judge(&planted(20).case()).is_empty(), "nine to one");
        assert_eq!(judge(&planted(0).case())[0].severity, Severity::Serious);
    }
}
