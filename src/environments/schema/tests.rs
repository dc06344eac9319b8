use super::*;

fn parse(text: &str) -> Schema {
    Schema::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn error(text: &str) -> String {
    Schema::parse(text.as_bytes())
        .err()
        .unwrap_or_else(|| panic!("it is taken: {text}"))
        .to_string()
}

#[test]
fn a_schema_says_what_its_tables_say() {
    let schema = parse(
        r#"
release = "2.4"
ignore = ["*.json"]
schema = "../shop/config.shroud.toml"
environments = ["dev", "prod"]

[properties."db.url"]
required = true
type = "url"
secret = true
distinct = true
description = "Where it is."

[properties.timeout]
default = "30s"
type = "duration"
explicit = ["prod"]
since = "2.1"

[properties.old]
removed = 2.5

[properties.level]
values = ["debug", "info"]
pattern = "[a-z]+"
"#,
    );
    assert_eq!(schema.release, Some("2.4".parse().unwrap()));
    assert_eq!(schema.files.ignore, ["*.json"]);
    assert_eq!(schema.schema.as_deref(), Some("../shop/config.shroud.toml"));
    let names: Vec<_> =
        schema.environments.iter().map(|one| (one.name.as_str(), one.paths.join(","))).collect();
    assert_eq!(
        names,
        [("dev", "environments/dev".to_owned()), ("prod", "environments/prod".to_owned())]
    );
    let url = &schema.properties["db.url"];
    assert_eq!((url.absence.clone(), url.line), (Absence::Missing, 7));
    assert!(url.secret && url.distinct && url.kind == Type::Url);
    let timeout = &schema.properties["timeout"];
    assert_eq!(timeout.default(), Some("30s"));
    assert!(timeout.must_be_set("prod", None) && !timeout.must_be_set("dev", None));
    assert!(!timeout.must_be_set("prod", Some(&"2.0".parse().unwrap())));
    assert_eq!(schema.properties["old"].removed, Some("2.5".parse().unwrap()));
    let level = &schema.properties["level"];
    assert_eq!(level.refuse("info"), None);
    assert_eq!(level.refuse("canary").unwrap(), "is not one of debug, info");
}

#[test]
fn environments_may_name_their_files() {
    let schema =
        parse("[environments]\nprod = [\"app/prod.yml\", \"secrets/prod\"]\ndev = [\"x\"]\n");
    let names: Vec<_> = schema.environments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["prod", "dev"], "in the file's order");
    assert_eq!(schema.environments[0].paths, ["app/prod.yml", "secrets/prod"]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, expected) in [
        ("a = \n", "line 1: this is not TOML"),
        ("environments = []\nenvironments = []\n", "line 2: the name appears twice"),
        (
            "\nenvironment = [\"dev\"]\n",
            "line 2: 'environment' is unknown; known are: environments",
        ),
        ("environments = \"dev\"\n", "line 1: 'environments' must be a list of names"),
        ("environments = [\"dev\", \"dev\"]\n", "an environment appears twice"),
        ("environments = [\"De v\"]\n", "line 1: the name of an environment consists of a-z"),
        ("[environments]\ndev = [\"../x\"]\n", "line 2: '../x' is not a path below this file"),
        ("[environments]\ndev = [\"/x\"]\n", "is not a path below"),
        ("[environments]\ndev = [\".git/config\"]\n", "is not a path below"),
        ("[properties.a]\nrequird = true\n", "line 2: 'requird' is unknown; known are: default"),
        ("[properties.db.url]\nrequired = true\n", "line 1: put a name with dots in quotes"),
        ("[properties.a]\nrequired = \"yes\"\n", "line 2: expected true or false"),
        ("[properties.a]\ntype = \"text\"\n", "line 2: a type must be one of string, int"),
        ("[properties.a]\ntype = \"enum\"\n", "needs values"),
        ("[properties.a]\ntype = \"int\"\nvalues = [\"1\"]\n", "line 3: 'values' belongs to"),
        (
            "[properties.a]\nrequired = true\ndefault = \"x\"\n",
            "required or has a default, not both",
        ),
        ("[properties.a]\nexplicit = [\"prod\"]\n", "'explicit' belongs to a default"),
        (
            "[properties.a]\nsecret = true\ndefault = \"canary\"\n",
            "line 1: a secret cannot have a default",
        ),
        (
            "[properties.a]\ntype = \"int\"\ndefault = \"canary\"\n",
            "the default is not a whole number",
        ),
        ("[properties.a]\nremoved = \"soon\"\n", "line 2: a release consists of numbers"),
        ("[properties.a]\npattern = \"(\"\n", "line 2: the pattern is not a regular expression"),
        ("[properties.a]\npattern = \"(a{1000}){1000}\"\n", "or is too large"),
        ("[properties.\"a\\nb\"]\n", "line 1: this cannot be the name of a property"),
        ("[properties]\na = 1\n", "line 2: a property must be a table"),
        ("properties = 1\n", "'properties' must be a table"),
        (
            "environments = [\"dev\"]\n[properties.a]\ndefault = 1\nexplicit = [\"prd\"]\n",
            "line 2: there is no environment 'prd'",
        ),
    ] {
        let error = error(text);
        assert!(error.contains(expected) && !error.contains("canary"), "{text}: {error}");
    }
    assert_eq!(Schema::parse(b"a = \xff").err().unwrap().to_string(), "line 1: this is not UTF-8");
}

