package copilot

// Connection says how to reach the runtime. Stdio, TCP, URI, ParentProcess and InProcess make one.
type Connection struct {
	// Kind is "stdio", "tcp", "uri", "parent-process" or "inprocess".
	Kind string `json:"kind"`
	// Path of the runtime; "": COPILOT_CLI_PATH, then the usual search.
	Path string `json:"path,omitzero"`
	// Args are additional arguments of the runtime.
	Args []string `json:"args,omitzero"`
	// Env replaces the environment of the runtime.
	Env map[string]string `json:"env,omitzero"`
	// URL of a runtime that runs already.
	URL string `json:"url,omitzero"`
	// Port of a TCP runtime; 0 lets it choose.
	Port int `json:"port,omitzero"`
	// ConnectionToken is the shared secret of a TCP runtime.
	ConnectionToken string `json:"connectionToken,omitzero"`
}

// Stdio is a child process over its standard input and output.
func Stdio(path string, args ...string) *Connection {
	return &Connection{Kind: "stdio", Path: path, Args: args}
}

// TCP is a child process over a TCP port that it chooses.
func TCP(path string, args ...string) *Connection {
	return &Connection{Kind: "tcp", Path: path, Args: args}
}

// URI is a runtime that runs already; token may be empty.
func URI(url, token string) *Connection {
	return &Connection{Kind: "uri", URL: url, ConnectionToken: token}
}

// ParentProcess is the runtime that started this program as an extension.
func ParentProcess() *Connection { return &Connection{Kind: "parent-process"} }

// InProcess is the runtime's library in this process; path may be empty.
func InProcess(path string) *Connection { return &Connection{Kind: "inprocess", Path: path} }

// Telemetry says where the runtime sends telemetry.
type Telemetry struct {
	OTLPEndpoint   string `json:"otlpEndpoint,omitzero"`
	OTLPProtocol   string `json:"otlpProtocol,omitzero"`
	FilePath       string `json:"filePath,omitzero"`
	ExporterType   string `json:"exporterType,omitzero"`
	SourceName     string `json:"sourceName,omitzero"`
	CaptureContent *bool  `json:"captureContent,omitzero"`
}

// SessionFSOptions say how the files of sessions are kept: with a Store by the engine, else by each session's SessionFS.
type SessionFSOptions struct {
	InitialCwd       string `json:"initialCwd"`
	SessionStatePath string `json:"sessionStatePath"`
	// Conventions of paths: "posix" or "windows".
	Conventions  string          `json:"conventions"`
	Capabilities any             `json:"capabilities,omitzero"`
	Store        *SessionFSStore `json:"store,omitzero"`
	// Lease: sessions in the store have one owner at a time.
	Lease *SessionFSLease `json:"lease,omitzero"`
}

// SessionFSStore is where the engine keeps files: the kind "memory", "folder" with a path, or "url" with the URL of a
// store of OpenDAL and its options, in builds that have it.
type SessionFSStore struct {
	Kind    string            `json:"kind"`
	Path    string            `json:"path,omitzero"`
	URL     string            `json:"url,omitzero"`
	Options map[string]string `json:"options,omitzero"`
}

// SessionFSLease says how the client owns the sessions that it opens in a store: nobody else opens them meanwhile.
type SessionFSLease struct {
	// Owner is what others read of the owner; without it the name of the machine and the process id.
	Owner string `json:"owner,omitzero"`
	// TTLMs are the milliseconds for which others wait when nothing is heard of the owner: 1000 at least, 30000 without it.
	TTLMs int `json:"ttlMs,omitzero"`
	// WaitMs are the milliseconds for which opening a session waits for its owner; without it opening fails at once.
	WaitMs int `json:"waitMs,omitzero"`
}
