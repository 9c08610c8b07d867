import type { Client, Options as Options2, TDataShape } from './client/index.js';
import type { CreateSessionData, CreateSessionErrors, CreateSessionResponses, EndSessionData, EndSessionErrors, EndSessionResponses, GetSessionData, GetSessionErrors, GetSessionResponses } from './types.gen.js';
export type Options<TData extends TDataShape = TDataShape, ThrowOnError extends boolean = boolean, TResponse = unknown> = Options2<TData, ThrowOnError, TResponse> & {
    /**
     * You can provide a client instance returned by `createClient()` instead of
     * individual options. This might be also useful if you want to implement a
     * custom client.
     */
    client?: Client;
    /**
     * You can pass arbitrary values through the `meta` object. This can be
     * used to access values that aren't defined as part of the SDK function.
     */
    meta?: Record<string, unknown>;
};
/**
 * Sign a user in
 */
export declare const createSession: <ThrowOnError extends boolean = false>(options: Options<CreateSessionData, ThrowOnError>) => import("./client/types.gen.js").RequestResult<CreateSessionResponses, CreateSessionErrors, ThrowOnError, "fields">;
/**
 * Sign a user out
 */
export declare const endSession: <ThrowOnError extends boolean = false>(options: Options<EndSessionData, ThrowOnError>) => import("./client/types.gen.js").RequestResult<EndSessionResponses, EndSessionErrors, ThrowOnError, "fields">;
/**
 * Look a session up
 */
export declare const getSession: <ThrowOnError extends boolean = false>(options: Options<GetSessionData, ThrowOnError>) => import("./client/types.gen.js").RequestResult<GetSessionResponses, GetSessionErrors, ThrowOnError, "fields">;