#[test]
fn a_property_is_added_and_nothing_else_changes() {
    let new = NewProperty {
        required: true,
        kind: Some("url".into()),
        secret: true,
        description: Some("The \"main\" one".into()),
        ..NewProperty::default()
    };
    for before in
        ["", "# c\nenvironments = [\"dev\"]", "# c\r\n[properties.b]\r\nrequired = true\r\n"]
    {
        let after = new_property(before, "a.b", &new).unwrap();
        assert!(after.starts_with(before));
        assert_eq!(after.contains("\r\n"), before.contains("\r\n"));
        let schema = parse(&after);
        let property = &schema.properties["a.b"];
        assert!(property.secret && property.absence == Absence::Missing);
        assert_eq!(property.description.as_deref(), Some("The \"main\" one"));
        let again = new_property(&after, "a.b", &new).unwrap_err();
        assert!(again.why.contains("already exists") && again.line == property.line, "{again}");
    }
    let both = NewProperty { default: Some("x".into()), required: true, ..NewProperty::default() };
    assert!(new_property("", "a", &both).is_err());
    assert!(new_property("", "a\u{1b}", &new).is_err());
}

#[test]
fn json_schema_says_the_same() {
    let schema = parse(
        "[properties.\"db.url\"]\nrequired = true\ntype = \"url\"\nsecret = true\n\
         [properties.\"db.pool\"]\ndefault = 5\ntype = \"int\"\n\
         [properties.level]\nvalues = [\"a\"]\nremoved = \"2\"\ndescription = \"d\"\n",
    );
    let flat = schema.to_json_schema(false);
    assert_eq!(flat["required"], serde_json::json!(["db.url"]));
    assert_eq!(flat["properties"]["db.pool"]["default"], "5");
    assert_eq!(flat["properties"]["level"]["enum"], serde_json::json!(["a"]));
    assert_eq!(flat["properties"]["level"]["deprecated"], true);
    let nested = schema.to_json_schema(true);
    assert_eq!(nested["required"], serde_json::json!(["db"]));
    assert_eq!(nested["properties"]["db"]["required"], serde_json::json!(["url"]));
    assert_eq!(nested["properties"]["db"]["properties"]["url"]["format"], "uri");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        max_shrink_iters: 64,
        ..proptest::prelude::ProptestConfig::with_cases(128)
    })]

    /// Texts of what TOML has, so that quotes, signs and line ends meet in every order.
    #[test]
    fn no_text_makes_a_schema_panic(text in "(\\PC|[\"'`|>\\[\\]{}:=#\\\\,\\-uxn0a \t\r\n]){0,24}") {
        let _ = Schema::parse(text.as_bytes());
        let _ = Schema::parse(format!("a = {text}\nb: {text}\n{text}").as_bytes());
        let _ = Schema::parse(format!("environments = {text}\n[properties.a]\n{text}").as_bytes());
    }
}
