//! Values of a running program by the names a person types: those of the listing, and a layer's name for what leaves
//! it.

use std::sync::Arc;

use super::meant;
use crate::engine::{Machine, Program, Role, TensorData, ValueId};
use crate::model::{LayerId, Numbers};
use crate::trace::TensorEdit;

/// The value that a name means: `%4`, `dense_1.weight`, `loss`; `relu_1` for what leaves that layer, and with `.grad`
/// at the end the gradient of any of them.
pub fn locate(program: &Program, name: &str) -> Result<ValueId, String> {
    let known = |name: &str| program.find(name).or_else(|| output_of(program, name));
    let gradient = || program.gradients.get(&known(name.strip_suffix(".grad")?)?).copied();
    known(name).or_else(gradient).ok_or_else(|| match meant::suggestion(&names(program), name) {
        Some(meant) => format!("There is no value '{name}'; did you mean {meant}?"),
        None => format!("There is no value '{name}'. The listing shows the names."),
    })
}

/// Behind the name of what outlives a step: what it was before the step.
pub const BEFORE: &str = ".before";

/// The weight, statistic or moment that such a name is about; `None` where a name is another.
pub fn before<'a>(program: &Program, name: &'a str) -> Option<&'a str> {
    let stem = name.strip_suffix(BEFORE).filter(|_| program.find(name).is_none())?;
    let value = locate(program, stem).ok().and_then(|id| program.value(id));
    value.filter(|value| value.role.is_state()).map(|_| stem)
}

/// Every name of a value that may be typed: those of the listing, and of layers and their gradients.
pub(super) fn names(program: &Program) -> Vec<String> {
    let of_name = |(layer, name): (&LayerId, &String)| {
        let output = &of_layer(program, *layer)?;
        let slug = layer.word(name);
        let gradient = program.gradients.contains_key(output).then(|| format!("{slug}.grad"));
        Some([slug].into_iter().chain(gradient))
    };
    let values = program.values.iter().map(|value| value.name.clone());
    let mut names: Vec<_> = values.chain(program.layer_names.iter().filter_map(of_name).flatten()).collect();
    names.sort();
    names.dedup();
    names
}

fn output_of(program: &Program, slug: &str) -> Option<ValueId> {
    let (layer, _) = program.layer_words().find(|(_, word)| word == slug)?;
    of_layer(program, layer)
}

/// What leaves a layer, or what one of several Losses says.
fn of_layer(program: &Program, layer: LayerId) -> Option<ValueId> {
    let said = || program.losses.iter().find(|(id, _)| *id == layer && program.losses.len() > 1);
    program.layer_outputs.get(&layer).copied().or_else(|| said().map(|(_, value)| *value))
}

/// Where an element lies in row-major numbers.
pub(super) fn offset(name: &str, dims: &[usize], index: &[usize]) -> Result<usize, String> {
    if dims.len() != index.len() {
        let (axes, got) = (dims.len(), index.len());
        return Err(format!("{name} has shape {dims:?}: an element takes {axes} indices, not {got}."));
    }
    let mut at = 0;
    for (&i, &size) in index.iter().zip(dims) {
        if i >= size {
            return Err(format!("{name} has shape {dims:?}: the index {i} must be below {size}."));
        }
        at = at * size + i;
    }
    Ok(at)
}

/// How many whole numbers a value may hold, from 0 on; `None` where it may hold any number. `classes`: those of the
/// data.
fn indices(program: &Program, id: ValueId, classes: Option<&[String]>) -> Option<usize> {
    let bounds =
        program.instructions.iter().filter(|instruction| instruction.inputs.contains(&id)).filter_map(|call| {
            let shapes: Vec<_> =
                call.inputs.iter().filter_map(|&input| Some(program.value(input)?.shape.clone())).collect();
            let (at, count) = call.op.indices(&shapes)?;
            (call.inputs.get(at) == Some(&id)).then_some(count)
        });
    let is_target = program.value(id).is_some_and(|value| value.role == Role::Target);
    let classes = classes.filter(|_| is_target).map(<[String]>::len);
    bounds.chain(classes).min()
}

/// Classes that a sentence names.
const NAMED: usize = 10;

