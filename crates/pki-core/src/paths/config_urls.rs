//! `config/urls`: where certificates say that more is to be found.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::aia;
use crate::ca::config::{self, UrlsConfig};
use crate::ca::tables::URLS_CONFIG;
use crate::error::Error;
use crate::fields;
use crate::store::Only;

/// `config/urls`.
pub const PATH: Path = Path {
    patterns: &["config/urls"],
    access: Access::Token,
    synopsis: "Read or set the URLs that go into certificates.",
    description: "What is sent changes; the empty text clears a list. Certificates issued before keep what\nthey say. An issuer with URLs of its own does not use these.",
    ops: &[Op::read::<ReadUrls>(), Op::write::<WriteUrls>()],
};

fields! {
    /// Asks for the URLs.
    pub struct ReadUrls {}
}

fields! {
    /// Sets URLs.
    #[derive(Clone, Debug)]
    pub struct WriteUrls {
        /// Where the CRL is (CRL distribution points).
        crl_distribution_points: Option<Vec<String>>,
        /// Where the delta CRL is (freshest CRL).
        delta_crl_distribution_points: Option<Vec<String>>,
        /// Whether the URLs are templates: `{{issuer_id}}`, `{{cluster_path}}` and
        /// `{{cluster_aia_path}}` are filled in.
        enable_templating: Option<bool>,
        /// Where the issuer's certificate is (authority information access, CA issuers).
        issuing_certificates: Option<Vec<String>>,
        /// Where to ask with OCSP (authority information access).
        ocsp_servers: Option<Vec<String>>,
    }
}

fields! {
    /// The URLs.
    #[derive(Debug)]
    pub struct UrlsView {
        /// Where the CRL is.
        crl_distribution_points: Vec<String>,
        /// Where the delta CRL is.
        delta_crl_distribution_points: Vec<String>,
        /// Whether the URLs are templates.
        enable_templating: bool,
        /// Where the issuer's certificate is.
        issuing_certificates: Vec<String>,
        /// Where to ask with OCSP.
        ocsp_servers: Vec<String>,
    }
}

impl From<UrlsConfig> for UrlsView {
    fn from(config: UrlsConfig) -> Self {
        let UrlsConfig {
            issuing_certificates,
            crl_distribution_points,
            delta_crl_distribution_points,
            ocsp_servers,
            enable_templating,
        } = config;
        Self {
            crl_distribution_points,
            delta_crl_distribution_points,
            enable_templating,
            issuing_certificates,
            ocsp_servers,
        }
    }
}

impl Query for ReadUrls {
    type Reply = UrlsView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<UrlsView>, Error> {
        Ok(UrlsView::from(config::load(cx.view, &URLS_CONFIG)?).into())
    }
}

impl Command for WriteUrls {
    type Reply = UrlsView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<UrlsView>, Error> {
        let old = config::load(&cx.tx, &URLS_CONFIG)?;
        let sent = self.clone();
        let config = UrlsConfig {
            issuing_certificates: sent.issuing_certificates.unwrap_or(old.issuing_certificates),
            crl_distribution_points: sent
                .crl_distribution_points
                .unwrap_or(old.crl_distribution_points),
            delta_crl_distribution_points: sent
                .delta_crl_distribution_points
                .unwrap_or(old.delta_crl_distribution_points),
            ocsp_servers: sent.ocsp_servers.unwrap_or(old.ocsp_servers),
            enable_templating: sent.enable_templating.unwrap_or(old.enable_templating),
        };
        aia::check(&config)?;
        let warning = aia::template_warning(&cx.tx, &config)?;
        cx.tx.put(&URLS_CONFIG, &Only, &config);
        Ok(Reply::from(UrlsView::from(config)).warn(warning))
    }
}
