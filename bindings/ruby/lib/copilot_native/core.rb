# frozen_string_literal: true

module CopilotNative
  # What a client and its sessions share: the library's client, and the thread that runs its callbacks. Refers to neither. Nothing of the
  # program's own runs on that thread: handlers have others.
  class Core
    PATIENCE_SECONDS = 30

    @all = {}
    @count = 0

    class << self
      attr_reader :all

      def number = @count += 1

      # At the end of the program: ends what was left open, and the runtimes with it.
      def end_all
        @all.keys.each { |core| core.end_now if core.here? }
      end
    end

    attr_reader :handle, :serial, :streams, :busy

    def initialize(handle)
      CopilotNative.arm
      @handle = handle
      @pid = Process.pid
      # Who has handlers of events running or waiting.
      @busy = {}.compare_by_identity
      @serial = Serial.new(@busy)
      @open = {}
      @sessions = ObjectSpace::WeakMap.new
      @streams = {}.compare_by_identity
      @notes = Thread::Queue.new
      @waked, @wake = IO.pipe
      @ended = false
      @is_closed = false
      @is_held = true
      @descriptor = IO.for_fd(descriptor, autoclose: false)
      Core.all[self] = true
      @thread = Thread.new { run }
      @thread.name = "copilot-client-#{Core.number}"
      @thread.report_on_exception = false
    end

    def here? = @pid == Process.pid

    # A client of another process cannot be used here.
    def check_fork
      return if @pid == Process.pid

      raise Error::Forked, "this client was made in process #{@pid}, before fork; make a new one in the child"
    end

    # Runs something where handlers run.
    def serve(&) = Pool.run(&)

    # A new session uses this client.
    def add(session)
      @open[session.handle] = true
      @sessions[session.handle] = session
    end

    # The session of a handle that a callback brings; nil while it is being made, and once nobody refers to it.
    def session(handle) = @sessions[handle]

    # Leaves something to do for the client's thread. Finalizers may call it: it takes no locks.
    def note(*what)
      return unless here?

      @notes << what
      begin
        @wake.write_nonblock("!")
      rescue IO::WaitWritable, IOError, SystemCallError
        # It is awake already, or has ended.
        nil
      end
    end

    # Ends the client with all its sessions, and waits until its thread has ended.
    def end_now
      note(:end)
      @thread.join(PATIENCE_SECONDS) unless Thread.current.equal?(@thread)
    end

    # Adds a listener of events; its number.
    def listen(handle, type, entry)
      check_fork
      place = FFI::MemoryPointer.new(:uint64)
      Native.undisturbed do
        view = Text.view(type)
        Error.check(Native.session_on(handle, view, Callbacks::EVENT, Registry.keep(entry), Callbacks::DESTROY, place))
        place.read_uint64
      end
    end

    def unlisten(handle, listener)
      return unless here?

      Native.undisturbed do
        error = Native.session_off(handle, listener)
        Native.error_free(error) unless error.zero?
      end
    end

    def inspect = "#<#{self.class.name}>"

    private

    def descriptor
      place = FFI::MemoryPointer.new(:int64)
      Error.check(Native.client_fd(@handle, place))
      place.read_int64
    end

    def run
      # Threads that are killed or raised at end their waits, never a callback of the library.
      Native.undisturbed do
        until @ended
          wait
          obey
          poll unless @ended
        end
      ensure
        finish
      end
    end

    def wait
      return unless @notes.empty?

      Thread.handle_interrupt(Object => :immediate) { IO.select([@descriptor, @waked]) }
      @waked.read_nonblock(4096, exception: false)
    rescue StandardError => e
      CopilotNative.report(e, "waiting for the library")
    end

    def poll
      error = Log.on? ? Native.client_poll(@handle, 0, nil) : Native.poll_held(@handle, 0, nil)
      return if error.zero?

      CopilotNative.report(Error.take(error), "asking the library")
      @ended = true
    end

    # What others left to do.
    def obey
      until @notes.empty?
        what, *rest = @notes.pop(true)
        case what
        when :end then @ended = @is_closed = true
        when :off then unlisten(*rest)
        when :free then free(*rest)
        when :release then @is_held = false
        end
      end
      @ended = true if !@is_held && @open.empty?
    end

    def free(session)
      Native.session_free(session) if @open.delete(session)
    end

    def finish
      @open.keys.each { |session| free(session) }
      Native.client_free(@handle)
      # One that was only forgotten still hands over what came.
      @busy.keys.each(&:close) if @is_closed
      @streams.keys.each { |buffer| buffer.finish(nil) }
      Core.all.delete(self)
      @wake.close
      @waked.close
    end
  end
end
