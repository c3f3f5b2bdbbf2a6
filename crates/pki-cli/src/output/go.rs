//! JSON values as Go prints them with `%v`, and durations as people read them.

use serde_json::Value;

/// As [`plain`], of a value that has served.
pub(super) fn into_plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => plain(&value),
    }
}

/// A value as text: `<nil>`, `true`, `[a b]`, `map[k:v]`. The members of an object are sorted.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{name}:{}", plain(value)))
                .collect();
            format!("map[{}]", members.join(" "))
        }
    }
}

/// A value of a field for a table: as [`plain`], but whole numbers of seconds as a duration
/// where the field's name says that they are one.
pub(crate) fn field(name: &str, value: &Value) -> String {
    match value.as_i64() {
        Some(seconds) if is_duration(name) => duration(seconds),
        _ => plain(value),
    }
}

/// Whether a field of this name holds seconds.
fn is_duration(name: &str) -> bool {
    matches!(name, "ttl" | "period" | "duration" | "lease_max" | "ttl_max")
        || ["_ttl", "_period", "_duration"].iter().any(|suffix| name.ends_with(suffix))
}

/// Seconds as hours, minutes and seconds, without those that are zero: `1h30m`, `0s`.
pub(crate) fn duration(seconds: i64) -> String {
    let total = seconds.unsigned_abs();
    let parts = [(total / 3600, 'h'), (total / 60 % 60, 'm'), (total % 60, 's')];
    let text: String = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    match text.as_str() {
        "" => "0s".to_owned(),
        _ if seconds < 0 => format!("-{text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_go_prints_them() {
        for (value, want) in [
            (json!(null), "<nil>"),
            (json!(""), ""),
            (json!(true), "true"),
            (json!(-7), "-7"),
            (json!([]), "[]"),
            (json!(["a", "b", null, [1, 2]]), "[a b <nil> [1 2]]"),
            (json!({}), "map[]"),
            (json!({"z": 1, "a": {"b": [{"d": 2, "c": 1}]}}), "map[a:map[b:[map[c:1 d:2]]] z:1]"),
        ] {
            assert_eq!(plain(&value), want);
        }
    }

    #[test]
    fn durations_drop_what_is_zero() {
        for (seconds, want) in [
            (0, "0s"),
            (7, "7s"),
            (60, "1m"),
            (90, "1m30s"),
            (3600, "1h"),
            (3601, "1h1s"),
            (3660, "1h1m"),
            (5400, "1h30m"),
            (86_400, "24h"),
            (90_061, "25h1m1s"),
            (-5, "-5s"),
        ] {
            assert_eq!(duration(seconds), want);
        }
    }

    #[test]
    fn only_whole_numbers_under_the_right_name_are_durations() {
        for (name, value, want) in [
            ("ttl", json!(60), "1m"),
            ("max_ttl", json!(3600), "1h"),
            ("not_before_duration", json!(30), "30s"),
            ("tidy_period", json!(0), "0s"),
            ("lease_max", json!(1), "1s"),
            ("ttl", json!("60"), "60"),
            ("ttl", json!(1.5), "1.5"),
            ("safety_buffer", json!(60), "60"),
            ("expiration", json!(60), "60"),
            ("throttle", json!(60), "60"),
        ] {
            assert_eq!(field(name, &value), want, "{name}");
        }
    }
}
