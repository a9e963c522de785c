//! Where the data enters, whole or in part.

use super::params::layer_params;
use super::*;

layer_params! {
    /// One sample of the data set, or the columns of it that are named.
    pub struct Input {
        columns: String = String::new(), ParamKind::Text, "Columns", "Which columns of the data enter here, such as \
            \"x, age\". Leave empty for all of them. With several Inputs, parts of a sample go different ways.";
        #[serde(skip_serializing_if = "String::is_empty")]
        shape: String = String::new(), ParamKind::Text, "Shape", "How the values that enter here are arranged, such as \
            60 x 6. Leave empty to take them as they come.";
    }
}

static ABOUT: About = About {
    title: "Input",
    group: Group::Data,
    tagline: "your data",
    help: "The values of one sample: the coordinates of a point, the pixels of an image, the columns of a table. Its \
        shape follows from the data you choose. A network may have several, each with columns of its own.",
    formula: "y = x",
    glyph: "◎",
    inputs: Inputs::None,
    has_output: true,
};

/// Between the name of a column and one of its categories: "colour = red".
const CATEGORY: &str = " = ";

/// The column that a number is of: "colour" of "colour = red", "pixels" of "pixels[17]".
fn column_of(name: &str) -> &str {
    let counted = || {
        let (column, place) = name.strip_suffix(']')?.rsplit_once('[')?;
        let is_place = !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit());
        (is_place && !column.is_empty()).then_some(column)
    };
    name.split_once(CATEGORY).map(|(column, _)| column).or_else(counted).unwrap_or(name)
}

impl Input {
    /// Indices, in a sample, of the numbers that enter here, in their order; `None`: all. The error is about a name.
    pub fn places(&self, data: &DataSignature) -> Result<Option<Vec<usize>>, Mismatch> {
        if self.columns.trim().is_empty() {
            return Ok(None);
        }
        if data.names.is_empty() {
            return Err(self.refuse("named columns".into(), "The samples of this data have no columns.".into(), None));
        }
        let parts: Vec<&str> = self.columns.split(',').collect();
        let (mut places, mut at) = (Vec::new(), 0);
        while at < parts.len() {
            // A name may have commas in it: the longest that is known counts.
            let known = (at + 1..=parts.len()).rev().find_map(|end| {
                let found = of_column(parts[at..end].join(",").trim(), &data.names);
                (!found.is_empty()).then_some((end, found))
            });
            let Some((end, found)) = known else { return Err(self.unknown(&parts, at, data)) };
            places.extend(found);
            at = end;
        }
        Ok(Some(places))
    }

    /// What enters in the shape that is asked for.
    fn arranged(&self, taken: Shape) -> Result<Shape, Mismatch> {
        if self.shape.trim().is_empty() {
            return Ok(taken);
        }
        let reshape = Reshape { shape: self.shape.clone() };
        reshape.resolve(taken.len()).map_err(|why| Mismatch {
            expected: self.shape.clone(),
            got: format!("{taken} ({} values)", taken.len()),
            why,
            fixes: vec![Fix::Set { key: "shape", value: ParamValue::Text(taken.to_string()) }],
        })
    }

    /// Whether all of a column enters here.
    pub fn takes(&self, column: &str, data: &DataSignature) -> bool {
        match self.places(data) {
            Ok(Some(places)) => of_column(column, &data.names).iter().all(|place| places.contains(place)),
            Ok(None) => true,
            Err(_) => false,
        }
    }

    fn unknown(&self, parts: &[&str], at: usize, data: &DataSignature) -> Mismatch {
        let name = parts[at].trim();
        if name.is_empty() {
            return self.refuse("names with commas between".into(), "A name is missing in Columns.".into(), None);
        }
        let columns = columns(data);
        let near = crate::expr::nearest(name, columns.iter().map(String::as_str)).map(str::to_owned);
        let meant = near.as_ref().map_or(String::new(), |near| format!(" Did you mean {near}?"));
        let mended = near.map(|near| {
            let mut all: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
            all[at] = &near;
            all.join(", ")
        });
        let listed = columns.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        let listed = if columns.len() > 8 { format!("{listed}, …") } else { listed };
        self.refuse(listed, format!("The data has no column {name:?}.{meant}"), mended)
    }

