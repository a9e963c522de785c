//! The rules, a file each: the rule with its threshold and source, the function that judges, and its tests.
//!
//! To add one, copy a file, give it a line here, and add its fault to the matrix in `tests/diagnosis.rs`.

mod activation_spread;
mod batch_noise;
mod batch_of_one;
mod both_modes;
mod class_imbalance;
mod clipped_often;
mod constant_input;
mod copied_input;
mod dead_relu;
mod diverging;
mod double_activation;
mod dropout_at_end;
mod exploding;
mod few_samples;
mod flat_loss;
mod init_misfit;
mod inputs_unscaled;
mod leakage;
mod linear_layers;
mod loss_at_start;
mod norm_order;
mod not_finite;
mod one_class;
mod one_sample;
mod oscillating;
mod overfitting;
mod receptive_field;
mod saturated;
mod score_at_odds;
mod split_duplicates;
mod step_length;
mod symmetric_weights;
mod targets;
mod unlearnt;
mod update_size;
mod validation_too_good;
mod vanishing;
mod wrong_labels;

use super::{Case, Promise, Remedy, Rule};
use crate::model::{ColumnChoice, ColumnRole, DataSpec, Source, TrainingSpec};
use crate::trace::significant;

/// All rules, in the order of their page: those before training first.
pub static RULES: &[&Rule] = &[
    &inputs_unscaled::RULE,
    &constant_input::RULE,
    &copied_input::RULE,
    &targets::UNSCALED,
    &targets::RANGE,
    &class_imbalance::RULE,
    &few_samples::RULE,
    &leakage::RULE,
    &split_duplicates::RULE,
    &double_activation::RULE,
    &linear_layers::RULE,
    &symmetric_weights::RULE,
    &init_misfit::RULE,
    &norm_order::BIAS,
    &norm_order::DROPOUT,
    &dropout_at_end::RULE,
    &batch_of_one::RULE,
    &receptive_field::RULE,
    &loss_at_start::RULE,
    &activation_spread::RULE,
    &not_finite::RULE,
    &diverging::RULE,
    &exploding::RULE,
    &vanishing::RULE,
    &dead_relu::RULE,
    &saturated::RULE,
    &update_size::LARGE_STEPS,
    &update_size::SMALL_STEPS,
    &step_length::LONG_STEPS,
    &step_length::SHORT_STEPS,
    &oscillating::RULE,
    &clipped_often::RULE,
    &batch_noise::RULE,
    &flat_loss::RULE,
    &one_class::RULE,
    &unlearnt::STRAIGHT,
    &unlearnt::SMALL_NETWORK,
    &unlearnt::PLATEAU,
    &both_modes::NORM,
    &both_modes::DROPOUT,
    &one_sample::RULE,
    &wrong_labels::RULE,
    &validation_too_good::RULE,
    &overfitting::RULE,
    &score_at_odds::RULE,
];

/// A tenth of the learning rate.
fn slower(training: &TrainingSpec) -> Remedy {
    let learning_rate = training.learning_rate / 10.0;
    let label = format!("Set the learning rate to {}", plain(learning_rate));
    Remedy::training(label, TrainingSpec { learning_rate, ..training.clone() })
}

/// A number that can be pasted into a field.
fn plain(number: f64) -> String {
    significant(number, 3).replace('−', "-")
}

/// A column of the table that the network does not see any more; by hand where the data is none.
fn leave_out(case: &Case, column: &str) -> Remedy {
    let mut data: DataSpec = case.source.clone();
    let Source::Csv(csv) = &mut data.source else { return Remedy::by_hand("Leave the input out") };
    csv.columns.retain(|choice| choice.name != column);
    csv.columns.push(ColumnChoice { name: column.to_owned(), role: ColumnRole::LeftOut });
    Remedy::data(format!("Leave out \"{column}\""), data).promising(Promise::Simpler)
}

/// "\"a\" is", "\"a\", \"b\" and 3 others are".
fn named<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let all = names.len();
    let mut shown: Vec<String> = names.take(most).map(|name| format!("\"{name}\"")).collect();
    match all.saturating_sub(most) {
        0 => {}
        1 => shown.push("1 other".to_owned()),
        n => shown.push(format!("{n} others")),
    }
    match shown.split_last() {
        Some((only, [])) => format!("{only} is"),
        Some((last, before)) => format!("{} and {last} are", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn several_names_are_listed_and_many_are_counted() {
        assert_eq!(named(["a"].into_iter(), 2), "\"a\" is");
        assert_eq!(named(["a", "b"].into_iter(), 2), "\"a\" and \"b\" are");
        assert_eq!(named(["a", "b", "c", "d"].into_iter(), 2), "\"a\", \"b\" and 2 others are");
    }
}
