use std::collections::{BTreeSet, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::reference::{self, Reference};
use crate::samples;
use crate::schema::{Collection, Shape};
use crate::value::Value;

fn section(level: u8, title: &str, text: &str) -> JsonSection {
    let path = format!("sections.{}", slug(&reference::clean(title)));
    JsonSection { id: path.clone(), level, title: title.into(), path, text: text.into(), ..JsonSection::default() }
}

fn write(sections: &[JsonSection], model: &Model) -> String {
    page(&HtmlInput {
        title: "Shop <architecture>",
        lang: "en",
        template: "Full",
        created: "24 November 2026",
        updated: "",
        sections,
        model,
    })
}

/// The text below one heading, as HTML.
fn text(markdown: &str) -> String {
    let html = write(&[section(2, "Text", markdown)], &samples::full());
    let start = html.find("<h2 id=\"sections.text\">").unwrap();
    html[start..start + html[start..].find("</section>\n<section").unwrap()].to_owned()
}

fn mention(field: &str) -> String {
    Reference::mention(&samples::id(Collection::Elements, 1), field).encode()
}

/// Tags in order: name, attributes with values.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let body = html.split_once("</style>").map_or(html, |(_, body)| body);
    let mut found = Vec::new();
    for piece in body.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').unwrap_or_else(|| panic!("a tag without end: {piece}"));
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while let Some((attribute, after)) = rest.trim_start().split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("an open attribute: {tag}"));
            let bare = attribute.split_whitespace().map(|name| (name.to_owned(), String::new()));
            attributes.extend(bare);
            if let Some(last) = attributes.last_mut() {
                last.1 = value.to_owned();
            }
            rest = after;
        }
        attributes.extend(rest.split_whitespace().filter(|rest| *rest != "/").map(|name| (name.into(), String::new())));
        found.push((name.to_owned(), attributes));
    }
    found
}

const TAGS: &str = "head body html a header h1 h2 h3 h4 h5 h6 dl div dt dd nav ol ul li main section article p span strong em \
     del code pre blockquote hr br table thead tbody tr th td img sup time ";
const ATTRIBUTES: [&str; 22] = [
    "class",
    "id",
    "href",
    "aria-labelledby",
    "aria-label",
    "role",
    "tabindex",
    "scope",
    "title",
    "src",
    "alt",
    "align",
    "start",
    "data-footnotes",
    "data-footnote-ref",
    "data-footnote-backref",
    "data-footnote-backref-idx",
    "aria-hidden",
    "lang",
    "style",
    "rowspan",
    "colspan",
];

/// What a page must never hold, whatever was in the document.
fn danger(html: &str) -> Option<String> {
    for (name, attributes) in tags(html) {
        let bare = name.trim_start_matches('/');
        if !TAGS.split_whitespace().any(|tag| tag == bare) {
            return Some(format!("<{name}>"));
        }
        for (attribute, value) in attributes {
            if !ATTRIBUTES.contains(&attribute.as_str()) || attribute == "style" {
                return Some(format!("<{name} {attribute}={value}>"));
            }
            let value = value.replace("&amp;", "&").to_lowercase();
            let scheme = value.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '?', '#']));
            let harmless = match (attribute.as_str(), scheme) {
                ("href", scheme) => scheme.is_none_or(|(scheme, _)| ["http", "https", "mailto"].contains(&scheme)),
                ("src", Some(("data", rest))) => rest.starts_with("image/"),
                ("src", _) => false,
                _ => true,
            };
            if !harmless {
                return Some(format!("<{name} {attribute}={value}>"));
            }
        }
    }
    None
}

/// What is wrong with the structure: ids twice, links to nowhere, tags that do
/// not close in order.
fn disorder(html: &str) -> Option<String> {
    let mut ids = HashSet::new();
    let mut wanted = Vec::new();
    let mut open: Vec<String> = vec!["html".into(), "head".into()];
    for (name, attributes) in tags(html) {
        for (attribute, value) in &attributes {
            match attribute.as_str() {
                "id" if !ids.insert(value.clone()) => return Some(format!("#{value} is there twice")),
                "href" if value.starts_with('#') => wanted.push(value[1..].to_owned()),
                "aria-labelledby" => wanted.push(value.clone()),
                _ => {}
            }
        }
        match name.strip_prefix('/') {
            Some(name) if open.last().is_some_and(|last| last == name) => drop(open.pop()),
            Some(name) => return Some(format!("</{name}> closes {:?}", open.last())),
            None if ["br", "hr", "img"].contains(&name.trim_end_matches('/')) => {}
            None => open.push(name),
        }
    }
    if !open.is_empty() {
        return Some(format!("{open:?} stay open"));
    }
    wanted.into_iter().find(|target| !ids.contains(target)).map(|target| format!("#{target} leads nowhere"))
}

