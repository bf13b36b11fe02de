//! The one writer: a thread that drains a bounded queue. What waits together
//! shares one transaction and one sync to disk, and nothing is answered before.

use std::sync::Arc;
use std::time::Instant;

use drystone_wire::WorkspaceId;
use drystone_wire::roster::Roster;
use drystone_wire::snapshot::{Opened, Statement};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::chunks::Chunks;
use super::sqlite::blobs::{self, BlobChange};
use super::sqlite::{admin, snapshots, write};
use super::{AppendedEntries, NewEntry, NewRecord, Placed, Quotas, Standing, StoreError};
use crate::metrics::Metrics;
use crate::state::now_ms;

/// Jobs in one transaction.
const BATCH_JOBS: usize = 256;
/// A transaction takes no more jobs once it holds this many bytes.
const BATCH_BYTES: usize = 16 << 20;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// Where a workspace's news are announced, after they are on disk.
pub type News = Arc<watch::Sender<Standing>>;

enum Job {
    Append {
        workspace: WorkspaceId,
        membership: u64,
        entries: Arc<Vec<NewEntry>>,
        news: News,
        reply: Reply<AppendedEntries>,
    },
    Create {
        record: NewRecord,
        reply: Reply<Placed>,
    },
    Place {
        record: NewRecord,
        news: News,
        reply: Reply<Placed>,
    },
    /// A step of removing what was deleted; the answer is whether there may be more.
    Collect {
        reply: Reply<bool>,
    },
    Blob {
        workspace: WorkspaceId,
        change: BlobChange,
        reply: Reply<()>,
    },
    Snapshot {
        workspace: WorkspaceId,
        change: Box<SnapshotChange>,
        reply: Reply<bool>,
    },
    Probe {
        reply: Reply<()>,
    },
    /// Nothing more comes; what waits is still done.
    Close,
}

/// What is done about a snapshot, with the membership it was checked against.
pub enum SnapshotChange {
    /// A device has made one.
    Offer { membership: u64, opened: Box<Opened>, bytes: Vec<u8> },
    /// A device says something of one.
    Judge { roster: Arc<Roster>, statement: Statement, verdict: Vec<u8> },
    /// The grace of a mark is over.
    Close { roster: Arc<Roster>, position: u64 },
}

/// A job that was done, and what to tell whom once it is on disk.
enum Done {
    Append(Result<AppendedEntries, StoreError>, News, Reply<AppendedEntries>),
    Place(Result<Placed, StoreError>, Option<News>, Reply<Placed>),
    Collect(Result<bool, StoreError>, Reply<bool>),
    Blob(Result<(), StoreError>, Reply<()>),
    Probe(Option<Reply<()>>),
}

/// The way to the writer.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    metrics: Arc<Metrics>,
}

/// The writer's end: resolves when its thread has ended.
pub type Ended = oneshot::Receiver<Result<(), StoreError>>;

