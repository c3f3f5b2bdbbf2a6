//! Whether clients can ask for CAs and CRLs only when they changed.

use super::{Check, Finding, Mount, Settings, Status, Trouble, texts};

pub(super) const CHECK: Check =
    Check { name: "allow_if_modified_since", by_default: true, defaults: &[], run };

fn run(mount: &Mount<'_>, _: &Settings) -> Result<Vec<Finding>, Trouble> {
    let tune = mount.tune()?;
    let request = texts(tune.get("passthrough_request_headers"));
    let response = texts(tune.get("allowed_response_headers"));
    let (status, message) = judge(&request, &response);
    Ok(vec![Finding::new(status, mount.tune_endpoint(), message)])
}

fn judge(request: &[String], response: &[String]) -> (Status, String) {
    let has = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
    let missing: Vec<&str> = [
        ("If-Modified-Since Request", has(request, "If-Modified-Since")),
        ("Last-Modified Response", has(response, "Last-Modified")),
    ]
    .into_iter()
    .filter_map(|(name, is_there)| (!is_there).then_some(name))
    .collect();
    if missing.is_empty() {
        let message =
            "Mount allows the If-Modified-Since request header and Last-Modified response header.";
        return (Status::Ok, message.to_owned());
    }
    let missing = missing.join(" or ");
    let message = format!(
        "Mount hasn't enabled {missing} headers; consider enabling these headers to allow clients \
         to fetch CAs and CRLs only when they've changed, reducing total bandwidth."
    );
    (Status::Informational, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_needed() {
        let (request, response) =
            (vec!["if-modified-since".to_owned()], vec!["Last-Modified".to_owned()]);
        assert_eq!(judge(&request, &response).0, Status::Ok);
        let (status, message) = judge(&request, &[]);
        assert_eq!(status, Status::Informational);
        assert!(message.contains("enabled Last-Modified Response headers"), "{message}");
        assert!(judge(&[], &[]).1.contains("If-Modified-Since Request or Last-Modified Response"));
    }
}
