package io.github.copilotnative;

import com.sun.jna.Callback;
import com.sun.jna.IntegerType;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/** The functions of {@code copilot.h}, as they are. Handles are passed as pointers but are numbers. */
final class Lib {
    /** The binary interface this class was written for. */
    static final int ABI_VERSION = 0;
    /** Callbacks run on the thread that polls. */
    static final int DRIVE_POLL = 1;

    private Lib() {}

    static {
        Native.register(Lib.class, NativeLibrary.getInstance(libraryName()));
        int found = copilot_abi_version();
        if (found != ABI_VERSION) {
            throw new UnsatisfiedLinkError("the library copilot has binary interface " + found + ", this package needs " + ABI_VERSION);
        }
    }

    private static String libraryName() {
        for (String name : new String[] {System.getProperty("copilot.library"), System.getenv("COPILOT_LIBRARY")}) {
            if (name != null && !name.isEmpty()) {
                return name;
            }
        }
        return "copilot";
    }

    /** A {@code size_t}. */
    public static final class SizeT extends IntegerType {
        public SizeT() {
            this(0);
        }

        public SizeT(long value) {
            super(Native.SIZE_T_SIZE, value, true);
        }
    }

    /** A {@code copilot_str}. */
    @FieldOrder({"data", "len"})
    public static class Str extends Structure implements Structure.ByValue {
        public Pointer data;
        public SizeT len = new SizeT();

        /** The text, or null when it is absent. */
        String text() {
            return Text.read(data, len.longValue());
        }
    }

    /** The same inside another structure. */
    @FieldOrder({"data", "len"})
    public static class StrField extends Structure {
        public Pointer data;
        public SizeT len = new SizeT();

        void set(Str from) {
            data = from.data;
            len = from.len;
        }
    }

    /** A {@code copilot_client_options}. */
    @FieldOrder({"size", "drive", "connection", "path", "args", "argsLen", "url", "connectionToken", "port", "useLoggedInUser",
        "workingDirectory", "baseDirectory", "logLevel", "gitHubToken", "json", "onCall", "onLifecycle", "onNotification", "onClosed",
        "userData", "destroy"})
    public static final class ClientOptions extends Structure {
        public SizeT size;
        public int drive = DRIVE_POLL;
        public int connection;
        public StrField path = new StrField();
        public Pointer args;
        public SizeT argsLen = new SizeT();
        public StrField url = new StrField();
        public StrField connectionToken = new StrField();
        public int port;
        public int useLoggedInUser;
        public StrField workingDirectory = new StrField();
        public StrField baseDirectory = new StrField();
        public StrField logLevel = new StrField();
        public StrField gitHubToken = new StrField();
        public StrField json = new StrField();
        public CallFn onCall;
        public NotificationFn onLifecycle;
        public NotificationFn onNotification;
        public ClosedFn onClosed;
        public Pointer userData;
        public DestroyFn destroy;

        public ClientOptions() {
            size = new SizeT(size());
        }
    }

    /** A {@code copilot_tool}. */
    @FieldOrder({"size", "name", "description", "parameters", "json", "call", "userData", "destroy"})
    public static final class ToolSpec extends Structure {
        public SizeT size;
        public StrField name = new StrField();
        public StrField description = new StrField();
        public StrField parameters = new StrField();
        public StrField json = new StrField();
        public CallFn call;
        public Pointer userData;
        public DestroyFn destroy;

        public ToolSpec() {
            size = new SizeT(size());
        }
    }

    /** A {@code copilot_counters}. */
    @FieldOrder({"size", "received", "delivered", "queuedEvents", "queuedBytes"})
    public static final class CountersSpec extends Structure {
        public SizeT size;
        public long received;
        public long delivered;
        public long queuedEvents;
        public long queuedBytes;

        public CountersSpec() {
            size = new SizeT(size());
        }
    }

    /** A {@code copilot_call_fn}. */
    public interface CallFn extends Callback {
        void invoke(Pointer userData, Pointer call, Pointer info);
    }

    /** A {@code copilot_notification_fn}. */
    public interface NotificationFn extends Callback {
        void invoke(Pointer userData, Str name, Str json);
    }

    /** A {@code copilot_closed_fn}. */
    public interface ClosedFn extends Callback {
        void invoke(Pointer userData, Pointer error);
    }

    /** A {@code copilot_destroy_fn} or {@code copilot_cancel_fn}. */
    public interface DestroyFn extends Callback {
        void invoke(Pointer userData);
    }

    /** A {@code copilot_done_fn} or {@code copilot_session_done_fn}. */
    public interface DoneFn extends Callback {
        void invoke(Pointer userData, Pointer error, Pointer result);
    }

    /** A {@code copilot_event_fn}. */
    public interface EventFn extends Callback {
        void invoke(Pointer userData, Pointer session, Pointer event);
    }

    /** A {@code copilot_log_fn}. */
    public interface LogFn extends Callback {
        void invoke(Pointer userData, int level, Str target, Str message);
    }

    static native int copilot_abi_version();

    static native byte copilot_has(Pointer feature);

