// Draws the demo's garments: one SVG for each kind and colour, into web/public/garments/. Our own drawings, made of a few
// paths each, so that a picture is about a kilobyte. Run by hand after a change: node tools/garments.mjs
import { mkdirSync, writeFileSync } from "node:fs";

const colours = {
  "01": "#303034", "02": "#f3eee3", "03": "#dccbaf", "04": "#bfc2c6", "05": "#2b3b57", "06": "#9fb6ca",
  "07": "#335044", "08": "#ab5140", "09": "#ebc9c8", "10": "#b8a074", "11": "#ad7744", "12": "#bcaad2",
};

function mix(hex, other, share) {
  const of = (h, i) => Number.parseInt(h.slice(1 + 2 * i, 3 + 2 * i), 16);
  return `#${[0, 1, 2].map((i) => Math.round(of(hex, i) * (1 - share) + of(other, i) * share).toString(16).padStart(2, "0")).join("")}`;
}

// Each drawing gets the palette {c: cloth, d: darker, l: lighter, s: seam} and gives what stands inside the picture.
// Shapes are symmetric about x = 120: `both` draws the left half and mirrors it.
const both = (inner) => `<g>${inner}</g><g transform="matrix(-1 0 0 1 240 0)">${inner}</g>`;
const cloth = (p, d, fill = p.c) => `<path d="${d}" fill="${fill}" stroke="${p.s}" stroke-width="2"/>`;
const seam = (p, d, width = 1.6) => `<path d="${d}" fill="none" stroke="${p.s}" stroke-width="${width}" opacity=".55"/>`;
const fold = (p, d) => `<path d="${d}" fill="${p.d}" opacity=".38"/>`;
const light = (p, d) => `<path d="${d}" fill="${p.l}" opacity=".5"/>`;
const button = (p, x, y, r = 2.6) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${p.l}" stroke="${p.s}" stroke-width="1"/>`;
const buttons = (p, x, from, to, step) => {
  let out = "";
  for (let y = from; y <= to; y += step) out += button(p, x, y);
  return out;
};
const ribs = (p, x0, x1, y, h, step = 5) => {
  let d = "";
  for (let x = x0; x <= x1; x += step) d += `M${x} ${y}v${h}`;
  return seam(p, d, 1);
};

const shortSleeve = "M88 62 52 80 34 122l30 13 14-24";
const longSleeve = "M88 62 56 78 40 128l-8 92 26 4 18-82";

