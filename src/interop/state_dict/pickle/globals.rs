//! The closed list of names that a pickle may ask for, and what each makes. None of them runs anything.

use std::io::Read;
use std::sync::Arc;

use super::{Dtype, Id, MOST_TENSORS, MOST_VALUES, Machine, NOTHING, Refused, Storage, Value, View};

/// More arguments has no call on the list, and more axes no tensor.
const MOST_PARTS: usize = 16;

/// A name of the closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// A dictionary.
    Dict,
    /// A list, a set or sizes.
    List,
    /// A tensor of a storage.
    Tensor,
    /// As that, saying itself what its numbers are.
    TypedTensor,
    /// A tensor that is trained: its first argument.
    Parameter,
    /// The class of a storage.
    Storage(Option<Dtype>),
    /// What numbers are.
    Dtype(Dtype),
    /// What says nothing about weights: devices, options, counters, single numbers of NumPy.
    Ignored,
    /// Text for bytes: its first argument.
    Encode,
}

impl Global {
    pub fn find(module: &str, name: &str) -> Result<Self, Refused> {
        let refused = || Refused::Global(format!("{module}.{name}"));
        let found = match (module, name) {
            ("collections", "OrderedDict") => Some(Self::Dict),
            ("torch", "Size") | ("builtins" | "__builtin__", "set" | "frozenset" | "list") => Some(Self::List),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Self::Tensor),
            ("torch._utils", "_rebuild_tensor_v3") => Some(Self::TypedTensor),
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Some(Self::Parameter),
            ("torch" | "torch.storage", "UntypedStorage") => Some(Self::Storage(None)),
            ("_codecs", "encode") => Some(Self::Encode),
            ("torch", "device" | "strided" | "contiguous_format" | "preserve_format" | "channels_last")
            | ("torch.serialization", "_get_layout")
            | ("collections", "Counter")
            | ("argparse", "Namespace")
            | ("numpy", "dtype")
            | ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Some(Self::Ignored),
            ("torch" | "torch.cuda" | "torch.storage", class) if class.ends_with("Storage") => {
                Dtype::stored(class).map(|dtype| Self::Storage(Some(dtype)))
            }
            ("torch", name) => Dtype::named(name).map(Self::Dtype),
            _ => None,
        };
        found.ok_or_else(refused)
    }
}

