//! What undo calls a change of the data's settings: by the one setting that it changes.

use serde_json::Value;

use crate::model::{DataSpec, Source};

/// Where several settings differ, or the data is another.
const ANOTHER: &str = "change the data";

/// Settings as people read them; all others go by their name in the file.
const TITLES: [(&str, &str); 10] = [
    ("missing", "gaps"),
    ("header", "the first row"),
    ("spellings", "case"),
    ("dates", "the order of dates"),
    ("decimal", "decimals"),
    ("split", "the split"),
    ("validation", "the validation share"),
    ("test", "the test share"),
    ("seed", "the split"),
    ("samples", "the number of samples"),
];

/// "change scaling", "change the role of age", "predict price".
pub(super) fn of(before: &DataSpec, after: &DataSpec) -> String {
    if let (Source::Csv(old), Source::Csv(new)) = (&before.source, &after.source) {
        if old.path == new.path && old.target != new.target {
            return format!("predict {}", new.target);
        }
        let differs = |choice: &&_| !old.columns.contains(choice);
        let other = new.columns.iter().find(differs).or_else(|| old.columns.iter().find(|c| !new.columns.contains(c)));
        if let Some(choice) = other {
            return format!("change the role of {}", choice.name);
        }
    }
    let [before, after] = [before, after].map(|spec| serde_json::to_value(spec).unwrap_or_default());
    let mut differing = Vec::new();
    differences("", &before, &after, &mut differing);
    match &differing[..] {
        [name] if !["path", "folder", "kind", "type"].contains(&name.as_str()) => {
            let title = TITLES.iter().find(|(key, _)| key == name).map(|(_, title)| (*title).to_owned());
            format!("change {}", title.unwrap_or_else(|| name.replace('_', " ")))
        }
        _ => ANOTHER.to_owned(),
    }
}

/// The names of what differs: of an object the fields, of all else its own.
fn differences(name: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    // What is all as usual is left out of the file.
    let (empty, none) = (Value::Object(serde_json::Map::new()), Value::Null);
    let is_usual = |value: &Value| *value == none && name == "reading";
    let before = if is_usual(before) { &empty } else { before };
    let after = if is_usual(after) { &empty } else { after };
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(a), Value::Object(b)) if name.is_empty() || ["source", "csv", "reading"].contains(&name) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.for_each(|key| {
                differences(key, a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none), found);
            });
        }
        _ => found.push(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColumnChoice, ColumnRole, CsvSpec, Division, MissingPolicy, Scaling, SyntheticSpec};

    #[test]
    fn undo_names_the_setting_that_was_changed() {
        let csv = CsvSpec {
            path: "t.csv".into(),
            target: "y".into(),
            columns: Vec::new(),
            missing: MissingPolicy::Fill,
            scaling: Scaling::Standardise,
            reading: Default::default(),
        };
        let before = DataSpec { source: Source::Csv(csv.clone()), ..DataSpec::default() };
        let named = |change: &dyn Fn(&mut CsvSpec, &mut DataSpec)| {
            let (mut csv, mut spec) = (csv.clone(), before.clone());
            change(&mut csv, &mut spec);
            of(&before, &DataSpec { source: Source::Csv(csv), ..spec })
        };
        assert_eq!(named(&|csv, _| csv.scaling = Scaling::None), "change scaling");
        assert_eq!(named(&|csv, _| csv.missing = MissingPolicy::DropRow), "change gaps");
        assert_eq!(named(&|csv, _| csv.reading.missing_words.push("x".into())), "change missing words");
        assert_eq!(named(&|csv, _| csv.reading.header = Some(false)), "change the first row");
        assert_eq!(named(&|csv, _| csv.target = "z".into()), "predict z");
        let age = ColumnChoice { name: "age".into(), role: ColumnRole::LeftOut };
        assert_eq!(named(&|csv, _| csv.columns.push(age.clone())), "change the role of age");
        assert_eq!(named(&|_, spec| spec.split = Division::Stratified), "change the split");
        assert_eq!(named(&|_, spec| spec.validation = 0.4), "change the validation share");
        assert_eq!(named(&|csv, _| csv.path = "other.csv".into()), ANOTHER);
        let points = |spec| DataSpec { source: Source::Synthetic(spec), ..DataSpec::default() };
        let noisy = SyntheticSpec { noise: 0.3, ..SyntheticSpec::default() };
        assert_eq!(of(&points(SyntheticSpec::default()), &points(noisy)), "change noise");
        assert_eq!(of(&before, &points(SyntheticSpec::default())), ANOTHER);
    }
}
