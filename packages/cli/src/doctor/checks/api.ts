import { type Check, type Fault, skipped, verdictOf } from '../check.ts';
import type { ApiAnswer, ApiFacts } from '../facts/facts.ts';

const EXPECTED = 'health and readiness are told';

/** Whether the API is up, and can do its work. */
export const api: Check = {
  id: 'api',
  title: 'API',
  expected: EXPECTED,
  judge: ({ api: told }) => {
    if (!told.known) return skipped(told.why);
    const { url, health, ready } = told.value;
    const faults = faultsOf(told.value, '/health', health);
    return verdictOf(
      faults.length > 0 ? faults : faultsOf(told.value, '/ready', ready),
      `${url} is up and ready`,
    );
  },
};

function faultsOf({ url }: ApiFacts, path: string, answer: ApiAnswer): readonly Fault[] {
  const base = { grade: 'failure' as const, what: url + path, expected: EXPECTED };
  if (!answer.answered) {
    const isCertificate = answer.why.includes('certificate');
    return [
      {
        ...base,
        observed: answer.why,
        cause: isCertificate
          ? 'what answers there cannot show that it is this backend; see Certificates'
          : 'no backend runs there, or the address is another one: --url or TILLCAST_URL say which',
        mend: isCertificate ? 'tillcast doctor --only certificates' : 'tillcast server',
      },
    ];
  }
  if (answer.status === 200 && answer.isOurs) return [];
  if (!answer.isOurs) {
    const by = answer.by === null ? '' : ` by ${answer.by}`;
    return [
      {
        ...base,
        observed: `${answer.status}${by}, and not of Tillcast’s backend`,
        cause:
          answer.status >= 500
            ? 'a load balancer answers for backends that are down, or that it takes for down'
            : 'another program listens there',
        mend: 'ask each backend behind it by itself: tillcast doctor --url <its own address> --only api',
      },
    ];
  }
  if (answer.details.length === 0) {
    const cause =
      'the backend is there and has too much to do, or something failed inside; its log says what';
    return [{ ...base, observed: `${answer.status} ${answer.code ?? ''}`, cause, mend: 'tillcast doctor' }];
  }
  return answer.details.map(({ pointer, detail }) => ({
    ...base,
    what: `${url}${path} ${pointer}`,
    observed: detail,
    cause: `the backend is up, and its ${pointer.slice(1)} cannot be reached from its machine`,
    mend: 'on the backend’s machine, with its variables: tillcast doctor --env-file backend.env',
  }));
}
