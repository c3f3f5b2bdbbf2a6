# Shared by the walkthroughs: finds the program and a directory to work in, and shows each
# command before running it.

root=$(cd "$(dirname "$0")/.." && pwd)

# PKICTL names the program. Without it, the one of this repository is built and used.
if [ -z "${PKICTL:-}" ]; then
    cargo build --release --manifest-path "$root/Cargo.toml" --package pki-cli
    PKICTL=$(cd "${CARGO_TARGET_DIR:-$root/target}/release" && pwd)/pkictl
fi

# Some of the files hold private keys.
umask 077

# Files are left in the directory that is named; without a name, in a new one.
work=${1:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"
PKICTL_DATA_DIR=$PWD/store
export PKICTL_DATA_DIR

say() {
    printf '\n# %s\n' "$*"
}

# Prints words as they would have to be typed.
typed() {
    line='$ pkictl'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_=@%+:,./*-]*) line="$line '$word'" ;;
            *) line="$line $word" ;;
        esac
    done
    printf '%s' "$line"
}

# pkictl WORDS...: shows the command, then runs it.
pkictl() {
    typed "$@"
    echo
    "$PKICTL" "$@"
}

# keep FILE WORDS...: the same, with the output kept in a file.
keep() {
    file=$1
    shift
    typed "$@"
    printf ' > %s\n' "$file"
    "$PKICTL" "$@" > "$file"
}
