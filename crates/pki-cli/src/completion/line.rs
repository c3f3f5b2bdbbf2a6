//! An unfinished command line: what has been said, and what kind of word comes next.

use std::path::PathBuf;

use crate::args::GlobalFlags;

/// What the last word of a line is going to be.
pub(super) enum Wanted<'a> {
    /// The name of a command, below this one.
    Command(&'a clap::Command),
    /// A flag of this command.
    Flag(&'a clap::Command),
    /// The value of a flag, in a word that starts with `before`.
    FlagValue { name: String, before: String },
    /// A path or data.
    Word { command: Vec<&'a str>, earlier: Vec<String> },
    /// Nothing that we know of.
    Nothing,
}

/// An unfinished command line.
pub(super) struct Line<'a> {
    pub(super) wanted: Wanted<'a>,
    /// What there is of the last word.
    pub(super) typed: String,
    /// The flags that say where the store is.
    pub(super) flags: GlobalFlags,
}

impl<'a> Line<'a> {
    /// Reads the words up to the cursor. The last is the unfinished one.
    pub(super) fn read(root: &'a clap::Command, mut words: Vec<String>) -> Self {
        let typed = words.pop().unwrap_or_default();
        let mut reader = Reader {
            root,
            command: root,
            path: Vec::new(),
            earlier: Vec::new(),
            open_flag: None,
            flags: GlobalFlags { data_dir: None, config: None },
        };
        let known = words.into_iter().all(|word| reader.take(word));
        Self {
            wanted: if known { reader.wanted(&typed) } else { Wanted::Nothing },
            flags: reader.flags,
            typed,
        }
    }
}

struct Reader<'a> {
    root: &'a clap::Command,
    command: &'a clap::Command,
    path: Vec<&'a str>,
    earlier: Vec<String>,
    /// A flag whose value is the next word.
    open_flag: Option<String>,
    flags: GlobalFlags,
}

impl<'a> Reader<'a> {
    /// Takes a finished word. False if it leads nowhere.
    fn take(&mut self, word: String) -> bool {
        if let Some(name) = self.open_flag.take() {
            self.set(&name, word);
            return true;
        }
        if let Some(flag) = flag_of(&word) {
            match flag.split_once('=') {
                Some((name, value)) => self.set(name, value.to_owned()),
                None if self.takes_value(flag) && self.earlier.is_empty() => {
                    self.open_flag = Some(flag.to_owned());
                }
                None => {}
            }
            return true;
        }
        if !self.command.has_subcommands() {
            self.earlier.push(word);
            return true;
        }
        match self.command.find_subcommand(&word) {
            Some(found) => {
                self.path.push(found.get_name());
                self.command = found;
                true
            }
            None => false,
        }
    }

    fn set(&mut self, name: &str, value: String) {
        match name {
            "data-dir" => self.flags.data_dir = Some(PathBuf::from(value)),
            "config" => self.flags.config = Some(PathBuf::from(value)),
            _ => {}
        }
    }

    fn takes_value(&self, name: &str) -> bool {
        self.command.get_arguments().chain(self.root.get_arguments()).any(|arg| {
            arg.get_long() == Some(name)
                && arg.get_action().takes_values()
                && !arg.is_require_equals_set()
        })
    }

    fn wanted(&self, typed: &str) -> Wanted<'a> {
        if let Some(name) = &self.open_flag {
            return Wanted::FlagValue { name: name.clone(), before: String::new() };
        }
        if typed.starts_with('-') {
            let name = flag_of(typed).and_then(|flag| flag.split_once('='));
            return match name {
                Some((name, value)) => Wanted::FlagValue {
                    name: name.to_owned(),
                    before: typed.strip_suffix(value).unwrap_or(typed).to_owned(),
                },
                None => Wanted::Flag(self.command),
            };
        }
        if self.command.has_subcommands() {
            Wanted::Command(self.command)
        } else {
            Wanted::Word { command: self.path.clone(), earlier: self.earlier.clone() }
        }
    }
}

/// A word without its dashes, if it is a flag.
fn flag_of(word: &str) -> Option<&str> {
    let flag = word.strip_prefix('-')?;
    Some(flag.strip_prefix('-').unwrap_or(flag)).filter(|flag| !flag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_may_be_named_on_the_line() {
        let root = crate::command();
        let words = ["-data-dir", "a", "read", "-data-dir=b", "pki/r"];
        let line = Line::read(&root, words.map(str::to_owned).to_vec());
        assert_eq!(line.flags.data_dir, Some(PathBuf::from("b")));
        assert_eq!(line.typed, "pki/r");
        assert!(matches!(line.wanted, Wanted::Word { earlier, .. } if earlier.is_empty()));
    }

    #[test]
    fn data_comes_after_the_path() {
        let root = crate::command();
        let words = ["write", "-format", "json", "pki/issue/web", "ttl=1h", "co"];
        let line = Line::read(&root, words.map(str::to_owned).to_vec());
        let Wanted::Word { command, earlier } = line.wanted else {
            panic!("no word");
        };
        assert_eq!(command, ["write"]);
        assert_eq!(earlier, ["pki/issue/web", "ttl=1h"]);
    }
}
