//! Where random questions to the reference showed that ours answered otherwise.
#![expect(clippy::unwrap_used, reason = "a test that cannot begin fails")]
#![expect(clippy::indexing_slicing, reason = "an answer without the member is a failure too")]

use std::sync::Arc;

use pki_core::crypto::key::{Curve, KeySpec, PrivateKey};
use pki_core::crypto::signature::SignatureAlgorithm;
use pki_core::x509::extension::{self, Extension};
use pki_core::x509::subject::SubjectAttributes;
use pki_core::x509::{
    Certificate, CertificationRequest, SubjectAltNames, TbsCertificationRequest, oid, pem, sign_csr,
};
use pki_core::{Body, Engine, Env, Given, Operation, Request};
use pki_store::memory::MemoryStore;
use serde_json::{Map, Value, json};

struct World(Engine);

impl World {
    fn new() -> Self {
        let engine =
            Engine::new(Arc::new(MemoryStore::new()), Arc::new(Given::key([7; 32])), Env::system());
        engine.enable("pki").unwrap();
        let world = Self(engine);
        let root = json!({ "common_name": "Root", "key_type": "ec",
            "not_after": "9999-12-31T23:59:59Z" });
        world.ok("root/generate/internal", root);
        world
    }

    fn write(&self, path: &str, data: &Value) -> Result<(Map<String, Value>, Vec<String>), String> {
        let data = data.as_object().unwrap().clone();
        let request = Request { operation: Operation::Write, path: format!("pki/{path}"), data };
        let mut response = self.0.handle(request).map_err(|error| error.to_string())?;
        let warnings = response.warnings.clone();
        match std::mem::replace(&mut response.body, Body::Null) {
            Body::Data(fields) => Ok((fields, warnings)),
            Body::Empty | Body::Null | Body::Accepted | Body::Raw { .. } => {
                Ok((Map::new(), warnings))
            }
        }
    }

    #[track_caller]
    fn ok(&self, path: &str, data: Value) -> (Map<String, Value>, Vec<String>) {
        self.write(path, &data).unwrap()
    }

    /// The order of the extensions of what is issued.
    #[track_caller]
    fn extensions(&self, path: &str, data: Value) -> Vec<String> {
        let (answer, _) = self.ok(path, data);
        let certificate = Certificate::from_pem(answer["certificate"].as_str().unwrap()).unwrap();
        certificate.extensions().iter().map(|extension| extension.oid.to_string()).collect()
    }
}

/// A request with these extensions.
fn csr(extensions: Vec<Extension>) -> String {
    let key = PrivateKey::generate(KeySpec::Ec(Curve::P256)).unwrap();
    let subject =
        SubjectAttributes { common_name: Some("a.com".into()), ..SubjectAttributes::default() };
    let signature = SignatureAlgorithm::for_issuing(key.spec(), 0, false, false);
    let public_key = key.public_key().clone();
    let tbs =
        TbsCertificationRequest { subject: subject.to_name(), public_key, extensions, signature };
    pem::encode("CERTIFICATE REQUEST", &sign_csr(&tbs, &key).unwrap())
}

fn names(sans: &SubjectAltNames) -> Vec<Extension> {
    vec![extension::subject_alt_name(sans, false).unwrap()]
}

#[test]
fn sign_verbatim_may_say_otherwise_than_the_role_about_basic_constraints() {
    let world = World::new();
    let role = json!({ "key_type": "any", "basic_constraints_valid_for_non_ca": true });
    world.ok("roles/r", role);
    let has = |data: Value| {
        let extensions = world.extensions("sign-verbatim/r", data);
        extensions.contains(&oid::BASIC_CONSTRAINTS.to_string())
    };
    let csr = csr(Vec::new());
    assert!(has(json!({ "csr": csr })));
    assert!(!has(json!({ "csr": csr, "basic_constraints_valid_for_non_ca": false })));
}

#[test]
fn an_address_of_ipv4_in_a_csr_is_written_as_one() {
    let world = World::new();
    let sans =
        SubjectAltNames { ip: vec!["::ffff:10.0.0.1".parse().unwrap()], ..Default::default() };
    let problem = world.write("sign-verbatim", &json!({ "csr": csr(names(&sans)) })).unwrap_err();
    let want = "certificate request could not be parsed: the IPv4 address ::ffff:10.0.0.1 is written as one of IPv6";
    assert_eq!(problem, want);
}

#[test]
fn a_csr_with_a_uri_that_is_none_is_refused() {
    let world = World::new();
    let sans = SubjectAltNames { uri: vec!["http://a b/".into()], ..Default::default() };
    let data = json!({ "csr": csr(names(&sans)), "common_name": "I", "use_csr_values": true });
    let problem = world.write("root/sign-intermediate", &data).unwrap_err();
    assert!(problem.starts_with("certificate request could not be parsed: "), "{problem}");
    assert!(problem.contains("http://a b/"), "{problem}");
}

