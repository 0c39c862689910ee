import { useEffect, useRef } from 'preact/hooks';
import { layerStripes } from '../state/expert-colors.ts';
import { tokenLabel, type TokenRecord } from '../state/expert-stats.ts';

interface TokenStripProps {
  readonly tokens: readonly TokenRecord[];
  /** Index of the chosen token; absent shows the whole answer. */
  readonly selected: number | undefined;
  readonly onSelect: (index: number | undefined) => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The tokens of an answer, each over a stripe with its best expert per layer. Arrow keys go from token to token. */
export function TokenStrip({ tokens, selected, onSelect }: TokenStripProps) {
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => {
    strip.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const last = tokens.length - 1;
    if (event.key === 'Escape' && selected !== undefined) {
      // Escape would otherwise stop the answer.
      event.stopPropagation();
      onSelect(undefined);
    } else if (event.key === 'Home') onSelect(0);
    else if (event.key === 'End') onSelect(last);
    else if (step === undefined) return;
    else onSelect(selected === undefined ? (step > 0 ? 0 : last) : clamp(selected + step, last));
    event.preventDefault();
  };

  return (
    <div
      ref={strip}
      class="token-strip"
      role="listbox"
      aria-label="Tokens of the answer"
      aria-activedescendant={selected === undefined ? undefined : `token-${selected}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {tokens.map((token, index) => (
        <Token
          key={index}
          token={token}
          index={index}
          selected={index === selected}
          onClick={() => onSelect(index === selected ? undefined : index)}
        />
      ))}
    </div>
  );
}

interface TokenProps {
  readonly token: TokenRecord;
  readonly index: number;
  readonly selected: boolean;
  readonly onClick: () => void;
}

function Token({ token, index, selected, onClick }: TokenProps) {
  const best = token.choices.map(({ experts }) => experts[0] ?? 0);
  return (
    <span
      id={`token-${index}`}
      class="token"
      role="option"
      aria-selected={selected}
      aria-label={`Token ${index + 1}: ${tokenLabel(token.text)}`}
      onClick={onClick}
    >
      {tokenLabel(token.text)}
      <span class="token-stripes" style={{ backgroundImage: layerStripes(best) }} />
    </span>
  );
}

function clamp(index: number, last: number): number {
  return Math.min(last, Math.max(0, index));
}
