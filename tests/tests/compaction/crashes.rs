//! Devices that die at every step of making, confirming and loading, and a
//! relay that dies between any two requests of it.

use std::sync::atomic::Ordering;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_tests::simulator::person::Person;
use drystone_tests::simulator::{Story, World};

const ANNA: usize = 0;
const BEN: usize = 1;
const CLEO: usize = 2;
/// More moments than any of the three takes.
const MOMENTS: i64 = 90;

/// Does something with a device that dies at a moment of it, or not any more.
/// Returns whether it died.
async fn dying(person: &mut Person, moment: i64, work: Work) -> bool {
    person.line().die_in(moment);
    let _cut_off = match work {
        Work::Round => person.device().run(Request::SyncNow(WorkspaceRef { workspace: None })).await,
        Work::Compact => person.device().run(Request::WorkspaceCompact(person.device().shared().await)).await,
    };
    person.line().die_in(-1);
    person.revive().await
}

#[derive(Clone, Copy)]
enum Work {
    Round,
    Compact,
}

async fn settled(person: &Person) {
    let state = person.device().sync().await.remove(0);
    assert_eq!((state.phase, state.waiting, state.quarantined), (SyncPhase::Idle, 0, 0), "{}: {state:?}", person.name);
}

async fn changes(person: &Person, document: &str) -> Vec<String> {
    let args = DocumentRef { document: document.to_owned() };
    let log: Vec<LogEntry> = person.device().call(Request::DocumentLog(args)).await.unwrap();
    let mut changes: Vec<String> = log.into_iter().map(|entry| entry.hash).collect();
    changes.sort();
    changes
}

/// Anna dies while she makes a snapshot, Ben while he confirms it, Cleo while
/// she loads one: at every moment there is.
#[tokio::test]
async fn dying_at_every_step_loses_nothing() {
    let mut world = World::new(8, Story::default()).await;
    world.air.rough.store(false, Ordering::SeqCst);
    let document = world.documents[0].clone();
    let (mut words, mut moment, mut most) = (Vec::new(), 0, [0; 3]);
    loop {
        let (mut died, text) = ([false; 3], format!("w{moment}."));
        for (who, name) in [(ANNA, "a"), (CLEO, "c")] {
            let word = format!("{name}{text}");
            world.people[who].device().prepend(&document, &word).await.unwrap();
            words.push(word);
        }
        settled(&world.people[ANNA]).await;
        died[ANNA] = dying(&mut world.people[ANNA], moment, Work::Compact).await;
        dying(&mut world.people[ANNA], -1, Work::Compact).await;
        died[BEN] = dying(&mut world.people[BEN], moment, Work::Round).await;
        settled(&world.people[BEN]).await;
        // One more, so that all of the entries that Cleo lacks are gone.
        let word = format!("b{text}");
        world.people[BEN].device().prepend(&document, &word).await.unwrap();
        words.push(word);
        settled(&world.people[BEN]).await;
        dying(&mut world.people[BEN], -1, Work::Compact).await;
        settled(&world.people[ANNA]).await;
        world.air.post.lock().await.clean_up().await;
        died[CLEO] = dying(&mut world.people[CLEO], moment, Work::Round).await;
        settled(&world.people[CLEO]).await;
        for who in [ANNA, BEN] {
            settled(&world.people[who]).await;
        }
        let (have, whole) =
            (world.people[CLEO].device().export(&document).await, changes(&world.people[CLEO], &document).await);
        for word in &words {
            assert_eq!(have.matches(word.as_str()).count(), 1, "at moment {moment}: {word}: {have}");
        }
        for who in [ANNA, BEN] {
            assert_eq!(changes(&world.people[who], &document).await, whole, "at moment {moment}");
        }
        for who in 0..3 {
            most[who] = if died[who] { moment } else { most[who] };
        }
        if died == [false; 3] && moment > 20 {
            break;
        }
        moment += 1;
        assert!(moment < MOMENTS, "it takes more moments than that: {most:?}");
    }
    println!("died up to moments {most:?}");
    let args = Request::WorkspaceCompaction(world.people[CLEO].device().shared().await);
    let shown: Compaction = world.people[CLEO].device().call(args).await.unwrap();
    assert!(shown.loaded.is_some() && shown.compacted > 20, "{shown:?}");
    assert!(most.iter().all(|last| *last > 8), "{most:?}");
}

/// The relay is killed after every one of the requests that make, confirm and load.
#[tokio::test]
async fn a_relay_that_dies_between_any_two_requests_loses_nothing() {
    let world = World::new(9, Story::default()).await;
    world.air.rough.store(false, Ordering::SeqCst);
    let document = world.documents[0].clone();
    let late = &world.people[CLEO];
    for round in 0..4 {
        late.line().cut.store(true, Ordering::SeqCst);
        for who in [ANNA, BEN] {
            world.people[who].device().prepend(&document, &format!("{who}w{round}. ")).await.unwrap();
            settled(&world.people[who]).await;
        }
        for fails in 1..8 {
            world.people[ANNA].device().prepend(&document, &format!("f{round}{fails}. ")).await.unwrap();
            settled(&world.people[ANNA]).await;
            // Every request up to this one is answered; then the relay is gone, and comes back.
            for (who, compacts) in [(ANNA, true), (BEN, false)] {
                let mut left = fails;
                *world.air.malice.lock().unwrap() = Some(Box::new(move |by, letter, mut reply| {
                    let counts =
                        by == who && !letter.kind().ends_with(" log") && !letter.kind().ends_with(" membership");
                    left -= i32::from(counts);
                    if counts && left <= 0 {
                        reply.status = drystone_relay::embedded::http::StatusCode::SERVICE_UNAVAILABLE;
                    }
                    reply
                }));
                let device = world.people[who].device();
                let _broken_off = match compacts {
                    true => device.run(Request::WorkspaceCompact(device.shared().await)).await,
                    false => device.run(Request::SyncNow(WorkspaceRef { workspace: None })).await,
                };
                *world.air.malice.lock().unwrap() = None;
                let mut post = world.air.post.lock().await;
                post.crash();
                post.clean_up().await;
            }
        }
        late.line().cut.store(false, Ordering::SeqCst);
        late.device().prepend(&document, &format!("late{round}. ")).await.unwrap();
        for who in [CLEO, ANNA, BEN, CLEO] {
            settled(&world.people[who]).await;
        }
        let whole = changes(&world.people[ANNA], &document).await;
        for who in [BEN, CLEO] {
            assert_eq!(changes(&world.people[who], &document).await, whole);
        }
    }
    let args = Request::WorkspaceCompaction(late.device().shared().await);
    let shown: Compaction = late.device().call(args).await.unwrap();
    assert!(shown.loaded.is_some(), "{shown:?}");
}
