//! What something costs, and how two things compare.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// Ticks of a second in `/proc/PID/stat`.
const TICKS: f64 = 100.0;

/// Seconds for one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wall: f64,
    pub(super) cpu: f64,
}

/// Two costs, measured in turn, and ours divided by the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) ours: Cost,
    pub(super) beside: Cost,
    pub(super) wall_ratio: f64,
    pub(super) cpu_ratio: f64,
}

/// Measures two things in turn, so often: medians, of the ratios of the pairs too.
pub(super) fn compare(
    count: usize,
    ours: impl FnMut() -> Result<Cost>,
    beside: impl FnMut() -> Result<Cost>,
) -> Result<Compared> {
    let found = in_turn(count, ours, beside)?;
    let over = |value: &dyn Fn(&(Cost, Cost)) -> f64| median(found.iter().map(value).collect());
    Ok(Compared {
        ours: Cost { wall: over(&|pair| pair.0.wall), cpu: over(&|pair| pair.0.cpu) },
        beside: Cost { wall: over(&|pair| pair.1.wall), cpu: over(&|pair| pair.1.cpu) },
        wall_ratio: over(&|pair| pair.0.wall / pair.1.wall),
        cpu_ratio: over(&|pair| pair.0.cpu / pair.1.cpu),
    })
}

/// Measures two single operations in turn, so often. Time on a processor is the mean, since what
/// is done now and then counts too; time on a clock is the median, since disks hiccup. Ratios are
/// those of these.
pub(super) fn alternate(
    count: usize,
    ours: impl FnMut() -> Result<Cost>,
    beside: impl FnMut() -> Result<Cost>,
) -> Result<Compared> {
    let (ours, beside): (Vec<Cost>, Vec<Cost>) = in_turn(count, ours, beside)?.into_iter().unzip();
    let (ours, beside) = (summed_up(&ours), summed_up(&beside));
    let wall_ratio = ours.wall / beside.wall;
    Ok(Compared { ours, beside, wall_ratio, cpu_ratio: ours.cpu / beside.cpu })
}

/// Each goes first every other time.
fn in_turn(
    count: usize,
    mut ours: impl FnMut() -> Result<Cost>,
    mut beside: impl FnMut() -> Result<Cost>,
) -> Result<Vec<(Cost, Cost)>> {
    let mut found = Vec::new();
    for pair in 0..count {
        if pair % 2 == 0 {
            let first = ours()?;
            found.push((first, beside()?));
        } else {
            let first = beside()?;
            found.push((ours()?, first));
        }
    }
    Ok(found)
}

/// The mean on a processor, the median on a clock.
fn summed_up(costs: &[Cost]) -> Cost {
    let cpu = costs.iter().map(|cost| cost.cpu).sum::<f64>() / costs.len() as f64;
    Cost { wall: median(costs.iter().map(|cost| cost.wall).collect()), cpu }
}

/// One thing, so often: the medians.
pub(super) fn typical(count: usize, mut call: impl FnMut() -> Result<Cost>) -> Result<Cost> {
    let found: Vec<Cost> = (0..count).map(|_| call()).collect::<Result<_>>()?;
    let over = |value: &dyn Fn(&Cost) -> f64| median(found.iter().map(value).collect());
    Ok(Cost { wall: over(&|cost| cost.wall), cpu: over(&|cost| cost.cpu) })
}

/// What something costs that another process does.
pub(super) fn elsewhere(process: u32, call: impl FnOnce() -> Result<()>) -> Result<Cost> {
    let (began, used) = (Instant::now(), cpu_of(process)?);
    call()?;
    Ok(Cost { wall: began.elapsed().as_secs_f64(), cpu: cpu_of(process)? - used })
}

/// What one of so many calls costs this thread.
pub(super) fn calls(count: u32, mut call: impl FnMut() -> Result<()>) -> Result<Cost> {
    let (began, used) = (Instant::now(), own_cpu()?);
    for _ in 0..count {
        call()?;
    }
    let (wall, cpu) = (began.elapsed().as_secs_f64(), own_cpu()? - used);
    Ok(Cost { wall: wall / f64::from(count), cpu: cpu / f64::from(count) })
}

