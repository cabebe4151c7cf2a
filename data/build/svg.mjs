// Draw SVG texts and write their pixels: node svg.mjs IN SIDE OUT
// IN is a JSON list of SVG texts; OUT holds for each one SIDE x SIDE x 4 bytes: red, green, blue (each times the
// opacity) and the opacity.
import { readFileSync, writeFileSync } from 'node:fs';
import { Resvg } from '@resvg/resvg-js';

const [from, side, out] = process.argv.slice(2);
const options = {
  fitTo: { mode: 'width', value: Number(side) },
  font: { loadSystemFonts: false },
};
const pictures = JSON.parse(readFileSync(from, 'utf8')).map((svg) => Buffer.from(new Resvg(svg, options).render().pixels));
writeFileSync(out, Buffer.concat(pictures));
