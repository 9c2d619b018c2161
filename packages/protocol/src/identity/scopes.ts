import type { LicenseKey } from '../license-key.ts';
import { bindingsOf } from '../routing.ts';
import { EVENTS_EXCHANGE } from '../topology.ts';

/**
 * What a terminal may do at the broker, in the terms of RabbitMQ's OAuth 2 plugin:
 * `<permission>:<virtual host>/<name>[/<routing key>]`, where `*` is a wildcard and a percent-encoded
 * character is that character.
 *
 * It configures, writes (a bind writes to the queue) and reads its own queues; of the exchange it may read
 * its license's keys and broadcasts. It has no write on the exchange: whoever may publish to an exchange
 * escapes its topic permissions by `CC`, dead-lettering or an alternate exchange.
 * The dot at the end of the license's part is what keeps `A` from reading `AB`.
 */
export function scopesOf(licenseKey: LicenseKey, terminalId: string): readonly string[] {
  const queues = `*/terminal.${encoded(terminalId)}.*`;
  const [, broadcasts] = bindingsOf(licenseKey);
  return [
    `configure:${queues}`,
    `write:${queues}`,
    `read:${queues}`,
    `read:*/${EVENTS_EXCHANGE.name}/license.${encoded(licenseKey)}.*`,
    `read:*/${EVENTS_EXCHANGE.name}/${encoded(broadcasts)}`,
  ];
}

/** The scope of a token that may hand in sales already taken, and nothing else. */
export const SALES_SCOPE = 'sales:upload';

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('*', '%2A');
}
