package copilot

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/copilot-native/copilot-native/bindings/go/rpc"
)

func TestTypedCalls(t *testing.T) {
	client := peer(t, `[{"on":{"method":"session.plan.read"},"do":[
	    {"reply":{"result":{"exists":true,"content":"$params.sessionId","path":null}}}]},
	  {"on":{"method":"session.mode.set"},"do":[{"reply":{"result":{}}}]},
	  {"on":{"method":"models.list"},"do":[{"reply":{"result":{"models":[{"id":"m","name":"M","capabilities":{},"extra":1}]}}}]}]`, nil)
	made := session(t, client, nil)
	models, err := rpc.Server(client).Models().List(within(t), nil)
	if err != nil || len(models.Models) != 1 || models.Models[0].ID != "m" {
		t.Fatalf("the models are %+v (%v)", models, err)
	}
	plan, err := rpc.Session(made).Plan().Read(within(t))
	if err != nil || plan.Content == nil || *plan.Content != made.ID() || !plan.Exists {
		t.Fatalf("the plan is %+v (%v)", plan, err)
	}
	if _, err := rpc.Session(made).Mode().Set(within(t), &rpc.ModeSetRequest{Mode: rpc.SessionModePlan}); err != nil {
		t.Fatal(err)
	}
	if _, err := rpc.Session(made).Tasks().List(within(t)); !errors.Is(err, ErrRPC) {
		t.Fatalf("the error is %v", err)
	}
}

func TestTypedValues(t *testing.T) {
	var decision rpc.PermissionDecision
	text := `{"kind":"reject","feedback":"no","later":{"a":1}}`
	if err := json.Unmarshal([]byte(text), &decision); err != nil || decision.Kind() != "reject" {
		t.Fatalf("the decision is %+v (%v)", decision, err)
	}
	var reject rpc.PermissionDecisionReject
	if err := decision.Decode(&reject); err != nil || reject.Feedback != "no" {
		t.Fatalf("the decision is %+v (%v)", reject, err)
	}
	if back, _ := json.Marshal(decision); string(back) != text {
		t.Fatalf("it is written as %s", back)
	}
	made := rpc.PermissionDecision{Union: rpc.Of(rpc.PermissionDecisionReject{Feedback: "why"})}
	if back, _ := json.Marshal(made); string(back) != `{"kind":"reject","feedback":"why"}` || made.Kind() != "reject" {
		t.Fatalf("it is written as %s", back)
	}
	if rpc.NewEventData("fake.unknown") != nil {
		t.Fatal("an unknown event has a type")
	}
	if _, ok := rpc.NewEventData(EventAssistantMessage).(*rpc.AssistantMessageData); !ok {
		t.Fatal("a known event has none")
	}
}
