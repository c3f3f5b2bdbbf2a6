//! `roles` and `roles/:name`: what may be issued.

use crate::api::endpoint::{
    Access, Answer, Command, Done, Listing, Op, Patch, Path, Query, ReadCx, Reply, WriteCx,
};
use crate::api::request::Body;
use crate::ca::config;
use crate::ca::issuers;
use crate::ca::keys::is_default;
use crate::ca::tables::{ISSUERS_CONFIG, ROLES};
use crate::error::Error;
use crate::field::{Field, Fields, Input};
use crate::fields;
use crate::policy::role::Role;
use crate::store::View;

/// `roles`.
pub const LIST: Path = Path {
    patterns: &["roles"],
    access: Access::Token,
    synopsis: "List the roles.",
    description: "",
    ops: &[Op::list::<ListRoles>()],
};

/// `roles/:name`.
pub const PATH: Path = Path {
    patterns: &["roles/:name"],
    access: Access::Token,
    synopsis: "Write, read or delete a role.",
    description: "A role says which certificates may be issued under its name. Writing replaces the\nwhole role: what is not sent goes back to its default. Patching changes what is sent.",
    ops: &[
        Op::read::<ReadRole>(),
        Op::write::<WriteRole>().tolerating(&["backend"]),
        Op::patch::<WriteRole>().tolerating(&["backend"]),
        Op::delete::<DeleteRole>(),
    ],
};

fields! {
    /// Asks for the names of all roles.
    pub struct ListRoles {
        /// List only names after this one.
        after: String = "",
        /// List at most so many names; all when it is not positive.
        limit: i64 = "0",
    }
}

impl Query for ListRoles {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let after = Some(self.after.as_bytes()).filter(|after| !after.is_empty());
        let keys = cx.view.keys(&ROLES, &[], after, limit(self.limit))?;
        Ok(Listing { keys, key_info: None }.into())
    }
}

/// How many names a caller wants.
pub(crate) fn limit(sent: i64) -> usize {
    match usize::try_from(sent) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(limit) => limit,
    }
}

fields! {
    /// Asks for a role.
    pub struct ReadRole {
        /// Name of the role.
        name: String,
    }
}

/// A role as it is shown.
#[derive(Clone, Debug)]
pub struct RoleView(pub Role);

impl Answer for RoleView {
    const FIELDS: &'static [Field] = <Role as Fields>::FIELDS;

    /// What only Vault knows is shown where it says something, so that those who compare roles
    /// field by field with OpenBao's see no difference otherwise.
    fn into_body(self) -> Body {
        let mut fields = self.0.render();
        let usual = Role::default().render();
        for name in ["no_store_metadata", "serial_number_source"] {
            if fields.get(name) == usual.get(name) {
                fields.remove(name);
            }
        }
        // There are no tokens here, so it cannot be set; those who read roles expect it.
        fields.insert("allow_token_displayname".to_owned(), false.into());
        Body::Data(fields)
    }
}

impl Query for ReadRole {
    type Reply = RoleView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<RoleView>, Error> {
        let role = cx.view.get(&ROLES, &self.name)?;
        role.map(|role| RoleView(role).into()).ok_or(Error::Absent)
    }
}

fields! {
    /// Writes a role.
    pub struct WriteRole {
        ..role: Role,
        /// Name of the role.
        name: String,
    }
}

impl WriteRole {
    /// A role by name; [`WriteRole::role`] says what it allows.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl Command for WriteRole {
    type Reply = RoleView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<RoleView>, Error> {
        let (role, warnings) = self.role.clone().validated()?;
        let issuer = issuer_warning(&cx.tx, &role.issuer_ref)?;
        cx.tx.put(&ROLES, &self.name, &role);
        Ok(Reply::from(RoleView(role)).warn(issuer).warn(warnings))
    }
}

impl Patch for WriteRole {
    fn current(cx: &ReadCx<'_>, input: &Input) -> Result<Self, Error> {
        let ReadRole { name } = ReadRole::parse(input).map_err(Error::Fields)?;
        let role = cx.view.get(&ROLES, &name)?;
        let role = role.ok_or_else(|| Error::refused("Unable to fetch role entry to patch"))?;
        Ok(Self { role, name })
    }
}

/// A role may name an issuer that is not there yet.
fn issuer_warning(view: &View<'_>, reference: &str) -> Result<Option<String>, Error> {
    if is_default(reference) {
        let default = config::load(view, &ISSUERS_CONFIG)?.default;
        return Ok(default.is_none().then(|| {
            "Issuing Certificate was set to default, but no default issuing certificate (configurable at /config/issuers) is currently set".to_owned()
        }));
    }
    let found = issuers::resolve(view, reference)?;
    Ok(found.is_err().then(|| {
        format!("Issuing Certificate was set to {reference} but no issuing certificate currently has that name")
    }))
}

fields! {
    /// Deletes a role. Certificates issued under it stay valid.
    pub struct DeleteRole {
        /// Name of the role.
        name: String,
    }
}

impl Command for DeleteRole {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        cx.tx.delete(&ROLES, &self.name);
        Ok(Done.into())
    }
}

/// The role that a request for a certificate names.
pub(crate) fn load(view: &View<'_>, name: &str) -> Result<Role, Error> {
    view.get(&ROLES, &name.to_owned())?
        .ok_or_else(|| Error::refused(format!("unknown role: {name}")))
}
