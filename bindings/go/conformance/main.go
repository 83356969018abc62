//go:build unix

// Command conformance runs the conformance cases through the Go package:
//
//	go run ./conformance [-level full] [-runtime fake] [NAME…]
//
// Programs: COPILOT_FAKE_RUNTIME, COPILOT_FAKE_LIBRARY and COPILOT_SCRIPTED_MODEL, and COPILOT_CLI_PATH for the real runtime; without it
// real cases are skipped. CONFORMANCE_CASES is the folder of tests/conformance, if it is not found from here.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Case is one file of the cases.
type Case struct {
	Name          string
	Features      []string
	Runtime       []string
	Levels        []string
	Fake          any
	Model         any
	AllowFailures bool `json:"allow_failures"`
	Steps         []object
}

type program struct {
	folder         string
	level, runtime string
	names          []string
	lacking        map[string]string
	report         *os.File
	counts         map[string]int
}

func environment(name, missing string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return missing
}

// folder is tests/conformance, above or beside the working directory.
func folder() string {
	if given := os.Getenv("CONFORMANCE_CASES"); given != "" {
		return given
	}
	here, _ := os.Getwd()
	for at := here; ; at = filepath.Dir(at) {
		found := filepath.Join(at, "tests", "conformance")
		if _, err := os.Stat(filepath.Join(found, "cases")); err == nil {
			return found
		}
		if at == filepath.Dir(at) {
			return filepath.Join(here, "tests", "conformance")
		}
	}
}

func read(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (p *program) add(item *Case, runtime, status, reason string, spent time.Duration) {
	p.counts[status]++
	fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %s (%s, %.2f s) %s", status, item.Name, runtime, spent.Seconds(), reason)))
	if p.report == nil {
		return
	}
	name := item.Name
	if runtime == "real" && len(item.Runtime) > 1 {
		name += "@real"
	}
	line := map[string]string{"surface": "go", "case": name, "status": status}
	if reason != "" {
		line["reason"] = reason
	}
	encoded, _ := json.Marshal(line)
	_, _ = p.report.Write(append(encoded, '\n'))
}

func (p *program) wanted(item *Case) bool {
	if len(p.names) > 0 {
		return slices.Contains(p.names, item.Name)
	}
	return p.level == "all" || slices.Contains(item.Levels, p.level)
}

func (p *program) one(item *Case, runtime string) {
	if p.runtime != "all" && p.runtime != runtime {
		return
	}
	var missing []string
	for _, feature := range item.Features {
		if _, lacks := p.lacking[feature]; lacks {
			missing = append(missing, feature)
		}
	}
	started := time.Now()
	switch {
	case len(missing) > 0:
		p.add(item, runtime, "skip", "needs "+strings.Join(missing, ", "), 0)
	case runtime == "real" && os.Getenv("COPILOT_CLI_PATH") == "":
		p.add(item, runtime, "skip", "no COPILOT_CLI_PATH", 0)
	default:
		status, reason := "pass", ""
		if err := runCase(item, runtime); err != nil {
			status, reason = "fail", fmt.Sprintf("%.600s", err)
		}
		p.add(item, runtime, status, reason, time.Since(started))
	}
}

func run() error {
	p := &program{folder: folder(), counts: map[string]int{}}
	flag.StringVar(&p.level, "level", environment("CONFORMANCE_LEVEL", "all"), "smoke, full, stress or all")
	flag.StringVar(&p.runtime, "runtime", environment("CONFORMANCE_RUNTIME", "all"), "fake, real or all")
	flag.Parse()
	p.names = flag.Args()
	surfaces := map[string]map[string]string{}
	if err := read(filepath.Join(p.folder, "surfaces.json"), &surfaces); err != nil {
		return err
	}
	p.lacking = surfaces["go"]
	if path := os.Getenv("CONFORMANCE_REPORT"); path != "" {
		report, err := os.Create(path)
		if err != nil {
			return err
		}
		defer report.Close()
		p.report = report
	}
	files, err := filepath.Glob(filepath.Join(p.folder, "cases", "*.json"))
	if err != nil {
		return err
	}
	for _, file := range files {
		item := &Case{}
		if err := read(file, item); err != nil {
			return err
		}
		if !p.wanted(item) {
			continue
		}
		for _, runtime := range item.Runtime {
			p.one(item, runtime)
		}
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", p.counts["pass"], p.counts["fail"], p.counts["skip"])
	if p.counts["fail"] > 0 || len(p.counts) == 0 {
		return fmt.Errorf("not everything passed")
	}
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