    fn refuse(&self, expected: String, why: String, mended: Option<String>) -> Mismatch {
        let set = |text: String| Fix::Set { key: "columns", value: ParamValue::Text(text) };
        let fixes = mended.map(set).into_iter().chain([set(String::new())]).collect();
        Mismatch { expected, got: self.columns.clone(), why, fixes }
    }
}

/// The names of a sample's columns, each once: categories of one are one.
pub fn columns(data: &DataSignature) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in &data.names {
        let column = column_of(name);
        if all.last().is_none_or(|last| last != column) {
            all.push(column.to_owned());
        }
    }
    all
}

/// Where a column lies: the number with this name, or all categories of it.
fn of_column(name: &str, names: &[String]) -> Vec<usize> {
    let places = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
        names.iter().enumerate().filter(|(_, known)| is_it(known)).map(|(i, _)| i).collect()
    };
    let own = places(&|known| known == name);
    if own.is_empty() { places(&|known| known != name && column_of(known) == name) } else { own }
}

impl LayerSpec for Input {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, _inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        match data {
            Some(data) => {
                let taken = self.places(data)?.map_or_else(|| data.input.clone(), |places| Shape::row(places.len()));
                self.arranged(taken)
            }
            None => Err(Mismatch {
                expected: "a data set".into(),
                got: "none loaded".into(),
                why: "Shapes follow from the data, which isn't there: the Data tab says why.".into(),
                fixes: Vec::new(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Task, infer, templates};

    fn data(names: &[&str]) -> DataSignature {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        DataSignature { weighted: false, input: Shape::row(names.len()), task: Task::Classes(2), names }
    }

    fn places(columns: &str, names: &[&str]) -> Result<Option<Vec<usize>>, String> {
        let input = Input { columns: columns.into(), ..Input::default() };
        input.places(&data(names)).map_err(|mismatch| mismatch.why)
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let names = ["age", "colour = blue", "colour = red", "a, b", "x = y"];
        assert_eq!(places("", &names), Ok(None));
        assert_eq!(places("colour, age", &names), Ok(Some(vec![1, 2, 0])));
        assert_eq!(places(" age,age ", &names), Ok(Some(vec![0, 0])), "a column twice is fine");
        assert_eq!(places("colour = red, a, b", &names), Ok(Some(vec![2, 3])));
        assert_eq!(columns(&data(&names)), ["age", "colour", "a, b", "x"]);
        let near = places("agee", &names).unwrap_err();
        assert_eq!(near, "The data has no column \"agee\". Did you mean age?");
        assert_eq!(places("age, ", &names).unwrap_err(), "A name is missing in Columns.");
        assert_eq!(places("b", &["a[0]", "b[0]", "b[1]"]), Ok(Some(vec![1, 2])));
        assert_eq!(places("x", &[]).unwrap_err(), "The samples of this data have no columns.");
    }

    #[test]
    fn a_misspelt_column_is_mended_by_a_button() {
        let mut graph = templates::chain(vec![Dense { units: 2, ..Dense::default() }.into()]);
        let data = data(&["width", "height"]);
        let input = graph.find("Input").unwrap().id;
        let value = ParamValue::Text("hieght, width".into());
        crate::model::Edit::SetParam { layer: input, key: "columns".into(), value }.apply(&mut graph).unwrap();
        let found = infer(&graph, Some(&data));
        let labels: Vec<_> = found.problems[0].repairs.iter().map(|repair| repair.label.as_str()).collect();
        assert_eq!(labels, ["Set Columns of Input to height, width", "Set Columns of Input to all"]);
        found.problems[0].repairs[0].edit.apply(&mut graph).unwrap();
        let found = infer(&graph, Some(&data));
        assert!(found.is_valid(), "{:?}", found.problems);
        assert_eq!(found.shapes[&input].0, [2]);
    }
}
