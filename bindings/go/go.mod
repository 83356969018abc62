module github.com/copilot-native/copilot-native/bindings/go

go 1.26
