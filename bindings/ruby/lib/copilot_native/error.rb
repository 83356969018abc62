# frozen_string_literal: true

module CopilotNative
  # What every call of this package raises when it fails, and what its futures fail with. There is a class for each kind, the same in
  # every language: rescue Error::Timeout, or Error for all. A kind that only a newer library knows comes as Error itself.
  class Error < StandardError
    CODE = 0
    KIND = "Unknown"

    # The code of a JSON-RPC error of the runtime; nil when the error has none.
    attr_reader :rpc_code
    # Details as JSON: the data of a JSON-RPC error, or what was last seen before a time limit passed; nil when there are none.
    attr_reader :data
    # Why, as a Hash with a stable `code` and its parameters; nil when the error has no reason.
    attr_reader :reason
    # The stable number of the kind.
    attr_reader :code
    # The stable name of the kind.
    attr_reader :kind

    def initialize(message = nil, code: self.class::CODE, kind: self.class::KIND, rpc_code: nil, data: nil, reason: nil)
      super(message)
      @code = code
      @kind = kind
      @rpc_code = rpc_code
      @data = data
      @reason = reason
    end

    # The code of the reason, such as `session.disconnected`; see Reason.
    def reason_code = reason && reason["code"]

    # Makes the exception of a `copilot_error`, which it frees.
    def self.take(handle)
      code = Native.error_code(handle)
      rpc = FFI::MemoryPointer.new(:int64)
      rpc_code = Native.error_rpc_code(handle, rpc) ? rpc.read_int64 : nil
      KINDS.fetch(code, Error).new(
        Text.of_c(Native.error_message(handle)),
        code: code, kind: Text.of_c(Native.error_name(handle)), rpc_code: rpc_code,
        data: Json.parse_or_nil(Text.of_c(Native.error_data(handle))),
        reason: Json.parse_or_nil(Text.of_c(Native.error_reason(handle)))
      )
    ensure
      Native.error_free(handle)
    end

    # Raises what a function of the library returned, if it is an error.
    def self.check(handle)
      raise take(handle) unless handle.zero?
    end
  end

  # Raised in the thread of a handler that waits while its answer is no longer wanted. It is no StandardError, so that a plain `rescue`
  # does not swallow it.
  class CallCancelled < Exception
  end

  # What a handler raises to tell the runtime a code and details beside the text.
  class CallError < StandardError
    # The JSON-RPC code; 0 for none.
    attr_reader :code
    # Details with a JSON form, such as `{code: "ENOENT"}` of a file that is not there; nil for none.
    attr_reader :data

    def initialize(message = nil, code: 0, data: nil)
      super(message)
      @code = code
      @data = data
    end
  end
end

require_relative "generated/error_kinds"
