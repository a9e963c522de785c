//! What the debugger refuses, and in which words.

use super::*;

#[test]
fn what_the_debugger_cannot_do_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    for (command, words) in [
        ("rnu", "There is no command 'rnu'"),
        ("help brake", "did you mean 'break'?"),
        ("step; goto x", "Command 2 (goto x)"),
        ("goto 1000000", "60 epochs are done"),
        ("back", "start of the run"),
        ("print dense_9.grad", "did you mean 'dense_1.grad' or 'dense_2.grad'?"),
        ("break at dense_9.weight", "did you mean 'dense_1.weight' or 'dense_2.weight'?"),
        ("print %1", "hasn't been computed yet in step 1"),
        ("goto 2; print %1 + dense_1.weight", "equal shapes"),
        ("print %1[", "whole number"),
        ("break max(dense_1.wieght) > 1", "did you mean 'dense_1.weight'"),
        ("break dense_1.weight > 1; run", "isn't a single number"),
        ("explain loss", "loss hasn't been computed yet in step 1"),
        ("goto 1; explain dense_1.weight[9, 9]", "There is no unit 9: units are 0 to 7."),
        ("goto 1; explain %1", "takes 2 indices, one per axis"),
        ("explain 3", "explain NAME[i, j]"),
        ("goto 1; explain %1[0, 0] check", "%1 can't be checked"),
        ("set dense_1.weight[9, 9] = 1", "units are 0 to 7"),
        ("set %1[0, 0] = 1", "after its instruction has run"),
        ("dump x.safetensors", "No step is complete"),
        ("step; dump x.safetensors", "isn't complete"),
        ("goto 1; dump nowhere/x.safetensors", "Can't write the file"),
        ("delete 3", "no breakpoint 3"),
        ("undo", "no change to undo."),
        ("goto 3; scale dense_1.bias 2; goto 2; undo", "those that lie ahead"),
        ("explain step", "Use 'print step'"),
        ("break nan(%99)", "no value '%99'"),
        ("break layer none", "The layers are"),
        ("break at %2 if loss > 1", "not all of its values are computed"),
        ("break mean(loss) > 1 for 3", "'steps'"),
        ("break", "an expression or a location"),
        ("reverse", "no breakpoint to go back to"),
        ("since los > 1", "no value 'los'"),
        ("until %99", "no value '%99'"),
        ("until batch.x", "isn't computed by an instruction"),
        ("goto 3; back 100", "start of the run"),
        ("until 999", "no instruction 999"),
        ("set learning_rate = 0", "above 0"),
        ("set learning_rate[0] = 1", "a single number"),
        ("scale learning_rate 2", "set learning_rate = 2 *"),
        ("set step = 2", "can't be set"),
        ("set dense_1.weight = dense_1.bias", "shape"),
        ("clip dense_1.weight 0 - 1", "not -1"),
        ("scale %1 2", "after its instruction has run"),
        ("fork main", "already"),
        ("branch other", "no branch 'other'"),
        ("branch delete other", "no branch 'other'"),
        ("branch delete main", "only branch"),
        ("unwatch 1", "no watch 1"),
        ("watch dense_9.weight", "no value"),
    ] {
        fails(folder, &["debug", "xor.glassbox.json", "--command", command], &[words]);
    }
    fails(folder, &["debug", "none.glassbox.json"], &["none.glassbox.json"]);
    fails(folder, &["debug", "xor.glassbox.json", "--script", "none"], &["Can't read the script"]);
    assert_eq!(glassbox(folder, &["debug", "xor.glassbox.json", "--steps", "5"]).status.code(), Some(2));
    assert_eq!(glassbox(folder, &["debug", "xor.glassbox.json", "--steps", "0", "--dump", "a"]).status.code(), Some(2));
}
