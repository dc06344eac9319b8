//! `import`: files of other tools become sealed. The tools' programs are stand-ins here; `tests/foreign` has a real one.

mod programs;
mod refusals;
mod whole;

use crate::common::Sandbox;
use crate::common::stand_ins::{DOTENVX, SOPS};

/// A file of sops, and what it holds.
pub(crate) const YAML: (&str, &str) = (
    "#ENC[AES256_GCM,data:+j2T,type:comment]\ndb:\n    pw: ENC[AES256_GCM,data:N5mg,type:str]\n    pool: ENC[AES256_GCM,data:OQ==,type:int]\nsops:\n    version: 3.11.0\n",
    "# note\ndb:\n    pw: canary-yaml\n    pool: 5\n",
);
pub(crate) const ENV: (&str, &str) =
    ("A=ENC[AES256_GCM,data:sA==,type:str]\nsops_version=3.11.0\n", "A=canary-env\nB=\n");
/// A file of sops that holds no configuration.
pub(crate) const BINARY: (&str, &str) =
    ("{\"data\": \"ENC[AES256_GCM,data:a2az,type:str]\", \"sops\": {}}\n", "canary\0binary");
/// A file of dotenvx, and what it holds.
pub(crate) const DOTENV: (&str, &str) = (
    "#/---[DOTENV_PUBLIC_KEY]---/\n#/ words /\n#/---/\nDOTENV_PUBLIC_KEY=\"02ab\"\n\n# .env\nA=encrypted:BCbv\n",
    "#/---[DOTENV_PUBLIC_KEY]---/\n#/ words /\n#/---/\nDOTENV_PUBLIC_KEY=\"02ab\"\n\n# .env\nA=canary-dotenvx\n",
);

/// A repository, in `repo`, that has git-shroud and files of other tools; `bin` has their programs.
pub(crate) fn mixed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(".", ["init", "-q", "-b", "main", "repo"]);
    sandbox.shroud("repo", ["init", "-q"]);
    for (path, (encrypted, plain)) in [
        ("conf/app.yaml", YAML),
        ("conf/.env.production", ENV),
        ("conf/server.p12", BINARY),
        ("conf/-x [1].env", ENV),
        ("web/.env", DOTENV),
    ] {
        sandbox.write(format!("repo/{path}"), encrypted);
        let name = path.rsplit('/').next().unwrap();
        sandbox.write(format!("plain/{name}"), plain);
    }
    sandbox.write("repo/README", "plain\n");
    sandbox.write("repo/.sops.yaml", "creation_rules: []\n");
    sandbox.write("repo/.gitignore", ".env.keys\n");
    sandbox.git("repo", ["add", "."]);
    sandbox.git("repo", ["commit", "-q", "-m", "files"]);
    sandbox.write("repo/web/.env.keys", "DOTENV_PRIVATE_KEY=03\n");
    sandbox.stand_in("sops", SOPS);
    sandbox.stand_in("dotenvx", DOTENVX);
    sandbox
}
