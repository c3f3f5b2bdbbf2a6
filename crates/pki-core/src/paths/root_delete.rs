//! `root`: all issuers and keys of the mount, to be deleted.

use crate::api::endpoint::{Access, Command, Done, Op, Path, Reply, WriteCx};
use crate::ca::tables::{ISSUER_NAMES, ISSUERS, ISSUERS_CONFIG, KEY_NAMES, KEYS, KEYS_CONFIG};
use crate::error::Error;
use crate::fields;

/// `root`.
pub const PATH: Path = Path {
    patterns: &["root"],
    access: Access::Sudo,
    synopsis: "Delete all issuers and keys of the mount.",
    description: "Roles and certificates stay. Nothing brings the keys back.",
    ops: &[Op::delete::<DeleteRoot>()],
};

fields! {
    /// Deletes all issuers and keys.
    pub struct DeleteRoot {}
}

impl Command for DeleteRoot {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        crate::ca::crls::all_issuers_deleted(&mut cx.tx)?;
        cx.tx.delete_all(&ISSUERS, &[]);
        cx.tx.delete_all(&ISSUER_NAMES, &[]);
        cx.tx.delete_all(&KEYS, &[]);
        cx.tx.delete_all(&KEY_NAMES, &[]);
        cx.tx.delete_all(&ISSUERS_CONFIG, &[]);
        cx.tx.delete_all(&KEYS_CONFIG, &[]);
        Ok(Reply::from(Done).warn(["DELETE /root deletes all keys and issuers; prefer the new DELETE /key/:key_ref and DELETE /issuer/:issuer_ref for finer granularity, unless removal of all keys and issuers is desired."]))
    }
}
