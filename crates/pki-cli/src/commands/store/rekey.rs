//! `store rekey`.
//!
//! The order matters: a key is on the disk before anything is sealed with it, and the key that
//! was in use is not touched before that is committed. While a key file takes the place of
//! another, both are there, and commands try both.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pki_core::{Engine, Given, Seal};

use super::super::{Context, exactly};
use super::{engine, failed, open};
use crate::args::{RekeyArgs, SealKind};
use crate::config::Settings;
use crate::failure::{Failure, reason};
use crate::output::{Format, success};
use crate::seal::{
    Keeper, Passphrase, Protection, create_key_file, first_line, following, sync_folder,
};

const DOING: &str = "changing the seal";
const VARIABLE: &str = "PKICTL_NEW_PASSPHRASE";

pub(super) fn run(args: &RekeyArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [] = exactly(&args.words.words)?;
    let Some(to) = args.to else {
        let problem = "say what to seal with: -to=keyfile or -to=passphrase";
        return Err(Failure::Usage(problem.to_owned()));
    };
    match (to, &args.key_file, &args.passphrase_file) {
        (SealKind::Keyfile, _, Some(_)) => {
            return Err(Failure::Usage("-passphrase-file goes with -to=passphrase".to_owned()));
        }
        (SealKind::Passphrase, Some(_), _) => {
            return Err(Failure::Usage("-key-file goes with -to=keyfile".to_owned()));
        }
        _ => (),
    }
    let new = match to {
        SealKind::Keyfile => None,
        SealKind::Passphrase => Some(new_passphrase(args, &mut context)?),
    };
    let store = open(&context)?;
    let engine = engine(&context, Arc::clone(&store), &context.settings.protection);
    // Nothing is made before it is known that the store opens.
    engine.unlock().map_err(|problem| failed(DOING, problem))?;
    let done = match new {
        Some(new) => to_passphrase(&context, &engine, &*new)?,
        None => to_key_file(args, &context, &engine)?,
    };
    success(context.console, Format::Table, &done)
}

fn new_passphrase(
    args: &RekeyArgs,
    context: &mut Context<'_, '_>,
) -> Result<Box<dyn Seal>, Failure> {
    let console = &mut *context.console;
    let source = match &args.passphrase_file {
        Some(path) if path == Path::new("-") => {
            let line = first_line(&mut *console.stdin, "standard input").map_err(Failure::Usage)?;
            if line.expose().is_empty() {
                return Err(Failure::Usage("the new passphrase is empty".to_owned()));
            }
            return Ok(Box::new(Given::passphrase(line.expose().as_str())));
        }
        Some(path) => Passphrase::File(path.clone()),
        None if console.environment.text(VARIABLE).is_some() => {
            Passphrase::Variable(VARIABLE.to_owned())
        }
        None => {
            return Err(Failure::Usage(format!(
                "no new passphrase: give -passphrase-file, or set {VARIABLE}"
            )));
        }
    };
    Ok(Box::new(Keeper::new(Protection::Passphrase(source), console.environment)))
}

fn to_passphrase(
    context: &Context<'_, '_>,
    engine: &Engine,
    new: &dyn Seal,
) -> Result<String, Failure> {
    engine.rekey(new).map_err(|problem| failed(DOING, problem))?;
    Ok(match &context.settings.protection {
        Protection::KeyFile(path) => format!(
            "The store opens with the new passphrase. Say where it is with \
             PKICTL_PASSPHRASE_FILE, or in the settings. The key file {} is kept: backups that \
             were made before need it.",
            path.display()
        ),
        Protection::Passphrase(_) => "The store opens with the new passphrase. Backups that were \
                                      made before still open with the old one."
            .to_owned(),
    })
}

fn to_key_file(
    args: &RekeyArgs,
    context: &Context<'_, '_>,
    engine: &Engine,
) -> Result<String, Failure> {
    let Settings { protection, data_dir, .. } = context.settings;
    let in_use = match protection {
        Protection::KeyFile(path) => Some(path),
        Protection::Passphrase(_) => None,
    };
    let target = args.key_file.clone().unwrap_or_else(|| protection.key_file(data_dir));
    let is_in_place = in_use.is_some_and(|path| is_same(path, &target));
    let made = if is_in_place { following(&target) } else { target.clone() };
    create_key_file(&made).map_err(|problem| file_problem("create", &made, &problem))?;
    let keeper = Keeper::new(Protection::KeyFile(made.clone()), context.console.environment);
    engine.rekey(&keeper).map_err(|problem| failed(DOING, problem))?;
    if !is_in_place {
        return Ok(format!(
            "The store opens with the key file {}. Say so with PKICTL_KEY_FILE, or in the \
             settings, unless that is where it is looked for.",
            target.display()
        ));
    }
    let kept = keep(&target).map_err(|problem| file_problem("keep", &target, &problem))?;
    fs::rename(&made, &target)
        .and_then(|()| sync_folder(&target))
        .map_err(|problem| file_problem("replace", &target, &problem))?;
    Ok(format!(
        "The store opens with the new key in {}. The old one is kept as {}: backups that were \
         made before need it.",
        target.display(),
        kept.display()
    ))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    one == other || whole(one) == whole(other)
}

/// Gives a key file a second name, which it keeps. One that was lost has none.
fn keep(path: &Path) -> std::io::Result<PathBuf> {
    let mut number = 1_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".replaced-{number}"));
        let name = PathBuf::from(name);
        match fs::hard_link(path, &name) {
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(problem) => return Err(problem),
            Ok(()) => return Ok(name),
        }
    }
}

fn file_problem(doing: &str, path: &Path, problem: &std::io::Error) -> Failure {
    let why = match problem.kind() {
        ErrorKind::NotFound => "there is no such directory".to_owned(),
        _ => reason(problem),
    };
    failed(DOING, format!("cannot {doing} the key file {}: {why}", path.display()))
}
