package io.github.copilotnative;

import java.util.concurrent.CompletionStage;

/**
 * Answers a question later, without a thread that waits. When the answer is no longer wanted, a stage that is a
 * {@link java.util.concurrent.CompletableFuture} is cancelled. A stage that fails, or a handler that throws, is an error for the runtime.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
@FunctionalInterface
public interface AsyncCallHandler<Q, A> {
    /** Begins to answer; {@code call} says who asks and whether the answer is still wanted. */
    CompletionStage<? extends A> answer(Q question, Call call) throws Exception;
}
