package copilot

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"time"
)

// SessionFS serves the files of a session. Calls may overlap. An error that wraps fs.ErrNotExist says that there is no such file, one
// that wraps errors.ErrUnsupported that there is no such operation.
type SessionFS interface {
	ReadFile(ctx context.Context, path string) (string, error)
	WriteFile(ctx context.Context, path, content string, mode *uint32) error
	AppendFile(ctx context.Context, path, content string, mode *uint32) error
	Exists(ctx context.Context, path string) (bool, error)
	Stat(ctx context.Context, path string) (*FileInfo, error)
	Mkdir(ctx context.Context, path string, recursive bool, mode *uint32) error
	ReadDir(ctx context.Context, path string) ([]string, error)
	ReadDirWithTypes(ctx context.Context, path string) ([]DirEntry, error)
	Remove(ctx context.Context, path string, recursive, force bool) error
	Rename(ctx context.Context, from, to string) error
}

// SessionFSQueries is what a SessionFS has beside if it also serves a database: the operations sqliteQuery, sqliteExists and
// sqliteTransaction with their parameters.
type SessionFSQueries interface {
	Query(ctx context.Context, operation string, params json.RawMessage) (any, error)
}

// FileInfo describes a file.
type FileInfo struct {
	IsFile      bool      `json:"isFile"`
	IsDirectory bool      `json:"isDirectory"`
	Size        int64     `json:"size"`
	ModTime     time.Time `json:"mtime"`
	BirthTime   time.Time `json:"birthtime"`
}

// DirEntry is a member of a folder; Type is "file" or "directory".
type DirEntry struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type fsParams struct {
	Method    string  `json:"method"`
	Path      string  `json:"path"`
	Src       string  `json:"src"`
	Dest      string  `json:"dest"`
	Content   string  `json:"content"`
	Mode      *uint32 `json:"mode"`
	Recursive bool    `json:"recursive"`
	Force     bool    `json:"force"`
}

// fsCall serves the operations of a session's files.
func fsCall(files SessionFS) callFunc {
	return func(ctx context.Context, _ string, text []byte) (any, error) {
		params, err := decoded[fsParams](string(text), nil)
		if err != nil {
			return nil, err
		}
		value, err := fsDo(ctx, files, params, text)
		return value, fsError(err)
	}
}

func fsDo(ctx context.Context, files SessionFS, params *fsParams, text []byte) (any, error) {
	switch params.Method {
	case "readFile":
		return files.ReadFile(ctx, params.Path)
	case "writeFile":
		return nil, files.WriteFile(ctx, params.Path, params.Content, params.Mode)
	case "appendFile":
		return nil, files.AppendFile(ctx, params.Path, params.Content, params.Mode)
	case "exists":
		return files.Exists(ctx, params.Path)
	case "stat":
		return files.Stat(ctx, params.Path)
	case "mkdir":
		return nil, files.Mkdir(ctx, params.Path, params.Recursive, params.Mode)
	case "readdir":
		names, err := files.ReadDir(ctx, params.Path)
		return filled(names), err
	case "readdirWithTypes":
		entries, err := files.ReadDirWithTypes(ctx, params.Path)
		return filled(entries), err
	case "rm":
		return nil, files.Remove(ctx, params.Path, params.Recursive, params.Force)
	case "rename":
		return nil, files.Rename(ctx, params.Src, params.Dest)
	}
	if queries, has := files.(SessionFSQueries); has {
		return queries.Query(ctx, params.Method, text)
	}
	return nil, errors.ErrUnsupported
}

// filled is a list that is never null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// fsError says what Go's errors mean in the words of the runtime.
func fsError(err error) error {
	var detailed *CallError
	switch {
	case err == nil || errors.As(err, &detailed):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return &CallError{Message: err.Error(), Data: map[string]string{"code": "ENOENT"}}
	case errors.Is(err, errors.ErrUnsupported):
		return &CallError{Message: err.Error(), Data: map[string]string{"code": "UNSUPPORTED"}}
	}
	return err
}
