use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::RefusalKind;
use crate::samples;

fn document(model: Model) -> JsonDocument {
    let mention = Reference::mention(&samples::id(Collection::Elements, 1), "name").encode();
    let section = |id: &str, parent: Option<&str>, level, title: &str, text: &str| JsonSection {
        id: id.into(),
        parent: parent.map(Into::into),
        level,
        title: title.into(),
        key: parent.map(|_| "components".into()),
        path: format!("sections.{id}"),
        text: text.into(),
        form: parent.map(|_| SectionForm {
            style: "setext".into(),
            lead: " ".into(),
            tail: "\n---\n".into(),
            origin: "imported-last".into(),
            ..SectionForm::default()
        }),
    };
    JsonDocument {
        id: "0".repeat(32),
        title: "Shop".into(),
        slug: "shop".into(),
        template: "full".into(),
        created: Some("2026-11-24T10:00:00Z".into()),
        updated: None,
        sections: vec![
            section("s1", None, 1, "Shop", "Text\n\n{{not a reference}} \\ \"quoted\""),
            section("s2", Some("s1"), 2, &mention, &format!("**Uses**: {mention} twice: {mention}")),
        ],
        model,
        crlf: true,
        bom: true,
    }
}

fn bytes(document: &JsonDocument) -> Vec<u8> {
    let whole = document.to_text();
    assert_eq!(whole, text(&document.to_value()), "what is written piece by piece is the same");
    whole.into_bytes()
}

/// Every list of records that are not in the trash, in order.
fn order(model: &Model) -> Vec<&str> {
    model.all().map(|record| record.id.as_str()).collect()
}

#[test]
fn what_was_written_reads_the_same() {
    let written = document(samples::full());
    let read = read(&bytes(&written), "shop.json").unwrap();
    assert_eq!(read, written);
    assert_eq!(order(&read.model), order(&written.model));
    assert_eq!(bytes(&read), bytes(&written));
}

proptest! {
    #![proptest_config(crate::properties::same_each_time(128))]
    #[test]
    fn any_document_reads_as_it_was_written(
        model in samples::any_model(".{0,12}".prop_map(|text| reference::clean(&text))),
        texts in vec((".{0,20}", any::<u16>(), 0u8..=6), 0..5),
    ) {
        let sections = texts.iter().enumerate().map(|(at, (text, pick, level))| JsonSection {
            id: at.to_string(),
            parent: at.checked_sub(1).filter(|_| pick % 2 == 0).map(|above| above.to_string()),
            level: *level,
            title: samples::with_reference(&reference::clean(text), "0000000000000001", usize::from(*pick)),
            text: samples::with_reference(&reference::clean(text), "0000000000000002", usize::from(*pick / 3)),
            ..JsonSection::default()
        });
        let written = JsonDocument { sections: sections.collect(), model, ..JsonDocument::default() };
        let value = written.to_value();
        let read = read(text(&value).as_bytes(), "x.json").map_err(|refusal| TestCaseError::fail(format!("{refusal:?}")))?;
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(order(&read.model), order(&written.model));
        prop_assert_eq!(validator::complaint(&schema(), &value), None);
    }

    #[test]
    fn damage_is_refused_and_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut damaged = bytes(&document(samples::full()));
        let at = at.index(damaged.len());
        damaged[at] = byte;
        if let Err(refusal) = read(&damaged, "shop.json") {
            prop_assert!(refusal.place.is_some_and(|place| place.starts_with("shop.json")));
        }
    }
}

#[test]
fn a_record_says_all_that_is_stored_and_what_follows() {
    let model = samples::full();
    let index = Index::new(&model);
    let element = record(model.get(&samples::id(Collection::Elements, 1)).unwrap(), &index);
    assert_eq!(element["path"], "elements.words-of-elements-name-1");
    assert_eq!(element["label"], "Words of elements name 1");
    assert_eq!(element["dependencies"], json!([samples::id(Collection::Elements, 1)]));
    let step = record(model.get(&samples::id(Collection::Steps, 2)).unwrap(), &index);
    assert!(step["path"].as_str().unwrap().starts_with("flows.words-of-flows-name-1.steps."), "{step}");
    for one in model.all() {
        let value = record(one, &index);
        for field in one.fields.keys() {
            assert!(value.get(field).is_some(), "{}.{field}", one.collection.name());
        }
        assert!(one.collection.table().fields.iter().all(|field| {
            !["id", "deleted", "collection", "conflicts", "slug", "path", "label", "order"].contains(&field.name)
        }));
    }
}

