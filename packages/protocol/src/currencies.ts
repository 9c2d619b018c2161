// ISO 4217 list one, codes in use, by their number of minor-unit digits. Funds codes and metals, which no
// price is written in, are left out. Intl knows the codes but not these digits (CLDR says IQD 0, ISO 3).
const WITH_TWO_DIGITS =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC ' +
  'CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ' +
  'JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD ' +
  'NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN ' +
  'SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';
const WITH_NONE = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';
const WITH_THREE_DIGITS = 'BHD IQD JOD KWD LYD OMR TND';

/** ISO 4217 codes in use and how many decimal digits each has. */
export const MINOR_UNITS: ReadonlyMap<string, number> = new Map([
  ...WITH_NONE.split(' ').map((code) => [code, 0] as const),
  ...WITH_TWO_DIGITS.split(' ').map((code) => [code, 2] as const),
  ...WITH_THREE_DIGITS.split(' ').map((code) => [code, 3] as const),
]);
