//! Certificate policies.

use crate::crypto::asn1::{Writer, tag};
use crate::x509::oid::{self, ObjectIdentifier};

/// A certificate policy with its qualifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInformation {
    /// The policy.
    pub oid: ObjectIdentifier,
    /// Where the certification practice statement is.
    pub cps: Option<String>,
    /// A text to show.
    pub notice: Option<String>,
}

impl PolicyInformation {
    pub(super) fn write(&self, w: &mut Writer) {
        let Self { oid, cps, notice } = self;
        w.sequence(|w| {
            w.oid(oid);
            if cps.is_none() && notice.is_none() {
                return;
            }
            w.sequence(|w| {
                if let Some(cps) = cps {
                    w.sequence(|w| {
                        w.oid(&oid::CPS);
                        w.primitive(tag::IA5_STRING, cps.as_bytes());
                    });
                }
                if let Some(notice) = notice {
                    w.sequence(|w| {
                        w.oid(&oid::USER_NOTICE);
                        w.sequence(|w| w.primitive(tag::UTF8_STRING, notice.as_bytes()));
                    });
                }
            });
        });
    }
}
