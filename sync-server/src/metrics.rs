//! What is counted. No label names a workspace, a device or an address.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use drystone_wire::http::RelayErrorCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

const REQUEST_SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
const SYNC_SECONDS: [f64; 11] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 2.0];
const BATCH_JOBS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The labels of a request's duration. Routes are templates and never paths.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    pub route: String,
    pub status: u16,
}

/// The label of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusalLabels {
    pub code: &'static str,
}

type Requests = Family<RequestLabels, Histogram, fn() -> Histogram>;

/// Every metric of the relay.
pub struct Metrics {
    registry: Registry,
    pub appends: Counter<u64, AtomicU64>,
    pub entries: Counter<u64, AtomicU64>,
    pub bytes: Counter<u64, AtomicU64>,
    pub reads: Counter<u64, AtomicU64>,
    pub read_entries: Counter<u64, AtomicU64>,
    pub wakes: Counter<u64, AtomicU64>,
    pub compactions: Counter<u64, AtomicU64>,
    pub listeners: Gauge,
    pub presence: Counter<u64, AtomicU64>,
    pub presence_deliveries: Counter<u64, AtomicU64>,
    pub presence_dropped: Counter<u64, AtomicU64>,
    pub presence_listeners: Gauge,
    pub connections: Gauge,
    pub connections_refused: Counter<u64, AtomicU64>,
    pub auth_failures: Counter<u64, AtomicU64>,
    pub rate_limited: Counter<u64, AtomicU64>,
    pub store_full: Counter<u64, AtomicU64>,
    pub write_queue: Gauge,
    pub batch_jobs: Histogram,
    pub sync_seconds: Histogram,
    refusals: Family<RefusalLabels, Counter<u64, AtomicU64>>,
    requests: Requests,
}

macro_rules! register {
    ($registry:ident: $($name:literal, $help:literal, $metric:expr;)*) => {
        $($registry.register($name, $help, $metric.clone());)*
    };
}

impl Metrics {
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("drystone_relay");
        let requests: Requests = Family::new_with_constructor(|| Histogram::new(REQUEST_SECONDS));
        let metrics = Metrics {
            appends: Counter::default(),
            entries: Counter::default(),
            bytes: Counter::default(),
            reads: Counter::default(),
            read_entries: Counter::default(),
            wakes: Counter::default(),
            compactions: Counter::default(),
            listeners: Gauge::default(),
            presence: Counter::default(),
            presence_deliveries: Counter::default(),
            presence_dropped: Counter::default(),
            presence_listeners: Gauge::default(),
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            auth_failures: Counter::default(),
            rate_limited: Counter::default(),
            store_full: Counter::default(),
            write_queue: Gauge::default(),
            batch_jobs: Histogram::new(BATCH_JOBS),
            sync_seconds: Histogram::new(SYNC_SECONDS),
            refusals: Family::default(),
            requests,
            registry: Registry::default(),
        };
        register! { registry:
            "appends", "Appends that were stored", metrics.appends;
            "entries", "Envelopes that were stored, without those that were there already", metrics.entries;
            "entry_bytes", "Bytes of those envelopes", metrics.bytes;
            "reads", "Pages of a log that were given out", metrics.reads;
            "read_entries", "Envelopes in those pages", metrics.read_entries;
            "wakes", "Wake-ups that were sent to listeners", metrics.wakes;
            "compactions", "Logs that were closed up to a snapshot, whose envelopes were deleted", metrics.compactions;
            "listeners", "Open WebSocket listeners", metrics.listeners;
            "presence", "Presence messages that were passed on", metrics.presence;
            "presence_deliveries", "Presence messages that were sent to listeners", metrics.presence_deliveries;
            "presence_dropped", "Presence messages that were too many, not allowed, or missed by a slow listener", metrics.presence_dropped;
            "presence_listeners", "Open WebSockets for presence", metrics.presence_listeners;
            "connections", "Open connections", metrics.connections;
            "connections_refused", "Connections refused for their number", metrics.connections_refused;
            "auth_failures", "Requests with a missing, wrong or expired token, and failed challenges", metrics.auth_failures;
            "rate_limited", "Requests refused with 429", metrics.rate_limited;
            "store_full", "Transactions that found the store full", metrics.store_full;
            "write_queue", "Writes waiting for the store", metrics.write_queue;
            "batch_jobs", "Writes that shared one transaction", metrics.batch_jobs;
            "refusals", "Refused requests by error code", metrics.refusals;
        }
        let help = "From the first write of a transaction until it is on disk";
        registry.register_with_unit("store_sync", help, Unit::Seconds, metrics.sync_seconds.clone());
        let help = "Duration of requests by route and status";
        registry.register_with_unit("request", help, Unit::Seconds, metrics.requests.clone());
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION")), ("sqlite", rusqlite::version())]);
        registry.register("build", "What runs", build);
        Metrics { registry, ..metrics }
    }

    pub fn request(&self, route: &str, status: u16, duration: Duration) {
        let labels = RequestLabels { route: route.to_string(), status };
        self.requests.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    pub fn refusal(&self, code: RelayErrorCode) {
        self.refusals.get_or_create(&RefusalLabels { code: code.as_str() }).inc();
        match code {
            RelayErrorCode::RateLimited => self.rate_limited.inc(),
            RelayErrorCode::Unauthorized | RelayErrorCode::ChallengeFailed => self.auth_failures.inc(),
            _ => 0,
        };
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
