import { openEvaluation } from './evaluation.ts';
import type { AnsweredItem, CheckpointFacts, Evaluation, OpenRequest } from './protocol.ts';
import type { SetItem } from './set.ts';

declare global {
  /** {@link Evaluation} as the command line drives it; `folder` is the URL of the set's files. */
  var evaluationPage: {
    open(request: OpenRequest, folder: string): Promise<CheckpointFacts>;
    ask(item: SetItem): Promise<AnsweredItem>;
  };
}

let evaluation: Evaluation | undefined;

globalThis.evaluationPage = {
  async open(request, folder) {
    const read = async (path: string): Promise<Blob> => {
      const response = await fetch(folder + path.split('/').map(encodeURIComponent).join('/'));
      if (!response.ok) throw new Error(`${path}: status ${response.status}`);
      return response.blob();
    };
    evaluation = await openEvaluation(request, { picture: read, sound: read });
    return evaluation.checkpoint;
  },
  async ask(item) {
    if (!evaluation) throw new Error('no checkpoint is open');
    return evaluation.ask(item);
  },
};
