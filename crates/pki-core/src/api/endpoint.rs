//! Queries, commands, and the table entry that names them.

use serde_json::{Map, Value};

use super::parts::Parts;
use super::request::{Body, Lease, Operation};
use crate::domain::id::CrlId;
use crate::domain::tidy::TidyPlan;
use crate::domain::time::Timestamp;
use crate::env::Env;
use crate::error::Error;
use crate::field::{Field, Fields, Input};
use crate::keyring::Keyring;
use crate::store::{Tx, View};
use crate::system::mount::Mount;

/// What a query may touch: a snapshot, and the moment it was asked.
pub struct ReadCx<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) mount: &'a Mount,
    pub(crate) now: Timestamp,
    pub(crate) keys: &'a Keyring,
}

/// What a command may touch: one transaction, one moment, the world.
pub struct WriteCx<'a> {
    pub(crate) tx: Tx<'a>,
    pub(crate) mount: &'a Mount,
    pub(crate) now: Timestamp,
    pub(crate) env: &'a Env,
    pub(crate) keys: &'a Keyring,
    /// What is to follow.
    pub(crate) task: Option<Task>,
}

/// What a command asks for that follows it, in transactions of its own.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// A tidy.
    Tidy(TidyPlan),
    /// Removing what is left of mounts.
    Sweep,
}

impl WriteCx<'_> {
    /// The same, for looking only.
    pub(crate) fn reading(&self) -> ReadCx<'_> {
        ReadCx { view: &self.tx, mount: self.mount, now: self.now, keys: self.keys }
    }
}

/// An answer, and what goes with it.
#[derive(Debug)]
pub struct Reply<T> {
    /// The answer.
    pub data: T,
    /// What the caller should know, in order.
    pub warnings: Vec<String>,
    /// The lease on what was issued, if any.
    pub lease: Option<Lease>,
}

impl<T> Reply<T> {
    /// Adds warnings after those that are there.
    pub(crate) fn warn<W: ToString>(mut self, warnings: impl IntoIterator<Item = W>) -> Self {
        self.warnings.extend(warnings.into_iter().map(|warning| warning.to_string()));
        self
    }
}

impl<T> From<T> for Reply<T> {
    fn from(data: T) -> Self {
        Self { data, warnings: Vec::new(), lease: None }
    }
}

/// Something that a request can be answered with.
pub trait Answer {
    /// Its fields, for OpenAPI.
    const FIELDS: &'static [Field];

    /// The answer as it is sent.
    fn into_body(self) -> Body;
}

impl<T: Fields> Answer for T {
    const FIELDS: &'static [Field] = T::FIELDS;

    fn into_body(self) -> Body {
        Body::Data(self.into_rendered())
    }
}

/// Done, and nothing to say.
#[derive(Clone, Copy, Debug)]
pub struct Done;

impl Answer for Done {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        Body::Empty
    }
}

/// Taken on, as clients know it of what a server does in the background.
#[derive(Clone, Copy, Debug)]
pub struct Accepted;

impl Answer for Accepted {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        Body::Accepted
    }
}

/// Perhaps taken on, perhaps nothing but warnings.
impl Answer for Option<Accepted> {
    const FIELDS: &'static [Field] = Accepted::FIELDS;

    fn into_body(self) -> Body {
        self.map_or(Body::Null, Accepted::into_body)
    }
}

/// Perhaps an answer, perhaps nothing but warnings.
impl<T: Fields> Answer for Option<T> {
    const FIELDS: &'static [Field] = T::FIELDS;

    fn into_body(self) -> Body {
        self.map_or(Body::Null, |data| Body::Data(data.into_rendered()))
    }
}

/// Names, and perhaps some facts about each; empty lists are "not found".
#[derive(Debug, Default)]
pub struct Listing {
    /// In the order in which they are shown.
    pub keys: Vec<String>,
    /// Facts by name.
    pub key_info: Option<Map<String, Value>>,
}

impl Answer for Listing {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        let mut data = Map::new();
        data.insert("keys".into(), self.keys.into());
        data.extend(self.key_info.map(|info| ("key_info".to_owned(), Value::Object(info))));
        Body::Data(data)
    }
}

/// A document of a format of its own, such as a certificate in DER.
#[derive(Debug)]
pub struct Document {
    /// The media type.
    pub content_type: &'static str,
    /// The bytes, exactly.
    pub bytes: Vec<u8>,
}

impl Answer for Document {
    const FIELDS: &'static [Field] = &[];

    fn into_body(self) -> Body {
        Body::Raw { content_type: self.content_type, bytes: self.bytes }
    }
}

