//! A machine for Python's pickles that executes nothing: it knows the opcodes and the few names (`globals.rs`) that
//! files of weights consist of, makes plain values of them, and refuses everything else by its name.
//!
//! A pickle may be anybody's: how much it may make is bounded, and lists may contain themselves.

mod globals;

use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::sync::Arc;

use super::dtype::Dtype;
pub use globals::Global;

/// Longer pickles hold no weights that any network has: their numbers lie elsewhere.
const LONGEST: u64 = 32 << 20;
/// As many values as make a large checkpoint with its optimiser; each takes some thirty bytes.
const MOST_VALUES: usize = 1 << 20;
/// More tensors has no network.
const MOST_TENSORS: usize = 100_000;

/// Why a pickle is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// It asks for this.
    Global(String),
    /// It does what no file of weights does.
    Opcode(u8),
    /// It ends too early.
    CutShort,
    /// It would make too much.
    TooLarge,
    /// Half a sentence.
    Damaged(&'static str),
    /// The system's words.
    Unreadable(String),
}

/// A value of a pickle, by its place in [`Pickle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(u32);

/// What a pickle makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// None, and whatever is of no interest: devices, layouts, classes of options.
    Nothing,
    /// Yes or no.
    Bool(bool),
    /// A whole number; larger ones are [`Self::Nothing`].
    Int(i64),
    /// Double.
    Float(f64),
    /// A text; of bytes, one character a byte.
    Text(Box<str>),
    /// Lists, tuples and sets.
    List(Vec<Id>),
    /// Pairs in the order in which they came.
    Dict(Vec<(Id, Id)>),
    /// A name of the closed list.
    Global(Global),
    /// Numbers that lie elsewhere in the file.
    Storage(Arc<Storage>),
    /// A tensor.
    View(Box<View>),
}

/// A run of numbers that lies elsewhere in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Under which name.
    pub key: Box<str>,
    /// `None`: bytes, whose tensors say what they are.
    pub dtype: Option<Dtype>,
    /// How many numbers.
    pub len: u64,
    /// Where this one begins in that, in numbers: of files of the first PyTorch.
    pub offset: u64,
}

/// A tensor: places of a storage.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Where the numbers lie.
    pub storage: Arc<Storage>,
    /// Of the numbers.
    pub dtype: Dtype,
    /// The first one.
    pub offset: u64,
    /// Sizes.
    pub dims: Vec<u64>,
    /// How far apart the numbers along each axis lie.
    pub strides: Vec<u64>,
}

/// All that a pickle made.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<Value>,
    /// What it is about.
    pub root: Id,
}

impl Pickle {
    /// Reads one pickle and leaves what follows.
    pub fn read(source: &mut impl Read) -> Result<Self, Refused> {
        let mut machine = Machine {
            source,
            left: LONGEST,
            values: vec![Value::Nothing],
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            tensors: 0,
            copied: 0,
        };
        let root = loop {
            let op = machine.byte()?;
            if op == b'.' {
                break machine.pop()?;
            }
            machine.carry_out(op)?;
        };
        Ok(Self { values: machine.values, root })
    }

    /// What stands there.
    pub fn get(&self, id: Id) -> &Value {
        &self.values[id.0 as usize]
    }

    /// Of a dictionary with texts as keys.
    pub fn entry(&self, dict: Id, key: &str) -> Option<Id> {
        let Value::Dict(pairs) = self.get(dict) else { return None };
        let is_it = |id: Id| matches!(self.get(id), Value::Text(text) if **text == *key);
        pairs.iter().rev().find(|(name, _)| is_it(*name)).map(|(_, value)| *value)
    }

    /// Every storage that it names.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.values
            .iter()
            .filter_map(|value| if let Value::Storage(storage) = value { Some(storage.as_ref()) } else { None })
    }
}

struct Machine<'a, R> {
    source: &'a mut R,
    /// Bytes that may still be read.
    left: u64,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Where in the stack marks lie.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
    /// Tensors and storages made.
    tensors: usize,
    /// Items of lists that were made of other lists.
    copied: usize,
}

/// Always there.
const NOTHING: Id = Id(0);

