//! From model to text: Markdown for every record that no section shows yet, in
//! the notation of the document's template, so that lifting reads it again.
//! What a section shows stays as it stands there.

mod lines;
mod lists;
mod notation;
mod page;
mod sections;
mod shown;

#[cfg(test)]
mod tests;

use super::lift::SectionText;
use super::told::Told;
use crate::graph::Model;
use crate::templates::Template;

/// What draws a diagram when it is needed, on any thread.
pub type Draw<'a> = dyn Fn() -> String + Sync + 'a;

/// What to know besides the document.
#[derive(Default)]
pub struct CompleteOptions<'a> {
    /// The document's template: its headings and its notation are used.
    pub template: Option<&'a Template>,
    /// Draws Mermaid for the place of the diagram, where that is empty.
    pub diagram: Option<&'a Draw<'a>>,
    /// What diagrams in the text say by themselves, without references.
    pub told: Told,
}

/// Text that the document lacks. It refers to the records as stored text does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The place it belongs to; empty for what is nested in an element.
    pub key: String,
    /// The section it belongs to: at the end of the text of that section where
    /// there is no heading, or else as a new section after all that is nested
    /// in it. `None`: at the end of the document. Those of one section follow
    /// each other in their order.
    pub within: Option<String>,
    /// The level of the heading.
    pub level: u8,
    /// The heading of a new section.
    pub heading: Option<String>,
    /// Markdown; may be empty below a heading. A blank line goes before it.
    pub body: String,
}

/// Everything that no section shows yet, in an order that is the same for
/// everyone. Nothing where the model is empty.
pub fn complete(sections: &[SectionText], model: &Model, options: &CompleteOptions) -> Vec<Generated> {
    if model.is_empty() {
        return Vec::new();
    }
    let mut writer = sections::Writer::new(sections, model, options);
    writer.elements();
    writer.flows();
    writer.environments();
    writer.concerns();
    writer.decisions();
    writer.listed();
    writer.diagram();
    writer.page.finish()
}
