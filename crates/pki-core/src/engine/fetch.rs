//! Documents that may be far longer than what should be in memory.

use std::ops::ControlFlow;

use super::{Asked, Engine, Sent, respond};
use crate::api::endpoint::Run;
use crate::api::request::{Operation, Response};
use crate::error::Error;
use crate::field::Input;

impl Engine {
    /// Reads what is at a path. A document that may be long is handed over part by part and until
    /// told to stop, all as of one moment; then there is no answer besides. If it cannot be read
    /// to its end, what was handed over is not the document.
    ///
    /// # Errors
    ///
    /// Why it was not answered, or could not be read on.
    pub fn fetch(
        &self,
        path: &str,
        data: Input,
        see: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Option<Response>, Error> {
        let mut data = Sent(data);
        let Asked { op, mount, unknown } = self.asked(Operation::Read, path, &mut data)?;
        let output = match op.run {
            Run::Command(_) => Some(self.run(op, &mount.path, &data.0)?),
            Run::Query(prepare) => {
                let query = prepare(&data.0)?;
                self.read(&mount.path, &|cx| query.shown_crl(cx), &mut |cx| {
                    let Some(mut parts) = query.parts(cx)? else {
                        return query.answer(cx).map(Some);
                    };
                    while let Some(part) = parts.next(cx.view)? {
                        if see(&part).is_break() {
                            break;
                        }
                    }
                    Ok(None)
                })?
            }
        };
        output.map(|output| respond(Operation::Read, output, unknown)).transpose()
    }
}