    static native Pointer copilot_log_set(int level, LogFn log, Pointer userData, DestroyFn destroy);

    static native Pointer copilot_version();

    static native Pointer copilot_call_reply(Pointer call, Str json);

    static native Pointer copilot_call_reply_text(Pointer call, Str text);

    static native Pointer copilot_call_fail_with(Pointer call, Str message, long code, Str data);

    static native byte copilot_call_is_cancelled(Pointer call);

    static native Pointer copilot_call_on_cancel(Pointer call, DestroyFn onCancel, Pointer userData, DestroyFn destroy);

    static native int copilot_call_free(Pointer call);

    static native Pointer copilot_client_new(ClientOptions options, PointerByReference client);

    static native int copilot_client_free(Pointer client);

    static native Pointer copilot_client_poll(Pointer client, long timeoutMs, Pointer count);

    static native Pointer copilot_client_interrupt(Pointer client);

    static native Pointer copilot_client_state(Pointer client, int[] state);

    static native Pointer copilot_client_runtime_port(Pointer client, int[] port);

    static native Pointer copilot_client_run_ui_action(Pointer client, int action);

    static native Pointer copilot_client_counters(Pointer client, CountersSpec counters);

    static native Pointer copilot_client_diagnostics(Pointer client, PointerByReference result);

    static native Pointer copilot_client_start_async(Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_stop_async(Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_force_stop_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_invoke_async(
        Pointer client, Str method, Str params, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_notify(Pointer client, Str method, Str params);

    static native Pointer copilot_client_set_env_async(
        Pointer client, Str env, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_start_ahp_host_async(
        Pointer client, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_list_models_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_ping_async(
        Pointer client, Str message, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_get_status_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_get_auth_status_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_list_sessions_async(
        Pointer client, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_get_session_metadata_async(
        Pointer client, Str sessionId, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_get_last_session_id_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_get_foreground_session_id_async(
        Pointer client, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_set_foreground_session_id_async(
        Pointer client, Str sessionId, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_delete_session_async(
        Pointer client, Str sessionId, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_llm_start_async(
        Pointer client, Str requestId, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_llm_write_text_async(
        Pointer client, Str requestId, Str text, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_llm_write_bytes_async(
        Pointer client, Str requestId, Str data, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_llm_end_async(
        Pointer client, Str requestId, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_llm_fail_async(
        Pointer client, Str requestId, Str message, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_create_session_async(
        Pointer client, Pointer config, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_client_resume_session_async(
        Pointer client, Str sessionId, Pointer config, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_config_new(Str json, PointerByReference config);

    static native Pointer copilot_session_config_tool(Pointer config, ToolSpec tool);

    static native Pointer copilot_session_config_on_event(Pointer config, EventFn onEvent, Pointer user, DestroyFn destroy);

    static native Pointer copilot_session_config_on_call(
        Pointer config, int kind, Str name, CallFn onCall, Pointer user, DestroyFn destroy);

    static native int copilot_session_config_free(Pointer config);

    static native int copilot_error_code(Pointer error);

    static native Pointer copilot_error_message(Pointer error);

    static native Pointer copilot_error_data(Pointer error);

    static native Pointer copilot_error_reason(Pointer error);

    static native byte copilot_error_rpc_code(Pointer error, LongByReference code);

    static native int copilot_error_free(Pointer error);

    static native Pointer copilot_op_cancel(Pointer op);

    static native int copilot_op_free(Pointer op);

    static native int copilot_session_free(Pointer session);

    static native Pointer copilot_session_on(
        Pointer session, Str type, EventFn onEvent, Pointer user, DestroyFn destroy, LongByReference listener);

    static native Pointer copilot_session_off(Pointer session, long listener);

    static native Pointer copilot_session_state(Pointer session, PointerByReference state);

    static native Pointer copilot_session_counters(Pointer session, CountersSpec counters);

    static native Pointer copilot_session_send_async(
        Pointer session, Str prompt, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_send_and_wait_async(
        Pointer session, Str prompt, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_disconnect_async(
        Pointer session, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_invoke_async(
        Pointer session, Str method, Str params, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_get_events_async(
        Pointer session, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_abort_async(
        Pointer session, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_set_model_async(
        Pointer session, Str model, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_set_auto_tier_async(
        Pointer session, Str tier, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_send_and_wait_structured_async(
        Pointer session, Str prompt, Str responseSchema, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_serve_tools_async(
        Pointer session, Pointer config, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_set_tools_async(
        Pointer session, Str tools, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_log_async(
        Pointer session, Str message, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_cancel_task_async(
        Pointer session, Str id, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_confirm_async(
        Pointer session, Str message, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_select_async(
        Pointer session, Str message, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_input_async(
        Pointer session, Str message, Str options, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_session_elicit_async(
        Pointer session, Str message, Str schema, DoneFn done, Pointer user, DestroyFn destroy, PointerByReference op);

    static native Pointer copilot_string_data(Pointer string);

    static native SizeT copilot_string_len(Pointer string);

    static native int copilot_string_free(Pointer string);
}
