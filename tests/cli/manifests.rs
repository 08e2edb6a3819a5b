//! What runs rolo in a cluster or a container, held against the published schemas and against the program.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser as _;
use rolo::cli::CommandLine;
use rolo::config::Config;
use rolo::services;
use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The documents of a YAML file, anchors followed and `<<` merged.
fn documents(path: &str) -> Vec<Value> {
    YamlLoader::load_from_str(&read(path)).unwrap().iter().map(value).collect()
}

fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => json!(text),
        Yaml::Integer(number) => json!(number),
        Yaml::Boolean(flag) => json!(flag),
        Yaml::Real(text) => json!(text.parse::<f64>().unwrap()),
        Yaml::Null => Value::Null,
        Yaml::Array(items) => items.iter().map(value).collect(),
        Yaml::Hash(pairs) => {
            let mut object = Map::new();
            for (key, inner) in pairs {
                match key.as_str().unwrap() {
                    "<<" => object.extend(value(inner).as_object().unwrap().clone()),
                    key => drop(object.insert(key.to_owned(), value(inner))),
                }
            }
            Value::Object(object)
        }
        Yaml::Alias(_) | Yaml::BadValue => panic!("not YAML"),
    }
}

/// All that stands in Kubernetes' manifests.
fn manifests() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/kubernetes");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files.iter().flat_map(|file| documents(&format!("packaging/kubernetes/{}", file.to_str().unwrap()))).collect()
}

/// The published schemas: of Kubernetes 1.37, strict, by way of the package kubernetes-validate of PyPI (both under
/// the Apache License 2.0), as far as these kinds reach and without their descriptions.
fn schemas() -> Value {
    serde_json::from_str(&read("tests/fixtures/kubernetes-1.37.json")).unwrap()
}

const KINDS: [(&str, &str, &str); 6] = [
    ("v1", "Namespace", "io.k8s.api.core.v1.Namespace"),
    ("v1", "ConfigMap", "io.k8s.api.core.v1.ConfigMap"),
    ("v1", "Secret", "io.k8s.api.core.v1.Secret"),
    ("apps/v1", "Deployment", "io.k8s.api.apps.v1.Deployment"),
    ("batch/v1", "Job", "io.k8s.api.batch.v1.Job"),
    ("policy/v1", "PodDisruptionBudget", "io.k8s.api.policy.v1.PodDisruptionBudget"),
];

/// What is wrong with a manifest, by its schema.
fn wrong(manifest: &Value) -> Vec<String> {
    let named = |key: &str| manifest[key].as_str().unwrap_or_default();
    let kind = KINDS.iter().find(|(version, kind, _)| *version == named("apiVersion") && *kind == named("kind"));
    let Some((.., schema)) = kind else { return vec![format!("no such kind: {}", manifest["kind"])] };
    let schemas = schemas();
    let mut found = Vec::new();
    check(manifest, &schemas[schema], &schemas, named("kind"), &mut found);
    found
}

/// As much of JSON Schema as those use.
fn check(value: &Value, schema: &Value, all: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        assert!(all[name].is_object(), "{name}");
        return check(value, &all[name], all, at, found);
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        let fits = ways.iter().filter(|way| {
            let mut here = Vec::new();
            check(value, way, all, at, &mut here);
            here.is_empty()
        });
        if fits.count() != 1 {
            found.push(format!("{at} is of no kind that it may be"));
        }
        return;
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("what is {other}?"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        found.push(format!("{at} is no {}", types.join(" or ")));
    }
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        found.push(format!("{at} may not be {value}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], all, &format!("{at}[{index}]"), found);
    }
    let Some(object) = value.as_object() else { return };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|key| !object.contains_key(*key)).map(|key| format!("{at} has no {key}")));
    for (key, inner) in object {
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{at} may have no {key}")),
            (Value::Null, others) => check(inner, others, all, &format!("{at}.{key}"), found),
            (own, _) => check(inner, own, all, &format!("{at}.{key}"), found),
        }
    }
}

#[test]
fn the_manifests_are_as_the_published_schemas_have_it() {
    let all = manifests();
    for manifest in &all {
        assert_eq!(wrong(manifest), Vec::<String>::new());
    }
    let there: BTreeSet<&str> = all.iter().filter_map(|manifest| manifest["kind"].as_str()).collect();
    assert_eq!(there.len(), KINDS.len(), "{there:?}");
    // And what is wrong is seen.
    let deployment = all.iter().find(|manifest| manifest["kind"] == "Deployment").unwrap();
    for (pointer, with, told) in [
        ("/spec/replicas", json!("two"), "Deployment.spec.replicas is no integer or null"),
        ("/spec/template/spec/containers/0/image", json!(7), "containers[0].image is no string"),
        ("/spec/template/spec/volumes/0", json!({"name": "a", "secert": {}}), "may have no secert"),
        ("/spec/template/spec/containers/0", json!({"image": "a"}), "containers[0] has no name"),
        ("/spec/template/spec/containers/0/readinessProbe/httpGet/port", json!(true), "is of no kind"),
        ("/kind", json!("Deploiment"), "no such kind"),
    ] {
        let mut other = deployment.clone();
        *other.pointer_mut(pointer).unwrap() = with;
        let found = wrong(&other).join("\n");
        assert!(found.contains(told), "{pointer}: {found}");
    }
}

