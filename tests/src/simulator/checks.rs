//! What must hold after everything: everybody has the same, nothing that was
//! confirmed is missing, nothing was put aside without a reason, and nobody
//! who was removed is heard.

use drystone_core::api::*;
use drystone_core::command::Request;

use super::person::Person;
use super::world::World;

/// What one member has of one document.
#[derive(Debug, PartialEq, Eq)]
struct Have {
    text: String,
    changes: Vec<String>,
}

/// All of it; panics with what does not hold.
pub async fn all(world: &World) {
    let seed = world.seed();
    let members: Vec<&Person> = world.people.iter().filter(|person| person.member).collect();
    for person in &members {
        is_settled(world, person).await;
    }
    for document in &world.documents {
        let mut first: Option<Have> = None;
        for person in &members {
            let have = have(person, document).await;
            for lost in world.people.iter().filter(|author| author.member).flat_map(|author| &author.words) {
                let here = lost.document != *document || have.text.contains(&lost.text);
                assert!(here, "seed {seed}: {} lacks {}: {}", person.name, lost.text, have.text);
            }
            for word in world.too_late.iter().filter(|word| word.document == *document) {
                let heard = have.text.contains(&word.text);
                assert!(!heard, "seed {seed}: {} has {}, written after the removal", person.name, word.text);
            }
            let most = if world.story.clones || world.story.restores { 3 } else { 1 };
            for index in 1..=word_count(&have.text) {
                let word = format!("w{index}.");
                let times = have.text.matches(&word).count();
                assert!(times <= most, "seed {seed}: {} has {word} {times} times: {}", person.name, have.text);
            }
            match &first {
                None => first = Some(have),
                Some(first) => assert_eq!(*first, have, "seed {seed}: {} and Anna differ", person.name),
            }
        }
    }
    same_members(world, &members).await;
}

fn word_count(text: &str) -> u32 {
    let numbers = text.split('.').filter_map(|word| word.rsplit('w').next()?.parse().ok());
    numbers.max().unwrap_or(0)
}

async fn is_settled(world: &World, person: &Person) {
    let states: Vec<SyncState> = person.device().call(Request::SyncStatus(Empty {})).await.unwrap();
    let state = states.iter().find(|state| state.relay.is_some()).unwrap();
    let refused = person.device().refused().await;
    let unexplained: Vec<&RefusedEntry> = refused.iter().filter(|entry| !is_explained(world, entry)).collect();
    let seed = world.seed();
    assert!(unexplained.is_empty(), "seed {seed}: {} put aside: {unexplained:?}", person.name);
    let settled = state.waiting == 0 && (state.phase == SyncPhase::Idle || !refused.is_empty());
    assert!(settled, "seed {seed}: {} is not settled: {state:?}", person.name);
}

/// What a removed member wrote after the cut is put aside; that is the rule.
fn is_explained(world: &World, entry: &RefusedEntry) -> bool {
    world.removal.0 && entry.author.starts_with("Cleo")
}

async fn have(person: &Person, document: &str) -> Have {
    let args = DocumentRef { document: document.to_owned() };
    let log: Vec<LogEntry> = person.device().call(Request::DocumentLog(args)).await.unwrap();
    let mut changes: Vec<String> = log.into_iter().map(|entry| entry.hash).collect();
    changes.sort();
    Have { text: person.device().export(document).await, changes }
}

async fn same_members(world: &World, members: &[&Person]) {
    let mut first = None;
    for person in members {
        let list = person.device().members().await;
        let mut list: Vec<_> = list.into_iter().map(|member| (member.id, member.name, member.role as u8)).collect();
        list.sort();
        assert_eq!(*first.get_or_insert_with(|| list.clone()), list, "seed {}: {}", world.seed(), person.name);
    }
}
