//! `batch`: many certificates, one for each row of a file.
//!
//! The file is read twice. The first time every row is checked, and nothing is done if one is
//! bad. The second time the rows are carried out in groups, each of which is one transaction of
//! the store; see `folder` for how that survives being stopped.

mod folder;
mod leaf;
mod lines;
mod progress;
mod report;
mod rows;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use pki_core::api::endpoint::Reply;
use pki_core::domain::hex;
use pki_core::paths::issue::{Issue, IssuedCertificate};
use pki_core::paths::sign::Sign;
use pki_core::{Engine, GroupError, Step};
use serde_json::json;

use self::folder::{Folder, Made, Manifest};
use self::leaf::{Leaf, Target, Verb, made};
use self::progress::Progress;
use self::report::{Report, refused, untyped};
use self::rows::{BLOCK, Block, Row, Rows};
use super::{Context, exactly, trimmed};
use crate::args::BatchArgs;
use crate::failure::{Failure, REFUSED, refusal};
use crate::output::{self, Format};
use crate::system;

/// How long a group should take: as much may have to be done again after a stop.
const GROUP: Duration = Duration::from_millis(500);

/// What is to be done, and where.
struct Plan<'a> {
    engine: &'a Engine,
    input: &'a Path,
    /// The whole path.
    path: String,
    mount: String,
    /// The path below the mount, and what it says.
    below: String,
    target: Target,
    jobs: NonZeroUsize,
    mode: Mode,
}

/// How far to go.
enum Mode {
    Check,
    Begin(PathBuf),
    Resume(PathBuf),
}

/// What the first reading of the file has found.
struct Checked {
    rows: u64,
    /// The digest of each block.
    blocks: Vec<[u8; 32]>,
    report: Report,
}

