# frozen_string_literal: true

module CopilotNative
  # A connection to one runtime. Calls wait for their result and raise an Error when they fail; with `_async` in their name they return a
  # Future at once. All methods may be used from any thread.
  class Client
    include Calls

    STATES = %i[disconnected connecting connected error].freeze

    # Ends a client that nobody refers to with its last session. It runs while the collector does, and only leaves a note.
    Forgotten = Struct.new(:core) do
      def call(_id) = core.note(:release)
    end

    # A client. Starts nothing: #start does, or the first session.
    #
    # @param options the keywords of ClientOptions; others travel as they are
    # @yield [ClientConfig] for handlers
    # @raise [Error] when an option is not allowed
    def initialize(**options)
      config = ClientConfig.new(**options)
      yield config if block_given?
      @core = config.open
      @serial = nil
      @handle = @core.handle
      @closing = Mutex.new
      ObjectSpace.define_finalizer(self, Forgotten.new(@core))
    end

    # Makes a client for a block and closes it behind it.
    #
    # @yield [Client]
    def self.open(**options)
      client = new(**options)
      yield client
    ensure
      client&.close
    end

    # -- the runtime

    # Starts the runtime and agrees on a protocol version; `version`, `protocolVersion`, `timings`.
    def start_async = begin_call(:client_start_async) { |json| json }

    # Ends all sessions and the runtime, politely first. The client can be started again. Error::StopFailed when some steps failed; the
    # runtime is gone all the same.
    def stop_async = begin_call(:client_stop_async)

    # Kills the runtime without asking it. The client can be started again.
    def force_stop_async = begin_call(:client_force_stop_async)

    waits :start, :stop, :force_stop

    # The state of the connection: `:disconnected`, `:connecting`, `:connected`, `:error`.
    def state = STATES.fetch(number(:client_state), :error)

    # The TCP port of the runtime; 0 when it has none.
    def runtime_port = number(:client_runtime_port)

    # How many events of all sessions went in and out.
    def counters = count(:client_counters)

    # What can be seen of the client: its state, the phases of its last start, counters. No content and no secrets. Does not wait.
    def diagnostics = given(:client_diagnostics)

    # Replaces the environment of the runtime from the next start on.
    def set_env_async(env) = begin_call(:client_set_env_async, Json.write(env))

    # Runs an action of the runtime's library on this thread, which must be the application's main thread; for the handler of
    # ClientConfig#on_ui_thread.
    def run_ui_action(action)
      core.check_fork
      Error.check(Native.client_run_ui_action(handle, action))
    end

    # -- questions to the runtime

    # Asks the runtime for a sign of life; the message comes back after `pong: `.
    def ping_async(message = nil) = begin_call(:client_ping_async, message) { |json| json }

    # The versions of the runtime and of its protocol: `version`, `protocolVersion`.
    def get_status_async = begin_call(:client_get_status_async) { |json| json }

    # Who is logged in.
    def get_auth_status_async = begin_call(:client_get_auth_status_async) { |json| json }

    # The models; the runtime is asked once until the client stops.
    def list_models_async = begin_call(:client_list_models_async) { |json| Json.objects(json, "models") }

    # The sessions that the runtime keeps; `filter: {cwd: …}`.
    def list_sessions_async(**options) = begin_call(:client_list_sessions_async, wire(options)) { |json| Json.objects(json, "sessions") }

    # What the runtime keeps of one session; nil when there is none of this id.
    def get_session_metadata_async(session_id) = begin_call(:client_get_session_metadata_async, session_id) { |json| Json.member(json, "session") }

    # The id of the session used last; nil when there is none.
    def get_last_session_id_async = begin_call(:client_get_last_session_id_async) { |json| Json.member(json, "sessionId") }

    # The id of the session that the runtime's own interface shows; nil when there is none.
    def get_foreground_session_id_async = begin_call(:client_get_foreground_session_id_async) { |json| Json.member(json, "sessionId") }

    # Changes the session that the runtime's own interface shows.
    def set_foreground_session_id_async(session_id) = begin_call(:client_set_foreground_session_id_async, session_id)

    # Removes a session for good, on disk too.
    def delete_session_async(session_id) = begin_call(:client_delete_session_async, session_id)

    # Starts a host for the Agent Host Protocol; what it asks goes to #on_ahp_host of ClientConfig. Options by keyword.
    def start_ahp_host_async(**options) = begin_call(:client_start_ahp_host_async, wire(options) || "{}") { |json| json }

    waits :set_env, :ping, :get_status, :get_auth_status, :list_models, :list_sessions, :get_session_metadata, :get_last_session_id,
          :get_foreground_session_id, :set_foreground_session_id, :delete_session, :start_ahp_host

    # Calls any method of the runtime; the parameters may be nil. With `timeout:`, at most so many seconds.
    def invoke(method, params = nil, timeout: nil) = Future.await(timeout: timeout) { invoke_async(method, params) }

    # As #invoke, without waiting.
    def invoke_async(method, params = nil) = invoke_and_read(method, params) { |json| json }

    # The methods of the runtime.
    def rpc = @rpc ||= ServerRpc.new(self)

    # Sends a notification to the runtime. Does not wait; a client that is not connected sends nothing.
    def notify(method, params = nil)
      core.check_fork
      Error.check(Native.client_notify(handle, Text.view(method), Text.view(Json.write_or_nil(params))))
    end

    # -- sessions

    # Creates a session; starts the client when needed.
    #
    # @!method create_session(config = nil, **options)
    # @param config [SessionConfig]
    # @param options without a config: the keywords of SessionOptions
    # @yield [SessionConfig] for tools and handlers
    # @return [Session]
    def create_session_async(config = nil, **options, &block)
      open_session(config, options, block) do |made, id, place|
        Native.client_create_session_async(handle, made, Callbacks::DONE, id, nil, place)
      end
    end

    # Opens a session that exists already, by its id. Otherwise as #create_session.
    def resume_session_async(session_id, config = nil, **options, &block)
      view = Text.view(session_id)
      open_session(config, options, block) do |made, id, place|
        Native.client_resume_session_async(handle, view, made, Callbacks::DONE, id, nil, place)
      end
    end

    waits :create_session, :resume_session

    # Stops the runtime politely and frees the client with all its sessions. Never fails: call #stop before to see what went wrong. When it
    # returns, no handler of the client starts any more. A client that is forgotten instead is freed, and its runtime killed, after the
    # collector has found it and its sessions, unless its own handlers refer to it.
    def close
      return unless core.here?

      # The end of the sessions wakes their handlers, one of which this may be.
      Thread.handle_interrupt(CallCancelled => :never) do
        stop
      rescue Error
        # It was closed already, or some steps failed.
        nil
      ensure
        core.end_now
      end
    end

    # Whether the client was closed.
    def closed? = !Core.all.key?(core)

    def inspect = "#<#{self.class.name}>"

    private

    def invoke_and_read(method, params, &) = begin_call(:client_invoke_async, method, Json.write_or_nil(params), &)

    def number(function)
      core.check_fork
      place = FFI::MemoryPointer.new(:uint32)
      Error.check(Native.public_send(function, handle, place))
      place.read_uint32
    end

    def open_session(config, options, block)
      core.check_fork
      config = config ? config.dup.set(**options) : SessionConfig.new(**options) if config.nil? || !options.empty?
      Future.apart { block.call(config) } if block
      link = SessionLink.new(core)
      shared = core
      read = ->(session) { Session.new(shared, session, link) }
      unwanted = ->(session) { shared.note(:free, session.handle) }
      Native.undisturbed do
        config.make(core, link) do |made|
          Future.start(core, self, link.serial, read, unwanted) { |id, place| yield(made, id, place) }
        end
      end
    end
  end
end
