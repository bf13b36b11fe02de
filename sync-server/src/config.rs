//! Options: a flag wins over an environment variable, that over the file, that over the default.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use ipnet::IpNet;
use serde::Deserialize;

use crate::error::Fatal;
use crate::storage::sqlite::snapshots::GRACE_MS;

/// The longest configuration file that is read, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// Which header of a listed proxy names the client. Only this one is read:
/// proxies pass on the other one as the client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, which most proxies write.
    XForwardedFor,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

impl ProxyHeader {
    pub fn name(self) -> &'static str {
        match self {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        }
    }

    /// The address in one hop of the header.
    pub fn address_in(self, hop: &str) -> Option<IpAddr> {
        let node = match self {
            ProxyHeader::XForwardedFor => hop.trim(),
            ProxyHeader::Forwarded => hop.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
            })?,
        };
        let bare = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(node);
        bare.parse().ok().or_else(|| node.parse::<SocketAddr>().ok().map(|address| address.ip()))
    }
}

macro_rules! options {
    ($($(#[$meta:meta])* $name:ident : $type:ty, $env:literal;)*) => {
        /// What flags, environment and file can say.
        #[derive(Debug, Default, clap::Args, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct Options {
            $($(#[$meta])* #[arg(long, env = $env)] pub $name: Option<$type>,)*
            /// A proxy, or a network of proxies, whose forwarding header is believed. Several: repeat the flag, or separate with commas
            #[arg(long, env = "DRYSTONE_RELAY_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', help_heading = "Network")]
            pub trusted_proxy: Vec<String>,
        }

        impl Options {
            /// Fills what is not said from another source.
            fn or(self, other: Options) -> Options {
                Options {
                    $($name: self.$name.or(other.$name),)*
                    trusted_proxy: if self.trusted_proxy.is_empty() { other.trusted_proxy } else { self.trusted_proxy },
                }
            }
        }
    };
}

options! {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:7410]
    #[arg(value_name = "ADDR", help_heading = "Network")]
    listen: SocketAddr, "DRYSTONE_RELAY_LISTEN";
    /// Folder for the database and the relay's key [default: the user's data folder, such as ~/.local/share/drystone-relay]
    #[arg(value_name = "DIR", help_heading = "Storage")]
    data: PathBuf, "DRYSTONE_RELAY_DATA";
    /// The address that devices use, such as https://relay.example.org; without it, a device's address must name the host that its request was sent to
    #[arg(value_name = "URL", help_heading = "Network")]
    public_url: String, "DRYSTONE_RELAY_PUBLIC_URL";
    /// Certificate chain (PEM) to speak TLS with; needs --tls-key
    #[arg(value_name = "FILE", help_heading = "Network")]
    tls_cert: PathBuf, "DRYSTONE_RELAY_TLS_CERT";
    /// Private key (PEM) of the certificate
    #[arg(value_name = "FILE", help_heading = "Network")]
    tls_key: PathBuf, "DRYSTONE_RELAY_TLS_KEY";
    /// Second address for /metrics, which then is not on the first one; /healthz and /readyz are on both [default: none]
    #[arg(value_name = "ADDR", help_heading = "Network")]
    admin_listen: SocketAddr, "DRYSTONE_RELAY_ADMIN_LISTEN";
    /// Which header of a trusted proxy names the client [default: x-forwarded-for]
    #[arg(value_name = "HEADER", help_heading = "Network")]
    proxy_header: ProxyHeader, "DRYSTONE_RELAY_PROXY_HEADER";
    /// Form of the log on standard error [default: text]
    #[arg(value_name = "FORMAT", help_heading = "Operation")]
    log_format: LogFormat, "DRYSTONE_RELAY_LOG_FORMAT";
    /// What is logged: error, warn, info, debug, or a filter such as drystone_relay=debug [default: info]
    #[arg(value_name = "FILTER", help_heading = "Operation")]
    log: String, "DRYSTONE_RELAY_LOG";
    /// Seconds between the signal to stop and the end of accepting, with /readyz at 503, so that a load balancer notices [default: 0]
    #[arg(value_name = "SECONDS", help_heading = "Operation")]
    drain: u64, "DRYSTONE_RELAY_DRAIN";
    /// Seconds within which a request must have arrived and be answered [default: 60]
    #[arg(value_name = "SECONDS", help_heading = "Limits")]
    request_timeout: u64, "DRYSTONE_RELAY_REQUEST_TIMEOUT";
    /// Seconds within which a request's headers must have arrived, and a connection may idle [default: 30]
    #[arg(value_name = "SECONDS", help_heading = "Limits")]
    header_timeout: u64, "DRYSTONE_RELAY_HEADER_TIMEOUT";
    /// Seconds after which a client that takes no bytes is closed [default: 30]
    #[arg(value_name = "SECONDS", help_heading = "Limits")]
    write_timeout: u64, "DRYSTONE_RELAY_WRITE_TIMEOUT";
    /// Connections in all [default: 10000]
    #[arg(value_name = "N", help_heading = "Limits")]
    max_connections: u32, "DRYSTONE_RELAY_MAX_CONNECTIONS";
    /// Connections from one address (IPv6: one /64); listed proxies are exempt [default: 2000]
    #[arg(value_name = "N", help_heading = "Limits")]
    max_connections_per_address: u32, "DRYSTONE_RELAY_MAX_CONNECTIONS_PER_ADDRESS";
    /// Memory for request bodies and pages together, in bytes [default: 268435456]
    #[arg(value_name = "BYTES", help_heading = "Limits")]
    body_memory: usize, "DRYSTONE_RELAY_BODY_MEMORY";
    /// Requests a second from one address; 0 for no limit [default: 1000]
    #[arg(value_name = "N", help_heading = "Limits")]
    address_rate: u32, "DRYSTONE_RELAY_ADDRESS_RATE";
    /// Requests from one address at once before the rate counts [default: 5000]
    #[arg(value_name = "N", help_heading = "Limits")]
    address_burst: u32, "DRYSTONE_RELAY_ADDRESS_BURST";
    /// Requests without a valid token a second from one address; 0 for no limit [default: 20]
    #[arg(value_name = "N", help_heading = "Limits")]
    anonymous_rate: u32, "DRYSTONE_RELAY_ANONYMOUS_RATE";
    /// Such requests at once before the rate counts [default: 400]
    #[arg(value_name = "N", help_heading = "Limits")]
    anonymous_burst: u32, "DRYSTONE_RELAY_ANONYMOUS_BURST";
    /// Requests a second of one device; 0 for no limit [default: 200]
    #[arg(value_name = "N", help_heading = "Limits")]
    device_rate: u32, "DRYSTONE_RELAY_DEVICE_RATE";
    /// Requests of one device at once before the rate counts [default: 2000]
    #[arg(value_name = "N", help_heading = "Limits")]
    device_burst: u32, "DRYSTONE_RELAY_DEVICE_BURST";
    /// Requests a second of all devices of one member in its workspaces; 0 for no limit [default: 400]
    #[arg(value_name = "N", help_heading = "Limits")]
    account_rate: u32, "DRYSTONE_RELAY_ACCOUNT_RATE";
    /// Such requests at once before the rate counts [default: 4000]
    #[arg(value_name = "N", help_heading = "Limits")]
    account_burst: u32, "DRYSTONE_RELAY_ACCOUNT_BURST";
    /// New workspaces an hour from one address; 0 for no limit [default: 120]
    #[arg(value_name = "N", help_heading = "Limits")]
    create_rate: u32, "DRYSTONE_RELAY_CREATE_RATE";
    /// Workspaces in all [default: 10000]
    #[arg(value_name = "N", help_heading = "Limits")]
    max_workspaces: u64, "DRYSTONE_RELAY_MAX_WORKSPACES";
    /// Bytes that a workspace may store without a quota of its own (see `drystone-relay quota`) [default: 10737418240]
    #[arg(value_name = "BYTES", help_heading = "Limits")]
    workspace_bytes: u64, "DRYSTONE_RELAY_WORKSPACE_BYTES";
    /// Envelopes that a workspace may store without a quota of its own [default: 10000000]
    #[arg(value_name = "N", help_heading = "Limits")]
    workspace_entries: u64, "DRYSTONE_RELAY_WORKSPACE_ENTRIES";
    /// Devices that the members of a workspace may have together without a quota of its own [default: 500]
    #[arg(value_name = "N", help_heading = "Limits")]
    workspace_devices: u64, "DRYSTONE_RELAY_WORKSPACE_DEVICES";
    /// Bytes of attachments that a workspace may store without a quota of its own [default: 10737418240]
    #[arg(value_name = "BYTES", help_heading = "Limits")]
    workspace_attachments: u64, "DRYSTONE_RELAY_WORKSPACE_ATTACHMENTS";
    /// Seconds that envelopes stay after two snapshots that stand for them were confirmed [default: 2592000, 30 days]
    #[arg(value_name = "SECONDS", help_heading = "Storage")]
    compaction_grace: u64, "DRYSTONE_RELAY_COMPACTION_GRACE";
    /// Size of the database in bytes; 0 for as large as the disk lets it grow [default: 0]
    #[arg(value_name = "BYTES", help_heading = "Limits")]
    max_store_bytes: u64, "DRYSTONE_RELAY_MAX_STORE_BYTES";
    /// Appends waiting for the disk before more are refused [default: 1024]
    #[arg(value_name = "N", help_heading = "Limits")]
    write_queue: usize, "DRYSTONE_RELAY_WRITE_QUEUE";
}

/// What the relay runs with.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub admin_listen: Option<SocketAddr>,
    pub data: PathBuf,
    pub public_url: Option<String>,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub trusted_proxies: Vec<IpNet>,
    pub proxy_header: ProxyHeader,
    pub log_format: LogFormat,
    pub log: String,
    pub drain: Duration,
    pub limits: Limits,
}

/// The named limits that an operator can set.
#[derive(Debug, Clone)]
pub struct Limits {
    pub request_timeout: Duration,
    pub header_timeout: Duration,
    pub write_timeout: Duration,
    pub max_connections: u32,
    pub max_connections_per_address: u32,
    pub body_memory: usize,
    pub address_rate: u32,
    pub address_burst: u32,
    pub anonymous_rate: u32,
    pub anonymous_burst: u32,
    pub device_rate: u32,
    pub device_burst: u32,
    pub account_rate: u32,
    pub account_burst: u32,
    pub create_rate: u32,
    pub max_workspaces: u64,
    pub workspace_bytes: u64,
    pub workspace_entries: u64,
    pub workspace_devices: u64,
    pub workspace_attachments: u64,
    /// How long envelopes stay once they are marked, in milliseconds.
    pub compaction_grace_ms: u64,
    pub max_store_bytes: u64,
    pub write_queue: usize,
}

impl Config {
    /// Puts flags, environment and file together and checks what depends on each other.
    pub fn from_options(flags: Options, file: Option<&Path>) -> Result<Config, Fatal> {
        let options = match file {
            Some(path) => flags.or(read_file(path)?),
            None => flags,
        };
        let tls = match (options.tls_cert, options.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(Fatal::Input("TLS needs both --tls-cert and --tls-key: give the other one too".into())),
        };
        let limits = Limits {
            request_timeout: seconds("request-timeout", options.request_timeout, 60, 5)?,
            header_timeout: seconds("header-timeout", options.header_timeout, 30, 1)?,
            write_timeout: seconds("write-timeout", options.write_timeout, 30, 1)?,
            max_connections: options.max_connections.unwrap_or(10_000).max(1),
            max_connections_per_address: options.max_connections_per_address.unwrap_or(2000).max(1),
            body_memory: body_memory(options.body_memory)?,
            address_rate: options.address_rate.unwrap_or(1000),
            address_burst: options.address_burst.unwrap_or(5000),
            anonymous_rate: options.anonymous_rate.unwrap_or(20),
            anonymous_burst: options.anonymous_burst.unwrap_or(400),
            device_rate: options.device_rate.unwrap_or(200),
            device_burst: options.device_burst.unwrap_or(2000),
            account_rate: options.account_rate.unwrap_or(400),
            account_burst: options.account_burst.unwrap_or(4000),
            create_rate: options.create_rate.unwrap_or(120),
            max_workspaces: options.max_workspaces.unwrap_or(10_000),
            workspace_bytes: options.workspace_bytes.unwrap_or(10 << 30),
            workspace_entries: options.workspace_entries.unwrap_or(10_000_000),
            workspace_devices: options.workspace_devices.unwrap_or(500),
            workspace_attachments: options.workspace_attachments.unwrap_or(10 << 30),
            compaction_grace_ms: options.compaction_grace.map_or(GRACE_MS, |seconds| seconds.saturating_mul(1000)),
            max_store_bytes: options.max_store_bytes.unwrap_or(0),
            write_queue: options.write_queue.unwrap_or(1024).max(1),
        };
        Ok(Config {
            listen: options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 7410))),
            admin_listen: options.admin_listen,
            data: options.data.map_or_else(default_data, Ok)?,
            public_url: options.public_url.as_deref().map(checked_url).transpose()?,
            tls,
            trusted_proxies: options.trusted_proxy.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            proxy_header: options.proxy_header.unwrap_or(ProxyHeader::XForwardedFor),
            log_format: options.log_format.unwrap_or(LogFormat::Text),
            log: options.log.unwrap_or_else(|| "info".into()),
            drain: Duration::from_secs(options.drain.unwrap_or(0)),
            limits,
        })
    }
}