const drawings = {
  dress: (p) =>
    both(cloth(p, "M86 66 62 80 52 112l24 9 8-14z") + fold(p, "M66 104l10 17 8-14-2-14z")) +
    cloth(p, "M98 56c8 12 36 12 44 0l12 10-6 46c2 16 8 26 14 36l28 108c-36 16-104 16-140 0l28-108c6-10 12-20 14-36l-6-46z") +
    cloth(p, "M92 136h56l4 12H88z", p.d) +
    fold(p, "M104 148 86 262l14 4 14-118zM136 148l18 114-14 4-12-118z") + light(p, "M120 150l-8 118h16z") +
    seam(p, "M98 56c8 16 36 16 44 0") + buttons(p, 120, 82, 128, 15),
  shirt: (p) =>
    both(cloth(p, longSleeve + "z") + cloth(p, "M32 208l26 4-1 14-26-4z", p.d)) +
    cloth(p, "M96 54 120 66l24-12 14 12 8 150c-12 8-80 8-92 0l8-150z") + both(cloth(p, "M96 52l24 16-14 18-18-26z", p.l)) +
    seam(p, "M120 70v150M114 74v146") + buttons(p, 120, 90, 210, 24) + fold(p, "M82 196c8 12 20 20 30 22H76z") + seam(p, "M136 108h22v22l-11 6-11-6z"),
  tee: (p) =>
    both(cloth(p, shortSleeve + "z") + seam(p, "M39 114l29 12")) +
    cloth(p, "M92 58c8 14 48 14 56 0l14 8 2 158c-24 6-64 6-88 0l2-158z") + cloth(p, "M92 58c8 16 48 16 56 0l-6-3c-8 10-36 10-44 0z", p.d) +
    fold(p, "M78 190c10 16 26 26 40 30-16 2-32 0-42-2zM160 90c-6 40-2 90 2 130l-14 2c-4-50-2-96 12-132z") + seam(p, "M77 216c26 6 60 6 86 0"),
  knit: (p) =>
    both(cloth(p, longSleeve + "z") + cloth(p, "M33 204l27 4-2 18-27-4z", p.d)) +
    cloth(p, "M94 58c10 12 42 12 52 0l14 8 4 144c-26 6-62 6-88 0l4-144z") + cloth(p, "M76 204c26 6 62 6 88 0v18c-26 6-62 6-88 0z", p.d) +
    cloth(p, "M94 58c10 14 42 14 52 0l-5-8c-10 8-32 8-42 0z", p.d) + ribs(p, 80, 160, 208, 13) +
    seam(p, "M104 84c8 10-8 14 0 24s-8 14 0 24-8 14 0 24-8 14 0 24M136 84c8 10-8 14 0 24s-8 14 0 24-8 14 0 24-8 14 0 24", 2.2) + fold(p, "M152 100c-2 40 2 70 6 104l-14 2c-2-44 0-80 8-106z"),
  skirt: (p) =>
    cloth(p, "M84 64h72l34 180c-40 16-100 16-140 0z") + cloth(p, "M84 58h72l2 16H82z", p.d) +
    fold(p, "M94 74 70 250l16 4 20-180zM120 74l-4 182h16l-4-182zM146 74l28 176-16 4-22-180z") + light(p, "M108 76 96 254l10 1 10-179z") + button(p, 148, 66),
  trousers: (p) =>
    cloth(p, "M82 52h76l14 208-40 4-12-130-12 130-40-4z") + cloth(p, "M82 46h76l1 14H81z", p.d) +
    seam(p, "M120 60v76M98 66 90 258M142 66l8 192") + fold(p, "M120 134l-6 80-6 50-8-1 6-100zM126 150l8 112-4 2-8-100z") + both(seam(p, "M84 62c6 10 10 14 18 16")) + button(p, 120, 53),
  coat: (p) =>
    both(cloth(p, "M88 58 58 74 42 130l-6 106 28 4 16-94z") + cloth(p, "M37 206l29 4-1 12-29-4z", p.d)) +
    cloth(p, "M94 52h52l16 10 14 198c-34 10-78 10-112 0L78 62z") + both(cloth(p, "M96 48l24 44-10 20-28-40z", p.l)) +
    seam(p, "M124 92v170") + cloth(p, "M72 150h96l1 16H71z", p.d) + cloth(p, "M112 146h22v24h-22z", p.l) +
    buttons(p, 108, 126, 140, 14) + buttons(p, 140, 126, 140, 14) + both(seam(p, "M84 196l16-6 3 22-16 6z")) + fold(p, "M72 166h20l-10 96-18-4z"),
  down: (p) =>
    both(cloth(p, "M86 66 56 80 38 136l-4 80 32 6 14-84z") + seam(p, "M50 100l28 14M42 132l32 10M37 164l34 6M36 194l32 5")) +
    cloth(p, "M86 62c20-6 48-6 68 0l10 8 6 166c-32 10-68 10-100 0l6-166z") + cloth(p, "M92 62c-4-22 8-30 28-30s32 8 28 30c-16 10-40 10-56 0z", p.d) +
    seam(p, "M120 70v172", 2.4) + seam(p, "M76 100c28 8 60 8 88 0M75 132c28 8 62 8 90 0M74 164c28 8 64 8 92 0M72 196c30 8 66 8 96 0M71 222c30 8 68 8 98 0", 2) +
    light(p, "M82 84c10 3 22 5 32 5v8c-12 0-24-2-32-4zM82 148c10 3 22 5 32 5v8c-12 0-24-2-32-4z"),
  mshirt: (p) =>
    both(cloth(p, "M84 60 48 78 34 132l-6 92 28 4 18-84z") + cloth(p, "M28 212l29 4-1 12-29-4z", p.d)) +
    cloth(p, "M92 52l28 14 28-14 18 12 4 162c-16 8-84 8-100 0l4-162z") + both(cloth(p, "M92 50l28 18-12 18-22-26z", p.l)) +
    seam(p, "M120 70v158M113 74v152") + buttons(p, 120, 92, 216, 25) + cloth(p, "M134 104h26v26l-13 7-13-7z") + fold(p, "M76 210c10 12 24 18 38 20-16 2-32 0-42-4z"),
  mtee: (p) =>
    both(cloth(p, "M84 60 46 78 26 124l34 14 14-24z") + seam(p, "M31 116l33 13")) +
    cloth(p, "M90 56c10 14 50 14 60 0l16 8 2 164c-28 6-68 6-96 0l2-164z") + cloth(p, "M90 56c10 16 50 16 60 0l-6-3c-10 10-38 10-48 0z", p.d) +
    cloth(p, "M132 104h26v24l-13 6-13-6z") + fold(p, "M76 190c12 18 28 28 44 32-18 3-36 1-48-1z") + seam(p, "M73 219c28 6 66 6 94 0"),
  polo: (p) =>
    both(cloth(p, "M84 62 48 80 30 124l32 14 14-24z") + cloth(p, "M34 114l32 14-4 10-32-14z", p.d)) +
    cloth(p, "M92 58h56l18 8 2 160c-28 6-68 6-96 0l2-160z") + both(cloth(p, "M94 52l26 14-14 20-20-20z", p.d)) +
    cloth(p, "M113 68h14v48h-14z", p.l) + buttons(p, 120, 84, 108, 12) + fold(p, "M76 190c12 18 28 28 44 32-18 3-36 1-48-1z") + seam(p, "M73 217c28 6 66 6 94 0"),
  mknit: (p) =>
    both(cloth(p, "M84 62 50 80 36 132l-8 88 28 4 18-80z") + cloth(p, "M30 204l29 4-2 18-29-4z", p.d)) +
    cloth(p, "M90 58c10 10 50 10 60 0l16 8 4 148c-30 6-70 6-100 0l4-148z") + cloth(p, "M70 208c30 6 70 6 100 0v18c-30 6-70 6-100 0z", p.d) +
    cloth(p, "M90 58c10 14 50 14 60 0l-4-14c-12 8-40 8-52 0z", p.d) + ribs(p, 75, 166, 212, 13) + ribs(p, 98, 144, 50, 12) +
    seam(p, "M76 120h88M76 134h88M76 148h88", 3) + fold(p, "M154 90c-4 40 0 80 4 118l-14 2c-2-46 0-90 10-120z"),
  mtrousers: (p) =>
    cloth(p, "M78 52h84l10 212-42 3-10-128-10 128-42-3z") + cloth(p, "M78 46h84l1 14H77z", p.d) +
    seam(p, "M120 60v80M96 66 88 262M144 66l8 196") + fold(p, "M120 138l-8 126-8 2 8-104zM124 170l8 92-4 3-6-70z") + both(seam(p, "M80 62l14 34")) + button(p, 120, 53) + both(seam(p, "M92 46v14", 3)),
  jacket: (p) =>
    both(cloth(p, "M86 62 50 80 36 132l-8 78 30 6 16-74z") + cloth(p, "M30 196l31 6-3 16-31-6z", p.d)) +
    cloth(p, "M88 58h64l14 8 6 140c-32 8-72 8-104 0l6-140z") + cloth(p, "M68 200c32 8 72 8 104 0v18c-32 8-72 8-104 0z", p.d) + ribs(p, 74, 168, 206, 13, 6) +
    cloth(p, "M90 58c4-12 56-12 60 0-8 10-52 10-60 0z", p.d) + seam(p, "M120 66v142", 2.4) + both(seam(p, "M84 146l20-10v34")) + fold(p, "M150 92c2 40 6 80 10 112l-14 2c-2-40-4-80 4-114z"),
  mdown: (p) =>
    both(cloth(p, "M84 66 50 82 34 136l-4 76 34 6 14-80z") + seam(p, "M48 100l30 14M38 134l34 10M34 166l36 6M33 194l33 5")) +
    cloth(p, "M84 62c22-6 50-6 72 0l12 8 4 146c-34 10-72 10-104 0l4-146z") + cloth(p, "M88 64c0-16 8-20 32-20s32 4 32 20c-16 8-48 8-64 0z", p.d) +
    seam(p, "M120 70v152", 2.4) + seam(p, "M72 98c30 8 66 8 96 0M72 128c30 8 66 8 96 0M71 158c30 8 68 8 98 0M70 188c30 8 70 8 100 0", 2) + both(seam(p, "M82 176l18-6")) +
    light(p, "M80 82c10 3 24 5 34 5v8c-12 0-26-2-34-4z"),
  kdress: (p) =>
    both(cloth(p, "M92 80c-16-4-28 8-30 26l22 6 8-10z")) +
    cloth(p, "M100 70c8 10 32 10 40 0l10 8-4 50 40 110c-36 16-96 16-132 0l40-110-4-50z") + cloth(p, "M92 124h56l3 12H89z", p.d) +
    fold(p, "M100 136 74 240l14 4 22-108zM140 136l28 104-14 4-24-108z") + seam(p, "M58 228c38 16 86 16 124 0") + both(cloth(p, "M120 130c-12-12-22-8-22 2s10 10 22-2z", p.l)),
  ktee: (p) =>
    both(cloth(p, "M90 84 58 98 42 134l28 12 12-20z") + seam(p, "M46 126l28 12")) +
    cloth(p, "M96 80c8 12 40 12 48 0l14 6 2 126c-24 6-56 6-80 0l2-126z") + cloth(p, "M96 80c8 14 40 14 48 0l-5-3c-8 9-30 9-38 0z", p.d) +
    `<path d="M120 132l7 14 15 2-11 11 3 15-14-7-14 7 3-15-11-11 15-2z" fill="${p.l}" stroke="${p.s}" stroke-width="1.6"/>` + seam(p, "M81 205c24 6 54 6 78 0"),
  ktrousers: (p) =>
    cloth(p, "M88 78h64l14 148-36 4-10-80-10 80-36-4z") + cloth(p, "M88 70h64l1 16H87z", p.d) + ribs(p, 92, 150, 73, 11) +
    both(cloth(p, "M74 214l38 4-1 13-38-4z", p.d) + seam(p, "M92 90c4 10 8 12 16 14") + cloth(p, "M84 160h18v20H83z", p.l)) + seam(p, "M120 86v66"),
  kcoat: (p) =>
    both(cloth(p, "M90 88 62 102 48 146l-4 62 28 5 14-64z") + cloth(p, "M45 194l28 5-1 12-28-5z", p.d)) +
    cloth(p, "M92 84h56l14 8 10 132c-32 10-72 10-104 0L78 92z") + cloth(p, "M94 86c-6-24 6-34 26-34s32 10 26 34c-14 10-38 10-52 0z", p.d) + cloth(p, "M104 86c-2-14 4-22 16-22s18 8 16 22c-8 6-24 6-32 0z", p.s) +
    seam(p, "M120 94v134") + [112, 142, 172].map((y) => `<path d="M110 ${y}h20" stroke="${p.l}" stroke-width="5" stroke-linecap="round"/>`).join("") + both(cloth(p, "M82 176h22v24l-11 4-11-4z")),
  scarf: (p) =>
    cloth(p, "M68 78c0-26 104-26 104 0s-20 40-52 40-52-14-52-40z") + cloth(p, "M88 80c0-12 64-12 64 0s-12 18-32 18-32-6-32-18z", p.d) +
    cloth(p, "M104 108l30 4 8 130-36 2z") + cloth(p, "M132 104l24 8 16 102-32 6z", p.d) + seam(p, "M106 200l36-2M106 212l36-2M138 186l30-6M139 196l31-6", 3) +
    seam(p, "M110 244v14M118 244v14M126 243v14M134 243v14M144 220l2 12M152 218l2 12M160 217l2 12", 2.4) + fold(p, "M72 90c10 16 28 24 48 24-20 6-44-4-48-24z"),
  hat: (p) =>
    cloth(p, "M70 176c-4-70 20-104 50-104s54 34 50 104z") + cloth(p, "M62 172c38-10 78-10 116 0l4 34c-42-10-82-10-124 0z", p.d) + ribs(p, 68, 174, 176, 22, 8) +
    `<circle cx="120" cy="66" r="17" fill="${p.l}" stroke="${p.s}" stroke-width="2"/>` + seam(p, "M104 76c-12 20-16 56-14 92M136 76c12 20 16 56 14 92M120 84v84") + fold(p, "M150 92c12 20 16 48 14 78l-14-2c2-30 4-54 0-76z"),
  bag: (p) =>
    `<path d="M86 118c0-72 68-72 68 0" fill="none" stroke="${p.s}" stroke-width="9"/><path d="M86 118c0-72 68-72 68 0" fill="none" stroke="${p.c}" stroke-width="5"/>` +
    cloth(p, "M58 112h124l12 116c0 8-6 12-14 12H60c-8 0-14-4-14-12z") + cloth(p, "M58 112h124l4 46c-36 20-96 20-132 0z", p.d) + cloth(p, "M110 158h20v22h-20z", p.l) + button(p, 120, 170, 4) +
    fold(p, "M46 226c44 10 104 10 148 0-1 8-6 14-14 14H60c-8 0-13-6-14-14z") + seam(p, "M62 118c36 0 84 0 116 0"),
  belt: (p) =>
    `<path d="M120 84a76 62 0 1 0 .1 0" fill="none" stroke="${p.s}" stroke-width="26"/><path d="M120 84a76 62 0 1 0 .1 0" fill="none" stroke="${p.c}" stroke-width="22"/>` +
    `<path d="M120 80a80 66 0 1 0 .1 0" fill="none" stroke="${p.d}" stroke-width="2" stroke-dasharray="5 4"/>` +
    `<rect x="98" y="186" width="46" height="44" rx="8" fill="none" stroke="#b9a26a" stroke-width="7"/><path d="M104 208h30" stroke="#b9a26a" stroke-width="5" stroke-linecap="round"/>` + [160, 174].map((x) => `<circle cx="${x}" cy="${203 - (x - 160) / 3}" r="2.6" fill="${p.s}"/>`).join(""),
  socks: (p) =>
    cloth(p, "M74 60h44v108c0 12 8 18 20 26l26 18c10 8 4 30-14 28l-42-6c-24-4-34-14-34-38z", p.d) +
    cloth(p, "M100 52h46v110c0 12 8 18 20 26l28 18c12 8 6 32-14 30l-44-6c-26-4-36-16-36-40z") + cloth(p, "M100 52h46v24h-46z", p.l) + ribs(p, 105, 143, 55, 18) +
    fold(p, "M100 182c12-6 26 2 32 14s4 26-2 34c-20-6-30-18-30-48z") + cloth(p, "M174 192l20 14c12 8 6 32-14 30l-12-2c-6-14-4-32 6-42z", p.l),
};

function picture(kind, number) {
  const c = colours[number];
  const dark = number === "01" || number === "05" || number === "07";
  const p = { c, d: mix(c, "#000000", dark ? 0.3 : 0.12), l: mix(c, "#ffffff", dark ? 0.16 : 0.4), s: mix(c, dark ? "#ffffff" : "#2a2018", dark ? 0.3 : 0.5) };
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 300"><rect width="240" height="300" fill="#f6f4f0"/>` +
    `<ellipse cx="120" cy="276" rx="74" ry="8" fill="#2a2018" opacity=".08"/><g stroke-linejoin="round" stroke-linecap="round">${drawings[kind](p)}</g></svg>\n`
  );
}

const out = new URL("../web/public/garments/", import.meta.url);
mkdirSync(out, { recursive: true });
for (const kind of Object.keys(drawings))
  for (const number of Object.keys(colours)) writeFileSync(new URL(`${kind}-${number}.svg`, out), picture(kind, number));
console.log(`${Object.keys(drawings).length} kinds, ${Object.keys(colours).length} colours`);
