import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

const OLDEST = [3, 10] as const;
const NEWEST_MAJOR = 4;

/** Whether RabbitMQ is of a version that Tillcast is tried with. */
export const brokerVersion: Check = {
  id: 'broker.version',
  title: 'RabbitMQ’s version',
  expected: `${OLDEST.join('.')} to ${NEWEST_MAJOR}.x, the same on all nodes`,
  judge: ({ lines, broker }) => {
    const told = new Map<string, string>();
    for (const { address, node } of lines.known ? lines.value : []) {
      if (node !== null) told.set(address, node.version);
    }
    if (broker.known && broker.value.reached) {
      told.set(broker.value.address, broker.value.overview.rabbitmqVersion);
    }
    if (told.size === 0) return skipped('no RabbitMQ could be asked');
    const versions = [...new Set(told.values())];
    const faults = [...told].flatMap(([address, version]) => faultOf(address, version));
    return verdictOf([...faults, ...differing(versions)], versions.join(', '));
  },
};

function faultOf(address: string, version: string): readonly Fault[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const base = {
    what: `RabbitMQ at ${address}`,
    observed: version,
    expected: brokerVersion.expected,
    mend: 'apt-get install rabbitmq-server (one node after the other)',
  };
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    const cause = 'it checks no access tokens of our kind';
    return [{ ...base, grade: 'failure', cause }];
  }
  if (major <= NEWEST_MAJOR) return [];
  return [{ ...base, grade: 'warning', cause: 'nobody has tried Tillcast with it yet' }];
}

function differing(versions: readonly string[]): readonly Fault[] {
  if (versions.length < 2) return [];
  return [
    {
      grade: 'warning',
      what: 'versions of the nodes',
      observed: versions.join(', '),
      expected: 'one',
      cause: 'an upgrade that is under way, or was left half done',
      mend: 'upgrade the older nodes: rabbitmqctl version',
    },
  ];
}
