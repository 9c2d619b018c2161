import { refusalOf } from './refusal.ts';

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly timeoutMs: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks the till's server. @throws Refusal where it says no; else what fetch throws when it is not reached */
export async function ask(
  path: string,
  { method = 'GET', timeoutMs, body, headers = {} }: Ask,
): Promise<unknown> {
  const response = await fetch(path, {
    method,
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await refusalOf(response);
  return response.status === 204 ? null : response.json();
}