impl<R: Read> Machine<'_, R> {
    /// What a call of a global makes.
    pub(super) fn call(&mut self, function: Id, arguments: Id) -> Result<(), Refused> {
        let Value::Global(function) = self.values[function.0 as usize] else {
            return Err(Refused::Damaged("it calls something that isn't a function"));
        };
        let arguments = self.few(arguments)?;
        let first = arguments.first().copied();
        match function {
            Global::Dict => {
                let pairs = match first {
                    Some(pairs) => self.pairs(pairs)?,
                    None => Vec::new(),
                };
                self.push(Value::Dict(pairs))
            }
            Global::List => {
                let items = first.map_or(Ok(Vec::new()), |list| self.items(list))?;
                self.push(Value::List(items))
            }
            Global::Tensor | Global::TypedTensor => {
                let view = self.view(&arguments, function == Global::TypedTensor)?;
                self.count_tensor()?;
                self.push(Value::View(Box::new(view)))
            }
            Global::Parameter | Global::Encode => {
                self.stack.push(first.unwrap_or(NOTHING));
                Ok(())
            }
            Global::Storage(_) | Global::Dtype(_) | Global::Ignored => {
                self.stack.push(NOTHING);
                Ok(())
            }
        }
    }

    fn count_tensor(&mut self) -> Result<(), Refused> {
        self.tensors += 1;
        if self.tensors > MOST_TENSORS { Err(Refused::TooLarge) } else { Ok(()) }
    }

    /// The parts of a tuple.
    fn few(&self, id: Id) -> Result<Vec<Id>, Refused> {
        match &self.values[id.0 as usize] {
            Value::List(items) if items.len() <= MOST_PARTS => Ok(items.clone()),
            Value::List(_) => Err(Refused::TooLarge),
            _ => Err(Refused::Damaged("a list is missing")),
        }
    }

    /// A copy of a list.
    fn items(&mut self, id: Id) -> Result<Vec<Id>, Refused> {
        let Value::List(items) = &self.values[id.0 as usize] else {
            return Err(Refused::Damaged("a list is missing"));
        };
        self.copied += items.len();
        if self.copied > MOST_VALUES { Err(Refused::TooLarge) } else { Ok(items.clone()) }
    }

    /// A list of lists of two, as a dictionary; or a copy of one.
    fn pairs(&mut self, id: Id) -> Result<Vec<(Id, Id)>, Refused> {
        if let Value::Dict(pairs) = &self.values[id.0 as usize] {
            self.copied += pairs.len();
            return if self.copied > MOST_VALUES { Err(Refused::TooLarge) } else { Ok(pairs.clone()) };
        }
        let items = self.items(id)?;
        let pair = |id: &Id| match &self.values[id.0 as usize] {
            Value::List(items) if items.len() == 2 => Ok((items[0], items[1])),
            _ => Err(Refused::Damaged("an entry in it isn't a pair")),
        };
        items.iter().map(pair).collect()
    }

    fn whole(&self, id: Option<&Id>) -> Result<u64, Refused> {
        let value = id.map(|id| &self.values[id.0 as usize]);
        match value {
            Some(Value::Int(number)) if *number >= 0 => Ok(*number as u64),
            _ => Err(Refused::Damaged("a size in it isn't a whole number")),
        }
    }

    fn sizes(&self, id: Option<&Id>) -> Result<Vec<u64>, Refused> {
        self.few(id.copied().unwrap_or(NOTHING))?.iter().map(|item| self.whole(Some(item))).collect()
    }

    fn view(&self, arguments: &[Id], is_typed: bool) -> Result<View, Refused> {
        let storage = match arguments.first().map(|id| &self.values[id.0 as usize]) {
            Some(Value::Storage(storage)) => storage.clone(),
            _ => return Err(Refused::Damaged("a tensor in it has no storage")),
        };
        let told = match arguments.get(6).map(|id| &self.values[id.0 as usize]) {
            Some(Value::Global(Global::Dtype(dtype))) if is_typed => Some(*dtype),
            _ => storage.dtype,
        };
        let dtype = told.ok_or(Refused::Damaged("a tensor in it doesn't say what its numbers are"))?;
        let offset = self.whole(arguments.get(1))?;
        let (dims, strides) = (self.sizes(arguments.get(2))?, self.sizes(arguments.get(3))?);
        if dims.len() != strides.len() {
            return Err(Refused::Damaged("a tensor in it has more strides than axes, or fewer"));
        }
        Ok(View { storage, dtype, offset, dims, strides })
    }

    /// `("storage", class, key, device, length)`, and in the first PyTorch's files what part of it.
    pub(super) fn storage(&mut self, id: Id) -> Result<(), Refused> {
        let parts = self.few(id)?;
        let part = |place: usize| parts.get(place).map(|id| &self.values[id.0 as usize]);
        let is_storage = matches!(part(0), Some(Value::Text(word)) if **word == *"storage");
        let (Some(Value::Global(Global::Storage(dtype))), Some(Value::Text(key))) = (part(1), part(2)) else {
            return Err(Refused::Damaged("a storage in it has no class or no name"));
        };
        if !is_storage {
            return Err(Refused::Damaged("it refers to something that isn't a storage"));
        }
        let offset = match part(5) {
            Some(Value::List(part)) => self.whole(part.get(1))?,
            _ => 0,
        };
        if key.len() > 256 {
            return Err(Refused::Damaged("a storage in it has no class or no name"));
        }
        let storage = Storage { key: key.clone(), dtype: *dtype, len: self.whole(parts.get(4))?, offset };
        self.count_tensor()?;
        self.push(Value::Storage(Arc::new(storage)))
    }
}