fn seconds(name: &str, given: Option<u64>, default: u64, least: u64) -> Result<Duration, Fatal> {
    let value = given.unwrap_or(default);
    if (least..=3600).contains(&value) {
        Ok(Duration::from_secs(value))
    } else {
        Err(Fatal::Input(format!("--{name} is {value}: give {least} to 3600 seconds")))
    }
}

/// One append and one page must fit, or nothing could ever be answered.
fn body_memory(given: Option<usize>) -> Result<usize, Fatal> {
    let least = 2 * (drystone_wire::limits::APPEND_BYTES + drystone_wire::limits::RECORD_REPLY_BYTES);
    let value = given.unwrap_or(256 << 20);
    if value >= least {
        Ok(value)
    } else {
        Err(Fatal::Input(format!("--body-memory is {value}: give at least {least} bytes")))
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, Fatal> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).ok_or_else(|| {
        Fatal::Input(format!("--trusted-proxy {text}: give an address or a network, such as 10.0.0.5 or 10.0.0.0/8"))
    })
}

pub fn default_data() -> Result<PathBuf, Fatal> {
    directories::ProjectDirs::from("", "", "drystone-relay")
        .map(|dirs| dirs.data_local_dir().to_path_buf())
        .ok_or_else(|| Fatal::Input("there is no home folder to keep data in: say where with --data DIR".into()))
}

