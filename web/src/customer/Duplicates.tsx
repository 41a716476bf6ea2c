// While one types a new customer: who is already here with this phone, e-mail, card or name. One click opens her.
import { useQuery } from "@tanstack/react-query";
import { Form, type FormInstance } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "../api/client";
import { Card } from "../ui/Bits";
import { CustomerCard } from "./CustomerCard";
import type { FormValues } from "./form";

interface Probe {
  name?: string;
  phone?: string;
  email?: string;
  card?: string;
}

/** Only what is complete enough to mean one person is asked for. */
function probeOf(values: FormValues | undefined): Probe {
  const phone = values?.phones?.findLast((text) => (text?.replace(/\D/g, "").length ?? 0) >= 8);
  const email = values?.emails?.findLast((text) => /^\S+@\S+\.\S+$/.test(text?.trim() ?? ""));
  const card = values?.cards?.findLast((text) => (text?.trim().length ?? 0) >= 6);
  const name = (values?.name?.trim().length ?? 0) >= 2 ? values?.name?.trim() : undefined;
  return JSON.parse(JSON.stringify({ name, phone: phone?.trim(), email: email?.trim(), card: card?.trim() }));
}

function useSettled<T>(value: T, wait_ms: number): T {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(JSON.parse(text) as T), wait_ms);
    return () => window.clearTimeout(timer);
  }, [text, wait_ms]);
  return settled;
}

export function Duplicates({ form, self }: { form: FormInstance<FormValues>; self?: string }) {
  const { t } = useTranslation();
  const values = Form.useWatch([], form);
  const probe = useSettled(probeOf(values), 350);
  const asked = Object.keys(probe).length > 0;
  const { data } = useQuery({
    queryKey: ["duplicates", probe],
    queryFn: () => body(api.POST("/api/v1/customers/duplicates", { body: probe })),
    enabled: asked,
    gcTime: 0,
    retry: false,
  });
  const found = asked ? (data?.items.filter((row) => row.id !== self) ?? []) : [];
  return (
    <div aria-live="polite" className="zx-duplicates">
      {found.length > 0 ? (
        <Card title={t("form.duplicates", { count: found.length })} flush className="zx-duplicates-found">
          <p>{t("form.duplicates_text")}</p>
          <ul className="zx-cards">
            {found.slice(0, 5).map((row) => (
              <li key={row.id}>
                <CustomerCard row={row} newTab />
              </li>
            ))}
          </ul>
        </Card>
      ) : (
        <Card title={t("form.no_duplicates_title")}>
          <p className="zx-masked">{t(asked && data ? "form.no_duplicates" : "form.duplicates_hint")}</p>
        </Card>
      )}
    </div>
  );
}
