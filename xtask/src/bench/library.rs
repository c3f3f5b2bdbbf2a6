//! P1 and P2: what issuing and signing cost beyond the cryptography, in memory.

use std::hint::black_box;

use anyhow::{Context as _, Result};
use pki_core::crypto::{Curve, KeySpec, PrivateKey, PublicKey, SignatureAlgorithm};
use pki_core::domain::serial::SerialNumber;
use pki_core::field::Fields as _;
use pki_core::paths::sign::Sign;
use pki_core::x509::{
    Certificate, CertificationRequest, Linted, SubjectAttributes, TbsCertificate,
    TbsCertificationRequest, extension, pem, sign_csr,
};
use serde_json::json;

use super::Plan;
use super::authority::{self, Authority, WEB};
use super::clock::{Compared, Cost, calls, compare};
use super::report::{Row, micros};

/// Certificates for one figure.
const COUNT: u32 = 2_000;

/// The parts of a certificate on P-256.
struct Parts {
    issuer: PrivateKey,
    /// One that was issued, to make others like it.
    model: Certificate,
    /// What is signed where only the signature counts.
    tbs: Vec<u8>,
    csr: String,
}

pub(super) fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let authority = Authority::in_memory()?;
    let parts = Parts::make(&authority)?;
    let issue = authority::issue_request(WEB, "24h")?;
    let sign = authority::parse(Sign::parse, json!({ "role": "web", "csr": parts.csr }))?;
    let whole_issue = || calls(COUNT, || authority.issue(&issue).map(drop));
    let whole_sign = || {
        calls(COUNT, || {
            black_box(authority.engine.execute("pki", &sign)?);
            Ok(())
        })
    };
    let request = CertificationRequest::from_pem(&parts.csr)?;
    let raw_issue = || parts.generate_and_sign();
    let raw_sign = || parts.verify_and_sign(&request);
    let compare = |ours: &dyn Fn() -> Result<Cost>, raw: &dyn Fn() -> Result<Cost>| {
        compare(plan.pairs, ours, raw)
    };
    Ok(vec![
        row("P1", "issue: key, TBS, lint, sign", compare(&|| parts.issue(), &raw_issue)?, 1.5),
        row("P1", "issue: whole request, in memory", compare(&whole_issue, &raw_issue)?, 1.5),
        row(
            "P2",
            "sign a CSR: read, verify, TBS, lint, sign",
            compare(&|| parts.sign(), &raw_sign)?,
            1.4,
        ),
        row("P2", "sign a CSR: whole request, in memory", compare(&whole_sign, &raw_sign)?, 1.4),
    ])
}

fn row(goal: &'static str, what: &str, compared: Compared, limit: f64) -> Row {
    let beside = match goal {
        "P1" => "key and signature",
        _ => "verification and signature",
    };
    Row::new(goal, &format!("{what} (CPU)"), micros(compared.ours.cpu))
        .beside(beside, micros(compared.beside.cpu), compared.cpu_ratio)
        .at_most_ratio(limit)
}

impl Parts {
    fn make(authority: &Authority) -> Result<Self> {
        let issued = authority.issue(&authority::issue_request(WEB, "24h")?)?;
        let model = Certificate::from_pem(&issued.pem)?;
        let key = PrivateKey::generate(KeySpec::Ec(Curve::P256))?;
        let subject =
            SubjectAttributes { common_name: Some("a.example.com".into()), ..Default::default() };
        let csr = TbsCertificationRequest {
            subject: subject.to_name(),
            public_key: key.public_key().clone(),
            extensions: Vec::new(),
            signature: algorithm(&key),
        };
        Ok(Self {
            issuer: PrivateKey::generate(KeySpec::Ec(Curve::P256))?,
            tbs: model.tbs_der().to_vec(),
            model,
            csr: pem::encode("CERTIFICATE REQUEST", &sign_csr(&csr, &key)?),
        })
    }

    fn generate_and_sign(&self) -> Result<Cost> {
        calls(COUNT, || {
            black_box(PrivateKey::generate(KeySpec::Ec(Curve::P256))?);
            black_box(self.issuer.sign(algorithm(&self.issuer), &self.tbs)?);
            Ok(())
        })
    }

    fn verify_and_sign(&self, request: &CertificationRequest) -> Result<Cost> {
        calls(COUNT, || {
            black_box(request.signature_is_valid());
            black_box(self.issuer.sign(algorithm(&self.issuer), &self.tbs)?);
            Ok(())
        })
    }

    fn issue(&self) -> Result<Cost> {
        calls(COUNT, || {
            let key = PrivateKey::generate(KeySpec::Ec(Curve::P256))?;
            self.certify(key.public_key())
        })
    }

    fn sign(&self) -> Result<Cost> {
        calls(COUNT, || {
            let request = CertificationRequest::from_pem(&self.csr)?;
            anyhow::ensure!(request.signature_is_valid(), "the request is not signed");
            self.certify(request.public_key())
        })
    }

    /// Makes a certificate like the model for another key.
    fn certify(&self, public_key: &PublicKey) -> Result<()> {
        let model = &self.model;
        let identifier = extension::subject_key_identifier(&public_key.key_identifier());
        let extensions = model.extensions().iter().map(|extension| {
            if extension.oid == identifier.oid { identifier.clone() } else { extension.clone() }
        });
        let tbs = TbsCertificate {
            serial: SerialNumber::from_random([0x5a; 20]),
            signature: algorithm(&self.issuer),
            issuer: model.issuer().clone(),
            not_before: model.not_before(),
            not_after: model.not_after(),
            subject: model.subject().clone(),
            public_key: public_key.clone(),
            extensions: extensions.collect(),
        };
        let linted = Linted::check(tbs).ok().context("the certificate breaks a rule")?;
        black_box(linted.sign(&self.issuer)?);
        Ok(())
    }
}

fn algorithm(key: &PrivateKey) -> SignatureAlgorithm {
    SignatureAlgorithm::for_issuing(key.spec(), 0, false, false)
}
