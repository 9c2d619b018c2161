import { type Check, type Fault, skipped, verdictOf } from '../check.ts';
import type { CertificateFacts } from '../facts/facts.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const RENEW_BEFORE_DAYS = 30;

/** Whether every certificate that a client meets is verified by it, and for how long still. */
export const certificates: Check = {
  id: 'certificates',
  title: 'Certificates',
  expected: `trusted, of the right name, good for more than ${RENEW_BEFORE_DAYS} days`,
  judge: ({ certificates: met, at }) => {
    if (met.length === 0) return skipped('nothing here speaks TLS');
    const told = met.flatMap(({ where, validTo, chain }) =>
      validTo === null
        ? []
        : [`${where} ${daysLeft(validTo, at)} days left${chain === null ? '' : `, a chain of ${chain}`}`],
    );
    const faults = met.flatMap((each) => faultOf(each, at));
    if (faults.length === 0 && told.length === 0) return skipped('nothing that speaks TLS could be reached');
    return verdictOf(faults, told.join('; '));
  },
};

function daysLeft(validTo: Date, at: Date): number {
  return Math.floor((validTo.getTime() - at.getTime()) / DAY_MS);
}

function faultOf({ where, variable, fault, validTo }: CertificateFacts, at: Date): readonly Fault[] {
  const renew =
    'renew it (for development: tillcast tls init); backends and RabbitMQ take the new one by themselves';
  if (fault !== null) {
    return [
      {
        grade: 'failure',
        what: `certificate of ${where}`,
        observed: fault,
        expected: certificates.expected,
        cause: causeOf(fault),
        mend: fault.includes(variable)
          ? `set ${variable} to the file of the authority that signed it`
          : `${renew}; openssl s_client -connect ${where.replace(/^\w+:\/\//, '')} -showcerts shows it`,
      },
    ];
  }
  const days = validTo === null ? Number.POSITIVE_INFINITY : daysLeft(validTo, at);
  if (days >= RENEW_BEFORE_DAYS) return [];
  return [
    {
      grade: days < 0 ? 'failure' : 'warning',
      what: `certificate of ${where}`,
      observed: days < 0 ? `expired at ${validTo?.toISOString()}` : `${days} days left`,
      expected: certificates.expected,
      cause: days < 0 ? 'no client takes it any more' : 'then no client takes it any more',
      mend: renew,
    },
  ];
}

function causeOf(fault: string): string {
  if (fault.includes('expired')) return 'nobody renewed it, or this machine’s clock is off';
  if (fault.includes('other names')) return 'it was made for another host, or the address is by number';
  if (fault.includes('authority')) return 'this machine does not know who signed it';
  return 'what answers there is not what the address says';
}
