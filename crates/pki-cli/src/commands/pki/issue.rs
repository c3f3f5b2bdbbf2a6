//! `pki issue`: a new intermediate CA, in eight requests.

use pki_core::{Error, Operation};
use serde_json::{Map, Value, json};

use super::issuer::{Issuer, parts};
use super::{Context, fields, is_absent, text, texts, trimmed};
use crate::args::IssueArgs;
use crate::failure::{Failure, explained};
use crate::output::{Answer, Secret};
use crate::session::Session;

pub(super) fn run(args: &IssueArgs, mut context: Context<'_, '_>) -> Result<(), Failure> {
    let [parent, child, given @ ..] = &args.words.words[..] else {
        return Err(not_enough());
    };
    if given.is_empty() {
        return Err(not_enough());
    }
    let plan = Plan {
        parent: trimmed(parent),
        child: trimmed(child),
        key_source: &args.key_source,
        issuer_name: args.issuer_name.as_deref(),
        parameters: context.data(given, "K=V")?,
    };
    let session = context.session()?;
    carry_out(&plan, &session, context)
}

fn not_enough() -> Failure {
    Failure::Usage(
        "Not enough arguments expected parent issuer and child-mount location and some key_value \
         argument"
            .to_owned(),
    )
}

/// What is to be made.
pub(super) struct Plan<'a> {
    /// The path of the issuer that signs.
    pub(super) parent: &'a str,
    /// The mount that gets key and certificate.
    pub(super) child: &'a str,
    /// `internal`, `existing` or `kms`.
    pub(super) key_source: &'a str,
    pub(super) issuer_name: Option<&'a str>,
    /// Sent to make the request, and again to sign it.
    pub(super) parameters: Map<String, Value>,
}

/// A request for a certificate, and the key it is for.
struct Csr {
    pem: String,
    key_id: String,
}

/// Makes the CA and shows it.
pub(super) fn carry_out(
    plan: &Plan<'_>,
    session: &Session,
    mut context: Context<'_, '_>,
) -> Result<(), Failure> {
    let Some((_, reference)) = parts(plan.parent) else {
        return Err(Failure::Usage(format!(
            "Parent Issuer {} is Not a PKI Issuer Path of the format /mount/issuer/issuer-ref",
            plan.parent
        )));
    };
    let lead = format!("Unable to access parent issuer {}", plan.parent);
    Issuer::read(session, plan.parent, &lead).map_err(Failure::Usage)?;
    let csr = generate(plan, session)?;
    match finish(plan, session, &csr, reference) {
        Ok((secret, warning)) => {
            if let Some(warning) = warning {
                writeln!(context.console.err, "{warning}")?;
            }
            context.show(secret, None)
        }
        Err(problem) => {
            writeln!(context.console.err, "{}", way_on(plan, &csr))?;
            Err(Failure::Usage(problem))
        }
    }
}

fn generate(plan: &Plan<'_>, session: &Session) -> Result<Csr, Failure> {
    let Plan { child, .. } = plan;
    let path = format!("{child}/intermediate/generate/{}", plan.key_source);
    let answer = session.ask(Operation::Write, &path, plan.parameters.clone());
    let made = answer.map(fields).map_err(|error| {
        let lead = match is_absent(&error) {
            true => format!("Given Intermediate Mount {child} Does Not Exist"),
            false => format!("Failled to Generate Intermediate CSR on {child}"),
        };
        Failure::Usage(explained(&lead, &error))
    })?;
    let csr = Csr { pem: text(&made, "csr").to_owned(), key_id: text(&made, "key_id").to_owned() };
    if csr.pem.is_empty() {
        return Err(Failure::Usage(format!(
            "Given Intermeidate Mount {child} Is Not a PKI Mount: it made no request to sign"
        )));
    }
    Ok(csr)
}

