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

#[cfg(test)]
mod tests {
    use super::*;

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
