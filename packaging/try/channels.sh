# shellcheck shell=bash disable=SC2154,SC2164
# How packaging/check tries each channel, one after the other. It is sourced there,
# and each function runs until its first command that fails.

archive() {
    local folder=$work/archive file
    mkdir "$folder"
    tar -xzf "$out/$(archive_name "$here")" -C "$folder" --strip-components=1
    for file in man/man1/git-shroud.1 completions/_git-shroud licences/LGPL-2.0.txt licences/THIRD-PARTY.txt LICENSE-MIT; do
        [[ -s $folder/$file || -s $folder/licences/$file ]]
    done
    [[ $(tar -tvzf "$out/$(archive_name "$here")" | awk '{print $2}' | sort -u) == 0/0 ]]
}
zip_archive() { unzip -qt "$out/$(archive_name x86_64-pc-windows-gnu)"; }

row "tar.gz, Linux"
col test -s "$out/$(archive_name "$here")"
col archive
col demo "$work/archive"
for target in "${targets[@]:1:3}"; do
    row "tar.gz, $target"
    skip "a stand-in"; skip "another machine"; skip "another machine"
done
row "zip, Windows"
col zip_archive
skip "another machine"; skip "another machine"

deb_built() { lintian --allow-root --fail-on error,warning "$out/$(deb_name "$here")"; }
deb_installed() {
    system deb
    cp "$out/$(deb_name "$here")" "$work/deb/tmp/"
    inside deb dpkg -i "/tmp/$(deb_name "$here")"
}
row "deb (lintian, dpkg -i)"
col deb_built
col deb_installed
col inside deb git shroud demo

rpm_built() { rpmlint --config packaging/try/rpmlint.toml "$out/$(rpm_name "$here")"; }
rpm_installed() {
    system rpm
    # Debian's rpm, into the folder: it does not know the packages that are there.
    rpm --root "$work/rpm" --install --nodeps "$out/$(rpm_name "$here")"
    rpm --root "$work/rpm" --verify --nodeps "$name"
    [[ -s $work/rpm/usr/share/man/man1/git-shroud-unlock.1.gz && -s $work/rpm/usr/share/licenses/git-shroud/LGPL-2.0.txt ]]
}
row "rpm (rpmlint, rpm -i)"
col rpm_built
col rpm_installed
col inside rpm git shroud demo

row "Homebrew (stand-in)"
col ruby -wc "$channels/homebrew/git-shroud.rb"
col ruby packaging/try/formula.rb "$channels/homebrew/git-shroud.rb" "$work/archive" "$work/brew"
col demo "$work/brew/bin"

row scoop
col jq -e '.architecture["64bit"].hash | test("^[0-9a-f]{64}$")' "$channels/scoop/git-shroud.json"
skip Windows; skip Windows

row winget
col yamllint -d '{extends: relaxed, rules: {line-length: disable}}' "$channels/winget"
skip Windows; skip Windows

