use proptest::prelude::*;

use super::super::{
    BinaryOperator as B, Expr, Function, ParseError, Reduction, UnaryOperator, parse, parse_elementwise,
};

fn error(text: &str) -> ParseError {
    parse_elementwise(text).unwrap_err()
}

#[track_caller]
fn refused(text: &str, at: usize, words: &str) {
    let error = error(text);
    assert!(error.message.contains(words), "{text}: {}", error.message);
    assert_eq!(error.at, at, "{text}: {}", error.message);
}

/// Documents and completion go through the lists: a new one that is in none fails to compile here, and is to be put
/// there too.
#[test]
fn all_operators_are_in_their_list() {
    let place = |operator: B| match operator {
        B::Add => 0,
        B::Subtract => 1,
        B::Multiply => 2,
        B::Divide => 3,
        B::Power => 4,
        B::Equal => 5,
        B::NotEqual => 6,
        B::Less => 7,
        B::LessOrEqual => 8,
        B::Greater => 9,
        B::GreaterOrEqual => 10,
        B::And => 11,
        B::Or => 12,
    };
    assert_eq!(B::ALL.map(place), std::array::from_fn(|i| i));
}

#[test]
fn errors_say_where_and_what() {
    refused("", 0, "The expression is empty");
    refused("x +", 3, "Expected a number, a name, a function or '(', found the end (at the end)");
    refused("x + * 2", 4, "found '*' (at character 5)");
    refused("(x + 1", 6, "Expected ')' to close the '(' at character 1, found the end");
    refused("exp(x", 5, "Expected ')' to close exp( at character 4");
    refused("x)", 1, "')' without a '('");
    refused("2x", 1, "write * to multiply");
    refused("x(2)", 0, "write x * (...) to multiply");
    refused("x, 1", 1, "Commas");
    refused("x $ 2", 2, "'$' isn't allowed in an expression (character 3)");
    refused("é + x", 0, "There is no 'é'");
    refused("é", 0, "the names are x, pi, e");
    refused("1e999 * x", 0, "too large");
    refused("x = 2", 2, "==");
    refused(". + x", 0, "isn't a number");
    refused("3", 0, "must use x");
}

#[test]
fn unknown_names_get_the_nearest_one() {
    refused("x * sigmod(x)", 4, "did you mean 'sigmoid'?");
    refused("tahnh(x)", 0, "did you mean 'tanh'?");
    refused("X + 1", 0, "did you mean 'x'?");
    refused("ln(x)", 0, "'log'");
    refused("completely(x)", 0, "functions are exp, log");
    refused("exp + x", 0, "write exp(x)");
    refused("max(x)", 0, "max takes 2 arguments, not 1");
    refused("exp()", 0, "exp takes 1 argument, not 0");
    refused("step + x", 0, "'step' is a function");
    refused("mean(x)", 0, "no function 'mean'");
    refused("x[0]", 1, "found '['");
    refused("x%2", 1, "before '%2'");
    refused("exp(x, )", 7, "Expected a number");
}

#[test]
fn logic_is_read_but_not_by_formulas() {
    refused("x > 0", 2, "gives true or false");
    refused("not x", 0, "gives true or false");
    let text = "step >= 100 and not loss < 0.5 or dense_1.weight == 0";
    assert_eq!(parse(text).unwrap().to_string(), text);
    assert!(parse("1 < x < 2").unwrap_err().message.contains("can't be chained"));
}

#[test]
fn deep_and_long_texts_are_refused_without_exhausting_the_stack() {
    let long = |open: &str, close: &str| format!("{}x{}", open.repeat(100_000), close.repeat(100_000));
    for text in [long("(", ")"), long("-", ""), long("exp(", ")"), long("2^", ""), long("x+", ""), long("x^", "")] {
        assert!(error(&text).message.contains("nested too deeply"));
    }
    let fits = format!("{}x{}", "(".repeat(150), ")".repeat(150));
    assert_eq!(parse_elementwise(&fits).unwrap(), Expr::Name("x".into()));
}

fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        (0.0f64..1e6).prop_map(Expr::Number),
        Just(Expr::Number(1e-9)),
        Just(Expr::Name("x".into())),
        Just(Expr::Name("dense_1.weight".into())),
        Just(Expr::Name("d%4".into())),
        Just(Expr::Element("%5.mask".into(), vec![0, 2])),
    ];
    leaf.prop_recursive(6, 40, 2, |inner| {
        let operators = [B::Add, B::Subtract, B::Multiply, B::Divide, B::Power, B::Equal, B::Less, B::And, B::Or];
        let unary = [UnaryOperator::Negate, UnaryOperator::Not];
        prop_oneof![
            (prop::sample::select(operators.to_vec()), inner.clone(), inner.clone())
                .prop_map(|(o, a, b)| Expr::Binary(o, a.into(), b.into())),
            (prop::sample::select(unary.to_vec()), inner.clone()).prop_map(|(o, a)| Expr::Unary(o, a.into())),
            (prop::sample::select(Reduction::ALL.to_vec()), inner.clone()).prop_map(|(r, a)| Expr::Reduce(r, a.into())),
            (prop::sample::select(Function::ALL.to_vec()), inner.clone(), inner)
                .prop_map(|(f, a, b)| Expr::Call(f, if f.arity() == 2 { vec![a, b] } else { vec![a] })),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(tree in expression()) {
        prop_assert_eq!(parse(&tree.to_string()), Ok(tree));
    }

    #[test]
    fn any_text_is_read_or_refused_inside_it(text in "\\PC{0,60}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at));
        }
    }

    #[test]
    fn near_expressions_are_read_or_refused_inside_them(text in "([-x+*/^(),. ]|[0-9e.]{1,4}|exp|max\\(|not |and|<=|==|é){0,30}") {
        if let Err(error) = parse_elementwise(&text) {
            prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at));
        }
    }
}
