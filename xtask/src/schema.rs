//! Loads the two schema files and assembles the [`Model`].

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::model::{Event, Inline, Key, Kind, Method, Model, Origin, Role, Scope, Ty};
use crate::names;
use crate::reader::{Reader, find_tags, flag};
use crate::union::{self, SINCE, Source, UNTIL};

type Result<T> = std::result::Result<T, String>;

/// Properties that the newest schema requires but older runtimes, from 1.0.67 on, do not send.
const NOT_SENT_BY_OLDER: &[(&str, &str)] = &[
    ("AcceptedEnqueueCommandResult", "queueId"),
    ("McpOauthRespondResult", "success"),
    ("QueuePendingItems", "agentMode"),
    ("QueuePendingItems", "id"),
];

/// Properties that the schema requires but the runtime it came with leaves out at times.
const NOT_ALWAYS_SENT: &[(&str, &str)] = &[("BuiltinToolInputSchema", "type")];

/// Properties that the runtime sends as null although the schema does not allow it.
const SENT_AS_NULL: &[(&str, &str)] = &[("BuiltinToolDescriptor", "hasSummariseIntention")];

fn relax(model: &mut Model) {
    for def in model.types.values_mut().filter(|def| def.key.origin == Origin::Api) {
        let Kind::Struct { fields, .. } = &mut def.kind else { continue };
        for field in fields {
            let place = (def.key.name.as_str(), field.wire.as_str());
            if NOT_SENT_BY_OLDER.contains(&place) || NOT_ALWAYS_SENT.contains(&place) {
                field.required = false;
            }
            if SENT_AS_NULL.contains(&place) {
                field.ty = field.ty.clone().nullable();
            }
        }
    }
}

/// Brand spelling: definition names, references and titles say `GitHub`; wire values stay as they are.
fn brand(value: &mut Value, naming: bool) {
    match value {
        Value::String(text) if naming => *text = text.replace("Github", "GitHub"),
        Value::Array(list) => list.iter_mut().for_each(|v| brand(v, false)),
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                brand(inner, matches!(key.as_str(), "$ref" | "title") && inner.is_string());
            }
        }
        _ => {}
    }
}

fn load(dir: &Path, file: &str) -> Result<Value> {
    let path = dir.join(file);
    let text = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut root: Value = serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    brand(&mut root, false);
    let definitions = root["definitions"].as_object_mut().ok_or("no definitions")?;
    let renamed: Map<String, Value> =
        std::mem::take(definitions).into_iter().map(|(k, v)| (k.replace("Github", "GitHub"), v)).collect();
    *definitions = renamed;
    Ok(root)
}

/// What older runtimes know and the schema no longer has: names, members and methods as the packages for those runtimes
/// (1.0.0 to 1.0.9 of the official SDK) use them.
const RETIRED: &str = include_str!("../schemas/retired.json");

/// Adds what is retired, unless the schema has it.
fn add_retired(api: &mut Value) -> Result<()> {
    fn add(to: &mut Value, from: Value) {
        let (Value::Object(to), Value::Object(from)) = (to, from) else { return };
        for (key, value) in from {
            match to.get_mut(&key) {
                // Definitions and methods are whole: they have a type or a name.
                Some(there) if there.get("type").is_none() && there.get("rpcMethod").is_none() => {
                    add(there, value)
                }
                Some(_) => {}
                None => drop(to.insert(key, value)),
            }
        }
    }
    let retired = serde_json::from_str(RETIRED).map_err(|e| format!("retired.json: {e}"))?;
    add(api, retired);
    Ok(())
}

/// A folder with the two schema files of a runtime, or a file of our own with what was observed of a release whose runtime
/// has no schemas; see `xtask/schemas/facts.py`. Facts without a runtime are of older ones.
pub struct Folder {
    pub runtime: String,
    pub path: PathBuf,
}

const API: &str = "api.schema.json";
const EVENTS: &str = "session-events.schema.json";

/// The union of all schemas.
pub struct Schemas {
    api: Value,
    events: Value,
}

impl Schemas {
    /// Writes the two files, as a runtime's package has them.
    pub fn write(&self, folder: &Path) -> Result<()> {
        for (file, schema) in [(API, &self.api), (EVENTS, &self.events)] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            fs::write(folder.join(file), schema.to_string()).map_err(|e| format!("{file}: {e}"))?;
        }
        Ok(())
    }
}

/// Lays the schemas of all folders, oldest first, and what is known beyond them over each other.
pub fn load_all(folders: &[Folder], facts: &[Folder], known: &[Folder]) -> Result<Schemas> {
    let mut api = load_union(folders, facts, "api", API)?;
    add_retired(&mut api)?;
    for Folder { runtime, path } in known {
        let text = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let names: Vec<String> =
            serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        union::known_since(&mut api, runtime, &names);
    }
    Ok(Schemas { api, events: load_union(folders, facts, "events", EVENTS)? })
}

