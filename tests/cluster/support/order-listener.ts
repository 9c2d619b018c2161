import { virtualHostOf } from '@tillcast/broker';
import { listenAs } from '../../support/listener.ts';

/** Hears what a license's tills hear, from any node, also after the one that it hears it from has died. */
export interface OrderListener extends AsyncDisposable {
  /** @throws Error where a version came for the first time after a later one */
  readonly check: () => void;
}

export async function listenInOrder(
  licenseKey: string,
  amqpUrl: string,
  caPem: string,
): Promise<OrderListener> {
  const listener = await listenAs(licenseKey, amqpUrl, { ca: caPem });
  return {
    check: () => {
      const versions = listener.messages().flatMap((each) => ('version' in each ? [each.version] : []));
      if (versions.length === 0)
        throw new Error(`Nothing of ${licenseKey} was heard at ${virtualHostOf(amqpUrl)}.`);
      const first = [...new Set(versions)];
      const wrong = first.findIndex((version, index) => version < (first[index - 1] ?? 0));
      if (wrong >= 0) {
        throw new Error(`${licenseKey}: version ${first[wrong]} came after version ${first[wrong - 1]}.`);
      }
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
