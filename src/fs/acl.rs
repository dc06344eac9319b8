//! Who may open a file on Windows. Its access lists are read and set by the system's own programs, `icacls` and `whoami`:
//! the functions of the system itself are unsafe.

#[cfg(windows)]
pub(super) mod system;

/// Accounts that can open every file anyway, or own this one: the owner, the system, the administrators, and who makes a
/// file below.
const TRUSTED: [&str; 9] =
    ["OW", "SY", "BA", "CO", "LA", "S-1-3-4", "S-1-5-18", "S-1-5-32-544", "S-1-3-0"];
/// Names of accounts that stand for many.
const KNOWN: [(&str, &str); 5] = [
    ("WD", "Everyone"),
    ("AU", "Authenticated Users"),
    ("BU", "Users"),
    ("IU", "INTERACTIVE"),
    ("AN", "ANONYMOUS LOGON"),
];

/// Those besides the owner whom an access list lets in (Microsoft, "Security Descriptor String Format"); `own` is the
/// owner's account. `None` where the text has no access list.
pub(super) fn strangers(text: &str, own: Option<&str>) -> Option<Vec<String>> {
    let (_, list) = text.split_once("D:")?;
    // What is only watched is behind it.
    let list = list.split(")S:").next().unwrap_or(list);
    if list.contains("NO_ACCESS_CONTROL") {
        return Some(vec![KNOWN[0].1.to_owned()]);
    }
    let mut found: Vec<String> = Vec::new();
    for entry in list.split('(').skip(1) {
        let mut fields = entry.split(')').next().unwrap_or_default().split(';');
        let is_denial = fields.next().is_some_and(|kind| kind.ends_with('D'));
        let account = fields.nth(4).unwrap_or(entry);
        if is_denial || TRUSTED.contains(&account) || own == Some(account) {
            continue;
        }
        let name = KNOWN.iter().find(|(short, _)| *short == account);
        let name = name.map_or(account, |(_, name)| name).to_owned();
        if !found.contains(&name) {
            found.push(name);
        }
    }
    Some(found)
}

/// The text of a file in UTF-16, as `icacls` writes one.
pub(super) fn decode(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    text.trim_start_matches('\u{feff}').to_owned()
}

/// The account in the answer of `whoami /user /fo csv /nh`: `"machine\ann","S-1-5-21-1-2-3-1001"`.
pub(super) fn account(answer: &str) -> Option<&str> {
    let (_, last) = answer.trim().rsplit_once(',')?;
    let account = last.trim_matches('"');
    let is_account = account.starts_with("S-1-")
        && account.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'S' | b'-'));
    is_account.then_some(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "S-1-5-21-1-2-3-1001";

    #[test]
    fn an_access_list_tells_who_may_open_the_file() {
        let private = format!("keyring\r\nD:PAI(A;;FA;;;{ANN})(A;;FA;;;SY)(A;;FA;;;BA)\r\n");
        let of = |text: &str| strangers(text, Some(ANN));
        assert_eq!(of(&private), Some(Vec::new()));
        assert_eq!(strangers(&private, None), Some(vec![ANN.to_owned()]));
        assert_eq!(of("D:P(A;OICI;FA;;;OW)(A;OICIIO;FA;;;CO)"), Some(Vec::new()));
        // As on a second disk.
        let shared = "D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;ID;0x1301bf;;;AU)(A;ID;0x1200a9;;;BU)";
        assert_eq!(of(shared).unwrap(), ["Authenticated Users", "Users"]);
        assert_eq!(of("D:(D;;FA;;;WD)(A;;FR;;;S-1-5-21-9)").unwrap(), ["S-1-5-21-9"]);
        assert_eq!(of("D:(A;;FA;;;OW)S:(AU;SA;FA;;;WD)"), Some(Vec::new()));
        // No list at all lets everybody in, an empty one nobody.
        assert_eq!(of("D:NO_ACCESS_CONTROL").unwrap(), ["Everyone"]);
        assert_eq!(of("D:P"), Some(Vec::new()));
        assert_eq!(of("keyring"), None);
        // What is not understood counts.
        assert_eq!(of("D:(A;x)").unwrap().len(), 1);
    }

    #[test]
    fn answers_of_the_system_are_read() {
        assert_eq!(account(&format!("\"pc\\ann\",\"{ANN}\"\r\n")), Some(ANN));
        assert_eq!(account("\"pc\\ann, b\",\"S-1-5-18\"\r\n"), Some("S-1-5-18"));
        for other in ["", "error", "a,b", "\"x\",\"S-1-5 /grant\""] {
            assert_eq!(account(other), None, "{other}");
        }
        let text: Vec<u8> = "\u{feff}D:P(é)".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&text), "D:P(é)");
        assert_eq!(decode(b"\0\xd8x"), "\u{fffd}");
    }
}
