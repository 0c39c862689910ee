/** A bank of triangular filters; the filter of band m covers `weights[m]` from spectrum bin `firstBins[m]` on. */
export interface MelBank {
  readonly firstBins: readonly number[];
  readonly weights: readonly Float64Array[];
}

const HZ_PER_MEL = 200 / 3;
const LOG_START_HZ = 1000;
const LOG_START_MEL = 15;
const MELS_PER_LOG = 27 / Math.log(6.4);

/** Slaney's mel scale: linear below 1000 Hz, logarithmic above. */
const toMel = (hz: number): number =>
  hz < LOG_START_HZ ? hz / HZ_PER_MEL : LOG_START_MEL + MELS_PER_LOG * Math.log(hz / LOG_START_HZ);
const toHz = (mel: number): number =>
  mel < LOG_START_MEL ? mel * HZ_PER_MEL : LOG_START_HZ * Math.exp((mel - LOG_START_MEL) / MELS_PER_LOG);

/**
 * Whisper's mel filters (specification 4.4 step 4): `bands` triangles equally spaced on Slaney's scale from 0 Hz to half
 * the sampling rate, each scaled to unit area, over the `fftLength / 2 + 1` bins of a spectrum.
 */
export function createMelBank(bands: number, fftLength: number, samplingRate: number): MelBank {
  const topMel = toMel(samplingRate / 2);
  const edges = Array.from({ length: bands + 2 }, (_, i) => toHz((topMel * i) / (bands + 1)));
  const firstBins: number[] = [];
  const weights: Float64Array[] = [];
  for (let band = 0; band < bands; band++) {
    const [left, center, right] = edges.slice(band, band + 3) as [number, number, number];
    const values: number[] = [];
    let firstBin = 0;
    for (let bin = 0; bin <= fftLength / 2; bin++) {
      const hz = (bin * samplingRate) / fftLength;
      const height = Math.min((hz - left) / (center - left), (right - hz) / (right - center));
      if (height <= 0) continue;
      if (values.length === 0) firstBin = bin;
      values.push((height * 2) / (right - left));
    }
    firstBins.push(firstBin);
    weights.push(Float64Array.from(values));
  }
  return { firstBins, weights };
}
