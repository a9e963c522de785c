//! How every op's explanations are tested: by the cases that test its numbers, forward and backward instruction alike.
//! What an explanation says, evaluated in double precision, must be the number that the op made.

use candle_core::{DType, Tensor};

use super::check::{Bench, CONTEXT, run_one, seed_gradients, seed_missing};
use crate::engine::explain::{Operand, Reader};
use crate::engine::op::{Op, StepContext};
use crate::engine::program::{Instruction, Phase, Value, ValueId};

/// Numbers of each output that are explained, spread evenly over it.
const SAMPLE: usize = 64;

/// Runs every instruction of the bench in f64 and in f32, and explains what it made.
#[track_caller]
pub(super) fn explain_check(bench: &Bench, inputs: &[(Vec<usize>, Vec<f64>)]) {
    for dtype in [DType::F64, DType::F32] {
        let mut values = bench.empty();
        bench.load(&mut values, inputs, dtype);
        for instruction in &bench.program.instructions {
            if instruction.phase == Phase::Backward && seed_missing(bench, &values) {
                seed_gradients(bench, &mut values, dtype);
            }
            let before = operands(&bench.program.values, &values, &instruction.inputs);
            run_one(instruction, &mut values, dtype, |op, frame| {
                op.run(frame).unwrap();
                true
            });
            explained(&bench.program.values, instruction, before, &values, &CONTEXT, dtype);
        }
    }
}

/// The numbers of values as an explanation reads them.
pub fn operands(names: &[Value], values: &[Option<Tensor>], ids: &[ValueId]) -> Vec<Operand> {
    let operand = |id: &ValueId| Operand::new(&names[id.index()].name, values[id.index()].as_ref().unwrap()).unwrap();
    ids.iter().map(operand).collect()
}

/// Explains what an instruction has just made. `inputs`: as they were before it ran.
#[track_caller]
pub fn explained(
    names: &[Value],
    instruction: &Instruction,
    inputs: Vec<Operand>,
    values: &[Option<Tensor>],
    context: &StepContext,
    dtype: DType,
) {
    let outputs = operands(names, values, &instruction.outputs);
    let reader = Reader { inputs, outputs, context: *context };
    for output in 0..reader.outputs.len() {
        check_output(instruction.op.as_ref(), &reader, output, dtype);
    }
}

#[track_caller]
fn check_output(op: &dyn Op, reader: &Reader, output: usize, dtype: DType) {
    let operand = &reader.outputs[output];
    let tolerance = if dtype == DType::F64 { 1e-9 } else { 1e-5 };
    for flat in (0..operand.numbers.len()).step_by(operand.numbers.len().div_ceil(SAMPLE).max(1)) {
        let (index, value) = (operand.unflatten(flat), operand.numbers[flat]);
        let what = format!("{} {dtype:?}: {}{index:?}", op.name(), operand.name);
        let arithmetic = op.explain(reader, output, &index).unwrap_or_else(|e| panic!("{what}: {e}"));
        let (got, scale) = (arithmetic.evaluate(), arithmetic.absolute());
        let same = got == value || got.is_nan() && value.is_nan() || (got - value).abs() <= tolerance * (scale + 1e-30);
        assert!(same, "{what} is {value}, explained as {got} (terms {scale}) = {}", arithmetic.with_numbers(12));
        for (element, read) in arithmetic.elements() {
            let known = reader.inputs.iter().chain(&reader.outputs).filter(|operand| operand.name == element.name);
            let found = known.filter_map(|operand| operand.number(&element.index).ok()).any(|number| number == read);
            assert!(found || read.is_nan(), "{what}: reads {element} as {read}, which is not there");
        }
        let terms: f64 = arithmetic.terms().iter().map(|term| term.value).sum();
        assert!(
            terms == got || (terms - got).abs() <= 1e-9 * (scale + 1e-30) || got.is_nan(),
            "{what}: terms add up to {terms}, not {got}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::Result;
    use crate::engine::op::Frame;
    use crate::engine::ops::check::{Case, gradient_check};
    use crate::engine::ops::test_device::test_device;
    use crate::trace::Arithmetic;

    /// Doubles, and explains itself with a factor of its own.
    #[derive(Debug)]
    struct Doubled(f64);

    impl Op for Doubled {
        fn name(&self) -> &'static str {
            "doubled"
        }

        fn formula(&self) -> &'static str {
            "y = 2 x"
        }

        fn words(&self) -> &'static str {
            "Doubles."
        }

        fn reference(&self, frame: &mut Frame) -> Result<()> {
            let y = (frame.input(0)? * 2.0)?;
            frame.set(0, y)
        }

        fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
            Ok(Arithmetic::number(self.0) * reader.read(0, index)?)
        }
    }

    #[test]
    fn what_is_right_passes() {
        gradient_check(Doubled(2.0), Case::new().batched(3, &[4]).constant());
    }

    #[test]
    fn what_is_wrong_is_found() {
        if test_device().is_none() {
            return;
        }
        let wrong = || gradient_check(Doubled(2.001), Case::new().batched(3, &[4]).constant());
        let found = std::panic::catch_unwind(wrong).unwrap_err();
        assert!(found.downcast_ref::<String>().is_some_and(|text| text.contains("explained as")));
    }
}
