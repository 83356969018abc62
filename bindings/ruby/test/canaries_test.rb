# frozen_string_literal: true

require_relative "helper"

# Secrets do not show in Ruby: not in what inspect, to_s and errors say, not in the log, not on a command line. What the engine itself
# leaves out is held by core/tests/canaries.rs; both take their secrets from tests/canaries.json.
class CanariesTest < Minitest::Test
  include CopilotNative

  GIVEN = JSON.parse(File.read(File.expand_path("../../../tests/canaries.json", __dir__)))
  MARK = GIVEN.fetch("mark")

  def setup
    @said = Thread::Queue.new
    Log.set(:trace) { |line| @said << "#{line.target}: #{line.message}" }
  end

  def teardown
    Log.set(:off)
  end

  def shows(*things)
    things.each { |thing| @said << thing.inspect << thing.to_s << "#{thing}" }
  end

  def refused(what, &work)
    error = assert_raises(Error, TypeError, ArgumentError, what, &work)
    fails(error)
  end

  def fails(error)
    @said << error.message << error.inspect << error.full_message(highlight: false)
    shows(error.data, error.reason) if error.is_a?(Error)
    fails(error.cause) if error.cause
  end

  def nothing_leaked
    Log.set(:off)
    texts = Array.new(@said.size) { @said.pop }
    assert_empty(texts.select { |text| text.include?(MARK) }.map { |text| text[0, 500] })
    texts
  end

  # What anybody on this machine can read of this process and those that it started.
  def command_lines
    Dir["/proc/[0-9]*"].filter_map do |folder|
      parent = File.read("#{folder}/stat")[/\) . (\d+)/, 1].to_i
      File.read("#{folder}/cmdline") if [File.basename(folder).to_i, parent].include?(Process.pid)
    rescue Errno::ENOENT, Errno::ESRCH
      nil
    end
  end

  def options(kind)
    env = GIVEN["env"].merge("PATH" => ENV.fetch("PATH"))
    path = ENV.fetch("COPILOT_FAKE_RUNTIME")
    more = kind == :tcp ? { connection_token: GIVEN["connectionToken"] } : {}
    { connection: Connection.public_send(kind, path: path, env: env, **more), **GIVEN["client"].transform_keys(&:to_sym) }
  end

  %i[stdio tcp].each do |kind|
    define_method(:"test_a_runtime_over_#{kind}_that_repeats_what_it_is_told") do
      config = ClientConfig.new(**options(kind))
      client = Client.new(**options(kind))
      shows(config, client)
      client.start
      client.invoke("fake.script", { script: GIVEN["script"] })
      given = GIVEN["session"].transform_keys(&:to_sym)
      shows(SessionConfig.new(**given))
      refused("create") { client.create_session(**given) }
      session = client.create_session(**given)
      shows(session, session.method(:send))
      refused("send") { session.send("hello", request_headers: GIVEN["requestHeaders"]) }
      GIVEN["calls"].each { |call| refused(call["method"]) { client.invoke(call["method"], call["params"]) } }
      lines = command_lines
      assert lines.size >= 2 || !File.exist?("/proc/self/stat")
      lines.each { |line| @said << line }
      refused("broken") { client.invoke("test.broken", { secret: GIVEN["session"]["provider"]["apiKey"] }) }
      shows(client, session)
      client.close
      assert(nothing_leaked.any? { |text| text.include?("[redacted]") })
    end
  end

  SHAPES = [[["#{MARK}-wrong"]], { token: "#{MARK}-wrong" }, [{ apiKey: "#{MARK}-wrong" }], { a: { headers: "#{MARK}-wrong" } }].freeze

  def test_values_of_the_wrong_type
    Peer.client do |client|
      session = client.create_session
      SHAPES.each do |shape|
        (ClientOptions::WIRE.keys - [:connection]).each { |name| try { Client.new(**Peer.options, name => shape).close } }
        SessionOptions::WIRE.each_key { |name| try { client.create_session(name => shape) } }
        try { session.send("x", request_headers: shape) }
        try { session.send(shape) }
        try { Client.new(connection: Connection.tcp(connection_token: shape)) }
        try { client.invoke(shape) }
      end
    end
    assert_operator nothing_leaked.size, :>, 50
  end

  def try
    yield
  rescue Error, TypeError, ArgumentError => e
    fails(e)
  end
end
