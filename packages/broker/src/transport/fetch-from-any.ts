import type { Fetch } from './fetch-over-tls.ts';

/** Nobody has read a word of the question. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * A `fetch` of a service with several addresses, which are as good as each other. A question is put as if to the first
 * of them, and goes to the one that answered last. Where that one is not there the next is asked at once; where it
 * took the question and fails, the asker is told, for it may have been done, and the next question goes elsewhere.
 * @param addresses without a slash at their ends
 */
export function fetchFromAny(addresses: readonly string[], fetch: Fetch): Fetch {
  const [first, ...others] = addresses;
  if (first === undefined || others.length === 0) return fetch;
  let current = 0;
  const turnFrom = (index: number): void => {
    if (current === index) current = (index + 1) % addresses.length;
  };
  return async (url, init) => {
    if (!String(url).startsWith(first)) return fetch(url, init);
    const path = String(url).slice(first.length);
    for (let tried = 1; ; tried += 1) {
      const asked = current;
      try {
        const answer = await fetch(`${addresses[asked]}${path}`, init);
        if (answer.status >= 502) turnFrom(asked);
        return answer;
      } catch (error) {
        turnFrom(asked);
        if (tried === addresses.length || !wasNeverSent(error)) throw error;
      }
    }
  };
}

function wasNeverSent(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string' && NEVER_SENT.has(each.code)) return true;
  }
  return false;
}
