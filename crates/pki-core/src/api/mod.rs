//! What is derived from the declarations of paths: routing, parsing, help, completion, what
//! was meant.

pub mod complete;
pub mod endpoint;
pub mod help;
pub(crate) mod parts;
pub mod request;
pub(crate) mod router;
pub mod suggest;

pub use complete::Candidate;
pub use endpoint::{
    Accepted, Access, Answer, Command, Document, Done, Listing, Op, Patch, Path, Query, ReadCx,
    Reply, WriteCx,
};
pub use help::Help;
pub use parts::Parts;
pub use request::{Body, Lease, Operation, Request, Response};