impl<R: Read> Machine<'_, R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        self.left = self.left.checked_sub(N as u64).ok_or(Refused::TooLarge)?;
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, Refused> {
        self.bytes::<1>().map(|[byte]| byte)
    }

    /// As many bytes as are told; memory is taken as they come.
    fn run(&mut self, length: u64) -> Result<Vec<u8>, Refused> {
        self.left = self.left.checked_sub(length).ok_or(Refused::TooLarge)?;
        let mut bytes = Vec::new();
        self.source.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(Refused::CutShort) }
    }

    fn line(&mut self) -> Result<String, Refused> {
        let mut bytes = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return String::from_utf8(bytes).map_err(|_| Refused::Damaged("a name in it isn't text")),
                byte => bytes.push(byte),
            }
        }
    }

    fn text(&mut self, length: u64) -> Result<Value, Refused> {
        let text = String::from_utf8(self.run(length)?);
        text.map(|text| Value::Text(text.into())).map_err(|_| Refused::Damaged("a text in it isn't text"))
    }

    fn add(&mut self, value: Value) -> Result<Id, Refused> {
        if self.values.len() >= MOST_VALUES {
            return Err(Refused::TooLarge);
        }
        self.values.push(value);
        Ok(Id(self.values.len() as u32 - 1))
    }

    fn push(&mut self, value: Value) -> Result<(), Refused> {
        let id = self.add(value)?;
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, Refused> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let above = self.stack.len() > floor;
        self.stack.pop().filter(|_| above).ok_or(Refused::Damaged("it takes more values than it made"))
    }

    /// Everything above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>, Refused> {
        let mark = self.marks.pop().ok_or(Refused::Damaged("it takes more values than it made"))?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<&mut Value, Refused> {
        let id = self.stack.last().copied().unwrap_or(NOTHING);
        Ok(&mut self.values[id.0 as usize])
    }

    fn tuple(&mut self, length: usize) -> Result<(), Refused> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.insert(0, self.pop()?);
        }
        self.push(Value::List(items))
    }

    fn keep(&mut self, place: u32) -> Result<(), Refused> {
        let id = *self.stack.last().ok_or(Refused::Damaged("it takes more values than it made"))?;
        if self.memo.len() >= MOST_VALUES {
            return Err(Refused::TooLarge);
        }
        self.memo.insert(place, id);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<(), Refused> {
        let id = *self.memo.get(&place).ok_or(Refused::Damaged("it refers to a value that was never stored"))?;
        self.stack.push(id);
        Ok(())
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), Refused> {
        match self.top()? {
            Value::List(list) => list.extend(items),
            _ => return Err(Refused::Damaged("it appends to something that isn't a list")),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), Refused> {
        let (pairs, rest) = items.as_chunks::<2>();
        match self.top()? {
            Value::Dict(dict) if rest.is_empty() => dict.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            // Counters and options: of no interest.
            Value::Nothing => {}
            _ => return Err(Refused::Damaged("it adds to something that isn't a dictionary")),
        }
        Ok(())
    }

    fn carry_out(&mut self, op: u8) -> Result<(), Refused> {
        match op {
            b'\x80' => self.byte().map(drop),
            b'\x95' => self.bytes::<8>().map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                if self.marks.len() > MOST_VALUES { Err(Refused::TooLarge) } else { Ok(()) }
            }
            b'0' => {
                if self.marks.last() == Some(&self.stack.len()) {
                    return self.pop_mark().map(drop);
                }
                self.pop().map(drop)
            }
            b'1' => self.pop_mark().map(drop),
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
                Ok(())
            }
            b'q' => self.byte().and_then(|place| self.keep(place.into())),
            b'r' => self.bytes().and_then(|place| self.keep(u32::from_le_bytes(place))),
            b'\x94' => self.keep(self.memo.len() as u32),
            b'h' => self.byte().and_then(|place| self.recall(place.into())),
            b'j' => self.bytes().and_then(|place| self.recall(u32::from_le_bytes(place))),
            b'p' | b'g' => {
                let place =
                    self.line()?.trim().parse().map_err(|_| Refused::Damaged("an index in it isn't a number"))?;
                if op == b'p' { self.keep(place) } else { self.recall(place) }
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(Global::find(&module, &name)?))
            }
            b'\x93' => self.stack_global(),
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                Err(Refused::Global(format!("{module}.{name}")))
            }
            b'R' | b'\x81' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments)
            }
            b'b' => self.pop().map(drop),
            b'Q' => {
                let id = self.pop()?;
                self.storage(id)
            }
            _ => self.literal(op),
        }
    }

    fn stack_global(&mut self) -> Result<(), Refused> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (&self.values[module.0 as usize], &self.values[name.0 as usize]) {
            (Value::Text(module), Value::Text(name)) => {
                let global = Global::find(module, name)?;
                self.push(Value::Global(global))
            }
            _ => Err(Refused::Damaged("a name in it isn't text")),
        }
    }

    /// Opcodes that make values.
    fn literal(&mut self, op: u8) -> Result<(), Refused> {
        match op {
            b'N' => {
                self.stack.push(NOTHING);
                Ok(())
            }
            b'\x88' => self.push(Value::Bool(true)),
            b'\x89' => self.push(Value::Bool(false)),
            b'K' => self.byte().and_then(|number| self.push(Value::Int(number.into()))),
            b'M' => self.bytes().and_then(|number| self.push(Value::Int(u16::from_le_bytes(number).into()))),
            b'J' => self.bytes().and_then(|number| self.push(Value::Int(i32::from_le_bytes(number).into()))),
            b'\x8a' => self.byte().and_then(|length| self.long(length.into())),
            b'\x8b' => self.bytes().and_then(|length| self.long(u32::from_le_bytes(length).into())),
            b'I' | b'L' => {
                let line = self.line()?;
                self.push(match line.trim_end_matches('L').parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) => Value::Nothing,
                })
            }
            b'F' => {
                let line = self.line()?;
                self.push(line.parse().map_or(Value::Nothing, Value::Float))
            }
            b'G' => self.bytes().and_then(|number| self.push(Value::Float(f64::from_be_bytes(number)))),
            b'S' | b'V' => {
                let line = self.line()?;
                self.push(Value::Text(line.trim_matches(['\'', '"']).into()))
            }
            b'X' => self.bytes().and_then(|n| self.text(u32::from_le_bytes(n).into())).and_then(|v| self.push(v)),
            b'\x8c' => self.byte().and_then(|n| self.text(n.into())).and_then(|v| self.push(v)),
            b'\x8d' => self.bytes().and_then(|n| self.text(u64::from_le_bytes(n))).and_then(|v| self.push(v)),
            b'U' | b'C' => self.byte().and_then(|n| self.raw(n.into())),
            b'T' | b'B' => self.bytes().and_then(|n| self.raw(u32::from_le_bytes(n).into())),
            b'\x8e' | b'\x96' => self.bytes().and_then(|n| self.raw(u64::from_le_bytes(n))),
            b')' | b']' | b'\x8f' => self.push(Value::List(Vec::new())),
            b'\x85' => self.tuple(1),
            b'\x86' => self.tuple(2),
            b'\x87' => self.tuple(3),
            b't' | b'l' | b'\x91' => self.pop_mark().and_then(|items| self.push(Value::List(items))),
            b'a' => self.pop().and_then(|item| self.append(vec![item])),
            b'e' | b'\x90' => self.pop_mark().and_then(|items| self.append(items)),
            b'}' => self.push(Value::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_mark()?;
                self.push(Value::Dict(Vec::new()))?;
                self.set(&items)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[key, value])
            }
            b'u' => self.pop_mark().and_then(|items| self.set(&items)),
            other => Err(Refused::Opcode(other)),
        }
    }

    fn long(&mut self, length: u64) -> Result<(), Refused> {
        let bytes = self.run(length)?;
        if bytes.len() > 8 {
            self.stack.push(NOTHING);
            return Ok(());
        }
        let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut whole = [fill; 8];
        whole[..bytes.len()].copy_from_slice(&bytes);
        self.push(Value::Int(i64::from_le_bytes(whole)))
    }

    /// Bytes, a character each.
    fn raw(&mut self, length: u64) -> Result<(), Refused> {
        let text: String = self.run(length)?.into_iter().map(char::from).collect();
        self.push(Value::Text(text.into()))
    }
}