impl Writer {
    /// Starts the thread. It ends when it is told to close, or with an error
    /// when the disk fails: then what a commit did is unknown, and only opening
    /// the database anew tells.
    pub fn start(
        connection: Connection,
        chunks: Chunks,
        quotas: Quotas,
        queue: usize,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<(Writer, Ended)> {
        let (jobs, queue) = mpsc::channel(queue);
        let (ended, end) = oneshot::channel();
        let thread_metrics = metrics.clone();
        std::thread::Builder::new().name("store-writer".into()).spawn(move || {
            let result = Loop { connection, chunks, quotas, metrics: thread_metrics }.run(queue);
            // Nobody listens any more when the process is already on its way out.
            let _ = ended.send(result);
        })?;
        Ok((Writer { jobs, metrics }, end))
    }

    pub async fn append(
        &self,
        workspace: WorkspaceId,
        membership: u64,
        entries: Arc<Vec<NewEntry>>,
        news: News,
    ) -> Result<AppendedEntries, WriteError> {
        self.submit(|reply| Job::Append { workspace, membership, entries, news, reply }).await
    }

    pub async fn create(&self, record: NewRecord) -> Result<Placed, WriteError> {
        self.submit(|reply| Job::Create { record, reply }).await
    }

    pub async fn place(&self, record: NewRecord, news: News) -> Result<Placed, WriteError> {
        self.submit(|reply| Job::Place { record, news, reply }).await
    }

    /// Removes a bounded part of what was deleted. True when there may be more.
    pub async fn collect(&self) -> Result<bool, WriteError> {
        self.submit(|reply| Job::Collect { reply }).await
    }

    /// Announces an attachment, or says what became of it.
    pub async fn blob(&self, workspace: WorkspaceId, change: BlobChange) -> Result<(), WriteError> {
        self.submit(|reply| Job::Blob { workspace, change, reply }).await
    }

    /// Changes what is known of snapshots; true when the log was closed up to a mark.
    pub async fn snapshot(&self, workspace: WorkspaceId, change: SnapshotChange) -> Result<bool, WriteError> {
        self.submit(|reply| Job::Snapshot { workspace, change: Box::new(change), reply }).await
    }

    /// Writes something of no meaning, to see whether the disk takes it.
    pub async fn probe(&self) -> Result<(), WriteError> {
        self.submit(|reply| Job::Probe { reply }).await
    }

    /// Ends the writer after what waits already.
    pub async fn close(&self) {
        // An error means that it has ended before.
        let _ = self.jobs.send(Job::Close).await;
    }

    async fn submit<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, WriteError> {
        let (reply, result) = oneshot::channel();
        self.jobs.try_send(job(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => WriteError::Store(StoreError::Stopping),
        })?;
        self.metrics.write_queue.set((self.jobs.max_capacity() - self.jobs.capacity()) as i64);
        result.await.unwrap_or(Err(StoreError::Stopping)).map_err(WriteError::Store)
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Too much waits already.
    #[error("the write queue is full")]
    QueueFull,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Loop {
    connection: Connection,
    chunks: Chunks,
    quotas: Quotas,
    metrics: Arc<Metrics>,
}

impl Loop {
    fn run(self, mut queue: mpsc::Receiver<Job>) -> Result<(), StoreError> {
        while let Some(first) = queue.blocking_recv() {
            let mut bytes = 0;
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Close => queue.close(),
                    job => {
                        bytes += job.bytes();
                        batch.push(job);
                    }
                }
                let room = batch.len() < BATCH_JOBS && bytes < BATCH_BYTES;
                next = if room { queue.try_recv().ok() } else { None };
            }
            if batch.is_empty() {
                continue;
            }
            self.metrics.write_queue.set(queue.len() as i64);
            self.commit(batch)?;
        }
        // Everything is on disk; this only spares the next start the work.
        let folded = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::warn!(%error, "the write-ahead log could not be folded into the database; the next start does it");
        }
        Ok(())
    }

