//! Numbers and names in sentences: "1 row", "2,000 classes", "a, b and 35 more".

/// Names of a list that are told; of more the number is.
const NAMED: usize = 10;
/// Characters of a name that are shown.
const WIDEST: usize = 60;

/// 83000000 as "83,000,000".
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 cell", "2,000 cells". The last word of `noun` is put in the plural.
pub fn counted(n: usize, noun: &str) -> String {
    let number = thousands(n as u64);
    if n == 1 { format!("{number} {noun}") } else { format!("{number} {}", plural(noun)) }
}

/// One of two words: what goes with one thing, and with any other number of them.
pub fn agreeing<'a>(n: usize, one: &'a str, more: &'a str) -> &'a str {
    if n == 1 { one } else { more }
}

fn plural(noun: &str) -> String {
    let ends = |endings: &[&str]| endings.iter().any(|ending| noun.ends_with(ending));
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        // An epoch ends like a k.
        _ if ends(&["s", "x", "ch", "sh"]) && !ends(&["och"]) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Four digits behind the point, as scores have; what rounds to zero has no sign.
pub fn decimals(value: f64) -> String {
    let text = format!("{value:.4}");
    if text == "-0.0000" { "0.0000".to_owned() } else { text }
}

/// Names with commas between, at most ten of them: "a, b and 35 more". One that would read like several is quoted.
pub fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let is_plain = |name: &str| !name.is_empty() && name.trim() == name && !name.contains([',', ';', '"', '\n']);
    few(names, |name| if is_plain(name) { name.to_owned() } else { format!("\"{name}\"") })
}

/// The same, each in quotation marks.
pub fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    few(names, |name| format!("\"{name}\""))
}

fn few<S: AsRef<str>>(names: impl IntoIterator<Item = S>, shown: impl Fn(&str) -> String) -> String {
    let mut names = names.into_iter();
    let first: Vec<String> = names.by_ref().take(NAMED).map(|name| shown(&cut(name.as_ref()))).collect();
    let more = names.count();
    first.join(", ") + &if more > 0 { format!(" and {} more", thousands(more as u64)) } else { String::new() }
}

/// At most [`WIDEST`] characters: a name may be a whole file that was read in the wrong way.
fn cut(name: &str) -> String {
    match name.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_one_and_others_are_several() {
        assert_eq!(
            ["row", "class", "box", "category", "key", "row of totals"].map(|noun| counted(1, noun))[5],
            "1 row of totals"
        );
        let two = ["row", "class", "box", "category", "day", "branch", "epoch"].map(|noun| counted(2000, noun));
        assert_eq!(
            two,
            ["rows", "classes", "boxes", "categories", "days", "branches", "epochs"]
                .map(|nouns| format!("2,000 {nouns}"))
        );
        assert_eq!(
            (counted(0, "step"), agreeing(1, "is", "are"), agreeing(0, "is", "are")),
            ("0 steps".into(), "is", "are")
        );
    }

    #[test]
    fn what_rounds_to_zero_has_no_sign() {
        assert_eq!([-0.00001, -0.25, 0.99999].map(decimals), ["0.0000", "-0.2500", "1.0000"]);
    }

    #[test]
    fn of_many_names_ten_are_told_and_none_reads_like_two() {
        let names: Vec<String> = (1..=45).map(|i| format!("x{i}")).collect();
        assert_eq!(listed(&names), "x1, x2, x3, x4, x5, x6, x7, x8, x9, x10 and 35 more");
        let long = listed(["x".repeat(5000)]);
        assert_eq!((long.chars().count(), long.ends_with('…')), (WIDEST + 1, true));
        assert_eq!(listed(["b", "lr 0.1, wide", " c", ""]), "b, \"lr 0.1, wide\", \" c\", \"\"");
        assert_eq!((listed(&names[..10]).contains("more"), listed::<&str>([])), (false, String::new()));
    }
}
