#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks. Nothing that they bring is started: the
# tests run servers of their own. Needs root, or sudo without a question.
set -euo pipefail

packages=(
    make gcc libc6-dev                              # go test -race
    samba-ad-dc samba-ad-provision samba-dsdb-modules winbind # a real Active Directory
    ldap-utils                                      # reads the fake one
    mariadb-server postgresql slapd                 # the mail server's account stores
    postfix postfix-mysql postfix-pgsql postfix-ldap          # what asks them where mail goes
    dovecot-core dovecot-mysql dovecot-pgsql dovecot-ldap dovecot-lmtpd dovecot-auth-lua # what asks them whose mailbox it is
    chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji
)

command -v npm >/dev/null || packages+=(npm) # fetches axe-core, which looks for barriers in the pages

# fetch_axe puts axe-core into build/axe, for the tests of the pages alone.
axe=axe-core@4.14.1
root=$(cd "$(dirname "$0")/../.." && pwd)
fetch_axe() {
    [[ -f $root/build/axe/$axe ]] && return
    mkdir -p "$root/build/axe"
    npm install --silent --no-audit --no-fund --no-save --ignore-scripts --prefix "$root/build/axe" "$axe"
    touch "$root/build/axe/$axe"
}

missing=()
for package in "${packages[@]}"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" == installed ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
    fetch_axe
    exit 0
fi

as_root() { if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

# Debian asks this file before it starts a service; 101 forbids it. One that is there already is put back.
policy=/usr/sbin/policy-rc.d
kept=$(mktemp -u "$policy.XXXXXX")
restore() {
    as_root rm -f "$policy"
    if as_root test -e "$kept"; then as_root mv "$kept" "$policy"; fi
}
if [[ -e $policy ]]; then as_root mv "$policy" "$kept"; fi
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
as_root chmod 0755 "$policy"

echo "installing: ${missing[*]}"
as_root apt-get -q -o DPkg::Lock::Timeout=120 update
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
    --no-install-recommends install "${missing[@]}" >/tmp/account-resource-install.log 2>&1 ||
    { tail -n 40 /tmp/account-resource-install.log; exit 1; }
fetch_axe
