import type { Fetch } from '@tillcast/broker';

/** Whether an address answers well, within a second. */
export async function isAnswered(fetch: Fetch, url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}
