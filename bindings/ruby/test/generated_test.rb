# frozen_string_literal: true

require_relative "helper"

# What is generated fits together.
class GeneratedTest < Minitest::Test
  include CopilotNative

  def views(holder) = holder.constants.map { |name| holder.const_get(name) }.select { |type| type.is_a?(Class) && type <= View }

  def test_every_member_reads_what_it_should_and_bears_what_it_should_not
    views = views(RpcTypes) + views(EventTypes)
    assert_operator views.size, :>, 1000
    views.each do |type|
      type.names.each do |name, wire|
        [nil, 1, "text", {}, [{}], [[{}]], { "k" => {} }, { "k" => [{}] }].each do |value|
          view = type.new({ wire => value })
          view.public_send(name)
          assert_equal [value], [view[wire]]
        end
      end
    end
  end

  def test_every_call_of_the_table_is_there
    rows = JSON.parse(File.read(File.join(__dir__, "../../../tests/conformance/calls.json")))
    assert_operator rows.size, :>, 30
    rows.each do |row|
      owner, name = row["ruby"].include?(".") ? row["ruby"].split(".") : [row["scope"].capitalize, row["ruby"]]
      assert CopilotNative.const_get(owner).method_defined?(name), "#{row["scope"]}.#{row["name"]}: there is no #{owner}##{name}"
    end
  end

  def test_every_event_has_its_data
    Events::DATA.each do |type, name|
      assert_operator EventTypes.const_get(name), :<=, View
      assert_equal type, Events.const_get(Events.constants.find { |each| Events.const_get(each) == type })
    end
  end

  def test_choices_read_as_what_their_tag_names
    asked = lambda do |request|
      Event.new("permission.requested", nil, { "data" => { "permissionRequest" => request } }).data.permission_request
    end
    assert_equal "ls", asked.call({ "kind" => "shell", "fullCommandText" => "ls" }).full_command_text
    assert_equal 1, asked.call({ "kind" => "newer", "x" => 1 })["x"]
  end

  # A caller that only notes what is called.
  class Noting
    attr_reader :called

    def initialize = @called = []

    private

    def invoke_and_read(method, params)
      @called << [method, params, yield({ "some" => "result" })]
      CopilotNative::Future.of(nil)
    end
  end

  # Calls every method below a namespace.
  def walk(space)
    space.class.instance_methods(false).each do |name|
      if space.method(name).arity.zero? && space.method(name).parameters.empty?
        walk(space.public_send(name))
      else
        space.public_send(name)
      end
    end
  end

  def test_every_method_can_be_called
    noting = Noting.new
    walk(ServerRpc.new(noting))
    walk(SessionRpc.new(noting))
    names = noting.called.map(&:first)
    assert_empty Methods.constants.map { |name| Methods.const_get(name) } - names
    assert_equal [2], names.tally.values.uniq, "each in two forms"
  end

  def test_members_of_parameters_are_keywords
    noting = Noting.new
    SessionRpc.new(noting).model.switch_to(model_id: "m", reasoningEffort: "low", newMember: 1)
    assert_equal({ "modelId" => "m", "reasoningEffort" => "low", "newMember" => 1 }, noting.called.last[1])
  end

  def test_errors_have_the_numbers_of_the_library
    assert_equal (1..Error::KINDS.size).to_a, Error::KINDS.keys
    Error::KINDS.each { |code, type| assert_equal [code, type.name.split("::").last], [type::CODE, type::KIND] }
    assert_equal Error::KINDS.size, Error.constants.count { |name| Error.const_get(name).is_a?(Class) }
  end

  def test_views_are_values
    one = RpcTypes::PingResult.new({ "message" => "x" })
    assert_equal one, RpcTypes::PingResult.build(message: "x")
    assert_equal "{\"message\":\"x\"}", JSON.generate(one)
    assert_equal({ one => 1 }[RpcTypes::PingResult.new({ "message" => "x" })], 1)
    assert_nil RpcTypes::PingResult.of("no object")
  end
end
