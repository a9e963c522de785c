//! Runs beside each other that began as one.

use super::*;

/// What was forked from a deleted branch was forked from the one that this had left, whoever takes its name later.
#[test]
fn a_deleted_branch_hands_on_what_was_forked_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = debugged(
        folder,
        "goto 2; fork a; run 2; fork b; run 2; fork c; branch delete b; branches; fork b; branches; branch c; branch delete c; \
         branch delete a; branches; branch delete main; branches",
    );
    let origins = |at: usize| {
        let branches = said[at]["branches"].as_array().unwrap().iter();
        branches
            .map(|b| format!("{} {}", b["name"].as_str().unwrap(), b["origin"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(said[6]["branch"], "c", "it still goes on with c");
    assert_eq!(origins(7), ["main ", "a from main after step 2", "c from a after step 4"]);
    assert_eq!(origins(9)[2..], ["c from a after step 4", "b from c after step 6"]);
    assert_eq!((&said[11]["deleted"], &said[11]["branch"]), (&Value::from("c"), &Value::from("a")));
    assert_eq!((&said[12]["deleted"], &said[12]["branch"]), (&Value::from("a"), &Value::from("main")));
    assert_eq!(origins(13), ["main ", "b from main after step 2"]);
    assert_eq!((&said[14]["deleted"], origins(15)), (&Value::from("main"), vec!["b ".to_owned()]));
}
