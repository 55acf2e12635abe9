// The trials by which `instrument` and `inspect` tell functions without names: what they take as options, here and in
// browsers. A trial is no module of the program: it must be loaded before `intercept` takes the engine's functions away.

import { probeAllocator } from './probe.ts';
import { probeLibrary } from './probe-library.ts';

export const PROBES = { probe: probeAllocator, libraryProbe: probeLibrary };
