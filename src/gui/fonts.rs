//! The typefaces: Inter for text, JetBrains Mono for numbers; behind them a subset of DejaVu Sans for mathematical
//! signs, Material Symbols for icons, and what egui brings along.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
const MEDIUM: &[u8] = include_bytes!("../../assets/fonts/Inter-Medium.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
const MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
const SYMBOLS: &[u8] = include_bytes!("../../assets/fonts/GlassboxSymbols.ttf");

pub(super) fn medium_family() -> FontFamily {
    FontFamily::Name("medium".into())
}

pub(super) fn semibold_family() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// Once per context, before the first frame.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(definitions());
}

fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files = [
        ("inter", REGULAR),
        ("inter-medium", MEDIUM),
        ("inter-semibold", SEMIBOLD),
        ("mono", MONO),
        ("symbols", SYMBOLS),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let icons = egui_material_icons::font_insert();
    fonts.font_data.insert(icons.name.clone(), Arc::new(icons.data));
    let rest = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let behind = |first: &[&str]| -> Vec<String> {
        let signs = ["symbols", egui_material_icons::FONT_FAMILY];
        first.iter().chain(&signs).map(|&name| name.to_owned()).chain(rest.iter().cloned()).collect()
    };
    fonts.families.insert(FontFamily::Proportional, behind(&["inter", "mono"]));
    fonts.families.insert(medium_family(), behind(&["inter-medium", "mono"]));
    fonts.families.insert(semibold_family(), behind(&["inter-semibold", "mono"]));
    fonts.families.insert(FontFamily::Monospace, behind(&["mono", "inter"]));
    let icon_family = FontFamily::Name(egui_material_icons::FONT_FAMILY.into());
    fonts.families.insert(icon_family, vec![egui_material_icons::FONT_FAMILY.to_owned()]);
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::theme;
    use crate::model::LayerKind;

    #[test]
    fn every_sign_that_the_program_writes_has_a_glyph() {
        let ctx = egui::Context::default();
        install(&ctx);
        let _ = ctx.run_ui(egui::RawInput::default(), |_| {});
        let mut signs = String::from("×−√Σσμ²³₀₁₂·…→←↑↓≤≥≈±∞∂∇αβεγλθ½⟲▶›»●○◈◆▾▸✓✕⚠☰↶↷⊘☀☾∑∏ᵀ⁻ˣΦ∅“”‘’|—–ŷ");
        for kind in LayerKind::all() {
            let about = kind.about();
            signs.push_str(&[about.glyph, about.title, about.tagline, about.help, about.formula].concat());
        }
        for font in [theme::regular(13.0), theme::medium(13.0), theme::semibold(13.0), theme::mono(12.0)] {
            let missing: String =
                ctx.fonts_mut(|fonts| signs.chars().filter(|&c| c != ' ' && !fonts.has_glyph(&font, c)).collect());
            assert!(missing.is_empty(), "{font:?} lacks {missing:?}");
        }
    }
}