/// An error where one of these numbers cannot stand in a value, because what is read there is a class or a place.
pub(super) fn refuse(program: &Program, name: &str, classes: Option<&[String]>, numbers: &[f32]) -> Result<(), String> {
    let id = locate(program, name)?;
    let Some(count) = indices(program, id, classes) else { return Ok(()) };
    let fits = |number: f32| number >= 0.0 && number < count as f32 && number.fract() == 0.0;
    let Some(wrong) = numbers.iter().find(|&&number| !fits(number)) else { return Ok(()) };
    let is_target = program.value(id).is_some_and(|value| value.role == Role::Target);
    let Some(classes) = classes.filter(|classes| is_target && classes.len() == count) else {
        return Err(format!("{name} takes whole numbers from 0 to {}, not {wrong}.", count - 1));
    };
    if classes.iter().enumerate().all(|(i, class)| *class == i.to_string()) {
        return Err(format!("{name} takes classes, and {wrong} isn't one. The classes are 0 to {}.", count - 1));
    }
    let named = classes.iter().enumerate().take(NAMED).map(|(i, class)| format!("{i} ({class})"));
    let mut named = named.collect::<Vec<_>>().join(", ");
    if count > NAMED {
        named += &format!(" … {} ({})", count - 1, classes[count - 1]);
    }
    Err(format!("{name} takes classes, and {wrong} isn't one. The classes are {named}."))
}

pub(super) fn write_element(machine: &mut Machine, name: &str, index: &[usize], value: f32) -> Result<(), String> {
    let id = locate(machine.program(), name)?;
    let tensor = machine.read(id).map_err(|error| error.to_string())?;
    let at = offset(name, &tensor.dims, index)?;
    let mut numbers = tensor.data.to_vec();
    numbers[at] = value;
    machine.write(id, &TensorData { dims: tensor.dims, data: numbers.into() }).map_err(|error| error.to_string())
}

pub(super) fn edit(machine: &mut Machine, name: &str, edit: &TensorEdit) -> Result<(), String> {
    let id = locate(machine.program(), name)?;
    let edited = edited(machine, name, edit)?;
    machine.write(id, &edited).map_err(|error| error.to_string())
}

/// All of them or none.
pub(super) fn load(machine: &mut Machine, tensors: &Numbers) -> Result<(), String> {
    let mut written = Vec::new();
    for (name, values) in tensors.iter() {
        let edit = TensorEdit::Whole { values: values.clone() };
        written.push((locate(machine.program(), name)?, edited(machine, name, &edit)?));
    }
    written.iter().try_for_each(|(id, data)| machine.write(*id, data)).map_err(|error| error.to_string())
}

/// What the tensors of these names hold now. Errors: one is not there, or of another size.
pub(super) fn numbers(machine: &Machine, wanted: &Numbers) -> Result<Numbers, String> {
    let read = |(name, values): (&String, &Arc<[f32]>)| {
        let edit = TensorEdit::Whole { values: values.clone() };
        edited(machine, name, &edit)?;
        let there = machine.read(locate(machine.program(), name)?).map_err(|error| error.to_string())?;
        Ok((name.clone(), there.data))
    };
    wanted.iter().map(read).collect::<Result<_, String>>().map(Numbers::new)
}

/// What an edit makes of a value.
pub(super) fn edited(machine: &Machine, name: &str, edit: &TensorEdit) -> Result<TensorData, String> {
    let id = locate(machine.program(), name)?;
    let tensor = machine.read(id).map_err(|error| error.to_string())?;
    let map = |f: &dyn Fn(f32) -> f32| tensor.data.iter().map(|&v| f(v)).collect();
    let data: Arc<[f32]> = match edit {
        TensorEdit::Fill { value } => map(&|_| *value),
        TensorEdit::Scale { by } => map(&|v| v * by),
        TensorEdit::Clamp { limit } if *limit >= 0.0 => map(&|v| v.clamp(-limit, *limit)),
        TensorEdit::Clamp { limit } => return Err(format!("The limit must be 0 or more, not {limit}.")),
        TensorEdit::Reinitialise { seed } => match machine.first_value(id, *seed) {
            Some(first) => first.data,
            None => {
                let order = crate::data::order::shuffled(*seed, 0, tensor.data.len());
                order.into_iter().map(|i| tensor.data[i as usize]).collect()
            }
        },
        TensorEdit::Whole { values } if values.len() == tensor.data.len() => values.clone(),
        TensorEdit::Whole { values } => {
            let (dims, wanted, got) = (&tensor.dims, tensor.data.len(), values.len());
            return Err(format!("{name} has shape {dims:?}: {wanted} values, not {got}."));
        }
    };
    Ok(TensorData { dims: tensor.dims, data })
}
