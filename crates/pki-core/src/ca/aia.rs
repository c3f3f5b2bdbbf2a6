//! What certificates say about where more is to be found.

use super::config::{self, ClusterConfig, UrlsConfig};
use super::issuers::IssuerRecord;
use super::tables::{CLUSTER_CONFIG, URLS_CONFIG};
use crate::error::Error;
use crate::store::View;

/// The URLs for certificates that an issuer signs: its own, or the mount's; filled in.
pub(crate) fn of_issuer(view: &View<'_>, issuer: &IssuerRecord) -> Result<UrlsConfig, Error> {
    let urls = match &issuer.urls {
        Some(own) => own.clone(),
        None => of_mount(view)?,
    };
    fill(view, urls, &issuer.id.to_string())
}

/// Where the delta CRLs of an issuer are, for its complete CRL to say. That one is there already,
/// so nothing else needs to be set.
pub(crate) fn delta_crl_urls(view: &View<'_>, issuer: &IssuerRecord) -> Result<Vec<String>, Error> {
    let urls = match &issuer.urls {
        Some(own) => own.clone(),
        None => of_mount(view)?,
    };
    let only = UrlsConfig {
        crl_distribution_points: urls.delta_crl_distribution_points,
        enable_templating: urls.enable_templating,
        ..UrlsConfig::default()
    };
    Ok(fill(view, only, &issuer.id.to_string())?.crl_distribution_points)
}

/// The URLs for a new root, which has no identifier yet; and what to say if they need one.
pub(crate) fn for_new_root(view: &View<'_>) -> Result<(UrlsConfig, Option<&'static str>), Error> {
    let urls = of_mount(view)?;
    let needs_issuer = all(&urls).any(|url| url.contains("{{issuer_id}}"));
    if urls.enable_templating && needs_issuer {
        return Ok((UrlsConfig::default(), Some(UNSUITABLE_FOR_ROOT)));
    }
    Ok((fill(view, urls, "")?, None))
}

const UNSUITABLE_FOR_ROOT: &str = "When generating root CA, found global AIA configuration with issuer_id template unsuitable for root generation. This AIA configuration has been ignored. To include AIA on this root CA, set the global AIA configuration to not include issuer_id and instead to refer to a static issuer name.";

fn all(urls: &UrlsConfig) -> impl Iterator<Item = &String> {
    [
        &urls.issuing_certificates,
        &urls.crl_distribution_points,
        &urls.delta_crl_distribution_points,
        &urls.ocsp_servers,
    ]
    .into_iter()
    .flatten()
}

/// Fills in templates.
fn fill(view: &View<'_>, urls: UrlsConfig, issuer_id: &str) -> Result<UrlsConfig, Error> {
    if is_silent(&urls) {
        // A delta CRL is of no use to those who do not know where the complete one is.
        return Ok(UrlsConfig::default());
    }
    if !urls.enable_templating {
        return Ok(urls);
    }
    let cluster = config::load(view, &CLUSTER_CONFIG)?;
    let context = "error fetching CA certificate: unable to fetch AIA URL information";
    if let Some(missing) = missing(&urls, &cluster) {
        return Err(Error::refused(format!("{context}: {missing}")));
    }
    let fill = |list: Vec<String>| -> Vec<String> {
        list.into_iter()
            .map(|url| {
                url.replace("{{issuer_id}}", issuer_id)
                    .replace("{{cluster_path}}", &cluster.path)
                    .replace("{{cluster_aia_path}}", &cluster.aia_path)
            })
            .collect()
    };
    let filled = UrlsConfig {
        issuing_certificates: fill(urls.issuing_certificates),
        crl_distribution_points: fill(urls.crl_distribution_points),
        delta_crl_distribution_points: fill(urls.delta_crl_distribution_points),
        ocsp_servers: fill(urls.ocsp_servers),
        enable_templating: false,
    };
    match first_wrong(&filled) {
        None => Ok(filled),
        Some((name, url)) => Err(Error::refused(format!(
            "{context}: error validating templated {name}; invalid URI: {url}"
        ))),
    }
}