const HOSTILE: [&str; 28] = [
    "https://example.invalid/\" onmouseover=\"alert(1)",
    "https://example.invalid/'><script>",
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onclick='alert(1)' x='",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1) \"t\")",
    "[x](java&#115;cript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](\u{1}javascript:alert(1))",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://example.invalid/pixel.png \" onload=alert(1)\")",
    "[![x](https://example.invalid/b.svg)](vbscript:x)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    "[^1]\n\n[^1]: <svg onload=alert(1)>",
    "```\"><script>\n</code></pre><script>\n```",
    "| a |\n|---|\n| <b onclick=x> |",
    "\u{e020}0\u{e021}\u{e020}99\u{e021}",
    "&lt;script&gt;&quot;",
    "- [x] <input autofocus onfocus=alert(1)>",
    "<!-- --><iframe src=//example.invalid>",
    "<a href=\"data:text/html,x\">",
];

fn hostile() -> impl Strategy<Value = String> + Clone {
    let payload = prop::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned);
    let woven = (payload.clone(), ".{0,6}", payload.clone()).prop_map(|(a, between, b)| format!("{a}{between}{b}"));
    prop_oneof![payload, woven, "[\\[\\]()<>\"'`*_!#|:=\\\\ \n\ta-z0-9&;^~-]{0,40}", ".{0,20}"]
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(96))]
    #[test]
    fn nothing_in_a_document_gets_to_run(
        model in samples::any_model(hostile()),
        sections in vec((hostile(), hostile(), 0u8..=6, any::<u16>()), 0..5),
        title in hostile(),
    ) {
        let sections: Vec<JsonSection> = sections.iter().map(|(title, text, level, pick)| {
            section(*level, title, &samples::with_reference(text, "0000000000000001", usize::from(*pick)))
        }).collect();
        let html = page(&HtmlInput {
            title: &title, lang: &title, template: &title, created: &title, updated: &title,
            sections: &sections, model: &model,
        });
        prop_assert_eq!(danger(&html), None);
        let head = html.split_once("<style>").unwrap().0;
        prop_assert_eq!(head.matches('<').count(), 11, "{}", head);
        // A text may link to a heading that is not there; nothing else may be out of order.
        let wrong = disorder(&html).filter(|what| !what.ends_with("leads nowhere"));
        prop_assert_eq!(wrong, None);
        let index = Index::new(&model);
        for record in model.all().filter(|record| model.live(&record.id).is_some()) {
            let anchor = format!("id=\"{}", anchor(&index.model.path_of(record)));
            prop_assert!(html.contains(&anchor), "{}", anchor);
        }
    }
}

#[test]
fn every_stored_field_of_every_record_is_on_the_page() {
    let model = samples::full();
    let html = write(&[], &model);
    let index = Index::new(&model);
    for record in model.all() {
        let place = |field: &str| format!("{}.{field} of {}", record.collection.name(), record.id);
        let anchor = format!("id=\"{}\"", index.model.path_of(record));
        assert!(html.contains(&anchor), "{anchor}");
        let start = html.find(&anchor).unwrap();
        let link = |id: &str| format!("href=\"#{}\"", model.path_of(model.get(id).unwrap()));
        for (name, value) in &record.fields {
            let field = record.collection.field(name).unwrap();
            let needles = match (field.shape, value) {
                (Shape::Choice(_), Value::Text(word)) => vec![field.shape.item(word, &model)],
                (Shape::Ref(_), Value::Text(id)) => {
                    let above = [record.collection.table().nesting, record.collection.table().owner];
                    // What a card stands in, it need not say.
                    if above.contains(&Some(*name)) { vec![] } else { vec![link(id)] }
                }
                (Shape::Refs(_), Value::List(ids)) => ids.iter().map(|id| link(id)).collect(),
                (_, Value::Number(number)) => vec![number.to_string()],
                (Shape::Text, Value::Text(text)) => {
                    vec![text.trim_end_matches("*Markdown*.").to_owned(), "<em>Markdown</em>".into()]
                }
                (_, Value::Text(text)) => vec![text.to_string()],
                (_, Value::List(items)) => items.clone(),
                (_, Value::Map(entries)) => entries.values().cloned().collect(),
            };
            for needle in needles {
                assert!(html[start..].contains(&needle), "{}: {needle}", place(name));
            }
        }
    }
    assert_eq!(disorder(&html), None);
    assert_eq!(danger(&html), None);
}

