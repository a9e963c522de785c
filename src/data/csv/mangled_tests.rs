//! Whatever the bytes are: a data set or a sentence, in bounded time.

use proptest::prelude::*;

use super::tests::{file, load_with, settings};
use super::*;
use crate::data::NoProgress;
use crate::model::ColumnChoice;

fn good() -> Vec<u8> {
    let mut text = "a;b;\"c d\";kind\r\n".to_owned();
    for i in 0..25 {
        text += &format!("{},{};\"x {}\";NA;{}\r\n", i, i % 7, i % 3, ["u", "v"][i % 2]);
    }
    text.into_bytes()
}

fn mangle(changes: &[(prop::sample::Index, u8)], keep: f64) -> Vec<u8> {
    let mut bytes = good();
    for (at, value) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *value;
    }
    bytes.truncate((bytes.len() as f64 * keep) as usize);
    bytes
}

/// Bytes that mean something in a table are likelier than others.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![prop::sample::select(b",;\t|\"'\n\r \0.-e19\xff\xef".to_vec()), any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mangled_tables_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), byte()), 0..12),
        keep in 0.0..1.3f64,
        role in prop::sample::select(vec![None, Some(ColumnRole::Numeric), Some(ColumnRole::Categorical)]),
    ) {
        let file = file(mangle(&changes, keep));
        match inspect_csv(file.path(), &Default::default(), &NoProgress) {
            Err(error) => prop_assert!(error.message.len() > 20),
            Ok(preview) => {
                for column in &preview.columns {
                    let mut settings = settings(file.path(), &column.name);
                    settings.columns.extend(role.map(|role| ColumnChoice { name: "a".into(), role }));
                    match load_with(&settings) {
                        Ok(set) => {
                            let all = set.train.inputs().iter().chain(set.validation.targets().iter());
                            prop_assert!(all.clone().all(|v| v.is_finite()));
                            prop_assert_eq!(set.train.inputs().len(), set.train.len() * set.input_len());
                        }
                        Err(error) => prop_assert!(error.message.len() > 20),
                    }
                }
                let _ = suggest_target(&preview, &|_| false);
            }
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(byte(), 0..400)) {
        let file = file(bytes);
        if let Ok(preview) = inspect_csv(file.path(), &Default::default(), &NoProgress) {
            let _ = load_with(&settings(file.path(), &preview.columns[0].name));
        }
    }
}
