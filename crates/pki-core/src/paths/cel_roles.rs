//! `cel/roles` and `cel/roles/:name`: what may be issued, as programs.

use serde_json::{Map, Value};

use super::roles::limit;
use crate::api::endpoint::{
    Access, Command, Done, Listing, Op, Patch, Path, Query, ReadCx, Reply, WriteCx,
};
use crate::ca::tables::CEL_ROLES;
use crate::error::Error;
use crate::field::{Fields as _, Input};
use crate::fields;
use crate::policy::cel::Program;
use crate::store::View;

/// `cel/roles`.
pub const LIST: Path = Path {
    patterns: &["cel/roles"],
    access: Access::Token,
    synopsis: "List the CEL roles.",
    description: "",
    ops: &[Op::list::<ListCelRoles>()],
};

/// `cel/roles/:name`.
pub const PATH: Path = Path {
    patterns: &["cel/roles/:name"],
    access: Access::Token,
    synopsis: "Write, read or delete a CEL role.",
    description: "A CEL role is a program: it looks at a request and gives the certificate, or refuses.\nThe program is read and checked when it is written. It is a JSON object, so it comes from\na file or from standard input: `pkictl write pki/cel/roles/web @web.json`. Patching changes\nthe members of the program that are sent.",
    ops: &[
        Op::read::<ReadCelRole>(),
        Op::write::<WriteCelRole>(),
        Op::patch::<WriteCelRole>(),
        Op::delete::<DeleteCelRole>(),
    ],
};

fields! {
    /// Asks for the names of all CEL roles.
    pub struct ListCelRoles {
        /// List only names after this one.
        after: String = "",
        /// List at most so many names; all when it is not positive.
        limit: i64 = "0",
    }
}

impl Query for ListCelRoles {
    type Reply = Listing;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Listing>, Error> {
        let after = Some(self.after.as_bytes()).filter(|after| !after.is_empty());
        let keys = cx.view.keys(&CEL_ROLES, &[], after, limit(self.limit))?;
        Ok(Listing { keys, key_info: None }.into())
    }
}

fields! {
    /// A CEL role as it is shown.
    #[derive(Clone, Debug)]
    pub struct CelRoleView {
        /// The program: `variables`, a list of objects with `name` and `expression`, and
        /// `expression`, which decides.
        cel_program: Map<String, Value>,
        /// Name of the role.
        name: String,
    }
}

impl CelRoleView {
    fn of(name: &str, program: &Program) -> Self {
        Self { cel_program: program.to_json(), name: name.to_owned() }
    }
}

fields! {
    /// Asks for a CEL role.
    pub struct ReadCelRole {
        /// Name of the role.
        name: String,
    }
}

impl Query for ReadCelRole {
    type Reply = CelRoleView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<CelRoleView>, Error> {
        let program = cx.view.get(&CEL_ROLES, &self.name)?.ok_or(Error::Absent)?;
        Ok(CelRoleView::of(&self.name, &program).into())
    }
}

fields! {
    /// Writes a CEL role.
    #[derive(Clone, Debug)]
    pub struct WriteCelRole {
        /// The program, a JSON object: `variables`, a list of objects with `name` and
        /// `expression` that are evaluated in order, and `expression`, which decides.
        cel_program: Option<Map<String, Value>>,
        /// Name of the role.
        name: String,
    }
}

impl WriteCelRole {
    /// A role by name, with its program.
    pub fn new(name: impl Into<String>, program: &Program) -> Self {
        Self { cel_program: Some(program.to_json()), name: name.into() }
    }
}

impl Command for WriteCelRole {
    type Reply = CelRoleView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<CelRoleView>, Error> {
        let missing = || Error::refused("missing required field 'cel_program'");
        let members = self.cel_program.as_ref().ok_or_else(missing)?;
        let (program, unknown) = Program::from_json(members)?;
        program.check()?;
        cx.tx.put(&CEL_ROLES, &self.name, &program);
        let warning = (!unknown.is_empty()).then(|| {
            format!("members of cel_program that have no effect: [{}]", unknown.join(" "))
        });
        Ok(Reply::from(CelRoleView::of(&self.name, &program)).warn(warning))
    }
}

impl Patch for WriteCelRole {
    fn current(cx: &ReadCx<'_>, input: &Input) -> Result<Self, Error> {
        let ReadCelRole { name } = ReadCelRole::parse(input).map_err(Error::Fields)?;
        let program = cx.view.get(&CEL_ROLES, &name)?;
        let absent = || Error::refused("Unable to fetch cel role entry to patch");
        Ok(Self::new(name, &program.ok_or_else(absent)?))
    }

    /// The members of the program are laid over each other, a list of variables as a whole.
    fn overlay(record: &mut Input, sent: &Input) {
        match (record.get_mut("cel_program"), sent.get("cel_program")) {
            (Some(Value::Object(record)), Some(Value::Object(sent))) => {
                record.extend(sent.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (_, Some(Value::Null) | None) => (),
            // Not an object, as parsing it will say.
            (_, Some(other)) => drop(record.insert("cel_program".to_owned(), other.clone())),
        }
    }
}

fields! {
    /// Deletes a CEL role. Certificates issued under it stay valid.
    pub struct DeleteCelRole {
        /// Name of the role.
        name: String,
    }
}

impl Command for DeleteCelRole {
    type Reply = Done;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Done>, Error> {
        cx.tx.delete(&CEL_ROLES, &self.name);
        Ok(Done.into())
    }
}

/// The program that a request for a certificate names.
pub(crate) fn load(view: &View<'_>, name: &str) -> Result<Program, Error> {
    view.get(&CEL_ROLES, &name.to_owned())?.ok_or_else(|| Error::refused("CEL role not found"))
}
