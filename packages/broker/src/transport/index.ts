export { readCaFile, whyNoAuthorities } from './ca-file.ts';
export { certificateFault } from './certificate-fault.ts';
export { type CircuitOptions, circuitFetch, FAILURES_TO_OPEN } from './circuit-fetch.ts';
export { fetchFromAny } from './fetch-from-any.ts';
export { createFetch, type Fetch, type FetchInit } from './fetch-over-tls.ts';
export { isLoopbackHost } from './loopback.ts';
export { PLAINTEXT_VARIABLE, type PlaintextCase, PlaintextRule } from './plaintext-rule.ts';
