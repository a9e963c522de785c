//! What is said of data names the option of the command line that would have it otherwise: "If letters are wrong, add
//! --encoding NAME." In the window the same sentence names the control.
//!
//! Owns which control does what an option does. What a sentence says, and when, is for whoever says it.

/// Where a sentence tells what to add.
const ADD: &str = "add --";

/// A sentence for the command line, for the window.
pub fn in_window(words: &str) -> String {
    let mut rest = words;
    let mut all = String::with_capacity(words.len());
    while let Some(at) = rest.find(ADD) {
        let (before, after) = (&rest[..at], &rest[at + ADD.len()..]);
        let (option, tail) = after.split_at(end_of(after));
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        all.push_str(before);
        match control(name, value) {
            Some(control) => all.push_str(&control),
            None => all.push_str(&rest[at..at + ADD.len() + option.len()]),
        }
        rest = tail;
    }
    all + rest
}

/// How long an option with its value is: up to what ends the clause, outside of quotation marks.
fn end_of(text: &str) -> usize {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '.' | ',' | ';' if !is_quoted && text[at + 1..].chars().next().is_none_or(char::is_whitespace) => {
                return at;
            }
            _ => {}
        }
    }
    text.len()
}

fn control(option: &str, value: &str) -> Option<String> {
    let value = value.trim_matches('"');
    Some(match option {
        "encoding" => "choose another Encoding above".into(),
        "long-rows" => "choose “cut” at Long rows above".into(),
        "totals" => "choose “leave out” at Totals above".into(),
        "spellings" => {
            let title = if value == "merge" { "merge all" } else { "keep apart" };
            format!("choose “{title}” at Case above")
        }
        "decimal" => {
            let title = if value == "comma" { "1.234,5" } else { "1,234.5" };
            format!("choose “{title}” at Decimals above")
        }
        "dates" => {
            let title = if value == "day-first" { "31/5/2024" } else { "5/31/2024" };
            format!("choose “{title}” at Dates above")
        }
        "numeric" => "choose “number” for it in Columns".into(),
        "date" => "choose “date” for it in Columns".into(),
        "drop" => "choose “left out” for it in Columns".into(),
        "missing" => {
            let word = value.split_once('=').map_or(value, |(_, word)| word);
            format!("add {word} to Missing words above")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_that_a_sentence_names_has_its_control() {
        for (said, shown) in [
            ("If letters are wrong, add --encoding NAME.", "If letters are wrong, choose another Encoding above."),
            ("If they are the same, add --spellings merge.", "If they are the same, choose “merge all” at Case above."),
            ("add --missing -9999.", "add -9999 to Missing words above."),
            (
                "If so, add --missing \"a. b=n. d.\". Else fix it.",
                "If so, add n. d. to Missing words above. Else fix it.",
            ),
            ("If it is 1.5, add --decimal comma.", "If it is 1.5, choose “1.234,5” at Decimals above."),
            ("add --numeric \"a \\\" b, c\".", "choose “number” for it in Columns."),
            ("Nothing to add -- at all.", "Nothing to add -- at all."),
        ] {
            assert_eq!(in_window(said), shown);
        }
    }
}
