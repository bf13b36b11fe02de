//! Limits by address and by device, the memory that bodies may take, and whose
//! address counts when proxies are in between. Everything is bounded: limiters
//! count in a fixed number of buckets, so a flood of addresses costs no memory.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use drystone_wire::{DeviceKey, RootKey, WorkspaceId};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ProxyHeader;
use crate::error::Refusal;

/// Buckets of each limiter. Two keys may share one; the hash is seeded anew at
/// each start, so nobody can aim at a neighbour.
const BUCKETS: u64 = 1 << 16;
/// How long a request waits for its share of the body memory.
const MEMORY_WAIT: Duration = Duration::from_secs(5);
/// The unit in which body memory is counted, in bytes.
const MEMORY_UNIT: usize = 1024;
/// Forwarding hops that are looked at, from the right.
const FORWARDED_HOPS: usize = 32;

/// A rate with a burst, per key.
pub struct Limiter {
    limiter: Option<DefaultKeyedRateLimiter<u32>>,
    hasher: RandomState,
    clock: DefaultClock,
}

impl Limiter {
    /// A rate of 0 means no limit.
    pub fn per_second(rate: u32, burst: u32) -> Limiter {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Limiter::new(NonZeroU32::new(rate).map(|rate| Quota::per_second(rate).allow_burst(burst)))
    }

    /// The same by the hour, where a whole hour's worth may come at once.
    pub fn per_hour(rate: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(rate).map(Quota::per_hour))
    }

    fn new(quota: Option<Quota>) -> Limiter {
        Limiter { limiter: quota.map(RateLimiter::keyed), hasher: RandomState::new(), clock: DefaultClock::default() }
    }

    fn check(&self, key: impl std::hash::Hash, whose: &str) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let bucket = (self.hasher.hash_one(key) % BUCKETS) as u32;
        limiter.check_key(&bucket).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
            Refusal::retry_later(format!("too many requests from this {whose}; wait {wait} s"), wait)
        })
    }

    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        self.check(network_of(address), "address")
    }

    pub fn check_account(&self, account: &RootKey) -> Result<(), Refusal> {
        self.check(account, "account, from all its devices together")
    }

    pub fn check_workspace(&self, workspace: &WorkspaceId) -> Result<(), Refusal> {
        self.check(workspace, "workspace")
    }

    pub fn check_device(&self, device: &DeviceKey) -> Result<(), Refusal> {
        self.check(device, "device")
    }
}

/// What counts as one place: an IPv4 address or an IPv6 /64, since one host
/// usually has a whole /64 to choose from.
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
    }
}

/// The memory that request bodies and pages may take together.
#[derive(Clone)]
pub struct BodyMemory(Arc<Semaphore>);

/// A share of the body memory, given back when dropped.
pub struct MemoryShare(OwnedSemaphorePermit);

impl BodyMemory {
    pub fn new(bytes: usize) -> BodyMemory {
        BodyMemory(Arc::new(Semaphore::new((bytes / MEMORY_UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Waits a moment for a share of this many bytes.
    pub async fn take(&self, bytes: usize) -> Result<MemoryShare, Refusal> {
        let units = u32::try_from(bytes.div_ceil(MEMORY_UNIT)).unwrap_or(u32::MAX);
        match tokio::time::timeout(MEMORY_WAIT, self.0.clone().acquire_many_owned(units)).await {
            Ok(Ok(permit)) => Ok(MemoryShare(permit)),
            _ => Err(Refusal::retry_later("the relay is busy with other requests; try again", 2)),
        }
    }
}

impl MemoryShare {
    /// Gives back what is more than this many bytes.
    pub fn shrink(&mut self, bytes: usize) {
        let keep = bytes.div_ceil(MEMORY_UNIT);
        let surplus = self.0.num_permits().saturating_sub(keep);
        drop(self.0.split(surplus));
    }
}

/// Whose address counts: the peer's, or, when the peer is a listed proxy, the
/// right-most address in the header that is not itself a listed proxy. What
/// stands further left was written by someone nobody vouches for.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet], header: ProxyHeader) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|net| net.contains(&address.to_canonical()));
    let mut client = peer.to_canonical();
    if !trusted(&client) {
        return client;
    }
    let values: Vec<&str> = headers.get_all(header.name()).iter().filter_map(|value| value.to_str().ok()).collect();
    for hop in values.iter().rev().flat_map(|value| value.rsplit(',')).take(FORWARDED_HOPS) {
        let Some(address) = header.address_in(hop) else { break };
        client = address.to_canonical();
        if !trusted(&client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(name, value.parse().unwrap());
        }
        map
    }

    fn client(peer: &str, name: &'static str, values: &[&str], header: ProxyHeader) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers(name, values), &proxies, header).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_speaks_only_for_itself() {
        assert_eq!(
            client("203.0.113.9", "x-forwarded-for", &["198.51.100.1"], ProxyHeader::XForwardedFor),
            "203.0.113.9"
        );
    }

    #[test]
    fn the_rightmost_untrusted_hop_counts() {
        let x = ProxyHeader::XForwardedFor;
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], x), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &["6.6.6.6", "198.51.100.1"], x), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &["[2001:db8::1]:4711"], x), "2001:db8::1");
        assert_eq!(client("::ffff:10.0.0.1", "x-forwarded-for", &["198.51.100.1:99"], x), "198.51.100.1");
    }

    #[test]
    fn an_unreadable_hop_ends_the_search() {
        let x = ProxyHeader::XForwardedFor;
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &["198.51.100.1, unknown"], x), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &[], x), "10.0.0.1");
    }

    #[test]
    fn only_the_chosen_header_is_read() {
        let forwarded = ProxyHeader::Forwarded;
        assert_eq!(client("10.0.0.1", "x-forwarded-for", &["6.6.6.6"], forwarded), "10.0.0.1");
        let value = "for=6.6.6.6, for=\"[2001:db8::7]:443\";proto=https;by=10.0.0.9";
        assert_eq!(client("10.0.0.1", "forwarded", &[value], forwarded), "2001:db8::7");
        assert_eq!(client("10.0.0.1", "forwarded", &["For=198.51.100.4;host=x"], forwarded), "198.51.100.4");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_place() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:1:ffff::9"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_limiter_refuses_past_the_burst_and_says_how_long() {
        let limiter = Limiter::per_hour(2);
        let address = "192.0.2.1".parse().unwrap();
        limiter.check_address(address).unwrap();
        limiter.check_address(address).unwrap();
        let refusal = limiter.check_address(address).unwrap_err();
        assert!(refusal.retry_after.is_some_and(|seconds| (1..=3601).contains(&seconds)));
        limiter.check_address("192.0.2.2".parse().unwrap()).unwrap();
        let unlimited = Limiter::per_second(0, 0);
        (0..1000).for_each(|_| unlimited.check_address(address).unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn body_memory_is_given_back() {
        let memory = BodyMemory::new(4096);
        let mut share = memory.take(4096).await.unwrap();
        assert!(memory.take(1).await.is_err());
        share.shrink(1024);
        let other = memory.take(3072).await.unwrap();
        drop((share, other));
        assert!(memory.take(4096).await.is_ok());
    }
}
