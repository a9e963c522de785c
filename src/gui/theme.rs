//! Every colour, and the style that egui's own widgets take from them. No colour is written anywhere else in the
//! window.
//!
//! The two tables are those of the mock-ups. Fonts are in [`super::fonts`].

use egui::{Color32, CornerRadius, FontFamily, FontId, Id, Shadow, Stroke, TextStyle, Vec2};

use crate::model::layer::Group;
use crate::persist::Theme;

/// Colours by what they are for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    pub bg: Color32,
    pub canvas: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub hover: Color32,
    pub line: Color32,
    pub text: Color32,
    pub muted: Color32,
    pub faint: Color32,
    pub accent: Color32,
    /// The accent, see-through: glows and selections.
    pub accent_soft: Color32,
    /// Text on the accent and on coloured buttons.
    pub on_accent: Color32,
    /// The glyph on a coloured icon square.
    pub on_icon: Color32,
    pub ok: Color32,
    pub warn: Color32,
    pub bad: Color32,
    /// Signed values: blue positive, orange negative, `zero` at 0.
    pub pos: Color32,
    pub neg: Color32,
    pub zero: Color32,
    /// Under floating things.
    pub shadow: Color32,
    pub k_data: Color32,
    pub k_core: Color32,
    pub k_conv: Color32,
    pub k_act: Color32,
    pub k_seq: Color32,
    pub k_norm: Color32,
    pub k_merge: Color32,
    pub k_loss: Color32,
    pub dark: bool,
    /// How many times thicker than usual curves, wires and points are.
    pub weight: f32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Tokens {
    pub fn dark() -> Self {
        Self {
            bg: rgb(0x0e1116),
            canvas: rgb(0x12161c),
            panel: rgb(0x171b22),
            raised: rgb(0x1e242d),
            hover: rgb(0x262d38),
            line: rgb(0x2a323d),
            text: rgb(0xe8ebf0),
            muted: rgb(0xa0aaba),
            faint: rgb(0x7f8a9b),
            accent: rgb(0x8b7cf6),
            accent_soft: Color32::from_rgba_unmultiplied_const(0x8b, 0x7c, 0xf6, 0x40),
            on_accent: rgb(0xffffff),
            on_icon: rgb(0x0b0d10),
            ok: rgb(0x3fb97f),
            warn: rgb(0xe5b454),
            bad: rgb(0xef6a6a),
            pos: rgb(0x4f9cf9),
            neg: rgb(0xf58a3c),
            zero: rgb(0x12161c),
            shadow: Color32::from_rgba_unmultiplied_const(0, 0, 0, 0x60),
            k_data: rgb(0x3fb97f),
            k_core: rgb(0x8b7cf6),
            k_conv: rgb(0x4aa8e8),
            k_act: rgb(0xe5b454),
            k_seq: rgb(0xe58ac0),
            k_norm: rgb(0x4fc1b5),
            k_merge: rgb(0x9aa6b8),
            k_loss: rgb(0xef6a6a),
            dark: true,
            weight: 1.0,
        }
    }

    pub fn light() -> Self {
        Self {
            bg: rgb(0xe9ecf1),
            canvas: rgb(0xf6f7f9),
            panel: rgb(0xffffff),
            raised: rgb(0xf1f3f6),
            hover: rgb(0xe6e9ef),
            line: rgb(0xd5dae2),
            text: rgb(0x1b2129),
            muted: rgb(0x556072),
            faint: rgb(0x6f7a8b),
            accent: rgb(0x6a58e8),
            accent_soft: Color32::from_rgba_unmultiplied_const(0x6a, 0x58, 0xe8, 0x30),
            on_accent: rgb(0xffffff),
            on_icon: rgb(0x0b0d10),
            ok: rgb(0x2f9d6a),
            warn: rgb(0xb8821a),
            bad: rgb(0xd64545),
            pos: rgb(0x2f7fe0),
            neg: rgb(0xe06e1c),
            zero: rgb(0xffffff),
            shadow: Color32::from_rgba_unmultiplied_const(0, 0, 0, 0x28),
            dark: false,
            ..Self::dark()
        }
    }

    /// What can be seen from the last row, in the light of a projector.
    pub fn for_projector(self) -> Self {
        let strong = |colour: Color32| mix(colour, self.text, 0.5);
        // Light grounds are as bright as they can be, dark ones as dark.
        let ground = |colour: Color32| mix(colour, if self.dark { self.on_icon } else { self.on_accent }, 0.5);
        Self {
            bg: ground(self.bg),
            canvas: ground(self.canvas),
            panel: ground(self.panel),
            line: mix(self.line, self.text, 0.25),
            text: if self.dark { self.on_accent } else { self.on_icon },
            muted: strong(self.muted),
            faint: strong(self.faint),
            zero: ground(self.zero),
            weight: 1.6,
            ..self
        }
    }

    pub fn of(ui: &egui::Ui) -> Self {
        Self::of_ctx(ui.ctx())
    }

    /// The table that [`apply`] put in force.
    pub fn of_ctx(ctx: &egui::Context) -> Self {
        ctx.data(|data| data.get_temp(Id::unique("theme tokens"))).unwrap_or_else(Self::dark)
    }

    /// The one scale for signed values. Beyond -1 and 1 it stays; NaN is the colour of something wrong.
    pub fn diverging(&self, value: f32) -> Color32 {
        if value.is_nan() {
            return self.bad;
        }
        let end = if value < 0.0 { self.neg } else { self.pos };
        mix(self.zero, end, value.abs().min(1.0))
    }

    /// A colour for words on a panel: as much darker (in the dark theme lighter) as they need to be read.
    pub fn of_words(&self, colour: Color32) -> Color32 {
        let mixed = (0..=10).map(|tenths| mix(colour, self.text, tenths as f32 / 10.0));
        mixed.into_iter().find(|colour| contrast(*colour, self.panel) >= 4.5).unwrap_or(self.text)
    }

    /// For words on a coloured ground: dark or white, whichever can be read better.
    pub fn ink(&self, ground: Color32) -> Color32 {
        if contrast(self.on_icon, ground) >= contrast(self.on_accent, ground) { self.on_icon } else { self.on_accent }
    }

    /// Qualitative and safe for colour-blind eyes. The first two are the ends of [`Self::diverging`], so that the
    /// points of two classes match the surface behind them: class 0 orange, class 1 blue.
    pub fn class(&self, index: usize) -> Color32 {
        let rest = if self.dark { DARK_CLASSES } else { LIGHT_CLASSES };
        match index % (rest.len() + 2) {
            0 => self.neg,
            1 => self.pos,
            i => rgb(rest[i - 2]),
        }
    }

    pub fn group(&self, group: Group) -> Color32 {
        match group {
            Group::Data => self.k_data,
            Group::Core => self.k_core,
            Group::Activation => self.k_act,
            Group::Convolution => self.k_conv,
            Group::Sequence => self.k_seq,
            Group::Normalisation => self.k_norm,
            Group::Merge => self.k_merge,
            Group::Loss => self.k_loss,
            Group::Foreign => self.faint,
        }
    }

    /// Behind the focused or selected thing.
    pub fn focus_stroke(&self) -> Stroke {
        Stroke::new(1.5, self.accent)
    }
}

