//! The card "One number": how an element came about, in symbols and in its own numbers, each of which leads further
//! back; and whether a nudge agrees where it is a gradient.
//!
//! Draws what the trainer told; asks for more through its [`ExplanationResponse`].

mod line;
mod operands;
#[cfg(test)]
mod tests;
mod window;

use egui::{Frame, Label, Margin, RichText, Sense, Stroke, Ui, WidgetInfo};

use super::plane::Pointed;
use crate::gui::numbers::{percent, significant};
use crate::gui::theme::{self, Tokens};
use crate::trace::{Element, Explanation, Inspection, Judgement, Shares, Sight, TensorRecord, Verdict};

/// What the card keeps for itself.
#[derive(Default)]
pub struct ExplanationUi {
    /// The number that is explained.
    element: Option<Element>,
    /// Where one came from, the latest last.
    trail: Vec<Element>,
    /// Checked by nudging, for as long as this number is explained.
    nudge: bool,
}

/// What a person asked for.
#[derive(Debug, Default, PartialEq)]
pub struct ExplanationResponse {
    /// Another number to be looked at and explained: further back, or where one came from.
    pub follow: Option<Element>,
    /// Row of the batch to be followed through the network.
    pub sample: Option<usize>,
}

impl ExplanationUi {
    /// Explains another number.
    pub fn choose(&mut self, element: Element) {
        if self.element.as_ref() != Some(&element) {
            self.trail.extend(self.element.take());
            self.element = Some(element);
            self.nudge = false;
        }
    }

    /// The number that led to this one, which is left.
    pub fn back(&mut self) -> Option<Element> {
        let before = self.trail.pop()?;
        self.element = None;
        Some(before)
    }

    pub fn element(&self) -> Option<&Element> {
        self.element.as_ref()
    }

    /// What has to be fetched: the explanation, and the tensors that it reads.
    pub fn subscribe(&self, sight: &Sight, inspection: &mut Inspection) {
        inspection.element.clone_from(&self.element);
        inspection.nudge = self.nudge && self.element.is_some();
        inspection.shares = self.element.as_ref().is_some_and(|element| !element.name.starts_with(['%', 'd']))
            || self.element.as_ref().is_some_and(|element| element.name.contains('.'));
        if let Some(explanation) = self.told(sight) {
            for name in operands::names(explanation) {
                if !inspection.tensors.contains(&name) {
                    inspection.tensors.push(name);
                }
            }
        }
    }

    /// The explanation of the chosen number, once it is there.
    fn told<'a>(&self, sight: &'a Sight) -> Option<&'a Explanation> {
        let told = sight.explanation.as_ref()?.as_ref().ok()?;
        (Some(&told.element) == self.element.as_ref()).then_some(told)
    }

    /// Elements of a tensor that the explained number was made of: they light up.
    pub fn lit(&self, name: &str, sight: &Sight) -> Vec<Element> {
        let told = self.told(sight).filter(|told| told.element.name != name);
        told.map(|told| matching(told).into_iter().filter(|element| element.name == name).collect()).unwrap_or_default()
    }
}

impl ExplanationUi {
    /// The explained number, if it was made of this element.
    pub fn reader_of<'a>(&self, read: &Element, sight: &'a Sight) -> Option<&'a Element> {
        let told = self.told(sight)?;
        matching(told).contains(read).then_some(&told.element)
    }
}

/// Every element that a number was made of.
pub fn matching(explanation: &Explanation) -> Vec<Element> {
    explanation.arithmetic.elements().into_iter().map(|(element, _)| element.clone()).collect()
}

/// Small pictures of what the chosen number of this tensor was made of; `lit` tells the cells of a tensor that belong
/// to what is pointed at elsewhere.
pub fn operands(
    ui: &mut Ui,
    tokens: &Tokens,
    sight: &Sight,
    name: &str,
    local: &ExplanationUi,
    lit: &dyn Fn(&str) -> Vec<Element>,
) -> Pointed {
    let told = local.told(sight).filter(|told| told.element.name == name);
    told.map_or_else(Pointed::default, |told| operands::show(ui, tokens, sight, told, lit))
}

