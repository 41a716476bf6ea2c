// A small demo retailer for the browser: the same cast as in the large one, so that its people can be looked for by name.
import { eventually, followed, type Program, Session, startProgram, zhixin } from "../harness";

/** One of the cast of the tour (docs/demo.md). */
export const shen = { name: "沈静怡", phone: "15400000101", card: "880000000101", pinyin: "shen jingyi" };
/** Another of them: she bought on the web and brought one piece back to a store. */
export const he = {
  name: "何雨欣",
  phone: "15400000105",
  card: "880000000105",
  pinyin: "he yuxin",
  email: "he.yuxin@example.com",
};
export const password = "correct horse battery";
export const assistantEmail = "a07@zhixin.example";
export const agentEmail = "agent@zhixin.example";

export async function startDemo(customers = 300): Promise<Program> {
  const program = await startProgram({
    prepare: async (data) => {
      await zhixin(["demo", "--data", data, "--customers", String(customers), "--years", "1", "--events", "6000", "--seed", "7"]);
    },
  });
  const staff = [
    { email: assistantEmail, name: "陈小雨", role: "store", stores: ["SH01"], number: "A07", password },
    { email: agentEmail, name: "何文", role: "agent", password },
  ];
  for (const one of staff) {
    const reply = await program.admin.post("/api/v1/staff", one);
    if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
  }
  await followed(program.admin); // figures are whole from the first page on
  await indexed(program.admin);
  return program;
}

/** The index of names is fed anew at each start, with so few people in one step: it knows all of them or none. */
export async function indexed(admin: Session): Promise<void> {
  await eventually(async () => (await admin.post("/api/v1/customers/lookup", { q: shen.name })).body.items?.length > 0);
}

export async function findId(program: Program, q: string): Promise<string> {
  const session = await new Session(program.url).login(program.email, program.password);
  const reply = await session.post("/api/v1/customers/lookup", { q });
  return reply.body.items[0].id;
}
