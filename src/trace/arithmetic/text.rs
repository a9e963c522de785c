//! An arithmetic on one line: with its numbers put in, or with the names of what it reads.

use super::{Arithmetic, Element};
use crate::expr::BinaryOperator;
use crate::trace::significant;

/// Significant digits of the numbers on the line.
const DIGITS: i32 = 4;
/// Between the terms of a sum, also of one in brackets.
const PLUS: &str = " + ";
const MINUS: &str = " − ";

/// A bit of the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece<'a> {
    /// What is shown.
    pub text: String,
    /// `None` of signs and parentheses.
    pub number: Option<Number<'a>>,
}

impl Piece<'_> {
    /// Whether another term of a sum begins here.
    pub fn begins_term(&self) -> bool {
        self.number.is_none() && (self.text.starts_with(PLUS) || self.text.starts_with(MINUS))
    }
}

/// Its text has no sign behind a minus that stands before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<'a> {
    /// Its value.
    pub value: f64,
    /// Where it was read.
    pub element: Option<&'a Element>,
    /// What the formula calls it.
    pub name: &'static str,
}

type Line<'a> = Vec<Piece<'a>>;

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
    /// The terms of a sum that are written, and the others. All of them in reading order where there are no more than
    /// `limit`, else those that weigh most first; NaN weighs more than anything.
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

    /// `0.031·0 − 0.214·1 + … and 771 more, together 0.0123`. Of sums with more terms than `limit`, those that weigh
    /// most come first; parts with a name of their own are one number, see [`Self::named_parts`].
    pub fn with_numbers(&self, limit: usize) -> String {
        text(self.pieces(limit))
    }

    /// `%x[0, 0]·dense_1.weight[2, 0] + …`
    pub fn with_names(&self, limit: usize) -> String {
        text(Writer { show: Show::Names, limit }.part(self.unnamed(), Hold::Loose))
    }

    /// [`Self::with_numbers`] in pieces: each number with where it came from.
    pub fn pieces(&self, limit: usize) -> Vec<Piece<'_>> {
        Writer { show: Show::Numbers, limit }.part(self.unnamed(), Hold::Loose)
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
    fn part<'a>(&self, arithmetic: &'a Arithmetic, around: Hold) -> Line<'a> {
        let names = self.show == Show::Names;
        let (line, holds) = match arithmetic {
            Arithmetic::Read { element, .. } if names => (sign(element.to_string()), Hold::Atom),
            Arithmetic::Given { name, .. } if names && !name.is_empty() => (sign(*name), Hold::Atom),
            Arithmetic::Named { name, .. } if names => (sign(*name), Hold::Atom),
            Arithmetic::Read { element, value } => number(*value, Some(element), ""),
            Arithmetic::Given { name, value } => number(*value, None, name),
            Arithmetic::Named { name, part } => number(part.evaluate(), None, name),
            Arithmetic::Sum(parts) => match &parts[..] {
                [] => (sign("0"), Hold::Atom),
                [only] => return self.part(only, around),
                _ => (self.sum(parts), Hold::Sum),
            },
            Arithmetic::Product(parts) => match &parts[..] {
                [] => (sign("1"), Hold::Atom),
                [only] => return self.part(only, around),
                _ => (self.product(parts), Hold::Product),
            },
            Arithmetic::Binary(operator, parts) => self.binary(*operator, &parts[0], &parts[1]),
            Arithmetic::Call { function, arguments } => (self.call(function.name(), arguments), Hold::Atom),
        };
        if holds < around { parenthesised(line) } else { line }
    }

    fn binary<'a>(&self, operator: BinaryOperator, a: &'a Arithmetic, b: &'a Arithmetic) -> (Line<'a>, Hold) {
        let two = |between: &str, left: Hold, right: Hold| {
            let right = self.part(b, right);
            let right = if is_negative(&right) { parenthesised(right) } else { right };
            joined([self.part(a, left), sign(between), right])
        };
        match operator {
            BinaryOperator::Add => (two(" + ", Hold::Sum, Hold::Sum), Hold::Sum),
            BinaryOperator::Subtract => (two(" − ", Hold::Sum, Hold::Product), Hold::Sum),
            BinaryOperator::Multiply => (two("·", Hold::Product, Hold::Product), Hold::Product),
            BinaryOperator::Divide => (two(" / ", Hold::Product, Hold::Atom), Hold::Product),
            BinaryOperator::Power => {
                let exponent = match b.evaluate() {
                    2.0 => sign("²"),
                    3.0 => sign("³"),
                    _ => joined([sign("^"), self.part(b, Hold::Atom)]),
                };
                // Holds tighter than a product, but is no base of another power.
                (joined([self.part(a, Hold::Atom), exponent]), Hold::Atom)
            }
            _ => (two(&format!(" {} ", operator.symbol()), Hold::Sum, Hold::Sum), Hold::Loose),
        }
    }

    fn product<'a>(&self, parts: &'a [Arithmetic]) -> Line<'a> {
        let mut line = Line::new();
        for part in parts {
            let part = self.part(part, Hold::Product);
            // A quotient keeps its own line of division: (a / b)·c.
            let divides = part.iter().any(|piece| piece.text == " / ") && part[0].text != "(";
            let behind = !line.is_empty();
            if behind {
                line.extend(sign("·"));
            }
            line.extend(if behind && (is_negative(&part) || divides) { parenthesised(part) } else { part });
        }
        line
    }

    fn sum<'a>(&self, parts: &'a [Arithmetic]) -> Line<'a> {
        let (shown, rest) = Arithmetic::heaviest(parts, self.limit.max(1));
        let mut line = Line::new();
        for part in shown {
            let mut part = self.part(part, Hold::Sum);
            if !line.is_empty() {
                let positive = part[0].text.strip_prefix('−').map(str::to_owned);
                line.extend(sign(if positive.is_some() { MINUS } else { PLUS }));
                part[0].text = positive.unwrap_or_else(|| std::mem::take(&mut part[0].text));
            }
            line.extend(part);
        }
        if !rest.is_empty() {
            line.extend(sign(format!("{PLUS}… and {} more, together ", rest.len())));
            line.extend(number(rest.iter().map(|part| part.evaluate()).sum(), None, "the sum of all other terms").0);
        }
        line
    }

    fn call<'a>(&self, function: &str, arguments: &'a [Arithmetic]) -> Line<'a> {
        let mut line = sign(format!("{function}("));
        for (i, argument) in arguments.iter().take(self.limit.max(1)).enumerate() {
            if i > 0 {
                line.extend(sign(", "));
            }
            line.extend(self.part(argument, Hold::Loose));
        }
        let more = arguments.len().saturating_sub(self.limit.max(1));
        line.extend(sign(if more > 0 { format!(", … {more} more)") } else { ")".to_owned() }));
        line
    }
}

