//! Which known names a mistyped one may have meant: the one rule behind every "did you mean". Knows letters only.

/// The known names that `typed` is a slip of, each with the number of its mistakes, the fewest first and equal ones as they were
/// given. Case is no mistake; of three letters one may be wrong, of six two, and so on.
pub fn spelt_like<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let typed = lower(typed);
    let most = typed.len() / 3;
    let judged = known.into_iter().filter_map(|name| {
        let letters = lower(name);
        // No name becomes another of quite another length, and text of any length may stand where a name is meant.
        let is_alike = letters.len().abs_diff(typed.len()) <= most;
        let mistakes = is_alike.then(|| mistakes(&typed, &letters))?;
        (mistakes <= most && mistakes < letters.len()).then_some((mistakes, name))
    });
    let mut near: Vec<_> = judged.collect();
    near.sort_by_key(|(mistakes, _)| *mistakes);
    near
}

/// The known name that `typed` is the likeliest slip of.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    spelt_like(typed, known).first().map(|(_, name)| *name)
}

fn lower(name: &str) -> Vec<char> {
    name.to_lowercase().chars().collect()
}

/// All letters in another order are one mistake, however they stand.
fn mistakes(a: &[char], b: &[char]) -> usize {
    let sorted = |letters: &[char]| {
        let mut letters = letters.to_vec();
        letters.sort_unstable();
        letters
    };
    if a != b && sorted(a) == sorted(b) { 1 } else { edits(a, b) }
}

/// How many letters must be put in, left out, replaced or changed with their neighbour to make one of the other (Damerau's
/// distance, no letter being touched twice).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = row[j] + usize::from(from != to);
            let least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            let is_swapped = i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from;
            next.push(if is_swapped { least.min(before[j - 1] + 1) } else { least });
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
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
            let letters = |word: &str| word.chars().collect::<Vec<_>>();
            assert_eq!(mistakes(&letters(a), &letters(b)), count, "{a} {b}");
            assert_eq!(mistakes(&letters(b), &letters(a)), count, "{b} {a}");
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
