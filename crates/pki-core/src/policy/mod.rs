//! Who may have what: pure decisions about names, keys, usages and validity.
//!
//! A request is decided here and carried out elsewhere. Nothing reads a clock or a store; what a
//! decision needs is an argument, what it finds is a value or a [`Violation`]. Leaves under a role,
//! verbatim signing and CA certificates are three deciders, not one role that allows everything.
//!
//! Whatever the source of a name, parameter or CSR, the same function decides about it.

pub mod bound;
pub mod cel;
pub mod constraints;
pub mod decide;
pub mod glob;
pub mod idna;
pub mod key;
pub mod names;
pub mod network;
pub mod oid;
pub mod other_name;
mod parameter;
pub mod policy_identifier;
pub mod role;
pub mod sans;
pub mod selector;
pub mod subject;
pub mod subtree;
pub mod uri;
pub mod usage;
pub mod validity;
pub mod violation;
pub mod warning;

pub use bound::{Behavior, NotAfterBound, NotBeforeBound};
pub use constraints::NamesOf;
pub use decide::{
    ApprovedNames, CaSubject, CsrNames, NameRequest, names_and_validity, names_for_ca,
    names_for_issue, names_for_sign, names_for_verbatim, with_other_names,
};
pub use key::{KeyPolicy, csr_key_allowed, issue_key, key_spec};
pub use policy_identifier::PolicyIdentifiers;
pub use role::Role;
pub use selector::Selector;
pub use subject::user_ids_allowed;
pub use validity::{
    IssuerLimits, MountTtls, NotBefore, Validity, ValidityRequest, for_csr, for_intermediate,
    for_leaf, for_root, for_verbatim,
};
pub use violation::Violation;
pub use warning::Warning;
