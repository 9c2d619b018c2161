import type { Fetch } from '@tillcast/broker';
import { IDENTITY_PATHS, type MessageKey, messageKeysSchema } from '@tillcast/protocol/http/identity-api';
import { ask, errorOfRefusal } from '../sync-client/ask.ts';

const MAX_BYTES = 64 * 1_024;
const PATIENCE = { silenceMs: 5_000, totalMs: 5_000 };

/**
 * Asks the backend for the keys that messages are signed with. They are public: who asks does not matter, only
 * who answers.
 * @throws TillcastError `backend_unavailable`, `answer_invalid`
 */
export async function askMessageKeys(
  backend: { readonly baseUrl: string; readonly fetch: Fetch },
  signal: AbortSignal,
): Promise<readonly MessageKey[]> {
  const question = {
    ...backend,
    method: 'GET',
    path: IDENTITY_PATHS.messageKeys,
    headers: {},
    body: null,
    schema: messageKeysSchema,
    maxBytes: MAX_BYTES,
    patience: PATIENCE,
  } as const;
  const answer = await ask(question, signal);
  if (answer.outcome === 'answered') return answer.answer.keys;
  throw answer.outcome === 'failed' ? answer.error : errorOfRefusal(answer);
}
