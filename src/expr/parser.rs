//! Tokens to a tree, by precedence climbing. Trees are at most [`DEEPEST`] levels deep, so that everything that walks
//! one may recurse.

use super::ast::{COMPARISON, NEGATE, NOT};
use super::lexer::{Placed, Token, place, tokens};
use super::{BinaryOperator, Expr, Function, Index, ParseError, Reduction, UnaryOperator, nearest};

/// Levels of a tree; also the most nested parentheses.
const DEEPEST: usize = 200;

/// `names`: the only names there are, in an arithmetic expression; `None`: any name, and logic as well.
pub(super) fn parse(text: &str, names: Option<&[&str]>) -> Result<Expr, ParseError> {
    let mut parser = Parser::new(text, names)?;
    let tree = parser.expression(0)?;
    parser.end()?;
    Ok(tree.expr)
}

/// As [`parse`] of any name, with `for 5 steps` behind it where that is said.
pub(super) fn parse_with_steps(text: &str) -> Result<(Expr, u64), ParseError> {
    let mut parser = Parser::new(text, None)?;
    let tree = parser.expression(0)?;
    let steps = if *parser.peek() == Token::Name("for".into()) { parser.steps()? } else { 1 };
    parser.end()?;
    Ok((tree.expr, steps))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    nesting: usize,
    names: Option<&'a [&'a str]>,
}

