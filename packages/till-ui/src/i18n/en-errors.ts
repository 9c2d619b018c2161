/** Refusals, by code, in the page's own words. What is not here is told in the till's, which are English. */
export const enErrors = {
  unreachable: 'The till program does not answer. Try again.',
  activation_refused:
    'The server knows no license with this key and this code. Compare both with the sheet from your supplier; a code that was renewed replaces the one before.',
  too_many_terminals:
    'This license has no place for one more till. Your supplier can give it more, or move the place of another till to this one.',
  license_key_malformed: 'That is no license key. Compare it with the sheet from your supplier.',
  license_suspended: 'The license is suspended. Call your supplier.',
  license_expired: 'The license has expired. Call your supplier.',
  license_revoked: 'The license was ended for good. Call your supplier.',
  backend_unavailable: 'The server does not answer. Check the network and the address, then try again.',
  answer_invalid: 'Something else than the server answers at this address. Check it, then try again.',
  overloaded: 'The server has too much to do. Try again in a minute.',
  pin_wrong: 'That PIN is not right. Try it again.',
  manager_needed: 'That is no manager’s PIN. A manager’s is needed for this.',
  order_changed: 'The order was changed meanwhile, here or on another page.',
  order_not_found: 'That order is not open any more.',
  till_disk_full: 'Nothing was saved: this till’s disk is full. Free some space, then do it again.',
};