pub(super) fn run(args: &BatchArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [path] = exactly(&args.words.words)?;
    let path = trimmed(path).to_owned();
    let input = args.input.as_deref();
    let input = input.ok_or_else(|| Failure::Usage("Say which file: -in=FILE".to_owned()))?;
    let mode = mode(args)?;
    let session = context.session()?;
    let engine = session.engine();
    let doing = format!("working through {}", input.display());
    let (mount, below) = engine.mount_of(&path).map_err(|error| refusal(&doing, &error))?;
    let target = Target::parse(&below)?;
    let jobs = args.jobs.or(available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let verb = target.verb;
    let plan = Plan { engine, input, path, mount, below, target, jobs, mode };
    match verb {
        Verb::Issue => plan.run::<Issue>(&mut context),
        Verb::Sign => plan.run::<Sign>(&mut context),
    }
}

fn mode(args: &BatchArgs) -> Result<Mode, Failure> {
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    match (args.check, args.resume, &args.out) {
        (true, true, _) => usage("-check makes nothing that could be resumed"),
        (true, false, _) => Ok(Mode::Check),
        (false, _, None) => usage("Say where to put what is made: -out=DIRECTORY"),
        (false, true, Some(out)) => Ok(Mode::Resume(out.clone())),
        (false, false, Some(out)) => Ok(Mode::Begin(out.clone())),
    }
}

impl Plan<'_> {
    fn run<C: Leaf>(&self, context: &mut Context<'_, '_>) -> Result<(), Failure> {
        let columns = C::columns();
        let mut rows = Rows::open(self.input, &columns)?;
        let (folder, done) = match &self.mode {
            Mode::Check => (None, 0),
            Mode::Begin(out) => {
                folder::require_vacant(out)?;
                (None, 0)
            }
            Mode::Resume(out) => {
                let folder = self.reopen(out)?;
                let batch = &folder.manifest.batch;
                let done = self.engine.batch_progress(&self.mount, batch);
                let done = done.map_err(|error| self.refusal(&error))?.unwrap_or(0);
                (Some(folder), done)
            }
        };
        let checked = self.check::<C>(&mut rows, done, context)?;
        if 0 < checked.report.count {
            return self.show_bad(checked, context);
        }
        let folder = match (&self.mode, folder) {
            (Mode::Begin(out), _) => Folder::create(out, self.manifest(&checked)?)?,
            (_, Some(mut folder)) => {
                self.require_same(&folder.manifest, &checked)?;
                folder.recover(done)?;
                folder
            }
            (_, None) => return self.show_good(&checked, context),
        };
        let rows = rows.again()?;
        Run { plan: self, folder, checked, size: self.jobs.get() * 16 }
            .carry_out::<C>(rows, done, context)
    }

    fn refusal(&self, error: &pki_core::Error) -> Failure {
        refusal(&format!("working through {}", self.input.display()), error)
    }

    fn reopen(&self, out: &Path) -> Result<Folder, Failure> {
        let folder = Folder::open(out)?;
        if folder.manifest.path == self.path {
            return Ok(folder);
        }
        Err(Failure::Usage(format!(
            "the batch in {} is for {}, not for {}",
            out.display(),
            folder.manifest.path,
            self.path
        )))
    }

    fn manifest(&self, checked: &Checked) -> Result<Manifest, Failure> {
        Ok(Manifest {
            batch: hex::encode(&system::random::<16>()?),
            path: self.path.clone(),
            rows: checked.rows,
            input: checked.digest(),
        })
    }

    fn require_same(&self, manifest: &Manifest, checked: &Checked) -> Result<(), Failure> {
        if (manifest.rows, &manifest.input) == (checked.rows, &checked.digest()) {
            return Ok(());
        }
        Err(Failure::Usage(format!(
            "{} has changed since the batch was begun, so it cannot be resumed",
            self.input.display()
        )))
    }

    /// Reads all rows, and checks those that are not done. Before the first of them, what is the
    /// same for all.
    fn check<C: Leaf>(
        &self,
        rows: &mut Rows<'_>,
        done: u64,
        context: &mut Context<'_, '_>,
    ) -> Result<Checked, Failure> {
        let mut checked = Checked { rows: 0, blocks: Vec::new(), report: Report::default() };
        let mut progress = Progress::new("checked", 0, context.console);
        while let Some(Block { rows, digest }) = rows.next_block()? {
            checked.blocks.push(digest);
            let skipped = usize::try_from(done.saturating_sub(checked.rows)).unwrap_or(BLOCK);
            let from = checked.rows;
            checked.rows += rows.len() as u64;
            if from <= done && done < checked.rows {
                let required = self.target.require(self.engine, &self.mount);
                required.map_err(|error| self.refusal(&error))?;
            }
            let rows = rows.into_iter().skip(skipped);
            self.check_some::<C>(rows, &mut checked.report, context)?;
            progress.show(checked.rows, context.console)?;
        }
        progress.end(context.console)?;
        checked.report.tell_rest(self.input, context.console.err)?;
        if checked.rows == 0 {
            return Err(Failure::Usage(format!("{} has no rows", self.input.display())));
        }
        Ok(checked)
    }

    fn check_some<C: Leaf>(
        &self,
        rows: impl Iterator<Item = Result<Row, rows::BadRow>>,
        report: &mut Report,
        context: &mut Context<'_, '_>,
    ) -> Result<(), Failure> {
        let (mut bad, mut good, mut commands) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            match row.map(|row| (C::read(&self.target.complete(row.data.clone())), row)) {
                Ok((Ok(command), row)) => {
                    commands.push(command);
                    good.push(row);
                }
                Ok((Err(errors), row)) => bad.extend(untyped(row.line, &row.data, &errors)),
                Err(row) => bad.push(row),
            }
        }
        let outcomes = self.engine.check_all(&self.mount, &commands, self.jobs);
        let outcomes = outcomes.map_err(|error| self.refusal(&error))?;
        let failed = good.iter().zip(outcomes).filter_map(|(row, outcome)| {
            let error = outcome.err()?;
            Some(refused(row, &error))
        });
        bad.extend(failed);
        bad.sort_by_key(|bad| bad.line);
        bad.iter().try_for_each(|bad| report.add(self.input, bad, context.console.err))
    }

    fn show_bad(&self, checked: Checked, context: &mut Context<'_, '_>) -> Result<(), Failure> {
        let Checked { rows, report, .. } = checked;
        let (count, path) = (report.count, &self.path);
        let text = format!("{count} problems in {rows} rows for {path}; nothing was done");
        if context.format == Format::Table {
            return Err(Failure::Refused(text));
        }
        writeln!(context.console.err, "{text}")?;
        let value = json!({
            "path": path, "rows": rows, "problems": count, "failures": report.into_values(),
        });
        output::document(context.console, context.format, &value, 1)?;
        Err(Failure::Said(REFUSED))
    }

    fn show_good(&self, checked: &Checked, context: &mut Context<'_, '_>) -> Result<(), Failure> {
        let (rows, path) = (checked.rows, &self.path);
        if context.format == Format::Table {
            let text = format!("All {rows} rows can be carried out at {path}");
            return output::success(context.console, Format::Table, &text);
        }
        let value = json!({ "path": path, "rows": rows, "problems": 0, "failures": [] });
        output::document(context.console, context.format, &value, 1)
    }
}

