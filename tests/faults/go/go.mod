module github.com/copilot-native/copilot-native/tests/faults/go

go 1.26

require github.com/copilot-native/copilot-native/bindings/go v0.1.0

replace github.com/copilot-native/copilot-native/bindings/go => ../../../bindings/go
