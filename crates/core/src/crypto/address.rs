//! A relay's address: scheme, host, port, nothing else. One spelling each, so
//! that what a device signs for a token is what the relay expects.

use std::fmt;
use std::str::FromStr;

/// The longest address, in bytes.
pub const ADDRESS_BYTES: usize = 300;

/// `https://host[:port]` or `http://host[:port]`, in lower case, without the
/// scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayAddress {
    secure: bool,
    authority: String,
}

/// Why an address was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither http nor https.
    #[error("it does not start with https:// or http://")]
    Scheme,
    /// Host or port are missing or malformed.
    #[error("host and port cannot be read")]
    Authority,
    /// Something stands behind the host and port.
    #[error("nothing may follow host and port")]
    Path,
    /// Too long.
    #[error("it is longer than {ADDRESS_BYTES} characters")]
    TooLong,
}

impl RelayAddress {
    /// The address of one of the relay's endpoints.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// The address of one of the relay's WebSocket endpoints.
    pub fn web_socket(&self, path: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://{}{path}", self.authority)
    }
}

impl fmt::Display for RelayAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl FromStr for RelayAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > ADDRESS_BYTES {
            return Err(AddressError::TooLong);
        }
        let lower = text.to_ascii_lowercase();
        let (secure, rest) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(AddressError::Scheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(AddressError::Path);
        }
        let (host, port) = split_port(authority)?;
        let own_port = if secure { 443 } else { 80 };
        let authority = match port {
            Some(port) if port != own_port => format!("{host}:{port}"),
            _ => host.to_string(),
        };
        Ok(RelayAddress { secure, authority })
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), AddressError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']').ok_or(AddressError::Authority)?;
            rest[..end].parse::<std::net::Ipv6Addr>().map_err(|_| AddressError::Authority)?;
            (&authority[..end + 2], authority[end + 2..].strip_prefix(':').or(Some(&authority[end + 2..])))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let bracketed = host.starts_with('[');
    let plain = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    if !bracketed && !plain(host) {
        return Err(AddressError::Authority);
    }
    match port {
        None | Some("") if bracketed || port.is_none() => Ok((host, None)),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port: u16 = digits.parse().map_err(|_| AddressError::Authority)?;
            if port == 0 { Err(AddressError::Authority) } else { Ok((host, Some(port))) }
        }
        _ => Err(AddressError::Authority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        let check = |text: &str, expect: &str| assert_eq!(text.parse::<RelayAddress>().unwrap().to_string(), expect);
        check("https://relay.example.org", "https://relay.example.org");
        check("HTTPS://Relay.Example.org:443/", "https://relay.example.org");
        check("http://192.168.1.5:7878", "http://192.168.1.5:7878");
        check("http://[::1]:7878", "http://[::1]:7878");
        check("http://[fe80::1]", "http://[fe80::1]");
        check("http://relay:80", "http://relay");
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "relay.example.org",
            "ftp://relay",
            "https://",
            "https://relay/path",
            "https://relay?x",
            "https://relay#x",
            "https://user@relay",
            "https://relay:0",
            "https://relay:99999",
            "https://relay:",
            "https://re lay",
            "http://[::1",
            "http://[::1]x",
            "http://[zz]",
        ] {
            assert!(text.parse::<RelayAddress>().is_err(), "{text}");
        }
        assert!(format!("https://{}", "a".repeat(400)).parse::<RelayAddress>().is_err());
    }

    #[test]
    fn endpoints_hang_below_the_address() {
        let relay: RelayAddress = "https://relay.example.org:8443".parse().unwrap();
        assert_eq!(relay.endpoint("/v1/relay"), "https://relay.example.org:8443/v1/relay");
        assert_eq!(relay.web_socket("/v1/listen"), "wss://relay.example.org:8443/v1/listen");
    }
}