    /// Runs a batch in one transaction and answers when it is on disk. Only an
    /// error after which the database's state is unknown is passed on.
    fn commit(&self, batch: Vec<Job>) -> Result<(), StoreError> {
        let started = Instant::now();
        self.metrics.batch_jobs.observe(batch.len() as f64);
        let mut done = Vec::with_capacity(batch.len());
        let mut waiting = batch.into_iter();
        let failed = match self.execute("BEGIN IMMEDIATE") {
            Err(error) => Some(error),
            Ok(()) => waiting.by_ref().find_map(|job| {
                let (result, failure) = self.perform(job);
                done.push(result);
                failure
            }),
        };
        let failed = failed.or_else(|| self.execute("COMMIT").err());
        self.metrics.sync_seconds.observe(started.elapsed().as_secs_f64());
        let Some(error) = failed else {
            done.into_iter().for_each(Done::announce);
            return Ok(());
        };
        if !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        done.into_iter().for_each(|done| done.fail(&error));
        waiting.for_each(|job| job.fail(&error));
        match error {
            StoreError::Full => {
                self.metrics.store_full.inc();
                tracing::error!("the store is full: free space on its disk, or raise --max-store-bytes");
                Ok(())
            }
            // Another process had the database for too long; nothing was begun, or it was taken back.
            StoreError::Busy => {
                tracing::warn!("the database is in use by another process; writes were refused");
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Does one job. What it refuses leaves no trace; the second value is an
    /// error of the store itself, which ends the whole batch.
    fn perform(&self, job: Job) -> (Done, Option<StoreError>) {
        match job {
            Job::Append { workspace, membership, entries, news, reply } => {
                let work = || write::append(&self.connection, &workspace, membership, &entries, &self.quotas, now_ms());
                let (result, failure) = self.separately(work);
                (Done::Append(result, news, reply), failure)
            }
            Job::Create { record, reply } => {
                let (result, failure) = self.separately(|| write::create(&self.connection, &record, &self.quotas));
                (Done::Place(result, None, reply), failure)
            }
            Job::Place { record, news, reply } => {
                let (result, failure) = self.separately(|| write::place(&self.connection, &record, &self.quotas));
                (Done::Place(result, Some(news), reply), failure)
            }
            Job::Collect { reply } => {
                let (result, failure) = self.separately(|| admin::collect(&self.connection, &self.chunks, now_ms()));
                (Done::Collect(result, reply), failure)
            }
            Job::Blob { workspace, change, reply } => {
                let work = || blobs::change(&self.connection, &workspace, &change, &self.quotas, now_ms());
                let (result, failure) = self.separately(work);
                (Done::Blob(result, reply), failure)
            }
            Job::Snapshot { workspace, change, reply } => {
                let work = || changed_snapshot(&self.connection, &workspace, &change);
                let (result, failure) = self.separately(work);
                (Done::Collect(result, reply), failure)
            }
            Job::Probe { reply } => {
                let failure = self.execute("UPDATE relay SET one = 1").err();
                (Done::Probe(Some(reply)), failure)
            }
            // Taken out before; there is nothing to do and nobody to tell.
            Job::Close => (Done::Probe(None), None),
        }
    }

    /// Runs one job so that its refusal undoes it alone.
    fn separately<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> (Result<T, StoreError>, Option<StoreError>) {
        let result = self.execute("SAVEPOINT job").and_then(|()| work());
        let end = match &result {
            Ok(_) => self.execute("RELEASE job"),
            Err(error) if error.is_refusal() => {
                self.execute("ROLLBACK TO job").and_then(|()| self.execute("RELEASE job"))
            }
            Err(_) => Ok(()),
        };
        match (result, end) {
            (Err(error), _) if !error.is_refusal() => (Err(StoreError::Stopping), Some(error)),
            (result, end) => (result, end.err()),
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Job::Append { entries, .. } => entries.iter().map(|entry| entry.envelope.len()).sum(),
            Job::Create { record, .. } | Job::Place { record, .. } => record.record.len(),
            Job::Snapshot { change, .. } => match &**change {
                SnapshotChange::Offer { bytes, .. } => bytes.len(),
                SnapshotChange::Judge { verdict, .. } => verdict.len(),
                SnapshotChange::Close { .. } => 0,
            },
            Job::Blob { .. } | Job::Collect { .. } | Job::Probe { .. } | Job::Close => 0,
        }
    }

    fn fail(self, error: &StoreError) {
        match self {
            Job::Append { reply, .. } => answer(reply, Err(again(error))),
            Job::Create { reply, .. } | Job::Place { reply, .. } => answer(reply, Err(again(error))),
            Job::Collect { reply } | Job::Snapshot { reply, .. } => answer(reply, Err(again(error))),
            Job::Blob { reply, .. } | Job::Probe { reply } => answer(reply, Err(again(error))),
            Job::Close => {}
        }
    }
}

impl Done {
    /// After the commit: first the news, so that they go out even when the one
    /// who asked has gone, then the answer.
    fn announce(self) {
        match self {
            Done::Append(result, news, reply) => {
                if let Ok(appended) = &result {
                    publish(&news, &appended.standing);
                }
                answer(reply, result);
            }
            Done::Place(result, news, reply) => {
                if let (Ok(Placed::Here { standing, .. }), Some(news)) = (&result, news) {
                    publish(&news, standing);
                }
                answer(reply, result);
            }
            Done::Collect(result, reply) => answer(reply, result),
            Done::Blob(result, reply) => answer(reply, result),
            Done::Probe(reply) => reply.into_iter().for_each(|reply| answer(reply, Ok(()))),
        }
    }

    fn fail(self, error: &StoreError) {
        match self {
            Done::Append(_, _, reply) => answer(reply, Err(again(error))),
            Done::Place(_, _, reply) => answer(reply, Err(again(error))),
            Done::Collect(_, reply) => answer(reply, Err(again(error))),
            Done::Blob(_, reply) => answer(reply, Err(again(error))),
            Done::Probe(reply) => reply.into_iter().for_each(|reply| answer(reply, Err(again(error)))),
        }
    }
}

fn changed_snapshot(
    connection: &Connection,
    workspace: &WorkspaceId,
    change: &SnapshotChange,
) -> Result<bool, StoreError> {
    match change {
        SnapshotChange::Offer { membership, opened, bytes } => {
            snapshots::offer(connection, workspace, *membership, opened, bytes, now_ms()).map(|()| false)
        }
        SnapshotChange::Judge { roster, statement, verdict } => {
            snapshots::judge(connection, workspace, roster, statement, verdict, now_ms()).map(|()| false)
        }
        SnapshotChange::Close { roster, position } => {
            snapshots::close(connection, workspace, roster, *position, now_ms())
        }
    }
}

/// Who asked may have gone; what they asked for is done all the same.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    let _ = reply.send(result);
}

/// Announces where a workspace stands, unless something newer was.
pub fn publish(news: &News, standing: &Standing) {
    news.send_if_modified(|known| {
        let newer = standing.position > known.position || standing.membership > known.membership;
        if newer {
            *known = *standing;
        }
        newer
    });
}

/// The same error for everyone in the batch.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Busy => StoreError::Busy,
        StoreError::Damaged(cause) => StoreError::Damaged(cause.clone()),
        other => StoreError::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{WorkspaceQuotas, sqlite};
    use drystone_wire::{DeviceKey, Hash, RelayKey, Signature};

    const QUOTAS: Quotas =
        Quotas { workspaces: 10, each: WorkspaceQuotas { bytes: 10_000, entries: 100, devices: 10, attachments: 0 } };
    const WORKSPACE: WorkspaceId = WorkspaceId([1; 32]);

    struct Fixture {
        home: tempfile::TempDir,
        writer: Writer,
        ended: Ended,
        news: News,
    }

    async fn fixture(queue: usize) -> Fixture {
        let home = tempfile::tempdir().unwrap();
        let connection = sqlite::open(&home.path().join("db"), &RelayKey([1; 32]), 0).unwrap();
        let chunks = Chunks::of(home.path());
        let (writer, ended) = Writer::start(connection, chunks, QUOTAS, queue, Arc::new(Metrics::new())).unwrap();
        let Placed::Here { standing, .. } = writer.create(record(1, 1)).await.unwrap() else { panic!() };
        Fixture { home, writer, ended, news: Arc::new(watch::Sender::new(standing)) }
    }

    fn record(position: u64, hash: u8) -> NewRecord {
        let signature = Signature([hash; 64]);
        let hash = Hash([hash; 32]);
        let record = vec![1; 100];
        NewRecord {
            workspace: WORKSPACE,
            position,
            hash,
            record,
            countersignature: signature,
            received_ms: 0,
            members: 1,
            devices: 1,
            removed: Vec::new(),
            seen: u64::MAX,
            recovery: None,
        }
    }

    fn entry(device: u8, sequence: u64) -> NewEntry {
        let id = |sequence: u64| if sequence == 0 { Hash::ZERO } else { Hash([device ^ sequence as u8; 32]) };
        let (device, previous) = (DeviceKey([device; 32]), id(sequence - 1));
        NewEntry { id: id(sequence), device, sequence, previous, envelope: vec![0; 10] }
    }

    fn one(entry: NewEntry) -> Arc<Vec<NewEntry>> {
        Arc::new(vec![entry])
    }

    /// Holds the database, so that the writer cannot begin.
    fn blocked(home: &tempfile::TempDir) -> Connection {
        let connection = Connection::open(home.path().join("db")).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_what_waited_is_done_together() {
        let Fixture { home, writer, ended: _ended, news } = fixture(3).await;
        let blocker = blocked(&home);
        let append = |device: u8| {
            let (writer, news) = (writer.clone(), news.clone());
            tokio::spawn(async move { writer.append(WORKSPACE, 1, one(entry(device, 1)), news).await })
        };
        let first = append(10);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let waiting = [append(20), append(30), append(40)];
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(matches!(append(50).await.unwrap(), Err(WriteError::QueueFull)));
        assert_eq!(news.borrow().position, 0, "nothing is announced before it is on disk");
        blocker.execute_batch("COMMIT").unwrap();
        assert_eq!(first.await.unwrap().unwrap().standing.position, 1);
        for (index, task) in waiting.into_iter().enumerate() {
            assert_eq!(task.await.unwrap().unwrap().standing.position, index as u64 + 2);
        }
        assert_eq!(news.borrow().position, 4);
        let metrics = writer.metrics.text().unwrap();
        // The workspace, the first append, and three that shared one transaction.
        assert!(metrics.contains("batch_jobs_sum 5.0") && metrics.contains("batch_jobs_count 3"), "{metrics}");
    }

    #[tokio::test]
    async fn a_refused_job_takes_nothing_back_from_its_neighbours() {
        let Fixture { home, writer, ended: _ended, news } = fixture(10).await;
        let blocker = blocked(&home);
        let jobs = [
            vec![entry(10, 1)],
            // The first is good, the second leaves a gap: neither is stored.
            vec![entry(20, 1), entry(20, 3)],
            vec![entry(30, 1)],
        ];
        let mut tasks = Vec::new();
        for entries in jobs {
            let (writer, news) = (writer.clone(), news.clone());
            tasks.push(tokio::spawn(async move { writer.append(WORKSPACE, 1, Arc::new(entries), news).await }));
            tokio::task::yield_now().await;
        }
        blocker.execute_batch("COMMIT").unwrap();
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap().map(|appended| appended.standing.position));
        }
        assert!(matches!(results[1], Err(WriteError::Store(StoreError::SequenceGap { got: 3, expected: 2 }))));
        let positions: Vec<_> = [&results[0], &results[2]].map(|result| *result.as_ref().unwrap()).to_vec();
        assert_eq!(positions, [1, 2]);
        let again = writer.append(WORKSPACE, 1, one(entry(20, 1)), news).await.unwrap();
        assert_eq!((again.standing.position, again.new), (3, 1));
    }

