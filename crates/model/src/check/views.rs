//! Which elements a view shows, as far as the checks need to know.

use foldhash::HashSet;

use super::Checked;
use crate::record::Record;
use crate::schema::Collection;

/// The ids of the elements that a view shows.
pub fn shown<'a>(subject: &Checked<'a>, view: &'a Record) -> HashSet<&'a str> {
    let listed = view.list("elements").iter().map(String::as_str);
    let mut ids: HashSet<&str> = listed.filter(|id| subject.element(id).is_some()).collect();
    if view.has("elements") {
        return ids;
    }
    let scope = subject.model.live(view.text("scope"));
    match scope.map(|scope| scope.collection) {
        Some(Collection::Environments) => deployed(subject, view.text("scope"), &mut ids),
        Some(Collection::Flows) => acting(subject, view.text("scope"), &mut ids),
        Some(_) => around(subject, view, &mut ids),
        None if view.text("kind") == "landscape" || view.text("kind").is_empty() => {
            ids.extend(
                subject.elements().filter(|one| subject.model.parent(&one.id).is_none()).map(|one| one.id.as_str()),
            );
        }
        None => {}
    }
    let tags = view.list("tags");
    if !tags.is_empty() {
        let tagged =
            |id: &str| subject.element(id).is_some_and(|one| one.list("tags").iter().any(|tag| tags.contains(tag)));
        if scope.is_none() {
            ids.extend(subject.elements().map(|one| one.id.as_str()));
        }
        ids.retain(|id| tagged(id));
    }
    ids
}

/// A system in its context, or what is directly inside, each with whom it has
/// to do with.
fn around<'a>(subject: &Checked<'a>, view: &'a Record, ids: &mut HashSet<&'a str>) {
    let scope = view.text("scope");
    let children: Vec<&str> = subject.index.children(scope).iter().map(|child| child.id.as_str()).collect();
    let context = view.text("kind") == "context";
    for id in children.iter().copied().chain([scope]) {
        let leaving = subject.index.leaving(id).iter().map(|relationship| relationship.text("to"));
        for other in leaving.chain(subject.index.arriving(id).iter().map(|relationship| relationship.text("from"))) {
            // A context shows others from outside, as the systems they are in.
            ids.extend(if context { subject.upwards(other).last() } else { Some(other) });
        }
    }
    ids.insert(scope);
    if !context {
        ids.extend(children);
    }
    ids.retain(|id| subject.element(id).is_some());
}

fn deployed<'a>(subject: &Checked<'a>, environment: &str, ids: &mut HashSet<&'a str>) {
    for node in subject.index.owned(environment) {
        ids.extend(subject.index.owned(&node.id).iter().map(|instance| instance.text("element")));
    }
    ids.retain(|id| subject.element(id).is_some());
}

fn acting<'a>(subject: &Checked<'a>, flow: &str, ids: &mut HashSet<&'a str>) {
    for step in subject.index.owned(flow) {
        ids.extend([step.text("from"), step.text("to")]);
    }
    ids.retain(|id| subject.element(id).is_some());
}