/// The card; nothing while no number is chosen.
pub fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    sight: &Sight,
    record: Option<&TensorRecord>,
    local: &mut ExplanationUi,
) -> ExplanationResponse {
    let mut response = ExplanationResponse::default();
    let Some(element) = local.element.clone() else { return response };
    let told = local.told(sight);
    let frame = Frame::new().fill(tokens.panel).stroke(Stroke::new(1.0, tokens.line));
    frame.corner_radius(10).inner_margin(Margin::symmetric(16, 12)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, tokens, &element, record, told, local, &mut response);
        match (told, &sight.explanation) {
            (Some(explanation), _) => {
                card(ui, tokens, explanation, &mut response);
                let checks = told.is_some_and(|explanation| explanation.is_gradient);
                if !checks && !matches!(sight.shares, Some(Ok(_))) {
                    return;
                }
                ui.horizontal_wrapped(|ui| {
                    if checks {
                        check(ui, tokens, explanation, sight, local);
                    }
                    shares(ui, tokens, sight.shares.as_ref(), &mut response);
                });
            }
            (None, Some(Err(why))) => drop(ui.label(RichText::new(why).color(tokens.warn))),
            (None, _) => drop(ui.label(RichText::new("Computing …").color(tokens.faint))),
        }
    });
    if let Some(element) = &response.follow {
        local.choose(element.clone());
    }
    response
}

fn heading(
    ui: &mut Ui,
    tokens: &Tokens,
    element: &Element,
    record: Option<&TensorRecord>,
    told: Option<&Explanation>,
    local: &mut ExplanationUi,
    response: &mut ExplanationResponse,
) {
    ui.horizontal(|ui| {
        if let Some(before) = local.trail.last().cloned()
            && ui.small_button("◂").on_hover_text(format!("Back to {before} (Backspace)")).clicked()
        {
            response.follow = local.back();
        }
        let record = record.filter(|record| record.name == element.name && !element.index.is_empty());
        let place = record.map(|record| record.place(&element.index));
        let place = place.unwrap_or_else(|| element.to_string());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if let Some(told) = told {
                let text = significant(told.value, 6);
                ui.label(RichText::new(text).font(theme::mono(13.0)).color(line::colour(tokens, told.value)));
                ui.label(RichText::new(format!("step {}", told.step)).size(11.0).color(tokens.faint));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let title = RichText::new(format!("One number: {place}")).font(theme::medium(13.0));
                ui.add(Label::new(title).truncate());
            });
        });
    });
}

fn card(ui: &mut Ui, tokens: &Tokens, explanation: &Explanation, response: &mut ExplanationResponse) {
    let quiet = |text: &str| RichText::new(text).font(theme::mono(12.0)).color(tokens.muted);
    ui.add(Label::new(quiet(&explanation.line)).wrap());
    if !explanation.formula.is_empty() {
        let formula = RichText::new(&explanation.formula).font(theme::mono(14.0)).color(tokens.muted);
        ui.add(Label::new(formula).wrap()).on_hover_text(&explanation.words);
    }
    if explanation.instruction.is_none() {
        ui.label(&explanation.words);
        return;
    }
    response.follow = line::show(ui, tokens, "=", &explanation.arithmetic).or(response.follow.take());
    for (name, part) in explanation.arithmetic.named_parts().into_iter().take(6) {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("where").size(11.0).color(tokens.faint));
            response.follow = line::show(ui, tokens, &format!("{name} ="), part).or(response.follow.take());
            let text = format!("= {}", significant(part.evaluate(), 4));
            ui.label(RichText::new(text).font(theme::mono(13.0)).color(tokens.muted));
        });
    }
    window::show(ui, tokens, &explanation.arithmetic);
    let sum = format!("= {}", significant(explanation.value, 4));
    ui.label(RichText::new(sum).font(theme::mono(14.0)).color(line::colour(tokens, explanation.value)));
    ui.label(RichText::new(&explanation.words).size(12.0).color(tokens.faint));
    ui.label(RichText::new(KEYS).size(11.0).color(tokens.faint));
}

