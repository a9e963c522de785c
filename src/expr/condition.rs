//! What a breakpoint waits for: an expression, and for how many steps in a row it is to hold.

use std::fmt;

use super::{Expr, ParseError, parser};

/// `mean(relu_1 == 0) > 0.9 for 5 steps`
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What must be true.
    pub expr: Expr,
    /// In how many steps in a row it must hold; from 1.
    pub steps: u64,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.steps {
            1 => write!(f, "{}", self.expr),
            steps => write!(f, "{} for {steps} steps", self.expr),
        }
    }
}

/// Any expression of the language, and `for N steps` behind it where it must hold so many times in a row.
pub fn parse_condition(text: &str) -> Result<Condition, ParseError> {
    let (expr, steps) = parser::parse_with_steps(text)?;
    Ok(Condition { expr, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_in_a_row_stand_behind_the_expression() {
        let condition = parse_condition("mean(relu_1 == 0) > 0.9 for 5 steps").unwrap();
        assert_eq!((condition.steps, condition.expr.to_string().as_str()), (5, "mean(relu_1 == 0) > 0.9"));
        assert_eq!(parse_condition(&condition.to_string()), Ok(condition));
        assert_eq!(parse_condition("loss > 2 * min(loss)").unwrap().steps, 1);
        assert_eq!(parse_condition("loss > 1 for 1 step").unwrap().to_string(), "loss > 1");
        assert_eq!(parse_condition("force > 1").unwrap().steps, 1);
    }

    #[test]
    fn what_is_wrong_behind_it_is_said_where_it_is() {
        for (text, at, words) in [
            ("loss > 1 for", 12, "how many steps"),
            ("loss > 1 for x steps", 13, "how many steps"),
            ("loss > 1 for 0 steps", 13, "how many steps"),
            ("loss > 1 for 2.5 steps", 13, "how many steps"),
            ("loss > 1 for 5", 14, "'steps'"),
            ("loss > 1 for 5 stops", 15, "'steps'"),
            ("loss > 1 for 5 steps 3", 21, "operator"),
            ("loss > 1 1", 9, "operator"),
        ] {
            let error = parse_condition(text).unwrap_err();
            assert!(error.message.contains(words), "{text}: {}", error.message);
            assert_eq!(error.at, at, "{text}: {}", error.message);
        }
        assert!(super::super::parse("loss > 1 for 5 steps").is_err());
    }
}
