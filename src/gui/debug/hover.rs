//! Cells that light up together: the number under the pointer, wherever its tensor is shown, what it was made of, and,
//! of the explained tensor, what was made of it.
//!
//! Knows nothing of pictures: it is told what is pointed at, and asked what lights up.

use super::explanation::ExplanationUi;
use crate::trace::{Element, Inspection, Sight};

#[derive(Default)]
pub struct HoverUi {
    /// In the last frame, so that all pictures of this one agree.
    element: Option<Element>,
    /// In this frame.
    next: Option<Element>,
}

impl HoverUi {
    pub fn point(&mut self, element: Option<Element>) {
        self.next = element.or(self.next.take());
    }

    /// At the end of a frame.
    pub fn turn(&mut self, ctx: &egui::Context) {
        if self.next != self.element {
            ctx.request_repaint();
        }
        self.element = self.next.take();
    }

    pub fn subscribe(&self, inspection: &mut Inspection) {
        inspection.hovered.clone_from(&self.element);
    }

    /// Elements of this tensor that belong to what is pointed at.
    pub fn lit(&self, name: &str, sight: &Sight, explained: &ExplanationUi) -> Vec<Element> {
        let Some(hovered) = &self.element else { return Vec::new() };
        // Until the next number is told of, the cells of the one before stay lit: nothing flickers on the way.
        let known = sight.hovered.iter().filter(|reading| reading.element.name == hovered.name);
        let told = known.flat_map(|reading| reading.read.iter().chain(reading.used.iter()));
        let told = told.filter(|element| element.name == name);
        let itself = (hovered.name == name).then_some(hovered);
        let reader = explained.reader_of(hovered, sight).filter(|element| element.name == name);
        itself.into_iter().chain(reader).chain(told).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Reading;

    #[test]
    fn what_is_pointed_at_lights_itself_and_what_it_read_in_the_next_frame() {
        let element = |name: &str, at: usize| Element { name: name.into(), index: vec![at] };
        let ctx = egui::Context::default();
        let (mut hover, explained) = (HoverUi::default(), ExplanationUi::default());
        let reading = Reading {
            element: element("%1", 4),
            read: vec![element("%x", 2), element("w", 3)].into(),
            used: vec![element("%2", 7)].into(),
        };
        let sight = Sight { hovered: Some(reading), ..Sight::default() };
        hover.point(Some(element("%1", 5)));
        hover.point(None);
        assert!(hover.lit("%x", &sight, &explained).is_empty());
        hover.turn(&ctx);
        let mut inspection = Inspection::default();
        hover.subscribe(&mut inspection);
        assert_eq!(inspection.hovered, Some(element("%1", 5)));
        assert_eq!(hover.lit("%1", &sight, &explained), [element("%1", 5)]);
        assert_eq!(hover.lit("%x", &sight, &explained), [element("%x", 2)], "of the cell before, until more is known");
        assert_eq!(hover.lit("%2", &sight, &explained), [element("%2", 7)], "where it was used");
        hover.point(Some(element("%9", 0)));
        hover.turn(&ctx);
        assert!(hover.lit("%x", &sight, &explained).is_empty());
        hover.turn(&ctx);
        assert!(hover.lit("%9", &sight, &explained).is_empty());
    }
}
