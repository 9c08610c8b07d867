import assert from 'node:assert/strict';
import test from 'node:test';

import { getSession } from '@acme-identity/api-client';

test('a session is looked up by its id', async () => {
  const fetch = async (request) => {
    assert.equal(request.url, 'https://identity.test/sessions/s-1');
    return Response.json({ id: 's-1', user: 'ada', state: 'open' });
  };
  const { data } = await getSession({ baseUrl: 'https://identity.test', fetch, path: { sessionId: 's-1' } });
  assert.equal(data.user, 'ada');
});
