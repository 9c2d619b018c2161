import { strangeVariables } from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { CliContext } from '../../context.ts';
import type { Place } from '../place.ts';
import { apiAddress, askApi } from './ask-api.ts';
import { type Facts, known } from './facts.ts';
import { probeLines } from './probe-lines.ts';
import { type BrokerWishes, readBroker } from './read-broker.ts';
import { readCertificates } from './read-certificates.ts';
import { readClocks } from './read-clocks.ts';
import { readConfiguration } from './read-configuration.ts';
import { readDatabase } from './read-database.ts';
import { readDisks } from './read-disks.ts';
import { readLicense } from './read-license.ts';
import { readTill } from './read-till.ts';

/** What the operator says besides. */
export interface Asked {
  readonly license: LicenseKey | null;
  readonly broker: BrokerWishes;
}

/** Looks at everything that can be seen from this machine, all at once. Nothing is changed anywhere. */
export async function gatherFacts(place: Place, asked: Asked, context: CliContext): Promise<Facts> {
  const api = apiAddress(place, context);
  const tillRead = readTill(place);
  const databaseRead = readDatabase(place);
  const certificatesRead = tillRead.then(({ till }) =>
    readCertificates(place, api, till.known ? (till.value.identity?.broker_urls ?? []) : []),
  );
  const clocksRead = databaseRead.then((database) => readClocks(place, api, database));
  const [configuration, lines, broker, apiFacts, database, license, { till, lines: tillLines }] =
    await Promise.all([
      readConfiguration(place),
      probeLines(place),
      readBroker(place, asked.broker),
      askApi(api),
      databaseRead,
      readLicense(place, context, api, asked.license),
      tillRead,
    ]);
  const [certificates, clocks, disks] = await Promise.all([certificatesRead, clocksRead, readDisks(place)]);
  return {
    at: new Date(),
    variables: strangeVariables(Object.keys(place.env)),
    configuration,
    lines,
    broker,
    api: known(apiFacts),
    database,
    license,
    till,
    tillLines,
    clocks,
    certificates,
    disks,
  };
}
