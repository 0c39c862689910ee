import type { ComponentChildren } from 'preact';
import type { Problem } from '../state/problem.ts';
import { WarningIcon } from './icons.tsx';

interface ProblemNoticeProps {
  readonly problem: Problem;
  /** Buttons. */
  readonly children?: ComponentChildren;
}

/** What went wrong, in plain words, with the code that programs and bug reports go by. */
export function ProblemNotice({ problem: { code, title, detail }, children }: ProblemNoticeProps) {
  return (
    <div class="notice notice-problem" role="alert">
      <WarningIcon />
      <div class="notice-body">
        <p class="notice-title">{title}</p>
        <p>{detail}</p>
        <p class="notice-code">
          Code <code>{code}</code>
        </p>
        {children && <div class="button-row">{children}</div>}
      </div>
    </div>
  );
}
