//! What the declaration of a tool may say.

use serde_json::Value;

use super::common::is_falsy;
use super::mistyped;
use super::options::ToolSpec;
use crate::error::{Result, reasons};

/// Refuses parameters that are no schema of an object: models would refuse them later.
pub(crate) fn validate<'a>(tools: impl IntoIterator<Item = &'a ToolSpec>) -> Result<()> {
    tools.into_iter().try_for_each(ToolSpec::validate)
}

impl ToolSpec {
    fn validate(&self) -> Result<()> {
        let Some(schema) = self.parameters.as_ref().filter(|schema| !is_falsy(schema)) else { return Ok(()) };
        let described = |got: &str| Err(reasons::tool_schema(&self.name, got));
        let Value::Object(members) = schema else { return described(mistyped::kind_of(schema)) };
        if let Some(kind) = members.get("type").filter(|kind| !allows_object(kind)) {
            return described(&format!("\"type\": {kind}"));
        }
        for union in ["anyOf", "oneOf"] {
            let Some(Value::Array(branches)) = members.get(union) else { continue };
            let is_no_object = |branch: &Value| branch.get("type").is_some_and(|kind| !allows_object(kind));
            if !branches.is_empty() && branches.iter().all(is_no_object) {
                return described(&format!("\"{union}\" without an object"));
            }
        }
        Ok(())
    }
}

fn allows_object(kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "object"),
        one => one == "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn parameters_are_a_schema_of_an_object() {
        let of = |parameters| {
            validate(&[ToolSpec { name: "t".into(), parameters: Some(parameters), ..ToolSpec::default() }])
        };
        for good in [
            json!({}),
            json!({"type": "object"}),
            json!({"type": ["object", "null"]}),
            json!({"properties": {}}),
            json!({"$ref": "#/$defs/A"}),
            json!({"anyOf": [{"type": "object"}, {"type": "null"}]}),
            json!({"anyOf": []}),
            Value::Null,
        ] {
            assert!(of(good.clone()).is_ok(), "{good}");
        }
        for (bad, got) in [
            (json!({"type": "string"}), "got \"type\": \"string\""),
            (json!({"type": ["string"]}), "got \"type\": [\"string\"]"),
            (json!({"oneOf": [{"type": "string"}, {"type": "null"}]}), "got \"oneOf\" without an object"),
            (json!(5), "got a number"),
            (json!("x"), "got a string"),
        ] {
            let error = of(bad.clone()).expect_err(&bad.to_string());
            assert_eq!(error.kind(), ErrorKind::InvalidType);
            assert!(
                error.to_string().starts_with("tool \"t\": ") && error.to_string().ends_with(got),
                "{error}"
            );
        }
    }
}
