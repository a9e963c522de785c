//! What is typed into the field above the runs: words that a run must have, and comparisons of its numbers.

use super::columns::Column;
use crate::trace::RunCard;

/// `best score > 0.9 wide`: all of it must be so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// In lower case.
    pub words: Vec<String>,
    comparisons: Vec<Comparison>,
    /// What is not understood, as a sentence.
    pub problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Comparison {
    column: Column,
    is: Is,
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Other,
}

/// The longer ones first: `<` also begins `<=`.
const SIGNS: [(&str, Is); 9] = [
    ("<=", Is::AtMost),
    (">=", Is::AtLeast),
    ("!=", Is::Other),
    ("≤", Is::AtMost),
    ("≥", Is::AtLeast),
    ("≠", Is::Other),
    ("<", Is::Less),
    (">", Is::More),
    ("=", Is::Equal),
];

impl Filter {
    pub fn of(text: &str) -> Self {
        let mut filter = Self::default();
        let mut words: Vec<String> = Vec::new();
        let tokens = tokens(text);
        let mut at = 0;
        while at < tokens.len() {
            let Some(is) = sign(&tokens[at]) else {
                words.push(tokens[at].to_lowercase());
                at += 1;
                continue;
            };
            // The name of the column is the end of what stands before the sign.
            let named = (0..words.len()).find_map(|start| Some((start, Column::named(&words[start..].join(" "))?)));
            let number = tokens.get(at + 1);
            match (named, number) {
                // Not yet written to its end.
                (_, None) => {
                    words.clear();
                }
                (Some((start, column)), Some(text)) => match of_number(text) {
                    Some(number) => {
                        words.truncate(start);
                        filter.comparisons.push(Comparison { column, is, number });
                    }
                    None => filter.complain(format!("“{text}” isn't a number.")),
                },
                (None, Some(_)) => {
                    let name = words.last().cloned().unwrap_or_default();
                    filter.complain(format!("There is no column “{name}”. Use one of {}.", Column::names()));
                    words.clear();
                }
            }
            filter.words.append(&mut words);
            at += 2;
        }
        filter.words.append(&mut words);
        filter.words.retain(|word| word != "and" && word != ",");
        filter
    }

    fn complain(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.comparisons.is_empty()
    }

    /// Whether the numbers of a run are as asked for. A number that it does not have is not.
    pub fn fits_numbers(&self, card: &RunCard) -> bool {
        self.comparisons.iter().all(|asked| {
            asked.column.value(card).is_some_and(|value| match asked.is {
                Is::Less => value < asked.number,
                Is::AtMost => value <= asked.number,
                Is::More => value > asked.number,
                Is::AtLeast => value >= asked.number,
                Is::Equal => value == asked.number,
                Is::Other => value != asked.number,
            })
        })
    }

    /// Whether all words stand somewhere in these texts.
    pub fn fits_words(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    }
}

fn sign(token: &str) -> Option<Is> {
    SIGNS.iter().find(|(text, _)| *text == token).map(|(_, is)| *is)
}

/// Words, signs and numbers, also where nothing stands between them.
fn tokens(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while !rest.is_empty() {
            let next = rest.char_indices().find_map(|(at, _)| {
                SIGNS.iter().find(|(sign, _)| rest[at..].starts_with(sign)).map(|(sign, _)| (at, sign.len()))
            });
            let (at, len) = next.unwrap_or((rest.len(), 0));
            all.extend((at > 0).then(|| rest[..at].trim_end_matches(',').to_owned()));
            all.extend((len > 0).then(|| rest[at..at + len].to_owned()));
            rest = &rest[at + len..];
        }
    }
    all.retain(|token| !token.is_empty());
    all
}

/// "0.9", "1,000", "90%", "1e-3".
fn of_number(text: &str) -> Option<f64> {
    let text = text.replace(',', "").replace('−', "-");
    match text.strip_suffix('%') {
        Some(share) => share.parse::<f64>().ok().map(|share| share / 100.0),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> RunCard {
        RunCard { name: "wide net".into(), steps: 750, best_score: Some(0.95), ..RunCard::default() }
    }

    #[test]
    fn numbers_are_compared_and_words_looked_for() {
        let fits = |text: &str| {
            let filter = Filter::of(text);
            assert_eq!(filter.problem, None, "{text}");
            filter.fits_numbers(&card()) && filter.fits_words(&["wide net"])
        };
        for yes in [
            "",
            "best score > 0.9",
            "best score>90%",
            "steps < 1,000",
            "steps<=750",
            "steps = 750, wide",
            "wide best score > 0.9",
            "Wide NET and steps != 3",
            "steps ≥ 750",
            "best score >",
        ] {
            assert!(fits(yes), "{yes}");
        }
        for no in ["best score > 0.96", "steps < 750", "narrow", "steps > 700 narrow", "val loss < 10", "seed != 1"] {
            assert!(!fits(no), "{no}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let problem = |text: &str| Filter::of(text).problem.unwrap_or_default();
        assert!(problem("beauty > 3").starts_with("There is no column “beauty”. Use one of seed, steps"));
        assert_eq!(problem("steps > many"), "“many” isn't a number.");
        assert_eq!(problem("steps >"), "", "it is being written");
    }
}