fn refused(change: impl FnOnce(&mut Json)) -> (String, String) {
    let mut value = document(samples::full()).to_value();
    change(&mut value);
    let refusal = read(text(&value).as_bytes(), "a.json").unwrap_err();
    assert!(!refusal.advice.is_empty());
    (refusal.place.unwrap(), refusal.message)
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let place = |change: fn(&mut Json)| refused(change).0;
    assert_eq!(place(|json| json["elements"][1]["colour"] = json!("red")), "a.json#/elements/1/colour");
    assert_eq!(place(|json| json["a/b~c"] = json!(1)), "a.json#/a~1b~0c");
    assert_eq!(place(|json| json["elements"][0]["kind"] = json!("spaceship")), "a.json#/elements/0/kind");
    assert_eq!(place(|json| json["elements"][0]["tags"] = json!("a, b")), "a.json#/elements/0/tags");
    assert_eq!(place(|json| json["elements"][0]["tags"][0] = json!(7)), "a.json#/elements/0/tags/0");
    assert_eq!(place(|json| json["elements"][0]["name"] = json!("")), "a.json#/elements/0");
    assert_eq!(place(|json| json["elements"][1]["id"] = json["elements"][0]["id"].clone()), "a.json#/elements/1/id");
    assert_eq!(place(|json| json["relationships"][0]["from"] = json!("Shop")), "a.json#/relationships/0/from");
    assert_eq!(place(|json| json["nodes"][0]["count"] = json!(5_000_000_000_u64)), "a.json#/nodes/0/count");
    assert_eq!(place(|json| json["decisions"][0]["date"] = json!("24.11.2026")), "a.json#/decisions/0/date");
    assert_eq!(place(|json| json["sections"][1]["parent"] = json!("s9")), "a.json#/sections/1/parent");
    assert_eq!(place(|json| json["sections"][1]["level"] = json!(7)), "a.json#/sections/1/level");
    assert_eq!(place(|json| json["sections"][1]["source"][1]["id"] = json!("x")), "a.json#/sections/1/source/1/id");
    assert_eq!(place(|json| json["version"] = json!(3)), "a.json#/version");
    assert_eq!(place(|json| json["format"] = json!("other")), "a.json#/format");
    assert_eq!(place(|json| json["trash"] = json!([{ "id": "1" }])), "a.json#/trash/0");
    assert_eq!(place(|json| json["elements"][0]["deleted"] = json!(true)), "a.json#/elements/0/deleted");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let (place, message) = refused(|json| json["sections"][1]["text"] = json!("**Uses**: something else"));
    assert_eq!((place.as_str(), message.contains("source")), ("a.json#/sections/1/text", true));
    let (place, message) = refused(|json| json["elements"][0]["dependencies"] = json!([]));
    assert_eq!((place.as_str(), message.contains("relationships")), ("a.json#/elements/0/dependencies", true));
    let decision = samples::id(Collection::Decisions, 1);
    let (place, message) = refused(|json| json["relationships"][0]["to"] = json!(decision));
    assert_eq!((place.as_str(), message.contains("decision")), ("a.json#/relationships/0/to", true));
}

#[test]
fn syntax_is_refused_with_line_and_column() {
    let refusal = |text: &str| read(text.as_bytes(), "a.json").unwrap_err();
    assert_eq!(refusal("{\n  \"format\": x\n}").place.as_deref(), Some("a.json:2:13"));
    assert!(refusal("{\"a\": 1,\n\"a\": 2}").message.contains("`a` is there twice"));
    assert!(refusal(&"[".repeat(100_000)).message.contains("deeper"));
    assert!(refusal("").place.is_some());
    assert!(refusal("[] x").place.is_some());
    let big = vec![b' '; LIMIT + 1];
    assert_eq!(read(&big, "a.json").unwrap_err().kind, RefusalKind::TooLarge);
}

