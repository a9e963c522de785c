//! Text to tokens, each with its byte offset.

use super::{BinaryOperator, ParseError};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// Letters, digits, `_` and inner dots: `x`, `dense_1.weight`; and the values of a program, `%4`, `d%4` and `t%4`.
    Name(String),
    Operator(BinaryOperator),
    Not,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    /// Of a slice: `w[1:3]`.
    Colon,
    /// Of a named argument: `sum(w, axis=0)`.
    Assign,
    End,
}

impl Token {
    /// As it is spoken of in an error.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(value) => format!("the number {value}"),
            Token::Name(name) => format!("'{name}'"),
            Token::Operator(operator) => format!("'{}'", operator.symbol()),
            Token::Not => "'not'".into(),
            Token::Open => "'('".into(),
            Token::Close => "')'".into(),
            Token::OpenIndex => "'['".into(),
            Token::CloseIndex => "']'".into(),
            Token::Comma => "','".into(),
            Token::Colon => "':'".into(),
            Token::Assign => "'='".into(),
            Token::End => "the end".into(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// What was read.
    pub token: Token,
    /// Byte offset of its first character in the source.
    pub at: usize,
}

/// Every token and a final [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ParseError> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = if (first.is_ascii_digit() || first == '.') && !is_layer(&text[at..]) {
            number(text, at)?
        } else if first.is_ascii_digit() || first.is_alphabetic() || first == '_' || is_value(&text[at..]) {
            name(&text[at..])
        } else {
            symbol(text, at, first)?
        };
        all.push(Placed { token, at });
        at += length;
    }
    all.push(Placed { token: Token::End, at: text.len() });
    Ok(all)
}

fn number(text: &str, at: usize) -> Result<(Token, usize), ParseError> {
    let bytes = &text.as_bytes()[at..];
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent_end = digits(end + 1 + sign);
        if exponent_end > end + 1 + sign {
            end = exponent_end;
        }
    }
    let written = &text[at..at + end];
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        Ok(_) => Err(ParseError { message: format!("The number {written} is too large."), at }),
        Err(_) => Err(ParseError { message: format!("'{written}' isn't a number."), at }),
    }
}

/// Whether the text begins with the name of a layer that begins with a digit: `2_towers`, `3d.weight`.
fn is_layer(rest: &str) -> bool {
    let end = rest.find(|c: char| !is_inside(c)).unwrap_or(rest.len());
    let word = &rest[..end];
    let has_part = word.split_once('.').is_some_and(|(_, part)| part.starts_with(char::is_alphabetic));
    word.starts_with(|c: char| c.is_ascii_digit()) && (word.contains('_') || has_part) && word.parse::<f64>().is_err()
}

fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// Whether the text begins with `%4`, `d%4` or `t%4`.
fn is_value(rest: &str) -> bool {
    let number = rest.strip_prefix(['d', 't']).unwrap_or(rest).strip_prefix('%');
    number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

fn name(rest: &str) -> (Token, usize) {
    let sign = if is_value(rest) { rest.find('%').map_or(0, |at| at + 1) } else { 0 };
    let length = rest[sign..].find(|c| !is_inside(c)).map_or(rest.len(), |length| sign + length);
    let written = rest[..length].trim_end_matches('.');
    let token = match written {
        "and" => Token::Operator(BinaryOperator::And),
        "or" => Token::Operator(BinaryOperator::Or),
        "not" => Token::Not,
        "π" => Token::Name("pi".into()),
        _ => Token::Name(written.to_owned()),
    };
    (token, written.len())
}

fn symbol(text: &str, at: usize, first: char) -> Result<(Token, usize), ParseError> {
    use BinaryOperator as B;
    let second = text[at + first.len_utf8()..].chars().next();
    let two = |operator| Ok((Token::Operator(operator), 2));
    let one = |operator| Ok((Token::Operator(operator), first.len_utf8()));
    let refuse = |message: String| Err(ParseError { message, at });
    match (first, second) {
        ('*', Some('*')) => two(B::Power),
        ('=', Some('=')) => two(B::Equal),
        ('!', Some('=')) => two(B::NotEqual),
        ('<', Some('=')) => two(B::LessOrEqual),
        ('>', Some('=')) => two(B::GreaterOrEqual),
        ('+', _) => one(B::Add),
        ('-' | '−', _) => one(B::Subtract),
        ('*' | '×' | '·', _) => one(B::Multiply),
        ('/' | '÷', _) => one(B::Divide),
        ('^', _) => one(B::Power),
        ('<', _) => one(B::Less),
        ('>', _) => one(B::Greater),
        ('(', _) => Ok((Token::Open, 1)),
        (')', _) => Ok((Token::Close, 1)),
        ('[', _) => Ok((Token::OpenIndex, 1)),
        (']', _) => Ok((Token::CloseIndex, 1)),
        (',', _) => Ok((Token::Comma, 1)),
        (':', _) => Ok((Token::Colon, 1)),
        ('=', _) if is_axis(&text[..at]) => Ok((Token::Assign, 1)),
        ('=', _) => refuse("To compare, write '==' instead of '='.".into()),
        ('&', _) => refuse("Write 'and' instead.".into()),
        ('|', _) => refuse("Write 'or' instead, or abs(x) for the absolute value of x.".into()),
        ('!', _) => refuse("Write 'not' instead.".into()),
        _ => refuse(format!("'{first}' isn't allowed in an expression (character {}).", place(text, at))),
    }
}

/// Whether the word that ends here is `axis`.
fn is_axis(before: &str) -> bool {
    before.trim_end().split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).next_back() == Some("axis")
}

/// The character number, from 1, of a byte offset: what a person counts.
pub(super) fn place(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].chars().count() + 1
}
