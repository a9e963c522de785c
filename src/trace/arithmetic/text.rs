//! An arithmetic on one line: with its numbers put in, or with the names of what it reads.

use super::{Arithmetic, Element};
use crate::expr::BinaryOperator;
use crate::trace::significant;

/// Significant digits of the numbers on the line.
const DIGITS: i32 = 4;

#[derive(Clone, Copy, PartialEq)]
enum Show {
    Numbers,
    Names,
}

/// How tightly what stands around holds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Hold {
    Loose,
    Sum,
    Product,
    Atom,
}

struct Writer {
    show: Show,
    /// Terms of a sum that are written; the rest is told in one.
    limit: usize,
}

impl Arithmetic {
    /// The terms of a sum that are written, and the others. All of them in reading order where there are no more than `limit`, else
    /// those that weigh most first; NaN weighs more than anything.
    pub fn heaviest(terms: &[Self], limit: usize) -> (Vec<&Self>, Vec<&Self>) {
        let mut shown: Vec<&Self> = terms.iter().collect();
        if shown.len() <= limit {
            return (shown, Vec::new());
        }
        let weight = |term: &Self| {
            let value = term.evaluate();
            if value.is_nan() { f64::INFINITY } else { value.abs() }
        };
        shown.sort_by_cached_key(|term| std::cmp::Reverse(weight(term).to_bits()));
        let rest = shown.split_off(limit);
        (shown, rest)
    }

    /// `0.031·0 − 0.214·1 + … and 771 more, together 0.0123`. Of sums with more terms than `limit`, those that weigh most come
    /// first; parts with a name of their own are one number, see [`Self::named_parts`].
    pub fn with_numbers(&self, limit: usize) -> String {
        Writer { show: Show::Numbers, limit }.whole(self)
    }

    /// `%x[0, 0]·dense_1.weight[2, 0] + …`
    pub fn with_names(&self, limit: usize) -> String {
        Writer { show: Show::Names, limit }.whole(self)
    }

    /// The parts that the formula calls by a name, each once, the outer before what is inside.
    pub fn named_parts(&self) -> Vec<(&'static str, &Arithmetic)> {
        let mut parts = Vec::new();
        self.unnamed().gather_named(&mut parts);
        parts
    }

    /// Without the name of the whole.
    pub(super) fn unnamed(&self) -> &Self {
        match self {
            Self::Named { part, .. } => part.unnamed(),
            _ => self,
        }
    }

    fn gather_named<'a>(&'a self, parts: &mut Vec<(&'static str, &'a Arithmetic)>) {
        match self {
            Self::Read { .. } | Self::Given { .. } => {}
            Self::Sum(inner) | Self::Product(inner) | Self::Call { arguments: inner, .. } => {
                inner.iter().for_each(|part| part.gather_named(parts));
            }
            Self::Binary(_, inner) => inner.iter().for_each(|part| part.gather_named(parts)),
            Self::Named { name, part } => {
                if !parts.iter().any(|(known, other)| known == name && *other == &**part) {
                    parts.push((name, part));
                    part.gather_named(parts);
                }
            }
        }
    }

    /// Every element that it reads, in reading order, each once.
    pub fn elements(&self) -> Vec<(&Element, f64)> {
        let mut found = Vec::new();
        let mut known = std::collections::HashSet::new();
        self.each_read(&mut |element, value| {
            if known.insert(element) {
                found.push((element, value));
            }
        });
        found
    }

    fn each_read<'a>(&'a self, see: &mut impl FnMut(&'a Element, f64)) {
        match self {
            Self::Read { element, value } => see(element, *value),
            Self::Given { .. } => {}
            Self::Sum(inner) | Self::Product(inner) | Self::Call { arguments: inner, .. } => {
                inner.iter().for_each(|part| part.each_read(see));
            }
            Self::Binary(_, inner) => inner.iter().for_each(|part| part.each_read(see)),
            Self::Named { part, .. } => part.each_read(see),
        }
    }
}

impl Writer {
    fn whole(&self, arithmetic: &Arithmetic) -> String {
        self.text(arithmetic.unnamed(), Hold::Loose)
    }

    fn number(&self, value: f64) -> String {
        significant(value, DIGITS)
    }

    fn text(&self, arithmetic: &Arithmetic, around: Hold) -> String {
        let names = self.show == Show::Names;
        let (text, holds) = match arithmetic {
            Arithmetic::Read { element, .. } if names => (element.to_string(), Hold::Atom),
            Arithmetic::Given { name, .. } if names && !name.is_empty() => ((*name).to_owned(), Hold::Atom),
            Arithmetic::Named { name, .. } if names => ((*name).to_owned(), Hold::Atom),
            Arithmetic::Read { .. } | Arithmetic::Given { .. } | Arithmetic::Named { .. } => {
                let text = self.number(arithmetic.evaluate());
                // A sign in front holds no tighter than a product.
                let holds = if text.starts_with('−') || text.contains('e') { Hold::Product } else { Hold::Atom };
                (text, holds)
            }
            Arithmetic::Sum(parts) => match &parts[..] {
                [] => ("0".to_owned(), Hold::Atom),
                [only] => return self.text(only, around),
                _ => (self.sum(parts), Hold::Sum),
            },
            Arithmetic::Product(parts) => match &parts[..] {
                [] => ("1".to_owned(), Hold::Atom),
                [only] => return self.text(only, around),
                _ => (self.product(parts), Hold::Product),
            },
            Arithmetic::Binary(operator, parts) => self.binary(*operator, &parts[0], &parts[1]),
            Arithmetic::Call { function, arguments } => {
                let arguments: Vec<_> = arguments.iter().map(|part| self.text(part, Hold::Loose)).collect();
                (format!("{}({})", function.name(), arguments.join(", ")), Hold::Atom)
            }
        };
        if holds < around { format!("({text})") } else { text }
    }

