//! What a section is about, by its place in the template and in the document.

use std::collections::HashSet;

use crate::schema::Collection;
use crate::templates::normalise;

use super::SectionText;
use super::blocks::Body;
use super::decisions::is_alternatives;
use super::kinds::guess_kind;
use super::labels::field_called;
use super::work::labels_of;

/// What lifting makes of a section.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// Prose.
    Plain,
    /// Elements, each in a section or a list item.
    ElementList,
    /// One element.
    Element { nested: bool },
    /// Flows, each in a section or directly as a list.
    FlowList,
    /// One flow.
    Flow,
    /// Concerns of one topic.
    Topic(&'static str),
    /// Concerns of several topics; whether it is about scaling.
    Area { scaling: bool },
    /// Records as list items.
    List(Collection),
    /// One environment.
    Environment,
    /// Decisions, each in a section.
    DecisionList,
    /// One decision.
    Decision,
    /// A field of what the section above is about.
    Part(String),
}

impl Role {
    /// The collection of the record that the heading names.
    pub fn collection(&self) -> Option<Collection> {
        match self {
            Role::Element { .. } => Some(Collection::Elements),
            Role::Flow | Role::FlowList => Some(Collection::Flows),
            Role::Environment => Some(Collection::Environments),
            Role::Decision => Some(Collection::Decisions),
            _ => None,
        }
    }
}

/// Collections whose records stand in a list below a heading of their own.
const LISTED: [Collection; 8] = [
    Collection::Considerations,
    Collection::Risks,
    Collection::Terms,
    Collection::Scenarios,
    Collection::Boundaries,
    Collection::Classes,
    Collection::Views,
    Collection::Suppressions,
];

/// The collection that a heading without a place names.
pub(crate) fn collection_of_title(title: &str) -> Option<Collection> {
    let title = normalise(title);
    LISTED.into_iter().find(|collection| {
        let place = match collection {
            Collection::Risks => "risks",
            Collection::Terms => "glossary",
            Collection::Scenarios => "quality.scenarios",
            _ => "",
        };
        // The places of arc42 go by these headings in every document.
        let slot = crate::templates::find("arc42").and_then(|template| template.slot(place));
        let known = slot.into_iter().flat_map(|slot| std::iter::once(&slot.title).chain(&slot.aliases));
        known.map(String::as_str).chain([collection.table().title]).any(|known| normalise(known) == title)
    })
}

/// What kind each section's heading speaks of, as lifting takes it.
pub(crate) struct Kinds {
    roles: Vec<Role>,
    holds: Vec<bool>,
}

impl Kinds {
    pub fn read(sections: &[SectionText]) -> Kinds {
        let roles = assign(sections);
        let holds = holds(sections, &roles);
        Kinds { roles, holds }
    }

    /// The collection of the record that a section's heading names.
    pub fn collection(&self, index: usize) -> Option<Collection> {
        self.roles.get(index)?.collection()
    }

    /// The kind of an element that a section's heading names.
    pub fn of(&self, sections: &[SectionText], index: usize, name: &str) -> Option<&'static str> {
        let Role::Element { nested } = self.roles.get(index)? else { return None };
        let body = Body::read(&sections[index].body);
        let fields: HashSet<&str> =
            labels_of(&body, Collection::Elements).iter().map(|(field, _)| field.name).collect();
        Some(guess_kind(name, |field| fields.contains(field), self.holds[index], *nested))
    }
}

/// For each section whether elements are nested in it.
pub(super) fn holds(sections: &[SectionText], roles: &[Role]) -> Vec<bool> {
    let mut holds = vec![false; sections.len()];
    for (section, role) in sections.iter().zip(roles) {
        if let (Role::Element { .. }, Some(parent)) = (role, section.parent) {
            holds[parent] = true;
        }
    }
    holds
}

