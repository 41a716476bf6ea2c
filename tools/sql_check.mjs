// Shared SQL keeps to what SQLite and PostgreSQL understand alike (docs/architecture.md, "Named SQL"). Prints what it refuses, a line each.
// Every refusal has an example, and is proven on it at each run. What an engine says in words of its own ("name@postgres") is not shared.
// Of names and expressions it knows what stands in the text and in migrations.sql; the rest is the differential test's.
import { readdirSync, readFileSync, existsSync } from "node:fs";

const SECOND_TEXTS_MAX = 8;
const WAREHOUSE_SECOND_MAX = 12; // tables and indexes that DuckDB does without, among them

// ---- text ----

// Comments and what stands in quotes become spaces and dots: places stay.
const blank = (text) =>
  text.replace(/'[^']*'|--[^\n]*/g, (s) => (s[0] === "'" ? `'${".".repeat(s.length - 2)}'` : " ".repeat(s.length)));

// Splits at commas outside parentheses; each part with where it starts.
function split(text, start = 0) {
  const parts = [];
  let depth = 0,
    from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    if (i === text.length || (text[i] === "," && depth === 0)) {
      parts.push({ text: text.slice(from, i), at: start + from });
      from = i + 1;
    }
  }
  return parts;
}

// From `at` to where the parenthesis that holds it, or the statement, ends, or one of the words stands.
function until(text, at, words) {
  let depth = 0;
  const stop = new RegExp(`^(${words})\\b`, "i");
  for (let i = at; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth < 0) return text.slice(at, i);
    if (text[i] === ";" || (depth === 0 && /\W/.test(text[i - 1]) && stop.test(text.slice(i))))
      return text.slice(at, i);
  }
  return text.slice(at);
}

function blocks(file) {
  const found = [];
  let comment = false;
  readFileSync(file, "utf8")
    .split("\n")
    .forEach((line, i) => {
      const name = line.match(/^-- (?:name|migration): (\S+)/);
      if (name) found.push({ file, name: name[1], line: i + 2, explained: comment, text: "" });
      else if (found.length) found.at(-1).text += `${line}\n`;
      comment = !name && line.startsWith("--");
    });
  return found;
}

// ---- which columns may be NULL ----

function columnsOf(migrations) {
  const tables = {};
  for (const { text } of migrations.map((b) => ({ text: blank(b.text) }))) {
    for (const made of text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(/g))
      for (const part of split(until(text, made.index + made[0].length, "\\$STRICT"))) {
        const column = part.text.trim().match(/^(\w+)\s+\$/);
        if (column) (tables[made[1]] ??= {})[column[1]] = !/NOT NULL|PRIMARY KEY|\$CHANGE_SEQ/.test(part.text);
      }
    for (const more of text.matchAll(/ALTER TABLE (\w+) ADD COLUMN (\w+)([^;]*);/g))
      (tables[more[1]] ??= {})[more[2]] = !/NOT NULL/.test(more[3]);
  }
  return tables;
}

// The sets of columns by which a table's rows are told apart.
function keysOf(migrations) {
  const keys = {};
  const add = (table, list) => (keys[table] ??= []).push(list.split(",").map((c) => c.trim()));
  for (const text of migrations.map((b) => blank(b.text))) {
    for (const made of text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(/g))
      for (const part of split(until(text, made.index + made[0].length, "\\$STRICT"))) {
        const whole = part.text.match(/^\s*PRIMARY KEY \(([^)]*)\)/);
        const one = part.text.match(/^\s*(\w+)\s.*(?:PRIMARY KEY|UNIQUE|\$CHANGE_SEQ)/);
        if (whole ?? one) add(made[1], (whole ?? one)[1]);
      }
    for (const index of text.matchAll(/CREATE UNIQUE INDEX \w+ ON (\w+) \(([^)]*)\)/g)) add(index[1], index[2]);
  }
  return keys;
}

// Tables of a text by the name they go by there; those of a LEFT JOIN may be absent.
function named(text, tables) {
  const list = [];
  for (const m of text.matchAll(
    /\b(FROM|(?:LEFT )?JOIN)\s+(\w+)(?:\s+(?:AS\s+)?(?!(?:LEFT|JOIN|ON|WHERE|GROUP|ORDER|LIMIT|UNION|SET)\b)(\w+))?/g,
  ))
    if (tables[m[2]])
      list.push({ alias: m[3] ?? m[2], table: m[2], columns: tables[m[2]], absent: m[1].startsWith("LEFT") });
  return list;
}

