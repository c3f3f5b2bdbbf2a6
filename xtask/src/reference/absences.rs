//! What the references have and we do not, or only in name, and why.

/// A path, or parameters of a path, that do not work here.
pub(super) struct Absence {
    /// The path; with `…` at its end, whatever begins so; `*` for all paths.
    pub(super) path: &'static str,
    /// Nothing for the whole path.
    pub(super) parameters: &'static [&'static str],
    pub(super) why: &'static str,
}

const fn path(path: &'static str, why: &'static str) -> Absence {
    Absence { path, parameters: &[], why }
}

const fn everywhere(parameters: &'static [&'static str], why: &'static str) -> Absence {
    Absence { path: "*", parameters, why }
}

const SERVER: &str = "a protocol between a server and its clients; waits for the server";
const POLICY: &str = "issuing by what another service decides; there is no network here";
const ONE_NODE: &str = "there is one node; `unified-crl` and `unified-ocsp` are its own";

pub(super) const ABSENT: &[Absence] = &[
    path("acme/…", SERVER),
    path("config/acme", SERVER),
    path("eab", SERVER),
    path("eab/:key_id", SERVER),
    path("issuer/:issuer_ref/acme/…", SERVER),
    path("issuer/:issuer_ref/roles/:role/acme/…", SERVER),
    path("roles/:role/acme/…", SERVER),
    path("config/est", SERVER),
    path("est/…", SERVER),
    path("config/cmp", SERVER),
    path("cmp", SERVER),
    path("config/scep", SERVER),
    path("scep", SERVER),
    path("config/external-policy", POLICY),
    path("external-policy/…", POLICY),
    path("batch/certs", "a certificate is read by `cert/:serial`"),
    path("cert-metadata", "no metadata is kept with certificates"),
    path("cert-metadata/:serial", "no metadata is kept with certificates"),
    path("certs/revocation-queue", ONE_NODE),
    everywhere(&["cert_metadata"], "no metadata is kept with certificates"),
    everywhere(
        &["managed_key_id", "managed_key_name"],
        "keys in a key management system are not supported",
    ),
    everywhere(
        &["cross_cluster_revocation", "unified_crl", "unified_crl_on_existing_paths"],
        ONE_NODE,
    ),
    everywhere(
        &[
            "disable_critical_extension_checks",
            "disable_name_checks",
            "disable_name_constraint_checks",
            "disable_path_length_checks",
        ],
        "what the CAs above forbid is always checked",
    ),
    everywhere(
        &[
            "revocation_queue_safety_buffer",
            "tidy_cross_cluster_revoked_certs",
            "tidy_revocation_queue",
        ],
        ONE_NODE,
    ),
    everywhere(&["tidy_cert_metadata", "tidy_cmpv2_nonce_store"], "there is nothing to tidy"),
    everywhere(&["tidy_revocation_list"], "replaced by `tidy_revoked_certs`, in the reference too"),
    everywhere(
        &["max_startup_backoff_duration", "min_startup_backoff_duration"],
        "there is no server that starts",
    ),
    Absence {
        path: "roles/:name",
        parameters: &["allow_token_displayname"],
        why: "there are no tokens",
    },
    Absence {
        path: "roles/:name",
        parameters: &["backend"],
        why: "has no effect in the reference either",
    },
    everywhere(&["issuer_name"], "a certificate that is signed here is not yet an issuer"),
    everywhere(&["exported"], "the key is there already, and stays"),
    everywhere(&["not_before"], "the reference takes it and does not look at it either"),
];
