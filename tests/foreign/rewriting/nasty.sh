# A repository with one of everything. $1 is the object format, the value stands in $SECRET.
set -eu
git init -q -b main --object-format="$1" repo
cd repo
git config gpg.format ssh
git config user.signingKey "$PWD/../signing.pub"
git config core.autocrlf false
git config advice.graftFileDeprecated false
now=1700000000
tick() {
    now=$((now + 60))
    export GIT_AUTHOR_DATE="$now +0545" GIT_COMMITTER_DATE="$now -1130"
}
commit() {
    tick
    git add -A
    git commit -q "$@"
}
# Writes an object as it stands on standard input.
raw() { git hash-object -t "$1" -w --stdin --literally; }

# Before the value: all of this keeps its ids.
printf 'one\r\ntwo\r\n' >crlf.txt
printf '#!/bin/sh\n' >run
chmod +x run
commit -S -m 'the first, signed'
tick; git tag -s -m 'signed before' before-signed
commit --allow-empty -m 'nothing'
ln -s crlf.txt link
printf 'x' >"$(printf 'caf\351')"
commit -m 'a link, and a path that is not UTF-8'
git -c i18n.commitEncoding=ISO-8859-1 commit -q --allow-empty -m "$(printf 'na\357ve, caf\351')"
git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),module"
mkdir module
tick; git commit -q -m 'a submodule'
git branch before
early=$(git rev-parse HEAD)

# The value comes.
mkdir -p config/deep
printf 'password=%s\n' "$SECRET" >config/secret.env
commit -S -m 'a value, signed'
came=$(git rev-parse HEAD)
printf 'a\0b %s c' "$SECRET" >config/deep/binary
ln -s "to-$SECRET" config/to
printf 'y' >"config/$SECRET.txt"
commit -m "names with $SECRET, after $early"
commit --allow-empty -m "see $came and $(git rev-parse --short=9 HEAD) and $(printf '%.12s' "$early")"
git -c user.name="Ann $SECRET" commit -q --allow-empty -m 'a person'
tick; GIT_AUTHOR_NAME="Ann $SECRET" GIT_AUTHOR_EMAIL="$SECRET@example.com" git commit -q --allow-empty -m 'a person with it'

# Another root, merged in.
git checkout -q --orphan other
git rm -rqf .
rm -rf module
printf 'other\n' >other.txt
commit -m 'another root'
git checkout -q main
tick; git merge -q --allow-unrelated-histories -m 'two roots' other

# An octopus, an evil merge, one that is no merge, and the same parent twice.
base=$(git rev-parse HEAD)
for arm in 1 2 3; do
    git checkout -q -b "arm$arm" "$base"
    printf '%s\n' "$arm" >"arm$arm.txt"
    commit -m "arm $arm"
done
git checkout -q main
tick; git merge -q -m 'an octopus' arm1 arm2 arm3
git checkout -q -b evil "$base"
printf 'evil\n' >evil.txt
commit -m 'one side'
git checkout -q main
git merge -q --no-commit --no-ff evil
printf 'both %s\n' "$SECRET" >only-in-the-merge.txt
commit -m 'an evil merge'
git checkout -q -b ahead
commit --allow-empty -m 'ahead'
git checkout -q main
tick; git merge -q --no-ff -m 'no fast-forward' ahead
twice=$(git cat-file commit HEAD | sed '/^parent /d' | sed "1s/.*/&\nparent $(git rev-parse HEAD)\nparent $(git rev-parse HEAD)/" | raw commit)
git update-ref refs/heads/twice "$twice"

# Commits that git would not write.
tree=$(git rev-parse 'HEAD^{tree}')
head=$(git rev-parse HEAD)
odd=$(printf 'tree %s\nparent %s\nauthor  <> 0 +0000\ncommitter  <> 1 -0000\nx-odd one\n two\n %s\n\nno name, no end of line' "$tree" "$head" "$SECRET" | raw commit)
git update-ref refs/heads/odd "$odd"
empty=$(printf 'tree %s\nparent %s\nauthor A <a> 5 +0000\ncommitter A <a> 5 +0000\n\n' "$tree" "$odd" | raw commit)
git update-ref refs/heads/no-message "$empty"

# A merge of a signed tag keeps the tag in the commit.
for when in before after; do
    at=$early
    test $when = before || at=$base
    git checkout -q -b "tagged-$when" "$at"
    printf '%s\n' "$when" >"tagged-$when.txt"
    test $when = after || { rm -rf module; git update-index --add --cacheinfo "160000,$early,module"; mkdir -p module; }
    commit -m "to be tagged $when"
    tick; git tag -s -m "merged $when" "merged-$when"
    git checkout -q main
    tick; git merge -q --no-ff --no-edit "merged-$when"
done

# Tags of everything.
tick
git tag light HEAD
git tag -s -m "signed, of $came" signed
git tag -a -m "with $SECRET" annotated
git tag -a -m 'nested' nested annotated
git tag -a -m 'a tree' tree 'HEAD^{tree}'
git tag -a -m 'a tag of a tag of a tree' tree-twice tree
git tag -a -m 'a blob' blob HEAD:config/secret.env
git tag light-blob HEAD:config/deep/binary
git tag light-tree 'HEAD~1^{tree}'
git update-ref refs/custom/ref HEAD~2
git update-ref "refs/custom/$SECRET" HEAD~3
git update-ref refs/remotes/origin/main HEAD~1
git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main

# Notes: one folder for all, and folders by the digits.
tick
git notes add -m 'of one that stays' "$early"
git notes add -m "with $SECRET" "$came"
git notes --ref=review add -m 'of the merge' HEAD
note=$(printf 'in folders\n' | git hash-object -w --stdin)
plain=$(printf 'no note\n' | git hash-object -w --stdin)
GIT_INDEX_FILE=$PWD/.git/notes-index
export GIT_INDEX_FILE
for commit in $early $came $base; do
    rest=${commit#??}
    git update-index --add --cacheinfo "100644,$note,${commit%$rest}/$rest"
done
rest=${came#????}
git update-index --add --cacheinfo "100644,$plain,readme.txt"
fanned=$(tick; git commit-tree -m 'in folders' "$(git write-tree)")
unset GIT_INDEX_FILE
git update-ref refs/notes/fanned "$fanned"

# What stands for something else.
git replace "$came" "$(git cat-file commit "$came" | sed -e 's/^a value, signed/replaced/' -e '/^gpgsig/,/END SSH/d' | raw commit)"

# Stashes.
printf 'changed\n' >>arm1.txt
git stash push -q -m 'the first'
printf 'changed %s\n' "$SECRET" >>arm2.txt
printf 'not tracked %s\n' "$SECRET" >untracked.txt
git stash push -q -u -m "the second, $SECRET"
printf 'staged\n' >>arm3.txt
git add arm3.txt
git stash push -q -m 'the third'
test "$2" = loose || git repack -adq
