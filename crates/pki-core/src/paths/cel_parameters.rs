//! What `cel/issue` and `cel/sign` are asked with: some parameters that are declared, and any
//! others, since only the program knows what it looks at.

use std::fmt;

use crate::api::request::wipe;
use crate::error::Error;
use crate::field::{Field, FieldError, Fields, Input, Seconds};
use crate::fields;
use crate::policy::Violation;

fields! {
    /// What both are asked with. All but the last is for the program to look at.
    #[derive(Clone, Debug)]
    pub struct CelParameters {
        /// Name of the CEL role whose program decides.
        role: String,
        /// For the program to look at: the lifetime.
        ttl: Option<Seconds>,
        /// For the program to look at: when the certificate is to end, as an RFC 3339 moment.
        not_after: Option<String>,
        /// For the program to look at: when it is to begin, as an RFC 3339 moment.
        not_before: Option<String>,
        /// For the program to look at: how far the beginning lies before now.
        not_before_duration: Seconds = "30",
        /// For the program to look at: the size of the hash that is signed.
        signature_bits: i64 = "0",
        /// For the program to look at: whether an RSA issuer signs with PSS.
        use_pss: bool = "false",
        /// Whether self-signed certificates are left out of the chain.
        remove_roots_from_chain: bool = "false",
    }
}

impl CelParameters {
    /// Refuses two ends at once.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let has_ttl = self.ttl.and_then(Seconds::given).is_some();
        let has_end = self.not_after.as_ref().is_some_and(|end| !end.is_empty());
        if has_ttl && has_end { Err(Violation::TtlAndNotAfter.into()) } else { Ok(()) }
    }
}

/// Declared parameters, and all that were sent, as they were.
#[derive(Clone, Default)]
pub struct AllOf<T> {
    /// The declared ones.
    pub declared: T,
    /// All, by name. They may hold secrets, and do not stay in memory.
    pub request: Input,
}

impl<T> Drop for AllOf<T> {
    fn drop(&mut self) {
        self.request.iter_mut().for_each(|(_, value)| wipe(value));
    }
}

/// Only names are shown.
impl<T> fmt::Debug for AllOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.request.keys()).finish()
    }
}

impl<T: Fields> Fields for AllOf<T> {
    const FIELDS: &'static [Field] = T::FIELDS;

    fn parse(input: &Input) -> Result<Self, Vec<FieldError>> {
        Ok(Self { declared: T::parse(input)?, request: input.clone() })
    }

    fn render(&self) -> Input {
        self.request.clone()
    }
}
