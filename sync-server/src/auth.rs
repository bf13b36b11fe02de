//! Who asks: challenges and tokens. Both are stateless but for the nonces that
//! were used up, so a flood of challenges costs no memory.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use data_encoding::BASE64URL_NOPAD;
use drystone_wire::http::{RelayErrorCode, TokenRequest};
use drystone_wire::limits::{CHALLENGE_SECONDS, TOKEN_SECONDS};
use drystone_wire::{DeviceKey, Hash, RelayKey};

use crate::error::Refusal;

/// Nonces that were used up within the last [`CHALLENGE_SECONDS`].
const USED_NONCES: usize = 1 << 16;
/// A token is version, device, expiry and tag.
const TOKEN_BYTES: usize = 1 + 32 + 8 + 32;
const TOKEN_VERSION: u8 = 1;
const TOKEN_CONTEXT: &str = "drystone relay v1 token key";

/// Gives out challenges and checks the answers.
pub struct Challenges {
    /// Drawn at each start, so that no nonce outlives the table of used ones.
    key: [u8; 32],
    started: Instant,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    nonces: HashSet<Hash>,
    order: VecDeque<(u64, Hash)>,
}

impl Challenges {
    pub fn new(key: [u8; 32]) -> Challenges {
        Challenges { key, started: Instant::now(), used: Mutex::default() }
    }

    /// A nonce: when it was made, randomness, and a tag over both and the device.
    pub fn issue(&self, device: &DeviceKey) -> Result<Hash, getrandom::Error> {
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&self.elapsed_ms().to_le_bytes());
        getrandom::fill(&mut nonce[8..16])?;
        let tag = self.tag(&nonce, device);
        nonce[16..].copy_from_slice(&tag);
        Ok(Hash(nonce))
    }

    /// Checks an answer and uses its nonce up.
    pub fn answer(&self, request: &TokenRequest, relay: &RelayKey) -> Result<(), Refusal> {
        let failed = |message| Err(Refusal::new(RelayErrorCode::ChallengeFailed, message));
        let now = self.elapsed_ms();
        let nonce = &request.nonce;
        let mut issued = [0; 8];
        issued.copy_from_slice(&nonce.0[..8]);
        let issued = u64::from_le_bytes(issued);
        if !same(&nonce.0[16..], &self.tag(&nonce.0, &request.device)) {
            return failed("this relay did not give out this nonce to this key; ask for a new challenge");
        }
        if now.saturating_sub(issued) > CHALLENGE_SECONDS * 1000 {
            return failed("the challenge is too old; ask for a new one and answer it within a minute");
        }
        if !drystone_wire::auth::verify_challenge(relay, &request.url, nonce, &request.device, &request.signature) {
            return failed("the signature does not fit this relay, address, nonce and key");
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget_before(now.saturating_sub(CHALLENGE_SECONDS * 1000));
        if used.nonces.len() >= USED_NONCES {
            return Err(Refusal::retry_later("too many tokens were given out in the last minute", CHALLENGE_SECONDS));
        }
        if !used.nonces.insert(*nonce) {
            return failed("the nonce was used already; ask for a new challenge");
        }
        used.order.push_back((issued, *nonce));
        Ok(())
    }

    fn elapsed_ms(&self) -> u64 {
        // A relay does not run for 500 million years.
        self.started.elapsed().as_millis() as u64
    }

    fn tag(&self, nonce: &[u8; 32], device: &DeviceKey) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&nonce[..16]).update(device.as_bytes());
        let mut tag = [0; 16];
        tag.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        tag
    }
}

impl Used {
    /// Answers come nearly in the order of their challenges; one that stays a
    /// little longer behind a younger one does no harm.
    fn forget_before(&mut self, oldest: u64) {
        while let Some((issued, nonce)) = self.order.front().copied() {
            if issued >= oldest {
                break;
            }
            self.nonces.remove(&nonce);
            self.order.pop_front();
        }
    }
}

/// Makes and reads tokens. They are tagged with a key derived from the relay's
/// own, so that a restart, or a second node with that key, honours them.
pub struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    pub fn new(relay_secret: &[u8; 32]) -> Tokens {
        Tokens { key: blake3::derive_key(TOKEN_CONTEXT, relay_secret) }
    }

    pub fn issue(&self, device: &DeviceKey, now_ms: u64) -> String {
        let expires = now_ms.saturating_add(TOKEN_SECONDS * 1000);
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.push(TOKEN_VERSION);
        bytes.extend_from_slice(device.as_bytes());
        bytes.extend_from_slice(&expires.to_le_bytes());
        let tag = blake3::keyed_hash(&self.key, &bytes);
        bytes.extend_from_slice(tag.as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Whose token it is, when it is one of ours and not over.
    pub fn device_of(&self, token: &str, now_ms: u64) -> Option<DeviceKey> {
        if token.len() != BASE64URL_NOPAD.encode_len(TOKEN_BYTES) {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (signed, tag) = bytes.split_at_checked(TOKEN_BYTES - 32)?;
        let tag: [u8; 32] = tag.try_into().ok()?;
        // Comparing two `blake3::Hash` takes the same time wherever they differ.
        if blake3::keyed_hash(&self.key, signed) != blake3::Hash::from_bytes(tag) || signed[0] != TOKEN_VERSION {
            return None;
        }
        let expires = u64::from_le_bytes(signed[33..41].try_into().ok()?);
        if now_ms >= expires { None } else { DeviceKey::from_slice(&signed[1..33]) }
    }
}

/// Compares without telling by its duration where the difference is.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// Scheme, host and port in their one normal spelling: lower case, no default
/// port, no slash at the end. `None` when there is more or something else.
pub fn normal_url(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://")?;
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) {
        return None;
    }
    Some(format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(host)))
}