/// A request that only looks. It gets a snapshot and nothing to write with.
pub trait Query: Fields + 'static {
    /// What it is answered with.
    type Reply: Answer;

    /// The CRL that this is about to show, if it shows one: it is built first if it is due.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn shown_crl(&self, _: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        Ok(None)
    }

    /// Answers it.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<Self::Reply>, Error>;

    /// As [`Query::answer`], for who wants nothing of a list but its keys.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn keys(&self, cx: &ReadCx<'_>) -> Result<Reply<Self::Reply>, Error> {
        self.answer(cx)
    }

    /// The answer in parts, if it is a document that may be long: the same octets.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn parts(&self, _: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        Ok(None)
    }
}

/// A request that changes things: all of it, or none of it. It may be run again, on newer data,
/// when another writer was faster; so it takes itself by reference and changes nothing but `cx`.
pub trait Command: Fields {
    /// What it is answered with.
    type Reply: Answer;

    /// Whether many of these are carried out under the same settings, and read nothing but those.
    /// Then what is remembered of the settings will do, and no snapshot is taken: that they still
    /// hold is looked at with the changes.
    const READS_SETTINGS_ONLY: bool = false;

    /// Carries it out.
    ///
    /// # Errors
    ///
    /// Why it cannot be done; nothing was changed.
    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<Self::Reply>, Error>;
}

