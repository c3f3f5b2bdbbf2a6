//! A role: what its users may have.

use super::bound::{NotAfterBound, NotBeforeBound};
use super::names::CommonNameRule;
use super::network::Network;
use super::other_name::AllowedOtherNames;
use super::policy_identifier::PolicyIdentifiers;
use super::{Violation, Warning, key_spec, oid, usage};
use crate::field::Seconds;
use crate::fields;

fields! {
    /// A role as it is written, stored and read back. What is not sent has its default, also when
    /// an existing role is written again.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Role {
        /// Allow every name that is well-formed. Wildcards and host name syntax are still checked.
        allow_any_name: bool = "false",
        /// Allow the domains of `allowed_domains` themselves, and mailboxes directly in them.
        allow_bare_domains: bool = "false",
        /// Take `*` in `allowed_domains` as a pattern for any run of characters.
        allow_glob_domains: bool = "false",
        /// Keep `*` from identity data active when templates are filled in. Without effect here:
        /// templates are not filled in.
        allow_globs_in_identity_templates: bool = "false",
        /// Allow IP addresses as subject alternative names.
        allow_ip_sans: bool = "true",
        /// Allow `localhost` and `localdomain`.
        allow_localhost: bool = "true",
        /// Allow names below the domains of `allowed_domains`, wildcards included.
        allow_subdomains: bool = "false",
        /// Allow names with a `*`. Where this is false no other setting allows one.
        allow_wildcard_certificates: bool = "true",
        /// Domains that the `allow_…` settings speak of. Without entries no name is allowed
        /// through them.
        allowed_domains: Vec<String> = "",
        /// Fill in `{{identity…}}` in `allowed_domains`. Without effect here: there are no
        /// identities, so entries are taken literally.
        allowed_domains_template: bool = "false",
        /// Networks in which IP addresses must lie, as in `10.0.0.0/8`. Without entries every
        /// address is allowed that `allow_ip_sans` allows.
        allowed_ip_sans_cidr: Vec<String> = "",
        /// Other names that are allowed, each as `OID;UTF8:pattern`, or a single `*` for all.
        /// Without entries none is.
        allowed_other_sans: Vec<String> = "",
        /// Patterns for the serial number in the subject. Without entries none is allowed.
        allowed_serial_numbers: Vec<String> = "",
        /// Patterns for URIs as subject alternative names. Without entries none is allowed.
        allowed_uri_sans: Vec<String> = "",
        /// Fill in `{{identity…}}` in `allowed_uri_sans`. Without effect here, as for domains.
        allowed_uri_sans_template: bool = "false",
        /// Patterns for user ids in the subject. Without entries none is allowed.
        allowed_user_ids: Vec<String> = "",
        /// Add the Basic Constraints extension to certificates that are not for CAs.
        basic_constraints_valid_for_non_ca: bool = "false",
        /// Add the extended key usage for TLS clients.
        client_flag: bool = "true",
        /// What a common name may be: `email`, `hostname` or both, or `disabled` for anything.
        cn_validations: Vec<String> = "email,hostname",
        /// Add the extended key usage for signing code.
        code_signing_flag: bool = "false",
        /// Countries (C) in the subject.
        country: Vec<String> = "",
        /// Add the extended key usage for protecting e-mail.
        email_protection_flag: bool = "false",
        /// Refuse names that do not have the syntax of host names. For an address, this is about
        /// its domain.
        enforce_hostnames: bool = "true",
        /// Extended key usages by name, such as `TimeStamping`, in addition to the flags.
        ext_key_usage: Vec<String> = "",
        /// Extended key usages by object identifier.
        ext_key_usage_oids: Vec<String> = "",
        /// Attach a lease to what is issued. Off wherever `no_store` is on.
        generate_lease: bool = "false",
        /// Issuer that signs: its name, its identifier or `default`.
        issuer_ref: String = "default",
        /// Size of keys: made in it, taken from CSRs in it or above. 0 is the default of the type.
        key_bits: i64 = "0",
        /// Type of keys: `rsa`, `ec`, `ed25519`, `mldsa` or `any`.
        key_type: String = "rsa",
        /// Key usages by name. An empty list leaves the extension out.
        key_usage: Vec<String> = "DigitalSignature,KeyAgreement,KeyEncipherment",
        /// Localities (L) in the subject.
        locality: Vec<String> = "",
        /// Longest lifetime. The mount decides when zero.
        max_ttl: Seconds = "0",
        /// Do not keep what is issued. It can then be revoked only with the certificate at hand.
        no_store: bool = "false",
        /// Do not keep the metadata of what is issued. Without effect here: there is none.
        no_store_metadata: bool = "false",
        /// End of every certificate, as an RFC 3339 moment. Overrides what a request says.
        not_after: String = "",
        /// Bound for the end of certificates: `permit`, `ttl-limited`, `forbid` or an RFC 3339
        /// moment.
        not_after_bound: String = "permit",
        /// Beginning of every certificate, as an RFC 3339 moment. Overrides what a request says.
        not_before: String = "",
        /// Bound for the beginning of certificates: `permit`, `duration` or `forbid`.
        not_before_bound: String = "permit",
        /// How far the beginning of certificates lies in the past. Zero acts as 30 seconds.
        not_before_duration: Seconds = "30",
        /// Organizations (O) in the subject.
        organization: Vec<String> = "",
        /// Organizational units (OU) in the subject.
        ou: Vec<String> = "",
        /// Certificate policies: object identifiers, or a JSON list of objects with `oid` and
        /// perhaps `cps` and `notice`.
        policy_identifiers: PolicyIdentifiers = "",
        /// Postal codes in the subject.
        postal_code: Vec<String> = "",
        /// States or provinces (ST) in the subject.
        province: Vec<String> = "",
        /// Refuse requests without a common name.
        require_cn: bool = "true",
        /// Where a serial number in the subject may come from when signing: `json-csr` for the
        /// request or the CSR, `json` for the request only.
        serial_number_source: String = "json-csr",
        /// Add the extended key usage for TLS servers.
        server_flag: bool = "true",
        /// Size of the hash in signatures: 256, 384 or 512. Anything else leaves the choice to the
        /// issuer's key.
        signature_bits: i64 = "0",
        /// Street addresses in the subject.
        street_address: Vec<String> = "",
        /// Lifetime when a request does not say. The mount decides when zero.
        ttl: Seconds = "0",
        /// When signing, take the common name from the CSR.
        use_csr_common_name: bool = "true",
        /// When signing, take the subject alternative names from the CSR.
        use_csr_sans: bool = "true",
        /// Sign with RSA-PSS where the issuer's key is RSA.
        use_pss: bool = "false",
    }
}

