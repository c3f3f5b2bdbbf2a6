#!/bin/sh
# A certificate for each row of a table, and all of them revoked again.
#
#     many-hosts.sh [DIRECTORY]
set -eu
table=$(cd "$(dirname "$0")" && pwd)/hosts.csv
. "$(dirname "$0")/common.sh"

say 'An authority, and a role.'
pkictl secrets enable pki
keep root.pem write -field=certificate pki/root/generate/internal \
    common_name='Example Root' key_type=ec
pkictl write pki/roles/hosts allowed_domains=example.com allow_subdomains=true \
    allow_bare_domains=true key_type=ec ttl=24h

say 'The table is checked: names of columns, types, and what the role allows.'
pkictl batch -in="$table" -check pki/issue/hosts

say 'Each row becomes a file with key, certificate and chain.'
pkictl batch -in="$table" -out=hosts pki/issue/hosts

say 'A second run has nothing left to do; one that was stopped would go on.'
pkictl batch -in="$table" -out=hosts -resume pki/issue/hosts

say 'Which certificates end within thirteen hours?'
pkictl pki find -where='not_after<13h' pki

say 'The network is renumbered. What has an address of the old one is revoked.'
pkictl pki revoke -where='san=192.0.2.*' pki
pkictl pki revoke -where='san=192.0.2.*' -expect=2 -reason=superseded pki
keep root.crl read -format=raw pki/crl/pem
