#!/bin/sh
# Makes a golden store with the pkictl in PATH: tests/stores/make.sh NAME
#
# A golden store is written once by the program of its day, and never again: every later program
# has to read it. Make one whenever the format of the store or of a record changes. The keys in
# it protect nothing.
set -eu

name=${1:?the name of the store}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" PKICTL_DATA_DIR="$work/store"
cd "$work"

write() { pkictl write "$@" > out 2> err || { cat err >&2; exit 1; }; }
field() { pkictl write -field="$@" 2> err || { cat err >&2; exit 1; }; }

# A root with names, settings of every kind, and CRLs with and without deltas.
pkictl secrets enable -max-lease-ttl=876000h -description='a root' pki > out
write pki/root/generate/internal common_name='Golden Root' key_type=ec ttl=876000h \
    issuer_name=root key_name=root-key
write pki/config/urls issuing_certificates=http://ca.example.com/ca \
    crl_distribution_points=http://ca.example.com/crl ocsp_servers=http://ocsp.example.com
write pki/config/crl expiry=72h
write pki/roles/web allowed_domains=example.com allow_subdomains=true key_type=ec ttl=438000h \
    max_ttl=438000h
write pki/roles/any allow_any_name=true key_type=any no_store=false ext_key_usage=ClientAuth

# An intermediate below it, with an RSA key, in a mount that was moved.
pkictl secrets enable -path=before -max-lease-ttl=876000h pki > out
field csr before/intermediate/generate/internal common_name='Golden Intermediate' \
    key_type=rsa key_name=inter-key > inter.csr
field certificate pki/root/sign-intermediate csr=@inter.csr common_name='Golden Intermediate' \
    ttl=600000h > inter.pem
write before/intermediate/set-signed certificate=@inter.pem
write before/roles/web allow_any_name=true key_type=ec ttl=400000h max_ttl=400000h
pkictl secrets move before int > out

# Certificates, of which some are revoked, one on no CRL yet and one short-lived.
for mount in pki int; do
    for number in 1 2 3 4; do
        field serial_number $mount/issue/web common_name=a$number.example.com > serial$number
    done
    write $mount/revoke serial_number="$(cat serial1)"
    write $mount/revoke serial_number="$(cat serial2)"
    pkictl read $mount/cert/crl > out
    write $mount/revoke serial_number="$(cat serial3)"
    write $mount/issue/web common_name=short.example.com ttl=1s
done

# One file, without a log.
pkictl read pki/roles/web > out
rm -rf "${here:?}/$name"
mkdir "$here/$name"
python3 - "$work/store/pki.db" "$here/$name/pki.db" <<'PYTHON'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("VACUUM INTO ?", (sys.argv[2],))
PYTHON
cp "$work/store/seal.key" "$here/$name/seal.key"
chmod 644 "$here/$name"/*
