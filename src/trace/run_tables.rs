//! Runs and curves as text for spreadsheets and other programs.

use std::fmt::Write;

use super::{Curves, Ending, RunCard, Series};
use crate::model::slug;

/// A line for every run; empty where there is no number.
pub fn runs_csv<'a>(runs: impl Iterator<Item = &'a RunCard>) -> String {
    let mut text = String::from(
        "name,seed,ending,steps,epochs,seconds,train_loss,val_loss,best_val_loss,metric,score,best_score,note\n",
    );
    for run in runs {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
        let ending = match run.ending {
            Ending::Paused => "paused".to_owned(),
            Ending::Done => "done".to_owned(),
            Ending::Early => "stopped early".to_owned(),
            Ending::NotFinite { step } => format!("not finite at step {step}"),
        };
        let metric = run.metric.key();
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{},{},{ending},{},{},{},{},{},{},{metric},{},{},{}",
            quoted(&run.name),
            run.project.training.seed,
            run.steps,
            run.epochs,
            run.seconds,
            number(run.train_loss),
            number(run.validation_loss),
            number(run.best_validation_loss),
            number(run.score),
            number(run.best_score),
            quoted(&run.note)
        );
    }
    text
}

/// A line for every point of every curve: `run,curve,step,value`. Where there are several Losses, each has its own
/// curves: `train_loss.loss_2`.
pub fn curves_csv(runs: &[(&RunCard, &Curves)]) -> String {
    let mut text = String::from("run,curve,step,value\n");
    for (card, curves) in runs {
        let name = quoted(&card.name);
        let mut write = |curve: &str, series: &Series| {
            for (step, value) in series.points() {
                let _ = writeln!(text, "{name},{curve},{step},{value}");
            }
        };
        curves.named().into_iter().for_each(|(curve, series)| write(curve, series));
        for (_, layer, both) in curves.of_losses(&card.project.graph) {
            let layer = slug(&layer);
            write(&format!("train_loss.{layer}"), &both.train);
            write(&format!("validation_loss.{layer}"), &both.validation);
        }
    }
    text
}

/// As RFC 4180 has it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LayerId;

    #[test]
    fn what_needs_quotes_has_them_and_missing_numbers_are_empty() {
        let run = RunCard { name: "wide, \"fast\"".into(), steps: 7, score: Some(0.5), ..RunCard::default() };
        let text = runs_csv([&run].into_iter());
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with("\"wide, \"\"fast\"\"\",1,paused,7,0,0,,,,accuracy,0.5,,"), "{line}");
        let mut curves = Curves::default();
        curves.train_loss.push(1, 0.25);
        curves.losses.entry(LayerId(3)).or_default().validation.push(2, 0.5);
        let card = RunCard { name: "a".into(), ..RunCard::default() };
        let lines = "run,curve,step,value\na,train_loss,1,0.25\na,validation_loss.loss_3,2,0.5\n";
        assert_eq!(curves_csv(&[(&card, &curves)]), lines);
    }
}
