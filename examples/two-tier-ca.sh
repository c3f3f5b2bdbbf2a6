#!/bin/sh
# A root, an intermediate below it, a role, and a certificate for blah.example.com.
#
#     two-tier-ca.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/common.sh"

say 'The root: an authority of its own, which will sign nothing but intermediates.'
pkictl secrets enable -max-lease-ttl=87600h pki
keep root.pem write -field=certificate pki/root/generate/internal \
    common_name='Example Root' ttl=87600h
pkictl write pki/config/urls \
    issuing_certificates=http://pki.example.com/root.crt \
    crl_distribution_points=http://pki.example.com/root.crl

say 'The intermediate: a second authority, whose key never leaves the store either.'
pkictl secrets enable -path=pki_int -max-lease-ttl=43800h pki
keep intermediate.csr write -field=csr pki_int/intermediate/generate/internal \
    common_name='Example Intermediate'
keep intermediate.pem write -field=certificate pki/root/sign-intermediate \
    csr=@intermediate.csr ttl=43800h
pkictl write pki_int/intermediate/set-signed certificate=@intermediate.pem
pkictl write pki_int/config/urls \
    issuing_certificates=http://pki.example.com/intermediate.crt \
    crl_distribution_points=http://pki.example.com/intermediate.crl

say 'A role: what may be issued, and for how long.'
pkictl write pki_int/roles/example-dot-com \
    allowed_domains=example.com allow_subdomains=true max_ttl=72h ttl=24h

say 'A certificate. Its private key is shown once and kept nowhere.'
pkictl write pki_int/issue/example-dot-com common_name=blah.example.com

say 'Another one, as files; and what is on record.'
keep blah.example.com.json write -format=json pki_int/issue/example-dot-com \
    common_name=blah.example.com
serial=$(sed -n 's/.*"serial_number": "\(.*\)".*/\1/p' blah.example.com.json)
keep blah.example.com.pem read -field=certificate "pki_int/cert/$serial"
pkictl list pki_int/certs

say "Done. Everything is in $PWD."
