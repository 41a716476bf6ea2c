// Each named statement of the truth against the layout of several machines (src/app/layout.c): does it find its rows on one shard, does it
// ask all of them (said and explained in the comment above it: "-- all shards: why"), or would Citus refuse it? Prints a line for each that
// is refused, that asks all without saying so, or that says so for nothing; and for each table that docs/scaling.md tells otherwise.
// Of SQL it knows what our statements use; each rule is proven on examples at each run.
import { existsSync, readdirSync, readFileSync } from "node:fs";

// ---- the layout ----

function layoutOf(source) {
  const layout = {};
  for (const [, name] of source.matchAll(/\bWITH_CUSTOMER\("(\w+)"/g)) layout[name] = { kind: "spread", column: "customer_id" };
  for (const [, name, kind, column] of source.matchAll(/\{"(\w+)", LAYOUT_(\w+), (?:"(\w+)"|NULL)/g))
    layout[name] = { kind: kind.toLowerCase(), column };
  return layout;
}

// What comes with each event, document and call, and what a record and its story are made of: one shard, whatever a comment says.
const hot = `key_claim_get key_claim_insert subject_link_get subject_link_insert customer_subject_insert customer_subject_list subject_link_devices
  customer_member_root customer_member_list customer_member_roots customer_member_of_roots key_claim_list identifier_insert identifier_used identifier_of_members
  identity_evidence_known identity_evidence_insert identity_evidence_list identity_use_add identity_use_get identity_log_of
  customer_profiles customer_put customer_by_number customer_contacts customer_contact_known customer_contact_insert customer_address_known customer_addresses
  customer_stat_add customer_stat_get customer_stats customer_change_insert customer_changes customer_tags customer_notes customer_consents
  customer_relations_from customer_relations_to customer_refund_of customer_story_notes customer_story_consents customer_story_changes
  sale_get sale_insert sale_update sale_set_status sale_line_insert sale_tender_insert sale_share_insert sale_state_insert sale_state_count sale_refund_known
  sale_return_waiting sale_return_line sale_return_places sale_return_join sale_returned_insert sale_returned_worth sale_waiting_insert sale_waiting_delete
  sale_list_of sale_count_of sale_goods sale_lines sale_refunds_of sale_channel_documents sale_channel_goods`.split(/\s+/);

// ---- text ----

const blank = (text) => text.replace(/'[^']*'|--[^\n]*/g, (s) => (s[0] === "'" ? `'${"_".repeat(s.length - 2)}'` : " "));

function statementsOf(file) {
  const found = [];
  let comment = [];
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, i) => {
      const name = line.match(/^-- name: (\S+)/);
      if (name) found.push({ file, name: name[1], line: i + 1, comment: comment.join(" "), text: "" });
      else if (found.length && !line.startsWith("--")) found.at(-1).text += `${line}\n`;
      comment = !name && line.startsWith("--") ? [...comment, line.slice(3)] : [];
    });
  return found;
}

// ---- one query block: its tables and what is said of their columns; blocks in parentheses are blocks of their own ----

// Takes the innermost parentheses that hold a SELECT out of the text, as "§n".
function blocksOf(text) {
  const blocks = [];
  for (;;) {
    const at = text.lastIndexOf("(SELECT");
    if (at < 0) break;
    let depth = 0,
      end = at;
    for (; end < text.length; end++) {
      if (text[end] === "(") depth++;
      if (text[end] === ")" && --depth === 0) break;
    }
    blocks.push(text.slice(at + 1, end));
    text = `${text.slice(0, at)} §${blocks.length - 1} ${text.slice(end + 1)}`;
  }
  return [text, ...blocks].flatMap((b) => b.split(/\bUNION(?:\s+ALL)?\b/));
}

const notAlias = "(?!(?:LEFT|JOIN|ON|WHERE|GROUP|ORDER|LIMIT|UNION|SET|VALUES|CROSS|INNER)\\b)";
function tablesOf(block, layout) {
  const list = [];
  const named = new RegExp(`\\b(FROM|JOIN|UPDATE|INTO)\\s+(\\w+)(?:\\s+(?:AS\\s+)?${notAlias}(\\w+))?`, "g");
  for (const [, , table, alias] of block.matchAll(named))
    if (!(table.toUpperCase() === "SET")) list.push({ table, alias: alias ?? table, ...layout[table] });
  return list;
}

