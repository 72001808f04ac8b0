# What both Tests/run and Benchmarks/run need; sourced, not run.

fail() {
    echo "error: $*" >&2
    exit 69
}

# Installs the Debian packages that are missing, saying so.
require_packages() {
    missing=
    for package in "$@"; do
        state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$state" = "install ok installed" ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || fail "these packages are needed, and there is no apt-get to install them:$missing"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        fail "these packages are needed: run 'apt-get install$missing' as root, then again"
    fi
    echo "installing$missing${as_root:+ with sudo}" >&2
    # Word splitting is wanted: a list of packages, and no sudo where none is needed.
    # shellcheck disable=SC2086
    {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
    } || fail "could not install$missing; install them by hand, then again"
}

# Checks that the compiler is Swift 6.1 or newer.
require_swift() {
    command -v swift >/dev/null 2>&1 || fail "Swift 6.1 or newer is needed and 'swift' is not in PATH: https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    case "$major$minor" in
    '' | *[!0-9]*) fail "can't tell the version of 'swift'; 6.1 or newer is needed" ;;
    esac
    if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 1 ]; }; then
        fail "Swift 6.1 or newer is needed, this is $version: https://www.swift.org/install/linux/"
    fi
}
