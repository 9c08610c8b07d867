export type ClientOptions = {
    baseUrl: 'https://identity.acme.example' | (string & {});
};
export type SignIn = {
    user: string;
    /**
     * The one-time code that the user was sent
     */
    code: string;
};
export type Session = {
    id: string;
    user: string;
    state: 'open' | 'ended';
};
export type Problem = {
    title: string;
};
export type SessionId = string;
export type CreateSessionData = {
    body: SignIn;
    path?: never;
    query?: never;
    url: '/sessions';
};
export type CreateSessionErrors = {
    /**
     * Why the user is not let in
     */
    403: Problem;
};
export type CreateSessionError = CreateSessionErrors[keyof CreateSessionErrors];
export type CreateSessionResponses = {
    /**
     * The session
     */
    201: Session;
};
export type CreateSessionResponse = CreateSessionResponses[keyof CreateSessionResponses];
export type GetSessionData = {
    body?: never;
    path: {
        sessionId: string;
    };
    query?: never;
    url: '/sessions/{sessionId}';
};
export type GetSessionErrors = {
    /**
     * There is no such session
     */
    404: Problem;
};
export type GetSessionError = GetSessionErrors[keyof GetSessionErrors];
export type GetSessionResponses = {
    /**
     * The session
     */
    200: Session;
};
export type GetSessionResponse = GetSessionResponses[keyof GetSessionResponses];
