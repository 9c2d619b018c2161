import { isLicenseKey, type LicenseKey } from './license-key.ts';
import { type BroadcastType, type ChangeType, isBroadcastType, isChangeType } from './message-type.ts';

/** The routing key of a license's change: `license.<KEY>.<type>`. */
export function routingKeyOf(licenseKey: LicenseKey, type: ChangeType): string {
  return `license.${licenseKey}.${type}`;
}

/**
 * The routing key of a broadcast: `license.*.broadcast.<type>`, where `*` is the literal character.
 * A topic exchange reads wildcards in bindings only, so a queue must bind this key's pattern of its own
 * accord: `license.<KEY>.#` never receives it.
 */
export function broadcastRoutingKey(type: BroadcastType): string {
  return `license.*.broadcast.${type}`;
}

/**
 * The two bindings of a terminal's queue: its license's changes, and broadcasts.
 *
 * The second also matches `license.<OTHER>.broadcast.…`. It is safe only because no such key can be
 * published: `broadcast` is no change type, and the publisher's topic permission refuses it.
 */
export function bindingsOf(licenseKey: LicenseKey): readonly [string, string] {
  return [`license.${licenseKey}.#`, 'license.*.broadcast.#'];
}

/** What a received routing key says. */
export type ParsedRoutingKey =
  | { readonly kind: 'change'; readonly licenseKey: LicenseKey; readonly type: ChangeType }
  | { readonly kind: 'broadcast'; readonly type: BroadcastType };

/** The parts of a routing key, or null where it is not one of ours. */
export function parseRoutingKey(routingKey: string): ParsedRoutingKey | null {
  const words = routingKey.split('.');
  const [root, license, third, fourth] = words;
  if (root !== 'license') return null;
  if (words.length === 4 && license === '*' && third === 'broadcast') {
    return isBroadcastType(fourth) ? { kind: 'broadcast', type: fourth } : null;
  }
  if (words.length !== 3 || !isLicenseKey(license) || !isChangeType(third)) return null;
  return { kind: 'change', licenseKey: license, type: third };
}

/**
 * Whether a topic exchange would route `routingKey` to a binding `pattern`: `*` is exactly one word,
 * `#` zero or more (AMQP 0-9-1, 3.1.3.3). The model that property tests and the simulator reason with.
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  return wordsMatch(pattern.split('.'), routingKey.split('.'));
}

function wordsMatch(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#')
    return wordsMatch(rest, words) || (words.length > 0 && wordsMatch(pattern, words.slice(1)));
  const [word, ...others] = words;
  return word !== undefined && (first === '*' || first === word) && wordsMatch(rest, others);
}
