//! Which known names a mistyped one may have meant: the one rule behind every "did you mean". Knows letters only.

/// The known names that `typed` is a slip of, each with the number of its mistakes, the fewest first and equal ones as
/// they were given. Case is no mistake; of three letters one may be wrong, of six two, and so on.
pub fn spelt_like<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let typed = typed.to_lowercase();
    let length = typed.chars().count();
    let most = length / 3;
    let judged = known.into_iter().filter_map(|name| {
        let name_lower = name.to_lowercase();
        let letters = name_lower.chars().count();
        // No name becomes another of quite another length, and text of any length may stand where a name is meant.
        let is_alike = letters.abs_diff(length) <= most;
        let mistakes = is_alike.then(|| mistakes(&typed, &name_lower))?;
        (mistakes <= most && mistakes < letters).then_some((mistakes, name))
    });
    let mut near: Vec<_> = judged.collect();
    near.sort_by_key(|(mistakes, _)| *mistakes);
    near
}

/// The known name that `typed` is the likeliest slip of.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    spelt_like(typed, known).first().map(|(_, name)| *name)
}

/// How many letters must be put in, left out, replaced or changed with their neighbour to make one of the other. All
/// letters in another order are one mistake, however they stand.
fn mistakes(a: &str, b: &str) -> usize {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    if a != b && sorted(a) == sorted(b) { 1 } else { strsim::osa_distance(a, b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_counted() {
        for (a, b, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("step", "step", 0),
            ("sigmod", "sigmoid", 1),
            ("weigth", "weight", 1),
            ("brake", "break", 1),
            ("dens_1.wieght", "dense_1.weight", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(mistakes(a, b), count, "{a} {b}");
            assert_eq!(mistakes(b, a), count, "{b} {a}");
        }
    }

    #[test]
    fn the_fewest_mistakes_come_first() {
        let known = ["step", "set", "loss", "reverse", "é", "x"];
        assert_eq!(spelt_like("setp", known), [(1, "step"), (1, "set")]);
        assert_eq!(spelt_like("LOSS", known), [(0, "loss")]);
        for (typed, meant) in [
            ("los", Some("loss")),
            ("revresse", Some("reverse")),
            ("É", Some("é")),
            ("st", None),
            ("y", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }
}
