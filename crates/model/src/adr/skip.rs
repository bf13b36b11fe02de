//! Files of a folder that are no records.

/// Why a file is not read, as far as its name tells.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let base = base(name).to_lowercase();
    if base.starts_with('.') {
        return Some("It is a hidden file.");
    }
    let Some(stem) = stem(&base) else { return Some("It is not a Markdown file.") };
    let numbered = stem.starts_with(|c: char| c.is_ascii_digit());
    match stem.trim_start_matches('0').trim_start_matches(['-', '_']) {
        "readme" | "index" | "toc" | "changelog" | "contributing" | "license" if !numbered => {
            Some("It is a page about the folder, not a record.")
        }
        "template" | "adr-template" | "madr-template" | "decision-template" => Some("It is a template."),
        bare if !numbered && bare.contains("template") => Some("It is a template."),
        _ => None,
    }
}

/// The last part of a path.
pub(super) fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// A file's name without its ending; `None` when it is not Markdown.
pub(super) fn stem(base: &str) -> Option<&str> {
    let (stem, ending) = base.rsplit_once('.')?;
    (ending.eq_ignore_ascii_case("md") || ending.eq_ignore_ascii_case("markdown")).then_some(stem)
}
