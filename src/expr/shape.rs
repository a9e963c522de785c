//! What shape an expression has, before anything is computed: so that mistakes are told as it is typed.
//!
//! `min`, `max` and `mean` of a single number (without axes) are over the steps so far, not over elements: `min(loss)`,
//! `max(norm(dense_1.weight))`. Here is told which expressions those are.

use super::array::{axis_of, sliced};
use super::lexer::{Token, tokens};
use super::{Expr, ParseError, Reduction};

/// What is known of a name: its dimensions, or a sentence why it stands for nothing.
type DimsOf<'a> = &'a mut dyn FnMut(&str) -> Result<Vec<usize>, String>;

/// A sentence, and the name where it belongs.
struct Mistake {
    message: String,
    name: Option<String>,
}

/// The dimensions of an expression; a single number has none.
pub fn dims(expression: &Expr, dims_of: DimsOf) -> Result<Vec<usize>, String> {
    infer(expression, dims_of).map_err(|mistake| mistake.message)
}

/// That every name stands for something, that shapes fit, and (of a condition) that it is one number. `text` is what
/// the expression was read from: the error says where in it.
pub fn check(text: &str, expression: &Expr, is_condition: bool, dims_of: DimsOf) -> Result<(), ParseError> {
    let place = |name: Option<&str>| name.and_then(|name| name_at(text, name)).unwrap_or(0);
    let dims = infer(expression, dims_of).map_err(|mistake| {
        let at = place(mistake.name.as_deref());
        ParseError { message: mistake.message, at }
    })?;
    if is_condition && dims.iter().product::<usize>() != 1 {
        let message = format!(
            "{expression} isn't a single number (its shape is {dims:?}). Wrap it in max(...), min(...) or mean(...)."
        );
        return Err(ParseError { message, at: place(expression.names().first().copied()) });
    }
    Ok(())
}

/// Every expression whose reduction over the steps so far is part of this one.
pub fn histories(expression: &Expr, dims_of: DimsOf) -> Vec<Expr> {
    let mut found = Vec::new();
    gather(expression, dims_of, &mut found);
    found
}

fn gather(expression: &Expr, dims_of: DimsOf, found: &mut Vec<Expr>) {
    match expression {
        Expr::Number(_) | Expr::Name(_) | Expr::Element(..) | Expr::Slice(..) => {}
        Expr::Unary(_, a) | Expr::Along(_, a, _) => gather(a, dims_of, found),
        Expr::Binary(_, a, b) => {
            gather(a, dims_of, found);
            gather(b, dims_of, found);
        }
        Expr::Call(_, arguments) => arguments.iter().for_each(|a| gather(a, dims_of, found)),
        Expr::Reduce(reduction, a) => {
            let over_steps = matches!(reduction, Reduction::Min | Reduction::Max | Reduction::Mean);
            let is_single = over_steps && !a.names().is_empty() && infer(a, dims_of).is_ok_and(|dims| dims.is_empty());
            // What is inside is computed with its own past, so it must be known too.
            gather(a, dims_of, found);
            if is_single && !found.contains(a) {
                found.push((**a).clone());
            }
        }
    }
}

fn infer(expression: &Expr, dims_of: DimsOf) -> Result<Vec<usize>, Mistake> {
    let known = |name: &str, dims_of: DimsOf| match name {
        "pi" | "e" | "nan" | "inf" => Ok(Vec::new()),
        _ => dims_of(name).map_err(|message| Mistake { message, name: Some(name.to_owned()) }),
    };
    match expression {
        Expr::Number(_) => Ok(Vec::new()),
        Expr::Name(name) => known(name, dims_of),
        Expr::Element(name, index) => element(name, &known(name, dims_of)?, index),
        Expr::Slice(name, index) => {
            let kept = sliced(name, &known(name, dims_of)?, index)
                .map_err(|message| Mistake { message, name: Some(name.clone()) })?;
            Ok(kept.into_iter().filter(|(_, stays)| *stays).map(|(places, _)| places.len()).collect())
        }
        Expr::Along(_, a, axis) => {
            let mut dims = infer(a, dims_of)?;
            let name = a.names().first().map(|name| (*name).to_owned());
            let axis = axis_of(*axis, dims.len()).map_err(|message| Mistake { message, name })?;
            dims.remove(axis);
            Ok(dims)
        }
        Expr::Unary(_, a) => infer(a, dims_of),
        Expr::Reduce(_, a) => infer(a, dims_of).map(|_| Vec::new()),
        Expr::Binary(operator, a, b) => combine(operator.symbol(), a, b, dims_of),
        Expr::Call(function, arguments) => match &arguments[..] {
            [a, b] => combine(function.name(), a, b, dims_of),
            [a] => infer(a, dims_of),
            _ => Ok(Vec::new()),
        },
    }
}

