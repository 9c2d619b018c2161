// Whether the service of this container answers: node health-check.mjs <path> <port where PORT is not set>
// Exit code 0 where it does. With TLS the certificate must be the very one that the service was given.
import { readFileSync } from 'node:fs';
import { get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';

const TIMEOUT_MS = 4_000;
const [path = '/health', usualPort] = process.argv.slice(2);
const certificate = process.env['TLS_CERT_FILE'];
const isEverywhere = process.env['HOST'] === undefined || process.env['HOST'] === '0.0.0.0';
const address = {
  host: isEverywhere ? '127.0.0.1' : process.env['HOST'],
  port: process.env['PORT'] ?? usualPort,
  path,
  signal: AbortSignal.timeout(TIMEOUT_MS),
};
const asking =
  certificate === undefined
    ? getPlain(address)
    : getOverTls({
        ...address,
        ca: readFileSync(certificate),
        allowPartialTrustChain: true,
        // It is that certificate, whatever names it is for.
        checkServerIdentity: () => undefined,
      });
asking.on('response', (answer) => process.exit(answer.statusCode === 200 ? 0 : 1));
asking.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
