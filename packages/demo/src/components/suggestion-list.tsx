import { useEffect, useState } from 'preact/hooks';
import {
  loadSuggestions,
  suggestionLabel,
  type Suggestion,
  type SuggestedFile,
} from '../state/suggestions.ts';
import type { ModelInfo } from '../state/session-types.ts';
import { SoundIcon } from './icons.tsx';

interface SuggestionListProps {
  readonly place: string;
  readonly accepts: ModelInfo['accepts'];
  readonly onAsk: (suggestion: Suggestion) => void;
}

/** Questions that the checkpoint brings along; one click asks. */
export function SuggestionList({ place, accepts, onAsk }: SuggestionListProps) {
  const [suggestions, setSuggestions] = useState<readonly Suggestion[]>([]);
  useEffect(() => {
    let isCurrent = true;
    void loadSuggestions(place, accepts).then((found) => isCurrent && setSuggestions(found));
    return () => {
      isCurrent = false;
      setSuggestions([]);
    };
  }, [place, accepts]);
  if (suggestions.length === 0) return null;
  return (
    <ul class="suggestions" aria-label="Examples to try">
      {suggestions.map((suggestion, i) => (
        <li key={i}>
          <button type="button" class="suggestion" onClick={() => onAsk(suggestion)}>
            {suggestion.files.map((file) => (
              <SuggestedPreview key={file.name} file={file} />
            ))}
            <span>{suggestionLabel(suggestion)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function SuggestedPreview({ file: { kind, name, file } }: { readonly file: SuggestedFile }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (kind !== 'image') return undefined;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [kind, file]);
  if (kind === 'image') return <img class="thumbnail" src={url} alt={`Picture ${name}`} />;
  return (
    <span class="thumbnail thumbnail-icon" role="img" aria-label={`Sound ${name}`}>
      <SoundIcon />
    </span>
  );
}
