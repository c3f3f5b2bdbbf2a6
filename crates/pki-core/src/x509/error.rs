//! Why something could not be read.

use crate::crypto::asn1::Malformed;
use crate::crypto::error::KeyError;

/// Why a text or its octets are not a certificate, a request or a CRL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is no PEM block.
    #[error("no PEM data found")]
    NoData,
    /// The octets are something else, for this reason.
    #[error("{0}")]
    Parse(String),
}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        Self::Parse(malformed.to_string())
    }
}

impl From<KeyError> for ReadError {
    fn from(error: KeyError) -> Self {
        // Clients know this one text from Go.
        match error {
            KeyError::UnsupportedCurve => {
                Self::Parse("x509: unsupported elliptic curve".to_owned())
            }
            KeyError::Malformed(_) => Self::Parse(error.to_string()),
        }
    }
}
