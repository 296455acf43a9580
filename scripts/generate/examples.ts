// One example of each contract: printed in the generated documents, and held against the schemas by their test.
import type {
  Activation,
  Demotion,
  ListEntry,
  Promotion,
  RuleBundle,
  TrafficCounts,
  Withdrawal,
} from '../../src/control/control-record.ts'
import type { Alert, Decision } from '../../src/decision/decision.ts'
import type { Label, PaymentEvent } from '../../src/payment/event.ts'

export const EVENT_EXAMPLE: PaymentEvent = {
  id: 'evt-7f3a2c',
  type: 'authorisation',
  time: '2026-03-01T12:00:00.250Z',
  amount: 1999,
  currency: 'EUR',
  outcome: 'pending',
  channel: 'ecommerce',
  payer: { account: 'acc-204518', customer: 'cus-88120', country: 'DE' },
  instrument: {
    type: 'card',
    token: 'tok_9Jd2kQ',
    bin: '411111',
    issuerCountry: 'DE',
    scheme: 'visa',
  },
  payee: { merchant: 'mer-5512', mcc: '5732', country: 'NL' },
  device: { id: 'dev-c41b', ip: '203.0.113.7', geo: { lat: 52.52, lon: 13.405 } },
  authentication: { method: '3ds', result: 'passed' },
  attributes: { basketSize: 3, giftCard: true, shippingSpeed: 'express' },
}

export const LABEL_EXAMPLE: Label = {
  id: 'lab-19c0',
  event: 'evt-7f3a2c',
  label: 'fraud',
  time: '2026-03-19T08:30:00Z',
  source: 'chargeback',
  payer: { account: 'acc-204518', customer: 'cus-88120' },
  instrument: { type: 'card', token: 'tok_9Jd2kQ' },
  payee: { merchant: 'mer-5512' },
  device: { id: 'dev-c41b', ip: '203.0.113.7' },
}

const REASON = {
  code: 'CARD_TESTING',
  rule: 'card-testing-burst',
  text: 'Many small authorisations on one card within minutes',
  customer: 'We need to look at this more closely. Please contact us if you have a question.',
}

export const DECISION_EXAMPLE: Decision = {
  event: 'evt-7f3a2c',
  time: '2026-03-01T12:00:00.250Z',
  action: 'block',
  reasons: [REASON],
  shadow: [{ rule: 'new-device-high-amount', action: 'review' }],
  score: {
    value: 0.9984,
    contributions: [{ feature: 'card_payments_10m', value: 9, usual: 1, usualOf: 'entity', share: 0.62 }],
  },
  challenger: { version: '2026-02-27@3c9a1f0b7d22', score: 0.9971 },
  degraded: [],
  versions: {
    ruleSet: 'sha256:0f343b0931126a20f133d67c2b018a3b1d0c3b3e8a0f2c3d4e5f60718293a4b5',
    lists: 'lists:5b0e1f6c2d3a49788f90a1b2c3d4e5f6',
    model: '2026-02-20',
    rates: 'example-2026-03-01',
  },
}

export const ALERT_EXAMPLE: Alert = {
  id: 'evt-7f3a2c:card',
  event: 'evt-7f3a2c',
  time: '2026-03-01T12:00:00.250Z',
  entity: { type: 'card', pseudonym: 'Xa3vQ0mYt1c8Zr5uLw9kPg' },
  action: 'block',
  reasons: [REASON],
  score: 0.9984,
}

const BY_ANALYST = { author: 'a.meyer', at: '2026-03-01T11:58:00Z' }

export const LIST_ENTRY_EXAMPLE: ListEntry = {
  expires: '2026-06-01T00:00:00Z',
  reason: 'Received the money of case 4471',
  ...BY_ANALYST,
}

export const BUNDLE_EXAMPLE: RuleBundle = {
  bundle: 'H4sIAAAAAAACA6uuBQBDv6ajAgAAAA==',
  signature: 'q1Yb0lQxw0m0m9Sg3xvH3rGmQ4m2oVbJ8yqk1cX9s0v7C1r5Gv2sJtQ0x6mZ8dUe4nP3aLk7yWf2bHs9oRt1Cg==',
  ...BY_ANALYST,
}

export const ACTIVATION_EXAMPLE: Activation = {
  ruleSet: DECISION_EXAMPLE.versions.ruleSet,
  previous: null,
  ...BY_ANALYST,
  number: 1,
  signature: 'q1Yb0lQxw0m0m9Sg3xvH3rGmQ4m2oVbJ8yqk1cX9s0v7C1r5Gv2sJtQ0x6mZ8dUe4nP3aLk7yWf2bHs9oRt1Cg==',
}

const MODEL_EXAMPLE = {
  version: '2026-02-20',
  hash: 'sha256:7553f39b9e0712f6a4d1c3b5e8f90718293a4b5c6d7e8f9001a2b3c4d5e6f708',
}

export const PROMOTION_EXAMPLE: Promotion = {
  ...MODEL_EXAMPLE,
  previous: null,
  ...BY_ANALYST,
  number: 1,
  signature: BUNDLE_EXAMPLE.signature,
}

export const WITHDRAWAL_EXAMPLE: Withdrawal = {
  withdrawn: true,
  previous: MODEL_EXAMPLE,
  ...BY_ANALYST,
  number: 2,
  signature: BUNDLE_EXAMPLE.signature,
}

export const DEMOTION_EXAMPLE: Demotion = {
  events: 5_210,
  acted: 417,
  share: 0.05,
  author: 'paysentry',
  at: '2026-03-01T12:00:07Z',
}

export const TRAFFIC_EXAMPLE: TrafficCounts = { events: 512, acted: { 'card-testing-burst': 3 } }
