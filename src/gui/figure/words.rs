//! Text that egui has laid out, taken apart into stretches of one font and one colour.

use egui::epaint::TextShape;
use egui::text::LayoutSection;
use egui::{Color32, FontId, Pos2};

/// Letters beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The left end of the line that the letters stand on.
    pub at: Pos2,
    pub width: f32,
    pub font: FontId,
    pub colour: Color32,
    pub text: String,
}

/// `None` where there are signs that only fonts of this program have.
pub fn of(shape: &TextShape) -> Option<Vec<Word>> {
    let job = &shape.galley.job;
    let mut letters = job.text.char_indices().peekable();
    let mut words: Vec<Word> = Vec::new();
    for row in &shape.galley.rows {
        // Stretches do not reach over the end of a row.
        let mut begins = true;
        for glyph in &row.glyphs {
            if is_private(glyph.chr) {
                return None;
            }
            // An ellipsis stands for letters that are not there.
            let byte = letters.peek().map_or(job.text.len(), |(byte, _)| *byte);
            letters.next_if(|(_, letter)| *letter == glyph.chr);
            let holds =
                |section: &&LayoutSection| (section.byte_range.start.0..section.byte_range.end.0).contains(&byte);
            let section = job.sections.iter().find(holds).or(job.sections.last())?;
            let vertex = row.visuals.mesh.vertices.get(glyph.first_vertex as usize);
            let colour = painted(shape, vertex.map_or(section.format.color, |vertex| vertex.color));
            let at = shape.pos + row.pos.to_vec2() + glyph.pos.to_vec2();
            let end = at.x + glyph.advance_width;
            let font = &section.format.font_id;
            match words.last_mut().filter(|word| !begins && word.font == *font && word.colour == colour) {
                Some(word) => {
                    word.text.push(glyph.chr);
                    word.width = end - word.at.x;
                }
                None => {
                    let text = glyph.chr.to_string();
                    words.push(Word { at, width: glyph.advance_width, font: font.clone(), colour, text });
                }
            }
            begins = false;
        }
        letters.next_if(|(_, letter)| row.ends_with_newline && *letter == '\n');
    }
    words.retain(|word| !word.text.trim().is_empty());
    Some(words)
}

fn painted(shape: &TextShape, colour: Color32) -> Color32 {
    let colour = shape.override_text_color.unwrap_or(colour);
    let colour = if colour == Color32::PLACEHOLDER { shape.fallback_color } else { colour };
    if shape.opacity_factor < 1.0 { colour.gamma_multiply(shape.opacity_factor) } else { colour }
}

/// Icons.
fn is_private(letter: char) -> bool {
    matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme::{self, Tokens};
    use egui::text::{LayoutJob, TextFormat};

    fn shape(job: LayoutJob) -> TextShape {
        let ctx = egui::Context::default();
        crate::gui::fonts::install(&ctx);
        let mut shape = None;
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let galley = ui.painter().layout_job(job.clone());
            shape = Some(TextShape::new(Pos2::new(10.0, 20.0), galley, Tokens::light().muted));
        });
        output.drop_without_applying_deltas();
        shape.expect("a shape")
    }

    #[test]
    fn stretches_end_where_the_font_or_the_row_does() {
        let tokens = Tokens::light();
        let mut job = LayoutJob::default();
        job.append("loss ", 0.0, TextFormat::simple(theme::regular(13.0), tokens.text));
        job.append("0.25\nat step 7", 0.0, TextFormat::simple(theme::mono(12.0), Color32::PLACEHOLDER));
        let words = of(&shape(job)).expect("words");
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["loss", "0.25", "at step 7"]);
        assert_eq!((words[0].colour, words[1].colour), (tokens.text, tokens.muted));
        assert_eq!((&words[0].font, &words[2].font), (&theme::regular(13.0), &theme::mono(12.0)));
        assert!(words[1].at.x > words[0].at.x && words[2].at.y > words[1].at.y && words[0].at.y > 20.0);
    }

    #[test]
    fn icons_are_no_words() {
        let icon = egui_material_icons::icons::ICON_PLAY_ARROW.codepoint.to_owned();
        let job = LayoutJob::simple_singleline(icon, theme::regular(13.0), Tokens::light().text);
        assert_eq!(of(&shape(job)), None);
    }
}