/// Where a serial number in the subject may come from when signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SerialNumberSource {
    /// The request, or else the CSR.
    RequestOrCsr,
    /// The request only.
    Request,
}

impl Role {
    /// The role as it is to be kept: defaults that depend on other settings are filled in, and
    /// every text has its one form.
    ///
    /// # Errors
    ///
    /// The first setting that is wrong.
    pub fn validated(mut self) -> Result<(Self, Vec<Warning>), Violation> {
        AllowedOtherNames::parse(&self.allowed_other_sans)?;
        self.allowed_ip_sans_cidr =
            self.allowed_networks()?.iter().map(Network::to_string).collect();
        NotAfterBound::parse(&self.not_after_bound)?;
        NotBeforeBound::parse(&self.not_before_bound)?;
        let mut warnings: Vec<Warning> = self.settle_lease().into_iter().collect();
        if self.max_ttl.given().is_some_and(|max| max < self.ttl.0) {
            return Err(Violation::TtlOverMaxTtl);
        }
        self.settle_key()?;
        if let Some(wrong) = self.ext_key_usage_oids.iter().find(|text| oid::parse(text).is_none())
        {
            return Err(Violation::ExtKeyUsageOid(wrong.clone()));
        }
        self.policy_identifiers = self.policy_identifiers.canonical()?;
        self.settle_words();
        CommonNameRule::parse(&self.cn_validations)?;
        self.serial_number_source()?;
        warnings.extend(usage::unknown_names(&self.key_usage, &self.ext_key_usage));
        Ok((self, warnings))
    }

    fn settle_lease(&mut self) -> Option<Warning> {
        match (self.no_store, self.generate_lease) {
            (_, false) => None,
            (false, true) => Some(Warning::GenerateLease),
            (true, true) => {
                self.generate_lease = false;
                Some(Warning::NoStoreWins)
            }
        }
    }

    /// Fills in the size and replaces longer words for the type. What says nothing about a size
    /// keeps whatever was sent for it.
    fn settle_key(&mut self) -> Result<(), Violation> {
        if self.key_type == "any" {
            return Ok(());
        }
        let spec = key_spec(&self.key_type, self.key_bits)?;
        spec.type_name().clone_into(&mut self.key_type);
        if 0 < spec.bits() {
            self.key_bits = spec.bits().into();
        }
        Ok(())
    }

    fn settle_words(&mut self) {
        for (word, default) in
            [(&mut self.issuer_ref, "default"), (&mut self.serial_number_source, "json-csr")]
        {
            if word.is_empty() {
                default.clone_into(word);
            }
        }
        if self.cn_validations.is_empty() {
            self.cn_validations = vec!["email".to_owned(), "hostname".to_owned()];
        }
        for word in &mut self.cn_validations {
            *word = word.to_lowercase();
        }
    }

    /// The networks of `allowed_ip_sans_cidr`.
    ///
    /// # Errors
    ///
    /// [`Violation::AllowedIpSansCidr`] for the first that is none.
    pub fn allowed_networks(&self) -> Result<Vec<Network>, Violation> {
        let parse = |text: &String| {
            Network::parse(text).ok_or_else(|| Violation::AllowedIpSansCidr(text.clone()))
        };
        self.allowed_ip_sans_cidr.iter().map(parse).collect()
    }

    /// How many seconds certificates are backdated.
    pub fn backdate_seconds(&self) -> i64 {
        self.not_before_duration.given().unwrap_or(super::validity::DEFAULT_BACKDATE)
    }

    /// Where a serial number in the subject may come from when signing.
    ///
    /// # Errors
    ///
    /// [`Violation::UnknownSerialNumberSource`].
    pub fn serial_number_source(&self) -> Result<SerialNumberSource, Violation> {
        match self.serial_number_source.as_str() {
            "json-csr" => Ok(SerialNumberSource::RequestOrCsr),
            "json" => Ok(SerialNumberSource::Request),
            _ => Err(Violation::UnknownSerialNumberSource),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::Role;
    use crate::field::{Fields as _, Input};

    /// A role from what a caller would type.
    pub(crate) fn role(settings: &[(&str, &str)]) -> Role {
        let settings = settings.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text)));
        Role::parse(&settings.collect::<Input>()).unwrap()
    }
}