/// All after the request was made: the certificate in its mount, and what could not be named.
fn finish(
    plan: &Plan<'_>,
    session: &Session,
    csr: &Csr,
    reference: &str,
) -> Result<(Secret, Option<String>), String> {
    let Plan { parent, child, .. } = plan;
    let signed = sign(plan, session, csr)?;
    let id = import_one(session, child, text(&signed, "certificate"))?;
    if let Some(name) = plan.issuer_name.filter(|name| *name != "default") {
        let lead = format!("Error naming the issuer {id} on {child}");
        rename(session, child, &id, name).map_err(|error| explained(&lead, &error))?;
    }
    let above = import_one(session, child, text(&signed, "issuing_ca"))?;
    // The parent may have been here before, under a name of its own.
    let warning = match rename_parent(session, child, &above, reference) {
        Ok(()) => None,
        Err(error) => {
            let lead = format!("Unable to name the copy of {parent} on {child}");
            Some(explained(&lead, &error))
        }
    };
    let chain = texts(signed.get("ca_chain"));
    if 2 < chain.len() {
        import(session, child, &chain.join("\n"))?;
    }
    let path = format!("{child}/issuer/{id}");
    let answer = session.ask(Operation::Read, &path, Map::new());
    match answer.map_err(|error| explained(&format!("Error reading {path}"), &error))? {
        Answer::Secret(secret) => Ok((secret, warning)),
        Answer::Done | Answer::File { .. } => Err(format!("No value found at {path}")),
    }
}

fn sign(plan: &Plan<'_>, session: &Session, csr: &Csr) -> Result<Map<String, Value>, String> {
    let mut parameters = plan.parameters.clone();
    parameters.insert("csr".to_owned(), csr.pem.as_str().into());
    let path = format!("{}/sign-intermediate", plan.parent);
    let answer = session.ask(Operation::Write, &path, parameters);
    let lead = format!("Error Signing Intermediate On {}", plan.parent);
    answer.map(fields).map_err(|error| explained(&lead, &error))
}

/// Imports certificates; gives the issuers that they are, with their keys.
fn import(session: &Session, mount: &str, pem: &str) -> Result<Map<String, Value>, String> {
    let path = format!("{mount}/issuers/import/cert");
    let request = Map::from_iter([("pem_bundle".to_owned(), json!(pem))]);
    let lead = format!("Error importing certificates into {mount}");
    let answer = session.ask(Operation::Write, &path, request);
    let imported = answer.map(fields).map_err(|error| explained(&lead, &error))?;
    let mapping = imported.get("mapping").and_then(Value::as_object);
    Ok(mapping.cloned().unwrap_or_default())
}

fn import_one(session: &Session, mount: &str, pem: &str) -> Result<String, String> {
    let mapping = import(session, mount, pem)?;
    let mut ids = mapping.into_iter().map(|(id, _)| id);
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id),
        (first, _) => Err(format!(
            "Error importing a certificate into {mount}: it became {} issuers, and one was expected",
            if first.is_some() { "several" } else { "no" }
        )),
    }
}

fn rename(session: &Session, mount: &str, id: &str, name: &str) -> Result<(), Error> {
    let request = Map::from_iter([("issuer_name".to_owned(), json!(name))]);
    let path = format!("{mount}/issuer/{id}");
    session.ask(Operation::Patch, &path, request).map(drop)
}

/// Calls the copy of the parent what the caller called the parent.
fn rename_parent(session: &Session, mount: &str, id: &str, reference: &str) -> Result<(), Error> {
    if reference == "default" {
        return Ok(());
    }
    rename(session, mount, id, reference)
}

/// What to do when the request was made and the rest failed.
fn way_on(plan: &Plan<'_>, csr: &Csr) -> String {
    let Plan { parent, child, .. } = plan;
    let mut text = format!(
        "A failure has occurred after a Certificate Signing Request was successfully generated on \
         mount {child}\n\nTO CONTINUE:\nSave this request as csr.pem:\n{}\nGet it signed with \
         `pkictl write {parent}/sign-intermediate csr=@csr.pem ...` and the same parameters, and \
         import the certificate and its chain with `pkictl write {child}/issuers/import/cert \
         pem_bundle=@chain.pem`. A name can be given with `pkictl patch {child}/issuer/ID \
         issuer_name=NAME`.\n",
        csr.pem.trim_end()
    );
    if plan.key_source == "internal" && !csr.key_id.is_empty() {
        text += &format!(
            "\nTO ABORT:\nThe key {} was made on mount {child}. Delete it with `pkictl delete \
             {child}/key/{}`.\n",
            csr.key_id, csr.key_id
        );
    }
    text
}
