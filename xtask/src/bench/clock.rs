//! What something costs, and how two things compare.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

/// Ticks of a second in `/proc/self/stat`.
const TICKS: f64 = 100.0;

/// Seconds for one operation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wall: f64,
    pub(super) cpu: f64,
}

/// Two costs, measured in turn. Ratios are medians of those of the pairs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) ours: Cost,
    pub(super) beside: Cost,
    pub(super) wall_ratio: f64,
    pub(super) cpu_ratio: f64,
}

/// Measures two things in turn, so often. Each goes first every other time.
pub(super) fn compare(
    pairs: usize,
    mut ours: impl FnMut() -> Result<Cost>,
    mut beside: impl FnMut() -> Result<Cost>,
) -> Result<Compared> {
    let mut found = Vec::new();
    for pair in 0..pairs {
        if pair % 2 == 0 {
            let first = ours()?;
            found.push((first, beside()?));
        } else {
            let first = beside()?;
            found.push((ours()?, first));
        }
    }
    let over = |value: &dyn Fn(&(Cost, Cost)) -> f64| median(found.iter().map(value).collect());
    Ok(Compared {
        ours: Cost { wall: over(&|pair| pair.0.wall), cpu: over(&|pair| pair.0.cpu) },
        beside: Cost { wall: over(&|pair| pair.1.wall), cpu: over(&|pair| pair.1.cpu) },
        wall_ratio: over(&|pair| pair.0.wall / pair.1.wall),
        cpu_ratio: over(&|pair| pair.0.cpu / pair.1.cpu),
    })
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

/// Runs a process to its end. What it prints is dropped; its errors are not.
pub(super) fn quiet(command: &mut Command) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
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
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name of the program may hold blanks; what follows it does not.
    let (_, rest) = text.rsplit_once(") ").context("/proc/self/stat")?;
    let ticks: Result<Vec<f64>, _> = rest.split(' ').skip(13).take(2).map(str::parse).collect();
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
