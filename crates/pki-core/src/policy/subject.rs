//! The subject of a certificate: where its attributes come from, and which a role allows.

use super::decide::CaSubject;
use super::glob::glob;
use super::{Role, Violation};
use crate::x509::subject::SubjectAttributes;

/// The attributes that a role gives to everything under it.
pub(super) fn of_role(role: &Role) -> SubjectAttributes {
    SubjectAttributes {
        country: role.country.clone(),
        province: role.province.clone(),
        locality: role.locality.clone(),
        street_address: role.street_address.clone(),
        postal_code: role.postal_code.clone(),
        organization: role.organization.clone(),
        organizational_unit: role.ou.clone(),
        common_name: None,
        serial_number: None,
        user_ids: Vec::new(),
    }
}

/// The attributes that a request gives to a CA.
pub(super) fn of_ca(subject: &CaSubject) -> SubjectAttributes {
    let CaSubject { country, province, locality, street_address, postal_code, organization, ou } =
        subject.clone();
    SubjectAttributes {
        country,
        province,
        locality,
        street_address,
        postal_code,
        organization,
        organizational_unit: ou,
        common_name: None,
        serial_number: None,
        user_ids: Vec::new(),
    }
}

/// Refuses a serial number of the subject that fits no pattern of the role.
///
/// # Errors
///
/// [`Violation::SerialNumber`].
pub fn serial_number_allowed(role: &Role, serial: &str) -> Result<(), Violation> {
    if role.allowed_serial_numbers.iter().any(|pattern| glob(pattern, serial)) {
        Ok(())
    } else {
        Err(Violation::SerialNumber(serial.to_owned()))
    }
}

/// Refuses the first user id that neither is an entry of the role, whatever its case, nor fits one
/// as a pattern.
///
/// # Errors
///
/// [`Violation::UserId`].
pub fn user_ids_allowed(role: &Role, user_ids: &[String]) -> Result<(), Violation> {
    let allowed = |user_id: &String| {
        role.allowed_user_ids
            .iter()
            .any(|entry| entry.eq_ignore_ascii_case(user_id) || glob(entry, user_id))
    };
    match user_ids.iter().find(|user_id| !allowed(user_id)) {
        Some(user_id) => Err(Violation::UserId(user_id.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::role::tests::role;

    #[test]
    fn serial_numbers_fit_a_pattern() {
        for (entries, serial, want) in [
            ("", "SN-1", false),
            ("SN-1,SN-2", "SN-1", true),
            ("SN-1,SN-2", "XX-1", false),
            ("SN-*", "SN-1", true),
            ("SN-*", "sn-1", false),
            ("*", "anything", true),
        ] {
            let role = role(&[("allowed_serial_numbers", entries)]);
            assert_eq!(serial_number_allowed(&role, serial).is_ok(), want, "{entries} {serial}");
        }
    }

    #[test]
    fn every_user_id_fits_an_entry() {
        for (entries, user_ids, want) in [
            ("", &["bob"][..], Err("user_id bob is not allowed by this role")),
            ("", &[], Ok(())),
            ("bob", &["BOB"], Ok(())),
            ("b*", &["bob", "bill"], Ok(())),
            ("b*", &["bob", "Bill"], Err("user_id Bill is not allowed by this role")),
            ("*", &["x"], Ok(())),
        ] {
            let role = role(&[("allowed_user_ids", entries)]);
            let user_ids: Vec<String> = user_ids.iter().map(|id| (*id).to_owned()).collect();
            let got = user_ids_allowed(&role, &user_ids).map_err(|v| v.to_string());
            assert_eq!(got, want.map_err(str::to_owned), "{entries}");
        }
    }
}
