//! Lists that may be far longer than what should be in memory.

use std::ops::ControlFlow;

use serde_json::Value;

use super::{Asked, Engine, Sent, respond};
use crate::api::endpoint::{Op, Run};
use crate::api::request::{Body, Operation, Response};
use crate::error::Error;
use crate::field::Input;

/// How a list is to be gone through.
#[derive(Clone, Copy, Debug)]
pub struct Pages {
    /// Keys on one page.
    pub size: usize,
    /// How often, if there is more than one page, and what for: whoever draws a table has to see
    /// all of it before.
    pub rounds: &'static [Wanted],
}

/// What is wanted of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Its keys. What is known of each need not be there.
    Keys,
    /// Its keys, and what is known of each.
    Facts,
}

/// A part of a list.
pub struct Page {
    /// Its keys, and what is known of them, as an answer. Warnings come with the first page.
    pub response: Response,
    /// The round it belongs to, counted from 0.
    pub round: usize,
    /// Whether the list ends here.
    pub is_last: bool,
}

impl Engine {
    /// Lists what is below a path, page by page and until told to stop, all as of one moment. A
    /// path that has no pages gives one.
    ///
    /// # Errors
    ///
    /// Why it was not answered; [`Error::Absent`] where there is nothing.
    pub fn list(
        &self,
        path: &str,
        data: Input,
        pages: Pages,
        see: &mut dyn FnMut(Page) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut data = Sent(data);
        let Asked { op, mount, unknown } = self.asked(Operation::List, path, &mut data)?;
        let (Some(most), Run::Query(prepare)) = (most(op, &data.0), op.run) else {
            let output = self.run(op, &mount.path, &data.0)?;
            let response = respond(Operation::List, output, unknown)?;
            let _only = see(Page { response, round: 0, is_last: true });
            return Ok(());
        };
        let (entered, view) = self.enter(&mount.path)?;
        let cx = self.read_cx(&view, &entered);
        let mut unknown = Some(unknown);
        for (round, wanted) in pages.rounds.iter().enumerate() {
            let answer = &mut |input: &Input| {
                let query = prepare(input)?;
                let output = match wanted {
                    Wanted::Keys => query.keys(&cx)?,
                    Wanted::Facts => query.answer(&cx)?,
                };
                respond(Operation::List, output, unknown.take().unwrap_or_default())
            };
            if go_through(&data.0, most, pages.size, round, answer, see)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// How many keys were asked for; nothing where the path knows no pages.
fn most(op: &Op, data: &Input) -> Option<usize> {
    let has = |name| op.fields.iter().any(|field| field.name == name);
    let most = match data.get("limit") {
        None => Some(usize::MAX),
        Some(limit) => limit.as_u64().and_then(|limit| usize::try_from(limit).ok()),
    };
    most.filter(|most| 0 < *most && has("after") && has("limit"))
}

/// Shows all pages once.
fn go_through(
    data: &Input,
    most: usize,
    size: usize,
    round: usize,
    answer: &mut dyn FnMut(&Input) -> Result<Response, Error>,
    see: &mut dyn FnMut(Page) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let (mut data, mut left, mut is_first) = (data.clone(), most, true);
    loop {
        let wanted = size.min(left);
        data.insert("limit".to_owned(), Value::from(wanted));
        let response = match answer(&data) {
            // The page before was the last, and full.
            Err(Error::Absent) if !is_first => return Ok(ControlFlow::Continue(())),
            response => response?,
        };
        let keys = keys(&response);
        let (count, last) = (keys.len(), keys.last().cloned());
        left -= count.min(left);
        let is_last = count < wanted || left == 0;
        if see(Page { response, round, is_last }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let Some(last) = last.filter(|_| !is_last) else { return Ok(ControlFlow::Continue(())) };
        data.insert("after".to_owned(), last);
        is_first = false;
    }
}

fn keys(response: &Response) -> &[Value] {
    let Body::Data(data) = &response.body else { return &[] };
    data.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
