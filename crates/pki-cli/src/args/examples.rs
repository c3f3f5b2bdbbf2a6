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
  $ pkictl write -f pki/crl/rotate";

pub(super) const LIST: &str = "Examples:
  $ pkictl list -detailed pki/issuers
  $ pkictl list -limit=50 -after=LAST pki/certs";

pub(super) const PATCH: &str = "Example:
  $ pkictl patch pki/roles/web max_ttl=72h";

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
