//! Which spellings of a category are one: those that differ in spaces, and those that differ in case where that is
//! hardly a difference of meaning. AA, Aa and aa are three genotypes; "yes" and "Yes" are one answer.

use std::collections::HashMap;

use super::columns::shortened;
use super::survey::Counts;
use crate::expr::counted;
use crate::model::Spellings;

/// Words whose case means nothing, however often it varies.
const PLAIN: [&str; 31] = [
    "yes", "no", "true", "false", "male", "female", "unknown", "other", "none", "low", "medium", "high", "north",
    "south", "east", "west", "left", "right", "never", "always", "often", "good", "bad", "on", "off", "y", "n", "t",
    "f", "m", "w",
];
/// A slip is at most this part of all cells with its word.
const SLIPS: usize = 10;
/// Letters of a word that is no code.
const SHORTEST_WORD: usize = 4;
/// Named in a note.
const NAMED: usize = 5;

/// What words have in common that differ by case or spaces only.
fn folded(word: &str) -> String {
    respaced(word).to_lowercase()
}

fn respaced(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names that are found however they are spelt: as they are, else with other spaces, else with another case too.
pub(super) struct Spelt<T> {
    exact: HashMap<String, T>,
    /// Of those that are alike one alone.
    respaced: HashMap<String, T>,
    folded: HashMap<String, T>,
}

impl<T: Copy> Spelt<T> {
    pub fn new<'a>(names: impl Iterator<Item = (&'a str, T)> + Clone) -> Self {
        let alone = |key: fn(&str) -> String| {
            let mut all: HashMap<String, Option<T>> = HashMap::new();
            for (name, code) in names.clone() {
                all.entry(key(name)).and_modify(|known| *known = None).or_insert(Some(code));
            }
            all.into_iter().filter_map(|(name, code)| Some((name, code?))).collect()
        };
        let exact = names.clone().map(|(name, code)| (name.to_owned(), code)).collect();
        Self { exact, respaced: alone(respaced), folded: alone(folded) }
    }

    /// Whether it is one of them as it stands.
    pub fn has(&self, name: &str) -> bool {
        self.exact.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<T> {
        let other = || self.respaced.get(&respaced(name)).or_else(|| self.folded.get(&folded(name)));
        self.exact.get(name).or_else(other).copied()
    }
}

/// What became of the spellings of a column.
#[derive(Default)]
pub(super) struct Merged {
    /// Other spellings, with what each counts as.
    pub spellings: HashMap<String, String>,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

/// Merges spellings in `counts`; `said` is a person's word on those that differ in case.
pub(super) fn merge(counts: &mut Counts, column: &str, said: Option<Spellings>) -> Merged {
    let mut alike: HashMap<String, Vec<(String, usize)>> = HashMap::new();
    for (word, count) in &*counts {
        alike.entry(folded(word)).or_default().push((word.clone(), *count));
    }
    let (mut merged, mut ones, mut apart, mut by_case_too) = (Merged::default(), Vec::new(), Vec::new(), false);
    for (key, words) in alike.into_iter().filter(|(_, words)| words.len() > 1) {
        let by_case = groups(words);
        let is_one = match said {
            Some(Spellings::Merge) => true,
            Some(Spellings::Apart) => false,
            None => are_one(&key, &by_case),
        };
        by_case_too |= is_one && by_case.len() > 1;
        let groups: Vec<Vec<(String, usize)>> =
            if is_one { vec![by_case.into_iter().flatten().collect()] } else { by_case };
        if groups.len() > 1 {
            let names: Vec<String> = groups.iter().map(|group| format!("\"{}\"", shortened(&group[0].0))).collect();
            apart.push(names.join(", "));
        }
        for mut words in groups {
            sort(&mut words);
            let name = words[0].0.clone();
            for (other, count) in words.drain(1..) {
                counts.remove(&other);
                *counts.entry(name.clone()).or_insert(0) += count;
                ones.push(format!("\"{}\" as \"{}\"", shortened(&other), shortened(&name)));
                merged.spellings.insert(other, name.clone());
            }
        }
    }
    if !ones.is_empty() {
        let way = if by_case_too && said.is_none() { " If case matters, add --spellings apart." } else { "" };
        merged.notes.push(format!(
            "\"{column}\": spellings that differ only in case or spaces were merged: {}.{way}",
            listed(ones, ", ")
        ));
    }
    if !apart.is_empty() && said.is_none() {
        merged.notes.push(format!(
            "\"{column}\": {} differ only in case and are kept apart. If they are the same, add --spellings merge.",
            listed(apart, "; ")
        ));
    }
    merged
}

/// Words by their case: the most frequent first, each with those that differ from it in spaces only.
fn groups(words: Vec<(String, usize)>) -> Vec<Vec<(String, usize)>> {
    let mut of: HashMap<String, Vec<(String, usize)>> = HashMap::new();
    for (word, count) in words {
        of.entry(respaced(&word)).or_default().push((word, count));
    }
    let mut groups: Vec<Vec<(String, usize)>> = of.into_values().collect();
    groups.iter_mut().for_each(|group| sort(group));
    groups.sort_by(|a, b| total(b).cmp(&total(a)).then_with(|| a[0].0.cmp(&b[0].0)));
    groups
}

/// The most frequent first.
fn sort(words: &mut [(String, usize)]) {
    words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.len().cmp(&b.0.len())).then(a.0.cmp(&b.0)));
}

