import { strings } from '../i18n/strings.ts';
import { isFields, numberOrNullIn, textOrNullIn } from './reading.ts';

/** The till said no, with a reason that can be shown. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly status: number;
  /** When it is worth another try; null when not said. */
  readonly retryAfterS: number | null;

  constructor(code: string, status: number, words: string, retryAfterS: number | null) {
    super(words);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** An answer that is not 2xx, as problem+json or whatever else it is. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const body = await response.json().then(
    (value: unknown) => (isFields(value) ? value : {}),
    // What is not JSON says nothing more than its status.
    () => ({}),
  );
  const words = textOrNullIn(body, 'detail') ?? textOrNullIn(body, 'title') ?? `${response.status}`;
  const retryAfter = Number(response.headers.get('retry-after') ?? '');
  return new Refusal(
    textOrNullIn(body, 'code') ?? 'internal',
    response.status,
    words,
    numberOrNullIn(body, 'retry_after_s') ?? (retryAfter > 0 ? retryAfter : null),
  );
}

/** What a failed act means to the cashier: the page's own words for a code where it has some, else the till's. */
export function refusalWords(cause: unknown): string {
  if (!(cause instanceof Refusal)) return strings.errors.unreachable;
  const words: Readonly<Record<string, string>> = strings.errors;
  return words[cause.code] ?? cause.message;
}
