//! What happens in a simulation: who writes, who meets the relay, what breaks.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use drystone_core::api::*;
use drystone_core::command::Request;
use drystone_core::error::{Error, ErrorCode};

use super::air::Air;
use super::dice::Dice;
use super::person::{Person, Word};

/// Where everybody reaches the relay.
pub const RELAY: &str = "http://127.0.0.1:7410";
const HOUR_MS: i64 = 60 * 60 * 1000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;
/// Entries after which snapshots are made, where the story has any.
const SNAPSHOT_AFTER: u64 = 6;
/// Rounds that everybody may need in calm air.
const CALM_ROUNDS: usize = 12;

/// What happens besides a bad network, crashes and clocks that are off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Story {
    /// Somebody goes back to an old backup of the device.
    pub restores: bool,
    /// A data folder is used on two machines.
    pub clones: bool,
    /// A member is removed, perhaps while cut off.
    pub removal: bool,
    /// Several admins change the membership at the same time.
    pub admins: bool,
    /// The relay is restored from a backup.
    pub rollback: bool,
    /// Snapshots are made and confirmed, and the relay deletes what they stand for.
    pub compaction: bool,
}

impl Story {
    /// The story of a seed.
    pub fn of(seed: u64) -> Story {
        let none = Story::default();
        match seed % 10 {
            0 | 1 => none,
            2 => Story { restores: true, ..none },
            3 => Story { clones: true, ..none },
            4 => Story { removal: true, ..none },
            5 => Story { admins: true, ..none },
            // What a device lost and the relay lost is lost; what a removed
            // member wrote nobody sends again. So this stands alone.
            6 => Story { rollback: true, ..none },
            7 => Story { restores: true, clones: true, removal: true, admins: true, ..none },
            8 => Story { compaction: true, ..none },
            _ => Story { compaction: true, removal: true, admins: true, ..none },
        }
    }
}

/// Everybody, the relay, and what lies between.
pub struct World {
    /// Whoever there is; the first one founded the workspace.
    pub people: Vec<Person>,
    /// The shared documents.
    pub documents: Vec<String>,
    /// What happens.
    pub story: Story,
    /// Words that a removed member wrote after the removal.
    pub too_late: Vec<Word>,
    /// Whether a removal was begun, and whether it is known to be done.
    pub removal: (bool, bool),
    /// Chance, the relay, the network.
    pub air: Arc<Air>,
    seed: u64,
    dice: Dice,
    serial: u32,
}

impl World {
    /// Three members in calm air.
    pub async fn new(seed: u64, story: Story) -> World {
        let air = Air::new(seed);
        let mut people = Vec::new();
        for (who, name) in ["Anna", "Ben", "Cleo"].into_iter().enumerate() {
            people.push(Person::new(seed, who, name, &air).await);
        }
        let anna = people[0].device();
        let mut documents = Vec::new();
        for name in ["a", "b"] {
            let text = format!("# {name}\n\n\n");
            documents.push(anna.import(&format!("{name}.md"), text.as_bytes()).await.unwrap().id);
        }
        let name = SetUserName { name: "Anna".into() };
        anna.call::<Empty>(Request::SetUserName(name)).await.unwrap();
        anna.share(RELAY).await;
        let roles = if story.admins { [Role::Admin, Role::Admin] } else { [Role::Editor, Role::Editor] };
        for (person, role) in people[1..].iter().zip(roles) {
            let link = anna.invite(role).await;
            person.device().join(&link, &person.name).await.unwrap();
        }
        for person in &people {
            person.device().sync().await;
        }
        air.rough.store(true, Ordering::SeqCst);
        let dice = Dice::new(seed, 2);
        let (too_late, removal) = (vec![], (false, false));
        World { people, documents, story, too_late, removal, air, seed, dice, serial: 0 }
    }

    /// How much happens.
    pub fn moves(&self) -> usize {
        40
    }

    /// What has happened.
    pub fn trace(&self) -> Vec<String> {
        self.air.trace()
    }