// true, false, or undefined where the text does not tell.
function nullable(key, text, tables) {
  const [, alias, column] = key.match(/^(?:(\w+)\.)?(\w+)$/) ?? [];
  const at = named(text, tables).filter((t) => (!alias || t.alias === alias) && column in t.columns);
  return at.length ? at.some((t) => t.absent || t.columns[column]) : undefined;
}

// ---- refusals: each gives places in a block's blanked text ----

const pattern = (regex) => (text) => [...text.matchAll(new RegExp(regex, "gi"))].map((m) => m.index);

function orders(text, tables, wrong) {
  const found = [];
  for (const m of text.matchAll(/\bORDER BY\b/g))
    for (const part of split(until(text, m.index + 8, "LIMIT|UNION"), m.index + 8)) {
      const said = /\bNULLS (FIRST|LAST)\s*$/i.test(part.text.trim());
      const key = part.text
        .replace(/\bNULLS (FIRST|LAST)\s*$/i, "")
        .trim()
        .replace(/\b(ASC|DESC)$/i, "")
        .trim();
      if (wrong(nullable(key, text, tables), said)) found.push(part.at + part.text.search(/\S/));
    }
  return found;
}

// What stands in parentheses becomes spaces.
function top(text) {
  let depth = 0;
  return [...text]
    .map((c) => (((c === "(" && depth++ >= 0) || (c === ")" && depth-- > 0) || depth > 0) && c !== "\n" ? " " : c))
    .join("");
}