// Where a word stands outside parentheses.
function placesOf(text, word) {
  const found = [];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    if (depth === 0 && text.startsWith(word, i) && !/\w/.test(text[i - 1] ?? " ") && !/\w/.test(text[i + word.length] ?? " ")) found.push(i);
  }
  return found;
}

// What must hold: the parts of WHERE and ON that are joined by AND alone.
function conditions(block) {
  const flat = block.replace(/\s+/g, " ");
  const stop = /\b(?:LEFT JOIN|JOIN|WHERE|GROUP BY|ORDER BY|LIMIT|RETURNING|ON CONFLICT)\b|;|$/;
  const found = [];
  for (const m of flat.matchAll(/\b(?:ON|WHERE)\s+(?!CONFLICT)/g)) {
    const rest = flat.slice(m.index + m[0].length);
    const text = rest.slice(0, rest.search(stop));
    const cuts = [-3, ...placesOf(text, "AND"), text.length];
    for (let i = 1; i < cuts.length; i++) found.push(text.slice(cuts[i - 1] + 3, cuts[i]).trim());
  }
  return found.filter((c) => placesOf(c, "OR").length === 0);
}

// ---- the judgement ----

function judgeInsert([, table, columns, verb], text, blocks, layout) {
  const place = layout[table];
  const placed = (list) => list.split(",").some((c) => c.trim() === place.column);
  const reads = blocks.flatMap((b) => tablesOf(b, layout)).some((t) => t.kind === "spread" && t.table !== table);
  if (place?.kind !== "spread") return reads ? { refused: "INSERT of what spread tables hold" } : { none: true };
  if (!placed(columns)) return { refused: "INSERT without the column that places the row" };
  if (verb !== "VALUES") return { refused: "INSERT … SELECT" };
  const conflict = text.match(/ON CONFLICT \(([^)]*)\)/);
  if (conflict && !placed(conflict[1])) return { refused: "ON CONFLICT without the column that places the row" };
  if (new RegExp(`DO UPDATE SET[^;]*\\b${place.column} =`).test(text)) return { refused: "moves a row to another place" };
  return { one: true };
}

function moves(text, layout) {
  const [, table, set] = text.match(/^\s*UPDATE (\w+) SET ([\s\S]*?)(?:\bWHERE\b|;|$)/) ?? [];
  return layout[table]?.kind === "spread" && new RegExp(`(?:^|,)\\s*${layout[table].column}\\s*=`).test(set);
}

// Which spread tables a value places, and which are tied to each other by their columns, over all blocks of a statement.
function linksOf(blocks, layout, columns) {
  const own = blocks.map((b) => tablesOf(b, layout));
  const values = new Map(); // of a table: what places it
  const ties = [];
  blocks.forEach((block, i) => {
    const around = own.filter((_, k) => k !== i).flat();
    const find = (name) => {
      const [, alias, column] = name.match(/^(?:(\w+)\.)?(\w+)$/) ?? [];
      const t = alias
        ? [...own[i], ...around].find((x) => x.alias === alias)
        : own[i].find((x) => columns[x.table]?.has(column));
      return t?.kind === "spread" && t.column === column ? t : undefined;
    };
    for (const c of conditions(block)) {
      const [, name, value] = c.match(/^([\w.]+) (?:= |IN \( ?)(\$\w+(?:\[\w*\])?|\d+)(?: ?\))?$/) ?? [];
      const tie = c.match(/^([\w.]+) = ([\w.]+)$/);
      if (name && find(name)) values.set(find(name), value);
      else if (tie && find(tie[1]) && find(tie[2])) ties.push([find(tie[1]), find(tie[2])]);
    }
  });
  return { own, spread: own.flat().filter((t) => t.kind === "spread"), values, ties };
}

