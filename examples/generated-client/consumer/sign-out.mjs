// End a session, which the client knows since 1.1.0. usage: IDENTITY_URL=... node sign-out.mjs SESSION
import { endSession } from '@acme-identity/api-client';

const { data, error } = await endSession({ baseUrl: process.env.IDENTITY_URL, path: { sessionId: process.argv[2] } });
if (!data) {
  console.error(error.title ?? error);
  process.exit(1);
}
console.log(`${data.user}, ${data.state}`);
