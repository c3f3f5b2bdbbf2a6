//! The engine over the store of this user, opened or made.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use pki_core::{
    CrlValidity, Engine, Env, Error, Operation, Page, Pages, Request, Seal, SealError, Unlock,
};
use pki_store::directory::{self, DirectoryStore, Options};
use pki_store::memory::MemoryStore;
use pki_store::{Store, StoreError};
use serde_json::{Map, Value};

use crate::config::Settings;
use crate::environment::Environment;
use crate::failure::{Failure, reason};
use crate::output::Answer;
use crate::seal::{KEY_FILE, Keeper, Protection, create_key_file};
use crate::shell;

/// An open store, and the engine over it.
pub(crate) struct Session {
    engine: Engine,
    /// False where there is no store. Then the engine answers over an empty one: questions get
    /// the answers they would get from a server that nobody has set up, and changes have no
    /// place to go.
    stored: bool,
}

impl Session {
    /// Opens the store, if there is one.
    ///
    /// # Errors
    ///
    /// When there is one that cannot be used.
    pub(crate) fn open(settings: &Settings, environment: &Environment) -> Result<Self, Failure> {
        match DirectoryStore::open(&settings.data_dir, options(settings)) {
            Ok(store) => Ok(Self::over(Arc::new(store), true, settings, environment)),
            Err(StoreError::Missing { .. }) if has_key_file(settings) => Err(lost(settings)),
            Err(StoreError::Missing { .. }) => {
                Ok(Self::over(Arc::new(MemoryStore::new()), false, settings, environment))
            }
            Err(problem) => Err(unusable(&problem)),
        }
    }

    /// Opens the store, or makes one with its key file.
    ///
    /// # Errors
    ///
    /// When the store cannot be made or used.
    pub(crate) fn open_or_create(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let store = DirectoryStore::create(&settings.data_dir, options(settings))
            .map_err(|problem| unusable(&problem))?;
        if let Protection::KeyFile(path) = &settings.protection {
            // In a store that has been used, a key file that is not there is one that was lost;
            // a new one would only hide that.
            if store.revision().map_err(|problem| unusable(&problem))? == 0 {
                make_key_file(path)?;
            }
        }
        Ok(Self::over(Arc::new(store), true, settings, environment))
    }

    fn over(
        store: Arc<dyn Store>,
        stored: bool,
        settings: &Settings,
        environment: &Environment,
    ) -> Self {
        let seal: Arc<dyn Seal> = match stored {
            true => Arc::new(Keeper::new(settings.protection.clone(), environment)),
            false => Arc::new(NoStore),
        };
        Self { engine: Engine::new(store, seal, Env::system()), stored }
    }

    /// Makes a request.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub(crate) fn ask(
        &self,
        operation: Operation,
        path: &str,
        data: Map<String, Value>,
    ) -> Result<Answer, Error> {
        let request = Request { operation, path: routed(path), data };
        self.engine.handle(request).map(Answer::from)
    }

    /// Reads what is at a path; a long document part by part, and then there is no answer besides.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub(crate) fn fetch(
        &self,
        path: &str,
        data: Map<String, Value>,
        see: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Option<Answer>, Error> {
        let fetched = self.engine.fetch(&routed(path), data, see)?;
        Ok(fetched.map(Answer::from))
    }

    /// Lists what is below a path, page by page.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub(crate) fn list(
        &self,
        path: &str,
        data: Map<String, Value>,
        pages: Pages,
        see: &mut dyn FnMut(Page) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.engine.list(&routed(path), data, pages, see)
    }

    /// From when until when the CRLs of an issuer are good.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub(crate) fn crl_validity(&self, mount: &str, issuer: &str) -> Result<CrlValidity, Error> {
        self.engine.crl_validity(&routed(mount), issuer)
    }

    /// How many certificates a mount holds.
    ///
    /// # Errors
    ///
    /// The engine's.
    pub(crate) fn certificate_count(&self, mount: &str) -> Result<u64, Error> {
        self.engine.certificate_count(&routed(mount))
    }

    /// Whether there is a store.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored
    }

    /// For help and completion, which are no requests.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// Nothing can be sealed for a place that is not there.
struct NoStore;

impl Seal for NoStore {
    fn unlock(&self) -> Result<Unlock, SealError> {
        Err(SealError::Unavailable("there is no store".to_owned()))
    }
}

/// Whether a store is there to be opened, healthy or not.
pub(crate) fn exists(settings: &Settings) -> bool {
    directory::exists(&settings.data_dir)
}

/// What to tell a user who has no store yet: where we looked, and what to type.
pub(crate) fn no_store_hint(settings: &Settings) -> String {
    let (place, type_this) = (settings.data_dir.display(), typed(settings, "secrets enable pki"));
    format!("There is no store in {place} yet. To make one, type: {type_this}")
}

/// What to type for a command on this store.
pub(crate) fn typed(settings: &Settings, command: &str) -> String {
    if settings.data_dir_from_flag {
        let place = settings.data_dir.display().to_string();
        format!("pkictl -data-dir={} {command}", shell::word(&place))
    } else {
        format!("pkictl {command}")
    }
}

/// A key file without its store: one that was deleted, not one that nobody has made.
pub(crate) fn has_key_file(settings: &Settings) -> bool {
    settings.data_dir.join(KEY_FILE).exists()
}

/// What to say of a store that is gone.
pub(crate) fn lost(settings: &Settings) -> Failure {
    let place = settings.data_dir.display();
    Failure::Refused(format!(
        "Error opening the store: {place} holds a key file ({KEY_FILE}), but its store (pki.db) \
         is gone; restore it from a backup with: pkictl store restore, or move the key file away \
         to start anew"
    ))
}

/// How the store is opened.
pub(crate) fn options(settings: &Settings) -> Options {
    Options { wait: settings.wait }
}

pub(crate) fn unusable(problem: &StoreError) -> Failure {
    Failure::Refused(format!("Error opening the store: {problem}"))
}

fn make_key_file(path: &Path) -> Result<(), Failure> {
    create_key_file(path).map_err(|problem| {
        let why = match problem.kind() {
            ErrorKind::NotFound => "there is no such directory".to_owned(),
            _ => reason(&problem),
        };
        Failure::Refused(format!("Error creating the key file {}: {why}", path.display()))
    })
}

/// A path as the engine routes it: doubled slashes count once, as on a server.
fn routed(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_slashes_count_once() {
        assert_eq!(routed("pki//config/crl"), "pki/config/crl");
        assert_eq!(routed(""), "");
    }
}