    #[tokio::test]
    async fn an_append_that_was_checked_against_an_older_membership_is_sent_back() {
        let Fixture { writer, ended: _ended, news, home: _home } = fixture(10).await;
        let placed = writer.place(record(2, 2), news.clone()).await.unwrap();
        assert!(matches!(placed, Placed::Here { .. }));
        assert_eq!(news.borrow().membership, 2);
        let stale = writer.append(WORKSPACE, 1, one(entry(10, 1)), news.clone()).await;
        assert!(matches!(stale, Err(WriteError::Store(StoreError::MembershipMoved))));
        writer.append(WORKSPACE, 2, one(entry(10, 1)), news.clone()).await.unwrap();
        assert_eq!(writer.place(record(2, 3), news.clone()).await.unwrap(), Placed::Moved { membership: 2 });
        assert_eq!(writer.place(record(2, 2), news).await.unwrap(), placed_with_position(placed, 1));
    }

    fn placed_with_position(placed: Placed, position: u64) -> Placed {
        let Placed::Here { countersigned, standing } = placed else { panic!() };
        let chain = drystone_wire::log::chain_next(&standing.chain, &entry(10, 1).id);
        Placed::Here { countersigned, standing: Standing { position, chain, ..standing } }
    }

    #[tokio::test]
    async fn closing_finishes_what_waits_and_refuses_what_comes() {
        let Fixture { home, writer, ended, news } = fixture(10).await;
        let blocker = blocked(&home);
        let waiting = tokio::spawn({
            let (writer, news) = (writer.clone(), news.clone());
            async move { writer.append(WORKSPACE, 1, one(entry(10, 1)), news).await }
        });
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        writer.close().await;
        blocker.execute_batch("COMMIT").unwrap();
        waiting.await.unwrap().unwrap();
        ended.await.unwrap().unwrap();
        let late = writer.append(WORKSPACE, 1, one(entry(10, 2)), news).await;
        assert!(matches!(late, Err(WriteError::Store(StoreError::Stopping))));
    }
}
