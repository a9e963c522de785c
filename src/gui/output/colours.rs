//! From scores to colours: shades or steps, one scale for signed numbers, one set for classes.

use egui::{Color32, Rgba};

use crate::gui::theme::{Tokens, mix};

/// How much of the class colour a surface has, so that points of the same class stand out on it.
const GROUND: f32 = 0.72;
/// Bands of a signed number drawn in steps, each side of 0.
const BANDS: f32 = 5.0;

/// The colour of one cell from what is said for all classes.
pub fn classes(tokens: &Tokens, probabilities: &[f32], steps: bool) -> Color32 {
    if probabilities.iter().any(|p| p.is_nan()) {
        return tokens.bad;
    }
    if steps {
        return mix(tokens.canvas, tokens.class(best(probabilities)), GROUND);
    }
    if let [first, second] = probabilities {
        // Through the neutral middle, where the network cannot tell.
        return mix(tokens.canvas, tokens.diverging(second - first), GROUND + 0.1);
    }
    let mut sum = Rgba::TRANSPARENT;
    for (class, p) in probabilities.iter().enumerate() {
        sum = sum + Rgba::from(tokens.class(class)) * p.clamp(0.0, 1.0);
    }
    // The less sure, the closer to the ground.
    let n = probabilities.len().max(1) as f32;
    let sure = (probabilities[best(probabilities)] - 1.0 / n) / (1.0 - 1.0 / n).max(1e-6);
    mix(tokens.canvas, Color32::from(sum), (0.12 + 0.6 * sure).clamp(0.0, 1.0))
}

/// The colour of a predicted number on the scale -range to range.
pub fn number(tokens: &Tokens, value: f32, range: f32, steps: bool) -> Color32 {
    let share = value / range;
    let share = if steps { (share * BANDS).round() / BANDS } else { share };
    if share.is_nan() { tokens.bad } else { mix(tokens.canvas, tokens.diverging(share), GROUND + 0.1) }
}

/// The most probable class; the first of equals.
pub fn best(probabilities: &[f32]) -> usize {
    (0..probabilities.len()).fold(0, |best, i| if probabilities[i] > probabilities[best] { i } else { best })
}

/// Rings around points stand out in both themes.
pub fn ring(tokens: &Tokens) -> Color32 {
    tokens.on_accent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_meet_in_the_neutral_middle() {
        let t = Tokens::dark();
        assert_eq!(classes(&t, &[0.5, 0.5], false), mix(t.canvas, t.zero, 0.82));
        let (orange, blue) = (classes(&t, &[1.0, 0.0], false), classes(&t, &[0.0, 1.0], false));
        assert!(orange.r() > orange.b() && blue.b() > blue.r());
        assert_eq!(classes(&t, &[0.51, 0.49], true), classes(&t, &[0.99, 0.01], true));
        // Scores need not be 1 together: the larger one is the class.
        let unsure = classes(&t, &[0.1, 0.3], false);
        assert!(unsure.b() > unsure.r(), "{unsure:?}");
    }

    #[test]
    fn a_number_in_steps_keeps_its_band() {
        let t = Tokens::dark();
        assert_eq!(number(&t, 0.39, 1.0, true), number(&t, 0.41, 1.0, true));
        assert_ne!(number(&t, 0.39, 1.0, false), number(&t, 0.41, 1.0, false));
        assert_eq!(number(&t, f32::NAN, 1.0, false), t.bad);
        assert_eq!(classes(&t, &[f32::NAN, 0.0], false), t.bad);
    }
}
