//! A deployment diagram as an environment: machines, and what runs on them.

use super::{Lifting, Place, Said, line, plain};
use crate::notation::End;
use crate::record::Record;
use crate::schema::Collection;

/// The name of an environment whose diagram has no title.
const UNNAMED: &str = "Deployment";

impl Lifting<'_> {
    /// Adds the environment, its machines and instances, where they lack.
    pub(super) fn lift_machines(&mut self) {
        let drawing = self.drawing;
        if drawing.nodes.is_empty() && drawing.groups.is_empty() {
            return;
        }
        let title = line(&drawing.title);
        let name = if title.is_empty() { UNNAMED.to_owned() } else { title };
        let environments = self.model.list(Collection::Environments);
        let known = find(environments, |record| plain(&record.label()) == plain(&name));
        let environment = known.unwrap_or_else(|| self.add(Collection::Environments, vec![("name", name)]));
        let mut machines: Vec<String> = Vec::new();
        for group in &drawing.groups {
            let parent = group.parent.and_then(|parent| machines.get(parent)).cloned().unwrap_or_default();
            let is_it = |record: &Record| {
                plain(&record.label()) == plain(&group.label)
                    && record.text("environment") == environment
                    && record.text("parent") == parent
            };
            let known = find(self.model.list(Collection::Nodes), is_it);
            let machine = known.unwrap_or_else(|| {
                let fields = vec![
                    ("environment", environment.clone()),
                    ("parent", parent),
                    ("name", line(&group.label)),
                    ("technology", line(&group.technology)),
                    ("description", crate::reference::clean(&group.description)),
                ];
                self.add(Collection::Nodes, fields)
            });
            machines.push(machine);
        }
        self.lift_instances(&machines);
    }

    fn lift_instances(&mut self, machines: &[String]) {
        let mut same: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for (index, node) in self.drawing.nodes.iter().enumerate() {
            let name = plain(&node.label);
            if name.is_empty() {
                continue;
            }
            // One element may run in several places.
            let element = same.get(&name).cloned().unwrap_or_else(|| {
                let said = Said {
                    name: &node.label,
                    kind: node.hint,
                    technology: &node.technology,
                    description: &node.description,
                };
                self.element(&said, &Place::default())
            });
            same.insert(name, element.clone());
            self.ends.insert(End::Node(index), element.clone());
            let Some(machine) = node.group.and_then(|group| machines.get(group)) else { continue };
            let is_it = |record: &Record| record.text("node") == machine && record.text("element") == element;
            if find(self.model.list(Collection::Instances), is_it).is_none() {
                self.add(Collection::Instances, vec![("node", machine.clone()), ("element", element)]);
            }
        }
    }
}

fn find<'a>(mut records: impl Iterator<Item = &'a Record>, is_it: impl Fn(&Record) -> bool) -> Option<String> {
    records.find(|record| is_it(record)).map(|record| record.id.clone())
}
