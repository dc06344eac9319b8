//! What real histories are full of, and is no secret: each line is of a kind that a scan once reported.

use super::super::{Detector, Rank};
use crate::detect::template::expand;

/// The surest hit of a text.
fn surest(path: &str, text: &str) -> Option<Rank> {
    let text = expand(text, text);
    let mut hits = Vec::new();
    let whole = 0..text.len();
    let path = Some(path.as_bytes());
    Detector::builtin().scan(text.as_bytes(), path, std::slice::from_ref(&whole), &mut hits);
    hits.iter().map(|hit| hit.rank).max()
}

#[test]
fn what_is_no_secret_is_not_reported() {
    for (path, text) in [
        // Translations.
        ("web/portal.json", r#""Enter the new password": "Neues Passwort eingeben""#),
        ("web/locales/fi/portal.json", r#""password": "Salasanasi0n""#),
        ("src/i18n/fr.ts", "passwordReset: 'R\u{e9}initialiser7',"),
        // Words of tests and manuals.
        ("user_test.go", r#"Login(User{Name: "ann", Password: "short"})"#),
        ("spec/login.js", "const NEW_PASSWORD = \"pass2\";"),
        ("audit.go", r#"log["password"] = "changed""#),
        ("client.py", "requests.get('http://user:secret@service/x')"),
        ("deploy.md", "curl -u admin:admin123 http://localhost:8080"),
        // Hashes of passwords.
        ("users.yml", "password: $argon2id$v=19$m=65536,t=3,p=4${b64:22}${b64:43}"),
        ("users.ldif", "userPassword: {SSHA}{b64:32}"),
        ("clients.yml", "client_secret: '$pbkdf2-sha512$310000${b64:22}${b64:86}'"),
        // Programs.
        ("user.go", "user.Password = value"),
        ("user.go", "password = args[0]"),
        ("key.go", "\t\tPrivateKey:       x509PrivateKeyRSA4096,"),
        ("server.ts", "authenticationMethods: AuthenticationMethodCalculator7;"),
        (
            "parse.js",
            "v.push({pattern:\"date\",token:V,i:l,j:c,separator:Y[2],year:n.year,month:n.m7h",
        ),
        ("mock.go", "\tauthentication \"github.com/owner/name/v4/internal/authentication\""),
        (
            "app.js",
            "onStop:t,onAuthenticationSuccess:U2}):null}),K.jsx(En,{path:rS9,element:b?K.jsx(Kz7",
        ),
        ("form.tsx", r#"<Label htmlFor="old-password" className="sr-only2">"#),
        ("run.sh", "docker run -p 27017:27017 mongo"),
        ("run.sh", "curl -u 'API key:0a1b2c3d' https://service/"),
        ("vault.yml", "vault_password: $ANSIBLE_VAULT;1.1;AES256"),
        // Signatures of requests and commits.
        (
            "recorded.yaml",
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIA, SignedHeaders=host, Signature={hex:64}",
        ),
        ("commit", "{b64:64}\nfnA{b64:61}\n{b64:64}\n"),
        ("r.yaml", "X-Amz-Signature={hex:64}"),
        // Texts, in any language, in files that have no other name than that of texts.
        ("src/translations.json", r#"{"enterPassword": "Bitte das Kennwort eingeben"}"#),
        ("web/app.i18n.ts", "password: \"Contrase\u{f1}a\","),
        ("web/app.ts", "password: \"Contrase\u{f1}a\","),
        ("a.yml", "password: \"correct horse battery staple\""),
        ("prompt.c", "askpass: Username:"),
        // Digests under the name of a password.
        ("users.yml", "password: \"*{HEX:40}\""),
        ("roles.sql", "password = 'md5{hex:32}'"),
        ("users.yml", "password: {hex:32}"),
        (".env", "GRAYLOG_SHA256_PASSWORD={hex:64}"),
        ("hash_test.go", r#"hash, err := HashPassword("password", "{base62:16}", 1)"#),
        ("user_test.go", "CheckPassword(\"password\", \"$2b$12${base62:53}\")"),
        // What is put together, looked up or run.
        ("db.go", "db.Exec(`ALTER USER ` + user + ` PASSWORD '` + newpw + `'`)"),
        ("db.sh", "echo \"CREATE USER x IDENTIFIED BY '\"$MYSQL_PASSWORD\"' ;\""),
        ("run.sh", "PASSWORD=`cat /run/secrets/db1`"),
        ("a.pl", "my $pass = $argv[3];"),
        ("a.pl", "my $pass = \"$config{'WIKI_PASSW'}\";"),
        ("a.php", "$password = $options->db1->password;"),
        ("auth.py", "password = password.decode('latin1')"),
        ("setup.js", "createUser({user: name, pwd: adminPassword, roles: r})"),
        ("init.sh", "GIT_WORK_TREE=$(pwd) GIT_DIR=git-dir-wt-1.git git init"),
        ("build.sh", "apt-get install libsecret-1-dev libpcre2-dev meson"),
        ("a.go", "config.Password.SCrypt.Parallelism = 1073741825"),
        ("a.yml", "secret: arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-Xy12Zz"),
        ("login.js", "password: '#password1'"),
        ("php.ini", "mail_password_sender = \"apache@localhost\""),
        // The user's own name.
        ("values.yaml", "postgresqlUser: gogs\npostgresqlPassword: gogs\n"),
        ("seed.sql", "postgres://booktest:booktest@localhost/"),
        ("secret.yaml", "password: cGFzc3dvcmQ="),
        // Manuals.
        ("notes.md", "--set admin=<password>,openldap.configPassword=<password>"),
        ("rebase.md", "omitting those identified by \"squash\" commands"),
        (
            "values.yaml",
            "## -----BEGIN RSA PRIVATE KEY-----\n##\n## name should line up with a secret set further up\n",
        ),
        (
            "readme.md",
            r#"{"type":"service_account","project_id":"<name>","private_key_id":"<hash>"}"#,
        ),
        ("notes.txt", "{{- $randpass := randAlphaNum 16 }}"),
        ("secret.yaml", r#"print .Values.mysqlUser ":" .Values.mysqlPassword "@tcp(" .Release"#),
        (
            "keys.yaml",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n  XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\n  XXXXXXXXXXXXXXXXXXXXXXXX\n-----END OPENSSH PRIVATE KEY-----",
        ),
        ("test.py", "assert header == \"Basic dXNlcjpwYXNz\""),
        ("test.py", "{\"Proxy-Authorization\": \"Basic dXNlcjo=\"}"),
        ("proxies.md", "forward_auth authelia:9091 {"),
        ("jwe.js", "encrypted_key: '{b64url:43}',"),
    ] {
        let found = surest(path, text);
        let is_reported = found.is_some_and(|rank| {
            // A hash may be tried: another rule says so, and not that it is a password.
            rank >= Rank::Medium && !text.contains("$argon2id$") || rank > Rank::Medium
        });
        assert!(!is_reported, "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_is_like_it_and_a_secret_stays() {
    for (path, text, least) in [
        ("deploy/.env", "DB_PASSWORD=v1olet-Hour", Rank::Medium),
        ("deploy/.env", "DB_PASSWORD=V+9(b)c;7dQ", Rank::Medium),
        ("web/locales/de/portal.json", r#""api_key": "{base62:40}""#, Rank::Medium),
        ("app.py", "connect('postgres://app:Zk3-plum-44@db.internal/x')", Rank::Medium),
        ("setup.py", "TEXT = \"\"\"\nDB_PASSWORD=v1oletHour9\n\"\"\"", Rank::Medium),
        ("users.yml", "admin_password: winter7Coat", Rank::Medium),
        ("token.txt", "{b64:20}\nAKIA{b32:16}\n", Rank::Medium),
    ] {
        assert!(surest(path, text) >= Some(least), "{path}: {text}: {:?}", surest(path, text));
    }
}
