//! Naming rules shared by the writers.

/// Splits a name into words: at anything that is not a letter or digit, before a capital that starts
/// a word, and before the last capital of a run when a lowercase letter follows (`UIElement` is UI, Element).
/// Digits stay with the word in front of them.
pub fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        if !chars[i].is_ascii_alphanumeric() {
            i += 1;
            continue;
        }
        let start = i;
        i = word_end(&chars, i);
        out.push(chars[start..i].iter().collect());
    }
    out
}

fn word_end(chars: &[char], start: usize) -> usize {
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut i = start;
    let skip = |mut i: usize, f: fn(&char) -> bool| {
        while f(&at(i)) {
            i += 1;
        }
        i
    };
    if at(i).is_ascii_uppercase() {
        let run = skip(i, char::is_ascii_uppercase);
        if run - i >= 2 {
            let end = if at(run).is_ascii_lowercase() { run - 1 } else { run };
            return skip(end, char::is_ascii_digit);
        }
        i += 1;
    }
    i = skip(i, char::is_ascii_lowercase);
    skip(i, char::is_ascii_digit)
}

/// Words that the established names of the Python RPC module write in capitals.
const ACRONYMS: &[&str] =
    &["ack", "ai", "api", "ca", "cli", "fs", "http", "id", "ide", "ids", "json", "mcp", "sql", "ui", "url"];

/// Class names of the Python RPC module: acronyms in capitals.
pub fn acronym_style(name: &str) -> String {
    let mixed = name.chars().any(|c| c.is_ascii_lowercase());
    words(name)
        .iter()
        .map(|word| {
            let run = word.len() >= 2 && !word.chars().any(|c| c.is_ascii_lowercase()) && mixed;
            if run || ACRONYMS.contains(&word.to_ascii_lowercase().as_str()) {
                word.to_ascii_uppercase()
            } else {
                capitalised(word)
            }
        })
        .collect()
}

pub fn capitalised(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let mut chars = lower.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// `mcpServerId` to `mcp_server_id`.
pub fn snake(name: &str) -> String {
    words(name).join("_").to_ascii_lowercase()
}

/// A capital after a lowercase letter starts a new part, nothing else does: `gitHubAuth` to `git_hub_auth`.
pub fn simple_snake(name: &str) -> String {
    let mut out = String::new();
    let mut previous = ' ';
    for c in name.chars() {
        if previous.is_ascii_lowercase() && c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        previous = c;
    }
    out
}

/// First letter of every dotted, dashed or underscored part in capitals, the rest kept.
pub fn pascal(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

/// Member of an enum of the Python RPC module.
pub fn upper_snake(value: &str) -> String {
    words(value).join("_").to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_follow_the_table() {
        let cases = [
            ("McpServerConfigHttp", "MCPServerConfigHTTP"),
            ("SessionFsReaddirRequest", "SessionFSReaddirRequest"),
            ("SessionsFindByTaskIdRequest", "SessionsFindByTaskIDRequest"),
            ("CopilotApiTokenAuthInfo", "CopilotAPITokenAuthInfo"),
            ("PlanSqlTodosRow", "PlanSQLTodosRow"),
            ("PushAttachmentGitHubUrl", "PushAttachmentGitHubURL"),
            ("UIElicitation", "UIElicitation"),
            ("HMACAuthInfo", "HMACAuthInfo"),
        ];
        for (input, expected) in cases {
            assert_eq!(acronym_style(input), expected);
        }
        assert_eq!(snake("mcpServerId"), "mcp_server_id");
        assert_eq!(snake("textResultForLlm"), "text_result_for_llm");
        assert_eq!(snake("_meta"), "meta");
        assert_eq!(upper_snake("https://github.com"), "HTTPS_GITHUB_COM");
        assert_eq!(simple_snake("readSqlTodos"), "read_sql_todos");
    }
}
