//! An empty home directory with the program in its `PATH`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::tools;

/// Where a test runs the program: a home, a directory to work in, and nothing else.
pub struct World {
    folder: TempDir,
    program: PathBuf,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status; -1 where a signal ended it.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl World {
    /// An empty one, for the program at this path; see [`pkictl!`](crate::pkictl).
    pub fn new(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for name in ["home", "bin", "work"] {
            fs::create_dir(folder.path().join(name)).expect("a directory");
        }
        // Under both names: what is written for Vault's program has to work.
        for name in ["pkictl", "vault"] {
            symlink(program, folder.path().join("bin").join(name)).expect("a link");
        }
        Self { folder, program: program.into() }
    }

    /// The directory that commands run in.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The directory of the store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("home/.local/share/pkictl")
    }

    /// A file in the working directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::write(&path, content).expect("a file");
        path
    }

    /// Runs a line of shell in a mount namespace of its own, where such a thing can be had.
    pub fn in_namespace(&self, line: &str) -> Option<Outcome> {
        let unshare = tools::find("unshare")?;
        let able = Command::new(&unshare).args(["-rm", "true"]).output();
        if !able.is_ok_and(|got| got.status.success()) {
            tools::skipped("unshare", "namespaces are not allowed here");
            return None;
        }
        let mut command = self.command(&unshare);
        let got = command.args(["-rm", "/bin/sh", "-ec", line]).output().expect("unshare runs");
        Some(Outcome::of(&got))
    }

    /// Any program, with the environment of this world and nothing of the test's own.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(self.work())
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()))
            .env("PKICTL", &self.program)
            .stdin(Stdio::null());
        command
    }

    /// The program with these words.
    pub fn run(&self, words: &[&str]) -> Outcome {
        let mut command = self.command(&self.program);
        Outcome::of(&command.args(words).output().expect("the program runs"))
    }

    /// The program with these words and this standard input.
    pub fn run_with_input(&self, words: &[&str], input: &[u8]) -> Outcome {
        let mut command = self.command(&self.program);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input is not at fault.
        let _unread = stdin.write_all(input);
        drop(stdin);
        Outcome::of(&child.wait_with_output().expect("an end"))
    }

    /// The program with these words, which succeeds.
    #[track_caller]
    pub fn ok(&self, words: &[&str]) -> String {
        let got = self.run(words);
        assert_eq!(got.status, 0, "{words:?}: {}", got.err);
        got.out
    }

    /// The `data` of a command that succeeds; `-format=json` is put after its first word.
    #[track_caller]
    pub fn data(&self, words: &[&str]) -> Value {
        let (verb, rest) = words.split_first().expect("a command");
        let text = self.ok(&[&[*verb, "-format=json"], rest].concat());
        let envelope: Value = serde_json::from_str(&text).expect("JSON");
        match envelope {
            Value::Object(mut fields) => fields.remove("data").unwrap_or_default(),
            // A list is only its keys.
            other => other,
        }
    }

    /// One field of the answer to a command that succeeds.
    #[track_caller]
    pub fn field(&self, name: &str, words: &[&str]) -> String {
        let (verb, rest) = words.split_first().expect("a command");
        self.ok(&[&[*verb, &format!("-field={name}")], rest].concat())
    }

    /// A line of shell, as a user would type it; both streams as they come.
    pub fn shell(&self, line: &str) -> (i32, String) {
        let mut command = self.command("/bin/sh");
        let got = command.args(["-c", &format!("exec 2>&1\n{line}")]).output().expect("a shell");
        (got.status.code().unwrap_or(-1), text(&got.stdout))
    }

    /// A root in the mount `pki` and a role `web` for `example.com`, both with P-256 keys.
    #[track_caller]
    pub fn with_root(self) -> Self {
        self.ok(&["secrets", "enable", "-max-lease-ttl=87600h", "pki"]);
        self.ok(&[
            "write",
            "pki/root/generate/internal",
            "common_name=Test Root",
            "ttl=87600h",
            "key_type=ec",
        ]);
        self.ok(&[
            "write",
            "pki/roles/web",
            "allowed_domains=example.com",
            "allow_subdomains=true",
            "key_type=ec",
            "max_ttl=72h",
            "ttl=24h",
        ]);
        self
    }

    /// The bytes of every file in the store, by name.
    pub fn store_bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.store()) else {
            return BTreeMap::new();
        };
        entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, fs::read(entry.path()).unwrap_or_default())
            })
            // The index of the log is made again whenever it is missing; it holds no records.
            .filter(|(name, _)| !name.ends_with("-shm"))
            .collect()
    }
}

impl Outcome {
    /// What a finished process has left.
    pub fn of(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
