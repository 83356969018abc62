package io.github.copilotnative;

/**
 * Answers a question of the agent or the runtime. It runs on the executor for handlers of the client and may take its time and wait. When
 * its answer is no longer wanted its thread is interrupted. What it throws is told to the runtime as an error; a {@link HandlerException}
 * with its code and data.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
@FunctionalInterface
public interface CallHandler<Q, A> {
    /** Answers; {@code call} says who asks and whether the answer is still wanted. */
    A answer(Q question, Call call) throws Exception;
}
