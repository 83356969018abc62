// Package copilot programs the GitHub Copilot agent runtime.
//
//	client, err := copilot.NewClient(nil)
//	defer client.Close()
//	session, err := client.CreateSession(ctx, &copilot.SessionConfig{OnPermissionRequest: copilot.ApproveAll})
//	answer, err := session.SendAndWait(ctx, "What does this repository do?", nil)
//	fmt.Println(answer.Content())
//
// It stands on the library libcopilot, which is found by pkg-config; docs/go.md tells how to build without. The library decides, this
// package translates: options and values that it does not know reach the runtime through the members named Extra.
//
// Every call takes a context and gives up when the context ends. What a call fails with is an *Error; errors.Is knows a sentinel for each
// kind, such as ErrSessionClosed.
//
// Package rpc has the types of the protocol and a typed method for each call of the runtime.
package copilot
