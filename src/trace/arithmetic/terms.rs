//! An arithmetic as the terms of a sum, and the size against which its rounding is to be judged.

use super::Arithmetic;
use crate::expr::{BinaryOperator, Function};

/// One of the numbers that a sum is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term<'a> {
    /// What is added, without its factor.
    pub part: &'a Arithmetic,
    /// What stands before the whole sum: 1 / count of a mean, −1 behind a minus.
    pub factor: f64,
    /// The factor times the part.
    pub value: f64,
}

impl Arithmetic {
    /// The terms of the sum that the number is, in reading order; a single one where it is no sum. They add up to the
    /// number. A term with a name of its own stays whole.
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        self.unnamed().collect(1.0, &mut terms);
        terms
    }

    /// As [`Self::terms`], those that weigh most first.
    pub fn largest_terms(&self) -> Vec<Term<'_>> {
        let mut terms = self.terms();
        // What is no number weighs most.
        let weight = |term: &Term| if term.value.is_nan() { f64::INFINITY } else { term.value.abs() };
        terms.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        terms
    }

    fn collect<'a>(&'a self, factor: f64, terms: &mut Vec<Term<'a>>) {
        match self {
            Self::Sum(parts) => parts.iter().for_each(|part| part.collect(factor, terms)),
            Self::Binary(BinaryOperator::Subtract, parts) => {
                parts[0].collect(factor, terms);
                parts[1].collect(-factor, terms);
            }
            Self::Binary(BinaryOperator::Divide, parts) if parts[0].is_sum() => {
                parts[0].unnamed().collect(factor / parts[1].evaluate(), terms);
            }
            Self::Product(parts) if parts.iter().filter(|part| part.is_sum()).count() == 1 => {
                let others: f64 = parts.iter().filter(|part| !part.is_sum()).map(Self::evaluate).product();
                parts.iter().filter(|part| part.is_sum()).for_each(|sum| sum.unnamed().collect(factor * others, terms));
            }
            _ => terms.push(Term { part: self, factor, value: factor * self.evaluate() }),
        }
    }

    /// Whether it is a sum, perhaps with a factor.
    fn is_sum(&self) -> bool {
        match self {
            Self::Sum(parts) => parts.len() > 1,
            Self::Named { part, .. } => part.is_sum(),
            Self::Binary(BinaryOperator::Divide, parts) => parts[0].is_sum(),
            Self::Product(parts) => parts.iter().filter(|part| part.is_sum()).count() == 1,
            _ => false,
        }
    }

    /// What would come out if nothing cancelled: the sum of the absolute values of the terms, all the way down.
    /// Rounding in single precision is a small share of it.
    pub fn absolute(&self) -> f64 {
        match self {
            Self::Read { value, .. } | Self::Given { value, .. } => value.abs(),
            Self::Sum(parts) => parts.iter().map(Self::absolute).sum(),
            Self::Product(parts) => parts.iter().map(Self::absolute).product(),
            Self::Named { part, .. } => part.absolute(),
            Self::Binary(operator, parts) => {
                let (a, b) = (&parts[0], &parts[1]);
                match operator {
                    BinaryOperator::Add | BinaryOperator::Subtract => a.absolute() + b.absolute(),
                    BinaryOperator::Multiply => a.absolute() * b.absolute(),
                    // What cancels below the line makes the quotient as uncertain as what cancels above it.
                    BinaryOperator::Divide => a.absolute() / b.evaluate().abs() * b.cancellation(),
                    BinaryOperator::Power => {
                        self.evaluate().abs() * a.cancellation().powf(b.evaluate().abs().max(1.0)) * b.cancellation()
                    }
                    _ => self.evaluate().abs(),
                }
            }
            Self::Call { function, arguments } => self.absolute_of_call(*function, arguments),
        }
    }

    /// The value, and how far it moves when the arguments move by what cancelled in them.
    fn absolute_of_call(&self, function: Function, arguments: &[Arithmetic]) -> f64 {
        let value = self.evaluate().abs();
        let moved = |argument: &Arithmetic| argument.absolute() - argument.evaluate().abs();
        match (function, arguments) {
            (Function::Min | Function::Max, all) => value + all.iter().map(moved).fold(0.0, f64::max),
            (Function::Step | Function::Sign, _) => value,
            (_, [a]) => {
                let x = a.evaluate();
                let nudge = 1e-6 * x.abs().max(1e-3);
                let slope = (function.apply(x + nudge, 0.0) - function.apply(x - nudge, 0.0)) / (2.0 * nudge);
                if slope.is_finite() { value + slope.abs() * moved(a) } else { value }
            }
            _ => value,
        }
    }

    /// How many times larger it would be if nothing cancelled: 1 where nothing does.
    fn cancellation(&self) -> f64 {
        let value = self.evaluate().abs();
        if value > 0.0 { (self.absolute() / value).max(1.0) } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Element;

    fn read(value: f64) -> Arithmetic {
        Arithmetic::Read { element: Element { name: "x".into(), index: vec![0] }, value }
    }

    fn values(arithmetic: &Arithmetic) -> Vec<f64> {
        arithmetic.terms().iter().map(|term| term.value).collect()
    }

    #[test]
    fn terms_add_up_through_names_minus_signs_and_factors() {
        let sum = Arithmetic::Sum(vec![read(1.0) * read(3.0), read(-2.0), read(4.0) - read(0.5)]);
        assert_eq!(values(&sum), [3.0, -2.0, 4.0, -0.5]);
        let mean = Arithmetic::named("mean", sum.clone() / Arithmetic::number(2.0));
        assert_eq!(values(&mean), [1.5, -1.0, 2.0, -0.25]);
        let scaled = Arithmetic::number(10.0) * mean;
        assert_eq!(values(&scaled), [15.0, -10.0, 20.0, -2.5]);
        assert_eq!(values(&scaled).iter().sum::<f64>(), scaled.evaluate());
        let largest: Vec<_> = scaled.largest_terms().iter().map(|term| term.value).collect();
        assert_eq!(largest, [20.0, 15.0, -10.0, -2.5]);
        // A product of a difference stays whole: nobody reads 2x − 2t.
        assert_eq!(values(&((read(5.0) - read(2.0)) * read(2.0))), [6.0]);
        assert_eq!(values(&read(7.0)), [7.0]);
    }

    #[test]
    fn absolute_counts_what_cancels() {
        assert_eq!(Arithmetic::Sum(vec![read(3.0), read(-3.0)]).absolute(), 6.0);
        assert_eq!((read(3.0) - read(3.0)).absolute(), 6.0);
        assert_eq!(((read(3.0) - read(2.0)) * read(-4.0)).absolute(), 20.0);
        let quotient = read(1.0) / (read(3.0) - read(2.0));
        assert!((quotient.absolute() - 5.0).abs() < 1e-12);
        let exp = Arithmetic::call(Function::Exp, read(11.0) - read(10.0));
        // e, and 20 more of it: what cancelled in the argument moves the result by its slope.
        assert!((exp.absolute() / 1f64.exp() - 21.0).abs() < 1e-3);
        assert_eq!(Arithmetic::call(Function::Tanh, read(0.5)).absolute(), 0.5f64.tanh());
        assert_eq!(Arithmetic::call2(Function::Max, read(-3.0), read(-5.0)).absolute(), 3.0);
    }
}
