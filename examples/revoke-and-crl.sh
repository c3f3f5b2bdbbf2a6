#!/bin/sh
# Two certificates, of which one is revoked; the CRL; and tidying up.
#
#     revoke-and-crl.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/common.sh"

say 'An authority, a role, and two certificates.'
pkictl secrets enable pki
keep root.pem write -field=certificate pki/root/generate/internal \
    common_name='Example Root' key_type=ec
pkictl write pki/roles/web allow_any_name=true key_type=ec ttl=24h
keep good.serial write -field=serial_number pki/issue/web common_name=good.example.com
keep lost.serial write -field=serial_number pki/issue/web common_name=lost.example.com
keep good.pem read -field=certificate "pki/cert/$(cat good.serial)"
keep lost.pem read -field=certificate "pki/cert/$(cat lost.serial)"

say 'The key of one was lost: it is revoked, with the reason.'
pkictl write pki/revoke serial_number="$(cat lost.serial)" reason=keyCompromise
pkictl list pki/certs/revoked

say 'Whoever reads the CRL next finds it there.'
keep root.crl read -format=raw pki/crl/pem

say 'A CRL can be made anew at any time, for instance before it ends.'
pkictl write pki/config/crl expiry=24h
pkictl read pki/crl/rotate
keep root.crl read -format=raw pki/crl/pem

say 'Certificates that have ended are forgotten when you say so.'
pkictl write pki/tidy tidy_cert_store=true tidy_revoked_certs=true safety_buffer=72h
pkictl read -field=state pki/tidy-status

say "Done. Everything is in $PWD."
