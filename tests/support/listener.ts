import {
  BrokerConnection,
  type Delivery,
  decodeContent,
  Subscriber,
  silentLogger,
  type TlsOptions,
} from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { decodeMessage, type Message } from '@tillcast/protocol/messages/envelope';
import { bindingsOf } from '@tillcast/protocol/routing';
import { vi } from 'vitest';

/** Whatever reaches a queue that is bound as a license's terminal binds it. */
export interface Listener extends AsyncDisposable {
  readonly deliveries: readonly Delivery[];
  readonly messages: () => readonly Message[];
  /** Resolves when a message fits; rejects when none does for 10 s. */
  readonly until: (fits: (message: Message) => boolean) => Promise<void>;
}

/** Listens as a terminal of this license does. Resolves when it is consuming. */
export async function listenAs(licenseKey: string, amqpUrl: string, tls: TlsOptions = {}): Promise<Listener> {
  const deliveries: Delivery[] = [];
  const attached = Promise.withResolvers<void>();
  const connection = new BrokerConnection({
    urls: [amqpUrl],
    tls,
    connectionName: `listener ${licenseKey}`,
    logger: silentLogger,
  });
  const subscriber = new Subscriber({
    connection,
    terminalId: crypto.randomUUID(),
    bindings: bindingsOf(parseLicenseKey(licenseKey)),
    handler: (delivery) => void deliveries.push(delivery),
    onError: (error) => attached.reject(error),
    onAttached: () => attached.resolve(),
  });
  connection.start();
  subscriber.start();
  await attached.promise;
  const messages = (): readonly Message[] =>
    deliveries.map(({ body, contentEncoding }) =>
      decodeMessage(new TextDecoder().decode(decodeContent(body, contentEncoding))),
    );
  return {
    deliveries,
    messages,
    until: (fits) =>
      vi.waitFor(
        () => {
          if (!messages().some(fits)) throw new Error('no such message came');
        },
        { timeout: 10_000, interval: 20 },
      ),
    [Symbol.asyncDispose]: async () => {
      await subscriber.stop();
      await connection.stop();
    },
  };
}