/// A command that can say whether it would be carried out, short of what is slow: making keys and
/// signing.
pub trait Check: Command {
    /// Decides everything that carrying it out decides.
    ///
    /// # Errors
    ///
    /// Why it would not be done.
    fn check(&self, cx: &ReadCx<'_>) -> Result<(), Error>;
}

/// A record that can be changed field by field. The rest of `PATCH` (overlay what was sent,
/// parse again, run the command) is the same for all of them.
pub trait Patch: Command {
    /// The record as it stands, as the command that would write it.
    ///
    /// # Errors
    ///
    /// When there is none to patch.
    fn current(cx: &ReadCx<'_>, input: &Input) -> Result<Self, Error>;

    /// Lays what was sent over the record. A null is as good as nothing sent.
    fn overlay(record: &mut Input, sent: &Input) {
        let sent = sent.iter().filter(|(_, value)| !value.is_null());
        record.extend(sent.map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// A Vault path: the patterns it answers to, who may ask, and its operations.
pub struct Path {
    /// `:name` captures one segment, `*name` one or more. Below the mount.
    pub patterns: &'static [&'static str],
    /// Who may ask, where there is a server to ask.
    pub access: Access,
    /// One sentence.
    pub synopsis: &'static str,
    /// The rest of the help.
    pub description: &'static str,
    /// What it does.
    pub ops: &'static [Op],
}

/// Who may use a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Whoever has a token.
    Token,
    /// Whoever has the `sudo` capability.
    Sudo,
}

/// One operation of a path, with its types erased.
pub struct Op {
    /// Which.
    pub operation: Operation,
    /// Its parameters.
    pub fields: &'static [Field],
    /// The fields of its answer.
    pub reply: &'static [Field],
    /// Parameters that are accepted and have no effect. Below a mount a warning names them.
    pub tolerated: &'static [&'static str],
    /// Parameters that only the path can give; sent otherwise they have no effect.
    pub path_only: &'static [&'static str],
    /// Whether it does something with parameters that are not declared, so that none is unknown.
    pub takes_anything: bool,
    /// Parameters that ask for what cannot be done here.
    pub refused: &'static [Refused],
    pub(crate) run: Run,
    /// See [`Command::READS_SETTINGS_ONLY`].
    pub(crate) reads_settings_only: bool,
}

/// A parameter that is refused unless it asks for nothing: clients of Vault may send it, and doing
/// less than they ask without a word would be wrong.
pub struct Refused {
    /// Its name.
    pub name: &'static str,
    /// Why it cannot be had.
    pub why: &'static str,
}

/// What an answer is before it is sent.
pub(crate) struct Output {
    pub(crate) body: Body,
    pub(crate) warnings: Vec<String>,
    pub(crate) lease: Option<Lease>,
}

#[derive(Clone, Copy)]
pub(crate) enum Run {
    Query(fn(&Input) -> Result<Box<dyn Prepared>, Error>),
    Command(fn(&mut WriteCx<'_>, &Input) -> Result<Output, Error>),
}

/// A query whose parameters have been read. Its type is forgotten.
pub(crate) trait Prepared {
    /// See [`Query::shown_crl`].
    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error>;

    /// See [`Query::answer`].
    fn answer(&self, cx: &ReadCx<'_>) -> Result<Output, Error>;

    /// See [`Query::keys`].
    fn keys(&self, cx: &ReadCx<'_>) -> Result<Output, Error>;

    /// See [`Query::parts`].
    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error>;
}

impl<Q: Query> Prepared for Q {
    fn shown_crl(&self, cx: &ReadCx<'_>) -> Result<Option<CrlId>, Error> {
        Query::shown_crl(self, cx)
    }

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Output, Error> {
        Query::answer(self, cx).map(Output::from)
    }

    fn keys(&self, cx: &ReadCx<'_>) -> Result<Output, Error> {
        Query::keys(self, cx).map(Output::from)
    }

    fn parts(&self, cx: &ReadCx<'_>) -> Result<Option<Parts>, Error> {
        Query::parts(self, cx)
    }
}

impl Op {
    /// Answers a GET.
    pub const fn read<Q: Query>() -> Self {
        Self::query::<Q>(Operation::Read)
    }

    /// Answers a LIST.
    pub const fn list<Q: Query>() -> Self {
        Self::query::<Q>(Operation::List)
    }

    /// Carries out a POST or PUT.
    pub const fn write<C: Command>() -> Self {
        Self::command::<C>(Operation::Write)
    }

    /// Carries out a DELETE.
    pub const fn delete<C: Command>() -> Self {
        Self::command::<C>(Operation::Delete)
    }

    /// Answers a POST that changes nothing, as signing a list does not.
    pub const fn compute<Q: Query>() -> Self {
        Self::query::<Q>(Operation::Write)
    }

    /// Carries out a GET that changes something, as `crl/rotate` does.
    pub const fn trigger<C: Command>() -> Self {
        Self::command::<C>(Operation::Read)
    }

    /// Carries out a PATCH.
    pub const fn patch<P: Patch>() -> Self {
        Self { run: Run::Command(run_patch::<P>), ..Self::command::<P>(Operation::Patch) }
    }

    /// Whether it does something with a parameter, takes it without doing so, or refuses it.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.takes_anything
            || self.tolerated.contains(&name)
            || self.refused.iter().any(|refused| refused.name == name)
            || self.fields.iter().any(|field| field.name == name)
    }

    /// Accepts parameters that have no effect, as the reference does.
    pub const fn tolerating(self, tolerated: &'static [&'static str]) -> Self {
        Self { tolerated, ..self }
    }

    /// Refuses parameters by name.
    pub const fn refusing(self, refused: &'static [Refused]) -> Self {
        Self { refused, ..self }
    }

    /// Takes parameters from the path alone: sent otherwise they have no effect, as in the
    /// reference, so that a request cannot pick another issuer than its path names.
    pub const fn taking_from_path(self, path_only: &'static [&'static str]) -> Self {
        Self { path_only, ..self }
    }

    /// Takes every parameter that is sent, declared or not.
    pub const fn taking_anything(self) -> Self {
        Self { takes_anything: true, ..self }
    }

    const fn query<Q: Query>(operation: Operation) -> Self {
        let run = Run::Query(prepare::<Q>);
        Self {
            operation,
            fields: Q::FIELDS,
            reply: Q::Reply::FIELDS,
            tolerated: &[],
            path_only: &[],
            takes_anything: false,
            refused: &[],
            run,
            reads_settings_only: false,
        }
    }

    const fn command<C: Command>(operation: Operation) -> Self {
        let run = Run::Command(run_command::<C>);
        Self {
            operation,
            fields: C::FIELDS,
            reply: C::Reply::FIELDS,
            tolerated: &[],
            path_only: &[],
            takes_anything: false,
            refused: &[],
            run,
            reads_settings_only: C::READS_SETTINGS_ONLY,
        }
    }
}

fn prepare<Q: Query>(input: &Input) -> Result<Box<dyn Prepared>, Error> {
    Ok(Box::new(Q::parse(input).map_err(Error::Fields)?))
}

fn run_command<C: Command>(cx: &mut WriteCx<'_>, input: &Input) -> Result<Output, Error> {
    C::parse(input).map_err(Error::Fields)?.execute(cx).map(Output::from)
}

fn run_patch<P: Patch>(cx: &mut WriteCx<'_>, input: &Input) -> Result<Output, Error> {
    let mut fields = P::current(&cx.reading(), input)?.render();
    P::overlay(&mut fields, input);
    run_command::<P>(cx, &fields)
}

impl<T: Answer> From<Reply<T>> for Output {
    fn from(reply: Reply<T>) -> Self {
        Self { body: reply.data.into_body(), warnings: reply.warnings, lease: reply.lease }
    }
}
