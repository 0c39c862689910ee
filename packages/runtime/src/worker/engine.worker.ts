import { loadEngineModel } from '../engine/local-engine.ts';
import { serveEngine } from './serve-engine.ts';

serveEngine(loadEngineModel);
