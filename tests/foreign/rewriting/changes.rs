//! Simple changes, as tests want them.

use gix::ObjectId;

use git_shroud::scrub::{
    Changes, EntryKind, Fate, Folder, PolicyId, ScopeId, ScrubError, TextKind,
};

/// A value is replaced in contents; in names and texts too where that is wanted.
pub(crate) struct Replace {
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
    pub(crate) everywhere: bool,
}

/// `text` with each `old` replaced.
pub(crate) fn replaced(text: &[u8], old: &str, new: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.windows(old.len()).position(|part| part == old.as_bytes()) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new.as_bytes());
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

const ALL: Fate = Fate::Content(PolicyId(0));

impl Changes for Replace {
    fn folder(&self, _: ScopeId, _: &[u8]) -> Folder {
        Folder::Alike(ALL)
    }

    fn at(&self, _: ScopeId, _: &[u8], _: EntryKind) -> Fate {
        ALL
    }

    fn pathless(&self) -> Fate {
        ALL
    }

    fn blob(
        &self,
        _: PolicyId,
        _: ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok(Some(replaced(content, self.old, self.new)))
    }

    fn text(&self, what: TextKind, text: &[u8]) -> Option<Vec<u8>> {
        // git-filter-repo takes links for files.
        let wanted = self.everywhere || what == TextKind::SymlinkTarget;
        wanted.then(|| replaced(text, self.old, self.new))
    }
}

/// Files and folders go.
pub(crate) struct Drop {
    pub(crate) paths: &'static [&'static str],
}

impl Changes for Drop {
    fn folder(&self, _: ScopeId, path: &[u8]) -> Folder {
        if self.paths.iter().any(|gone| gone.as_bytes() == path) {
            return Folder::Alike(Fate::Drop);
        }
        let leads = |gone: &&str| {
            let rest = gone.as_bytes().strip_prefix(path);
            rest.is_some_and(|rest| path.is_empty() || rest.starts_with(b"/"))
        };
        if self.paths.iter().any(leads) { Folder::ByPath } else { Folder::Untouched }
    }

    fn at(&self, _: ScopeId, path: &[u8], _: EntryKind) -> Fate {
        let gone = self.paths.iter().any(|gone| gone.as_bytes() == path);
        if gone { Fate::Drop } else { Fate::Keep }
    }

    fn pathless(&self) -> Fate {
        Fate::Keep
    }

    fn blob(&self, _: PolicyId, _: ObjectId, _: &[u8]) -> Result<Option<Vec<u8>>, ScrubError> {
        panic!("no content was to be looked at")
    }
}

/// Files below `secret/` are sealed: here, written backwards behind a mark. The attributes say so from then on.
pub(crate) struct Seal;

/// What [`Seal`] puts into `.gitattributes`.
pub(crate) const LINE: &str = "secret/** filter=shroud\n";

/// What [`Seal`] makes of a content.
pub(crate) fn sealed(content: &[u8]) -> Vec<u8> {
    content.iter().chain(b"SEALED").rev().copied().collect()
}

impl Changes for Seal {
    fn folder(&self, _: ScopeId, path: &[u8]) -> Folder {
        match path {
            b"" => Folder::ByPath,
            b"secret" => Folder::Alike(ALL),
            _ => Folder::Untouched,
        }
    }

    fn at(&self, _: ScopeId, _: &[u8], _: EntryKind) -> Fate {
        Fate::Keep
    }

    fn pathless(&self) -> Fate {
        Fate::Keep
    }

    fn blob(
        &self,
        _: PolicyId,
        _: ObjectId,
        content: &[u8],
    ) -> Result<Option<Vec<u8>>, ScrubError> {
        Ok((!content.starts_with(b"DELAES")).then(|| sealed(content)))
    }

    fn attributes(&self, text: Option<&[u8]>) -> Option<Vec<u8>> {
        let text = text.unwrap_or_default();
        let has = text.windows(LINE.len()).any(|part| part == LINE.as_bytes());
        (!has).then(|| [text, LINE.as_bytes()].concat())
    }

    fn has_attributes(&self) -> bool {
        true
    }
}
