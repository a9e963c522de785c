//! What the panels were asked to give to the outside: each that offers it keeps the wish until the frame is drawn.

use egui::Context;

use super::figure::{Sheet, give};
use super::panel::Desk;
use super::{canvas, code, compare, output, plots};

pub fn follow(ctx: &Context, desk: &mut Desk<'_>) {
    let (state, own) = (desk.state, &mut *desk.own);
    let asked = [
        &mut own.canvas.export,
        &mut own.plots.export,
        &mut own.output.export,
        &mut own.compare.export,
        &mut own.code.race.export,
    ];
    let Some((panel, take)) = asked.into_iter().enumerate().find_map(|(i, asked)| Some((i, asked.take()?))) else {
        return;
    };
    let sheet: Sheet<'_> = match panel {
        0 => canvas::sheet(state, &own.canvas),
        1 => plots::export::sheet(ctx, state, &mut own.plots),
        2 => output::sheet(state, &mut own.output),
        3 => compare::sheet(ctx, state, &mut own.compare),
        _ => code::race_sheet(ctx, state, &mut own.code.race),
    };
    give(ctx, take, sheet, desk.dialogs);
}
