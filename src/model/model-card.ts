// The model card: what a person should know before trusting the model. Written beside the manifest, from its figures alone.
import type { Manifest } from './manifest.ts'

/** Markdown. The form follows Mitchell et al., "Model Cards for Model Reporting" (2019). */
export function modelCard(manifest: Manifest): string {
  const { training, metrics, features } = manifest
  const percent = (value: number | undefined): string => `${((value ?? 0) * 100).toFixed(1)} %`
  const row = (name: string, of: Readonly<Record<string, number>> | undefined): string =>
    `| ${name} | ${of?.['auc'] ?? 0} | ${of?.['average_precision'] ?? 0} | ${percent(of?.['recall_at_1_percent_false_positives'])} |`
  return `# Model ${manifest.version}

An autoencoder of ${features.length} features: what its narrow middle cannot rebuild is unusual. It was trained without labels.

## What it is for

A score from 0 to 1 for payments that no rule foresaw: 0.99 says that 99 % of the traffic it was calibrated on was less
unusual. Unusual is not fraudulent: use it to look, and to tighten rules, not to block on its own.

## What it was trained on

**${training.source}**, seed ${training.seed}: ${training.events} events with ${training.payments} payments, ${training.from} to ${training.to}.
Rows in the order of time: ${training.rows.train} to train, ${training.rows.validation} to stop (after ${training.epochs} epochs), ${training.rows.calibration} to calibrate.

    ${training.command}

makes it again, to the bit. Simulated traffic shows what the simulator's author imagined. **The figures below prove nothing about real traffic**: train on
your own before you rely on a score.

## How it ranks fraud, on the calibration span

${metrics['calibration_span']?.['frauds'] ?? 0} frauds among ${metrics['calibration_span']?.['payments'] ?? 0} simulated payments. The model never saw which they are.

| score | AUC | average precision | frauds found when 1 % of genuine payments are stopped |
|---|---|---|---|
${row('this model', metrics['model'])}
${row('amount alone', metrics['amount_alone'])}

While journals are still filling (the first days, or a new population), everything looks new and more payments than the
percentile says score high. Wait for about a week of traffic before you act on a score.

## Features

| feature | meaning | usual | unknown in |
|---|---|---|---|
${features.map(({ id, description, usual, missing }) => `| ${id} | ${description} | ${Number(usual.toPrecision(4))} | ${percent(missing.share)} |`).join('\n')}

Made by paysentry ${manifest.made.paysentry} with TensorFlow.js ${manifest.made.tensorflow} on its WASM backend.
`
}
