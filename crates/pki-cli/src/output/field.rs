//! One field of an answer, as `-field` asks for.

use serde_json::Value;

use super::Secret;
use crate::failure::Failure;

/// The value under a name: one of the answer's own, or of its data. Null is as good as absent.
pub(super) fn find(secret: Secret, name: &str) -> Result<Value, Failure> {
    let value = match name {
        "request_id" | "lease_id" | "lease_duration" | "renewable" | "data" => {
            secret.into_envelope().get_mut(name).map(Value::take)
        }
        "refresh_interval" => Some(Value::from(secret.lease.map_or(0, |lease| lease.duration))),
        _ => secret.data.and_then(|mut data| data.remove(name)),
    };
    value
        .filter(|value| !value.is_null())
        .ok_or_else(|| Failure::Usage(format!("Field \"{name}\" not present in secret")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(name: &str) -> Result<Value, Option<String>> {
        let secret = Secret {
            is_named: true,
            data: json!({"ttl": 60, "nothing": null, "empty": ""}).as_object().cloned(),
            lease: None,
            warnings: vec!["w".to_owned()],
        };
        find(secret, name).map_err(|failure| failure.into_parts().0)
    }

    #[test]
    fn fields_come_from_the_data_and_from_around_it() {
        assert_eq!(found("ttl"), Ok(json!(60)));
        assert_eq!(found("empty"), Ok(json!("")));
        assert_eq!(found("lease_duration"), Ok(json!(0)));
        assert_eq!(found("lease_id"), Ok(json!("")));
        assert_eq!(found("refresh_interval"), Ok(json!(0)));
        assert!(found("data").is_ok_and(|data| data["ttl"] == 60));
    }

    #[test]
    fn what_is_absent_is_named() {
        for name in ["nope", "nothing", "warnings"] {
            let want = format!("Field \"{name}\" not present in secret");
            assert_eq!(found(name), Err(Some(want)));
        }
    }
}