/// The containers of a manifest, with the pod that they are in.
fn containers(manifest: &Value) -> Vec<(&Value, &Value)> {
    let pod = &manifest["spec"]["template"]["spec"];
    pod["containers"].as_array().into_iter().flatten().map(|container| (pod, container)).collect()
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is_command(words: &[&str]) {
    let line = std::iter::once("rolo").chain(words.iter().copied());
    CommandLine::try_parse_from(line).unwrap_or_else(|error| panic!("{words:?}: {error}"));
}

#[test]
fn what_the_manifests_run_is_a_command_as_nobody_that_writes_nowhere_but_in_its_state() {
    let all = manifests();
    let secrets: BTreeSet<&str> = all
        .iter()
        .filter(|manifest| manifest["kind"] == "Secret")
        .filter_map(|secret| secret["metadata"]["name"].as_str())
        .collect();
    let mut seen = 0;
    for (pod, container) in all.iter().flat_map(containers) {
        seen += 1;
        is_command(&words(&container["args"]));
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
        let volumes = pod["volumes"].as_array().unwrap();
        for mount in container["volumeMounts"].as_array().unwrap() {
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
            let is_state = mount["mountPath"] == "/state" && volume["emptyDir"].is_object();
            assert!(is_state || mount["readOnly"] == true, "{mount}");
            if let Some(name) = volume["secret"]["secretName"].as_str() {
                assert!(secrets.contains(name), "{name}");
            }
        }
        let metrics = container["readinessProbe"]["httpGet"]["path"] == "/healthz";
        assert_eq!(metrics, words(&container["args"]).contains(&"--metrics"));
    }
    assert_eq!(seen, 2);
    let config = all.iter().find_map(|manifest| manifest["data"]["rolo.toml"].as_str()).unwrap();
    Config::parse(config, Path::new("/config/rolo.toml"), services::ALL).unwrap();
    // What the budget keeps is what the deployment makes.
    let find = |kind: &str| all.iter().find(|manifest| manifest["kind"] == kind).unwrap();
    let (deployment, budget) = (find("Deployment"), find("PodDisruptionBudget"));
    assert_eq!(budget["spec"]["selector"], deployment["spec"]["selector"]);
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], deployment["spec"]["selector"]["matchLabels"]);
}

#[test]
fn what_is_composed_are_commands_and_services_that_there_are() {
    let composed = &documents("packaging/compose.yaml")[0];
    let services = composed["services"].as_object().unwrap();
    for (name, service) in services {
        let after: Vec<&str> = match &service["depends_on"] {
            Value::Object(others) => others.keys().map(String::as_str).collect(),
            others => words(others),
        };
        assert!(after.iter().all(|other| services.contains_key(*other)), "{name}: {after:?}");
        if service["image"] == "rolo" {
            is_command(&words(&service["command"]));
            assert!(service["read_only"] == true && service["user"] == "10001:10001", "{name}");
            let file = Path::new("packaging").join(service["build"]["context"].as_str().unwrap());
            let file = file.join(service["build"]["dockerfile"].as_str().unwrap());
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "{}", file.display());
        }
    }
}

/// Kubernetes puts each secret into a folder that a link leads to, and gives it to a group.
#[test]
fn a_secret_is_read_as_it_is_mounted() {
    let world = crate::world::World::new();
    std::fs::create_dir_all(world.path("secrets/..2026_11_28")).unwrap();
    world.write("secrets/..2026_11_28/support", "sandbox\n");
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, world.path(from)).unwrap();
    link("..2026_11_28", "secrets/..data");
    link("..data/support", "secrets/support");
    let mode = |mode| {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(world.path("secrets/..2026_11_28/support"), rights).unwrap();
    };
    let served = crate::world::Served::start(&world, "--unthrottled");
    let config = |allowed: &str| {
        world.write(
            "rolo.toml",
            &format!(
                "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ file = \"secrets/support\"{allowed} }}\nbase_url = \"{}/respondio-v1\"\n",
                served.address
            ),
        );
        world.rolo("accounts test support")
    };
    mode(0o400);
    assert_eq!(config("").code, 0);
    mode(0o444);
    let refused = config("");
    assert!(refused.code == 2 && refused.err.contains("allow_mode = \"0444\""), "{}", refused.err);
    assert_eq!(config(", allow_mode = \"0444\"").code, 0, "a mount that can be written to says what it allows");
}
