import { useState } from 'preact/hooks';
import { describeUsage, tokenLabel, tokenMap, usageMap } from '../state/expert-stats.ts';
import type { Exchange } from '../state/conversation.ts';
import type { ModelInfo } from '../state/session-types.ts';
import { ExpertGrid } from './expert-grid.tsx';
import { TokenStrip } from './token-strip.tsx';

interface ExpertPanelProps {
  readonly model: ModelInfo;
  /** Whose answer is shown. */
  readonly exchange: Exchange | undefined;
}

/** Which experts the tokens of the newest answer went through, layer by layer. */
export function ExpertPanel({ model, exchange }: ExpertPanelProps) {
  const [selection, setSelection] = useState({ exchange: 0, token: 0 });
  const { moeLayers, numExperts, expertsPerToken } = model;
  if (moeLayers.length === 0) return null;
  const tokens = exchange?.answer.tokens ?? [];
  const selected =
    selection.exchange === exchange?.id && selection.token < tokens.length ? selection.token : undefined;
  const token = selected === undefined ? undefined : tokens[selected];
  const usage = usageMap(tokens, moeLayers, numExperts);
  const summary = describeUsage(usage, tokens.length);
  return (
    <section class="panel" aria-labelledby="experts-title">
      <h2 id="experts-title">Experts</h2>
      <p class="muted small">
        Each token passes through {expertsPerToken} of {numExperts} experts in every layer.{' '}
        {token ? (
          <>
            Shown: routing weights of token {selected! + 1},{' '}
            <q class="token-quote">{tokenLabel(token.text)}</q>, in %.
          </>
        ) : (
          'Shown: how many of the answer’s tokens each expert took part in, in %.'
        )}
      </p>
      <ExpertGrid
        map={token ? tokenMap(token, moeLayers, numExperts) : usage}
        numExperts={numExperts}
        caption={token ? `Routing weights of token ${selected! + 1}` : summary}
      />
      {tokens.length > 0 && (
        <>
          <div class="strip-header">
            <h3>Tokens</h3>
            {token && (
              <button
                type="button"
                class="link-button"
                onClick={() => setSelection({ exchange: 0, token: 0 })}
              >
                Show the whole answer
              </button>
            )}
          </div>
          <TokenStrip
            tokens={tokens}
            selected={selected}
            onSelect={(index) =>
              setSelection(
                index === undefined
                  ? { exchange: 0, token: 0 }
                  : { exchange: exchange?.id ?? 0, token: index },
              )
            }
          />
          <p class="muted small">
            The stripe under a token has the color of its first expert in each layer. {summary}
          </p>
        </>
      )}
    </section>
  );
}