aur() {
    cp -r "$channels/aur" "$work/aur"
    chown -R nobody "$work/aur"
    chmod -R a+rX "$work/local"
    cd "$work/aur"
    setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$work/aur" PKGEXT=.pkg.tar makepkg --nodeps --nocolor
}
aur_installed() {
    mkdir "$work/aur-root"
    bsdtar -xf "$work"/aur/*.pkg.tar -C "$work/aur-root"
}
row "AUR (makepkg)"
col aur
col aur_installed
col demo "$work/aur-root/usr/bin"

row "Nix flake"
col nix-instantiate --parse flake.nix
skip "nixpkgs is on no registry"; skip "nixpkgs is on no registry"

row "cargo binstall"
add "yes (a test)"; skip "it asks the host"; skip "it asks the host"

container() {
    [[ -e $work/deb ]] || system deb
    mkdir "$work/container"
    cp "$out/$(archive_name "$here")" "$channels/container/Containerfile" "$work/container/"
    local base
    base=$(buildah "${store[@]}" from scratch)
    buildah "${store[@]}" add "$base" "$top/target/packaging-debian" /
    buildah "${store[@]}" commit --rm "$base" localhost/git-shroud-base
    # The network of the machine, and no pull: the base image is the system above.
    buildah "${store[@]}" build --isolation chroot --network host --pull-never --build-arg BASE=localhost/git-shroud-base \
        --tag localhost/git-shroud "$work/container"
}
container_demo() {
    local image
    image=$(buildah "${store[@]}" from --pull-never localhost/git-shroud)
    buildah "${store[@]}" run --isolation chroot "$image" -- git shroud demo
}
store=(--root "$work/images" --runroot "$work/run" --storage-driver vfs)
row "container (buildah)"
if wanted container; then
    col container
    add "(the image)"
    col container_demo
else
    skip "left out"; skip "left out"; skip "left out"
fi

# A repository with a member and a key, for what unlocks.
team() {
    mkdir "$work/team"
    cd "$work/team"
    export PATH="$work/archive:$PATH" HOME="$work/team-home"
    mkdir "$HOME"
    git init -q repo && cd repo
    git config user.name Ann && git config user.email ann@example.com
    git shroud init && git shroud track 'secrets/**'
    mkdir secrets && echo 'PASSWORD=planted' >secrets/db.env
    ssh-keygen -q -t ed25519 -N '' -f ../ci
    git add -A && git commit -qm one && git shroud member add ../ci.pub --commit
    git shroud key export -o ../team.key
}
# The steps of action.yml, with the downloads from a folder: unlocks with a key and with an identity, then checks.
action() {
    export PATH="$work/action:$PATH" HOME="$work/action-home"
    mkdir -p "$HOME"
    local repo=$work/team/repo
    git clone -q "$repo" "$work/by-key" 2>/dev/null
    (cd "$work/by-key" && KEY=$(cat ../team/team.key) "$top/packaging/ci-unlock" && grep -q planted secrets/db.env && git-shroud check -- HEAD && git-shroud status --quiet)
    git clone -q "$repo" "$work/by-identity" 2>/dev/null
    (cd "$work/by-identity" && IDENTITY=$(cat ../team/ci) "$top/packaging/ci-unlock" && grep -q planted secrets/db.env)
    git clone -q "$repo" "$work/locked" 2>/dev/null
    (cd "$work/locked" && "$top/packaging/ci-unlock" && refused grep -q planted secrets/db.env && git-shroud check -- HEAD)
}
action_installed() {
    GIT_SHROUD_SIGNERS=$out/signers packaging/install "file://$out" "$work/action"
    # A byte more in the archive, and another signer: both are refused.
    cp -r "$out" "$work/changed"
    echo >>"$work/changed/$(archive_name "$here")"
    refused env GIT_SHROUD_SIGNERS="$out/signers" packaging/install "file://$work/changed" "$work/never"
    refused env GIT_SHROUD_SIGNERS=/dev/null packaging/install "file://$out" "$work/never"
    [[ ! -e $work/never ]]
    team
    action
}
action_lint() {
    check-jsonschema --builtin-schema vendor.github-actions action.yml
    zizmor --offline --no-progress action.yml .github/workflows
}
row "GitHub Action (steps)"
col action_lint
col action_installed
col demo "$work/action"

gitlab_script() {
    python3 - "$channels/gitlab/templates/git-shroud.yml" >"$work/gitlab.sh" <<'EOF'
import re, sys, yaml
spec, jobs = yaml.safe_load_all(open(sys.argv[1]))
job = jobs["git-shroud"]
given = {"unlock": "true"}
inputs = {key: given.get(key, str(value["default"]).lower()) for key, value in spec["spec"]["inputs"].items()}
print(re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda match: inputs[match.group(1)], "\n".join(job["script"])))
EOF
    refused grep -F '$[[' "$work/gitlab.sh"
}
gitlab_run() {
    git clone -q "$work/team/repo" "$work/gitlab" 2>/dev/null
    cd "$work/gitlab"
    HOME=$work/action-home GIT_SHROUD_KEY=$(cat ../team/team.key) sh -x "$work/gitlab.sh"
}
row "GitLab component"
col gitlab_script
col gitlab_run
skip "the job is check, not demo"

# The hooks as pre-commit runs them, without the build of the project: 'pre-commit try-repo' on a copy of the hooks whose package is
# the programs of this trial. With PRE_COMMIT_BUILD=1 it is the project itself, which is compiled.
pre_commit() {
    local from=$top
    if [[ -z ${PRE_COMMIT_BUILD:-} ]]; then
        from=$work/hooks
        mkdir -p "$from/src/bin"
        cp .pre-commit-hooks.yaml "$from/"
        printf '[package]\nname = "git-shroud"\nversion = "%s"\nedition = "2024"\n' "$version" >"$from/Cargo.toml"
        # It hands on to the program that --binaries gave.
        sed "s|@PROGRAM@|$work/archive/git-shroud|" packaging/try/hand_on.rs >"$from/src/main.rs"
        (cd "$from" && git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm hooks)
    fi
    export PRE_COMMIT_HOME=$work/pre-commit
    # A clone that was never set up, as in CI: the program is on no PATH but that of the hook.
    refused command -v git-shroud
    git clone -q "$work/team/repo" "$work/hooked" 2>/dev/null
    cd "$work/hooked"
    pre-commit try-repo "$from" git-shroud --verbose
    # Plaintext that went around the filter is refused.
    git update-index --add --cacheinfo "100644,$(echo 'PASSWORD=other' | git hash-object -w --stdin --no-filters),secrets/other.env"
    refused pre-commit try-repo "$from" git-shroud --verbose >"$work/refused.txt"
    cat "$work/refused.txt"
    grep -q 'secrets/other.env' "$work/refused.txt" && grep -q 'Failed$' "$work/refused.txt"
}
row "pre-commit (try-repo)"
col pre-commit validate-manifest .pre-commit-hooks.yaml
col pre_commit
skip "the hooks check, not demo"

verify() {
    # The commands of VERIFYING.md, word for word: its first block.
    awk '/^```/ { if (inside) exit; inside = 1; next } inside' VERIFYING.md >"$work/verify.sh"
    grep -q ssh-keygen "$work/verify.sh" && grep -q sha256sum "$work/verify.sh"
    (cd "$out" && bash -ex "$work/verify.sh")
    # With a changed file, or a changed list, they fail.
    cp -r "$out" "$work/tampered"
    cd "$work/tampered"
    echo >>"$(archive_name "$here")"
    refused bash -e "$work/verify.sh"
    sha256sum "$(archive_name "$here")" >SHA256SUMS
    refused bash -e "$work/verify.sh"
}
row "checksums, signature"
col test -s "$out/SHA256SUMS.sig"
col verify
skip "no program"

row "SBOM (CycloneDX)"
col jq -e '.bomFormat == "CycloneDX" and (.components | length > 100) and ([.. | strings | select(test("/root/|/tmp/|file://"))] == [])' "$out/$name-$version.cdx.json"
skip "no program"; skip "no program"

row "deny.toml"
if wanted deny; then col cargo deny --locked check licenses bans sources; else skip "left out"; fi
skip "no program"; skip "no program"

row "release workflow"
col check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/release.yml
skip "GitHub"; skip "GitHub"

scripts() { shellcheck -x -P packaging packaging/{check,ci-unlock,compile,fill,install,lib.sh,release,reproduce,rustc-repeatable,sbom,sign,tools,cross-cargo,cross-check,cross-toolchain,no-cc} packaging/try/channels.sh .ci/run tests/install-programs tests/on-arm tests/on-wine tests/wine/git-exe tests/wine/e2e; }
row "scripts (shellcheck)"
col scripts
skip "no program"; skip "no program"
