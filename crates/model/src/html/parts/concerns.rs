//! Concerns in tables by area.

use super::RECORD;
use crate::html::{Page, escape};
use crate::record::Record;
use crate::schema::Collection;

/// Areas and their topics, in the order of the template `full`.
pub(in crate::html) const AREAS: [(&str, &[&str]); 5] = [
    ("Scaling", &["horizontal-scaling", "vertical-scaling", "bottleneck"]),
    ("Security", &["authentication", "authorization", "data-protection", "input-validation", "network-security"]),
    ("Resilience", &["error-handling", "retry", "circuit-breaker", "fallback"]),
    ("Observability", &["metrics", "logging", "tracing", "alerting"]),
    ("Delivery", &["infrastructure", "pipeline"]),
];

pub(super) fn write(page: &mut Page) {
    let all = page.list(Collection::Concerns);
    if !page.part("Concerns", all.len()) {
        return;
    }
    for (area, topics) in AREAS {
        let of: Vec<&Record> = topics
            .iter()
            .flat_map(|topic| all.iter().copied().filter(move |one| one.text("topic") == *topic))
            .collect();
        table(page, area, &of);
    }
    let known = |one: &&Record| AREAS.iter().any(|(_, topics)| topics.contains(&one.text("topic")));
    let others: Vec<&Record> = all.into_iter().filter(|one| !known(one)).collect();
    table(page, "Other concerns", &others);
    page.end_part();
}

fn table<'a>(page: &mut Page<'a>, area: &str, concerns: &[&'a Record]) {
    if concerns.is_empty() {
        return;
    }
    let slug = crate::graph::slug(area);
    page.add(&format!("<h{RECORD} id=\"model-concerns-{slug}\">{area}</h{RECORD}>\n"));
    page.table(area, "stack concerns", &["Topic", "What holds", "About", "More"]);
    for concern in concerns {
        page.done.insert(&concern.id);
        let (anchor, badges) = (page.anchor(concern), page.badges(concern));
        let topic = page.field(concern, "topic", RECORD);
        let name = match concern.text("name") {
            "" => String::new(),
            name => format!("<strong>{}</strong> ", escape(&crate::naming::shown(name, page.model))),
        };
        let statement = page.field(concern, "statement", RECORD);
        let about = ["elements", "relationships"].map(|name| page.field(concern, name, RECORD));
        let about: Vec<String> = about.into_iter().filter(|html| !html.is_empty()).collect();
        let more = page.rows(concern, &["topic", "name", "statement", "elements", "relationships"], RECORD);
        let more = if more.is_empty() { more } else { format!("<dl class=\"fields\">\n{more}</dl>") };
        page.add(&format!(
            "<tr id=\"{anchor}\"><th scope=\"row\">{topic}</th><td>{name}<div>{statement}</div>{badges}</td><td>{}</td><td>{more}</td></tr>\n",
            about.join("<br>")
        ));
    }
    page.end_table();
}
