import type { CaseResult, ContenderResult, Summary } from '@uni-moe-web/kernels/bench';
import type { BenchReport, Estimate } from '../bench-report.ts';

export function sampleSummary(median: number): Summary {
  return { median, p10: median * 0.9, p90: median * 1.1, count: 14 };
}

export function sampleEstimate(value: number, error: number): Estimate {
  return { value, low: value - error, high: value + error };
}

export function sampleContender(name: string, ms: number, ratio: number): ContenderResult {
  return {
    name,
    verdict: 'exact',
    error: 2e-7,
    timing: {
      wallMs: sampleSummary(ms),
      encodeMs: sampleSummary(0.1),
      passMs: sampleSummary(ms * 0.8),
      dispatches: 2,
      submits: 1,
      rate: { bytesPerSecond: 5e9, flopsPerSecond: 20e9, copyShare: 0.5, flopShare: 0.25 },
      wallRatio: sampleSummary(ratio),
      passRatio: sampleSummary(ratio),
    },
  };
}

export function sampleCase(op: string, shape: string, ms: number, plot?: CaseResult['plot']): CaseResult {
  return {
    op,
    shape,
    work: { bytes: 1e6, flops: 4e6 },
    rooflineMs: 0.5,
    ...(plot ? { plot } : {}),
    contenders: [
      sampleContender('uni-moe-web', ms, 1),
      sampleContender('ORT peer', 3 * ms, 3),
      { name: 'ORT <wrong>', verdict: 'wrong', reason: 'relative error 3.0e-1', error: 0.3 },
    ],
  };
}

/** A small report with one of everything. */
export function sampleReport(cases: readonly CaseResult[] = sampleCases()): BenchReport {
  return {
    adapter: {
      name: 'maker & model',
      features: ['subgroups'],
      subgroupSizes: '8 to 8',
      cores: 2,
      isFallback: true,
    },
    host: 'Dawn in Node',
    without: [],
    libraries: ['onnxruntime-web 1.30.0'],
    commit: 'abc1234',
    quick: false,
    seeds: [7],
    startedAt: '2026-01-02T03:04:05.000Z',
    seconds: 61,
    ceiling: { copyBytesPerSecond: 10e9, readBytesPerSecond: 12e9, flopsPerSecond: 80e9 },
    cases,
    skipped: ['linear too large (at least 3.0 s per run)'],
    failed: [],
    models: [
      {
        name: 'tiny',
        description: 'a decoder',
        layers: 4,
        loadMs: 1234,
        activeBytes: 5e6,
        check: { error: 3e-7, verdict: 'exact' },
        prefill: [{ tokens: 32, ms: sampleSummary(64), coldMs: 300, submits: 1 }],
        decode: [16, 512].map((context) => ({
          context,
          stepMs: sampleSummary(4 + context / 512),
          encodeMs: sampleSummary(0.2),
          dispatches: 37,
          submits: 1,
          rooflineMs: 0.5,
          parts: [
            { label: 'linear-matvec', ms: 2, dispatches: 9 },
            { label: 'attention-decode', ms: 1 + context / 512, dispatches: 4 },
          ],
        })),
        growth: {
          from: 16,
          to: 512,
          rounds: 40,
          settled: true,
          bytes: 4e6,
          wallMs: sampleEstimate(1.02, 0.05),
          timed: {
            stepMs: sampleEstimate(1, 0.03),
            attentionMs: sampleEstimate(0.95, 0.01),
            outsideMs: sampleEstimate(0.01, 0.03),
            share: sampleEstimate(0.95, 0.04),
            kernels: [
              { label: 'linear-matvec', ms: sampleEstimate(0.03, 0.01) },
              { label: 'embed', ms: sampleEstimate(0.01, 0.02) },
              { label: 'attention-decode', ms: sampleEstimate(0.95, 0.01) },
            ],
          },
        },
        lora: {
          rank: 16,
          context: 16,
          dispatches: 60,
          verdict: 'exact',
          ratio: sampleSummary(1.07),
        },
        peers: [
          {
            name: 'llama.cpp',
            note: 'on the CPU',
            verdict: 'same',
            error: 0.0123,
            sameTokens: [4, 4],
            cells: [
              {
                kind: 'prefill',
                tokens: 32,
                ms: sampleSummary(32),
                ownMs: sampleSummary(64),
                ratio: sampleSummary(0.5),
              },
              {
                kind: 'decode',
                tokens: 16,
                ms: sampleSummary(10),
                ownMs: sampleSummary(5),
                ratio: sampleSummary(2),
              },
            ],
          },
          { name: 'wllama', note: '', verdict: 'failed', reason: 'no | memory', cells: [] },
        ],
      },
    ],
    towers: [
      {
        name: 'image',
        description: '56 x 56 pixels to 16 embeddings',
        provider: 'webgpu',
        loadMs: 900,
        ms: sampleSummary(12),
        error: 2e-6,
      },
    ],
  };
}

function sampleCases(): CaseResult[] {
  return [
    sampleCase('linear', 'q4 1 x 64 -> 64', 2),
    sampleCase('moe', '2 rows', 1, { name: 'rows per expert', series: 'grouped', x: 1 }),
    sampleCase('moe', '4 rows', 2, { name: 'rows per expert', series: 'grouped', x: 2 }),
    sampleCase('attention-decode', 'after 16', 1, { name: 'context length', series: '8 heads', x: 16 }),
  ];
}