#[test]
fn the_first_version_is_read() {
    let old = json!({
        "format": "drystone-document", "version": 1, "id": "1", "title": "Old", "slug": "old", "template": "compact",
        "created": "2026-01-01T00:00:00Z", "updated": "2026-01-02T00:00:00Z",
        "sections": [{ "id": "a", "parent": null, "level": 1, "title": "Old", "key": null, "path": "sections.old", "text": "x" }],
    });
    let document = read(old.to_string().as_bytes(), "old.json").unwrap();
    assert_eq!((document.sections.len(), document.model.len()), (1, 0));
    assert_eq!(document.created.as_deref(), Some("2026-01-01T00:00:00Z"));
    let mut mixed = old;
    mixed["elements"] = json!([]);
    assert!(read(mixed.to_string().as_bytes(), "old.json").is_err(), "version 1 had no elements");
}

#[test]
fn a_file_written_by_hand_needs_little() {
    let small = json!({
        "format": "drystone-document", "version": 2, "title": "Small", "sections": [],
        "elements": [
            { "id": "b", "name": "Web", "kind": "Web Client" },
            { "id": "a", "name": "Store", "kind": "db", "properties": { "port": "5432" } },
        ],
        "decisions": [{ "id": "c", "title": "Use it" }],
    });
    let document = read(small.to_string().as_bytes(), "small.json").unwrap();
    let names: Vec<String> = document.model.list(Collection::Elements).map(Record::label).collect();
    assert_eq!(names, ["Web", "Store"], "as they are listed");
    assert_eq!(document.model.get("a").unwrap().text("kind"), "database");
}

#[test]
fn what_is_in_the_trash_stays_there() {
    let mut model = samples::full();
    let mut flow = model.get(&samples::id(Collection::Flows, 1)).unwrap().clone();
    flow.deleted = true;
    model.put(flow);
    let written = document(model);
    let value = written.to_value();
    assert_eq!(value["trash"].as_array().unwrap().len(), 3, "the flow and its two steps");
    assert_eq!(value["steps"], json!([]));
    assert_eq!(read(&bytes(&written), "a.json").unwrap(), written);
}

#[test]
fn the_schema_fits_what_is_written_and_nothing_else() {
    let schema = schema();
    let value = document(samples::full()).to_value();
    assert_eq!(validator::complaint(&schema, &value), None);
    let wrong: [fn(&mut Json); 8] = [
        |json| json["elements"][0]["colour"] = json!("red"),
        |json| json["elements"][0]["kind"] = json!("spaceship"),
        |json| json["elements"][0]["tags"] = json!("a"),
        |json| json["elements"][0]["id"] = json!("ä"),
        |json| json["version"] = json!(1),
        |json| json["sections"][0]["level"] = json!(7),
        |json| json["steps"][0].as_object_mut().map(|step| step.remove("flow")).map_or((), drop),
        |json| json["sections"][1]["source"] = json!([1]),
    ];
    for (at, change) in wrong.iter().enumerate() {
        let mut value = value.clone();
        change(&mut value);
        assert!(validator::complaint(&schema, &value).is_some(), "change {at}");
    }
    for collection in COLLECTIONS {
        let properties = &schema["$defs"][collection.name()]["properties"];
        for field in collection.table().fields.iter().filter(|field| !field.secret) {
            assert_eq!(properties[field.name]["title"], field.title);
        }
    }
}

#[test]
fn the_text_is_sorted_for_people() {
    let text = text(&document(samples::full()).to_value());
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}"));
    assert!(at("\"format\"") < at("\"title\": \"Shop\"") && at("\"sections\"") < at("\"elements\""));
    assert!(at("\"elements\": [") < at("\"relationships\": [\n    {") && at("\"suppressions\"") < at("\"trash\""));
    assert!(serde_json::from_str::<Json>(&schema_text()).unwrap() == schema() && schema_text().ends_with("}\n"));
}

