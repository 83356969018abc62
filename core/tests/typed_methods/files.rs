//! What lies in the folder of the test: a project, a plugin in a marketplace, an MCP server.

use std::fs;
use std::path::Path;

/// Speaks just enough MCP, a line of JSON per message.
const MCP_SERVER: &str = r#"while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/p')
  case $line in
    *'"initialize"'*) result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{},"resources":{}},"serverInfo":{"name":"probe","version":"1"}}' ;;
    *'"tools/list"'*) result='{"tools":[{"name":"look","description":"Looks","inputSchema":{"type":"object","properties":{}},"_meta":{"ui":{"resourceUri":"ui://probe/page","visibility":["model","app"]}}}]}' ;;
    *'"tools/call"'*) result='{"content":[{"type":"text","text":"seen"}]}' ;;
    *'"resources/list"'*) result='{"resources":[{"uri":"ui://probe/page","name":"page","mimeType":"text/html;profile=mcp-app"}]}' ;;
    *'"resources/templates/list"'*) result='{"resourceTemplates":[]}' ;;
    *'"resources/read"'*) result='{"contents":[{"uri":"ui://probe/page","mimeType":"text/html;profile=mcp-app","text":"<p>hello</p>"}]}' ;;
    *) result='{}' ;;
  esac
  if [ -n "$id" ]; then printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"; fi
done
"#;

const MARKETPLACE: &str = r#"{"name":"probe-market","owner":{"name":"probe"},"plugins":[{"name":"probe-plugin","source":"./probe-plugin","description":"Nothing","version":"1.0.0"}]}"#;

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn write(folder: &Path) {
    put(&folder.join("work/README.md"), "# A project\n");
    put(&folder.join("copilot/settings.json"), r#"{"contextManagementTools":true}"#);
    put(&folder.join("mcp-server.sh"), MCP_SERVER);
    for name in ["market", "other-market"] {
        let market = folder.join(name);
        put(
            &market.join(".claude-plugin/marketplace.json"),
            &MARKETPLACE.replace("probe-market", &format!("probe-{name}")),
        );
        let plugin = market.join("probe-plugin");
        put(
            &plugin.join(".claude-plugin/plugin.json"),
            r#"{"name":"probe-plugin","version":"1.0.0","description":"Nothing"}"#,
        );
        put(
            &plugin.join("skills/probe-skill/SKILL.md"),
            "---\nname: probe-skill\ndescription: Nothing\n---\nNothing.\n",
        );
    }
}
