use proptest::prelude::*;

use super::tests::{file, text};
use super::workbook_tests::zipped;

fn npy(descr: &str, is_by_column: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if is_by_column { "True" } else { "False" };
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': ({shape}), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), header.as_bytes(), data].concat()
}

fn floats(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn letters(words: &[&str]) -> Vec<u8> {
    words
        .iter()
        .flat_map(|word| word.chars().chain(std::iter::repeat('\0')).take(3))
        .flat_map(|letter| u32::from(letter).to_le_bytes())
        .collect()
}

#[test]
fn an_array_is_a_table_whatever_its_type_and_order() {
    let six = floats(&[0.1, 1.0, -2.5, f64::NAN, 1e300, 6.0]);
    let read = |bytes: &[u8]| text(file(bytes).path()).unwrap().0;
    let head = "column 1,column 2,column 3\n";
    assert_eq!(read(&npy("'<f8'", false, "2, 3", &six)), format!("{head}0.1,1,-2.5\nNaN,1e+300,6\n"));
    assert_eq!(read(&npy("'<f8'", true, "2, 3", &six)), format!("{head}0.1,-2.5,1e+300\n1,NaN,6\n"));
    assert_eq!(
        read(&npy("'<f4'", false, "2,", &[0.1f32.to_le_bytes(), 3f32.to_le_bytes()].concat())),
        "column 1\n0.1\n3\n"
    );
    assert_eq!(read(&npy("'>i2'", false, "2,", &[0xff, 0xfe, 1, 0])), "column 1\n-2\n256\n");
    assert_eq!(read(&npy("'|u1'", false, "2,", &[255, 0])), "column 1\n255\n0\n");
    assert_eq!(read(&npy("'|b1'", false, "2,", &[1, 0])), "column 1\ntrue\nfalse\n");
    assert_eq!(read(&npy("'<f2'", false, "2,", &[0, 0x3c, 0, 0xc1])), "column 1\n1\n-2.5\n");
    assert_eq!(read(&npy("'<U3'", false, "2,", &letters(&["aß", "xyz"]))), "column 1\naß\nxyz\n");
    assert_eq!(read(&npy("'|S3'", false, "2,", b"ab\0xyz")), "column 1\nab\nxyz\n");
}

#[test]
fn arrays_of_an_archive_stand_side_by_side() {
    let x = npy("'<f8'", false, "3, 2", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let y = npy("'|u1'", false, "3,", &[0, 1, 0]);
    let names = npy("'<U3'", false, "2,", &letters(&["len", "wid"]));
    let test = npy("'<f8'", false, "1, 2", &floats(&[7.0, 8.0]));
    let found = text(file(&zipped(&[("y.npy", &y), ("X.npy", &x), ("other.npy", &test)])).path()).unwrap();
    assert_eq!(found.0, "X 1,X 2,y\n1,2,0\n3,4,1\n5,6,0\n");
    assert_eq!(found.1, ["Arrays that are left out: \"other\" (1 × 2)."]);
    let parts = [("x_train.npy", &x[..]), ("y_train.npy", &y), ("x_test.npy", &x), ("feature_names.npy", &names)];
    let found = text(file(&zipped(&parts)).path()).unwrap();
    assert_eq!(found.0, "len,wid,y_train\n1,2,0\n3,4,1\n5,6,0\n");
    assert_eq!(found.1, ["Arrays that are left out: \"x_test\" (3 × 2)."]);
}

#[test]
fn what_arrays_are_no_table_is_said() {
    let pictures = npy("'|u1'", false, "2, 2, 2", &[0; 8]);
    let y = npy("'|u1'", false, "2,", &[0, 1]);
    for (bytes, words) in [
        (pictures.clone(), "has 3 dimensions (2 × 2 × 2)"),
        (zipped(&[("x.npy", &pictures), ("y.npy", &y)]), "\"x\" has 3 dimensions"),
        (npy("[('a', '<f8'), ('b', '<i4')]", false, "2,", &[0; 24]), "records with named fields"),
        (npy("'|O'", false, "2,", b"pickle"), "Python objects"),
        (npy("'<c16'", false, "1,", &[0; 16]), "\"<c16\""),
        (npy("'<f8'", false, "99999999999, 99999999999", &[0; 8]), "cut short"),
        (npy("'<f8'", false, "9, 9", &[0; 8]), "cut short"),
        (npy("'<f8'", false, "", &[0; 8]), "single number"),
        (npy("'<f8'", false, "0, 4", &[]), "empty"),
    ] {
        let said = text(file(&bytes).path()).unwrap_err();
        assert!(said.contains(words), "{words}: {said}");
    }
}

proptest! {
    #[test]
    fn mangled_arrays_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        is_archive in any::<bool>(),
        keep in 0.0..1.5f64,
    ) {
        let mut bytes = npy("'<f8'", false, "3, 2", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        let bytes = if is_archive { zipped(&[("a.npy", &bytes)]) } else { bytes };
        if let Err(said) = text(file(&bytes).path()) {
            prop_assert!(said.len() > 20, "{said}");
        }
    }
}
