import { BlockList, isIP } from 'node:net';
import { type EnvironmentReader, entriesOf, shown } from '@tillcast/broker';

const VARIABLE = 'TILLCAST_TRUSTED_PROXIES';

/** The addresses and networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed; without any, nobody's is. */
export function readTrustedProxies(reader: EnvironmentReader): readonly string[] {
  const entries = entriesOf(reader.text(VARIABLE));
  for (const entry of entries) {
    if (!isNetwork(entry)) {
      reader.problem(
        VARIABLE,
        `must hold addresses or networks such as 10.0.0.5 or 10.0.0.0/8, separated by commas, not ${shown(entry)}`,
      );
    }
  }
  return entries;
}

/** Whether an address is one of the trusted proxies. */
export function trustOf(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [network = '', prefix] = proxy.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

function isNetwork(entry: string): boolean {
  const [address = '', prefix, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  // A network of everybody would believe everybody.
  return /^\d{1,3}$/.test(prefix) && Number(prefix) >= 8 && Number(prefix) <= (family === 6 ? 128 : 32);
}
