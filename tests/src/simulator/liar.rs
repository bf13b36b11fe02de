//! A relay that lies: it has the real relay's key, so that everything it makes
//! up is signed as it should be, and shows each device whatever log it likes.

use std::sync::Arc;

use drystone_core::crypto::keys::SigningPair;
use drystone_core::sync::page::entry_id;
use drystone_wire::ids::Bytes;
use drystone_wire::log::{Entry, Head, Page, chain_next, chain_start};
use drystone_wire::membership::{Countersigned, Record, RecordPage, countersigned_bytes};
use drystone_wire::{Signature, canonical};

use super::air::{Air, Letter, Reply};

/// What a liar knows.
pub struct Liar {
    key: SigningPair,
}

impl Liar {
    /// With the key of the relay in this air.
    pub async fn new(air: &Air) -> Arc<Liar> {
        Arc::new(Liar { key: air.post.lock().await.key() })
    }

    /// A page of this log instead of the one in a reply, as signed as any.
    pub fn page(&self, letter: &Letter, reply: Reply, log: &[Vec<u8>]) -> Reply {
        let honest: Page = canonical::decode(&reply.body, usize::MAX).unwrap();
        let mut chain = chain_start(&honest.head.workspace, honest.head.generation);
        for envelope in log {
            chain = chain_next(&chain, &entry_id(envelope));
        }
        let entries = log.iter().enumerate().skip(letter.number("after") as usize);
        let entries = entries
            .map(|(index, envelope)| Entry { position: index as u64 + 1, envelope: Bytes(envelope.clone()) })
            .collect();
        let head = Head { position: log.len() as u64, chain, ..honest.head };
        self.signed(reply, Page { entries, head })
    }

    /// The page with its head signed anew.
    pub fn signed(&self, reply: Reply, mut page: Page) -> Reply {
        page.head.signature = Signature::ZERO;
        page.head.signature = self.key.sign(&page.head.signed_bytes());
        Reply { body: canonical::encode(&page), ..reply }
    }

    /// One more membership record than there is, countersigned or not.
    pub fn record(&self, reply: Reply, record: &Record, position: u64, countersigned: bool) -> Reply {
        let mut page: RecordPage = canonical::decode(&reply.body, usize::MAX).unwrap();
        let workspace = Record::open(&record.to_bytes()).unwrap().1.workspace;
        let bytes = countersigned_bytes(&workspace, position, &record.hash());
        let signature = if countersigned { self.key.sign(&bytes) } else { Signature::ZERO };
        page.records.push(Countersigned { record: Bytes(record.to_bytes()), signature });
        page.total += 1;
        Reply { body: canonical::encode(&page), ..reply }
    }
}

impl Letter {
    /// A number of its query.
    pub fn number(&self, name: &str) -> u64 {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
        found.unwrap_or(0)
    }
}
