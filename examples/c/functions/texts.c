/* Texts and JSON: what goes into the library and what comes out of it. No runtime is needed.
 *
 *   cc texts.c $(pkg-config --cflags --libs copilot) -o texts && ./texts
 */
#include "common.h"

/* What goes in is a view: a pointer and a length. The library copies what it keeps. */
static void going_in(void) {
  const char buffer[] = {'h', 'i', '!', '?'}; /* no NUL at its end */
  copilot_string *json = NULL;

  check(copilot_json_quote(copilot_s("say \"hi\""), &json)); /* a C string */
  EXPECT(strcmp(copilot_string_data(json), "\"say \\\"hi\\\"\"") == 0);
  copilot_string_free(json);

  check(copilot_json_quote(copilot_sn(buffer, 2), &json)); /* two bytes of a buffer */
  EXPECT(strcmp(copilot_string_data(json), "\"hi\"") == 0);
  copilot_string_free(json);

  /* Text is UTF-8. Anything else is refused, and nothing is written. */
  json = NULL;
  EXPECT(code_of(copilot_json_quote(copilot_s("\xff"), &json)) == COPILOT_ERROR_BAD_TEXT);
  EXPECT(json == NULL);
}

/* What comes out is a copilot_string. It is ours: we free it, and its bytes live until then. */
static void coming_out(void) {
  copilot_string *json = NULL, *again = NULL;
  check(copilot_json_quote(copilot_s("Grüße"), &json));
  EXPECT(copilot_string_len(json) == 9); /* bytes, with both quotes; the NUL behind them does not count */
  EXPECT(copilot_string_data(json)[9] == 0);

  /* A string that came out may go in again. */
  check(copilot_json_text(copilot_string_view(json), copilot_s(""), &again));
  EXPECT(copilot_string_len(again) == 7);
  EXPECT(copilot_string_free(again) == COPILOT_OK);
  EXPECT(copilot_string_free(json) == COPILOT_OK);

  EXPECT(copilot_string_free(NULL) == COPILOT_OK);
  EXPECT(copilot_string_free(json) == COPILOT_ERROR_BAD_HANDLE); /* freed already: noticed, not undefined */
}

/* Events, results and questions are JSON. A pointer (RFC 6901) finds a value in them. */
static void reading(void) {
  copilot_str event = copilot_s("{\"type\":\"assistant.message\",\"data\":{\"content\":\"Snow in K\\u00f6ln\",\"tools\":[7,null]}}");
  copilot_string *found = NULL;

  check(copilot_json_get(event, copilot_s("/data/content"), &found)); /* as JSON, with its quotes and escapes */
  EXPECT(copilot_string_data(found)[0] == '"');
  copilot_string_free(found);

  check(copilot_json_text(event, copilot_s("/data/content"), &found)); /* as the text that is meant */
  EXPECT(strcmp(copilot_string_data(found), "Snow in Köln") == 0);
  copilot_string_free(found);

  check(copilot_json_get(event, copilot_s("/data/tools"), &found));
  EXPECT(strcmp(copilot_string_data(found), "[7,null]") == 0);
  copilot_string_free(found);

  /* What is not there is no error, and there is nothing to free. */
  check(copilot_json_text(event, copilot_s("/data/other"), &found));
  EXPECT(found == NULL);
  check(copilot_json_text(event, copilot_s("/data/tools/1"), &found)); /* null counts as none */
  EXPECT(found == NULL);
}

int main(void) {
  going_in();
  coming_out();
  reading();
  puts("texts: ok");
  return 0;
}
