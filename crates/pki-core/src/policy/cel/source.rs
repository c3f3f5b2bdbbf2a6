//! Programs as JSON, in which they are sent and shown.

use serde_json::{Map, Value as Json};

use super::{CelError, Program, Variable};

impl Program {
    /// Reads a program, and names the members that mean nothing.
    ///
    /// # Errors
    ///
    /// [`CelError::Decode`] with the member that is not what it should be.
    pub fn from_json(members: &Map<String, Json>) -> Result<(Self, Vec<String>), CelError> {
        let known = ["variables", "expression"];
        let unknown = members.keys().filter(|name| !known.contains(&name.as_str()));
        let unknown = unknown.cloned().collect();
        let variables = match members.get("variables") {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) => {
                let read = |(index, item)| Variable::from_json(index, item);
                items.iter().enumerate().map(read).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(decode("'variables' must be a list of objects")),
        };
        Ok((Self { variables, expression: text(members, "expression", "expression")? }, unknown))
    }

    /// The program as it is shown.
    pub fn to_json(&self) -> Map<String, Json> {
        let mut members = Map::new();
        if !self.variables.is_empty() {
            let variables = self.variables.iter().map(|Variable { name, expression }| {
                serde_json::json!({ "name": name, "expression": expression })
            });
            members.insert("variables".to_owned(), variables.collect());
        }
        members.insert("expression".to_owned(), self.expression.clone().into());
        members
    }
}

impl Variable {
    fn from_json(index: usize, item: &Json) -> Result<Self, CelError> {
        let Json::Object(members) = item else {
            return Err(decode(format!("'variables[{index}]' must be an object")));
        };
        let part = |name: &str| text(members, name, &format!("variables[{index}].{name}"));
        Ok(Self { name: part("name")?, expression: part("expression")? })
    }
}

/// A member that is text; one that is not there is empty.
fn text(members: &Map<String, Json>, name: &str, shown: &str) -> Result<String, CelError> {
    match members.get(name) {
        None | Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(_) => Err(decode(format!("'{shown}' must be text"))),
    }
}

fn decode(what: impl Into<String>) -> CelError {
    CelError::Decode(what.into())
}