fn combine(what: &str, a: &Expr, b: &Expr, dims_of: DimsOf) -> Result<Vec<usize>, Mistake> {
    let (of_a, of_b) = (infer(a, dims_of)?, infer(b, dims_of)?);
    let single = |dims: &[usize]| dims.iter().product::<usize>() == 1;
    if single(&of_b) && !of_a.is_empty() {
        return Ok(of_a);
    }
    if single(&of_a) || of_a == of_b {
        return Ok(of_b);
    }
    let message = format!("{what} needs equal shapes, not {of_a:?} and {of_b:?}.");
    Err(Mistake { message, name: b.names().first().or(a.names().first()).map(|name| (*name).to_owned()) })
}

/// Axes behind the indices stay.
fn element(name: &str, dims: &[usize], index: &[usize]) -> Result<Vec<usize>, Mistake> {
    let mistake = |message: String| Err(Mistake { message, name: Some(name.to_owned()) });
    if dims.len() < index.len() {
        let (axes, got) = (dims.len(), index.len());
        return mistake(format!("{name} has shape {dims:?}: an element takes {axes} indices, not {got}."));
    }
    match index.iter().zip(dims).find(|(i, size)| i >= size) {
        Some((i, size)) => mistake(format!("{name} has shape {dims:?}: the index {i} must be below {size}.")),
        None => Ok(dims[index.len()..].to_vec()),
    }
}

/// Where a name stands for the first time.
fn name_at(text: &str, name: &str) -> Option<usize> {
    let all = tokens(text).ok()?;
    all.into_iter().find(|placed| placed.token == Token::Name(name.to_owned())).map(|placed| placed.at)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn dims_of(name: &str) -> Result<Vec<usize>, String> {
        match name {
            "loss" | "step" => Ok(Vec::new()),
            "w" => Ok(vec![2, 3]),
            "%4" => Ok(vec![5, 3]),
            "b" => Ok(vec![1]),
            _ => Err(format!("There is no value '{name}'.")),
        }
    }

    #[test]
    fn shapes_are_those_of_the_values() {
        let shape = |text: &str| dims(&parse(text).unwrap(), &mut dims_of).unwrap();
        assert_eq!(shape("w * 2 + w"), [2, 3]);
        assert_eq!(shape("2 - b"), [1]);
        assert_eq!(shape("max(w, b)"), [2, 3]);
        assert_eq!(shape("loss + w[0, 1] - max(%4) * pi"), [0usize; 0]);
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for (text, at, words) in [
            ("loss > wieght", 7, "no value 'wieght'"),
            ("max(w + %4) > 1", 8, "equal shapes"),
            ("loss > w", 0, "isn't a single number"),
            ("1 + w[2, 0] > 3", 4, "below 2"),
            ("w[0] > 3", 0, "its shape is [3]"),
            ("w[0, 1, 2] > 3", 0, "2 indices, not 3"),
        ] {
            let error = check(text, &parse(text).unwrap(), true, &mut dims_of).unwrap_err();
            assert!(error.message.contains(words), "{text}: {}", error.message);
            assert_eq!(error.at, at, "{text}: {}", error.message);
        }
        for text in ["b > 1", "max(abs(w)) > 10", "nan(%4)"] {
            check(text, &parse(text).unwrap(), true, &mut dims_of).unwrap();
        }
        check("w", &parse("w").unwrap(), false, &mut dims_of).unwrap();
    }

    #[test]
    fn a_reduction_of_one_number_is_over_the_steps() {
        let past = |text: &str| -> Vec<String> {
            histories(&parse(text).unwrap(), &mut dims_of).iter().map(Expr::to_string).collect()
        };
        assert_eq!(past("loss > 2 * min(loss) or max(loss) > 3"), ["loss"]);
        assert_eq!(past("max(norm(w)) > 2 * norm(w)"), ["norm(w)"]);
        assert_eq!(past("max(max(abs(w)) - min(loss)) > 1"), ["loss", "max(abs(w)) - min(loss)"]);
        assert!(past("max(abs(w)) > 1 and nan(loss) and max(b) > 1 and max(2) == 2 and sum(loss) > 0").is_empty());
    }
}
