//! `pki reissue`: `pki issue` with the parameters of an issuer that there is.

use super::issue::{Plan, carry_out};
use super::issuer::Issuer;
use super::template::{Key, parameters};
use super::{Context, text, trimmed};
use crate::args::IssueArgs;
use crate::failure::Failure;

pub(super) fn run(args: &IssueArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [parent, template, child, given @ ..] = &args.words.words[..] else {
        return Err(Failure::Usage(
            "Not enough arguments: expected parent issuer, template issuer and child-mount \
             location"
                .to_owned(),
        ));
    };
    let given = context.data(given, "K=V")?;
    let template = trimmed(template);
    let session = context.session()?;
    let lead = format!("Error fetching template certificate {template} ");
    let template = Issuer::read(&session, template, &lead).map_err(Failure::Usage)?;
    let key = match args.key_source.as_str() {
        "existing" => Key::Same(text(&template.fields, "key_id")),
        _ => Key::New,
    };
    let mut parameters = parameters(&template.certificate, &key);
    parameters.extend(given);
    let plan = Plan {
        parent: trimmed(parent),
        child: trimmed(child),
        key_source: &args.key_source,
        issuer_name: args.issuer_name.as_deref(),
        parameters,
    };
    carry_out(&plan, &session, context)
}
