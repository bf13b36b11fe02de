//! Finding each other with multicast DNS (RFC 6762, RFC 6763). What is announced is a
//! random name and today's tags of the workspaces, nothing that lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use data_encoding::BASE64URL_NOPAD;
use drystone_wire::WorkspaceId;
use mdns_sd::{ServiceDaemon, ServiceEvent, ServiceInfo};

use super::talk::tags;
use crate::error::{Error, ErrorCode, Result};

const SERVICE: &str = "_drystone._tcp.local.";
/// Workspaces that are announced, at most.
const ANNOUNCED: usize = 32;
/// Devices nearby that are remembered, at most.
const PEERS: usize = 64;
/// Addresses of one device that are tried, at most.
const ADDRESSES: usize = 4;

/// The announcement of this device, and what is heard of others.
pub struct Finder {
    daemon: ServiceDaemon,
    pub events: mdns_sd::Receiver<ServiceEvent>,
    name: String,
    port: u16,
}

/// Another device, as it announces itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where it is reached.
    pub addresses: Vec<SocketAddr>,
    /// The tags of its workspaces.
    tags: BTreeSet<Vec<u8>>,
}

/// Others by their announced names.
pub type Peers = BTreeMap<String, Announced>;

impl Finder {
    /// Announces this device on all networks it is in.
    ///
    /// # Errors
    /// When the network cannot be used.
    pub fn start(name: String, port: u16) -> Result<Finder> {
        let daemon = ServiceDaemon::new().map_err(|error| unusable(&error))?;
        let events = daemon.browse(SERVICE).map_err(|error| unusable(&error))?;
        Ok(Finder { daemon, events, name, port })
    }

    /// Says which workspaces there are, by their tags of today.
    ///
    /// # Errors
    /// When the network cannot be used.
    pub fn announce(&self, workspaces: &[WorkspaceId], now_ms: u64) -> Result<()> {
        let texts: Vec<(String, String)> = workspaces
            .iter()
            .take(ANNOUNCED)
            .enumerate()
            .map(|(index, id)| (format!("t{index}"), BASE64URL_NOPAD.encode(&tags(id, now_ms)[0])))
            .collect();
        let host = format!("{}.local.", self.name);
        let service = ServiceInfo::new(SERVICE, &self.name, &host, "", self.port, &texts[..])
            .map_err(|error| unusable(&error))?
            .enable_addr_auto();
        self.daemon.register(service).map_err(|error| unusable(&error))
    }

    /// Takes note of what was heard.
    pub fn note(&self, event: ServiceEvent, peers: &mut Peers) {
        match event {
            ServiceEvent::ServiceResolved(found) if !found.get_fullname().starts_with(&self.name) => {
                let port = found.get_port();
                let mut addresses: Vec<SocketAddr> =
                    found.get_addresses().iter().map(|address| SocketAddr::new(address.to_ip_addr(), port)).collect();
                // A link-local address of IPv6 is of no use without its interface.
                addresses.retain(|address| !matches!(address.ip(), IpAddr::V6(six) if six.is_unicast_link_local()));
                addresses.sort_by_key(|address| (address.is_ipv6(), *address));
                addresses.truncate(ADDRESSES);
                let texts = found.get_properties().iter().take(ANNOUNCED);
                let tags = texts.filter_map(|text| BASE64URL_NOPAD.decode(text.val_str().as_bytes()).ok()).collect();
                if peers.len() < PEERS || peers.contains_key(found.get_fullname()) {
                    peers.insert(found.get_fullname().to_owned(), Announced { addresses, tags });
                }
            }
            ServiceEvent::ServiceRemoved(_, name) => {
                peers.remove(&name);
            }
            _ => {}
        }
    }
}

impl Announced {
    /// Whether it is in a workspace.
    pub fn is_in(&self, workspace: &WorkspaceId, now_ms: u64) -> bool {
        tags(workspace, now_ms).iter().any(|tag| self.tags.contains(&tag[..]))
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        // Says goodbye; whoever misses it hears no more of this name anyway.
        let _gone = self.daemon.shutdown();
    }
}

fn unusable(error: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Unreachable,
        format!("Devices nearby cannot be looked for: {error}."),
        "Check that this computer is in a network, and that its firewall lets multicast DNS (UDP port 5353) pass.",
    )
}