fn checked_url(text: &str) -> Result<String, Fatal> {
    crate::auth::normal_url(text).ok_or_else(|| {
        Fatal::Input(format!("--public-url {text}: give scheme, host and port only, such as https://relay.example.org"))
    })
}

fn read_file(path: &Path) -> Result<Options, Fatal> {
    let wrong = |cause: &dyn std::fmt::Display| {
        Fatal::Input(format!("the configuration file {} cannot be used: {cause}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(|error| wrong(&error))?.len();
    if size > FILE_BYTES {
        return Err(wrong(&format!("it has {size} bytes, more than {FILE_BYTES}")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    // The parser's message names line and column and shows the line.
    toml::from_str(&text).map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = file(
            "listen = \"0.0.0.0:1\"\ndevice-rate = 7\ntrusted-proxy = [\"10.0.0.0/8\", \"::1\"]\ndata = \"/tmp/x\"\n",
        );
        let flags = Options { listen: Some("127.0.0.1:2".parse().unwrap()), ..Options::default() };
        let config = Config::from_options(flags, Some(file.path())).unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.limits.device_rate, 7);
        assert_eq!(config.limits.device_burst, 2000);
        assert_eq!(config.trusted_proxies.len(), 2);
    }

    #[test]
    fn an_unknown_name_in_the_file_is_refused_with_its_line() {
        let file = file("listen = \"0.0.0.0:1\"\nlissten = 3\n");
        let error = Config::from_options(Options::default(), Some(file.path())).unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn half_of_tls_an_address_with_a_path_and_silly_limits_are_refused() {
        let data = Some(PathBuf::from("/tmp/x"));
        let half = Options { tls_cert: Some("c.pem".into()), data: data.clone(), ..Options::default() };
        assert!(Config::from_options(half, None).unwrap_err().to_string().contains("--tls-key"));
        let path = Options { public_url: Some("https://a.example/b".into()), data: data.clone(), ..Options::default() };
        assert!(Config::from_options(path, None).unwrap_err().to_string().contains("--public-url"));
        let memory = Options { body_memory: Some(5), data: data.clone(), ..Options::default() };
        assert!(Config::from_options(memory, None).unwrap_err().to_string().contains("--body-memory"));
        let proxy = Options { trusted_proxy: vec!["proxy".into()], data: data.clone(), ..Options::default() };
        assert!(Config::from_options(proxy, None).unwrap_err().to_string().contains("--trusted-proxy"));
        let timeout = Options { request_timeout: Some(0), data, ..Options::default() };
        assert!(Config::from_options(timeout, None).unwrap_err().to_string().contains("--request-timeout"));
    }
}
