//! Values as they were before the step, under the names that a dump has for them: `dense_1.weight.before`.

use super::scope::Scope;
use super::{DebugError, Debugger};
use crate::expr::{self, Array, Expr, Names, Reduction};
use crate::trainer::gates;
use crate::trainer::value::{BEFORE, before};

/// Names here, and those of what was before.
struct Both<'a> {
    here: Scope<'a>,
    before: Vec<(String, Array)>,
}

impl Names for Both<'_> {
    fn value(&mut self, name: &str) -> Result<Array, String> {
        let known = self.before.iter().find(|(known, _)| known == name);
        known.map_or_else(|| self.here.value(name), |(_, value)| Ok(value.clone()))
    }

    fn past(&mut self, reduction: Reduction, of: &Expr) -> Result<Option<f64>, String> {
        self.here.past(reduction, of)
    }
}

impl Debugger {
    /// As [`Self::value_of`], where `NAME.before` is what a weight, a statistic or a moment was before the step in
    /// progress, or before the one completed last. The run goes back to look, and stands afterwards where it stood.
    pub fn value_with_before(&mut self, expression: &Expr) -> Result<Array, DebugError> {
        let program = self.machine().program();
        let names = expression.names().into_iter();
        let stems: Vec<String> = names.filter_map(|name| before(program, name)).map(str::to_owned).collect();
        if stems.is_empty() {
            return self.value_of(expression).map_err(DebugError::Value);
        }
        let here = self.moment();
        let begin = if here.instruction > 0 { Some(here.step) } else { here.step.checked_sub(1) };
        self.goto_step(begin.ok_or(DebugError::NoStep)?)?;
        let read = |stem: String| Ok((format!("{stem}{BEFORE}"), self.value_of(&Expr::Name(stem))?));
        let before: Result<Vec<_>, String> = stems.into_iter().map(read).collect();
        self.goto(here)?;
        let placed = gates::placed(self.machine().program(), expression).map_err(DebugError::Value)?;
        let mut both = Both { here: self.scope(), before: before.map_err(DebugError::Value)? };
        expr::evaluate_over(&placed, &mut both).map_err(DebugError::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{debugger, xor};
    use super::*;
    use crate::trainer::Moment;

    #[test]
    fn every_name_of_a_dump_can_be_typed() {
        let mut debugger = debugger(&xor(), 64 << 20);
        debugger.goto_step(7).unwrap();
        let dump = debugger.dump().unwrap();
        assert!(dump.tensors.contains_key("dense_1.weight.before") && dump.tensors.contains_key("%x"));
        for (name, tensor) in dump.tensors {
            let typed = expr::parse(&name).unwrap();
            let found = debugger.value_with_before(&typed).unwrap_or_else(|why| panic!("{name}: {why}"));
            let bits = |numbers: &mut dyn Iterator<Item = f32>| numbers.map(f32::to_bits).collect::<Vec<_>>();
            let (seen, dumped) = (found.numbers.iter().map(|&v| v as f32), tensor.data.iter().copied());
            assert_eq!((found.dims, bits(&mut { seen })), (tensor.dims, bits(&mut { dumped })), "{name}");
        }
        assert_eq!(debugger.moment(), Moment { step: 7, instruction: 0 });
    }

    #[test]
    fn before_is_before_the_step_in_progress() {
        let mut debugger = debugger(&xor(), 64 << 20);
        let number = |debugger: &mut Debugger, text: &str| {
            let found = debugger.value_with_before(&expr::parse(text).unwrap());
            found.map(|found| found.single().unwrap_or(f64::NAN)).map_err(|why| why.to_string())
        };
        let moved = "norm(dense_1.weight - dense_1.weight.before)";
        assert!(number(&mut debugger, moved).unwrap_err().contains("No step is complete"));
        debugger.goto(Moment { step: 4, instruction: 3 }).unwrap();
        assert_eq!(number(&mut debugger, moved), Ok(0.0), "not updated yet");
        debugger.goto_step(5).unwrap();
        assert!(number(&mut debugger, moved).unwrap() > 0.0);
        // A watch knows it, and what is asked on the way says why it does not.
        assert_eq!(debugger.check_expression(moved), Ok(()));
        for refused in [
            debugger.check_condition(&format!("{moved} > 1")).map_err(|error| error.message),
            debugger.gather_curve(moved, &mut |_| true).map(drop).map_err(|error| error.to_string()),
        ] {
            assert!(refused.clone().unwrap_err().contains("Only print and watch can use"), "{refused:?}");
        }
        let watched = debugger.evaluate(moved).unwrap_err();
        assert!(watched.contains("is shown while the run is paused"), "{watched}");
        assert!(debugger.names_before().contains(&"dense_1.weight.adam_m.before".to_owned()));
        assert!(number(&mut debugger, "max(loss.before)").unwrap_err().contains("no value 'loss.before'"));
    }
}
