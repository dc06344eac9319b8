//! One distinct secret in each place of a repository: all are found.

use std::collections::BTreeSet;

use crate::common::{Sandbox, needs};
use crate::{token, values};

/// Plants them; `@N@` stands for the token of that number, and `# N` says which place it is.
const SCRIPT: &str = r#"
set -e
git init -q -b main repo
cd repo
commit() { git add -A && git commit -q -m "$1"; }

# Files: at HEAD, in an older version, deleted, in packs and loose.
echo 't @1@' >at-head
seq 4000 >long; echo 't @2@' >>long; echo 't @3@' >deleted; commit one
seq 3999 >long; git rm -q deleted; commit two
mkdir -p node_modules/a vendor/b deep/er
echo 't @4@' >node_modules/a/index.js
echo 't @5@' >vendor/b/b.go
echo 't @6@' >package-lock.json
echo 't @7@' >picture.png
printf '*.hidden -diff\n*.bin binary\n*.conv diff=conv\n' >.gitattributes
git config diff.conv.textconv true
echo 't @8@' >a.hidden
echo 't @9@' >a.bin
echo 't @10@' >a.conv
printf 'x\000y @11@ \000' >nul
python3 - <<'P'
import base64, gzip, io, urllib.parse, zipfile
def put(name, data):
    open(name, 'wb').write(data)
put('utf16', 'a = "@12@"\n'.encode('utf-16-le'))
put('utf16be', '\ufeffa = "@13@"\n'.encode('utf-16-be'))
put('gz', gzip.compress(b't @14@\n', mtime=0))
memory = io.BytesIO()
with zipfile.ZipFile(memory, 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('in/side', 't @15@\n' * 3)
put('archive.zip', memory.getvalue())
put('base64', b'x: ' + base64.b64encode(b'token is @16@ here') + b'\n')
put('hex', b'x: ' + b'token is @17@ here'.hex().encode() + b'\n')
put('percent', ''.join('%%%02x' % c for c in b't=@18@').encode() + b'\n')
put('twice', b'x: ' + base64.b64encode(base64.b64encode(b'token is @19@ here')) + b'\n')
put('gz64', gzip.compress(b'x: ' + base64.b64encode(b'token is @20@ here') + b'\n', mtime=0))
put('escapes.json', b'{"a": "' + ''.join('\\u%04x' % c for c in b'@21@').encode() + b'"}\n')
put('one-line', b'a,' * 300000 + b'"@22@",' + b'b,' * 300000)
P
ln -s '/srv/@23@/x' link
echo x >'name-@24@'
mkdir 'folder-@25@'; echo x >'folder-@25@/x'
printf '[submodule "m"]\n\tpath = m\n\turl = https://user:@26@@host.invalid/m.git\n' >.gitmodules
commit three

# Messages, names and refs.
git commit -q --allow-empty -m "message

more of it: @27@"
git tag -a v1 -m 'tagged @28@'
git notes add -m 'noted @29@' HEAD
GIT_AUTHOR_NAME='A @30@' git commit -q --allow-empty -m author
GIT_COMMITTER_EMAIL='@31@@host.invalid' git commit -q --allow-empty -m committer
GIT_COMMITTER_NAME='T @32@' git tag -a v2 -m v2
git branch 'b/@33@'
git tag 't-@34@'
git update-ref -m 'because of @35@' refs/heads/logged HEAD --create-reflog
git remote add origin 'https://user:@36@@host.invalid/r.git'

# What no branch leads to.
echo 't @37@' >at-head; git stash -q
echo 't @38@' >at-head; git stash -q
echo 't @39@' | git hash-object -w --stdin >/dev/null
echo 't @40@' >lost; commit lost; git reset -q --hard HEAD^
echo 't @41@' >left; commit left; git reset -q --hard HEAD^; git reflog expire --expire=now --expire-unreachable=now main HEAD

# Branches, and what came with a merge alone.
git switch -q -c side; echo 't @42@' >side; echo b >both; commit side
git switch -q main; echo a >both; commit main
git merge -q side 2>/dev/null || true
echo 't @43@' >both; git add both; git commit -q -m merged
git -c gc.reflogExpire=never -c gc.reflogExpireUnreachable=never gc -q --no-prune 2>/dev/null

# What is not committed yet, and git's own files.
echo 't @44@' >staged; git add staged
echo 'draft @45@' >.git/MERGE_MSG
printf '#!/bin/sh\ncurl -H "x: @46@"\n' >.git/hooks/post-merge
git worktree add -q ../other -b other 2>/dev/null
(cd ../other; echo 't @47@' >elsewhere; git add elsewhere)
"#;
const PLACES: u64 = 47;

#[test]
fn a_secret_is_found_in_each_of_all_places() {
    needs("python3", "python3");
    let sandbox = Sandbox::new();
    let script = (1..=PLACES).fold(SCRIPT.to_owned(), |script, number| {
        script.replace(&format!("@{number}@"), &token(number))
    });
    sandbox.sh(".", &script);
    let scan = ["scan", "--format", "json", "--reveal", "--min-rank", "low"];
    let found = sandbox.try_shroud("repo", scan).expect(1);
    let found = values(&found).concat();
    let missed: BTreeSet<_> =
        (1..=PLACES).filter(|&number| !found.contains(&token(number))).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