// A LIMIT whose order does not tell all rows apart. The sort keys, and what is equal to a value, decide some columns; a table of which they decide a
// key is decided whole, and decides what is equal to its columns. Of DISTINCT, GROUP BY, UNION and tables in parentheses the text does not tell.
function untold(text, tables, keys) {
  const flat = top(text);
  const order = flat.match(/\bORDER BY\b(.*?)\bLIMIT\b/s);
  if (
    !order ||
    !/^\s*SELECT\b/.test(flat) ||
    /\b(DISTINCT|GROUP BY|UNION)\b|\b(FROM|JOIN)\s*(AS\s+)?\w?\s*\(/.test(flat) ||
    /\b(FROM|JOIN)\s*\(/.test(text)
  )
    return [];
  const list = named(flat, tables);
  const full = (name) => {
    const [, alias, column] = name.match(/^(?:(\w+)\.)?(\w+)$/) ?? [];
    const at = list.find((t) => (!alias || t.alias === alias) && column in t.columns);
    return at ? `${at.alias}.${column}` : name;
  };
  const absent = (name) => list.some((t) => t.absent && name.startsWith(`${t.alias}.`));
  const equal = [];
  if (!/\bOR\b/.test(flat))
    for (const m of flat.matchAll(/(?<![\w.])([\w.]+)\s*=\s*(\$\w+|\d+|'\.*'|[\w.]+)(?!\s*[(\[+*-])/g))
      equal.push([full(m[1]), /^[$'\d]/.test(m[2]) ? null : full(m[2])]);
  const told = new Set(
    split(order[1]).map((k) => full(k.text.replace(/\bNULLS (FIRST|LAST)\b|\b(ASC|DESC)\b/g, "").trim())),
  );
  for (let before = -1; before !== told.size; ) {
    before = told.size;
    for (const [a, b] of equal) {
      if (b === null || (told.has(b) && !absent(b))) told.add(a);
      if (b !== null && told.has(a) && !absent(a)) told.add(b);
    }
    for (const t of list)
      if (keys[t.table]?.some((key) => key.every((c) => told.has(`${t.alias}.${c}`))))
        for (const c of Object.keys(t.columns)) told.add(`${t.alias}.${c}`);
  }
  return list.every((t) => Object.keys(t.columns).every((c) => told.has(`${t.alias}.${c}`))) ? [] : [order.index];
}

const words = /^(CASE|WHEN|THEN|ELSE|END|AND|OR|NOT|NULL|IS|IN|AS|BIGINT|TEXT|WHERE)$/i;
function bare(text) {
  const found = [];
  for (const m of text.matchAll(/\bDO UPDATE SET\b/g)) {
    const all = until(text, m.index + m[0].length, "RETURNING");
    for (const part of split(all, m.index + m[0].length)) {
      const right = part.text.replace(/^\s*\w+\s*=/, (s) => " ".repeat(s.length));
      for (const name of right.matchAll(/(?<![\w.$'])[a-z_]\w*(?![\w.]|\s*\()/gi))
        if (!words.test(name[0])) found.push(part.at + name.index);
    }
  }
  return found;
}

const refusals = [
  {
    why: "a division: whole on one engine, with a point on another",
    find: pattern("/"),
    bad: "SELECT a.id / 2 FROM a;",
  },
  {
    why: "avg() and round() are other numbers on each engine",
    find: pattern("\\b(avg|round)\\s*\\("),
    bad: "SELECT avg(n) FROM a;",
  },
  {
    why: "a sum without CAST(… AS BIGINT) is no BIGINT",
    find: pattern("(?<!\\bCAST\\(-?)\\bsum\\s*\\("),
    bad: "SELECT sum(n) FROM a;",
    good: "SELECT CAST(-sum(n) AS BIGINT) FROM a;",
  },
  {
    why: "a cast to bytes",
    find: pattern("\\bAS\\s+(BYTEA|BLOB)\\b|\\bAS\\s+\\$BYTES\\b"),
    bad: "SELECT CAST(t AS BYTEA) FROM a;",
  },
  { why: "a cast in PostgreSQL's words", find: pattern("::"), bad: "SELECT t::bigint FROM a;" },
  { why: "JSON functions", find: pattern("\\bjsonb?_\\w+\\s*\\(|->"), bad: "SELECT json_extract(t, '$.x') FROM a;" },
  {
    why: "a pattern match: case and escapes are each engine's own",
    find: pattern("\\b(LIKE|ILIKE|GLOB|REGEXP|SIMILAR\\s+TO)\\b|~"),
    bad: "SELECT id FROM a WHERE t LIKE $q;",
  },
  {
    why: "a function or clause that one engine lacks or reads otherwise",
    find: pattern(
      "\\b(string_agg|group_concat|greatest|least|ifnull|nvl|datetime|julianday|strftime|date_trunc|now|random|typeof|instr|strpos|total|iif|printf)\\s*\\(|\\bAUTOINCREMENT\\b|\\bCURRENT_(TIMESTAMP|DATE|TIME)\\b|\\bINSERT\\s+OR\\b|\\bREPLACE\\s+INTO\\b|\\b(TRUE|FALSE)\\b|\\browid\\b",
    ),
    bad: "SELECT greatest(n, 1) FROM a;",
  },
  { why: "LIMIT -1", find: pattern("\\bLIMIT\\s+-"), bad: "SELECT id FROM a ORDER BY id LIMIT -1;" },
  {
    why: "a bare column name in DO UPDATE: write table.column or excluded.column",
    find: bare,
    bad: "INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = n + 1;",
    good: "INSERT INTO a (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET n = a.n + 1, t = excluded.t, m = CASE WHEN a.n > $x THEN coalesce(a.m, 0) ELSE 'x' END;",
  },
  {
    why: "a parameter that may be NULL without CAST: PostgreSQL can't tell its type",
    find: pattern(
      "\\$\\w+\\s+IS\\s+(NOT\\s+)?NULL\\b|\\b(COALESCE|NULLIF)\\s*\\(\\s*\\$\\w+|^SELECT\\s+(DISTINCT\\s+)?\\$\\w+",
    ),
    bad: "SELECT id FROM a WHERE $x IS NULL OR n = $x;",
  },
  {
    why: "an order over what may be NULL without NULLS FIRST or NULLS LAST",
    find: (text, tables) => orders(text, tables, (may, said) => may !== false && !said),
    bad: "SELECT id FROM a ORDER BY n DESC, id;",
    good: "SELECT id FROM a ORDER BY n NULLS FIRST, id;",
  },
  {
    why: "NULLS FIRST or NULLS LAST over what is never NULL: PostgreSQL then can't walk an index",
    find: (text, tables) => orders(text, tables, (may, said) => may === false && said),
    bad: "SELECT id FROM a ORDER BY id NULLS FIRST LIMIT 5;",
    good: "SELECT id FROM a ORDER BY id DESC LIMIT 5;",
  },
  {
    why: "a LIMIT without an order",
    find: (text) =>
      /^SELECT\b(?!.*\bORDER BY\b[^)]*$)/s.test(text)
        ? [...text.matchAll(/\bLIMIT\b(?=[^()]*;)/g)].map((m) => m.index)
        : [],
    bad: "SELECT id FROM a LIMIT 5;",
    good: "SELECT count(*) FROM (SELECT 1 FROM a LIMIT 5) t;",
  },
  {
    why: "an order before a LIMIT that does not tell all rows apart: end it with a key of its tables",
    find: untold,
    bad: "SELECT a.id FROM a JOIN b ON b.a_id = a.id WHERE a.m = $m ORDER BY a.n NULLS FIRST, a.t NULLS FIRST LIMIT 5;",
    good: "SELECT b.id FROM b LEFT JOIN a ON a.id = b.a_id WHERE b.a_id > $x ORDER BY a.n NULLS FIRST, b.id LIMIT 5;",
  },
];

// ---- the run ----

const exampleKeys = { a: [["id"], ["n", "t"]], b: [["id"]] };

const example = { a: { id: false, n: true, t: true, m: true }, b: { id: false, a_id: false } };
for (const { why, find, bad, good } of refusals) {
  if (find(blank(bad), example, exampleKeys).length === 0) console.log(`no longer refused: ${why}: ${bad}`);
  if (good && find(blank(good), example, exampleKeys).length) console.log(`refused without a cause: ${why}: ${good}`);
}
if (
  orders(
    blank("SELECT b.id FROM b LEFT JOIN a ON a.id = b.a_id ORDER BY a.id;"),
    example,
    (may, said) => may !== false && !said,
  ).length === 0
)
  console.log("no longer refused: an order over a LEFT JOIN's columns");

const folders = readdirSync("src", { withFileTypes: true })
  .filter((f) => f.isDirectory())
  .map((f) => `src/${f.name}`);
const migrations = folders
  .map((f) => `${f}/migrations.sql`)
  .filter(existsSync)
  .flatMap(blocks);
const statements = folders
  .flatMap((f) =>
    readdirSync(f)
      .filter((n) => n.endsWith(".sql") && !["migrations.sql", "warehouse.sql"].includes(n))
      .map((n) => `${f}/${n}`),
  )
  .flatMap(blocks);
const tables = columnsOf(migrations);
const keys = keysOf(migrations);
const report = (block, at, text, why) =>
  console.log(`${block.file}:${block.line + text.slice(0, at).split("\n").length - 1}: ${why}`);

const second = statements.filter((b) => b.name.includes("@"));

// The warehouse is DuckDB's and PostgreSQL's: another list of what the two read differently (test_warehouse_sql.c compares the rows).
const warehouseRefusals = [
  { why: "round() and avg(): halves go elsewhere on each engine", find: pattern("\\b(avg|round)\\s*\\("), bad: "SELECT round(n) FROM a;" },
  { why: "DuckDB's words", find: pattern("//|\\bGROUP BY ALL\\b|\\bEXCLUDE\\b|\\bQUALIFY\\b|\\b(list|arg_max|arg_min|any_value|median|epoch_us)\\s*\\(|\\bread_parquet\\b"), bad: "SELECT n // 2 FROM a;" },
  { why: "PostgreSQL's words", find: pattern("::|\\bILIKE\\b|~"), bad: "SELECT n::bigint FROM a;" },
  { why: "a pattern match", find: pattern("\\bLIKE\\b|\\bGLOB\\b|\\bregexp_\\w+"), bad: "SELECT n FROM a WHERE t LIKE $q;" },
];
for (const { why, find, bad } of warehouseRefusals) if (find(blank(bad)).length === 0) console.log(`no longer refused of the warehouse: ${why}: ${bad}`);
const warehouse = folders.map((f) => `${f}/warehouse.sql`).filter(existsSync).flatMap(blocks);
const warehouseSecond = warehouse.filter((b) => b.name.includes("@"));

for (const block of [...statements, ...migrations]) {
  if (block.name.includes("@") || second.some((b) => b.name.startsWith(`${block.name}@`))) continue;
  const text = blank(block.text);
  for (const { why, find } of refusals) for (const at of find(text, tables, keys)) report(block, at, text, why);
}

for (const block of warehouse) {
  if (block.name.includes("@") || warehouseSecond.some((b) => b.name === `${block.name}@postgres`)) continue;
  const text = blank(block.text);
  for (const { why, find } of warehouseRefusals) for (const at of find(text)) report(block, at, text, why);
}
if (warehouseSecond.length > WAREHOUSE_SECOND_MAX)
  console.log(`${warehouseSecond.length} statements of the warehouse in words of one engine, more than ${WAREHOUSE_SECOND_MAX}`);

for (const block of [...second, ...warehouseSecond])
  if (!block.explained)
    console.log(`${block.file}:${block.line}: ${block.name} has no comment that says why it is not shared`);
if (second.length > SECOND_TEXTS_MAX)
  console.log(`${second.length} statements in words of one engine, more than ${SECOND_TEXTS_MAX}`);
console.error(
  `sql: ${statements.length} statements of the truth, ${second.length} of them in words of one engine (at most ${SECOND_TEXTS_MAX}), ${refusals.length} refusals proven; ${warehouse.length} of the warehouse, ${warehouseSecond.length} of them (at most ${WAREHOUSE_SECOND_MAX}), ${warehouseRefusals.length} refusals`,
);
