// Whose session is it? usage: IDENTITY_URL=... node session.mjs SESSION
import { getSession } from '@acme-identity/api-client';

const { data, error } = await getSession({ baseUrl: process.env.IDENTITY_URL, path: { sessionId: process.argv[2] } });
if (!data) {
  console.error(error.title ?? error);
  process.exit(1);
}
console.log(`${data.user}, ${data.state}`);
