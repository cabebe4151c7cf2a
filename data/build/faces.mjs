// Draw faces and write their pixels: node faces.mjs STYLE COUNT OUT
// OUT holds for each face 64 x 64 x 3 bytes, red, green, blue. Seeds are STYLE-0, STYLE-1, ...; a face equal to an
// earlier one is left out, so COUNT faces are COUNT different pictures.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createAvatar } from '@dicebear/core';
import * as lorelei from '@dicebear/lorelei';
import * as openPeeps from '@dicebear/open-peeps';
import { Resvg } from '@resvg/resvg-js';

const SIDE = 64;
const BACKGROUNDS = ['b6e3f4', 'c0aede', 'd1d4f9', 'ffd5dc', 'ffdfbf', 'c8e6c9', 'fff3b0', 'e0e0e0'];
const STYLES = {
  lorelei: [lorelei, {
    scale: 125, // closer, as in a cropped face
    backgroundColor: BACKGROUNDS,
    hairColor: ['1b1b3a', '4a2c1a', '8c4a2f', 'c68642', 'e8b04b', 'b33951', '6a4c93', '1982c4', '2a9d8f', 'ec6f9e'],
    skinColor: ['ffe0cc', 'f9d0b0', 'edb98a', 'd08b5b', 'ae5d29'],
    mouthColor: ['9c2c3b'],
    eyesColor: ['1d1d2c'],
  }],
  'open-peeps': [openPeeps, { backgroundColor: BACKGROUNDS, maskProbability: 0 }],
};

const [style, count, out] = process.argv.slice(2);
const [collection, options] = STYLES[style];
const faces = [];
const seen = new Set();
for (let seed = 0; faces.length < Number(count); seed += 1) {
  const svg = createAvatar(collection, { seed: `${style}-${seed}`, ...options }).toString();
  const image = new Resvg(svg, { fitTo: { mode: 'width', value: SIDE }, font: { loadSystemFonts: false } }).render();
  const rgb = Buffer.from(image.pixels.filter((_, at) => at % 4 !== 3)); // the background covers all: no transparency
  const key = createHash('sha256').update(rgb).digest('hex');
  if (!seen.has(key)) faces.push(rgb);
  seen.add(key);
}
writeFileSync(out, Buffer.concat(faces));
