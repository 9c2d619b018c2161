import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a host is this machine alone: `localhost`, 127.0.0.0/8 or ::1 (with or without brackets). Other
 * names count as somewhere else, wherever they lead to at the moment.
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  if (family === 0) return /^localhost\.?$/i.test(bare);
  return LOOPBACK.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}
