import { type FaultProxy, freePort, openFaultProxy } from '@tillcast/testkit';
import { type LoopbackNet, RABBITMQ_HOSTS, type RabbitmqHost } from './loopback-net.ts';
import { startPortMapper } from './port-mapper.ts';

/** The ports by which Erlang's nodes find and hear each other: RabbitMQ takes one only that nobody has at any address. */
export interface NodePorts {
  readonly epmd: number;
  readonly distribution: number;
}

/** The lines between the nodes, each way one of its own, which can be cut. */
export interface NodeLinks extends AsyncDisposable {
  /** Cuts a node off from the others, as a switch that fails does: no byte passes, and nobody is told. */
  readonly cutOff: (host: RabbitmqHost) => void;
  /** All see each other again. What was under way is lost, as it is where TCP has given up. */
  readonly heal: () => void;
}

export async function chooseNodePorts(): Promise<Readonly<Record<RabbitmqHost, NodePorts>>> {
  const one = async (): Promise<NodePorts> => ({ epmd: await freePort(), distribution: await freePort() });
  return { rabbitmq1: await one(), rabbitmq2: await one(), rabbitmq3: await one() };
}

/** A node looks for another at the link's address, is told the port of the link's proxy, and is led on by that. */
export async function openNodeLinks(
  net: LoopbackNet,
  ports: Readonly<Record<RabbitmqHost, NodePorts>>,
): Promise<NodeLinks> {
  await using stack = new AsyncDisposableStack();
  const links: { readonly ends: readonly RabbitmqHost[]; readonly proxy: FaultProxy }[] = [];
  for (const from of RABBITMQ_HOSTS) {
    for (const to of RABBITMQ_HOSTS.filter((host) => host !== from)) {
      const target = { host: net.addressOf(to), port: ports[to].distribution };
      const host = net.linkAddress(from, to);
      const proxy = stack.use(await openFaultProxy({ target, host }));
      links.push({ ends: [from, to], proxy });
      stack.use(await startPortMapper({ host, port: ports[from].epmd }, proxy.port));
    }
  }
  const kept = stack.move();
  return {
    cutOff: (host) => {
      for (const { ends, proxy } of links) if (ends.includes(host)) proxy.suffer({ traffic: 'held' });
    },
    heal: () => {
      for (const { proxy } of links) {
        proxy.reset();
        proxy.heal();
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
