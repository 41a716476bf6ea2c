// One member of staff: new, or changed under the revision that was read.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Form, Input, Modal, Select, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../api/client";
import type { StaffRow } from "../api/types";
import { storesQuery } from "../catalog/queries";
import { Failed } from "../ui/States";

const roles = ["administrator", "manager", "agent", "store"] as const;

interface StaffValues {
  name: string;
  email: string;
  number?: string;
  role: string;
  stores?: string[];
  enabled: boolean;
  password?: string;
}

function bodyOf(values: StaffValues, staff: StaffRow | null): Record<string, unknown> {
  const given: Record<string, unknown> = { ...values, stores: values.stores ?? [] };
  if (!values.password) delete given.password;
  if (!staff) delete given.enabled;
  if (staff) delete given.email;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function StaffDialog({ staff, onClose }: { staff: StaffRow | null; onClose: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const stores = useQuery(storesQuery);
  const [form] = Form.useForm<StaffValues>();
  const role = Form.useWatch("role", form);
  const save = useMutation<unknown, Error, StaffValues>({
    mutationFn: (values) =>
      staff
        ? api.PATCH("/api/v1/staff/{id}", {
            params: { path: { id: staff.id }, header: { "If-Match": `"${staff.rev}"` } },
            body: bodyOf(values, staff),
          })
        : api.POST("/api/v1/staff", { body: bodyOf(values, null) }),
    onSuccess: () => {
      message.success(t("common.saved"));
      client.invalidateQueries({ queryKey: ["staff"] });
      onClose();
    },
    onError: (error) => {
      if (error instanceof ApiError && error.field)
        form.setFields([{ name: error.field as keyof StaffValues, errors: [error.message] }]);
    },
  });
  const need = [{ required: true, message: t("form.required") }];
  return (
    <Modal
      open
      title={t(staff ? "staff.edit" : "staff.new")}
      okText={t("common.save")}
      confirmLoading={save.isPending}
      onOk={() => form.submit()}
      onCancel={onClose}
    >
      {save.error && <Failed error={save.error} />}
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={(values) => save.mutate(values)}
        initialValues={staff ? { ...staff } : { role: "store", enabled: true }}
      >
        <Form.Item name="name" label={t("staff.name")} rules={need}>
          <Input autoFocus={!staff} maxLength={60} />
        </Form.Item>
        <Form.Item
          name="email"
          label={t("staff.email")}
          rules={[{ required: true, type: "email", message: t("staff.email_wrong") }]}
        >
          <Input type="email" disabled={!!staff} autoComplete="off" />
        </Form.Item>
        <Form.Item name="number" label={t("staff.number")}>
          <Input maxLength={20} autoComplete="off" />
        </Form.Item>
        <Form.Item name="role" label={t("staff.role")}>
          <Select options={roles.map((value) => ({ value, label: t(`role.${value}`) }))} />
        </Form.Item>
        {role === "store" && (
          <Form.Item name="stores" label={t("staff.stores")} extra={t("staff.stores_help")}>
            <Select
              mode="multiple"
              optionFilterProp="label"
              options={stores.data?.items.map((s) => ({ value: s.code, label: s.name }))}
            />
          </Form.Item>
        )}
        <Form.Item
          name="password"
          label={t(staff ? "staff.password_new" : "staff.password")}
          extra={t("staff.password_help")}
          rules={[{ required: !staff, min: 12, message: t("staff.password_help") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {staff && (
          <Form.Item name="enabled" label={t("staff.active")} extra={t("staff.active_help")} valuePropName="checked">
            <Switch />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}
