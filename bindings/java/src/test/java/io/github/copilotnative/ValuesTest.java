package io.github.copilotnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.annotations.SerializedName;
import com.sun.jna.Native;
import io.github.copilotnative.generated.CallKind;
import io.github.copilotnative.generated.ErrorKind;
import io.github.copilotnative.generated.EventTypes;
import io.github.copilotnative.generated.Events;
import io.github.copilotnative.generated.RpcTypes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** JSON, schemas, generated types, errors. */
@Timeout(60)
class ValuesTest {
    enum Unit { @SerializedName("c") CELSIUS, FAHRENHEIT }

    @Describe("a place")
    record Place(@Describe("its name") String city, @Describe(optional = true) Unit unit, List<Integer> days, Map<String, Double> weights,
        @SerializedName("is_big") boolean big) {}

    @Test
    void recordsMakeSchemas() {
        JsonElement expected = Json.parse("""
            {"type":"object","properties":{"city":{"type":"string","description":"its name"},
            "unit":{"type":"string","enum":["c","FAHRENHEIT"]},
            "days":{"type":"array","items":{"type":"integer"}},"weights":{"type":"object","additionalProperties":{"type":"number"}},
            "is_big":{"type":"boolean"}},"required":["city","days","weights","is_big"],"description":"a place"}""");
        assertEquals(expected, Schemas.of(Place.class));
        assertEquals(ErrorKind.INVALID_TYPE, assertThrows(CopilotException.class, () -> Schemas.of(Thread.class)).kind());
        Place place = Json.read(Json.parse("{\"city\":\"Oslo\",\"unit\":\"c\",\"days\":[1],\"is_big\":true,\"new\":1}"), Place.class);
        assertEquals(new Place("Oslo", Unit.CELSIUS, List.of(1), null, true), place);
    }

    @Test
    void pointersFollowTheirRules() {
        JsonElement json = Json.parse("{\"a/b\":{\"~\":[1,{\"x\":\"y\"}]},\"\":2}");
        assertEquals("y", Json.text(Json.get(json, "/a~1b/~0/1/x")));
        assertEquals(2, Json.get(json, "/").getAsInt());
        assertEquals(json, Json.get(json, ""));
        assertNull(Json.get(json, "/a~1b/~0/2"));
        assertNull(Json.get(json, "/a~1b/~0/01"));
        assertEquals(ErrorKind.INVALID_TYPE, assertThrows(CopilotException.class, () -> Json.parse("{'a':1}")).kind());
    }

    @Test
    void viewsKeepWhatTheyDoNotKnow() {
        EventTypes.AssistantMessageData data =
            new EventTypes.AssistantMessageData(Json.parse("{\"content\":7,\"messageId\":\"m\",\"later\":[1]}"));
        assertEquals("m", data.messageId());
        assertNull(data.content(), "a member of another type reads as null");
        assertTrue(data.json().toString().contains("later"));
        EventTypes.AbortReason odd = EventTypes.AbortReason.of("brand_new");
        assertEquals("brand_new", odd.text());
        assertEquals(odd, EventTypes.AbortReason.ofJson(Json.parse("\"brand_new\"")));
        assertNotEquals(odd, RpcTypes.AccountKind.of("brand_new"));
        RpcTypes.AbortRequest request = new RpcTypes.AbortRequest().reason(odd);
        assertEquals("{\"reason\":\"brand_new\"}", request.toString());
        assertEquals("{}", request.reason(null).toString());
    }

    @Test
    void methodsAreTyped() {
        try (CopilotClient client = Fake.client(); CopilotSession session = client.createSession()) {
            assertEquals(List.of(), client.rpc().models().list().models().stream().filter(model -> model.id() == null).toList());
            assertTrue(client.rpc().ping(new RpcTypes.PingRequest().message("typed")).message().endsWith("typed"));
            assertInstanceOf(EventTypes.IdleData.class, wait(session));
        }
    }

    private static EventTypes.IdleData wait(CopilotSession session) {
        try (EventStream events = session.events()) {
            session.send("x");
            while (true) {
                EventTypes.IdleData data = events.next().data(Events.SESSION_IDLE);
                if (data != null) {
                    return data;
                }
            }
        }
    }

    @Test
    void errorsAreTheEngines() {
        CopilotClientOptions odd = new CopilotClientOptions().set("nonsense", 1);
        CopilotException option = assertThrows(CopilotException.class, () -> new CopilotClient(odd));
        assertEquals(ErrorKind.INVALID_ARGUMENT, option.kind());
        assertTrue(option.getMessage().contains("nonsense"));
        CopilotClientOptions nowhere = new CopilotClientOptions().connection(Connection.stdio().path("/nowhere/at/all"));
        try (CopilotClient client = new CopilotClient(nowhere)) {
            assertEquals(ErrorKind.RUNTIME_NOT_FOUND, assertThrows(CopilotException.class, client::start).kind());
        }
        try (CopilotClient client = Fake.client()) {
            client.start();
            CopilotException unknown = assertThrows(CopilotException.class, () -> client.invoke("no.such.method", null));
            assertEquals(-32601L, unknown.rpcCode());
            assertTrue(unknown.getStackTrace()[0].getClassName().startsWith("io.github.copilotnative"), "thrown where it was called");
            assertEquals(ErrorKind.BAD_TEXT, assertThrows(CopilotException.class, () -> client.ping("half \ud83d")).kind());
            assertEquals("pong: \ud83d\ude00 \u0000 ü", client.ping("\ud83d\ude00 \u0000 ü").get("message").getAsString());
            CopilotSession session = client.createSession();
            session.disconnect();
            SessionClosedException closed = assertThrows(SessionClosedException.class, () -> session.send("x"));
            assertEquals("session.disconnected", closed.reasonCode());
        }
    }

    @Test
    void numbersAreThoseOfTheHeader() {
        assertEquals(ErrorKind.SCHEMA_MISMATCH, ErrorKind.of(24));
        assertEquals(ErrorKind.UNKNOWN, ErrorKind.of(9999));
        assertEquals(CallKind.AHP_HOST, CallKind.of(22));
        assertEquals(CallKind.UNKNOWN, CallKind.of(9999));
        if (Native.POINTER_SIZE == 8) {
            assertEquals(27 * 8, new Lib.ClientOptions().size());
            assertEquals(12 * 8, new Lib.ToolSpec().size());
            assertEquals(5 * 8, new Lib.CountersSpec().size());
        }
    }
}
