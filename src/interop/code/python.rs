//! Python's literals.

/// Words that a name in Python must not be.
pub const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// A float as Python reads it back bit for bit: `0.1`, `1e-05`, `2.0`.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "float(\"nan\")".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "float(\"inf\")".to_owned() } else { "float(\"-inf\")".to_owned() };
    }
    format!("{value:?}")
}

/// `True` or `False`.
pub fn bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A string in double quotes.
pub fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `(1, 28, 28)`; of one number `(5,)`.
pub fn tuple(sizes: &[usize]) -> String {
    match sizes {
        [one] => format!("({one},)"),
        _ => format!("({})", sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// `[0, 2]`
pub fn list<T: ToString>(items: &[T]) -> String {
    format!("[{}]", items.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

/// Both numbers where they differ, `(1, 2)`, else the one.
pub fn pair([a, b]: [usize; 2]) -> String {
    if a == b { a.to_string() } else { tuple(&[a, b]) }
}

/// Words of a title put together as a class is called: "Spiral 2" becomes `Spiral2`, and what has no letters `Network`.
pub fn class(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let name: String = words.map(capital).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && !KEYWORDS.contains(&name.as_str()) {
        name
    } else {
        format!("Network{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_pythons() {
        assert_eq!([0.1, 1e-8, 2.0, -0.5, 1e300].map(float), ["0.1", "1e-8", "2.0", "-0.5", "1e300"]);
        assert_eq!(float(f64::NEG_INFINITY), "float(\"-inf\")");
        assert_eq!((tuple(&[5]), tuple(&[1, 28])), ("(5,)".into(), "(1, 28)".into()));
        assert_eq!((pair([2, 2]), pair([1, 2])), ("2".into(), "(1, 2)".into()));
        assert_eq!(string("a\"\\\n\u{1}ü"), "\"a\\\"\\\\\\n\\x01ü\"");
        assert_eq!((list(&[1, 2]), bool(true)), ("[1, 2]".into(), "True"));
        let classes = ["Spiral", "mnist cnn 2", "3 layers", "日本", "None"].map(class);
        assert_eq!(classes, ["Spiral", "MnistCnn2", "Network3Layers", "Network", "NetworkNone"]);
    }
}
