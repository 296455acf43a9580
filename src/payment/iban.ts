// International bank account numbers within a text. Their digits are no card number, whatever they look like.

/**
 * Characters of an IBAN by country: the SWIFT IBAN Registry (ISO 13616), and countries that use the format outside it.
 * Held against ibantools 4.5.4.
 */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24
   FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32
   LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24
   RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 AX18 BL27 GF27 GP27 MF27 MQ27 NC27
   PF27 PM27 RE27 TF27 WF27 YT27 AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28
   MZ25 NE28 SN28 TD27 TG28`
    .split(/\s+/)
    .map((entry): [string, number] => [entry.slice(0, 2), Number(entry.slice(2))]),
)

const START = /(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?= ?[0-9A-Z])/g

/** Start and end of each valid IBAN, written together or in groups with single spaces. */
export function ibanRanges(text: string): readonly (readonly [start: number, end: number])[] {
  const ranges: [number, number][] = []
  for (const match of text.matchAll(START)) {
    const length = LENGTHS.get(match[0].slice(0, 2))
    if (length === undefined) continue
    const end = endOf(text, match.index, length)
    if (end !== -1 && isValid(text.slice(match.index, end).replaceAll(' ', '')))
      ranges.push([match.index, end])
  }
  return ranges
}

/** Where `length` characters end that may have single spaces between them; -1 when there are not so many, or more. */
function endOf(text: string, start: number, length: number): number {
  let at = start
  for (let taken = 0; taken < length; taken++) {
    if (text[at] === ' ') at++
    if (!isAlphanumeric(text.charCodeAt(at))) return -1
    at++
  }
  return isAlphanumeric(text.charCodeAt(at)) ? -1 : at
}

/** The check digits of ISO 7064 MOD 97-10: the country and check digits moved to the end, letters as 10 to 35. */
function isValid(iban: string): boolean {
  let remainder = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

function isAlphanumeric(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90)
}
