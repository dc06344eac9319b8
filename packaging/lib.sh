# shellcheck shell=bash disable=SC2034
# What the scripts here share: names, the version, one clock. It is sourced and not run.
# Everything about the project itself comes from Cargo.toml.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The targets that a release is built for. Every archive is git-shroud-VERSION-TARGET and .tar.gz, or .zip for Windows.
targets=(
    x86_64-unknown-linux-gnu
    aarch64-unknown-linux-gnu
    x86_64-apple-darwin
    aarch64-apple-darwin
    x86_64-pc-windows-gnu
)

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# A text field of Cargo.toml's first table; nothing if it is not there.
field() {
    sed -n "/^\[package\]/,/^\[lib\]/s/^$1 = \"\(.*\)\"\$/\1/p" "$top/Cargo.toml" | head -n 1
}

name=$(field name)
version=$(field version)
description=$(field description)
# Only the owner knows these two: 'repository' and 'authors' in Cargo.toml. The environment overrides them for a trial.
repository=${GIT_SHROUD_REPOSITORY:-$(field repository)}
maintainer=${GIT_SHROUD_MAINTAINER:-$(sed -n 's/^authors = \["\([^"]*\)".*/\1/p' "$top/Cargo.toml")}
base_url=${GIT_SHROUD_BASE_URL:-${repository:+$repository/releases/download/v$version}}

# Every time in a package is that of the commit.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null)}
export LC_ALL=C TZ=UTC
umask 022

need_owner() {
    [[ -n $SOURCE_DATE_EPOCH ]] || die "set SOURCE_DATE_EPOCH, or run this in a git repository"
    [[ -n $repository ]] || die "set 'repository' in Cargo.toml, or GIT_SHROUD_REPOSITORY"
    [[ $maintainer == *'<'*'@'*'>' ]] || die "set 'authors = [\"Name <address>\"]' in Cargo.toml, or GIT_SHROUD_MAINTAINER"
}

# archive_name TARGET
archive_name() {
    case $1 in
        *-windows-*) echo "$name-$version-$1.zip" ;;
        *) echo "$name-$version-$1.tar.gz" ;;
    esac
}

# exe TARGET: how names of programs end
exe() {
    [[ $1 != *-windows-* ]] || echo .exe
}

# The target of this machine.
this_target() {
    case $(uname -sm) in
        'Linux x86_64') echo x86_64-unknown-linux-gnu ;;
        'Linux aarch64') echo aarch64-unknown-linux-gnu ;;
        'Darwin x86_64') echo x86_64-apple-darwin ;;
        'Darwin arm64') echo aarch64-apple-darwin ;;
        MINGW*' x86_64' | MSYS*' x86_64') echo x86_64-pc-windows-gnu ;;
        *) die "there are no programs for $(uname -sm); build from source" ;;
    esac
}

# The names of packages, in the words of each system.
deb_name() {
    case $1 in
        x86_64-*-linux-gnu) echo "${name}_$version-1_amd64.deb" ;;
        aarch64-*-linux-gnu) echo "${name}_$version-1_arm64.deb" ;;
    esac
}
rpm_name() {
    case $1 in
        *-linux-gnu) echo "$name-$version-1.${1%%-*}.rpm" ;;
    esac
}