    fn binary(&self, operator: BinaryOperator, a: &Arithmetic, b: &Arithmetic) -> (String, Hold) {
        let two = |between: &str, left: Hold, right: Hold| {
            let right = self.text(b, right);
            format!(
                "{}{between}{}",
                self.text(a, left),
                if right.starts_with('−') { format!("({right})") } else { right }
            )
        };
        match operator {
            BinaryOperator::Add => (two(" + ", Hold::Sum, Hold::Sum), Hold::Sum),
            BinaryOperator::Subtract => (two(" − ", Hold::Sum, Hold::Product), Hold::Sum),
            BinaryOperator::Multiply => (two("·", Hold::Product, Hold::Product), Hold::Product),
            BinaryOperator::Divide => (two(" / ", Hold::Product, Hold::Atom), Hold::Product),
            BinaryOperator::Power => {
                let base = self.text(a, Hold::Atom);
                let text = match b.evaluate() {
                    2.0 => format!("{base}²"),
                    3.0 => format!("{base}³"),
                    _ => format!("{base}^{}", self.text(b, Hold::Atom)),
                };
                // Holds tighter than a product, but is no base of another power.
                (text, Hold::Atom)
            }
            _ => (two(&format!(" {} ", operator.symbol()), Hold::Sum, Hold::Sum), Hold::Loose),
        }
    }

    fn product(&self, parts: &[Arithmetic]) -> String {
        let mut text = String::new();
        for part in parts {
            // A quotient keeps its own line of division: (a / b)·c.
            let part = self.text(part, Hold::Product);
            if text.is_empty() {
                text = part;
            } else if part.starts_with('−') || part.contains(" / ") && !part.starts_with('(') {
                text = format!("{text}·({part})");
            } else {
                text = format!("{text}·{part}");
            }
        }
        text
    }

    fn sum(&self, parts: &[Arithmetic]) -> String {
        let (shown, rest) = Arithmetic::heaviest(parts, self.limit.max(1));
        let mut text = String::new();
        for part in shown {
            let part = self.text(part, Hold::Sum);
            match part.strip_prefix('−') {
                _ if text.is_empty() => text = part,
                Some(positive) => text = format!("{text} − {positive}"),
                None => text = format!("{text} + {part}"),
            }
        }
        if !rest.is_empty() {
            let together: f64 = rest.iter().map(|part| part.evaluate()).sum();
            text = format!("{text} + … and {} more, together {}", rest.len(), self.number(together));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Function;

    fn read(name: &str, index: &[usize], value: f64) -> Arithmetic {
        Arithmetic::Read { element: Element { name: name.into(), index: index.to_vec() }, value }
    }

    fn x(i: usize, value: f64) -> Arithmetic {
        read("%x", &[0, i], value)
    }

    #[test]
    fn a_weighted_sum_reads_like_one() {
        let w = |i, value| read("w", &[2, i], value);
        let sum = Arithmetic::Sum(vec![w(0, 0.031) * x(0, 0.0), w(1, -0.214) * x(1, 1.0), w(2, 2.0) * x(2, -3.5)]);
        assert_eq!(sum.with_numbers(9), "0.031·0 − 0.214·1 + 2·(−3.5)");
        assert_eq!(sum.with_names(9), "w[2, 0]·%x[0, 0] + w[2, 1]·%x[0, 1] + w[2, 2]·%x[0, 2]");
        assert_eq!(sum.with_numbers(1), "2·(−3.5) + … and 2 more, together −0.214");
        assert_eq!(sum.elements().len(), 6);
    }

    #[test]
    fn parentheses_stand_where_they_are_needed() {
        let (a, b, c) = (x(0, 1.0), x(1, -2.0), x(2, 3.0));
        let show = |arithmetic: Arithmetic| arithmetic.with_numbers(9);
        assert_eq!(show((a.clone() - b.clone()) * c.clone()), "(1 − (−2))·3");
        assert_eq!(show((a.clone() + b.clone()).squared()), "(1 − 2)²");
        assert_eq!(show(b.clone().squared()), "(−2)²");
        assert_eq!(show(a.clone() / (b.clone() * c.clone())), "1 / (−2·3)");
        assert_eq!(show(c.clone() * (a.clone() / c.clone())), "3·(1 / 3)");
        assert_eq!(show(c.clone() * a.clone().exceeds(b.clone())), "3·(1 > (−2))");
        assert_eq!(show(Arithmetic::call(Function::Exp, a.clone() - c.clone())), "exp(1 − 3)");
        assert_eq!(show(a.clone() - (b + c)), "1 − (−2 + 3)");
        assert_eq!(show(Arithmetic::Sum(vec![])), "0");
    }

    #[test]
    fn named_parts_are_told_apart_from_the_line() {
        let mean = Arithmetic::named("mean", Arithmetic::Sum(vec![x(0, 1.0), x(1, 3.0)]) / Arithmetic::number(2.0));
        let spread = Arithmetic::named("σ", Arithmetic::call(Function::Sqrt, (x(0, 1.0) - mean.clone()).squared()));
        let whole = Arithmetic::named("y", (x(0, 1.0) - mean) / spread);
        assert_eq!(whole.with_names(9), "(%x[0, 0] − mean) / σ");
        assert_eq!(whole.with_numbers(9), "(1 − 2) / 1");
        let parts = whole.named_parts();
        assert_eq!(parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["mean", "σ"]);
        assert_eq!(parts[0].1.with_names(9), "(%x[0, 0] + %x[0, 1]) / 2");
    }
}
