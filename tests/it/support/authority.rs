//! A certificate authority made for one server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

static MADE: AtomicUsize = AtomicUsize::new(0);

/// The authority, and the one certificate it gave out.
pub struct Authority {
    pem: String,
    server: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    /// With a certificate for 127.0.0.1, localhost and swapbin.test.
    pub fn new() -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // A name of its own: a client that trusts several of them finds the issuer by name.
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("authority {number} of the swapbin tests"));
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate for the authority");

        let names = ["127.0.0.1", "localhost", "swapbin.test"].map(str::to_owned);
        let key = KeyPair::generate().expect("a key");
        let server = CertificateParams::new(names).and_then(|params| params.signed_by(&key, &issuer));
        let server = server.expect("a certificate for the server").der().clone();
        Authority { pem: issuer.pem(), server, key: key.serialize_der() }
    }

    /// Its own certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What a server needs to speak TLS.
    pub fn server_side(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("ring speaks TLS 1.2 and 1.3").with_no_client_auth();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        Arc::new(builder.with_single_cert(vec![self.server.clone()], key).expect("a certificate with its key"))
    }
}
