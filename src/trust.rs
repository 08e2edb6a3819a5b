//! Whom a server's certificate may come from, whatever is spoken with the server, and which needs none.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::error::{Error, Result};

/// Whether a host, as an address of the web has it, is this machine: nobody listens on the way there, so that what is
/// said need not be encrypted.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS that trusts what the system trusts and, if there is one, the certificates of a PEM file.
///
/// # Errors
/// Kind `Usage`, if the file can't be read or holds no certificate that can be used, or the system has none.
pub fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match ca_file {
        Some(file) => Arc::new(given_or_usual(file, provider.clone())?),
        None => Arc::new(Verifier::new(provider.clone()).map_err(unprepared)?),
    };
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(unprepared)?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn unprepared(error: rustls::Error) -> Error {
    Error::usage("encrypted connections can't be prepared")
        .hint("are certificates installed (package ca-certificates)? if not, name a file of them with --ca-file")
        .caused_by(error)
}

fn given_or_usual(file: &Path, provider: Arc<CryptoProvider>) -> Result<GivenOrUsual> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|error| {
        Error::usage(format!("the certificate file can't be read: {name}"))
            .hint("check `ca_file` of the account, which is looked for from where rolo.toml is, or --ca-file")
            .caused_by(error)
    })?;
    let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let given = found.ok().filter(|given| !given.is_empty()).ok_or_else(|| {
        Error::usage(format!("the certificate file holds no certificate: {name}"))
            .hint("it must be in PEM form, with the line `-----BEGIN CERTIFICATE-----`")
    })?;
    let usual = Verifier::new_with_extra_roots(given.iter().cloned(), provider.clone()).map_err(|_| {
        Error::usage(format!("the certificate file holds one that can't be used: {name}"))
            .hint("it must be an X.509 certificate of version 3; make it anew, or name another file")
    })?;
    Ok(GivenOrUsual { given, usual, provider })
}

/// The usual rules, but for a server that shows one of the given certificates itself: made by
/// `openssl req -x509` it is marked as an authority's, which the usual rules take for no server.
#[derive(Debug)]
struct GivenOrUsual {
    given: Vec<CertificateDer<'static>>,
    usual: Verifier,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for GivenOrUsual {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let refused = match self.usual.verify_server_cert(shown, intermediates, server, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(refused)) => refused,
            decided => return decided,
        };
        // That it is an authority's is asked after its dates were found good, and before anything else.
        if !is_an_authoritys(&refused) || !self.given.iter().any(|given| given == shown) {
            return Err(refused.into());
        }
        verify_server_name(&ParsedCertificate::try_from(shown)?, server)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_an_authoritys(refused: &CertificateError) -> bool {
    let CertificateError::Other(other) = refused else { return false };
    matches!(other.0.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Why a certificate can't be trusted, and what to do, for a person.
pub fn words(refused: &CertificateError, host: &str) -> String {
    match refused {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired; renew it at the server".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; is the clock of this machine right?".to_owned()
        }
        CertificateError::UnknownIssuer => "nobody whom this machine trusts has signed it; name the certificate of \
             the server, or of the authority that signed it, with --ca-file or ca_file"
            .to_owned(),
        CertificateError::NotValidForName => {
            format!("it is not valid for {host}; it must name the host among its alternative names")
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => format!(
            "it is not valid for {host}: it names no host among its alternative names; openssl makes one that does \
             with -addext \"subjectAltName=DNS:HOST\" (or IP:ADDRESS)"
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("it is not valid for {host}: it is for {}", presented.join(", "))
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for servers".to_owned()
        }
        refused if is_an_authoritys(refused) => "it is marked as that of an authority and signed by itself; name \
             this very certificate with --ca-file or ca_file"
            .to_owned(),
        _ => "its form or its algorithms are not accepted; make it anew with usual settings".to_owned(),
    }
}
