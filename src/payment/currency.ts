// Active ISO 4217 currencies and their exponents: how many decimal digits the minor unit has.
// Source: ISO 4217 List One as maintained by SIX, up to amendment 180 (2026-01-01): ANG and BGN went, XAD and XCG came.
// Left out are codes without a minor unit (metals, bond units, XDR, XSU, XUA) and XTS: no amount can be stated in them.

const BY_EXPONENT = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF XXX',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
      COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
      INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
      MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
      STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
} as const

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  Object.entries(BY_EXPONENT).flatMap(([exponent, codes]) =>
    codes.split(/\s+/).map((code): [string, number] => [code, Number(exponent)]),
  ),
)

/** Every currency that an amount can be in. XXX (no currency) is for events that move no money. */
export const CURRENCIES: readonly string[] = [...EXPONENTS.keys()].sort()

/** Decimal digits of the currency's minor unit (EUR 2, JPY 0, KWD 3, CLF 4); null for a code that is not active. */
export function currencyExponent(currency: string): number | null {
  return EXPONENTS.get(currency) ?? null
}
