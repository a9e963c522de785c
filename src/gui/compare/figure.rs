//! The chart of the runs on its way out: as a drawing (SVG), or as a picture of what is on the screen (PNG, clipboard).

use std::sync::{Arc, Mutex};

use egui::{ColorImage, Context, Rect};

use super::curves::{self, Tab};
use super::{CompareUi, Seen};
use crate::gui::dialogs::{Dialogs, Purpose};
use crate::session::{Figure, FigureCurve, Pixels};

/// The menu that asked is gone after so many frames.
const FRAMES: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    Copy,
    Save,
}

/// A picture on its way.
#[derive(Debug, Default)]
pub struct PictureUi {
    /// What is wanted, and in how many frames it is taken.
    wanted: Option<(Take, u8)>,
    taken: Arc<Mutex<Option<ColorImage>>>,
    /// Where the chart was drawn last.
    pub place: Option<Rect>,
}

impl PictureUi {
    pub fn ask(&mut self, take: Take) {
        self.wanted = Some((take, FRAMES));
    }

    /// Called once a frame.
    pub fn follow(&mut self, ctx: &Context, name: &str, dialogs: &mut Dialogs) {
        let taken = self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(image) = taken {
            let pixels = Pixels { width: image.width(), height: image.height(), rgba: image.as_raw().to_vec() };
            let suggestion = format!("{name} curves");
            dialogs.ask(Purpose::SavePicture { suggestion, pixels: Box::new(pixels) }, ctx);
        }
        let (Some((take, frames)), Some(place)) = (self.wanted, self.place) else { return };
        ctx.request_repaint();
        self.wanted = frames.checked_sub(1).map(|frames| (take, frames));
        if self.wanted.is_none() {
            self.take(ctx, take, place);
        }
    }

    fn take(&self, ctx: &Context, take: Take, place: Rect) {
        let (scale, taken, waker) = (ctx.pixels_per_point(), self.taken.clone(), ctx.clone());
        ctx.request_screenshot(move |whole| {
            let bounds = Rect::from_min_size(egui::Pos2::ZERO, size(&whole) / scale);
            let image = whole.region(&place.intersect(bounds), Some(scale));
            match take {
                Take::Copy => waker.copy_image(image),
                Take::Save => *taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(image),
            }
            waker.request_repaint();
        });
    }
}

fn size(image: &ColorImage) -> egui::Vec2 {
    egui::vec2(image.width() as f32, image.height() as f32)
}

/// The curves that are picked, as they are chosen in the chart; `None` where there are none to draw.
pub fn of(seen: &Seen<'_>, local: &CompareUi) -> Option<Figure> {
    let (tab, unit) = (local.curves.tab, local.curves.unit);
    let tab = if tab == Tab::Difference { Tab::Validation } else { tab };
    let shown = curves::all_shown(seen.state, local);
    let curves: Vec<FigureCurve> = shown
        .iter()
        .filter(|one| !curves::series(one.curves, tab).is_empty())
        .map(|one| {
            let [r, g, b, _] = local.colours.get(&seen.tokens, &one.row.card.id).to_array();
            let series = curves::series(one.curves, tab);
            FigureCurve::of(one.row.card.name.clone(), [r, g, b], series, |step| one.scale.at(step))
        })
        .collect();
    let metric = shown.first()?.row.card.metric;
    let title = curves::title(tab, metric);
    let log = local.curves.is_log(tab);
    (!curves.is_empty()).then(|| Figure {
        title: format!("{}: {title}", seen.state.project.name),
        across: unit.title().to_owned(),
        up: title.split(" of ").next().unwrap_or(title).to_owned(),
        log,
        curves,
    })
}
