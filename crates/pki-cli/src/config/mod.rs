//! Settings: from flags, from the environment, from a file, in this order.
//!
//! | setting | flag | variable | file |
//! |---|---|---|---|
//! | directory of the store | `-data-dir` | `PKICTL_DATA_DIR` | `data_dir` |
//! | output format | `-format` | `PKICTL_FORMAT`, `BAO_FORMAT`, `VAULT_FORMAT` | `format` |
//! | how long to wait for other writers | | `PKICTL_WAIT` | `wait` |
//! | what protects private keys | | `PKICTL_SEAL` | `seal.kind` |
//! | the key file | | `PKICTL_KEY_FILE` | `seal.key_file` |
//! | the passphrase | | `PKICTL_PASSPHRASE`, `…_FILE`, `…_FD` | `seal.passphrase_file`, … |

mod file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::args::GlobalFlags;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Format;
use crate::seal::{Passphrase, Protection};
use file::ConfigFile;

/// How long a command waits for other writers unless told otherwise.
const WAIT: Duration = Duration::from_secs(30);

/// What all commands need to know.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The directory of the store.
    pub(crate) data_dir: PathBuf,
    /// Whether the directory was named on the command line, so that hints name it too.
    pub(crate) data_dir_from_flag: bool,
    /// The format for a command that has no `-format` flag on its line.
    format: Option<String>,
    /// How long to wait for other writers.
    pub(crate) wait: Duration,
    /// What protects private keys.
    pub(crate) protection: Protection,
}

impl Settings {
    /// Puts together what flags, environment and file say.
    ///
    /// # Errors
    ///
    /// When a value is none, the file cannot be read or understood, or there is no home to
    /// keep a store in.
    pub(crate) fn resolve(flags: &GlobalFlags, environment: &Environment) -> Result<Self, Failure> {
        let file = ConfigFile::find(flags.config.as_deref(), environment)?;
        let data_dir = flags
            .data_dir
            .clone()
            .or_else(|| environment.path("PKICTL_DATA_DIR"))
            .map(|path| from_here(&path, environment))
            .or_else(|| file.data_dir.clone())
            .or_else(|| default_data_dir(environment))
            .ok_or_else(|| {
                Failure::Usage(
                    "no directory for the store: give -data-dir, or set PKICTL_DATA_DIR or HOME"
                        .to_owned(),
                )
            })?;
        let wait = match (environment.text("PKICTL_WAIT"), file.wait.as_deref()) {
            (Some(text), _) => parse_wait("PKICTL_WAIT", text)?,
            (None, Some(text)) => parse_wait("wait", text)?,
            (None, None) => WAIT,
        };
        Ok(Self {
            protection: protection(environment, &file, &data_dir)?,
            data_dir,
            data_dir_from_flag: flags.data_dir.is_some(),
            format: environment
                .first(&["PKICTL_FORMAT", "BAO_FORMAT", "VAULT_FORMAT"])
                .map(str::to_owned)
                .or_else(|| file.format.clone()),
            wait,
        })
    }

    /// The output format: the flag's, or else what is set.
    pub(crate) fn format(&self, flag: Option<&str>) -> Result<Format, Failure> {
        match flag.or(self.format.as_deref()) {
            Some(text) => text.parse(),
            None => Ok(Format::default()),
        }
    }
}

/// A path as it was given. Where no shell has replaced it, `~/` is the home directory too, or
/// there would be a directory of that name.
fn from_here(path: &Path, environment: &Environment) -> PathBuf {
    file::located(path, Path::new(""), environment)
}