fn load_union(folders: &[Folder], facts: &[Folder], part: &str, file: &str) -> Result<Value> {
    let mut sources = Vec::new();
    for Folder { runtime, path } in folders {
        sources.push(Source { runtime, schema: load(path, file)?, partial: false });
    }
    for Folder { runtime, path } in facts {
        let text = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut all: Value = serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        sources.push(Source { runtime, schema: all[part].take(), partial: true });
    }
    Ok(union::union(sources))
}

/// Reads both schemas.
pub fn read(schemas: &Schemas) -> Result<Model> {
    let Schemas { api, events } = schemas;
    let api_definitions = api["definitions"].as_object().ok_or("no definitions")?;
    let event_definitions = events["definitions"].as_object().ok_or("no definitions")?;
    let mut model = Model::default();

    let mut reader = Reader::new(Origin::Events, event_definitions);
    reader.read_all();
    model.types.append(&mut reader.types);

    let mut reader = Reader::new(Origin::Api, api_definitions);
    reader.read_all();
    for scope in Scope::ALL {
        collect_methods(&mut model, &mut reader, scope, &api[scope.schema_key()], &mut Vec::new())?;
    }
    model.types.append(&mut reader.types);
    find_tags(&mut model.types);
    collect_events(&mut model, event_definitions)?;
    share(&mut model, api_definitions, event_definitions);
    spread_nullability(&mut model);
    relax(&mut model);
    model.methods.sort_by(|a, b| (a.scope, &a.wire).cmp(&(b.scope, &b.wire)));
    Ok(model)
}

fn collect_methods(
    model: &mut Model,
    reader: &mut Reader<'_>,
    scope: Scope,
    node: &Value,
    path: &mut Vec<String>,
) -> Result<()> {
    for (name, child) in node.as_object().ok_or("a namespace is not an object")? {
        path.push(name.clone());
        if child.get("rpcMethod").is_some() {
            let method = read_method(model, reader, scope, child, path)?;
            model.methods.push(method);
        } else {
            collect_methods(model, reader, scope, child, path)?;
        }
        path.pop();
    }
    Ok(())
}

fn text(node: &Value, key: &str) -> Option<String> {
    node.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn read_method(
    model: &mut Model,
    reader: &mut Reader<'_>,
    scope: Scope,
    node: &Value,
    path: &[String],
) -> Result<Method> {
    let wire = node["rpcMethod"].as_str().ok_or("a method without a name")?.to_owned();
    let map = node.as_object().ok_or("a method is not an object")?;
    let (params, params_optional) = read_params(model, reader, scope, &wire, &node["params"]);
    let title = node["result"]["title"].as_str().map(str::to_owned);
    let own_name = title.unwrap_or_else(|| format!("{}Result", names::pascal(&wire)));
    let mut result = match node["result"].as_object() {
        Some(result) => reader.result(&own_name, result),
        None => Ty::Null,
    };
    if let Ty::Ref(key) = &result
        && let Some(def) = reader.types.get(key)
        && (def.nullable || def.optional)
    {
        result = result.nullable();
    }
    let named = matches!(&result, Ty::Ref(_) | Ty::Null | Ty::Nullable(_));
    Ok(Method {
        scope,
        wire,
        path: path.to_vec(),
        params,
        params_optional,
        result_name: (!named).then_some(own_name),
        result,
        notification: node["notification"].as_bool() == Some(true),
        internal: flag(map, "visibility", "internal"),
        deprecated: node["deprecated"].as_bool() == Some(true),
        experimental: flag(map, "stability", "experimental"),
        since: text(node, SINCE),
        until: text(node, UNTIL),
    })
}

/// Session methods carry the session id apart from their parameters, so it is taken out of the class;
/// in calls from the runtime it stays.
fn read_params(
    model: &mut Model,
    reader: &mut Reader<'_>,
    scope: Scope,
    wire: &str,
    node: &Value,
) -> (Option<Key>, bool) {
    let Some(map) = node.as_object() else { return (None, false) };
    let own_name = format!("{}Request", names::pascal(wire));
    if let Some(target) = map.get("$ref").and_then(Value::as_str) {
        let key = Key::new(Origin::Api, target.trim_start_matches("#/definitions/"));
        let optional = reader.types.get(&key).is_some_and(|def| def.optional);
        return (Some(key), optional);
    }
    let wrapped = map.get("anyOf").and_then(Value::as_array);
    let optional = wrapped.is_some();
    let mut body = match wrapped {
        Some(list) => {
            list.iter().filter_map(Value::as_object).find(|m| m.contains_key("properties")).cloned()
        }
        None => Some(map.clone()),
    }
    .unwrap_or_default();
    if scope == Scope::Session {
        strip_session_id(&mut body);
        if body.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty) {
            return (None, false);
        }
    }
    let title = map.get("title").and_then(Value::as_str).unwrap_or(&own_name).to_owned();
    let key = Key::new(Origin::Api, title.clone());
    if optional && title != own_name {
        model.param_aliases.insert(own_name, key.clone());
    }
    let known = reader.types.contains_key(&key);
    if !known || scope == Scope::ClientSession {
        let inline = Inline { parent: String::new(), prop: String::new(), role: Role::MethodParams };
        let internal = reader.types.get(&key).is_some_and(|def| def.internal);
        reader.read_definition(&title, &body, (!known).then_some(inline));
        if let Some(def) = reader.types.get_mut(&key) {
            def.internal |= internal || flag(map, "visibility", "internal");
        }
    }
    (Some(key), optional)
}