/// As much of JSON Schema as the schema uses.
mod validator {
    use serde_json::Value as Json;

    /// What is wrong with a value, if anything is.
    pub fn complaint(schema: &Json, value: &Json) -> Option<String> {
        Validator { root: schema }.check(schema, value, "")
    }

    struct Validator<'a> {
        root: &'a Json,
    }

    impl Validator<'_> {
        fn check(&self, schema: &Json, value: &Json, at: &str) -> Option<String> {
            let known = [
                "$schema",
                "$id",
                "$ref",
                "$defs",
                "title",
                "description",
                "readOnly",
                "format",
                "type",
                "properties",
                "required",
                "additionalProperties",
                "items",
                "enum",
                "const",
                "anyOf",
                "pattern",
                "minimum",
                "maximum",
                "minLength",
                "uniqueItems",
            ];
            let keywords = schema.as_object().unwrap();
            assert!(keywords.keys().all(|name| known.contains(&name.as_str())), "{schema}");
            let target = keywords.get("$ref").map(|target| {
                let pointer = target.as_str().unwrap().strip_prefix('#').unwrap();
                self.root.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"))
            });
            target
                .and_then(|target| self.check(target, value, at))
                .or_else(|| self.flat(schema, value).map(|what| format!("{at}: {what}")))
                .or_else(|| self.inside(schema, value, at))
        }

        fn flat(&self, schema: &Json, value: &Json) -> Option<String> {
            let is = |name: &str| match name {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                "boolean" => value.is_boolean(),
                "null" => value.is_null(),
                other => panic!("unknown type {other}"),
            };
            let typed = match schema.get("type") {
                Some(Json::Array(names)) => names.iter().any(|name| is(name.as_str().unwrap())),
                Some(name) => is(name.as_str().unwrap()),
                None => true,
            };
            let constant = schema.get("const").is_none_or(|constant| constant == value);
            let among = schema.get("enum").is_none_or(|list| list.as_array().unwrap().contains(value));
            let low = schema.get("minimum").is_none_or(|low| value.as_i64() >= low.as_i64());
            let high = schema.get("maximum").is_none_or(|high| value.as_i64() <= high.as_i64());
            let long = schema.get("minLength").is_none_or(|_| value != "");
            let text = value.as_str().unwrap_or_default();
            let pattern = match schema.get("pattern").map(|pattern| pattern.as_str().unwrap()) {
                None => true,
                Some("^[0-9a-f]{1,32}$") => {
                    (1..=32).contains(&text.len()) && text.bytes().all(|b| b"0123456789abcdef".contains(&b))
                }
                Some(_) => text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-'),
            };
            let unique = schema.get("uniqueItems").is_none_or(|_| {
                let mut seen = std::collections::HashSet::new();
                value.as_array().is_none_or(|list| list.iter().all(|item| seen.insert(item.to_string())))
            });
            let fits = typed && constant && among && low && high && long && pattern && unique;
            (!fits).then(|| format!("{value} does not fit {schema}"))
        }

        fn inside(&self, schema: &Json, value: &Json, at: &str) -> Option<String> {
            if let Some(choices) = schema.get("anyOf").and_then(Json::as_array)
                && choices.iter().all(|choice| self.check(choice, value, at).is_some())
            {
                return Some(format!("{at}: {value} is none of the choices"));
            }
            if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
                let mut checked = list.iter().enumerate();
                return checked.find_map(|(index, item)| self.check(items, item, &format!("{at}/{index}")));
            }
            let object = value.as_object()?;
            for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
                if !object.contains_key(name.as_str().unwrap()) {
                    return Some(format!("{at}: {name} is missing"));
                }
            }
            object.iter().find_map(|(name, item)| {
                let at = format!("{at}/{name}");
                match (schema.get("properties").and_then(|all| all.get(name)), schema.get("additionalProperties")) {
                    (Some(property), _) => self.check(property, item, &at),
                    (None, Some(Json::Bool(false))) => Some(format!("{at}: unknown")),
                    (None, Some(other)) => self.check(other, item, &at),
                    (None, None) => None,
                }
            })
        }
    }
}
