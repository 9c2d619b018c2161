/** What is wrong with the other side's certificate, by the code that Node's TLS gives. */
const FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it there (and check the clocks)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for other names than the one that it was asked by; use one of those, or have one made for this name',
  CERT_REVOKED: 'its certificate is revoked',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the authority that it names',
  INVALID_PURPOSE: 'its certificate is not one for a server',
};

/** None of the authorities that are trusted here has signed it. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** The other side speaks something else than TLS, or no version of it that is accepted here. */
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO']);

/**
 * What a failure to connect says of the other side's certificate, in words that read on after "cannot be
 * reached: "; null when certificates have nothing to do with it.
 * @param error as thrown; its causes are looked at too
 * @param caVariable the variable that names the authorities to trust
 */
export function certificateFault(error: unknown, caVariable: string): string | null {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    const fault = FAULTS[code];
    if (fault !== undefined) return `${fault} (${each.message})`;
    if (UNKNOWN_AUTHORITY.has(code)) {
      return `its certificate is not signed by an authority that is trusted here; name the file with the right one in ${caVariable} (${code})`;
    }
    if (NO_TLS.has(code)) return `what answers there does not speak TLS as it should (${code})`;
  }
  return null;
}