/// What one of so many rounds of processes costs.
pub(super) fn processes(count: u32, make: &dyn Fn() -> Vec<Command>) -> Result<Cost> {
    let (began, used) = (Instant::now(), children_cpu()?);
    for _ in 0..count {
        for mut command in make() {
            quiet(&mut command)?;
        }
    }
    let (wall, cpu) = (began.elapsed().as_secs_f64(), children_cpu()? - used);
    Ok(Cost { wall: wall / f64::from(count), cpu: cpu / f64::from(count) })
}

/// What one process costs.
pub(super) fn process(mut command: Command) -> Result<Cost> {
    let used = children_cpu()?;
    let wall = timed(|| quiet(&mut command))?;
    Ok(Cost { wall, cpu: children_cpu()? - used })
}

/// What processes cost that follow each other.
pub(super) fn round(commands: impl IntoIterator<Item = Command>) -> Result<Cost> {
    commands.into_iter().try_fold(Cost::default(), |total, command| {
        let Cost { wall, cpu } = process(command)?;
        Ok(Cost { wall: total.wall + wall, cpu: total.cpu + cpu })
    })
}

/// Seconds on a clock that something takes.
pub(super) fn timed(call: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    call()?;
    Ok(began.elapsed().as_secs_f64())
}

/// Runs a process to its end. What it prints is dropped; its errors are not.
pub(super) fn quiet(command: &mut Command) -> Result<()> {
    command.stdout(Stdio::null());
    output(command).map(drop)
}

/// Runs a process to its end, for what it prints.
pub(super) fn printed(command: &mut Command) -> Result<Vec<u8>> {
    command.stdout(Stdio::piped());
    output(command)
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(output.stdout)
}

/// Seconds that this thread has run.
fn own_cpu() -> Result<f64> {
    // The kernel adds up when the thread gives way.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanos / 1e9)
}

/// Seconds that children have run whose end was waited for.
fn children_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

/// Seconds that this process has run, all threads.
pub(super) fn all_threads_cpu() -> Result<f64> {
    cpu_of(std::process::id())
}

/// Seconds that a process has run, all threads, to a hundredth.
fn cpu_of(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/stat");
    ticks(&fs::read_to_string(&path)?).with_context(|| path)
}

/// Seconds from the line that says how a process is.
fn ticks(line: &str) -> Result<f64> {
    // The name of the program may hold blanks; what follows it does not.
    let (_, rest) = line.rsplit_once(") ").context("no name")?;
    let ticks: Result<Vec<f64>, _> = rest.split(' ').skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / TICKS)
}

/// The one in the middle.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_medians_of_pairs() {
        let mut walls = [2.0, 9.0, 3.0].into_iter();
        let cost = |wall| Ok(Cost { wall, cpu: wall });
        let compared = compare(3, || cost(walls.next().unwrap()), || cost(1.0)).unwrap();
        assert_eq!((compared.wall_ratio, compared.ours.cpu), (3.0, 3.0));
    }

    #[test]
    fn single_operations_are_summed_up() {
        let mut walls = [1.0, 9.0, 2.0].into_iter();
        let cost = |wall| Ok(Cost { wall, cpu: wall });
        let compared = alternate(3, || cost(walls.next().unwrap()), || cost(1.0)).unwrap();
        assert_eq!((compared.wall_ratio, compared.cpu_ratio), (2.0, 4.0));
    }

    #[test]
    fn user_and_system_time_are_read_behind_the_name() {
        let line = "7 (a b) c) S 1 7 7 0 -1 4194304 500 0 0 0 150 25 9 9 20 0 8 0 100 1 1";
        assert_eq!(ticks(line).unwrap(), 1.75);
    }

    #[test]
    fn work_costs_time() {
        let work = || {
            std::hint::black_box((0..100_000_u64).fold(0, |sum, n| sum ^ n.wrapping_mul(sum | 7)));
            Ok(())
        };
        let cost = calls(100, work).unwrap();
        assert!(0.0 < cost.cpu && cost.cpu <= cost.wall * 1.5, "{cost:?}");
        assert!(0.0 <= children_cpu().unwrap());
    }
}
