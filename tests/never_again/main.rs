//! Bugs of other certificate authorities, each with the input that would show it here.
//!
//! One file for each; `docs/never-again.md` is their list, with those that cannot happen here and
//! why not. What is tried at length elsewhere is named in the file, and not tried again.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod list;
mod mount;

mod cfssl_909_revoking_what_is_not_there;
mod cve_2021_20179_renewal_without_check;
mod cve_2021_29653_tidy_forgets_revoked;
mod cve_2022_25243_wildcards_without_subdomains;
mod cve_2022_41316_revocations_after_a_start;
mod cve_2023_0665_one_issuer_many_names;
mod cve_2024_12401_pem_burns_cpu;
mod cve_2024_2048_answers_bound_to_certificates;
mod cve_2024_7594_empty_list_means_all;
mod cve_2025_44005_role_skipped;
mod cve_2025_62513_secrets_in_messages;
mod cve_2025_66406_revocation_without_right;
mod cve_2026_30836_unknown_kinds_pass;
mod cve_2026_3605_dots_in_paths;
mod cve_2026_40097_empty_sequences;
mod cve_2026_41676_openssl_binding;
mod cve_2026_45447_pkcs7_from_strangers;
mod easy_rsa_1279_serials_under_concurrency;
mod ghsa_444v_8vxr_p36h_secrets_on_failure;
mod ghsa_59w7_v8rr_pr4p_data_becomes_pattern;
mod ghsa_g892_p242_8g86_addresses_from_the_csr;
mod openbao_2_7_2_own_constraints_ignored;
mod rustsec_2023_0023_names_as_a_language;
mod vault_10176_names_encoded_anew;
mod vault_20189_wrong_usage_cleared;