/// Whether the address that a device signed is this relay's: the configured
/// one, or else the host that the request itself was sent to. The second only
/// keeps an answer from being carried to a relay under another name; who runs
/// a relay publicly should configure the address.
pub fn url_is_ours(signed: &str, public_url: Option<&str>, host_header: Option<&str>) -> bool {
    let Some(signed) = normal_url(signed) else { return false };
    match public_url {
        Some(public) => signed == public,
        None => host_header.is_some_and(|host| {
            ["http", "https"].iter().any(|scheme| normal_url(&format!("{scheme}://{host}")).as_ref() == Some(&signed))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    const RELAY: RelayKey = RelayKey([9; 32]);

    fn answered(challenges: &Challenges, nonce: Option<Hash>) -> TokenRequest {
        let key = SigningKey::from_bytes(&[7; 32]);
        let device = DeviceKey(key.verifying_key().to_bytes());
        let nonce = nonce.unwrap_or_else(|| challenges.issue(&device).unwrap());
        let url = "http://relay".to_string();
        let bytes = drystone_wire::auth::challenge_bytes(&RELAY, &url, &nonce, &device);
        let signature = drystone_wire::Signature(key.sign(bytes.as_bytes()).to_bytes());
        TokenRequest { device, nonce, url, signature }
    }

    #[test]
    fn a_nonce_works_once() {
        let challenges = Challenges::new([1; 32]);
        let request = answered(&challenges, None);
        challenges.answer(&request, &RELAY).unwrap();
        let again = challenges.answer(&request, &RELAY).unwrap_err();
        assert_eq!(again.code, RelayErrorCode::ChallengeFailed);
        assert!(again.message.contains("used already"));
    }

    #[test]
    fn a_nonce_of_another_relay_start_or_device_is_refused() {
        let challenges = Challenges::new([1; 32]);
        let foreign = answered(&Challenges::new([2; 32]), None);
        assert!(challenges.answer(&foreign, &RELAY).unwrap_err().message.contains("did not give out"));
        let other = challenges.issue(&DeviceKey([3; 32])).unwrap();
        let stolen = answered(&challenges, Some(other));
        assert!(challenges.answer(&stolen, &RELAY).unwrap_err().message.contains("did not give out"));
    }

    #[test]
    fn an_answer_is_bound_to_relay_and_address() {
        let challenges = Challenges::new([1; 32]);
        let request = answered(&challenges, None);
        assert!(challenges.answer(&request, &RelayKey([8; 32])).is_err());
        let moved = TokenRequest { url: "http://elsewhere".into(), ..request.clone() };
        assert!(challenges.answer(&moved, &RELAY).is_err());
        challenges.answer(&request, &RELAY).unwrap();
    }

    #[test]
    fn an_old_challenge_is_refused_and_forgotten() {
        let mut challenges = Challenges::new([1; 32]);
        let request = answered(&challenges, None);
        challenges.answer(&request, &RELAY).unwrap();
        let past = std::time::Duration::from_secs(CHALLENGE_SECONDS + 1);
        challenges.started = challenges.started.checked_sub(past).unwrap();
        assert!(challenges.answer(&request, &RELAY).unwrap_err().message.contains("too old"));
        challenges.answer(&answered(&challenges, None), &RELAY).unwrap();
        assert_eq!(challenges.used.lock().unwrap().nonces.len(), 1);
    }

    #[test]
    fn a_token_holds_for_its_device_until_it_expires() {
        let tokens = Tokens::new(&[5; 32]);
        let device = DeviceKey([6; 32]);
        let token = tokens.issue(&device, 1000);
        assert_eq!(tokens.device_of(&token, 1000 + TOKEN_SECONDS * 1000 - 1), Some(device));
        assert_eq!(tokens.device_of(&token, 1000 + TOKEN_SECONDS * 1000), None);
        assert_eq!(Tokens::new(&[5; 32]).device_of(&token, 1000), Some(device), "a restart honours it");
        assert_eq!(Tokens::new(&[4; 32]).device_of(&token, 1000), None);
        let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        for index in 0..bytes.len() {
            bytes[index] ^= 1;
            assert_eq!(tokens.device_of(&BASE64URL_NOPAD.encode(&bytes), 1000), None, "byte {index}");
            bytes[index] ^= 1;
        }
        for wrong in ["", "x", &token[1..], &format!("{token}A")] {
            assert_eq!(tokens.device_of(wrong, 1000), None);
        }
    }

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(normal_url("HTTPS://Relay.Example:443/").as_deref(), Some("https://relay.example"));
        assert_eq!(normal_url("http://[::1]:7410").as_deref(), Some("http://[::1]:7410"));
        for wrong in ["relay", "ftp://a", "http://", "http://a/b", "http://u@a", "http://a?b", "http://a b"] {
            assert_eq!(normal_url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_signed_address_must_be_the_public_one_or_else_the_requests_host() {
        assert!(url_is_ours("https://a.example/", Some("https://a.example"), Some("other")));
        assert!(!url_is_ours("http://a.example", Some("https://a.example"), Some("a.example")));
        assert!(url_is_ours("http://127.0.0.1:7410", None, Some("127.0.0.1:7410")));
        assert!(url_is_ours("https://a.example", None, Some("A.example:443")));
        assert!(!url_is_ours("http://b.example", None, Some("a.example")));
        assert!(!url_is_ours("http://b.example", None, None));
    }
}