/// The role of every section.
pub(super) fn assign(sections: &[SectionText]) -> Vec<Role> {
    let told = fields_below(sections);
    let mut roles: Vec<Role> = Vec::with_capacity(sections.len());
    for (index, section) in sections.iter().enumerate() {
        let parent = section.parent.and_then(|parent| roles.get(parent));
        let depth_of_parent =
            section.parent.and_then(|parent| sections.get(parent)).map(|parent| parent.parent.is_none());
        let role = if section.level == 0 {
            Role::Plain
        } else {
            let by_key = section.key.as_deref().and_then(by_key);
            let inner = matches!((&by_key, parent), (Some(Role::Element { .. }), Some(Role::Element { .. })));
            let by_key = if inner { Some(Role::Element { nested: true }) } else { by_key };
            by_key.or_else(|| parent.and_then(|parent| by_parent(parent, section, told[index]))).unwrap_or_else(|| {
                let is_main = depth_of_parent.unwrap_or(true);
                let listed = collection_of_title(&section.title).filter(|_| is_main && section.key.is_none());
                listed.map_or(Role::Plain, Role::List)
            })
        };
        roles.push(role);
    }
    roles
}

fn by_key(key: &str) -> Option<Role> {
    if let Some(topic) = crate::templates::topic_of_place(key) {
        return Some(Role::Topic(topic));
    }
    Some(match key {
        "components.component" => Role::Element { nested: false },
        "components" => Role::ElementList,
        "data-flow" => Role::FlowList,
        "data-flow.flow" => Role::Flow,
        "scalability" => Role::Area { scaling: true },
        "security" | "resilience" | "observability" | "deployment" => Role::Area { scaling: false },
        "deployment.environments" => Role::List(Collection::Environments),
        "decisions" => Role::DecisionList,
        "decisions.decision" => Role::Decision,
        "future" => Role::List(Collection::Considerations),
        "risks" => Role::List(Collection::Risks),
        "glossary" => Role::List(Collection::Terms),
        "quality.scenarios" => Role::List(Collection::Scenarios),
        _ if key.starts_with("components.") => Role::ElementList,
        _ => return None,
    })
}

/// The role of a section by what it is nested in; `told` says whether it or
/// something below it has fields of an element.
fn by_parent(parent: &Role, section: &SectionText, told: bool) -> Option<Role> {
    let title = section.title.trim_end_matches(':');
    let is_field = |collection| field_called(collection, title).is_some();
    match parent {
        Role::ElementList => Some(Role::Element { nested: false }),
        Role::Element { .. } if is_field(Collection::Elements) => Some(Role::Part(title.to_owned())),
        Role::Element { .. } if told || super::refers(&section.title) => Some(Role::Element { nested: true }),
        Role::FlowList | Role::Flow => Some(Role::Flow),
        Role::List(Collection::Environments) => Some(Role::Environment),
        Role::DecisionList => Some(Role::Decision),
        Role::Decision if is_field(Collection::Decisions) || is_alternatives(title) => {
            Some(Role::Part(title.to_owned()))
        }
        _ => None,
    }
}

/// For each section whether it, or one nested in it, has labels of fields that
/// an element has. Only looked up below elements.
fn fields_below(sections: &[SectionText]) -> Vec<bool> {
    let mut inside = vec![false; sections.len()];
    for (index, section) in sections.iter().enumerate() {
        let above = section.parent.is_some_and(|parent| inside[parent]);
        inside[index] = above || section.key.as_deref().is_some_and(|key| key.starts_with("components"));
    }
    let mut told = vec![false; sections.len()];
    for (index, section) in sections.iter().enumerate().rev() {
        if !inside[index] {
            continue;
        }
        let own = || !labels_of(&Body::read(&section.body), Collection::Elements).is_empty();
        told[index] = told[index] || own();
        if let (true, Some(parent)) = (told[index], section.parent.filter(|parent| *parent < index)) {
            told[parent] = true;
        }
    }
    told
}