    /// Something happens.
    pub async fn step(&mut self) {
        let who = self.dice.below(self.people.len() as u64) as usize;
        match self.dice.below(100) {
            0..=34 => self.write(who).await,
            35..=59 => self.meet(who).await,
            60..=71 => {
                let moments = self.dice.below(25) as i64;
                self.people[who].line().die_in(moments);
                if self.dice.percent(40) {
                    self.write(who).await;
                }
                self.meet(who).await;
                self.people[who].line().die_in(-1);
            }
            72..=75 => {
                self.air.note(format!("{who} starts again"));
                self.people[who].restart().await;
            }
            76..=81 => {
                let cut = !self.people[who].is_cut();
                self.people[who].line().cut.store(cut, Ordering::SeqCst);
            }
            82..=84 => {
                let skew = (self.dice.below(21) as i64 - 10) * YEAR_MS + self.dice.below(48) as i64 * HOUR_MS;
                self.people[who].line().skew_ms.store(skew, Ordering::SeqCst);
            }
            85..=87 => {
                self.air.note("the relay starts again".into());
                self.air.forget_late();
                self.air.post.lock().await.crash();
            }
            _ => self.twist(who).await,
        }
        if self.story.compaction {
            // Whoever has started again forgets it.
            self.people[who].device().app().snapshot_after(SNAPSHOT_AFTER, u64::MAX);
        }
        let revived = self.people[who].revive().await;
        if revived {
            self.air.note(format!("{who} died"));
        }
    }

    /// Something that belongs to the story.
    async fn twist(&mut self, who: usize) {
        let Story { restores, clones, removal, admins, rollback, compaction } = self.story;
        let mut choices = Vec::new();
        choices.extend(restores.then_some(0));
        choices.extend(clones.then_some(1));
        choices.extend(removal.then_some(2));
        choices.extend(admins.then_some(3));
        choices.extend(rollback.then_some(4));
        choices.extend(compaction.then_some(5));
        let choice = if choices.is_empty() { 9 } else { *self.dice.one(&choices) };
        match choice {
            0 if self.dice.percent(40) => self.people[who].back_up(),
            0 => {
                if self.people[who].restore().await {
                    self.air.note(format!("{who} goes back to a backup"));
                }
            }
            1 if self.people.len() == 3 && self.people[1].member => {
                self.air.note("Ben's folder is copied to another machine".into());
                let clone = self.people[1].clone_device(3).await;
                self.people.push(clone);
            }
            2 => self.remove().await,
            3 => self.administrate(who).await,
            4 if self.dice.percent(50) => self.air.post.lock().await.back_up(),
            4 => {
                self.air.forget_late();
                if self.air.post.lock().await.restore() {
                    self.air.note("the relay is restored from its backup".into());
                }
            }
            5 if self.dice.percent(60) => self.compact(who).await,
            5 => {
                self.air.note("the relay cleans up".into());
                self.air.post.lock().await.clean_up().await;
            }
            _ => self.write(who).await,
        }
    }

    /// Somebody makes a snapshot, as far as the network lets them; everybody's
    /// rounds confirm what they can.
    async fn compact(&mut self, who: usize) {
        let device = self.people[who].device();
        let made = device.call::<Compaction>(Request::WorkspaceCompact(device.shared().await)).await;
        match made {
            Ok(made) => self.air.note(format!("{who} has made a snapshot of {} entries", made.entries)),
            // Something was not applied yet, or another process's round is on its way.
            Err(error) => self.heed(&error, &[ErrorCode::Busy]),
        }
    }

    /// Someone writes a word; what the app confirms must not get lost.
    async fn write(&mut self, who: usize) {
        self.serial += 1;
        let text = format!("w{}.", self.serial);
        let document = self.dice.one(&self.documents).clone();
        let person = &self.people[who];
        let args = DocumentRef { document: document.clone() };
        let view = match person.device().call::<DocumentView>(Request::DocumentOpen(args)).await {
            Ok(view) => view,
            Err(error) => return self.heed(&error, &[]),
        };
        let section = &view.sections[0];
        match person.device().type_in(&document, &section.id, section.version, &[(0, 0, &text)]).await {
            Ok(edited) if edited.accepted && !person.line().is_dead() => {
                self.air.note(format!("{who} writes {text}"));
                let word = Word { document, text, stored: false };
                let gone = !person.member;
                if gone && self.removal.1 {
                    self.too_late.push(word);
                } else if !gone {
                    self.people[who].words.push(word);
                }
            }
            Ok(_) => {}
            Err(error) => self.heed(&error, &[]),
        }
    }

    /// Someone's device meets the relay.
    async fn meet(&mut self, who: usize) {
        let person = &self.people[who];
        let states: Vec<SyncState> =
            match person.device().call(Request::SyncNow(WorkspaceRef { workspace: None })).await {
                Ok(states) => states,
                Err(error) => return self.heed(&error, &[]),
            };
        let stored = states.iter().all(|state| state.relay.is_none() || state.waiting == 0);
        if stored && !person.line().is_dead() {
            self.people[who].all_stored();
        }
    }

