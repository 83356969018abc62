// One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
// COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	copilot "github.com/copilot-native/copilot-native/bindings/go"
)

func getWeather(_ context.Context, where struct {
	City string `json:"city" jsonschema:"the name of the city"`
}) (string, error) {
	fmt.Printf("[tool] get_weather(%s)\n", where.City)
	return "Sunny, 21 degrees in " + where.City, nil
}

// askPermission asks the person in front of the terminal; without a terminal the answer is yes.
func askPermission(_ context.Context, request *copilot.PermissionRequest) (copilot.PermissionDecision, error) {
	fmt.Printf("[permission] %s: allow? [Y/n] ", request.Kind())
	input, _ := os.Stdin.Stat()
	null, _ := os.Stat(os.DevNull)
	if input.Mode()&os.ModeCharDevice == 0 || os.SameFile(input, null) {
		fmt.Println("yes (no terminal)")
	} else if line, _ := bufio.NewReader(os.Stdin).ReadString('\n'); strings.EqualFold(strings.TrimSpace(line), "n") {
		return copilot.Reject("the user said no"), nil
	}
	return copilot.ApproveOnce(), nil
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	token := cmp.Or(os.Getenv("COPILOT_GITHUB_TOKEN"), os.Getenv("GITHUB_TOKEN"))
	client := must(copilot.NewClient(&copilot.ClientOptions{GitHubToken: token}))
	fmt.Println("[runtime]", must(client.Start(ctx)).Version)

	config := &copilot.SessionConfig{
		Streaming:           new(true),
		Tools:               []copilot.Tool{copilot.DefineTool("get_weather", "Tells the weather of a city", getWeather)},
		OnPermissionRequest: askPermission,
	}
	if url := os.Getenv("COPILOT_MODEL_URL"); url != "" {
		config.Model = "scripted"
		config.Provider = map[string]any{"type": "openai", "baseUrl": url, "apiKey": "none"}
	}
	session := must(client.CreateSession(ctx, config))
	session.OnType(copilot.EventAssistantMessageDelta, func(event *copilot.Event) { fmt.Print(event.DeltaText()) })
	var usage struct{ InputTokens, OutputTokens int64 }
	session.OnType(copilot.EventAssistantUsage, func(event *copilot.Event) {
		var spent struct{ InputTokens, OutputTokens int64 }
		check(event.Decode(&spent))
		usage.InputTokens += spent.InputTokens
		usage.OutputTokens += spent.OutputTokens
	})
	must(session.SendAndWait(ctx, "What is the weather in Paris?", nil))
	fmt.Printf("\n[usage] %d tokens in, %d tokens out\n", usage.InputTokens, usage.OutputTokens)
	check(client.Stop(ctx))
	check(client.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}
