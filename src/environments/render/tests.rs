use std::collections::BTreeSet;

use super::*;
use crate::environments::environment::{Content, Environment, File};
use crate::environments::render::effective::effective;
use crate::environments::schema::Schema;

fn environment(path: &str, text: &str) -> Environment {
    let mut bytes = WipedVec::with_capacity(text.len());
    bytes.extend_from_slice(text.as_bytes());
    let format = Format::of_path(path.as_bytes()).unwrap();
    let content = Content::Open(bytes);
    Environment::read(
        "dev",
        vec![File {
            path: path.into(),
            format,
            sealed: true,
            layer: 0,
            exempt: BTreeSet::new(),
            content,
        }],
    )
}

fn rendered(path: &str, text: &str, output: &Output) -> Result<String, RenderError> {
    let environment = environment(path, text);
    let schema = Schema::parse(b"[properties.\"db.pool\"]\ndefault = 5\ntype = \"int\"\n").unwrap();
    let properties = effective(&environment, Some(&schema), false);
    render(&properties, output).map(|out| String::from_utf8(out.to_vec()).unwrap())
}

const YAML: &str = "db:\n  url: \"it's\"\n  tls: |\n    a\n    b\nport: 80\nempty:\n";

#[test]
fn each_output_says_what_the_environment_says() {
    let kubernetes = Output::Kubernetes(Manifest {
        name: "x".into(),
        namespace: Some("y".into()),
        ..Manifest::default()
    });
    for (output, expected) in [
        (Output::Env, "DB_POOL=5\nDB_TLS='a\nb\n'\nDB_URL=\"it's\"\nempty=\nport=80\n"),
        (Output::Properties, "db.pool=5\ndb.tls=a\\nb\\n\ndb.url=it's\nempty=\nport=80\n"),
        (
            Output::Json,
            "{\n  \"db\": {\n    \"pool\": 5,\n    \"tls\": \"a\\nb\\n\",\n    \"url\": \"it's\"\n  },\n  \"empty\": null,\n  \"port\": 80\n}\n",
        ),
        (
            Output::Yaml,
            "db:\n  pool: 5\n  tls: \"a\\nb\\n\"\n  url: \"it's\"\nempty: null\nport: 80\n",
        ),
        (
            kubernetes,
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"x\"\n  namespace: \"y\"\ntype: Opaque\ndata:\n  \"db.pool\": NQ==\n  \"db.tls\": YQpiCg==\n  \"db.url\": aXQncw==\n  \"empty\": \"\"\n  \"port\": ODA=\n",
        ),
    ] {
        assert_eq!(rendered("a.yaml", YAML, &output).unwrap(), expected);
    }
    assert_eq!(
        rendered("a.env", "A.B=1\n", &Output::Json).unwrap(),
        "{\n  \"A.B\": \"1\",\n  \"db.pool\": \"5\"\n}\n"
    );
}

#[test]
fn what_cannot_be_written_is_named() {
    for (path, text, output, expected) in [
        ("a.env", "A.B=1\nA_B=2\n", Output::Env, "'A.B' and 'A_B' are the same variable"),
        (
            "a.json",
            "{\n\"a b\": 1\n}\n",
            Output::Kubernetes(Manifest { name: "x".into(), ..Manifest::default() }),
            "'a b' is a name that",
        ),
    ] {
        let error = rendered(path, text, &output).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    for (path, text) in [("a.json", "{\n\"a\": [1]\n}\n"), ("a.yaml", "a:\n- 0x1\n")] {
        let list = rendered(path, text, &Output::Env).unwrap();
        assert!(list.starts_with("a='[1]'\n"), "{list}");
    }
}
