# frozen_string_literal: true

module CopilotNative
  # A call under way, or what was made of one with #then. It may be used from any thread.
  class Future
    def initialize(core = nil)
      @core = core
      @mutex = Mutex.new
      @over = ConditionVariable.new
      @state = :pending
      @watchers = []
      # Where the library writes the handle of the call.
      @place = FFI::MemoryPointer.new(:size_t) if core
    end

    # Starts a call of the library: the block gets user data and the place for the operation.
    #
    # @param owner what must not be collected meanwhile
    # @param serial the order of the session that it is about; nil for a call of the client
    # @param read makes the value of the handle that the library gave
    # @param unwanted gets rid of a value that came too late
    def self.start(core, owner, serial, read, unwanted = nil)
      core.check_fork
      future = new(core)
      Thread.current[:copilot_begun]&.push(future)
      Native.undisturbed do
        id = Registry.keep(Completion.new(core, future, owner, serial, read, unwanted))
        begin
          error = yield(id, future.place)
        rescue Exception
          # An interrupt by a signal is not held off: it may come before the call has begun, or behind that.
          Registry.drop(id) unless future.begun?
          raise
        end
        if error.zero?
          future.hold
        else
          Registry.drop(id)
          future.fail(Error.take(error))
        end
      end
      future
    end

    # Begins calls in the block and waits for the one that it gives. What was begun is cancelled when the wait ends in another way, wherever
    # that happens.
    def self.await(timeout: nil)
      before = Thread.current[:copilot_begun]
      begun = Thread.current[:copilot_begun] = []
      yield.value(timeout: timeout)
    ensure
      Thread.current[:copilot_begun] = before
      begun&.each { |future| future.cancel unless future.done? }
    end

    # Runs something of the program's, whose calls are its own.
    def self.apart
      before = Thread.current[:copilot_begun]
      Thread.current[:copilot_begun] = nil
      yield
    ensure
      Thread.current[:copilot_begun] = before
    end

    # A future that has its value already.
    def self.of(value) = new.tap { |future| future.complete(value) }

    # What the library is given for a call.
    Completion = Struct.new(:core, :future, :owner, :serial, :read, :unwanted) do
      def ended(error, result)
        future.settle
        future.barrier(serial ? [serial, core.serial] : core.busy.keys)
        return future.fail(Error.take(error)) unless error.zero?

        value = read.call(result)
        unwanted&.call(value) unless future.complete(value)
      rescue StandardError => e
        future.fail(e)
      end
    end

    # Whether it has ended: with a value, an error, or cancelled.
    def done? = @state != :pending

    def cancelled? = @state == :cancelled

    # Waits for the value. Waiting can be interrupted by Thread#raise, Thread#kill, Timeout and signals; the call goes on then, as it does
    # after `timeout`, a number of seconds.
    #
    # @raise [Error] when the call failed; Error::Cancelled when it was cancelled; Error::Timeout when the time is over
    def value(timeout: nil)
      raise Error::Timeout, "Timeout after #{timeout}s waiting for the result of a call" unless wait(timeout)

      wait_for_handlers
      case @state
      when :done then @value
      when :cancelled then raise Error::Cancelled, "the call was cancelled"
      else raise again(@value)
      end
    end

    # Waits until it has ended, at most so many seconds; false when it has not.
    def wait(timeout = nil)
      deadline = timeout && (now + timeout)
      @mutex.synchronize do
        while @state == :pending
          @core&.check_fork
          left = deadline && (deadline - now)
          return false if left && left <= 0

          @over.wait(@mutex, left)
        end
      end
      true
    end

    # Takes the call back; true unless it has ended already. What was made of it with #then fails with Error::Cancelled.
    def cancel
      return false unless finished(:cancelled, nil)

      take_back
      true
    end

    # A future of what the block makes of the value, on a thread of its own. When the call fails, so does that future, and the block is not
    # called. A future that the block gives is waited for. Cancelling it does not cancel the call.
    def then(&block)
      following { |made| made.follow(block.call(value)) }
    end

    # A future that has the value of the block when the call fails with such an error, else the value of the call.
    def rescue(*errors, &block)
      errors = [Error] if errors.empty?
      following do |made|
        made.complete(value)
      rescue *errors => e
        made.follow(block.call(e))
      end
    end

    # Calls the block with the future once it has ended, on a thread of its own.
    def on_done(&block)
      now = @mutex.synchronize { done? || !@watchers.push(block) }
      Pool.run { block.call(self) } if now
      self
    end

    def inspect = "#<#{self.class.name} #{@state}>"

    # -- for those who make them

    def complete(value) = finished(:done, value)

    def fail(error) = finished(:failed, error)

    def follow(value)
      return complete(value) unless value.is_a?(Future)

      value.on_done { settled_by { complete(value.value) } }
    end

    # Runs a block that completes it; however the block is left, it ends.
    def settled_by
      problem = RuntimeError.new("the block ended its thread")
      yield
      problem = nil
    rescue Exception => e
      problem = e
      raise if e.is_a?(SignalException) || e.is_a?(SystemExit)
    ensure
      self.fail(problem) if problem
    end

    # Those who wait go on when handlers have seen the events that came before.
    def barrier(serials)
      marks = serials.filter_map { |serial| (mark = serial.mark) && [serial, mark] }
      @mutex.synchronize { @barrier = marks } unless marks.empty?
    end

    attr_reader :place

    # It cannot end in a forked child.
    def watch_over(core) = @core = core

    # Whether the library has begun the call.
    def begun? = !place.get(:size_t, 0).zero?

    # The call has begun; perhaps it has ended too, or was cancelled meanwhile.
    def hold
      is_settled, is_unwanted = @mutex.synchronize { [@settled, @state == :cancelled] }
      if is_settled
        settle
      elsif is_unwanted
        take_back
      end
    end

    # The library has ended the call.
    def settle
      op = @mutex.synchronize do
        @settled = true
        place.get(:size_t, 0).tap { place.put(:size_t, 0, 0) }
      end
      Native.op_free(op) unless op.zero?
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def wait_for_handlers
      marks = @mutex.synchronize { @barrier.tap { @barrier = nil } } or return
      marks.inject(Serial::PATIENCE) { |patience, (serial, mark)| serial.wait(mark, patience) }
    end

    def following
      made = Future.new
      made.watch_over(@core)
      on_done { made.settled_by { yield(made) } }
      made
    end

    def finished(state, value)
      watchers = @mutex.synchronize do
        return false unless @state == :pending

        @value = value
        @state = state
        @over.broadcast
        @watchers.tap { @watchers = [] }
      end
      watchers.each { |watcher| Pool.run { watcher.call(self) } }
      true
    end

    def take_back
      return unless place

      Native.undisturbed do
        @mutex.synchronize do
          next unless begun?

          error = Native.op_cancel(place.get(:size_t, 0))
          Native.error_free(error) unless error.zero?
        end
      end
    end

    # An error of the library, with the place where it is raised now.
    def again(error) = error.is_a?(Error) && error.backtrace.nil? ? error.clone : error
  end
end
