import type { ChatCompletionRequest } from '../api/chat-request.ts';
import type { ChatCompletion, ChatCompletionChunk } from '../api/chat-response.ts';
import { prepareTask, type ChatTask, type TaskContext } from './chat-task.ts';
import { collectCompletion } from './collect-completion.ts';
import type { CallOptions, ChatCompletions } from './engine.ts';

/** How an engine runs a task: in the page or through its worker. */
export type RunTask = (task: ChatTask, signal: AbortSignal) => AsyncIterable<ChatCompletionChunk>;

/** `chat.completions` over any way of running tasks. A request is checked, and its media fetched, before `create` resolves. */
export function createChatCompletions(context: TaskContext, run: RunTask): ChatCompletions {
  async function create(
    request: ChatCompletionRequest,
    { signal = new AbortController().signal }: CallOptions = {},
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>> {
    const task = await prepareTask(request, context, signal);
    const chunks = run(task, signal);
    return request.stream ? chunks : collectCompletion(chunks);
  }
  // The overloads tie the result's type to `stream`, which an implementation's signature cannot.
  return { create: create as ChatCompletions['create'] };
}
