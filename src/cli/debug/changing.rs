//! Numbers changed on command.

use serde_json::json;

use super::obey::Console;
use super::{Said, show, values};
use crate::expr::{Array, Expr, Index};
use crate::trainer::TensorEdit;

/// An answer with what there is to know besides.
fn noting(note: Option<String>, mut said: Said) -> Said {
    if let Some(note) = note {
        said.text = format!("{}\n{note}", said.text);
        said.json["note"] = json!(note);
    }
    said
}

impl Console {
    /// Some names are no tensors.
    fn tensor(name: &str) -> Result<(), String> {
        match name {
            "learning_rate" => Err("learning_rate is a single number: set learning_rate = 2 * learning_rate.".into()),
            "step" | "epoch" => Err(format!("{name} can't be set. 'goto 20' goes to the end of step 20.")),
            _ => Ok(()),
        }
    }

    /// One element, or all of a slice: to one number, or to as many as it has.
    pub(super) fn set(&mut self, name: &str, index: &[Index], value: &Expr) -> Result<Said, String> {
        Self::tensor(name)?;
        let (shape, offsets) = self.debugger().taken(name, index)?;
        if !shape.is_empty() {
            return self.set_part(&Expr::Slice(name.into(), index.into()), name, (&shape, &offsets), value);
        }
        let index = &self.debugger().element(name, index)?[..];
        let value = self.debugger().number_of(value)? as f32;
        let element = Expr::Element(name.into(), index.into());
        let before = self.debugger().value_of(&element).ok().and_then(|found| found.single());
        let late = self.debugger().used_already(name);
        self.alter(|debugger| debugger.set(name, index, value))?;
        let was = before.map_or(String::new(), |before| format!(" (was {})", values::digits(before)));
        let json = json!({ "name": name, "index": index, "value": values::json_number(value.into()) });
        Ok(noting(late, Said { text: format!("{element} = {value}{was}"), json }))
    }

    fn set_part(
        &mut self,
        part: &Expr,
        name: &str,
        (shape, offsets): (&[usize], &[usize]),
        value: &Expr,
    ) -> Result<Said, String> {
        let given = self.debugger().value_of(value)?;
        let mut whole = self.debugger().value_of(&Expr::Name(name.into()))?.numbers;
        let numbers = match given.single() {
            Some(single) => vec![single; offsets.len()],
            None if given.dims == shape => given.numbers,
            None => return Err(format!("{part} has shape {shape:?}, but {value} has {:?}.", given.dims)),
        };
        for (&at, number) in offsets.iter().zip(numbers) {
            whole[at] = number;
        }
        let edit = TensorEdit::Whole { values: whole.into_iter().map(|v| v as f32).collect() };
        let late = self.debugger().used_already(name);
        self.alter(|debugger| debugger.edit(name, edit))?;
        let now = self.debugger().value_of(part)?;
        let mut json = values::to_json(&now);
        json["name"] = json!(part.to_string());
        Ok(noting(late, Said { text: format!("{part} = {}", values::to_text(&now)), json }))
    }

    pub(super) fn set_all(&mut self, name: &str, value: &Expr) -> Result<Said, String> {
        let Array { dims, numbers } = self.debugger().value_of(value)?;
        if name == "learning_rate" {
            let rate = self.debugger().number_of(value)?;
            self.alter(|debugger| debugger.set_learning_rate(rate))?;
            let json = json!({ "name": name, "value": rate });
            return Ok(Said { text: format!("The learning rate is now {rate}."), json });
        }
        if let [single] = numbers[..] {
            return self.edit(name, TensorEdit::Fill { value: single as f32 });
        }
        Self::tensor(name)?;
        let own = self.debugger().value_of(&Expr::Name(name.into()))?.dims;
        if own != dims {
            return Err(format!("{name} has shape {own:?}, but {value} has {dims:?}."));
        }
        self.edit(name, TensorEdit::Whole { values: numbers.into_iter().map(|v| v as f32).collect() })
    }

    pub(super) fn scale(&mut self, name: &str, by: &Expr) -> Result<Said, String> {
        let by = self.debugger().number_of(by)? as f32;
        self.edit(name, TensorEdit::Scale { by })
    }

    pub(super) fn clip(&mut self, name: &str, limit: &Expr) -> Result<Said, String> {
        let limit = self.debugger().number_of(limit)? as f32;
        self.edit(name, TensorEdit::Clamp { limit })
    }

    pub(super) fn reinitialise(&mut self, name: &str, seed: Option<u64>) -> Result<Said, String> {
        let seed = seed.unwrap_or_else(|| self.debugger().run().training().seed);
        self.edit(name, TensorEdit::Reinitialise { seed })
    }

    fn edit(&mut self, name: &str, edit: TensorEdit) -> Result<Said, String> {
        Self::tensor(name)?;
        let (shown, late) = (edit.to_string(), self.debugger().used_already(name));
        self.alter(|debugger| debugger.edit(name, edit))?;
        let now = self.debugger().value_of(&Expr::Name(name.into()))?;
        let text = format!("{name} {shown}: {}", values::to_text(&now));
        Ok(noting(late, Said { text, json: json!({ "name": name, "change": shown }) }))
    }

    fn nothing_to_undo(&self) -> String {
        let (_, ahead) = self.debugger().changes();
        let further = if ahead.is_empty() { "" } else { " before here; 'info' lists those that lie ahead" };
        format!("There is no change to undo{further}.")
    }

    pub(super) fn undo(&mut self) -> Result<Said, String> {
        let undone = self.take_back()?.ok_or_else(|| self.nothing_to_undo())?;
        let mut said = self.place();
        said.text = format!("Undone: {}\n{}", show::change_text(&undone), said.text);
        said.json["undone"] = show::change_json(&undone);
        Ok(said)
    }
}
