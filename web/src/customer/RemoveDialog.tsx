// Taking a wrong phone, e-mail, card or WeChat id off a record: asks, and needs a reason. Adding it again is the undo.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Customer, Identifier } from "../api/types";
import { textOr } from "../app/i18n";
import { Failed } from "../ui/States";

const removable = ["phone", "email", "card", "unionid", "openid", "weibo", "idnum"];

export function isRemovable(identifier: Identifier): boolean {
  return identifier.status !== "removed" && removable.includes(identifier.kind);
}

export function RemoveDialog({
  customer,
  identifier,
  onClose,
}: {
  customer: Customer;
  identifier: Identifier;
  onClose: (removed: boolean) => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const kind = textOr(`identifier.${identifier.kind}`, identifier.kind);
  const remove = useMutation({
    mutationFn: () =>
      api.POST("/api/v1/customers/{id}/identifiers/{iid}/remove", {
        params: { path: { id: customer.id, iid: identifier.id } },
        body: { reason: reason.trim() },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["customer", customer.id] });
      message.success(t("remove.done"));
      onClose(true);
    },
  });
  return (
    <Modal
      open
      title={t("remove.title", { kind, value: identifier.masked || t("record.linked") })}
      okText={t("remove.act")}
      okButtonProps={{ danger: true, disabled: reason.trim().length < 2 }}
      confirmLoading={remove.isPending}
      onOk={() => remove.mutate()}
      onCancel={() => onClose(false)}
    >
      <p className="zx-masked">{t("remove.text")}</p>
      {remove.error && <Failed error={remove.error} />}
      <Input.TextArea
        autoFocus
        aria-label={t("remove.reason")}
        placeholder={t("remove.reason")}
        autoSize={{ minRows: 2 }}
        maxLength={200}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Modal>
  );
}
