import { describe, expect, it } from 'vitest';
import { collectTensors, expectAllTensors, failure } from '../../../testing/checkpoint-assertions.ts';
import { createSyntheticCheckpoint } from '../../../testing/synthetic-checkpoint.ts';
import { openCheckpoint } from '../open.ts';

const synthetic = createSyntheticCheckpoint();

/** The files as a folder input gives them. */
function chosenFiles(prefix: string): File[] {
  return Array.from(synthetic.files, ([path, file]) => {
    const chosen = new File([file.read(0, file.bytes)], path.split('/').pop()!);
    return Object.defineProperty(chosen, 'webkitRelativePath', { value: prefix && prefix + path });
  });
}

describe('files that the user chose', () => {
  it.each(['my-model/', 'downloads/my-model/', ''])('are read below %j', async (prefix) => {
    const checkpoint = await openCheckpoint(chosenFiles(prefix));
    expect(checkpoint.name).toBe(prefix.slice(0, -1) || 'the chosen files');
    expectAllTensors(await collectTensors(checkpoint), synthetic);
  });

  it('must include a manifest', async () => {
    const files = chosenFiles('m/').filter(({ name }) => name !== 'manifest.json');
    const error = await failure(openCheckpoint(files));
    expect(error.code).toBe('checkpoint-not-found');
    expect(error.message).toMatch(/None of the \d+ chosen files is a manifest\.json/);
  });

  it('must be one checkpoint', async () => {
    const error = await failure(openCheckpoint([...chosenFiles('two/a/'), ...chosenFiles('two/b/')]));
    expect(error.code).toBe('checkpoint-format');
    expect(error.message).toMatch(/two\/b\/manifest\.json/);
  });

  it('must be all there', async () => {
    const files = chosenFiles('m/').filter(({ name }) => !name.startsWith('model-'));
    const error = await failure(openCheckpoint(files));
    expect(error).toMatchObject({
      code: 'checkpoint-not-found',
      details: { path: 'model-00001-of-00001.safetensors' },
    });
  });
});
