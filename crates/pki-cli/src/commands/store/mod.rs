//! `store`: what is asked of the store itself, not of an authority in it.

mod backup;
mod check;
mod rekey;
mod report;
mod restore;
mod stats;

use std::sync::Arc;

use pki_core::{Engine, Env};
use pki_store::StoreError;
use pki_store::directory::DirectoryStore;

use super::Context;
use crate::args::StoreCommand;
use crate::failure::Failure;
use crate::seal::{Keeper, Protection};
use crate::session;

pub(super) fn run(command: StoreCommand, context: Context<'_, '_>) -> Result<(), Failure> {
    match command {
        StoreCommand::Check(args) => check::run(&args, context),
        StoreCommand::Stats(args) => stats::run(&args, context),
        StoreCommand::Backup(args) => backup::run(&args, context),
        StoreCommand::Restore(args) => restore::run(&args, context),
        StoreCommand::Rekey(args) => rekey::run(&args, context),
    }
}

/// Opens the user's store; there must be one.
fn open(context: &Context<'_, '_>) -> Result<Arc<DirectoryStore>, Failure> {
    let settings = context.settings;
    match DirectoryStore::open(&settings.data_dir, session::options(settings)) {
        Ok(store) => Ok(Arc::new(store)),
        Err(problem @ StoreError::Missing { .. }) => {
            if session::has_key_file(settings) {
                return Err(session::lost(settings));
            }
            context.no_store.set(true);
            Err(session::unusable(&problem))
        }
        Err(problem) => Err(session::unusable(&problem)),
    }
}

/// The engine over a store, which it opens as these settings say.
fn engine(
    context: &Context<'_, '_>,
    store: Arc<DirectoryStore>,
    protection: &Protection,
) -> Engine {
    let keeper = Keeper::new(protection.clone(), context.console.environment);
    Engine::new(store, Arc::new(keeper), Env::system())
}

/// A failure of something that was done to the store.
fn failed(doing: &str, problem: impl std::fmt::Display) -> Failure {
    Failure::Refused(format!("Error {doing}: {problem}"))
}
