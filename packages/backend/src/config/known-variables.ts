import type { Environment } from './environment.ts';
import { suggestionFor } from './misspelling.ts';

/** Every `TILLCAST_*` variable that some part of Tillcast reads: backend, terminal and shell share an environment. */
export const KNOWN_VARIABLES: readonly string[] = [
  'TILLCAST_API_KEY',
  'TILLCAST_API_KEY_FILE',
  'TILLCAST_DATA_DIR',
  'TILLCAST_RABBITMQ',
  'TILLCAST_URL',
];

/** A `TILLCAST_*` variable that nothing reads, and what may have been meant. */
export interface UnknownVariable {
  readonly name: string;
  readonly suggestion: string | null;
}

export function unknownVariables(env: Environment): readonly UnknownVariable[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('TILLCAST_') && !name.startsWith('TILLCAST_TEST_'))
    .filter((name) => !KNOWN_VARIABLES.includes(name))
    .toSorted()
    .map((name) => ({ name, suggestion: suggestionFor(name, KNOWN_VARIABLES) }));
}
