import { hash } from 'node:crypto';

/** What is kept of an API key. A fast hash is enough: a key is random and long. */
export function hashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}
