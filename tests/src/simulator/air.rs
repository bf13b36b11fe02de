//! What lies between devices and relay: it loses requests and replies, brings
//! them twice, late and out of order, and cuts devices off. A device's end of
//! it also counts the moments at which the device may die.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use drystone_core::surroundings::{Carried, Surroundings};
use drystone_relay::embedded::http;
use drystone_wire::canonical;
use drystone_wire::log::Append;

use super::copy_files;
use super::dice::Dice;
use super::post::Post;

/// A request on its way; it can be delivered more than once.
#[derive(Clone)]
pub struct Letter {
    /// Which.
    pub method: http::Method,
    /// Path and query.
    pub path: String,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

/// What the relay says to it.
pub struct Reply {
    /// How it went.
    pub status: http::StatusCode,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// A relay that is not honest: what it makes of its own answers.
pub type Malice = Box<dyn FnMut(usize, &Letter, Reply) -> Reply + Send>;

impl Letter {
    fn of(request: &reqwest::Request) -> Letter {
        let url = request.url();
        let mut headers = request.headers().clone();
        let host = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
        headers.insert(http::header::HOST, host.parse().unwrap());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", url.path());
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec();
        Letter { method: request.method().clone(), path, headers, body }
    }

    /// The request as the relay gets it.
    pub fn request(&self) -> http::Request<Vec<u8>> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// What it is about, without ids, which are different for every device.
    pub fn kind(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let named = |part: &&str| part.len() < 32 && !part.bytes().all(|byte| byte.is_ascii_digit());
        format!("{} {}", self.method, path.rsplit('/').find(named).unwrap_or_default())
    }
}

/// What all devices share.
pub struct Air {
    /// The relay.
    pub post: tokio::sync::Mutex<Post>,
    /// Chance.
    pub dice: Dice,
    /// Whether anything goes wrong at all.
    pub rough: AtomicBool,
    /// What was sent before, or is still on its way.
    late: Mutex<Vec<Letter>>,
    /// Envelopes in the relay's log, in their order.
    pub log: Mutex<Vec<Vec<u8>>>,
    /// What happened.
    trace: Mutex<Vec<String>>,
    /// What the relay does to its answers.
    pub malice: Mutex<Option<Malice>>,
}

impl Air {
    /// Calm air around a new relay.
    pub fn new(seed: u64) -> Arc<Air> {
        Arc::new(Air {
            post: tokio::sync::Mutex::new(Post::new()),
            dice: Dice::new(seed, 1),
            rough: AtomicBool::new(false),
            late: Mutex::default(),
            log: Mutex::default(),
            trace: Mutex::default(),
            malice: Mutex::default(),
        })
    }

    fn chance(&self, percent: u64) -> bool {
        self.rough.load(Ordering::SeqCst) && self.dice.percent(percent)
    }

    /// Notes what happens.
    pub fn note(&self, what: String) {
        self.trace.lock().unwrap().push(what);
    }

    /// Everything that was noted.
    pub fn trace(&self) -> Vec<String> {
        self.trace.lock().unwrap().clone()
    }

    /// Connections end with the relay that they led to.
    pub fn forget_late(&self) {
        self.late.lock().unwrap().clear();
    }

    /// Keeps what was appended to the log.
    fn keep(&self, letter: &Letter, reply: &Reply) {
        if letter.kind() != "POST log" || !reply.status.is_success() {
            return;
        }
        let append: Append = canonical::decode(&letter.body, usize::MAX).unwrap();
        let mut log = self.log.lock().unwrap();
        for envelope in append.envelopes {
            if !log.contains(&envelope.0) {
                log.push(envelope.0);
            }
        }
    }

    /// Brings a request to the relay, or not, and its answer back, or not.
    async fn bring(&self, who: usize, letter: Letter, line: &Line) -> Option<Reply> {
        if self.chance(10) {
            self.note(format!("{who} {}: lost", letter.kind()));
            if self.dice.percent(50) {
                self.late.lock().unwrap().push(letter);
            }
            return None;
        }
        if self.chance(15) {
            self.late.lock().unwrap().push(letter.clone());
        }
        let early = {
            let mut late = self.late.lock().unwrap();
            let any = !late.is_empty() && self.chance(20);
            any.then(|| self.dice.below(late.len() as u64) as usize).map(|index| late.swap_remove(index))
        };
        let post = self.post.lock().await;
        if let Some(early) = early {
            let reply = post.answer(&early).await;
            self.keep(&early, &reply);
            self.note(format!("late {}: {}", early.kind(), reply.status));
        }
        let mut reply = post.answer(&letter).await;
        self.keep(&letter, &reply);
        drop(post);
        if let Some(malice) = self.malice.lock().unwrap().as_mut() {
            reply = malice(who, &letter, reply);
        }
        self.note(format!("{who} {}: {}", letter.kind(), reply.status));
        // Heard by the relay, and the device dies, or the answer is lost.
        let lost = line.moment() || self.chance(10);
        if lost {
            self.note(format!("{who} does not hear it"));
        }
        (!lost).then_some(reply)
    }
}

/// One device's end, from one start of its app to the next.
pub struct Line {
    /// Whose.
    pub who: usize,
    air: Arc<Air>,
    folder: PathBuf,
    random: Dice,
    /// Added to the real clock.
    pub skew_ms: Arc<AtomicI64>,
    /// Cut off from the relay.
    pub cut: Arc<AtomicBool>,
    /// Moments until the device dies; negative: it lives.
    dies_in: AtomicI64,
    /// Its folder as it was when it died.
    remains: Mutex<Option<tempfile::TempDir>>,
}

impl Line {
    /// A new end for an app on a folder.
    pub fn new(who: usize, air: &Arc<Air>, folder: PathBuf, random: Dice, other: Option<&Line>) -> Line {
        Line {
            who,
            air: air.clone(),
            folder,
            random,
            skew_ms: other.map(|other| other.skew_ms.clone()).unwrap_or_default(),
            cut: other.map(|other| other.cut.clone()).unwrap_or_default(),
            dies_in: AtomicI64::new(-1),
            remains: Mutex::default(),
        }
    }

    /// Lets the device die after so many moments.
    pub fn die_in(&self, moments: i64) {
        self.dies_in.store(moments, Ordering::SeqCst);
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        self.remains.lock().unwrap().is_some()
    }

    /// What it left, when it has died.
    pub fn remains(&self) -> Option<tempfile::TempDir> {
        self.remains.lock().unwrap().take()
    }

    /// A moment at which the device may die. True when it is dead.
    fn moment(&self) -> bool {
        let mut remains = self.remains.lock().unwrap();
        let counts = remains.is_none() && self.dies_in.load(Ordering::SeqCst) >= 0;
        if counts && self.dies_in.fetch_sub(1, Ordering::SeqCst) == 0 {
            *remains = Some(copy_files(&self.folder));
        }
        remains.is_some()
    }
}

impl Surroundings for Line {
    fn carry(&self, request: reqwest::Request) -> Carried<'_> {
        Box::pin(async move {
            if self.moment() || self.cut.load(Ordering::SeqCst) {
                return None;
            }
            let reply = self.air.bring(self.who, Letter::of(&request), self).await?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Some(reqwest::Response::from(response))
        })
    }

    fn committed(&self) {
        self.moment();
    }

    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        (since.as_millis() as u64).saturating_add_signed(self.skew_ms.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}