fn default_data_dir(environment: &Environment) -> Option<PathBuf> {
    let data = environment
        .path("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(environment.path("HOME")?.join(".local/share")))?;
    Some(data.join("pkictl"))
}

fn parse_wait(name: &str, text: &str) -> Result<Duration, Failure> {
    humantime::parse_duration(text).map_err(|problem| {
        Failure::Usage(format!(
            "invalid value {text:?} for {name}: {problem}; write for example 30s"
        ))
    })
}

/// Where a passphrase is given, nobody means the key file.
fn protection(
    environment: &Environment,
    file: &ConfigFile,
    data_dir: &Path,
) -> Result<Protection, Failure> {
    let passphrase = match passphrase_in(environment)? {
        Some(passphrase) => Some(passphrase),
        None => file.passphrase(),
    };
    let named = environment.path("PKICTL_KEY_FILE").map(|path| from_here(&path, environment));
    let key_file = named.or_else(|| file.seal.key_file.clone());
    let kind = environment.text("PKICTL_SEAL").or(file.seal.kind.as_deref());
    let key_file =
        || Protection::KeyFile(key_file.unwrap_or_else(|| data_dir.join(crate::seal::KEY_FILE)));
    match (kind, passphrase) {
        (Some("keyfile"), _) | (None, None) => Ok(key_file()),
        (Some("passphrase") | None, Some(passphrase)) => Ok(Protection::Passphrase(passphrase)),
        // Commands that use no private key need no passphrase either.
        (Some("passphrase"), None) => Ok(Protection::Passphrase(Passphrase::Missing)),
        (Some(other), _) => Err(Failure::Usage(format!(
            "invalid kind of seal {other:?}: it is keyfile or passphrase"
        ))),
    }
}

fn passphrase_in(environment: &Environment) -> Result<Option<Passphrase>, Failure> {
    if let Some(path) = environment.path("PKICTL_PASSPHRASE_FILE") {
        return Ok(Some(Passphrase::File(from_here(&path, environment))));
    }
    if let Some(text) = environment.text("PKICTL_PASSPHRASE_FD") {
        let number = text.parse().map_err(|_| {
            Failure::Usage(format!(
                "invalid value {text:?} for PKICTL_PASSPHRASE_FD: it is the number of an open \
                 file descriptor"
            ))
        })?;
        return Ok(Some(Passphrase::Descriptor(number)));
    }
    let variable = "PKICTL_PASSPHRASE";
    Ok(environment.text(variable).map(|_| Passphrase::Variable(variable.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(variables: &[(&str, &str)], data_dir: Option<&str>) -> Result<Settings, String> {
        let flags = GlobalFlags { data_dir: data_dir.map(PathBuf::from), config: None };
        let environment = Environment::of(variables.iter().copied());
        Settings::resolve(&flags, &environment)
            .map_err(|failure| failure.into_parts().0.unwrap_or_default())
    }

    #[track_caller]
    fn check_data_dir(variables: &[(&str, &str)], flag: Option<&str>, want: &str) {
        let got = resolved(variables, flag).map(|settings| settings.data_dir);
        assert_eq!(got, Ok(PathBuf::from(want)));
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        let home = ("HOME", "/none/home");
        let set = ("PKICTL_DATA_DIR", "/b");
        check_data_dir(&[home, set], Some("/a"), "/a");
        check_data_dir(&[home, set], None, "/b");
        check_data_dir(&[home], Some("~/a"), "/none/home/a");
        check_data_dir(&[home, ("PKICTL_DATA_DIR", "~/b")], None, "/none/home/b");
        check_data_dir(&[home, ("XDG_DATA_HOME", "/x")], None, "/x/pkictl");
        check_data_dir(
            &[home, ("XDG_DATA_HOME", "relative")],
            None,
            "/none/home/.local/share/pkictl",
        );
        assert!(resolved(&[], None).is_err_and(|text| text.contains("-data-dir")));
    }

    #[test]
    fn formats_come_from_three_variables() {
        let format = |variables: &[(&str, &str)], flag| {
            let settings = resolved(variables, Some("/a")).expect("settings");
            settings.format(flag).map_err(|failure| failure.into_parts().0)
        };
        let (ours, bao) = (("PKICTL_FORMAT", "yaml"), ("BAO_FORMAT", "JSON"));
        assert_eq!(format(&[], None), Ok(Format::Table));
        assert_eq!(format(&[bao], None), Ok(Format::Json));
        assert_eq!(format(&[bao, ours], None), Ok(Format::Yaml));
        assert_eq!(format(&[ours], Some("table")), Ok(Format::Table));
        let want = Err(Some("Invalid output format: xml".to_owned()));
        assert_eq!(format(&[("VAULT_FORMAT", "xml")], None), want);
    }

    #[test]
    fn a_passphrase_is_meant_where_one_is_given() {
        let protection = |variables: &[(&str, &str)]| {
            resolved(variables, Some("/a")).map(|settings| settings.protection)
        };
        assert_eq!(protection(&[]), Ok(Protection::KeyFile("/a/seal.key".into())));
        assert_eq!(protection(&[("PKICTL_KEY_FILE", "/k")]), Ok(Protection::KeyFile("/k".into())));
        let variable = Passphrase::Variable("PKICTL_PASSPHRASE".to_owned());
        assert_eq!(
            protection(&[("PKICTL_PASSPHRASE", "secret")]),
            Ok(Protection::Passphrase(variable))
        );
        assert_eq!(
            protection(&[("PKICTL_PASSPHRASE", "secret"), ("PKICTL_SEAL", "keyfile")]),
            Ok(Protection::KeyFile("/a/seal.key".into()))
        );
        assert_eq!(
            protection(&[("PKICTL_PASSPHRASE_FD", "7")]),
            Ok(Protection::Passphrase(Passphrase::Descriptor(7)))
        );
        assert!(protection(&[("PKICTL_SEAL", "hsm")]).is_err());
        assert!(protection(&[("PKICTL_PASSPHRASE_FD", "x")]).is_err());
    }

    #[test]
    fn waiting_takes_human_durations() {
        let wait = |text| resolved(&[("PKICTL_WAIT", text)], Some("/a")).map(|s| s.wait);
        assert_eq!(wait("2m"), Ok(Duration::from_secs(120)));
        assert!(wait("soon").is_err_and(|text| text.contains("PKICTL_WAIT")));
    }
}