#[test]
fn every_collection_and_every_topic_has_its_place() {
    let model = samples::full();
    assert!(!write(&[], &model).contains("Other records"));
    let topics: BTreeSet<&str> = parts::concerns::AREAS.iter().flat_map(|(_, topics)| topics.iter().copied()).collect();
    let Some(Shape::Choice(choices)) = Collection::Concerns.field("topic").map(|field| field.shape) else { panic!() };
    assert_eq!(topics, choices.iter().map(|choice| choice.value).collect());
}

#[test]
fn what_belongs_to_nothing_or_is_nested_too_deep_is_still_there() {
    let element = |at: usize| {
        let parent = at.checked_sub(1).map(|above| format!("{above:x}")).unwrap_or_default();
        Record::new(Collection::Elements, format!("{at:x}"))
            .with("name", Value::text(format!("Level {at}.")))
            .with("parent", Value::text(parent))
    };
    let step = Record::new(Collection::Steps, "ffff").with("text", Value::text("Alone"));
    let html = write(&[], &Model::of((0..3_000).map(element).chain([step])));
    assert!(html.contains("Other records") && html.contains("Alone") && html.contains("Level 2999."));
    assert_eq!(disorder(&html), None);
}

#[test]
fn the_trash_is_not_shown_and_mentions_of_it_are_marked() {
    let mut model = samples::full();
    let mut element = model.get(&samples::id(Collection::Elements, 1)).unwrap().clone();
    element.deleted = true;
    model.put(element);
    let html = write(&[section(2, "Text", &format!("Uses {}.", mention("name")))], &model);
    assert!(
        html.contains("Uses <span class=\"gone\" title=\"Not in the model any more\">Words of elements name 1</span>.")
    );
    assert!(!html.contains("Words of elements purpose 1"));
    assert_eq!(disorder(&html), None);
}

#[test]
fn mentions_are_links_wherever_they_stand() {
    let link = "<a class=\"mention\" href=\"#elements.words-of-elements-name-1\">Words of elements name 1</a>";
    let name = mention("name");
    assert!(text(&format!("**{name}** is")).contains(&format!("<strong>{link}</strong> is")));
    assert!(text(&format!("`{name}`")).contains(&format!("<code>{link}</code>")));
    assert!(text(&format!("| a |\n|---|\n| {name} |")).contains(&format!("<td>{link}</td>")));
    let inside = text(&format!("[see {name}](https://example.invalid/{name} \"{name}\")"));
    assert!(inside.contains(">see Words of elements name 1</a>") && !inside.contains("mention"), "{inside}");
    let shown = text(&format!("**Purpose**: {}", mention("purpose")));
    assert!(shown.contains("Words of elements purpose 1, as <em>Markdown</em>."), "{shown}");
    let unknown = text(&Reference::mention("ffff", "name").encode());
    assert!(unknown.contains("(?)"), "{unknown}");
}

#[test]
fn names_and_addresses_stay_inside_of_their_attributes() {
    let url = "https://example.invalid/\" onclick=\"a";
    let model = Model::of([Record::new(Collection::Elements, "a")
        .with("name", Value::text("\" onerror=\"b"))
        .with("url", Value::text(url))]);
    let name = Reference::mention("a", "name").encode();
    let html = write(&[section(2, &name, &format!("![{name}](data:image/png;base64,AA== \"{name}\")"))], &model);
    assert_eq!((danger(&html), disorder(&html)), (None, None));
    assert!(html.contains("alt=\"&quot; onerror=&quot;b\""), "{html}");
}

#[test]
fn markdown_is_shown_as_it_is_meant() {
    assert!(text("- [x] a\n- [ ] b").contains("aria-label=\"Done\">☑</span> a"));
    assert!(text("a<br>b").contains("a<br />\nb") || text("a<br>b").contains("a<br />b"));
    assert!(text("<div>x</div>").contains("&lt;div&gt;x&lt;/div&gt;"));
    assert!(!text("a <!-- hidden --> b").contains("hidden"));
    assert!(text("> # Inside").contains("<h3>Inside</h3>"));
    let picture = text("![A plan](https://example.invalid/a.png)");
    assert!(picture.contains("<a href=\"https://example.invalid/a.png\">Image: A plan</a>"), "{picture}");
    assert!(text("![x](data:image/png;base64,AAAA)").contains("<img src=\"data:image/png;base64,AAAA\" alt=\"x\""));
    assert!(text("![x](data:image/svg+xml;base64,AAAA)").contains("Image: x"));
    assert!(text("[x](javascript:a)").contains("<p>x</p>"));
}