function reached(start, ties) {
  const seen = new Set(start);
  for (let before = -1; before !== seen.size; ) {
    before = seen.size;
    for (const [a, b] of ties) if (seen.has(a) || seen.has(b)) seen.add(a).add(b);
  }
  return seen;
}

export function judge(raw, layout, columns) {
  const blocks = blocksOf(blank(raw));
  const insert = blocks[0].match(/^\s*INSERT INTO (\w+)\s*\(([^)]*)\)\s*(VALUES|SELECT)?/);
  if (insert) return judgeInsert(insert, blocks[0], blocks, layout);
  if (moves(blocks[0], layout)) return { refused: "moves a row to another place" };
  if (blocks.some((b) => /^\s*WITH\b/.test(b))) return { refused: "WITH: look up what it may, and teach this tool" };
  const { own, spread, values, ties } = linksOf(blocks, layout, columns);
  if (spread.length === 0) return { none: true };
  if (blocks.some((b) => /\bFOR (UPDATE|SHARE)\b/.test(b))) return { refused: "FOR UPDATE of spread rows: look up what it may, and teach this tool" };
  if (own.flat().some((t) => t.kind === "local" || t.kind === "managed")) return { refused: "joins a table of the coordinator with one that is spread" };
  const together = spread.every((t) => reached([spread[0]], ties).has(t));
  if (spread.every((t) => reached(values.keys(), ties).has(t))) {
    const by = new Set(values.values()); // one value places them all, or they are tied
    return together || (by.size === 1 && ![...by][0].endsWith("]")) ? { one: true } : { refused: "joins what does not lie together" };
  }
  return together ? { all: true } : { refused: "joins what does not lie together" };
}

// ---- proof ----

const exampleLayout = {
  a: { kind: "spread", column: "c" },
  b: { kind: "spread", column: "c" },
  r: { kind: "reference" },
  l: { kind: "local" },
};
const exampleColumns = { a: new Set(["c", "id", "n"]), b: new Set(["c", "id", "a_id"]), r: new Set(["id"]), l: new Set(["id"]) };
const examples = [
  ["SELECT n FROM a WHERE c = $c AND id = $id;", "one"],
  ["SELECT n FROM a WHERE c IN ($ids[]);", "one"],
  ["SELECT n FROM a WHERE c IN ($keys[bytes]);", "one"],
  ["SELECT n FROM a WHERE id = $id;", "all"],
  ["SELECT n FROM a WHERE c = $c OR id = $id;", "all"],
  ["SELECT n FROM a WHERE (c = $c OR $c = 0) AND id = $id;", "all"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.c = x.c AND y.a_id = x.id WHERE x.c = $c;", "one"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.c = x.c WHERE x.id = $id;", "all"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.a_id = x.id WHERE x.c = $c;", "refused"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.a_id = x.id WHERE x.c = $c AND y.c = $c;", "one"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.a_id = x.id WHERE x.c = $c AND y.c = $d;", "refused"],
  ["SELECT x.n FROM a AS x JOIN b AS y ON y.a_id = x.id WHERE x.c IN ($c[]) AND y.c IN ($c[]);", "refused"],
  ["SELECT x.n FROM a x LEFT JOIN r ON r.id = x.n WHERE x.c = $c;", "one"],
  ["SELECT x.n FROM a x JOIN l ON l.id = x.n WHERE x.c = $c;", "refused"],
  ["SELECT n FROM a WHERE c = $c AND EXISTS (SELECT 1 FROM b WHERE b.c = a.c AND b.id = $id);", "one"],
  ["SELECT n FROM a WHERE n > $n AND EXISTS (SELECT 1 FROM b t WHERE t.c = a.c AND t.id = $id);", "all"],
  ["SELECT n FROM a WHERE c = $c AND EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id);", "refused"],
  ["INSERT INTO a (c, id) VALUES ($c, $id);", "one"],
  ["INSERT INTO a (id) VALUES ($id);", "refused"],
  ["INSERT INTO a (c, id) SELECT c, id FROM b;", "refused"],
  ["INSERT INTO a (c, id) VALUES ($c, $id) ON CONFLICT (id) DO NOTHING;", "refused"],
  ["UPDATE a SET n = $n WHERE c = $c;", "one"],
  ["UPDATE a SET n = $n WHERE id = $id;", "all"],
  ["UPDATE a SET c = $d WHERE c = $c;", "refused"],
  ["DELETE FROM a WHERE c = $c AND id IN (SELECT a_id FROM b WHERE b.id = $id);", "refused"],
  ["SELECT id FROM l WHERE id = $id;", "none"],
  ["SELECT id FROM l WHERE id = $id FOR UPDATE SKIP LOCKED;", "none"],
  ["SELECT id FROM a WHERE c = $c FOR UPDATE;", "refused"],
  ["SELECT count(*) FROM (SELECT x.id FROM a x WHERE x.c IN ($m[]) LIMIT $n) n;", "one"],
  ["SELECT count(*) FROM (SELECT 1 FROM a LIMIT $n) n;", "all"],
];
for (const [text, want] of examples) {
  const got = judge(text, exampleLayout, exampleColumns);
  if (!got[want]) console.log(`judged ${JSON.stringify(got)} instead of ${want}: ${text}`);
}

// ---- the run ----

const layout = layoutOf(readFileSync("src/app/layout.c", "utf8"));
const folders = readdirSync("src", { withFileTypes: true })
  .filter((f) => f.isDirectory() && f.name !== "vault") // the vault's statements run on a database of their own
  .map((f) => `src/${f.name}`);
const columns = {};
for (const file of folders.map((f) => `${f}/migrations.sql`).filter(existsSync)) {
  const text = blank(readFileSync(file, "utf8"));
  for (const m of text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(([\s\S]*?)\n?\) \$/g))
    columns[m[1]] = new Set([...m[2].matchAll(/(?:^|,|\n)\s*(\w+)\s+\$/g)].map((c) => c[1]));
  for (const m of text.matchAll(/ALTER TABLE (\w+) RENAME TO (\w+)/g)) columns[m[2]] = columns[m[1]];
}
const counts = { none: 0, one: 0, all: 0, refused: 0 };
const statements = folders
  .flatMap((f) => readdirSync(f).filter((n) => n.endsWith(".sql") && !["migrations.sql", "warehouse.sql"].includes(n)).map((n) => `${f}/${n}`))
  .flatMap(statementsOf);
