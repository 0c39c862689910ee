/** The value of an option. @throws Error naming the option if it is no number, or below zero. */
export function numberOption(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`${option} ${text}: expected a number, 0 or more`);
  return value;
}
