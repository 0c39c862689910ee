import { adapterPaths, FILES } from '../checkpoint/format.ts';
import type { Checkpoint, OnProgress } from '../checkpoint/index.ts';

/**
 * Lets tokenizer, adapters and weights, which are read one after the other and each with a count of its own, report as one
 * download.
 */
export function asOneDownload({ config, manifest, tensors }: Checkpoint, onProgress: OnProgress): OnProgress {
  const paths = new Set<string>([FILES.tokenizer, ...config.adapters.flatMap(adapterPaths)]);
  for (const { file } of tensors.values()) paths.add(file);
  let totalBytes = 0;
  for (const { path, bytes } of manifest.files) if (paths.has(path)) totalBytes += bytes;
  let before = 0;
  return (progress) => {
    if (progress.phase !== 'download') return onProgress(progress);
    const bytes = before + progress.bytes;
    if (progress.bytes === progress.totalBytes) before = bytes;
    onProgress({ ...progress, bytes, totalBytes });
  };
}
