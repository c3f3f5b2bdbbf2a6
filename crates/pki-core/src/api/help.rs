//! What can be said about a path, for people and as OpenAPI.

use serde_json::{Map, Value, json};

use super::endpoint::{Access, Op, Path};
use super::request::Operation;
use super::router;
use crate::field::{Field, FieldKind};

/// What `path-help` shows.
pub struct Help {
    /// For people.
    pub text: String,
    /// The same as an OpenAPI document.
    pub openapi: Value,
}

/// Help for a path of a mount, or for the mount when the rest is empty.
pub(crate) fn of(paths: &[&'static Path], mount: &str, rest: &str) -> Option<Help> {
    if rest.is_empty() {
        return Some(Help { text: index(paths), openapi: openapi(paths, mount) });
    }
    let route = router::find(paths, rest)?;
    let document = openapi(&[route.path], mount);
    Some(Help { text: page(route.path, route.pattern, rest), openapi: document })
}

fn index(paths: &[&'static Path]) -> String {
    let mut text = String::from(
        "## DESCRIPTION\n\nA certificate authority with Vault's paths. Append any path below to the mount and ask\nfor help again to see its parameters.\n\n## PATHS\n",
    );
    let mut lines: Vec<(String, &str)> = paths
        .iter()
        .flat_map(|path| {
            path.patterns.iter().map(|pattern| (router::regex(pattern), path.synopsis))
        })
        .collect();
    lines.sort_unstable();
    for (regex, synopsis) in lines {
        text += &format!("\n    {regex}\n        {synopsis}\n");
    }
    text
}

fn page(path: &Path, pattern: &str, rest: &str) -> String {
    let mut text = format!(
        "Request:        {rest}\nMatching Route: {}\n\n{}\n",
        router::regex(pattern),
        path.synopsis
    );
    let fields = fields(path);
    if !fields.is_empty() {
        text += "\n## PARAMETERS\n";
    }
    for field in fields {
        text += &format!("\n    {} ({})\n\n{}", field.name, field.kind.name(), details(field));
    }
    if !path.description.is_empty() {
        text += &format!("\n## DESCRIPTION\n\n{}\n", path.description.trim_end());
    }
    text
}

fn details(field: &Field) -> String {
    let mut lines: Vec<String> = field.help.lines().map(|line| line.trim().to_owned()).collect();
    if !field.choices.is_empty() {
        lines.push(format!("One of: {}.", field.choices.join(", ")));
    }
    match field.default {
        Some("") | None => (),
        Some(default) => lines.push(format!("Default: {default}.")),
    }
    lines.iter().map(|line| format!("        {line}\n")).collect()
}

/// The parameters of all operations of a path, each once, by name.
pub(crate) fn fields(path: &Path) -> Vec<&'static Field> {
    let mut fields: Vec<&Field> = path.ops.iter().flat_map(|op| op.fields).collect();
    fields.sort_by_key(|field| field.name);
    fields.dedup_by_key(|field| field.name);
    fields
}

/// An OpenAPI 3 document of some paths of a mount.
pub(crate) fn openapi(paths: &[&'static Path], mount: &str) -> Value {
    let mut documented = Map::new();
    for path in paths {
        for pattern in path.patterns {
            documented.insert(format!("/{mount}/{}", braces(pattern)), path_item(path, pattern));
        }
    }
    json!({
        "openapi": "3.0.2",
        "info": { "title": "pkictl", "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0" } },
        "paths": documented,
    })
}

fn braces(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment.strip_prefix([':', '*']) {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn path_item(path: &Path, pattern: &str) -> Value {
    let captured = |field: &&&Field| {
        pattern.split('/').any(|segment| segment.strip_prefix([':', '*']) == Some(field.name))
    };
    let all = fields(path);
    let in_path: Vec<Value> =
        all.iter().filter(captured).map(|field| path_parameter(field)).collect();
    let mut item = Map::new();
    item.insert("description".into(), path.synopsis.into());
    item.insert("parameters".into(), in_path.into());
    item.insert("x-vault-unauthenticated".into(), (path.access == Access::Public).into());
    item.insert("x-vault-sudo".into(), (path.access == Access::Sudo).into());
    for op in path.ops {
        let method = match op.operation {
            Operation::Read | Operation::List => "get",
            Operation::Write => "post",
            Operation::Patch => "patch",
            Operation::Delete => "delete",
        };
        item.insert(method.into(), operation(op, path, pattern));
    }
    Value::Object(item)
}

fn path_parameter(field: &Field) -> Value {
    json!({ "name": field.name, "in": "path", "required": true,
            "description": field.help.trim(), "schema": schema(field) })
}

fn operation(op: &Op, path: &Path, pattern: &str) -> Value {
    let mut document = Map::new();
    document.insert("summary".into(), path.synopsis.into());
    let captured =
        |name: &str| pattern.split('/').any(|s| s.strip_prefix([':', '*']) == Some(name));
    let body: Vec<&Field> = op.fields.iter().filter(|field| !captured(field.name)).collect();
    match op.operation {
        Operation::Write | Operation::Patch if !body.is_empty() => {
            let content = json!({ "application/json": { "schema": object(&body) } });
            document.insert("requestBody".into(), json!({ "content": content }));
        }
        Operation::List => {
            let list = json!([{ "name": "list", "in": "query", "schema": { "type": "string" } }]);
            document.insert("parameters".into(), list);
        }
        _ => (),
    }
    let reply: Vec<&Field> = op.reply.iter().collect();
    let ok = match reply.is_empty() {
        true => json!({ "description": "OK" }),
        false => json!({ "description": "OK",
                         "content": { "application/json": { "schema": object(&reply) } } }),
    };
    document.insert("responses".into(), json!({ "200": ok }));
    Value::Object(document)
}

fn object(fields: &[&Field]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), schema(field))).collect();
    json!({ "type": "object", "properties": properties })
}

fn schema(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldKind::Bool => json!({ "type": "boolean" }),
        FieldKind::Duration => json!({ "type": "integer", "format": "seconds" }),
        FieldKind::Int => json!({ "type": "integer" }),
        FieldKind::List => json!({ "type": "array", "items": { "type": "string" } }),
        FieldKind::Map => json!({ "type": "object" }),
        FieldKind::Objects => json!({ "type": "array", "items": { "type": "object" } }),
        FieldKind::String => json!({ "type": "string" }),
    };
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".into(), field.help.trim().into());
        if let Some(default) = field.default.filter(|default| !default.is_empty()) {
            members.insert("default".into(), default.into());
        }
        if !field.choices.is_empty() {
            members.insert("enum".into(), field.choices.into());
        }
    }
    schema
}
