//! Names and files that no rule over the schema gives: established exceptions of the Python API.

use crate::model::Role;

/// Value sets (sorted, joined by blanks) whose enum has an established name of its own.
pub const ENUM_NAMES: &[(&str, &str)] = &[
    ("https://github.com", "Host"),
    ("text", "KindEnum"),
    ("github", "PurpleSource"),
    ("local", "FluffySource"),
    ("manual model_switch", "Trigger"),
    ("package remote", "InstallMethod"),
    ("preserve transform", "Action"),
    ("application/ai-skill", "MediaType"),
    ("discussion issue pr", "PushAttachmentGitHubReferenceTypeEnum"),
    ("github_reference", "PushAttachmentGitHubReferenceType"),
];

/// Unions that are one class although a property tells the variants apart.
pub const MERGED: &[&str] = &["CatalogCandidate", "TaskProgress"];

/// Members that are constant on the wire, and yet an argument of the established constructors.
pub const GIVEN: &[(&str, &str)] = &[
    ("LocalSessionMetadataValue", "isRemote"),
    ("MCPPlanTransportChoicePackage", "installMethod"),
    ("MCPPlanTransportChoiceRemote", "installMethod"),
    ("RemoteSessionMetadataValue", "isRemote"),
];

/// Members that came later than others behind them in the alphabet, and are the last argument of their constructors.
pub const LAST: &[(&str, &str)] =
    &[("PermissionRequestCustomTool", "skipPermission"), ("PermissionRequestRead", "resolvedPath")];

/// Names of the schema that the session's module has for shapes of its own.
pub const SHAPES: &[&str] = &["AutoTier", "ContextTier", "ReasoningSummary", "SessionLimitsConfig"];

/// Times that stay text.
pub const TEXT_FIELDS: &[(&str, &str)] = &[("AccountQuotaSnapshot", "resetDate")];

/// Enum names a rule gives, and the established name.
pub const RENAMED_ENUMS: &[(&str, &str)] = &[
    ("PermissionDecisionApproveForLocationApprovalKind", "ApprovalKind"),
    ("FactoryPauseInfoType", "PauseInfoType"),
    ("ProtocolSystemMessageConfigMode", "ProtocolMode"),
    ("InstalledPluginSourceSource", "InstalledPluginSourceURLSource"),
    ("SessionInstalledPluginSourceSource", "InstalledPluginSourceURLSource"),
];

/// Enums with the values of one property over all variants of a union: union, property, class.
pub const JOINED_ENUMS: &[(&str, &str, &str)] = &[
    ("CatalogSearchResult", "reason", "CatalogSearchResultReason"),
    ("McpPlanInstallResult", "reason", "MCPPlanInstallResultReason"),
    ("McpPlanRequiredValue", "valueType", "MCPPlanRequiredValueValueType"),
    ("McpPlanTransportChoice", "transport", "MCPPlanETransport"),
    ("SessionLimitPredictionResult", "kind", "SessionLimitPredictionResultKind"),
];

/// Objects of which older programs expect plain dictionaries.
pub const PLAIN_DICTS: &[&str] = &["McpExecuteSamplingRequest", "McpExecuteSamplingResult"];

/// Results that established programs read as plain JSON values.
pub const PLAIN_VALUES: &[&str] = &["CanvasActionInvokeResult"];

/// Properties (class, wire name) that established programs read as plain JSON values.
pub const PLAIN_FIELDS: &[(&str, &str)] = &[
    ("CopilotUserResponse", "assigned_date"),
    ("CopilotUserResponse", "organization_list"),
    ("CopilotUserResponse", "is_mcp_enabled"),
];

/// One-value enums of earlier releases: class and value.
pub const OLD_ENUMS: &[(&str, &str)] = &[
    ("MCPServerCardURLKind", "url"),
    ("PermissionDecisionApproveForLocationApprovalMCPKind", "mcp"),
    ("PermissionDecisionApproveForLocationApprovalMemoryKind", "memory"),
    ("PermissionDecisionCancelledKind", "cancelled"),
    ("SessionsOpenRemoteKind", "remote"),
    ("StickySource", "local"),
    ("TentacledSource", "url"),
    ("TokenAuthInfoType", "token"),
    ("UserAuthInfoType", "user"),
];

/// Objects with a few known keys that are read as a map of one class.
pub const READ_AS_MAP: &[&str] = &["CopilotUserResponseQuotaSnapshots"];

/// Definitions written out at their use, without a name.
pub const NOT_EXPORTED: &[&str] =
    &["UIElicitationFieldValue", "UIElicitationResponseContent", "UIHandlePendingSamplingResponse"];

/// Names older programs import, and the class that stands for them now.
pub const ALIASES: &[(&str, &str)] = &[
    ("TaskInfoStatus", "TaskStatus"),
    ("TaskInfoExecutionMode", "TaskExecutionMode"),
    ("SessionFSReaddirWithTypesEntryType", "DebugCollectLogsEntryKind"),
    ("OptionsUpdateReasoningSummary", "ReasoningSummary"),
    ("SessionOpenOptionsReasoningSummary", "ReasoningSummary"),
    ("CatalogMCPServerInstallabilityEnum", "CatalogMCPServerInstallability"),
    ("Installability", "CatalogAISkillInstallability"),
    ("CatalogAISkillCandidateInstallability", "CatalogAISkillInstallability"),
    ("MCPPlanScalarValueTypeEnum", "MCPPlanScalarValueType"),
    ("CatalogMcpServerInstallability", "CatalogMCPServerInstallability"),
    ("McpPlanScalarValueType", "MCPPlanScalarValueType"),
    ("UIElicitationSchemaType", "BuiltinToolInputSchemaType"),
    ("CatalogAISkillMediaType", "MediaType"),
    ("CatalogCandidateInstallability", "CatalogInstallability"),
    ("Mode", "HostAuthenticationMode"),
    ("PauseInfoClass", "FactoryPauseInfo"),
    ("MCPOauthPendingRequestResponseKind", "GitHubTokenAcquireResultKind"),
    ("PermissionsSetAAllSource", "PermissionsSetApproveAllSource"),
    ("PermissionsSetAllowAllSource", "PermissionsSetApproveAllSource"),
];

/// Objects and lists without a definition: the class is named after the property.
pub fn inline_name(prop: &str, role: Role) -> Option<String> {
    match (prop, role) {
        ("entries", Role::Item) => Some("Entry".into()),
        _ => None,
    }
}

/// Files written by hand that belong to the generated package.
pub const FILES: &[(&str, &str)] = &[
    ("__init__.py", include_str!("../../templates/python/__init__.py")),
    ("_shared.py", "\"\"\"For type checkers only: see `_shared.pyi`.\"\"\"\n"),
    ("_calls.py", include_str!("../../templates/python/_calls.py")),
    ("_events.py", include_str!("../../templates/python/_events.py")),
    ("_events.pyi", include_str!("../../templates/python/_events.pyi")),
    ("_model.py", include_str!("../../templates/python/_model.py")),
    ("_runtime.py", include_str!("../../templates/python/_runtime.py")),
    ("_runtime.pyi", include_str!("../../templates/python/_runtime.pyi")),
    ("_wire.py", include_str!("../../templates/python/_wire.py")),
    ("rpc.py", include_str!("../../templates/python/rpc.py")),
    ("session_events.py", include_str!("../../templates/python/session_events.py")),
];