/// An expression and the levels of its tree.
struct Tree {
    expr: Expr,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: Option<&'a [&'a str]>) -> Result<Self, ParseError> {
        if text.trim().is_empty() {
            return Err(ParseError { message: "The expression is empty.".into(), at: 0 });
        }
        Ok(Self { text, tokens: tokens(text)?, next: 0, nesting: 0, names })
    }

    fn end(&self) -> Result<(), ParseError> {
        match self.peek() {
            Token::End => Ok(()),
            Token::Close => Err(self.error("There is a ')' without a '('".into())),
            Token::Comma => Err(self.error("Commas can only separate the arguments of a function".into())),
            Token::Number(_) | Token::Name(_) | Token::Open => {
                let found = self.peek().describe();
                Err(self.error(format!("Expected an operator before {found}: write * to multiply")))
            }
            other => {
                let found = other.describe();
                Err(self.error(format!("Expected the end, found {found}")))
            }
        }
    }

    /// `5 steps`; the word before is next.
    fn steps(&mut self) -> Result<u64, ParseError> {
        self.advance();
        let steps = match *self.peek() {
            Token::Number(steps) if steps.fract() == 0.0 && (1.0..1e15).contains(&steps) => steps as u64,
            _ => return Err(self.error("After 'for', say for how many steps it must hold: for 5 steps".into())),
        };
        self.advance();
        match self.peek() {
            Token::Name(word) if word == "steps" || word == "step" => self.advance(),
            other => {
                let found = other.describe();
                return Err(self.error(format!("Expected 'steps', found {found}")));
            }
        }
        Ok(steps)
    }

    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |placed| &placed.token)
    }

    /// The token behind the next.
    fn second(&self) -> &Token {
        self.tokens.get(self.next + 1).map_or(&Token::End, |placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |placed| placed.at)
    }

    fn advance(&mut self) {
        self.next += 1;
    }

    /// An error at the next token.
    fn error(&self, message: String) -> ParseError {
        self.error_at(message, self.at())
    }

    fn error_at(&self, message: String, at: usize) -> ParseError {
        let message = if at >= self.text.trim_end().len() {
            format!("{message} (at the end).")
        } else {
            format!("{message} (at character {}).", place(self.text, at))
        };
        ParseError { message, at }
    }

    fn node(&self, expr: Expr, deepest_child: usize, at: usize) -> Result<Tree, ParseError> {
        let depth = deepest_child + 1;
        if depth > DEEPEST { Err(self.too_deep(at)) } else { Ok(Tree { expr, depth }) }
    }

    fn too_deep(&self, at: usize) -> ParseError {
        self.error_at(format!("The expression is nested too deeply: more than {DEEPEST} levels"), at)
    }

    /// An expression whose operators all hold at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Result<Tree, ParseError> {
        self.nesting += 1;
        if self.nesting > DEEPEST {
            return Err(self.too_deep(self.at()));
        }
        let mut left = self.operand(least)?;
        while let Token::Operator(operator) = *self.peek() {
            let precedence = operator.precedence();
            if precedence < least {
                break;
            }
            let at = self.at();
            self.allow_logic(operator.is_logical(), operator.symbol())?;
            self.advance();
            // 2^-x is 2^(-x) and 2^3^2 is 2^(3^2); everything else groups from the left.
            let right = self.expression(if operator == BinaryOperator::Power { NEGATE } else { precedence + 1 })?;
            if precedence == COMPARISON
                && let Some(other) = beside_nan(&left.expr, &right.expr)
            {
                return Err(self.error_at(format!("NaN equals nothing, not even itself: write nan({other})"), at));
            }
            let depth = left.depth.max(right.depth);
            left = self.node(Expr::Binary(operator, Box::new(left.expr), Box::new(right.expr)), depth, at)?;
            let chained = matches!(self.peek(), Token::Operator(next) if next.precedence() == COMPARISON);
            if precedence == COMPARISON && chained {
                return Err(self.error("Comparisons can't be chained: write a < b and b < c".into()));
            }
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn operand(&mut self, least: u8) -> Result<Tree, ParseError> {
        let at = self.at();
        let (operator, tightness) = match self.peek() {
            Token::Operator(BinaryOperator::Subtract) => (UnaryOperator::Negate, NEGATE),
            Token::Not if least <= NOT => (UnaryOperator::Not, NOT),
            Token::Not => return Err(self.error("Put 'not ...' in parentheses here".into())),
            _ => return self.atom(),
        };
        self.allow_logic(operator == UnaryOperator::Not, "not")?;
        self.advance();
        let operand = self.expression(tightness)?;
        self.node(Expr::Unary(operator, Box::new(operand.expr)), operand.depth, at)
    }

    fn atom(&mut self) -> Result<Tree, ParseError> {
        let at = self.at();
        match self.peek().clone() {
            Token::Number(value) => {
                self.advance();
                self.node(Expr::Number(value), 0, at)
            }
            Token::Name(name) => {
                self.advance();
                if *self.peek() == Token::Open { self.call(&name, at) } else { self.name(name, at) }
            }
            Token::Open => {
                self.advance();
                let inner = self.expression(0)?;
                self.close("to close the '('", at)?;
                Ok(inner)
            }
            other => {
                let expected = "a number, a name, a function or '('";
                Err(self.error(format!("Expected {expected}, found {}", other.describe())))
            }
        }
    }

    fn name(&mut self, name: String, at: usize) -> Result<Tree, ParseError> {
        if let (Some(function), Some(_)) = (Function::named(&name), self.names) {
            let example = if function.arity() == 2 { "(x, 0)" } else { "(x)" };
            return Err(self.error_at(format!("'{name}' is a function: write {name}{example}"), at));
        }
        match self.names {
            Some(known) if !known.contains(&name.as_str()) => {
                let meant = nearest(&name, known.iter().copied());
                let message = match meant {
                    Some(meant) => format!("There is no '{name}'; did you mean '{meant}'?"),
                    None => format!("There is no '{name}': the names are {}", known.join(", ")),
                };
                Err(self.error_at(message, at))
            }
            None if *self.peek() == Token::OpenIndex => {
                let index = self.index()?;
                let whole = |index: &Index| match index {
                    Index::At(place) => usize::try_from(*place).ok(),
                    Index::Range(..) | Index::Named(_) | Index::Between(..) => None,
                };
                let element: Option<Vec<usize>> = index.iter().map(whole).collect();
                let expr = element
                    .map_or_else(|| Expr::Slice(name.clone(), index.clone()), |at| Expr::Element(name.clone(), at));
                self.node(expr, 0, at)
            }
            _ => self.node(Expr::Name(name), 0, at),
        }
    }

    /// A whole number, which may have a minus before it; `None` where there is something else.
    fn whole(&mut self) -> Result<Option<i64>, ParseError> {
        let is_negative = *self.peek() == Token::Operator(BinaryOperator::Subtract);
        if is_negative {
            self.advance();
        }
        match *self.peek() {
            Token::Number(value) if value.fract() == 0.0 && value < 1e15 => {
                self.advance();
                Ok(Some(if is_negative { -(value as i64) } else { value as i64 }))
            }
            Token::Number(_) => Err(self.error(format!("Expected a whole number, found {}", self.peek().describe()))),
            _ if is_negative => Err(self.error(format!("Expected a whole number, found {}", self.peek().describe()))),
            _ => Ok(None),
        }
    }

    /// A whole number or a name; `None` where there is something else.
    fn place(&mut self) -> Result<Option<Index>, ParseError> {
        if let Some(number) = self.whole()? {
            return Ok(Some(Index::At(number)));
        }
        let Token::Name(word) = self.peek().clone() else { return Ok(None) };
        self.advance();
        Ok(Some(Index::Named(word)))
    }

    /// `[0, 2]`, `[-1, 2:5]`, `[f:o]`; the bracket is next.
    fn index(&mut self) -> Result<Vec<Index>, ParseError> {
        let mut index = Vec::new();
        loop {
            self.advance();
            let first = self.place()?;
            if *self.peek() == Token::Colon {
                self.advance();
                index.push(match (first, self.place()?) {
                    (from @ (None | Some(Index::At(_))), to @ (None | Some(Index::At(_)))) => {
                        let number = |end| if let Some(Index::At(at)) = end { Some(at) } else { None };
                        Index::Range(number(from), number(to))
                    }
                    (from, to) => Index::Between(from.map(Box::new), to.map(Box::new)),
                });
            } else if let Some(place) = first {
                index.push(place);
            } else {
                let found = self.peek().describe();
                let what = "An index must be a whole number, a range such as 1:3, or a gate such as f";
                return Err(self.error(format!("{what}; found {found}")));
            }
            match self.peek() {
                Token::Comma => {}
                Token::CloseIndex => break,
                other => {
                    let found = other.describe();
                    return Err(self.error(format!("Expected ',' or ']' after an index, found {found}")));
                }
            }
        }
        self.advance();
        Ok(index)
    }

    /// The name is read and `(` is next.
    fn call(&mut self, name: &str, at: usize) -> Result<Tree, ParseError> {
        let reduction = Reduction::named(name).filter(|_| self.names.is_none());
        let function = Function::named(name);
        if function.is_none() && reduction.is_none() {
            return Err(self.error_at(unknown_function(name, self.names), at));
        }
        let open = self.at();
        self.advance();
        let mut arguments = Vec::new();
        let (mut depth, mut axis) = (0, None);
        while *self.peek() != Token::Close || !arguments.is_empty() {
            if *self.peek() == Token::Name("axis".into()) && *self.second() == Token::Assign && reduction.is_some() {
                self.advance();
                self.advance();
                let found = self.whole()?;
                axis = Some(found.ok_or_else(|| self.error("An axis must be a whole number: axis=0".into()))?);
                break;
            }
            let argument = self.expression(0)?;
            depth = depth.max(argument.depth);
            arguments.push(argument.expr);
            if *self.peek() != Token::Comma {
                break;
            }
            self.advance();
        }
        self.close(&format!("to close {name}("), open)?;
        if let (Some(reduction), 1, Some(axis)) = (reduction, arguments.len(), axis) {
            return self.node(Expr::Along(reduction, Box::new(arguments.remove(0)), axis), depth, at);
        }
        if let (Some(reduction), 1) = (reduction, arguments.len()) {
            return self.node(Expr::Reduce(reduction, Box::new(arguments.remove(0))), depth, at);
        }
        let (wanted, got) = (function.map_or(1, Function::arity), arguments.len());
        match function {
            Some(function) if wanted == got => self.node(Expr::Call(function, arguments), depth, at),
            _ => {
                let plural = if wanted == 1 { "argument" } else { "arguments" };
                Err(self.error_at(format!("{name} takes {wanted} {plural}, not {got}"), at))
            }
        }
    }

    fn close(&mut self, purpose: &str, opened_at: usize) -> Result<(), ParseError> {
        if *self.peek() == Token::Close {
            self.advance();
            return Ok(());
        }
        let opened = place(self.text, opened_at);
        let found = self.peek().describe();
        Err(self.error(format!("Expected ')' {purpose} at character {opened}, found {found}")))
    }

    fn allow_logic(&self, logical: bool, symbol: &str) -> Result<(), ParseError> {
        if logical && self.names.is_some() {
            let message =
                format!("'{symbol}' gives true or false, but a formula needs a number: try step(x) or max(x, 0)");
            return Err(self.error(message));
        }
        Ok(())
    }
}

/// What NaN is compared with.
fn beside_nan<'e>(left: &'e Expr, right: &'e Expr) -> Option<&'e Expr> {
    let is_nan = |side: &Expr| matches!(side, Expr::Name(name) if name == "nan");
    match (is_nan(left), is_nan(right)) {
        (true, _) => Some(right),
        (_, true) => Some(left),
        _ => None,
    }
}

fn unknown_function(name: &str, names: Option<&[&str]>) -> String {
    if names.is_some_and(|known| known.contains(&name)) {
        return format!("'{name}' is not a function: write {name} * (...) to multiply");
    }
    let reductions = Reduction::ALL.into_iter().map(Reduction::name).filter(|_| names.is_none());
    let all: Vec<_> = Function::ALL.into_iter().map(Function::name).chain(reductions).collect();
    match nearest(name, all.iter().copied()) {
        _ if name == "ln" => "There is no function 'ln'. The natural logarithm is 'log'".into(),
        Some(meant) => format!("There is no function '{name}'; did you mean '{meant}'?"),
        None => format!("There is no function '{name}'. The functions are {}", all.join(", ")),
    }
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
