export { createSession, getSession, type Options } from './sdk.gen.js';
export type { ClientOptions, CreateSessionData, CreateSessionError, CreateSessionErrors, CreateSessionResponse, CreateSessionResponses, GetSessionData, GetSessionError, GetSessionErrors, GetSessionResponse, GetSessionResponses, Problem, Session, SessionId, SignIn } from './types.gen.js';
