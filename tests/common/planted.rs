//! A repository with one distinct secret in each place where git keeps text.

use crate::common::{Done, Sandbox, needs};

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
/// How many places there are.
pub(crate) const PLACES: u64 = 47;

/// A token in the shape that GitLab documents, another for each number; none stands in this file.
pub(crate) fn token(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(digits[usize::try_from(state % 62).unwrap()])
    };
    let body: String = (0..20).map(digit).collect();
    format!("glpat-{body}")
}

/// The values in a report in JSON that was made with `--reveal`.
pub(crate) fn values(done: &Done) -> Vec<String> {
    let json = done.json();
    let findings = json["findings"].as_array().unwrap();
    findings.iter().filter_map(|found| found["secret"].as_str().map(str::to_owned)).collect()
}

/// Makes it as `repo`, with a linked worktree in `other`.
pub(crate) fn plant(sandbox: &Sandbox) {
    needs("python3", "python3");
    let script = (1..=PLACES).fold(SCRIPT.to_owned(), |script, number| {
        script.replace(&format!("@{number}@"), &token(number))
    });
    sandbox.sh(".", &script);
}