/// What templates need and is not set.
fn missing(urls: &UrlsConfig, cluster: &ClusterConfig) -> Option<String> {
    let lacks = |variable: &str, value: &str| {
        value.is_empty() && all(urls).any(|url| url.contains(variable))
    };
    let which = if lacks("{{cluster_path}}", &cluster.path) {
        "path"
    } else if lacks("{{cluster_aia_path}}", &cluster.aia_path) {
        "aia_path"
    } else {
        return None;
    };
    Some(format!(
        "unable to template AIA URLs as we lack local cluster address information ({which})"
    ))
}

/// What to say of templates that cannot be filled in yet.
pub(crate) fn template_warning(
    view: &View<'_>,
    urls: &UrlsConfig,
) -> Result<Option<String>, Error> {
    if !urls.enable_templating {
        return Ok(None);
    }
    let missing = missing(urls, &config::load(view, &CLUSTER_CONFIG)?);
    Ok(missing.map(|missing| {
        format!("issuance may fail: {missing}\n\nConsider setting the cluster-local address if it is not already set.")
    }))
}

/// The URLs of the mount, for certificates that have no issuer here yet.
pub(crate) fn of_mount(view: &View<'_>) -> Result<UrlsConfig, Error> {
    config::load(view, &URLS_CONFIG)
}

/// Whether certificates would say nothing at all.
pub(crate) fn is_silent(urls: &UrlsConfig) -> bool {
    urls.issuing_certificates.is_empty()
        && urls.crl_distribution_points.is_empty()
        && urls.ocsp_servers.is_empty()
}

/// What to say when they would.
pub(crate) const SILENT: &str = "This mount hasn't configured any authority information access (AIA) fields; this may make it harder for systems to find missing certificates in the chain or to validate revocation status of certificates. Consider updating /config/urls or the newly generated issuer with this information.";

/// Checks URLs that are used as they are (templates are checked when they are filled in).
pub(crate) fn check(urls: &UrlsConfig) -> Result<(), Error> {
    if urls.enable_templating {
        return Ok(());
    }
    match first_wrong(urls) {
        None => Ok(()),
        Some((name, url)) => Err(Error::refused(format!(
            "invalid URL found in Authority Information Access (AIA) parameter {name}: {url}"
        ))),
    }
}

/// The first entry that is no URL, and the list it is in.
fn first_wrong(urls: &UrlsConfig) -> Option<(&'static str, &String)> {
    let lists = [
        ("issuing_certificates", &urls.issuing_certificates),
        ("crl_distribution_points", &urls.crl_distribution_points),
        ("delta_crl_distribution_points", &urls.delta_crl_distribution_points),
        ("ocsp_servers", &urls.ocsp_servers),
    ];
    lists.into_iter().find_map(|(name, list)| Some((name, list.iter().find(|url| !is_url(url))?)))
}

/// A scheme, `://` and a host, of characters that may stand in a URL (RFC 3986).
pub(crate) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme_fits = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let host_fits = !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || "{}<>\"\\^`|".contains(c));
    scheme_fits && host_fits && text.is_ascii() && !text.contains(|c: char| c.is_ascii_control())
}

#[cfg(test)]
mod tests {
    #[test]
    fn urls_have_a_scheme_and_a_host() {
        for (text, want) in [
            ("http://127.0.0.1:8200/v1/pki/ca", true),
            ("ldap://x/y", true),
            ("foo", false),
            ("mailto:x", false),
            ("http:///x", false),
            ("http:// bad", false),
            ("{{cluster_path}}/x", false),
            ("http://{{x}}/y", false),
        ] {
            assert_eq!(super::is_url(text), want, "{text}");
        }
    }
}