impl Checked {
    fn digest(&self) -> String {
        self.blocks.last().map(|digest| hex::encode(digest)).unwrap_or_default()
    }
}

/// The second reading.
struct Run<'a> {
    plan: &'a Plan<'a>,
    folder: Folder,
    checked: Checked,
    /// How many rows the next group has.
    size: usize,
}

impl Run<'_> {
    fn carry_out<C: Leaf>(
        mut self,
        mut rows: Rows<'_>,
        resumed_at: u64,
        context: &mut Context<'_, '_>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let mut progress = Progress::new("done", self.checked.rows, context.console);
        let mut read = 0;
        for expected in self.checked.blocks.clone() {
            let block = rows.next_block()?.filter(|block| block.digest == expected);
            let block = block.ok_or_else(|| self.stopped(read, "the input was changed"))?;
            let first = read;
            read += block.rows.len() as u64;
            let skipped = usize::try_from(resumed_at.saturating_sub(first)).unwrap_or(BLOCK);
            let mut left: Vec<Row> = block.rows.into_iter().flatten().skip(skipped).collect();
            while !left.is_empty() {
                let from = read - left.len() as u64;
                let later = left.split_off(self.size.min(left.len()));
                self.group::<C>(from, &left)?;
                left = later;
                progress.show(read - left.len() as u64, context.console)?;
            }
        }
        progress.end(context.console)?;
        self.show(read - resumed_at.min(read), began.elapsed(), context)
    }

    /// Carries out rows in one transaction.
    fn group<C: Leaf>(&mut self, from: u64, rows: &[Row]) -> Result<(), Failure> {
        let began = Instant::now();
        let complete = |row: &Row| C::read(&self.plan.target.complete(row.data.clone()));
        let commands: Result<Vec<C>, _> = rows.iter().map(complete).collect();
        // They could be read when they were checked, and have not changed.
        let commands = commands.map_err(|_| self.stopped(from, "the input was changed"))?;
        let step = Step {
            batch: self.folder.manifest.batch.clone(),
            path: self.plan.below.clone(),
            rows: self.checked.rows,
            from,
            to: from + rows.len() as u64,
        };
        let mut keep = |replies: &[Reply<IssuedCertificate>]| {
            let all = (from + 1..).zip(rows).zip(commands.iter().zip(replies));
            let made: Vec<Made> = all
                .map(|((number, row), (command, reply))| {
                    made(number, row.line, &command.name(), reply)
                })
                .collect();
            self.folder.keep(from, &made)
        };
        let Plan { engine, mount, jobs, .. } = self.plan;
        engine.execute_step(mount, &commands, *jobs, &step, &mut keep).map_err(|problem| {
            let text = match problem {
                GroupError::Command { index, error } => {
                    let line = rows.get(index).map_or(0, |row| row.line);
                    format!("the row in line {line} is refused now: {error}")
                }
                GroupError::Group(error) => error.to_string(),
                GroupError::Keep(problem) => crate::failure::reason(&problem),
            };
            self.stopped(from, &text)
        })?;
        self.folder.unpack().map_err(|failure| {
            let why = failure.into_parts().0.unwrap_or_default();
            self.stopped(step.to, &why)
        })?;
        self.resize(rows.len(), began.elapsed());
        Ok(())
    }

    /// Slow keys make small groups, quick ones large ones.
    fn resize(&mut self, rows: usize, took: Duration) {
        let fitting = rows as u128 * GROUP.as_millis() / took.as_millis().max(1);
        self.size = usize::try_from(fitting).unwrap_or(BLOCK).clamp(self.plan.jobs.get(), BLOCK);
    }

    fn stopped(&self, done: u64, why: &str) -> Failure {
        let rows = self.checked.rows;
        Failure::Refused(format!(
            "Stopped after {done} of {rows} rows: {why}\nWhat is done stays done. To go on, type \
             the same command with -resume."
        ))
    }

    fn show(&self, now: u64, took: Duration, context: &mut Context<'_, '_>) -> Result<(), Failure> {
        let (rows, path) = (self.checked.rows, &self.plan.path);
        let place = self.folder.path().display().to_string();
        if context.format == Format::Table {
            let text = format!("{now} certificates made at {path}: they are in {place}");
            return output::success(context.console, Format::Table, &text);
        }
        let value = json!({
            "path": path,
            "batch": self.folder.manifest.batch,
            "rows": rows,
            "done_before": rows - now,
            "done_now": now,
            "seconds": took.as_secs_f64(),
            "out": place,
            "problems": 0,
            "failures": [],
        });
        output::document(context.console, context.format, &value, 1)
    }
}
