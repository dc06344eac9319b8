use super::*;

fn of(text: &str, source: Option<Source>) -> String {
    let all = import(text.as_bytes(), source).unwrap();
    all.iter().map(|(name, new)| new.to_text(name)).collect()
}

#[test]
fn an_example_says_what_must_be_set() {
    let text = "\
# The address of the database.
# With the port.
DATABASE_URL=
PORT=8080 # the port

API_TOKEN=\"canary\"
# DEBUG=false
export NAME='x y'
# This is no entry: a=b
SECRET_KEY_BASE=changeme
HOME_URL=${BASE}/x
";
    assert_eq!(
        of(text, None),
        "\
[properties.\"API_TOKEN\"]
required = true
secret = true
[properties.\"DATABASE_URL\"]
description = \"The address of the database. With the port.\"
required = true
[properties.\"DEBUG\"]
type = \"bool\"
default = \"false\"
[properties.\"HOME_URL\"]
required = true
[properties.\"NAME\"]
default = \"x y\"
[properties.\"PORT\"]
type = \"int\"
default = \"8080\"
[properties.\"SECRET_KEY_BASE\"]
description = \"This is no entry: a=b\"
required = true
secret = true
"
    );
}

#[test]
fn spring_says_what_it_has() {
    let text = r#"{"groups": [], "properties": [
        {"name": "server.port", "type": "java.lang.Integer", "defaultValue": 8080, "description": "Server HTTP port."},
        {"name": "spring.datasource.password", "type": "java.lang.String", "defaultValue": "canary"},
        {"name": "a.timeout", "type": "java.time.Duration", "defaultValue": "30s", "deprecation": {}}
    ]}"#;
    assert_eq!(
        of(text, None),
        "\
[properties.\"a.timeout\"]
description = \"Deprecated.\"
type = \"duration\"
default = \"30s\"
[properties.\"server.port\"]
description = \"Server HTTP port.\"
type = \"port\"
default = \"8080\"
[properties.\"spring.datasource.password\"]
secret = true
"
    );
}

#[test]
fn a_json_schema_says_what_it_has() {
    let text = r#"{"type": "object", "required": ["db"], "properties": {
        "db": {"type": "object", "required": ["url"], "properties": {
            "url": {"type": "string", "format": "uri"},
            "password": {"type": "string", "writeOnly": true, "minLength": 12, "default": "canary"}
        }},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80},
        "level": {"enum": ["debug", "info"], "default": "info"},
        "ratio": {"type": ["number", "null"], "minimum": 0.5},
        "id": {"type": "string", "pattern": "^[a-z]+$"},
        "odd": {"type": "integer", "default": "many"}
    }}"#;
    assert_eq!(
        of(text, None),
        "\
[properties.\"db.password\"]
min_length = 12
secret = true
[properties.\"db.url\"]
type = \"url\"
required = true
[properties.\"id\"]
pattern = \"[a-z]+\"
[properties.\"level\"]
type = \"enum\"
values = [\"debug\", \"info\"]
default = \"info\"
[properties.\"odd\"]
type = \"int\"
[properties.\"port\"]
type = \"port\"
default = \"80\"
[properties.\"ratio\"]
type = \"number\"
min = \"0.5\"
"
    );
}

#[test]
fn what_is_none_of_these_is_refused() {
    assert_eq!(import(b"{", None), Err(ImportError::NotJson(1)));
    assert_eq!(import(b"\xff", None), Err(ImportError::NotText));
    assert_eq!(import(b"{}", None), Err(ImportError::NoProperties("JSON Schema")));
    assert!(import(b"{\"properties\": {}}", Some(Source::Spring)).is_err());
}
