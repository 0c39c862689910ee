import type { AnsweredItem } from '../protocol.ts';
import { buildReport, type EvaluationReport } from '../report.ts';
import { parseSet } from '../set.ts';

/** Four items of a made-up run: two kinds of which one has parts, two layers of four experts. */
export function sampleReport(): EvaluationReport {
  const set = parseSet(
    JSON.stringify({
      version: 1,
      name: 'things & shapes',
      description: 'Made up.',
      match: 'contains',
      items: [
        { id: 'cat', kind: 'name', image: 'cat.png', question: 'What is this?', answers: ['cat'] },
        { id: 'red', kind: 'scene/color', image: 'a.png', question: 'What <color> is it?', answers: ['red'] },
        { id: 'two', kind: 'scene/count', image: 'b.png', question: 'How many?', answers: ['two', '2'] },
        { id: 'dog', kind: 'name', image: 'dog.png', question: 'What is this?', answers: ['dog'] },
      ],
    }),
  );
  const answers = ['This is a cat.', 'It is blue.', 'There are 2.', 'This is a wolf.'];
  const run = set.items.map((item, i) => ({ item, answer: answer(answers[i]!, 100 * (i + 1)) }));
  return buildReport(
    {
      set,
      checkpoint: {
        name: 'small',
        quantization: 'q4',
        adapters: { german: 0.5 },
        gpu: 'a GPU',
        layers: [0, 2],
        numExperts: 4,
        topK: 2,
      },
      environment: { host: 'a host', gpu: 'a GPU', startedAt: '2026-01-01T00:00:00.000Z', seconds: 3 },
      settings: { temperature: 0, seed: 0, maxTokens: 64 },
    },
    run,
  );
}

/** Three rows of a picture and one of text; the experts of the second layer are those of the first turned round. */
function answer(text: string, totalMs: number): AnsweredItem {
  return {
    text,
    finishReason: 'stop',
    promptTokens: 20,
    completionTokens: 5,
    firstTokenMs: totalMs / 2,
    totalMs,
    experts: {
      picture: [
        [3, 2, 1, 0],
        [0, 1, 2, 3],
      ],
      question: [
        [1, 1, 0, 0],
        [0, 0, 1, 1],
      ],
    },
  };
}
