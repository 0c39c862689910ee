import { describe, expect, it } from 'vitest';
import { createRealFft } from './fft.ts';

describe('createRealFft', () => {
  it.each([2, 4, 6, 10, 16, 30, 34, 400, 512])(
    'power spectrum of length %i equals the direct sum',
    (length) => {
      const frame = Float64Array.from({ length }, (_, n) => Math.sin(n * n + 1) + (n === 3 ? 5 : 0));
      const power = new Float64Array(length / 2 + 1);
      createRealFft(length).powerSpectrum(frame, power);
      power.forEach((value, k) => {
        let [re, im] = [0, 0];
        frame.forEach((sample, n) => {
          re += sample * Math.cos((2 * Math.PI * ((k * n) % length)) / length);
          im -= sample * Math.sin((2 * Math.PI * ((k * n) % length)) / length);
        });
        expect(Math.abs(value - (re * re + im * im))).toBeLessThan(1e-12 * length * length);
      });
    },
  );

  it('gives the same answer twice', () => {
    const fft = createRealFft(400);
    const frame = Float64Array.from({ length: 400 }, (_, n) => Math.cos(n));
    const [first, second] = [new Float64Array(201), new Float64Array(201)];
    fft.powerSpectrum(frame, first);
    fft.powerSpectrum(frame, second);
    expect(second).toEqual(first);
  });

  it.each([0, 3, 2.5, -2])('refuses the length %d', (length) => {
    expect(() => createRealFft(length)).toThrow(RangeError);
  });
});
