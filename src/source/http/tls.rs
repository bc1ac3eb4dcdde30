//! Whom https trusts: the system's certificates and those the caller adds.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, quoted};
use crate::source::LocalSource;

/// Bytes of certificates read at most; the systems' own bundles have a quarter of a megabyte.
const LARGEST: u64 = 8 << 20;

/// What the connections of an https client trust.
///
/// # Errors
/// Why there is nothing to trust, or what is wrong with the caller's certificates.
pub(super) fn system_and(cacert: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // One odd certificate among the system's must not cost all the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = cacert {
        for certificate in read_pem(path).map_err(|error| error.to_string())? {
            roots.add(certificate).map_err(|_| unusable(path).to_string())?;
        }
    }
    if roots.is_empty() {
        return Err("no certificates to trust: the system has none, and none were given with --cacert".to_owned());
    }
    Ok(trusting(roots))
}

/// For clients that never speak TLS: reading the system's certificates would be most of their work.
pub(super) fn nobody() -> ClientConfig {
    trusting(RootCertStore::empty())
}

/// The certificates of a PEM file.
///
/// # Errors
/// [`Error::BadOption`] for a file that cannot be read, or holds no certificate, or one that cannot be used.
pub(super) fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bad = |reason: String| Error::BadOption { option: "--cacert", reason };
    let unreadable = |error| bad(format!("cannot read {}: {}", quoted(path), crate::error::lowered(&error)));
    let file = match LocalSource::open(path) {
        // It is read more than once, and as a whole.
        Ok(file) if file.is_regular() => file,
        Ok(_) | Err(Error::SourceIsDirectory { .. }) => return Err(bad(format!("{} is no regular file", quoted(path)))),
        Err(Error::Source { source, .. }) => return Err(unreadable(source)),
        Err(error) => return Err(bad(error.to_string())),
    };
    let mut pem = Vec::new();
    file.file().take(LARGEST).read_to_end(&mut pem).map_err(unreadable)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| unusable(path))?;
    if certificates.is_empty() {
        return Err(bad(format!("{} holds no PEM certificate", quoted(path))));
    }
    let mut trial = RootCertStore::empty();
    if certificates.iter().any(|certificate| trial.add(certificate.clone()).is_err()) {
        return Err(unusable(path));
    }
    Ok(certificates)
}

fn unusable(path: &Path) -> Error {
    Error::BadOption { option: "--cacert", reason: format!("{} holds a certificate that cannot be used", quoted(path)) }
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_usable_certificate_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let reason = || read_pem(&path).unwrap_err().to_string();
        assert!(reason().ends_with("no such file or directory"), "{}", reason());
        std::fs::write(&path, "not a certificate").unwrap();
        assert!(reason().ends_with("holds no PEM certificate"), "{}", reason());
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(reason().ends_with("holds a certificate that cannot be used"), "{}", reason());
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
        assert!(reason().starts_with("--cacert: "), "{}", reason());
    }
}