fn sign(text: impl Into<String>) -> Line<'static> {
    vec![Piece { text: text.into(), number: None }]
}

fn number<'a>(value: f64, element: Option<&'a Element>, name: &'static str) -> (Line<'a>, Hold) {
    let text = significant(value, DIGITS);
    // A sign in front holds no tighter than a product.
    let holds = if text.starts_with('−') || text.contains('e') { Hold::Product } else { Hold::Atom };
    (vec![Piece { text, number: Some(Number { value, element, name }) }], holds)
}

fn joined<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Line<'a> {
    lines.into_iter().flatten().collect()
}

fn parenthesised(line: Line<'_>) -> Line<'_> {
    joined([sign("("), line, sign(")")])
}

fn is_negative(line: &Line<'_>) -> bool {
    line.first().is_some_and(|piece| piece.text.starts_with('−'))
}

fn text(line: Line<'_>) -> String {
    line.into_iter().map(|piece| piece.text).collect()
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
        let pieces = sum.pieces(9);
        let second = pieces.iter().find(|piece| piece.text == "0.214").and_then(|piece| piece.number);
        assert_eq!(
            second.map(|n| (n.value, n.element.map(ToString::to_string))),
            Some((-0.214, Some("w[2, 1]".into())))
        );
        assert_eq!(pieces.iter().filter(|piece| piece.begins_term()).count(), 2);
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
        assert_eq!(Arithmetic::call(Function::Exp, a.clone()).with_numbers(9), "exp(1)");
        let most = Arithmetic::Call { function: Function::Max, arguments: vec![a; 12] };
        assert_eq!(most.with_numbers(2), "max(1, 1, … 10 more)");
        assert!(most.pieces(2).iter().all(|piece| !piece.text.is_empty()), "each can be drawn");
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
