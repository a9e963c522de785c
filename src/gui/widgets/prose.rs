//! Sentences that quote code.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId};

use crate::gui::theme;

/// A sentence whose words between backticks are set as code.
pub fn prose(text: &str, font: FontId, colour: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let is_paired = text.matches('`').count().is_multiple_of(2);
    let code = TextFormat::simple(theme::mono(font.size - 0.5), colour);
    let words = TextFormat::simple(font, colour);
    if !is_paired {
        job.append(text, 0.0, words);
        return job;
    }
    for (i, piece) in text.split('`').enumerate() {
        let format = if i % 2 == 1 { code.clone() } else { words.clone() };
        job.append(piece, 0.0, format);
    }
    job
}

/// Characters of an error that is shown: of its beginning, which says what is wrong, and its end, which names the file.
const SHOWN: (usize, usize) = (420, 160);

/// As [`prose`], of what may quote a whole file: its middle is left out.
pub fn bounded(text: &str, font: FontId, colour: Color32) -> LayoutJob {
    let all = text.chars().count();
    if all <= SHOWN.0 + SHOWN.1 {
        return prose(text, font, colour);
    }
    let (first, last) = (text.chars().take(SHOWN.0), text.chars().skip(all - SHOWN.1));
    prose(&first.chain(" … ".chars()).chain(last).collect::<String>(), font, colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_a_whole_file_says_what_and_where() {
        let text = format!("It is wrong: {} File: /home/me/t.csv", "x".repeat(100_000));
        let shown = bounded(&text, theme::regular(13.0), Color32::WHITE).text;
        assert!(shown.chars().count() <= SHOWN.0 + SHOWN.1 + 3);
        assert!(shown.starts_with("It is wrong: x") && shown.ends_with("File: /home/me/t.csv"), "{shown}");
        assert_eq!(bounded("Short.", theme::regular(13.0), Color32::WHITE).text, "Short.");
    }

    #[test]
    fn code_is_set_as_code_and_its_backticks_are_left_out() {
        let set = |text: &str| {
            let job = prose(text, theme::regular(13.0), Color32::WHITE);
            let fonts = job.sections.iter().map(|section| section.format.font_id.family.clone()).collect::<Vec<_>>();
            (job.text, fonts)
        };
        let (words, code) = (theme::regular(13.0).family, theme::mono(13.0).family);
        let (text, fonts) = set("Step 3: produced by `%4 = log %3` (Log).");
        assert_eq!(text, "Step 3: produced by %4 = log %3 (Log).");
        assert_eq!(fonts, [words.clone(), code, words.clone()]);
        assert_eq!(set("plain").0, "plain");
        assert_eq!(set("a lone ` stays").0, "a lone ` stays");
    }
}
