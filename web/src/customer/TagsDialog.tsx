// The tags of a customer: short words, typed or taken from what she has.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Customer } from "../api/types";
import { Failed } from "../ui/States";

export function TagsDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [tags, setTags] = useState(customer.tags);
  const save = useMutation({
    mutationFn: () => api.PUT("/api/v1/customers/{id}/tags", { params: { path: { id: customer.id } }, body: { tags } }),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["customer", customer.id] });
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("customer.tags")}
      okText={t("common.save")}
      onOk={() => save.mutate()}
      onCancel={onClose}
      confirmLoading={save.isPending}
    >
      {save.error && <Failed error={save.error} />}
      <Select
        mode="tags"
        autoFocus
        open={false}
        suffixIcon={null}
        className="zx-full"
        aria-label={t("customer.tags")}
        placeholder={t("customer.tags_help")}
        value={tags}
        tokenSeparators={[",", "，", "、"]}
        onChange={(next: string[]) => setTags(next.map((tag) => tag.trim()).filter(Boolean))}
      />
    </Modal>
  );
}
