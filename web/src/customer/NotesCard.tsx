// Notes: what colleagues should know. Ctrl+Enter writes; a note that could not be saved stays in the field.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Customer } from "../api/types";
import { useMay } from "../app/session";
import { Card, Time } from "../ui/Bits";
import { Failed } from "../ui/States";

export function NotesCard({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const add = useMutation({
    mutationFn: () =>
      api.POST("/api/v1/customers/{id}/notes", { params: { path: { id: customer.id } }, body: { text: text.trim() } }),
    onSuccess: () => {
      setText("");
      return client.invalidateQueries({ queryKey: ["customer", customer.id] });
    },
  });
  const ready = text.trim().length > 0;
  return (
    <Card title={t("note.title")}>
      {may("customer.write") && (
        <div className="zx-note-new">
          <Input.TextArea
            aria-label={t("note.placeholder")}
            placeholder={t("note.placeholder")}
            autoSize={{ minRows: 1, maxRows: 6 }}
            maxLength={2000}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && ready) add.mutate();
            }}
          />
          {ready && (
            <Button onClick={() => add.mutate()} loading={add.isPending}>
              {t("note.add")}
            </Button>
          )}
          {add.error && <Failed error={add.error} />}
        </div>
      )}
      <ul className="zx-notes">
        {customer.notes.map((note) => (
          <li key={note.id}>
            <p>{note.text}</p>
            <footer className="zx-masked">
              {note.by} · <Time at={note.at} />
            </footer>
          </li>
        ))}
      </ul>
      {!customer.notes.length && <p className="zx-masked">{t("note.none")}</p>}
    </Card>
  );
}
