//! Places by the names of gates: `lstm_1.weight_ih[f, 0]` is what gate f does with the input 0, `lstm_1.bias_ih[f2]`
//! the bias of its unit 2, `lstm_1.bias_ih[f:o]` those of f and g. Knows where gates lie in a value; what is done with
//! the numbers there is the expression's own.

use super::inspect;
use super::value::{before, locate};
use crate::engine::Program;
use crate::expr::{Expr, Index};

/// An expression with numbers where it names gates.
pub fn placed(program: &Program, expression: &Expr) -> Result<Expr, String> {
    expression.with_places(&mut |name, axis, word| place(program, name, axis, word))
}

/// Indices of a value, with numbers where they name gates.
pub fn numbered(program: &Program, name: &str, index: &[Index]) -> Result<Vec<Index>, String> {
    let number = |(axis, index): (usize, &Index)| index.placed(&mut |word| place(program, name, axis, word));
    index.iter().enumerate().map(number).collect()
}

fn place(program: &Program, name: &str, axis: usize, word: &str) -> Result<Index, String> {
    let id = locate(program, before(program, name).unwrap_or(name))?;
    let (Some(gates), Some(value)) = (inspect::gates(program, id), program.value(id)) else {
        return Err(format!("{name} has no gates, so '{word}' isn't an index. Indices are numbers from 0."));
    };
    let known = gates.names.join(", ");
    if gates.axis != axis {
        let at = gates.axis;
        return Err(format!("The gates of {name} ({known}) are on axis {at}, but '{word}' is on axis {axis}."));
    }
    let size = value.shape.dims.get(axis - usize::from(value.shape.batched)).copied().unwrap_or_default();
    let units = size / gates.names.len();
    let example = gates.names[0];
    let refused = || format!("{name} has no gate '{word}'. Its gates are {known}; {example}2 is unit 2 of one.");
    let named = |gate: &&&str| word.strip_prefix(**gate).is_some_and(|unit| unit.bytes().all(|b| b.is_ascii_digit()));
    let (at, gate) = gates.names.iter().enumerate().find(|(_, gate)| named(gate)).ok_or_else(refused)?;
    let first = (at * units) as i64;
    match &word[gate.len()..] {
        "" => Ok(Index::Range(Some(first), Some(first + units as i64))),
        unit => match unit.parse::<usize>() {
            Ok(unit) if unit < units => Ok(Index::At(first + unit as i64)),
            _ => Err(format!("A gate of {name} has {units} units, counted from 0: there is no {word}.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::data::{NoProgress, load};
    use crate::engine::Device;
    use crate::expr;
    use crate::model::layer::{Dense, Gru, Lstm, Reshape};
    use crate::model::{LayerKind, Source, templates};
    use crate::trainer::{Debugger, Run};

    /// Digits read row by row by four units.
    fn recurrent(cell: LayerKind) -> Debugger {
        let mut project = templates::build("digits-lstm").unwrap();
        project.training.batch_size = 3;
        if let Source::Digits(digits) = &mut project.data.source {
            digits.samples = 100;
        }
        let rows = Reshape { shape: "28 x 28".into() };
        project.graph = templates::chain(vec![rows.into(), cell, Dense { units: 10, ..Dense::default() }.into()]);
        let dataset = Arc::new(load(&project.data, Path::new(""), &NoProgress).unwrap());
        let mut debugger = Debugger::new(Run::new(&project, dataset, Device::Cpu).unwrap(), 1 << 26).unwrap();
        debugger.goto_step(1).unwrap();
        debugger
    }

    fn same(debugger: &Debugger, named: &str, numbered: &str) {
        let found = debugger.evaluate(named).unwrap_or_else(|why| panic!("{named}: {why}"));
        assert_eq!(found, debugger.evaluate(numbered).unwrap(), "{named}");
    }

    #[test]
    fn gates_are_called_by_name_wherever_they_lie() {
        let lstm = recurrent(Lstm { units: 4, ..Lstm::default() }.into());
        let gates = lstm.machine().program().values.iter().find(|value| value.name.ends_with(".gates"));
        let gates = gates.map(|value| value.name.clone()).unwrap();
        for (named, numbered) in [
            ("lstm_1.weight_ih[f, 0]", "lstm_1.weight_ih[4:8, 0]".to_owned()),
            ("lstm_1.weight_hh.grad[o2, -1]", "lstm_1.weight_hh.grad[14, 3]".to_owned()),
            ("max(abs(lstm_1.bias_ih.adam_m[g]))", "max(abs(lstm_1.bias_ih.adam_m[8:12]))".to_owned()),
            (&format!("sum({gates}[:, -1, i], axis=0)"), format!("sum({gates}[:, -1, 0:4], axis=0)")),
            ("lstm_1.weight_ih[f:o, 0]", "lstm_1.weight_ih[4:12, 0]".to_owned()),
            ("lstm_1.weight_ih[:g, :2]", "lstm_1.weight_ih[:8, :2]".to_owned()),
            ("lstm_1.bias_ih[o:]", "lstm_1.bias_ih[12:]".to_owned()),
            ("lstm_1.bias_ih[1:f2]", "lstm_1.bias_ih[1:6]".to_owned()),
            (&format!("norm({gates}[:, -1, f2:-1])"), format!("norm({gates}[:, -1, 6:-1])")),
            (&format!("d{gates}[0, 0, o0]"), format!("d{gates}[0, 0, 12]")),
        ] {
            same(&lstm, named, &numbered);
        }
        assert_eq!(lstm.element("lstm_1.weight_ih", &[Index::Named("f2".into()), Index::At(-1)]), Ok(vec![6, 27]));
        let gru = recurrent(Gru { units: 4, ..Gru::default() }.into());
        same(&gru, "gru_1.weight_ih[z3, 1] + gru_1.bias_hh[n0]", "gru_1.weight_ih[7, 1] + gru_1.bias_hh[8]");
    }

    #[test]
    fn what_is_no_gate_is_refused_with_those_there_are() {
        let lstm = recurrent(Lstm { units: 4, ..Lstm::default() }.into());
        for (text, words) in [
            ("lstm_1.weight_ih[z, 0]", "has no gate 'z'. Its gates are i, f, g, o"),
            ("lstm_1.weight_ih[f4, 0]", "has 4 units, counted from 0: there is no f4"),
            ("lstm_1.weight_ih[0, f]", "are on axis 0, but 'f' is on axis 1"),
            ("lstm_1.bias_ih[f:z]", "has no gate 'z'"),
            ("loss[f]", "loss has no gates"),
            ("nothing[f]", "no value 'nothing'"),
        ] {
            let why = lstm.evaluate(text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
            assert_eq!(lstm.check_expression(text).unwrap_err().message, why);
        }
        let several = lstm.element("lstm_1.weight_ih", &[Index::Named("f".into())]).unwrap_err();
        assert!(several.contains("an element takes 2 indices"), "{several}");
    }

    /// A breakpoint remembers the steps before of what it names by a gate, and says it as it was typed.
    #[test]
    fn a_condition_over_gates_is_asked() {
        let mut lstm = recurrent(Lstm { units: 4, ..Lstm::default() }.into());
        let condition = "norm(lstm_1.bias_ih[f]) > 0.5 * max(norm(lstm_1.bias_ih[f]))";
        assert_eq!(lstm.check_condition(condition), Ok(()));
        let breakpoint = crate::trace::Breakpoint::new(1, crate::trace::At::Anywhere, Some(condition.into()));
        lstm.set_breakpoints(vec![breakpoint]);
        let hits = lstm.run_free().unwrap().hits;
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].why, expr::parse(condition).unwrap().to_string());
    }
}
