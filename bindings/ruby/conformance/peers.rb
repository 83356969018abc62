# frozen_string_literal: true

module Conformance
  # The processes beside a case.
  class Peers
    def initialize
      @processes = []
      @mutex = Mutex.new
    end

    # Starts a program that prints a line about where it listens; the last word of that line.
    def start(command, token = nil)
      env = token ? { "COPILOT_CONNECTION_TOKEN" => token } : {}
      # They end with their standard input.
      process = IO.popen(env, command, "r+", err: File::NULL)
      @mutex.synchronize { @processes << process }
      process.gets.to_s.split.last.to_s
    end

    def close
      @processes.each do |process|
        Process.kill(:KILL, process.pid)
      rescue Errno::ESRCH
        nil
      ensure
        process.close
      end
    end
  end
end