#[test]
fn parameters_add_to_the_values_of_a_csr() {
    let world = World::new();
    let data = json!({
        "csr": csr(Vec::new()),
        "use_csr_values": true,
        "ext_key_usage": "ServerAuth",
        "other_sans": "1.2.3;UTF8:z",
    });
    let extensions = world.extensions("root/sign-intermediate", data);
    assert!(extensions.contains(&oid::EXT_KEY_USAGE.to_string()), "{extensions:?}");
    assert!(extensions.contains(&oid::SUBJECT_ALT_NAME.to_string()), "{extensions:?}");
}

#[test]
fn policies_that_are_written_as_objects_come_after_the_crls() {
    let world = World::new();
    let urls = json!({ "crl_distribution_points": "http://a.com/crl" });
    world.ok("config/urls", urls);
    let policies_are_last = |policy: &str| {
        let role =
            json!({ "allow_any_name": true, "key_type": "ec", "policy_identifiers": policy });
        world.ok("roles/r", role);
        let extensions = world.extensions("issue/r", json!({ "common_name": "a.com" }));
        extensions.last() == Some(&oid::CERTIFICATE_POLICIES.to_string())
    };
    assert!(!policies_are_last("1.2.3"));
    assert!(policies_are_last("{\"oid\":\"1.2.3\"}"));
}

#[test]
fn what_only_the_path_can_say_is_named() {
    let world = World::new();
    world.ok("roles/r", json!({ "allow_any_name": true, "key_type": "ec" }));
    let data = json!({ "common_name": "a.com", "issuer_ref": "other" });
    let (_, warnings) = world.ok("issue/r", data);
    let want = "Endpoint replaced the value of these parameters with the values captured from the \
                endpoint's path: [issuer_ref]";
    assert_eq!(warnings, [want]);
    let (_, warnings) = world.ok("sign-verbatim", json!({ "csr": csr(Vec::new()), "role": "r" }));
    assert_eq!(warnings, [want.replace("issuer_ref", "role")]);
}

#[test]
fn the_first_problem_is_the_one_that_the_reference_names() {
    let world = World::new();
    let check = |path: &str, data: Value, want: &str| {
        let problem = world.write(path, &data).unwrap_err();
        assert!(problem.starts_with(want), "{path} {data}: {problem}");
    };
    let bounds = json!({ "not_after_bound": "x", "not_before_bound": "x", "ttl": 2, "max_ttl": 1 });
    check("roles/x", bounds, "Unknown value for field `not_after_bound`");
    let root = json!({ "key_type": "dsa", "issuer_name": "default", "key_name": "default" });
    check("root/generate/internal", root, "unknown key type dsa");
    let kms = json!({ "format": "x" });
    check("root/generate/kms", kms, "must specify \"external_key_ref\"");
    let sign = json!({ "csr": csr(Vec::new()), "skid": "x", "max_path_length": -5 });
    check("root/sign-intermediate", sign, "cannot parse requested SKID");
    let negative = json!({ "not_before_duration": "-1h", "key_type": "ec" });
    check("intermediate/generate/internal", negative, "Field validation failed");
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let world = World::new();
    let refuse = |path: &str, name: &str, value: Value| {
        let problem = world.write(path, &json!({ (name): value })).unwrap_err();
        assert!(problem.starts_with(&format!("{name} cannot be ")), "{path}: {problem}");
    };
    for name in ["managed_key_name", "managed_key_id"] {
        refuse("root/generate/internal", name, json!("k"));
        refuse("intermediate/generate/internal", name, json!("k"));
        refuse("keys/generate/internal", name, json!("k"));
    }
    for name in ["cross_cluster_revocation", "unified_crl", "unified_crl_on_existing_paths"] {
        refuse("config/crl", name, json!("true"));
    }
    refuse("issuer/default", "disable_name_constraint_checks", json!(true));
    refuse("sign-verbatim", "cert_metadata", json!("eA=="));
    // What asks for nothing is granted, without a word.
    let nothing = json!({ "unified_crl": "false", "cross_cluster_revocation": false });
    assert_eq!(world.ok("config/crl", nothing).1, [""; 0]);
}

#[test]
fn what_has_no_effect_is_named() {
    let world = World::new();
    let words = "Endpoint takes these parameters, but they have no effect: [backend]";
    assert!(world.ok("roles/r", json!({ "backend": "x" })).1.contains(&words.to_owned()));
}

#[test]
fn key_usages_go_into_the_csr_of_an_intermediate() {
    let world = World::new();
    let usages = |data: Value| {
        let (answer, _) = world.ok("intermediate/generate/internal", data);
        let csr = CertificationRequest::from_pem(answer["csr"].as_str().unwrap()).unwrap();
        csr.extension(&oid::KEY_USAGE).map(|extension| extension.value.clone())
    };
    assert_eq!(usages(json!({ "key_type": "ec" })), None);
    let asked = json!({ "key_type": "ec", "key_usage": "CertSign,CRLSign" });
    assert_eq!(usages(asked), Some(vec![3, 2, 1, 6]));
}