fn unreadable(error: std::io::Error) -> Refused {
    match error.kind() {
        ErrorKind::UnexpectedEof => Refused::CutShort,
        _ => Refused::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Pickle, Refused> {
        Pickle::read(&mut &bytes[..])
    }

    fn name(bytes: &[u8]) -> String {
        match read(bytes) {
            Err(Refused::Global(name)) => name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn plain_values_come_out() {
        let pickle =
            read(b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x07X\x01\x00\x00\x00b(K\x01J\xff\xff\xff\xff\x88tu.").unwrap();
        let a = pickle.entry(pickle.root, "a").unwrap();
        assert_eq!(pickle.get(a), &Value::Int(7));
        let Value::List(items) = pickle.get(pickle.entry(pickle.root, "b").unwrap()) else { panic!() };
        let items: Vec<_> = items.iter().map(|id| pickle.get(*id).clone()).collect();
        assert_eq!(items, [Value::Int(1), Value::Int(-1), Value::Bool(true)]);
        assert_eq!(read(b"\x8a\x02\x00\x80.").unwrap().values[1], Value::Int(-32768));
    }

    #[test]
    fn whatever_is_not_on_the_list_is_refused_by_its_name() {
        assert_eq!(name(b"\x80\x02cos\nsystem\n(S\"echo\"\ntR."), "os.system");
        assert_eq!(name(b"(dp0\nS'a'\np1\ncbuiltins\neval\n."), "builtins.eval");
        assert_eq!(name(b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R."), "posix.system");
        assert_eq!(name(b"(S'x'\nisubprocess\nPopen\n."), "subprocess.Popen");
        assert_eq!(name(b"\x80\x02ctorch.storage\n_load_from_bytes\n."), "torch.storage._load_from_bytes");
        assert_eq!(read(b"\x80\x02\x82\x01.").unwrap_err(), Refused::Opcode(0x82));
        assert_eq!(read(b"K\x01)R.").unwrap_err(), Refused::Damaged("it calls something that isn't a function"));
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        assert_eq!(read(b"X\xff\xff\xff\x7f.").unwrap_err(), Refused::TooLarge);
        assert_eq!(read(b"X\xff\x00\x00\x00.").unwrap_err(), Refused::CutShort);
        assert_eq!(read(&vec![b'}'; MOST_VALUES + 1]).unwrap_err(), Refused::TooLarge);
        assert_eq!(read(b"(.").unwrap_err(), Refused::Damaged("it takes more values than it made"));
        assert_eq!(read(b"h\x03.").unwrap_err(), Refused::Damaged("it refers to a value that was never stored"));
        // A list within itself is one.
        assert!(read(b"]q\x00h\x00a.").is_ok());
    }
}
