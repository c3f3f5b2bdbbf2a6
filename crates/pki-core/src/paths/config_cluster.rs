//! `config/cluster`: how clients reach this mount, for templates of URLs.

use crate::api::endpoint::{Access, Command, Op, Path, Query, ReadCx, Reply, WriteCx};
use crate::ca::aia::is_url;
use crate::ca::config::{self, ClusterConfig};
use crate::ca::tables::CLUSTER_CONFIG;
use crate::error::Error;
use crate::fields;
use crate::store::Only;

/// `config/cluster`.
pub const PATH: Path = Path {
    patterns: &["config/cluster"],
    access: Access::Token,
    synopsis: "Read or set the URLs under which clients reach this mount.",
    description: "They fill `{{cluster_path}}` and `{{cluster_aia_path}}` in templates of URLs.",
    ops: &[Op::read::<ReadCluster>(), Op::write::<WriteCluster>()],
};

fields! {
    /// Asks for the URLs.
    pub struct ReadCluster {}
}

fields! {
    /// Sets the URLs.
    #[derive(Clone, Debug)]
    pub struct WriteCluster {
        /// URL of this mount for what needs no encryption: certificates and CRLs.
        aia_path: Option<String>,
        /// URL of this mount, ending in its path.
        path: Option<String>,
    }
}

fields! {
    /// The URLs.
    #[derive(Debug)]
    pub struct ClusterView {
        /// URL of this mount for what needs no encryption.
        aia_path: String,
        /// URL of this mount.
        path: String,
    }
}

impl From<ClusterConfig> for ClusterView {
    fn from(ClusterConfig { path, aia_path }: ClusterConfig) -> Self {
        Self { aia_path, path }
    }
}

impl Query for ReadCluster {
    type Reply = ClusterView;

    fn answer(&self, cx: &ReadCx<'_>) -> Result<Reply<ClusterView>, Error> {
        Ok(ClusterView::from(config::load(cx.view, &CLUSTER_CONFIG)?).into())
    }
}

impl Command for WriteCluster {
    type Reply = ClusterView;

    fn execute(&self, cx: &mut WriteCx<'_>) -> Result<Reply<ClusterView>, Error> {
        let old = config::load(&cx.tx, &CLUSTER_CONFIG)?;
        let config = ClusterConfig {
            path: checked("path", self.path.clone())?.unwrap_or(old.path),
            aia_path: checked("aia_path", self.aia_path.clone())?.unwrap_or(old.aia_path),
        };
        cx.tx.put(&CLUSTER_CONFIG, &Only, &config);
        Ok(ClusterView::from(config).into())
    }
}

fn checked(name: &str, sent: Option<String>) -> Result<Option<String>, Error> {
    match sent {
        Some(url) if !is_url(&url) => {
            Err(Error::refused(format!("invalid, non-URL {name} given to cluster: {url}")))
        }
        sent => Ok(sent),
    }
}