const second = new Set(statements.filter((s) => s.name.endsWith("@postgres")).map((s) => s.name.split("@")[0]));
for (const s of statements) {
  if (second.has(s.name)) continue; // its second text is what runs there
  const got = judge(s.text, layout, columns);
  const said = /\ball shards: \S/.test(s.comment);
  counts[Object.keys(got)[0]]++;
  if (hot.includes(s.name) && !got.one) console.log(`${s.file}:${s.line}: ${s.name} is asked all the time: it must find its rows on one shard`);
  if (got.refused) console.log(`${s.file}:${s.line}: ${s.name}: Citus refuses it: ${got.refused}`);
  if (got.all && !said) console.log(`${s.file}:${s.line}: ${s.name} asks all shards: write why above it ("-- all shards: …"), or name the column that places its rows`);
  if (!got.all && said) console.log(`${s.file}:${s.line}: ${s.name} does not ask all shards, but says so`);
}
for (const name of hot) if (!statements.some((s) => s.name === name)) console.log(`tools/layout_check.mjs: there is no statement ${name} any more`);
if (existsSync("docs/scaling.md")) {
  const doc = readFileSync("docs/scaling.md", "utf8");
  const word = { reference: "everywhere", managed: "coordinator", local: "coordinator" };
  for (const [table, place] of Object.entries(layout))
    if (!new RegExp(`^\\| \`${table}\` \\| ${place.column ? `\`${place.column}\`` : word[place.kind]}`, "m").test(doc))
      console.log(`docs/scaling.md: \`${table}\` does not stand there with ${place.column ?? word[place.kind]}`);
}
console.error(
  `layout: ${counts.one} statements ask one shard (or one for each id they are given; ${hot.length} are asked all the time), ${counts.all} all, each with its reason, ${counts.none} no spread table; ${examples.length} examples judged right`,
);
