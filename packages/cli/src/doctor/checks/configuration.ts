import { type Check, skipped, verdictOf } from '../check.ts';

/** What backend and till would refuse at their start. */
export const configuration: Check = {
  id: 'configuration',
  title: 'Configuration',
  expected: 'backend and till start with it',
  judge: ({ configuration: told }) => {
    if (!told.known) return skipped(told.why);
    const faults = told.value.flatMap(({ service, problems }) =>
      problems.map(({ pointer, detail }) => ({
        grade: 'failure' as const,
        what: pointer,
        observed: detail,
        expected: `a ${service} that starts`,
        cause: `the ${service} refuses to start with it, rather than to run half`,
        mend: `set ${pointer} right where the ${service} gets its variables; deploy/.env.multitenant explains each`,
      })),
    );
    return verdictOf(faults, `valid for ${told.value.map(({ service }) => service).join(' and ')}`);
  },
};