fn total(group: &[(String, usize)]) -> usize {
    group.iter().map(|(_, count)| count).sum()
}

/// Whether words that differ in case mean the same: plain words do, and a slip beside what most cells have.
fn are_one(key: &str, by_case: &[Vec<(String, usize)>]) -> bool {
    if PLAIN.contains(&key) {
        return true;
    }
    let all: usize = by_case.iter().map(|group| total(group)).sum();
    let slips = all - by_case.first().map_or(0, |group| total(group));
    slips * SLIPS <= all && by_case.iter().flatten().all(|(word, _)| is_word(word))
}

/// Whether this is a word of a language rather than a code such as TP53 or AaBb.
fn is_word(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let mut pairs = word.chars().zip(word.chars().skip(1));
    let is_mixed = pairs.any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    let is_short = letters < SHORTEST_WORD || is_mixed && letters < 2 * SHORTEST_WORD;
    !is_short && !word.chars().any(|c| c.is_numeric() || c == '_')
}

fn listed(mut all: Vec<String>, between: &str) -> String {
    all.sort();
    let more =
        if all.len() > NAMED { format!(" and {} more", counted(all.len() - NAMED, "word")) } else { String::new() };
    all.truncate(NAMED);
    all.join(between) + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(words: &[(&str, usize)], said: Option<Spellings>) -> (Vec<(String, usize)>, Vec<String>) {
        let mut counts: Counts = words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        let merged = merge(&mut counts, "v", said);
        let mut left: Vec<_> = counts.into_iter().collect();
        left.sort();
        (left, merged.notes)
    }

    fn names(words: &[(&str, usize)], said: Option<Spellings>) -> Vec<String> {
        left(words, said).0.into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn what_may_mean_something_else_is_kept_apart() {
        let genes = [("AA", 30), ("Aa", 60), ("aa", 30)];
        let (kept, notes) = left(&genes, None);
        assert_eq!(kept.len(), 3);
        assert_eq!(
            notes,
            ["\"v\": \"Aa\", \"AA\", \"aa\" differ only in case and are kept apart. If they are the same, add \
              --spellings merge."]
        );
        for codes in [[("AABB", 9), ("AaBb", 400)], [("TP53", 300), ("Tp53", 4)], [("Sox2", 20), ("SOX2", 20)]] {
            assert_eq!(names(&codes, None).len(), 2, "{codes:?}");
        }
        assert_eq!(names(&[("Polish", 40), ("polish", 30)], None).len(), 2, "both are frequent");
        assert_eq!(names(&[("mw", 1), ("MW", 300)], None).len(), 2);
    }

    #[test]
    fn slips_and_answers_are_one_and_said() {
        let (kept, notes) = left(&[("Adelie", 95), ("adelie", 2), ("ADELIE", 1), ("Gentoo", 40)], None);
        assert_eq!(kept, [("Adelie".to_owned(), 98), ("Gentoo".to_owned(), 40)]);
        assert!(notes[0].contains("\"ADELIE\" as \"Adelie\", \"adelie\" as \"Adelie\""), "{notes:?}");
        assert!(notes[0].ends_with("If case matters, add --spellings apart."), "{notes:?}");
        assert_eq!(names(&[("yes", 30), ("Yes", 30), ("YES", 30), ("no", 30), ("No", 31)], None), ["No", "YES"]);
        let (kept, notes) = left(&[("new  york", 30), ("new york", 30)], None);
        assert!(kept == [("new york".to_owned(), 60)] && !notes[0].contains("--spellings"), "{kept:?} {notes:?}");
        assert_eq!(names(&[("On", 30), ("on", 30), ("Off", 9), ("OFF", 8), ("Y", 3), ("y", 3)], None).len(), 3);
    }

    #[test]
    fn a_person_decides() {
        let genes = [("AA", 30), ("Aa", 60), ("aa", 30)];
        assert_eq!(names(&genes, Some(Spellings::Merge)), ["Aa"]);
        let slips = [("Adelie", 95), ("adelie", 2), ("Adelie ", 1)];
        assert_eq!(names(&slips, Some(Spellings::Apart)).len(), 2);
        assert!(left(&genes, Some(Spellings::Apart)).1.is_empty());
    }

    #[test]
    fn a_spelling_that_may_be_two_names_is_neither() {
        let codes = Spelt::new([("AA", 0), ("Aa", 1), ("Rot", 2)].into_iter());
        assert_eq!((codes.get("aa"), codes.get("aA"), codes.get("ROT")), (None, None, Some(2)));
    }

    #[test]
    fn a_name_kept_apart_is_known_with_other_spaces() {
        let known = Spelt::new([("Ab c", 0), ("AB C", 1), ("x", 2)].into_iter());
        assert_eq!(known.get("AB  C"), Some(1), "case tells them apart, spaces don't");
        assert_eq!((known.get("Ab c"), known.get(" X "), known.get("ab c")), (Some(0), Some(2), None));
        assert!(known.has("x") && !known.has("X"));
    }
}
