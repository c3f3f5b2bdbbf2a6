//! An authority over a store: one request in, one answer out.

mod fetch;
mod following;
mod glance;
mod group;
mod maintain;
mod many;
mod pages;
mod tidy;
mod upkeep;
mod write;

use std::sync::Arc;

use pki_store::Store;
use serde_json::Value;

use crate::api::endpoint::{Command, Op, Output, Query, ReadCx, Refused, Reply, Run, WriteCx};
use crate::api::request::{Body, Operation, Request, Response, wipe};
use crate::api::router::{self, Route};
use crate::api::{complete, help};
use crate::ca::crls;
use crate::ca::tables::MOUNTS;
use crate::domain::id::{CrlId, MountId};
use crate::domain::time::Timestamp;
use crate::env::Env;
use crate::error::Error;
use crate::field::Input;
use crate::keyring::Keyring;
use crate::paths::PATHS;
use crate::seal::Seal;
use crate::store::{RecordCache, Tx, View};
use crate::system::mount::Mount;
use crate::system::paths::SYSTEM_PATHS;
use crate::system::paths::mount::EnableMount;

pub use crate::api::help::Help;
pub use glance::{CrlValidity, Validity};
pub use group::{GroupError, Step};
pub use maintain::{EndedLeases, Maintain, Maintained, RenewedCrl, Tidied};
pub use many::{Found, Revocations};
pub use pages::{Page, Pages, Wanted};

/// The longest path that is looked for, in octets. The longest request in OCSP has room in it with
/// each of its digits escaped. It cannot be much more, since a mount may end at any slash.
const LONGEST_PATH: usize = 9 * 1024;

/// An authority over a store. It may be shared between threads; the store says whether other
/// processes may work on it at the same time.
pub struct Engine {
    store: Arc<dyn Store>,
    keys: Keyring,
    env: Env,
    cache: RecordCache,
}

impl Engine {
    /// An authority over a store, new or not. Nothing is read or asked for yet.
    pub fn new(store: Arc<dyn Store>, seal: Arc<dyn Seal>, env: Env) -> Self {
        Self { store, keys: Keyring::new(seal), env, cache: RecordCache::default() }
    }

    /// Answers a request whose path and parameters are text.
    ///
    /// # Errors
    ///
    /// Why it was not answered; the store is as it was.
    pub fn handle(&self, request: Request) -> Result<Response, Error> {
        let Request { operation, path, data } = request;
        let mut data = Sent(data);
        let Asked { op, mount, unknown } = self.asked(operation, &path, &mut data)?;
        let output = self.run(op, &mount.path, &data.0)?;
        respond(operation, output, unknown)
    }

    /// What a request asks for. What its path says joins what was sent.
    fn asked(&self, operation: Operation, path: &str, data: &mut Sent) -> Result<Asked, Error> {
        let (mount, rest) = self.locate(path)?;
        let paths = if mount.id == MountId::SYSTEM { SYSTEM_PATHS } else { PATHS };
        let rest = if operation == Operation::List { rest.trim_end_matches('/') } else { rest };
        let route = router::find(paths, rest).ok_or(Error::UnsupportedPath)?;
        let op = router::op(route.path, operation).map_err(|problem| match operation {
            // Clients know a list that cannot be had as one that is not there.
            Operation::List => Error::Absent,
            _ => problem,
        })?;
        refuse_parameters(op, &data.0)?;
        let unknown = parameter_warnings(op, &route, &data.0, mount.id == MountId::SYSTEM);
        data.0.retain(|name, _| !op.path_only.contains(&name.as_str()));
        data.0.extend(route.captures);
        Ok(Asked { op, mount, unknown })
    }

    /// Answers a typed query in a mount.
    ///
    /// # Errors
    ///
    /// Why it was not answered.
    pub fn query<Q: Query>(&self, mount: &str, query: &Q) -> Result<Reply<Q::Reply>, Error> {
        self.read(mount, &|cx| query.shown_crl(cx), &mut |cx| query.answer(cx))
    }

