//! Where the controls that others point at stand on the screen: written down as they are drawn.

use std::collections::HashMap;

use egui::{Context, Id, Rect, Response, Ui};

use crate::session::Anchor;

/// Where each was drawn last, and in which pass.
type Places = HashMap<Anchor, (Rect, u64)>;

fn id() -> Id {
    Id::unique("places of anchored controls")
}

/// A control was drawn.
pub fn put(ui: &Ui, anchor: Anchor, response: &Response) {
    put_at(ui, anchor, response.rect);
}

pub fn put_at(ui: &Ui, anchor: Anchor, place: Rect) {
    let pass = ui.ctx().cumulative_pass_nr();
    ui.data_mut(|data| data.get_temp_mut_or_default::<Places>(id()).insert(anchor, (place, pass)));
}

/// Where a control stands; `None` when it is not on the screen.
pub fn find(ctx: &Context, anchor: Anchor) -> Option<Rect> {
    let pass = ctx.cumulative_pass_nr();
    let (place, drawn) = ctx.data(|data| data.get_temp::<Places>(id())?.get(&anchor).copied())?;
    (pass <= drawn + 1).then_some(place)
}
