// The customer form's values and what of them goes to the server: only what was filled in or changed. Personal values
// are shown masked, so an empty field means "as it is".
import dayjs from "dayjs";
import type { Address, Customer, CustomerForm } from "../api/types";

export interface FormValues {
  name?: string;
  kind?: "person" | "organisation";
  gender?: "f" | "m" | "u";
  birthday?: string;
  class?: Customer["class"];
  member?: boolean;
  wechat_unionid?: string;
  weibo_uid?: string;
  phones?: string[];
  emails?: string[];
  cards?: string[];
  home_store?: string;
  own_assistant?: string;
  size_top?: string;
  size_bottom?: string;
  size_shoe?: string;
  tastes?: string[];
  tags?: string[];
  address?: Partial<Address>;
  note?: string;
}

export function valuesOf(customer: Customer): FormValues {
  return {
    kind: customer.kind ?? "person",
    gender: customer.gender,
    class: customer.class,
    member: customer.known === "member",
    home_store: customer.home_store?.code,
    own_assistant: customer.own_assistant || undefined,
    size_top: customer.sizes.top,
    size_bottom: customer.sizes.bottom,
    size_shoe: customer.sizes.shoe,
    tastes: customer.tastes,
    tags: customer.tags,
  };
}

function filled(list: string[] | undefined): string[] | undefined {
  const kept = list?.map((text) => text?.trim()).filter(Boolean);
  return kept?.length ? kept : undefined;
}

function changed<T>(now: T, before: T): T | undefined {
  return JSON.stringify(now ?? null) === JSON.stringify(before ?? null) ? undefined : now;
}

/** The body for the server; `before` are the values the form opened with. */
export function bodyOf(values: FormValues, before: FormValues = {}): CustomerForm {
  const sizes = { top: values.size_top ?? "", bottom: values.size_bottom ?? "", shoe: values.size_shoe ?? "" };
  const sizesBefore = { top: before.size_top ?? "", bottom: before.size_bottom ?? "", shoe: before.size_shoe ?? "" };
  const address = values.address ?? {};
  const hasAddress = Object.values(address).some((text) => text?.trim());
  const form: CustomerForm = {
    name: values.name?.trim() || undefined,
    kind: changed(values.kind, before.kind),
    gender: changed(values.gender, before.gender),
    birthday: values.birthday?.trim() || undefined,
    class: changed(values.class, before.class),
    phones: filled(values.phones),
    emails: filled(values.emails),
    cards: filled(values.cards),
    member: changed(values.member ?? false, before.member ?? false),
    wechat_unionid: values.wechat_unionid?.trim() || undefined,
    weibo_uid: values.weibo_uid?.trim() || undefined,
    home_store: changed(values.home_store ?? "", before.home_store ?? ""),
    own_assistant: changed(values.own_assistant?.trim() ?? "", before.own_assistant ?? ""),
    sizes: changed(sizes, sizesBefore),
    tastes: changed(values.tastes ?? [], before.tastes ?? []),
    tags: changed(values.tags ?? [], before.tags ?? []),
    addresses: hasAddress
      ? [{ province: "", city: "", district: "", street: "", ...address } satisfies Address]
      : undefined,
    note: values.note?.trim() || undefined,
  };
  return JSON.parse(JSON.stringify(form)) as CustomerForm;
}

export function isBirthday(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? dayjs(text).isValid() : /^\d{2}-\d{2}$/.test(text);
}
