#!/bin/sh
# What nginx needs to be a TLS server whose clients show certificates, and a client's files.
#
#     mtls-for-nginx.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/common.sh"
umask 077
mkdir -p nginx client

say 'An authority with P-256 keys, and a role for each side.'
pkictl secrets enable -max-lease-ttl=87600h pki
keep nginx/ca.pem write -field=certificate pki/root/generate/internal \
    common_name='Example Root' key_type=ec ttl=87600h
pkictl write pki/roles/servers \
    allowed_domains=example.com allow_subdomains=true \
    key_type=ec client_flag=false ttl=720h
pkictl write pki/roles/clients \
    allow_any_name=true enforce_hostnames=false \
    key_type=ec server_flag=false ttl=24h

say 'The server: certificate and key from one answer.'
keep server.json write -format=json pki/issue/servers common_name=www.example.com
serial=$(sed -n 's/.*"serial_number": "\(.*\)".*/\1/p' server.json)
keep nginx/server.pem read -field=certificate "pki/cert/$serial"
sed -n 's/.*"private_key": "\(.*\)".*/\1/p' server.json | sed 's/\\n/\
/g' > nginx/server.key
rm server.json

say 'The client: all in one file, as curl --cert takes it.'
keep client/alice.pem write -field=certificate pki/issue/clients \
    common_name=alice format=pem_bundle

say 'The CRL. nginx reads it when it is reloaded, so a timer should fetch it anew.'
keep nginx/ca.crl read -field=certificate pki/cert/crl

cat > nginx/mtls.conf <<'CONF'
server {
    listen 443 ssl;
    server_name www.example.com;
    ssl_certificate /etc/nginx/server.pem;
    ssl_certificate_key /etc/nginx/server.key;
    ssl_client_certificate /etc/nginx/ca.pem;
    ssl_crl /etc/nginx/ca.crl;
    ssl_verify_client on;
}
CONF

say "Copy $PWD/nginx to /etc/nginx, include mtls.conf, and reload nginx. Then:"
say 'curl --cacert nginx/ca.pem --cert client/alice.pem https://www.example.com/'
