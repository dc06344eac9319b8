//! How git stores objects does not show in a report.

use crate::common::Sandbox;
use crate::common::planted::token;

/// Folders that move, appear twice, are links or hold their own kind, with tokens in some versions of some files.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    let tokens: Vec<_> = (1..9).map(|number| format!("T{number}={}", token(number))).collect();
    let script = r#"set -e
for n in $(seq 40); do
    mkdir -p "many/$n/deep/er"
    echo "file $n" >"many/$n/file"
    echo "deeper $n" >"many/$n/deep/er/file"
    seq $((n * 7)) >"plain-$n"
done
git add -A; git commit -qm first
echo "$T1" >many/7/deep/er/key; git add -A; git commit -qm one
echo "$T2" >>many/9/file; git add -A; git commit -qm two
cp -r many/7 again; git add -A; git commit -qm copied
git mv many/7 moved; git commit -qm moved
git checkout -qb side HEAD~2; echo "$T3" >top; git add -A; git commit -qm side
ln -s "$T4" link; git add -A; git commit -qm link
git checkout -q main; git merge -q -m merged side
git rm -rq many/9; git commit -qm removed
echo "$T5" >"many/$T6"; git add -A; git commit -qm name
git commit -q --allow-empty -m "$T7"
git tag -a annotated -m "$T8"
git tag tree HEAD^{tree}; git tag blob HEAD:top
git reset -q --hard HEAD~3
"#;
    sandbox.sh("repo", &format!("{}\n{script}", tokens.join("\n")));
    sandbox
}

#[test]
fn loose_packed_and_partly_packed_objects_say_the_same() {
    let sandbox = repository();
    let scan = || {
        let arguments = ["scan", "--no-cache", "--format", "json", "--reveal"];
        sandbox.try_shroud("repo", arguments).expect(1).text()
    };
    let loose = scan();
    for number in 1..9 {
        assert!(loose.contains(&token(number)), "{number}");
    }
    for script in [
        // Two packs, some objects in both, and some in none.
        "git rev-list --objects HEAD~4 | cut -d' ' -f1 | git pack-objects -q .git/objects/pack/pack >&2",
        "git rev-list --objects HEAD~6..HEAD~2 | cut -d' ' -f1 | git pack-objects -q .git/objects/pack/pack >&2; \
         git prune-packed",
        "git repack -adfkq --depth=50 --window=50",
        "git repack -adfkq --depth=1 --window=2",
    ] {
        sandbox.sh("repo", script);
        assert_eq!(scan(), loose, "{script}");
    }
}
