//! `sys/remount`: moving a mount, and asking how that went.

use serde_json::json;

use super::mount::{find, is_plain, is_reserved, normal, overlapping};
use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::keys::random_uuid;
use crate::ca::tables::{MIGRATIONS, MOUNTS};
use crate::error::Error;
use crate::field::Input;
use crate::fields;
use crate::system::mount::{Migration, Mount};

/// The path.
pub const PATH: Path = Path {
    patterns: &["remount"],
    access: Access::Sudo,
    synopsis: "Move a mount to another path.",
    description: "What the mount holds moves with it. Leases keep the name they were given.",
    ops: &[Op::write::<Remount>()],
};

/// The path of a move.
pub const STATUS: Path = Path {
    patterns: &["remount/status/:migration_id"],
    access: Access::Token,
    synopsis: "Ask how a move went.",
    description: "A move is done when the request that asked for it is answered.",
    ops: &[Op::read::<ReadMigration>()],
};

fields! {
    /// Moves a mount.
    pub struct Remount {
        /// Where it is mounted.
        from: String,
        /// Where it is to be.
        to: String,
    }
}

fields! {
    /// A move.
    pub struct Started {
        /// What to ask for it by.
        migration_id: String,
    }
}

impl Command for Remount {
    type Reply = Started;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Started>, Error> {
        let (from, to) = (normal(&self.from), normal(&self.to));
        if is_reserved(to) || !is_plain(to) {
            return Err(Error::refused(format!("cannot remount to destination {to}/")));
        }
        let mount = find(&cx.tx, from)?
            .ok_or_else(|| Error::refused(format!("no matching mount at \"{from}/\"")))?;
        if let Some(taken) = overlapping(&cx.tx, to)? {
            return Err(Error::refused(format!("path already in use at \"{taken}/\"")));
        }
        cx.tx.delete(&MOUNTS, &mount.path);
        let moved = Mount { path: to.to_owned(), ..mount };
        cx.tx.insert(&MOUNTS, &moved.path, &moved);
        let migration_id = random_uuid(cx).to_string();
        let migration = Migration { from: format!("{from}/"), to: format!("{to}/") };
        cx.tx.put(&MIGRATIONS, &migration_id, &migration);
        Ok(Started { migration_id }.into())
    }
}

fields! {
    /// Asks for a move.
    pub struct ReadMigration {
        /// What it was called.
        migration_id: String,
    }
}

fields! {
    /// How a move went.
    pub struct MigrationStatus {
        /// What it is called.
        migration_id: String,
        /// From where, to where, and how it went.
        migration_info: Input,
    }
}

impl Query for ReadMigration {
    type Reply = MigrationStatus;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<MigrationStatus>, Error> {
        let Migration { from, to } =
            cx.view.get(&MIGRATIONS, &self.migration_id)?.ok_or(Error::Absent)?;
        let info = json!({ "source_mount": from, "target_mount": to, "status": "success" });
        let migration_info = info.as_object().cloned().unwrap_or_default();
        Ok(MigrationStatus { migration_id: self.migration_id.clone(), migration_info }.into())
    }
}
