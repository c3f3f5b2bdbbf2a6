//! Which parameter of a request a violation is about.

use super::Violation;

impl Violation {
    /// The parameters of a request for a leaf that can be at fault, the likeliest first. None
    /// where it is the role, the issuer, or the request as a whole.
    pub fn parameters(&self) -> &'static [&'static str] {
        match self {
            Self::UnknownKeyType(_) | Self::SlhDsa(_) | Self::AnyKeyType | Self::KeyTypeMissing => {
                &["key_type"]
            }
            Self::KeyOfRequest(inner) => inner.parameters(),
            Self::SmallRsa(_) | Self::RsaBits(_) | Self::EcBits(_) | Self::MlDsaBits(_) => {
                &["key_bits"]
            }
            Self::CsrKeyType(_)
            | Self::CsrKeyBits { .. }
            | Self::CsrSmallRsa
            | Self::CsrUnknownKey => &["csr"],
            Self::CommonNameMissing => &["common_name"],
            Self::CommonName(_) => &["common_name", "csr"],
            Self::Idna(_)
            | Self::AltName(_)
            | Self::DnsName(_)
            | Self::Email(_)
            | Self::NotIa5(_)
            | Self::NameNotPermitted { .. }
            | Self::NameExcluded { .. }
            | Self::NameWithoutDomain { .. }
            | Self::TooManyAltNames(_)
            | Self::TooManyNames { .. } => {
                &["alt_names", "common_name", "ip_sans", "uri_sans", "user_ids", "csr"]
            }
            Self::SerialNumber(_) => &["serial_number", "csr"],
            Self::RequestedOtherSan(_)
            | Self::OtherSanOid(_)
            | Self::OtherSanValue { .. }
            | Self::OtherSanNotAnOid(_) => &["other_sans", "csr"],
            Self::IpSans(_) | Self::Ip(_) => &["ip_sans", "alt_names", "common_name", "csr"],
            Self::NotAnIp(_) => &["ip_sans"],
            Self::UriSans(_) | Self::Uri(_) | Self::NotAUri(_) => &["uri_sans", "csr"],
            Self::UserId(_) => &["user_ids", "csr"],
            Self::TtlAndNotAfter => &["not_after", "ttl"],
            Self::NotAfterForbidden
            | Self::NotAfterBeyondTtl { .. }
            | Self::NotAfterBeyondBound { .. }
            | Self::Moment(_) => &["not_after", "not_before"],
            Self::NotAfterBeyondIssuer { .. } => &["not_after", "ttl"],
            Self::NotBeforeForbidden | Self::NotBeforeTooOld { .. } => &["not_before"],
            Self::EndsBeforeItBegins { .. } | Self::EndsAsItBegins(_) => {
                &["not_before", "not_after", "ttl"]
            }
            Self::TtlOverMaxTtl
            | Self::AllowedOtherSans(_)
            | Self::AllowedIpSansCidr(_)
            | Self::ExtKeyUsageOid(_)
            | Self::UnknownCnValidation(_)
            | Self::RepeatedCnValidation(_)
            | Self::DisabledCnValidation
            | Self::NotAPolicy(_)
            | Self::PolicyWithoutOid(_)
            | Self::PolicyStatement(_)
            | Self::UnknownNotAfterBound
            | Self::UnknownNotBeforeBound
            | Self::UnknownSerialNumberSource
            | Self::UnknownBehavior
            | Self::SignatureBits(_)
            | Self::UncheckedKind { .. }
            | Self::UnreadableConstraints { .. }
            | Self::UnreadableNames(_)
            | Self::PathTooLong { .. }
            | Self::PathLength { .. } => &[],
        }
    }
}