/// What the keyboard does in the card.
const KEYS: &str = "Tab moves between numbers, Enter opens one, Backspace goes back.";

fn check(ui: &mut Ui, tokens: &Tokens, explanation: &Explanation, sight: &Sight, local: &mut ExplanationUi) {
    let help = "Checks the gradient: nudges the value slightly up and down, reruns the step in double precision with \
                the same dropout masks, and compares the change in loss.";
    if ui.button("Nudge and check").on_hover_text(help).clicked() {
        local.nudge = true;
    }
    match (&explanation.verdict, &sight.unchecked) {
        (Some(verdict), _) => {
            let (colour, text) = sentence(tokens, explanation.value, verdict);
            ui.add(Label::new(RichText::new(text).color(colour)).wrap()).on_hover_text(details(verdict));
        }
        (None, Some(why)) if local.nudge => drop(ui.label(RichText::new(why).color(tokens.warn))),
        (None, None) if local.nudge => drop(ui.label(RichText::new("nudging …").color(tokens.faint))),
        _ => {}
    }
}

/// What a nudge says, in words.
fn sentence(tokens: &Tokens, value: f64, verdict: &Verdict) -> (egui::Color32, String) {
    let difference = significant(verdict.difference, 5);
    match verdict.judgement {
        Judgement::Agrees => {
            let off = (value - verdict.difference).abs() / value.abs().max(verdict.difference.abs()).max(1e-300);
            (tokens.ok, format!("✓ {difference}, agrees to {}", significant(off, 1)))
        }
        Judgement::Differs { by } => {
            let by = percent(by as f32);
            (
                tokens.bad,
                format!("✗ The nudge gives {difference}, which differs by {by}. Was the value changed by hand?"),
            )
        }
        Judgement::AtKink => {
            let [right, left] = verdict.sides.map(|side| significant(side, 4));
            let text = format!(
                "The loss has a kink here: its slope is {right} on one side and {left} on the other, so there is no \
                 single gradient to compare with. This happens where the input of a ReLU is 0 or two values tie for a \
                 maximum."
            );
            (tokens.warn, text)
        }
    }
}

fn details(verdict: &Verdict) -> String {
    let [right, left] = verdict.sides.map(|side| significant(side, 8));
    format!(
        "Nudged by ±{}: (loss(+) − loss(−)) / 2·nudge = {}\none side {right}, the other {left}",
        significant(verdict.nudge, 3),
        significant(verdict.difference, 8)
    )
}

fn shares(ui: &mut Ui, tokens: &Tokens, shares: Option<&Result<Shares, String>>, response: &mut ExplanationResponse) {
    let Some(Ok(shares)) = shares else { return };
    let Some((row, term)) = shares.largest() else { return };
    let text = format!("sample {row} contributes most: {}", significant(term, 3));
    let label = RichText::new(text).color(tokens.faint);
    let label = ui.add(Label::new(label).sense(Sense::click()));
    label.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, format!("Follow sample {row}")));
    let mut all: Vec<(usize, f64)> = shares.terms.iter().copied().enumerate().collect();
    all.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let lines: Vec<_> =
        all.iter().take(8).map(|(row, term)| format!("sample {row}: {}", significant(*term, 4))).collect();
    let help = format!(
        "How much each sample of the batch contributes to {} (the sum of all).\n{}\nClick to follow sample {row}.",
        shares.element,
        lines.join("\n")
    );
    if label.on_hover_text(help).clicked() {
        response.sample = Some(row);
    }
}