    /// Carries out a typed command in a mount, durably.
    ///
    /// # Errors
    ///
    /// Why it was not carried out; the store is as it was.
    pub fn execute<C: Command>(&self, mount: &str, command: &C) -> Result<Reply<C::Reply>, Error> {
        self.command(mount, C::READS_SETTINGS_ONLY, &|cx| command.execute(cx))
    }

    /// Makes a mount, and gives the store its data key if it has none yet.
    ///
    /// # Errors
    ///
    /// When there is one already, or the path cannot be had.
    pub fn enable(&self, mount: &str) -> Result<(), Error> {
        self.execute("sys", &EnableMount::at(mount)).map(drop)
    }

    /// What can be said about a path: `pki`, or `pki/roles/web`.
    ///
    /// # Errors
    ///
    /// When there is no such path.
    pub fn help(&self, path: &str) -> Result<Help, Error> {
        let (mount, rest) = self.locate(path)?;
        let paths = if mount.id == MountId::SYSTEM { SYSTEM_PATHS } else { PATHS };
        help::of(paths, &mount.path, rest).ok_or(Error::UnsupportedPath)
    }

    /// The mount that a path lies in, and the rest of the path.
    ///
    /// # Errors
    ///
    /// When there is no such mount.
    pub fn mount_of(&self, path: &str) -> Result<(String, String), Error> {
        self.locate(path).map(|(mount, rest)| (mount.path, rest.to_owned()))
    }

    /// Ways to go on with a path that is being typed. Never fails: what cannot be read is not
    /// offered.
    pub fn complete_path(&self, operation: Operation, typed: &str) -> Vec<complete::Candidate> {
        self.with_view(|view| Ok(complete::path(view, operation, typed))).unwrap_or_default()
    }

    /// Ways to go on with a parameter: `na` to `name=`, `format=p` to `format=pem`.
    pub fn complete_parameter(
        &self,
        operation: Operation,
        path: &str,
        typed: &str,
    ) -> Vec<complete::Candidate> {
        let Ok((mount, rest)) = self.locate(path) else { return Vec::new() };
        let paths = if mount.id == MountId::SYSTEM { SYSTEM_PATHS } else { PATHS };
        complete::parameter(paths, operation, rest, typed)
    }

    fn run(&self, op: &Op, mount: &str, input: &Input) -> Result<Output, Error> {
        match op.run {
            Run::Query(prepare) => {
                let query = prepare(input)?;
                self.read(mount, &|cx| query.shown_crl(cx), &mut |cx| query.answer(cx))
            }
            Run::Command(execute) => {
                self.command(mount, op.reads_settings_only, &|cx| execute(cx, input))
            }
        }
    }

    fn read<T>(
        &self,
        mount: &str,
        shown_crl: &dyn Fn(&ReadCx<'_>) -> Result<Option<CrlId>, Error>,
        answer: &mut dyn FnMut(&ReadCx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (entered, view) = self.enter(mount)?;
        let cx = self.read_cx(&view, &entered);
        let due = match shown_crl(&cx)? {
            Some(id) if crls::is_due(&cx, id)? => id,
            _ => return answer(&cx),
        };
        drop(view);
        // A CRL that someone is about to read is never silently stale.
        self.write(mount, &|cx| crls::build_one(cx, due))?;
        let (entered, view) = self.enter(mount)?;
        answer(&self.read_cx(&view, &entered))
    }

    fn read_cx<'a>(&'a self, view: &'a View<'a>, mount: &'a Mount) -> ReadCx<'a> {
        ReadCx { view, mount, now: self.env.clock.now(), keys: &self.keys }
    }

    fn write_cx<'a>(&'a self, tx: Tx<'a>, mount: &'a Mount, now: Timestamp) -> WriteCx<'a> {
        WriteCx { tx, mount, now, env: &self.env, keys: &self.keys, task: None }
    }

    /// A mount as it is now.
    fn enter(&self, mount: &str) -> Result<(Mount, View<'_>), Error> {
        enter(View::new(self.store.snapshot()?, &self.cache, MountId::SYSTEM), mount)
    }

