# frozen_string_literal: true

module CopilotNative
  # Threads for handlers. There are as many as handlers run at a time; one that has had nothing to do for a while ends.
  module Pool
    IDLE_SECONDS = 5

    @mutex = Mutex.new
    @news = ConditionVariable.new
    @work = []
    @idle = 0
    @pid = Process.pid

    class << self
      # While the program ends nothing new is begun: a handler that was killed would be followed by the next.
      attr_writer :is_closed

      def run(&work)
        return if @is_closed

        renew unless @pid == Process.pid
        @mutex.synchronize do
          @work.push(work)
          @idle >= @work.size ? @news.signal : start
        end
      end

      private

      # Threads do not follow into a forked process.
      def renew
        @mutex = Mutex.new
        @news = ConditionVariable.new
        @work = []
        @idle = 0
        @pid = Process.pid
      end

      # Threads inherit what is held off on the thread that starts them; handlers must not.
      def start
        thread = Thread.new { Thread.handle_interrupt(Object => :immediate) { work_on } }
        thread.name = "copilot-handler"
        thread.report_on_exception = false
      end

      def work_on
        while (work = take)
          CopilotNative.guarded("a handler", &work)
        end
      end

      def take
        @mutex.synchronize do
          deadline = now + IDLE_SECONDS
          while @work.empty?
            left = deadline - now
            return nil if left <= 0

            @idle += 1
            begin
              @news.wait(@mutex, left)
            ensure
              @idle -= 1
            end
          end
          @work.shift
        end
      end

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end

  # Runs handlers one at a time and in order.
  class Serial
    # A handler that takes longer is not waited for.
    PATIENCE = 0.25

    # @param busy where it stands while something of it runs
    def initialize(busy)
      @busy = busy
      @mutex = Mutex.new
      @progress = ConditionVariable.new
      @work = []
      @running = false
      @closed = false
      @pushed = 0
      @done = 0
    end

    # The one whose handler runs on this thread.
    def self.current = Thread.current.thread_variable_get(:copilot_serial)

    def push(&work)
      @mutex.synchronize do
        next if @closed

        @work.push(work)
        @pushed += 1
        next if @running

        @running = true
        @busy[self] = true
        Pool.run { drain }
      end
    end

    # Begins nothing more; what waits is given up.
    def close
      @mutex.synchronize do
        @closed = true
        @done += @work.size
        @work.clear
        @progress.broadcast
      end
    end

    # What was pushed so far; nil when all of it is done.
    def mark = @mutex.synchronize { @done < @pushed ? @pushed : nil }

    # Waits until what was pushed before the mark is done, unless this is a handler of it. Gives up when handlers together take longer than
    # `patience` without an end; what is left of it.
    def wait(mark, patience = PATIENCE)
      return patience if Serial.current.equal?(self)

      @mutex.synchronize do
        seen = @done
        deadline = now + patience
        while @done < mark
          left = deadline - now
          return 0 if left <= 0

          @progress.wait(@mutex, left)
          deadline = now + patience if @done > seen
          seen = @done
        end
      end
      patience
    end

    private

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    def rest
      @busy.delete(self)
      @running = false
    end

    def drain
      Thread.current.thread_variable_set(:copilot_serial, self)
      is_over = false
      until is_over
        work = @mutex.synchronize { @work.shift || rest }
        break is_over = true unless work

        begin
          CopilotNative.guarded("a handler of events", &work)
        ensure
          @mutex.synchronize { (@done += 1) && @progress.broadcast }
        end
      end
    ensure
      Thread.current.thread_variable_set(:copilot_serial, nil)
      # A handler ended its thread: another one goes on.
      Pool.run { drain } unless is_over
    end
  end
end