/// After Okabe and Ito ("Color Universal Design"), without the orange and the blue that come first.
const DARK_CLASSES: [u32; 8] = [0x2fb88a, 0xf0e04a, 0xd684b4, 0x66d4e8, 0xa08cf7, 0xc8794a, 0xb5bfcd, 0xef5f6a];
const LIGHT_CLASSES: [u32; 8] = [0x009e73, 0xc9a800, 0xc45f98, 0x1fa3c4, 0x6a58e8, 0x8a4b1f, 0x69768a, 0xc93345];

/// A pixel of a picture in its own colours; channels 0 to 1.
pub fn pixel([red, green, blue]: [f32; 3]) -> Color32 {
    let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0).round() as u8;
    Color32::from_rgb(byte(red), byte(green), byte(blue))
}

/// A point of a picture that was mixed from several; channels 0 to 255, premultiplied.
pub fn premultiplied(channels: [f32; 4]) -> Color32 {
    let [red, green, blue, alpha] = channels.map(|v| v.round().clamp(0.0, 255.0) as u8);
    Color32::from_rgba_premultiplied(red, green, blue, alpha)
}

/// From `a` at 0 to `b` at 1.
pub fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    a.lerp_to_gamma(b, t.clamp(0.0, 1.0))
}

/// JetBrains Mono: numbers, formulas.
pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Inter Medium: names, headings of panels.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, super::fonts::medium_family())
}