    /// Anna removes Cleo, as far as the network lets her.
    async fn remove(&mut self) {
        if self.removal.1 {
            return;
        }
        self.removal.0 = true;
        let members = self.people[0].device().members().await;
        let Some(cleo) = members.into_iter().find(|member| member.name.starts_with("Cleo")) else {
            // It was done, and the answer lost.
            self.removal.1 = true;
            return;
        };
        let workspace = self.people[0].device().shared().await.workspace;
        let args = MemberRef { workspace, member: cleo.id };
        let removed = self.people[0].device().call::<Vec<Member>>(Request::WorkspaceRemove(args)).await;
        let cleo = &mut self.people[2];
        cleo.member = false;
        match removed {
            Ok(_) if !self.people[0].line().is_dead() => {
                self.air.note("Cleo is removed".into());
                self.removal.1 = true;
            }
            Ok(_) => {}
            Err(error) => self.heed(&error, &[]),
        }
    }

    /// Somebody who may changes something about the membership.
    async fn administrate(&mut self, who: usize) {
        let person = &self.people[who];
        let device = person.device();
        let workspace = device.shared().await;
        let result = match self.dice.below(4) {
            0 => device.call::<WorkspaceKeys>(Request::WorkspaceRotate(workspace)).await.map(drop),
            1 => {
                let role = *self.dice.one(&[Role::Reader, Role::Editor, Role::Admin]);
                let args = Invite { workspace: workspace.workspace, role, hours: 24 };
                device.call::<Invitation>(Request::WorkspaceInvite(args)).await.map(drop)
            }
            // Two machines with one device's keys would rename each other for ever.
            2 if !self.story.clones => {
                let name = SetUserName { name: format!("{} {}", person.name, self.dice.below(9)) };
                device.call::<Empty>(Request::SetUserName(name)).await.map(drop)
            }
            _ => {
                let members: Vec<Member> = device.members().await;
                let other = self.dice.one(&members);
                let role = *self.dice.one(&[Role::Editor, Role::Admin]);
                let args = SetRole { workspace: workspace.workspace, member: other.id.clone(), role };
                device.call::<Vec<Member>>(Request::WorkspaceSetRole(args)).await.map(drop)
            }
        };
        if let Err(error) = result {
            self.heed(&error, &[ErrorCode::Usage]);
        }
    }

    /// An error must be one that the situation explains: the network, somebody
    /// who was first, or a request for a token that came twice.
    fn heed(&self, error: &Error, fine: &[ErrorCode]) {
        let weather = [ErrorCode::Unreachable, ErrorCode::Refused, ErrorCode::NotFound, ErrorCode::Unauthorized];
        let explained = weather.contains(&error.code) || fine.contains(&error.code);
        assert!(explained, "seed {}: unexplained: {error:?}", self.seed);
    }

    /// The weather is over: everybody is reached and gets their rounds.
    pub async fn heal(&mut self) {
        self.air.rough.store(false, Ordering::SeqCst);
        self.air.forget_late();
        self.air.note("calm".into());
        for person in &mut self.people {
            person.line().die_in(-1);
            person.revive().await;
        }
        if self.story.compaction {
            self.leave_behind().await;
        }
        for person in &self.people {
            person.line().cut.store(false, Ordering::SeqCst);
        }
        if self.removal.0 && !self.removal.1 {
            self.remove().await;
        }
        for _ in 0..CALM_ROUNDS {
            let mut settled = true;
            for person in &self.people {
                let state = person.device().sync().await.remove(0);
                settled &= !person.member || (state.waiting == 0 && state.phase == SyncPhase::Idle);
                let advised = state.problem.is_some_and(|problem| problem.code == ErrorCode::Integrity);
                if self.story.rollback && advised && state.quarantined == 0 {
                    // What the message advises after a relay was restored.
                    let args = SetRelay { workspace: Some(state.workspace.clone()), url: RELAY.into() };
                    person.device().call::<SyncState>(Request::RelaySet(args)).await.unwrap();
                    settled = false;
                }
            }
            if settled {
                break;
            }
        }
        for person in &self.people {
            person.device().sync().await;
        }
    }

    /// One who is cut off comes late: meanwhile the others make and confirm
    /// snapshots, and the relay deletes what these stand for.
    async fn leave_behind(&mut self) {
        let late = 1 + self.dice.below(self.people.len() as u64 - 1) as usize;
        for (who, person) in self.people.iter().enumerate() {
            person.line().cut.store(who == late, Ordering::SeqCst);
        }
        self.write(late).await;
        for _ in 0..2 {
            for who in (0..self.people.len()).filter(|who| *who != late) {
                self.write(who).await;
                self.meet(who).await;
                self.compact(who).await;
                for other in (0..self.people.len()).filter(|other| *other != late) {
                    self.meet(other).await;
                }
            }
            self.air.post.lock().await.clean_up().await;
        }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}
