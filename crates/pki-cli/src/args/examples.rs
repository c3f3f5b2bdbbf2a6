//! What to type, for those who read the end of a help first.

pub(super) const READ: &str = "Examples:
  $ pkictl read pki/roles/web
  $ pkictl read -field=certificate pki/issuer/default
  $ pkictl read -format=raw pki/crl > crl.der";

pub(super) const WRITE: &str = "Examples:
  $ pkictl write pki/root/generate/internal common_name='My Root' ttl=87600h
  $ pkictl write pki/roles/web allowed_domains=example.com allow_subdomains=true
  $ pkictl write pki/issue/web common_name=www.example.com
  $ pkictl write pki/sign/web csr=@www.csr
  $ pkictl write pki/tidy tidy_cert_store=true tidy_revoked_certs=true";

pub(super) const LIST: &str = "Examples:
  $ pkictl list -detailed pki/issuers
  $ pkictl list -limit=50 -after=LAST pki/certs";

pub(super) const PATCH: &str = "Example:
  $ pkictl patch pki/roles/web max_ttl=72h";

pub(super) const BATCH: &str = "Examples:
  $ pkictl batch -in=hosts.csv -check pki/issue/web
  $ pkictl batch -in=hosts.csv -out=certificates pki/issue/web
  $ pkictl batch -in=hosts.csv -out=certificates -resume pki/issue/web";

pub(super) const PATH_HELP: &str = "Examples:
  $ pkictl path-help pki
  $ pkictl path-help pki/roles/web";

pub(super) const COMPLETION: &str = "Examples:
  $ source <(pkictl completion bash)
  $ pkictl completion fish | source";

pub(super) const ENABLE: &str = "Examples:
  $ pkictl secrets enable pki
  $ pkictl secrets enable -path=pki_int -max-lease-ttl=43800h pki";

pub(super) const TUNE: &str = "Example:
  $ pkictl secrets tune -max-lease-ttl=87600h pki";

pub(super) const LEASE_REVOKE: &str = "Examples:
  $ pkictl lease revoke pki/issue/web/2f6a614c
  $ pkictl lease revoke -prefix pki/issue/web";

pub(super) const MAINTAIN: &str = "Examples:
  $ pkictl maintain
  $ pkictl maintain -within=24h -format=json pki pki_int";

pub(super) const HEALTH_CHECK: &str = "Examples:
  $ pkictl pki health-check pki
  $ pkictl pki health-check -health-config=checks.json -return-indicator=critical pki";

pub(super) const PKI_ISSUE: &str = "Example:
  $ pkictl pki issue -issuer_name=int pki/issuer/root pki_int common_name='My CA' ttl=43800h";

pub(super) const PKI_REISSUE: &str = "Example:
  $ pkictl pki reissue -type=existing pki/issuer/root pki_int/issuer/int pki_int ttl=43800h";

pub(super) const VERIFY_SIGN: &str = "Example:
  $ pkictl pki verify-sign pki/issuer/root pki_int/issuer/int";

pub(super) const LIST_INTERMEDIATES: &str = "Examples:
  $ pkictl pki list-intermediates pki/issuer/root
  $ pkictl pki list-intermediates -use_names -direct_sign=false pki/issuer/root pki_int";

pub(super) const PKI_FIND: &str = "Examples:
  $ pkictl pki find -where='not_after<30d' -where=state=valid pki
  $ pkictl pki find -where='san=*.eu.example.com' -format=json pki";

pub(super) const PKI_REVOKE: &str = "Examples:
  $ pkictl pki revoke -where=role=web -where='not_before>2026-03-01T00:00:00Z' pki
  $ pkictl pki revoke -where=role=web -expect=1204 -reason=keyCompromise pki
  $ pkictl pki revoke -where=serial=@stolen.txt -expect=17 pki";

pub(super) const REVOKE: &str = "Examples:
  $ pkictl revoke -where=role=web -where='not_before>2026-03-01T00:00:00Z' pki
  $ pkictl revoke -where=role=web -expect=1204 -reason=keyCompromise pki
  $ pkictl revoke -where=serial=- -expect=17 pki < stolen.txt";

pub(super) const STORE_CHECK: &str = "Examples:
  $ pkictl store check
  $ pkictl store check -repair -format=json";

pub(super) const STORE_BACKUP: &str = "Example:
  $ pkictl store backup /backup/ca-$(date +%F).db";

pub(super) const STORE_RESTORE: &str = "Example:
  $ pkictl store restore /backup/ca-2026-01-31.db";

pub(super) const STORE_REKEY: &str = "Examples:
  $ pkictl store rekey -to=keyfile
  $ pkictl store rekey -to=keyfile -key-file=/run/keys/seal.key
  $ pkictl store rekey -to=passphrase -passphrase-file=new.txt";
