# frozen_string_literal: true

module Conformance
  # References and partial match, as the test kit's README describes them.
  module Matching
    REFERENCE = /\$([A-Za-z_][\w-]*)((?:\.[\w-]+)*)/

    module_function

    # Replaces references in every string; unknown names stay.
    def resolve(value, names)
      case value
      when Hash
        return value["$repeat"][0] * value["$repeat"][1] if value.keys == ["$repeat"]

        value.transform_values { |item| resolve(item, names) }
      when Array then value.map { |item| resolve(item, names) }
      when String then resolve_text(value, names)
      else value
      end
    end

    def resolve_text(text, names)
      whole = text.match(/\A#{REFERENCE}\z/o)
      if whole
        is_known, found = lookup(whole, names)
        return is_known ? found : text
      end
      text.gsub(REFERENCE) do |shown|
        is_known, found = lookup(Regexp.last_match, names)
        next shown unless is_known

        found.is_a?(Hash) || found.is_a?(Array) ? JSON.generate(found) : found.to_s
      end
    end

    def lookup(match, names)
      return [false, nil] unless names.key?(match[1])

      value = names[match[1]]
      match[2].split(".").drop(1).each do |step|
        value = case value
                when Array then value[step.to_i]
                when Hash then value.fetch(step) { return [false, nil] }
                else return [false, nil]
                end
      end
      [true, value]
    end

    def matches?(pattern, value)
      case pattern
      when Hash
        if pattern.size == 1
          name, wanted = pattern.first
          case name
          when "$any" then return true
          when "$contains" then return value.is_a?(String) && value.include?(wanted)
          when "$oneOf" then return wanted.any? { |each| matches?(each, value) }
          end
        end
        value.is_a?(Hash) && pattern.all? { |name, wanted| member?(wanted, name, value) }
      when Array
        value.is_a?(Array) && value.size == pattern.size && pattern.zip(value).all? { |wanted, item| matches?(wanted, item) }
      else pattern == value
      end
    end

    def member?(pattern, name, value)
      return !value.key?(name) if pattern.is_a?(Hash) && pattern.keys == ["$absent"]

      value.key?(name) && matches?(pattern, value[name])
    end

    # The first pattern that nothing matches behind those before it; nil when all are there in this order.
    def missing(patterns, values, &fits)
      fits ||= method(:matches?)
      at = 0
      patterns.each do |pattern|
        at += 1 until at >= values.size || fits.call(pattern, values[at])
        return pattern if at >= values.size

        at += 1
      end
      nil
    end
  end
end
