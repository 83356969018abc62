# frozen_string_literal: true

require "ffi"
require "rbconfig"

module CopilotNative
  # The functions of the library. Handles are numbers. What may wait for the engine runs without the lock of the interpreter, so that the
  # engine can log meanwhile; the rest only reads and keeps it.
  module Native
    extend FFI::Library

    # A borrowed text.
    class Str < FFI::Struct
      layout :data, :pointer, :len, :size_t
    end

    class ClientOptions < FFI::Struct
      layout :size, :size_t, :drive, :uint32, :connection, :uint32, :path, Str, :args, :pointer, :args_len, :size_t, :url, Str,
             :connection_token, Str, :port, :uint32, :use_logged_in_user, :uint32, :working_directory, Str, :base_directory, Str,
             :log_level, Str, :github_token, Str, :json, Str, :on_call, :pointer, :on_lifecycle, :pointer,
             :on_notification, :pointer, :on_closed, :pointer, :user_data, :size_t, :destroy, :pointer
    end

    class Tool < FFI::Struct
      layout :size, :size_t, :name, Str, :description, Str, :parameters, Str, :json, Str, :call, :pointer, :user_data, :size_t,
             :destroy, :pointer
    end

    class Counters < FFI::Struct
      layout :size, :size_t, :received, :uint64, :delivered, :uint64, :queued_events, :uint64, :queued_bytes, :uint64
    end

    # What comes to a callback of events.
    class Event < FFI::Struct
      layout :size, :size_t, :type_name, Str, :json, Str
    end

    # What comes to a callback of questions.
    class CallInfo < FFI::Struct
      layout :size, :size_t, :kind, :uint32, :session, :size_t, :name, Str, :args, Str
    end

    DRIVE_POLL = 1

    # Where the library may lie, in this order: COPILOT_LIBRARY alone if it is set, the folder of this gem, the system.
    def self.places
      named = ENV["COPILOT_LIBRARY"]
      return [named] if named && !named.empty?

      own = %w[libcopilot.so.0 libcopilot.so libcopilot.dylib].map { |name| File.join(__dir__, "native", name) }
      own.select { |path| File.exist?(path) } + ["libcopilot.so.0", "copilot"]
    end

    def self.check_version
      abi = abi_version
      return if abi == ABI_VERSION && version_number >= LIBRARY_NUMBER

      raise LoadError, "libcopilot #{version} (interface #{abi}) does not fit: the gem needs interface #{ABI_VERSION} " \
                       "and at least version #{VERSION}"
    end

    begin
      ffi_lib places
    rescue LoadError => e
      raise LoadError, "the library libcopilot was not found: set COPILOT_LIBRARY to its path (#{e.message})"
    end

    def self.reads(name, args, result) = attach_function(name, :"copilot_#{name}", args, result)

    def self.asks(name, args, result = :size_t) = attach_function(name, :"copilot_#{name}", args, result, blocking: true)

    reads :abi_version, [], :uint32
    reads :version_number, [], :uint32
    reads :version, [], :string
    check_version
    reads :has, [:string], :bool
    reads :error_code, [:size_t], :uint32
    reads :error_name, [:size_t], :pointer
    reads :error_message, [:size_t], :pointer
    reads :error_data, [:size_t], :pointer
    reads :error_reason, [:size_t], :pointer
    reads :error_rpc_code, %i[size_t pointer], :bool
    reads :error_free, [:size_t], :uint32
    reads :string_data, [:size_t], :pointer
    reads :string_len, [:size_t], :size_t
    reads :string_free, [:size_t], :uint32

    TEXT = Str.by_value
    REGISTERED = %i[pointer size_t pointer].freeze

    # Runs callbacks with the interpreter's lock held: one look for a whole batch.
    attach_function :poll_held, :copilot_client_poll, %i[size_t int64 pointer], :size_t
    # The same without: each callback takes it.
    asks :client_poll, %i[size_t int64 pointer]
    asks :client_new, %i[pointer pointer]
    asks :client_free, [:size_t], :uint32
    asks :client_fd, %i[size_t pointer]
    asks :client_state, %i[size_t pointer]
    asks :client_runtime_port, %i[size_t pointer]
    asks :client_run_ui_action, %i[size_t uint32]
    asks :client_counters, %i[size_t pointer]
    asks :client_diagnostics, %i[size_t pointer]
    asks :client_notify, [:size_t, TEXT, TEXT]
    asks :client_create_session_async, [:size_t, :size_t, *REGISTERED, :pointer]
    asks :client_resume_session_async, [:size_t, TEXT, :size_t, *REGISTERED, :pointer]
    asks :session_serve_tools_async, [:size_t, :size_t, *REGISTERED, :pointer]
    asks :session_config_new, [TEXT, :pointer]
    asks :session_config_tool, %i[size_t pointer]
    asks :session_config_on_event, [:size_t, *REGISTERED]
    asks :session_config_on_ended, [:size_t, *REGISTERED]
    asks :session_config_on_call, [:size_t, :uint32, TEXT, *REGISTERED]
    asks :session_config_free, [:size_t], :uint32
    asks :session_free, [:size_t], :uint32
    asks :session_on, [:size_t, TEXT, *REGISTERED, :pointer]
    asks :session_off, %i[size_t uint64]
    asks :session_state, %i[size_t pointer]
    asks :session_id, %i[size_t pointer]
    asks :session_counters, %i[size_t pointer]
    asks :call_reply, [:size_t, TEXT]
    asks :call_reply_text, [:size_t, TEXT]
    asks :call_fail_with, [:size_t, TEXT, :int64, TEXT]
    asks :call_on_cancel, [:size_t, *REGISTERED]
    asks :call_free, [:size_t], :uint32
    asks :op_cancel, [:size_t]
    asks :op_free, [:size_t], :uint32
    asks :log_set, [:uint32, *REGISTERED]

    # Calls that give JSON, by the number of texts that they take.
    {
      client_start: 0, client_stop: 0, client_force_stop: 0, client_invoke: 2, client_set_env: 1, client_start_ahp_host: 1,
      client_list_models: 0, client_ping: 1, client_get_status: 0, client_get_auth_status: 0, client_list_sessions: 1,
      client_get_session_metadata: 1, client_get_last_session_id: 0, client_get_foreground_session_id: 0,
      client_set_foreground_session_id: 1, client_delete_session: 1, client_llm_start: 2, client_llm_write_text: 2,
      client_llm_write_bytes: 2, client_llm_end: 1, client_llm_fail: 3,
      session_send: 2, session_send_and_wait: 2, session_send_and_wait_structured: 3, session_disconnect: 0, session_invoke: 2, session_get_events: 0, session_abort: 0,
      session_set_model: 2, session_set_auto_tier: 1, session_set_tools: 2, session_log: 2, session_cancel_task: 1,
      session_confirm: 1, session_select: 2, session_input: 2, session_elicit: 2
    }.each { |name, texts| asks :"#{name}_async", [:size_t, *([TEXT] * texts), *REGISTERED, :pointer] }

    # Asynchronous exceptions would lose what a function gives, or leave the library through a callback: they wait.
    def self.undisturbed(&) = Thread.handle_interrupt(Object => :never, &)
  end
end
