import { liveRate, type Answer } from '../state/conversation.ts';
import { formatDuration, formatRate } from '../state/format.ts';

/** How fast the newest answer came. */
export function SpeedPanel({ answer }: { readonly answer: Answer | undefined }) {
  const stats = answer?.stats;
  const rate = stats?.tokensPerSecond ?? (answer ? liveRate(answer) : NaN);
  const firstTokenMs =
    stats?.firstTokenMs ??
    (answer?.firstTokenMs === undefined ? undefined : answer.firstTokenMs - answer.startedMs);
  return (
    <section class="panel" aria-labelledby="speed-title">
      <h2 id="speed-title">Speed</h2>
      <dl class="tiles">
        <Tile label="Tokens per second" value={rate > 0 ? formatRate(rate) : '–'} />
        <Tile
          label="Time to first token"
          value={firstTokenMs === undefined ? '–' : formatDuration(firstTokenMs)}
        />
        <Tile label="Tokens in the prompt" value={stats ? String(stats.promptTokens) : '–'} />
        <Tile label="of these still in the cache" value={stats ? String(stats.cachedTokens) : '–'} />
      </dl>
    </section>
  );
}

function Tile({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd class="numbers">{value}</dd>
    </div>
  );
}
