//! JSON: an object after another (JSON lines), or an array of objects. Objects inside of objects become columns with
//! dotted names; lists are left out.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::{Formatter, Result as FmtResult};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{MOST_COLUMNS, Rows, check_size, left_out, number};
use crate::data::DataError;
use crate::expr::quoted;

/// The most bytes of one row: in the file, and taken apart.
const MOST_OF_A_ROW: u64 = 16 << 20;

/// Whether a text is JSON rather than a table; `start` is its beginning.
pub fn is_json(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let behind = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    match text.first() {
        Some(b'{') => matches!(behind, Some(b'"' | b'}') | None),
        Some(b'[') if matches!(behind, Some(b'{' | b'[')) => true,
        Some(b'[') => {
            let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
            serde_json::from_slice::<IgnoredAny>(line).is_ok()
        }
        _ => false,
    }
}

enum Value {
    Missing,
    Text(String),
    List,
}

/// An object, flat, in the order of the file.
struct Row(Vec<(String, Value)>);

/// Puts the value at a path into a row.
struct At<'a> {
    path: String,
    row: &'a mut Vec<(String, Value)>,
    left: &'a mut u64,
}

impl At<'_> {
    fn put<E: Error>(self, value: Value) -> Result<(), E> {
        let size = (self.path.len() + if let Value::Text(text) = &value { text.len() } else { 0 }) as u64 + 64;
        *self.left = self.left.checked_sub(size).ok_or_else(|| E::custom("a row is too large"))?;
        self.row.push((self.path, value));
        Ok(())
    }

    fn text<E: Error>(self, text: impl ToString) -> Result<(), E> {
        self.put(Value::Text(text.to_string()))
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter) -> FmtResult {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(Value::Missing)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.text(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.text(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.text(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.text(number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.text(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.put(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key } else { format!("{}.{key}", self.path) };
            map.next_value_seed(At { path, row: self.row, left: self.left })?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Row;

            fn expecting(&self, f: &mut Formatter) -> FmtResult {
                f.write_str("an object such as {\"height\": 1.8}")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Row, A::Error> {
                let (mut row, mut left) = (Vec::new(), 4 * MOST_OF_A_ROW);
                At { path: String::new(), row: &mut row, left: &mut left }.visit_map(map)?;
                Ok(Row(row))
            }
        }
        from.deserialize_map(Object)
    }
}

/// Fails where a single row goes on and on.
struct Bounded<'a, R> {
    from: R,
    of_row: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(into)?;
        self.of_row.set(self.of_row.get() + read as u64);
        if self.of_row.get() > MOST_OF_A_ROW + into.len() as u64 {
            let megabytes = MOST_OF_A_ROW >> 20;
            return Err(std::io::Error::other(format!("a row is longer than {megabytes} MB")));
        }
        Ok(read)
    }
}

/// Hands on one object after another.
fn each(file: &Path, take: &mut dyn FnMut(Row) -> Result<(), DataError>) -> Result<(), DataError> {
    struct Each<'a> {
        take: &'a mut dyn FnMut(Row) -> Result<(), DataError>,
        of_row: &'a Cell<u64>,
        failed: &'a mut Option<DataError>,
    }
    impl<'de> Visitor<'de> for Each<'_> {
        type Value = ();

        fn expecting(&self, f: &mut Formatter) -> FmtResult {
            f.write_str("an array of objects")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while let Some(row) = list.next_element::<Row>()? {
                self.of_row.set(0);
                if let Err(error) = (self.take)(row) {
                    *self.failed = Some(error);
                    return Err(A::Error::custom("stopped"));
                }
            }
            Ok(())
        }
    }
    let unread = |error: &dyn std::fmt::Display| DataError::new(format!("Can't read the JSON: {error}."));
    let mut text = BufReader::with_capacity(1 << 16, File::open(file).map_err(|error| unread(&error))?);
    let mut start = [0; 3];
    let has_mark = text.read(&mut start).is_ok_and(|read| start[..read] == *b"\xEF\xBB\xBF");
    text.seek(SeekFrom::Start(if has_mark { 3 } else { 0 })).map_err(|error| unread(&error))?;
    let mut first = [b' '];
    while first[0].is_ascii_whitespace() {
        text.read_exact(&mut first).map_err(|error| unread(&error))?;
    }
    text.seek_relative(-1).map_err(|error| unread(&error))?;
    let of_row = Cell::new(0);
    let mut json = serde_json::Deserializer::from_reader(Bounded { from: text, of_row: &of_row });
    if first == *b"[" {
        let mut failed = None;
        let read = json.deserialize_seq(Each { take, of_row: &of_row, failed: &mut failed });
        return match failed {
            Some(error) => Err(error),
            None => read.and_then(|()| json.end()).map_err(|error| unread(&error)),
        };
    }
    for row in json.into_iter::<Row>() {
        of_row.set(0);
        take(row.map_err(|error| unread(&error))?)?;
    }
    Ok(())
}

pub fn read(file: &Path, rows: &mut Rows) -> Result<Vec<String>, DataError> {
    let (mut names, mut places) = (Vec::<String>::new(), HashMap::<String, usize>::new());
    let (mut lists, mut count) = (BTreeSet::new(), 0u64);
    each(file, &mut |Row(row)| {
        count += 1;
        for (name, value) in row {
            let next = places.len();
            let place = *places.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                next
            });
            if let Value::List = value {
                lists.insert(place);
            }
        }
        if names.len() > MOST_COLUMNS { check_size(count, names.len()) } else { Ok(()) }
    })?;
    if names.is_empty() {
        return Err(DataError::new("The JSON has no rows: it needs objects such as {\"height\": 1.8}."));
    }
    check_size(count, names.len())?;
    let listed_names: Vec<String> = lists.iter().map(|&place| names[place].clone()).collect();
    if listed_names.len() == names.len() && count == 1 {
        return Err(DataError::new(format!(
            "The JSON is one object with lists ({}), not a table. Write an object for each row, one on each line.",
            quoted(&listed_names)
        )));
    }
    let notes = left_out(&listed_names, names.len(), "lists")?;
    let columns: Vec<usize> = (0..names.len()).filter(|place| !lists.contains(place)).collect();
    rows.header(columns.iter().map(|&place| names[place].as_str()))?;
    let mut cells = vec![String::new(); names.len()];
    each(file, &mut |Row(row)| {
        cells.iter_mut().for_each(String::clear);
        for (name, value) in row {
            if let (Some(&place), Value::Text(text)) = (places.get(&name), value) {
                cells[place] = text;
            }
        }
        columns.iter().try_for_each(|&place| rows.cell(&cells[place]))?;
        rows.end_row()
    })?;
    Ok(notes)
}
