//! `pkictl.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::environment::Environment;
use crate::failure::{Failure, reason};
use crate::seal::Passphrase;
use crate::text;

/// What a file may say. Everything may be absent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) format: Option<String>,
    pub(super) wait: Option<String>,
    #[serde(default)]
    pub(super) seal: SealSection,
}

/// `[seal]`. The passphrase itself has no place here: the file is often shared.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealSection {
    pub(super) kind: Option<String>,
    pub(super) key_file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    passphrase_fd: Option<u32>,
    passphrase_env: Option<String>,
}

impl ConfigFile {
    /// Reads the file that a flag or variable names, else the one in the usual place, if there
    /// is one.
    ///
    /// # Errors
    ///
    /// When a named file cannot be read, or a file holds what is no setting.
    pub(super) fn find(flag: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let named = flag.map(Path::to_owned).or_else(|| environment.path("PKICTL_CONFIG"));
        let Some(path) = named.clone().or_else(|| usual_place(environment)) else {
            return Ok(Self::default());
        };
        match text::settings(&path) {
            Ok(text) => Self::parse(&text, &path, environment),
            Err(problem) if named.is_none() && absent(&problem) => Ok(Self::default()),
            Err(problem) => {
                Err(Failure::Usage(format!("cannot read {}: {}", path.display(), reason(&problem))))
            }
        }
    }

    fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Self, Failure> {
        let mut file: Self = toml::from_str(text).map_err(|problem| {
            let before = problem.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            // Not the whole error: it quotes the line, which may hold a misplaced passphrase.
            let message = problem.message().replace('\n', ", ");
            Failure::Usage(format!("{}:{line}: {message}", path.display()))
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let paths = [&mut file.data_dir, &mut file.seal.key_file, &mut file.seal.passphrase_file];
        for path in paths.into_iter().flatten() {
            *path = located(path, folder, environment);
        }
        Ok(file)
    }

    /// Where the file says that the passphrase is.
    pub(super) fn passphrase(&self) -> Option<Passphrase> {
        let seal = &self.seal;
        seal.passphrase_file
            .clone()
            .map(Passphrase::File)
            .or_else(|| seal.passphrase_fd.map(Passphrase::Descriptor))
            .or_else(|| seal.passphrase_env.clone().map(Passphrase::Variable))
    }
}

fn usual_place(environment: &Environment) -> Option<PathBuf> {
    let config = environment
        .path("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| Some(environment.path("HOME")?.join(".config")))?;
    Some(config.join("pkictl/pkictl.toml"))
}

fn absent(problem: &std::io::Error) -> bool {
    use std::io::ErrorKind;

    matches!(problem.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// A path of the file: `~/` is the home directory, and what is relative starts where the file
/// is, so that it means the same from everywhere.
pub(super) fn located(path: &Path, folder: &Path, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), environment.path("HOME")) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<ConfigFile, String> {
        let environment = Environment::of([("HOME", "/home/ca")]);
        ConfigFile::parse(text, Path::new("/etc/pki/pkictl.toml"), &environment)
            .map_err(|failure| failure.into_parts().0.unwrap_or_default())
    }

    #[test]
    fn paths_start_at_the_file_or_at_home() {
        let file = parsed(
            "data_dir = \"~/pki\"\nformat = \"json\"\nwait = \"5s\"\n[seal]\n\
             kind = \"passphrase\"\nkey_file = \"/k\"\npassphrase_file = \"secret\"\n",
        )
        .expect("a file");
        assert_eq!(file.data_dir, Some("/home/ca/pki".into()));
        assert_eq!(file.seal.key_file, Some("/k".into()));
        assert_eq!(file.passphrase(), Some(Passphrase::File("/etc/pki/secret".into())));
        assert_eq!(parsed("").map(|file| file.passphrase()), Ok(None));
    }

    #[test]
    fn unknown_keys_are_named_with_file_and_line() {
        let got = parsed("format = \"json\"\ndata-dir = \"x\"\n").expect_err("refused");
        assert!(got.starts_with("/etc/pki/pkictl.toml:2: "), "{got}");
        assert!(got.contains("data-dir"), "{got}");
        let got = parsed("[seal]\nkind = \"keyfile\"\npassphrase = \"hunter2\"\n");
        let got = got.expect_err("refused");
        assert!(got.starts_with("/etc/pki/pkictl.toml:3: "), "{got}");
        assert!(got.contains("passphrase") && !got.contains("hunter2"), "{got}");
    }

    #[test]
    fn values_have_types() {
        let got = parsed("wait = 30\n").expect_err("refused");
        assert!(got.starts_with("/etc/pki/pkictl.toml:1: "), "{got}");
        let got = parsed("wait = \n").expect_err("refused");
        assert!(!got.contains('\n'), "{got}");
    }

    #[test]
    fn only_a_file_that_was_named_must_be_there() {
        let environment = Environment::of([("HOME", "/none/home")]);
        assert!(ConfigFile::find(None, &environment).is_ok());
        assert!(ConfigFile::find(Some(Path::new("/none/file")), &environment).is_err());
        let environment = Environment::of([("PKICTL_CONFIG", "/none/file")]);
        let problem = ConfigFile::find(None, &environment).expect_err("refused");
        assert_eq!(
            problem.into_parts().0.as_deref(),
            Some("cannot read /none/file: no such file or directory")
        );
    }
}
