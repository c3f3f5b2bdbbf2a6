//! What a request can fail with: data from every layer, and one rule for how to react.

use pki_store::StoreError;

use crate::crypto::error::CryptoError;
use crate::domain::time::NotATimestamp;
use crate::field::FieldError;
use crate::policy::Violation;
use crate::policy::cel::CelError;
use crate::seal::SealError;
use crate::x509::general_name::EncodeError;
use crate::x509::lint::{Finding, SignError};

/// How a caller should react, whatever the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Change the request (400).
    InvalidRequest,
    /// Someone else must ask (403).
    PermissionDenied,
    /// No such path or record (404).
    NotFound,
    /// The path does not do that (405).
    Unsupported,
    /// Try again later (503).
    Unavailable,
    /// Not the caller's fault, or, where clients depend on it, something the caller named is
    /// not there (500).
    Internal,
}

impl ErrorClass {
    /// The HTTP status that Vault answers with.
    pub fn http_status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::Unsupported => 405,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no mount that the path lies in.
    #[error("no handler for route \"{0}\". route entry not found.")]
    NoMount(String),
    /// The mount has no such path.
    #[error("unsupported path")]
    UnsupportedPath,
    /// The path is there, but does not do that.
    #[error("unsupported operation")]
    UnsupportedOperation,
    /// There is no such record; a plain "no value".
    #[error("not found")]
    Absent,
    /// Parameters that do not have their types.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Fields(Vec<FieldError>),
    /// A role, or the rules for all certificates, do not allow it.
    #[error(transparent)]
    Policy(#[from] Violation),
    /// A policy in CEL cannot be kept, or does not allow it.
    #[error(transparent)]
    Cel(#[from] CelError),
    /// The request cannot be carried out as it stands.
    #[error("{0}")]
    Refused(String),
    /// A text, or its beginning, names no certificate, since it is no serial number.
    #[error("certificate with serial {0} not found.")]
    NotASerial(String),
    /// An issuer or key that a read names is not there; clients know this as a 500.
    #[error("{0}")]
    Unresolved(String),
    /// What was about to be signed breaks a rule of RFC 5280.
    #[error("refusing to sign: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lint(Vec<Finding>),
    /// A text that a certificate cannot hold.
    #[error("unable to create certificate: {0}")]
    Encode(#[from] EncodeError),
    /// Something could not be signed.
    #[error("unable to create certificate: {0}")]
    Sign(#[from] SignError),
    /// A key could not be made or used.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// A CRL is due and cannot be built; the one before it would be stale.
    #[error("{0}")]
    CrlNotBuilt(String),
    /// The private keys of the store cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A stored record cannot be read.
    #[error("a record in table {0} is damaged")]
    DamagedRecord(&'static str),
    /// A stored record was written by a newer program.
    #[error("a record in table {0} has format {1}, which is newer than this program")]
    RecordTooNew(&'static str, u8),
    /// Other writers were always faster.
    #[error("gave up after {0} attempts: other writers kept changing the same records")]
    Contended(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A refusal in the words of the reference.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// How to react.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NoMount(_) | Self::UnsupportedPath | Self::Absent => ErrorClass::NotFound,
            Self::UnsupportedOperation => ErrorClass::Unsupported,
            Self::Fields(_)
            | Self::Policy(_)
            | Self::Cel(_)
            | Self::Refused(_)
            | Self::NotASerial(_)
            | Self::Lint(_)
            | Self::Encode(_)
            | Self::Sign(SignError::Unreadable(_))
            | Self::Crypto(CryptoError::Unsupported(_)) => ErrorClass::InvalidRequest,
            Self::Seal(_) | Self::Contended(_) => ErrorClass::Unavailable,
            Self::Store(StoreError::Busy { .. } | StoreError::Conflict { .. }) => {
                ErrorClass::Unavailable
            }
            Self::Unresolved(_)
            | Self::Sign(_)
            | Self::Crypto(_)
            | Self::CrlNotBuilt(_)
            | Self::DamagedRecord(_)
            | Self::RecordTooNew(..)
            | Self::Store(_) => ErrorClass::Internal,
        }
    }

    /// What may help the caller and is no part of the message, since clients know that.
    /// It repeats nothing of what was sent: that may be what was meant for another place.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotASerial(_) => Some(
                "that is not a serial number, which is written as hexadecimal octets with colons \
                 or hyphens between them, such as 17:ab:03",
            ),
            _ => None,
        }
    }

    /// What to show, one message an element; none for a plain "not found". Where the reference
    /// wraps a message in a list of one, so does this.
    pub fn messages(&self) -> Vec<String> {
        match self {
            Self::Absent => Vec::new(),
            Self::Fields(errors) => errors.iter().map(ToString::to_string).collect(),
            Self::UnsupportedPath | Self::UnsupportedOperation | Self::Unresolved(_) => {
                vec![format!("1 error occurred:\n\t* {self}\n\n")]
            }
            _ => vec![self.to_string()],
        }
    }
}

impl From<NotATimestamp> for Error {
    fn from(problem: NotATimestamp) -> Self {
        Self::Refused(problem.to_string())
    }
}
