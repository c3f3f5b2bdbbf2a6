//! P11: certificates with a new key on RSA with 2048 bits.

use anyhow::Result;

use super::Plan;
use super::authority::{self, Authority, RSA};
use super::clock::{Cost, alternate, calls};
use super::report::{Row, millis};
use super::server::Bao;

/// The mount of the server.
const MOUNT: &str = "rsa";

/// The mean of many: how long it takes to find two primes differs tenfold.
pub(super) fn row(plan: &Plan, bao: Option<&mut Bao>) -> Result<Row> {
    eprintln!("bench: RSA");
    let authority = Authority::in_memory()?;
    let request = authority::issue_request(RSA, "24h")?;
    let count = plan.rsa;
    let ours = || calls(1, || authority.issue(&request).map(drop));
    let what = format!("issue on RSA-2048, in process, mean of {count} (CPU)");
    let Some(bao) = bao else {
        let compared = alternate(count, ours, || Ok(Cost::default()))?;
        return Ok(Row::new("P11", &what, millis(compared.ours.cpu)));
    };
    bao.set_up(MOUNT)?;
    let theirs = || bao.cost(|link| link.issue(MOUNT, RSA, "24h").map(drop));
    let compared = alternate(count, ours, theirs)?;
    let row = Row::new("P11", &what, millis(compared.ours.cpu));
    let name = format!("bao (on disk), server, mean of {count},");
    Ok(row.beside(&name, millis(compared.beside.cpu), compared.cpu_ratio).at_most_ratio(1.0))
}