    fn with_view<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        look(&View::new(self.store.snapshot()?, &self.cache, MountId::SYSTEM))
    }

    /// The mount that a path lies in, and the rest of the path.
    fn locate<'p>(&self, path: &'p str) -> Result<(Mount, &'p str), Error> {
        if LONGEST_PATH < path.len() {
            return Err(Error::refused(format!("path is longer than {LONGEST_PATH} octets")));
        }
        let path = path.trim_start_matches('/');
        if let Some(rest) = path.strip_prefix("sys/") {
            return Ok((Mount::system(), rest));
        }
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        let found = self.with_view(|view| {
            for end in ends {
                let (candidate, rest) = path.split_at_checked(end).unwrap_or((path, ""));
                if let Some(mount) = view.get(&MOUNTS, &candidate.to_owned())? {
                    return Ok(Some((mount, rest.strip_prefix('/').unwrap_or(rest))));
                }
            }
            Ok(None)
        })?;
        found.ok_or_else(|| Error::NoMount(path.to_owned()))
    }
}

/// A request that has found its path.
struct Asked {
    op: &'static Op,
    mount: Mount,
    /// What is to be said of parameters without an effect.
    unknown: Vec<String>,
}

fn respond(
    operation: Operation,
    Output { body, mut warnings, lease }: Output,
    unknown: Vec<String>,
) -> Result<Response, Error> {
    warnings.extend(unknown);
    let body = match body {
        Body::Empty if !warnings.is_empty() => Body::Null,
        Body::Data(data) if operation == Operation::List && is_empty_list(&data) => {
            return Err(Error::Absent);
        }
        body => body,
    };
    Ok(Response { body, warnings, lease })
}

/// Parameters as they were sent. They may hold private keys, and do not stay in memory.
struct Sent(Input);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| wipe(value));
    }
}

/// Goes into a mount. That it is still there is part of what a command's changes depend on.
fn enter<'a>(view: View<'a>, mount: &str) -> Result<(Mount, View<'a>), Error> {
    if mount == "sys" {
        return Ok((Mount::system(), view));
    }
    let found = view.get(&MOUNTS, &mount.to_owned())?;
    let mount: Mount = found.ok_or_else(|| Error::NoMount(mount.to_owned()))?;
    let view = view.in_mount(mount.id);
    Ok((mount, view))
}

fn is_empty_list(data: &Input) -> bool {
    data.get("keys").and_then(|keys| keys.as_array()).is_some_and(Vec::is_empty)
}

/// Refuses what cannot be done here, unless the parameter says that it need not be.
fn refuse_parameters(op: &Op, data: &Input) -> Result<(), Error> {
    let asked = |name: &str| data.get(name).filter(|value| !is_nothing(value));
    match op.refused.iter().find_map(|refused| Some((refused, asked(refused.name)?))) {
        Some((Refused { name, why }, value)) => {
            Err(Error::refused(format!("{name} cannot be {value} here: {why}")))
        }
        None => Ok(()),
    }
}

/// Whether a value is as good as none.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            ["", "0", "f", "F", "false", "FALSE", "False"].contains(&text.as_str())
        }
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Parameters that have no effect are named, and none is ignored in silence.
fn parameter_warnings(op: &Op, route: &Route, data: &Input, is_system: bool) -> Vec<String> {
    let captured = |name: &str| route.captures.contains_key(name);
    let known = |name: &str| captured(name) || op.knows(name);
    let list = |keep: &dyn Fn(&str) -> bool| {
        let mut names: Vec<&str> =
            data.keys().map(String::as_str).filter(|name| keep(name)).collect();
        names.sort_unstable();
        (!names.is_empty()).then(|| names.join(" "))
    };
    let ignored = list(&|name| !known(name))
        .map(|names| format!("Endpoint ignored these unrecognized parameters: [{names}]"));
    let from_path = |name: &str| captured(name) || op.path_only.contains(&name);
    let replaced = list(&from_path).map(|names| {
        format!(
            "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [{names}]"
        )
    });
    // Programs send much about a mount that only a server can do; people do not.
    let is_idle = |name: &str| !is_system && !captured(name) && op.tolerated.contains(&name);
    let tolerated = list(&is_idle).map(|names| {
        format!("Endpoint takes these parameters, but they have no effect: [{names}]")
    });
    ignored.into_iter().chain(replaced).chain(tolerated).collect()
}