/// Inter SemiBold: titles.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, super::fonts::semibold_family())
}

/// Inter Regular.
pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Puts a theme in force for everything drawn from now on. Cheap enough to call whenever a setting changes, not every
/// frame. [`super::fonts::install`] must have run on this context.
pub fn apply(ctx: &egui::Context, theme: Theme, reduced_motion: bool) {
    put_in_force(ctx, of(theme), reduced_motion);
}

/// As [`apply`], for the projector view.
pub fn apply_strong(ctx: &egui::Context, theme: Theme, reduced_motion: bool) {
    put_in_force(ctx, of(theme).for_projector(), reduced_motion);
}

fn of(theme: Theme) -> Tokens {
    if theme == Theme::Dark { Tokens::dark() } else { Tokens::light() }
}

fn put_in_force(ctx: &egui::Context, tokens: Tokens, reduced_motion: bool) {
    let base = if tokens.dark { egui::Theme::Dark } else { egui::Theme::Light };
    ctx.data_mut(|data| data.insert_temp(Id::unique("theme tokens"), tokens));
    ctx.set_theme(base);
    let mut style = (*ctx.style_of(base)).clone();
    style.visuals = visuals(&tokens);
    spacing(&mut style);
    style.text_styles = [
        (TextStyle::Small, regular(11.0)),
        (TextStyle::Body, regular(13.0)),
        (TextStyle::Button, regular(13.0)),
        (TextStyle::Heading, semibold(18.0)),
        (TextStyle::Monospace, mono(12.0)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Monospace;
    style.animation_time = if reduced_motion { 0.0 } else { 0.12 };
    style.scroll_animation =
        if reduced_motion { egui::style::ScrollAnimation::none() } else { egui::style::ScrollAnimation::default() };
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;
    ctx.set_style_of(base, style);
}

fn spacing(style: &mut egui::Style) {
    let s = &mut style.spacing;
    s.item_spacing = Vec2::new(8.0, 8.0);
    s.button_padding = Vec2::new(8.0, 4.0);
    s.interact_size = Vec2::new(32.0, 26.0);
    s.window_margin = 16.into();
    s.menu_margin = 6.into();
    s.combo_width = 96.0;
    s.combo_height = 340.0;
    s.slider_width = 96.0;
    s.slider_rail_height = 4.0;
    s.icon_width = 16.0;
    s.icon_width_inner = 8.0;
    s.tooltip_width = 320.0;
    // In the colour of texts: that of surfaces is a few steps from what lies below it.
    s.scroll = egui::style::ScrollStyle {
        bar_width: 8.0,
        foreground_color: true,
        dormant_handle_opacity: 0.4,
        active_handle_opacity: 0.6,
        ..egui::style::ScrollStyle::thin()
    };
}

fn visuals(t: &Tokens) -> egui::Visuals {
    let mut v = if t.dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    v.override_text_color = None;
    v.weak_text_color = Some(t.muted);
    v.panel_fill = t.panel;
    v.window_fill = t.panel;
    v.window_stroke = Stroke::new(1.0, t.line);
    v.window_corner_radius = CornerRadius::same(10);
    v.menu_corner_radius = CornerRadius::same(8);
    v.window_shadow = Shadow { offset: [0, 8], blur: 24, spread: 0, color: t.shadow };
    v.popup_shadow = Shadow { offset: [0, 4], blur: 14, spread: 0, color: t.shadow };
    v.faint_bg_color = t.raised;
    v.extreme_bg_color = t.raised;
    v.text_edit_bg_color = Some(t.raised);
    v.code_bg_color = t.raised;
    v.warn_fg_color = t.warn;
    v.error_fg_color = t.bad;
    v.hyperlink_color = t.accent;
    v.selection.bg_fill = t.accent_soft;
    v.selection.stroke = Stroke::new(1.0, t.text);
    v.striped = false;
    v.slider_trailing_fill = true;
    let radius = CornerRadius::same(6);
    let widget = |fill: Color32, line: Color32, text: Color32| egui::style::WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, line),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    v.widgets.noninteractive = widget(t.panel, t.line, t.text);
    v.widgets.inactive = widget(t.raised, Color32::TRANSPARENT, t.text);
    v.widgets.hovered = widget(t.hover, t.line, t.text);
    v.widgets.active = widget(t.hover, t.accent, t.text);
    v.widgets.open = widget(t.hover, t.line, t.text);
    v
}

/// WCAG 2.1 contrast ratio.
fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let [r, g, b, _] = egui::Rgba::from(c).to_array();
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    };
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diverging_scale_is_blue_above_zero_orange_below_and_stays_at_its_ends() {
        for t in [Tokens::dark(), Tokens::light()] {
            assert_eq!(t.diverging(0.0), t.zero);
            assert_eq!((t.diverging(1.0), t.diverging(7.0)), (t.pos, t.pos));
            assert_eq!((t.diverging(-1.0), t.diverging(f32::NEG_INFINITY)), (t.neg, t.neg));
            assert_eq!(t.diverging(f32::NAN), t.bad);
        }
    }

    #[test]
    fn ten_classes_have_ten_colours_and_the_first_two_match_the_surface() {
        for t in [Tokens::dark(), Tokens::light()] {
            let colours: std::collections::HashSet<_> = (0..10).map(|i| t.class(i)).collect();
            assert_eq!(colours.len(), 10);
            assert_eq!((t.class(0), t.class(1)), (t.diverging(-1.0), t.diverging(1.0)));
        }
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for t in [Tokens::dark(), Tokens::light()] {
            for ground in [t.bg, t.canvas, t.panel, t.raised] {
                assert!(contrast(t.text, ground) >= 7.0);
                assert!(contrast(t.muted, ground) >= 4.5, "{} on {ground:?}", contrast(t.muted, ground));
                assert!(contrast(t.faint, ground) >= 3.5, "{} on {ground:?}", contrast(t.faint, ground));
            }
        }
    }

    #[test]
    fn coloured_words_can_be_read() {
        for t in [Tokens::dark(), Tokens::light()] {
            for colour in [t.k_seq, t.pos, t.ok, t.warn, t.faint, t.bad] {
                assert!(contrast(t.of_words(colour), t.panel) >= 4.5);
            }
        }
        assert_eq!(Tokens::dark().of_words(Tokens::dark().k_seq), Tokens::dark().k_seq, "as it is where that will do");
    }

    #[test]
    fn on_a_projector_every_word_has_more_contrast() {
        for t in [Tokens::dark(), Tokens::light()] {
            let strong = t.for_projector();
            for (usual, large) in [(t.text, strong.text), (t.muted, strong.muted), (t.faint, strong.faint)] {
                assert!(contrast(large, strong.panel) >= 7.0_f32.max(contrast(usual, t.panel)));
            }
            assert!(contrast(strong.line, strong.panel) > contrast(t.line, t.panel));
        }
    }

    #[test]
    fn numbers_can_be_read_on_every_shade() {
        let (dark, light) = (Tokens::dark(), Tokens::light());
        for t in [dark, light, dark.for_projector(), light.for_projector()] {
            for shade in (-20..=20).map(|i| t.diverging(i as f32 / 20.0)) {
                assert!(contrast(t.ink(shade), shade) >= 4.2, "{} on {shade:?}", contrast(t.ink(shade), shade));
            }
        }
    }
}
