// 退款账户: where her money goes back to. Only its last four are ever shown here, and it forgets itself after thirty days.
import { DeleteOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import type { Customer } from "../api/types";
import { useMay } from "../app/session";
import { Card } from "../ui/Bits";
import { day } from "../ui/format";
import { Failed } from "../ui/States";
import "./relations.css";

interface RefundValues {
  holder: string;
  bank: string;
  account: string;
}

function RefundDialog({ customer, onClose }: { customer: Customer; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<RefundValues>();
  const save = useMutation({
    mutationFn: (values: RefundValues) =>
      api.PUT("/api/v1/customers/{id}/refund-account", { params: { path: { id: customer.id } }, body: values }),
    gcTime: 0,
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ["customer", customer.id] });
      message.success(t("common.saved"));
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field)
        form.setFields([{ name: error.field as keyof RefundValues, errors: [error.message] }]);
    },
  });
  const need = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <Modal
      open
      title={t("refund.title")}
      okText={t("common.save")}
      onOk={() => form.submit()}
      onCancel={onClose}
      confirmLoading={save.isPending}
    >
      <p className="zx-masked">{t("refund.text")}</p>
      {save.error && <Failed error={save.error} />}
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(values) => save.mutate(values)}>
        <Form.Item name="holder" label={t("refund.holder")} rules={need}>
          <Input autoComplete="off" maxLength={128} />
        </Form.Item>
        <Form.Item name="bank" label={t("refund.bank")} rules={need}>
          <Input autoComplete="off" maxLength={64} placeholder={t("refund.bank_example")} />
        </Form.Item>
        <Form.Item
          name="account"
          label={t("refund.account")}
          rules={[...need, { min: 4, message: t("refund.account_short") }]}
        >
          <Input autoComplete="off" maxLength={64} inputMode="numeric" spellCheck={false} />
        </Form.Item>
      </Form>
    </Modal>
  );
}

export function RefundCard({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const may = useMay();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const forget = useMutation({
    mutationFn: () => api.DELETE("/api/v1/customers/{id}/refund-account", { params: { path: { id: customer.id } } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["customer", customer.id] }),
    onError: (error) => message.error(error.message),
  });
  const account = customer.refund_account;
  return (
    <Card
      title={t("refund.title")}
      extra={
        may("customer.write") && (
          <Button size="small" onClick={() => setOpen(true)}>
            {t(account ? "refund.replace" : "refund.enter")}
          </Button>
        )
      }
    >
      {account ? (
        <div className="zx-refund">
          <p>
            <span className="zx-num">{account.masked}</span>{" "}
            <span className="zx-masked">{t("refund.until", { day: day(account.until) })}</span>
          </p>
          {may("customer.write") && (
            <Popconfirm
              title={t("refund.forget_ask")}
              okText={t("common.delete")}
              cancelText={t("common.cancel")}
              onConfirm={() => forget.mutate()}
            >
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                loading={forget.isPending}
                aria-label={`${t("common.delete")} ${t("refund.title")}`}
              />
            </Popconfirm>
          )}
        </div>
      ) : (
        <p className="zx-masked">{t("refund.none")}</p>
      )}
      {open && <RefundDialog customer={customer} onClose={() => setOpen(false)} />}
    </Card>
  );
}
