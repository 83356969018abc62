package io.github.copilotnative;

import com.sun.jna.Pointer;

/** A handler of questions as the library knows it. */
final class Asked implements Callbacks.Answerer {
    private final ClientCore core;
    private final Call.Handler handler;

    Asked(ClientCore core, Call.Handler handler) {
        this.core = core;
        this.handler = handler;
    }

    @Override
    public void asked(Pointer call, int kind, Pointer session, String name, String args) {
        core.answer(new Call(core, call, kind, session, name, args), handler);
    }
}
