//! Scripts that pretend to be Python, good ones and bad ones, for tests.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a pretended interpreter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Python {
    /// Tells of itself, and trains as it is told.
    Trains,
    /// Says what nobody understands.
    Garbage,
    /// Ends with a traceback.
    Fails,
    /// Never answers.
    Hangs,
    /// Three steps, then all files are gone.
    Vanishes,
}

const TELLS: &str = r#"if [ "$1" = -c ]; then
    echo '{"python": "3.99.0", "packages": {"torch": "9.1.0", "keras": "9.2.0"}}'
    exit
fi
while [ $# -gt 0 ]; do
    case "$1" in
        --log) log=$2 ;;
        --checkpoint) end=$2 ;;
        --steps) steps=$2 ;;
    esac
    shift
done
step() {
    printf '{"event":"step","step":%d,"loss":0.%03d,"learning_rate":0.1,"seconds":%d.5}\n' $1 $((999 - $1 % 900)) $1 >> "$log"
}
"#;

const TRAINS: &str = r#"heard="$end.word"
(while read -r word; do echo "$word" > "$heard"; done; kill $$) <&0 2> /dev/null &
for ((i = 1; i <= steps; i++)); do
    step $i
    sleep 0.005
    word=
    [ -f "$heard" ] && read -r word < "$heard"
    while [ "$word" = pause ]; do sleep 0.01; read -r word < "$heard"; done
    if [ "$word" = stop ]; then break; fi
done
cp weights.safetensors "$end"
echo '{"event":"end","peak_bytes":1048576}' >> "$log"
"#;

/// Writes one; a name of its own each.
pub fn python(folder: &Path, kind: Python) -> PathBuf {
    let body = match kind {
        Python::Trains => TRAINS,
        Python::Garbage => "head -c 100000 /dev/urandom >> \"$log\"; head -c 100000 /dev/urandom >&2\n",
        Python::Fails => {
            "printf 'Traceback (most recent call last):\\n  File \"train.py\"\\nValueError: no\\n' >&2; exit 1\n"
        }
        Python::Hangs => "exec sleep 600\n",
        Python::Vanishes => "step 1; step 2; step 3; sleep 0.5; rm -rf \"$PWD\" \"$0\"; exit 0\n",
    };
    let tells = match kind {
        Python::Garbage => TELLS.replace("echo '{", "echo '"),
        Python::Fails => TELLS.replace("    exit\n", "    exit 1\n").replace("    echo '{", "    : '{"),
        Python::Hangs => TELLS.replace("    echo", "    exec sleep 600; echo"),
        Python::Trains | Python::Vanishes => TELLS.to_owned(),
    };
    let (text, path) = (folder.join(format!("{kind:?}.txt")), folder.join(format!("{kind:?}")));
    std::fs::write(&text, format!("#!/bin/bash\n{tells}{body}")).unwrap();
    // Written by another process: what a test has open for writing cannot be started.
    let copied = Command::new("install").arg("-m755").arg(&text).arg(&path).status().unwrap();
    assert!(copied.success());
    path
}
