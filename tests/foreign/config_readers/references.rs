//! References are exchanged as each dialect's own reader does it.

use super::judge::{Judge, Values};
use crate::common::Sandbox;

#[test]
fn references_are_what_their_readers_take_them_for() {
    let all = "A=a\nB=\"${A}/b\"\nC=${B}${A}\nSINGLE='x'\nPLAIN=a-b\n";
    let words = "E=\nN1=\"${NONE:-d}\"\nN2=\"${E:-d}\"\nN3=\"${E-d}\"\nN4=\"${A:+y}\"\nN5=\"${NONE:-${A}}\"\nN6=\"$A.x\"\nN7='$A'\nN8=\\$A\n";
    let python = "E=\nN1=${NONE:-d}\nN2=\"${E:-d}\"\nN3='${A}'\nN4=$A\nN5=\"${NONE:-${A}}\"\n";
    let php = "N1=\"${A:-d}\"\nN2='${A}'\nN3=$A\nN4=\"\\${A}\"\n";
    for (dialect, more, judges) in [
        ("shell", words, &[Judge::Sh, Judge::Bash][..]),
        ("python", python, &[Judge::PythonDotenvExpand]),
        ("php", php, &[Judge::PhpDotenv]),
        ("node", "N1=\"$A\"\n", &[Judge::NodeDotenv]),
    ] {
        let text = format!("{all}{more}");
        let sandbox = Sandbox::new();
        let init = ["init", "-q", "--template", "config", "repo", "--env", "dev", "--no-backup"];
        sandbox.shroud(".", init);
        let schema = format!("environments = [\"dev\"]\ndialect = \"{dialect}\"\n");
        sandbox.write("repo/config.shroud.toml", schema);
        sandbox.write("repo/environments/dev/app.env", &text);
        let render = ["config", "render", "dev", "-o", "json", "--expand"];
        let rendered = sandbox.shroud("repo", render).json();
        let ours: Values = rendered
            .as_object()
            .expect("an object")
            .iter()
            .map(|(name, value)| (vec!["0".to_owned(), name.clone()], value.clone()))
            .collect();
        let names: Vec<String> =
            text.lines().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
        for judge in judges {
            let told = judge.read(&[text.clone().into_bytes()], &names).remove(0);
            assert_eq!(Some(&ours), told.as_ref(), "{judge:?} of {dialect}");
        }
    }
}