fn strip_session_id(body: &mut Map<String, Value>) {
    if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
        properties.shift_remove("sessionId");
    }
    if let Some(required) = body.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "sessionId");
    }
}

fn collect_events(model: &mut Model, definitions: &Map<String, Value>) -> Result<()> {
    let root = Key::new(Origin::Events, "SessionEvent");
    let Kind::Union { variants, tag: Some(tag) } = &model.get(&root).kind else {
        return Err("SessionEvent is not a union told apart by one property".into());
    };
    let mut out = Vec::new();
    for (variant, constant) in variants.iter().zip(&tag.values) {
        let Ty::Ref(key) = variant else { return Err("an event without a definition".into()) };
        let def = model.get(key);
        let data = def.fields().iter().find(|f| f.wire == "data").ok_or("an event without data")?;
        let Ty::Ref(data_key) = &data.ty else { return Err("event data without a definition".into()) };
        let node = &definitions[&key.name];
        let (since, until) = (text(node, SINCE), text(node, UNTIL));
        out.push(Event { wire: constant.text(), key: key.clone(), data: data_key.clone(), since, until });
    }
    model.events = out;
    Ok(())
}

fn without_prose(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(k, _)| {
                    !matches!(k.as_str(), "description" | "x-enumDescriptions" | "markdownDescription")
                })
                .map(|(k, v)| (k.clone(), without_prose(v)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_prose).collect()),
        other => other.clone(),
    }
}

/// Definitions that say the same in both files belong to the events; the API refers to them there.
fn share(model: &mut Model, api: &Map<String, Value>, events: &Map<String, Value>) {
    let mut same: BTreeSet<String> = api
        .iter()
        .filter(|(name, node)| events.get(*name).is_some_and(|e| without_prose(e) == without_prose(node)))
        .map(|(name, _)| name.clone())
        .collect();
    let reachable = model.closure([&Key::new(Origin::Events, "SessionEvent")]);
    // Event data has two names in Python, so the API keeps its own copy.
    same.retain(|name| !model.events.iter().any(|e| e.data.name == *name));
    same.retain(|name| reachable.contains(&Key::new(Origin::Events, name.clone())));
    loop {
        let before = same.len();
        let keep: BTreeSet<String> = same
            .iter()
            .filter(|name| {
                let mut all = true;
                model.get(&Key::new(Origin::Api, (*name).clone())).visit_refs(&mut |k| {
                    all &= k.origin == Origin::Events || same.contains(&k.name);
                });
                all
            })
            .cloned()
            .collect();
        same = keep;
        if same.len() == before {
            break;
        }
    }
    let target = |key: &Key| {
        let shared = key.origin == Origin::Api && same.contains(&key.name);
        Ty::Ref(if shared { Key::new(Origin::Events, key.name.clone()) } else { key.clone() })
    };
    model.types.retain(|key, _| !(key.origin == Origin::Api && same.contains(&key.name)));
    model.types.values_mut().for_each(|def| def.map_refs(&target));
    for method in &mut model.methods {
        method.result.map_refs(&target);
    }
    model.shared = same;
}

/// A reference to a definition that allows null allows null itself.
fn spread_nullability(model: &mut Model) {
    let nullable: BTreeSet<Key> =
        model.types.values().filter(|d| d.nullable).map(|d| d.key.clone()).collect();
    let target = |key: &Key| {
        let ty = Ty::Ref(key.clone());
        if nullable.contains(key) { ty.nullable() } else { ty }
    };
    model.types.values_mut().for_each(|def| def.map_refs(&target));
}