#[test]
fn links_and_notes_reach_over_sections() {
    let sections = [
        section(1, "Shop <architecture>", ""),
        section(2, "First", "See [the text][t] and [below](#the-second), and a note[^n].\n\n[^m]: Not used."),
        section(2, "The second!", "[t]: https://example.invalid/t\n\n[^n]: The note.\n    More of it.\n"),
    ];
    let html = write(&sections, &Model::default());
    assert!(html.contains("<a href=\"https://example.invalid/t\">the text</a>"));
    assert!(html.contains("<a href=\"#sections.the-second\">below</a>"), "{html}");
    assert!(html.contains("The note.\nMore of it."), "{html}");
    assert_eq!(disorder(&html), None);
    assert_eq!(html.matches("<h1").count(), 1, "the title is not said twice");
}

#[test]
fn the_contents_name_every_section_and_part() {
    let sections = [section(2, "A *b*", ""), section(4, "C", "text"), section(3, "D", ""), section(2, "E", "x")];
    let html = write(&sections, &samples::full());
    let contents = &html[html.find("<nav").unwrap()..html.find("</nav>").unwrap()];
    for (title, anchor) in [("A b", "a-b"), ("C", "c"), ("D", "d"), ("E", "e")] {
        assert!(contents.contains(&format!("<a href=\"#sections.{anchor}\">{title}</a>")), "{contents}");
    }
    assert!(
        contents.contains("<a href=\"#model-elements\">Elements</a> <span class=\"count\">17</span>"),
        "{contents}"
    );
    assert_eq!(html.matches("Nothing is written here yet.").count(), 1, "only where nothing follows inside: D");
    assert_eq!(disorder(&html), None);
}

#[test]
fn colours_are_told_apart_in_light_and_dark() {
    let value = |css: &str, name: &str| -> [f64; 3] {
        let hex = css.split_once(&format!("--{name}: #")).unwrap().1.split(';').next().unwrap();
        [0, 2, 4].map(|at| {
            let part = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    };
    let light = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    let dark = &STYLE[STYLE.find("prefers-color-scheme: dark").unwrap()..];
    for css in [STYLE, dark] {
        for (ink, ground) in [
            ("ink", "paper"),
            ("soft", "paper"),
            ("faint", "paper"),
            ("accent", "paper"),
            ("faint", "raised"),
            ("accent", "raised"),
            ("soft", "ground"),
            ("accent", "wash"),
            ("warn", "warn-wash"),
            ("bad", "bad-wash"),
            ("ink", "ground"),
            ("warn", "paper"),
            ("bad", "raised"),
        ] {
            let (a, b) = (light(value(css, ink)), light(value(css, ground)));
            assert!(a.max(b) / a.min(b) >= 4.5, "{ink} on {ground}: {:.2}", a.max(b) / a.min(b));
        }
    }
}

#[test]
fn large_and_tangled_texts_come_to_an_end() {
    for piece in [">", "[", "*a_", "- ", "![", "<a", "`", "[^1]", "| ", "\u{e020}", "&#", "    - "] {
        let start = std::time::Instant::now();
        let html = write(&[section(2, "T", &piece.repeat(20_000))], &Model::default());
        assert!(html.ends_with("</html>\n") && start.elapsed().as_secs() < 20, "{piece}: {:?}", start.elapsed());
    }
}

/// Real documents, where they are beside the checkout.
#[test]
#[allow(clippy::print_stderr)]
fn real_documents_make_orderly_pages() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/architecture-md");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    };
    for path in files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        let name = path.display().to_string();
        let parsed = crate::markdown::parse(&std::fs::read(&path).unwrap(), &name).unwrap();
        let made = parsed.sections.iter().map(|one| section(one.level, &one.title, &one.body));
        let html = write(&made.collect::<Vec<_>>(), &Model::default());
        assert_eq!(danger(&html), None, "{name}");
        let wrong = disorder(&html).filter(|what| !what.ends_with("leads nowhere"));
        assert_eq!(wrong, None, "{name}");
    }
}

#[test]
fn a_page_has_one_title_and_headings_keep_their_ranks() {
    let ranks = |sections: &[JsonSection]| {
        let html = write(sections, &Model::default());
        assert_eq!(html.matches("<h1").count(), 1);
        let main = html.split_once("<main").unwrap().1.to_owned();
        main.split("<h").skip(1).map(|rest| rest[..1].parse::<u8>().unwrap()).collect::<Vec<_>>()
    };
    let own = section(1, "Shop <architecture>", "x");
    assert_eq!(ranks(&[own.clone(), section(2, "A", ""), section(3, "B", "")]), [2, 3]);
    assert_eq!(ranks(&[section(1, "Other", ""), section(2, "A", ""), section(6, "B", "")]), [2, 3, 6]);
    assert_eq!(ranks(&[own, section(2, "A", ""), section(1, "Second", "")]), [2, 3, 2]);
    assert_eq!(ranks(&[section(0, "", "before"), section(2, "A", "")]), [2]);
}
