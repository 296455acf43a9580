// The model card: what a person should know before trusting the model. Written beside the manifest, from its figures alone.
import type { Manifest } from './manifest.ts'

/** Markdown. The form follows Mitchell et al., "Model Cards for Model Reporting" (2019). */
export function modelCard(manifest: Manifest): string {
  return [intention(manifest), trainedOn(manifest), figures(manifest), featureTable(manifest)].join('\n')
}

function intention({ version, features, supervised }: Manifest): string {
  const second =
    supervised === null
      ? 'It was trained without labels: there is no supervised head.'
      : `The second learned from ${supervised.frauds} payments labelled fraud: a net of 64 and 32 units over the piecewise-linearly coded features.
Raw score: its log-odds of fraud plus ${supervised.rarityWeight} times the rarity.`
  return `# Model ${version}

Two heads over ${features.length} features. The first needs no labels: it adds up how rare a payment's values are (negative log of the share of payments at
least as odd, root mean square within a group of features, 4-norm over groups). ${second}

## What it is for

A score from 0 to 1 for payments that no rule foresaw: 0.99 says that 99 % of the traffic it was calibrated on scored
lower. A high score is no proof: use it to look, and to tighten rules, not to block on its own.
`
}

function trainedOn({ training, supervised }: Manifest): string {
  const { rows } = training
  const epochs =
    supervised === null
      ? ''
      : ` (the weights are those of epoch ${bestEpoch(supervised)} of ${supervised.epochs}, with the lowest loss on these rows)`
  return `## What it was trained on

**${training.source}**, seed ${training.seed}: ${training.events} events with ${training.payments} payments, ${training.from} to ${training.to}.
Rows in the order of time: ${rows.train} to train, ${rows.gap} left out while labels of those arrive, ${rows.validation} to choose and to stop${epochs}, ${rows.calibration} to calibrate. A training
row counts as fraud only if its label had arrived before the validation rows begin.

    ${training.command}

makes it again, to the bit. Simulated traffic shows what the simulator's author imagined: **figures on it prove nothing about real traffic**. Train on
your own before you rely on a score.
`
}

function bestEpoch({ loss }: NonNullable<Manifest['supervised']>): number {
  const validation = loss.map((epoch) => epoch.validation)
  return validation.indexOf(Math.min(...validation)) + 1
}

function figures({ metrics, supervised }: Manifest): string {
  const row = (name: string, id: string): string => {
    const of = metrics[id]
    return of === undefined
      ? ''
      : `| ${name} | ${of['auc'] ?? 0} | ${of['average_precision'] ?? 0} | ${percent(of['recall_at_1_percent_false_positives'])} |\n`
  }
  const bins = (supervised?.reliability ?? []).map(
    ({ predicted, observed, payments }) => `| ${percent(predicted)} | ${percent(observed)} | ${payments} |\n`,
  )
  const reliability =
    bins.length === 0
      ? ''
      : `
Whether its probabilities of a fraud label are right, on the same span:

| predicted | labelled fraud | payments |
|---|---|---|
${bins.join('')}`
  return `## How it ranks fraud, on the calibration span

${metrics['calibration_span']?.['frauds'] ?? 0} frauds among ${metrics['calibration_span']?.['payments'] ?? 0} payments.

| score | AUC | average precision | frauds found when 1 % of genuine payments are stopped |
|---|---|---|---|
${row('this model', 'model')}${row('rarity alone', 'rarity')}${row('supervised head alone', 'supervised')}${row('amount alone', 'amount_alone')}${reliability}
While journals are still filling (the first days, or a new population), everything looks new and more payments than the
percentile says score high. Wait for about a week of traffic before you act on a score.
`
}

function featureTable({ features, made }: Manifest): string {
  const rows = features.map(
    ({ id, group, description, median, missing }) =>
      `| ${id} | ${group} | ${description} | ${Number(median.toPrecision(4))} | ${percent(missing)} |`,
  )
  return `## Features

| feature | group | meaning | median | unknown in |
|---|---|---|---|---|
${rows.join('\n')}

Made by paysentry ${made.paysentry} with TensorFlow.js ${made.tensorflow} on its WASM backend.
`
}

function percent(value: number | undefined): string {
  const shown = (value ?? 0) * 100
  return `${shown < 1 && shown > 0 ? Number(shown.toPrecision(2)) : shown.toFixed(1)} %`
}
