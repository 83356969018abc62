/** The view of a C string; NULL gives no text. */
static inline copilot_str copilot_s(const char *text) {
  copilot_str view;
  view.data = text;
  view.len = COPILOT_NUL;
  return view;
}

/** The view of `len` bytes. */
static inline copilot_str copilot_sn(const char *data, size_t len) {
  copilot_str view;
  view.data = data;
  view.len = len;
  return view;
}

/** The view of an owned string. */
static inline copilot_str copilot_string_view(const copilot_string *string) {
  return copilot_sn(copilot_string_data(string), copilot_string_len(string));
}

/* What a compiler must agree on with the library. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define COPILOT_ASSERT_(condition, name) static_assert(condition, #name)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define COPILOT_ASSERT_(condition, name) _Static_assert(condition, #name)
#else
#define COPILOT_ASSERT_(condition, name) typedef char copilot_assert_##name[(condition) ? 1 : -1]
#endif
COPILOT_ASSERT_(sizeof(copilot_code) == 4, codes_have_four_bytes);
COPILOT_ASSERT_(sizeof(copilot_str) == 2 * sizeof(void *), views_are_pointer_and_length);
COPILOT_ASSERT_(offsetof(copilot_client_options, size) == 0, size_is_first_in_options);
COPILOT_ASSERT_(offsetof(copilot_wait, size) == 0, size_is_first_in_wait);
COPILOT_ASSERT_(offsetof(copilot_tool, size) == 0, size_is_first_in_tool);
COPILOT_ASSERT_(sizeof(copilot_wait) == 3 * 8 || sizeof(void *) != 8, wait_has_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_counters) == 5 * 8 || sizeof(void *) != 8, counters_have_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_tool) == 12 * 8 || sizeof(void *) != 8, tool_has_no_gaps);
COPILOT_ASSERT_(sizeof(copilot_client_options) == 27 * 8 || sizeof(void *) != 8, options_have_no_gaps);
#undef COPILOT_ASSERT_

#endif /* COPILOT_H */
